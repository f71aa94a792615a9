//! What all calls about one group share: the group, the caller's rights, who is told.
use std::sync::MutexGuard;

use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::{Value, json};

use super::{
    ApiError,
    call::Call,
    table::{Param, Type, must},
};
use crate::{
    guard,
    notify::AboutGroup,
    store::{Group, Role, Store, Uid},
};

/// Which group.
pub(super) const GID: Param = must("group_id", Type::Id);

/// A call about an existing group.
pub(super) struct GroupCall<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) store: MutexGuard<'a, Store>,
    pub(super) group: Group,
    /// The caller's rights; `None` for non-members.
    pub(super) role: Option<Role>,
}

impl<'a> GroupCall<'a> {
    /// Opens the group named by `group_id`.
    pub(super) fn open(call: &'a Call<'a>) -> Result<Self, ApiError> {
        Self::of(call, call.params.id("group_id")?)
    }

    /// Opens a group.
    pub(super) fn of(call: &'a Call<'a>, gid: Uid) -> Result<Self, ApiError> {
        let store = call.store();
        let group = store.group(gid, call.caller)?.ok_or_else(|| ApiError::new(20001, "group does not exist"))?;
        let role = store.membership(gid, call.caller)?.map(|member| member.role);
        Ok(Self { call, store, group, role })
    }

    /// The same for callers with at least these rights.
    pub(super) fn open_as(call: &'a Call<'a>, least: Role) -> Result<Self, ApiError> {
        let this = Self::open(call)?;
        this.need(least)?;
        Ok(this)
    }

    /// The same for callers who may invite: all members, or who manages the group, as it says.
    pub(super) fn open_to_inviters(call: &'a Call<'a>) -> Result<Self, ApiError> {
        let this = Self::open_as(call, Role::Member)?;
        if !this.group.member_invite {
            this.need(Role::Admin)?;
        }
        Ok(this)
    }

    pub(super) fn need(&self, least: Role) -> Result<(), ApiError> {
        if self.role >= Some(least) {
            return Ok(());
        }
        Err(match least {
            Role::Member => ApiError::new(20011, "only for members"),
            Role::Admin => ApiError::new(20012, "only for the owner and admins"),
            Role::Owner => ApiError::new(20013, "only for the owner"),
        })
    }

    pub(super) const fn gid(&self) -> Uid {
        self.group.group_id
    }

    /// True when the caller may see this member: where members are hidden, plain ones see only
    /// themselves and who manages the group.
    pub(super) fn shows(&self, member: Uid) -> Result<bool, ApiError> {
        if !self.group.hide_member_info || self.role >= Some(Role::Admin) || member == self.call.caller {
            return Ok(true);
        }
        Ok(self.store.membership(self.gid(), member)?.is_some_and(|member| member.role >= Role::Admin))
    }

    pub(super) fn members(&self) -> Result<Vec<Uid>, ApiError> {
        Ok(self.store.members(self.gid())?)
    }

    /// Tells these users.
    pub(super) fn tell(
        &mut self,
        kind: Notice,
        from: Uid,
        to: &[Uid],
        content: &str,
        receivers: &[Uid],
    ) -> Result<(), ApiError> {
        let notice = AboutGroup { kind, group: self.group.group_id, from, to, content };
        self.call.notifier(&mut self.store).group(&notice, receivers)?;
        Ok(())
    }

    /// Tells all members, on behalf of the caller.
    pub(super) fn tell_members(&mut self, kind: Notice, to: &[Uid], content: &str) -> Result<(), ApiError> {
        let members = self.members()?;
        self.tell(kind, self.call.caller, to, content, &members)
    }

    /// `INFO_UPDATED` to all members: one property and its value.
    pub(super) fn tell_property(&mut self, property: &str, value: &Value) -> Result<(), ApiError> {
        let content = json!({ "property": property, property: value }).to_string();
        self.tell_members(Notice::InfoUpdated, &[], &content)
    }

    /// Takes somebody in.
    pub(super) fn admit(&mut self, uid: Uid) -> Result<(), ApiError> {
        self.store.join_group(self.group.group_id, uid, self.call.now())?;
        Ok(())
    }

    /// Why this user cannot come in, if so.
    pub(super) fn obstacle(&self, uid: Uid) -> Result<Option<ApiError>, ApiError> {
        let joined_limit = guard(&self.call.cloud.policy).max_joined_groups;
        Ok(if self.store.membership(self.gid(), uid)?.is_some() {
            Some(ApiError::new(20017, "already a member"))
        } else if self.store.blocked_in_group(self.gid())?.iter().any(|(blocked, _)| *blocked == uid) {
            Some(ApiError::new(20018, "on the blocklist of the group"))
        } else if self.members()?.len() >= self.group.capacity as usize {
            Some(ApiError::new(20010, "the group is full"))
        } else if joined_limit > 0 && self.store.joined_groups(uid)?.len() >= joined_limit {
            Some(ApiError::new(20009, "in too many groups"))
        } else {
            None
        })
    }

    /// Splits a `user_list` into those for whom `act` works, and the answer with a line for each.
    pub(super) fn each(
        &mut self,
        mut act: impl FnMut(&mut Self, Uid) -> Result<Option<&'static str>, ApiError>,
    ) -> Result<(Vec<Uid>, Value), ApiError> {
        let mut list = self.call.params.ids("user_list")?;
        list.sort_unstable();
        list.dedup();
        let (mut done, mut lines) = (Vec::new(), Vec::new());
        for uid in list {
            let failure = act(self, uid)?;
            lines.push(line(uid, failure));
            if failure.is_none() {
                done.push(uid);
            }
        }
        Ok((done, Value::Array(lines)))
    }

    /// Those members of a `user_list` whom the caller outranks; `act` is done to each.
    pub(super) fn each_below(
        &mut self,
        mut act: impl FnMut(&mut Self, Uid) -> Result<(), ApiError>,
    ) -> Result<(Vec<Uid>, Value), ApiError> {
        self.each(|this, uid| {
            Ok(match this.store.membership(this.group.group_id, uid)? {
                None => Some("not a member"),
                Some(member) if Some(member.role) >= this.role => Some("has the same rights as the caller"),
                Some(_) => {
                    act(this, uid)?;
                    None
                }
            })
        })
    }
}

/// A `UserResult`.
pub(super) fn line(uid: Uid, failure: Option<&str>) -> Value {
    json!({
        "user_id": uid,
        "result": if failure.is_none() { "success" } else { "fail" },
        "reason": failure.unwrap_or(""),
    })
}
