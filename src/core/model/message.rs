//! A message as an application sees it.
use super::{ConversationId, Error, Millis};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageStatus {
    /// In the outbox.
    Sending = 0,
    /// Accepted by the server.
    Sent = 1,
    /// Refused, or could not be kept.
    Failed = 2,
    /// From somebody else.
    Received = 3,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// The server's id; 0 until accepted.
    pub id: u64,
    /// The id this device gave it; 0 for messages of other devices.
    pub client_id: u64,
    /// Who sent it.
    pub from: u64,
    /// Sent by the logged-in user, from any device.
    pub outgoing: bool,
    /// Number of the content type (`MessageBody.ContentType`), kept raw.
    pub ctype: i32,
    /// The text.
    pub text: String,
    /// The application's own text.
    pub ext: String,
    /// Server time; local time until accepted.
    pub timestamp: Millis,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why it failed.
    pub error: Option<Error>,
}
