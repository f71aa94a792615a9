//! The caller's profile, settings and pinned conversations (http-api 8.3).
use floo_wasm::core::proto::roster_notice;
use serde_json::{Map, Value, json};

use super::{Answer, ApiError, call::Call};
use crate::store::{Change, Field, Kind, PRIVATE_PROFILE, PUBLIC_PROFILE, SETTINGS, Store, Uid};

/// `GET /user/profile`.
pub(super) fn profile(call: &Call<'_>) -> Answer {
    let profile = call.store().profile(call.caller)?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    Ok(json!(profile))
}

/// `POST /user/profile`, `/user/nickname`, `/user/avatar`: what is given changes. The own devices
/// learn all of it, those who have the caller as a contact what is public.
pub(super) fn set_profile(call: &Call<'_>) -> Answer {
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

/// `POST /user/mobile`.
pub(super) fn set_mobile(call: &Call<'_>) -> Answer {
    let mobile = call.params.required_text("mobile")?;
    let good = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-');
    if mobile.len() > 32 || !mobile.chars().all(good) {
        return Err(ApiError::parameter("mobile", "must be a phone number"));
    }
    let mut store = call.store();
    if !store.set_mobile(call.caller, mobile)? {
        return Err(ApiError::new(11012, "the phone is bound to another account"));
    }
    tell_others(call, &mut store, vec![("mobile", json!(mobile))])
}

/// `GET /user/settings`.
pub(super) fn settings(call: &Call<'_>) -> Answer {
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
pub(super) fn set_settings(call: &Call<'_>) -> Answer {
    change_settings(call, call.params.changes(SETTINGS)?)
}

/// `POST /user/authmode`.
pub(super) fn set_auth_mode(call: &Call<'_>) -> Answer {
    let mode = Field { name: "auth_mode", kind: Kind::Upto(3) };
    let change = call.params.change(&mode, "value")?.ok_or_else(|| ApiError::parameter("value", "missing"))?;
    change_settings(call, vec![change])
}

fn change_settings(call: &Call<'_>, changes: Vec<Change>) -> Answer {
    let mut store = call.store();
    store.set_user(call.caller, &changes)?;
    tell_others(call, &mut store, changes)
}

/// The caller's other devices learn what has changed.
fn tell_others(call: &Call<'_>, store: &mut Store, changes: Vec<Change>) -> Answer {
    if !changes.is_empty() {
        let own = call.device(store)?;
        call.notifier(store).account_changed(call.caller, &content(changes), own)?;
    }
    Ok(json!(true))
}

/// `POST /user/conversation/pin`.
pub(super) fn pin(call: &Call<'_>) -> Answer {
    set_pin(call, true)
}

/// `POST /user/conversation/unpin`.
pub(super) fn unpin(call: &Call<'_>) -> Answer {
    set_pin(call, false)
}

fn set_pin(call: &Call<'_>, pinned: bool) -> Answer {
    call.store().pin(call.caller, call.params.id("conversation_id")?, pinned)?;
    Ok(json!(true))
}

/// `GET /user/conversation/pin_list`.
pub(super) fn pins(call: &Call<'_>) -> Answer {
    Ok(json!({ "conversation_ids": call.store().pins(call.caller)? }))
}
