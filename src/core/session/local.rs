//! What is only this device's business: drafts and the like, messages of the application's own, jumping to a date,
//! erasing everything.
//!
//! A message of the application's own stands behind one of the server's, in the order in which they were put in. Its row
//! lies in a place beside theirs, so that no page, count or clearing of the server's messages ever meets it, and nothing
//! of what the server can give has its key. It is always read, and searches find it.
use super::merge::{Job, Work, row_of, update};
use super::rows::{MessageRow, id_from, kv, local_key, message_query, put, read_messages};
use super::takeover::meta;
use super::{Batch, CallId, Content, Insert, LoadPurpose, Output, Past, Place, Reply, Session, find, storage_error};
use crate::core::model::{Change, ConversationId, Domain, Error, ErrorCode};
use crate::ports::{Row, StoreError, Table, Write};

/// The longest draft and the longest text of the application, in bytes of UTF-8.
const LONGEST: usize = 64 * 1024;

/// A search for the first message that is not older than a time: ids ascend with time, so halving finds it.
#[derive(Debug)]
pub(super) struct Date {
    pub(super) call: CallId,
    of: ConversationId,
    time: u64,
    /// All messages before this id are older, and no message is known to be right between it and `high`.
    low: u64,
    high: u64,
    /// The oldest message that is known to be new enough; 0 before the first read.
    best: u64,
}

impl Session {
    pub(super) fn set_local(
        &mut self,
        call: CallId,
        of: ConversationId,
        draft: Option<String>,
        extension: Option<String>,
        pinned: Option<bool>,
        muted: Option<bool>,
    ) {
        for (name, text) in [("draft", &draft), ("extension", &extension)] {
            if text.as_ref().is_some_and(|text| text.len() > LONGEST) {
                let why = [name, ": over 65536 bytes"].concat();
                return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, why)));
            }
        }
        let Some(account) = &mut self.account else { return };
        let mut writes: Vec<_> = muted.map(|muted| account.mute(of, muted)).into_iter().collect();
        if draft.is_some() || extension.is_some() || pinned.is_some() {
            let row = account.conversations.or_default(of);
            row.draft = draft.unwrap_or_else(|| std::mem::take(&mut row.draft));
            row.extension = extension.unwrap_or_else(|| std::mem::take(&mut row.extension));
            row.pinned = pinned.unwrap_or(row.pinned);
            writes.push(account.conversation_write(of));
        }
        let mut then = account.seen([of]);
        then.push(Output::Reply(call, Ok(Reply::Done)));
        self.persist(writes, then);
    }

    /// Checks a message of the application's own, and puts it in after what was asked before.
    pub(super) fn insert(&mut self, call: CallId, it: Insert) {
        let refused = match it.content.as_ref().map(Content::check) {
            Some(Err(why)) => why,
            _ if it.id == 0 => "`id` is missing",
            _ => return self.enqueue(Job::Insert { call, it }),
        };
        self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, refused)));
    }

    pub(super) fn inserted(&mut self, work: &mut Work, call: CallId, it: Insert) {
        let Insert { of, id, behind, from, time, content } = it;
        let Some(account) = &mut self.account else { return };
        let me = account.uid;
        let known = row_of(account, of);
        let behind = behind.unwrap_or_else(|| known.local.as_ref().map_or(0, |local| local.behind).max(known.top));
        let key = local_key(of, behind, id);
        let place = |row: &MessageRow| (row.behind, row.id());
        let (mut was, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut work.locals).into_iter().partition(|row| place(row) == (behind, id));
        let was = was.pop();
        if self.config.search {
            work.out.writes.extend(was.iter().flat_map(|was| find::local_terms(of, was, false)));
        }
        let changed = match content {
            Some(content) => {
                let meta = Some(meta(me, of, Past { id, from, time, status: 0, edited_at: 0, content }));
                let row = MessageRow { meta, client_mid: id, read: true, local: true, behind, ..MessageRow::default() };
                let conversation = account.conversations.or_default(of);
                conversation.hidden = false;
                if known.local.as_ref().is_none_or(|local| place(local) <= place(&row)) {
                    conversation.local = Some(row.clone());
                }
                account.last_id = account.last_id.max(id);
                if self.config.search {
                    work.out.writes.extend(find::local_terms(of, &row, true));
                }
                work.out.writes.push(put(Table::Messages, key, &row));
                work.out.writes.push(Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()));
                Some((Change::Local, row))
            }
            None => {
                if let Some(conversation) = account.conversations.get_mut(&of) {
                    conversation.local = left.into_iter().next_back();
                }
                work.out.writes.push(Write::delete(Table::Messages, key));
                was.map(|row| (Change::Delete, row))
            }
        };
        let mut shown = Vec::new();
        if let Some((change, row)) = changed {
            shown.push(account.message(of, &row));
            work.out.updates.push(update(change, of, 0, shown.first().cloned()));
            work.out.touched.insert(of);
        }
        work.out.then.push(Output::Reply(call, Ok(Reply::Messages(shown))));
    }

    pub(super) fn message_at(&mut self, call: CallId, of: ConversationId, time: u64) {
        let date = Date { call, of, time, low: 1, high: 0, best: 0 };
        self.load(message_query(of, 0, 0, 1, true), LoadPurpose::Date(date));
    }

    pub(super) fn date_loaded(&mut self, mut date: Date, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.reply(date.call, Err(storage_error(&e))),
        };
        let id = rows.first().and_then(|row| id_from(row.key.get(9..)?)).unwrap_or(0);
        let (stored, bad) = read_messages(&rows);
        self.bad_rows(bad);
        let at = stored.first().and_then(|row| row.meta.as_ref()).map_or(0, |meta| meta.timestamp);
        let fits = id != 0 && at >= date.time;
        if date.best == 0 && !fits {
            return self.reply(date.call, Ok(Reply::Id(0))); // the newest is older, or there is none
        }
        if date.best == 0 {
            date.high = id;
        } else if fits {
            date.high = middle(&date);
        } else {
            date.low = id.saturating_add(1);
        }
        if fits {
            date.best = id;
        }
        if date.low >= date.high {
            return self.reply(date.call, Ok(Reply::Id(date.best)));
        }
        self.load(message_query(date.of, middle(&date), 0, 1, false), LoadPurpose::Date(date));
    }

    /// Logs out, and leaves nothing of the account on this device.
    pub(super) fn wipe(&mut self, call: CallId) {
        let all = |table| Write::clear(table, [], [0xff; 64]);
        let writes = Table::ALL.into_iter().map(all).collect();
        self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then: vec![], marks: vec![] }));
        self.log_out(call);
    }
}

/// The id that is looked at next.
const fn middle(date: &Date) -> u64 {
    date.low + date.high.saturating_sub(date.low) / 2
}
