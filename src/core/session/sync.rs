//! Receiving: the unread list, pulls, and merging pages into the store (xsync 4).
//!
//! One page is merged at a time: ids that may be stored already are looked up first, so that a page
//! that comes twice changes nothing. A page is durable before its events and before its receipt.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use prost::Message as _;

use super::rows::{ConversationRow, MessageRow, conversation_key, message_key, message_query, put, read_messages};
use super::{CallId, Event, LoadPurpose, Output, Reply, Session, State, Timer, storage_error};
use crate::core::codec::Uplink;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::proto::{
    MessageBody, Meta, SyncDl, SyncUl, UnreadDl, UserNotice, Xid,
    conversation_unread::ConvType,
    message_body::{QoS, Type},
    meta::NameSpace,
    status::ErrorCode as Status,
    user_notice::Type as NoticeType,
};
use crate::ports::{Row, StoreError, Table, Write};

/// How many conversations are pulled at the same time.
const CHAINS: usize = 8;
/// A page has to come within this time; it is asked for once more, then the connection is given up.
const PAGE: Duration = Duration::from_secs(15);
/// After an unreadable frame it is asked for again this soon.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Sync {
    /// Conversations being pulled, by uid: a page names no kind.
    pulls: BTreeMap<u64, Pull>,
    /// Conversations that wait for their turn.
    waiting: VecDeque<Xid>,
    /// Pages that wait to be merged.
    pages: VecDeque<Page>,
    merging: Option<Merge>,
    /// The list of conversations with news was asked for at the login and has not come yet.
    listing: bool,
    /// How many conversations the application believes to be under way.
    told: usize,
}

#[derive(Debug)]
struct Pull {
    xid: Xid,
    /// More came up while it was being pulled.
    dirty: bool,
    deadline: Millis,
    /// The key last asked with, for asking again.
    key: u64,
    again: bool,
}

/// Where a page comes from and what it leads to.
#[derive(Debug)]
pub(super) enum Origin {
    /// The stream: may count as unread, is told, is confirmed with the next key.
    /// An eager page is pushed on top of whatever pull is under way.
    Live { xid: Option<Xid>, next_key: u64, eager: bool },
    /// Asked for by the application.
    History { call: CallId, next: u64 },
}

#[derive(Debug)]
struct Page {
    origin: Origin,
    fallback: Option<ConversationId>,
    metas: Vec<Meta>,
}

#[derive(Debug)]
struct Merge {
    origin: Origin,
    incoming: Vec<(ConversationId, MessageRow)>,
    writes: Vec<Write>,
    notices: Vec<(Millis, UserNotice)>,
    /// Reads under way.
    reads: usize,
    known: BTreeSet<(ConversationId, u64)>,
}

/// What a meta turned out to be.
enum Sorted {
    Message(ConversationId),
    Notice(UserNotice),
    /// Understood, nothing to keep.
    Passed,
    /// Of a kind that is not handled.
    Skipped,
    /// Unusable: why.
    Bad(&'static str),
}

impl Session {
    pub(super) fn unread(&mut self, list: UnreadDl) {
        if let Some(status) = list.status
            && status.code != Status::Ok as i32
            && status.code != Status::Unknown as i32
        {
            return self.refused(status.code, status.reason);
        }
        let Some(account) = &mut self.account else { return };
        let mut fresh = Vec::new();
        for entry in &list.unread {
            let xid = entry.xid.unwrap_or_default();
            let id = match ConvType::try_from(entry.r#type) {
                Ok(ConvType::Chat) => ConversationId::user(xid.uid),
                Ok(ConvType::Groupchat) => ConversationId::group(xid.uid),
                _ => continue, // the account's queue has no row in the list
            };
            account.conversations.entry(id).or_insert_with(|| {
                fresh.push(id);
                ConversationRow::default()
            });
        }
        if !fresh.is_empty() {
            let writes = fresh.iter().map(|id| account.conversation_write(*id)).collect();
            let seen = fresh.iter().map(|id| account.conversation(*id)).collect();
            self.persist(writes, vec![Output::Event(Event::Conversations(seen))]);
        }
        self.sync.listing = false;
        self.want_cards();
        for entry in list.unread.iter().filter(|entry| entry.n > 0) {
            self.need_pull(entry.xid.unwrap_or_default(), false);
        }
        self.tell_sync();
    }

    pub(super) fn noticed(&mut self, xid: Xid) {
        self.need_pull(xid, true);
        self.tell_sync();
    }

    /// `news`: something was added since, so a pull under way has to be repeated.
    fn need_pull(&mut self, xid: Xid, news: bool) {
        if !self.link.ready {
            return;
        }
        if let Some(pull) = self.sync.pulls.get_mut(&xid.uid) {
            pull.dirty |= news;
        } else if self.sync.pulls.len() < CHAINS {
            self.pull(xid, 0);
        } else if !self.sync.waiting.iter().any(|w| w.uid == xid.uid) {
            self.sync.waiting.push_back(xid);
        }
    }

    fn pull(&mut self, xid: Xid, key: u64) {
        let pull = Pull { xid, dirty: false, deadline: self.now + PAGE, key, again: false };
        self.sync.pulls.insert(xid.uid, pull);
        self.send_now(&ask(xid, key));
        self.arm_pull();
    }

    fn arm_pull(&mut self) {
        let next = self.sync.pulls.values().map(|p| p.deadline).min();
        self.timers.set(Timer::Pull, next);
    }

    pub(super) fn pulls_overdue(&mut self) {
        let now = self.now;
        let late: Vec<_> =
            self.sync.pulls.values().filter(|p| p.deadline <= now).map(|p| (p.xid, p.key, p.again)).collect();
        if late.iter().any(|(_, _, again)| *again) {
            return self.lost("a page did not come within 30 s");
        }
        for (xid, key, _) in late {
            if let Some(pull) = self.sync.pulls.get_mut(&xid.uid) {
                pull.again = true;
                pull.deadline = now + PAGE;
            }
            self.send_now(&ask(xid, key));
        }
        self.arm_pull();
    }

    /// The connection is gone; the unread list of the next login says what is still needed.
    pub(super) fn forget_pulls(&mut self) {
        self.sync.pulls.clear();
        self.sync.waiting.clear();
        self.sync.listing = false;
        self.tell_sync();
    }

    /// A login begins with asking for the list: until it is there, nobody knows what is missing.
    pub(super) fn list_awaited(&mut self) {
        self.sync.listing = true;
        self.tell_sync();
    }

    /// A frame was lost on the way: what it was about is asked for again soon.
    pub(super) fn hurry_pulls(&mut self) {
        let soon = self.now + AGAIN;
        for pull in self.sync.pulls.values_mut().filter(|pull| !pull.again) {
            pull.deadline = soon;
        }
        self.arm_pull();
    }

    fn tell_sync(&mut self) {
        let pending = self.sync.pulls.len() + self.sync.waiting.len() + usize::from(self.sync.listing);
        if pending != self.sync.told {
            self.sync.told = pending;
            self.event(Event::Sync(pending));
        }
    }

    pub(super) fn page(&mut self, page: SyncDl) {
        let status = page.status.unwrap_or_default();
        if status.code != Status::Ok as i32 {
            if status.code == Status::Unauthorized as i32 || status.code == Status::InvalidToken as i32 {
                return self.refused(status.code, status.reason);
            }
            self.event(Event::Error(Error::from_frame(status.code, status.reason)));
            return self.pull_done(page.xid.unwrap_or_default());
        }
        let fallback = page.xid.and_then(|xid| {
            let group = self.account.as_ref()?.groups.contains_key(&xid.uid);
            Some(if group { ConversationId::group(xid.uid) } else { ConversationId::user(xid.uid) })
        });
        if let Some(pull) = page.xid.and_then(|xid| self.sync.pulls.get_mut(&xid.uid)) {
            pull.deadline = self.now + PAGE; // being merged
        }
        self.merge(
            Origin::Live { xid: page.xid, next_key: page.next_key, eager: page.is_eager_sync },
            fallback,
            page.metas,
        );
    }

    fn pull_done(&mut self, xid: Xid) {
        let dirty = self.sync.pulls.remove(&xid.uid).is_some_and(|p| p.dirty);
        if dirty && self.link.ready {
            self.pull(xid, 0);
        }
        while self.link.ready && self.sync.pulls.len() < CHAINS {
            let Some(next) = self.sync.waiting.pop_front() else { break };
            self.pull(next, 0);
        }
        self.arm_pull();
        self.tell_sync();
    }

    /// Queues a page for merging.
    pub(super) fn merge(&mut self, origin: Origin, fallback: Option<ConversationId>, metas: Vec<Meta>) {
        self.sync.pages.push_back(Page { origin, fallback, metas });
        self.merge_next();
    }

    fn merge_next(&mut self) {
        if self.sync.merging.is_some() {
            return;
        }
        let Some(page) = self.sync.pages.pop_front() else { return };
        let Some(account) = &self.account else { return };
        let (me, tops) = (account.uid, &account.conversations);
        let mut merge = Merge {
            origin: page.origin,
            incoming: Vec::new(),
            writes: Vec::new(),
            notices: Vec::new(),
            reads: 0,
            known: BTreeSet::new(),
        };
        let mut troubles = Vec::new();
        let mut ranges: BTreeMap<ConversationId, (u64, u64)> = BTreeMap::new();
        let live = matches!(merge.origin, Origin::Live { .. });
        for meta in page.metas {
            match sort(&meta, me, page.fallback) {
                Sorted::Message(of) => {
                    if tops.get(&of).is_some_and(|row| meta.id <= row.top) {
                        let range = ranges.entry(of).or_insert((meta.id, meta.id));
                        *range = (range.0.min(meta.id), range.1.max(meta.id));
                    }
                    merge.incoming.push((of, MessageRow { meta: Some(meta), client_mid: 0 }));
                }
                Sorted::Notice(notice) if live => merge.notices.push((Millis(meta.timestamp), notice)),
                Sorted::Notice(_) | Sorted::Passed => {}
                Sorted::Skipped => self.stats.skipped += 1,
                Sorted::Bad(why) => {
                    self.stats.quarantined += 1;
                    let of = page.fallback.unwrap_or(ConversationId::SYSTEM);
                    merge.writes.push(put(Table::Quarantine, message_key(of, meta.id), &meta));
                    troubles.push(why);
                }
            }
        }
        for why in troubles {
            self.event(Event::Error(Error::new(Domain::Frame, ErrorCode::MessageInvalid, why)));
        }
        merge.reads = ranges.len();
        self.sync.merging = Some(merge);
        for (of, (first, last)) in ranges {
            let query = message_query(of, first, last.saturating_add(1), 0, false);
            self.load(query, LoadPurpose::Merge(of));
        }
        self.finish_merge();
    }

    pub(super) fn merge_loaded(&mut self, of: ConversationId, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.persist_failed(&e, None),
        };
        let (stored, bad) = read_messages(&rows);
        self.bad_rows(bad);
        if let Some(merge) = &mut self.sync.merging {
            merge.reads -= 1;
            merge.known.extend(stored.iter().filter_map(|row| Some((of, row.meta.as_ref()?.id))));
        }
        self.finish_merge();
    }

    fn finish_merge(&mut self) {
        if self.sync.merging.as_ref().is_none_or(|m| m.reads > 0) {
            return;
        }
        let Some(Merge { origin, incoming, mut writes, notices, mut known, .. }) = self.sync.merging.take() else {
            return;
        };
        let Some(account) = &mut self.account else { return };
        let live = matches!(origin, Origin::Live { .. });
        let me = account.uid;
        let (mut touched, mut told) = (BTreeSet::new(), Vec::new());
        for (of, row) in incoming {
            let Some(meta) = &row.meta else { continue };
            let (id, from) = (meta.id, meta.from.map_or(0, |xid| xid.uid));
            if known.insert((of, id)) {
                writes.push(put(Table::Messages, message_key(of, id), &row));
                let conversation = account.conversations.entry(of).or_default();
                conversation.top = conversation.top.max(id);
                if live && from != me {
                    conversation.unread += 1;
                }
                let newest = conversation.last.as_ref().and_then(|l| l.meta.as_ref()).is_none_or(|l| l.id < id);
                if newest {
                    conversation.last = Some(row.clone());
                }
                touched.insert(of);
            } else if live {
                continue; // came twice: told already
            }
            told.push(account.message(of, &row));
        }
        if let Origin::Live { xid: Some(xid), next_key, .. } = &origin
            && *next_key != 0
        {
            // The page names a uid only; the cursor belongs to whichever conversation has it.
            for of in [ConversationId::user(xid.uid), ConversationId::group(xid.uid)] {
                if let Some(conversation) = account.conversations.get_mut(&of) {
                    conversation.cursor = *next_key;
                    touched.insert(of);
                }
            }
        }
        writes.extend(touched.iter().map(|of| {
            let row = account.conversations.get(of).cloned().unwrap_or_default();
            put(Table::Conversations, conversation_key(*of), &row)
        }));
        let changed: Vec<_> = touched.iter().map(|of| account.conversation(*of)).collect();
        let mut then = Vec::new();
        match origin {
            Origin::History { call, next } => {
                told.sort_by_key(|m| m.id);
                then.push(Output::Reply(call, Ok(Reply::History(told, next))));
                if !changed.is_empty() {
                    then.push(Output::Event(Event::Conversations(changed)));
                }
                self.settle(writes, then);
            }
            Origin::Live { xid, next_key, eager } => {
                if !told.is_empty() {
                    then.push(Output::Event(Event::Messages(told)));
                }
                if !changed.is_empty() {
                    then.push(Output::Event(Event::Conversations(changed)));
                }
                self.confirm(xid, next_key, writes, then);
                if let (Some(xid), 0, false) = (xid, next_key, eager) {
                    self.pull_done(xid);
                }
            }
        }
        self.want_cards();
        for (at, notice) in notices {
            self.user_notice(at, &notice);
        }
        self.merge_next();
    }

    /// Writes, then does what depends on it; without writes there is nothing to wait for.
    fn settle(&mut self, writes: Vec<Write>, then: Vec<Output>) {
        if writes.is_empty() {
            self.out.extend(then);
        } else {
            self.persist(writes, then);
        }
    }

    /// Makes a live page durable; then, and only then, the next key goes out as its receipt.
    fn confirm(&mut self, xid: Option<Xid>, next_key: u64, writes: Vec<Write>, mut then: Vec<Output>) {
        if let Some(xid) = xid.filter(|_| next_key != 0 && self.link.ready) {
            match self.transmit(&ask(xid, next_key)) {
                Ok(output) => then.push(output),
                Err(e) => then.push(Output::Event(Event::Error(e))),
            }
            let dirty = self.sync.pulls.get(&xid.uid).is_some_and(|p| p.dirty);
            let pull = Pull { xid, dirty, deadline: self.now + PAGE, key: next_key, again: false };
            self.sync.pulls.insert(xid.uid, pull);
            self.arm_pull();
        }
        self.settle(writes, then);
    }

    /// Notices about the account itself (xsync 3.7, 3.11). Those from before this login are history.
    fn user_notice(&mut self, at: Millis, notice: &UserNotice) {
        if at <= self.login.since {
            return;
        }
        let code = match NoticeType::try_from(notice.r#type) {
            Ok(NoticeType::PasswordChanged) => ErrorCode::UserPasswordChanged,
            Ok(NoticeType::Frozen) => ErrorCode::UserFrozen,
            Ok(NoticeType::Removed) => ErrorCode::UserRemoved,
            Ok(NoticeType::KickBySameDevice) => ErrorCode::UserKickedBySameDevice,
            Ok(NoticeType::KickedByOtherDevice | NoticeType::DeviceRemoved) => ErrorCode::UserKickedByOtherDevices,
            _ => {
                self.stats.skipped += 1;
                return;
            }
        };
        let error = Error::new(Domain::Frame, code, "");
        if code == ErrorCode::UserKickedBySameDevice {
            self.part(State::Kicked, error.clone(), Some(error)); // the other page goes on with the same token
        } else {
            self.leave(State::Kicked, error.clone(), Some(error));
        }
    }

    pub(super) fn load_local(&mut self, call: CallId, of: ConversationId, before: u64, limit: u32, history: bool) {
        let limit = limit.clamp(1, super::MAX_PAGE);
        let newest = before == 0;
        let query = message_query(of, 0, before, limit, true);
        self.load(query, LoadPurpose::Local { call, of, limit, newest, history });
    }

    pub(super) fn local_loaded(
        &mut self,
        call: CallId,
        of: ConversationId,
        limit: u32,
        newest: bool,
        history: bool,
        rows: Result<Vec<Row>, StoreError>,
    ) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.reply(call, Err(storage_error(&e))),
        };
        let (stored, bad) = read_messages(&rows);
        self.bad_rows(bad);
        let Some(account) = &self.account else {
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::UserNotLogin, "")));
        };
        let mut messages: Vec<_> = stored.iter().rev().map(|row| account.message(of, row)).collect();
        let full = u32::try_from(rows.len()).is_ok_and(|n| n >= limit);
        let next = messages.first().map_or(0, |m| m.id);
        if history {
            return self.reply(call, Ok(Reply::History(messages, if full { next } else { 0 })));
        }
        if newest {
            let waiting = account.outbox.iter().filter(|(_, p)| p.to == of);
            messages.extend(waiting.map(|(id, p)| account.pending(*id, p)));
        }
        self.reply(call, Ok(Reply::Messages(messages)));
    }
}

fn ask(xid: Xid, key: u64) -> Uplink {
    Uplink::Sync(SyncUl { xid: Some(xid), key, ..SyncUl::default() })
}

/// Says what a meta is and where it belongs (xsync 4.8, 6.1).
fn sort(meta: &Meta, me: u64, page: Option<ConversationId>) -> Sorted {
    match NameSpace::try_from(meta.ns) {
        Ok(NameSpace::Message) => {}
        Ok(NameSpace::UserNotice) => {
            return UserNotice::decode(meta.payload.clone()).map_or(Sorted::Bad("notice: unreadable"), Sorted::Notice);
        }
        _ => return Sorted::Skipped,
    }
    let Ok(body) = MessageBody::decode(meta.payload.clone()) else {
        return Sorted::Bad("message: `payload` is unreadable");
    };
    let Some(Xid { uid: from, .. }) = meta.from else {
        return Sorted::Bad("message: `from` is missing");
    };
    let group = match Type::try_from(body.r#type) {
        Ok(Type::Chat) => false,
        Ok(Type::Groupchat) => true,
        _ => return Sorted::Skipped,
    };
    if meta.id == 0 {
        return Sorted::Bad("message: `id` is missing");
    }
    if body.qos == QoS::AtMostOnce as i32 {
        return Sorted::Passed; // typing and the like: never stored
    }
    let to = meta.to.map(|xid| xid.uid);
    match (group, to) {
        (true, Some(gid)) => Sorted::Message(ConversationId::group(gid)),
        (true, None) => {
            page.map_or(Sorted::Bad("message: `to` is missing"), |of| Sorted::Message(ConversationId::group(of.uid)))
        }
        (false, Some(to)) if from == me => Sorted::Message(ConversationId::user(to)),
        (false, None) if from == me => Sorted::Bad("message: `to` is missing"),
        (false, _) => Sorted::Message(ConversationId::user(from)),
    }
}
