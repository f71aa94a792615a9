//! A store in memory: for tests, for pages that must keep nothing, and where storage is refused.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use crate::core::map::Map;
use crate::ports::{Query, Row, Store, StoreError, Table, Write};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// An ordered map for each table. Clones share their content, as two handles of one database do.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore(Rc<RefCell<Map<Table, Rows>>>);

/// The bounds of `from <= key < to`, `to` empty for no bound; `None` for an empty range.
fn bounds(from: &[u8], to: &[u8]) -> Option<Bounds> {
    match to {
        [] => Some((Bound::Included(from.into()), Bound::Unbounded)),
        to if from < to => Some((Bound::Included(from.into()), Bound::Excluded(to.into()))),
        _ => None,
    }
}

impl Store for MemoryStore {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut tables = self.0.borrow_mut();
        for Write { table, key, until, .. } in writes {
            let (Some(range), Some(rows)) =
                (until.as_ref().and_then(|until| bounds(key, until)), tables.get_mut(table))
            else {
                continue;
            };
            for key in rows.range(range).map(|(key, _)| key.clone()).collect::<Vec<_>>() {
                rows.remove(&key);
            }
        }
        for Write { table, key, value, .. } in writes.iter().filter(|w| w.until.is_none()) {
            let rows = tables.or_default(*table);
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let tables = self.0.borrow();
        let (Some(range), Some(rows)) = (bounds(&query.from, &query.to), tables.get(&query.table)) else {
            return Ok(Vec::new());
        };
        let limit = if query.limit == 0 { usize::MAX } else { query.limit as usize };
        let rows = rows.range(range);
        let row = |(key, value): (&Vec<u8>, &Vec<u8>)| Row { key: key.clone(), value: value.clone() };
        Ok(if query.descending {
            rows.rev().take(limit).map(row).collect()
        } else {
            rows.take(limit).map(row).collect()
        })
    }
}
