//! Named deadlines in one table, so that what is armed can be seen and every timer is handled.
use crate::core::model::Millis;

/// Why the session wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Timer {
    /// The socket did not open in time.
    Connect,
    /// The login was not answered in time.
    Provision,
    /// Nothing was sent for a while.
    Heartbeat,
    /// Nothing came since the heartbeat.
    HeartbeatReply,
    /// The next attempt is due.
    Reconnect,
    /// A pull was not answered in time.
    Pull,
    /// A sent message was not acknowledged in time.
    Ack,
    /// A history request was not answered in time.
    History,
    /// The next pulls may begin.
    Pace,
    /// Time to tell the other devices what was read.
    ReadAll,
    /// Somebody was not heard typing for a while.
    Typing,
    /// Sending goes on after a pause.
    Outbox,
    /// A call of the HTTP API has taken too long, or is to be repeated.
    Api,
}

impl Timer {
    const ALL: [Self; 13] = [
        Self::Connect,
        Self::Provision,
        Self::Heartbeat,
        Self::HeartbeatReply,
        Self::Reconnect,
        Self::Pull,
        Self::Ack,
        Self::History,
        Self::Pace,
        Self::ReadAll,
        Self::Typing,
        Self::Outbox,
        Self::Api,
    ];
}

#[derive(Debug, Default)]
pub(super) struct Timers([Option<Millis>; Timer::ALL.len()]);

impl Timers {
    /// Arms or moves a timer; `None` disarms.
    pub(super) fn set(&mut self, timer: Timer, at: Option<Millis>) {
        if let Some(deadline) = self.0.get_mut(timer as usize) {
            *deadline = at;
        }
    }

    pub(super) fn get(&self, timer: Timer) -> Option<Millis> {
        self.0.get(timer as usize).copied().flatten()
    }

    /// Disarms all: nothing of an ended connection may fire later.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Millis> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(super) fn due(&mut self, now: Millis) -> Option<Timer> {
        let timer = Timer::ALL.into_iter().find(|t| self.get(*t).is_some_and(|at| at <= now))?;
        self.set(timer, None);
        Some(timer)
    }
}
