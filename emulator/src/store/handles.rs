//! By what else accounts and groups are known: verified phones, WeChat, push tokens, QR codes, and
//! which accounts are virtual users.
use blake2::{Blake2b512, Digest};
use rusqlite::params;
use serde_json::Value;

use super::{Result, Store, Uid, accounts::digest, found, hex, id, random, sql};
use crate::clock::Millis;

/// A text nobody can guess: 32 hexadecimal digits.
///
/// # Errors
/// No random bytes from the operating system.
pub(crate) fn secret() -> Result<String> {
    let mut bytes = [0_u8; 16];
    random(&mut bytes)?;
    Ok(hex(&bytes))
}

/// The openid a WeChat code stands for here.
pub(crate) fn openid(code: &str) -> String {
    format!("wx{}", hex(&Blake2b512::digest(code)[..12]))
}

impl Store {
    /// The user who registered last.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn newest_user(&self) -> Result<Option<Uid>> {
        Ok(self.ids("SELECT id FROM users WHERE state <> 3 ORDER BY id DESC LIMIT 1", &[])?.pop())
    }

    /// The user with this id, or else with this login name.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_by_reference(&self, reference: &str) -> Result<Option<Uid>> {
        match reference.parse() {
            Ok(uid) if self.user_exists(uid)? => Ok(Some(uid)),
            _ => self.user_by_name(reference),
        }
    }

    /// True when no account has, or had, this login name.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn is_free_name(&self, name: &str) -> Result<bool> {
        Ok(!self.conn.prepare_cached("SELECT 1 FROM users WHERE username = ?1")?.exists([name])?)
    }

    /// Lets go of what only one account can have, when one is deleted.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn release_handles(&mut self, uid: Uid) -> Result<()> {
        let tx = self.conn.transaction()?;
        for statement in [
            "UPDATE users SET mobile = NULL, verified_mobile = NULL WHERE id = ?1",
            "DELETE FROM openids WHERE user_id = ?1",
            "DELETE FROM push_tokens WHERE user_id = ?1",
        ] {
            tx.execute(statement, [sql(uid)])?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Changes the login name; false when another account has it.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn rename_user(&mut self, uid: Uid, name: &str) -> Result<bool> {
        let changed = self.conn.execute(
            "UPDATE users SET username = ?2 WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM users WHERE username = ?2 AND id <> ?1)",
            params![sql(uid), name],
        )?;
        Ok(changed > 0)
    }

    /// The phone a user's name was verified by.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn verified_by(&self, uid: Uid) -> Result<Option<String>> {
        let mobile: Option<Option<String>> = found(
            self.conn
                .prepare_cached("SELECT verified_mobile FROM users WHERE id = ?1")?
                .query_row([sql(uid)], |row| row.get(0)),
        )?;
        Ok(mobile.flatten())
    }

    /// How many accounts beside this one a phone has verified.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn verified_accounts(&self, mobile: &str, beside: Uid) -> Result<usize> {
        Ok(self.ids("SELECT id FROM users WHERE verified_mobile = ?1 AND id <> ?2", &[&mobile, &sql(beside)])?.len())
    }

    /// The user an openid is bound to.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn user_by_openid(&self, openid: &str) -> Result<Option<Uid>> {
        Ok(self
            .ids(
                "SELECT user_id AS id FROM openids o JOIN users u ON u.id = o.user_id
                 WHERE openid = ?1 AND u.state <> 3",
                &[&openid],
            )?
            .pop())
    }

    /// Binds an openid to a user; false when it is another one's.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn bind_openid(&mut self, openid: &str, uid: Uid, kind: i64) -> Result<bool> {
        if self.user_by_openid(openid)?.is_some_and(|other| other != uid) {
            return Ok(false);
        }
        self.conn.execute(
            "INSERT OR REPLACE INTO openids (openid, user_id, kind) VALUES (?1, ?2, ?3)",
            params![openid, sql(uid), kind],
        )?;
        Ok(true)
    }

    /// Takes all openids off a user.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn unbind_openids(&mut self, uid: Uid) -> Result<()> {
        self.conn.execute("DELETE FROM openids WHERE user_id = ?1", [sql(uid)])?;
        Ok(())
    }

    /// True when a user has an openid.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn has_openid(&self, uid: Uid) -> Result<bool> {
        Ok(self.conn.prepare_cached("SELECT 1 FROM openids WHERE user_id = ?1")?.exists([sql(uid)])?)
    }

    /// Keeps or forgets (`None`) the push token of a device, with the name of its notifier; false
    /// when there is no such device.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_push_token(&mut self, uid: Uid, sn: u32, token: Option<(&str, &str)>) -> Result<bool> {
        let known = "SELECT 1 FROM devices WHERE user_id = ?1 AND sn = ?2";
        if !self.conn.prepare_cached(known)?.exists(params![sql(uid), sn])? {
            return Ok(false);
        }
        match token {
            Some((token, notifier)) => self.conn.execute(
                "INSERT OR REPLACE INTO push_tokens (user_id, sn, notifier, token) VALUES (?1, ?2, ?3, ?4)",
                params![sql(uid), sn, notifier, token],
            )?,
            None => {
                self.conn.execute("DELETE FROM push_tokens WHERE user_id = ?1 AND sn = ?2", params![sql(uid), sn])?
            }
        };
        Ok(true)
    }

    /// Keeps an invitation code of a group.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn keep_group_code(&mut self, code: &str, gid: Uid, expires: Millis) -> Result<()> {
        self.conn.execute(
            "INSERT INTO group_codes (digest, group_id, expires_at) VALUES (?1, ?2, ?3)",
            params![digest(code.as_bytes()), sql(gid), expires],
        )?;
        Ok(())
    }

    /// The group of an invitation code, and when it expires.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group_code(&self, code: &str) -> Result<Option<(Uid, Millis)>> {
        found(
            self.conn
                .prepare_cached("SELECT group_id, expires_at FROM group_codes WHERE digest = ?1")?
                .query_row([digest(code.as_bytes())], |row| Ok((id(row, "group_id")?, row.get("expires_at")?))),
        )
    }

    /// How many groups a user owns.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn own_groups(&self, uid: Uid) -> Result<usize> {
        Ok(self.ids("SELECT id FROM groups WHERE owner_id = ?1 AND status = 0", &[&sql(uid)])?.len())
    }

    /// Marks an account as a virtual user of this kind.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_bot(&mut self, uid: Uid, kind: &str) -> Result<()> {
        self.set_fields("users", uid, &[("bot", Value::from(kind))])
    }

    /// The virtual users with their kinds.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn bots(&self) -> Result<Vec<(Uid, String)>> {
        let mut statement =
            self.conn.prepare_cached("SELECT id, bot FROM users WHERE bot <> '' AND state <> 3 ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((id(row, "id")?, row.get("bot")?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
