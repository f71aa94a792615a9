//! Running a group: its card, switches, mutes, admins, announcements (http-api 8.7).
use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GID, GroupCall, line},
    table::{Param, Shape::*, Type::*, must, rows},
};
use crate::{
    clock::Millis,
    store::{Field, GROUP_FIELDS, Role},
};

const MINUTE: Millis = 60_000;
const USERS: Param = must("user_list", Ids);
const SWITCH: Param = must("value", Flag);
const MINUTES: Param = must("duration", Int);

#[rustfmt::skip]
rows! {
    P1 POST "/group/info/name" Token set_name [GID, must("value", Word(256))] -> Bool, [20001, 20011, 20012], "Renames the group";
    P1 POST "/group/info/avatar" Token set_avatar [GID, must("value", Text(1024))] -> Bool, [20001, 20011, 20012], "Changes its avatar";
    P1 POST "/group/info/description" Token set_description [GID, must("value", Text(4096))] -> Bool, [20001, 20011, 20012], "Changes its description";
    P1 POST "/group/info/ext" Token set_ext [GID, must("value", Text(16_384))] -> Bool, [20001, 20011, 20012], "Changes its extension";
    P1 POST "/group/display_name" Token display_name [GID, must("value", Text(256))] -> Bool, [20001, 20011], "The caller's name in the group";
    P2 POST "/group/settings/allow_member_invitation" Token set_member_invite [GID, SWITCH] -> Bool, [20001, 20012], "Whether plain members may invite";
    P2 POST "/group/settings/allow_member_modify" Token set_member_modify [GID, SWITCH] -> Bool, [20001, 20012], "Whether plain members may change the card";
    P2 POST "/group/settings/enable_read_ack" Token set_read_ack [GID, SWITCH] -> Bool, [20001, 20012], "Whether authors get read receipts";
    P2 POST "/group/settings/history_visible" Token set_history_visible [GID, SWITCH] -> Bool, [20001, 20012], "Whether newcomers see old messages";
    P2 POST "/group/settings/hide_member_info" Token set_hide_member_info [GID, SWITCH] -> Bool, [20001, 20012], "Whether plain members see each other";
    P2 POST "/group/settings/require_admin_approval" Token set_apply_approval [GID, must("apply_approval", Int)] -> Bool, [20001, 20012], "Who may join: 0 anybody, 1 on approval, 2 nobody";
    P2 POST "/group/settings/ban_all" Token ban_all [GID, MINUTES] -> Fields(&[("ban_expire_time", Num)]), [20001, 20012], "Mutes all plain members for minutes, -1 for ever";
    P2 POST "/group/settings/unban_all" Token unban_all [GID] -> Bool, [20001, 20012], "Ends that";
    P2 POST "/group/ban" Token ban [GID, USERS, MINUTES] -> List(&Named("UserResult")), [20001, 20012], "Mutes members for minutes, -1 for ever";
    P2 POST "/group/unban" Token unban [GID, USERS] -> List(&Named("UserResult")), [20001, 20012], "Ends that";
    P2 POST "/group/admin/add" Token add_admins [GID, USERS] -> List(&Named("UserResult")), [20001, 20013], "Makes members admins";
    P2 POST "/group/admin/remove" Token remove_admins [GID, USERS] -> List(&Named("UserResult")), [20001, 20013], "Makes them plain members";
    P2 POST "/group/transfer" Token transfer [GID, must("new_owner", Id)] -> Named("UserResult"), [20001, 20005, 20013], "Hands the group over";
    P2 POST "/group/announcement/edit" Token announce [GID, must("title", Text(1024)), must("content", Text(16_384))] -> Named("Announcement"), [20001, 20012], "Publishes an announcement";
    P2 POST "/group/announcement/delete" Token delete_announcement [GID.in_query(), must("announcement_id", Id).in_query()] -> Bool, [20001, 20012, 20020], "Deletes one";
    P2 POST "/group/msg/mute_mode" Token mute_mode [GID, must("msg_mute_mode", Int)] -> Bool, [20001, 20003, 20011], "How the caller hears of messages: 0 as usual, 1 silently, 2 not at all";
    Rest POST "/group/msg/push_mode" Token push_mode [GID, must("msg_push_mode", Int)] -> Bool, [20001, 20003, 20011], "What is pushed: 0 all, 1 nothing, 2 of admins or with a mention, 3 of admins, 4 with a mention";
    P4 POST "/group/msg/not_disturb" Token not_disturb [GID, must("value", Flag)] -> Bool, [20001, 20011], "True for mute mode 1, false for 0";
}

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
fn set_name(call: &Call<'_>) -> Answer {
    set_card(call, "name")
}

/// `POST /group/info/avatar`.
fn set_avatar(call: &Call<'_>) -> Answer {
    set_card(call, "avatar")
}

/// `POST /group/info/description`.
fn set_description(call: &Call<'_>) -> Answer {
    set_card(call, "description")
}

/// `POST /group/info/ext`.
fn set_ext(call: &Call<'_>) -> Answer {
    set_card(call, "ext")
}

/// `POST /group/settings/allow_member_invitation`.
fn set_member_invite(call: &Call<'_>) -> Answer {
    set_switch(call, "member_invite", "value")
}

/// `POST /group/settings/allow_member_modify`.
fn set_member_modify(call: &Call<'_>) -> Answer {
    set_switch(call, "member_modify", "value")
}

/// `POST /group/settings/enable_read_ack`.
fn set_read_ack(call: &Call<'_>) -> Answer {
    set_switch(call, "read_ack", "value")
}

/// `POST /group/settings/history_visible`.
fn set_history_visible(call: &Call<'_>) -> Answer {
    set_switch(call, "history_visible", "value")
}

/// `POST /group/settings/hide_member_info`.
fn set_hide_member_info(call: &Call<'_>) -> Answer {
    set_switch(call, "hide_member_info", "value")
}

/// `POST /group/settings/require_admin_approval`.
fn set_apply_approval(call: &Call<'_>) -> Answer {
    set_switch(call, "apply_approval", "apply_approval")
}

/// `POST /group/display_name`: the caller's name in the group.
fn display_name(call: &Call<'_>) -> Answer {
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
fn ban_all(call: &Call<'_>) -> Answer {
    let (_, until) = muted_until(call)?;
    set_ban_all(call, until)?;
    Ok(json!({ "ban_expire_time": until }))
}

/// `POST /group/settings/unban_all`.
fn unban_all(call: &Call<'_>) -> Answer {
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
fn ban(call: &Call<'_>) -> Answer {
    let (minutes, until) = muted_until(call)?;
    mute(call, Notice::Banned, until, &minutes.to_string())
}

/// `POST /group/unban`.
fn unban(call: &Call<'_>) -> Answer {
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
fn add_admins(call: &Call<'_>) -> Answer {
    set_admins(call, true)
}

/// `POST /group/admin/remove`.
fn remove_admins(call: &Call<'_>) -> Answer {
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
fn transfer(call: &Call<'_>) -> Answer {
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
fn announce(call: &Call<'_>) -> Answer {
    let title = call.params.short_text("title", 1024)?;
    let content = call.params.short_text("content", 16 * 1024)?;
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let announcement = asked.store.announce(gid, call.caller, title, content, call.now())?;
    asked.tell_members(Notice::AnnouncementUpdated, &[], "")?;
    Ok(json!(announcement))
}

/// `POST /group/announcement/delete`.
fn delete_announcement(call: &Call<'_>) -> Answer {
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
fn mute_mode(call: &Call<'_>) -> Answer {
    set_mute_mode(call, mode(call, "msg_mute_mode", 2)?)
}

/// `POST /group/msg/not_disturb`: the older form of it.
fn not_disturb(call: &Call<'_>) -> Answer {
    set_mute_mode(call, i64::from(call.params.required_flag("value")?))
}

fn set_mute_mode(call: &Call<'_>, mode: i64) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Member)?;
    let gid = asked.gid();
    asked.store.set_mute_mode(gid, call.caller, mode)?;
    let kind = if mode == 0 { Notice::Unmuted } else { Notice::Muted };
    asked.tell(kind, call.caller, &[], "", &[call.caller])?;
    Ok(json!(true))
}

/// `POST /group/msg/push_mode`.
fn push_mode(call: &Call<'_>) -> Answer {
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
