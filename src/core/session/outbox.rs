//! Sending: durable first, in order, with the same id until the server has answered (xsync 5.11).
//!
//! ```text
//!             durable          connection ready        server_mid
//!   queued -----------> waits -----------------> sent -----------> stored message, out of the outbox
//!     |  store failed     ^      15 s without an   |  refused
//!     v                   '---- answer, or lost ---'-----------> failed, stays: resend or cancel
//!   failed (not kept)
//! ```
//!
//! Operations and receipts travel the same way; those are told in `operations.rs`.
use std::time::Duration;

use super::account::{Errand, Pending};
use super::body;
use super::login::concerns_session;
use super::merge::{Job, Work, row_of};
use super::rows::{MessageRow, kv, put};
use super::{
    Batch, CallId, Content, Event, MAX_ATTACHMENT, MAX_EXT, MAX_TEXT, Mark, Output, Place, Reply, Session, Timer,
};
use crate::core::codec::{MAX_FRAME_OUT, Uplink};
use crate::core::model::{Change, ConversationId, Domain, Error, ErrorCode, Kind, Message, MessageStatus, Millis};
use crate::core::proto::{
    MessageBody, Meta, SyncDl, SyncUl, Xid,
    message_body::{ContentType, QoS, Type},
    message_operation::OpType,
    meta::NameSpace,
    status,
};
use crate::core::wire::Wire as _;
use crate::ports::{Table, Write};

/// How many entries may wait for their answer at the same time.
const IN_FLIGHT: usize = 8;
/// An answer has to come within this time.
const ACK: Duration = Duration::from_secs(15);
/// The server asked for less: the first pause, doubled each time up to 32 times.
const PAUSE: Duration = Duration::from_secs(1);

impl Content {
    /// Checks sizes and shapes; the error names the field.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match () {
            () if ContentType::try_from(self.ctype).is_err() => Err("`type` is not one of the protocol"),
            () if self.text.is_empty() && self.ctype == ContentType::Text as i32 => Err("`text` is empty"),
            () if self.text.len() > MAX_TEXT => Err("`text` is over 64 KiB of UTF-8"),
            () if self.ext.len() > MAX_EXT => Err("`ext` is over 16 KiB of UTF-8"),
            () if self.config.len() > MAX_EXT => Err("`config` is over 16 KiB of UTF-8"),
            () if self.attachment.len() > MAX_ATTACHMENT => Err("`attachment` is over 256 KiB of UTF-8"),
            () if !self.config.is_empty() && !body::is_object(&self.config) => Err("`config` is not a JSON object"),
            () if !self.attachment.is_empty() && !body::is_object(&self.attachment) => {
                Err("`attachment` is not a JSON object")
            }
            () if self.attachment.is_empty() && (1..=5).contains(&self.ctype) => Err("`attachment` is missing"),
            () if self.sender_name.len() > 256 => Err("`senderName` is over 256 bytes of UTF-8"),
            () if self.priority > 10 => Err("`priority` is not from 0 to 10"),
            () if QoS::try_from(self.qos).is_err() => Err("`qos` is not one of the protocol"),
            () => Ok(()),
        }
    }
}

impl Session {
    /// The next client message id: ascending, unique per device, below 2^53 (xsync 5.2).
    pub fn allocate_id(&mut self, now: Millis) -> Result<u64, Error> {
        let account = self.account.as_mut().ok_or_else(|| Error::new(Domain::Argument, ErrorCode::UserNotLogin, ""))?;
        let salt = account.device.guid.bytes().fold(0u64, |h, b| (h * 31 + u64::from(b)) % 1000);
        account.last_id = (account.last_id + 1).max(now.0.saturating_mul(1000).saturating_add(salt));
        Ok(account.last_id)
    }

    pub(super) fn send(&mut self, call: CallId, id: u64, to: ConversationId, content: Content) {
        let now = self.told(self.now);
        let Some(account) = &mut self.account else { return };
        let refuse = |detail: &str| Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, detail));
        let checked = match content.check() {
            Err(detail) => refuse(detail),
            Ok(()) if to.kind == Kind::System => refuse("`to` is the system conversation"),
            Ok(()) if account.outbox.contains_key(&id) => refuse("`id` is in use"),
            Ok(()) => Ok(()),
        };
        if let Err(e) = checked {
            return self.reply(call, Err(e));
        }
        let Content { ctype, text, attachment, config, ext, sender_name, qos, priority } = content;
        let body = MessageBody {
            r#type: if to.kind == Kind::Group { Type::Groupchat } else { Type::Chat } as i32,
            content: text,
            ctype,
            config,
            attachment,
            ext,
            qos,
            sender_name,
            priority,
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
        debug_assert!(meta.payload.len() < MAX_FRAME_OUT / 2, "the limits of the parts keep frames small");
        account.last_id = account.last_id.max(id);
        if qos == QoS::AtMostOnce as i32 {
            return self.send_once(call, meta);
        }
        let mut pending = Pending::new(&meta, to, None);
        pending.row.held = !self.link.ready;
        let mut writes = vec![
            put(Table::Outbox, id.to_be_bytes().into(), &pending.row),
            Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()),
        ];
        let new = !account.conversations.contains_key(&to);
        let listed = account.conversations.or_default(to);
        if std::mem::take(&mut listed.hidden) || new {
            writes.push(account.conversation_write(to));
        }
        account.outbox.insert(id, pending);
        let seen = account.conversation(to);
        self.event(Event::Conversations(vec![seen]));
        let (then, marks) = (vec![Output::Reply(call, Ok(Reply::Done))], vec![Mark::Queued(id)]);
        self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then, marks }));
        self.want_cards([to.uid].into_iter().collect());
    }

    /// At most once: now or never, and nobody waits for an answer.
    fn send_once(&mut self, call: CallId, meta: Meta) {
        let sent = self.send_now(&Uplink::Sync(SyncUl { meta: Some(meta), ..SyncUl::default() }));
        let offline = || Error::new(Domain::Frame, ErrorCode::ServerNotReachable, "not online, and not to be kept");
        self.reply(call, if sent { Ok(Reply::Done) } else { Err(offline()) });
    }

    /// A frame of the application's own: now or never.
    pub(super) fn send_raw(&mut self, call: CallId, frame: Vec<u8>) {
        let error = match () {
            () if frame.len() > MAX_FRAME_OUT => Error::argument("`frame` is over 1 MiB"),
            () if !self.link.ready => {
                Error::new(Domain::Frame, ErrorCode::ServerNotReachable, "not online, and not to be kept")
            }
            () => {
                self.out.push_back(Output::Transmit { generation: self.link.generation, frame });
                return self.reply(call, Ok(Reply::Done));
            }
        };
        self.reply(call, Err(error));
    }

    /// Sends a failed message again.
    pub(super) fn resend(&mut self, call: CallId, id: u64) {
        let Some(account) = &mut self.account else { return };
        let Some(pending) = account.outbox.get_mut(&id).filter(|p| p.row.failed != 0) else {
            let why = "no failed message has this `id`";
            return self.reply(call, Err(Error::argument(why)));
        };
        pending.row.failed = 0;
        pending.row.reason = String::new();
        pending.durable = false;
        pending.again = true;
        let (of, row) = (pending.to, put(Table::Outbox, id.to_be_bytes().into(), &pending.row));
        let mut then = self.outbox_changed(id, of);
        then.push(Output::Reply(call, Ok(Reply::Done)));
        let (writes, marks) = (vec![row], vec![Mark::Queued(id)]);
        self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then, marks }));
    }

    /// Takes an entry out of the outbox unless the server may have it.
    pub(super) fn cancel(&mut self, call: CallId, id: u64) {
        let Some(account) = &mut self.account else { return };
        let open = account.outbox.get(&id).filter(|p| p.row.failed != 0 || (p.sent.is_none() && !p.again));
        let Some(pending) = open.cloned() else {
            let why = match account.outbox.contains_key(&id) {
                true => "the server may have this message already: wait for what becomes of it",
                false => "no message that waits has this `id`",
            };
            return self.reply(call, Err(Error::argument(why)));
        };
        let cancelled = Error::new(Domain::Argument, ErrorCode::Cancelled, "cancelled before it was sent");
        if pending.errand == Errand::Message {
            let message = account.pending(id, &pending);
            account.outbox.remove(&id);
            let of = pending.to;
            let seen = account.conversation(of);
            let gone = super::merge::update(Change::Delete, of, 0, Some(message));
            let then = vec![
                Output::Event(Event::Updates(vec![gone])),
                Output::Event(Event::Conversations(vec![seen])),
                Output::Reply(call, Ok(Reply::Done)),
            ];
            return self.persist(vec![Write::delete(Table::Outbox, id.to_be_bytes())], then);
        }
        self.enqueue(Job::Answered { id, ack: SyncDl::default(), error: Some(cancelled) });
        self.reply(call, Ok(Reply::Done));
    }

    /// What the application hears when a message of the outbox stands differently.
    fn outbox_changed(&self, id: u64, of: ConversationId) -> Vec<Output> {
        let Some((account, pending)) = self.account.as_ref().and_then(|a| Some((a, a.outbox.get(&id)?))) else {
            return Vec::new();
        };
        let message = account.pending(id, pending);
        vec![
            Output::Event(Event::Updates(vec![super::merge::update(Change::Status, of, 0, Some(message))])),
            Output::Event(Event::Conversations(vec![account.conversation(of)])),
        ]
    }

    pub(super) fn queued(&mut self, id: u64) {
        if let Some(pending) = self.account.as_mut().and_then(|a| a.outbox.get_mut(&id)) {
            pending.durable = true;
        }
        self.flush();
    }

    /// The entry could not be written down, so it is not sent either.
    pub(super) fn not_kept(&mut self, id: u64, error: &Error) {
        let Some(account) = &mut self.account else { return };
        let Some(pending) = account.outbox.remove(&id) else { return };
        match (pending.errand, pending.call) {
            (Errand::Message, _) => {
                let lost = account.pending(id, &pending);
                let failed = Message { status: MessageStatus::Failed, error: Some(error.clone()), ..lost };
                self.event(Event::Failed(vec![failed]));
            }
            (_, Some(call)) => self.reply(call, Err(error.clone())),
            (_, None) => {}
        }
    }

    /// Writes what waits: messages and operations first, oldest first, then receipts; up to the limit of
    /// unanswered entries.
    pub(super) fn flush(&mut self) {
        if !self.link.ready || self.timers.get(Timer::Outbox).is_some() {
            return;
        }
        self.let_go();
        let now = self.now;
        let Some(account) = &mut self.account else { return };
        let mut free = IN_FLIGHT.saturating_sub(account.outbox.values().filter(|p| p.sent.is_some()).count());
        let mut metas = Vec::new();
        for receipts in [false, true] {
            for pending in account.outbox.values_mut() {
                // Marking unread goes with the receipts, so that it does not overtake a reading before it.
                let receipt = matches!(pending.errand, Errand::Receipt(..) | Errand::Operation(OpType::ReadCancel, _));
                if receipt != receipts || pending.row.failed != 0 || pending.sent.is_some() || pending.answered {
                    continue;
                }
                if free == 0 || !pending.durable {
                    break; // later ones must not overtake
                }
                free -= 1;
                pending.sent = Some(now);
                // Field order is fixed, so it encodes to the same bytes each time.
                metas.push(pending.meta());
            }
        }
        for meta in metas {
            self.send_now(&Uplink::Sync(SyncUl { meta: Some(meta), ..SyncUl::default() }));
        }
        self.arm_ack();
    }

    /// What was written down without a connection goes out now. That is noted first, for all of it at once: after a
    /// restart nobody could tell otherwise.
    fn let_go(&mut self) {
        let Some(account) = &mut self.account else { return };
        let (mut writes, mut marks) = (Vec::new(), Vec::new());
        for (id, pending) in account.outbox.iter_mut().filter(|(_, p)| p.row.held && p.durable && p.row.failed == 0) {
            pending.row.held = false;
            pending.durable = false;
            writes.push(put(Table::Outbox, id.to_be_bytes().into(), &pending.row));
            marks.push(Mark::LetGo(*id));
        }
        if !writes.is_empty() {
            self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then: vec![], marks }));
        }
    }

    fn arm_ack(&mut self) {
        let oldest = self.account.iter().flat_map(|a| a.outbox.values()).filter_map(|p| p.sent).min();
        self.timers.set(Timer::Ack, oldest.map(|at| at + ACK));
    }

    /// The connection is gone: what was not answered goes out again on the next one.
    pub(super) fn unsend(&mut self) {
        for pending in self.account.iter_mut().flat_map(|a| a.outbox.values_mut()) {
            pending.again |= pending.sent.take().is_some();
        }
    }

    /// Whoever waits for an entry of the outbox hears why it will not be told; the entry stays.
    pub(super) fn fail_outbox(&mut self, why: &Error) {
        let Some(account) = &mut self.account else { return };
        for call in account.outbox.values_mut().filter_map(|p| p.call.take()).collect::<Vec<_>>() {
            self.reply(call, Err(why.clone()));
        }
    }

    pub(super) fn acknowledged(&mut self, ack: SyncDl) {
        let status = ack.status.clone().unwrap_or_default();
        let id = ack.client_mid;
        if concerns_session(status.code) {
            return self.refused(status.code, status.reason);
        }
        if status.code == status::ErrorCode::RateLimitExceeded as i32 {
            return self.slow_down(id);
        }
        self.pauses = 0;
        let Some(pending) = self.account.as_mut().and_then(|a| a.outbox.get_mut(&id)) else { return }; // answered before
        let (again, errand, to) = (pending.again, pending.errand, pending.to);
        pending.sent = None;
        pending.answered = true; // not again, while the answer is worked on
        self.arm_ack();
        let accepted =
            status.code == status::ErrorCode::Ok as i32 && (ack.server_mid != 0 || errand != Errand::Message);
        if accepted {
            return self.enqueue(Job::Answered { id, ack, error: None });
        }
        if again && status.reason.contains("duplicated") {
            // The server has it from an earlier try whose answer was lost.
            return match (errand, to) {
                (Errand::Message, of) => self.look_for(of, id),
                _ => self.enqueue(Job::Answered { id, ack: SyncDl { server_mid: 0, ..ack }, error: None }),
            };
        }
        let error = Error::from_frame(status.code, status.reason);
        self.enqueue(Job::Answered { id, ack, error: Some(error) });
    }

    /// The server wants fewer messages: the same entry goes out again after a pause.
    fn slow_down(&mut self, id: u64) {
        if let Some(pending) = self.account.as_mut().and_then(|a| a.outbox.get_mut(&id)) {
            pending.sent = None;
            pending.again = true; // which of the tries an answer is for, it does not say
        }
        self.arm_ack();
        let pause = PAUSE * (1 << self.pauses.min(5));
        self.pauses += 1;
        self.timers.set(Timer::Outbox, Some(self.now + pause));
        let error = Error::new(Domain::Frame, ErrorCode::MessageRateLimitExceeded, "sending goes on after a pause");
        self.event(Event::Error(error));
    }

    /// The answer's turn has come: see [`Job::Answered`].
    pub(super) fn answered(&mut self, work: &mut Work, id: u64, ack: &SyncDl, error: Option<Error>) {
        let Some(account) = &mut self.account else { return };
        let Some(mut pending) = account.outbox.remove(&id) else { return };
        if pending.errand != Errand::Message {
            return self.operation_answered(work, id, &pending, ack, error);
        }
        let of = pending.to;
        if let Some(error) = error {
            pending.answered = false;
            pending.row.failed = error.code as u32;
            pending.row.reason = error.detail;
            let message = account.pending(id, &pending);
            work.out.writes.push(put(Table::Outbox, id.to_be_bytes().into(), &pending.row));
            account.outbox.insert(id, pending);
            work.out.first.push(Event::Failed(vec![message]));
            work.out.touched.insert(of);
            return;
        }
        let mut meta = pending.meta();
        meta.id = ack.server_mid;
        if ack.server_time != 0 {
            meta.timestamp = ack.server_time;
        }
        self.accepted(work, of, id, meta);
    }

    /// The server has a message of this device: the row takes the place of the entry.
    pub(super) fn accepted(&mut self, work: &mut Work, of: ConversationId, client_mid: u64, meta: Meta) {
        let Some(account) = &mut self.account else { return };
        account.outbox.remove(&client_mid);
        work.out.writes.push(Write::delete(Table::Outbox, client_mid.to_be_bytes()));
        let id = meta.id;
        if id <= row_of(account, of).floor {
            // Its conversation was removed on another device meanwhile.
            let row = MessageRow { meta: Some(meta), client_mid, ..MessageRow::default() };
            let message = account.message(of, &row);
            work.out.first.push(Event::Sent(vec![message.clone()]));
            work.out.updates.push(super::merge::update(Change::Delete, of, id, Some(message)));
            work.out.touched.insert(of);
            return;
        }
        // As if it came from history, which it may have done before the answer; what waits for it is carried out.
        let body = body::sent(&meta);
        self.message_came(work, of, meta, &body, false);
        work.change(of, id, |row| {
            row.client_mid = client_mid;
            row.quiet = false;
        });
        let (Some(account), Some(row)) = (&mut self.account, work.rows.get(&(of, id))) else { return };
        account.conversations.or_default(of).hidden = false;
        let message = Message { client_id: client_mid, ..account.message(of, row) };
        work.out.first.push(Event::Sent(vec![message]));
    }

    /// A page of history was fetched to find a message that the server has already: is it there?
    pub(super) fn resolved(&mut self, work: &mut Work, of: ConversationId, client_mid: u64, ids: &[u64]) {
        let Some(account) = &self.account else { return };
        let Some(pending) = account.outbox.get(&client_mid) else { return };
        let (me, wanted) = (account.uid, pending.meta());
        let sent = MessageBody::decode(wanted.payload.clone()).unwrap_or_default();
        let found = ids.iter().filter_map(|id| work.rows.get(&(of, *id))).find(|row| {
            let body = body::body(row);
            row.from() == me
                && row.client_mid == 0
                && (&body.content, body.ctype, &body.attachment) == (&sent.content, sent.ctype, &sent.attachment)
        });
        match found.and_then(|row| row.meta.clone()) {
            Some(meta) => self.accepted(work, of, client_mid, meta),
            None => {
                let why = "the server has it already, but its history does not show it";
                let error = Error::new(Domain::Frame, ErrorCode::ServerFireplaceUnknownError, why);
                self.answered(work, client_mid, &SyncDl::default(), Some(error));
            }
        }
    }
}
