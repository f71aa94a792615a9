//! A store that is full: room is made, and where there is none the session goes on without keeping anything.
//!
//! ```text
//!   a write fails for lack of space
//!     -> everything starts over from the store
//!     -> of conversations with more than the kept number of messages the oldest are dropped, oldest of all first
//!     -> what only they were found by is taken out of the index
//!     -> what was to be sent is written again, and the session goes on; the server sends the page again
//!   nothing could be dropped: the same with fewer kept messages; then the store counts as full
//!     -> told as `StorageQuota`; no page is asked for or confirmed; what the user sends goes out without being kept
//!     -> after a minute it is tried again
//! ```
//!
//! A conversation notes up to where its messages were dropped (`gap`): reads of this device end there, and only
//! pages of the server's history that close the gap take it back.
use std::time::Duration;

use super::account::{Errand, Pending};
use super::merge::Outcome;
use super::rows::{kv, message_query, put, read_messages, receipt_key};
use super::{Batch, Event, Level, LoadPurpose, Mark, Output, Place, Reply, Session, Timer, find, storage_error};
use crate::core::map::Map;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind};
use crate::core::wire::Wire as _;
use crate::ports::{Query, Row, StoreError, Table, Write};

/// How many messages a conversation keeps: the next number counts when the one before it has freed nothing.
const KEPT: [u32; 3] = [200, 50, 5];
/// How much is dropped at once, in bytes of messages: doubled each time.
const FREED: usize = 1 << 20;
/// So many messages are dropped in one transaction: small, because a log has to write down deletions too.
const CHUNK: u32 = 64;
/// Rows of the index that are read at once.
const TERMS: u32 = 512;
/// When it is tried again whether there is room.
const AGAIN: Duration = Duration::from_secs(60);

/// What is known about the room in the store.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Of the store of this account.
    uid: u64,
    /// A write has failed for lack of space: room is made before anything else.
    wanted: bool,
    /// Dropping has failed too.
    stuck: bool,
    /// Nothing can be dropped any more.
    pub(super) full: bool,
    /// Which of the kept numbers counts.
    level: usize,
    /// How often room was made.
    rounds: u32,
    freed: usize,
    /// Conversations that are still to be looked at.
    asked: usize,
    /// The oldest message of a conversation, and the first that is kept.
    oldest: Map<(u64, ConversationId), u64>,
    /// Up to where messages were dropped this time.
    dropped: Map<ConversationId, u64>,
    /// What was to be sent and is not in the store, with what follows once it is.
    back: Vec<(u64, Pending, Vec<Output>)>,
}

/// What is read while room is made.
#[derive(Debug)]
pub(super) enum Step {
    /// The newest messages of a conversation, which are kept.
    Kept(ConversationId),
    /// Its oldest message; the first that is kept.
    Oldest(ConversationId, u64),
    /// Messages that go; the first that is kept.
    Chunk(ConversationId, u64),
    /// Rows of the index.
    Terms,
}

impl Session {
    /// Batches that could not be written for lack of space. What was to be sent is held back until there is room.
    pub(super) fn hold_back(&mut self, lost: &mut [Batch]) {
        let Some(account) = &mut self.account else { return };
        self.room.stuck = self.room.wanted;
        self.room.wanted = true;
        self.room.uid = account.uid;
        for batch in lost {
            // An operation has changed more than the outbox: its call fails instead.
            if let [Mark::Queued(id)] = batch.marks[..]
                && let Some(pending) = account.outbox.remove(&id)
            {
                if pending.errand == Errand::Message {
                    batch.marks.clear();
                    self.room.back.push((id, pending, std::mem::take(&mut batch.then)));
                } else {
                    account.outbox.insert(id, pending);
                }
            }
        }
    }

    /// The store is full, and nothing is written: what the user sends goes out all the same, and its call is settled
    /// by the server's answer. What is to be done on this device fails.
    pub(super) fn go_unkept(&mut self, batch: Batch) {
        let error = storage_error(&StoreError::Quota("nothing is kept at the moment".into()));
        let mut sends = false;
        for Mark::Queued(id) in batch.marks {
            let pending = self.account.as_mut().and_then(|account| account.outbox.get_mut(&id));
            match pending.filter(|pending| pending.errand == Errand::Message) {
                Some(pending) => {
                    sends = true;
                    pending.call = batch.then.iter().find_map(|output| match output {
                        Output::Reply(call, _) => Some(*call),
                        _ => None,
                    });
                    self.queued(id);
                }
                None => self.not_kept(id, &error),
            }
        }
        let accepted = batch.then.iter().any(|output| matches!(output, Output::Event(Event::Sent(_))));
        for output in batch.then {
            match output {
                Output::Reply(..) if sends => {}
                Output::Reply(call, Ok(Reply::Done)) if !accepted => self.reply(call, Err(error.clone())),
                Output::Event(Event::Sent(sent)) => {
                    // The server alone has them.
                    for message in &sent {
                        let row = self.account.as_mut().and_then(|a| a.conversations.get_mut(&message.conversation));
                        row.into_iter().for_each(|row| row.gap = row.gap.max(message.id));
                    }
                    self.event(Event::Sent(sent));
                }
                output => self.out.push_back(output),
            }
        }
    }

    /// What was sent without being kept, and is not answered, goes with the session.
    pub(super) fn carry_unkept(&mut self) {
        let Some(account) = &mut self.account else { return };
        self.room.uid = account.uid;
        for (id, pending) in account.outbox.iter_mut().filter(|(_, p)| p.errand == Errand::Message && p.call.is_some()) {
            pending.again |= pending.sent.is_some();
            self.room.back.push((*id, pending.clone(), Vec::new()));
        }
        account.outbox.retain(|_, p| p.errand != Errand::Message || p.call.is_none());
    }

    /// It is time to see whether there is room again.
    pub(super) fn try_again(&mut self) {
        self.start_over(&Error::new(Domain::Storage, ErrorCode::StorageQuota, "it is tried again"), None);
        self.room.wanted = false; // nothing has failed yet
    }

    /// The store was read again. False when there is nothing to make room for.
    pub(super) fn make_room(&mut self) -> bool {
        let Some(account) = &self.account else { return false };
        if self.room.uid != account.uid {
            self.room = Room::default();
        }
        if !self.room.wanted {
            self.room.full = false;
            self.write_back();
            return false;
        }
        self.room.freed = 0;
        self.room.asked = 0;
        self.room.oldest.clear();
        self.room.dropped.clear();
        if self.room.stuck {
            self.room.level = KEPT.len();
        }
        self.look_around();
        true
    }

    /// Finds out which conversations have more than they keep.
    fn look_around(&mut self) {
        let Some(kept) = KEPT.get(self.room.level) else { return self.room_made() };
        let all: Vec<_> = self.account.iter().flat_map(|account| account.conversations.keys().copied()).collect();
        self.room.asked = all.len();
        for of in all {
            self.load(message_query(of, 0, 0, *kept, true), LoadPurpose::Room(Step::Kept(of)));
        }
        if self.room.asked == 0 {
            self.drop_next();
        }
    }

    pub(super) fn room_loaded(&mut self, step: Step, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.persist_failed(&e, None),
        };
        let id = |row: Option<&Row>| row.and_then(|row| super::rows::id_from(row.key.get(9..)?)).unwrap_or(0);
        match step {
            Step::Kept(of) => {
                let all = rows.len() < KEPT.get(self.room.level).map_or(0, |kept| *kept as usize);
                let last = self.account.as_ref().and_then(|account| account.conversations.get(&of)?.last.as_ref());
                let first = id(rows.last()).min(last.map_or(u64::MAX, |last| last.id()));
                if !all && first > 0 {
                    return self
                        .load(message_query(of, 0, first, 1, false), LoadPurpose::Room(Step::Oldest(of, first)));
                }
                self.room.asked -= 1;
            }
            Step::Oldest(of, first) => {
                if !rows.is_empty() {
                    self.room.oldest.insert((id(rows.first()), of), first);
                }
                self.room.asked -= 1;
            }
            Step::Chunk(of, first) => {
                let on = id(rows.last()).saturating_add(1);
                if self.drop_rows(of, &rows) && rows.len() >= CHUNK as usize && on < first {
                    self.room.oldest.insert((on, of), first);
                }
            }
            Step::Terms => {
                let mut writes: Vec<_> = rows.iter().filter_map(|row| find::thin(row, |of| self.gone(of))).collect();
                let (end, more) = (rows.last().map(|row| row.key.clone()), rows.len() >= TERMS as usize);
                let fewer = writes.iter().filter(|write| write.value.is_none()).count();
                if let Some(account) = self.account.as_mut().filter(|_| fewer > 0) {
                    writes.push(account.terms_changed(|rows| rows.saturating_sub(fewer as u64)));
                }
                self.settle(writes, vec![]);
                return match end.filter(|_| more) {
                    Some(end) => self.sweep([&end[..], &[0]].concat()),
                    None => self.room_made(),
                };
            }
        }
        if self.room.asked == 0 {
            self.drop_next();
        }
    }

    /// Drops the oldest messages of all, until it is enough.
    fn drop_next(&mut self) {
        let enough = FREED << self.room.rounds.min(6);
        match self.room.oldest.pop_first() {
            Some(((next, of), first)) if self.room.freed < enough => {
                self.load(message_query(of, next, first, CHUNK, false), LoadPurpose::Room(Step::Chunk(of, first)));
            }
            _ if !self.room.dropped.is_empty() => self.sweep(Vec::new()),
            _ => {
                self.room.level += 1;
                self.look_around();
            }
        }
    }

    /// Drops messages; false when those behind them have to stay.
    fn drop_rows(&mut self, of: ConversationId, rows: &[Row]) -> bool {
        let (stored, bad) = read_messages(rows);
        self.bad_rows(bad);
        let Some(account) = &mut self.account else { return false };
        let cursor = account.streams.get(&of.uid).map_or(0, |stream| stream.cursor);
        let (mut writes, mut top, mut unread, mut whole) = (Vec::new(), 0, 0, true);
        // What was taken away stays, so that nothing brings it back.
        for row in &stored {
            let (id, own) = (row.id(), row.from() == account.uid);
            if row.gone {
                continue;
            }
            if !own && id > cursor {
                whole = false; // its page may come again, and must find it here
                break;
            }
            top = id;
            unread += u32::from(account.is_unread(of, row));
            self.room.freed += row.encode_to_vec().len();
            writes.push(Write::delete(Table::Messages, super::rows::message_key(of, id)));
            if own && of.kind == Kind::Group {
                writes.push(Write::clear(Table::Receipts, receipt_key(id, 0, 0), receipt_key(id + 1, 0, 0)));
            }
        }
        let (Some(row), false) = (account.conversations.get_mut(&of), writes.is_empty()) else { return whole };
        row.unread = row.unread.saturating_sub(unread);
        row.gap = row.gap.max(top);
        row.dropped = row.dropped.max(top);
        row.cancels.retain(|cancel| cancel.mid > top);
        if row.mention <= top {
            row.mention = 0;
        }
        writes.push(account.conversation_write(of));
        let then = vec![Output::Event(Event::Conversations(vec![account.conversation(of)]))];
        self.stats.dropped = self.stats.dropped.saturating_add(u32::try_from(writes.len()).unwrap_or(u32::MAX) - 1);
        self.room.dropped.insert(of, top);
        self.persist(writes, if unread > 0 { then } else { vec![] });
        whole
    }

    /// All messages of a conversation up to this id are gone, from the index too.
    fn gone(&self, of: ConversationId) -> u64 {
        let floor = self.account.as_ref().and_then(|account| account.conversations.get(&of)).map_or(0, |row| row.floor);
        self.room.dropped.get(&of).copied().unwrap_or(0).max(floor)
    }

    /// A page of the server's history goes from one id back to another, that one included: what is between is here.
    pub(super) fn close_gap(&mut self, out: &mut Outcome, of: ConversationId, from: u64, to: Option<&u64>) {
        let row = self.account.as_mut().and_then(|account| account.conversations.get_mut(&of));
        let (Some(row), Some(to)) = (row, to) else { return };
        if row.gap > 0 && from > row.gap && !self.room.full {
            row.gap = row.gap.min(to.saturating_sub(1));
            out.touched.insert(of);
        }
    }

    fn sweep(&mut self, from: Vec<u8>) {
        let query = Query { table: Table::Terms, from, to: Vec::new(), limit: TERMS, descending: false };
        self.load(query, LoadPurpose::Room(Step::Terms));
    }

    /// Goes on, with room or without.
    fn room_made(&mut self) {
        self.room.wanted = false;
        self.room.stuck = false;
        self.room.full = self.room.freed == 0;
        self.room.level = 0;
        if self.room.full {
            self.timers.set(Timer::Room, Some(self.now + AGAIN));
            let full = StoreError::Quota("no message can be dropped any more".into());
            self.event(Event::Error(storage_error(&full)));
        } else {
            self.room.rounds += 1;
            self.log(Level::Info, format!("{} bytes of old messages made room", self.room.freed));
        }
        self.write_back();
        self.begin();
    }

    /// Writes again what is to be sent and is not in the store.
    fn write_back(&mut self) {
        for (id, mut pending, mut then) in std::mem::take(&mut self.room.back) {
            let Some(account) = &mut self.account else { return };
            if account.outbox.contains_key(&id) {
                self.out.extend(pending.call.map(|call| Output::Reply(call, Ok(Reply::Done))));
                continue; // it is in the store
            }
            then.extend(pending.call.take().map(|call| Output::Reply(call, Ok(Reply::Done))));
            account.last_id = account.last_id.max(id);
            let writes = vec![
                put(Table::Outbox, id.to_be_bytes().into(), &pending.row),
                Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()),
            ];
            account.outbox.insert(id, Pending { durable: false, sent: None, answered: false, ..pending });
            let marks = vec![Mark::Queued(id)];
            self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then, marks }));
        }
    }
}
