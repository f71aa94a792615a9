//! What the rows of the store mean: keys, values and the hot state of an account.
//!
//! Keys are big-endian so that the store's byte order is the order of ids.
use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost::bytes::Bytes;

use crate::core::model::{
    Conversation, ConversationId, Domain, Error, ErrorCode, Group, Kind, Message, MessageStatus, Millis, User,
};
use crate::core::proto::{MessageBody, Meta};
use crate::ports::{Query, Row, Table, Write};

/// A message that the server has.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MessageRow {
    /// As received, payload untouched.
    #[prost(message, optional, tag = "1")]
    pub(super) meta: Option<Meta>,
    /// The id this device sent it under; 0 for others.
    #[prost(uint64, tag = "2")]
    pub(super) client_mid: u64,
}

/// A message that the server does not have yet, or has refused.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct OutboxRow {
    /// The meta exactly as it is sent: a retry must be identical to the byte.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) meta: Bytes,
    #[prost(uint32, tag = "2")]
    pub(super) kind: u32,
    #[prost(uint64, tag = "3")]
    pub(super) to: u64,
    /// Number of the error that ended it; 0 while it is alive.
    #[prost(uint32, tag = "4")]
    pub(super) failed: u32,
    #[prost(string, tag = "5")]
    pub(super) reason: String,
}

/// What is kept of a conversation besides its messages.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConversationRow {
    /// `next_key` of the last durable page (xsync 4.11).
    #[prost(uint64, tag = "1")]
    pub(super) cursor: u64,
    /// The highest message id in the store.
    #[prost(uint64, tag = "2")]
    pub(super) top: u64,
    #[prost(uint32, tag = "3")]
    pub(super) unread: u32,
    /// The newest message.
    #[prost(message, optional, tag = "4")]
    pub(super) last: Option<MessageRow>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct UserRow {
    #[prost(string, tag = "1")]
    username: String,
    #[prost(string, tag = "2")]
    nickname: String,
    #[prost(string, tag = "3")]
    alias: String,
    #[prost(string, tag = "4")]
    avatar: String,
    #[prost(bool, tag = "5")]
    is_contact: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GroupRow {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    avatar: String,
    #[prost(uint64, tag = "3")]
    owner: u64,
    #[prost(uint32, tag = "4")]
    count: u32,
}

/// Who logged in last on this device (the device's own store).
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct LoginRow {
    #[prost(uint64, tag = "1")]
    pub(super) uid: u64,
    #[prost(string, tag = "2")]
    pub(super) token: String,
    #[prost(string, tag = "3")]
    pub(super) public_key: String,
    /// Name and password of a visitor, which nobody else knows; empty for others.
    #[prost(string, tag = "4")]
    pub(super) visitor: String,
    #[prost(string, tag = "5")]
    pub(super) password: String,
}

impl std::fmt::Debug for LoginRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginRow").field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// What the server knows this installation of an account by (xsync 3.4).
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct DeviceRow {
    #[prost(string, tag = "1")]
    pub(super) guid: String,
    #[prost(uint32, tag = "2")]
    pub(super) sn: u32,
}

/// Keys of the `kv` tables.
pub(super) mod kv {
    pub(in crate::core::session) const LOGIN: &[u8] = b"login";
    pub(in crate::core::session) const SERVERS: &[u8] = b"servers";
    pub(in crate::core::session) const DEVICE: &[u8] = b"device";
    pub(in crate::core::session) const LAST_ID: &[u8] = b"last_id";
}

/// A message of the outbox, in memory.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) row: OutboxRow,
    pub(super) to: ConversationId,
    pub(super) durable: bool,
    /// When it was written to the current connection.
    pub(super) sent: Option<Millis>,
}

/// The account that is open: everything that is kept in memory.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) uid: u64,
    pub(super) device: DeviceRow,
    pub(super) last_id: u64,
    pub(super) conversations: BTreeMap<ConversationId, ConversationRow>,
    pub(super) outbox: BTreeMap<u64, Pending>,
    pub(super) users: BTreeMap<u64, User>,
    pub(super) groups: BTreeMap<u64, Group>,
}

pub(super) fn conversation_key(id: ConversationId) -> Vec<u8> {
    [&[id.kind as u8][..], &id.uid.to_be_bytes()].concat()
}

pub(super) fn message_key(of: ConversationId, id: u64) -> Vec<u8> {
    [&conversation_key(of)[..], &id.to_be_bytes()].concat()
}

fn id_from(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

fn conversation_from(key: &[u8]) -> Option<ConversationId> {
    let (kind, uid) = key.split_first()?;
    Some(ConversationId { kind: Kind::from_number(u32::from(*kind))?, uid: id_from(uid)? })
}

pub(super) fn put(table: Table, key: Vec<u8>, value: &impl prost::Message) -> Write {
    Write { table, key, value: Some(value.encode_to_vec()) }
}

pub(super) const fn delete(table: Table, key: Vec<u8>) -> Write {
    Write { table, key, value: None }
}

/// Messages of a conversation with `from <= id < to` (`to` 0: no bound).
pub(super) fn message_query(of: ConversationId, from: u64, to: u64, limit: u32, descending: bool) -> Query {
    let mut end = message_key(of, to);
    if to == 0 {
        end = [&conversation_key(of)[..], &[0xff; 9]].concat(); // one byte longer than any id
    }
    Query { table: Table::Messages, from: message_key(of, from), to: end, limit, descending }
}

/// A row that cannot be read: which table and key, nothing of its content.
pub(super) fn bad_row(table: Table, key: &[u8]) -> Error {
    use std::fmt::Write as _;
    let mut hex = String::new();
    for byte in key.iter().take(32) {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
    }
    Error::new(
        Domain::Storage,
        ErrorCode::DbOperationFailed,
        format!("row {hex} of table `{}` is unreadable and was left out", table.name()),
    )
}

/// Reads message rows; unreadable ones are left out and returned as errors.
pub(super) fn read_messages(rows: &[Row]) -> (Vec<MessageRow>, Vec<Error>) {
    let mut bad = Vec::new();
    let good = rows
        .iter()
        .filter_map(|row| {
            let read = MessageRow::decode(&row.value[..]).ok().filter(|m| {
                m.meta.as_ref().is_some_and(|meta| row.key.ends_with(&meta.id.to_be_bytes()) && meta.from.is_some())
            });
            if read.is_none() {
                bad.push(bad_row(Table::Messages, &row.key));
            }
            read
        })
        .collect();
    (good, bad)
}

impl Account {
    /// Restores from the rows of the hot tables. Rows that cannot be read are left out and reported.
    pub(super) fn restore(uid: u64, tables: &[(Table, Vec<Row>)]) -> (Self, Vec<Error>) {
        let mut account = Self { uid, ..Self::default() };
        let mut bad = Vec::new();
        for (table, rows) in tables {
            for row in rows {
                if account.take(*table, row).is_none() {
                    bad.push(bad_row(*table, &row.key));
                }
            }
        }
        (account, bad)
    }

    fn take(&mut self, table: Table, row: &Row) -> Option<()> {
        let value = &row.value[..];
        match table {
            Table::Kv if row.key == kv::DEVICE => self.device = DeviceRow::decode(value).ok()?,
            Table::Kv if row.key == kv::LAST_ID => self.last_id = id_from(value)?,
            Table::Conversations => {
                self.conversations.insert(conversation_from(&row.key)?, ConversationRow::decode(value).ok()?);
            }
            Table::Outbox => {
                let pending = OutboxRow::decode(value).ok()?;
                Meta::decode(pending.meta.clone()).ok()?;
                let to = ConversationId { kind: Kind::from_number(pending.kind)?, uid: pending.to };
                self.outbox.insert(id_from(&row.key)?, Pending { row: pending, to, durable: true, sent: None });
            }
            Table::Users => {
                let UserRow { username, nickname, alias, avatar, is_contact } = UserRow::decode(value).ok()?;
                let id = id_from(&row.key)?;
                self.users.insert(id, User { id, username, nickname, alias, avatar, is_contact });
            }
            Table::Groups => {
                let GroupRow { name, avatar, owner, count } = GroupRow::decode(value).ok()?;
                let id = id_from(&row.key)?;
                self.groups.insert(id, Group { id, name, avatar, owner, count });
            }
            // Keys of a later version stay as they are.
            Table::Kv | Table::Messages | Table::Quarantine => {}
        }
        Some(())
    }

    /// A message of the server, as the application sees it.
    pub(super) fn message(&self, conversation: ConversationId, row: &MessageRow) -> Message {
        let meta = row.meta.clone().unwrap_or_default();
        let body = MessageBody::decode(meta.payload).unwrap_or_default();
        let from = meta.from.map_or(0, |xid| xid.uid);
        let outgoing = from == self.uid;
        Message {
            conversation,
            id: meta.id,
            client_id: row.client_mid,
            from,
            outgoing,
            ctype: body.ctype,
            text: body.content,
            ext: clean(body.ext),
            timestamp: Millis(meta.timestamp),
            status: if outgoing { MessageStatus::Sent } else { MessageStatus::Received },
            error: None,
        }
    }

    /// A message of the outbox, as the application sees it.
    pub(super) fn pending(&self, id: u64, pending: &Pending) -> Message {
        let row = MessageRow { meta: Meta::decode(pending.row.meta.clone()).ok(), client_mid: id };
        let error = ErrorCode::ALL
            .iter()
            .find(|code| pending.row.failed != 0 && **code as u32 == pending.row.failed)
            .map(|code| Error::new(Domain::Frame, *code, pending.row.reason.clone()));
        let status = if error.is_some() { MessageStatus::Failed } else { MessageStatus::Sending };
        Message { id: 0, status, error, ..self.message(pending.to, &row) }
    }

    /// A row of the conversation list.
    pub(super) fn conversation(&self, id: ConversationId) -> Conversation {
        let row = self.conversations.get(&id);
        let waiting = self.outbox.iter().rev().find(|(_, p)| p.to == id).map(|(mid, p)| self.pending(*mid, p));
        let kept = row.and_then(|row| row.last.as_ref()).map(|last| self.message(id, last));
        let last = match (waiting, kept) {
            (Some(w), Some(k)) if k.timestamp > w.timestamp => Some(k),
            (Some(w), _) => Some(w),
            (None, k) => k,
        };
        let (title, avatar) = match id.kind {
            Kind::System => ("System", ""),
            Kind::User => self.users.get(&id.uid).map_or(("", ""), |u| (u.display_name(), &u.avatar)),
            Kind::Group => self.groups.get(&id.uid).map_or(("", ""), |g| (&g.name[..], &g.avatar)),
        };
        Conversation {
            id,
            title: if title.is_empty() { id.uid.to_string() } else { title.to_owned() },
            avatar: avatar.to_owned(),
            unread: row.map_or(0, |row| row.unread),
            timestamp: last.as_ref().map_or(Millis(0), |m| m.timestamp),
            last,
        }
    }

    /// The conversation list, most recent first.
    pub(super) fn list(&self) -> Vec<Conversation> {
        let waiting = self.outbox.values().map(|p| p.to);
        let ids: BTreeSet<_> = self.conversations.keys().copied().chain(waiting).collect();
        let mut list: Vec<_> = ids.into_iter().map(|id| self.conversation(id)).collect();
        list.sort_by(|a, b| b.timestamp.cmp(&a.timestamp).then(a.id.cmp(&b.id)));
        list
    }

    pub(super) fn conversation_write(&self, id: ConversationId) -> Write {
        let row = self.conversations.get(&id).cloned().unwrap_or_default();
        put(Table::Conversations, conversation_key(id), &row)
    }
}

/// The web client of old sends the text `null` where nothing was given (errata).
fn clean(text: String) -> String {
    if text == "null" { String::new() } else { text }
}

pub(super) fn user_write(user: &User) -> Write {
    let User { id, username, nickname, alias, avatar, is_contact } = user.clone();
    put(Table::Users, id.to_be_bytes().into(), &UserRow { username, nickname, alias, avatar, is_contact })
}

pub(super) fn group_write(group: &Group) -> Write {
    let Group { id, name, avatar, owner, count } = group.clone();
    put(Table::Groups, id.to_be_bytes().into(), &GroupRow { name, avatar, owner, count })
}
