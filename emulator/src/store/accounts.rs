//! Users, tokens, devices and contact lists.
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use blake2::{Blake2b512, Digest};
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Result, Store, StoreError, Uid, found, hex, id, next, random, sql};
use crate::clock::Millis;

/// How long a token is good for.
const TOKEN_LIFE: Millis = 30 * 24 * 3_600_000;

/// What it takes to create a user.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// Unique login name.
    pub username: &'a str,
    /// Plain password; only its hash is kept.
    pub password: &'a str,
    /// Name shown to others.
    pub nick_name: &'a str,
}

/// A user's own view of the account (`UserProfile`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Profile {
    pub user_id: Uid,
    pub username: String,
    pub nick_name: String,
    pub avatar: String,
    pub mobile: String,
    pub email: String,
    pub description: String,
    pub public_info: String,
    pub private_info: String,
}

/// A user as seen by another one (`RosterItem`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct RosterItem {
    pub user_id: Uid,
    pub username: String,
    pub nick_name: String,
    pub avatar: String,
    pub alias: String,
    pub ext: String,
    pub description: String,
    pub public_info: String,
    /// 0 friend, 1 deleted, 2 stranger, 3 blocked.
    pub relation: u8,
    pub mute_notification: bool,
    pub auth_mode: u8,
    pub auth_question: String,
}

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// A good token of this user.
    User(Uid),
    /// Never issued, revoked or expired.
    Nobody,
}

/// One device of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Serial number, stable for (user, GUID), from 1.
    pub sn: u32,
    /// When it logged in before; 0 for the first time.
    pub last_login: Millis,
}

impl Store {
    /// True when the application exists.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn app_exists(&self, app_id: &str) -> Result<bool> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM apps WHERE app_id = ?1")?.exists([app_id])?)
    }

    /// Creates a user; `None` when the name is taken.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn create_user(&mut self, user: NewUser<'_>, now: Millis) -> Result<Option<Uid>> {
        let hash = hash_password(user.password)?;
        let tx = self.conn.transaction()?;
        let taken = tx.prepare("SELECT 1 FROM users WHERE username = ?1")?.exists([user.username])?;
        if taken {
            return Ok(None);
        }
        let uid = next(&tx, "uid", 1)? * 16;
        tx.execute(
            "INSERT INTO users (id, username, password_hash, nick_name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![uid, user.username, hash, user.nick_name, now],
        )?;
        tx.commit()?;
        Ok(Some(uid.cast_unsigned()))
    }

    /// The user with that login name.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_by_name(&self, username: &str) -> Result<Option<Uid>> {
        self.user_where("username", &username)
    }

    /// The user with that phone number.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_by_mobile(&self, mobile: &str) -> Result<Option<Uid>> {
        self.user_where("mobile", &mobile)
    }

    /// True when a user has this id.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_exists(&self, uid: Uid) -> Result<bool> {
        Ok(self.user_where("id", &sql(uid))?.is_some())
    }

    fn user_where(&self, column: &'static str, value: &dyn rusqlite::ToSql) -> Result<Option<Uid>> {
        found(
            self.conn
                .prepare_cached(&format!("SELECT id FROM users WHERE {column} = ?1"))?
                .query_row([value], |row| id(row, "id")),
        )
    }

    /// The stored hash of a user's password; for a comparison with `password_matches`.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn password_hash(&self, uid: Uid) -> Result<Option<String>> {
        found(
            self.conn
                .prepare_cached("SELECT password_hash FROM users WHERE id = ?1")?
                .query_row([sql(uid)], |row| row.get(0)),
        )
    }

    /// Issues a token. Returns it with the time it expires.
    ///
    /// # Errors
    /// SQLite failures, or no random bytes.
    pub fn issue_token(&mut self, uid: Uid, now: Millis) -> Result<(String, Millis)> {
        let mut bytes = [0_u8; 24];
        random(&mut bytes)?;
        let token = hex(&bytes);
        let expires = now.saturating_add(TOKEN_LIFE);
        self.conn.execute(
            "INSERT INTO tokens (digest, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
            params![digest(token.as_bytes()), sql(uid), now, expires],
        )?;
        Ok((token, expires))
    }

    /// Whom the token stands for at this time.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn token_owner(&self, token: &str, now: Millis) -> Result<TokenOwner> {
        let owner = found(
            self.conn
                .prepare_cached("SELECT user_id FROM tokens WHERE digest = ?1 AND expires_at > ?2")?
                .query_row(params![digest(token.as_bytes()), now], |row| id(row, "user_id")),
        )?;
        Ok(owner.map_or(TokenOwner::Nobody, TokenOwner::User))
    }

    /// Makes all tokens of a user invalid.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn revoke_tokens(&mut self, uid: Uid) -> Result<()> {
        self.conn.execute("DELETE FROM tokens WHERE user_id = ?1", [sql(uid)])?;
        Ok(())
    }

    /// The device of (user, GUID), created at the first login. A new device starts at the last
    /// 20 metas of each conversation.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn login_device(&mut self, uid: Uid, guid: &str, os_type: i32, info: &str, now: Millis) -> Result<Device> {
        let tx = self.conn.transaction()?;
        let known = found(
            tx.prepare_cached("SELECT sn, last_login FROM devices WHERE user_id = ?1 AND guid = ?2")?
                .query_row(params![sql(uid), guid], |row| {
                    Ok(Device { sn: row.get("sn")?, last_login: row.get("last_login")? })
                }),
        )?;
        let device = if let Some(device) = known {
            tx.execute(
                "UPDATE devices SET os_type = ?3, info = ?4, last_login = ?5 WHERE user_id = ?1 AND sn = ?2",
                params![sql(uid), device.sn, os_type, info, now],
            )?;
            device
        } else {
            let sn: u32 =
                tx.query_row("SELECT coalesce(max(sn), 0) + 1 FROM devices WHERE user_id = ?1", [sql(uid)], |row| {
                    row.get(0)
                })?;
            tx.execute(
                "INSERT INTO devices (user_id, sn, guid, os_type, info, last_login) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![sql(uid), sn, guid, os_type, info, now],
            )?;
            tx.execute(
                "INSERT INTO positions (owner, sn, conv, position)
                 SELECT owner, ?2, conv, coalesce((
                     SELECT s.id FROM stream s WHERE s.owner = c.owner AND s.conv = c.conv
                     ORDER BY s.id DESC LIMIT 1 OFFSET 20), 0)
                 FROM conversations c WHERE owner = ?1",
                params![sql(uid), sn],
            )?;
            Device { sn, last_login: 0 }
        };
        tx.commit()?;
        Ok(device)
    }

    /// All users: id, login name, display name.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn users(&self) -> Result<Vec<(Uid, String, String)>> {
        let mut statement = self.conn.prepare_cached("SELECT id, username, nick_name FROM users ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((id(row, "id")?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A user's own profile.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn profile(&self, uid: Uid) -> Result<Option<Profile>> {
        found(
            self.conn
                .prepare_cached(
                    "SELECT id, username, nick_name, avatar, coalesce(mobile, '') AS mobile, email,
                            description, public_info, private_info FROM users WHERE id = ?1",
                )?
                .query_row([sql(uid)], |row| {
                    Ok(Profile {
                        user_id: id(row, "id")?,
                        username: row.get("username")?,
                        nick_name: row.get("nick_name")?,
                        avatar: row.get("avatar")?,
                        mobile: row.get("mobile")?,
                        email: row.get("email")?,
                        description: row.get("description")?,
                        public_info: row.get("public_info")?,
                        private_info: row.get("private_info")?,
                    })
                }),
        )
    }

    /// Makes two users friends of each other.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn befriend(&mut self, a: Uid, b: Uid) -> Result<()> {
        let tx = self.conn.transaction()?;
        for (user, friend) in [(a, b), (b, a)] {
            tx.execute(
                "INSERT INTO roster (user_id, friend_id) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET relation = 0",
                params![sql(user), sql(friend)],
            )?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Ids of a user's friends.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn friends(&self, uid: Uid) -> Result<Vec<Uid>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT friend_id FROM roster WHERE user_id = ?1 AND relation = 0 ORDER BY friend_id")?;
        let rows = statement.query_map([sql(uid)], |row| id(row, "friend_id"))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The cards of those of `ids` that exist, as `viewer` sees them. The viewer's own card is
    /// marked as a friend's.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn roster_items(&self, viewer: Uid, ids: &[Uid]) -> Result<Vec<RosterItem>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT u.id, u.username, u.nick_name, u.avatar, u.description, u.public_info,
                    u.auth_mode, u.auth_question,
                    coalesce(r.alias, '') AS alias, coalesce(r.ext, '') AS ext,
                    coalesce(r.mute, 0) AS mute,
                    CASE WHEN u.id = ?1 THEN 0 ELSE coalesce(r.relation, 2) END AS relation
             FROM users u LEFT JOIN roster r ON r.user_id = ?1 AND r.friend_id = u.id
             WHERE u.id = ?2",
        )?;
        let mut items = Vec::with_capacity(ids.len());
        for uid in ids {
            items.extend(found(statement.query_row([sql(viewer), sql(*uid)], roster_item))?);
        }
        Ok(items)
    }
}

fn roster_item(row: &Row<'_>) -> rusqlite::Result<RosterItem> {
    Ok(RosterItem {
        user_id: id(row, "id")?,
        username: row.get("username")?,
        nick_name: row.get("nick_name")?,
        avatar: row.get("avatar")?,
        alias: row.get("alias")?,
        ext: row.get("ext")?,
        description: row.get("description")?,
        public_info: row.get("public_info")?,
        relation: row.get("relation")?,
        mute_notification: row.get("mute")?,
        auth_mode: row.get("auth_mode")?,
        auth_question: row.get("auth_question")?,
    })
}

/// Cheap on purpose: tests log in hundreds of times, and this is no production server.
fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(1024, 1, 1, None).map_err(|_| StoreError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_password(password: &str) -> Result<String> {
    let mut bytes = [0_u8; 16];
    random(&mut bytes)?;
    let salt = SaltString::encode_b64(&bytes).map_err(|_| StoreError::Hash)?;
    let hash = hasher()?.hash_password(password.as_bytes(), &salt).map_err(|_| StoreError::Hash)?;
    Ok(hash.to_string())
}

/// True when the password belongs to the stored hash.
///
/// # Errors
/// [`StoreError::Hash`] when the stored hash is unreadable.
pub(crate) fn password_matches(password: &str, stored: &str) -> Result<bool> {
    let parsed = PasswordHash::new(stored).map_err(|_| StoreError::Hash)?;
    Ok(hasher()?.verify_password(password.as_bytes(), &parsed).is_ok())
}

/// A digest to compare tokens and repeated uplinks by.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Blake2b512::digest(bytes)[..32])
}
