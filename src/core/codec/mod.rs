//! Bytes to frames and back (xsync 1): one WebSocket message holds exactly one frame.
//!
//! Limits are hard: a frame over them is an error, never a partial result.
use prost::Message as _;
use prost::bytes::Bytes;

use crate::core::proto::{
    Frame, Notice, Provision, SyncDl, SyncUl, UnreadDl,
    frame::{Command, CompressMethod, EncryptMethod, Vsn},
};

pub mod json;

/// The largest frame accepted, in bytes.
pub const MAX_FRAME_IN: usize = 16 * 1024 * 1024;
/// The largest frame sent, in bytes.
pub const MAX_FRAME_OUT: usize = 1024 * 1024;

/// Why bytes are not a frame, or a frame not bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Longer than [`MAX_FRAME_IN`] or [`MAX_FRAME_OUT`].
    #[error("a frame of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes it has.
        size: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// Not protobuf, or not of the schema. The text says where.
    #[error("not a valid {what}: {why}")]
    Malformed {
        /// The message type that was expected.
        what: &'static str,
        /// What the decoder says; holds no content.
        why: String,
    },
    /// Encoded in a way that this build does not understand.
    #[error("a frame with {0} cannot be read")]
    Unsupported(&'static str),
}

fn malformed(what: &'static str) -> impl Fn(prost::DecodeError) -> CodecError {
    move |e| CodecError::Malformed { what, why: e.to_string() }
}

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Downlink {
    /// The list of conversations with news.
    Unread(UnreadDl),
    /// A page, or the acknowledgement of a sent meta.
    Sync(SyncDl),
    /// "This conversation has something new."
    Notice(Notice),
    /// The answer to a login.
    Provision(Provision),
    /// A command of a later protocol version: to be ignored.
    Unknown(i32),
}

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum Uplink {
    /// Asks for the unread list; also the heartbeat.
    Unread,
    /// Pull, history or send.
    Sync(SyncUl),
    /// Login.
    Provision(Provision),
}

/// Decodes one frame from a server. An empty message is an UNREAD with an empty list (xsync 1.5).
pub fn decode(bytes: &[u8]) -> Result<Downlink, CodecError> {
    if bytes.len() > MAX_FRAME_IN {
        return Err(CodecError::TooLarge { size: bytes.len(), limit: MAX_FRAME_IN });
    }
    let frame = Frame::decode(bytes).map_err(malformed("Frame"))?;
    if frame.compress_method.unwrap_or(0) != CompressMethod::None as i32 {
        return Err(CodecError::Unsupported("compression"));
    }
    if frame.encrypt_method != EncryptMethod::EncryptNone as i32 {
        return Err(CodecError::Unsupported("encryption"));
    }
    let payload = frame.payload;
    let command = frame.command.unwrap_or(0);
    Ok(match Command::try_from(command) {
        Ok(Command::Unread) => Downlink::Unread(UnreadDl::decode(payload).map_err(malformed("UnreadDL"))?),
        Ok(Command::Sync) => Downlink::Sync(SyncDl::decode(payload).map_err(malformed("SyncDL"))?),
        Ok(Command::Notice) => Downlink::Notice(Notice::decode(payload).map_err(malformed("Notice"))?),
        Ok(Command::Provision) => Downlink::Provision(Provision::decode(payload).map_err(malformed("Provision"))?),
        Err(_) => Downlink::Unknown(command),
    })
}

/// Encodes one frame for a server. Fields 1 to 3 are always on the wire: a heartbeat is 6 bytes.
pub fn encode(uplink: &Uplink) -> Result<Vec<u8>, CodecError> {
    let (command, payload) = match uplink {
        Uplink::Unread => (Command::Unread, Bytes::new()),
        Uplink::Sync(sync) => (Command::Sync, sync.encode_to_vec().into()),
        Uplink::Provision(provision) => (Command::Provision, provision.encode_to_vec().into()),
    };
    let frame = Frame {
        vsn: Some(Vsn::XsyncV1 as i32),
        compress_method: Some(CompressMethod::None as i32),
        command: Some(command as i32),
        payload,
        ..Frame::default()
    };
    let size = frame.encoded_len();
    if size > MAX_FRAME_OUT {
        return Err(CodecError::TooLarge { size, limit: MAX_FRAME_OUT });
    }
    Ok(frame.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_six_bytes() {
        assert_eq!(encode(&Uplink::Unread).unwrap(), [0x08, 0, 0x10, 0, 0x18, 0]);
    }

    #[test]
    fn an_empty_message_is_an_empty_unread_list() {
        assert_eq!(decode(&[]).unwrap(), Downlink::Unread(UnreadDl::default()));
    }

    #[test]
    fn garbage_and_truncation_are_errors() {
        assert!(matches!(decode(&[0xff; 20]), Err(CodecError::Malformed { what: "Frame", .. })));
        let whole = encode(&Uplink::Provision(Provision { token: "t".repeat(50), ..Default::default() })).unwrap();
        assert!(decode(&whole[..whole.len() - 7]).is_err());
    }

    #[test]
    fn frames_over_the_limits_are_errors() {
        assert!(matches!(decode(&vec![0; MAX_FRAME_IN + 1]), Err(CodecError::TooLarge { .. })));
        let big = Uplink::Provision(Provision { token: "t".repeat(MAX_FRAME_OUT), ..Default::default() });
        assert!(matches!(encode(&big), Err(CodecError::TooLarge { .. })));
    }

    #[test]
    fn an_unknown_command_is_told_apart() {
        assert_eq!(decode(&[0x18, 9]).unwrap(), Downlink::Unknown(9));
    }
}
