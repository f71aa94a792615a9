//! Contacts (http-api 8.6) and who is told about them (emulator 3).
use floo_wasm::core::proto::roster_notice::Type as Notice;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::{Call, as_id},
    profile::{MOBILE, content},
    table::{Param, Shape::*, Type::*, may, must, rows},
};
use crate::{
    clock::Millis,
    json,
    rules::Sender,
    store::{Store, Uid},
};

/// How long an application stays open.
const APPLICATION_LIFE: Millis = 7 * 24 * 3_600_000;
/// Longest reason, alias and answer, in bytes.
const TEXT_LIMIT: usize = 1024;
/// Longest private extension, in bytes.
const EXT_LIMIT: usize = 16 * 1024;

const UID: Param = must("user_id", Id);

#[rustfmt::skip]
rows! {
    P0 GET "/roster/list" Token ids [] -> Pages(&Num, "", usize::MAX), [], "Ids of all friends";
    P0 POST "/roster/list" Token cards [must("list", Ids)] -> List(&Named("RosterItem")), [], "Cards of any users; unknown ids are left out";
    P1 GET "/roster/id" Token by_id [UID] -> Named("RosterItem"), [10000, 10021], "A user by id";
    P1 GET "/roster/name" Token by_name [must("username", Word(256))] -> Named("RosterItem"), [10000], "A user by login name";
    Rest GET "/roster/mobile" Token by_mobile [must("mobile", Word(MOBILE))] -> Named("RosterItem"), [10000], "A user by phone";
    P3 GET "/roster/blocked_list" Token blocked [] -> List(&Num), [], "Ids of those whom the caller has blocked";
    P1 GET "/roster/apply/list" Token applications [] -> Pages(&Named("RosterApplication"), "user_id", 100), [], "Who wants to be a friend of the caller, handled ones included";
    P1 POST "/roster/apply" Token apply [UID, may("alias", Text(TEXT_LIMIT)), may("reason", Text(TEXT_LIMIT)), may("auth_answer", Text(TEXT_LIMIT))] -> Bool, [10000, 10005, 10006, 10007, 10012], "Asks somebody to be a friend";
    Rest POST "/roster/apply/batch" Token apply_batch [must("[]", Any)] -> Fields(&[("success", List(&Num)), ("fails", List(&Fields(&[("user_id", Num), ("reason", Str)])))]), [], "Asks several; the body is an array of {user_id, alias, reason}";
    P1 POST "/roster/accept" Token accept [UID.in_query()] -> Bool, [10000, 10007], "Accepts an application";
    P1 POST "/roster/decline" Token decline [UID, may("reason", Text(TEXT_LIMIT))] -> Bool, [10000, 10007], "Declines an application";
    P1 POST "/roster/delete" Token delete [UID.in_query()] -> Bool, [10000], "Ends a friendship";
    P1 POST "/roster/ext" Token ext [UID, may("alias", Text(TEXT_LIMIT)), may("ext", Text(EXT_LIMIT)), may("mute_notification", Flag)] -> Bool, [10000], "Alias, extension and mute of a contact; what is missing stays";
    P2 POST "/roster/block" Token block [UID.in_query()] -> Bool, [10000], "Blocks a user";
    P2 POST "/roster/unblock" Token unblock [UID.in_query()] -> Bool, [10000], "Ends that";
    Rest GET "/roster/may_message" Token may_message [UID, must("roster_id", Id)] -> Bool, [10000, 10010], "Whether the caller, who is user_id, may write to roster_id";
}

/// `GET /roster/list`: ids of all friends, in one page.
fn ids(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().friends(call.caller)?))
}

/// `POST /roster/list`: cards of any users, strangers and the caller included; unknown ids are
/// left out.
fn cards(call: &Call<'_>) -> Answer {
    let ids = call.params.ids("list")?;
    Ok(json!(call.store().roster_items(call.caller, &ids)?))
}

fn card(call: &Call<'_>, store: &Store, uid: Option<Uid>) -> Answer {
    let uid = uid.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    match store.roster_items(call.caller, &[uid])?.pop() {
        Some(item) => Ok(json!(item)),
        None if store.state(uid)?.is_some() => Err(ApiError::new(10021, "the account was deleted")),
        None => Err(ApiError::new(10000, "user does not exist")),
    }
}

/// `GET /roster/id`.
fn by_id(call: &Call<'_>) -> Answer {
    card(call, &call.store(), Some(call.params.id("user_id")?))
}

/// `GET /roster/name`.
fn by_name(call: &Call<'_>) -> Answer {
    let store = call.store();
    card(call, &store, store.user_by_name(call.params.required_text("username")?)?)
}

/// `GET /roster/mobile`.
fn by_mobile(call: &Call<'_>) -> Answer {
    let store = call.store();
    card(call, &store, store.user_by_mobile(call.params.required_text("mobile")?)?)
}

/// `GET /roster/blocked_list`.
fn blocked(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().blocked(call.caller)?))
}

/// `GET /roster/apply/list`: newest first, handled ones included.
fn applications(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().applications(call.caller)?))
}

/// `POST /roster/apply`: what happens depends on the other one's `auth_mode`.
fn apply(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", TEXT_LIMIT)?;
    let alias = call.params.short_text("alias", TEXT_LIMIT)?;
    let answer = call.params.short_text("auth_answer", TEXT_LIMIT)?;
    let mut store = call.store();
    let other = call.user(&store, "user_id")?;
    apply_to(call, &mut store, other, &Asking { reason, alias, answer })?;
    Ok(json!(true))
}

/// With which words somebody asks to be a friend.
struct Asking<'a> {
    reason: &'a str,
    alias: &'a str,
    answer: &'a str,
}

fn apply_to(call: &Call<'_>, store: &mut Store, other: Uid, asking: &Asking<'_>) -> Result<(), ApiError> {
    let Asking { reason, alias, answer } = *asking;
    let me = call.caller;
    if other == me {
        return Err(ApiError::parameter("user_id", "is the caller"));
    }
    if store.relation(me, other)?.friend && store.relation(other, me)?.friend {
        return Err(ApiError::new(10005, "already in the friend list"));
    }
    if store.relation(other, me)?.blocked {
        return Err(ApiError::new(10006, "on a blocklist"));
    }
    let settings = store.settings(other)?.unwrap_or_default();
    let welcome = match settings["auth_mode"].as_u64() {
        Some(1) => false,
        Some(2) if settings["auth_answer"] != answer => {
            return Err(ApiError::new(10007, "auth_answer: wrong"));
        }
        Some(3) => return Err(ApiError::new(10012, "the user takes no applications")),
        _ => true,
    };
    if !alias.is_empty() {
        store.set_contact(me, other, &[("alias", json!(alias))])?;
    }
    if welcome {
        store.befriend(me, other)?;
        // Mirrored, because receivers only add `from` when they are `to`.
        for (from, to) in [(me, other), (other, me)] {
            call.notifier(store).roster(Notice::Added, (from, to), "", to, (0, 0))?;
        }
    } else {
        store.apply_to(other, me, reason, call.now() + APPLICATION_LIFE)?;
        call.notifier(store).roster(Notice::Applied, (me, other), reason, other, (0, 0))?;
    }
    Ok(())
}

/// A line of `POST /roster/apply/batch`.
#[derive(Deserialize)]
struct BatchLine {
    user_id: Value,
    #[serde(default)]
    alias: String,
    #[serde(default)]
    reason: String,
}

/// `POST /roster/apply/batch`: one that fails does not stop the others.
fn apply_batch(call: &Call<'_>) -> Answer {
    let lines: Vec<BatchLine> = json::read("", call.params.list()).map_err(|why| ApiError::new(10002, why))?;
    let (mut success, mut fails) = (Vec::new(), Vec::new());
    let mut store = call.store();
    // All of them before the first is asked.
    let ids = lines.iter().enumerate().map(|(n, line)| as_id(&format!("[{n}].user_id"), &line.user_id));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    for (other, BatchLine { alias, reason, .. }) in ids.into_iter().zip(&lines) {
        let result = if alias.len().max(reason.len()) > TEXT_LIMIT {
            Err(ApiError::parameter("alias, reason", "too long"))
        } else if store.user_exists(other)? {
            apply_to(call, &mut store, other, &Asking { reason, alias, answer: "" })
        } else {
            Err(ApiError::new(10000, "user does not exist"))
        };
        match result {
            Ok(()) => success.push(other),
            Err(e) => fails.push(json!({ "user_id": other, "reason": e.message })),
        }
    }
    Ok(json!({ "success": success, "fails": fails }))
}

/// `GET /roster/may_message`: what the rules for sending say, without sending.
fn may_message(call: &Call<'_>) -> Answer {
    if call.params.id("user_id")? != call.caller {
        return Err(ApiError::new(10010, "user_id: is not the caller"));
    }
    let store = call.store();
    let to = call.user(&store, "roster_id")?;
    let sender = Sender { cloud: call.cloud, store: &store, user: call.caller, now: call.now() };
    Ok(sender.may_write_to(to)?.is_ok().into())
}

/// `POST /roster/accept`.
fn accept(call: &Call<'_>) -> Answer {
    let mut store = call.store();
    let other = decide(call, &mut store, true)?;
    store.befriend(call.caller, other)?;
    tell_both(call, &mut store, Notice::Accepted, other, "")
}

/// `POST /roster/decline`.
fn decline(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", TEXT_LIMIT)?;
    let mut store = call.store();
    let other = decide(call, &mut store, false)?;
    tell_both(call, &mut store, Notice::Declined, other, reason)
}

fn decide(call: &Call<'_>, store: &mut Store, accepted: bool) -> Result<Uid, ApiError> {
    let other = call.user(store, "user_id")?;
    if store.decide_application(call.caller, other, accepted, call.now())? {
        Ok(other)
    } else {
        Err(ApiError::new(10007, "no open application of this user"))
    }
}

/// `POST /roster/delete`. The other one is told too: shipped clients ignore that, ours may not.
fn delete(call: &Call<'_>) -> Answer {
    let mut store = call.store();
    let other = call.params.id("user_id")?;
    if store.state(other)?.is_none() {
        return Err(ApiError::new(10000, "user does not exist"));
    }
    let was = store.relation(call.caller, other)?;
    store.unfriend(call.caller, other)?;
    if was.friend { tell_both(call, &mut store, Notice::Removed, other, "") } else { Ok(json!(true)) }
}

/// From the caller to the other one, for both.
fn tell_both(call: &Call<'_>, store: &mut Store, kind: Notice, other: Uid, content: &str) -> Answer {
    for receiver in [call.caller, other] {
        call.notifier(store).roster(kind, (call.caller, other), content, receiver, (0, 0))?;
    }
    Ok(json!(true))
}

/// `POST /roster/ext`: alias, private extension and mute switch; what is missing stays.
fn ext(call: &Call<'_>) -> Answer {
    let mut changes = Vec::new();
    for (name, limit) in [("alias", TEXT_LIMIT), ("ext", EXT_LIMIT)] {
        if call.params.text(name)?.is_some() {
            changes.push((name, json!(call.params.short_text(name, limit)?)));
        }
    }
    let mute = call.params.flag("mute_notification")?;
    let mut store = call.store();
    let other = call.user(&store, "user_id")?;
    let own = (call.caller, call.device(&store)?);
    store.set_contact(call.caller, other, &changes)?;
    if !changes.is_empty() {
        let content = content(changes);
        call.notifier(&mut store).roster(Notice::InfoUpdated, (call.caller, other), &content, call.caller, own)?;
    }
    if let Some(mute) = mute {
        store.set_contact(call.caller, other, &[("mute", Value::Bool(mute))])?;
        let kind = if mute { Notice::Muted } else { Notice::Unmuted };
        call.notifier(&mut store).roster(kind, (call.caller, other), "", call.caller, (0, 0))?;
    }
    Ok(json!(true))
}

/// `POST /roster/block`.
fn block(call: &Call<'_>) -> Answer {
    set_blocked(call, true)
}

/// `POST /roster/unblock`.
fn unblock(call: &Call<'_>) -> Answer {
    set_blocked(call, false)
}

fn set_blocked(call: &Call<'_>, blocked: bool) -> Answer {
    let mut store = call.store();
    let other = call.user(&store, "user_id")?;
    store.set_contact(call.caller, other, &[("blocked", Value::Bool(blocked))])?;
    let kind = if blocked { Notice::Blocked } else { Notice::Unblocked };
    call.notifier(&mut store).roster(kind, (call.caller, other), "", call.caller, (0, 0))?;
    Ok(json!(true))
}
