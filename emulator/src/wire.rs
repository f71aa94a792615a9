//! Frames as the emulator thinks of them: what goes to a client, and what kind a frame is.
use floo_wasm::core::proto::{
    ConversationUnread, Frame, Meta, Notice, Provision, Status, SyncDl, UnreadDl, Xid, frame, status::ErrorCode,
};
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::store::{MetaRow, Uid, UnreadRow};

/// The kinds of frames, finer than the commands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// Login, both ways.
    Provision,
    /// Heartbeat and unread list, both ways.
    Unread,
    /// "Pull this conversation", to the client.
    Notice,
    /// All of the following (rules only).
    Sync,
    /// A request for a page, from the client.
    Pull,
    /// A page of metas, to the client.
    Page,
    /// A request for old messages and its answer.
    History,
    /// A meta from the client.
    Send,
    /// The answer to a meta.
    Ack,
}

impl Class {
    /// True when a rule for `self` covers a frame of kind `seen`.
    pub(crate) fn covers(self, seen: Self) -> bool {
        self == seen
            || self == Self::Sync && matches!(seen, Self::Pull | Self::Page | Self::History | Self::Send | Self::Ack)
    }
}

/// A frame to a client.
#[derive(Debug, Clone)]
pub(crate) enum Down {
    Provision(Provision),
    Unread(UnreadDl),
    Notice(Notice),
    Sync(SyncDl),
}

impl Down {
    pub(crate) fn class(&self) -> Class {
        match self {
            Self::Provision(_) => Class::Provision,
            Self::Unread(_) => Class::Unread,
            Self::Notice(_) => Class::Notice,
            Self::Sync(sync) if sync.client_mid > 0 => Class::Ack,
            Self::Sync(sync) if sync.is_full_sync => Class::History,
            Self::Sync(_) => Class::Page,
        }
    }

    /// The conversation the frame is about.
    pub(crate) fn conversation(&self) -> Option<Uid> {
        let xid = match self {
            Self::Provision(_) | Self::Unread(_) => &None,
            Self::Notice(notice) => &notice.xid,
            Self::Sync(sync) => &sync.xid,
        };
        xid.as_ref().map(|xid| xid.uid)
    }

    /// The frame on the wire.
    pub(crate) fn frame(&self) -> Frame {
        let (command, payload) = match self {
            Self::Provision(p) => (frame::Command::Provision, p.encode_to_vec()),
            Self::Unread(p) => (frame::Command::Unread, p.encode_to_vec()),
            Self::Notice(p) => (frame::Command::Notice, p.encode_to_vec()),
            Self::Sync(p) => (frame::Command::Sync, p.encode_to_vec()),
        };
        Frame { command: Some(command.into()), payload: payload.into(), ..Frame::default() }
    }
}

/// The id of a user, group or device; serial 0 means all devices.
pub(crate) const fn xid(uid: Uid, sn: u32) -> Xid {
    Xid { uid, device_sn: sn }
}

/// Status OK: code 1, always explicit.
pub(crate) fn ok() -> Option<Status> {
    refused(ErrorCode::Ok, "")
}

/// A status with a reason.
pub(crate) fn refused(code: ErrorCode, reason: &str) -> Option<Status> {
    Some(Status { code: code.into(), reason: reason.to_owned() })
}

/// "Pull this conversation."
pub(crate) fn notice(conv: Uid) -> Down {
    Down::Notice(Notice { xid: Some(xid(conv, 0)) })
}

/// A page of a stream; `next_key` 0 ends the chain.
pub(crate) fn page(conv: Uid, metas: Vec<Meta>, next_key: u64) -> SyncDl {
    SyncDl { status: ok(), metas, next_key, xid: Some(xid(conv, 0)), ..SyncDl::default() }
}

/// One line of the unread list.
pub(crate) fn unread(row: &UnreadRow) -> ConversationUnread {
    ConversationUnread { xid: Some(xid(row.conv, 0)), n: row.n, r#type: row.kind }
}

/// A stored meta as it is delivered. The read status is added to ordinary messages even when it
/// is 0, because the last value of a field wins over one the sender may have set.
pub(crate) fn meta(row: MetaRow) -> Meta {
    const STATUS_FIELD: u8 = 14 << 3;
    let mut payload = row.payload;
    if let Some(status) = row.status {
        payload.extend([STATUS_FIELD, status & 0x7f]);
    }
    Meta {
        id: row.id,
        from: Some(xid(row.from_uid, row.from_sn)),
        to: Some(xid(row.to_uid, 0)),
        timestamp: row.timestamp,
        ns: row.ns,
        payload: payload.into(),
    }
}
