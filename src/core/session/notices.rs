//! What the server tells about groups, contacts and the account, and what follows from it
//! (xsync 6.7, 6.8, 3.7).
//!
//! `noticed_change` changes what is kept, in the transaction of the page; `user_notice` does what needs
//! the network, after it. Every notice is told once, whatever it changes.

use super::merge::{Outcome, notice};
use super::rows::{group_write, put, user_write};
use super::{CallId, Event, LoadPurpose, Output, Reply, Session, State};
use crate::core::codec::Payload;
use crate::core::json::Value;
use crate::core::map::sort;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Notice, NoticeKind};
use crate::core::proto::{Meta, group_notice::Type as Group, roster_notice::Type as Roster, user_notice::Type as User};
use crate::core::wire::Wire as _;
use crate::ports::{Query, Row, StoreError, Table, Write};

/// The key of a kept notice: one a matter, so that the newer takes the place of the older. Matters are
/// an application to a group by somebody, an invitation into it by somebody, its end, and a contact.
fn thread(notice: &Notice, me: u64) -> Vec<u8> {
    let target = notice.to.first().copied().unwrap_or(0);
    let (matter, person) = match (notice.kind, Group::try_from(notice.r#type)) {
        (NoticeKind::Group, Ok(Group::Applyed | Group::Joined)) => (1, notice.from),
        (NoticeKind::Group, Ok(Group::ApplyAccepted | Group::ApplyDeclined)) => (1, target),
        (NoticeKind::Group, Ok(Group::Invited)) => (2, notice.from),
        (NoticeKind::Group, Ok(Group::InviteAccepted | Group::InviteDeclined)) => (2, target),
        (NoticeKind::Group, _) => (3, 0),
        _ => (4, if notice.from == me { target } else { notice.from }),
    };
    [&[notice.kind as u8, matter][..], &notice.group.to_be_bytes(), &person.to_be_bytes()].concat()
}

impl Session {
    /// Changes what is kept of the account.
    pub(super) fn noticed_change(&mut self, out: &mut Outcome, mut notice: Notice, meta: &Meta) {
        match notice.kind {
            NoticeKind::Group => self.group_notice(out, &mut notice),
            NoticeKind::Roster => self.roster_notice(out, &mut notice),
            NoticeKind::User => {}
        }
        if notice.kept {
            out.writes.push(put(Table::Notices, thread(&notice, self.address().0), meta));
        }
        out.wanted.insert(notice.from);
        out.notices.push(notice);
    }

    fn group_notice(&mut self, out: &mut Outcome, notice: &mut Notice) {
        let Some(account) = &mut self.account else { return };
        let (me, gid) = (account.uid, notice.group);
        let (actor, target) = (notice.from == me, notice.to.contains(&me));
        let subject = vec![notice.from];
        let others = notice.to.clone();
        let kind = Group::try_from(notice.r#type).unwrap_or(Group::Unknown);
        if matches!(kind, Group::Joined | Group::InviteAccepted | Group::ApplyAccepted | Group::ApplyDeclined) {
            // What it answers, if that is kept here.
            out.writes.push(Write::delete(Table::Notices, thread(notice, me)));
        }
        match kind {
            Group::Created => self.group_joined(gid),
            Group::Joined | Group::InviteAccepted if actor => self.group_joined(gid),
            Group::ApplyAccepted if target => self.group_joined(gid),
            Group::Joined | Group::InviteAccepted => self.members(out, gid, subject, vec![], vec![]),
            Group::ApplyAccepted => self.members(out, gid, others, vec![], vec![]),
            Group::Destroyed => self.group_left(out, notice),
            Group::Leaved if actor => self.group_left(out, notice),
            Group::Kicked | Group::Blocked if target => self.group_left(out, notice),
            Group::Leaved => self.members(out, gid, vec![], subject, vec![]),
            Group::Kicked => self.members(out, gid, vec![], others, vec![]),
            // Who is blocked need not have been a member, so nothing is known of the count.
            Group::Blocked => {
                out.then.push(Output::Event(Event::Members {
                    group: gid,
                    joined: vec![],
                    left: others,
                    changed: vec![],
                }));
                self.group_wanted(gid);
            }
            Group::Applyed => notice.kept = !actor,
            Group::ApplyDeclined | Group::Invited => notice.kept = target,
            Group::InviteDeclined => notice.kept = actor,
            Group::OwnerAssigned | Group::AdminGranted | Group::AdminRevoked => {
                let mut changed = others;
                changed.push(notice.from);
                self.members(out, gid, vec![], vec![], changed);
                self.group_wanted(gid);
            }
            Group::Banned | Group::Unbanned => self.members(out, gid, vec![], vec![], others),
            Group::InfoUpdated => self.group_patched(out, notice),
            Group::AnnouncementUpdated | Group::Muted | Group::Unmuted | Group::MessageSetting => {
                self.group_wanted(gid)
            }
            // No effect on what is kept: they are told, and that is all.
            Group::Unknown
            | Group::Presence
            | Group::Absence
            | Group::Unblocked
            | Group::FileUploaded
            | Group::FileDeleted
            | Group::FileUpdated => {}
        }
    }

    /// The user is not in a group any more: the group and its conversation go.
    fn group_left(&mut self, out: &mut Outcome, notice: &mut Notice) {
        notice.kept = true;
        let gid = notice.group;
        self.cards.group_left(gid);
        self.remove_conversation(out, ConversationId::group(gid), notice.id, false);
        let Some(account) = &mut self.account else { return };
        if account.groups.remove(&gid).is_some() {
            out.writes.push(Write::delete(Table::Groups, gid.to_be_bytes()));
            let left = account.groups.values().cloned().collect();
            out.then.push(Output::Event(Event::Groups(left)));
        }
    }

    fn members(&mut self, out: &mut Outcome, group: u64, joined: Vec<u64>, left: Vec<u64>, changed: Vec<u64>) {
        out.wanted.extend(joined.iter().chain(&changed).copied());
        let Some(account) = &mut self.account else { return };
        if let Some(card) = account.groups.get_mut(&group) {
            let (plus, minus) = (u32::try_from(joined.len()), u32::try_from(left.len()));
            let count = card.count.saturating_add(plus.unwrap_or(0)).saturating_sub(minus.unwrap_or(0));
            if count != card.count {
                card.count = count;
                out.writes.push(group_write(card));
                let all = account.groups.values().cloned().collect();
                out.then.push(Output::Event(Event::Groups(all)));
            }
        }
        out.then.push(Output::Event(Event::Members { group, joined, left, changed }));
    }

    /// `content` is a JSON object of what changed, or of one member's name (errata, type 23).
    fn group_patched(&mut self, out: &mut Outcome, notice: &Notice) {
        let patch = Value::lenient(&notice.content);
        let text = |key: &str| patch.get(key).and_then(Value::as_str);
        if text("property") == Some("display_name") {
            return self.members(out, notice.group, vec![], vec![], vec![notice.from]);
        }
        let Some(account) = &mut self.account else { return };
        let Some(card) = account.groups.get_mut(&notice.group) else { return self.group_wanted(notice.group) };
        let before = card.clone();
        if let Some(name) = text("name") {
            card.name = name.to_owned();
        }
        if let Some(avatar) = text("avatar") {
            card.avatar = avatar.to_owned();
        }
        if let Some(owner) = patch.get("owner_id").or_else(|| patch.get("owner")).and_then(Value::as_u64) {
            card.owner = owner;
        }
        if *card != before {
            out.writes.push(group_write(card));
            out.touched
                .extend(Some(ConversationId::group(notice.group)).filter(|of| account.conversations.contains_key(of)));
            let all = account.groups.values().cloned().collect();
            out.then.push(Output::Event(Event::Groups(all)));
        }
    }

    fn roster_notice(&mut self, out: &mut Outcome, notice: &mut Notice) {
        let Some(account) = &self.account else { return };
        let me = account.uid;
        let (actor, target) = (notice.from == me, notice.to.contains(&me));
        let other = if actor { notice.to.first().copied().unwrap_or(0) } else { notice.from };
        match Roster::try_from(notice.r#type).unwrap_or(Roster::Unknown) {
            Roster::Added if target => self.contact(out, other, true),
            Roster::Accepted if actor || target => {
                out.writes.push(Write::delete(Table::Notices, thread(notice, me)));
                self.contact(out, other, true);
            }
            Roster::Removed if actor => {
                notice.kept = true;
                self.contact(out, other, false);
                self.remove_conversation(out, ConversationId::user(other), notice.id, false);
            }
            // They have removed the user: no contact any more, but what was said stays.
            Roster::Removed if target => self.contact(out, other, false),
            Roster::Declined => notice.kept = actor || target,
            Roster::Applied => notice.kept = target,
            Roster::InfoUpdated => self.card_patched(out, other, &notice.content),
            Roster::Muted | Roster::Unmuted if actor => self.ask_cards(vec![other]),
            _ => {}
        }
    }

    pub(super) fn contact(&mut self, out: &mut Outcome, uid: u64, is_contact: bool) {
        self.cards.contact(uid, is_contact);
        let Some(account) = &mut self.account else { return };
        let Some(user) = account.users.get_mut(&uid) else {
            out.wanted.insert(uid); // its card comes with the right mark
            return;
        };
        if user.is_contact != is_contact {
            user.is_contact = is_contact;
            out.writes.push(user_write(user));
            out.then.push(Output::Event(Event::Users(vec![user.clone()])));
        }
    }

    fn card_patched(&mut self, out: &mut Outcome, uid: u64, content: &str) {
        let patch = Value::lenient(content);
        let Some(account) = &mut self.account else { return };
        let Some(user) = account.users.get_mut(&uid) else { return };
        let before = user.clone();
        for (key, field) in
            [("alias", &mut user.alias), ("nick_name", &mut user.nickname), ("avatar", &mut user.avatar)]
        {
            if let Some(text) = patch.get(key).and_then(Value::as_str) {
                text.clone_into(field);
            }
        }
        if *user != before {
            out.writes.push(user_write(user));
            out.then.push(Output::Event(Event::Users(vec![user.clone()])));
            let of = ConversationId::user(uid);
            out.touched.extend(Some(of).filter(|of| account.conversations.contains_key(of)));
        }
    }

    /// About the account itself (xsync 3.7, 3.11).
    pub(super) fn user_notice(&mut self, notice: &Notice) {
        let code = match User::try_from(notice.r#type) {
            Ok(User::PasswordChanged) => ErrorCode::UserPasswordChanged,
            Ok(User::Frozen) => ErrorCode::UserFrozen,
            Ok(User::Removed) => ErrorCode::UserRemoved,
            Ok(User::KickBySameDevice) => ErrorCode::UserKickedBySameDevice,
            Ok(User::KickedByOtherDevice | User::DeviceRemoved) if self.is_this_device(&notice.content) => {
                ErrorCode::UserKickedByOtherDevices
            }
            Ok(User::ClusterChanged | User::DnsUpdate) => return self.dns_changed(),
            Ok(User::InfoUpdated) => return self.own_card_wanted(),
            _ => return,
        };
        let error = Error::new(Domain::Frame, code, "");
        if code == ErrorCode::UserKickedBySameDevice {
            self.part(State::Kicked, error.clone(), Some(error)); // the other page goes on with the same token
        } else {
            self.leave(State::Kicked, error.clone(), Some(error));
        }
    }

    /// Whether the content of a device notice names this device; nothing named means it.
    fn is_this_device(&self, content: &str) -> bool {
        let digits: Vec<_> = content.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        let sn = self.address().1.to_string();
        digits.is_empty() || digits.contains(&&sn[..])
    }

    pub(super) fn list_notices(&mut self, call: CallId, drop: Vec<u64>) {
        self.load(Query::all(Table::Notices), LoadPurpose::Notices(call, drop));
    }

    /// The kept notices, newest first; those with the ids in `drop` are forgotten instead.
    pub(super) fn notices_loaded(&mut self, call: CallId, drop: &[u64], rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.reply(call, Err(super::storage_error(&e))),
        };
        let (mut notices, mut bad, mut writes) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match Meta::decode(&row.value[..]).ok().and_then(|meta| notice(&meta, Payload::of(&meta).ok()?)?.ok()) {
                Some(notice) if drop.contains(&notice.id) => writes.push(Write::delete(Table::Notices, row.key)),
                Some(notice) => notices.push(Notice { kept: true, ..notice }),
                None => bad.push(super::rows::bad_row(Table::Notices, &row.key)),
            }
        }
        sort(&mut notices, |a, b| a.id > b.id);
        self.bad_rows(bad);
        self.settle(writes, vec![Output::Reply(call, Ok(Reply::Notices(notices)))]);
    }
}
