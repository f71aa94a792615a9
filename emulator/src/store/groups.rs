//! Groups.
use rusqlite::{Row, params};
use serde::Serialize;
use serde_json::Value;

use super::{
    Result, Store, Uid,
    fields::{Change, Field, Kind, field},
    found, id, next, sql,
};
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

/// A member's rights, the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// No special rights.
    Member = 0,
    /// May manage the group.
    Admin = 1,
    /// Created the group, or got it handed over.
    Owner = 2,
}

/// What it takes to create a group.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct NewGroup<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub avatar: &'a str,
    /// 0 private, 1 public, 2 chat room, 3 temporary.
    pub kind: i64,
    pub owner: Uid,
}

/// What may be changed about a group.
pub const GROUP_FIELDS: &[Field] = &[
    field("name", Kind::Text(256)),
    field("avatar", Kind::Text(1024)),
    field("description", Kind::Text(4096)),
    field("ext", Kind::Text(16 * 1024)),
    field("member_invite", Kind::Flag),
    field("member_modify", Kind::Flag),
    field("read_ack", Kind::Flag),
    field("history_visible", Kind::Flag),
    field("hide_member_info", Kind::Flag),
    field("apply_approval", Kind::Upto(2)),
];

impl Store {
    /// Creates a group with nobody but its owner.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn create_group(&mut self, new: &NewGroup<'_>, now: Millis) -> Result<Uid> {
        let tx = self.conn.transaction()?;
        let gid = next(&tx, "uid", 1)? * 16 + 1;
        tx.execute(
            "INSERT INTO groups (id, name, description, avatar, type, owner_id, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            params![gid, new.name, new.description, new.avatar, new.kind, sql(new.owner), now],
        )?;
        tx.execute(
            "INSERT INTO group_members (group_id, user_id, role, join_time) VALUES (?1, ?2, 2, ?3)",
            params![gid, sql(new.owner), now],
        )?;
        tx.commit()?;
        Ok(gid.cast_unsigned())
    }

    /// Sets fields of a group ([`GROUP_FIELDS`] and `ban_expire_time`).
    ///
    /// # Errors
    /// SQLite failures.
    pub fn set_group(&mut self, gid: Uid, changes: &[Change], now: Millis) -> Result<()> {
        self.set_fields("groups", gid, changes)?;
        self.set_fields("groups", gid, &[("updated_at", Value::from(now))])
    }

    /// Dissolves a group: nobody is a member, its conversation leaves all lists.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn destroy_group(&mut self, gid: Uid) -> Result<()> {
        let tx = self.conn.transaction()?;
        tx.execute("UPDATE groups SET status = 1 WHERE id = ?1", [sql(gid)])?;
        tx.execute(
            "INSERT INTO hidden_conversations (owner, conv, sn)
             SELECT user_id, group_id, 0 FROM group_members WHERE group_id = ?1 ON CONFLICT DO NOTHING",
            [sql(gid)],
        )?;
        tx.execute("DELETE FROM group_members WHERE group_id = ?1", [sql(gid)])?;
        tx.commit()?;
        Ok(())
    }

    /// Hands a group over to another member; the old owner stays as a plain member.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn transfer_group(&mut self, gid: Uid, to: Uid) -> Result<()> {
        let tx = self.conn.transaction()?;
        tx.execute("UPDATE group_members SET role = 0 WHERE group_id = ?1 AND role = 2", [sql(gid)])?;
        tx.execute(
            "UPDATE group_members SET role = 2, banned_until = 0 WHERE group_id = ?1 AND user_id = ?2",
            [sql(gid), sql(to)],
        )?;
        tx.execute("UPDATE groups SET owner_id = ?2 WHERE id = ?1", [sql(gid), sql(to)])?;
        tx.commit()?;
        Ok(())
    }

    /// Ids of the groups a user is in.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn joined_groups(&self, uid: Uid) -> Result<Vec<Uid>> {
        self.ids(
            "SELECT m.group_id AS id FROM group_members m JOIN groups g ON g.id = m.group_id
             WHERE m.user_id = ?1 AND g.status = 0 ORDER BY m.group_id",
            &[&sql(uid)],
        )
    }

    /// Ids of groups that anybody may find.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn public_groups(&self) -> Result<Vec<Uid>> {
        self.ids("SELECT id FROM groups WHERE type = 1 AND status = 0 ORDER BY id", &[])
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

    /// A group's information, with what `viewer` set for it. Dissolved groups are gone.
    ///
    /// # Errors
    /// SQLite failures.
    pub fn group(&self, gid: Uid, viewer: Uid) -> Result<Option<Group>> {
        found(
            self.conn
                .prepare_cached(
                    "SELECT g.*, (SELECT count(*) FROM group_members m WHERE m.group_id = g.id) AS members,
                            coalesce(v.msg_mute_mode, 0) AS mute_mode, coalesce(v.msg_push_mode, 0) AS push_mode
                     FROM groups g LEFT JOIN group_members v ON v.group_id = g.id AND v.user_id = ?2
                     WHERE g.id = ?1 AND g.status = 0",
                )?
                .query_row([sql(gid), sql(viewer)], group),
        )
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
        msg_mute_mode: row.get("mute_mode")?,
        msg_push_mode: row.get("push_mode")?,
    })
}
