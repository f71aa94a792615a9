//! The store over IndexedDB: an object store a table, binary keys and values, one transaction a batch.
use js_sys::Uint8Array;
use rexie::{Direction, KeyRange, ObjectStore, Rexie, TransactionMode, TransactionResult};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::adapters::memory::MemoryStore;
use crate::ports::{Query, Row, Store, StoreError, Table, Write};

/// Version of the schema: raised when a table is added.
const VERSION: u32 = 3;

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
}

/// One database; the connection is closed when it is dropped.
#[derive(Debug)]
pub struct IndexedDb(Option<Rexie>);

impl IndexedDb {
    /// Opens a database, made if it is not there.
    ///
    /// # Errors
    /// `Unavailable` where the browser refuses.
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let mut builder = Rexie::builder(name).version(VERSION);
        for table in Table::ALL {
            builder = builder.add_object_store(ObjectStore::new(table.name()));
        }
        builder.build().await.map(|db| Self(Some(db))).map_err(|e| StoreError::Unavailable(text(&e)))
    }

    fn begin(&self, tables: &[&str], mode: TransactionMode) -> Result<rexie::Transaction, rexie::Error> {
        // Only `drop` takes it away.
        self.0.as_ref().ok_or(rexie::Error::TransactioncommitFailed)?.transaction(tables, mode)
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
        // Two requests for all rows are quicker than a cursor step for each.
        let keys = store.get_all_keys(Some(range.clone()), limit).await?;
        let values = store.get_all(Some(range), limit).await?;
        Ok(keys.into_iter().zip(values).collect())
    }
}

impl Drop for IndexedDb {
    fn drop(&mut self) {
        if let Some(db) = self.0.take() {
            db.close(); // rexie would keep it open until the garbage is collected
        }
    }
}

impl Store for IndexedDb {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        if writes.is_empty() {
            return Ok(());
        }
        self.write(writes).await.map_err(|e| failed(&e))
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        if !query.to.is_empty() && query.from >= query.to {
            return Ok(Vec::new()); // which IndexedDB calls an error
        }
        let rows = self.read(query).await.map_err(|e| failed(&e))?;
        let take = |value: &JsValue| Uint8Array::new(value).to_vec();
        Ok(rows
            .into_iter()
            // A value that is no bytes was not written by us; as an empty row it is reported as unreadable.
            .map(|(key, value)| Row {
                key: take(&key),
                value: if value.is_instance_of::<Uint8Array>() { take(&value) } else { vec![0xff] },
            })
            .collect())
    }
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
