//! Which servers are spoken to: the DNS document, the choice of a cluster, and when to go on to the next
//! address (xsync 2.1, 2.6).
//!
//! ```text
//!             no answer: next host
//!                 +-----+
//!                 v     |
//! ask_dns ---> document asked ---one cluster---------------------> chosen ---> what waited for it:
//!                       |                                            ^         a login asks for its token,
//!                       +---several---> speed test ---first answer---+         a connection is opened,
//!                                           +------none in 10 s------+         or moved; or nothing did
//! ```
//!
//! A document that is known already is used at once; a fresh one takes effect with the next attempt.
//! Sockets are numbered through all clusters. After three failures in a row the next one is tried, and
//! after the last the document is asked for again. The HTTP address follows the cluster of the socket and
//! has a turn of its own within it.
use std::time::Duration;

use super::rows::kv;
use super::{Cloud, Event, Purpose, Session, State, Timer};
use crate::core::model::{Domain, Error, ErrorCode};
use crate::core::services::{Kept, Servers, dns, documents, read};
use crate::ports::{HttpError, Request, Response, Table, Write};

/// Failures on one address before the next one is tried.
const ROTATE_AFTER: u32 = 3;
/// Requests without an answer before the next HTTP address is tried.
const RATEL_AFTER: u32 = 5;
/// How long the speed test may take.
const SPEED_TEST: Duration = Duration::from_secs(10);

/// What waits for the addresses.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing: they were only refreshed.
    #[default]
    Nothing,
    /// A login, to get its token.
    LogIn,
    /// A connection that has to be opened.
    Dial,
    /// A connection that has to be opened anew somewhere else.
    Move,
}

/// What a failed attempt leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// The same address again.
    Same,
    /// Another address.
    Next,
    /// All addresses have failed: a new document is needed.
    Exhausted,
}

#[derive(Debug, Default)]
pub(super) struct Rotation {
    pub(super) servers: Option<Servers>,
    /// The socket in use, and the HTTP address of its cluster.
    at: usize,
    ratel: usize,
    /// A newer document and a socket of it, for the next attempt.
    fresh: Option<(Servers, usize)>,
    /// Failures in a row on the socket in use.
    pub(super) failures: u32,
    /// Sockets given up since one worked.
    tried: usize,
    /// How often all of them have failed since a connection was healthy.
    pub(super) rounds: u32,
    /// Requests in a row that had no answer.
    unanswered: u32,
    /// The next attempt needs a new document.
    exhausted: bool,
    then: Then,
    /// Which of the hosts is being asked.
    host: usize,
    /// The speed test under way, and how many answers are outstanding.
    testing: Option<(Servers, usize)>,
}

impl Rotation {
    /// Fixed addresses.
    pub(super) fn fixed(servers: Servers) -> Self {
        Self { servers: Some(servers), ..Self::default() }
    }

    /// The socket whose turn it is.
    pub(super) fn socket(&self) -> Option<&str> {
        Some(self.servers.as_ref()?.socket(self.at)?.2)
    }

    /// The HTTP address that goes with it.
    pub(super) fn rest(&self) -> Option<&str> {
        let rest = &self.servers.as_ref()?.socket(self.at)?.1.rest;
        rest.get(self.ratel).or_else(|| rest.first()).map(String::as_str)
    }

    /// The login was accepted.
    pub(super) const fn worked(&mut self) {
        self.failures = 0;
        self.tried = 0;
    }

    fn cluster(&self) -> usize {
        self.servers.as_ref().and_then(|servers| servers.socket(self.at)).map_or(0, |(cluster, ..)| cluster)
    }

    /// An attempt on the current socket failed.
    pub(super) fn failed(&mut self) -> Failed {
        self.failures += 1;
        if self.failures < ROTATE_AFTER {
            return Failed::Same;
        }
        self.failures = 0;
        let (all, before) = (self.servers.as_ref().map_or(1, Servers::sockets), self.cluster());
        self.at = (self.at + 1) % all.max(1);
        if self.cluster() != before {
            self.ratel = 0;
        }
        self.tried += 1;
        if self.tried < all {
            return Failed::Next;
        }
        self.tried = 0;
        self.rounds = self.rounds.saturating_add(1);
        self.exhausted = true;
        Failed::Exhausted
    }

    /// True when the document has to be asked for before the next attempt. Asked once.
    pub(super) const fn needs_document(&mut self) -> bool {
        let exhausted = std::mem::replace(&mut self.exhausted, false);
        exhausted || (self.servers.is_none() && self.fresh.is_none())
    }

    /// A newer document takes effect.
    pub(super) fn adopt(&mut self) {
        let Some((servers, at)) = self.fresh.take() else { return };
        let same = |a: Option<&str>| a == servers.socket(at).map(|(.., url)| url);
        if !same(self.socket()) {
            self.failures = 0;
            self.ratel = 0;
        }
        (self.servers, self.at) = (Some(servers), at);
    }

    /// Whatever waited waits no more.
    pub(super) fn forget(&mut self) {
        self.then = Then::Nothing;
        self.testing = None;
    }
}

impl Session {
    /// What the store kept.
    pub(super) fn servers_restored(&mut self, row: &[u8]) {
        let Cloud::Dns(url) = &self.config.cloud else { return };
        match Servers::from_json(row) {
            Some(Kept { document, servers, at, ratel }) if document == *url => {
                self.rotation = Rotation { at, ratel, ..Rotation::fixed(servers) };
            }
            Some(_) => {} // of another cloud
            None => self.bad_rows(vec![super::rows::bad_row(Table::Kv, kv::SERVERS)]),
        }
    }

    /// Keeps the addresses and which of them are in use.
    pub(super) fn keep_servers(&mut self) {
        let Cloud::Dns(url) = &self.config.cloud else { return };
        let json = match (&self.rotation.fresh, &self.rotation.servers) {
            (Some((servers, at)), _) => servers.to_json(url, *at, 0),
            (None, Some(servers)) => servers.to_json(url, self.rotation.at, self.rotation.ratel),
            (None, None) => return,
        };
        let row = Write::put(Table::Kv, kv::SERVERS, json);
        self.persist_device(vec![row]);
    }

    /// A document is on its way, or is being put to the test.
    pub(super) fn asking_dns(&self) -> bool {
        self.rotation.testing.is_some() || self.requests.values().any(|p| *p == Purpose::Dns)
    }

    /// Asks for the document; `then` happens when the addresses are known.
    pub(super) fn ask_dns(&mut self, then: Then) {
        if then != Then::Nothing {
            self.rotation.then = then;
        }
        if matches!(self.config.cloud, Cloud::Fixed(_)) {
            self.addresses_known();
        } else if !self.asking_dns() {
            self.rotation.host = 0;
            self.ask_dns_host();
        }
    }

    /// Asks the host whose turn it is; false when there is none left.
    fn ask_dns_host(&mut self) -> bool {
        let Cloud::Dns(url) = &self.config.cloud else { return false };
        let hosts = self.rotation.servers.as_ref().map_or(&[][..], |servers| &servers.hosts);
        let Some(url) = documents(url, hosts).into_iter().nth(self.rotation.host) else { return false };
        let call = dns(&url, &self.config.app_id);
        self.request(call.request, Purpose::Dns);
        true
    }

    pub(super) fn dns_answered(&mut self, answer: Result<Response, HttpError>) {
        let result = read(answer, dns("", "").parse).map_err(|e| match e.code {
            ErrorCode::ServerNotReachable => Error::new(Domain::Dns, ErrorCode::ServerDNSFetchFailed, e.detail),
            _ => Error { domain: Domain::Dns, ..e },
        });
        match result {
            Ok(servers) if servers.clusters.len() > 1 => self.test_speed(servers),
            Ok(servers) => self.chosen(servers, 0),
            Err(e) => {
                self.rotation.host += 1;
                if e.code != ErrorCode::ServerDNSFetchFailed || !self.ask_dns_host() {
                    self.dns_failed(e);
                }
            }
        }
    }

    fn dns_failed(&mut self, e: Error) {
        let stopped = matches!(e.code, ErrorCode::ServerAppFrozen | ErrorCode::ServerAppStatusNotNormal);
        let then = std::mem::take(&mut self.rotation.then);
        let nobody = self.account.is_none() && self.logging_in();
        if nobody && (then == Then::LogIn || stopped || e.code == ErrorCode::ServerDNSAppIdInvalid) {
            return self.part(State::Idle, e.clone(), Some(e));
        }
        if stopped && !self.link.ready {
            return self.part(State::Kicked, e.clone(), Some(e));
        }
        // Without an answer the addresses of last time are better than none.
        let known = self.rotation.servers.is_some();
        if !known {
            self.no_servers(&e);
        }
        if !known || e.code != ErrorCode::ServerDNSFetchFailed {
            self.event(Event::Error(e.clone()));
        }
        match then {
            Then::Dial if known => self.dial(),
            Then::Dial => self.retry_later(Some(e)),
            Then::Nothing | Then::LogIn | Then::Move => {}
        }
    }

    /// Asks every cluster for anything at all; the first to answer is the nearest.
    fn test_speed(&mut self, servers: Servers) {
        let urls: Vec<_> =
            servers.clusters.iter().filter_map(|c| c.rest.first()).map(|rest| format!("{rest}/")).collect();
        self.rotation.testing = Some((servers, urls.len()));
        self.timers.set(Timer::SpeedTest, Some(self.now + SPEED_TEST));
        for (cluster, url) in urls.into_iter().enumerate() {
            // Nothing of the application or the account: it may be answered by anybody.
            let request = Request { method: "GET", url, headers: Vec::new(), body: None };
            self.request(request, Purpose::Probe(cluster));
        }
    }

    pub(super) fn probe_answered(&mut self, cluster: usize, answer: &Result<Response, HttpError>) {
        let Some((_, left)) = &mut self.rotation.testing else { return };
        *left -= 1;
        let good = answer.as_ref().is_ok_and(|response| response.status < 500);
        if good || *left == 0 {
            self.speed_tested(if good { cluster } else { 0 });
        }
    }

    /// The speed test is over.
    pub(super) fn speed_tested(&mut self, cluster: usize) {
        self.timers.set(Timer::SpeedTest, None);
        self.requests.retain(|_, purpose| !matches!(purpose, Purpose::Probe(_)));
        if let Some((servers, _)) = self.rotation.testing.take() {
            self.chosen(servers, cluster);
        }
    }

    /// There is a document, and one of its clusters is to be used.
    fn chosen(&mut self, servers: Servers, cluster: usize) {
        // Within the cluster the socket that is in use stays so.
        let current = self.rotation.socket();
        let same = (0..servers.sockets())
            .find(|at| servers.socket(*at).is_some_and(|(of, _, url)| of == cluster && Some(url) == current));
        let at = same.unwrap_or_else(|| servers.first_socket(cluster));
        if self.rotation.servers.as_ref() != Some(&servers) || self.rotation.at != at {
            self.rotation.fresh = Some((servers, at));
            self.keep_servers();
        }
        self.addresses_known();
    }

    fn addresses_known(&mut self) {
        match std::mem::take(&mut self.rotation.then) {
            // Somebody may wait for the first addresses there are.
            Then::Nothing if self.rotation.servers.is_none() => self.rotation.adopt(),
            Then::Nothing => {}
            Then::LogIn => {
                self.rotation.adopt();
                self.ask_token();
            }
            Then::Dial => self.dial(),
            Then::Move => {
                self.drop_link();
                self.connect();
            }
        }
    }

    /// The cluster has moved (xsync 3.7, CLUSTER_CHANGED and DNS_UPDATE): fetches the document and, once
    /// it is there, opens the connection anew with the same token. Until then the old one goes on.
    pub(super) fn dns_changed(&mut self) {
        self.ask_dns(if self.link.ready { Then::Move } else { Then::Nothing });
    }

    /// Takes better addresses if there are any, or soon will be, for a login that got no answer.
    pub(super) fn elsewhere(&mut self) -> bool {
        let asking = self.asking_dns();
        if asking {
            self.rotation.then = Then::LogIn;
        } else if self.rotation.fresh.is_some() {
            self.rotation.adopt();
            self.ask_token();
        } else {
            return false;
        }
        true
    }

    /// Counts requests to the HTTP API that had no answer.
    pub(super) fn rest_answered(&mut self, answered: bool) {
        if self.link.offline {
            return;
        }
        self.rotation.unanswered = if answered { 0 } else { self.rotation.unanswered + 1 };
        if self.rotation.unanswered < RATEL_AFTER {
            return;
        }
        self.rotation.unanswered = 0;
        let all =
            self.rotation.servers.as_ref().and_then(|s| s.socket(self.rotation.at)).map_or(1, |(_, c, _)| c.rest.len());
        self.rotation.ratel = (self.rotation.ratel + 1) % all.max(1);
        if self.rotation.ratel == 0 {
            self.ask_dns(Then::Nothing);
        } else {
            self.keep_servers();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::services::Cluster;

    fn cluster(rest: &[&str], sockets: &[&str]) -> Cluster {
        let list = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect();
        Cluster { rest: list(rest), sockets: list(sockets), rtc: Vec::new() }
    }

    #[test]
    fn every_address_gets_three_attempts_and_a_new_cluster_begins_with_its_first_http_address() {
        let clusters = vec![cluster(&["r1", "r2"], &["a", "b"]), cluster(&["r3"], &["c"])];
        let mut rotation = Rotation::fixed(Servers { clusters, hosts: Vec::new() });
        rotation.ratel = 1;
        let mut seen = Vec::new();
        for _ in 0..9 {
            seen.push(format!("{}{}", rotation.socket().unwrap(), rotation.rest().unwrap()));
            let failed = rotation.failed();
            let expected = match seen.len() {
                3 | 6 => Failed::Next,
                9 => Failed::Exhausted,
                _ => Failed::Same,
            };
            assert_eq!(failed, expected);
        }
        seen.dedup();
        assert_eq!(seen, ["ar2", "br2", "cr3"]);
        assert_eq!((rotation.socket(), rotation.rest()), (Some("a"), Some("r1")));
        assert!(rotation.needs_document() && !rotation.needs_document(), "asked for once");
    }

    #[test]
    fn a_round_that_begins_in_the_middle_goes_on_at_the_start() {
        let mut rotation = Rotation::fixed(Servers { clusters: vec![cluster(&["r"], &["a", "b"])], hosts: Vec::new() });
        rotation.at = 1;
        let all: Vec<_> = (0..6).map(|_| rotation.failed()).collect();
        assert_eq!((all[2], all[5]), (Failed::Next, Failed::Exhausted));
        rotation.failed();
        rotation.worked();
        assert_eq!([rotation.failed(), rotation.failed()], [Failed::Same; 2], "a login that works forgives");
    }
}
