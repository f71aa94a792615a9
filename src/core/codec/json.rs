//! Frames as JSON and back, for tools, tests and logs: table-driven, without a reflection library.
//!
//! The shape: field names as in `xsync.proto`; 64-bit numbers as decimal strings, 32-bit numbers and
//! enums as numbers, byte fields as lower-case hex. `Frame.payload` and `Meta.payload` are objects
//! whose `@type` names the message they hold (xsync 1.1), or hex when that is not known, not
//! readable, compressed or encrypted.
mod read;
mod schema;
mod write;

use crate::core::json::Value;
use crate::core::map::Map;
use schema::Message;
use std::str::FromStr;

/// The most fields that [`decode`] looks at in one frame, over all levels: bounds the memory of the result.
pub const MAX_FIELDS: u32 = 1 << 18;
pub use super::MAX_DEPTH;

/// Who sent a frame: it decides what the payload of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the SDK to the cloud.
    ClientToServer,
    /// From the cloud to the SDK.
    ServerToClient,
}

impl FromStr for Direction {
    type Err = JsonCodecError;

    /// Reads `client_to_server` or `server_to_client`.
    fn from_str(text: &str) -> Result<Self, JsonCodecError> {
        match text {
            "client_to_server" => Ok(Self::ClientToServer),
            "server_to_client" => Ok(Self::ServerToClient),
            _ => Err(JsonCodecError::invalid("must be client_to_server or server_to_client").under("direction")),
        }
    }
}

/// What kind of trouble a [`JsonCodecError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The bytes are not a frame.
    Malformed,
    /// A frame is too large, has too many fields, or is nested too deeply.
    Limit,
    /// The object given does not describe a frame.
    Invalid,
}

/// Why a frame could not be decoded or encoded. The text names the place, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {what}", if .path.is_empty() { "frame" } else { .path })]
pub struct JsonCodecError {
    /// What kind of trouble it is.
    pub kind: JsonErrorKind,
    /// Where, for example `payload.metas[3].from.uid`; empty for the frame as a whole.
    pub path: String,
    /// What is wrong there.
    pub what: &'static str,
}

impl JsonCodecError {
    // Made in many places: out of line, for the size of the binary.
    #[cold]
    #[inline(never)]
    fn new(kind: JsonErrorKind, what: &'static str) -> Self {
        Self { kind, path: String::new(), what }
    }

    fn malformed(what: &'static str) -> Self {
        Self::new(JsonErrorKind::Malformed, what)
    }

    fn limit(what: &'static str) -> Self {
        Self::new(JsonErrorKind::Limit, what)
    }

    fn invalid(what: &'static str) -> Self {
        Self::new(JsonErrorKind::Invalid, what)
    }

    /// The same error seen from one level up, where this level is called `name`.
    #[cold]
    #[inline(never)]
    fn under(mut self, name: &str) -> Self {
        if !self.path.is_empty() && !self.path.starts_with('[') {
            self.path.insert(0, '.');
        }
        // Names come from callers too, and nothing bounds their length.
        let end = name.char_indices().nth(40).map_or(name.len(), |(at, _)| at);
        self.path.insert_str(0, &name[..end]);
        self
    }

    /// The same error seen from the list whose element `index` this is.
    fn at(self, index: usize) -> Self {
        self.under(&format!("[{index}]"))
    }
}

/// Reads a frame into its JSON shape.
///
/// Left out are zero and empty scalars and unknown fields; kept are empty sub-messages, and what is
/// on the wire of the frame's `vsn`, `compress_method`, `command` and `check_sum`, zero or not.
/// `command` is always there (absent means 0); no bytes at all are an UNREAD frame (xsync 1.5).
///
/// # Errors
/// `Malformed` when the bytes are not a frame, `Limit` when they go beyond the limits of this
/// module. A payload that is merely unreadable is no error: it appears as hex.
pub fn decode(bytes: &[u8], direction: Direction) -> Result<Value, JsonCodecError> {
    read::frame(bytes, direction).map(Value::Object)
}

/// Makes the bytes of a frame from its JSON shape: the fields given, zeros included, by ascending
/// number. 64-bit fields take decimal strings or integers up to 2^53 - 1.
///
/// `command` is always written, and so are `vsn` and `compress_method` when there is no payload: a
/// heartbeat has six bytes, never none (xsync 0.4). A payload that is compressed or encrypted has to
/// be given as hex; this function does neither.
///
/// # Errors
/// `Invalid` naming the field that does not exist or has an unusable value; `Limit` for a frame of
/// more than [`MAX_FRAME_OUT`](super::MAX_FRAME_OUT) bytes.
pub fn encode(frame: &Value) -> Result<Vec<u8>, JsonCodecError> {
    write::frame(frame)
}

/// What the `payload` field of a message holds, by the fields beside it; none when it is just bytes.
fn payload_type(message: &Message, fields: &Map<String, Value>, direction: Direction) -> Option<&'static Message> {
    use Direction::{ClientToServer as Up, ServerToClient as Down};
    if message.name == "Frame" {
        if number(fields, "compress_method") != 0 || number(fields, "encrypt_method") != 0 {
            return None;
        }
        return match (number(fields, "command"), direction) {
            (0, Up) => Some(&schema::UNREAD_UL),
            (0, Down) => Some(&schema::UNREAD_DL),
            (1, Up) => Some(&schema::SYNC_UL),
            (1, Down) => Some(&schema::SYNC_DL),
            (2, Down) => Some(&schema::NOTICE),
            (3, _) => Some(&schema::PROVISION),
            _ => None,
        };
    }
    match number(fields, "ns") {
        1 | 7 => Some(&schema::MESSAGE_BODY),
        2 => Some(&schema::GROUP_NOTICE),
        3 => Some(&schema::ROSTER_NOTICE),
        4 => Some(&schema::USER_NOTICE),
        5 => Some(&schema::INFO),
        6 => Some(&schema::CONVERSATION),
        8 => Some(&schema::RTC_SIGNAL),
        _ => None,
    }
}

#[inline(never)]
fn number(fields: &Map<String, Value>, name: &str) -> i64 {
    fields.get(name).and_then(Value::as_i64).unwrap_or(0)
}
