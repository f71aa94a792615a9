//! The contact list, the group list, and the cards of whoever appears in a conversation.

use super::rows::{group_write, user_write};
use super::{CallId, Event, Output, Purpose, Reply, Session};
use crate::core::map::Set;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind};
use crate::core::services::{Caller, group_cards, group_ids, pins, read, roster_ids, user_cards};
use crate::ports::{HttpError, Response, Table, Write};

#[derive(Debug, Default)]
pub(super) struct Cards {
    /// Users asked for since the account was opened: who the cloud does not know is not asked for again.
    asked: Set<u64>,
    contacts: Set<u64>,
    /// Groups whose cards are asked for with the next request: one at a time, however many groups are new.
    groups: Set<u64>,
    lists: bool,
    /// Groups the user was put out of since the lists were asked for: answers on their way still have them.
    left: Set<u64>,
    /// Calls for a list that this device has never had and that is on its way.
    waiting: Vec<(CallId, List)>,
    /// It was asked what is pinned, and nothing has changed since.
    pins: bool,
}

impl Cards {
    /// Somebody has become a contact, or is none any more.
    pub(super) fn contact(&mut self, uid: u64, is_contact: bool) {
        if is_contact {
            self.contacts.insert(uid);
        } else {
            self.contacts.remove(&uid);
        }
    }

    /// The user is no member of a group any more.
    pub(super) fn group_left(&mut self, gid: u64) {
        self.left.insert(gid);
    }
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Users,
    Groups,
}

impl List {
    /// Whether an outstanding request will add to it.
    const fn needs(self, purpose: &Purpose) -> bool {
        match self {
            Self::Users => matches!(purpose, Purpose::RosterIds | Purpose::UserCards(_)),
            Self::Groups => matches!(purpose, Purpose::GroupIds | Purpose::GroupCards),
        }
    }
}

const NOBODY: Caller<'static> = Caller { base: "", app_id: "", token: "" };

impl Session {
    /// Fetches both lists, once per login; failing that, with the next one.
    pub(super) fn refresh_lists(&mut self) {
        if self.cards.lists {
            return self.want_all_cards();
        }
        let Some(caller) = self.caller() else { return };
        let (roster, groups) = (roster_ids(caller).request, group_ids(caller).request);
        (self.cards.lists, self.cards.pins) = (true, false);
        self.cards.left.clear();
        self.request(roster, Purpose::RosterIds);
        self.request(groups, Purpose::GroupIds);
        self.want_all_cards();
    }

    /// Replies with a list: at once with what is known, else when the first answers are in.
    pub(super) fn list(&mut self, call: CallId, list: List) {
        let Some(account) = &self.account else {
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::UserNotLogin, "")));
        };
        let known = match list {
            List::Users => !account.users.is_empty(),
            List::Groups => !account.groups.is_empty(),
        };
        if !known && self.requests.values().any(|purpose| list.needs(purpose)) {
            return self.cards.waiting.push((call, list));
        }
        let reply = match list {
            List::Users => Reply::Users(account.users.values().cloned().collect()),
            List::Groups => Reply::Groups(account.groups.values().cloned().collect()),
        };
        self.reply(call, Ok(reply));
    }

    /// Looks again at the calls that wait for a list.
    fn list_waiting(&mut self) {
        for (call, list) in std::mem::take(&mut self.cards.waiting) {
            self.list(call, list);
        }
    }

    pub(super) fn fail_lists(&mut self, why: &Error) {
        for (call, _) in std::mem::take(&mut self.cards.waiting) {
            self.reply(call, Err(why.clone()));
        }
    }

    /// Asks for the cards of everybody who appears in a conversation, once per login.
    fn want_all_cards(&mut self) {
        let Some(account) = &self.account else { return };
        let senders = account.conversations.values().filter_map(|row| Some(row.last.as_ref()?.from()));
        let partners = account.conversations.keys().filter(|of| of.kind == Kind::User).map(|of| of.uid);
        let all = partners.chain(senders).collect();
        self.want_cards(all);
    }

    /// Asks for the cards of users who are unknown. Groups among them are no users, and have cards already.
    pub(super) fn want_cards(&mut self, mut wanted: Set<u64>) {
        let (Some(account), true) = (&self.account, self.link.ready) else { return };
        wanted.retain(|uid| {
            *uid != 0
                && !account.users.contains_key(uid)
                && !account.groups.contains_key(uid)
                && !self.cards.asked.contains(uid)
        });
        self.ask_cards(wanted.into_iter().collect());
    }

    /// The user has joined a group.
    pub(super) fn group_joined(&mut self, gid: u64) {
        self.cards.left.remove(&gid);
        self.group_wanted(gid);
    }

    /// Asks for a group's card: it is new, or has changed.
    pub(super) fn group_wanted(&mut self, gid: u64) {
        self.cards.groups.insert(gid);
        self.ask_groups();
    }

    fn ask_groups(&mut self) {
        if self.cards.groups.is_empty() || self.requests.values().any(|purpose| *purpose == Purpose::GroupCards) {
            return;
        }
        let Some(caller) = self.caller() else { return };
        let ids: Vec<_> = self.cards.groups.iter().copied().collect();
        let request = group_cards(caller, &ids).request;
        self.cards.groups.clear();
        self.request(request, Purpose::GroupCards);
    }

    /// Asks for the user's own card: it was changed on another device.
    pub(super) fn own_card_wanted(&mut self) {
        let me = self.address().0;
        self.ask_cards(vec![me]);
    }

    pub(super) fn ask_cards(&mut self, ids: Vec<u64>) {
        if ids.is_empty() {
            return;
        }
        let Some(caller) = self.caller() else { return };
        let request = user_cards(caller, &ids).request;
        self.cards.asked.extend(ids.iter().copied());
        self.request(request, Purpose::UserCards(ids));
    }

    pub(super) fn cards_answered(&mut self, purpose: Purpose, answer: Result<Response, HttpError>) {
        let result = match purpose {
            Purpose::RosterIds => read(answer, roster_ids(NOBODY).parse).map(|ids| self.roster_known(ids)),
            Purpose::GroupIds => read(answer, group_ids(NOBODY).parse).map(|ids| self.groups_known(ids)),
            Purpose::UserCards(ids) => match read(answer, user_cards(NOBODY, &[]).parse) {
                Ok(users) => {
                    self.users_known(users);
                    Ok(())
                }
                Err(e) => {
                    self.cards.asked.retain(|id| !ids.contains(id));
                    Err(e)
                }
            },
            Purpose::GroupCards => {
                read(answer, group_cards(NOBODY, &[]).parse).map(|groups| self.group_cards_known(groups))
            }
            Purpose::Pins => {
                match read(answer, pins(NOBODY).parse) {
                    Ok(ids) if self.cards.pins => self.pins_known(&ids),
                    Ok(_) => self.want_pins(), // from before the last change
                    // Not every cloud has it: what this device knows stays.
                    Err(e) => self.log(super::Level::Info, format!("what is pinned is not known: {}", e.code as u16)),
                }
                Ok(())
            }
            _ => Ok(()), // login.rs and rotation.rs have these
        };
        if let Err(e) = result {
            self.lists_failed(e);
        }
        self.ask_groups();
        self.list_waiting();
    }

    /// Asks what is pinned, once it is known which ids are groups.
    fn want_pins(&mut self) {
        let under_way = |purpose: &Purpose| List::Groups.needs(purpose) || *purpose == Purpose::Pins;
        if self.cards.pins || !self.cards.groups.is_empty() || self.requests.values().any(under_way) {
            return;
        }
        let Some(caller) = self.caller() else { return };
        let request = pins(caller).request;
        self.cards.pins = true;
        self.request(request, Purpose::Pins);
    }

    /// Asks again what is pinned.
    pub(super) fn pins_changed(&mut self) {
        self.cards.pins = false;
        self.want_pins();
    }

    /// What is pinned on other devices is pinned here.
    fn pins_known(&mut self, pins: &[u64]) {
        let Some(account) = &mut self.account else { return };
        let pinned = account.conversations.iter().filter(|(_, row)| row.pinned).map(|(of, _)| *of);
        let mut changed: Vec<_> = pinned.filter(|of| !pins.contains(&of.uid)).collect();
        let new = pins.iter().map(|uid| if *uid == 0 { ConversationId::SYSTEM } else { account.whose(*uid) });
        changed.extend(new.filter(|of| account.conversations.get(of).is_none_or(|row| !row.pinned)));
        if changed.is_empty() {
            return;
        }
        for of in &changed {
            account.quiet_row(*of).pinned ^= true;
        }
        let writes = changed.iter().map(|of| account.conversation_write(*of)).collect();
        let then = account.seen(changed);
        self.persist(writes, then);
    }

    fn lists_failed(&mut self, e: Error) {
        self.cards.lists = false; // again with the next login
        if e.code == ErrorCode::InvalidToken && self.token_rejected() {
            return;
        }
        self.event(Event::Error(e));
    }

    fn roster_known(&mut self, ids: Vec<u64>) {
        let Some(account) = &mut self.account else { return };
        self.cards.contacts = ids.iter().copied().collect();
        let contacts = &self.cards.contacts;
        let mut changed = Vec::new();
        for user in account.users.values_mut() {
            let is_contact = contacts.contains(&user.id);
            if user.is_contact != is_contact {
                user.is_contact = is_contact;
                changed.push(user.clone());
            }
        }
        let me = account.uid;
        if !changed.is_empty() {
            self.persist(changed.iter().map(user_write).collect(), vec![Output::Event(Event::Users(changed))]);
        }
        let mut wanted = ids;
        wanted.push(me);
        self.ask_cards(wanted);
    }

    fn users_known(&mut self, mut users: Vec<crate::core::model::User>) {
        let Some(account) = &mut self.account else { return };
        for user in &mut users {
            user.is_contact = self.cards.contacts.contains(&user.id);
        }
        users.retain(|user| account.users.get(&user.id) != Some(user));
        if users.is_empty() {
            return;
        }
        account.users.extend(users.iter().map(|user| (user.id, user.clone())));
        let mut then = vec![Output::Event(Event::Users(users.clone()))];
        then.extend(account.seen(users.iter().map(|user| ConversationId::user(user.id))));
        self.persist(users.iter().map(user_write).collect(), then);
    }

    /// The server's list replaces ours: groups that are gone are forgotten, their messages are kept.
    fn groups_known(&mut self, mut ids: Vec<u64>) {
        let Some(account) = &mut self.account else { return };
        ids.retain(|gid| !self.cards.left.contains(gid));
        let gone: Vec<_> = account.groups.keys().filter(|gid| !ids.contains(gid)).copied().collect();
        if !gone.is_empty() {
            account.groups.retain(|gid, _| !gone.contains(gid));
            let left = account.groups.values().cloned().collect();
            let writes = gone.iter().map(|gid| Write::delete(Table::Groups, gid.to_be_bytes())).collect();
            self.persist(writes, vec![Output::Event(Event::Groups(left))]);
        }
        self.cards.groups.extend(ids);
        self.ask_groups();
        self.want_pins();
    }

    fn group_cards_known(&mut self, mut groups: Vec<crate::core::model::Group>) {
        groups.retain(|group| !self.cards.left.contains(&group.id));
        let Some(account) = &mut self.account else { return };
        account.groups.extend(groups.iter().map(|group| (group.id, group.clone())));
        let all = account.groups.values().cloned().collect();
        let mut then = vec![Output::Event(Event::Groups(all))];
        then.extend(account.seen(groups.iter().map(|group| ConversationId::group(group.id))));
        self.persist(groups.iter().map(group_write).collect(), then);
        self.want_pins();
    }
}
