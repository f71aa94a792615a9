//! Looking up groups (http-api 8.7).
use serde_json::{Value, json};

use super::{Answer, ApiError, call::Call, group_call::GroupCall};
use crate::store::{Announcement, Role};

/// `GET /group/user_joined`: ids of the caller's groups.
pub(super) fn joined(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().joined_groups(call.caller)?))
}

/// `GET /group/public_list`.
pub(super) fn public(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().public_groups()?))
}

/// `GET /group/info` and `GET /group/settings`: also for those who are not in it.
pub(super) fn info(call: &Call<'_>) -> Answer {
    Ok(json!(GroupCall::open(call)?.group))
}

/// `POST /group/info/batch`: the same for many groups; unknown ids are left out.
pub(super) fn info_batch(call: &Call<'_>) -> Answer {
    let store = call.store();
    let mut groups = Vec::new();
    for gid in call.params.ids("group_list")? {
        groups.extend(store.group(gid, call.caller)?);
    }
    Ok(json!(groups))
}

/// `GET /group/member_list`: all of them, shipped clients cannot page.
pub(super) fn member_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(json!(asked.store.member_list(asked.gid(), None)?))
}

/// `GET /group/admin_list`: without the owner.
pub(super) fn admin_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open(call)?;
    Ok(json!(asked.store.member_list(asked.gid(), Some(Role::Admin))?))
}

/// `GET /group/banned_list`: who is muted now.
pub(super) fn banned_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(json!(asked.store.banned_members(asked.gid(), call.now())?))
}

/// `GET /group/blocked_list`.
pub(super) fn blocked_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let rows = asked.store.blocked_in_group(gid)?;
    Ok(rows.into_iter().map(|(uid, at)| json!({ "group_id": gid, "user_id": uid, "created_at": at })).collect())
}

/// `POST /group/members/display_name`: those of the list who are members.
pub(super) fn display_names(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    let wanted = call.params.ids("user_list")?;
    let mut members = asked.store.member_list(asked.gid(), None)?;
    members.retain(|member| wanted.contains(&member.user_id));
    Ok(json!(members))
}

/// `POST /group/application_list`: of those groups that the caller manages.
pub(super) fn applications(call: &Call<'_>) -> Answer {
    let store = call.store();
    let mut found = Vec::new();
    for gid in call.params.ids("group_list")? {
        if store.membership(gid, call.caller)?.is_some_and(|member| member.role >= Role::Admin) {
            found.extend(store.group_applications(gid)?);
        }
    }
    Ok(json!(found))
}

/// `GET /group/invitation_list`.
pub(super) fn invitations(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().invitations(call.caller)?))
}

fn all_announcements(call: &Call<'_>) -> Result<Vec<Announcement>, ApiError> {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(asked.store.announcements(asked.gid())?)
}

/// `GET /group/announcement/list`: oldest first.
pub(super) fn announcements(call: &Call<'_>) -> Answer {
    Ok(json!(all_announcements(call)?))
}

/// `GET /group/announcement/last`.
pub(super) fn last_announcement(call: &Call<'_>) -> Answer {
    one(all_announcements(call)?.pop())
}

/// `GET /group/announcement`.
pub(super) fn announcement(call: &Call<'_>) -> Answer {
    let wanted = call.params.id("announcement_id")?;
    one(all_announcements(call)?.into_iter().find(|announcement| announcement.id == wanted))
}

fn one(announcement: Option<Announcement>) -> Result<Value, ApiError> {
    announcement.map(|found| json!(found)).ok_or_else(|| ApiError::new(20020, "no such announcement"))
}
