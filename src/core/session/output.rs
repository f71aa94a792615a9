//! What the host must do.
use super::event::{Event, Reply};
use super::input::{CallId, LoadId, Mark, RequestId};
use crate::core::model::{Error, Millis};
use crate::ports::{Query, Request, Write};

/// One thing to do. Outputs are one FIFO: each is done before the next is begun.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket; any earlier one is gone.
    Connect {
        /// Number of this connection.
        generation: u32,
        /// Where to.
        url: String,
        /// It is encrypted: feed `Secret` with fresh random bytes before `Opened`.
        secret: bool,
    },
    /// Send one frame, unless another connection has taken the place of that one.
    Transmit {
        /// The connection it is meant for.
        generation: u32,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Close the socket.
    Disconnect,
    /// Open the account's store by name, and read of it what [`Glance`](super::Glance) is made of; feed `Glanced`.
    OpenStore(String),
    /// Read the hot tables of the store that was opened, feed `StoreOpened`.
    Restore,
    /// Close the account's store.
    CloseStore,
    /// Write in one transaction. Durable: do what stands in `then`. Not: feed `PersistFailed` with all of it.
    Persist(Batch),
    /// Read from the account's store, feed `Loaded`.
    Load(LoadId, Query),
    /// Make a request, feed `Answer`. Not waited for.
    Request(RequestId, Request),
    /// Tell the application.
    Event(Event),
    /// Settle a call of the application.
    Reply(CallId, Result<Reply, Error>),
    /// Drained: feed `Tick` at this time at the latest.
    Wait(Option<Millis>),
}

/// Which store a batch goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The device's own: who logged in last, where the servers are.
    Device,
    /// The account's.
    Account,
}

/// One transaction and what depends on it.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where to.
    pub place: Place,
    /// All or none.
    pub writes: Vec<Write>,
    /// Done once it is durable: events, replies, receipts.
    pub then: Vec<Output>,
    /// Fed back as `Persisted` once it is durable.
    pub marks: Vec<Mark>,
}
