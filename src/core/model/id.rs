//! Ids and time.
use std::{fmt, ops::Add, time::Duration};

use crate::core::proto::Xid;

/// Milliseconds since the Unix epoch, as the host tells it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Add<Duration> for Millis {
    type Output = Self;
    fn add(self, d: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(d.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Whom a conversation is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The system itself, uid 0 (xsync 4.10).
    System = 0,
    /// One other user.
    User = 1,
    /// A group.
    Group = 2,
}

impl Kind {
    /// The kind with that number, if there is one.
    pub const fn from_number(n: u32) -> Option<Self> {
        match n {
            0 => Some(Self::System),
            1 => Some(Self::User),
            2 => Some(Self::Group),
            _ => None,
        }
    }
}

/// Names a conversation. Users and groups share one id space on the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId {
    /// User, group or system.
    pub kind: Kind,
    /// The user's or group's id; 0 for the system.
    pub uid: u64,
}

impl ConversationId {
    /// The system conversation.
    pub const SYSTEM: Self = Self { kind: Kind::System, uid: 0 };

    /// A conversation with a user; uid 0 is the system.
    pub const fn user(uid: u64) -> Self {
        if uid == 0 { Self::SYSTEM } else { Self { kind: Kind::User, uid } }
    }

    /// A conversation in a group.
    pub const fn group(uid: u64) -> Self {
        Self { kind: Kind::Group, uid }
    }

    /// Its address on the wire: every device (serial 0) of it.
    pub const fn xid(self) -> Xid {
        Xid { uid: self.uid, device_sn: 0 }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::System => "system",
            Kind::User => "user",
            Kind::Group => "group",
        };
        write!(f, "{kind}:{}", self.uid)
    }
}
