//! The caller's profile, settings and pinned conversations (http-api 8.3).
use floo_wasm::core::proto::roster_notice;
use serde_json::{Map, Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    table::{Shape::*, Type::*, may, must, rows},
};
use crate::store::{Change, PRIVATE_PROFILE, PUBLIC_PROFILE, SETTINGS, Store, Uid};

/// Longest phone number, in bytes.
pub(super) const MOBILE: usize = 32;
const INFO: usize = 16 * 1024;

#[rustfmt::skip]
rows! {
    P1 GET "/user/profile" Token profile [] -> Named("UserProfile"), [], "The own profile";
    P1 POST "/user/profile" Token set_profile [may("nick_name", Text(256)), may("avatar", Text(1024)), may("description", Text(4096)), may("public_info", Text(INFO)), may("private_info", Text(INFO)), may("email", Text(256))] -> Bool, [], "Changes what is given";
    P1 POST "/user/nickname" Token set_profile [must("nick_name", Text(256)).in_query()] -> Bool, [], "Changes the display name";
    P1 POST "/user/avatar" Token set_profile [must("avatar", Text(1024))] -> Bool, [], "Changes the avatar";
    P3 POST "/user/mobile" Token set_mobile [must("mobile", Word(MOBILE)).in_query()] -> Bool, [11012], "Sets the phone without a code";
    P1 GET "/user/settings" Token settings [] -> Named("UserSettings"), [], "The own settings";
    P1 POST "/user/settings" Token set_settings [may("user_id", Id), may("auth_mode", Int), may("auth_question", Text(1024)), may("auth_answer", Text(1024)), may("auto_download", Flag), may("group_confirm", Flag), may("no_push", Flag), may("no_push_detail", Flag), may("no_push_start_hour", Int), may("no_push_end_hour", Int), may("no_sounds", Flag), may("vibratory", Flag), may("push_nick_name", Text(256)), may("push_token", Text(1024)), may("silence_start_time", Int), may("silence_end_time", Int)] -> Bool, [], "Changes what is given";
    P2 POST "/user/authmode" Token set_auth_mode [must("value", Int).in_query()] -> Bool, [], "Who may become a friend: 0 anybody, 1 on approval, 2 with the answer, 3 nobody";
    P4 POST "/user/push" Token set_no_push [must("value", Flag)] -> Bool, [], "True for no push";
    P4 POST "/user/push/detail" Token set_no_push_detail [must("value", Flag)] -> Bool, [], "True for push without details";
    P4 POST "/user/push/nickname" Token set_push_nick_name [must("value", Text(256))] -> Bool, [], "The name in push texts";
    P4 POST "/user/push/limit" Token set_quiet_hours [must("no_push_start_hour", Int), must("no_push_end_hour", Int)] -> Bool, [], "Hours without push";
    Rest GET "/user/push/tag" Token push_tags [] -> List(&Str), [], "What the own devices are tagged with";
    Rest POST "/user/push/tag" Token add_push_tags [must("tags", Any)] -> Bool, [], "Adds tags";
    Rest DELETE "/user/push/tag" Token remove_push_tags [must("tags", Any)] -> Bool, [], "Takes tags away";
    Rest DELETE "/user/push/tag/all" Token clear_push_tags [] -> Bool, [], "Takes all tags away";
    Rest POST "/user/push/alias" Token set_push_alias [must("alias", Word(256)), may("push_token", Text(1024))] -> Bool, [], "What the own devices are pushed to by";
    Rest POST "/user/push/badge" Token set_push_badge [must("badge", Int)] -> Bool, [], "The number on the icon of the application";
    P4 POST "/user/sounds" Token set_no_sounds [must("value", Flag)] -> Bool, [], "True for silence";
    P4 POST "/user/vibratory" Token set_vibratory [must("value", Flag)] -> Bool, [], "True to vibrate";
    Rest POST "/user/download" Token set_auto_download [must("value", Flag).in_query()] -> Bool, [], "True to load files by itself";
    Rest POST "/user/conversation/pin" Token pin [must("conversation_id", Id)] -> Bool, [10000], "Pins a conversation";
    Rest POST "/user/conversation/unpin" Token unpin [must("conversation_id", Id)] -> Bool, [], "Takes the pin off";
    Rest GET "/user/conversation/pin_list" Token pins [] -> Fields(&[("conversation_ids", List(&Num))]), [], "Pinned conversations";
}

/// `GET /user/profile`.
fn profile(call: &Call<'_>) -> Answer {
    let profile = call.store().profile(call.caller)?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    Ok(json!(profile))
}

/// `POST /user/profile`, `/user/nickname`, `/user/avatar`: what is given changes. The own devices
/// learn all of it, those who have the caller as a contact what is public.
fn set_profile(call: &Call<'_>) -> Answer {
    let public = call.params.changes(PUBLIC_PROFILE)?;
    let mut all = call.params.changes(PRIVATE_PROFILE)?;
    all.extend(public.clone());
    if all.is_empty() {
        return Err(ApiError::parameter("nick_name", "nothing to change"));
    }
    let mut store = call.store();
    store.set_user(call.caller, &all)?;
    call.notifier(&mut store).account_changed(call.caller, &content(all), 0)?;
    if !public.is_empty() {
        let content = content(public);
        for friend in store.friend_of(call.caller)? {
            call.notifier(&mut store).roster(
                roster_notice::Type::InfoUpdated,
                (call.caller, friend),
                &content,
                friend,
                (0, 0),
            )?;
        }
    }
    Ok(json!(true))
}

/// Changes as the JSON text of a notice.
pub(super) fn content(changes: Vec<Change>) -> String {
    let fields: Map<_, _> = changes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Value::Object(fields).to_string()
}

/// The phone number of a call.
pub(super) fn mobile<'a>(call: &Call<'a>) -> Result<&'a str, ApiError> {
    let mobile = call.params.required_text("mobile")?;
    let good = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
    if mobile.chars().all(good) { Ok(mobile) } else { Err(ApiError::parameter("mobile", "must be a phone number")) }
}

/// `POST /user/mobile`.
fn set_mobile(call: &Call<'_>) -> Answer {
    let mobile = mobile(call)?;
    let mut store = call.store();
    if !store.set_mobile(call.caller, mobile)? {
        return Err(ApiError::new(11012, "the phone is bound to another account"));
    }
    tell_others(call, &mut store, vec![("mobile", json!(mobile))])
}

/// `GET /user/settings`.
fn settings(call: &Call<'_>) -> Answer {
    settings_of(&call.store(), call.caller)
}

/// `UserSettings` of an account.
pub(super) fn settings_of(store: &Store, uid: Uid) -> Answer {
    let mut settings = store.settings(uid)?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    settings.insert("user_id".to_owned(), json!(uid));
    settings.insert("id".to_owned(), json!(uid));
    Ok(Value::Object(settings))
}

/// `POST /user/settings`: what is given changes.
fn set_settings(call: &Call<'_>) -> Answer {
    change_settings(call, call.params.changes(SETTINGS)?)
}

/// Changes one of the settings, given in `value`.
fn set_one(call: &Call<'_>, name: &str) -> Answer {
    let field = SETTINGS.iter().find(|field| field.name == name);
    let change = field.map(|field| call.params.change(field, "value")).transpose()?.flatten();
    change_settings(call, vec![change.ok_or_else(|| ApiError::parameter("value", "missing"))?])
}

fn set_auth_mode(call: &Call<'_>) -> Answer {
    set_one(call, "auth_mode")
}

fn set_no_push(call: &Call<'_>) -> Answer {
    set_one(call, "no_push")
}

fn set_no_push_detail(call: &Call<'_>) -> Answer {
    set_one(call, "no_push_detail")
}

fn set_push_nick_name(call: &Call<'_>) -> Answer {
    set_one(call, "push_nick_name")
}

/// The parameters have the names of the settings.
fn set_quiet_hours(call: &Call<'_>) -> Answer {
    let hours: Vec<_> = SETTINGS.iter().filter(|field| field.name.ends_with("_hour")).copied().collect();
    change_settings(call, call.params.changes(&hours)?)
}

fn set_no_sounds(call: &Call<'_>) -> Answer {
    set_one(call, "no_sounds")
}

fn set_vibratory(call: &Call<'_>) -> Answer {
    set_one(call, "vibratory")
}

fn set_auto_download(call: &Call<'_>) -> Answer {
    set_one(call, "auto_download")
}

/// `GET /user/push/tag`.
fn push_tags(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().push_tags(call.caller)?))
}

/// The tags that a call gives.
fn given_tags(call: &Call<'_>) -> Result<Vec<String>, ApiError> {
    let given = call.params.get("tags").cloned().unwrap_or_default();
    let tags: Vec<String> =
        serde_json::from_value(given).map_err(|_| ApiError::parameter("tags", "must be an array of texts"))?;
    let good = !tags.is_empty() && tags.iter().all(|tag| !tag.is_empty());
    if good { Ok(tags) } else { Err(ApiError::parameter("tags", "must be an array of texts that are not empty")) }
}

/// `POST /user/push/tag`.
fn add_push_tags(call: &Call<'_>) -> Answer {
    let given = given_tags(call)?;
    let mut store = call.store();
    let mut tags = store.push_tags(call.caller)?;
    for tag in given {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    store.set_push_tags(call.caller, &tags)?;
    Ok(json!(true))
}

/// `DELETE /user/push/tag`.
fn remove_push_tags(call: &Call<'_>) -> Answer {
    let given = given_tags(call)?;
    let mut store = call.store();
    let mut tags = store.push_tags(call.caller)?;
    tags.retain(|tag| !given.contains(tag));
    store.set_push_tags(call.caller, &tags)?;
    Ok(json!(true))
}

/// `DELETE /user/push/tag/all`.
fn clear_push_tags(call: &Call<'_>) -> Answer {
    call.store().set_push_tags(call.caller, &[])?;
    Ok(json!(true))
}

/// `POST /user/push/alias`.
fn set_push_alias(call: &Call<'_>) -> Answer {
    let alias = call.params.required_text("alias")?;
    call.store().set_user(call.caller, &[("push_alias", json!(alias))])?;
    Ok(json!(true))
}

/// `POST /user/push/badge`.
fn set_push_badge(call: &Call<'_>) -> Answer {
    let badge = call.params.number("badge")?.unwrap_or_default();
    if badge < 0 {
        return Err(ApiError::parameter("badge", "must not be negative"));
    }
    call.store().set_user(call.caller, &[("push_badge", json!(badge))])?;
    Ok(json!(true))
}

fn change_settings(call: &Call<'_>, changes: Vec<Change>) -> Answer {
    let mut store = call.store();
    store.set_user(call.caller, &changes)?;
    tell_others(call, &mut store, changes)
}

/// The caller's other devices learn what has changed.
pub(super) fn tell_others(call: &Call<'_>, store: &mut Store, changes: Vec<Change>) -> Answer {
    if !changes.is_empty() {
        let own = call.device(store)?;
        call.notifier(store).account_changed(call.caller, &content(changes), own)?;
    }
    Ok(json!(true))
}

/// `POST /user/conversation/pin`.
fn pin(call: &Call<'_>) -> Answer {
    set_pin(call, true)
}

/// `POST /user/conversation/unpin`.
fn unpin(call: &Call<'_>) -> Answer {
    set_pin(call, false)
}

fn set_pin(call: &Call<'_>, pinned: bool) -> Answer {
    let conversation = call.params.id("conversation_id")?;
    let mut store = call.store();
    let there = conversation == 0 || store.user_exists(conversation)? || store.group(conversation, 0)?.is_some();
    if pinned && !there {
        return Err(ApiError::new(10000, "conversation_id: no such user or group"));
    }
    store.pin(call.caller, conversation, pinned)?;
    Ok(json!(true))
}

/// `GET /user/conversation/pin_list`.
fn pins(call: &Call<'_>) -> Answer {
    Ok(json!({ "conversation_ids": call.store().pins(call.caller)? }))
}
