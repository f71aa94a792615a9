//! The connection: opening it, noticing that it is gone, coming back (xsync 2.6, decisions "Reconnect").
//!
//! ```text
//!    connect --document needed--> rotation.rs --+
//!       |                                       |
//!       +--------------> dial <-----------------+
//!       ^                 | 10 s
//!       |                 v
//!    back-off          opened: PROVISION, and nothing else
//!       ^                 | 10 s
//!       |                 v
//!       |              online: UNREAD 50 s after the last frame sent; any frame answers it within 20 s
//!       |                 |
//!       +----- lost <-----+----- closed, a deadline passed, too many unreadable frames
//! ```
//!
//! The first delay after a healthy session is anything up to 10 s, because everybody else lost theirs too;
//! after that it doubles from 1 s to 30 s with full jitter, until a session has been healthy for 60 s. An
//! address is left after three failures, the first time round within a second. The doubling goes on all the
//! same, or a cluster that comes back would be met by everybody at once (`docs/reliability.md`); but where
//! attempts time out they are few by themselves, and each address has its own count the first time round.
//!
//! The device's signals: `Online` and `Foreground` end a wait, and probe a connection that seems to live
//! (3 s); if the probe fails, the next attempt is made at once. While `Offline` holds there is an attempt
//! every 60 s only, because the signal can lie, and no address is blamed. In the `Background` heartbeats
//! stop, because timers may be frozen there; deadlines that passed unwatched prove nothing until the
//! connection was probed.
use std::time::Duration;

use super::backoff::delay;
use super::rotation::{Failed, Then};
use super::{Event, Output, Session, Signal, State, Timer};
use crate::core::codec::{Codec, CodecError, Encrypt, Secrets, Uplink};
use crate::core::model::{Domain, Error, ErrorCode, Millis};

const CONNECT: Duration = Duration::from_secs(10);
const PROVISION: Duration = Duration::from_secs(10);
const HEARTBEAT: Duration = Duration::from_secs(50);
const HEARTBEAT_REPLY: Duration = Duration::from_secs(20);
/// How long an answer may take when the device says that its network has changed.
const PROBE_REPLY: Duration = Duration::from_secs(3);
/// This many unreadable frames within [`BAD_WINDOW`] end the connection.
const BAD_FRAMES: usize = 3;
const BAD_WINDOW: Duration = Duration::from_secs(60);
/// A session that has lived so long was a good one.
const HEALTHY: Duration = Duration::from_secs(60);
/// How often it is tried although the device says that it has no network.
const OFFLINE_RETRY: Duration = Duration::from_secs(60);
/// An attempt that fails later than this was not refused, but had no answer.
const SLOW: Duration = Duration::from_secs(5);
/// A server that has had enough is left alone as after so many failures.
const BUSY: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Link {
    /// Number of the current connection; frames of earlier ones are not sent any more.
    pub(super) generation: u32,
    /// Connecting, or open.
    pub(super) up: bool,
    /// Logged in on the current connection.
    pub(super) ready: bool,
    /// When the last attempt began.
    dialed: Millis,
    /// What the back-off counts; 0 after a healthy session.
    failures: u32,
    /// When the current or last session began; `None` when there was none since the account was opened.
    since: Option<Millis>,
    /// The device said that it has no network.
    pub(super) offline: bool,
    /// The device said that nobody is looking.
    hidden: bool,
    /// A signal of the device made us ask whether the connection lives.
    probing: bool,
    bad: Vec<Millis>,
}

impl Link {
    /// No connection and nothing known about any; what the device said stays.
    pub(super) const fn anew(&self) -> Self {
        Self {
            generation: self.generation,
            up: false,
            ready: false,
            dialed: Millis(0),
            failures: 0,
            since: None,
            offline: self.offline,
            hidden: self.hidden,
            probing: false,
            bad: Vec::new(),
        }
    }
}

impl Session {
    /// Starts an attempt, getting a valid token and addresses first where there are none.
    pub(super) fn connect(&mut self) {
        if self.account.is_none() || self.link.up {
            return;
        }
        self.timers.set(Timer::Reconnect, None);
        self.enter(if self.link.since.is_some() { State::Reconnecting } else { State::Connecting }, None, None);
        if self.token_is_stale() {
            self.ask_token();
        } else if self.rotation.needs_document() {
            self.ask_dns(Then::Dial);
        } else {
            self.dial();
        }
    }

    /// The first attempt for an account that was just opened.
    pub(super) fn begin(&mut self) {
        if self.link.offline && !self.logging_in() {
            return self.retry_later(None); // what is kept here can be read meanwhile
        }
        self.connect();
    }

    /// Opens the socket at the address whose turn it is.
    pub(super) fn dial(&mut self) {
        self.rotation.adopt();
        let Some(url) = self.rotation.socket().map(str::to_owned) else { return };
        if self.link.up {
            return; // one live socket a session
        }
        self.link.generation += 1;
        self.link.dialed = self.now;
        self.link.up = true;
        self.link.ready = false;
        let secret = self.config.wire.encrypt != Encrypt::Off;
        match if secret { Ok(Codec::default()) } else { Codec::new(self.config.wire.clone()) } {
            Ok(codec) => self.codec = codec,
            Err(e) => return self.unusable(&e),
        }
        self.timers.set(Timer::Reconnect, None);
        self.timers.set(Timer::Connect, Some(self.now + CONNECT));
        self.out.push_back(Output::Connect { generation: self.link.generation, url, secret });
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
        self.link.since = Some(self.now);
        self.link.offline = false; // whatever the device says
        self.link.bad.clear();
        self.rotation.worked();
        self.list_awaited(); // before it shows as online: it is not up to date yet
        self.enter(State::Online, None, None);
        self.heartbeat();
        self.plan_read_all();
        self.fetch_torn();
        self.flush();
        self.refresh_lists();
    }

    /// Asks for the unread list, which is also the heartbeat.
    pub(super) fn heartbeat(&mut self) {
        if self.link.ready && self.send_now(&Uplink::Unread) && !self.link.hidden {
            self.timers.set(Timer::HeartbeatReply, Some(self.now + HEARTBEAT_REPLY));
        }
    }

    /// Any frame shows that the connection lives.
    pub(super) fn heard(&mut self) {
        self.timers.set(Timer::HeartbeatReply, None);
        self.link.probing = false;
    }

    /// Writes a frame if the session is logged in; the next heartbeat is due after a while of silence.
    pub(super) fn send_now(&mut self, uplink: &Uplink) -> bool {
        if !self.link.ready {
            return false;
        }
        match self.transmit(uplink) {
            Ok(output) => {
                self.out.push_back(output);
                let hidden = self.link.hidden;
                self.timers.set(Timer::Heartbeat, (!hidden).then_some(self.now + HEARTBEAT));
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
        let (worked, probing) = (self.link.ready, self.link.probing);
        self.drop_link();
        let code = if worked { ErrorCode::ServerNeedReconnected } else { ErrorCode::ServerConnectFailed };
        let error = Error::new(Domain::Frame, code, reason);
        let healthy = worked && self.link.since.is_some_and(|since| since + HEALTHY <= self.now);
        if healthy {
            self.link.failures = 0;
            self.rotation.rounds = 0;
        }
        if worked {
            self.retry_later(Some(error));
            self.link.failures += u32::from(!healthy);
        } else {
            let failures = self.blame();
            self.retry_after(failures.max(1), Some(error));
        }
        if probing && !self.link.offline {
            self.connect(); // somebody is waiting
        }
    }

    /// An attempt has failed: the same address later, or the next one. Gives back after how many failures the
    /// wait is to be as long as now.
    fn blame(&mut self) -> u32 {
        if self.link.offline {
            return self.link.failures; // it is the network's fault
        }
        let failed = self.rotation.failed();
        if failed != Failed::Same {
            self.keep_servers();
        }
        self.link.failures += u32::from(failed != Failed::Next);
        let slow = self.link.dialed + SLOW <= self.now;
        let quickly = self.rotation.rounds == 0 && (slow || failed == Failed::Next);
        if quickly { self.rotation.failures } else { self.link.failures }
    }

    /// The server has too much to do.
    pub(super) fn back_off(&mut self, why: Error) {
        self.drop_link();
        self.link.failures = self.link.failures.max(BUSY);
        self.retry_later(Some(why));
    }

    /// Plans the next attempt.
    pub(super) fn retry_later(&mut self, why: Option<Error>) {
        if self.link.failures == 0 && self.link.since.is_none() {
            self.link.failures = 1; // nothing worked yet: no server to be gentle to
        }
        self.retry_after(self.link.failures, why);
    }

    /// Plans the next attempt after so many failures in a row.
    pub(super) fn retry_after(&mut self, failures: u32, why: Option<Error>) {
        let wait = if self.link.offline { OFFLINE_RETRY } else { delay(failures, &mut self.rng) };
        let at = self.now + wait;
        self.timers.set(Timer::Reconnect, Some(at));
        self.note_trouble(why.as_ref());
        self.enter(State::Reconnecting, why, Some(at));
    }

    /// Closes the socket and everything that hung on it.
    pub(super) fn drop_link(&mut self) {
        if self.link.up {
            self.out.push_back(Output::Disconnect);
        }
        self.link.up = false;
        self.link.ready = false;
        self.link.probing = false;
        self.timers.clear_connection();
        self.forget_pulls();
        self.unsend();
        self.forget_typing();
        self.history_offline();
    }

    /// Fresh random bytes for the connection that is about to open: the codec can encrypt now (xsync 8.2).
    pub(super) fn seal(&mut self, seed: [u8; 32]) {
        let secrets = Secrets { server_key: self.public_key(), seed };
        match Codec::encrypted(self.config.wire.clone(), &secrets) {
            Ok(codec) => self.codec = codec,
            Err(e) => self.unusable(&e),
        }
    }

    /// Frames cannot be packed as configured, and never in clear instead: nothing that time would mend.
    fn unusable(&mut self, e: &CodecError) {
        let error = Error::new(Domain::Frame, ErrorCode::Unsupported, e.to_string());
        self.part(State::Idle, error.clone(), Some(error));
    }

    pub(super) fn bad_frame(&mut self, e: &CodecError) {
        self.stats.bad_frames += 1;
        self.event(Event::Error(Error::new(Domain::Frame, ErrorCode::ServerResponseInvalid, e.to_string())));
        if e.ends_connection() {
            return self.lost("frames are packed in a way that cannot be read");
        }
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
            Signal::Online => {
                self.link.offline = false;
                if self.link.up && !self.link.ready {
                    self.drop_link(); // begun on a network that is gone; nobody's failure
                    self.connect();
                } else {
                    self.wake();
                }
            }
            Signal::Foreground => {
                self.link.hidden = false;
                self.timers.thaw(self.now);
                self.wake();
            }
            Signal::Offline => {
                self.link.offline = true;
                if self.timers.get(Timer::Reconnect).is_some() {
                    self.retry_later(None);
                } else {
                    self.probe();
                }
            }
            Signal::Background => {
                self.link.hidden = true;
                self.timers.set(Timer::Heartbeat, None);
                self.timers.set(Timer::HeartbeatReply, None);
            }
        }
    }

    /// Ends a wait for the next attempt, or finds out whether the connection lives.
    fn wake(&mut self) {
        if self.timers.get(Timer::Reconnect).is_some() {
            self.connect();
        } else {
            self.probe();
        }
    }

    fn probe(&mut self) {
        if self.link.ready && !self.link.hidden {
            self.heartbeat();
            self.link.probing = true;
            self.timers.set(Timer::HeartbeatReply, Some(self.now + PROBE_REPLY));
        }
    }

    /// Time has passed; while nobody looked it may have been much at once.
    pub(super) fn awake(&mut self) {
        if self.link.hidden {
            self.timers.thaw(self.now);
        }
    }
}
