//! Sending: durable first, in order, with the same id until the server has it (xsync 5.11).
use std::collections::btree_map::Entry;
use std::time::Duration;

use prost::Message as _;

use super::rows::{ConversationRow, MessageRow, OutboxRow, Pending, delete, kv, message_key, put};
use super::{Batch, CallId, Event, MAX_EXT, MAX_TEXT, Mark, Output, Place, Reply, Session, Timer};
use crate::core::codec::{MAX_FRAME_OUT, Uplink};
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind, Message, MessageStatus};
use crate::core::proto::{MessageBody, Meta, SyncDl, SyncUl, Xid, message_body::Type, meta::NameSpace, status};
use crate::ports::{Table, Write};

/// How many messages may wait for their acknowledgement at the same time.
const IN_FLIGHT: usize = 8;
/// An acknowledgement has to come within this time.
const ACK: Duration = Duration::from_secs(15);

impl Session {
    /// The next client message id: ascending, unique per device, below 2^53 (xsync 5.2).
    pub fn allocate_id(&mut self, now: crate::core::model::Millis) -> Result<u64, Error> {
        let account = self.account.as_mut().ok_or_else(|| Error::new(Domain::Argument, ErrorCode::UserNotLogin, ""))?;
        let salt = account.device.guid.bytes().fold(0u64, |h, b| (h * 31 + u64::from(b)) % 1000);
        account.last_id = (account.last_id + 1).max(now.0.saturating_mul(1000).saturating_add(salt));
        Ok(account.last_id)
    }

    pub(super) fn send(&mut self, call: CallId, id: u64, to: ConversationId, text: String, ext: String) {
        let now = self.now;
        let Some(account) = &mut self.account else { return };
        let refuse = |detail: &str| Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, detail));
        let checked = match () {
            () if text.is_empty() => refuse("`text` is empty"),
            () if text.len() > MAX_TEXT => refuse("`text` is over 64 KiB of UTF-8"),
            () if ext.len() > MAX_EXT => refuse("`ext` is over 16 KiB of UTF-8"),
            () if to.kind == Kind::System => refuse("`to` is the system conversation"),
            () if account.outbox.contains_key(&id) => refuse("`id` is in use"),
            () => Ok(()),
        };
        if let Err(e) = checked {
            return self.reply(call, Err(e));
        }
        let body = MessageBody {
            r#type: if to.kind == Kind::Group { Type::Groupchat } else { Type::Chat } as i32,
            content: text,
            ext,
            ..MessageBody::default()
        };
        let meta = Meta {
            id,
            from: Some(Xid { uid: account.uid, device_sn: account.device.sn }),
            to: Some(to.xid()),
            timestamp: now.0,
            ns: NameSpace::Message as i32,
            payload: body.encode_to_vec().into(),
        };
        let row = OutboxRow {
            meta: meta.encode_to_vec().into(),
            kind: to.kind as u32,
            to: to.uid,
            failed: 0,
            reason: String::new(),
        };
        debug_assert!(row.meta.len() < MAX_FRAME_OUT, "the limits of text and ext keep frames small");
        account.last_id = account.last_id.max(id);
        let mut writes = vec![
            put(Table::Outbox, id.to_be_bytes().into(), &row),
            Write { table: Table::Kv, key: kv::LAST_ID.into(), value: Some(account.last_id.to_be_bytes().into()) },
        ];
        if let Entry::Vacant(place) = account.conversations.entry(to) {
            place.insert(ConversationRow::default());
            writes.push(account.conversation_write(to));
        }
        let pending = Pending { row, to, durable: false, sent: None };
        account.outbox.insert(id, pending);
        let seen = account.conversation(to);
        self.event(Event::Conversations(vec![seen]));
        self.out.push_back(Output::Persist(Batch {
            place: Place::Account,
            writes,
            then: vec![],
            mark: Some(Mark::Queued(id)),
        }));
        self.reply(call, Ok(Reply::Done));
        self.want_cards();
    }

    pub(super) fn queued(&mut self, id: u64) {
        if let Some(pending) = self.account.as_mut().and_then(|a| a.outbox.get_mut(&id)) {
            pending.durable = true;
        }
        self.flush();
    }

    /// The message could not be written down, so it is not sent either.
    pub(super) fn not_kept(&mut self, id: u64, error: &Error) {
        let Some(account) = &mut self.account else { return };
        let Some(pending) = account.outbox.remove(&id) else { return };
        let lost = account.pending(id, &pending);
        let failed = Message { status: MessageStatus::Failed, error: Some(error.clone()), ..lost };
        self.event(Event::Failed(vec![failed]));
    }

    /// Writes what waits, oldest first, up to the limit of unacknowledged messages.
    pub(super) fn flush(&mut self) {
        if !self.link.ready {
            return;
        }
        let now = self.now;
        let Some(account) = &mut self.account else { return };
        let mut free = IN_FLIGHT.saturating_sub(account.outbox.values().filter(|p| p.sent.is_some()).count());
        let mut metas = Vec::new();
        for pending in account.outbox.values_mut().filter(|p| p.row.failed == 0 && p.sent.is_none()) {
            if free == 0 || !pending.durable {
                break; // later ones must not overtake
            }
            free -= 1;
            pending.sent = Some(now);
            metas.push(pending.row.meta.clone());
        }
        for bytes in metas {
            // Read back when restored, so it decodes; field order is fixed, so it re-encodes to the same bytes.
            let meta = Meta::decode(bytes).unwrap_or_default();
            self.send_now(&Uplink::Sync(SyncUl { meta: Some(meta), ..SyncUl::default() }));
        }
        self.arm_ack();
    }

    fn arm_ack(&mut self) {
        let oldest = self.account.iter().flat_map(|a| a.outbox.values()).filter_map(|p| p.sent).min();
        self.timers.set(Timer::Ack, oldest.map(|at| at + ACK));
    }

    /// The connection is gone: what was not acknowledged goes out again on the next one.
    pub(super) fn unsend(&mut self) {
        for pending in self.account.iter_mut().flat_map(|a| a.outbox.values_mut()) {
            pending.sent = None;
        }
    }

    pub(super) fn acknowledged(&mut self, ack: SyncDl) {
        let status = ack.status.unwrap_or_default();
        if status.code == status::ErrorCode::Unauthorized as i32
            || status.code == status::ErrorCode::InvalidToken as i32
        {
            return self.refused(status.code, status.reason);
        }
        let id = ack.client_mid;
        let Some(account) = &mut self.account else { return };
        let Some(mut pending) = account.outbox.remove(&id) else { return }; // acknowledged before
        let of = pending.to;
        if status.code != status::ErrorCode::Ok as i32 || ack.server_mid == 0 {
            let refusal = Error::from_frame(status.code, status.reason);
            pending.row.failed = refusal.code as u32;
            pending.row.reason = refusal.detail;
            pending.sent = None;
            let (message, row) = (account.pending(id, &pending), pending.row.clone());
            account.outbox.insert(id, pending);
            let seen = account.conversation(of);
            self.persist(
                vec![put(Table::Outbox, id.to_be_bytes().into(), &row)],
                vec![Output::Event(Event::Failed(vec![message])), Output::Event(Event::Conversations(vec![seen]))],
            );
            return self.flush();
        }
        let mut meta = Meta::decode(pending.row.meta).unwrap_or_default();
        meta.id = ack.server_mid;
        if ack.server_time != 0 {
            meta.timestamp = ack.server_time;
        }
        let row = MessageRow { meta: Some(meta), client_mid: id };
        let conversation = account.conversations.entry(of).or_default();
        conversation.top = conversation.top.max(ack.server_mid);
        let newest = conversation.last.as_ref().and_then(|l| l.meta.as_ref()).is_none_or(|l| l.id < ack.server_mid);
        if newest {
            conversation.last = Some(row.clone());
        }
        let writes = vec![
            delete(Table::Outbox, id.to_be_bytes().into()),
            put(Table::Messages, message_key(of, ack.server_mid), &row),
            account.conversation_write(of),
        ];
        let (message, seen) = (account.message(of, &row), account.conversation(of));
        self.persist(
            writes,
            vec![Output::Event(Event::Sent(vec![message])), Output::Event(Event::Conversations(vec![seen]))],
        );
        self.flush();
    }
}
