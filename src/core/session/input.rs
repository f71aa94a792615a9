//! What the host feeds in.
use crate::core::model::ConversationId;
use crate::core::services::{Credentials, Token};
use crate::ports::{HttpError, Response, Row, StorageKind, StoreError, Table};

/// Names one call of the application; chosen by the caller, echoed in the reply.
pub type CallId = u32;
/// Names one HTTP request.
pub type RequestId = u32;
/// Names one read of the store.
pub type LoadId = u32;

/// One thing that happened. Inputs may come at any time, also while outputs are being carried out.
#[derive(Debug)]
pub enum Input<'a> {
    /// The device's own store is open (or not): the rows of its `kv` table. Comes first, once.
    Started(Result<Vec<Row>, StoreError>),
    /// The application wants something.
    Command(CallId, Command),
    /// The socket opened.
    Opened,
    /// One binary message came in.
    Frame(&'a [u8]),
    /// The socket closed or failed, with a reason for developers.
    Closed(&'a str),
    /// A request was answered, or no answer came.
    Answer(RequestId, Result<Response, HttpError>),
    /// The account's store is open, or cannot be opened.
    StoreOpened(Result<Restored, StoreError>),
    /// A read is done.
    Loaded(LoadId, Result<Vec<Row>, StoreError>),
    /// A batch with that mark is durable.
    Persisted(Mark),
    /// A batch could not be written; nothing of it was.
    PersistFailed(StoreError, Option<Mark>),
    /// The world around changed.
    Signal(Signal),
    /// A deadline from `Output::Wait` has passed. Early or needless ones are harmless.
    Tick,
}

/// What a batch of writes was for, where the session must know that it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A message is in the outbox; its client id.
    Queued(u64),
}

/// What the store of an account held.
#[derive(Debug)]
pub struct Restored {
    /// All rows of [`Restored::TABLES`], in that order.
    pub tables: Vec<(Table, Vec<Row>)>,
    /// Where the store keeps things.
    pub kind: StorageKind,
    /// Why it is not the platform's own storage.
    pub fallback: Option<StoreError>,
}

impl Restored {
    /// What is kept in memory while an account is open.
    pub const TABLES: [Table; 5] = [Table::Kv, Table::Conversations, Table::Outbox, Table::Users, Table::Groups];
}

/// What an application can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Log in with a password or a token.
    Login(Credentials),
    /// Take up the last login of this device.
    Resume,
    /// Log out and forget the token.
    Logout,
    /// Send a text under an id from `Session::allocate_id`.
    Send {
        /// The client id.
        id: u64,
        /// Where to.
        to: ConversationId,
        /// 1 byte to 64 KiB.
        text: String,
        /// At most 16 KiB.
        ext: String,
    },
    /// The messages kept on this device, newest first bound by `before` (0: the newest).
    Messages {
        /// Of which conversation.
        of: ConversationId,
        /// Older than this id; 0 for no bound.
        before: u64,
        /// At most so many.
        limit: u32,
    },
    /// A page of history from the server; from this device while offline.
    History {
        /// Of which conversation.
        of: ConversationId,
        /// Older than this id; 0 for the newest.
        before: u64,
        /// At most so many.
        limit: u32,
    },
    /// The conversation list.
    Conversations,
    /// The users known to this device.
    Users,
    /// The groups of the user.
    Groups,
    /// Set a conversation's unread count to zero.
    MarkRead(ConversationId),
    /// The answer to `Event::TokenWanted`, or why there is no token.
    ProvideToken(Result<Token, String>),
}

/// Changes of the world around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The network is back.
    Online,
    /// The network is gone.
    Offline,
    /// The page or mini-program is in front again.
    Foreground,
    /// It is hidden or suspended.
    Background,
}

impl Signal {
    /// By the name that JavaScript gives.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "online" => Some(Self::Online),
            "offline" => Some(Self::Offline),
            "foreground" => Some(Self::Foreground),
            "background" => Some(Self::Background),
            _ => None,
        }
    }
}
