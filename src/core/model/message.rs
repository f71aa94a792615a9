//! A message as an application sees it, and what can happen to it later.
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
    /// Put in by the application; only this device has it.
    Local = 4,
}

/// Whom a message calls on by name (xsync 5.8, `mentionList` and `mentionAll`).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mention {
    /// Not the logged-in user.
    #[default]
    None = 0,
    /// The logged-in user among others.
    Me = 1,
    /// Everybody in the group.
    All = 2,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// The server's id; 0 until accepted. Of one that the application has put in: the message it stands behind.
    pub id: u64,
    /// The id this device gave it; 0 for messages of other devices.
    pub client_id: u64,
    /// Who sent it.
    pub from: u64,
    /// Sent by the logged-in user, from any device.
    pub outgoing: bool,
    /// The server says neither that it is of a conversation with a user nor of one in a group (`Type.NORMAL`).
    pub untyped: bool,
    /// Number of the content type (`MessageBody.ContentType`), kept raw.
    pub ctype: i32,
    /// The text, edits applied.
    pub text: String,
    /// The attachment's JSON text, as sent (xsync 5.7); empty when there is none.
    pub attachment: String,
    /// The SDK's JSON text (xsync 5.8), edits applied; empty when there is none.
    pub config: String,
    /// The application's own text, edits applied.
    pub ext: String,
    /// The sender's name as carried in the message.
    pub sender_name: String,
    /// Priority in a large group; 0 for none.
    pub priority: u32,
    /// Server time; local time until accepted.
    pub timestamp: Millis,
    /// Server time of the last edit; 0 when never edited.
    pub edited_at: Millis,
    /// Where it stands.
    pub status: MessageStatus,
    /// Outgoing, 1:1: a device of the other side has it.
    pub delivered: bool,
    /// Outgoing, 1:1: the other side has read it. Incoming: the logged-in user has.
    pub read: bool,
    /// Its sound or video was played: by the other side, or by the logged-in user.
    pub played: bool,
    /// Something is laid over it on this device.
    pub patched: bool,
    /// Whether it calls on the logged-in user.
    pub mention: Mention,
    /// Why it failed.
    pub error: Option<Error>,
}

/// What an operation does to a message (xsync 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Change {
    /// Somebody has read it; for an incoming message the logged-in user, on whatever device.
    Read = 1,
    /// Marked unread again by the logged-in user.
    Unread = 3,
    /// A device of the other side has it.
    Delivered = 4,
    /// Taken back by its author or an administrator of the group.
    Recall = 5,
    /// Removed from the devices of the logged-in user.
    Delete = 6,
    /// Its sound or video was played.
    Played = 7,
    /// Text was added at the end.
    Append = 8,
    /// Text, config or ext were replaced.
    Replace = 9,
    /// Where it stands changed on this device: sent again, or an edit was undone.
    Status = 10,
    /// Put in by the application, or changed by it on this device only.
    Local = 11,
}

/// One change of one message, told after it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// What happened.
    pub change: Change,
    /// Where the message belongs; the best guess while the message is unknown.
    pub conversation: ConversationId,
    /// The message's id; 0 for one that is only in the outbox.
    pub target: u64,
    /// The message as it is now, or as it was before it was taken away; `None` when this device does not have it.
    pub message: Option<Message>,
    /// Who did it; 0 for the device itself.
    pub by: u64,
    /// The operation's own id; 0 while it is not accepted yet.
    pub operation: u64,
    /// The operation's text: what was appended or replaced.
    pub text: String,
    /// The operation's config patch.
    pub config: String,
    /// The operation's ext patch.
    pub ext: String,
    /// Server time of the operation.
    pub timestamp: Millis,
}
