//! Who comes into groups and who leaves them (http-api 8.7), and who is told (emulator 3).
use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GID, GroupCall, line},
    table::{Param, Shape::*, Type::*, may, must, rows},
};
use crate::{
    clock::Millis,
    guard,
    store::{NewGroup, Request, Role, Store, Uid},
};

/// How long applications and invitations stay open.
const REQUEST_LIFE: Millis = 7 * 24 * 3_600_000;
/// Longest reason, in bytes.
const REASON_LIMIT: usize = 1024;

const REASON: Param = may("reason", Text(REASON_LIMIT));
const USERS: Param = must("user_list", Ids);

#[rustfmt::skip]
rows! {
    P1 POST "/group/create" Token create [must("name", Word(256)), may("avatar", Text(1024)), may("description", Text(4096)), may("type", Int), may("user_list", Ids)] -> Named("GroupInfo"), [20001, 20008, 20009], "Creates a group; the others join, or are invited if they want to be asked";
    P1 POST "/group/destroy" Token destroy [GID.in_query()] -> Bool, [20001, 20013], "Dissolves a group";
    P1 POST "/group/apply" Token apply [GID, REASON] -> Named("UserResult"), [10010, 20001, 20009, 20010, 20017, 20018], "Joins, or asks to, as the group says";
    P1 POST "/group/apply/handle" Token handle_application [GID, must("user_id", Id), must("approval", Flag), REASON] -> Named("UserResult"), [20001, 20009, 20010, 20012, 20014, 20017, 20018], "Decides an application";
    P1 POST "/group/invite" Token invite [GID, USERS, REASON] -> List(&Named("UserResult")), [20001, 20011, 20012], "Brings users in, or invites those who want to be asked";
    P1 POST "/group/invite/handle" Token handle_invitation [GID, may("user_id", Id), must("approval", Flag), REASON] -> Bool, [20001, 20009, 20010, 20015, 20017, 20018], "Answers an invitation";
    P1 POST "/group/kick" Token kick [GID, USERS, REASON] -> List(&Named("UserResult")), [20001, 20012], "Puts members out";
    P1 POST "/group/leave" Token leave [GID.in_query()] -> Bool, [20001, 20002, 20004], "Leaves";
    P2 POST "/group/block" Token block [GID, USERS] -> List(&Named("UserResult")), [20001, 20012], "Puts users on the blocklist, and out";
    P2 POST "/group/unblock" Token unblock [GID, USERS] -> List(&Named("UserResult")), [20001, 20012], "Takes them off";
}

/// `POST /group/create`: answers with the full information.
fn create(call: &Call<'_>) -> Answer {
    let name = call.params.required_text("name")?;
    call.params.short_text("name", 256)?;
    let kind = call.params.number("type")?.unwrap_or(0);
    if !(0..=3).contains(&kind) {
        return Err(ApiError::parameter("type", "must be from 0 to 3"));
    }
    let new = NewGroup {
        name,
        description: call.params.short_text("description", 4096)?,
        avatar: call.params.short_text("avatar", 1024)?,
        kind,
        owner: call.caller,
    };
    let mut invitees = match call.params.ids("user_list") {
        Ok(invitees) => invitees,
        Err(_) if !call.params.has("user_list") => Vec::new(),
        Err(e) => return Err(e),
    };
    invitees.sort_unstable();
    invitees.dedup();
    let mut store = call.store();
    check_limits(call, &store)?;
    let gid = store.create_group(&new, call.now())?;
    let group = store.group(gid, call.caller)?.ok_or_else(|| ApiError::new(20001, "group does not exist"))?;
    let mut asked = GroupCall { call, store, group, role: Some(Role::Owner) };
    asked.tell(Notice::Created, call.caller, &[], "", &[call.caller])?;
    let mut waiting = Vec::new();
    for uid in invitees {
        if let Ok(true) = bring_in(&mut asked, uid, "")? {
            waiting.push(uid);
        }
    }
    tell_invited(&mut asked, &waiting, "")?;
    Ok(json!(asked.store.group(gid, call.caller)?))
}

/// How many groups a user may own, and be in.
fn check_limits(call: &Call<'_>, store: &Store) -> Result<(), ApiError> {
    let (own, joined) = {
        let policy = guard(&call.cloud.policy);
        (policy.max_own_groups, policy.max_joined_groups)
    };
    if own > 0 && store.own_groups(call.caller)? >= own {
        return Err(ApiError::new(20008, "owns too many groups"));
    }
    if joined > 0 && store.joined_groups(call.caller)?.len() >= joined {
        return Err(ApiError::new(20009, "in too many groups"));
    }
    Ok(())
}

/// Takes somebody in at once, or files an invitation when the user wants to be asked (then true).
fn bring_in(asked: &mut GroupCall<'_>, uid: Uid, reason: &str) -> Result<Result<bool, &'static str>, ApiError> {
    if !asked.store.user_exists(uid)? {
        return Ok(Err("user does not exist"));
    }
    if let Some(obstacle) = asked.obstacle(uid)? {
        return Ok(Err(match obstacle.code {
            20017 => "already a member",
            20018 => "on the blocklist of the group",
            20009 => "in too many groups",
            _ => "the group is full",
        }));
    }
    let settings = asked.store.settings(uid)?.unwrap_or_default();
    if settings["group_confirm"] == true {
        let now = asked.call.now();
        let request = Request { group: asked.gid(), user: uid, reason, expires: now + REQUEST_LIFE };
        asked.store.file_invitation(&request, asked.call.caller, now)?;
        return Ok(Ok(true));
    }
    asked.admit(uid)?;
    tell_joined(asked, uid)?;
    Ok(Ok(false))
}

fn tell_joined(asked: &mut GroupCall<'_>, uid: Uid) -> Result<(), ApiError> {
    let members = asked.members()?;
    asked.tell(Notice::Joined, uid, &[], "", &members)
}

/// To those who are asked, and to who asks.
fn tell_invited(asked: &mut GroupCall<'_>, invited: &[Uid], reason: &str) -> Result<(), ApiError> {
    if invited.is_empty() {
        return Ok(());
    }
    let inviter = asked.call.caller;
    let receivers: Vec<_> = invited.iter().copied().chain([inviter]).collect();
    asked.tell(Notice::Invited, inviter, invited, reason, &receivers)
}

/// `POST /group/destroy`.
fn destroy(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Owner)?;
    let members = asked.members()?;
    let gid = asked.gid();
    asked.store.destroy_group(gid)?;
    asked.tell(Notice::Destroyed, call.caller, &[], "", &members)?;
    Ok(json!(true))
}

/// `POST /group/apply`.
fn apply(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", REASON_LIMIT)?;
    let mut asked = GroupCall::open(call)?;
    if let Some(obstacle) = asked.obstacle(call.caller)? {
        return Err(obstacle);
    }
    match asked.group.apply_approval {
        0 => {
            asked.admit(call.caller)?;
            tell_joined(&mut asked, call.caller)?;
        }
        1 => {
            let expires = call.now() + REQUEST_LIFE;
            let gid = asked.gid();
            asked.store.file_application(&Request { group: gid, user: call.caller, reason, expires })?;
            // Every receiver keeps it in a list, so nobody else must get it.
            let managers = asked.store.members_from(gid, Role::Admin)?;
            asked.tell(Notice::Applyed, call.caller, &[], reason, &managers)?;
        }
        _ => return Err(ApiError::new(10010, "the group takes no applications")),
    }
    Ok(line(call.caller, None))
}

/// `POST /group/apply/handle`.
fn handle_application(call: &Call<'_>) -> Answer {
    let approval = call.params.required_flag("approval")?;
    let reason = call.params.short_text("reason", REASON_LIMIT)?;
    let applicant = call.params.id("user_id")?;
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let others: Vec<_> = asked.members()?.into_iter().filter(|uid| *uid != call.caller).collect();
    if approval && let Some(obstacle) = asked.obstacle(applicant)? {
        return Err(obstacle);
    }
    if !asked.store.close_application(gid, applicant, approval, call.now())? {
        return Err(ApiError::new(20014, "no open application of this user"));
    }
    if approval {
        asked.admit(applicant)?;
        // Any other receiver of the acceptance would believe to have joined.
        asked.tell(Notice::ApplyAccepted, call.caller, &[applicant], "", &[call.caller, applicant])?;
        asked.tell(Notice::Joined, applicant, &[], "", &others)?;
    } else {
        asked.tell(Notice::ApplyDeclined, call.caller, &[applicant], reason, &[call.caller, applicant])?;
    }
    Ok(line(applicant, None))
}

/// `POST /group/invite`.
fn invite(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", REASON_LIMIT)?;
    let mut asked = GroupCall::open_to_inviters(call)?;
    let mut waiting = Vec::new();
    let (_, answer) = asked.each(|asked, uid| {
        Ok(match bring_in(asked, uid, reason)? {
            Ok(true) => {
                waiting.push(uid);
                None
            }
            Ok(false) => None,
            Err(failure) => Some(failure),
        })
    })?;
    tell_invited(&mut asked, &waiting, reason)?;
    Ok(answer)
}

/// `POST /group/invite/handle`: the invitation of the caller to this group, whatever `user_id`
/// says.
fn handle_invitation(call: &Call<'_>) -> Answer {
    let approval = call.params.required_flag("approval")?;
    let reason = call.params.short_text("reason", REASON_LIMIT)?;
    let mut asked = GroupCall::open(call)?;
    if approval && let Some(obstacle) = asked.obstacle(call.caller)? {
        return Err(obstacle);
    }
    let gid = asked.gid();
    let inviter = asked
        .store
        .close_invitation(gid, call.caller, approval, call.now())?
        .ok_or_else(|| ApiError::new(20015, "no open invitation to this group"))?;
    if approval {
        asked.admit(call.caller)?;
        asked.tell_members(Notice::InviteAccepted, &[inviter], "")?;
    } else {
        asked.tell(Notice::InviteDeclined, call.caller, &[inviter], reason, &[inviter, call.caller])?;
    }
    Ok(json!(true))
}

/// `POST /group/kick`.
fn kick(call: &Call<'_>) -> Answer {
    let reason = call.params.short_text("reason", REASON_LIMIT)?;
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let before = asked.members()?;
    let (gone, answer) = asked.each_below(|asked, uid| {
        let gid = asked.gid();
        asked.store.leave_group(gid, uid)?;
        Ok(())
    })?;
    if !gone.is_empty() {
        asked.tell(Notice::Kicked, call.caller, &gone, reason, &before)?;
    }
    Ok(answer)
}

/// `POST /group/leave`.
fn leave(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open(call)?;
    match asked.role {
        None => return Err(ApiError::new(20002, "not a member")),
        Some(Role::Owner) => return Err(ApiError::new(20004, "the owner has to hand the group over first")),
        Some(_) => {}
    }
    let before = asked.members()?;
    let gid = asked.gid();
    asked.store.leave_group(gid, call.caller)?;
    asked.tell(Notice::Leaved, call.caller, &[], "", &before)?;
    Ok(json!(true))
}

/// `POST /group/block`: members are put out, nobody on the list can come in.
fn block(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let before = asked.members()?;
    let (gone, answer) = asked.each(|asked, uid| {
        let gid = asked.gid();
        if !asked.store.user_exists(uid)? {
            return Ok(Some("user does not exist"));
        }
        if asked.store.membership(gid, uid)?.is_some_and(|member| Some(member.role) >= asked.role) {
            return Ok(Some("has the same rights as the caller"));
        }
        asked.store.block_in_group(gid, uid, true, call.now())?;
        asked.store.leave_group(gid, uid)?;
        Ok(None)
    })?;
    if !gone.is_empty() {
        let receivers: Vec<_> = before.into_iter().chain(gone.iter().copied()).collect();
        asked.tell(Notice::Blocked, call.caller, &gone, "", &receivers)?;
    }
    Ok(answer)
}

/// `POST /group/unblock`: only those who manage the group are told.
fn unblock(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let blocked: Vec<_> = asked.store.blocked_in_group(gid)?.into_iter().map(|(uid, _)| uid).collect();
    let (free, answer) = asked.each(|asked, uid| {
        if !blocked.contains(&uid) {
            return Ok(Some("not on the blocklist"));
        }
        asked.store.block_in_group(gid, uid, false, call.now())?;
        Ok(None)
    })?;
    if !free.is_empty() {
        let managers = asked.store.members_from(gid, Role::Admin)?;
        asked.tell(Notice::Unblocked, call.caller, &free, "", &managers)?;
    }
    Ok(answer)
}
