//! The words of the domain: ids, messages, conversations, cards, errors. Shapes and their pure rules.
mod card;
mod conversation;
mod error;
mod id;
mod message;

pub use card::{Group, User};
pub use conversation::Conversation;
pub use error::{Domain, Error, ErrorCode};
pub use id::{ConversationId, Kind, Millis};
pub use message::{Message, MessageStatus};
