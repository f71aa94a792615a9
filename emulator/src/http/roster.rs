//! Contacts (http-api 8.6) and who is told about them (emulator 3).
use floo_wasm::core::proto::roster_notice::Type as Notice;
use serde_json::{Value, json};

use super::{Answer, ApiError, call::Call, profile::content};
use crate::{
    clock::Millis,
    store::{Store, Uid},
};

/// How long an application stays open.
const APPLICATION_LIFE: Millis = 7 * 24 * 3_600_000;
/// Longest reason, alias and answer, in bytes.
const TEXT_LIMIT: usize = 1024;
/// Longest private extension, in bytes.
const EXT_LIMIT: usize = 16 * 1024;

/// `GET /roster/list`: ids of all friends, in one page.
pub(super) fn ids(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().friends(call.caller)?))
}

/// `POST /roster/list`: cards of any users, strangers and the caller included; unknown ids are
/// left out.
pub(super) fn cards(call: &Call<'_>) -> Answer {
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
pub(super) fn by_id(call: &Call<'_>) -> Answer {
    card(call, &call.store(), Some(call.params.id("user_id")?))
}

/// `GET /roster/name`.
pub(super) fn by_name(call: &Call<'_>) -> Answer {
    let store = call.store();
    card(call, &store, store.user_by_name(call.params.required_text("username")?)?)
}

/// `GET /roster/mobile`.
pub(super) fn by_mobile(call: &Call<'_>) -> Answer {
    let store = call.store();
    card(call, &store, store.user_by_mobile(call.params.required_text("mobile")?)?)
}

/// `GET /roster/blocked_list`.
pub(super) fn blocked(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().blocked(call.caller)?))
}

/// `GET /roster/apply/list`: newest first, handled ones included.
pub(super) fn applications(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().applications(call.caller)?))
}

/// `POST /roster/apply`: what happens depends on the other one's `auth_mode`.
pub(super) fn apply(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", TEXT_LIMIT)?;
    let alias = call.params.short_text("alias", TEXT_LIMIT)?;
    let answer = call.params.short_text("auth_answer", TEXT_LIMIT)?;
    let me = call.caller;
    let mut store = call.store();
    let other = call.user(&store, "user_id")?;
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
            call.notifier(&mut store).roster(Notice::Added, (from, to), "", to, (0, 0))?;
        }
    } else {
        store.apply_to(other, me, reason, call.now() + APPLICATION_LIFE)?;
        call.notifier(&mut store).roster(Notice::Applied, (me, other), reason, other, (0, 0))?;
    }
    Ok(json!(true))
}

/// `POST /roster/accept`.
pub(super) fn accept(call: &Call<'_>) -> Answer {
    let mut store = call.store();
    let other = decide(call, &mut store, true)?;
    store.befriend(call.caller, other)?;
    tell_both(call, &mut store, Notice::Accepted, other, "")
}

/// `POST /roster/decline`.
pub(super) fn decline(call: &Call<'_>) -> Answer {
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
pub(super) fn delete(call: &Call<'_>) -> Answer {
    let mut store = call.store();
    let other = call.params.id("user_id")?;
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
pub(super) fn ext(call: &Call<'_>) -> Answer {
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
pub(super) fn block(call: &Call<'_>) -> Answer {
    set_blocked(call, true)
}

/// `POST /roster/unblock`.
pub(super) fn unblock(call: &Call<'_>) -> Answer {
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
