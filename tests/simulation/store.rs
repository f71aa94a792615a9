//! The model of a store: what is in it is durable, whatever happens to the process.
use std::collections::BTreeMap;

use floo_wasm::ports::{Query, Row, Table, Write};

/// All rows of a store.
#[derive(Debug, Default, Clone)]
pub struct Store(BTreeMap<(Table, Vec<u8>), Vec<u8>>);

impl Store {
    /// All writes at once; clearings come first.
    pub fn apply(&mut self, writes: Vec<Write>) {
        for Write { table, key, until, .. } in &writes {
            let Some(until) = until else { continue };
            let doomed: Vec<_> =
                self.0.range((*table, key.clone())..(*table, until.clone())).map(|(at, _)| at.clone()).collect();
            doomed.iter().for_each(|at| drop(self.0.remove(at)));
        }
        for Write { table, key, value, until } in writes {
            match value {
                _ if until.is_some() => {}
                Some(value) => drop(self.0.insert((table, key), value)),
                None => drop(self.0.remove(&(table, key))),
            }
        }
    }

    /// By how many bytes writes make it larger; clearings count for nothing.
    pub fn growth(&self, writes: &[Write]) -> i64 {
        let size = |value: Option<&Vec<u8>>| value.map_or(0, |value| value.len() as i64 + 20);
        let change = |w: &Write| size(w.value.as_ref()) - size(self.0.get(&(w.table, w.key.clone())));
        writes.iter().filter(|write| write.until.is_none()).map(change).sum()
    }

    pub fn range(&self, query: &Query) -> Vec<Row> {
        let rows = self
            .0
            .range((query.table, query.from.clone())..)
            .take_while(|((table, key), _)| *table == query.table && (query.to.is_empty() || *key < query.to))
            .map(|((_, key), value)| Row { key: key.clone(), value: value.clone() });
        let most = if query.limit == 0 { usize::MAX } else { query.limit as usize };
        if query.descending {
            let mut rows: Vec<_> = rows.collect();
            rows.reverse();
            rows.truncate(most);
            return rows;
        }
        rows.take(most).collect()
    }

    /// Keys of a table.
    pub fn keys(&self, table: Table) -> impl Iterator<Item = &[u8]> {
        self.0.range((table, Vec::new())..).take_while(move |((t, _), _)| *t == table).map(|((_, key), _)| &key[..])
    }
}
