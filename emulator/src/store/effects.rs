//! What operations change beside being delivered (xsync 11.4).
use floo_wasm::core::proto::MessageBody;
use prost::Message;
use rusqlite::{Transaction, params};
use serde_json::{Map, Value};

use super::{
    Refusal, Result, Uid, bound, found, id, sql,
    streams::{CONTENT_LIMIT, Uplink},
};
use crate::clock::Millis;

/// How long an author may recall.
const RECALL_LIMIT: Millis = 300_000;

/// What an operation changes beside being delivered (xsync 11.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Nothing.
    None,
    /// The sender has read (2) or received (1) a message of `author`.
    Status {
        /// The message.
        mid: u64,
        /// Who wrote it.
        author: Uid,
        /// New status.
        status: u8,
    },
    /// The sender has read everything up to `up_to` (0: everything).
    ReadAll {
        /// Conversation of the sender.
        conv: Uid,
        /// Last message read.
        up_to: u64,
    },
    /// The sender marks a message unread again.
    Unread {
        /// Conversation of the sender.
        conv: Uid,
        /// The message.
        mid: u64,
    },
    /// The sender removes a message from the own devices.
    Delete {
        /// Conversation of the sender.
        conv: Uid,
        /// The message.
        mid: u64,
    },
    /// The message disappears for everybody.
    Recall {
        /// The message.
        mid: u64,
        /// Recipient the message was sent to.
        to: Uid,
    },
    /// The message changes for everybody.
    Edit(Edit<'a>),
    /// The conversation leaves the unread list; `sn` 0 for all devices.
    Hide {
        /// Conversation of the sender.
        conv: Uid,
        /// Device.
        sn: u32,
    },
}

/// APPEND or REPLACE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit<'a> {
    /// The message.
    pub mid: u64,
    /// Recipient the message was sent to.
    pub to: Uid,
    /// True for APPEND: the text goes to the end.
    pub append: bool,
    /// Text; empty keeps the old one.
    pub content: &'a str,
    /// JSON object merged into the old one; empty keeps it.
    pub config: &'a str,
    /// JSON object merged into the old one; empty keeps it.
    pub ext: &'a str,
}

/// Carries out what the operation changes; the edit time for edits, else 0.
pub(super) fn apply(
    tx: &Transaction<'_>,
    up: &Uplink<'_>,
    now: Millis,
) -> Result<std::result::Result<Millis, Refusal>> {
    let me = sql(up.sender);
    match up.effect {
        Effect::None => {}
        Effect::Status { mid, author, status } => {
            // Only who has the message may report on it. The author's copy changes in a chat of
            // two only: in a group one reader does not make it read.
            tx.execute(
                "UPDATE stream SET status = max(status, ?3)
                 WHERE id = ?1 AND EXISTS (SELECT 1 FROM stream WHERE id = ?1 AND owner = ?2)
                   AND EXISTS (SELECT 1 FROM metas WHERE id = ?1 AND from_uid = ?4
                               AND (stream.owner = ?2 OR (stream.owner = ?4 AND to_uid = ?2)))",
                params![sql(mid), me, status, sql(author)],
            )?;
        }
        Effect::ReadAll { conv, up_to } => {
            let last = if up_to == 0 { i64::MAX } else { bound(up_to) };
            tx.execute(
                "UPDATE stream SET status = 2 WHERE owner = ?1 AND conv = ?2 AND id <= ?3
                   AND EXISTS (SELECT 1 FROM metas m WHERE m.id = stream.id AND m.from_uid <> ?1)",
                params![me, sql(conv), last],
            )?;
        }
        Effect::Unread { conv, mid } => {
            tx.execute(
                "UPDATE stream SET status = 0 WHERE owner = ?1 AND conv = ?2 AND id = ?3",
                params![me, sql(conv), sql(mid)],
            )?;
        }
        Effect::Delete { conv, mid } => {
            tx.execute(
                "UPDATE stream SET deleted = 1 WHERE owner = ?1 AND conv = ?2 AND id = ?3",
                params![me, sql(conv), sql(mid)],
            )?;
        }
        Effect::Recall { mid, to } => {
            let Some(target) = target(tx, mid, up.sender, to)? else {
                return Ok(Err(Refusal::NoSuchMessage));
            };
            let manages = tx
                .prepare_cached("SELECT 1 FROM group_members WHERE group_id = ?1 AND user_id = ?2 AND role > 0")?
                .exists([sql(to), me])?;
            if !manages {
                if target.author != up.sender {
                    return Ok(Err(Refusal::NotAuthor));
                }
                if now.saturating_sub(target.timestamp) > RECALL_LIMIT {
                    return Ok(Err(Refusal::RecallTooLate));
                }
            }
            tx.execute("UPDATE metas SET recalled = 1 WHERE id = ?1", [sql(mid)])?;
        }
        Effect::Edit(edit) => {
            let Some(target) = target(tx, edit.mid, up.sender, edit.to)? else {
                return Ok(Err(Refusal::NoSuchMessage));
            };
            if target.author != up.sender {
                return Ok(Err(Refusal::NotAuthor));
            }
            // Strictly growing, so that clients can tell two edits of one millisecond apart.
            let edited_at = now.max(target.edited_at + 1).max(target.timestamp);
            let folded = match fold(&target.payload, &edit, edited_at) {
                Ok(folded) => folded,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.execute(
                "UPDATE metas SET folded = ?2, edited_at = ?3 WHERE id = ?1",
                params![sql(edit.mid), folded, edited_at],
            )?;
            return Ok(Ok(edited_at));
        }
        Effect::Hide { conv, sn } => {
            tx.execute(
                "INSERT INTO hidden_conversations (owner, conv, sn) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                params![me, sql(conv), sn],
            )?;
        }
    }
    Ok(Ok(0))
}

struct Target {
    author: Uid,
    timestamp: Millis,
    edited_at: Millis,
    payload: Vec<u8>,
}

/// The message an operation names: one that was sent to `to` and that `sender` can see.
fn target(tx: &Transaction<'_>, mid: u64, sender: Uid, to: Uid) -> Result<Option<Target>> {
    found(
        tx.prepare_cached(
            "SELECT m.from_uid, m.timestamp, m.edited_at, coalesce(m.folded, m.payload) AS payload
             FROM metas m JOIN stream s ON s.id = m.id AND s.owner = ?2
             WHERE m.id = ?1 AND m.is_message = 1 AND m.recalled = 0
               AND (m.to_uid = ?3 OR (m.from_uid = ?3 AND m.to_uid = ?2)) LIMIT 1",
        )?
        .query_row(params![sql(mid), sql(sender), sql(to)], |row| {
            Ok(Target {
                author: id(row, "from_uid")?,
                timestamp: row.get("timestamp")?,
                edited_at: row.get("edited_at")?,
                payload: row.get("payload")?,
            })
        }),
    )
}

/// The message body after an edit; a stored one that is unreadable counts as missing.
fn fold(payload: &[u8], edit: &Edit<'_>, edited_at: Millis) -> std::result::Result<Vec<u8>, Refusal> {
    let mut body = MessageBody::decode(payload).map_err(|_| Refusal::NoSuchMessage)?;
    if edit.append {
        body.content.push_str(edit.content);
    } else if !edit.content.is_empty() {
        edit.content.clone_into(&mut body.content);
    }
    if body.content.len() > CONTENT_LIMIT {
        return Err(Refusal::TooLong);
    }
    body.config = merged(&body.config, edit.config);
    body.ext = merged(&body.ext, edit.ext);
    body.edit_timestamp = edited_at.cast_unsigned();
    Ok(body.encode_to_vec())
}

/// `patch` merged into `base` (xsync 6.6); a text that is no JSON object counts as absent.
fn merged(base: &str, patch: &str) -> String {
    let Ok(patch) = serde_json::from_str::<Map<String, Value>>(patch) else {
        return base.to_owned();
    };
    let mut base = serde_json::from_str::<Map<String, Value>>(base).unwrap_or_default();
    merge(&mut base, patch);
    Value::Object(base).to_string()
}

fn merge(base: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Object(patch) => {
                let slot = base.entry(key).or_insert_with(|| Value::Object(Map::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(slot) = slot {
                    merge(slot, patch);
                }
            }
            plain => {
                base.insert(key, plain);
            }
        }
    }
}
