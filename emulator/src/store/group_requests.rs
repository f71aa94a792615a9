//! What groups keep beside members: applications, invitations, blocklist, announcements.
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Result, Store, Uid, found, id, sql};
use crate::clock::Millis;

/// An application or invitation to file.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The group.
    pub group: Uid,
    /// Who is to become a member.
    pub user: Uid,
    /// Why.
    pub reason: &'a str,
    /// When it expires.
    pub expires: Millis,
}

/// Somebody wants to join (`GroupApplication`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct GroupApplication {
    pub group_id: Uid,
    pub applicant_id: Uid,
    pub reason: String,
    /// 0 open, 1 accepted, 2 declined.
    pub status: u8,
    pub expired_time: Millis,
}

/// Somebody was asked to join (`GroupInvitation`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct GroupInvitation {
    pub group_id: Uid,
    pub inviter_id: Uid,
    pub invitee_id: Uid,
    pub reason: String,
    /// 0 open, 1 accepted, 2 declined.
    pub status: u8,
    pub expired_time: Millis,
    /// Date and time as text, as the cloud has it here.
    pub updated_at: String,
}

/// A text for all members (`Announcement`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Announcement {
    pub id: u64,
    pub group_id: Uid,
    pub author: Uid,
    pub title: String,
    pub content: String,
    pub created_at: Millis,
}

const OPEN: &str = "status = 0 AND expired_time > ?3";

impl Store {
    /// Files an application; an older one is replaced.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn file_application(&mut self, request: &Request<'_>) -> Result<()> {
        self.conn.execute(
            "INSERT OR REPLACE INTO group_applications (group_id, applicant_id, reason, expired_time)
             VALUES (?1, ?2, ?3, ?4)",
            params![sql(request.group), sql(request.user), request.reason, request.expires],
        )?;
        Ok(())
    }

    /// Closes an open application as accepted or declined; false when there is none.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn close_application(&mut self, gid: Uid, applicant: Uid, accept: bool, now: Millis) -> Result<bool> {
        let changed = self.conn.execute(
            &format!("UPDATE group_applications SET status = ?4 WHERE group_id = ?1 AND applicant_id = ?2 AND {OPEN}"),
            params![sql(gid), sql(applicant), now, if accept { 1 } else { 2 }],
        )?;
        Ok(changed > 0)
    }

    /// Applications to a group, the newest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group_applications(&self, gid: Uid) -> Result<Vec<GroupApplication>> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT * FROM group_applications WHERE group_id = ?1 ORDER BY expired_time DESC")?;
        let rows = statement.query_map([sql(gid)], |row| {
            Ok(GroupApplication {
                group_id: id(row, "group_id")?,
                applicant_id: id(row, "applicant_id")?,
                reason: row.get("reason")?,
                status: row.get("status")?,
                expired_time: row.get("expired_time")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Files an invitation; an older one is replaced.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn file_invitation(&mut self, request: &Request<'_>, inviter: Uid, now: Millis) -> Result<()> {
        self.conn.execute(
            "INSERT OR REPLACE INTO group_invitations
                 (group_id, invitee_id, inviter_id, reason, expired_time, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![sql(request.group), sql(request.user), sql(inviter), request.reason, request.expires, now],
        )?;
        Ok(())
    }

    /// Closes an open invitation as accepted or declined, and tells who had invited; `None` when
    /// there is none.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn close_invitation(&mut self, gid: Uid, invitee: Uid, accept: bool, now: Millis) -> Result<Option<Uid>> {
        found(self.conn.query_row(
            &format!(
                "UPDATE group_invitations SET status = ?4, updated_at = ?3
                 WHERE group_id = ?1 AND invitee_id = ?2 AND {OPEN} RETURNING inviter_id"
            ),
            params![sql(gid), sql(invitee), now, if accept { 1 } else { 2 }],
            |row| id(row, "inviter_id"),
        ))
    }

    /// Invitations of a user, the newest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn invitations(&self, invitee: Uid) -> Result<Vec<GroupInvitation>> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT *, {} AS updated FROM group_invitations WHERE invitee_id = ?1 ORDER BY updated_at DESC",
            date_text("updated_at")
        ))?;
        let rows = statement.query_map([sql(invitee)], |row| {
            Ok(GroupInvitation {
                group_id: id(row, "group_id")?,
                inviter_id: id(row, "inviter_id")?,
                invitee_id: id(row, "invitee_id")?,
                reason: row.get("reason")?,
                status: row.get("status")?,
                expired_time: row.get("expired_time")?,
                updated_at: row.get("updated")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Puts a user on the blocklist of a group, or takes the user off.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn block_in_group(&mut self, gid: Uid, uid: Uid, blocked: bool, now: Millis) -> Result<()> {
        if blocked {
            self.conn.execute(
                "INSERT INTO group_blocked (group_id, user_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![sql(gid), sql(uid), now],
            )?;
        } else {
            self.conn
                .execute("DELETE FROM group_blocked WHERE group_id = ?1 AND user_id = ?2", [sql(gid), sql(uid)])?;
        }
        Ok(())
    }

    /// The blocklist of a group: user, and date and time as text.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn blocked_in_group(&self, gid: Uid) -> Result<Vec<(Uid, String)>> {
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT user_id, {} AS created FROM group_blocked WHERE group_id = ?1 ORDER BY user_id",
            date_text("created_at")
        ))?;
        let rows = statement.query_map([sql(gid)], |row| Ok((id(row, "user_id")?, row.get("created")?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Publishes an announcement.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn announce(&mut self, gid: Uid, author: Uid, title: &str, content: &str, now: Millis) -> Result<Announcement> {
        Ok(self.conn.query_row(
            "INSERT INTO announcements (group_id, author, title, content, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING *",
            params![sql(gid), sql(author), title, content, now],
            announcement,
        )?)
    }

    /// Announcements of a group, the oldest first.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn announcements(&self, gid: Uid) -> Result<Vec<Announcement>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM announcements WHERE group_id = ?1 ORDER BY id")?;
        let rows = statement.query_map([sql(gid)], announcement)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Deletes an announcement; false when there is none.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn delete_announcement(&mut self, gid: Uid, number: u64) -> Result<bool> {
        let gone =
            self.conn.execute("DELETE FROM announcements WHERE group_id = ?1 AND id = ?2", [sql(gid), sql(number)])?;
        Ok(gone > 0)
    }
}

/// SQL for a column of milliseconds as ISO 8601 text.
fn date_text(column: &'static str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000, 'unixepoch')")
}

fn announcement(row: &Row<'_>) -> rusqlite::Result<Announcement> {
    Ok(Announcement {
        id: id(row, "id")?,
        group_id: id(row, "group_id")?,
        author: id(row, "author")?,
        title: row.get("title")?,
        content: row.get("content")?,
        created_at: row.get("created_at")?,
    })
}
