//! What the host feeds in.
use super::find::Filter;
use super::output::Batch;
use super::rows::{conversation_key, front_from};
use super::takeover::Past;
use crate::core::model::{ConversationId, Kind};
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
    /// 32 fresh bytes of the platform's random source, never used before and for nothing else.
    Secret([u8; 32]),
    /// The socket opened.
    Opened,
    /// One binary message came in.
    Frame(&'a [u8]),
    /// The socket closed or failed, with a reason for developers.
    Closed(&'a str),
    /// A request was answered, or no answer came.
    Answer(RequestId, Result<Response, HttpError>),
    /// The account's store is open: what is shown first of it. Or it cannot be opened.
    Glanced(Result<Glance, StoreError>),
    /// The account's store is read, or cannot be read.
    StoreOpened(Result<Restored, StoreError>),
    /// A read is done.
    Loaded(LoadId, Result<Vec<Row>, StoreError>),
    /// A batch with that mark is durable.
    Persisted(Mark),
    /// A batch could not be written; nothing of it was, and nothing was done of what stands in its `then`.
    PersistFailed(StoreError, Batch),
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
    /// It was there before, and may go out now.
    LetGo(u64),
}

/// What the store of an account held.
#[derive(Debug)]
pub struct Restored {
    /// All rows of [`Restored::TABLES`], in that order.
    pub tables: Vec<(Table, Vec<Row>)>,
}

impl Restored {
    /// What is kept in memory while an account is open.
    pub const TABLES: [Table; 7] =
        [Table::Kv, Table::Conversations, Table::Outbox, Table::Users, Table::Groups, Table::Streams, Table::Waiting];
}

/// What is read of a store first, however much is in it: enough to show the beginning of the conversation list.
#[derive(Debug)]
pub struct Glance {
    /// Some rows of some tables.
    pub tables: Vec<(Table, Vec<Row>)>,
    /// Where the store keeps things.
    pub kind: StorageKind,
    /// Why it is not the platform's own storage.
    pub fallback: Option<StoreError>,
}

impl Glance {
    /// What is read whole; [`Glance::picks`] tells from the first of them what else.
    pub const TABLES: [Table; 3] = [Table::Kv, Table::Outbox, Table::Groups];

    /// Which rows to read besides, from the rows of the `kv` table.
    pub fn picks(kv: &[Row]) -> [(Table, Vec<Vec<u8>>); 2] {
        let front = front_from(kv);
        let users = front.iter().filter(|of| of.kind == Kind::User).map(|of| of.uid.to_be_bytes().into());
        let users = users.collect();
        [(Table::Conversations, front.iter().map(|of| conversation_key(*of)).collect()), (Table::Users, users)]
    }
}

/// What an application can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Log in with a password or a token.
    Login(Credentials),
    /// Take up the last login of this device.
    Resume,
    /// Take up the login of one account on this device.
    ResumeAs(u64),
    /// Take over what another SDK knew of the account on this device, while nobody is logged in.
    Adopt {
        /// Whose it is, and the token; empty when `Resume` is not to find it.
        token: Token,
        /// What the device called itself; empty when that is not known.
        guid: String,
        /// The serial number that the server had given it; 0 for none.
        sn: u32,
    },
    /// Log out and forget the token.
    Logout,
    /// Send a message under an id from `Session::allocate_id`.
    Send {
        /// The client id.
        id: u64,
        /// Where to.
        to: ConversationId,
        /// What.
        content: Content,
    },
    /// Send a failed message again, under the same id, so that the server can tell (xsync 5.11).
    Resend(u64),
    /// Take a message out of the outbox that was not written to the connection yet, or has failed.
    Cancel(u64),
    /// Change a message that the server has (xsync 5.6); settled with the server's answer.
    Operate {
        /// Where the message is.
        of: ConversationId,
        /// The message.
        target: u64,
        /// What to do.
        operation: Operation,
    },
    /// Remove a message from this device only; nobody else hears of it.
    Forget {
        /// Where the message is.
        of: ConversationId,
        /// The message.
        target: u64,
    },
    /// Write a frame of the application's own to the connection, as it is: now or never. Answers to it are told as
    /// ever.
    Frame(Vec<u8>),
    /// Tell the other side that the user is typing, or has stopped. Never kept, never repeated.
    Typing(ConversationId, bool),
    /// Remove a conversation and its messages from this device, or from all devices of the account.
    DeleteConversation {
        /// Which.
        of: ConversationId,
        /// From all devices.
        everywhere: bool,
        /// From `Session::allocate_id`, perhaps long before: messages with lower ids go with the conversation. 0: the next one.
        id: u64,
    },
    /// Who has received, read and played a message of the logged-in user.
    Receipts {
        /// Where the message is.
        of: ConversationId,
        /// The message.
        target: u64,
    },
    /// The conversation the user looks at: it is fetched before all others.
    Focus(Option<ConversationId>),
    /// The notices that were kept, newest first.
    Notices,
    /// Forget kept notices: those that were handled.
    DropNotices(Vec<u64>),
    /// The messages kept on this device: the newest, those before an id, or those behind one.
    Messages {
        /// Of which conversation.
        of: ConversationId,
        /// Older than this id; 0 for no bound.
        before: u64,
        /// Not 0: newer than this id instead, the oldest of them first to come.
        after: u64,
        /// At most so many.
        limit: u32,
    },
    /// The first message of a conversation on this device that is not older than a time.
    MessageAt {
        /// Which conversation.
        of: ConversationId,
        /// Milliseconds since the epoch.
        time: u64,
    },
    /// Search the messages on this device, newest first.
    Find(Filter, u32),
    /// The next page of a search: its handle, and at most so many.
    FindMore(u32, u32),
    /// Keep something about a conversation on this device. What is `None` stays as it is.
    SetLocal {
        /// Which.
        of: ConversationId,
        /// What the user has begun to write.
        draft: Option<String>,
        /// The application's own text.
        extension: Option<String>,
        /// It stands above all others.
        pinned: Option<bool>,
        /// It makes no noise.
        muted: Option<bool>,
    },
    /// Take over messages that another SDK has kept on this device.
    Import {
        /// Where they are.
        of: ConversationId,
        /// The messages, in any order; those that are known already change nothing.
        messages: Vec<Past>,
    },
    /// Log out and erase everything of the account from this device.
    Wipe,
    /// A page of history from the server; from this device while offline.
    History {
        /// Of which conversation.
        of: ConversationId,
        /// Older than this id; 0 for the newest.
        before: u64,
        /// Not 0: newer than this id instead, the oldest of them first to come (xsync 4.6, inferred).
        after: u64,
        /// At most so many.
        limit: u32,
    },
    /// The conversation list.
    Conversations,
    /// The users known to this device.
    Users,
    /// The groups of the user.
    Groups,
    /// Mark messages read, here and on the other devices, and tell whoever waits for it.
    MarkRead {
        /// Where they are.
        of: ConversationId,
        /// Up to this message; 0 for all.
        up_to: u64,
        /// That one message only.
        only: bool,
        /// On this device only: nobody hears of it.
        here: bool,
    },
    /// Remove a conversation's messages from this device; it stays in the list, and nobody else hears of it.
    Clear(ConversationId),
    /// Put a message of the application's own into a conversation on this device, or take it out again.
    Insert(Insert),
    /// Call an endpoint of the HTTP API (`services::Endpoint`).
    Api {
        /// Its name.
        endpoint: String,
        /// A JSON object; empty for none.
        params: Json,
        /// How long it may take, in milliseconds; 0 for 20 s.
        timeout: u32,
    },
    /// Give up a call of `Api`: that one fails with `Cancelled`.
    CancelApi(CallId),
    /// Where a file is to be got from or sent to, and with which headers: for an address, a path on the cloud's
    /// HTTP host, or the bare name of a picture. Answered as `{url, headers}`.
    Locate(String),
    /// The answer to `Event::TokenWanted`, or why there is no token.
    ProvideToken(Result<Token, String>),
}

/// A message of the application's own: never sent, never seen by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// Where.
    pub of: ConversationId,
    /// From `Session::allocate_id`; a message that has it already, in the same place, is replaced.
    pub id: u64,
    /// The message of the server that it stands behind; `None` for the newest, 0 for none.
    pub behind: Option<u64>,
    /// Who has written it, and when, in milliseconds since the epoch.
    pub from: u64,
    /// See above.
    pub time: u64,
    /// What it says; `None` takes it out.
    pub content: Option<Content>,
}

/// JSON text that may hold a password or a token, and so never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(pub String);

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Json(..)")
    }
}

/// What is sent. Sizes are bytes of UTF-8 (decisions, "Limits").
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Content {
    /// `MessageBody.ContentType`.
    pub ctype: i32,
    /// At most 64 KiB; a text message has at least one byte.
    pub text: String,
    /// A JSON object (xsync 5.7), at most 256 KiB; empty for none.
    pub attachment: String,
    /// A JSON object (xsync 5.8), at most 16 KiB; empty for none.
    pub config: String,
    /// Anything, at most 16 KiB.
    pub ext: String,
    /// Name of the sender to be shown by receivers; empty for none.
    pub sender_name: String,
    /// `MessageBody.QoS`. At most once: not kept, and only while online.
    pub qos: i32,
    /// 0 to 10, for large groups.
    pub priority: u32,
}

/// What can be done to a message that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Take back.
    Recall,
    /// Remove from all devices of the account.
    Delete,
    /// Mark unread on all devices of the account.
    Unread,
    /// Tell its author that its sound or video was played.
    Played,
    /// Lay something over it on this device, whatever the server says of it later; all empty to take that away.
    Patch {
        /// Shown instead of its text; empty for its own.
        text: String,
        /// JSON object merged into its config; empty for none.
        config: String,
        /// JSON object merged into its ext; empty for none.
        ext: String,
    },
    /// Add text at the end.
    Append {
        /// At least one byte.
        text: String,
        /// JSON object merged into the message's config; empty for none.
        config: String,
        /// JSON object merged into the message's ext; empty for none.
        ext: String,
    },
    /// Replace.
    Replace {
        /// The new text; empty to keep the old one.
        text: String,
        /// JSON object merged into the message's config; empty for none.
        config: String,
        /// JSON object merged into the message's ext; empty for none.
        ext: String,
    },
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
