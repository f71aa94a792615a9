//! Operations on messages: made by the user, carried out when they come or are accepted (xsync 5.6, 6.5).
//!
//! ```text
//! user: operate -> outbox -> shown at once (account.rs lays it over the message)
//!                     |-- accepted -> carried out on the stored message, told with the server's time
//!                     '-- refused  -> out of the outbox: the message shows as it was; the call fails
//! others:  meta of a stream -> carried out once (`applied_ops`), or kept in `pending_ops` until its message comes
//! ```
//!
//! What is carried out never depends on the order of arrival: read marks compare ids of operations,
//! edits that overtake each other make the message be fetched again, whatever takes a message away
//! leaves a row that nothing brings back.

use super::account::{Errand, Pending};
use super::body;
use super::merge::{Outcome, Work, edit_time, kind, places, row_of, strip, uid, update};
use super::rows::{EditRow, MarkRow, MessageRow, clear_locals, clear_messages, kv, put, receipt, receipt_key};
use super::{Batch, CallId, Event, MAX_EXT, MAX_TEXT, Mark, Operation, Output, Place, Receipts, Reply, Session};
use crate::core::map::{Set, sort};
use crate::core::model::{Change, ConversationId, Domain, Error, ErrorCode, Kind, Millis, Update};
use crate::core::proto::{
    self, ConversationOperation, MessageBody, MessageOperation, Meta, SyncDl, Xid,
    conversation::Type as ConversationType,
    conversation_operation::OpType as RemovalType,
    message_body::{ContentType, Type},
    message_operation::OpType,
    meta::NameSpace,
};
use crate::core::wire::Wire as _;
use crate::ports::{Query, Row, StoreError, Table, Write};

impl Operation {
    /// Its number on the wire, and its content: text, config, ext.
    const fn wire(&self) -> (OpType, &str, &str, &str) {
        match self {
            Self::Recall => (OpType::Recall, "", "", ""),
            Self::Delete => (OpType::Delete, "", "", ""),
            Self::Unread => (OpType::ReadCancel, "", "", ""),
            Self::Played => (OpType::PlayAck, "", "", ""),
            Self::Patch { text, config, ext } => (OpType::Unknown, text.as_str(), config.as_str(), ext.as_str()),
            Self::Append { text, config, ext } => (OpType::Append, text.as_str(), config.as_str(), ext.as_str()),
            Self::Replace { text, config, ext } => (OpType::Replace, text.as_str(), config.as_str(), ext.as_str()),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let (kind, text, config, ext) = self.wire();
        match () {
            () if text.len() > MAX_TEXT => Err("`text` is over 64 KiB of UTF-8"),
            () if config.len() > MAX_EXT => Err("`config` is over 16 KiB of UTF-8"),
            () if ext.len() > MAX_EXT => Err("`ext` is over 16 KiB of UTF-8"),
            () if !config.is_empty() && !body::is_object(config) => Err("`config` is not a JSON object"),
            () if kind == OpType::Append && text.is_empty() => Err("`text` is empty"),
            () if kind == OpType::Replace && text.is_empty() && config.is_empty() && ext.is_empty() => {
                Err("there is nothing to replace: `text`, `config` and `ext` are empty")
            }
            () => Ok(()),
        }
    }
}

/// What an operation does, in words for the application; `None` for those that change no message.
const fn change_of(kind: OpType) -> Option<Change> {
    match kind {
        OpType::ReadAck => Some(Change::Read),
        OpType::ReadCancel => Some(Change::Unread),
        OpType::DeliverAck => Some(Change::Delivered),
        OpType::Recall => Some(Change::Recall),
        OpType::Delete => Some(Change::Delete),
        OpType::PlayAck => Some(Change::Played),
        OpType::Append => Some(Change::Append),
        OpType::Replace => Some(Change::Replace),
        OpType::ReadAll | OpType::Unknown => None,
    }
}

impl Session {
    /// Begins an operation of the user (xsync 5.6).
    pub(super) fn operate(&mut self, call: CallId, of: ConversationId, target: u64, operation: Operation) {
        let refuse = |detail: &str| Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, detail));
        let kind = operation.wire().0;
        let checked = match operation.check() {
            _ if target == 0 => refuse("`target` is missing"),
            _ if of.kind == Kind::System && !matches!(kind, OpType::Delete | OpType::ReadCancel | OpType::Unknown) => {
                refuse("messages of the system conversation can only be deleted or marked unread")
            }
            checked => checked.or_else(refuse),
        };
        match checked {
            Ok(()) => self.enqueue(super::merge::Job::Operate { call, of, target, operation }),
            Err(e) => self.reply(call, Err(e)),
        }
    }

    /// The message was read from the store: puts the operation into the outbox and shows what it will do.
    pub(super) fn operated(
        &mut self,
        work: &mut Work,
        call: CallId,
        of: ConversationId,
        target: u64,
        operation: Operation,
    ) {
        if let Operation::Patch { text, config, ext } = operation {
            return self.patch(work, call, of, target, EditRow { text, config, ext, ..EditRow::default() });
        }
        let (kind, text, config, ext) = operation.wire();
        if kind == OpType::ReadCancel {
            self.tell_read(); // what was read before this has to be told before it
        }
        let now = self.now;
        let Ok(id) = self.allocate_id(now) else { return };
        let (me, sn) = self.address();
        let own = Xid { uid: me, device_sn: sn };
        let author = work.rows.get(&(of, target)).map_or(of.uid, MessageRow::from);
        let (to, xid, ctype) = match kind {
            OpType::Delete | OpType::ReadCancel => (own, Some(of.xid()), ContentType::Command),
            OpType::PlayAck => (Xid { uid: author, device_sn: 0 }, None, ContentType::Command),
            OpType::Recall => (of.xid(), Some(of.xid()), ContentType::Command),
            _ => (of.xid(), None, ContentType::Text),
        };
        let body = MessageBody {
            r#type: Type::Oper as i32,
            content: text.to_owned(),
            ctype: ctype as i32,
            operation: Some(MessageOperation { r#type: kind as i32, mid: target, xid }),
            config: config.to_owned(),
            ext: ext.to_owned(),
            ..MessageBody::default()
        };
        self.entrust(&mut work.out, id, of, to, &body, Some(call));
        let Some(account) = &mut self.account else { return };
        let read =
            work.rows.get(&(of, target)).is_some_and(|row| account.may_count(row) && !account.is_unread(of, row));
        if kind == OpType::ReadCancel && read {
            let conversation = account.conversations.or_default(of);
            conversation.cancels.push(MarkRow { mid: target, op: u64::MAX });
            conversation.unread += 1;
            work.out.touched.insert(of);
        }
        if kind == OpType::PlayAck {
            work.change(of, target, |row| row.receipts |= receipt::PLAYED);
        }
        let message = work.rows.get(&(of, target)).filter(|row| !row.gone).map(|row| account.message(of, row));
        if let (Some(change), true) = (change_of(kind), message.is_some()) {
            let (text, config, ext) = (body.content, body.config, body.ext);
            work.out.updates.push(Update { by: me, text, config, ext, ..update(change, of, target, message) });
        }
    }

    /// The application lays something over a message, or takes it away again.
    fn patch(&mut self, work: &mut Work, call: CallId, of: ConversationId, target: u64, patch: EditRow) {
        let there = work.change(of, target, |row| row.patch = Some(patch).filter(|it| *it != EditRow::default()));
        if let (true, Some(account), Some(row)) = (there, &self.account, work.rows.get(&(of, target))) {
            work.out.updates.push(update(Change::Local, of, target, Some(account.message(of, row))));
        }
        work.out.then.push(Output::Reply(call, Ok(Reply::Done)));
    }

    /// Puts an operation or receipt into the outbox, with the writes of a job.
    pub(super) fn entrust(
        &mut self,
        out: &mut Outcome,
        id: u64,
        of: ConversationId,
        to: Xid,
        body: &MessageBody,
        call: Option<CallId>,
    ) {
        let (me, sn) = self.address();
        let Some(account) = &mut self.account else { return };
        let meta = Meta {
            id,
            from: Some(Xid { uid: me, device_sn: sn }),
            to: Some(to),
            ns: NameSpace::Message as i32,
            payload: body.encode_to_vec().into(),
            ..Meta::default()
        };
        let pending = Pending::new(&meta, of, call);
        account.last_id = account.last_id.max(id);
        out.writes.push(put(Table::Outbox, id.to_be_bytes().into(), &pending.row));
        out.writes.push(Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()));
        account.outbox.insert(id, pending);
        out.marks.push(id);
    }

    /// An operation came, from somebody or from another device of the user, or our own was accepted.
    pub(super) fn carry_out(&mut self, work: &mut Work, meta: &Meta, body: &MessageBody, operation: &MessageOperation) {
        let Some(account) = &self.account else { return };
        let me = account.uid;
        let (by, target, op) = (uid(meta.from), operation.mid, kind(operation));
        let places = places(account, meta, operation);
        let own = matches!(op, OpType::ReadAll | OpType::ReadCancel | OpType::Delete);
        if op == OpType::Unknown || (own && by != me) {
            self.stats.skipped += 1;
            return;
        }
        if op == OpType::ReadAll {
            let up_to = if target == 0 { meta.id } else { target };
            let known: Vec<_> = places.into_iter().filter(|of| account.conversations.contains_key(of)).collect();
            if let (true, Some(account)) = (known.is_empty() && target != 0, &mut self.account) {
                work.wait(account, target, meta); // nothing of that conversation has come yet
            }
            for of in known {
                self.all_read(work, of, up_to, meta.id);
            }
            return;
        }
        let at = places.iter().copied().find(|of| work.rows.contains_key(&(*of, target)));
        let Some(of) = at else { return self.carry_out_blind(work, meta, body, operation, &places) };
        let before = work.rows.get(&(of, target)).filter(|row| !row.gone).map(|row| account.message(of, row));
        let done = self.change_message(work, of, meta, body, operation);
        if let (true, Some(account), Some(change)) = (done, &self.account, change_of(op)) {
            let gone = matches!(change, Change::Recall | Change::Delete);
            let now = work.rows.get(&(of, target)).filter(|_| !gone).map(|row| account.message(of, row));
            let message = if gone { before } else { now };
            work.out.updates.push(Update {
                by,
                operation: meta.id,
                text: body.content.clone(),
                config: body.config.clone(),
                ext: body.ext.clone(),
                timestamp: Millis(if body.edit_timestamp != 0 { body.edit_timestamp } else { meta.timestamp }),
                ..update(change, of, target, message)
            });
        }
    }

    /// The message is not here: a receipt for a message in a group, or one that came first.
    fn carry_out_blind(
        &mut self,
        work: &mut Work,
        meta: &Meta,
        body: &MessageBody,
        operation: &MessageOperation,
        places: &[ConversationId],
    ) {
        let Some(account) = &mut self.account else { return };
        let (by, target, op) = (uid(meta.from), operation.mid, kind(operation));
        let receipt = matches!(op, OpType::ReadAck | OpType::DeliverAck | OpType::PlayAck);
        let group = work.homes.get(&target).map(|gid| ConversationId::group(*gid)).filter(|_| receipt);
        if group.is_some() {
            work.out.writes.push(Write::put(Table::Receipts, receipt_key(target, op as u8, by), []));
        } else if places.iter().any(|of| target <= row_of(account, *of).floor) {
            return; // its conversation was removed after it
        } else {
            work.wait(account, target, meta);
        }
        let of = group.or_else(|| places.first().copied()).unwrap_or(ConversationId::SYSTEM);
        if let Some(change) = change_of(op) {
            work.out.updates.push(Update {
                by,
                operation: meta.id,
                text: body.content.clone(),
                config: body.config.clone(),
                ext: body.ext.clone(),
                timestamp: Millis(meta.timestamp),
                ..update(change, of, target, None)
            });
        }
    }

    /// Changes the stored message; false when nothing came of it.
    fn change_message(
        &mut self,
        work: &mut Work,
        of: ConversationId,
        meta: &Meta,
        body: &MessageBody,
        operation: &MessageOperation,
    ) -> bool {
        let Some(account) = &mut self.account else { return false };
        let me = account.uid;
        let (by, target, op) = (uid(meta.from), operation.mid, kind(operation));
        let Some(row) = work.rows.get(&(of, target)).filter(|row| !row.gone) else { return false };
        let (own, author, unread) = (row.from() == me, row.from(), account.is_unread(of, row));
        let newest = row.edit.as_ref().map_or(0, |edit| edit.newest);
        let as_of = row.edit.as_ref().map_or(0, |edit| edit.at);
        match op {
            OpType::ReadAck if own && by != me => {
                work.change(of, target, |row| row.receipts |= receipt::DELIVERED | receipt::READ)
            }
            OpType::DeliverAck if own && by != me => work.change(of, target, |row| row.receipts |= receipt::DELIVERED),
            OpType::PlayAck if own != (by == me) => work.change(of, target, |row| row.receipts |= receipt::PLAYED),
            OpType::ReadAck if !own && by == me => {
                if let Some(conversation) = account.conversations.get_mut(&of) {
                    conversation.cancels.retain(|cancel| cancel.mid != target || cancel.op > meta.id);
                }
                work.change(of, target, |row| {
                    row.read = true;
                    row.read_op = row.read_op.max(meta.id);
                });
                self.count_again(work, of, target, unread);
                true
            }
            OpType::ReadCancel if !own => {
                let read_op = work.rows.get(&(of, target)).map_or(0, |row| row.read_op);
                let conversation = account.conversations.or_default(of);
                let known = conversation.cancels.iter().find(|cancel| cancel.mid == target).map(|cancel| cancel.op);
                let op = known.filter(|op| *op != u64::MAX).map_or(meta.id, |op| op.max(meta.id));
                conversation.cancels.retain(|cancel| cancel.mid != target);
                let holds = read_op <= op && !conversation.overruled(target, op); // else it was read after that
                if holds {
                    // Noted also when it is unread anyway: an earlier reading may still come.
                    conversation.cancels.push(MarkRow { mid: target, op });
                }
                if holds || known.is_some() {
                    self.count_again(work, of, target, unread);
                    work.out.touched.insert(of);
                }
                holds
            }
            OpType::Recall | OpType::Delete => {
                self.take_away(work, of, target);
                true
            }
            OpType::Append | OpType::Replace => {
                let at = edit_time(meta, body);
                if by != author || (newest == 0 && at <= as_of) {
                    return false; // not theirs, or the server has folded it in already
                }
                if meta.id < newest {
                    // A later edit came first: only the server knows what both make of it.
                    work.out.refetch.insert((of, target));
                    work.wait(account, target, meta);
                    return false;
                }
                work.change(of, target, |row| body::edit(row, op == OpType::Append, body, at, meta.id))
            }
            // A receipt for a message that needs none: of the user's own devices among themselves.
            _ => false,
        }
    }

    /// Keeps the counter right after a message has changed that was (or was not) unread before.
    pub(super) fn count_again(&mut self, work: &mut Work, of: ConversationId, target: u64, was_unread: bool) {
        let Some(account) = &mut self.account else { return };
        let is_unread = work.rows.get(&(of, target)).is_some_and(|row| account.is_unread(of, row));
        if was_unread == is_unread {
            return;
        }
        if let Some(conversation) = account.conversations.get_mut(&of) {
            conversation.unread =
                if is_unread { conversation.unread + 1 } else { conversation.unread.saturating_sub(1) };
            work.out.touched.insert(of);
        }
    }

    /// Takes a message away for good.
    pub(super) fn take_away(&mut self, work: &mut Work, of: ConversationId, target: u64) {
        let Some(account) = &mut self.account else { return };
        let unread = work.rows.get(&(of, target)).is_some_and(|row| account.is_unread(of, row));
        if let Some(conversation) = account.conversations.get_mut(&of) {
            conversation.cancels.retain(|cancel| cancel.mid != target);
            if conversation.mention == target {
                conversation.mention = 0;
                work.out.touched.insert(of);
            }
        }
        work.change(of, target, strip);
        self.count_again(work, of, target, unread);
        self.stop_waiting(&mut work.out, target);
    }

    /// The server answered an entry of the outbox that is no message, or refused a message.
    pub(super) fn operation_answered(
        &mut self,
        work: &mut Work,
        id: u64,
        pending: &Pending,
        ack: &SyncDl,
        error: Option<Error>,
    ) {
        work.out.writes.push(Write::delete(Table::Outbox, id.to_be_bytes()));
        let mut meta = Meta { id: ack.server_mid, timestamp: ack.server_time, ..pending.meta() };
        let (of, target) = match pending.errand {
            Errand::Operation(_, target) | Errand::Receipt(_, target) => (pending.to, target),
            Errand::Message | Errand::Removal => (pending.to, 0),
        };
        let Some(error) = error else {
            if let Ok(mut body) = MessageBody::decode(meta.payload.clone())
                && let Some(operation) = body.operation
                && pending.errand != Errand::Removal
            {
                body.edit_timestamp = ack.edit_timestamp;
                let blind = ack.server_mid == 0; // accepted before, under an id that nobody tells
                if blind && matches!(kind(&operation), OpType::ReadAck | OpType::ReadAll | OpType::ReadCancel) {
                    meta.id = self.newest();
                }
                if blind && matches!(kind(&operation), OpType::Append | OpType::Replace) {
                    // Only the server knows the result; asked for with each login until it is here.
                    work.out.refetch.insert((of, target));
                    if let Some(account) = &mut self.account {
                        work.wait(account, target, &Meta { id, ..meta });
                    }
                } else if blind || work.first_time(&meta) {
                    self.carry_out(work, &meta, &body, &operation);
                }
            }
            if let Some(call) = pending.call {
                work.out.then.push(Output::Reply(call, Ok(Reply::Done)));
            }
            return;
        };
        self.undo(work, pending, target);
        if let Errand::Receipt(..) = pending.errand {
            self.log(super::Level::Warn, format!("a receipt was refused: error {}", error.code as u16));
        } else if let Some(call) = pending.call {
            work.out.then.push(Output::Reply(call, Err(error)));
        } else {
            work.out.then.push(Output::Event(Event::Error(error)));
        }
    }

    /// An operation was refused or cancelled: the message shows as it was.
    fn undo(&mut self, work: &mut Work, pending: &Pending, target: u64) {
        let Some(account) = &mut self.account else { return };
        let of = pending.to;
        if let Some(conversation) = account.conversations.get_mut(&of) {
            if pending.errand == Errand::Removal && conversation.erased > 0 {
                conversation.erased = 0; // the account still has it
                work.out.touched.insert(of);
            }
            let before = conversation.cancels.len();
            conversation.cancels.retain(|cancel| cancel.mid != target || cancel.op != u64::MAX);
            if conversation.cancels.len() < before && pending.operation().is_some() {
                conversation.unread = conversation.unread.saturating_sub(1);
                work.out.touched.insert(of);
            }
        }
        if pending.operation().is_some() {
            let message = work.rows.get(&(of, target)).filter(|row| !row.gone).map(|row| account.message(of, row));
            work.out.updates.push(update(Change::Status, of, target, message));
        }
    }

    /// Removes a conversation from this device, or from all of the account (xsync 5.9).
    pub(super) fn delete_conversation(&mut self, call: CallId, id: u64, of: ConversationId, everywhere: bool) {
        let (me, sn) = self.address();
        let mut out = Outcome::default();
        let kind = if everywhere { RemovalType::DeleteEverywhere } else { RemovalType::Delete };
        let operation = ConversationOperation { r#type: kind as i32, xid: Some(Xid { uid: of.uid, device_sn: sn }) };
        let body = proto::Conversation { r#type: ConversationType::Oper as i32, operation: Some(operation) };
        let meta = Meta {
            id,
            from: Some(Xid { uid: me, device_sn: sn }),
            ns: NameSpace::Conversation as i32,
            payload: body.encode_to_vec().into(),
            ..Meta::default()
        };
        self.drop_unsent(&mut out, of, id, false);
        let Some(account) = &mut self.account else { return };
        let pending = Pending::new(&meta, of, None);
        out.writes.push(put(Table::Outbox, id.to_be_bytes().into(), &pending.row));
        out.writes.push(Write::put(Table::Kv, kv::LAST_ID, account.last_id.to_be_bytes()));
        account.outbox.insert(id, pending);
        let top = match row_of(account, of).top {
            0 if everywhere => self.newest(), // nothing of it is here, and what there is goes too
            top => top,
        };
        self.remove_conversation(&mut out, of, top, everywhere);
        let Some(account) = &self.account else { return };
        out.writes.extend(out.touched.iter().map(|of| account.conversation_write(*of)));
        let mut then = vec![Output::Event(Event::Removed(out.removed)), Output::Reply(call, Ok(Reply::Done))];
        then.append(&mut out.then);
        self.out.push_back(Output::Persist(Batch {
            place: Place::Account,
            writes: out.writes,
            then,
            marks: vec![Mark::Queued(id)],
        }));
    }

    /// Removes a conversation's messages from this device; its row stays, and what waits to be sent.
    pub(super) fn clear_conversation(&mut self, call: CallId, of: ConversationId) {
        let mut out = Outcome::default();
        self.drop_unsent(&mut out, of, u64::MAX, true);
        let Some(before) = self.account.as_ref().and_then(|account| account.conversations.get(&of)).cloned() else {
            return self.reply(call, Ok(Reply::Done)); // nothing of it is here
        };
        self.remove_conversation(&mut out, of, before.top, false);
        let Some(account) = &mut self.account else { return };
        let of_last =
            |row: &Option<MessageRow>| row.iter().filter_map(|row| row.meta.as_ref()).map(|m| m.timestamp).max();
        let row = account.conversations.or_default(of);
        row.cleared = before.cleared.max(of_last(&before.last).max(of_last(&before.local)).unwrap_or(0));
        (row.hidden, row.draft, row.pinned) = (before.hidden, before.draft, before.pinned);
        if row.read_top > before.read_top || before.unread > 0 {
            row.here = row.here.max(row.read_top);
        }
        if !row.hidden {
            out.then.push(Output::Event(Event::Conversations(vec![account.conversation(of)])));
        }
        out.then.push(Output::Reply(call, Ok(Reply::Done)));
        self.commit(out);
    }

    /// What was to be sent to a conversation goes with it, but for what was written from that id on. `failed`: only
    /// what was refused.
    pub(super) fn drop_unsent(&mut self, out: &mut Outcome, of: ConversationId, before: u64, failed: bool) {
        let Some(account) = &mut self.account else { return };
        let waiting = account.outbox.range(..before).filter(|(_, p)| p.to == of && (p.row.failed != 0 || !failed));
        let waiting: Vec<_> = waiting.map(|(id, p)| (*id, p.call)).collect();
        let gone = Error::new(Domain::Argument, ErrorCode::Cancelled, "the conversation was deleted");
        for (id, call) in waiting {
            account.outbox.remove(&id);
            out.writes.push(Write::delete(Table::Outbox, id.to_be_bytes()));
            out.then.extend(call.map(|call| Output::Reply(call, Err(gone.clone()))));
        }
    }

    /// Removes a conversation's messages up to an id; what is newer stays. `everywhere`: from the account, so that
    /// history does not show them either.
    pub(super) fn remove_conversation(&mut self, out: &mut Outcome, of: ConversationId, up_to: u64, everywhere: bool) {
        let Some(account) = &mut self.account else { return };
        let known = account.conversations.contains_key(&of);
        // Also one that is not known: its messages may be on their way, and must not come after this.
        let row = account.conversations.or_default(of);
        row.floor = row.floor.max(up_to);
        if everywhere {
            row.erased = row.erased.max(up_to);
        }
        row.cancels.retain(|cancel| cancel.mid > up_to);
        let newer = row.last.as_ref().is_some_and(|last| last.id() > up_to);
        if !newer {
            if known && !row.hidden {
                out.removed.push(of);
            }
            row.last = None;
            row.hidden = true;
            row.unread = 0;
            row.cancels.clear();
            row.mention = 0;
            row.read_top = row.read_top.max(row.top);
            row.read_due = 0;
            row.draft.clear();
            row.pinned = false;
            row.cleared = 0;
        }
        out.writes.push(clear_messages(of, row.floor));
        out.writes.extend(row.local.as_ref().map(|_| clear_locals(of, row.floor)));
        row.local.take_if(|local| local.behind <= up_to);
        out.cleared.insert(of);
        out.touched.insert(of);
    }

    /// Whether a message was there before its conversation was removed.
    pub(super) fn is_removed(&self, of: ConversationId, id: u64) -> bool {
        self.account.as_ref().is_some_and(|account| id <= row_of(account, of).floor)
    }

    /// Up to where a conversation was removed from the account.
    pub(super) fn erased(&self, of: ConversationId) -> u64 {
        self.account.as_ref().map_or(0, |account| row_of(account, of).erased)
    }

    /// The highest id that was ever taken in.
    fn newest(&self) -> u64 {
        self.account.iter().flat_map(|account| account.streams.values()).map(|stream| stream.top).max().unwrap_or(0)
    }

    /// Own uid and serial.
    pub(super) fn address(&self) -> (u64, u32) {
        self.account.as_ref().map_or((0, 0), |account| (account.uid, account.device.sn))
    }

    /// Tells who has received, read and played a message.
    pub(super) fn receipts(&mut self, call: CallId, of: ConversationId, target: u64) {
        let from = receipt_key(target, 0, 0);
        let query =
            Query { table: Table::Receipts, from, to: receipt_key(target, u8::MAX, 0), limit: 0, descending: false };
        self.load(query, super::LoadPurpose::Receipts(call, of, target));
    }

    pub(super) fn receipts_loaded(
        &mut self,
        call: CallId,
        of: ConversationId,
        target: u64,
        rows: Result<Vec<Row>, StoreError>,
    ) {
        match rows {
            Ok(rows) => {
                let keys: Vec<_> = rows.iter().filter_map(|row| super::rows::receipt_from(&row.key)).collect();
                let of_kind = |kinds: &[OpType]| -> Vec<u64> {
                    let all: Set<_> = keys
                        .iter()
                        .filter(|(k, _)| kinds.iter().any(|kind| *kind as u8 == *k))
                        .map(|(_, uid)| *uid)
                        .collect();
                    all.into_iter().collect()
                };
                let receipts = Receipts {
                    delivered: of_kind(&[OpType::DeliverAck, OpType::ReadAck, OpType::PlayAck]),
                    read: of_kind(&[OpType::ReadAck]),
                    played: of_kind(&[OpType::PlayAck]),
                    unread: Vec::new(),
                };
                let query = super::rows::one_message(of, target);
                self.load(query, super::LoadPurpose::ReceiptsOf(call, of, target, receipts));
            }
            Err(e) => self.reply(call, Err(super::storage_error(&e))),
        }
    }

    /// The message itself: whom it expects to read it, and what a 1:1 message knows of the other side.
    pub(super) fn receipts_known(
        &mut self,
        call: CallId,
        of: ConversationId,
        target: u64,
        mut receipts: Receipts,
        rows: Result<Vec<Row>, StoreError>,
    ) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.reply(call, Err(super::storage_error(&e))),
        };
        let (stored, bad) = super::rows::read_messages(&rows);
        self.bad_rows(bad);
        let (Some(account), Some(row)) = (&self.account, stored.first().filter(|row| !row.gone)) else {
            let why = format!("message {target} is not on this device");
            return self.reply(call, Err(Error::argument(why)));
        };
        let message = account.message(of, row);
        if of.kind == Kind::Group {
            let mut expected = body::Facts::read(&message.config).members;
            expected.retain(|uid| !receipts.read.contains(uid));
            sort(&mut expected, |a, b| a < b);
            receipts.unread = expected;
        } else if message.outgoing {
            for (is, list) in [
                (message.delivered, &mut receipts.delivered),
                (message.read, &mut receipts.read),
                (message.played, &mut receipts.played),
                (!message.read, &mut receipts.unread),
            ] {
                if is {
                    *list = vec![of.uid];
                }
            }
        }
        self.reply(call, Ok(Reply::Receipts(receipts)));
    }
}
