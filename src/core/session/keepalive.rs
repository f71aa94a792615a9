//! The connection: opening it, noticing that it is gone, coming back (xsync 2.6, decisions "Reconnect").
use std::time::Duration;

use super::backoff::delay;
use super::{Event, Output, Session, Signal, State, Timer};
use crate::core::codec::{Codec, CodecError, Uplink};
use crate::core::model::{Domain, Error, ErrorCode, Millis};

const CONNECT: Duration = Duration::from_secs(10);
const PROVISION: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(50);
const HEARTBEAT_REPLY: Duration = Duration::from_secs(20);
/// How long an answer may take when the device says that its network has changed.
const PROBE_REPLY: Duration = Duration::from_secs(3);
/// Failures on one address before the next one is tried.
const ROTATE_AFTER: u32 = 3;
/// This many unreadable frames within [`BAD_WINDOW`] end the connection.
const BAD_FRAMES: usize = 3;
const BAD_WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Link {
    /// Number of the current connection; frames of earlier ones are not sent any more.
    pub(super) generation: u32,
    /// Connecting, or open.
    up: bool,
    /// Logged in on the current connection.
    pub(super) ready: bool,
    /// Attempts since the last login that worked.
    failures: u32,
    /// Was online at least once since the account was opened.
    was_online: bool,
    /// Which of the addresses is in use.
    address: usize,
    bad: Vec<Millis>,
}

impl Session {
    /// Starts an attempt, finding out the addresses first where they are unknown or have all failed.
    pub(super) fn connect(&mut self) {
        if self.account.is_none() {
            return;
        }
        self.timers.set(Timer::Reconnect, None);
        let all = self.servers.as_ref().map_or(0, |s| s.sockets.len());
        let exhausted = self.link.failures > 0
            && u32::try_from(all).is_ok_and(|all| self.link.failures.is_multiple_of(all.max(1) * ROTATE_AFTER));
        let to = if self.link.was_online { State::Reconnecting } else { State::Connecting };
        self.enter(to, None, None);
        if all == 0 || exhausted {
            self.ask_dns();
        }
        if self.requests.values().all(|p| *p != super::Purpose::Dns) {
            self.dial();
        }
    }

    /// Opens the socket at the address whose turn it is.
    pub(super) fn dial(&mut self) {
        let Some(servers) = &self.servers else { return };
        let Some(url) = servers.sockets.get(self.link.address % servers.sockets.len().max(1)).cloned() else { return };
        self.link.generation += 1;
        self.link.up = true;
        self.link.ready = false;
        self.codec = Codec::default();
        self.timers.set(Timer::Connect, Some(self.now + CONNECT));
        self.out.push_back(Output::Connect { generation: self.link.generation, url });
    }

    pub(super) fn opened(&mut self) {
        if self.timers.get(Timer::Connect).is_none() {
            return;
        }
        self.timers.set(Timer::Connect, None);
        self.timers.set(Timer::Provision, Some(self.now + PROVISION));
        self.provision();
    }

    /// The login was accepted.
    pub(super) fn online(&mut self) {
        self.timers.set(Timer::Provision, None);
        self.link.ready = true;
        self.link.was_online = true;
        self.link.failures = 0;
        self.link.bad.clear();
        self.enter(State::Online, None, None);
        self.list_awaited();
        self.heartbeat();
        self.plan_read_all();
        self.fetch_torn();
        self.flush();
        self.refresh_lists();
    }

    /// Asks for the unread list, which is also the heartbeat.
    pub(super) fn heartbeat(&mut self) {
        if self.link.ready && self.send_now(&Uplink::Unread) {
            self.timers.set(Timer::HeartbeatReply, Some(self.now + HEARTBEAT_REPLY));
        }
    }

    /// Any frame shows that the connection lives.
    pub(super) fn heard(&mut self) {
        self.timers.set(Timer::HeartbeatReply, None);
    }

    /// Writes a frame if the session is logged in; the next heartbeat is due after a while of silence.
    pub(super) fn send_now(&mut self, uplink: &Uplink) -> bool {
        if !self.link.ready {
            return false;
        }
        match self.transmit(uplink) {
            Ok(output) => {
                self.out.push_back(output);
                self.timers.set(Timer::Heartbeat, Some(self.now + HEARTBEAT));
                true
            }
            Err(e) => {
                self.event(Event::Error(e));
                false
            }
        }
    }

    /// The connection is gone, or is given up.
    pub(super) fn lost(&mut self, reason: &str) {
        if !self.link.up {
            return;
        }
        let worked = self.link.ready;
        self.drop_link();
        if !worked {
            self.link.failures += 1;
            if self.link.failures.is_multiple_of(ROTATE_AFTER) {
                self.link.address += 1;
            }
        }
        let code = if worked { ErrorCode::ServerNeedReconnected } else { ErrorCode::ServerConnectFailed };
        self.retry_later(Some(Error::new(Domain::Frame, code, reason)));
    }

    /// Plans the next attempt.
    pub(super) fn retry_later(&mut self, why: Option<Error>) {
        if self.link.failures == 0 && !self.link.was_online {
            self.link.failures = 1; // nothing worked yet: no server to be gentle to
        }
        self.retry_after(self.link.failures, why);
    }

    /// Plans the next attempt after so many failures in a row.
    pub(super) fn retry_after(&mut self, failures: u32, why: Option<Error>) {
        let at = self.now + delay(failures, &mut self.rng);
        self.timers.set(Timer::Reconnect, Some(at));
        self.enter(State::Reconnecting, why, Some(at));
    }

    /// Closes the socket and everything that hung on it.
    pub(super) fn drop_link(&mut self) {
        if self.link.up {
            self.out.push_back(Output::Disconnect);
        }
        self.link.up = false;
        self.link.ready = false;
        self.timers.clear();
        self.forget_pulls();
        self.unsend();
        self.forget_typing();
        self.history_offline();
    }

    pub(super) fn bad_frame(&mut self, e: &CodecError) {
        self.stats.bad_frames += 1;
        self.event(Event::Error(Error::new(Domain::Frame, ErrorCode::ServerResponseInvalid, e.to_string())));
        let now = self.now;
        self.link.bad.retain(|at| *at + BAD_WINDOW > now);
        self.link.bad.push(now);
        if self.link.bad.len() >= BAD_FRAMES {
            self.link.bad.clear();
            self.lost("too many unreadable frames");
        } else {
            self.heartbeat(); // its answer lists whatever the frame was about
            self.hurry_pulls();
        }
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Online | Signal::Foreground => {
                if self.timers.get(Timer::Reconnect).is_some() {
                    self.connect();
                } else if self.link.ready {
                    self.heartbeat();
                    self.timers.set(Timer::HeartbeatReply, Some(self.now + PROBE_REPLY));
                }
            }
            // Nothing to do: the socket tells when it is really gone.
            Signal::Offline | Signal::Background => {}
        }
    }
}
impl Session {
    pub(super) fn dns_changed(&mut self) {
        self.ask_dns();
        self.lost("the servers have changed");
    }
}
