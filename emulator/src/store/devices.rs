//! Devices of accounts (xsync 3.4): a serial number for each (user, GUID).
use rusqlite::params;
use serde::Serialize;

use super::{Result, Store, Uid, accounts::digest, found, id, sql};
use crate::clock::Millis;

/// A PROVISION that is to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The account.
    pub user: Uid,
    /// What the device calls itself.
    pub guid: &'a str,
    /// Number of the `OsType` enum.
    pub os_type: i32,
    /// `device_info`.
    pub info: &'a str,
    /// The token it comes with.
    pub token: &'a str,
    /// How many metas of each conversation a new device gets.
    pub first_metas: u32,
    /// How many devices may be logged in, 0 for any number.
    pub max_devices: u32,
}

/// One device of one account, as it logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Serial number, stable for (user, GUID), from 1.
    pub sn: u32,
    /// When it logged in before; 0 for the first time.
    pub last_login: Millis,
    /// True when it came with another token than before: a login, not a new connection.
    pub fresh_token: bool,
}

/// A line of `/user/device/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct DeviceRow {
    pub device_sn: u32,
    pub platform: i32,
    pub user_agent: String,
    pub user_id: Uid,
    pub last_login: Millis,
}

impl Store {
    /// The device of (user, GUID), created at the first login; `None` when the account has too
    /// many already.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn login_device(&mut self, login: &Login<'_>, now: Millis) -> Result<Option<Device>> {
        let user = sql(login.user);
        let digest = digest(login.token.as_bytes());
        let tx = self.conn.transaction()?;
        let others: u32 = tx.query_row(
            "SELECT count(*) FROM devices WHERE user_id = ?1 AND guid <> ?2 AND logged_in = 1",
            params![user, login.guid],
            |row| row.get(0),
        )?;
        if login.max_devices > 0 && others >= login.max_devices {
            return Ok(None);
        }
        let known =
            found(
                tx.prepare_cached("SELECT sn, last_login, token FROM devices WHERE user_id = ?1 AND guid = ?2")?
                    .query_row(params![user, login.guid], |row| {
                        Ok(Device {
                            sn: row.get("sn")?,
                            last_login: row.get("last_login")?,
                            fresh_token: row.get::<_, String>("token")? != digest,
                        })
                    }),
            )?;
        let device = if let Some(device) = known {
            tx.execute(
                "UPDATE devices SET os_type = ?3, info = ?4, last_login = ?5, token = ?6, logged_in = 1
                 WHERE user_id = ?1 AND sn = ?2",
                params![user, device.sn, login.os_type, login.info, now, digest],
            )?;
            device
        } else {
            let sn: u32 = tx.query_row(
                "UPDATE users SET last_sn = last_sn + 1 WHERE id = ?1 RETURNING last_sn",
                [user],
                |row| row.get(0),
            )?;
            tx.execute(
                "INSERT INTO devices (user_id, sn, guid, os_type, info, last_login, token)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![user, sn, login.guid, login.os_type, login.info, now, digest],
            )?;
            tx.execute(
                "INSERT INTO positions (owner, sn, conv, position)
                 SELECT owner, ?2, conv, coalesce((
                     SELECT s.id FROM stream s WHERE s.owner = c.owner AND s.conv = c.conv
                     ORDER BY s.id DESC LIMIT 1 OFFSET ?3), 0)
                 FROM conversations c WHERE owner = ?1",
                params![user, sn, login.first_metas],
            )?;
            Device { sn, last_login: 0, fresh_token: true }
        };
        tx.commit()?;
        Ok(Some(device))
    }

    /// The devices of an account, the latest login first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn device_list(&self, uid: Uid) -> Result<Vec<DeviceRow>> {
        let mut statement =
            self.conn.prepare_cached("SELECT * FROM devices WHERE user_id = ?1 ORDER BY last_login DESC, sn DESC")?;
        let rows = statement.query_map([sql(uid)], |row| {
            Ok(DeviceRow {
                device_sn: row.get("sn")?,
                platform: row.get("os_type")?,
                user_agent: row.get("info")?,
                user_id: id(row, "user_id")?,
                last_login: row.get("last_login")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The device that logged in with this token last; 0 when none has.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn device_of_token(&self, token: &str) -> Result<u32> {
        Ok(found(
            self.conn
                .prepare_cached("SELECT sn FROM devices WHERE token = ?1 ORDER BY last_login DESC, sn DESC LIMIT 1")?
                .query_row([digest(token.as_bytes())], |row| row.get(0)),
        )?
        .unwrap_or(0))
    }

    /// Logs a device out, and forgets it if asked to: its token is good no longer, unless another
    /// device uses it too. False when there is no such device.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn log_out_device(&mut self, uid: Uid, sn: u32, forget: bool) -> Result<bool> {
        let key = params![sql(uid), sn];
        let tx = self.conn.transaction()?;
        if tx.execute("UPDATE devices SET logged_in = 0 WHERE user_id = ?1 AND sn = ?2", key)? == 0 {
            return Ok(false);
        }
        tx.execute(
            "DELETE FROM tokens WHERE digest = (SELECT token FROM devices WHERE user_id = ?1 AND sn = ?2)
               AND NOT EXISTS (SELECT 1 FROM devices d
                               WHERE d.user_id = ?1 AND d.sn <> ?2 AND d.token = digest AND d.logged_in = 1)",
            key,
        )?;
        if forget {
            tx.execute("DELETE FROM devices WHERE user_id = ?1 AND sn = ?2", key)?;
            tx.execute("DELETE FROM push_tokens WHERE user_id = ?1 AND sn = ?2", key)?;
            tx.execute("DELETE FROM positions WHERE owner = ?1 AND sn = ?2", key)?;
        }
        tx.commit()?;
        Ok(true)
    }
}
