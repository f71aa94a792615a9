//! Uploaded files: slots, links, and the lists of groups. The bytes are in a folder beside the
//! database (`src/files.rs`).
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Result, Store, Uid, accounts::digest, found, hex, id, random, sql};
use crate::clock::Millis;

/// For whom a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who is logged in: avatars.
    Everybody,
    /// This user and the uploader.
    User(Uid),
    /// The members of this group and the uploader.
    Group(Uid),
}

impl Audience {
    const fn row(self) -> (i32, Uid) {
        match self {
            Self::Everybody => (0, 0),
            Self::User(uid) => (1, uid),
            Self::Group(gid) => (2, gid),
        }
    }
}

/// A new slot: what the client shows to upload, and the name it downloads by.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Names the bytes.
    pub object: String,
    /// What the slot is good for, to be sent back as it is.
    pub policy: String,
    /// Proves that the slot was given to who shows it.
    pub signature: String,
    /// Names the link.
    pub sign: String,
}

/// Why an upload is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotError {
    /// No such key, or policy or signature are not the ones that were given.
    Forged,
    /// Too late.
    Expired,
}

/// What came in an upload.
#[derive(Debug, Clone)]
pub struct Arrived<'a> {
    /// Names the bytes.
    pub object: &'a str,
    /// The client's name for the file.
    pub name: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// Bytes.
    pub size: u64,
}

/// A file that is there, as seen through a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stored {
    pub object: String,
    pub name: String,
    pub content_type: String,
    pub size: u64,
}

/// An entry in the list of a group (`SharedFile`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct GroupFile {
    pub file_id: u64,
    pub group_id: Uid,
    pub name: String,
    pub size: u64,
    pub r#type: String,
    pub url: String,
    pub uploader: Uid,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// An entry to be.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct NewGroupFile<'a> {
    pub group: Uid,
    pub uploader: Uid,
    pub name: &'a str,
    pub size: u64,
    pub kind: &'a str,
    pub url: &'a str,
}

/// A name nobody can guess.
fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(hex(&bytes))
}

impl Store {
    /// Gives out an upload slot that is good until `expires`, and the link to what will be in it.
    ///
    /// # Errors
    /// SQLite failures; no random bytes.
    pub fn open_slot(&mut self, owner: Uid, audience: Audience, shared: bool, expires: Millis) -> Result<Slot> {
        let slot = Slot { object: secret()?, policy: secret()?, signature: secret()?, sign: secret()? };
        let tx = self.conn.transaction()?;
        tx.prepare_cached(
            "INSERT INTO files (object, owner, policy, signature, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![slot.object, sql(owner), slot.policy, slot.signature, expires])?;
        let (to_type, to_id) = audience.row();
        tx.prepare_cached(
            "INSERT INTO file_links (sign, object, owner, to_type, to_id, shared) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![slot.sign, slot.object, sql(owner), to_type, sql(to_id), shared])?;
        tx.commit()?;
        Ok(slot)
    }

    /// Whether this may be uploaded now.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn check_slot(
        &self,
        object: &str,
        policy: &str,
        signature: &str,
        now: Millis,
    ) -> Result<std::result::Result<(), SlotError>> {
        let row = found(
            self.conn
                .prepare_cached("SELECT policy, signature, expires_at FROM files WHERE object = ?1")?
                .query_row([object], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Millis>(2)?))
                }),
        )?;
        // Digests, so that how long a comparison takes tells nothing.
        let same = |a: &str, b: &str| digest(a.as_bytes()) == digest(b.as_bytes());
        Ok(match row {
            Some((p, s, expires)) if same(&p, policy) && same(&s, signature) => {
                if now < expires {
                    Ok(())
                } else {
                    Err(SlotError::Expired)
                }
            }
            _ => Err(SlotError::Forged),
        })
    }

    /// Fills a slot. False when the slot has gone meanwhile.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn fill_slot(&mut self, file: &Arrived<'_>) -> Result<bool> {
        Ok(self
            .conn
            .prepare_cached("UPDATE files SET name = ?2, content_type = ?3, size = ?4 WHERE object = ?1")?
            .execute(params![file.object, file.name, file.content_type, sql(file.size)])?
            > 0)
    }

    /// Forgets slots that were never filled and cannot be any more.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn forget_old_slots(&mut self, now: Millis) -> Result<()> {
        let tx = self.conn.transaction()?;
        tx.execute(
            "DELETE FROM file_links WHERE object IN (SELECT object FROM files WHERE size IS NULL AND expires_at < ?1)",
            [now],
        )?;
        tx.execute("DELETE FROM files WHERE size IS NULL AND expires_at < ?1", [now])?;
        tx.commit()?;
        Ok(())
    }

    /// The file behind a link, for somebody who may see it.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn linked_file(&self, sign: &str, reader: Uid) -> Result<Option<Stored>> {
        found(
            self.conn
                .prepare_cached(
                    "SELECT f.* FROM file_links l JOIN files f ON f.object = l.object
                     WHERE l.sign = ?1 AND f.size IS NOT NULL AND (
                         l.owner = ?2 OR l.to_type = 0 OR (l.to_type = 1 AND l.to_id = ?2)
                         OR (l.to_type = 2 AND EXISTS (
                             SELECT 1 FROM group_members m WHERE m.group_id = l.to_id AND m.user_id = ?2)))",
                )?
                .query_row(params![sign, sql(reader)], |row| {
                    Ok(Stored {
                        object: row.get("object")?,
                        name: row.get("name")?,
                        content_type: row.get("content_type")?,
                        size: id(row, "size")?,
                    })
                }),
        )
    }

    /// Whether there is such a link, filled or not, whoever asks.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn link_exists(&self, sign: &str) -> Result<bool> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM file_links WHERE sign = ?1")?.exists([sign])?)
    }

    /// Another link to the same bytes.
    ///
    /// # Errors
    /// SQLite failures; no random bytes.
    pub fn link_again(&mut self, object: &str, owner: Uid, audience: Audience) -> Result<String> {
        let (sign, (to_type, to_id)) = (secret()?, audience.row());
        self.conn
            .prepare_cached(
                "INSERT INTO file_links (sign, object, owner, to_type, to_id, shared) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            )?
            .execute(params![sign, object, sql(owner), to_type, sql(to_id)])?;
        Ok(sign)
    }

    /// Adds a file to a group's list and returns the entry.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn share_file(&mut self, file: &NewGroupFile<'_>, now: Millis) -> Result<GroupFile> {
        Ok(self
            .conn
            .prepare_cached(
                "INSERT INTO group_files (group_id, uploader, name, size, type, url, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) RETURNING *",
            )?
            .query_row(
                params![sql(file.group), sql(file.uploader), file.name, sql(file.size), file.kind, file.url, now],
                group_file,
            )?)
    }

    /// The list of a group, oldest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group_files(&self, gid: Uid) -> Result<Vec<GroupFile>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM group_files WHERE group_id = ?1 ORDER BY id")?;
        let rows = statement.query_map([sql(gid)], group_file)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One entry.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group_file(&self, gid: Uid, file: u64) -> Result<Option<GroupFile>> {
        found(
            self.conn
                .prepare_cached("SELECT * FROM group_files WHERE group_id = ?1 AND id = ?2")?
                .query_row([sql(gid), sql(file)], group_file),
        )
    }

    /// Gives an entry another name.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn rename_group_file(&mut self, file: u64, name: &str, now: Millis) -> Result<()> {
        self.conn.execute(
            "UPDATE group_files SET name = ?2, updated_at = ?3 WHERE id = ?1",
            params![sql(file), name, now],
        )?;
        Ok(())
    }

    /// Takes an entry off the list, with the link `sign` if it was made for the list. Returns the
    /// object whose bytes nobody can reach any more.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn unshare_file(&mut self, file: u64, sign: &str) -> Result<Option<String>> {
        let tx = self.conn.transaction()?;
        tx.execute("DELETE FROM group_files WHERE id = ?1", [sql(file)])?;
        let object: Option<String> = found(tx.query_row(
            "DELETE FROM file_links WHERE sign = ?1 AND shared = 1 RETURNING object",
            [sign],
            |row| row.get(0),
        ))?;
        let orphan = match object {
            Some(object) if !tx.prepare("SELECT 1 FROM file_links WHERE object = ?1")?.exists([&object])? => {
                tx.execute("DELETE FROM files WHERE object = ?1", [&object])?;
                Some(object)
            }
            _ => None,
        };
        tx.commit()?;
        Ok(orphan)
    }
}

fn group_file(row: &Row<'_>) -> rusqlite::Result<GroupFile> {
    Ok(GroupFile {
        file_id: id(row, "id")?,
        group_id: id(row, "group_id")?,
        name: row.get("name")?,
        size: id(row, "size")?,
        r#type: row.get("type")?,
        url: row.get("url")?,
        uploader: id(row, "uploader")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}
