//! Taking over what another SDK has kept on this device: who is logged in, as which device, and messages.

use super::merge::Job;
use super::rows::{DeviceRow, LoginRow, login_key, put};
use super::{Batch, CallId, Content, Output, Place, Reply, Session};
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Kind};
use crate::core::proto::{MessageBody, Meta, Xid, message_body::Type, meta::NameSpace};
use crate::core::services::Token;
use crate::core::wire::Wire as _;
use crate::ports::Table;

/// A message that the server had given to another SDK, or accepted from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The server's id.
    pub id: u64,
    /// Who sent it.
    pub from: u64,
    /// Milliseconds since the epoch, as the server has it.
    pub time: u64,
    /// `MessageBody.Status`: 0 unread, 1 delivered, 2 read.
    pub status: u32,
    /// When it was edited last, in milliseconds since the epoch; 0 for never. `content` is as of then.
    pub edited_at: u64,
    /// What it says.
    pub content: Content,
}

impl Session {
    /// Notes a login of another SDK as if it had been made here, unless there is one of that account already, and
    /// what the server knows the device by, for the first time that the account is opened. An empty token says
    /// nothing of a login.
    pub(super) fn adopt(&mut self, call: CallId, token: Token, guid: String, sn: u32) {
        let Token { uid, token, public_key } = token;
        let refused = if uid == 0 {
            Some(Error::argument("`userId` must be an id"))
        } else if self.account.is_some() || self.entering() {
            Some(Error::new(Domain::Argument, ErrorCode::UserAlreadyLogin, ""))
        } else {
            None
        };
        if let Some(e) = refused {
            return self.reply(call, Err(e));
        }
        if !guid.is_empty() {
            self.adopted = Some((uid, DeviceRow { guid, sn }));
        }
        let mut writes = Vec::new();
        if !token.is_empty() && self.logins.iter().all(|login| login.uid != uid) {
            // Logins that were made here are newer than any that can be taken over.
            let row = LoginRow { uid, token, public_key, at: u64::from(self.logins.is_empty()), ..LoginRow::default() };
            writes.push(put(Table::Kv, login_key(uid), &row));
            self.remembered.get_or_insert_with(|| row.clone());
            self.logins.push(row);
        }
        let then = vec![Output::Reply(call, Ok(Reply::Done))];
        self.out.push_back(Output::Persist(Batch { place: Place::Device, writes, then, marks: vec![] }));
    }

    /// The device of an account that has none yet: the one that was taken over, if it is of that account.
    pub(super) fn adopted_device(&mut self, uid: u64) -> Option<DeviceRow> {
        self.adopted.take_if(|(of, _)| *of == uid).map(|(_, device)| device)
    }

    /// Takes messages in that are the past: they are not told as new, but may be unread.
    pub(super) fn import(&mut self, call: CallId, of: ConversationId, messages: Vec<Past>) {
        let Some(account) = &self.account else { return };
        let me = account.uid;
        let metas = messages.into_iter().map(|past| meta(me, of, past)).collect();
        self.enqueue(Job::Past { call, of, metas });
    }
}

pub(super) fn meta(me: u64, of: ConversationId, past: Past) -> Meta {
    let Past { id, from, time, status, edited_at, content } = past;
    let (kind, to) = match of.kind {
        Kind::Group => (Type::Groupchat, of.uid),
        _ => (Type::Chat, if from == me { of.uid } else { me }),
    };
    let body = MessageBody {
        r#type: kind as i32,
        content: content.text,
        ctype: content.ctype,
        config: content.config,
        attachment: content.attachment,
        ext: content.ext,
        sender_name: content.sender_name,
        priority: content.priority,
        status: status.cast_signed(),
        edit_timestamp: edited_at,
        ..MessageBody::default()
    };
    let xid = |uid| Some(Xid { uid, device_sn: 0 });
    let payload = body.encode_to_vec().into();
    Meta { id, from: xid(from), to: xid(to), timestamp: time, ns: NameSpace::Message as i32, payload }
}
