//! Reading: counters, and who is told of it (xsync 5.6, 5.11).
//!
//! A message of somebody else is unread when it is above the conversation's `read_top` and not marked
//! by itself, or when it stands in `cancels`. The counter is kept with every change and always equals
//! what counting anew would give.
//!
//! Whoever waits for it gets one READ_ACK a message: the other side of a 1:1 conversation, in groups
//! the author of a message that lists the user in `groupMemberList`. The user's other devices get one
//! READ_ALL a conversation and second.
use std::time::Duration;

use super::body::Facts;
use super::merge::{Outcome, Work, row_of};
use super::rows::ConversationRow;
use super::{Session, Timer};
use crate::core::model::{Change, ConversationId, Kind, Millis, Update};
use crate::core::proto::{
    MessageBody, MessageOperation, Xid,
    message_body::{ContentType, Type},
    message_operation::OpType,
};

/// The other devices hear of what was read at most this often.
const EVERY: Duration = Duration::from_secs(1);

impl Session {
    /// The user has read a conversation, up to a message or that one only. `here`: and nobody is told.
    pub(super) fn read_up_to(&mut self, work: &mut Work, of: ConversationId, up_to: u64, only: bool, here: bool) {
        let Some(account) = &mut self.account else { return };
        let me = account.uid;
        let before = row_of(account, of);
        let read: Vec<_> = work
            .rows
            .iter()
            .filter(|((place, id), _)| *place == of && *id <= up_to)
            .map(|((_, id), row)| (*id, row, account.is_unread(of, row), account.is_owed(row)))
            // What was marked unread below has had its receipt before.
            .filter(|(id, _, unread, owed)| *owed || (*unread && (only || *id > before.read_top)))
            .map(|(id, row, unread, owed)| (id, row.from(), super::body::body(row).config, unread, owed))
            .collect();
        for (id, .., owed) in &read {
            if only || (*owed && !here) {
                work.change(of, *id, |row| row.read = true);
            }
        }
        let Some(conversation) = account.conversations.get_mut(&of) else { return };
        if only {
            conversation.cancels.retain(|cancel| cancel.mid != up_to);
            let unread = read.iter().filter(|(.., unread, _)| *unread).count();
            conversation.unread = conversation.unread.saturating_sub(u32::try_from(unread).unwrap_or(u32::MAX));
        } else {
            conversation.read_top = conversation.read_top.max(up_to);
            conversation.cancels.retain(|cancel| cancel.mid > up_to);
            if conversation.owed > 0 && conversation.owed <= up_to {
                conversation.owed = if up_to < conversation.top { up_to + 1 } else { 0 };
            }
            let moved = conversation.read_top > before.read_top || conversation.cancels.len() < before.cancels.len();
            if moved && here {
                conversation.here = conversation.here.max(up_to);
            } else if moved || (before.here > 0 && !here) {
                conversation.read_due = conversation.read_due.max(up_to);
                told(conversation, up_to);
            }
            self.recount(work, of);
        }
        let Some(account) = &mut self.account else { return };
        if let Some(conversation) = account.conversations.get_mut(&of)
            && (conversation.mention <= conversation.read_top || (only && conversation.mention == up_to))
        {
            conversation.mention = 0;
        }
        if row_of(account, of) != before {
            work.out.touched.insert(of);
        }
        for (id, author, config, ..) in read.into_iter().filter(|_| !here) {
            let waits = of.kind != Kind::Group || Facts::read(&config).members.contains(&me);
            if waits {
                let to = if of.kind == Kind::Group { author } else { of.uid };
                self.receipt(&mut work.out, of, OpType::ReadAck, id, to);
            }
        }
        self.plan_read_all();
    }

    /// Counts the unread messages of a conversation anew, from the messages read for the job: all that
    /// are above `read_top`.
    pub(super) fn recount(&mut self, work: &Work, of: ConversationId) {
        let Some(account) = &mut self.account else { return };
        let row = row_of(account, of);
        let above = work.rows.range((of, row.read_top.max(row.floor).saturating_add(1))..=(of, u64::MAX));
        let unread = above.filter(|(_, message)| account.is_unread(of, message)).count();
        let low = row.cancels.iter().filter(|cancel| cancel.mid <= row.read_top).count();
        if let Some(conversation) = account.conversations.get_mut(&of) {
            conversation.unread = u32::try_from(unread + low).unwrap_or(u32::MAX);
        }
    }

    /// Another device of the user has read a conversation, or the server has accepted that this one has.
    pub(super) fn all_read(&mut self, work: &mut Work, of: ConversationId, up_to: u64, op: u64) {
        let Some(account) = &mut self.account else { return };
        let Some(conversation) = account.conversations.get_mut(&of) else { return };
        let before = conversation.clone();
        conversation.cancels.retain(|cancel| cancel.mid > up_to || cancel.op > op);
        let undone = before.cancels.len() - conversation.cancels.len();
        conversation.unread = conversation.unread.saturating_sub(u32::try_from(undone).unwrap_or(u32::MAX));
        conversation.read_by(up_to, op);
        told(conversation, up_to);
        if up_to > conversation.read_top {
            conversation.read_top = up_to;
            if conversation.mention <= up_to {
                conversation.mention = 0;
            }
            self.recount(work, of);
        }
        let Some(account) = &self.account else { return };
        if row_of(account, of) != before {
            work.out.touched.insert(of);
        }
        if up_to > before.read_top {
            work.out.updates.push(Update {
                by: account.uid,
                operation: op,
                timestamp: Millis(0),
                ..super::merge::update(Change::Read, of, up_to, None)
            });
        }
    }

    /// A message of somebody else is on this device: tells so, where the application wants that.
    pub(super) fn delivered(&mut self, out: &mut Outcome, of: ConversationId, id: u64) {
        if self.config.delivery_receipts {
            self.receipt(out, of, OpType::DeliverAck, id, of.uid);
        }
    }

    fn receipt(&mut self, out: &mut Outcome, of: ConversationId, kind: OpType, mid: u64, to: u64) {
        let to = Xid { uid: to, device_sn: 0 };
        self.command_operation(out, of, kind, mid, to, None);
    }

    fn command_operation(
        &mut self,
        out: &mut Outcome,
        of: ConversationId,
        kind: OpType,
        mid: u64,
        to: Xid,
        xid: Option<Xid>,
    ) {
        let now = self.now;
        let Ok(id) = self.allocate_id(now) else { return };
        let body = MessageBody {
            r#type: Type::Oper as i32,
            ctype: ContentType::Command as i32,
            operation: Some(MessageOperation { r#type: kind as i32, mid, xid }),
            ..MessageBody::default()
        };
        self.entrust(out, id, of, to, &body, None);
    }

    /// Tells the other devices soon, if there is something to tell.
    pub(super) fn plan_read_all(&mut self) {
        let due = self.account.iter().flat_map(|a| a.conversations.values()).any(|row| row.read_due != 0);
        if due && self.timers.get(Timer::ReadAll).is_none() {
            self.timers.set(Timer::ReadAll, Some(self.now + EVERY));
        }
    }

    /// Time to tell the other devices what was read.
    pub(super) fn tell_read(&mut self) {
        let (me, sn) = self.address();
        let own = Xid { uid: me, device_sn: sn };
        let Some(account) = &mut self.account else { return };
        let mut due = Vec::new();
        for (of, row) in account.conversations.iter_mut().filter(|(_, row)| row.read_due != 0) {
            due.push((*of, std::mem::take(&mut row.read_due)));
        }
        let mut out = Outcome::default();
        for (of, up_to) in due {
            out.touched.insert(of);
            self.command_operation(&mut out, of, OpType::ReadAll, up_to, own, Some(of.xid()));
        }
        self.commit(out);
    }
}

/// The other devices know that everything is read up to there.
const fn told(row: &mut ConversationRow, up_to: u64) {
    if row.here <= up_to {
        row.here = 0;
    }
}
