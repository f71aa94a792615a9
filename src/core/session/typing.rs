//! Who is typing: never kept, never repeated, and over after a while (xsync 5.4, 6.3).
use std::time::Duration;

use super::{CallId, Event, Reply, Session, Timer};
use crate::core::codec::Uplink;
use crate::core::json::Value;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind, Millis};
use crate::core::proto::{
    MessageBody, Meta, SyncUl, Xid,
    message_body::{QoS, Type},
    meta::NameSpace,
};
use crate::core::wire::Wire as _;

/// Whoever is not heard of for so long is not typing any more.
const LASTS: Duration = Duration::from_secs(8);
/// How many typing users are remembered; a flood changes nothing beyond.
const MOST: usize = 500;

impl Session {
    /// Tells the other side; while offline nobody hears it, which is no error.
    pub(super) fn type_in(&mut self, call: CallId, of: ConversationId, active: bool) {
        if of.kind == Kind::System {
            let why = "the system conversation has nobody to tell";
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::MessageInvalid, why)));
        }
        let now = self.now;
        let (me, sn) = self.address();
        if let (true, Ok(id)) = (self.link.ready, self.allocate_id(now)) {
            let status = if active { "typing" } else { "nothing" };
            let body = MessageBody {
                r#type: if of.kind == Kind::Group { Type::Groupchat } else { Type::Chat } as i32,
                ext: format!(r#"{{"input_status":"{status}"}}"#),
                qos: QoS::AtMostOnce as i32,
                ..MessageBody::default()
            };
            let meta = Meta {
                id,
                from: Some(Xid { uid: me, device_sn: sn }),
                to: Some(of.xid()),
                ns: NameSpace::Message as i32,
                payload: body.encode_to_vec().into(),
                ..Meta::default()
            };
            self.send_now(&Uplink::Sync(SyncUl { meta: Some(meta), ..SyncUl::default() }));
        }
        self.reply(call, Ok(Reply::Done));
    }

    /// A message that is never kept came by: typing, or something of the application's.
    pub(super) fn passed_by(&mut self, meta: &Meta, body: &MessageBody) {
        let Some(account) = &self.account else { return };
        let from = super::merge::uid(meta.from);
        if from == account.uid {
            return;
        }
        let group = body.r#type == Type::Groupchat as i32;
        let of = if group { ConversationId::group(super::merge::uid(meta.to)) } else { ConversationId::user(from) };
        let ext = Value::lenient(&body.ext);
        match ext.get("input_status").and_then(Value::as_str) {
            Some(status) => self.typing_heard(of, from, status == "typing"),
            None => {
                let row = super::rows::MessageRow { meta: Some(meta.clone()), ..Default::default() };
                let message = account.message(of, &row);
                self.event(Event::Messages(vec![message]));
            }
        }
    }

    fn typing_heard(&mut self, of: ConversationId, from: u64, active: bool) {
        if !active {
            return self.typing_ended(of, from);
        }
        if self.typing.len() >= MOST && !self.typing.contains_key(&(of, from)) {
            return;
        }
        let until = self.now + LASTS;
        if self.typing.insert((of, from), until).is_none() {
            self.event(Event::Typing { of, from, active: true });
        }
        self.arm_typing();
    }

    /// Says so, or a message of theirs came.
    pub(super) fn typing_ended(&mut self, of: ConversationId, from: u64) {
        if self.typing.remove(&(of, from)).is_some() {
            self.event(Event::Typing { of, from, active: false });
            self.arm_typing();
        }
    }

    /// Some were not heard of for too long.
    pub(super) fn typing_expired(&mut self) {
        let now = self.now;
        let over: Vec<_> = self.typing.iter().filter(|(_, until)| **until <= now).map(|(key, _)| *key).collect();
        for (of, from) in over {
            self.typing_ended(of, from);
        }
        self.arm_typing();
    }

    /// The connection is gone, and with it all knowledge of who is typing.
    pub(super) fn forget_typing(&mut self) {
        for (of, from) in std::mem::take(&mut self.typing).into_iter().map(|(key, _)| key) {
            self.event(Event::Typing { of, from, active: false });
        }
    }

    fn arm_typing(&mut self) {
        let next: Option<Millis> = self.typing.values().min().copied();
        self.timers.set(Timer::Typing, next);
    }
}
