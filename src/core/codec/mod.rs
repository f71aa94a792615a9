//! Bytes to frames and back (xsync 1): one WebSocket message holds exactly one frame.
//!
//! Limits are hard: a frame over them is an error, never a partial result. A payload is compressed,
//! then encrypted, then its checksum taken (xsync 8.2); receiving goes the other way.
use prost::bytes::Bytes;

use crate::core::proto::{
    Frame, Notice, Provision, SyncDl, SyncUl, UnreadDl,
    frame::{Command, CompressMethod, EncryptMethod, Vsn},
    status,
};
use crate::core::wire::{Wire, WireError};

mod crc;
#[cfg_attr(not(feature = "crypto"), path = "crypto_off.rs")]
mod crypto;
mod fast;
pub mod json;
mod limits;
mod payload;
mod policy;
#[cfg(test)]
mod tests;
mod zlib;

pub use crc::crc32;
pub use limits::{
    MAX_DEPTH, MAX_FRAME_IN, MAX_FRAME_OUT, MAX_INFLATED, MAX_META, MAX_METAS, MAX_RATIO, MAX_TAG, MAX_TO, MAX_UNREAD,
};
pub use payload::{Payload, body};
pub use policy::{Encrypt, Secrets, WirePolicy};

/// Why bytes are not a frame, or a frame not bytes. No text holds content or keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A frame longer than [`MAX_FRAME_IN`] or [`MAX_FRAME_OUT`], or a meta longer than [`MAX_META`].
    #[error("{size} bytes are over the limit of {limit}")]
    TooLarge {
        /// Bytes it has.
        size: usize,
        /// Bytes it may have.
        limit: usize,
    },
    /// A list over [`MAX_METAS`], [`MAX_UNREAD`] or [`MAX_TO`].
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// Not protobuf, or not of the schema. The text says where.
    #[error("not a valid {what}: {why}")]
    Malformed {
        /// The message type that was expected.
        what: &'static str,
        /// What the decoder says; holds no content.
        why: &'static str,
    },
    /// Encoded in a way that this build, or this codec, does not understand.
    #[error("frames with {0} are not supported")]
    Unsupported(&'static str),
    /// The payload is not the one that the checksum was made of.
    #[error("the checksum of a frame is wrong")]
    Checksum,
    /// A compressed payload that is no zlib stream, or only part of one.
    #[error("a compressed frame cannot be read")]
    Inflate,
    /// A compressed payload that would become larger than [`MAX_INFLATED`] or [`MAX_RATIO`] times its size.
    #[error("a compressed frame is too large")]
    InflateLimit,
    /// Encrypted with another key or method, or changed on the way.
    #[error("an encrypted frame cannot be read")]
    Decrypt,
    /// In clear, although the policy says to encrypt.
    #[error("a frame is not encrypted")]
    NotEncrypted,
    /// A frame cannot be encrypted now.
    #[error("a frame cannot be encrypted: {0}")]
    Encrypt(&'static str),
    /// The server's key cannot be used.
    #[error("the server's key {0}")]
    ServerKey(&'static str),
    /// The policy is contradictory; the text names the field.
    #[error("{0}")]
    Policy(&'static str),
}

impl CodecError {
    /// Whether the connection it came on is of no more use: both ends do not agree on how payloads are
    /// packed (xsync 8.2 "cannot decrypt / inflate -> reconnect"). Other bad frames are dropped and counted.
    #[must_use]
    pub const fn ends_connection(&self) -> bool {
        matches!(self, Self::Inflate | Self::InflateLimit | Self::Decrypt | Self::NotEncrypted)
    }
}

// In many places: out of line, for the size of the binary.
#[cold]
#[inline(never)]
fn malformed(what: &'static str, e: WireError) -> CodecError {
    CodecError::Malformed { what, why: e.0 }
}

fn read<M: Wire + Default>(what: &'static str, payload: Bytes) -> Result<M, CodecError> {
    M::decode(payload).map_err(|e| malformed(what, e))
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

/// The codec of one connection: a new connection needs a new one. The default packs nothing, which
/// is what public servers understand.
#[derive(Debug, Default)]
pub struct Codec {
    policy: WirePolicy,
    /// Only while the policy says to encrypt.
    keys: Option<crypto::Keys>,
}

impl Codec {
    /// A codec for a policy that does not encrypt.
    ///
    /// # Errors
    /// `Unsupported` for what this build lacks, `Policy` for a tag that is too long or for encryption,
    /// which needs [`Codec::encrypted`].
    pub fn new(policy: WirePolicy) -> Result<Self, CodecError> {
        policy.check(crypto::AVAILABLE)?;
        if policy.encrypt != Encrypt::Off {
            return Err(CodecError::Policy("encrypt: needs the server's key"));
        }
        Ok(Self { policy, keys: None })
    }

    /// A codec for a policy that encrypts. The seed of `secrets` must be fresh for each connection.
    ///
    /// # Errors
    /// As [`Codec::new`]; `ServerKey` when the key is not an RSA key of 2048 bits or more.
    pub fn encrypted(policy: WirePolicy, secrets: &Secrets<'_>) -> Result<Self, CodecError> {
        policy.check(crypto::AVAILABLE)?;
        let keys = Some(crypto::Keys::new(policy.encrypt, secrets)?);
        Ok(Self { policy, keys })
    }

    /// Decodes one frame from a server. An empty message is an UNREAD with an empty list (xsync 1.5).
    ///
    /// # Errors
    /// See [`CodecError::ends_connection`] for what to do about them. After any the codec goes on.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Downlink, CodecError> {
        if bytes.len() > MAX_FRAME_IN {
            return Err(CodecError::TooLarge { size: bytes.len(), limit: MAX_FRAME_IN });
        }
        let frame = Frame::decode(bytes).map_err(|e| malformed("Frame", e))?;
        let payload = self.open(&frame)?;
        let command = frame.command.unwrap_or(0);
        let downlink = match Command::try_from(command) {
            Ok(Command::Unread) => {
                limits::at_most(MAX_UNREAD, 2, "UnreadDL", "unread conversations", &payload)?;
                Downlink::Unread(read("UnreadDL", payload)?)
            }
            Ok(Command::Sync) => Downlink::Sync(match fast::page(&payload) {
                Some(page) => page,
                None => {
                    limits::at_most(MAX_METAS, 2, "SyncDL", "metas", &payload)?;
                    read("SyncDL", payload)?
                }
            }),
            Ok(Command::Notice) => Downlink::Notice(read("Notice", payload)?),
            Ok(Command::Provision) => Downlink::Provision(read("Provision", payload)?),
            Err(_) => Downlink::Unknown(command),
        };
        if self.keys.is_some() && frame.encrypt_method == EncryptMethod::EncryptNone as i32 && !refuses(&downlink) {
            return Err(CodecError::NotEncrypted);
        }
        Ok(downlink)
    }

    /// Encodes one frame for a server. Fields 1 to 3 are always on the wire: a heartbeat is 6 bytes.
    ///
    /// # Errors
    /// `TooLarge`, also when only the uncompressed frame is; `Encrypt` for anything before the login,
    /// which carries the key.
    pub fn encode(&mut self, uplink: &Uplink) -> Result<Vec<u8>, CodecError> {
        match uplink {
            Uplink::Unread => self.pack(Command::Unread, Bytes::new()),
            Uplink::Sync(sync) => self.pack(Command::Sync, sync.encode_to_vec().into()),
            Uplink::Provision(provision) => self.pack(Command::Provision, provision.encode_to_vec().into()),
        }
    }

    /// The payload of a frame as it was before it was packed.
    fn open(&self, frame: &Frame) -> Result<Bytes, CodecError> {
        if frame.check_sum.is_some_and(|sum| sum != crc32(&frame.payload)) {
            return Err(CodecError::Checksum);
        }
        let payload = match &self.keys {
            _ if frame.encrypt_method == EncryptMethod::EncryptNone as i32 => frame.payload.clone(),
            None => return Err(CodecError::Unsupported("encryption")),
            Some(keys) => keys.open(frame)?,
        };
        match CompressMethod::try_from(frame.compress_method.unwrap_or(0)) {
            Ok(CompressMethod::None) => Ok(payload),
            Ok(CompressMethod::Zlib) => zlib::inflate(&payload).map(Bytes::from),
            Err(_) => Err(CodecError::Unsupported("another compression")),
        }
    }

    fn pack(&mut self, command: Command, payload: Bytes) -> Result<Vec<u8>, CodecError> {
        let mut frame = Frame {
            vsn: Some(if self.policy.vsn2 { Vsn::XsyncV2 } else { Vsn::XsyncV1 } as i32),
            compress_method: Some(CompressMethod::None as i32),
            command: Some(command as i32),
            payload,
            tag: self.policy.tag.clone(),
            ..Frame::default()
        };
        check_size(&frame)?;
        if self.policy.compress
            && let Some(packed) = crypto::deflate(&frame.payload)
        {
            frame.compress_method = Some(CompressMethod::Zlib as i32);
            frame.payload = packed.into();
        }
        if let Some(keys) = &mut self.keys {
            keys.seal(&mut frame)?;
        }
        if self.policy.checksum {
            frame.check_sum = Some(crc32(&frame.payload));
        }
        check_size(&frame)?;
        if let (Some(keys), Command::Provision) = (&mut self.keys, command) {
            keys.announced();
        }
        Ok(frame.encode_to_vec())
    }
}

/// A login that is refused: a server that could not read it can only say so in clear.
fn refuses(downlink: &Downlink) -> bool {
    match downlink {
        Downlink::Provision(reply) => reply.status.as_ref().is_some_and(|s| s.code != status::ErrorCode::Ok as i32),
        _ => false,
    }
}

fn check_size(frame: &Frame) -> Result<(), CodecError> {
    match frame.encode_to_vec().len() {
        size if size > MAX_FRAME_OUT => Err(CodecError::TooLarge { size, limit: MAX_FRAME_OUT }),
        _ => Ok(()),
    }
}
