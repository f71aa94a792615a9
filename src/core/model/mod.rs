//! The words of the domain: ids, messages, conversations, notices, cards, errors. Shapes and their pure rules.
mod card;
mod conversation;
mod error;
mod id;
mod message;
mod notice;

pub use card::{Group, User};
pub use conversation::Conversation;
pub use error::{Domain, Error, ErrorCode};
pub use id::{ConversationId, Kind, Millis};
pub use message::{Change, Mention, Message, MessageStatus, Update};
pub use notice::{Notice, NoticeKind};
