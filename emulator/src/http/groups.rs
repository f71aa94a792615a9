//! Looking up groups (http-api 8.7).
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GID, GroupCall},
    table::{Shape::*, Type::*, must, rows},
};
use crate::store::{Announcement, Member, Role};

#[rustfmt::skip]
rows! {
    P0 GET "/group/user_joined" Token joined [] -> List(&Num), [], "Ids of the caller's groups";
    P3 GET "/group/public_list" Token public [] -> List(&Num), [], "Ids of public groups";
    P1 GET "/group/info" Token info [GID] -> Named("GroupInfo"), [20001], "All about a group, also for non-members";
    P2 GET "/group/settings" Token info [GID] -> Named("GroupInfo"), [20001], "The same";
    P0 POST "/group/info/batch" Token info_batch [must("group_list", Ids)] -> List(&Named("GroupInfo")), [], "The same for many; unknown ids are left out";
    P1 GET "/group/member_list" Token member_list [GID] -> Pages(&Named("GroupMember"), "user_id", 1000), [20001, 20011], "Members";
    P1 GET "/group/admin_list" Token admin_list [GID] -> List(&Named("GroupMember")), [20001], "Admins, without the owner";
    P2 GET "/group/banned_list" Token banned_list [GID] -> Pages(&Named("GroupMember"), "user_id", 1000), [20001, 20011], "Who is muted now";
    P2 GET "/group/blocked_list" Token blocked_list [GID] -> Pages(&Named("GroupBlocked"), "user_id", 1000), [20001, 20012], "The blocklist";
    P1 POST "/group/members/display_name" Token display_names [GID, must("user_list", Ids)] -> List(&Named("GroupMember")), [20001, 20011], "Those of the list who are members";
    P1 POST "/group/application_list" Token applications [must("group_list", Ids)] -> Pages(&Named("GroupApplication"), "group_id,applicant_id", 100), [], "Who wants into those groups that the caller manages";
    P1 GET "/group/invitation_list" Token invitations [] -> Pages(&Named("GroupInvitation"), "group_id", 100), [], "Invitations of the caller";
    P2 GET "/group/announcement/list" Token announcements [GID] -> List(&Named("Announcement")), [20001, 20011], "Announcements, oldest first";
    Rest GET "/group/announcement/last" Token last_announcement [GID] -> Named("Announcement"), [20001, 20011, 20020], "The newest one";
    P3 GET "/group/announcement" Token announcement [GID, must("announcement_id", Id)] -> Named("Announcement"), [20001, 20011, 20020], "One of them";
}

/// Without those whom the caller may not see.
fn visible(asked: &GroupCall<'_>, members: Vec<Member>) -> Answer {
    let mut shown = Vec::with_capacity(members.len());
    for member in members {
        if asked.shows(member.user_id)? {
            shown.push(member);
        }
    }
    Ok(json!(shown))
}

/// `GET /group/user_joined`: ids of the caller's groups.
fn joined(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().joined_groups(call.caller)?))
}

/// `GET /group/public_list`.
fn public(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().public_groups()?))
}

/// `GET /group/info` and `GET /group/settings`: also for those who are not in it.
fn info(call: &Call<'_>) -> Answer {
    Ok(json!(GroupCall::open(call)?.group))
}

/// `POST /group/info/batch`: the same for many groups; unknown ids are left out.
fn info_batch(call: &Call<'_>) -> Answer {
    let store = call.store();
    let mut groups = Vec::new();
    for gid in call.params.ids("group_list")? {
        groups.extend(store.group(gid, call.caller)?);
    }
    Ok(json!(groups))
}

/// `GET /group/member_list`: a thousand at once, because shipped clients cannot page.
fn member_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    visible(&asked, asked.store.member_list(asked.gid(), None)?)
}

/// `GET /group/admin_list`: without the owner.
fn admin_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open(call)?;
    Ok(json!(asked.store.member_list(asked.gid(), Some(Role::Admin))?))
}

/// `GET /group/banned_list`: who is muted now.
fn banned_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    visible(&asked, asked.store.banned_members(asked.gid(), call.now())?)
}

/// `GET /group/blocked_list`.
fn blocked_list(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Admin)?;
    let gid = asked.gid();
    let rows = asked.store.blocked_in_group(gid)?;
    Ok(rows.into_iter().map(|(uid, at)| json!({ "group_id": gid, "user_id": uid, "created_at": at })).collect())
}

/// `POST /group/members/display_name`: those of the list who are members.
fn display_names(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    let wanted = call.params.ids("user_list")?;
    let mut members = asked.store.member_list(asked.gid(), None)?;
    members.retain(|member| wanted.contains(&member.user_id));
    visible(&asked, members)
}

/// `POST /group/application_list`: of those groups that the caller manages.
fn applications(call: &Call<'_>) -> Answer {
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
fn invitations(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().invitations(call.caller)?))
}

fn all_announcements(call: &Call<'_>) -> Result<Vec<Announcement>, ApiError> {
    let asked = GroupCall::open_as(call, Role::Member)?;
    Ok(asked.store.announcements(asked.gid())?)
}

/// `GET /group/announcement/list`: oldest first.
fn announcements(call: &Call<'_>) -> Answer {
    Ok(json!(all_announcements(call)?))
}

/// `GET /group/announcement/last`.
fn last_announcement(call: &Call<'_>) -> Answer {
    one(all_announcements(call)?.pop())
}

/// `GET /group/announcement`.
fn announcement(call: &Call<'_>) -> Answer {
    let wanted = call.params.id("announcement_id")?;
    one(all_announcements(call)?.into_iter().find(|announcement| announcement.id == wanted))
}

fn one(announcement: Option<Announcement>) -> Result<Value, ApiError> {
    announcement.map(|found| json!(found)).ok_or_else(|| ApiError::new(20020, "no such announcement"))
}
