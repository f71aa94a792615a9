//! From credentials to a logged-in session: addresses, token, store, PROVISION (xsync 3).
//!
//! ```text
//!    login                                             resume
//!      |  (addresses known: refreshed meanwhile)         |
//!      v                                                 |
//!    addresses --------> token: by HTTP, by the          |
//!    (rotation.rs)       application, or given           |
//!                          |         ^                   |
//!                          v         |                   v
//!                        store of the account <----------+---> resume() resolves
//!                          |         | expired
//!                          v         |
//!                        connection, PROVISION --refused--> `reaction`
//!                        (keepalive.rs)
//!                          | accepted
//!                          v
//!                        online -----------------------------> login() resolves
//! ```
//!
//! A login has 60 s from end to end. Then it fails with `SignInTimeout`, and the session is idle and keeps
//! nothing of it, so that it can be tried again: whoever is told that a login has failed must not find
//! themselves online later. A resumed session goes on trying for as long as it takes.
//!
//! What a refusal leads to is one table, [`reaction`]. A token is replaced silently once for each login that
//! works, if there is a password, or an application that hands tokens in.
use std::time::Duration;

use super::account::Account;
use super::event::TokenReason;
use super::input::{CallId, Command, Glance, Restored};
use super::rotation::Then;
use super::rows::{DeviceRow, LoginRow, conversation_from, kv, login_key, put};
use super::{Event, Output, Purpose, Reply, Session, State, Timer, storage_error, value};
use crate::core::codec::Uplink;
use crate::core::model::{Conversation, Domain, Error, ErrorCode, Millis};
use crate::core::proto::{self, Provision, provision::OsType, status::ErrorCode as Status};
use crate::core::services::{Caller, Credentials, Token, read, register_visitor, token, token_answer, visitor_answer};
use crate::core::wire::Wire as _;
use crate::ports::{HttpError, Response, Row, StoreError, Table, Write};

/// The protocol version that the cloud knows (decisions, "PROVISION of our client").
const SDK_VSN: &str = "2.0.0";
/// How long a login may take.
const SIGN_IN: Duration = Duration::from_secs(60);
/// How long the application may take to hand in a token.
const TOKEN: Duration = Duration::from_secs(30);
/// How often the HTTP API may make us get a new token: one that never likes them must not make a loop.
const REJECTION: Duration = Duration::from_secs(3600);
/// The range of the former SDK's random serials (xsync 3.4).
const LEGACY_SN: std::ops::Range<u64> = 999_999_999..1_002_139_999;

/// How many conversations are read before all others: more than any screen shows.
const FRONT: usize = 256;

/// The store of an account on its way to the memory.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Stores that are being opened; only the last one counts.
    under_way: u32,
    /// The last one is being read.
    reading: bool,
    /// What the application wants meanwhile of an account whose list it sees already.
    early: Vec<(CallId, Command)>,
}

#[derive(Debug, Default)]
pub(super) struct Login {
    /// The call that waits for `online`, and what it logs in with.
    waiting: Option<CallId>,
    /// The call that waits for the store only.
    resuming: Option<CallId>,
    /// Kept in memory, so that an expired token can be replaced without asking the user.
    credentials: Option<Credentials>,
    token: Token,
    /// The credentials are those of a visitor, which nobody else has.
    visitor: bool,
    /// The token was refused: nothing can be done before there is another.
    stale: bool,
    /// A fresh token was fetched since the last login that worked.
    renewed: bool,
    /// So was a new identity of the device.
    new_device: bool,
    /// So was another attempt made after trouble with encryption or checksums.
    recoded: bool,
    /// When the HTTP API last made us get a new token.
    rejected: Option<Millis>,
    /// Other addresses were tried for the token.
    moved: bool,
    /// What went wrong last, for a login that ends without an answer.
    trouble: String,
    /// When this session was logged in; older notices are history.
    pub(super) since: Millis,
    /// How often the store has failed since the login.
    pub(super) store_failures: u32,
    /// The last client message id that was handed out before the store was read again.
    last_id: u64,
}

/// What a refused login leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reaction {
    /// Get a new token, with the server's key; without a way to get one the session ends.
    Renew,
    /// Try once more, encoded anew; then the session ends.
    Recode,
    /// The session ends and the token is forgotten.
    End,
    /// The session ends; the user can do something about it and take it up again.
    Surface,
    /// Try once more as a new device; then the session ends.
    NewDevice,
    /// Leave the server alone for a while.
    BackOff,
    /// Tell, close, and try again.
    Retry,
}

/// The reaction to each status (xsync 3.11, 8.2). Unknown ones may be of later versions.
const fn reaction(status: Status) -> Reaction {
    match status {
        Status::InvalidToken | Status::Unauthorized | Status::PublicKeyChanged => Reaction::Renew,
        Status::DecryptFailure | Status::EncryptMethodUnsupported | Status::CheckSumFailure => Reaction::Recode,
        Status::UserFrozen | Status::UserBanned | Status::InvalidLicense | Status::LicenseLimit | Status::AppFrozen => {
            Reaction::End
        }
        Status::TooManyDevices => Reaction::Surface,
        Status::DeviceGuidConflict => Reaction::NewDevice,
        Status::RateLimitExceeded => Reaction::BackOff,
        Status::Unknown
        | Status::Ok
        | Status::Fail
        | Status::UnknownCommand
        | Status::PbParserError
        | Status::InvalidParameter
        | Status::WordCensored => Reaction::Retry,
    }
}

/// Whether a status speaks of the session and not of the request that got it: the token, or how frames are packed.
pub(super) const fn concerns_session(status: i32) -> bool {
    const CODES: [Status; 6] = [
        Status::InvalidToken,
        Status::Unauthorized,
        Status::PublicKeyChanged,
        Status::DecryptFailure,
        Status::EncryptMethodUnsupported,
        Status::CheckSumFailure,
    ];
    let mut rest: &[Status] = &CODES;
    while let [code, after @ ..] = rest {
        if *code as i32 == status {
            return true;
        }
        rest = after;
    }
    false
}

fn argument(code: ErrorCode) -> Error {
    Error::new(Domain::Argument, code, "")
}

impl Session {
    pub(super) fn started(&mut self, rows: Result<Vec<Row>, StoreError>) {
        match rows {
            Ok(rows) => {
                let mut bad = Vec::new();
                for row in rows.iter().filter(|row| row.key.starts_with(kv::LOGIN)) {
                    match LoginRow::decode(&row.value[..]) {
                        Ok(login) if login.uid != 0 && !login.token.is_empty() => self.logins.push(login),
                        _ => bad.push(super::rows::bad_row(Table::Kv, &row.key)),
                    }
                }
                self.bad_rows(bad);
                self.remembered = self.logins.iter().max_by_key(|login| login.at).cloned();
                if let Some(bytes) = value(&rows, kv::SERVERS) {
                    self.servers_restored(bytes);
                }
            }
            Err(e) => self.event(Event::Error(storage_error(&e))),
        }
        for (call, command) in self.parked.take().unwrap_or_default() {
            self.command(call, command);
        }
    }

    /// A login or a resume is under way.
    pub(super) const fn entering(&self) -> bool {
        self.login.waiting.is_some() || self.login.resuming.is_some()
    }

    /// A call waits for `online`.
    pub(super) const fn logging_in(&self) -> bool {
        self.login.waiting.is_some()
    }

    pub(super) fn log_in(&mut self, call: CallId, credentials: Credentials) {
        if self.entering() {
            return self.reply(call, Err(argument(ErrorCode::UserSigningIn)));
        }
        if self.account.is_some() {
            return self.reply(call, Err(argument(ErrorCode::UserAlreadyLogin)));
        }
        if matches!(credentials, Credentials::Provided(_)) && !self.config.token_provider {
            return self.reply(call, Err(Error::argument("`credentials` are missing and there is no token provider")));
        }
        self.login = Login { waiting: Some(call), credentials: Some(credentials), ..Login::default() };
        if self.login.credentials == Some(Credentials::Anonymous) {
            self.same_visitor();
        }
        self.timers.set(Timer::SignIn, Some(self.now + SIGN_IN));
        self.enter(State::Resolving, None, None);
        if self.rotation.rest().is_some() {
            self.ask_dns(Then::Nothing);
            self.ask_token();
        } else {
            self.ask_dns(Then::LogIn);
        }
    }

    /// Whoever was a visitor here before is the same one again.
    fn same_visitor(&mut self) {
        let Some(LoginRow { visitor, password, .. }) = self.remembered.clone() else { return };
        if !visitor.is_empty() {
            self.login.visitor = true;
            self.login.credentials = Some(Credentials::Name { name: visitor, password });
        }
    }

    pub(super) fn resume(&mut self, call: CallId) {
        if self.entering() {
            return self.reply(call, Err(argument(ErrorCode::UserSigningIn)));
        }
        if let Some(account) = &self.account {
            let who = (account.uid, account.device.sn);
            return self.reply(call, Ok(Reply::Session(Some(who))));
        }
        let Some(LoginRow { uid, token, public_key, .. }) = self.remembered.clone() else {
            return self.reply(call, Ok(Reply::Session(None)));
        };
        let token = Token { uid, token, public_key };
        self.login = Login { resuming: Some(call), token, ..Login::default() };
        self.same_visitor();
        self.enter(State::Resolving, None, None);
        self.ask_dns(Then::Nothing);
        self.open_store(uid);
    }

    /// Takes up the login of one account.
    pub(super) fn resume_as(&mut self, call: CallId, uid: u64) {
        if self.account.is_none() && !self.entering() {
            self.remembered = self.logins.iter().find(|login| login.uid == uid).cloned();
        }
        self.resume(call);
    }

    pub(super) fn log_out(&mut self, call: CallId) {
        self.leave(State::Idle, Error::new(Domain::Argument, ErrorCode::Cancelled, "logged out"), None);
        self.reply(call, Ok(Reply::Done));
    }

    /// Ends the session and forgets the token; whoever waits for something hears `why`.
    pub(super) fn leave(&mut self, to: State, why: Error, shown: Option<Error>) {
        if let Some(login) = self.remembered.take() {
            self.logins.retain(|other| other.uid != login.uid);
            let keys = [login_key(login.uid), kv::LOGIN.into()];
            self.persist_device(keys.map(|key| Write::delete(Table::Kv, key)).into());
        }
        self.part(to, why, shown);
    }

    /// Ends the session; `resume()` can take it up again.
    pub(super) fn part(&mut self, to: State, why: Error, shown: Option<Error>) {
        self.drop_link();
        self.timers.clear();
        self.link = self.link.anew();
        self.fail_login(&why);
        self.fail_api(&why, to != State::Kicked);
        self.fail_history(&why);
        self.fail_lists(&why);
        self.fail_jobs(&why);
        self.fail_outbox(&why);
        self.fail_held_back(&why);
        self.room = super::retention::Room::default();
        self.fail_loads(&why);
        self.requests.clear();
        self.searches.clear();
        self.rotation.forget();
        self.sync = super::sync::Sync::default();
        self.cards = super::cards::Cards::default();
        self.login = Login::default();
        if self.account.take().is_some() {
            self.out.push_back(Output::CloseStore);
        }
        self.enter(to, shown, None);
    }

    fn fail_login(&mut self, why: &Error) {
        for call in [self.login.waiting.take(), self.login.resuming.take()].into_iter().flatten() {
            self.reply(call, Err(why.clone()));
        }
    }

    /// A login that fails before it has a token says nothing about the one that is remembered.
    fn give_up(&mut self, e: Error) {
        if self.login.token.token.is_empty() {
            self.part(State::Idle, e.clone(), Some(e));
        } else {
            self.leave(State::Idle, e.clone(), Some(e));
        }
    }

    pub(super) fn sign_in_overdue(&mut self) {
        let mut detail = String::from("not online within 60 s");
        if !self.login.trouble.is_empty() {
            detail.push_str("; last: ");
            detail.push_str(&self.login.trouble);
        }
        self.give_up(Error::new(Domain::Frame, ErrorCode::SignInTimeout, detail));
    }

    /// Keeps in mind why a login takes so long.
    pub(super) fn note_trouble(&mut self, why: Option<&Error>) {
        if let (Some(why), true) = (why, self.logging_in()) {
            // The texts of the codes are JavaScript's: to write one here would bring them all.
            self.login.trouble = format!("{} error {}", why.domain.name(), why.code as u16);
            if !why.detail.is_empty() {
                self.login.trouble.push_str(": ");
                self.login.trouble.push_str(&why.detail);
            }
        }
    }

    // The token.

    pub(super) const fn token_is_stale(&self) -> bool {
        self.login.stale
    }

    /// The server's key for encrypted connections, as it came with the token; empty when there is none.
    pub(super) fn public_key(&self) -> &str {
        &self.login.token.public_key
    }

    const fn has_password(&self) -> bool {
        matches!(
            self.login.credentials,
            Some(Credentials::Name { .. } | Credentials::Id { .. } | Credentials::Mobile { .. })
        )
    }

    /// Gets a token in the way that the credentials allow.
    pub(super) fn ask_token(&mut self) {
        if self.timers.get(Timer::Token).is_some()
            || self.requests.values().any(|p| matches!(p, Purpose::Token | Purpose::Register))
        {
            return; // on its way
        }
        match &self.login.credentials {
            Some(Credentials::Token(token)) if self.login.token.token.is_empty() => {
                let token = token.clone();
                self.token_known(token);
            }
            Some(Credentials::Anonymous) => self.register(),
            _ if self.has_password() => self.fetch_token(),
            _ => {
                let reason = if self.account.is_some() { TokenReason::Expired } else { TokenReason::Initial };
                self.timers.set(Timer::Token, Some(self.now + TOKEN));
                self.event(Event::TokenWanted(reason));
            }
        }
    }

    fn nobody(&self) -> Option<Caller<'_>> {
        Some(Caller { base: self.rotation.rest()?, app_id: &self.config.app_id, token: "" })
    }

    fn fetch_token(&mut self) {
        let (Some(caller), Some(credentials)) = (self.nobody(), &self.login.credentials) else { return };
        if let Some(call) = token(caller, credentials) {
            self.request(call.request, Purpose::Token);
        }
    }

    pub(super) fn token_answered(&mut self, answer: Result<Response, HttpError>) {
        match read(answer, token_answer) {
            Ok(token) => self.token_known(token),
            Err(e) if self.account.is_some() && e.retriable() => self.retry_later(Some(e)),
            Err(e) if self.account.is_some() => self.leave(State::Idle, e.clone(), Some(e)),
            Err(e) if e.code == ErrorCode::ServerNotReachable && !self.login.moved => {
                self.login.moved = true;
                if !self.elsewhere() {
                    self.give_up(e);
                }
            }
            Err(e) if self.login.visitor && matches!(e.code, ErrorCode::UserNotExist | ErrorCode::UserAuthFailed) => {
                self.login.visitor = false; // forgotten by the cloud: another one
                self.login.credentials = Some(Credentials::Anonymous);
                self.ask_token();
            }
            Err(e) => self.give_up(e),
        }
    }

    /// Has an account made for a visitor.
    fn register(&mut self) {
        let name = format!("visitor_{:016x}", self.rng.next());
        let password = self.secret();
        let Some(caller) = self.nobody() else { return };
        let request = register_visitor(caller, &name, &password);
        self.login.credentials = Some(Credentials::Name { name, password });
        self.request(request, Purpose::Register);
    }

    /// A password that cannot be guessed: the device's id, which others see, tells half of the seed only.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the seed")]
    fn secret(&mut self) -> String {
        let salt = self.rng.next();
        let half = |seed: u64| super::backoff::Rng::new(seed ^ salt).next();
        format!("{:016x}{:016x}", half(self.seed as u64), half((self.seed >> 64) as u64))
    }

    pub(super) fn registered(&mut self, answer: Result<Response, HttpError>) {
        match (read(answer, visitor_answer), &mut self.login.credentials) {
            (Ok(given), Some(Credentials::Name { name, .. })) => {
                *name = given;
                self.login.visitor = true;
                self.fetch_token();
            }
            (Ok(_), _) => {}
            (Err(e), _) if e.code == ErrorCode::ServerNotReachable && !self.login.moved => {
                self.login.moved = true;
                self.login.credentials = Some(Credentials::Anonymous);
                if !self.elsewhere() {
                    self.give_up(e);
                }
            }
            (Err(e), _) => self.give_up(e),
        }
    }

    pub(super) fn provide_token(&mut self, call: CallId, given: Result<Token, String>) {
        if self.timers.get(Timer::Token).is_none() {
            let e = Error::new(Domain::Argument, ErrorCode::Cancelled, "no token is wanted any more");
            return self.reply(call, Err(e));
        }
        self.timers.set(Timer::Token, None);
        self.reply(call, Ok(Reply::Done));
        match given {
            Ok(token) => self.token_known(token),
            Err(why) => self.no_token(Error::new(
                Domain::Argument,
                ErrorCode::SignInFailed,
                format!("the token provider failed: {why}"),
            )),
        }
    }

    pub(super) fn token_overdue(&mut self) {
        let why = "the token provider gave nothing within 30 s";
        self.no_token(Error::new(Domain::Argument, ErrorCode::SignInTimeout, why));
    }

    /// The application hands in no token. An account that is open can be taken up again later.
    fn no_token(&mut self, e: Error) {
        self.part(State::Idle, e.clone(), Some(e));
    }

    fn token_known(&mut self, token: Token) {
        let wanted = match (&self.account, &self.login.credentials) {
            (Some(account), _) => account.uid,
            (None, Some(Credentials::Provided(uid) | Credentials::Id { uid, .. })) => *uid,
            _ => 0,
        };
        if token.uid == 0 || token.token.is_empty() || (wanted != 0 && token.uid != wanted) {
            let e = Error::new(Domain::Argument, ErrorCode::SignInInvalidParam, "`token` is empty or of another user");
            return self.no_token(e);
        }
        let mut row = LoginRow {
            uid: token.uid,
            token: token.token.clone(),
            public_key: token.public_key.clone(),
            at: self.now.0,
            ..LoginRow::default()
        };
        if let (true, Some(Credentials::Name { name, password })) = (self.login.visitor, &self.login.credentials) {
            row.visitor.clone_from(name);
            row.password.clone_from(password);
        }
        self.persist_device(vec![put(Table::Kv, login_key(row.uid), &row)]);
        self.remembered = Some(row);
        let uid = token.uid;
        self.login.token = token;
        if std::mem::take(&mut self.login.stale) {
            self.login.renewed = true;
        }
        if self.account.is_some() { self.connect() } else { self.open_store(uid) }
    }

    // The store and the connection.

    pub(super) fn open_store(&mut self, uid: u64) {
        // Ids that were handed out stay used, durable or not.
        self.login.last_id = self.account.take().map_or(0, |account| account.last_id);
        self.loads.clear();
        self.opening.under_way += 1;
        self.run_early(); // meant for the account that is left
        self.out.push_back(Output::OpenStore(format!("floo/{}/{uid}", self.config.app_id)));
    }

    /// Shows what stands at the top of the list; nothing is done with it, since it is only a part.
    pub(super) fn glanced(&mut self, result: Result<Glance, StoreError>) {
        self.opening.under_way = self.opening.under_way.saturating_sub(1);
        if self.opening.under_way > 0 {
            return; // another is being opened since
        }
        let Some(LoginRow { uid, .. }) = self.remembered else { return self.run_early() }; // logged out meanwhile
        let glance = match result {
            Ok(glance) => glance,
            Err(e) => return self.not_opened(&e),
        };
        self.opening.reading = true;
        self.event(Event::Storage(glance.kind, glance.fallback.as_ref().map(storage_error)));
        let (front, _) = Account::restore(uid, &glance.tables); // what is unreadable is told when all is read
        if !front.conversations.is_empty() {
            self.tell_all(&front, front.list());
        }
        self.out.push_back(Output::Restore);
    }

    fn not_opened(&mut self, e: &StoreError) {
        let e = storage_error(e);
        self.part(State::Idle, e.clone(), Some(e)); // the login itself is good
        self.run_early();
    }

    fn run_early(&mut self) {
        self.opening.reading = false;
        for (call, command) in std::mem::take(&mut self.opening.early) {
            self.command(call, command);
        }
    }

    /// What needs an account, while there is none: it waits for one that is on its way.
    pub(super) fn without_account(&mut self, call: CallId, command: Command) {
        if self.opening.reading {
            self.opening.early.push((call, command));
        } else {
            self.reply(call, Err(argument(ErrorCode::UserNotLogin)));
        }
    }

    /// Keeps the hint what to read first. It goes with what is written of conversations anyway: where the store is
    /// full, a write of its own would be one too many.
    pub(super) fn move_front(&mut self, writes: &mut Vec<Write>) {
        let Some(account) = &mut self.account else { return };
        let there = writes.iter().filter(|w| w.table == Table::Conversations && w.value.is_some());
        let touched: Vec<_> = there.filter_map(|w| conversation_from(&w.key)).collect();
        let new: Vec<_> = touched.iter().copied().filter(|of| !account.front.contains(of)).collect();
        if !new.is_empty() || (account.front_moved && !touched.is_empty()) {
            account.front.splice(0..0, new);
            account.front.truncate(FRONT);
            account.front_moved = false;
            writes.push(account.front_write());
        }
    }

    pub(super) fn store_opened(&mut self, result: Result<Restored, StoreError>) {
        if !self.opening.reading {
            return; // another is being opened since
        }
        let Some(LoginRow { uid, .. }) = self.remembered else { return self.run_early() }; // logged out meanwhile
        let restored = match result {
            Ok(restored) => restored,
            Err(e) => return self.not_opened(&e),
        };
        let (mut account, bad) = Account::restore(uid, &restored.tables);
        account.last_id = account.last_id.max(self.login.last_id);
        let mut writes = Vec::new();
        let list = account.list();
        let (pinned, rest): (Vec<_>, Vec<_>) = list.iter().partition(|conversation| conversation.pinned);
        let front = pinned.iter().chain(&rest).map(|conversation| conversation.id).take(FRONT).collect();
        account.front_moved = account.front != front;
        account.front = front;
        if account.device.guid.is_empty() {
            #[expect(clippy::cast_possible_truncation, reason = "both halves of the seed")]
            let own = self.seed as u64 ^ (self.seed >> 64) as u64;
            let adopted = self.adopted_device(uid);
            account.device = adopted.unwrap_or_else(|| DeviceRow { guid: format!("{uid}_{own}"), sn: 0 });
            writes.push(put(Table::Kv, kv::DEVICE.into(), &account.device));
        }
        let sn = account.device.sn;
        self.bad_rows(bad);
        if !writes.is_empty() {
            self.persist(writes, vec![]);
        }
        self.tell_all(&account, list);
        self.cards.opened(&account);
        self.account = Some(account);
        self.find_lasts();
        self.plan_read_all();
        if let Some(call) = self.login.resuming.take() {
            self.reply(call, Ok(Reply::Session(Some((uid, sn)))));
        }
        self.run_early();
        if self.make_room() {
            return; // and begins then
        }
        match self.login.store_failures {
            0 => self.begin(),
            n => self.retry_after(n, None),
        }
    }

    /// Everything the application may want to show before the network answers.
    fn tell_all(&mut self, account: &Account, list: Vec<Conversation>) {
        self.event(Event::Users(account.users.values().cloned().collect()));
        self.event(Event::Groups(account.groups.values().cloned().collect()));
        self.event(Event::Conversations(list));
    }

    /// Conversations whose last message was taken away when the page was closed.
    fn find_lasts(&mut self) {
        let Some(account) = &self.account else { return };
        let unknown = account.conversations.iter().filter(|(_, row)| row.last.is_none() && row.top > row.floor);
        for of in unknown.map(|(of, _)| *of).collect::<Vec<_>>() {
            self.find_last(of);
        }
    }

    /// The socket is open: nothing but the login may be written before its reply.
    pub(super) fn provision(&mut self) {
        let Some(account) = &self.account else { return };
        let mut device_sn = account.device.sn;
        if device_sn == 0 && self.config.legacy_random_sn {
            let random = LEGACY_SN.start + self.rng.next() % (LEGACY_SN.end - LEGACY_SN.start);
            device_sn = u32::try_from(random).unwrap_or_default(); // the range is one of 32 bits
        }
        let uplink = Uplink::Provision(Provision {
            xid: Some(proto::Xid { uid: account.uid, device_sn }),
            token: self.login.token.token.clone(),
            os_type: OsType::Web as i32,
            sdk_vsn: SDK_VSN.into(),
            device_guid: account.device.guid.clone(),
            device_info: self.config.device_info.clone(),
            ..Provision::default()
        });
        match self.transmit(&uplink) {
            Ok(output) => self.out.push_back(output),
            Err(e) => self.leave(State::Idle, e.clone(), Some(e)), // only an absurdly long token gets here
        }
    }

    pub(super) fn provisioned(&mut self, reply: Provision) {
        if self.timers.get(Timer::Provision).is_none() {
            return; // not asked for
        }
        let status = reply.status.unwrap_or_default();
        if status.code != Status::Ok as i32 {
            return self.refused(status.code, status.reason);
        }
        let Some(account) = &mut self.account else { return };
        let sn = reply.xid.map_or(0, |xid| xid.device_sn);
        let writes = if sn != 0 && sn != account.device.sn {
            account.device.sn = sn;
            vec![put(Table::Kv, kv::DEVICE.into(), &account.device)]
        } else {
            vec![]
        };
        let who = (account.uid, account.device.sn);
        self.settle(writes, vec![]);
        self.timers.set(Timer::SignIn, None);
        self.login.renewed = false;
        self.login.new_device = false;
        self.login.recoded = false;
        self.login.since = self.now;
        self.online();
        if let Some(call) = self.login.waiting.take() {
            self.reply(call, Ok(Reply::Session(Some(who))));
        }
    }

    /// What to do about a refused login, or a session that has turned out to be none (xsync 3.11).
    pub(super) fn refused(&mut self, status: i32, reason: String) {
        let error = Error::from_frame(status, reason);
        match Status::try_from(status).map_or(Reaction::Retry, reaction) {
            Reaction::Renew if self.can_renew() => self.renew(),
            Reaction::Renew => self.leave(State::Idle, error.clone(), Some(error)),
            Reaction::End => self.leave(State::Kicked, error.clone(), Some(error)),
            Reaction::Surface => self.part(State::Kicked, error.clone(), Some(error)),
            Reaction::Recode if !self.login.recoded => {
                self.login.recoded = true;
                self.event(Event::Error(error.clone()));
                self.drop_link();
                self.retry_later(Some(error));
            }
            Reaction::NewDevice if !self.login.new_device => {
                self.login.new_device = true;
                self.become_new_device();
                self.drop_link();
                self.connect();
            }
            Reaction::Recode | Reaction::NewDevice => self.part(State::Kicked, error.clone(), Some(error)),
            Reaction::BackOff => self.back_off(error),
            Reaction::Retry => {
                self.note_trouble(Some(&error));
                self.event(Event::Error(error));
                self.lost("the login was refused");
            }
        }
    }

    /// The HTTP API says that the token is not valid (code 402): gets another one and connects with it.
    /// False when that is not possible; the connection goes on then for as long as the server lets it.
    pub(super) fn token_rejected(&mut self) -> bool {
        let now = self.now;
        let lately = self.login.rejected.is_some_and(|at| at + REJECTION > now);
        if lately || self.login.stale || !self.can_renew() {
            return self.login.stale;
        }
        self.login.rejected = Some(now);
        self.renew();
        true
    }

    fn renew(&mut self) {
        self.login.stale = true;
        self.drop_link();
        self.connect();
    }

    /// There is a way to a new token that was not taken since the last login that worked.
    fn can_renew(&self) -> bool {
        !self.login.renewed && (self.has_password() || self.config.token_provider)
    }

    fn become_new_device(&mut self) {
        let fresh = self.rng.next();
        if let Some(account) = &mut self.account {
            account.device = DeviceRow { guid: format!("{}_{fresh}", account.uid), sn: 0 };
            let row = put(Table::Kv, kv::DEVICE.into(), &account.device);
            self.persist(vec![row], vec![]);
        }
    }

    /// The token, for calls of the HTTP API.
    pub(super) fn caller(&self) -> Option<Caller<'_>> {
        let base = self.rotation.rest()?;
        Some(Caller { base, app_id: &self.config.app_id, token: &self.login.token.token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_reaction() {
        use Reaction::{BackOff, End, NewDevice, Recode, Renew, Retry, Surface};
        let all: [Reaction; 21] = [
            Retry, Retry, Retry, Retry, Retry, Recode, Renew, Renew, Retry, Renew, End, End, Retry, Surface, Recode,
            NewDevice, Recode, End, End, End, BackOff,
        ];
        for (status, expected) in (0..).zip(all) {
            assert_eq!(reaction(Status::try_from(status).unwrap()), expected, "status {status}");
        }
        assert!(Status::try_from(21).is_err(), "a new status needs a reaction");
    }
}
