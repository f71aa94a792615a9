//! What is kept in memory while an account is open, and how it looks from outside.

use super::body::{self, Facts};
use super::rows::{
    ConversationRow, DeviceRow, EditRow, GroupRow, MessageRow, OutboxRow, StreamRow, UserRow, bad_row,
    conversation_from, conversation_key, front_from, group_write, id_from, kv, put, receipt, user_write,
};
use super::{CallId, Event, Output};
use crate::core::map::{Map, Set, sort};
use crate::core::model::{
    Conversation, ConversationId, Domain, Error, ErrorCode, Group, Kind, Mention, Message, MessageStatus, Millis, User,
};
use crate::core::proto::{MessageBody, Meta, message_body::Type, message_operation::OpType, meta::NameSpace};
use crate::core::wire::Wire as _;
use crate::ports::{Row, Table, Write};

/// Client message ids are below 2^53 (xsync 5.2).
const MAX_ID: u64 = 1 << 53;

/// What an entry of the outbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    /// A message of the user.
    Message,
    /// A change of a message that somebody waits for: number of the operation, and the message.
    Operation(OpType, u64),
    /// A receipt, for a message: goes out behind everything else and fails without a word.
    Receipt(OpType, u64),
    /// The removal of a conversation.
    Removal,
}

/// An entry of the outbox, in memory.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) row: OutboxRow,
    pub(super) to: ConversationId,
    pub(super) errand: Errand,
    pub(super) durable: bool,
    /// When it was written to the current connection.
    pub(super) sent: Option<Millis>,
    /// It may have reached the server before.
    pub(super) again: bool,
    /// The server has answered, and the answer is being worked on.
    pub(super) answered: bool,
    /// The call that waits for its end.
    pub(super) call: Option<CallId>,
}

impl Pending {
    pub(super) fn new(meta: &Meta, to: ConversationId, call: Option<CallId>) -> Self {
        let meta_bytes = meta.encode_to_vec().into();
        let row = OutboxRow { meta: meta_bytes, kind: to.kind as u32, to: to.uid, ..OutboxRow::default() };
        Self { errand: errand(meta), row, to, durable: false, sent: None, again: false, answered: false, call }
    }

    fn restore(row: OutboxRow) -> Option<Self> {
        let meta = Meta::decode(row.meta.clone()).ok()?;
        let to = ConversationId { kind: Kind::from_number(row.kind)?, uid: row.to };
        let (errand, again) = (errand(&meta), !row.held);
        Some(Self { errand, row, to, durable: true, sent: None, again, answered: false, call: None })
    }

    /// The meta; it was read when it was made or restored, so it can be read now.
    pub(super) fn meta(&self) -> Meta {
        Meta::decode(self.row.meta.clone()).unwrap_or_default()
    }

    /// The operation's target and kind, when it is one that shows before it is accepted.
    pub(super) const fn operation(&self) -> Option<(OpType, u64)> {
        match self.errand {
            Errand::Operation(kind, target) => Some((kind, target)),
            _ => None,
        }
    }
}

fn errand(meta: &Meta) -> Errand {
    if meta.ns == NameSpace::Conversation as i32 {
        return Errand::Removal;
    }
    let operation = MessageBody::decode(meta.payload.clone()).ok().and_then(|body| body.operation);
    let Some(operation) = operation else { return Errand::Message };
    let target = operation.mid;
    match OpType::try_from(operation.r#type).unwrap_or(OpType::Unknown) {
        OpType::Unknown => Errand::Message,
        kind @ (OpType::ReadAck | OpType::ReadAll | OpType::DeliverAck) => Errand::Receipt(kind, target),
        kind => Errand::Operation(kind, target),
    }
}

/// The account that is open: everything that is kept in memory.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) uid: u64,
    pub(super) device: DeviceRow,
    pub(super) last_id: u64,
    /// Rows of the index, about.
    pub(super) terms: u64,
    /// The conversations that are read first, those at the top of the list.
    pub(super) front: Vec<ConversationId>,
    /// It is not as in the store.
    pub(super) front_moved: bool,
    pub(super) conversations: Map<ConversationId, ConversationRow>,
    pub(super) outbox: Map<u64, Pending>,
    pub(super) users: Map<u64, User>,
    pub(super) groups: Map<u64, Group>,
    pub(super) streams: Map<u64, StreamRow>,
    /// Operations whose message has not come, by message and operation.
    pub(super) waiting: Map<(u64, u64), Meta>,
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
            Table::Kv if row.key == kv::LAST_ID => self.last_id = id_from(value).filter(|id| *id < MAX_ID)?,
            Table::Kv if row.key == kv::FRONT => self.front = front_from(std::slice::from_ref(row)),
            Table::Kv if row.key == kv::TERMS => self.terms = id_from(value)?,
            Table::Conversations => {
                self.conversations.insert(conversation_from(&row.key)?, ConversationRow::decode(value).ok()?);
            }
            Table::Outbox => {
                drop(self.outbox.insert(id_from(&row.key)?, Pending::restore(OutboxRow::decode(value).ok()?)?))
            }
            Table::Streams => drop(self.streams.insert(id_from(&row.key)?, StreamRow::decode(value).ok()?)),
            Table::Waiting => {
                let (target, operation) = (id_from(row.key.get(..8)?)?, id_from(row.key.get(8..)?)?);
                self.waiting.insert((target, operation), Meta::decode(value).ok()?);
            }
            Table::Users => {
                let UserRow { username, nickname, alias, avatar, is_contact, muted } = UserRow::decode(value).ok()?;
                let id = id_from(&row.key)?;
                self.users.insert(id, User { id, username, nickname, alias, avatar, is_contact, muted });
            }
            Table::Groups => {
                let GroupRow { name, avatar, owner, count, muted } = GroupRow::decode(value).ok()?;
                let id = id_from(&row.key)?;
                self.groups.insert(id, Group { id, name, avatar, owner, count, muted });
            }
            // Keys of a later version stay as they are.
            _ => {}
        }
        Some(())
    }

    /// Who has that id: a group if one is known by it, else a user (one id space).
    pub(super) fn whose(&self, uid: u64) -> ConversationId {
        let group = ConversationId::group(uid);
        // A row of which nothing is known but that it was removed may be of a user with that id.
        let known = self.conversations.get(&group).is_some_and(|row| row.top > 0 || !row.hidden);
        if uid != 0 && (self.groups.contains_key(&uid) || known) { group } else { ConversationId::user(uid) }
    }

    /// Counts the rows of the index.
    pub(super) fn terms_changed(&mut self, how: impl FnOnce(u64) -> u64) -> Write {
        self.terms = how(self.terms);
        Write::put(Table::Kv, kv::TERMS, self.terms.to_be_bytes())
    }

    /// Messages up to this one were taken in and dropped again.
    pub(super) fn taken_in(&self, of: ConversationId) -> u64 {
        let dropped = self.conversations.get(&of).map_or(0, |row| row.dropped);
        dropped.min(self.streams.get(&of.uid).map_or(0, |stream| stream.cursor))
    }

    /// Whether the logged-in user has read a message of somebody else.
    pub(super) fn is_read(&self, of: ConversationId, row: &MessageRow) -> bool {
        let id = row.id();
        let conversation = self.conversations.get(&of);
        if conversation.is_some_and(|c| c.cancels.iter().any(|cancel| cancel.mid == id)) {
            return false;
        }
        row.read || row.quiet || conversation.is_some_and(|c| id <= c.read_top)
    }

    /// Whether the author may wait to hear that a message was read: history brought it, and the server has it as unread.
    pub(super) fn is_owed(&self, row: &MessageRow) -> bool {
        row.quiet && !row.read && self.may_count(row)
    }

    /// Whether a message can be unread at all: of somebody else, there, and of a kind that counts.
    pub(super) fn may_count(&self, row: &MessageRow) -> bool {
        row.from() != self.uid && !row.gone && body::counts(&body::body(row))
    }

    /// Whether a message counts as unread.
    pub(super) fn is_unread(&self, of: ConversationId, row: &MessageRow) -> bool {
        !self.is_read(of, row) && self.may_count(row)
    }

    /// Operations on their way that concern a message.
    fn under_way(&self, of: ConversationId, id: u64) -> impl Iterator<Item = (OpType, &Pending)> {
        self.outbox.values().filter_map(move |p| {
            let (kind, target) = p.operation()?;
            (target == id && p.to == of && p.row.failed == 0).then_some((kind, p))
        })
    }

    /// Whether a message is to be seen: not taken away, and not about to be.
    pub(super) fn is_shown(&self, of: ConversationId, row: &MessageRow) -> bool {
        !row.gone && !self.under_way(of, row.id()).any(|(kind, _)| matches!(kind, OpType::Recall | OpType::Delete))
    }

    /// A message of the server, as the application sees it: edits under way included.
    pub(super) fn message(&self, conversation: ConversationId, row: &MessageRow) -> Message {
        self.shown(conversation, row, body::body(row))
    }

    /// The same of a row whose body, cleaned, is there already.
    pub(super) fn shown(&self, conversation: ConversationId, row: &MessageRow, body: MessageBody) -> Message {
        let id = row.id();
        let mut edited = None;
        for (kind, pending) in self.under_way(conversation, id) {
            if matches!(kind, OpType::Append | OpType::Replace) {
                let patch = MessageBody::decode(pending.meta().payload).unwrap_or_default();
                body::edit(edited.get_or_insert_with(|| row.clone()), kind == OpType::Append, &patch, 0, 0);
            }
        }
        if let Some(EditRow { text, config, ext, .. }) = row.patch.clone() {
            let patch = MessageBody { content: text, config, ext, ..MessageBody::default() };
            body::edit(edited.get_or_insert_with(|| row.clone()), false, &patch, 0, 0);
        }
        let row = edited.as_ref().unwrap_or(row);
        let from = row.from();
        let outgoing = from == self.uid;
        let (text, config, ext, edited_at) = match row.edit.clone() {
            Some(edit) => (edit.text, edit.config, edit.ext, edit.at),
            None => (body.content, body.config, body.ext, 0),
        };
        let status = match outgoing {
            _ if row.local => MessageStatus::Local,
            true => MessageStatus::Sent,
            false => MessageStatus::Received,
        };
        Message {
            conversation,
            id: if row.local { row.behind } else { id },
            client_id: row.client_mid,
            from,
            outgoing,
            untyped: body.r#type == Type::Normal as i32,
            ctype: body.ctype,
            text,
            attachment: body.attachment,
            mention: if outgoing { Mention::None } else { Facts::read(&config).mention(self.uid) },
            config,
            ext,
            sender_name: body.sender_name,
            priority: body.priority,
            timestamp: Millis(row.meta.as_ref().map_or(0, |meta| meta.timestamp)),
            edited_at: Millis(edited_at),
            status,
            patched: row.patch.is_some(),
            delivered: row.receipts & receipt::DELIVERED != 0,
            read: if outgoing { row.receipts & receipt::READ != 0 } else { self.is_read(conversation, row) },
            played: row.receipts & receipt::PLAYED != 0,
            error: None,
        }
    }

    /// A message of the outbox, as the application sees it.
    pub(super) fn pending(&self, id: u64, pending: &Pending) -> Message {
        let row = MessageRow { meta: Some(pending.meta()), client_mid: id, ..MessageRow::default() };
        let error = ErrorCode::ALL
            .iter()
            .find(|code| pending.row.failed != 0 && **code as u32 == pending.row.failed)
            .map(|code| Error::new(Domain::Frame, *code, pending.row.reason.clone()));
        let status = if error.is_some() { MessageStatus::Failed } else { MessageStatus::Sending };
        Message { id: 0, status, error, ..self.message(pending.to, &row) }
    }

    /// The messages of the outbox, oldest first.
    pub(super) fn unsent(&self) -> impl DoubleEndedIterator<Item = (u64, &Pending)> {
        self.outbox.iter().filter(|(_, p)| p.errand == Errand::Message).map(|(id, p)| (*id, p))
    }

    /// A row of the conversation list.
    pub(super) fn conversation(&self, id: ConversationId) -> Conversation {
        let row = self.conversations.get(&id);
        let waiting = self.unsent().rev().find(|(_, p)| p.to == id).map(|(mid, p)| self.pending(mid, p));
        let (last, local) = row.map_or((None, None), |row| (row.last.as_ref(), row.local.as_ref()));
        let behind = local.filter(|local| last.is_none_or(|last| last.id() <= local.behind));
        let kept = behind.or(last).map(|last| self.message(id, last));
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
        let mention = match row {
            Some(row) if row.mention == 0 => Mention::None,
            Some(row) if row.mention_all => Mention::All,
            Some(_) => Mention::Me,
            None => Mention::None,
        };
        Conversation {
            id,
            title: if title.is_empty() { id.uid.to_string() } else { title.to_owned() },
            avatar: avatar.to_owned(),
            unread: row.map_or(0, |row| row.unread),
            mention,
            timestamp: last.as_ref().map_or_else(|| Millis(row.map_or(0, |row| row.cleared)), |m| m.timestamp),
            last,
            draft: row.map_or_else(String::new, |row| row.draft.clone()),
            extension: row.map_or_else(String::new, |row| row.extension.clone()),
            pinned: row.is_some_and(|row| row.pinned),
            // As the cloud has it, so that it is the same on all devices; the row's own where it has said nothing.
            muted: match id.kind {
                Kind::User => self.users.get(&id.uid).map(|user| user.muted),
                Kind::Group => self.groups.get(&id.uid).map(|group| group.muted),
                Kind::System => None,
            }
            .unwrap_or_else(|| row.is_some_and(|row| row.muted)),
        }
    }

    /// That these have changed, as far as they are shown.
    pub(super) fn seen(&self, changed: impl IntoIterator<Item = ConversationId>) -> Vec<Output> {
        let shown = changed.into_iter().filter(|of| self.conversations.get(of).is_some_and(|row| !row.hidden));
        let rows: Vec<_> = shown.map(|of| self.conversation(of)).collect();
        if rows.is_empty() { vec![] } else { vec![Output::Event(Event::Conversations(rows))] }
    }

    /// The conversation list, most recent first.
    pub(super) fn list(&self) -> Vec<Conversation> {
        let kept = self.conversations.iter().filter(|(_, row)| !row.hidden).map(|(id, _)| *id);
        let ids: Set<_> = kept.chain(self.unsent().map(|(_, p)| p.to)).collect();
        let mut list: Vec<_> = ids.into_iter().map(|id| self.conversation(id)).collect();
        sort(&mut list, |a, b| (b.timestamp, a.id) < (a.timestamp, b.id));
        list
    }

    pub(super) fn front_write(&self) -> Write {
        let keys: Vec<_> = self.front.iter().map(|of| conversation_key(*of)).collect();
        Write::put(Table::Kv, kv::FRONT, keys.concat())
    }

    /// Notes that the cloud was told so; what has to be written.
    pub(super) fn mute(&mut self, of: ConversationId, muted: bool) -> Write {
        if let (Kind::User, Some(user)) = (of.kind, self.users.get_mut(&of.uid)) {
            user.muted = muted;
            return user_write(user);
        }
        if let (Kind::Group, Some(group)) = (of.kind, self.groups.get_mut(&of.uid)) {
            group.muted = muted;
            return group_write(group);
        }
        self.quiet_row(of).muted = muted;
        self.conversation_write(of)
    }

    /// The row of a conversation, which is not shown for being asked for.
    pub(super) fn quiet_row(&mut self, of: ConversationId) -> &mut ConversationRow {
        let fresh = !self.conversations.contains_key(&of);
        let row = self.conversations.or_default(of);
        row.hidden |= fresh;
        row
    }

    pub(super) fn conversation_write(&self, id: ConversationId) -> Write {
        let row = self.conversations.get(&id).cloned().unwrap_or_default();
        put(Table::Conversations, conversation_key(id), &row)
    }
}

impl MessageRow {
    /// The server's id.
    pub(super) fn id(&self) -> u64 {
        self.meta.as_ref().map_or(0, |meta| meta.id)
    }

    /// Who sent it.
    pub(super) fn from(&self) -> u64 {
        self.meta.as_ref().and_then(|meta| meta.from).map_or(0, |xid| xid.uid)
    }
}
