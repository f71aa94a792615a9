//! A store in memory: for tests, for pages that must keep nothing, and where storage is refused.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ports::{Query, Row, Store, StoreError, Table, Write};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// One ordered map for all tables. Clones share their content, as two handles of one database do.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore(Rc<RefCell<Rows>>);

impl Store for MemoryStore {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut rows = self.0.borrow_mut();
        for Write { table, key, until, .. } in writes {
            if let Some(until) = until {
                rows.retain(|(t, k), _| t != table || k < key || k >= until);
            }
        }
        for Write { table, key, value, .. } in writes.iter().filter(|w| w.until.is_none()) {
            match value {
                Some(value) => rows.insert((*table, key.clone()), value.clone()),
                None => rows.remove(&(*table, key.clone())),
            };
        }
        Ok(())
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let rows = self.0.borrow();
        let hits = rows
            .range((query.table, query.from.clone())..)
            .take_while(|((table, key), _)| *table == query.table && (query.to.is_empty() || *key < query.to))
            .map(|((_, key), value)| Row { key: key.clone(), value: value.clone() });
        let limit = if query.limit == 0 { usize::MAX } else { query.limit as usize };
        let mut hits: Vec<_> = hits.collect();
        if query.descending {
            hits.reverse();
        }
        hits.truncate(limit);
        Ok(hits)
    }
}
