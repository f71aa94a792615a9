//! The store over IndexedDB: an object store a table, binary keys and values, one transaction a batch.
use std::cell::RefCell;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_util::future::try_join;
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use rexie::{Direction, KeyRange, ObjectStore, Rexie, RexieBuilder, TransactionMode, TransactionResult};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::IdbTransaction;

use crate::adapters::memory::MemoryStore;
use crate::ports::{Query, Row, Store, StoreError, Table, Write, together};

/// Version of the schema: raised when a table is added.
const VERSION: u32 = 3;
/// How long a page with an older version may hold the database open, in milliseconds.
const PATIENCE: u32 = 5_000;

/// What the browser offers: its database, or memory where that is refused.
#[derive(Debug)]
pub enum WebStore {
    /// The browser's database.
    IndexedDb(IndexedDb),
    /// Gone with the page.
    Memory(MemoryStore),
}

impl Store for WebStore {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        match self {
            Self::IndexedDb(store) => store.apply(writes).await,
            Self::Memory(store) => store.apply(writes).await,
        }
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::IndexedDb(store) => store.range(query).await,
            Self::Memory(store) => store.range(query).await,
        }
    }

    async fn pick(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::IndexedDb(store) => store.pick(table, keys).await,
            Self::Memory(store) => store.pick(table, keys).await,
        }
    }
}

/// One database. Its connection can be lost at any time, because browsers close it in the background; it is opened
/// again then. It is closed when this is dropped.
#[derive(Debug)]
pub struct IndexedDb {
    name: String,
    connection: RefCell<Option<Rexie>>,
}

impl IndexedDb {
    /// Opens a database, made if it is not there. Older versions are brought up to this one: their rows stay.
    ///
    /// # Errors
    /// `Unavailable` where the browser refuses, where a newer version of this package has written the database, and
    /// where a page with an older version holds it open.
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let connection = connect(name).await?;
        Ok(Self { name: name.to_owned(), connection: RefCell::new(Some(connection)) })
    }

    /// Closes the connection, as the browser might.
    pub fn disconnect(&self) {
        if let Some(db) = self.connection.take() {
            db.close();
        }
    }

    fn begin(&self, tables: &[&str], mode: TransactionMode) -> Result<rexie::Transaction, rexie::Error> {
        let connection = self.connection.borrow();
        connection.as_ref().ok_or(rexie::Error::TransactioncommitFailed)?.transaction(tables, mode)
    }

    /// A second try may succeed after anything but a lack of space, and but for a database that was deleted: whoever
    /// reads or builds on what was in it must hear so. It is made again for the writes after this one.
    async fn mend(&self, e: &rexie::Error, reading: bool) -> Result<(), StoreError> {
        if let e @ StoreError::Quota(_) = failed(e) {
            return Err(e);
        }
        self.disconnect();
        // Opened without a version a database that is not there has no tables, and ours always do.
        let found = open(Rexie::builder(&self.name)).await?;
        let deleted = found.store_names().is_empty();
        found.close();
        if !(deleted && reading) {
            *self.connection.borrow_mut() = Some(connect(&self.name).await?);
        }
        if deleted { Err(StoreError::Failed("the database was deleted".into())) } else { Ok(()) }
    }

    async fn write(&self, writes: &[Write]) -> Result<(), rexie::Error> {
        let tables: Vec<_> = Table::ALL.into_iter().filter(|t| writes.iter().any(|w| w.table == *t)).collect();
        let names: Vec<_> = tables.iter().map(|t| t.name()).collect();
        let transaction = self.begin(&names, TransactionMode::ReadWrite)?;
        for table in tables {
            let store = transaction.store(table.name())?;
            let here = || writes.iter().filter(move |w| w.table == table);
            let is_range = |w: &&Write| w.until.as_ref().is_some_and(|until| w.key < *until);
            for gone in here().filter(is_range) {
                let until = bytes(gone.until.as_deref().unwrap_or_default());
                let range =
                    KeyRange::bound(&bytes(&gone.key), &until, Some(false), Some(true)).map_err(rexie::Error::from)?;
                store.delete(range.into()).await?;
            }
            for gone in here().filter(|w| w.value.is_none() && w.until.is_none()) {
                store.delete(bytes(&gone.key)).await?;
            }
            store.put_all(here().filter_map(|w| Some((bytes(w.value.as_ref()?), Some(bytes(&w.key)))))).await?;
        }
        match transaction.done().await? {
            TransactionResult::Committed => Ok(()),
            TransactionResult::Aborted => Err(rexie::Error::TransactioncommitFailed),
        }
    }

    /// The same without rexie, which does not tell why a transaction was aborted; and that there is no room Chromium
    /// finds out at the commit, when every request has succeeded.
    async fn write_again(&self, writes: &[Write]) -> Result<(), StoreError> {
        let failed = |e: idb::Error| failed(&e.into());
        let db = idb::Database::builder(&self.name).build().await.map_err(failed)?;
        let ended = commit(&db, writes).await;
        db.close();
        ended.map_err(failed)
    }

    async fn read(&self, query: &Query) -> Result<Vec<(JsValue, JsValue)>, rexie::Error> {
        let transaction = self.begin(&[query.table.name()], TransactionMode::ReadOnly)?;
        let store = transaction.store(query.table.name())?;
        let (from, to) = (bytes(&query.from), bytes(&query.to));
        let range = if query.to.is_empty() {
            KeyRange::lower_bound(&from, Some(false)).map_err(rexie::Error::from)?
        } else {
            KeyRange::bound(&from, &to, Some(false), Some(true)).map_err(rexie::Error::from)?
        };
        let limit = (query.limit > 0).then_some(query.limit);
        if query.descending {
            return store.scan(Some(range), limit, None, Some(Direction::Prev)).await;
        }
        // Two requests for all rows are quicker than a cursor step for each; the browser works on both at once.
        let (keys, values) =
            try_join(store.get_all_keys(Some(range.clone()), limit), store.get_all(Some(range), limit)).await?;
        Ok(keys.into_iter().zip(values).collect())
    }

    /// In one transaction, all requests under way at once.
    async fn read_each(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<JsValue>>, rexie::Error> {
        let transaction = self.begin(&[table.name()], TransactionMode::ReadOnly)?;
        let store = transaction.store(table.name())?;
        together(keys.iter().map(|key| store.get(bytes(key))).collect()).await.into_iter().collect()
    }
}

impl Drop for IndexedDb {
    fn drop(&mut self) {
        self.disconnect(); // rexie would keep it open until the garbage is collected
    }
}

/// One transaction, or why there is none. What is deleted goes first.
async fn commit(db: &idb::Database, writes: &[Write]) -> Result<(), idb::Error> {
    let tables: Vec<_> = Table::ALL.into_iter().filter(|t| writes.iter().any(|w| w.table == *t)).collect();
    let names: Vec<_> = tables.iter().map(|t| t.name()).collect();
    let transaction = db.transaction(&names, TransactionMode::ReadWrite)?;
    let (mut deleted, mut put) = (None, None);
    for w in writes.iter().filter(|w| w.value.is_none()) {
        let store = transaction.object_store(w.table.name())?;
        match &w.until {
            Some(until) if w.key < *until => {
                let range = KeyRange::bound(&bytes(&w.key), &bytes(until), Some(false), Some(true))?;
                deleted = Some(store.delete(range)?);
            }
            Some(_) => {} // of nothing
            None => deleted = Some(store.delete(bytes(&w.key))?),
        }
    }
    for (w, value) in writes.iter().filter_map(|w| Some((w, w.value.as_ref()?))) {
        put = Some(transaction.object_store(w.table.name())?.put(&bytes(value), Some(&bytes(&w.key)))?);
    }
    let raw = IdbTransaction::from(transaction);
    // The reason of an earlier request is the transaction's by the time that the last one hears of it.
    let because = |e| raw.error().map_or(e, idb::Error::DomException);
    match (put, deleted) {
        (Some(put), _) => drop(put.await.map_err(because)?),
        (None, Some(deleted)) => deleted.await.map_err(because)?,
        (None, None) => {}
    }
    match idb::Transaction::from(raw.clone()).await.map_err(because)? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(because(idb::Error::DomExceptionNotFound)),
    }
}

/// Connects, and makes the tables that are missing.
async fn connect(name: &str) -> Result<Rexie, StoreError> {
    let mut builder = Rexie::builder(name).version(VERSION);
    for table in Table::ALL {
        builder = builder.add_object_store(ObjectStore::new(table.name()));
    }
    open(builder).await
}

/// Opens a database, or says why that cannot be.
async fn open(builder: RexieBuilder) -> Result<Rexie, StoreError> {
    let (mut opening, mut patience) = (pin!(builder.build()), TimeoutFuture::new(PATIENCE));
    let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
        Poll::Ready(opened) => Poll::Ready(Some(opened)),
        Poll::Pending => Pin::new(&mut patience).poll(cx).map(|()| None),
    });
    match opened.await {
        Some(Ok(db)) => Ok(db),
        Some(Err(e)) if text(&e).contains("VersionError") => {
            Err(StoreError::Unavailable("a newer version of this package has written the database".into()))
        }
        Some(Err(e)) => Err(StoreError::Unavailable(text(&e))),
        None => {
            Err(StoreError::Unavailable("a page with an older version of this package holds the database open".into()))
        }
    }
}

impl Store for IndexedDb {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        match self.write(writes).await {
            Ok(()) => Ok(()),
            Err(e) => {
                // Nothing of it was written: a transaction is all or nothing.
                self.mend(&e, false).await?;
                self.write_again(writes).await
            }
        }
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        if !query.to.is_empty() && query.from >= query.to {
            return Ok(Vec::new()); // which IndexedDB calls an error
        }
        let rows = match self.read(query).await {
            Ok(rows) => rows,
            Err(e) => {
                self.mend(&e, true).await?;
                self.read(query).await.map_err(|e| failed(&e))?
            }
        };
        Ok(rows
            .into_iter()
            .map(|(key, value)| Row { key: Uint8Array::new(&key).to_vec(), value: taken(&value) })
            .collect())
    }

    async fn pick(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        let values = match self.read_each(table, keys).await {
            Ok(values) => values,
            Err(e) => {
                self.mend(&e, true).await?;
                self.read_each(table, keys).await.map_err(|e| failed(&e))?
            }
        };
        let row = |(key, value): (&Vec<u8>, Option<JsValue>)| Some(Row { key: key.clone(), value: taken(&value?) });
        Ok(keys.iter().zip(values).filter_map(row).collect())
    }
}

/// A value that is no bytes was not written by us; as an empty row it is reported as unreadable.
fn taken(value: &JsValue) -> Vec<u8> {
    if value.is_instance_of::<Uint8Array>() { Uint8Array::new(value).to_vec() } else { vec![0xff] }
}

fn bytes(data: &[u8]) -> JsValue {
    Uint8Array::from(data).into()
}

fn text(e: &rexie::Error) -> String {
    format!("{e:?}")
}

fn failed(e: &rexie::Error) -> StoreError {
    let text = text(e);
    if text.contains("QuotaExceeded") { StoreError::Quota(text) } else { StoreError::Failed(text) }
}
