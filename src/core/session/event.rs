//! What the application hears.
use super::input::Json;
use crate::core::model::{Conversation, ConversationId, Error, Group, Message, Millis, Notice, Update, User};
use crate::ports::StorageKind;

/// Where the client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is logged in.
    Idle,
    /// Asking the cloud for servers and a token, opening the store.
    Resolving,
    /// Opening the connection.
    Connecting,
    /// Logged in.
    Online,
    /// Lost; will come back by itself.
    Reconnecting,
    /// Ended by the server for good.
    Kicked,
}

impl State {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Resolving => "resolving",
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Reconnecting => "reconnecting",
            Self::Kicked => "kicked",
        }
    }
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The state changed.
    State {
        /// From.
        from: State,
        /// To.
        to: State,
        /// Why, when it is trouble.
        error: Option<Error>,
        /// When the next attempt is planned.
        retry_at: Option<Millis>,
    },
    /// New messages, durable, each once.
    Messages(Vec<Message>),
    /// Messages of this device that the server accepted.
    Sent(Vec<Message>),
    /// Messages of this device that were refused.
    Failed(Vec<Message>),
    /// Rows of the conversation list that are new or changed.
    Conversations(Vec<Conversation>),
    /// Users' cards that are new or changed.
    Users(Vec<User>),
    /// The groups, all of them.
    Groups(Vec<Group>),
    /// How many conversations are still being fetched.
    Sync(usize),
    /// Where messages are kept, and why not where they should be.
    Storage(StorageKind, Option<Error>),
    /// Trouble that no call reports.
    Error(Error),
    /// Messages that changed, or that are gone.
    Updates(Vec<Update>),
    /// Conversations that were removed, with their messages.
    Removed(Vec<ConversationId>),
    /// Somebody is typing, or has stopped.
    Typing {
        /// Where.
        of: ConversationId,
        /// Who.
        from: u64,
        /// Typing.
        active: bool,
    },
    /// What the server tells about the account, contacts and groups.
    Notices(Vec<Notice>),
    /// Members of a group that came, left or changed.
    Members {
        /// The group.
        group: u64,
        /// Who came.
        joined: Vec<u64>,
        /// Who left.
        left: Vec<u64>,
        /// Who changed: name, role, silence.
        changed: Vec<u64>,
    },
    /// For the log: what happened, without secrets and without message bodies.
    Log(Level, String),
    /// The application is asked for a token; it answers with `Command::ProvideToken` within 30 s.
    TokenWanted(TokenReason),
}

/// How much an entry of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// For developers of the SDK.
    Debug = 0,
    /// Normal course of things.
    Info = 1,
    /// Trouble that was dealt with.
    Warn = 2,
    /// Trouble that was not.
    Error = 3,
}

/// Why a token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenReason {
    /// For a login.
    Initial,
    /// The last one is not valid any more.
    Expired,
}

impl TokenReason {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Expired => "expired",
        }
    }
}

/// What a call gives.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done.
    Done,
    /// Who is logged in, and the serial number of this device, 0 before the server has given one (xsync 3.4);
    /// `None` when nobody was.
    Session(Option<(u64, u32)>),
    /// Messages, oldest first.
    Messages(Vec<Message>),
    /// A page of history, oldest first, and the id to go on from; 0 at the end.
    History(Vec<Message>, u64),
    /// What a search has found, newest first, and the handle to go on with; 0 at the end.
    Found(Vec<Message>, u32),
    /// The id of a message; 0 for none.
    Id(u64),
    /// The conversation list, most recent first.
    Conversations(Vec<Conversation>),
    /// Users.
    Users(Vec<User>),
    /// Groups.
    Groups(Vec<Group>),
    /// Kept notices, newest first.
    Notices(Vec<Notice>),
    /// Who has received, read, played a message, and who of those expected has not read it.
    Receipts(Receipts),
    /// What an endpoint of the HTTP API answers, or where a file is.
    Api(Json),
}

/// What is known about a message's way to its receivers. Ids of users, ascending.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// Whose devices have it.
    pub delivered: Vec<u64>,
    /// Who has read it.
    pub read: Vec<u64>,
    /// Who has played it.
    pub played: Vec<u64>,
    /// Who is expected to read it and has not; only for groups with read receipts.
    pub unread: Vec<u64>,
}
