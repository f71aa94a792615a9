//! Contact lists and friend applications.
use rusqlite::{Row, params};
use serde::Serialize;

use super::{
    Result, Store, Uid,
    fields::{Change, sql_value},
    found, id, sql,
};
use crate::clock::Millis;

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

/// What a user's list says about another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relation {
    /// True for a friend.
    pub friend: bool,
    /// True when blocked.
    pub blocked: bool,
}

/// A friend application (`RosterApplication`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Application {
    pub user_id: Uid,
    pub reason: String,
    /// 0 open, 1 accepted, 2 declined.
    pub status: u8,
    pub expired_time: Millis,
}

impl Store {
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
        tx.execute(
            "UPDATE roster_applications SET status = 1
             WHERE status = 0 AND (user_id, applicant_id) IN ((?1, ?2), (?2, ?1))",
            params![sql(a), sql(b)],
        )?;
        tx.commit()?;
        Ok(())
    }

    /// Ends a friendship: the other one keeps the entry, marked as deleted.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn unfriend(&mut self, deleter: Uid, other: Uid) -> Result<()> {
        let tx = self.conn.transaction()?;
        for (user, friend, relation) in [(deleter, other, 2), (other, deleter, 1)] {
            tx.execute(
                "UPDATE roster SET relation = ?3 WHERE user_id = ?1 AND friend_id = ?2 AND relation = 0",
                params![sql(user), sql(friend), relation],
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
        self.ids(
            "SELECT friend_id AS id FROM roster WHERE user_id = ?1 AND relation = 0 ORDER BY friend_id",
            &[&sql(uid)],
        )
    }

    /// Ids of those who have this user as a friend.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn friend_of(&self, uid: Uid) -> Result<Vec<Uid>> {
        self.ids(
            "SELECT user_id AS id FROM roster WHERE friend_id = ?1 AND relation = 0 AND user_id <> ?1 ORDER BY user_id",
            &[&sql(uid)],
        )
    }

    /// Ids of those whom the user has blocked.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn blocked(&self, uid: Uid) -> Result<Vec<Uid>> {
        self.ids(
            "SELECT friend_id AS id FROM roster WHERE user_id = ?1 AND blocked = 1 ORDER BY friend_id",
            &[&sql(uid)],
        )
    }

    /// What `user`'s list says about `other`.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn relation(&self, user: Uid, other: Uid) -> Result<Relation> {
        Ok(found(
            self.conn
                .prepare_cached("SELECT relation, blocked FROM roster WHERE user_id = ?1 AND friend_id = ?2")?
                .query_row([sql(user), sql(other)], |row| {
                    Ok(Relation { friend: row.get::<_, i64>("relation")? == 0, blocked: row.get("blocked")? })
                }),
        )?
        .unwrap_or_default())
    }

    /// Sets what a user keeps about another one: `alias`, `ext`, `mute` or `blocked`.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_contact(&mut self, user: Uid, other: Uid, changes: &[Change]) -> Result<()> {
        let tx = self.conn.transaction()?;
        tx.execute(
            "INSERT INTO roster (user_id, friend_id, relation) VALUES (?1, ?2, 2) ON CONFLICT DO NOTHING",
            [sql(user), sql(other)],
        )?;
        for (column, value) in changes {
            tx.prepare_cached(&format!("UPDATE roster SET {column} = ?3 WHERE user_id = ?1 AND friend_id = ?2"))?
                .execute(params![sql(user), sql(other), sql_value(value)])?;
        }
        tx.commit()?;
        Ok(())
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
                    CASE WHEN u.id = ?1 THEN 0 WHEN r.blocked = 1 THEN 3
                         ELSE coalesce(r.relation, 2) END AS relation
             FROM users u LEFT JOIN roster r ON r.user_id = ?1 AND r.friend_id = u.id
             WHERE u.id = ?2 AND u.state <> 3",
        )?;
        let mut items = Vec::with_capacity(ids.len());
        for uid in ids {
            items.extend(found(statement.query_row([sql(viewer), sql(*uid)], roster_item))?);
        }
        Ok(items)
    }

    /// Files an application to become a friend; an older one is replaced.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn apply_to(&mut self, user: Uid, applicant: Uid, reason: &str, expires: Millis) -> Result<()> {
        self.conn.execute(
            "INSERT OR REPLACE INTO roster_applications (user_id, applicant_id, reason, expired_time)
             VALUES (?1, ?2, ?3, ?4)",
            params![sql(user), sql(applicant), reason, expires],
        )?;
        Ok(())
    }

    /// Decides an open application; false when there is none, or it has expired.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn decide_application(&mut self, user: Uid, applicant: Uid, accept: bool, now: Millis) -> Result<bool> {
        let changed = self.conn.execute(
            "UPDATE roster_applications SET status = ?3
             WHERE user_id = ?1 AND applicant_id = ?2 AND status = 0 AND expired_time > ?4",
            params![sql(user), sql(applicant), if accept { 1 } else { 2 }, now],
        )?;
        Ok(changed > 0)
    }

    /// Applications to a user, the newest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn applications(&self, user: Uid) -> Result<Vec<Application>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT * FROM roster_applications WHERE user_id = ?1 ORDER BY expired_time DESC")?;
        let rows = statement.query_map([sql(user)], |row| {
            Ok(Application {
                user_id: id(row, "applicant_id")?,
                reason: row.get("reason")?,
                status: row.get("status")?,
                expired_time: row.get("expired_time")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
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
