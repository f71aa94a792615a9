//! Streams: one ordered list of metas per (account, conversation), one position per device in
//! each (xsync 11.3 to 11.5).
use floo_wasm::core::proto::MessageBody;
use prost::Message;
use rusqlite::{Row, Transaction, params};

use super::{Effect, Result, Store, Uid, accounts, bound, effects, found, id, next, sql};
use crate::clock::Millis;

/// Longest text of a message, in bytes of UTF-8.
pub(crate) const CONTENT_LIMIT: usize = 64 * 1024;
/// How long a client message id is remembered.
const DUPLICATE_WINDOW: Millis = 24 * 3_600_000;

/// What a conversation is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvKind {
    /// uid 0: notices and operations of the account.
    System = 0,
    /// Another user.
    Chat = 1,
    /// A group.
    Group = 2,
}

/// A stream that gets a copy of a meta.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy {
    /// Whose stream.
    pub owner: Uid,
    /// Which conversation of that account.
    pub conv: Uid,
    /// Its kind.
    pub kind: ConvKind,
}

/// A meta to store.
#[derive(Debug, Clone)]
pub struct Append<'a> {
    /// Author, 0 for the system.
    pub from_uid: Uid,
    /// The author's device, 0 for the system.
    pub from_sn: u32,
    /// The device that knows already and does not get it: account and serial, 0 for none.
    pub origin: (Uid, u32),
    /// Recipient: user or group.
    pub to_uid: Uid,
    /// Namespace number.
    pub ns: i32,
    /// Payload as it will be delivered.
    pub payload: &'a [u8],
    /// True for what history shows: messages, not operations or notices.
    pub is_message: bool,
    /// Receiving streams.
    pub copies: &'a [Copy],
}

/// A validated uplink meta.
#[derive(Debug, Clone)]
pub struct Uplink<'a> {
    /// The account.
    pub sender: Uid,
    /// The account's device.
    pub sn: u32,
    /// Id the client invented.
    pub client_mid: u64,
    /// The bytes that a repeated send must equal.
    pub identity: &'a [u8],
    /// Conversation named in the ack.
    pub conversation: Uid,
    /// False for what is passed on but not stored.
    pub stored: bool,
    /// The meta and its receivers.
    pub meta: Append<'a>,
    /// What it changes.
    pub effect: Effect<'a>,
}

/// Result of an accepted uplink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Id the server gave.
    pub server_mid: u64,
    /// Time the server gave.
    pub time: Millis,
    /// Edit time of APPEND and REPLACE, else 0.
    pub edited_at: Millis,
    /// Conversation named in the ack.
    pub conversation: Uid,
}

/// Why an uplink was not accepted; nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The client id was used for something else within a day.
    Duplicated,
    /// The operation names a message that is not in that conversation.
    NoSuchMessage,
    /// Only the author may do this.
    NotAuthor,
    /// The author's time to recall is over.
    RecallTooLate,
    /// The text would become longer than a message may be.
    TooLong,
}

impl Refusal {
    /// The reason text for the client.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Duplicated => "client msg id duplicated",
            Self::NoSuchMessage => "operation.mid: no such message in this conversation",
            Self::NotAuthor => "only the author may change this message",
            Self::RecallTooLate => "exceed recall time limit",
            Self::TooLong => "content: the edited text would be too long",
        }
    }
}

/// A meta out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MetaRow {
    pub id: u64,
    pub from_uid: Uid,
    pub from_sn: u32,
    pub to_uid: Uid,
    pub timestamp: u64,
    pub ns: i32,
    pub payload: Vec<u8>,
    /// Read status of an ordinary message; `None` for everything else.
    pub status: Option<u8>,
}

/// One line of the unread list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadRow {
    /// Conversation.
    pub conv: Uid,
    /// Number of the `ConvType` enum.
    pub kind: i32,
    /// Metas after the device's position.
    pub n: u32,
}

/// Which messages a page of history is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Older than this message; 0 for the newest.
    Before(u64),
    /// Newer than this message; 0 for the oldest.
    After(u64),
}

/// A page of history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub metas: Vec<MetaRow>,
    /// Key of the following page in the same direction, 0 when there is nothing more.
    pub next_key: u64,
}

impl Store {
    /// A server message id for something that is not stored.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn next_mid(&mut self) -> Result<u64> {
        let tx = self.conn.transaction()?;
        let mid = next(&tx, "mid", 1)?;
        tx.commit()?;
        Ok(mid.cast_unsigned())
    }

    /// Stores a meta of the server itself (notices, seeds) and returns its id.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn append(&mut self, meta: &Append<'_>, now: Millis) -> Result<u64> {
        let tx = self.conn.transaction()?;
        let mid = next(&tx, "mid", 1)?;
        insert(&tx, mid, meta, now, 0)?;
        tx.commit()?;
        Ok(mid.cast_unsigned())
    }

    /// Forgets client ids that are too old to matter.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn forget_old_sends(&mut self, now: Millis) -> Result<()> {
        self.conn.execute("DELETE FROM sent WHERE time < ?1", [now.saturating_sub(DUPLICATE_WINDOW)])?;
        Ok(())
    }

    /// What became of a client id within a day: the ack it got, or a refusal when it is used for
    /// something else now.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn earlier_send(
        &self,
        sender: Uid,
        client_mid: u64,
        identity: &[u8],
        now: Millis,
    ) -> Result<Option<std::result::Result<Accepted, Refusal>>> {
        let row = found(
            self.conn
                .prepare_cached(
                    "SELECT digest, conv, server_mid, time, edited_at FROM sent
                     WHERE owner = ?1 AND client_mid = ?2 AND time > ?3",
                )?
                .query_row(params![sql(sender), sql(client_mid), now.saturating_sub(DUPLICATE_WINDOW)], |row| {
                    Ok((
                        row.get::<_, String>("digest")?,
                        Accepted {
                            server_mid: id(row, "server_mid")?,
                            time: row.get("time")?,
                            edited_at: row.get("edited_at")?,
                            conversation: id(row, "conv")?,
                        },
                    ))
                }),
        )?;
        let digest = accounts::digest(identity);
        Ok(row.map(|(known, accepted)| if known == digest { Ok(accepted) } else { Err(Refusal::Duplicated) }))
    }

    /// Accepts or refuses an uplink that was not seen before, with all its effects, in one transaction.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn accept(&mut self, up: &Uplink<'_>, now: Millis) -> Result<std::result::Result<Accepted, Refusal>> {
        let digest = accounts::digest(up.identity);
        let tx = self.conn.transaction()?;
        let edited_at = match effects::apply(&tx, up, now)? {
            Ok(edited_at) => edited_at,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mid = next(&tx, "mid", 1)?;
        if up.stored {
            insert(&tx, mid, &up.meta, now, edited_at)?;
        }
        tx.prepare_cached(
            "INSERT OR REPLACE INTO sent (owner, client_mid, digest, conv, server_mid, time, edited_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            sql(up.sender),
            sql(up.client_mid),
            digest,
            sql(up.conversation),
            mid,
            now,
            edited_at
        ])?;
        tx.commit()?;
        Ok(Ok(Accepted { server_mid: mid.cast_unsigned(), time: now, edited_at, conversation: up.conversation }))
    }

    /// What a device has to pull: all conversations of the account, newest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn unread(&self, owner: Uid, sn: u32) -> Result<Vec<UnreadRow>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT c.conv, c.kind, (
                 SELECT count(*) FROM stream s
                 WHERE s.owner = c.owner AND s.conv = c.conv AND s.origin_sn <> ?2
                   AND s.id > coalesce((
                       SELECT position FROM positions p
                       WHERE p.owner = c.owner AND p.sn = ?2 AND p.conv = c.conv), 0)) AS n
             FROM conversations c
             WHERE c.owner = ?1 AND NOT EXISTS (
                 SELECT 1 FROM hidden_conversations h
                 WHERE h.owner = c.owner AND h.conv = c.conv AND h.sn IN (0, ?2))
             ORDER BY c.last_message DESC",
        )?;
        let rows = statement.query_map(params![sql(owner), sn], |row| {
            Ok(UnreadRow { conv: id(row, "conv")?, kind: row.get("kind")?, n: row.get("n")? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The next page for a device, oldest first, with the key that confirms it (0: nothing left).
    /// `key` > 0 confirms everything up to it first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn page(&mut self, owner: Uid, sn: u32, conv: Uid, key: u64, limit: u32) -> Result<(Vec<MetaRow>, u64)> {
        if key > 0 {
            self.confirm(owner, sn, conv, key)?;
        }
        let mut after = self.position(owner, sn, conv)?;
        loop {
            let rows: Vec<_> = {
                let mut statement = self.conn.prepare_cached(
                    "SELECT s.id AS mid, m.*, s.status FROM stream s JOIN metas m ON m.id = s.id
                     WHERE s.owner = ?1 AND s.conv = ?2 AND s.id > ?3 AND s.origin_sn <> ?4
                     ORDER BY s.id LIMIT ?5",
                )?;
                let rows = statement.query_map(params![sql(owner), sql(conv), after, sn, limit], |row| {
                    Ok((row.get::<_, i64>("mid")?, meta_row(row, false)))
                })?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            let Some((last, _)) = rows.last() else {
                return Ok((Vec::new(), 0));
            };
            after = *last;
            let metas = self.keep_good(rows);
            // A page of nothing but broken rows must not look like the end.
            if !metas.is_empty() {
                return Ok((metas, after.cast_unsigned()));
            }
        }
    }

    fn position(&self, owner: Uid, sn: u32, conv: Uid) -> Result<i64> {
        Ok(found(
            self.conn
                .prepare_cached("SELECT position FROM positions WHERE owner = ?1 AND sn = ?2 AND conv = ?3")?
                .query_row(params![sql(owner), sn, sql(conv)], |row| row.get(0)),
        )?
        .unwrap_or(0))
    }

    /// True when a device has nothing left to pull after `key`.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn is_last_page(&self, owner: Uid, sn: u32, conv: Uid, key: u64) -> Result<bool> {
        Ok(!self
            .conn
            .prepare_cached("SELECT 1 FROM stream WHERE owner = ?1 AND conv = ?2 AND id > ?3 AND origin_sn <> ?4")?
            .exists(params![sql(owner), sql(conv), bound(key), sn])?)
    }

    /// Moves a position forward, never back and never beyond what exists: a key invented by a
    /// client must not hide metas that are still to come.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn confirm(&mut self, owner: Uid, sn: u32, conv: Uid, key: u64) -> Result<()> {
        self.conn
            .prepare_cached(
                "INSERT INTO positions (owner, sn, conv, position)
                 SELECT ?1, ?2, ?3, min(?4, last_id) FROM conversations
                 WHERE owner = ?1 AND conv = ?3
                 ON CONFLICT DO UPDATE SET position = max(position, excluded.position)",
            )?
            .execute(params![sql(owner), sn, sql(conv), bound(key)])?;
        Ok(())
    }

    /// The meta before `mid` in this device's view (0: none), and whether the device has confirmed
    /// it.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn previous(&self, owner: Uid, sn: u32, conv: Uid, mid: u64) -> Result<(u64, bool)> {
        let prev: i64 = self
            .conn
            .prepare_cached(
                "SELECT coalesce(max(id), 0) FROM stream
                 WHERE owner = ?1 AND conv = ?2 AND id < ?3 AND origin_sn <> ?4",
            )?
            .query_row(params![sql(owner), sql(conv), sql(mid), sn], |row| row.get(0))?;
        Ok((prev.cast_unsigned(), self.position(owner, sn, conv)? >= prev))
    }

    /// One meta of a stream.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn meta(&mut self, owner: Uid, conv: Uid, mid: u64) -> Result<Option<MetaRow>> {
        let row = found(
            self.conn
                .prepare_cached(
                    "SELECT s.id AS mid, m.*, s.status FROM stream s JOIN metas m ON m.id = s.id
                     WHERE s.owner = ?1 AND s.conv = ?2 AND s.id = ?3",
                )?
                .query_row(params![sql(owner), sql(conv), sql(mid)], |row| {
                    Ok((row.get::<_, i64>("mid")?, meta_row(row, false)))
                }),
        )?;
        Ok(self.keep_good(row.into_iter().collect()).pop())
    }

    /// At most `n` messages on one side of `key`, the nearest to it, edits folded in, without
    /// recalled and deleted ones. Positions stay. Always newest first, whichever the direction,
    /// so that clients treat all pages of history alike.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn history(&mut self, owner: Uid, conv: Uid, range: Range, n: u32) -> Result<HistoryPage> {
        let (side, order, key) = match range {
            Range::Before(0) => ("<", "DESC", i64::MAX),
            Range::Before(key) => ("<", "DESC", bound(key)),
            Range::After(key) => (">", "ASC", bound(key)),
        };
        let mut rows: Vec<_> = {
            let mut statement = self.conn.prepare_cached(&format!(
                "SELECT s.id AS mid, m.*, s.status FROM stream s JOIN metas m ON m.id = s.id
                 WHERE s.owner = ?1 AND s.conv = ?2 AND s.id {side} ?3 AND s.deleted = 0
                   AND m.is_message = 1 AND m.recalled = 0
                 ORDER BY s.id {order} LIMIT ?4"
            ))?;
            let rows = statement.query_map(params![sql(owner), sql(conv), key, i64::from(n) + 1], |row| {
                Ok((row.get::<_, i64>("mid")?, meta_row(row, true)))
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        // The one row too many tells whether there is more in that direction.
        let more = rows.len() > n as usize;
        rows.truncate(n as usize);
        let next_key = match rows.last() {
            Some((farthest, _)) if more => farthest.cast_unsigned(),
            _ => 0,
        };
        if matches!(range, Range::After(_)) {
            rows.reverse();
        }
        Ok(HistoryPage { metas: self.keep_good(rows), next_key })
    }

    fn keep_good(&mut self, rows: Vec<(i64, std::result::Result<MetaRow, String>)>) -> Vec<MetaRow> {
        let mut good = Vec::with_capacity(rows.len());
        for (mid, row) in rows {
            match row {
                Ok(row) => good.push(row),
                Err(why) => self.skip_row(format!("metas {mid}"), &why),
            }
        }
        good
    }
}

/// Writes the meta and its copies; `edited_at` > 0 is added to the payload.
fn insert(tx: &Transaction<'_>, mid: i64, meta: &Append<'_>, now: Millis, edited_at: Millis) -> Result<()> {
    let mut payload = meta.payload.to_vec();
    if edited_at > 0 {
        // The last value of a field wins when it is read, and fields unknown here stay in place.
        let patch = MessageBody { edit_timestamp: edited_at.cast_unsigned(), ..MessageBody::default() };
        payload.extend(patch.encode_to_vec());
    }
    tx.prepare_cached(
        "INSERT INTO metas (id, from_uid, from_sn, to_uid, timestamp, ns, payload, is_message)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        mid,
        sql(meta.from_uid),
        meta.from_sn,
        sql(meta.to_uid),
        now,
        meta.ns,
        payload,
        meta.is_message
    ])?;
    for copy in meta.copies {
        let own = copy.owner == meta.origin.0;
        let shown = meta.is_message || copy.kind == ConvKind::System;
        tx.prepare_cached("INSERT INTO stream (owner, conv, id, origin_sn) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![sql(copy.owner), sql(copy.conv), mid, if own { meta.origin.1 } else { 0 }])?;
        tx.prepare_cached(
            "INSERT INTO conversations (owner, conv, kind, last_id, last_message) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET last_id = excluded.last_id,
                                       last_message = max(last_message, excluded.last_message)",
        )?
        // An operation neither moves a conversation up nor brings a deleted one back.
        .execute(params![
            sql(copy.owner),
            sql(copy.conv),
            copy.kind as i32,
            mid,
            if shown { mid } else { 0 }
        ])?;
        if shown {
            tx.prepare_cached("DELETE FROM hidden_conversations WHERE owner = ?1 AND conv = ?2")?
                .execute(params![sql(copy.owner), sql(copy.conv)])?;
        }
    }
    Ok(())
}

fn meta_row(row: &Row<'_>, folded: bool) -> std::result::Result<MetaRow, String> {
    let read = || -> rusqlite::Result<MetaRow> {
        let newer: Option<Vec<u8>> = if folded { row.get("folded")? } else { None };
        Ok(MetaRow {
            id: id(row, "mid")?,
            from_uid: id(row, "from_uid")?,
            from_sn: row.get("from_sn")?,
            to_uid: id(row, "to_uid")?,
            timestamp: id(row, "timestamp")?,
            ns: row.get("ns")?,
            payload: match newer {
                Some(payload) => payload,
                None => row.get("payload")?,
            },
            status: if row.get("is_message")? { Some(row.get("status")?) } else { None },
        })
    };
    let meta = read().map_err(|e| e.to_string())?;
    if meta.status.is_some()
        && let Err(e) = MessageBody::decode(meta.payload.as_slice())
    {
        return Err(e.to_string());
    }
    Ok(meta)
}
