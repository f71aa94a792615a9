//! The session: the whole protocol without a socket, a clock, a store or a random source.
//!
//! **The rule.** Feed inputs with [`Session::handle`] at any time; drain [`Session::poll`] until it
//! says `Wait`, carrying each output out before taking the next. Outputs are one FIFO, so what is
//! durable, what was told and what was sent always happened in that order.
//!
//! ```text
//! loop {
//!     match session.poll() {
//!         Output::Wait(deadline) => sleep until an input comes or the deadline passes (then feed Tick),
//!         output                 => carry it out; its result, if it has one, is an input,
//!     }
//! }
//! ```
//!
//! One concept a file: login, rotation (addresses), keepalive (socket, heartbeat, reconnect), sync (pulls),
//! merge (what a page comes to), outbox, operations, receipts, notices, typing, history, cards, api. This file
//! only dispatches.
mod account;
mod api;
pub mod backoff;
#[cfg(feature = "bench")]
pub mod bench;
mod body;
mod cards;
mod event;
mod find;
mod history;
mod input;
mod keepalive;
mod local;
mod login;
mod merge;
mod notices;
mod operations;
mod outbox;
mod output;
mod receipts;
mod retention;
mod rotation;
mod rows;
mod sync;
mod takeover;
#[cfg(test)]
mod tests;
mod timer;
mod typing;

use std::collections::VecDeque;

pub use event::{Event, Level, Receipts, Reply, State, TokenReason};
pub use find::Filter;
pub use input::{
    CallId, Command, Content, Glance, Input, Insert, Json, LoadId, Mark, Operation, RequestId, Restored, Signal,
};
pub use output::{Batch, Output, Place};
pub use takeover::Past;

use crate::core::codec::{Codec, Downlink, Uplink, WirePolicy};
use crate::core::map::{Map, Set};
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::services::Servers;
use crate::ports::{Query, Request, Row, StoreError, Write};
use account::Account;
use backoff::Rng;
use merge::Job;
use timer::{Timer, Timers};

/// The largest text, in bytes of UTF-8.
pub const MAX_TEXT: usize = 64 * 1024;
/// The largest ext, in bytes of UTF-8.
pub const MAX_EXT: usize = 16 * 1024;
/// The largest attachment, in bytes of UTF-8: a merged forward holds whole messages.
pub const MAX_ATTACHMENT: usize = 256 * 1024;
/// The longest page of messages that can be asked for.
pub const MAX_PAGE: u32 = 200;

/// What does not change while a session lives.
#[derive(Debug, Clone)]
pub struct Config {
    /// The application.
    pub app_id: String,
    /// Where its cloud is.
    pub cloud: Cloud,
    /// What the device calls itself: `Web` or `MiniProgram`.
    pub device_info: String,
    /// Tell senders that their messages have reached this device.
    pub delivery_receipts: bool,
    /// How frames are packed beyond what public servers understand (xsync 8); the default is not at all.
    pub wire: WirePolicy,
    /// The application answers `Event::TokenWanted`.
    pub token_provider: bool,
    /// Messages can be found by their words.
    pub search: bool,
    /// A first login sends a random serial like the former SDK instead of 0 (xsync 3.4, 3.11).
    pub legacy_random_sn: bool,
}

/// Where a cloud is.
#[derive(Debug, Clone)]
pub enum Cloud {
    /// URL of the DNS document.
    Dns(String),
    /// Fixed addresses.
    Fixed(Servers),
}

/// Counts for diagnostics, since the session was made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Frames that could not be decoded.
    pub bad_frames: u32,
    /// Metas that were set aside because they were unusable.
    pub quarantined: u32,
    /// Commands, namespaces and operations of a kind that is not handled.
    pub skipped: u32,
    /// Rows of the store that could not be read.
    pub bad_rows: u32,
    /// Messages that were dropped from this device to make room.
    pub dropped: u32,
    /// Rows of the account's index, about: those that were written and not taken out again.
    pub terms: u64,
}

/// What an answered request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Dns,
    Token,
    RosterIds,
    GroupIds,
    UserCards(Vec<u64>),
    GroupCards,
    Pins,
    Register,
    Probe(usize),
}

/// What a read of the store is for.
#[derive(Debug)]
enum LoadPurpose {
    Merge(merge::Part),
    Last(ConversationId),
    Local(sync::Local),
    Receipts(CallId, ConversationId, u64),
    ReceiptsOf(CallId, ConversationId, u64, Receipts),
    /// The ids are those of notices to be forgotten.
    Notices(CallId, Vec<u64>),
    Search(Box<find::Search>),
    Date(local::Date),
    Room(retention::Step),
}

impl LoadPurpose {
    /// The call that waits for it.
    const fn call(&self) -> Option<CallId> {
        match self {
            Self::Local(sync::Local { call, .. })
            | Self::Receipts(call, ..)
            | Self::ReceiptsOf(call, ..)
            | Self::Notices(call, _)
            | Self::Date(local::Date { call, .. }) => Some(*call),
            Self::Search(search) => Some(search.call()),
            Self::Merge(_) | Self::Last(_) | Self::Room(_) => None,
        }
    }
}

/// See the module's text.
#[derive(Debug)]
pub struct Session {
    config: Config,
    seed: u128,
    rng: Rng,
    /// Never goes back: what is waited for must not take longer because somebody sets the clock.
    now: Millis,
    /// How far that is ahead of the host's clock, in milliseconds.
    ahead: u64,
    out: VecDeque<Output>,
    timers: Timers,
    state: State,
    stats: Stats,
    /// Broken rows that were reported.
    reported: Set<String>,
    /// Commands that came before the device's store was open.
    parked: Option<Vec<(CallId, Command)>>,
    opening: login::Opening,
    /// Who logged in last on this device.
    remembered: Option<rows::LoginRow>,
    /// All logins that this device had when the session was made.
    logins: Vec<rows::LoginRow>,
    /// A device that another SDK was, and whose, until that account is opened.
    adopted: Option<(u64, rows::DeviceRow)>,
    rotation: rotation::Rotation,
    account: Option<Account>,
    login: login::Login,
    /// Of the current connection.
    codec: Codec,
    link: keepalive::Link,
    sync: sync::Sync,
    merger: merge::Merger,
    room: retention::Room,
    history: VecDeque<history::Request>,
    cards: cards::Cards,
    /// Who is typing where, and until when that is believed.
    typing: Map<(ConversationId, u64), Millis>,
    /// How often in a row the server has asked for fewer messages.
    pauses: u32,
    requests: Map<RequestId, Purpose>,
    loads: Map<LoadId, LoadPurpose>,
    next_id: u32,
    api: api::Api,
    /// Searches that can be gone on with, by handle.
    searches: Map<u32, find::Search>,
}

impl Session {
    /// A session of nobody. `seed` is all the randomness it will ever have: 128 unpredictable bits.
    pub fn new(config: Config, seed: u128) -> Self {
        let rotation = match &config.cloud {
            Cloud::Fixed(servers) => rotation::Rotation::fixed(servers.clone()),
            Cloud::Dns(_) => rotation::Rotation::default(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "jitter needs no more")]
        let rng = Rng::new(seed as u64 ^ (seed >> 64) as u64);
        Self {
            config,
            seed,
            rng,
            now: Millis(0),
            ahead: 0,
            out: VecDeque::new(),
            timers: Timers::default(),
            state: State::Idle,
            stats: Stats::default(),
            reported: Set::new(),
            parked: Some(Vec::new()),
            opening: login::Opening::default(),
            remembered: None,
            logins: Vec::new(),
            adopted: None,
            rotation,
            account: None,
            login: login::Login::default(),
            codec: Codec::default(),
            link: keepalive::Link::default(),
            sync: sync::Sync::default(),
            merger: merge::Merger::default(),
            room: retention::Room::default(),
            history: VecDeque::new(),
            cards: cards::Cards::default(),
            typing: Map::new(),
            pauses: 0,
            requests: Map::new(),
            loads: Map::new(),
            next_id: 0,
            api: api::Api::default(),
            searches: Map::new(),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Millis, input: Input<'_>) {
        self.ahead = self.ahead.max(self.now.0.saturating_sub(now.0));
        self.now = Millis(now.0.saturating_add(self.ahead));
        self.take(input);
        self.run_api();
    }

    fn take(&mut self, input: Input<'_>) {
        match input {
            Input::Started(rows) => self.started(rows),
            Input::Command(call, command) => match &mut self.parked {
                Some(parked) => parked.push((call, command)),
                None => self.command(call, command),
            },
            Input::Secret(seed) => self.seal(seed),
            Input::Opened => self.opened(),
            Input::Frame(bytes) => self.frame(bytes),
            Input::Closed(reason) => self.lost(reason),
            Input::Answer(id, answer) if self.api.awaits(id) => self.api_answered(id, answer),
            Input::Answer(id, answer) => {
                let Some(purpose) = self.requests.remove(&id) else { return }; // of a login that has ended since
                if !matches!(purpose, Purpose::Dns | Purpose::Probe(_)) {
                    self.rest_answered(answer.is_ok());
                }
                match purpose {
                    Purpose::Dns => self.dns_answered(answer),
                    Purpose::Token => self.token_answered(answer),
                    Purpose::Register => self.registered(answer),
                    Purpose::Probe(cluster) => self.probe_answered(cluster, &answer),
                    purpose => self.cards_answered(purpose, answer),
                }
            }
            Input::Glanced(result) => self.glanced(result),
            Input::StoreOpened(result) => self.store_opened(result),
            Input::Loaded(id, rows) => match self.loads.remove(&id) {
                Some(LoadPurpose::Merge(part)) => self.part_loaded(part, rows),
                Some(LoadPurpose::Last(of)) => self.last_loaded(of, rows),
                Some(LoadPurpose::Local(local)) => self.local_loaded(local, rows),
                Some(LoadPurpose::Receipts(call, of, target)) => self.receipts_loaded(call, of, target, rows),
                Some(LoadPurpose::ReceiptsOf(call, of, target, receipts)) => {
                    self.receipts_known(call, of, target, receipts, rows);
                }
                Some(LoadPurpose::Notices(call, drop)) => self.notices_loaded(call, &drop, rows),
                Some(LoadPurpose::Search(search)) => self.search_loaded(*search, rows),
                Some(LoadPurpose::Date(date)) => self.date_loaded(date, rows),
                Some(LoadPurpose::Room(step)) => self.room_loaded(step, rows),
                None => {} // of an account that was closed since
            },
            Input::Persisted(Mark::Queued(id) | Mark::LetGo(id)) => self.queued(id),
            Input::PersistFailed(e, batch) => self.persist_failed(&e, Some(batch)),
            Input::Signal(signal) => self.signal(signal),
            Input::Tick => {
                self.awake();
                while let Some(timer) = self.timers.due(self.now) {
                    self.fire(timer);
                }
            }
        }
    }

    /// The next thing to do; `Wait` once there is nothing left.
    #[must_use]
    pub fn poll(&mut self) -> Output {
        let mut output =
            self.out.pop_front().unwrap_or_else(|| Output::Wait(self.timers.next().map(|at| self.told(at))));
        if let Output::Persist(Batch { place: Place::Account, writes, .. }) = &mut output {
            self.move_front(writes);
            self.room.take(writes);
        }
        output
    }

    /// A time as the host's clock has it.
    const fn told(&self, at: Millis) -> Millis {
        Millis(at.0.saturating_sub(self.ahead))
    }

    /// Where the client stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Counts for diagnostics.
    pub fn stats(&self) -> Stats {
        let terms = self.account.as_ref().map_or(0, |account| account.terms);
        Stats { terms, ..self.stats }
    }

    fn command(&mut self, call: CallId, command: Command) {
        match command {
            Command::Login(credentials) => return self.log_in(call, credentials),
            Command::Resume => return self.resume(call),
            Command::ResumeAs(uid) => return self.resume_as(call, uid),
            Command::Adopt { token, guid, sn } => return self.adopt(call, token, guid, sn),
            Command::Logout => return self.log_out(call),
            Command::Api { endpoint, params, timeout } => return self.api(call, &endpoint, &params.0, timeout),
            Command::CancelApi(target) => return self.cancel_api(call, target),
            Command::Locate(url) => return self.locate(call, &url),
            Command::ProvideToken(given) => return self.provide_token(call, given),
            _ => {}
        }
        let Some(account) = &self.account else { return self.without_account(call, command) };
        match command {
            Command::Login(_) | Command::Resume | Command::ResumeAs(_) => {}
            Command::Adopt { .. } | Command::Logout | Command::ProvideToken(_) => {}
            Command::Api { .. } | Command::CancelApi(_) | Command::Locate(_) => {}
            Command::Send { id, to, content } => self.send(call, id, to, content),
            Command::Resend(id) => self.resend(call, id),
            Command::Cancel(id) => self.cancel(call, id),
            Command::Operate { of, target, operation } => self.operate(call, of, target, operation),
            Command::Forget { of, target } => self.enqueue(Job::Forget { call, of, target }),
            Command::Frame(frame) => self.send_raw(call, frame),
            Command::Typing(of, active) => self.type_in(call, of, active),
            Command::DeleteConversation { of, everywhere, id: given } => match self.allocate_id(self.now) {
                Ok(own) => {
                    let id = if given == 0 { own } else { given };
                    self.enqueue(Job::Remove { call, id, of, everywhere });
                }
                Err(e) => self.reply(call, Err(e)),
            },
            Command::Receipts { of, target } => self.receipts(call, of, target),
            Command::Focus(of) => {
                self.focus(of);
                self.reply(call, Ok(Reply::Done));
            }
            Command::Notices => self.list_notices(call, Vec::new()),
            Command::DropNotices(ids) => self.list_notices(call, ids),
            Command::Messages { of, before, after, limit } => {
                let limit = limit.clamp(1, MAX_PAGE);
                let (newest, found) = (before == 0 && after == 0, Vec::new());
                let span = (if after == 0 { 0 } else { after.saturating_add(1) }, before.wrapping_sub(1));
                let (history, placed) = (false, false);
                self.load_local(sync::Local { call, of, before, after, limit, newest, history, span, placed, found });
            }
            Command::MessageAt { of, time } => self.message_at(call, of, time),
            Command::Find(filter, limit) => self.find(call, filter, limit),
            Command::FindMore(handle, limit) => self.find_more(call, handle, limit),
            Command::SetLocal { of, draft, extension, pinned, muted } => {
                self.set_local(call, of, draft, extension, pinned, muted);
            }
            Command::Import { of, messages } => self.import(call, of, messages),
            Command::Wipe => self.wipe(call),
            Command::History { of, before, after, limit } => self.ask_history(call, of, before, after, limit),
            Command::Conversations => {
                let list = account.list();
                self.reply(call, Ok(Reply::Conversations(list)));
            }
            Command::Users => self.list(call, cards::List::Users),
            Command::Groups => self.list(call, cards::List::Groups),
            Command::MarkRead { of, up_to, only, here } => self.enqueue(Job::Read { call, of, up_to, only, here }),
            Command::Clear(of) => self.enqueue(Job::Clear { call, of }),
            Command::Insert(it) => self.insert(call, it),
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        if !self.link.up {
            return; // of a connection that is being closed
        }
        self.heard();
        match self.codec.decode(bytes) {
            Ok(Downlink::Provision(reply)) => self.provisioned(reply),
            Ok(Downlink::Unread(list)) => self.unread(list),
            Ok(Downlink::Notice(notice)) => self.noticed(notice.xid.unwrap_or_default()),
            Ok(Downlink::Sync(sync)) if sync.client_mid > 0 => self.acknowledged(sync),
            Ok(Downlink::Sync(sync)) if sync.is_full_sync => self.history_answered(sync),
            Ok(Downlink::Sync(sync)) => self.page(sync),
            Ok(Downlink::Unknown(_)) => self.stats.skipped += 1,
            Err(e) => self.bad_frame(&e),
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Connect => self.lost("the connection was not opened within 10 s"),
            Timer::Provision => self.lost("the login was not answered within 10 s"),
            Timer::Heartbeat => self.heartbeat(),
            Timer::HeartbeatReply => self.lost("the heartbeat was not answered in time"),
            Timer::Reconnect => self.connect(),
            Timer::Pull => self.pulls_overdue(),
            Timer::Ack => self.lost("a message was not acknowledged within 15 s"),
            Timer::History => self.history_overdue(),
            Timer::Pace => self.begin_pulls(),
            Timer::ReadAll => self.tell_read(),
            Timer::Typing => self.typing_expired(),
            Timer::Outbox => self.flush(),
            Timer::Api => {} // behind every input
            Timer::SignIn => self.sign_in_overdue(),
            Timer::Token => self.token_overdue(),
            Timer::SpeedTest => self.speed_tested(0),
        }
    }

    // What every concept needs.

    fn reply(&mut self, call: CallId, result: Result<Reply, Error>) {
        self.out.push_back(Output::Reply(call, result));
    }

    fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn enter(&mut self, to: State, error: Option<Error>, retry_at: Option<Millis>) {
        let from = std::mem::replace(&mut self.state, to);
        if from != to || error.is_some() || retry_at.is_some() {
            let retry_at = retry_at.map(|at| self.told(at));
            self.event(Event::State { from, to, error, retry_at });
        }
    }

    fn persist(&mut self, writes: Vec<Write>, then: Vec<Output>) {
        self.out.push_back(Output::Persist(Batch { place: Place::Account, writes, then, marks: vec![] }));
    }

    /// Writes, then does what depends on it; without writes there is nothing to wait for.
    fn settle(&mut self, writes: Vec<Write>, then: Vec<Output>) {
        if writes.is_empty() {
            self.out.extend(then);
        } else {
            self.persist(writes, then);
        }
    }

    /// Tells the log. Never a secret, never a message's text.
    fn log(&mut self, level: Level, text: impl Into<String>) {
        self.event(Event::Log(level, text.into()));
    }

    fn persist_device(&mut self, writes: Vec<Write>) {
        self.out.push_back(Output::Persist(Batch { place: Place::Device, writes, then: vec![], marks: vec![] }));
    }

    fn request(&mut self, request: Request, purpose: Purpose) {
        self.next_id += 1;
        self.requests.insert(self.next_id, purpose);
        self.out.push_back(Output::Request(self.next_id, request));
    }

    fn load(&mut self, query: Query, purpose: LoadPurpose) {
        self.next_id += 1;
        self.loads.insert(self.next_id, purpose);
        self.out.push_back(Output::Load(self.next_id, query));
    }

    /// A frame for the current connection, to be put into the FIFO or behind a batch.
    fn transmit(&mut self, uplink: &Uplink) -> Result<Output, Error> {
        let frame = self
            .codec
            .encode(uplink)
            .map_err(|e| Error::new(Domain::Frame, ErrorCode::MessageInvalid, e.to_string()))?;
        Ok(Output::Transmit { generation: self.link.generation, frame })
    }

    /// Reports rows that cannot be read: each once, however often it is met.
    fn bad_rows(&mut self, mut bad: Vec<Error>) {
        bad.retain(|row| self.reported.insert(row.detail.clone()));
        self.stats.bad_rows += u32::try_from(bad.len()).unwrap_or(u32::MAX);
        if let Some(first) = bad.into_iter().next() {
            self.event(Event::Error(first));
        }
    }

    /// Memory may be ahead of the store now: start over from what is durable. What was to be written and sent
    /// next builds on what was not written, so it goes the same way.
    fn persist_failed(&mut self, e: &StoreError, failed: Option<Batch>) {
        let error = &storage_error(e);
        // For lack of space there is something to be done first, so it is not told yet.
        let quota = self.account.is_some() && error.code == ErrorCode::StorageQuota;
        let mut lost: Vec<_> = failed.into_iter().collect();
        for output in std::mem::take(&mut self.out) {
            match output {
                Output::Persist(batch) if batch.place == Place::Account => lost.push(batch),
                Output::Transmit { .. } => {}
                output => self.out.push_back(output),
            }
        }
        if quota {
            self.hold_back(&mut lost);
        } else {
            self.event(Event::Error(error.clone()));
        }
        for Batch { then, marks, .. } in lost {
            for mark in marks {
                if let Mark::Queued(id) = mark {
                    self.not_kept(id, error);
                }
            }
            for output in then {
                if let Output::Reply(call, _) = output {
                    self.reply(call, Err(error.clone()));
                }
            }
        }
        self.fail_jobs(error);
        self.fail_outbox(error);
        let Some(account) = &self.account else { return };
        let uid = account.uid;
        self.login.store_failures += u32::from(!quota);
        self.drop_link();
        self.fail_loads(error);
        self.sync = sync::Sync::default();
        self.open_store(uid);
        self.enter(State::Reconnecting, Some(error.clone()).filter(|_| !quota), None);
    }

    /// Reads that will not be answered any more: whoever waits for one hears why.
    fn fail_loads(&mut self, why: &Error) {
        for call in
            std::mem::take(&mut self.loads).into_iter().map(|(_, value)| value).filter_map(|purpose| purpose.call())
        {
            self.reply(call, Err(why.clone()));
        }
    }
}

fn storage_error(e: &StoreError) -> Error {
    let code = match e {
        StoreError::Unavailable(_) => ErrorCode::StorageUnavailable,
        StoreError::Quota(_) => ErrorCode::StorageQuota,
        StoreError::Failed(_) => ErrorCode::DbOperationFailed,
    };
    Error::new(Domain::Storage, code, e.to_string())
}

/// The rows of a `kv` table by key.
fn value<'a>(rows: &'a [Row], key: &[u8]) -> Option<&'a [u8]> {
    rows.iter().find(|row| row.key == key).map(|row| &row.value[..])
}
