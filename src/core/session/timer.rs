//! Named deadlines in one table, so that what is armed can be seen and every timer is handled.
use std::time::Duration;

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
    /// A login did not get online in time.
    SignIn,
    /// The application did not hand in a token in time.
    Token,
    /// No cluster answered the speed test in time.
    SpeedTest,
}

/// A deadline that is seen to be over this late was not being watched.
const FROZEN: Duration = Duration::from_secs(5);

impl Timer {
    const ALL: [Self; 16] = [
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
        Self::SignIn,
        Self::Token,
        Self::SpeedTest,
    ];

    /// Belongs to the login and not to a connection.
    const fn outlives_connection(self) -> bool {
        matches!(self, Self::SignIn | Self::Token | Self::SpeedTest | Self::Api)
    }
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

    /// Disarms all: nothing of an ended session may fire later.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Disarms what belongs to a connection that has ended.
    pub(super) fn clear_connection(&mut self) {
        for timer in Timer::ALL.into_iter().filter(|timer| !timer.outlives_connection()) {
            self.set(timer, None);
        }
    }

    /// Gives deadlines that passed while nobody could watch a little more time: what they wait for may
    /// have come meanwhile and not been seen. Only the next attempt needs no such thing.
    pub(super) fn thaw(&mut self, now: Millis) {
        for timer in Timer::ALL {
            if timer != Timer::Reconnect && self.get(timer).is_some_and(|at| at + FROZEN <= now) {
                self.set(timer, Some(now + FROZEN));
            }
        }
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
