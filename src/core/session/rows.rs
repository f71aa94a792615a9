//! What the rows of the store mean: keys and values. What is kept in memory of them is `account.rs`.
//!
//! Keys are big-endian so that the store's byte order is the order of ids.
use prost::bytes::Bytes;

use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Group, Kind, User};
use crate::core::proto::Meta;
use crate::core::wire::{Wire, wire};
use crate::ports::{Query, Row, Table, Write};

/// A message that the server has. Taken away, its row stays without its content, so that nothing
/// brings it back.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MessageRow {
    /// As received, payload untouched.
    #[prost(message, optional, tag = "1")]
    pub(super) meta: Option<Meta>,
    /// The id this device sent it under; 0 for others.
    #[prost(uint64, tag = "2")]
    pub(super) client_mid: u64,
    /// Known from a page of history only: not told as new, and never counted.
    #[prost(bool, tag = "3")]
    pub(super) quiet: bool,
    /// Read by itself; the conversation's `read_top` reads all before it.
    #[prost(bool, tag = "4")]
    pub(super) read: bool,
    /// Bits of [`receipt`]: what the other side has done with it, or the user for `PLAYED`.
    #[prost(uint32, tag = "5")]
    pub(super) receipts: u32,
    /// What edits have made of it.
    #[prost(message, optional, tag = "6")]
    pub(super) edit: Option<EditRow>,
    /// Recalled or deleted.
    #[prost(bool, tag = "7")]
    pub(super) gone: bool,
    /// Id of the operation that read it by itself; 0 while that is not accepted.
    #[prost(uint64, tag = "8")]
    pub(super) read_op: u64,
    /// What this device lays over it, edits or not; nobody else hears of it.
    #[prost(message, optional, tag = "9")]
    pub(super) patch: Option<EditRow>,
    /// Of the application's own (`local.rs`), behind the message with id `behind`; its id and client id are the same.
    #[prost(bool, tag = "10")]
    pub(super) local: bool,
    #[prost(uint64, tag = "11")]
    pub(super) behind: u64,
}

/// Bits of `MessageRow::receipts`.
pub(super) mod receipt {
    pub(in crate::core::session) const DELIVERED: u32 = 1;
    pub(in crate::core::session) const READ: u32 = 2;
    pub(in crate::core::session) const PLAYED: u32 = 4;
}

/// The content of an edited message (xsync 6.6), which counts instead of the meta's.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EditRow {
    /// Server time that the content is as of.
    #[prost(uint64, tag = "1")]
    pub(super) at: u64,
    #[prost(string, tag = "2")]
    pub(super) text: String,
    #[prost(string, tag = "3")]
    pub(super) config: String,
    #[prost(string, tag = "4")]
    pub(super) ext: String,
    /// Id of the newest edit in it; 0 when only the server knows.
    #[prost(uint64, tag = "5")]
    pub(super) newest: u64,
}

/// A message that the server does not have yet, or has refused; or an operation on its way.
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
    /// Written down without a connection and not sent since: surely nobody has it.
    #[prost(bool, tag = "6")]
    pub(super) held: bool,
}

/// What is kept of a conversation besides its messages.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConversationRow {
    // Tag 1 was a cursor; the table `streams` has them now.
    /// The highest message id in the store.
    #[prost(uint64, tag = "2")]
    pub(super) top: u64,
    #[prost(uint32, tag = "3")]
    pub(super) unread: u32,
    /// The newest message that is shown.
    #[prost(message, optional, tag = "4")]
    pub(super) last: Option<MessageRow>,
    /// Everything up to this message is read, but for `cancels`.
    #[prost(uint64, tag = "5")]
    pub(super) read_top: u64,
    /// The operations that said so, but for those that a later one with a higher message covers.
    #[prost(message, repeated, tag = "6")]
    pub(super) reads: Vec<MarkRow>,
    /// Messages that were marked unread again.
    #[prost(message, repeated, tag = "7")]
    pub(super) cancels: Vec<MarkRow>,
    /// The newest unread message that calls on the user; 0 for none.
    #[prost(uint64, tag = "8")]
    pub(super) mention: u64,
    /// It calls on everybody.
    #[prost(bool, tag = "9")]
    pub(super) mention_all: bool,
    /// What the other devices are still to be told: everything is read up to this message; 0 for nothing.
    #[prost(uint64, tag = "10")]
    pub(super) read_due: u64,
    /// It was deleted with everything up to this id; nothing of that comes back by itself.
    #[prost(uint64, tag = "11")]
    pub(super) floor: u64,
    /// Deleted and nothing new since: not listed.
    #[prost(bool, tag = "12")]
    pub(super) hidden: bool,
    /// What the user has begun to write; this device's own, like all that follows.
    #[prost(string, tag = "13")]
    pub(super) draft: String,
    /// The application's own.
    #[prost(string, tag = "14")]
    pub(super) extension: String,
    #[prost(bool, tag = "15")]
    pub(super) pinned: bool,
    #[prost(bool, tag = "16")]
    pub(super) muted: bool,
    /// To make room, messages up to this one were dropped: what is here of them may have holes.
    #[prost(uint64, tag = "17")]
    pub(super) gap: u64,
    /// The same, whatever was fetched again since: what comes once more up to here is not new.
    #[prost(uint64, tag = "18")]
    pub(super) dropped: u64,
    /// The last of the application's own messages in it, if there are any.
    #[prost(message, optional, tag = "19")]
    pub(super) local: Option<MessageRow>,
    /// When its last message was, where this device was cleared of it: so it keeps its place in the list.
    #[prost(uint64, tag = "20")]
    pub(super) cleared: u64,
    /// Read up to this message on this device only: nobody has been told. 0 for nothing.
    #[prost(uint64, tag = "21")]
    pub(super) here: u64,
    /// It was removed from the account up to this message: not even history brings that back.
    #[prost(uint64, tag = "22")]
    pub(super) erased: u64,
    /// The oldest message of history whose author may wait for its reading; 0 for none.
    #[prost(uint64, tag = "23")]
    pub(super) owed: u64,
}

impl ConversationRow {
    /// Whether a later reading undoes the marking of a message as unread by an operation.
    pub(super) fn overruled(&self, mid: u64, op: u64) -> bool {
        self.reads.iter().any(|read| read.mid >= mid && read.op > op)
    }

    /// Notes an operation that has read everything up to a message.
    pub(super) fn read_by(&mut self, mid: u64, op: u64) {
        if !self.reads.iter().any(|read| read.mid >= mid && read.op >= op) {
            self.reads.retain(|read| read.mid > mid || read.op > op);
            self.reads.push(MarkRow { mid, op });
        }
    }
}

/// A message and the operation that marked it.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MarkRow {
    /// The message.
    #[prost(uint64, tag = "1")]
    pub(super) mid: u64,
    /// The operation; `u64::MAX` while it is not accepted.
    #[prost(uint64, tag = "2")]
    pub(super) op: u64,
}

/// How far a stream of the server was taken in (xsync 4.1, 4.11). Streams are named by uid.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StreamRow {
    /// Nothing is missing up to this id: the key of the last durable page.
    #[prost(uint64, tag = "1")]
    pub(super) cursor: u64,
    /// The highest id that was taken in; ids below it may have been taken in before.
    #[prost(uint64, tag = "2")]
    pub(super) top: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct UserRow {
    #[prost(string, tag = "1")]
    pub(super) username: String,
    #[prost(string, tag = "2")]
    pub(super) nickname: String,
    #[prost(string, tag = "3")]
    pub(super) alias: String,
    #[prost(string, tag = "4")]
    pub(super) avatar: String,
    #[prost(bool, tag = "5")]
    pub(super) is_contact: bool,
    #[prost(bool, tag = "6")]
    pub(super) muted: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GroupRow {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) avatar: String,
    #[prost(uint64, tag = "3")]
    pub(super) owner: u64,
    #[prost(uint32, tag = "4")]
    pub(super) count: u32,
    #[prost(bool, tag = "5")]
    pub(super) muted: bool,
}

/// A login on this device (the device's own store): one row for each account, since pages may have different ones.
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
    /// When it was, in milliseconds since the epoch.
    #[prost(uint64, tag = "6")]
    pub(super) at: u64,
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

// The same fields for the wasm, which has nothing of prost's; a test holds them together.
wire! {
    MessageRow {
        1 meta message,
        2 client_mid uint64,
        3 quiet bool,
        4 read bool,
        5 receipts uint32,
        6 edit message,
        7 gone bool,
        8 read_op uint64,
        9 patch message,
        10 local bool,
        11 behind uint64,
    }
    EditRow {
        1 at uint64,
        2 text text,
        3 config text,
        4 ext text,
        5 newest uint64,
    }
    OutboxRow {
        1 meta bytes,
        2 kind uint32,
        3 to uint64,
        4 failed uint32,
        5 reason text,
        6 held bool,
    }
    ConversationRow {
        2 top uint64,
        3 unread uint32,
        4 last message,
        5 read_top uint64,
        6 reads list,
        7 cancels list,
        8 mention uint64,
        9 mention_all bool,
        10 read_due uint64,
        11 floor uint64,
        12 hidden bool,
        13 draft text,
        14 extension text,
        15 pinned bool,
        16 muted bool,
        17 gap uint64,
        18 dropped uint64,
        19 local message,
        20 cleared uint64,
        21 here uint64,
        22 erased uint64,
        23 owed uint64,
    }
    MarkRow {
        1 mid uint64,
        2 op uint64,
    }
    StreamRow {
        1 cursor uint64,
        2 top uint64,
    }
    UserRow {
        1 username text,
        2 nickname text,
        3 alias text,
        4 avatar text,
        5 is_contact bool,
        6 muted bool,
    }
    GroupRow {
        1 name text,
        2 avatar text,
        3 owner uint64,
        4 count uint32,
        5 muted bool,
    }
    LoginRow {
        1 uid uint64,
        2 token text,
        3 public_key text,
        4 visitor text,
        5 password text,
        6 at uint64,
    }
    DeviceRow {
        1 guid text,
        2 sn uint32,
    }
}

/// Keys of the `kv` tables.
pub(super) mod kv {
    /// Of older versions, which kept one; now the beginning of a key with the account behind it.
    pub(in crate::core::session) const LOGIN: &[u8] = b"login";
    pub(in crate::core::session) const SERVERS: &[u8] = b"servers";
    pub(in crate::core::session) const DEVICE: &[u8] = b"device";
    pub(in crate::core::session) const LAST_ID: &[u8] = b"last_id";
    pub(in crate::core::session) const TERMS: &[u8] = b"terms";
    /// Keys of the conversations at the top of the list, one behind the other: a hint what to read first.
    pub(in crate::core::session) const FRONT: &[u8] = b"front";
}

/// The key of an account's login.
pub(super) fn login_key(uid: u64) -> Vec<u8> {
    [kv::LOGIN, b"/", uid.to_string().as_bytes()].concat()
}

pub(super) fn conversation_key(id: ConversationId) -> Vec<u8> {
    [&[id.kind as u8][..], &id.uid.to_be_bytes()].concat()
}

pub(super) fn message_key(of: ConversationId, id: u64) -> Vec<u8> {
    [&conversation_key(of)[..], &id.to_be_bytes()].concat()
}

/// The application's own messages have keys beside those of the server's: its next id may be any.
pub(super) fn local_key(of: ConversationId, behind: u64, id: u64) -> Vec<u8> {
    let mut key = [&message_key(of, behind)[..], &id.to_be_bytes()].concat();
    if let Some(kind) = key.first_mut() {
        *kind |= LOCAL;
    }
    key
}

/// Added to the kind of a conversation in the keys of the application's own messages.
pub(super) const LOCAL: u8 = 0x80;

/// The application's own messages of a conversation that are behind messages with `from <= id <= to`.
pub(super) fn local_query(of: ConversationId, from: u64, to: u64) -> Query {
    let (from, to) = (local_key(of, from, 0), [&local_key(of, to, u64::MAX)[..], &[0]].concat());
    Query { table: Table::Messages, from, to, limit: 0, descending: false }
}

/// One of the application's own messages.
pub(super) fn one_local(of: ConversationId, behind: u64, id: u64) -> Query {
    let from = local_key(of, behind, id);
    Query { table: Table::Messages, to: [&from[..], &[0]].concat(), from, limit: 1, descending: false }
}

pub(super) fn id_from(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

pub(super) fn conversation_from(key: &[u8]) -> Option<ConversationId> {
    let (kind, uid) = key.split_first()?;
    Some(ConversationId { kind: Kind::from_number(u32::from(*kind))?, uid: id_from(uid)? })
}

/// The conversations that the hint names; what cannot be read of it is as if it was not there.
pub(super) fn front_from(kv: &[Row]) -> Vec<ConversationId> {
    let row = kv.iter().find(|row| row.key == kv::FRONT);
    row.map_or_else(Vec::new, |row| row.value.chunks(9).filter_map(conversation_from).collect())
}

/// Two ids, one behind the other.
pub(super) fn pair_key(first: u64, second: u64) -> Vec<u8> {
    [first.to_be_bytes(), second.to_be_bytes()].concat()
}

/// Who has done what with a message; operation 0 and the group say where the message is.
pub(super) fn receipt_key(mid: u64, kind: u8, uid: u64) -> Vec<u8> {
    [&mid.to_be_bytes()[..], &[kind], &uid.to_be_bytes()].concat()
}

/// Operation and user of a receipt's key.
pub(super) fn receipt_from(key: &[u8]) -> Option<(u8, u64)> {
    Some((*key.get(8)?, id_from(key.get(9..)?)?))
}

pub(super) fn put(table: Table, key: Vec<u8>, value: &dyn Wire) -> Write {
    Write::put(table, key, value.encode_to_vec())
}

/// One message of a conversation.
pub(super) fn one_message(of: ConversationId, id: u64) -> Query {
    message_query(of, id, id.saturating_add(1), 1, false)
}

/// All messages of a conversation with ids up to `to`, that one included.
pub(super) fn clear_messages(of: ConversationId, to: u64) -> Write {
    Write::clear(Table::Messages, message_key(of, 0), message_query(of, 0, to.saturating_add(1), 0, false).to)
}

/// The application's own messages of a conversation behind messages with ids up to `to`, that one included.
pub(super) fn clear_locals(of: ConversationId, to: u64) -> Write {
    let Query { from, to, .. } = local_query(of, 0, to);
    Write::clear(Table::Messages, from, to)
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

pub(super) fn user_write(user: &User) -> Write {
    let User { id, username, nickname, alias, avatar, is_contact, muted } = user.clone();
    put(Table::Users, id.to_be_bytes().into(), &UserRow { username, nickname, alias, avatar, is_contact, muted })
}

pub(super) fn group_write(group: &Group) -> Write {
    let Group { id, name, avatar, owner, count, muted } = group.clone();
    put(Table::Groups, id.to_be_bytes().into(), &GroupRow { name, avatar, owner, count, muted })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::wire::tests::{agrees, any_message};

    proptest! {
        #[test]
        fn rows_are_what_prost_makes_of_them(bytes in any_message()) {
            agrees::<MessageRow>(&bytes);
            agrees::<EditRow>(&bytes);
            agrees::<OutboxRow>(&bytes);
            agrees::<ConversationRow>(&bytes);
            agrees::<MarkRow>(&bytes);
            agrees::<StreamRow>(&bytes);
            agrees::<UserRow>(&bytes);
            agrees::<GroupRow>(&bytes);
            agrees::<LoginRow>(&bytes);
            agrees::<DeviceRow>(&bytes);
        }
    }
}
