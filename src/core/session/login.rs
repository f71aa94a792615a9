//! From credentials to a logged-in session: addresses, token, store, PROVISION (xsync 3).
use prost::Message as _;

use super::account::Account;
use super::input::{CallId, Restored};
use super::rows::{DeviceRow, LoginRow, kv, put};
use super::{Cloud, Event, Output, Purpose, Reply, Session, State, Timer, storage_error, value};
use crate::core::codec::Uplink;
use crate::core::model::{Domain, Error, ErrorCode, Millis};
use crate::core::proto::{self, Provision, provision::OsType, status::ErrorCode as Status};
use crate::core::services::{Caller, Credentials, Servers, dns, read, token};
use crate::ports::{HttpError, Response, Row, StoreError, Table, Write};

/// The protocol version that the cloud knows (decisions, "PROVISION of our client").
const SDK_VSN: &str = "2.0.0";

#[derive(Debug, Default)]
pub(super) struct Login {
    /// The call that waits for `online`, and what it logs in with.
    waiting: Option<CallId>,
    /// The call that waits for the store only.
    resuming: Option<CallId>,
    /// Kept in memory, so that an expired token can be replaced without asking the user.
    credentials: Option<Credentials>,
    token: String,
    /// A fresh token was fetched since the last login that worked.
    renewed: bool,
    /// When this session was logged in; older notices are history.
    pub(super) since: Millis,
    /// How often the store has failed since the login.
    pub(super) store_failures: u32,
}

impl Session {
    pub(super) fn started(&mut self, rows: Result<Vec<Row>, StoreError>) {
        match rows {
            Ok(rows) => {
                if let Some(bytes) = value(&rows, kv::LOGIN) {
                    match LoginRow::decode(bytes) {
                        Ok(row) if row.uid != 0 && !row.token.is_empty() => self.remembered = Some(row),
                        _ => self.bad_rows(vec![super::rows::bad_row(Table::Kv, kv::LOGIN)]),
                    }
                }
                if let Cloud::Dns(url) = &self.config.cloud
                    && let Some(bytes) = value(&rows, kv::SERVERS)
                {
                    match Servers::from_json(bytes) {
                        Some((document, servers)) if document == *url => self.servers = Some(servers),
                        Some(_) => {} // of another cloud
                        None => self.bad_rows(vec![super::rows::bad_row(Table::Kv, kv::SERVERS)]),
                    }
                }
            }
            Err(e) => self.event(Event::Error(storage_error(&e))),
        }
        for (call, command) in self.parked.take().unwrap_or_default() {
            self.command(call, command);
        }
    }

    pub(super) fn log_in(&mut self, call: CallId, credentials: Credentials) {
        if self.login.waiting.is_some() || self.login.resuming.is_some() {
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::UserSigningIn, "")));
        }
        if self.account.is_some() {
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::UserAlreadyLogin, "")));
        }
        self.login = Login { waiting: Some(call), credentials: Some(credentials), ..Login::default() };
        self.enter(State::Resolving, None, None);
        match &self.config.cloud {
            Cloud::Dns(_) => self.ask_dns(),
            Cloud::Fixed(_) => self.ask_token(),
        }
    }

    pub(super) fn resume(&mut self, call: CallId) {
        if self.login.waiting.is_some() || self.login.resuming.is_some() {
            return self.reply(call, Err(Error::new(Domain::Argument, ErrorCode::UserSigningIn, "")));
        }
        if let Some(account) = &self.account {
            let uid = account.uid;
            return self.reply(call, Ok(Reply::Session(Some(uid))));
        }
        let Some(LoginRow { uid, token }) = self.remembered.clone() else {
            return self.reply(call, Ok(Reply::Session(None)));
        };
        self.login = Login { resuming: Some(call), token, ..Login::default() };
        self.enter(State::Resolving, None, None);
        self.open_store(uid);
    }

    pub(super) fn log_out(&mut self, call: CallId) {
        self.leave(State::Idle, Error::new(Domain::Argument, ErrorCode::Cancelled, "logged out"), None);
        self.reply(call, Ok(Reply::Done));
    }

    /// Ends the session and forgets the token; whoever waits for something hears `why`.
    pub(super) fn leave(&mut self, to: State, why: Error, shown: Option<Error>) {
        if self.remembered.take().is_some() {
            self.persist_device(vec![Write::delete(Table::Kv, kv::LOGIN)]);
        }
        self.part(to, why, shown);
    }

    /// Ends the session; `resume()` can take it up again.
    pub(super) fn part(&mut self, to: State, why: Error, shown: Option<Error>) {
        self.drop_link();
        self.fail_login(&why);
        self.fail_history(&why);
        self.fail_lists(&why);
        self.fail_jobs(&why);
        self.fail_outbox(&why);
        for call in std::mem::take(&mut self.loads).into_values().filter_map(|purpose| purpose.call()) {
            self.reply(call, Err(why.clone()));
        }
        self.requests.clear();
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

    pub(super) fn ask_dns(&mut self) {
        if let Cloud::Dns(url) = &self.config.cloud
            && !self.requests.values().any(|p| *p == Purpose::Dns)
        {
            let call = dns(url, &self.config.app_id);
            self.request(call.request, Purpose::Dns);
        }
    }

    pub(super) fn dns_answered(&mut self, answer: Result<Response, HttpError>) {
        let Cloud::Dns(url) = &self.config.cloud else { return };
        let parse = dns(url, &self.config.app_id).parse;
        let result = read(answer, parse).map_err(|e| match e.code {
            ErrorCode::ServerNotReachable => Error::new(Domain::Dns, ErrorCode::ServerDNSFetchFailed, e.detail),
            _ => Error { domain: Domain::Dns, ..e },
        });
        match result {
            Ok(servers) => {
                let row = Write::put(Table::Kv, kv::SERVERS, servers.to_json(url));
                if self.servers.as_ref() != Some(&servers) {
                    self.persist_device(vec![row]);
                    self.servers = Some(servers);
                }
            }
            // Without an answer the addresses of last time are better than none.
            Err(e) if e.code == ErrorCode::ServerDNSFetchFailed && self.servers.is_some() => {}
            Err(e) if self.account.is_some() => {
                self.event(Event::Error(e.clone()));
                return self.retry_later(Some(e));
            }
            Err(e) => return self.leave(State::Idle, e.clone(), Some(e)),
        }
        if self.account.is_some() { self.dial() } else { self.ask_token() }
    }

    fn ask_token(&mut self) {
        let Some(credentials) = self.login.credentials.clone() else { return };
        if let Credentials::Token { uid, token } = credentials {
            return self.token_known(uid, token);
        }
        let Some(servers) = &self.servers else { return };
        let caller = Caller { base: &servers.rest, app_id: &self.config.app_id, token: "" };
        if let Some(call) = token(caller, &credentials) {
            self.request(call.request, Purpose::Token);
        }
    }

    pub(super) fn token_answered(&mut self, answer: Result<Response, HttpError>) {
        let Some(credentials) = &self.login.credentials else { return };
        let nobody = Caller { base: "", app_id: "", token: "" };
        let Some(call) = token(nobody, credentials) else { return };
        match read(answer, call.parse) {
            Ok(token) => self.token_known(token.uid, token.token),
            Err(e) if self.account.is_some() && e.retriable() => self.retry_later(Some(e)),
            Err(e) => self.leave(State::Idle, e.clone(), Some(e)),
        }
    }

    fn token_known(&mut self, uid: u64, token: String) {
        self.login.token.clone_from(&token);
        let row = LoginRow { uid, token };
        self.persist_device(vec![put(Table::Kv, kv::LOGIN.into(), &row)]);
        self.remembered = Some(row);
        if self.account.is_some() { self.dial() } else { self.open_store(uid) }
    }

    pub(super) fn open_store(&mut self, uid: u64) {
        self.account = None;
        self.loads.clear();
        self.out.push_back(Output::OpenStore(format!("floo/{}/{uid}", self.config.app_id)));
    }

    pub(super) fn store_opened(&mut self, result: Result<Restored, StoreError>) {
        let Some(LoginRow { uid, .. }) = self.remembered else { return }; // logged out meanwhile
        let restored = match result {
            Ok(restored) => restored,
            Err(e) => {
                let e = storage_error(&e);
                return self.leave(State::Idle, e.clone(), Some(e));
            }
        };
        let (mut account, bad) = Account::restore(uid, &restored.tables);
        let mut writes = Vec::new();
        if account.device.guid.is_empty() {
            account.device = DeviceRow { guid: format!("{uid}_{}", self.seed), sn: 0 };
            writes.push(put(Table::Kv, kv::DEVICE.into(), &account.device));
        }
        self.account = Some(account);
        self.event(Event::Storage(restored.kind, restored.fallback.as_ref().map(storage_error)));
        self.bad_rows(bad);
        if !writes.is_empty() {
            self.persist(writes, vec![]);
        }
        self.tell_all();
        self.find_lasts();
        self.plan_read_all();
        if let Some(call) = self.login.resuming.take() {
            self.reply(call, Ok(Reply::Session(Some(uid))));
        }
        match self.login.store_failures {
            0 => self.connect(),
            n => self.retry_after(n, None),
        }
    }

    /// Everything the application may want to show before the network answers.
    fn tell_all(&mut self) {
        let Some(account) = &self.account else { return };
        let (users, groups) = (account.users.values().cloned().collect(), account.groups.values().cloned().collect());
        let conversations = account.list();
        self.event(Event::Users(users));
        self.event(Event::Groups(groups));
        self.event(Event::Conversations(conversations));
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
        let uplink = Uplink::Provision(Provision {
            xid: Some(proto::Xid { uid: account.uid, device_sn: account.device.sn }),
            token: self.login.token.clone(),
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
        let uid = account.uid;
        if sn != 0 && sn != account.device.sn {
            account.device.sn = sn;
            let row = put(Table::Kv, kv::DEVICE.into(), &account.device);
            self.persist(vec![row], vec![]);
        }
        self.login.renewed = false;
        self.login.since = self.now;
        self.online();
        if let Some(call) = self.login.waiting.take() {
            self.reply(call, Ok(Reply::Session(Some(uid))));
        }
    }

    /// What to do about a refused login (xsync 3.11).
    pub(super) fn refused(&mut self, status: i32, reason: String) {
        let error = Error::from_frame(status, reason);
        match Status::try_from(status) {
            Ok(Status::InvalidToken | Status::Unauthorized) => {
                let has_password =
                    matches!(self.login.credentials, Some(Credentials::Name { .. } | Credentials::Id { .. }));
                if has_password && !self.login.renewed {
                    self.login.renewed = true;
                    self.drop_link();
                    self.enter(State::Reconnecting, None, None);
                    self.ask_token();
                } else {
                    self.leave(State::Idle, error.clone(), Some(error));
                }
            }
            Ok(
                Status::UserFrozen
                | Status::UserBanned
                | Status::InvalidLicense
                | Status::LicenseLimit
                | Status::AppFrozen
                | Status::TooManyDevices,
            ) => self.leave(State::Kicked, error.clone(), Some(error)),
            Ok(Status::DeviceGuidConflict) => {
                let fresh = self.rng.next();
                if let Some(account) = &mut self.account {
                    account.device = DeviceRow { guid: format!("{}_{fresh}", account.uid), sn: 0 };
                    let row = put(Table::Kv, kv::DEVICE.into(), &account.device);
                    self.persist(vec![row], vec![]);
                }
                self.lost("the device id is in use");
            }
            _ => {
                self.event(Event::Error(error));
                self.lost("the login was refused");
            }
        }
    }

    /// The token, for calls of the HTTP API.
    pub(super) fn caller(&self) -> Option<Caller<'_>> {
        let servers = self.servers.as_ref()?;
        Some(Caller { base: &servers.rest, app_id: &self.config.app_id, token: &self.login.token })
    }
}
