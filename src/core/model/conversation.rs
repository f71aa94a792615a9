//! A row of the conversation list.
use super::{ConversationId, Message, Millis};

/// What a conversation list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// The other user's or the group's name; the id while it is unknown.
    pub title: String,
    /// URL of its picture; may be empty.
    pub avatar: String,
    /// Messages from others since it was last read on this device.
    pub unread: u32,
    /// Time of the last message; 0 when there is none.
    pub timestamp: Millis,
    /// The last message, one that is still being sent included.
    pub last: Option<Message>,
}
