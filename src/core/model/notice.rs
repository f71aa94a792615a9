//! What the server tells about accounts, contacts and groups (xsync 6.7, 6.8, 3.7).
use super::Millis;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum NoticeKind {
    /// A group: `GroupNotice`.
    Group = 2,
    /// A contact: `RosterNotice`.
    Roster = 3,
    /// The account itself: `UserNotice`.
    User = 4,
}

/// One notice, told once, after its effects are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The meta's id.
    pub id: u64,
    /// What it is about.
    pub kind: NoticeKind,
    /// Number of the notice's type in its enum, kept raw.
    pub r#type: i32,
    /// The group; 0 for other kinds.
    pub group: u64,
    /// Who acted or, for joins, applications and answers, whom it is about.
    pub from: u64,
    /// Whom it concerns.
    pub to: Vec<u64>,
    /// Reason, JSON patch or number of minutes, as the server gave it.
    pub content: String,
    /// Server time.
    pub timestamp: Millis,
    /// It asks for an answer or tells of an end, and is kept until it is handled.
    pub kept: bool,
}
