//! What a platform must offer. Every adapter implements these traits and nothing else.
use std::future::{Future, poll_fn};
use std::task::Poll;

use crate::core::model::Millis;

/// A platform: sockets, requests, stores, a clock, randomness.
pub trait Platform: 'static {
    /// An open or opening socket; dropping it closes it and silences its callbacks.
    type Socket: Socket;
    /// A durable store.
    type Store: Store;
    /// A running timer; dropping it cancels it.
    type Timer;

    /// The wall clock.
    fn now(&self) -> Millis;
    /// Fills `buf` with unpredictable bytes, or says why it cannot. Never a weak source.
    fn fill_random(&self, buf: &mut [u8]) -> Result<(), PlatformError>;
    /// Calls back once after `ms` milliseconds.
    fn after(&self, ms: u32, f: Box<dyn FnOnce()>) -> Self::Timer;
    /// Runs a future to its end on the platform's only thread.
    fn spawn(&self, future: impl Future<Output = ()> + 'static);
    /// Starts connecting; `on` hears what happens, never before this returns.
    fn connect(&self, url: &str, on: Box<dyn Fn(SocketEvent<'_>)>) -> Result<Self::Socket, TransportError>;
    /// Sends one HTTP request. `Err` only when no answer came.
    async fn request(&self, request: Request) -> Result<Response, HttpError>;
    /// Opens a store by name, made if it is not there.
    async fn open(&self, name: &str) -> Result<Opened<Self::Store>, StoreError>;
}

/// A store that was opened.
#[derive(Debug)]
pub struct Opened<S> {
    /// The store.
    pub store: S,
    /// Where it keeps things.
    pub kind: StorageKind,
    /// Why the platform's own storage could not be used, when it fell back to memory.
    pub fallback: Option<StoreError>,
}

/// Where a store keeps things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageKind {
    /// The browser's database.
    IndexedDb,
    /// Memory: gone with the page.
    Memory,
    /// The host's own.
    Host,
}

impl StorageKind {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IndexedDb => "indexeddb",
            Self::Memory => "memory",
            Self::Host => "host",
        }
    }
}

/// One socket.
pub trait Socket {
    /// Queues one binary frame.
    fn send(&self, frame: &[u8]) -> Result<(), TransportError>;
}

/// What a socket says.
#[derive(Debug)]
pub enum SocketEvent<'a> {
    /// Ready to send.
    Opened,
    /// One binary message.
    Frame(&'a [u8]),
    /// Gone, for the reason given to developers.
    Closed(String),
}

/// The tables of a store. New ones go to the end; numbers are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Small single values: account, device, counters.
    Kv = 0,
    /// A row a conversation.
    Conversations = 1,
    /// A row a message that the server has.
    Messages = 2,
    /// A row a message that the server does not have yet.
    Outbox = 3,
    /// What could not be understood, kept as it came.
    Quarantine = 4,
    /// Users' cards.
    Users = 5,
    /// Groups' cards.
    Groups = 6,
    /// How far each stream of the server was taken in.
    Streams = 7,
    /// Ids of operations and notices that were carried out: a second delivery changes nothing.
    Applied = 8,
    /// Operations on messages that have not come yet.
    Waiting = 9,
    /// Who has received, read or played a message of the user.
    Receipts = 10,
    /// Notices that ask the user for an answer or tell of an ended membership.
    Notices = 11,
    /// What messages are found by.
    Terms = 12,
}

impl Table {
    /// All tables, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Kv,
        Self::Conversations,
        Self::Messages,
        Self::Outbox,
        Self::Quarantine,
        Self::Users,
        Self::Groups,
        Self::Streams,
        Self::Applied,
        Self::Waiting,
        Self::Receipts,
        Self::Notices,
        Self::Terms,
    ];

    /// Its name in a database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kv => "kv",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
            Self::Outbox => "outbox",
            Self::Quarantine => "quarantine",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Streams => "streams",
            Self::Applied => "applied_ops",
            Self::Waiting => "pending_ops",
            Self::Receipts => "receipts",
            Self::Notices => "notices",
            Self::Terms => "terms",
        }
    }
}

/// One change of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub table: Table,
    /// Which row; keys compare bytewise.
    pub key: Vec<u8>,
    /// The new value; `None` deletes.
    pub value: Option<Vec<u8>>,
    /// With no value: deletes all rows from `key` up to this key, which stays; `None` for the one row.
    /// In a batch such clearings come first, whatever their place.
    pub until: Option<Vec<u8>>,
}

impl Write {
    /// Adds or replaces a row.
    pub fn put(table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        Self { table, key: key.into(), value: Some(value.into()), until: None }
    }

    /// Deletes a row, if it is there.
    pub fn delete(table: Table, key: impl Into<Vec<u8>>) -> Self {
        Self { table, key: key.into(), value: None, until: None }
    }

    /// Deletes all rows with `from <= key < to`.
    pub fn clear(table: Table, from: impl Into<Vec<u8>>, to: impl Into<Vec<u8>>) -> Self {
        Self { table, key: from.into(), value: None, until: Some(to.into()) }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub key: Vec<u8>,
    /// What it holds.
    pub value: Vec<u8>,
}

/// Which rows to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Where.
    pub table: Table,
    /// First key.
    pub from: Vec<u8>,
    /// First key that is not wanted any more; empty for no bound.
    pub to: Vec<u8>,
    /// How many at most; 0 for all.
    pub limit: u32,
    /// From the end.
    pub descending: bool,
}

impl Query {
    /// A whole table, ascending.
    pub const fn all(table: Table) -> Self {
        Self { table, from: Vec::new(), to: Vec::new(), limit: 0, descending: false }
    }

    /// The row with that key.
    pub fn one(table: Table, key: &[u8]) -> Self {
        Self { table, from: key.into(), to: [key, &[0]].concat(), limit: 1, descending: false }
    }
}

/// Durable ordered tables of bytes. What rows mean is the core's business, so an engine is small.
pub trait Store {
    /// All writes or none, durable when it returns.
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError>;
    /// Rows of a key range.
    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError>;
    /// The rows with these keys, of those that are there.
    async fn pick(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for key in keys {
            rows.extend(self.range(&Query::one(table, key)).await?);
        }
        Ok(rows)
    }
}

/// A request. Headers hold the token: never log them.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON; `None` for no body.
    pub body: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers and body carry credentials.
        f.debug_struct("Request").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// A response, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// The platform lacks something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlatformError(pub String);

/// A socket could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TransportError(pub String);

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HttpError(pub String);

/// The store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or was taken away.
    #[error("{0}")]
    Unavailable(String),
    /// No space left.
    #[error("{0}")]
    Quota(String),
    /// A read or write failed.
    #[error("{0}")]
    Failed(String),
}

/// Waits for futures that are all under way at the same time; results are in the order of the futures.
pub(crate) async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    poll_fn(|cx| {
        for (future, result) in waiting.iter_mut().filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(cx) {
                *result = Some(ready);
            }
        }
        if waiting.iter().any(|(_, result)| result.is_none()) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, result)| result).collect()
}
