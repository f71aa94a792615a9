//! Members of groups: who is in, with which rights, and who may speak.
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Result, Role, Store, Uid, found, id, sql};
use crate::clock::Millis;

/// A member as others see it (`GroupMember`).
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Member {
    pub user_id: Uid,
    pub display_name: String,
    pub join_time: Millis,
    /// Until when the member is muted; -1 for ever, 0 not at all.
    pub expired_time: Millis,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Rights.
    pub role: Role,
    /// Until when the member is muted; -1 for ever, 0 not at all.
    pub banned_until: Millis,
}

const MEMBERS: &str = "SELECT user_id, display_name, join_time, banned_until FROM group_members WHERE group_id = ?1";

impl Store {
    /// A user's rights in a group; `None` for non-members.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn membership(&self, gid: Uid, uid: Uid) -> Result<Option<Membership>> {
        found(
            self.conn
                .prepare_cached("SELECT role, banned_until FROM group_members WHERE group_id = ?1 AND user_id = ?2")?
                .query_row([sql(gid), sql(uid)], |row| {
                    Ok(Membership {
                        role: match row.get::<_, i64>("role")? {
                            2 => Role::Owner,
                            1 => Role::Admin,
                            _ => Role::Member,
                        },
                        banned_until: row.get("banned_until")?,
                    })
                }),
        )
    }

    /// Ids of a group's members.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn members(&self, gid: Uid) -> Result<Vec<Uid>> {
        self.members_from(gid, Role::Member)
    }

    /// Ids of those members of a group that have at least these rights.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn members_from(&self, gid: Uid, role: Role) -> Result<Vec<Uid>> {
        self.ids(
            "SELECT user_id AS id FROM group_members WHERE group_id = ?1 AND role >= ?2 ORDER BY user_id",
            &[&sql(gid), &(role as i64)],
        )
    }

    /// Ids of those who get the messages of a group: the sender, and all who have not turned
    /// them off (`msg_mute_mode` 2).
    ///
    /// # Errors
    /// SQLite failures.
    pub fn listeners(&self, gid: Uid, sender: Uid) -> Result<Vec<Uid>> {
        self.ids(
            "SELECT user_id AS id FROM group_members
             WHERE group_id = ?1 AND (msg_mute_mode <> 2 OR user_id = ?2) ORDER BY user_id",
            &[&sql(gid), &sql(sender)],
        )
    }

    /// False for a message to a group that has read receipts turned off.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn wants_receipts(&self, mid: u64) -> Result<bool> {
        let of_group = "SELECT g.read_ack FROM metas m JOIN groups g ON g.id = m.to_uid WHERE m.id = ?1";
        Ok(found(self.conn.prepare_cached(of_group)?.query_row([sql(mid)], |row| row.get(0)))?.unwrap_or(true))
    }

    /// Members with exactly these rights, or all.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn member_list(&self, gid: Uid, role: Option<Role>) -> Result<Vec<Member>> {
        let mut statement = self.conn.prepare_cached(&format!(
            "{MEMBERS} AND (?2 IS NULL OR role = ?2) ORDER BY role DESC, join_time, user_id"
        ))?;
        let rows = statement.query_map(params![sql(gid), role.map(|role| role as i64)], member)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Members who are muted now.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn banned_members(&self, gid: Uid, now: Millis) -> Result<Vec<Member>> {
        let mut statement = self
            .conn
            .prepare_cached(&format!("{MEMBERS} AND (banned_until = -1 OR banned_until > ?2) ORDER BY user_id"))?;
        let rows = statement.query_map(params![sql(gid), now], member)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes somebody in. When the group shows its history, the newcomer finds the old messages
    /// there; nothing of them is left to pull. False for a member.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn join_group(&mut self, gid: Uid, uid: Uid, now: Millis) -> Result<bool> {
        let key = [sql(gid), sql(uid)];
        let tx = self.conn.transaction()?;
        let joined = tx.execute(
            "INSERT INTO group_members (group_id, user_id, join_time) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![key[0], key[1], now],
        )?;
        if joined == 0 {
            return Ok(false);
        }
        for statement in [
            "UPDATE group_applications SET status = 1 WHERE group_id = ?1 AND applicant_id = ?2 AND status = 0",
            "UPDATE group_invitations SET status = 1 WHERE group_id = ?1 AND invitee_id = ?2 AND status = 0",
            "INSERT INTO stream (owner, conv, id, origin_sn)
             SELECT ?2, ?1, m.id, 0 FROM metas m JOIN groups g ON g.id = ?1
             WHERE m.to_uid = ?1 AND m.is_message = 1 AND g.history_visible = 1 ON CONFLICT DO NOTHING",
            "INSERT INTO conversations (owner, conv, kind, last_id, last_message)
             SELECT ?2, ?1, 2, max(id), max(id) FROM stream WHERE owner = ?2 AND conv = ?1
             HAVING max(id) IS NOT NULL
             ON CONFLICT DO UPDATE SET last_id = excluded.last_id, last_message = excluded.last_message",
            "INSERT INTO positions (owner, sn, conv, position)
             SELECT ?2, d.sn, ?1, c.last_id FROM devices d JOIN conversations c ON c.owner = ?2 AND c.conv = ?1
             WHERE d.user_id = ?2
             ON CONFLICT DO UPDATE SET position = max(position, excluded.position)",
            "DELETE FROM hidden_conversations WHERE conv = ?1 AND owner = ?2",
        ] {
            tx.prepare_cached(statement)?.execute(key)?;
        }
        tx.commit()?;
        Ok(true)
    }

    /// Takes somebody out; the conversation leaves the list. False for non-members.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn leave_group(&mut self, gid: Uid, uid: Uid) -> Result<bool> {
        let key = [sql(gid), sql(uid)];
        let tx = self.conn.transaction()?;
        let left = tx.execute("DELETE FROM group_members WHERE group_id = ?1 AND user_id = ?2", key)?;
        tx.execute(
            "INSERT INTO hidden_conversations (owner, conv, sn) VALUES (?2, ?1, 0) ON CONFLICT DO NOTHING",
            key,
        )?;
        tx.commit()?;
        Ok(left > 0)
    }

    /// Sets something of a member.
    fn set_member(&mut self, column: &'static str, gid: Uid, uid: Uid, value: &dyn rusqlite::ToSql) -> Result<()> {
        self.conn
            .prepare_cached(&format!("UPDATE group_members SET {column} = ?3 WHERE group_id = ?1 AND user_id = ?2"))?
            .execute(params![sql(gid), sql(uid), value])?;
        Ok(())
    }

    /// Makes a member an admin or a plain member.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_admin(&mut self, gid: Uid, uid: Uid, admin: bool) -> Result<()> {
        self.set_member("role", gid, uid, &i64::from(admin))
    }

    /// Mutes a member until then; -1 for ever, 0 not at all.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn ban_member(&mut self, gid: Uid, uid: Uid, until: Millis) -> Result<()> {
        self.set_member("banned_until", gid, uid, &until)
    }

    /// The member's name in the group.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_display_name(&mut self, gid: Uid, uid: Uid, name: &str) -> Result<()> {
        self.set_member("display_name", gid, uid, &name)
    }

    /// The member's own mute mode (0 to 2).
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_mute_mode(&mut self, gid: Uid, uid: Uid, mode: i64) -> Result<()> {
        self.set_member("msg_mute_mode", gid, uid, &mode)
    }

    /// The member's own push mode (0 to 4).
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_push_mode(&mut self, gid: Uid, uid: Uid, mode: i64) -> Result<()> {
        self.set_member("msg_push_mode", gid, uid, &mode)
    }
}

fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        user_id: id(row, "user_id")?,
        display_name: row.get("display_name")?,
        join_time: row.get("join_time")?,
        expired_time: row.get("banned_until")?,
    })
}
