//! Groups and their members.
use rusqlite::{Row, params};
use serde::Serialize;

use super::{Result, Store, Uid, found, id, next, sql};
use crate::clock::Millis;

/// Full group information (`GroupInfo`), with `owner` beside `owner_id` because the brief form
/// of the cloud names it so.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Group {
    pub group_id: Uid,
    pub name: String,
    pub avatar: String,
    pub description: String,
    pub ext: String,
    pub owner_id: Uid,
    pub owner: Uid,
    #[serde(rename = "type")]
    pub kind: u8,
    pub status: u8,
    pub count: u32,
    pub capacity: u32,
    pub created_at: Millis,
    pub updated_at: Millis,
    pub apply_approval: u8,
    pub member_invite: bool,
    pub member_modify: bool,
    pub read_ack: bool,
    pub history_visible: bool,
    pub hide_member_info: bool,
    pub ban_expire_time: i64,
    pub msg_mute_mode: u8,
    pub msg_push_mode: u8,
}

/// A member's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// No special rights.
    Member,
    /// May manage the group.
    Admin,
    /// Created the group, or got it handed over.
    Owner,
}

impl Store {
    /// Creates a group with the owner and these members.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn create_group(
        &mut self,
        name: &str,
        description: &str,
        owner: Uid,
        members: &[Uid],
        now: Millis,
    ) -> Result<Uid> {
        let tx = self.conn.transaction()?;
        let gid = next(&tx, "uid", 1)? * 16 + 1;
        tx.execute(
            "INSERT INTO groups (id, name, description, owner_id, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![gid, name, description, sql(owner), now],
        )?;
        for (user, role) in [(owner, 2)].into_iter().chain(members.iter().map(|user| (*user, 0))) {
            tx.execute(
                "INSERT INTO group_members (group_id, user_id, role, join_time) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
                params![gid, sql(user), role, now],
            )?;
        }
        tx.commit()?;
        Ok(gid.cast_unsigned())
    }

    /// Ids of the groups a user is in.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn joined_groups(&self, uid: Uid) -> Result<Vec<Uid>> {
        let mut statement = self.conn.prepare_cached(
            "SELECT m.group_id FROM group_members m JOIN groups g ON g.id = m.group_id
             WHERE m.user_id = ?1 AND g.status = 0 ORDER BY m.group_id",
        )?;
        let rows = statement.query_map([sql(uid)], |row| id(row, "group_id"))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// All groups with their names.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group_names(&self) -> Result<Vec<(Uid, String)>> {
        let mut statement = self.conn.prepare_cached("SELECT id, name FROM groups ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((id(row, "id")?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A group's information.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group(&self, gid: Uid) -> Result<Option<Group>> {
        found(
            self.conn
                .prepare_cached(
                    "SELECT g.*, (SELECT count(*) FROM group_members m WHERE m.group_id = g.id) AS members
                     FROM groups g WHERE g.id = ?1",
                )?
                .query_row([sql(gid)], group),
        )
    }

    /// A user's role in a group that exists; `None` for non-members.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn role(&self, gid: Uid, uid: Uid) -> Result<Option<Role>> {
        found(
            self.conn.prepare_cached("SELECT role FROM group_members WHERE group_id = ?1 AND user_id = ?2")?.query_row(
                [sql(gid), sql(uid)],
                |row| {
                    Ok(match row.get::<_, i64>("role")? {
                        2 => Role::Owner,
                        1 => Role::Admin,
                        _ => Role::Member,
                    })
                },
            ),
        )
    }

    /// Members of a group.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn members(&self, gid: Uid) -> Result<Vec<Uid>> {
        let mut statement =
            self.conn.prepare_cached("SELECT user_id FROM group_members WHERE group_id = ?1 ORDER BY user_id")?;
        let rows = statement.query_map([sql(gid)], |row| id(row, "user_id"))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    let owner = id(row, "owner_id")?;
    Ok(Group {
        group_id: id(row, "id")?,
        name: row.get("name")?,
        avatar: row.get("avatar")?,
        description: row.get("description")?,
        ext: row.get("ext")?,
        owner_id: owner,
        owner,
        kind: row.get("type")?,
        status: row.get("status")?,
        count: row.get("members")?,
        capacity: row.get("capacity")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        apply_approval: row.get("apply_approval")?,
        member_invite: row.get("member_invite")?,
        member_modify: row.get("member_modify")?,
        read_ack: row.get("read_ack")?,
        history_visible: row.get("history_visible")?,
        hide_member_info: row.get("hide_member_info")?,
        ban_expire_time: row.get("ban_expire_time")?,
        msg_mute_mode: 0,
        msg_push_mode: 0,
    })
}
