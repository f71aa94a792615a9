//! Columns that users may set, as data: one list tells the API what it takes and the database
//! where it goes.
use rusqlite::{Row, ToSql, params};
use serde_json::{Map, Value};

use super::{Result, Store, Uid, sql};

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text of at most so many bytes.
    Text(usize),
    /// A switch.
    Flag,
    /// A number from 0 to this.
    Upto(i64),
}

/// A field: its name is the key in JSON and the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Key and column.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
}

/// A checked new value of a field.
pub type Change = (&'static str, Value);

/// Shorthand for lists.
pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

impl Store {
    /// Sets fields of the row `id` of a table.
    pub(super) fn set_fields(&mut self, table: &'static str, id: Uid, changes: &[Change]) -> Result<()> {
        let tx = self.conn.transaction()?;
        for (column, value) in changes {
            tx.prepare_cached(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?
                .execute(params![sql(id), sql_value(value)])?;
        }
        tx.commit()?;
        Ok(())
    }
}

/// A JSON value as SQLite keeps it: switches are 0 and 1.
pub(super) fn sql_value(value: &Value) -> Box<dyn ToSql> {
    match value {
        Value::Bool(flag) => Box::new(i64::from(*flag)),
        Value::Number(number) => Box::new(number.as_i64()),
        Value::String(text) => Box::new(text.clone()),
        other => Box::new(other.to_string()),
    }
}

/// The fields of a row as a JSON object.
pub(super) fn read_fields(row: &Row<'_>, fields: &[Field]) -> rusqlite::Result<Map<String, Value>> {
    fields
        .iter()
        .map(|field| {
            let value = match field.kind {
                Kind::Text(_) => Value::String(row.get(field.name)?),
                Kind::Flag => Value::Bool(row.get(field.name)?),
                Kind::Upto(_) => Value::from(row.get::<_, i64>(field.name)?),
            };
            Ok((field.name.to_owned(), value))
        })
        .collect()
}
