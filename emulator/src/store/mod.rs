//! Everything that survives a restart: one SQLite file, all SQL of the emulator.
//!
//! A method that changes something runs in one transaction; when it has returned `Ok` the
//! change is on file, so an answer sent afterwards survives a killed process.
mod accounts;
mod contacts;
mod devices;
mod effects;
mod fields;
mod files;
mod group_requests;
mod groups;
mod handles;
mod members;
mod seed;
mod streams;

use std::{
    collections::HashSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use thiserror::Error;

pub(crate) use accounts::password_matches;
pub use accounts::{NewUser, PRIVATE_PROFILE, PUBLIC_PROFILE, Profile, SETTINGS, State, TokenOwner};
pub use contacts::{Application, Relation, RosterItem};
pub use devices::{Device, DeviceRow, Login};
pub use effects::{Edit, Effect};
pub use fields::{Change, Field, Kind};
pub use files::{Arrived, Audience, GroupFile, NewGroupFile, Slot, SlotError, Stored};
pub use group_requests::{Announcement, GroupApplication, GroupInvitation, Request};
pub use groups::{GROUP_FIELDS, Group, NewGroup, Role};
pub(crate) use handles::{openid, secret};
pub use members::{Member, Membership};
pub(crate) use seed::APP_ID;
pub(crate) use streams::CONTENT_LIMIT;
pub use streams::{Accepted, Append, ConvKind, Copy, HistoryPage, MetaRow, Range, Refusal, UnreadRow, Uplink};

/// A user or group id; 0 is the system conversation. Below 2^53.
pub type Uid = u64;

/// Identifies our files among all SQLite files ("FLOO").
const APPLICATION_ID: i32 = 0x464C_4F4F;
/// Schema steps; the file's `user_version` tells how many it has seen.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_files.sql"),
    include_str!("schema_handles.sql"),
    include_str!("schema_push.sql"),
];
/// First server message id. Far above 2^53, so that a client that squeezes ids into doubles fails.
const FIRST_MID: i64 = 1_234_567_890_123_456_701;

/// Why the data cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file exists but is not ours or cannot be read; it was left as it is.
    #[error("data file {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// SQLite failed while running.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Random,
    /// A password could not be hashed.
    #[error("password hashing failed")]
    Hash,
}

/// Result of a store method.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The open database.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    corrupt: HashSet<String>,
}

impl Store {
    /// Opens a database that lives as long as the process.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn in_memory() -> Result<Self> {
        let mut store = Self { conn: Connection::open_in_memory()?, corrupt: HashSet::new() };
        store.migrate()?;
        Ok(store)
    }

    /// Opens or creates the data file.
    ///
    /// # Errors
    /// [`StoreError::File`], naming the file, when it is broken, foreign, newer than this
    /// program or in use; it is not changed then.
    pub fn open(path: &Path) -> Result<Self> {
        let file_error = |reason: String| StoreError::File { path: path.to_path_buf(), reason };
        inspect(path).map_err(file_error)?;
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            fs::create_dir_all(dir).map_err(|e| file_error(format!("cannot create its folder: {e}")))?;
        }
        Self::open_checked(path).map_err(|e| match e {
            StoreError::Sqlite(e) => file_error(sqlite_reason(&e)),
            other => other,
        })
    }

    fn open_checked(path: &Path) -> Result<Self> {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_millis(200))?;
        // One process a file: a second emulator would not know this one's sockets.
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        let mut store = Self { conn, corrupt: HashSet::new() };
        store.migrate()?;
        // After the schema, so that a new file carries our mark in its header from the first byte.
        store.conn.pragma_update(None, "journal_mode", "WAL")?;
        // What has been handed to the operating system survives the end of this process, and that is
        // what is promised: waiting for the disk would stop everybody for half a second now and then.
        store.conn.pragma_update(None, "synchronous", "OFF")?;
        // Walks every table once, so that a broken file is found now and not in a conversation.
        store.counts()?;
        Ok(store)
    }

    /// Closes the file. Everything asked of the store afterwards fails.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn close(&mut self) -> Result<()> {
        // The last checkpoint may take its time.
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let nothing = Connection::open_in_memory()?;
        std::mem::replace(&mut self.conn, nothing).close().map_err(|(_, e)| e.into())
    }

    fn migrate(&mut self) -> Result<()> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
        let done: usize = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for step in MIGRATIONS.iter().skip(done) {
            tx.execute_batch(step)?;
        }
        if done == 0 {
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
            tx.execute("INSERT INTO sequence (name, next) VALUES ('mid', ?1), ('uid', 412500000001)", [FIRST_MID])?;
        }
        if done < MIGRATIONS.len() {
            tx.pragma_update(None, "user_version", MIGRATIONS.len())?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Rows skipped because they could not be read, since the start.
    pub fn corrupt_rows(&self) -> usize {
        self.corrupt.len()
    }

    /// Counts a row that cannot be used and says so once.
    fn skip_row(&mut self, row: String, why: &str) {
        if !self.corrupt.contains(&row) {
            eprintln!("floo-emulator: warning: skipped a corrupted row ({row}): {why}");
            self.corrupt.insert(row);
        }
    }

    /// The ids that a query gives in a column `id`.
    fn ids(&self, query: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<Uid>> {
        let mut statement = self.conn.prepare_cached(query)?;
        let rows = statement.query_map(params, |row| id(row, "id"))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Number of rows of a table, for the admin page.
    fn count(&self, table: &'static str) -> Result<u64> {
        let n: i64 = self.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
        Ok(n.cast_unsigned())
    }

    /// Row counts by table, for the admin page.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn counts(&self) -> Result<Vec<(&'static str, u64)>> {
        ["users", "devices", "tokens", "groups", "metas", "stream", "files", "push_tokens"]
            .into_iter()
            .map(|table| Ok((table, self.count(table)?)))
            .collect()
    }
}

/// Reads the header without opening the database, so that a file that is not ours stays untouched.
fn inspect(path: &Path) -> std::result::Result<(), String> {
    let mut head = [0_u8; 100];
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(format!("cannot be read: {e}")),
    };
    let length = file.metadata().map_err(|e| format!("cannot be read: {e}"))?;
    if !length.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if length.len() == 0 {
        return Ok(());
    }
    file.read_exact(&mut head).map_err(|_| "is not a database of floo-emulator (too short)".to_owned())?;
    if !head.starts_with(b"SQLite format 3\0") {
        return Err("is not a database of floo-emulator (no SQLite header)".to_owned());
    }
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]).cast_signed();
    if word(68) != APPLICATION_ID {
        return Err("is an SQLite database of another program".to_owned());
    }
    let version = usize::try_from(word(60)).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(format!(
            "was written by a newer floo-emulator (schema {version}, this one knows {})",
            MIGRATIONS.len()
        ));
    }
    Ok(())
}

fn sqlite_reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            "is in use by another process".to_owned()
        }
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            format!("is broken ({error}); move it away to start afresh")
        }
        _ => error.to_string(),
    }
}

/// The next number of a sequence.
fn next(tx: &Transaction<'_>, name: &str, step: i64) -> rusqlite::Result<i64> {
    tx.query_row(
        "UPDATE sequence SET next = next + ?2 WHERE name = ?1 RETURNING next - ?2",
        params![name, step],
        |row| row.get(0),
    )
}

/// An id as stored. Exact for every real id; what lies beyond i64 only ever has to compare unequal.
fn sql(id: u64) -> i64 {
    id.cast_signed()
}

/// A bound for comparisons, where ids beyond i64 mean "no limit".
fn bound(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// An id or number out of a row.
fn id(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}

/// Fills `bytes` with random bytes of the operating system.
fn random(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| StoreError::Random)
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[usize::from(d)])).collect()
}

/// `None` for "no such row".
fn found<T>(row: rusqlite::Result<T>) -> Result<Option<T>> {
    Ok(row.optional()?)
}
