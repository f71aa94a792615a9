//! Running a group: its card, switches, mutes, admins, announcements (http-api 8.7).
use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GroupCall, line},
};
use crate::{
    clock::Millis,
    store::{Field, GROUP_FIELDS, Role},
};

const MINUTE: Millis = 60_000;

/// Changes one field, given in the parameter `parameter`; all members are told.
fn set(asked: GroupCall<'_>, name: &str, parameter: &str) -> Answer {
    let mut asked = asked;
    let call = asked.call;
    let field: &Field = GROUP_FIELDS
        .iter()
        .find(|field| field.name == name)
        .ok_or_else(|| ApiError::parameter(name, "no such field"))?;
    let (name, value) =
        call.params.change(field, parameter)?.ok_or_else(|| ApiError::parameter(parameter, "missing"))?;
    if name == "name" && value == "" {
        return Err(ApiError::parameter(parameter, "empty"));
    }
    let gid = asked.gid();
    asked.store.set_group(gid, &[(name, value.clone())], call.now())?;
    asked.tell_property(name, &value)?;
    Ok(json!(true))
}

/// The card: for plain members only when the group says so.
fn set_card(call: &Call<'_>, name: &str) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    if !asked.group.member_modify {
        asked.need(Role::Admin)?;
    }
    set(asked, name, "value")
}

fn set_switch(call: &Call<'_>, name: &str, parameter: &str) -> Answer {
    set(GroupCall::open_as(call, Role::Admin)?, name, parameter)
}

/// `POST /group/info/name`.
pub(super) fn set_name(call: &Call<'_>) -> Answer {
    set_card(call, "name")
}

/// `POST /group/info/avatar`.
pub(super) fn set_avatar(call: &Call<'_>) -> Answer {
    set_card(call, "avatar")
}

/// `POST /group/info/description`.
pub(super) fn set_description(call: &Call<'_>) -> Answer {
    set_card(call, "description")
}

/// `POST /group/info/ext`.
pub(super) fn set_ext(call: &Call<'_>) -> Answer {
    set_card(call, "ext")
}

/// `POST /group/settings/allow_member_invitation`.
pub(super) fn set_member_invite(call: &Call<'_>) -> Answer {
    set_switch(call, "member_invite", "value")
}

/// `POST /group/settings/allow_member_modify`.
pub(super) fn set_member_modify(call: &Call<'_>) -> Answer {
    set_switch(call, "member_modify", "value")
}

/// `POST /group/settings/enable_read_ack`.
pub(super) fn set_read_ack(call: &Call<'_>) -> Answer {
    set_switch(call, "read_ack", "value")
}

/// `POST /group/settings/history_visible`.
pub(super) fn set_history_visible(call: &Call<'_>) -> Answer {
    set_switch(call, "history_visible", "value")
}

/// `POST /group/settings/hide_member_info`.
pub(super) fn set_hide_member_info(call: &Call<'_>) -> Answer {
    set_switch(call, "hide_member_info", "value")
}

/// `POST /group/settings/require_admin_approval`.
pub(super) fn set_apply_approval(call: &Call<'_>) -> Answer {
    set_switch(call, "apply_approval", "apply_approval")
}

/// `POST /group/display_name`: the caller's name in the group.
pub(super) fn display_name(call: &Call<'_>) -> Answer {
    let name = call.params.short_text("value", 256)?;
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let gid = asked.gid();
    asked.store.set_display_name(gid, call.caller, name)?;
    asked.tell_property("display_name", &json!(name))?;
    Ok(json!(true))
}

/// Until when a mute of so many minutes lasts: -1 for ever.
fn muted_until(call: &Call<'_>) -> Result<(i64, Millis), ApiError> {
    let minutes = call.params.number("duration")?.ok_or_else(|| ApiError::parameter("duration", "missing"))?;
    let until = if minutes < 0 { -1 } else { call.now().saturating_add(minutes.saturating_mul(MINUTE)) };
    Ok((minutes, until))
}

/// `POST /group/settings/ban_all`: only who manages the group may speak.
pub(super) fn ban_all(call: &Call<'_>) -> Answer {
    let (_, until) = muted_until(call)?;
    set_ban_all(call, until)?;
    Ok(json!({ "ban_expire_time": until }))
}

/// `POST /group/settings/unban_all`.
pub(super) fn unban_all(call: &Call<'_>) -> Answer {
    set_ban_all(call, 0)?;
    Ok(json!(true))
}

fn set_ban_all(call: &Call<'_>, until: Millis) -> Result<(), ApiError> {
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    asked.store.set_group(gid, &[("ban_expire_time", Value::from(until))], call.now())?;
    asked.tell_property("ban_expire_time", &Value::from(until))
}

/// `POST /group/ban`: mutes members for some minutes, or for ever.
pub(super) fn ban(call: &Call<'_>) -> Answer {
    let (minutes, until) = muted_until(call)?;
    mute(call, Notice::Banned, until, &minutes.to_string())
}

/// `POST /group/unban`.
pub(super) fn unban(call: &Call<'_>) -> Answer {
    mute(call, Notice::Unbanned, 0, "")
}

fn mute(call: &Call<'_>, kind: Notice, until: Millis, content: &str) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let (done, answer) = asked.each_below(|asked, uid| {
        let gid = asked.gid();
        asked.store.ban_member(gid, uid, until)?;
        Ok(())
    })?;
    if !done.is_empty() {
        asked.tell_members(kind, &done, content)?;
    }
    Ok(answer)
}

/// `POST /group/admin/add`.
pub(super) fn add_admins(call: &Call<'_>) -> Answer {
    set_admins(call, true)
}

/// `POST /group/admin/remove`.
pub(super) fn remove_admins(call: &Call<'_>) -> Answer {
    set_admins(call, false)
}

fn set_admins(call: &Call<'_>, admin: bool) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Owner)?;
    let (done, answer) = asked.each_below(|asked, uid| {
        let gid = asked.gid();
        asked.store.set_admin(gid, uid, admin)?;
        Ok(())
    })?;
    if !done.is_empty() {
        let kind = if admin { Notice::AdminGranted } else { Notice::AdminRevoked };
        asked.tell_members(kind, &done, "")?;
    }
    Ok(answer)
}

/// `POST /group/transfer`: a member becomes the owner. The card changes too, for clients that
/// keep cards.
pub(super) fn transfer(call: &Call<'_>) -> Answer {
    let to = call.params.id("new_owner")?;
    let mut asked = GroupCall::open_as(call, Role::Owner)?;
    let gid = asked.gid();
    if asked.store.membership(gid, to)?.is_none() {
        return Err(ApiError::new(20005, "the new owner is not a member"));
    }
    if to != call.caller {
        asked.store.transfer_group(gid, to)?;
        asked.tell_members(Notice::OwnerAssigned, &[to], "")?;
        asked.tell_property("owner_id", &json!(to))?;
    }
    Ok(line(to, None))
}

/// `POST /group/announcement/edit`: always a new one.
pub(super) fn announce(call: &Call<'_>) -> Answer {
    let title = call.params.short_text("title", 1024)?;
    let content = call.params.short_text("content", 16 * 1024)?;
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let announcement = asked.store.announce(gid, call.caller, title, content, call.now())?;
    asked.tell_members(Notice::AnnouncementUpdated, &[], "")?;
    Ok(json!(announcement))
}

/// `POST /group/announcement/delete`.
pub(super) fn delete_announcement(call: &Call<'_>) -> Answer {
    let number = call.params.id("announcement_id")?;
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    if !asked.store.delete_announcement(gid, number)? {
        return Err(ApiError::new(20020, "no such announcement"));
    }
    asked.tell_members(Notice::AnnouncementUpdated, &[], "")?;
    Ok(json!(true))
}

/// `POST /group/msg/mute_mode`: how the caller hears of the group's messages; 2 for not at all.
/// The own devices are told.
pub(super) fn mute_mode(call: &Call<'_>) -> Answer {
    let mode = mode(call, "msg_mute_mode", 2)?;
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let gid = asked.gid();
    asked.store.set_mute_mode(gid, call.caller, mode)?;
    let kind = if mode == 0 { Notice::Unmuted } else { Notice::Muted };
    asked.tell(kind, call.caller, &[], "", &[call.caller])?;
    Ok(json!(true))
}

/// `POST /group/msg/push_mode`.
pub(super) fn push_mode(call: &Call<'_>) -> Answer {
    let mode = mode(call, "msg_push_mode", 4)?;
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let gid = asked.gid();
    asked.store.set_push_mode(gid, call.caller, mode)?;
    Ok(json!(true))
}

fn mode(call: &Call<'_>, name: &str, most: i64) -> Result<i64, ApiError> {
    let mode = call.params.number(name)?.ok_or_else(|| ApiError::parameter(name, "missing"))?;
    if (0..=most).contains(&mode) {
        Ok(mode)
    } else {
        Err(ApiError::new(20003, format!("{name}: must be from 0 to {most}")))
    }
}
