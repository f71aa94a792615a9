//! A store that is full: room is made by dropping the oldest messages.
//!
//! ```text
//!   a write fails for lack of space
//!     -> everything starts over from the store; what was to be sent is held back
//!     -> of conversations with more than the kept number of messages the oldest are dropped, oldest of all first
//!     -> what only they were found by is taken out of the index
//!     -> what was held back is written, and the session goes on; the server sends the page again
//!   nothing could be dropped: the same with fewer kept messages
//!   nothing at all: like any store that fails. Told as `StorageQuota`, what was held back fails with it, and the
//!     session goes on after a pause, longer each time
//! ```
//!
//! A browser may give the space back later. For a minute nothing more is dropped then.
//!
//! A conversation notes up to where its messages were dropped (`gap`): reads of this device end there, and only
//! pages of the server's history that close the gap take it back.
use std::time::Duration;

use super::account::{Errand, Pending};
use super::merge::Outcome;
use super::rows::{kv, message_query, put, read_messages, receipt_key};
use super::{Batch, Event, Level, LoadPurpose, Mark, Output, Place, Session, find, storage_error};
use crate::core::map::Map;
use crate::core::model::{ConversationId, Error, Kind, Millis};
use crate::core::wire::Wire as _;
use crate::ports::{Query, Row, StoreError, Table, Write};

/// How many messages a conversation keeps: the next number counts when the one before it has freed nothing.
const KEPT: [u32; 3] = [200, 50, 5];
/// How much is dropped at once, in bytes of messages: doubled each time.
const FREED: usize = 1 << 20;
/// Browsers give back the space of what was deleted when they like. So long nothing more is dropped, unless most of what
/// was freed before has been written since.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many messages are dropped in one transaction: small, because a log has to write down deletions too.
const CHUNK: u32 = 64;
/// Rows of the index that are read at once.
const TERMS: u32 = 512;

/// What is known about the room in the store.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// A write has failed for lack of space: room is made before anything else.
    wanted: bool,
    /// Dropping has failed too.
    stuck: bool,
    /// Which of the kept numbers counts.
    level: usize,
    /// How often room was made.
    rounds: u32,
    /// When room was made last.
    made: Option<Millis>,
    /// How many bytes of messages were dropped for it.
    freed: usize,
    /// How many bytes may be written before it is used up.
    left: usize,
    /// Conversations that are still to be looked at.
    asked: usize,
    /// The oldest message of a conversation, and the first that is kept.
    oldest: Map<(u64, ConversationId), u64>,
    /// Up to where messages were dropped this time.
    dropped: Map<ConversationId, u64>,
    /// New messages that are not in the store, with what follows once they are.
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

impl Room {
    /// Nothing is under way any more.
    const fn reset(&mut self) {
        self.wanted = false;
        self.stuck = false;
        self.level = 0;
    }

    /// This is about to be written.
    pub(super) fn take(&mut self, writes: &[Write]) {
        if self.left > 0 {
            self.left = self.left.saturating_sub(size(writes));
        }
    }
}

/// In bytes.
fn size(writes: &[Write]) -> usize {
    writes.iter().map(|write| write.key.len() + write.value.as_ref().map_or(0, Vec::len)).sum()
}

impl Session {
    /// Batches that could not be written for lack of space. What was to be sent is held back until there is room.
    pub(super) fn hold_back(&mut self, lost: &mut [Batch]) {
        let Some(account) = &mut self.account else { return };
        // What the user does meanwhile may be too large until room was made.
        let sent = lost.first().is_some_and(|batch| !batch.marks.is_empty());
        self.room.stuck = self.room.wanted && !sent;
        self.room.wanted = true;
        for batch in lost {
            // An operation has changed more than the outbox, and one that is sent again is in the store: they fail.
            let [Mark::Queued(id)] = batch.marks[..] else { continue };
            if account.outbox.get(&id).is_some_and(|p| p.errand == Errand::Message && !p.again)
                && let Some(pending) = account.outbox.remove(&id)
            {
                batch.marks.clear();
                self.room.back.push((id, pending, std::mem::take(&mut batch.then)));
            }
        }
    }

    /// What was held back will not be sent: whoever waits for it hears why.
    pub(super) fn fail_held_back(&mut self, why: &Error) {
        for (id, pending, then) in std::mem::take(&mut self.room.back) {
            if let Some(account) = &mut self.account {
                account.outbox.insert(id, pending);
                self.not_kept(id, why);
            }
            for output in then {
                if let Output::Reply(call, _) = output {
                    self.reply(call, Err(why.clone()));
                }
            }
        }
    }

    /// The store was read again. False when there is nothing to make room for.
    pub(super) fn make_room(&mut self) -> bool {
        if !self.room.wanted {
            return false;
        }
        let soon = self.room.made.is_some_and(|at| self.now < at + PATIENCE);
        if self.room.stuck || (soon && self.room.left > 0) {
            self.no_room();
            return true;
        }
        self.room.freed = 0;
        self.room.asked = 0;
        self.room.oldest.clear();
        self.room.dropped.clear();
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
                let Some(account) = &self.account else { return };
                let last = account.conversations.get(&of).and_then(|row| row.last.as_ref());
                // What is above the cursor stays: others may still come between, and are not to be behind a gap.
                let cursor = account.streams.get(&of.uid).map_or(0, |stream| stream.cursor);
                let first = id(rows.last()).min(last.map_or(u64::MAX, |last| last.id())).min(cursor.saturating_add(1));
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
                let mut writes: Vec<_> =
                    rows.iter().filter_map(|row| find::thin(row, |of, local| self.gone(of, local))).collect();
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

    /// All messages of a conversation up to this id are gone, from the index too. `local`: of the application's own,
    /// which are never dropped to make room.
    fn gone(&self, of: ConversationId, local: bool) -> u64 {
        let row = self.account.as_ref().and_then(|account| account.conversations.get(&of));
        if local {
            return if row.is_some_and(|row| row.local.is_some()) { 0 } else { u64::MAX };
        }
        let floor = row.map_or(0, |row| row.floor);
        self.room.dropped.get(&of).copied().unwrap_or(0).max(floor)
    }

    /// A page of the server's history goes from one id back to another, that one included: what is between is here.
    pub(super) fn close_gap(&mut self, out: &mut Outcome, of: ConversationId, from: u64, to: Option<&u64>) {
        let row = self.account.as_mut().and_then(|account| account.conversations.get_mut(&of));
        let (Some(row), Some(to)) = (row, to) else { return };
        if row.gap > 0 && from > row.gap {
            row.gap = row.gap.min(to.saturating_sub(1));
            out.touched.insert(of);
        }
    }

    fn sweep(&mut self, from: Vec<u8>) {
        let query = Query { table: Table::Terms, from, to: Vec::new(), limit: TERMS, descending: false };
        self.load(query, LoadPurpose::Room(Step::Terms));
    }

    /// Nothing can be dropped, or it has not helped yet: told, and tried again after a pause.
    fn no_room(&mut self) {
        self.room.reset();
        let full = storage_error(&StoreError::Quota("dropping old messages makes no room".into()));
        self.fail_held_back(&full);
        self.event(Event::Error(full));
        self.login.store_failures += 1;
        self.retry_after(self.login.store_failures, None);
    }

    /// Goes on, with room or without.
    fn room_made(&mut self) {
        self.room.reset();
        if self.room.freed == 0 {
            return self.no_room();
        }
        self.room.rounds += 1;
        self.room.made = Some(self.now);
        let waiting =
            self.out.iter().map(|output| if let Output::Persist(batch) = output { size(&batch.writes) } else { 0 });
        self.room.left = self.room.freed / 2 + waiting.sum::<usize>();
        self.log(Level::Info, format!("{} bytes of old messages made room", self.room.freed));
        for (id, pending, then) in std::mem::take(&mut self.room.back) {
            let Some(account) = &mut self.account else { return };
            account.last_id = account.last_id.max(id);
            let writes = vec![
                put(Table::Outbox, id.to_be_bytes().into(), &pending.row),
                Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()),
            ];
            account.outbox.insert(id, pending);
            self.out.push_back(Output::Persist(Batch {
                place: Place::Account,
                writes,
                then,
                marks: vec![Mark::Queued(id)],
            }));
        }
        self.begin();
    }
}
