//! A row of the conversation list.
use super::{ConversationId, Mention, Message, Millis};

/// What a conversation list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// The other user's or the group's name; the id while it is unknown.
    pub title: String,
    /// URL of its picture; may be empty.
    pub avatar: String,
    /// Messages from others that were not read, on any device.
    pub unread: u32,
    /// Whether an unread message calls on the logged-in user.
    pub mention: Mention,
    /// Time of the last message; 0 when there is none.
    pub timestamp: Millis,
    /// The last message, one that is still being sent included.
    pub last: Option<Message>,
    /// What the user has begun to write on this device.
    pub draft: String,
    /// A text of the application's, kept on this device.
    pub extension: String,
    /// It stands above all others.
    pub pinned: bool,
    /// It makes no noise, and its unread messages do not count in the total.
    pub muted: bool,
}
