//! The one place where stored messages change: a queue of jobs, one at a time.
//!
//! ```text
//! page, acknowledgement, mark read, operation ...
//!    -> queue -> what it needs is read from the store -> finish:
//!       rows, counters, cursor in one transaction -> events and replies -> receipt for the server
//! ```
//!
//! A job sees every earlier job's writes, so nothing is lost between a read and the write that
//! follows from it. A second delivery finds its ids among the stored messages or in `applied_ops`,
//! and changes nothing (xsync 4.9, 4.11). What a meta means is told in `operations.rs` and
//! `notices.rs`.
use std::collections::VecDeque;

use super::account::Account;
use super::body::{self, Facts};
use super::find::Index;
use super::input::Insert;
use super::rows::{
    ConversationRow, EditRow, MarkRow, MessageRow, id_from, local_query, message_key, message_query, one_local,
    one_message, pair_key, put, read_messages, receipt, receipt_key,
};
use super::{Batch, CallId, Event, LoadPurpose, Mark, Operation, Output, Place, Reply, Session};
use crate::core::codec::{CodecError, Payload};
use crate::core::map::{self, Map, Set};
use crate::core::model::{
    Change, ConversationId, Domain, Error, ErrorCode, Kind, Mention, Message, Millis, Notice, NoticeKind, Update,
};
use crate::core::proto::{
    Conversation, GroupNotice, MessageBody, MessageOperation, Meta, RosterNotice, SyncDl, UserNotice, Xid,
    conversation_operation::OpType as RemovalType,
    message_body::{QoS, Status as Seen, Type},
    message_operation::OpType,
};
use crate::core::wire::Wire as _;
use crate::ports::{Query, Row, StoreError, Table, Write};

/// How many unread messages are told to their authors at once; older ones are read silently.
const MOST_RECEIPTS: u32 = 500;
/// How many edited messages are fetched after a login.
const MOST_FETCHED: usize = 20;
/// How many operations may wait for their messages.
const MOST_WAITING: usize = 2_000;

/// One job: where it comes from and what it leads to.
#[derive(Debug)]
pub(super) enum Job {
    /// Metas of the stream: may count as unread, are told, are confirmed with the next key.
    /// An eager page is pushed on top of whatever pull is under way.
    Live { xid: Option<Xid>, next_key: u64, eager: bool, prev: u64, metas: Vec<Meta> },
    /// Asked for.
    /// It goes back from `from`; 0 when it does not.
    History { wish: Wanted, of: ConversationId, from: u64, next: u64, metas: Vec<Meta> },
    /// Messages that another SDK had.
    Past { call: CallId, of: ConversationId, metas: Vec<Meta> },
    /// The server's answer to an entry of the outbox.
    Answered { id: u64, ack: SyncDl, error: Option<Error> },
    /// The user has read messages.
    Read { call: CallId, of: ConversationId, up_to: u64, only: bool, here: bool },
    /// The user changes a message.
    Operate { call: CallId, of: ConversationId, target: u64, operation: Operation },
    /// The user removes a message from this device.
    Forget { call: CallId, of: ConversationId, target: u64 },
    /// The user removes a conversation, here or everywhere. `id` is the removal's own: what the user wrote later stays.
    Remove { call: CallId, id: u64, of: ConversationId, everywhere: bool },
    /// The user removes the messages of a conversation from this device.
    Clear { call: CallId, of: ConversationId },
    /// The application puts a message of its own in, or takes it out.
    Insert { call: CallId, it: Insert },
    /// A contact was deleted, and the conversation goes too.
    Stranger(u64),
}

/// Who wants a page of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The application.
    By(CallId),
    /// The session: it looks for a message of ours that the server has already, by its client id.
    Ours(u64),
    /// The session: edits have overtaken each other on this message.
    Torn(u64),
}

impl Job {
    /// The call that waits for it.
    pub(super) const fn call(&self) -> Option<CallId> {
        match self {
            Self::History { wish: Wanted::By(call), .. } => Some(*call),
            Self::History { .. } => None,
            Self::Read { call, .. }
            | Self::Operate { call, .. }
            | Self::Forget { call, .. }
            | Self::Past { call, .. }
            | Self::Clear { call, .. }
            | Self::Insert { call, .. }
            | Self::Remove { call, .. } => Some(*call),
            Self::Live { .. } | Self::Answered { .. } | Self::Stranger(_) => None,
        }
    }
}

/// What a meta turned out to be.
#[derive(Debug)]
pub(super) enum Item {
    Message(ConversationId, Meta, MessageBody),
    Operation(Meta, MessageBody, MessageOperation),
    Notice(Notice, Meta),
    /// A conversation was removed on another device; from the account?
    Removal(u64, u64, bool),
    /// Typing and the like: never kept.
    Passing(Meta, MessageBody),
    /// Of a kind that is not handled.
    Skipped,
    /// Unusable: why.
    Bad(Meta, &'static str),
}

/// What a read of the store brings to the job under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Rows(ConversationId),
    /// The application's own messages of a conversation.
    Locals,
    Applied,
    Home,
}

/// A job whose reads are under way, then what it comes to.
#[derive(Debug)]
pub(super) struct Work {
    job: Job,
    /// Where metas belong that do not say it themselves.
    home: ConversationId,
    items: Vec<Item>,
    /// A page of the account's queue, uid 0, that was asked for.
    queue: bool,
    /// The application asks for the past: also for what was removed.
    revives: bool,
    /// What is not marked read counts as unread, although it is the past.
    counts: bool,
    reads: usize,
    pub(super) rows: Map<(ConversationId, u64), MessageRow>,
    pub(super) locals: Vec<MessageRow>,
    applied: Set<u64>,
    /// What edits had made of the rows that were read.
    was: Map<(ConversationId, u64), Option<EditRow>>,
    /// Groups in which messages of the user are, by message: those that others answer to.
    pub(super) homes: Map<u64, u64>,
    pub(super) out: Outcome,
}

/// What a job comes to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) writes: Vec<Write>,
    /// The highest id among the metas.
    highest: u64,
    /// Stored messages that changed, by conversation and id.
    dirty: Set<(ConversationId, u64)>,
    /// Conversations that changed.
    pub(super) touched: Set<ConversationId>,
    pub(super) removed: Vec<ConversationId>,
    /// Conversations whose messages up to their floor go with this job, removed before or not.
    pub(super) cleared: Set<ConversationId>,
    /// Conversations whose last message is gone.
    relast: Set<ConversationId>,
    pub(super) told: Vec<(ConversationId, u64)>,
    pub(super) updates: Vec<Update>,
    pub(super) notices: Vec<Notice>,
    /// Notices about the account that were not in the queue when this session began.
    fresh: Vec<Notice>,
    /// Entries that this job adds to the outbox.
    pub(super) marks: Vec<u64>,
    /// What is said first, once it is durable.
    pub(super) first: Vec<Event>,
    /// Everything else that is said, in order, behind the changes above.
    pub(super) then: Vec<Output>,
    /// Messages to be fetched again, because edits came in the wrong order.
    pub(super) refetch: Set<(ConversationId, u64)>,
    /// Users whose cards are wanted.
    pub(super) wanted: Set<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Merger {
    queue: VecDeque<Job>,
    work: Option<Work>,
}

impl Session {
    /// Queues a job.
    pub(super) fn enqueue(&mut self, job: Job) {
        self.merger.queue.push_back(job);
        self.work();
    }

    /// The account is closed: whoever waits for a job hears why.
    pub(super) fn fail_jobs(&mut self, why: &Error) {
        let Merger { queue, work } = std::mem::take(&mut self.merger);
        let jobs = work.into_iter().map(|work| work.job).chain(queue);
        for call in jobs.filter_map(|job| job.call()).collect::<Vec<_>>() {
            self.reply(call, Err(why.clone()));
        }
    }

    fn work(&mut self) {
        while self.merger.work.is_none() {
            let (Some(account), Some(job)) = (&self.account, self.merger.queue.pop_front()) else { return };
            let (work, loads) = Work::begin(account, job);
            self.merger.work = Some(work);
            for (query, part) in loads {
                self.load(query, LoadPurpose::Merge(part));
            }
            self.finish_work();
        }
    }

    pub(super) fn part_loaded(&mut self, part: Part, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.persist_failed(&e, None),
        };
        let mut bad = Vec::new();
        if let Some(work) = &mut self.merger.work {
            work.reads = work.reads.saturating_sub(1);
            match part {
                Part::Rows(of) => {
                    let (stored, unreadable) = read_messages(&rows);
                    bad = unreadable;
                    work.was.extend(stored.iter().map(|row| ((of, row.id()), row.edit.clone())));
                    work.rows.extend(stored.into_iter().map(|row| ((of, row.id()), row)));
                }
                Part::Locals => (work.locals, bad) = read_messages(&rows),
                Part::Applied => work.applied.extend(rows.iter().filter_map(|row| id_from(&row.key))),
                Part::Home => {
                    let homes = rows.iter().filter_map(|row| {
                        let (kind, gid) = super::rows::receipt_from(&row.key)?;
                        Some((id_from(row.key.get(..8)?)?, gid)).filter(|_| kind == 0)
                    });
                    work.homes.extend(homes);
                }
            }
        }
        self.bad_rows(bad);
        self.finish_work();
        self.work();
    }

    fn finish_work(&mut self) {
        if self.merger.work.as_ref().is_none_or(|work| work.reads > 0) {
            return;
        }
        let Some(mut work) = self.merger.work.take() else { return };
        if self.account.is_none() {
            return;
        }
        let items = std::mem::take(&mut work.items);
        let mut news = Vec::new();
        match std::mem::replace(
            &mut work.job,
            Job::Live { xid: None, next_key: 0, eager: false, prev: 0, metas: vec![] },
        ) {
            Job::Live { xid, next_key, eager, prev, .. } => {
                self.take_in(&mut work, items, true);
                let known = self.stream_moved(&mut work.out, xid, next_key, eager, prev);
                news = self.conclude(work, xid.filter(|_| known), next_key);
                if let Some(xid) = xid {
                    if !known {
                        self.need_pull(xid, true); // there is a hole before this page (xsync 4.11)
                    } else if next_key == 0 && !eager {
                        self.pull_done(xid);
                    }
                }
            }
            Job::History { wish, of, from, mut next, .. } => {
                let ids: Vec<_> = items.iter().filter_map(|item| item.id(of)).collect();
                self.take_in(&mut work, items, false);
                self.close_gap(&mut work.out, of, from, if next == 0 { Some(&0) } else { ids.iter().min() });
                match wish {
                    Wanted::By(call) => {
                        let erased = self.erased(of);
                        if ids.iter().any(|id| *id <= erased) {
                            next = 0; // it goes back, and all that is older was removed too
                        }
                        let page = self.account.iter().flat_map(|account| {
                            let rows = ids.iter().filter(|id| **id > erased).filter_map(|id| work.rows.get(&(of, *id)));
                            rows.filter(|row| account.is_shown(of, row)).map(|row| account.message(of, row))
                        });
                        let mut page: Vec<_> = page.collect();
                        map::sort(&mut page, |a, b| a.id < b.id);
                        page.dedup_by_key(|m| m.id);
                        work.out.then.push(Output::Reply(call, Ok(Reply::History(page, next))));
                    }
                    Wanted::Ours(client_mid) => self.resolved(&mut work, of, client_mid, &ids),
                    // The server or this device does not have it any more, so its edits come to nothing.
                    Wanted::Torn(target) if !ids.contains(&target) || self.is_removed(of, target) => {
                        self.stop_waiting(&mut work.out, target);
                    }
                    Wanted::Torn(_) => {}
                }
                self.conclude(work, None, 0);
                self.flush(); // what looked for its own has made room
            }
            Job::Past { call, .. } => {
                self.take_in(&mut work, items, false);
                work.out.then.push(Output::Reply(call, Ok(Reply::Done)));
                self.conclude(work, None, 0);
            }
            Job::Answered { id, ack, error } => {
                self.answered(&mut work, id, &ack, error);
                self.conclude(work, None, 0);
                self.flush();
            }
            Job::Read { call, of, up_to, only, here } => {
                self.read_up_to(&mut work, of, up_to, only, here);
                work.out.then.push(Output::Reply(call, Ok(Reply::Done)));
                self.conclude(work, None, 0);
                self.flush();
            }
            Job::Remove { call, id, of, everywhere } => self.delete_conversation(call, id, of, everywhere),
            Job::Clear { call, of } => self.clear_conversation(call, of),
            Job::Insert { call, it } => {
                self.inserted(&mut work, call, it);
                self.conclude(work, None, 0);
            }
            Job::Stranger(uid) => self.stranger(uid),
            Job::Operate { call, of, target, operation } => {
                self.operated(&mut work, call, of, target, operation);
                self.conclude(work, None, 0);
            }
            Job::Forget { call, of, target } => {
                self.take_away(&mut work, of, target);
                if let (Some(account), Some(row)) = (&self.account, work.rows.get(&(of, target))) {
                    let message = account.message(of, row);
                    work.out.updates.push(update(Change::Delete, of, target, Some(message)));
                }
                work.out.then.push(Output::Reply(call, Ok(Reply::Done)));
                self.conclude(work, None, 0);
            }
        }
        for notice in news {
            self.user_notice(&notice);
        }
    }

    /// Takes metas in, in order. `live`: of the stream; otherwise from history, where only messages count.
    fn take_in(&mut self, work: &mut Work, items: Vec<Item>, live: bool) {
        for item in items {
            // The first metas of the account's queue were there before this login (xsync 3.7, 3.11).
            let old = work.queue && self.sync.stale > 0;
            self.sync.stale -= u32::from(old);
            match item {
                Item::Message(of, meta, body) => self.message_came(work, of, meta, &body, live),
                Item::Bad(meta, why) => {
                    self.stats.quarantined += 1;
                    work.out.writes.push(put(Table::Quarantine, message_key(work.home, meta.id), &meta));
                    let error = Error::new(Domain::Frame, ErrorCode::MessageInvalid, why);
                    work.out.then.push(Output::Event(Event::Error(error)));
                }
                Item::Skipped => self.stats.skipped += 1,
                _ if !live => {} // history never carries anything out (xsync 4.11)
                Item::Passing(meta, body) => self.passed_by(&meta, &body),
                Item::Operation(meta, body, operation) => {
                    if work.first_time(&meta) {
                        self.carry_out(work, &meta, &body, &operation);
                    }
                }
                Item::Notice(notice, meta) => {
                    if work.first_time(&meta) {
                        if !old && notice.kind == NoticeKind::User {
                            work.out.fresh.push(notice.clone());
                        }
                        self.noticed_change(&mut work.out, notice, &meta);
                    }
                }
                Item::Removal(id, uid, everywhere) => {
                    let meta = Meta { id, ..Meta::default() };
                    let first = work.first_time(&meta);
                    let all = self.account.as_ref().filter(|_| first).map(|account| named(account, uid));
                    for of in all.unwrap_or_default() {
                        self.remove_conversation(&mut work.out, of, id, everywhere);
                        work.forget(of, id);
                        self.recount(work, of);
                    }
                }
            }
        }
    }

    /// A message, new or known.
    pub(super) fn message_came(
        &mut self,
        work: &mut Work,
        of: ConversationId,
        meta: Meta,
        seen: &MessageBody,
        live: bool,
    ) {
        let Some(account) = &mut self.account else { return };
        let (id, me) = (meta.id, account.uid);
        let key = (of, id);
        if live && id <= account.taken_in(of) {
            return; // it was here, and was dropped
        }
        let (floor, erased) = account.conversations.get(&of).map_or((0, 0), |row| (row.floor, row.erased));
        if id <= floor && (id <= erased || !work.revives) {
            // Its conversation was removed after it: known only to whoever looks for it in history.
            if !live {
                let row = MessageRow { meta: Some(meta), quiet: true, ..MessageRow::default() };
                work.rows.or_insert_with(key, || row);
            }
            return;
        }
        let mut fresh = live;
        let known = work.rows.contains_key(&key);
        let was_unread = work.rows.get(&key).is_some_and(|row| account.is_unread(of, row));
        let quiet = !live && !work.counts;
        let row = work.rows.or_insert_with(key, || MessageRow { meta: Some(meta), quiet, ..MessageRow::default() });
        if known {
            fresh = live && row.quiet && !row.gone;
            if row.gone || (live && !fresh) {
                return; // taken away, or it came twice
            }
        }
        row.quiet &= !live;
        work.out.dirty.insert(key);
        // Operations that came before it, or edits that overtook each other.
        let early: Vec<_> =
            account.waiting.range((id, 0)..=(id, u64::MAX)).map(|(key, meta)| (*key, meta.clone())).collect();
        absorb(row, seen, me, known && !early.is_empty());
        // What was applied here since may lack an edit that this copy is too old to have.
        let behind = known && row.edit.as_ref().is_some_and(|edit| edit.at > seen.edit_timestamp);
        let (mut cancels, mut reads) = (Vec::new(), Vec::new());
        for ((target, op), meta) in early {
            let mut patch = MessageBody::decode(meta.payload.clone()).unwrap_or_default();
            body::clean(&mut patch);
            if known && (behind && is_edit(&meta) || seen.edit_timestamp < edit_time(&meta, &patch)) {
                continue; // the server's own copy is older still
            }
            account.waiting.remove(&(target, op));
            work.out.writes.push(Write::delete(Table::Waiting, pair_key(target, op)));
            if !known {
                apply_early(row, me, of, &meta, &patch, &mut work.out.writes);
                match patch.operation.as_ref().map(kind) {
                    Some(OpType::ReadCancel) => cancels.push(MarkRow { mid: target, op }),
                    Some(OpType::ReadAll) => reads.push(op),
                    _ => {}
                }
            }
        }
        let row = row.clone();
        let facts = Facts::read(&seen.config);
        if row.from() == me && of.kind == Kind::Group && !facts.members.is_empty() {
            work.out.writes.push(Write::put(Table::Receipts, receipt_key(id, 0, of.uid), []));
        }
        let conversation = account.conversations.or_default(of);
        cancels.retain(|cancel| cancel.op > row.read_op && !conversation.overruled(id, cancel.op) && !row.gone);
        conversation.cancels.extend(cancels.pop());
        let unread = account.is_unread(of, &row) && !was_unread;
        let owed = !known && account.is_owed(&row);
        let conversation = account.conversations.or_default(of);
        if owed && (conversation.owed == 0 || id < conversation.owed) {
            conversation.owed = id;
        }
        conversation.top = conversation.top.max(id);
        if unread {
            conversation.unread += 1;
            let mention = facts.mention(me);
            if mention != Mention::None {
                conversation.mention = conversation.mention.max(id);
                conversation.mention_all = mention == Mention::All;
            }
        }
        if !row.gone && body::counts(seen) {
            conversation.hidden &= !live;
            if conversation.last.as_ref().is_none_or(|last| last.id() <= id) {
                conversation.last = Some(row.clone());
            }
        }
        work.out.touched.insert(of);
        work.out.wanted.insert(row.from());
        if fresh && !row.gone {
            work.out.told.push(key);
            if of.kind == Kind::User && row.from() == of.uid {
                self.delivered(&mut work.out, of, id);
                self.typing_ended(of, row.from());
            }
        }
        for op in reads {
            self.all_read(work, of, id, op);
        }
    }

    /// The page is taken in: where the stream stands now. False when something before it is missing.
    fn stream_moved(&mut self, out: &mut Outcome, xid: Option<Xid>, next_key: u64, eager: bool, prev: u64) -> bool {
        let (Some(account), Some(xid)) = (&mut self.account, xid) else { return true };
        let stream = account.streams.or_default(xid.uid);
        let known = !(eager && prev > stream.cursor);
        let was = stream.clone();
        stream.top = stream.top.max(out.highest);
        if known {
            stream.cursor = stream.cursor.max(next_key).max(out.highest);
        }
        if *stream != was {
            out.writes.push(put(Table::Streams, xid.uid.to_be_bytes().into(), stream));
        }
        known
    }

    /// Writes what the job comes to, says it, and confirms the page. Gives back the notices to react to.
    fn conclude(&mut self, work: Work, confirm: Option<Xid>, next_key: u64) -> Vec<Notice> {
        let Work { rows, was, mut out, .. } = work;
        let Some(account) = &mut self.account else { return Vec::new() };
        let mut index = Index::default();
        for key @ (of, id) in out.dirty.iter() {
            let Some(row) = rows.get(key) else { continue };
            if out.cleared.contains(of) && account.conversations.get(of).is_some_and(|row| *id <= row.floor) {
                continue;
            }
            match was.get(key) {
                None if self.config.search => index.add(*of, row, None),
                // By itself: together with others it could take the place of a row about these.
                Some(edit) if self.config.search && *edit != row.edit => {
                    let mut alone = Index::default();
                    alone.add(*of, row, Some(edit));
                    out.writes.extend(alone.writes());
                }
                _ => {}
            }
            out.writes.push(put(Table::Messages, message_key(*of, *id), row));
            let Some(conversation) = account.conversations.get_mut(of) else { continue };
            let last = conversation.last.as_ref().is_some_and(|last| last.id() == *id);
            if last && row.gone {
                conversation.last = None;
                out.relast.insert(*of);
            } else if last {
                conversation.last = Some(row.clone());
            }
            if last {
                out.touched.insert(*of);
            }
        }
        out.writes.extend(index.writes());
        let terms = out.writes.iter().filter(|write| write.table == Table::Terms);
        let more: i64 = terms.map(|write| if write.value.is_some() { 1 } else { -1 }).sum();
        if more != 0 {
            out.writes.push(account.terms_changed(|rows| rows.saturating_add_signed(more)));
        }
        out.writes.extend(out.touched.iter().map(|of| account.conversation_write(*of)));
        let told: Vec<_> = out.told.iter().filter_map(|key| Some(account.message(key.0, rows.get(key)?))).collect();
        let shown = |of: &&ConversationId| account.conversations.get(of).is_some_and(|row| !row.hidden);
        let changed: Vec<_> = out
            .touched
            .iter()
            .filter(shown)
            .filter(|of| !out.relast.contains(of))
            .map(|of| account.conversation(*of))
            .collect();
        let mut then: Vec<_> = out.first.into_iter().map(Output::Event).collect();
        let mut say = |event| then.push(Output::Event(event));
        if !told.is_empty() {
            say(Event::Messages(told));
        }
        if !out.updates.is_empty() {
            say(Event::Updates(out.updates));
        }
        if !out.removed.is_empty() {
            say(Event::Removed(out.removed));
        }
        if !changed.is_empty() {
            say(Event::Conversations(changed));
        }
        if !out.notices.is_empty() {
            say(Event::Notices(out.notices));
        }
        then.append(&mut out.then);
        self.confirm(
            confirm,
            next_key,
            Batch { place: Place::Account, writes: out.writes, then, marks: marks(&out.marks) },
        );
        for of in out.relast {
            self.find_last(of);
        }
        self.want_cards(out.wanted);
        for (of, target) in out.refetch {
            self.fetch_again(of, target);
        }
        out.fresh
    }

    /// Writes and says what a small change comes to that needed no job.
    pub(super) fn commit(&mut self, out: Outcome) {
        let mut out = out;
        let Some(account) = &self.account else { return };
        out.writes.extend(out.touched.iter().map(|of| account.conversation_write(*of)));
        let marks = marks(&out.marks);
        if !out.writes.is_empty() {
            let batch = Batch { place: Place::Account, writes: out.writes, then: out.then, marks };
            self.out.push_back(Output::Persist(batch));
        }
    }

    /// Edits that could not be applied when they came: their messages are fetched, a few each login.
    pub(super) fn fetch_torn(&mut self) {
        let Some(account) = &self.account else { return };
        let edits = account.waiting.iter().filter(|(_, meta)| is_edit(meta)).filter_map(|((target, _), meta)| {
            let operation = MessageBody::decode(meta.payload.clone()).ok()?.operation?;
            Some((*places(account, meta, &operation).first()?, *target))
        });
        for (of, target) in edits.collect::<Set<_>>().into_iter().take(MOST_FETCHED) {
            self.fetch_again(of, target);
        }
    }

    /// Forgets the edits that wait for a message: there is nothing left to edit.
    pub(super) fn stop_waiting(&mut self, out: &mut Outcome, target: u64) {
        let Some(account) = &mut self.account else { return };
        let waiting = account.waiting.range((target, 0)..=(target, u64::MAX));
        for key in waiting.filter(|(_, meta)| is_edit(meta)).map(|(key, _)| *key).collect::<Vec<_>>() {
            account.waiting.remove(&key);
            out.writes.push(Write::delete(Table::Waiting, pair_key(key.0, key.1)));
        }
    }

    /// The last message of a conversation is not known any more: reads for it.
    pub(super) fn find_last(&mut self, of: ConversationId) {
        self.load(message_query(of, 0, 0, 20, true), LoadPurpose::Last(of));
    }

    pub(super) fn last_loaded(&mut self, of: ConversationId, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.persist_failed(&e, None),
        };
        let (stored, bad) = read_messages(&rows);
        self.bad_rows(bad);
        let Some(account) = &mut self.account else { return };
        let found = stored.iter().find(|row| !row.gone && body::counts(&body::body(row))).cloned();
        if found.is_none()
            && let Some(oldest) = stored.last()
            && rows.len() >= 20
        {
            let query = message_query(of, 0, oldest.id(), 20, true);
            return self.load(query, LoadPurpose::Last(of));
        }
        let Some(conversation) = account.conversations.get_mut(&of) else { return };
        if conversation.last.is_none() {
            conversation.last = found; // otherwise something newer came meanwhile
        }
        let (write, seen) = (account.conversation_write(of), account.conversation(of));
        self.persist(vec![write], vec![Output::Event(Event::Conversations(vec![seen]))]);
    }
}

impl Item {
    /// The id, of a message in that conversation.
    fn id(&self, of: ConversationId) -> Option<u64> {
        match self {
            Self::Message(here, meta, _) if *here == of => Some(meta.id),
            _ => None,
        }
    }
}

impl Work {
    /// Sorts the metas and finds out what has to be read before they can be taken in.
    fn begin(account: &Account, job: Job) -> (Self, Vec<(Query, Part)>) {
        let mut work = Self {
            job,
            home: ConversationId::SYSTEM,
            items: Vec::new(),
            queue: false,
            revives: false,
            counts: false,
            reads: 0,
            rows: Map::new(),
            locals: Vec::new(),
            was: Map::new(),
            applied: Set::new(),
            homes: Map::new(),
            out: Outcome::default(),
        };
        work.revives = matches!(work.job, Job::History { wish: Wanted::By(_), .. });
        work.counts = matches!(work.job, Job::Past { .. });
        let mut wish = Wish::default();
        match &mut work.job {
            Job::Live { xid, eager, metas, .. } => {
                work.queue = !*eager && xid.is_none_or(|xid| xid.uid == 0);
                let fallback = xid.map(|xid| account.whose(xid.uid));
                work.home = fallback.unwrap_or(ConversationId::SYSTEM);
                let top = xid.and_then(|xid| account.streams.get(&xid.uid)).map_or(0, |stream| stream.top);
                for meta in std::mem::take(metas) {
                    work.out.highest = work.out.highest.max(meta.id);
                    let (id, known) = (meta.id, meta.id <= top);
                    let item = sort(meta, account, fallback);
                    wish.item(account, &item, id, known);
                    work.items.push(item);
                }
            }
            Job::History { of, metas, .. } | Job::Past { of, metas, .. } => {
                work.home = *of;
                for meta in std::mem::take(metas) {
                    let id = meta.id;
                    let item = sort(meta, account, Some(*of));
                    if matches!(item, Item::Message(..)) {
                        wish.item(account, &item, id, false);
                    }
                    work.items.push(item);
                }
            }
            Job::Answered { id, ack, .. } => {
                if let Some(pending) = account.outbox.get(id) {
                    let meta = Meta { id: ack.server_mid, ..pending.meta() };
                    wish.row(pending.to, ack.server_mid);
                    let item = sort(meta, account, Some(pending.to));
                    wish.item(account, &item, 0, false);
                }
            }
            Job::Read { of, up_to, only, .. } => {
                let row = account.conversations.get(of).cloned().unwrap_or_default();
                if *up_to == 0 {
                    *up_to = row.top;
                }
                if *only {
                    wish.row(*of, *up_to);
                } else if row.unread > 0 || row.owed > 0 {
                    let first = row.read_top.saturating_add(1);
                    let from = if row.owed > 0 { first.min(row.owed) } else { first };
                    if *up_to >= from {
                        let to = up_to.saturating_add(1);
                        wish.loads.push((message_query(*of, from, to, MOST_RECEIPTS, true), Part::Rows(*of)));
                    }
                    wish.above(account, *of, row.read_top.max(*up_to));
                }
            }
            Job::Operate { of, target, .. } | Job::Forget { of, target, .. } => wish.row(*of, *target),
            Job::Insert { it: Insert { of, id, behind, content, .. }, .. } => match (content, behind) {
                (None, _) => wish.loads.push((local_query(*of, 0, u64::MAX), Part::Locals)),
                (Some(_), Some(behind)) => wish.loads.push((one_local(*of, *behind, *id), Part::Locals)),
                (Some(_), None) => {} // it is new
            },
            Job::Remove { .. } | Job::Stranger(_) | Job::Clear { .. } => {}
        }
        let loads = wish.finish();
        work.reads = loads.len();
        (work, loads)
    }

    /// Notes a meta as carried out; false when it was before.
    pub(super) fn first_time(&mut self, meta: &Meta) -> bool {
        if meta.id == 0 {
            return true; // cannot be told apart, and can do no harm twice
        }
        let first = self.applied.insert(meta.id);
        if first {
            self.out.writes.push(Write::put(Table::Applied, meta.id.to_be_bytes(), []));
        }
        first
    }

    /// A conversation was removed up to an id: what this job knew of it goes too.
    fn forget(&mut self, of: ConversationId, up_to: u64) {
        self.rows.retain(|(place, id), _| *place != of || *id > up_to);
        self.out.dirty.retain(|(place, id)| *place != of || *id > up_to);
    }

    /// Changes a stored message; false when it is not there.
    pub(super) fn change(&mut self, of: ConversationId, id: u64, how: impl FnOnce(&mut MessageRow)) -> bool {
        let Some(row) = self.rows.get_mut(&(of, id)).filter(|row| !row.gone) else { return false };
        how(row);
        self.out.dirty.insert((of, id));
        true
    }

    /// Keeps an operation for a message that has not come.
    pub(super) fn wait(&mut self, account: &mut Account, target: u64, meta: &Meta) {
        account.waiting.insert((target, meta.id), meta.clone());
        self.out.writes.push(put(Table::Waiting, pair_key(target, meta.id), meta));
        // The oldest operations go first: their messages are the least likely to come.
        while account.waiting.len() > MOST_WAITING {
            let oldest = account.waiting.keys().copied().min_by_key(|(_, op)| *op).unwrap_or_default();
            account.waiting.remove(&oldest);
            self.out.writes.push(Write::delete(Table::Waiting, pair_key(oldest.0, oldest.1)));
        }
    }
}

/// What has to be read for a job.
#[derive(Default)]
struct Wish {
    /// Ranges of messages, half known.
    ranges: Map<ConversationId, (u64, u64)>,
    single: Set<(ConversationId, u64)>,
    applied: Option<(u64, u64)>,
    homes: Set<u64>,
    loads: Vec<(Query, Part)>,
}

impl Wish {
    fn row(&mut self, of: ConversationId, id: u64) {
        if id != 0 {
            self.single.insert((of, id));
        }
    }

    /// Everything of a conversation above an id, for counting anew.
    fn above(&mut self, account: &Account, of: ConversationId, id: u64) {
        if account.conversations.get(&of).is_some_and(|row| id < row.top && row.unread > 0) {
            self.loads.push((message_query(of, id.saturating_add(1), 0, 0, false), Part::Rows(of)));
        }
    }

    /// `known`: the stream was taken in up to here already, so this may have been carried out.
    fn item(&mut self, account: &Account, item: &Item, id: u64, known: bool) {
        if known && !matches!(item, Item::Message(..)) {
            let (first, last) = self.applied.unwrap_or((id, id));
            self.applied = Some((first.min(id), last.max(id)));
        }
        if let Item::Message(of, meta, _) = item
            && account
                .waiting
                .range((meta.id, 0)..=(meta.id, u64::MAX))
                .any(|(_, op)| operation_kind(op) == OpType::ReadAll)
        {
            self.above(account, *of, meta.id);
        }
        match item {
            Item::Message(of, meta, _) if account.conversations.get(of).is_some_and(|row| meta.id <= row.top) => {
                let range = self.ranges.or_insert_with(*of, || (meta.id, meta.id));
                *range = (range.0.min(meta.id), range.1.max(meta.id));
            }
            Item::Operation(meta, _, operation) => {
                for of in places(account, meta, operation) {
                    match kind(operation) {
                        OpType::ReadAll => self.above(account, of, if operation.mid == 0 { id } else { operation.mid }),
                        _ => self.row(of, operation.mid),
                    }
                }
                if matches!(kind(operation), OpType::ReadAck | OpType::DeliverAck | OpType::PlayAck) {
                    self.homes.insert(operation.mid);
                }
            }
            Item::Removal(id, uid, _) => self.above(account, account.whose(*uid), *id),
            _ => {}
        }
    }

    fn finish(self) -> Vec<(Query, Part)> {
        let mut loads = self.loads;
        let ranges = self.ranges.into_iter();
        loads.extend(
            ranges.map(|(of, (first, last))| {
                (message_query(of, first, last.saturating_add(1), 0, false), Part::Rows(of))
            }),
        );
        loads.extend(self.single.into_iter().map(|(of, id)| (one_message(of, id), Part::Rows(of))));
        let query = |table, from: Vec<u8>, to: Vec<u8>| Query { table, from, to, limit: 0, descending: false };
        loads.extend(self.applied.map(|(first, last)| {
            let (from, to) = (first.to_be_bytes().into(), last.saturating_add(1).to_be_bytes().into());
            (query(Table::Applied, from, to), Part::Applied)
        }));
        let home = |mid| query(Table::Receipts, receipt_key(mid, 0, 0), receipt_key(mid, 1, 0));
        loads.extend(self.homes.into_iter().map(|mid| (home(mid), Part::Home)));
        loads
    }
}

/// The kind of an operation.
pub(super) fn kind(operation: &MessageOperation) -> OpType {
    OpType::try_from(operation.r#type).unwrap_or(OpType::Unknown)
}

/// Where the message of an operation may be (xsync 5.6, checklist 8): READ_ALL, READ_CANCEL and
/// DELETE name the conversation, all others are told apart by who sent them to whom.
pub(super) fn places(account: &Account, meta: &Meta, operation: &MessageOperation) -> Vec<ConversationId> {
    let me = account.uid;
    let (from, to) = (uid(meta.from), uid(meta.to));
    match kind(operation) {
        OpType::ReadAll | OpType::ReadCancel | OpType::Delete => named(account, uid(operation.xid)),
        _ if from == me => vec![account.whose(to)],
        _ if to == me => vec![ConversationId::user(from)],
        _ => vec![ConversationId::group(to)],
    }
}

/// The conversations that may be meant by an id: a group that is not known yet looks like a user.
fn named(account: &Account, uid: u64) -> Vec<ConversationId> {
    let of = account.whose(uid);
    if of.kind == Kind::User && !account.conversations.contains_key(&of) && !account.users.contains_key(&uid) {
        vec![of, ConversationId::group(uid)]
    } else {
        vec![of]
    }
}

pub(super) fn uid(xid: Option<Xid>) -> u64 {
    xid.map_or(0, |xid| xid.uid)
}

/// An update without the details of an operation.
pub(super) fn update(change: Change, conversation: ConversationId, target: u64, message: Option<Message>) -> Update {
    Update {
        change,
        conversation,
        target,
        message,
        by: 0,
        operation: 0,
        text: String::new(),
        config: String::new(),
        ext: String::new(),
        timestamp: Millis(0),
    }
}

/// Takes over what the server knows about a message beside its content: status and edits folded in.
/// `torn`: edits have overtaken each other here, so that the server knows better also at the same time.
fn absorb(row: &mut MessageRow, seen: &MessageBody, me: u64, torn: bool) {
    let at = seen.edit_timestamp;
    if at != 0 && row.edit.as_ref().is_none_or(|edit| edit.at < at || (torn && edit.at == at)) {
        let MessageBody { content, config, ext, .. } = seen.clone();
        row.edit = Some(EditRow { at, text: content, config, ext, newest: 0 });
    }
    let own = row.from() == me;
    match Seen::try_from(seen.status) {
        Ok(Seen::Read) if own => row.receipts |= receipt::DELIVERED | receipt::READ,
        Ok(Seen::Read) => row.read = true,
        Ok(Seen::Delivered) if own => row.receipts |= receipt::DELIVERED,
        _ => {}
    }
}

/// Carries out an operation that came before its message.
fn apply_early(
    row: &mut MessageRow,
    me: u64,
    of: ConversationId,
    meta: &Meta,
    patch: &MessageBody,
    writes: &mut Vec<Write>,
) {
    let Some(operation) = &patch.operation else { return };
    let (by, own) = (uid(meta.from), row.from() == me);
    let mut receipt = |row: &mut MessageRow, bits: u32, op: OpType| {
        if own && of.kind == Kind::Group {
            writes.push(Write::put(Table::Receipts, receipt_key(row.id(), op as u8, by), []));
        } else if own && by != me {
            row.receipts |= bits;
        } else if by == me && op == OpType::ReadAck && of.kind != Kind::Group {
            // In a group it is for the author, and comes too late where the message was first.
            row.read = true;
            row.read_op = row.read_op.max(meta.id);
        }
    };
    match kind(operation) {
        op @ OpType::ReadAck => receipt(row, receipt::DELIVERED | receipt::READ, op),
        op @ OpType::DeliverAck => receipt(row, receipt::DELIVERED, op),
        op @ OpType::PlayAck => receipt(row, receipt::PLAYED, op),
        OpType::Recall | OpType::Delete => strip(row),
        op @ (OpType::Append | OpType::Replace) if by == row.from() => {
            let at = edit_time(meta, patch);
            if row.edit.as_ref().is_none_or(|edit| edit.at < at) {
                body::edit(row, op == OpType::Append, patch, at, meta.id);
            }
        }
        _ => {}
    }
}

/// The kind of the operation in a meta.
fn operation_kind(meta: &Meta) -> OpType {
    let operation = MessageBody::decode(meta.payload.clone()).ok().and_then(|body| body.operation);
    operation.map_or(OpType::Unknown, |operation| kind(&operation))
}

fn is_edit(meta: &Meta) -> bool {
    matches!(operation_kind(meta), OpType::Append | OpType::Replace)
}

/// The server's time of an edit.
pub(super) const fn edit_time(meta: &Meta, body: &MessageBody) -> u64 {
    if body.edit_timestamp != 0 { body.edit_timestamp } else { meta.timestamp }
}

/// Leaves of a message only that it was there.
pub(super) fn strip(row: &mut MessageRow) {
    row.gone = true;
    row.edit = None;
    row.patch = None;
    if let Some(meta) = &mut row.meta {
        meta.payload = prost::bytes::Bytes::new();
    }
}

/// Says what a meta is and where it belongs (xsync 4.8, 6.1).
pub(super) fn sort(meta: Meta, account: &Account, page: Option<ConversationId>) -> Item {
    match Payload::of(&meta) {
        Ok(Payload::Message(body)) => message(meta, body, account, page),
        Ok(Payload::Conversation(Conversation { operation, .. })) => {
            match operation.map(|operation| (operation.r#type, operation.xid)) {
                Some((kind @ (1 | 2), Some(xid))) => {
                    Item::Removal(meta.id, xid.uid, kind == RemovalType::DeleteEverywhere as i32)
                }
                Some((_, Some(_))) => Item::Skipped,
                _ => Item::Bad(meta, "conversation operation: `xid` is missing"),
            }
        }
        Ok(payload) => match notice(&meta, payload) {
            Some(Ok(notice)) => Item::Notice(notice, meta),
            Some(Err(why)) => Item::Bad(meta, why),
            None => Item::Skipped,
        },
        Err(CodecError::TooLarge { .. }) => Item::Bad(meta, "meta: `payload` is over the limit"),
        Err(CodecError::TooMany { .. }) => Item::Bad(meta, "notice: `to` is over the limit"),
        Err(_) => Item::Bad(meta, "meta: `payload` is unreadable"),
    }
}

/// The notice in a payload, if it is one; an error names what is wrong with it.
pub(super) fn notice(meta: &Meta, payload: Payload) -> Option<Result<Notice, &'static str>> {
    let (kind, r#type, group, from, to, content) = match payload {
        Payload::Group(GroupNotice { gid: None, .. }) => return Some(Err("group notice: `gid` is missing")),
        Payload::Group(GroupNotice { r#type, gid, from, to, content }) => {
            (NoticeKind::Group, r#type, uid(gid), uid(from), to, content)
        }
        Payload::Roster(RosterNotice { from: None, .. }) => return Some(Err("roster notice: `from` is missing")),
        Payload::Roster(RosterNotice { r#type, from, to, content, .. }) => {
            (NoticeKind::Roster, r#type, 0, uid(from), to, content)
        }
        Payload::User(UserNotice { r#type, content }) => (NoticeKind::User, r#type, 0, 0, Vec::new(), content),
        _ => return None,
    };
    let to = to.iter().map(|xid| xid.uid).collect();
    let timestamp = Millis(meta.timestamp);
    Some(Ok(Notice { id: meta.id, kind, r#type, group, from, to, content, timestamp, kept: false }))
}

fn message(meta: Meta, mut body: MessageBody, account: &Account, page: Option<ConversationId>) -> Item {
    body::clean(&mut body);
    let Some(Xid { uid: from, .. }) = meta.from else {
        return Item::Bad(meta, "message: `from` is missing");
    };
    if body.qos == QoS::AtMostOnce as i32 && body.r#type != Type::Oper as i32 {
        return Item::Passing(meta, body);
    }
    let to = meta.to.map(|xid| xid.uid);
    let one_to_one = |to: Option<u64>| match to {
        Some(to) if from == account.uid => Some(ConversationId::user(to)),
        None if from == account.uid => page.filter(|of| of.uid != 0),
        _ => Some(ConversationId::user(from)),
    };
    let of = match Type::try_from(body.r#type) {
        Ok(Type::Oper) => {
            return match body.operation {
                Some(operation) if operation.mid == 0 && kind(&operation) != OpType::ReadAll => {
                    Item::Bad(meta, "operation: `mid` is missing")
                }
                Some(operation) => Item::Operation(meta, body, operation),
                None => Item::Bad(meta, "operation: `operation` is missing"),
            };
        }
        Ok(Type::Groupchat) => to.or(page.map(|of| of.uid)).map(ConversationId::group),
        Ok(Type::Chat) => one_to_one(to),
        // Older servers do not say which of the two it is.
        Ok(Type::Normal) => match to {
            Some(to) if account.whose(to).kind == Kind::Group => Some(ConversationId::group(to)),
            to => one_to_one(to),
        },
        Err(_) => return Item::Skipped,
    };
    match of {
        _ if meta.id == 0 => Item::Bad(meta, "message: `id` is missing"),
        Some(of) => Item::Message(of, meta, body),
        None => Item::Bad(meta, "message: `to` is missing"),
    }
}

pub(super) fn marks(ids: &[u64]) -> Vec<Mark> {
    ids.iter().copied().map(Mark::Queued).collect()
}

/// What is kept of a conversation that is not known.
pub(super) fn row_of(account: &Account, of: ConversationId) -> ConversationRow {
    account.conversations.get(&of).cloned().unwrap_or_default()
}
