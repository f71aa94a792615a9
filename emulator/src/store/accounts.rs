//! Users, their profiles and settings, and tokens.
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use blake2::{Blake2b512, Digest};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Result, Store, StoreError, Uid,
    fields::{Change, Field, Kind, field, read_fields},
    found, hex, id, next, random, sql,
};
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

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// A good token of this user.
    User(Uid),
    /// Never issued, revoked or expired.
    Nobody,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything.
    #[default]
    Normal = 0,
    /// Everything but send.
    Banned = 1,
    /// Nothing.
    Frozen = 2,
    /// It is gone.
    Deleted = 3,
}

/// Profile fields that others see.
pub const PUBLIC_PROFILE: &[Field] = &[
    field("nick_name", Kind::Text(256)),
    field("avatar", Kind::Text(1024)),
    field("description", Kind::Text(4096)),
    field("public_info", Kind::Text(16 * 1024)),
];

/// Profile fields that only the owner sees.
pub const PRIVATE_PROFILE: &[Field] = &[field("private_info", Kind::Text(16 * 1024)), field("email", Kind::Text(256))];

/// `UserSettings` without the ids.
pub const SETTINGS: &[Field] = &[
    field("auth_mode", Kind::Upto(3)),
    field("auth_question", Kind::Text(1024)),
    field("auth_answer", Kind::Text(1024)),
    field("auto_download", Kind::Flag),
    field("group_confirm", Kind::Flag),
    field("no_push", Kind::Flag),
    field("no_push_detail", Kind::Flag),
    field("no_push_start_hour", Kind::Upto(23)),
    field("no_push_end_hour", Kind::Upto(23)),
    field("no_sounds", Kind::Flag),
    field("vibratory", Kind::Flag),
    field("push_nick_name", Kind::Text(256)),
    field("push_token", Kind::Text(1024)),
    field("silence_start_time", Kind::Upto(23)),
    field("silence_end_time", Kind::Upto(23)),
];

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

    /// Fills a group with new users who have no password; gives the number of members then.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn crowd(&mut self, gid: Uid, members: u32, now: Millis) -> Result<u64> {
        let tx = self.conn.transaction()?;
        for _ in 0..members {
            let uid = next(&tx, "uid", 1)? * 16;
            let name = format!("crowd_{}", uid / 16);
            tx.prepare_cached(
                "INSERT INTO users (id, username, password_hash, nick_name, created_at) VALUES (?1, ?2, '', ?2, ?3)",
            )?
            .execute(params![uid, name, now])?;
            tx.prepare_cached("INSERT INTO group_members (group_id, user_id, join_time) VALUES (?1, ?2, ?3)")?
                .execute(params![sql(gid), uid, now])?;
        }
        tx.execute("UPDATE groups SET capacity = max(capacity, ?2) WHERE id = ?1", params![sql(gid), members + 500])?;
        let count: i64 =
            tx.query_row("SELECT count(*) FROM group_members WHERE group_id = ?1", [sql(gid)], |row| row.get(0))?;
        tx.commit()?;
        Ok(count.cast_unsigned())
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

    /// True when a user has this id, and has not deleted the account.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_exists(&self, uid: Uid) -> Result<bool> {
        Ok(self.state(uid)?.is_some_and(|state| state != State::Deleted))
    }

    /// What the account may do; `None` when there never was one.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn state(&self, uid: Uid) -> Result<Option<State>> {
        found(self.conn.prepare_cached("SELECT state FROM users WHERE id = ?1")?.query_row([sql(uid)], |row| {
            Ok(match row.get(0)? {
                0 => State::Normal,
                1 => State::Banned,
                2 => State::Frozen,
                _ => State::Deleted,
            })
        }))
    }

    /// Changes what the account may do.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_state(&mut self, uid: Uid, state: State) -> Result<()> {
        self.set_fields("users", uid, &[("state", Value::from(state as i64))])
    }

    fn user_where(&self, column: &'static str, value: &dyn rusqlite::ToSql) -> Result<Option<Uid>> {
        found(
            self.conn
                .prepare_cached(&format!("SELECT id FROM users WHERE {column} = ?1 AND state <> 3"))?
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

    /// Sets a new password.
    ///
    /// # Errors
    /// SQLite failures, or no random bytes.
    pub fn set_password(&mut self, uid: Uid, password: &str) -> Result<()> {
        let hash = hash_password(password)?;
        self.set_fields("users", uid, &[("password_hash", Value::String(hash))])
    }

    /// Sets the phone number; false when another account has it.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_mobile(&mut self, uid: Uid, mobile: &str) -> Result<bool> {
        let changed = self.conn.execute(
            "UPDATE users SET mobile = ?2 WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM users WHERE mobile = ?2 AND id <> ?1)",
            params![sql(uid), mobile],
        )?;
        Ok(changed > 0)
    }

    /// Sets profile fields or settings.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_user(&mut self, uid: Uid, changes: &[Change]) -> Result<()> {
        self.set_fields("users", uid, changes)
    }

    /// The settings of a user ([`SETTINGS`]).
    ///
    /// # Errors
    /// SQLite failures.
    pub fn settings(&self, uid: Uid) -> Result<Option<Map<String, Value>>> {
        found(
            self.conn
                .prepare_cached("SELECT * FROM users WHERE id = ?1")?
                .query_row([sql(uid)], |row| read_fields(row, SETTINGS)),
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

    /// Makes all tokens of a user invalid, except `spared`.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn revoke_tokens(&mut self, uid: Uid, spared: Option<&str>) -> Result<()> {
        let spared = spared.map(|token| digest(token.as_bytes())).unwrap_or_default();
        self.conn.execute("DELETE FROM tokens WHERE user_id = ?1 AND digest <> ?2", params![sql(uid), spared])?;
        Ok(())
    }

    /// Pins a conversation, or takes the pin off.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn pin(&mut self, uid: Uid, conv: Uid, pinned: bool) -> Result<()> {
        let statement = if pinned {
            "INSERT INTO pins (user_id, conv) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM pins WHERE user_id = ?1 AND conv = ?2"
        };
        self.conn.prepare_cached(statement)?.execute([sql(uid), sql(conv)])?;
        Ok(())
    }

    /// Pinned conversations.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn pins(&self, uid: Uid) -> Result<Vec<Uid>> {
        self.ids("SELECT conv AS id FROM pins WHERE user_id = ?1 ORDER BY conv", &[&sql(uid)])
    }

    /// What a user's devices are tagged with.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn push_tags(&self, uid: Uid) -> Result<Vec<String>> {
        let text: String = self
            .conn
            .prepare_cached("SELECT push_tags FROM users WHERE id = ?1")?
            .query_row([sql(uid)], |row| row.get(0))?;
        Ok(serde_json::from_str(&text).unwrap_or_default()) // written below as an array of texts
    }

    /// Changes what a user's devices are tagged with.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_push_tags(&mut self, uid: Uid, tags: &[String]) -> Result<()> {
        self.set_user(uid, &[("push_tags", serde_json::json!(tags))])
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
    if stored.is_empty() {
        return Ok(false);
    }
    let parsed = PasswordHash::new(stored).map_err(|_| StoreError::Hash)?;
    Ok(hasher()?.verify_password(password.as_bytes(), &parsed).is_ok())
}

/// A digest to compare tokens and repeated uplinks by.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Blake2b512::digest(bytes)[..32])
}
