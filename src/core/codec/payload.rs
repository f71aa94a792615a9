//! What a meta holds.
//!
//! Apart from decoding the frame, because a bad meta must not take its page with it (xsync 12, 11).
use prost::bytes::Bytes;

use super::{
    CodecError, fast,
    limits::{MAX_META, MAX_TO, at_most},
    read,
};
use crate::core::proto::{
    Conversation, GroupNotice, Info, MessageBody, Meta, RosterNotice, RtcSignal, UserNotice, meta::NameSpace,
};

/// The payload of a meta, by its namespace (xsync 1.1).
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A message or an operation on one.
    Message(MessageBody),
    /// A message that came for a notification.
    Push(MessageBody),
    /// Something happened in a group.
    Group(GroupNotice),
    /// Something happened in the contact list.
    Roster(RosterNotice),
    /// Something happened to the account.
    User(UserNotice),
    /// Telemetry.
    Info(Info),
    /// An operation on a conversation.
    Conversation(Conversation),
    /// A signal of a call.
    Rtc(RtcSignal),
    /// Of a namespace that this version does not know.
    Unknown(i32),
}

impl Payload {
    /// Decodes the payload of `meta`.
    ///
    /// # Errors
    /// `TooLarge` for more than [`MAX_META`] bytes, `TooMany` for a notice to more than [`MAX_TO`],
    /// `Malformed` when it is not what its namespace says. All concern this one meta only.
    pub fn of(meta: &Meta) -> Result<Self, CodecError> {
        let bytes: Bytes = meta.payload.clone();
        if bytes.len() > MAX_META {
            return Err(CodecError::TooLarge { size: bytes.len(), limit: MAX_META });
        }
        Ok(match NameSpace::try_from(meta.ns) {
            Ok(NameSpace::Message) => Self::Message(body(bytes)?),
            Ok(NameSpace::Push) => Self::Push(body(bytes)?),
            Ok(NameSpace::GroupNotice) => {
                at_most(MAX_TO, 4, "GroupNotice", "recipients", &bytes)?;
                Self::Group(read("GroupNotice", bytes)?)
            }
            Ok(NameSpace::RosterNotice) => {
                at_most(MAX_TO, 3, "RosterNotice", "recipients", &bytes)?;
                Self::Roster(read("RosterNotice", bytes)?)
            }
            Ok(NameSpace::UserNotice) => Self::User(read("UserNotice", bytes)?),
            Ok(NameSpace::Info) => Self::Info(read("Info", bytes)?),
            Ok(NameSpace::Conversation) => Self::Conversation(read("Conversation", bytes)?),
            Ok(NameSpace::RtcSignal) => Self::Rtc(read("RtcSignal", bytes)?),
            Ok(NameSpace::Unknown) | Err(_) => Self::Unknown(meta.ns),
        })
    }
}

/// The message in the payload of a meta.
///
/// # Errors
/// `Malformed` when it is none.
pub fn body(bytes: Bytes) -> Result<MessageBody, CodecError> {
    fast::body(&bytes).map_or_else(|| read("MessageBody", bytes), Ok)
}
