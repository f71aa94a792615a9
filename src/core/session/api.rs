//! Calls of the HTTP API by name (http-api 8): sent, repeated where that is safe, and answered.
//!
//! ```text
//!             addresses unknown: asked for
//!                 |
//! call ---> Soon --+--> Sent --answer--> reply
//!            ^  |        |
//!            |  +-joins a reading call that is the same and on its way
//!            |           |
//!            +-- At -----+  no answer, or the server is out of order: what only reads, three times
//!            |           |  too many requests: everything, three times, and nobody asks meanwhile
//!            +-- Token --+  the token is not valid: once, with a new one
//! ```
//!
//! A call has one time limit from end to end. Looking after calls is one function, `run_api`, that runs
//! behind every input: so nobody has to tell this file that a token came.
use std::time::Duration;

use super::input::{CallId, Json, RequestId};
use super::merge::{Job, Outcome};
use super::rotation::Then;
use super::{Cloud, Event, Output, Reply, Session, Timer};
use crate::core::json::Value;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::proto::status::ErrorCode as Status;
use crate::core::services::{Access, Answer, Caller, Effect, Endpoint, Prepared, locate, member, same_origin};
use crate::ports::{HttpError, Response};

/// How long a call may take, unless the caller says.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How often a call is sent at most, other than for a token.
const ATTEMPTS: u32 = 3;
/// How long nobody asks anything after too many requests, at least.
const QUIET: Duration = Duration::from_secs(1);

const NOBODY: Caller<'static> = Caller { base: "", app_id: "", token: "" };

#[derive(Debug, Default)]
pub(super) struct Api {
    flights: Vec<Flight>,
    /// Nothing is sent before.
    quiet: Millis,
}

#[derive(Debug)]
struct Flight {
    endpoint: Endpoint,
    prepared: Prepared,
    /// Who waits for it, and until when.
    calls: Vec<(CallId, Millis)>,
    step: Step,
    attempts: u32,
    /// It went out with that token.
    token: String,
    renewed: bool,
    /// Nothing was changed since it began, so the same question has the same answer.
    joinable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// As soon as there is somewhere to send it.
    Soon,
    /// Not before.
    At(Millis),
    /// When there is another token.
    Token,
    /// On its way.
    Sent(RequestId),
}

/// Why an answer is none, and who may ask again.
enum Failure {
    Final(Error),
    /// Whoever only reads.
    Reads(Error),
    /// Everybody, later: it was not carried out.
    Everybody(Error),
    Token(Error),
}

impl Api {
    /// The answer to that request is awaited here.
    pub(super) fn awaits(&self, id: RequestId) -> bool {
        self.flights.iter().any(|flight| flight.step == Step::Sent(id))
    }
}

#[cfg(test)]
impl Api {
    pub(super) const fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }
}

impl Flight {
    fn token_waits(&self, now: &str) -> bool {
        self.step == Step::Token && (now.is_empty() || now == self.token)
    }
}

impl Session {
    /// Calls an endpoint. `timeout` in milliseconds; 0 for 20 s.
    pub(super) fn api(&mut self, call: CallId, endpoint: &str, params: &str, timeout: u32) {
        match self.take_off(endpoint, params) {
            Ok(flight) => {
                let limit = if timeout == 0 { TIMEOUT } else { Duration::from_millis(u64::from(timeout)) };
                let until = self.now + limit;
                let flights = &mut self.api.flights;
                if !flight.endpoint.safe {
                    flights.iter_mut().for_each(|other| other.joinable = false);
                }
                let same = |other: &&mut Flight| {
                    other.joinable && other.endpoint.name == flight.endpoint.name && other.prepared == flight.prepared
                };
                match flights.iter_mut().find(same) {
                    Some(other) => other.calls.push((call, until)),
                    None => flights.push(Flight { calls: vec![(call, until)], ..flight }),
                }
            }
            Err(e) => self.reply(call, Err(e)),
        }
    }

    fn take_off(&self, name: &str, params: &str) -> Result<Flight, Error> {
        let endpoint =
            Endpoint::find(name).ok_or_else(|| Error::argument(["there is no endpoint `", name, "`"].concat()))?;
        let document = match &self.config.cloud {
            Cloud::Dns(url) => Some(&url[..]),
            Cloud::Fixed(_) => None,
        };
        let prepared = endpoint.prepare(params, document)?;
        if endpoint.access == Access::User && self.account.is_none() {
            return Err(Error::new(Domain::Argument, ErrorCode::UserNotLogin, ""));
        }
        // Two uploads need two places.
        let joinable = endpoint.safe && endpoint.answer != Answer::Upload;
        let (calls, token) = (Vec::new(), String::new());
        Ok(Flight { endpoint, prepared, calls, step: Step::Soon, attempts: 0, token, renewed: false, joinable })
    }

    /// Gives up a call. What has reached the server already is done there all the same.
    pub(super) fn cancel_api(&mut self, call: CallId, target: CallId) {
        let mut found = false;
        for flight in &mut self.api.flights {
            let before = flight.calls.len();
            flight.calls.retain(|(waiting, _)| *waiting != target);
            found |= flight.calls.len() < before;
        }
        if found {
            self.reply(target, Err(Error::new(Domain::Argument, ErrorCode::Cancelled, "")));
        }
        self.reply(call, Ok(Reply::Done));
    }

    /// Where a file is, or goes to: its address, and the headers to be sent there. App id and token are for
    /// the cloud's HTTP hosts; all others hear nothing.
    pub(super) fn locate(&mut self, call: CallId, url: &str) {
        let Caller { base, app_id, token } = self.caller().unwrap_or(NOBODY);
        let result = locate(url, base).map(|url| {
            let (mut headers, mut reply) = (String::from("{"), String::from("{"));
            if self.is_own(&url) {
                member(&mut headers, "app_id", &Value::from(app_id).to_string());
                if !token.is_empty() {
                    member(&mut headers, "access-token", &Value::from(token).to_string());
                }
            }
            headers.push('}');
            member(&mut reply, "url", &Value::String(url).to_string());
            member(&mut reply, "headers", &headers);
            reply.push('}');
            Reply::Api(Json(reply))
        });
        self.reply(call, result);
    }

    /// Whether an address is on one of the cloud's HTTP hosts, as its DNS document tells them.
    fn is_own(&self, url: &str) -> bool {
        let servers = self.rotation.servers.iter();
        servers
            .flat_map(|servers| &servers.clusters)
            .flat_map(|cluster| &cluster.rest)
            .any(|rest| same_origin(rest, url))
    }

    /// Looks after all calls: sends what can be sent, ends what takes too long.
    pub(super) fn run_api(&mut self) {
        if self.api.flights.is_empty() {
            return self.timers.set(Timer::Api, None);
        }
        let now = self.now;
        let mut flights = std::mem::take(&mut self.api.flights);
        for flight in &mut flights {
            flight.calls.retain(|(call, until)| {
                if *until <= now {
                    let e = Error::new(Domain::Http, ErrorCode::ServerTimeOut, "no answer in time");
                    self.out.push_back(Output::Reply(*call, Err(e)));
                }
                *until > now
            });
            if !flight.calls.is_empty() {
                self.send_flight(flight);
            }
        }
        flights.retain(|flight| !flight.calls.is_empty());
        let wake = flights.iter().flat_map(|flight| {
            let pause = if let Step::At(at) = flight.step { Some(at) } else { None };
            flight.calls.iter().map(|(_, until)| *until).chain(pause)
        });
        self.timers.set(Timer::Api, wake.min());
        self.api.flights = flights;
    }

    /// The session has ended, and with it what needs one. Who waits for a token hears that theirs is not valid. `sent`:
    /// what is on its way as well; when the server ends the session, that may be what it was ended by.
    pub(super) fn fail_api(&mut self, why: &Error, sent: bool) {
        for flight in self.api.flights.iter_mut().filter(|flight| flight.endpoint.access == Access::User) {
            flight.prepared.effect = None; // the next session may be somebody else's
            if !sent && matches!(flight.step, Step::Sent(_)) {
                continue;
            }
            let token = || Error::new(Domain::Http, ErrorCode::InvalidToken, "");
            let e = if flight.step == Step::Token { token() } else { why.clone() };
            for (call, _) in std::mem::take(&mut flight.calls) {
                self.out.push_back(Output::Reply(call, Err(e.clone())));
            }
        }
    }

    fn send_flight(&mut self, flight: &mut Flight) {
        match flight.step {
            Step::Sent(_) => return,
            Step::At(at) if at > self.now => return,
            _ if self.api.quiet > self.now => return flight.step = Step::At(self.api.quiet),
            _ => {}
        }
        let caller = match self.caller() {
            Some(caller) => caller,
            None if flight.endpoint.is_foreign() => NOBODY,
            None => return self.want_servers(),
        };
        if flight.token_waits(caller.token) {
            return;
        }
        let token = if flight.endpoint.access == Access::Open { "" } else { caller.token };
        flight.token = token.to_owned();
        let request = flight.prepared.request(&flight.endpoint, Caller { token, ..caller });
        self.next_id += 1;
        flight.step = Step::Sent(self.next_id);
        flight.attempts += 1;
        self.out.push_back(Output::Request(self.next_id, request));
    }

    /// Asks for the cloud's addresses, unless a login does.
    fn want_servers(&mut self) {
        if !self.asking_dns() {
            self.ask_dns(Then::Nothing);
        }
    }

    /// There are no addresses, so that nobody can be asked.
    pub(super) fn no_servers(&mut self, e: &Error) {
        for flight in self.api.flights.iter_mut().filter(|flight| flight.step == Step::Soon) {
            for (call, _) in std::mem::take(&mut flight.calls) {
                self.out.push_back(Output::Reply(call, Err(e.clone())));
            }
        }
    }

    pub(super) fn api_answered(&mut self, id: RequestId, answer: Result<Response, HttpError>) {
        self.rest_answered(answer.is_ok());
        let Some(at) = self.api.flights.iter().position(|flight| flight.step == Step::Sent(id)) else { return };
        let mut flight = self.api.flights.remove(at);
        let again = flight.attempts < ATTEMPTS;
        match judge(&flight.endpoint, answer) {
            Ok(data) => return self.landed(&flight, data),
            Err(Failure::Reads(_)) if again && flight.endpoint.safe => {
                flight.step = Step::At(self.now + super::backoff::delay(flight.attempts, &mut self.rng));
            }
            Err(Failure::Everybody(_)) if again => {
                let pause = QUIET * (1 << flight.attempts.min(5)) / 2;
                self.api.quiet = self.now + pause + super::backoff::delay(flight.attempts, &mut self.rng);
                flight.step = Step::At(self.api.quiet);
            }
            Err(Failure::Token(_))
                if !flight.renewed && !flight.token.is_empty() && self.renew_token(&flight.token) =>
            {
                flight.renewed = true;
                flight.attempts -= 1;
                flight.step = Step::Token;
            }
            Err(Failure::Final(e) | Failure::Reads(e) | Failure::Everybody(e) | Failure::Token(e)) => {
                return self.settle_flight(&flight, &Err(e));
            }
        }
        self.api.flights.push(flight);
    }

    /// Gets another token in the place of `stale`, which the HTTP API does not accept. False when there is no
    /// way to; true also when one is there or on its way already.
    fn renew_token(&mut self, stale: &str) -> bool {
        let current = self.caller().map_or("", |caller| caller.token);
        current != stale
            || self.api.flights.iter().any(|flight| flight.step == Step::Token)
            || self.token_rejected()
            || self.session_over()
    }

    /// The token is all there was, and it is dead: so is the session.
    fn session_over(&mut self) -> bool {
        self.refused(Status::InvalidToken as i32, String::new());
        false
    }

    /// The answer is good: what follows from it on this device, then the replies.
    fn landed(&mut self, flight: &Flight, data: String) {
        if !flight.endpoint.safe {
            // Questions asked before the change may have answers from before it.
            self.api.flights.iter_mut().for_each(|other| other.joinable = false);
        }
        match flight.prepared.effect {
            Some((Effect::Card, 0)) => self.own_card_wanted(),
            Some((Effect::Card, uid)) => self.ask_cards(vec![uid]),
            Some((Effect::Group, gid)) => self.group_wanted(gid),
            Some((Effect::Pins, _)) => self.pins_changed(),
            Some((Effect::Stranger, uid)) => self.enqueue(Job::Stranger(uid)),
            None => {}
        }
        self.settle_flight(flight, &Ok(data));
    }

    fn settle_flight(&mut self, flight: &Flight, result: &Result<String, Error>) {
        for (call, _) in &flight.calls {
            self.reply(*call, result.clone().map(|text| Reply::Api(Json(text))));
        }
    }

    /// A contact was deleted: the cloud tells the other devices, and perhaps this one too.
    pub(super) fn stranger(&mut self, uid: u64) {
        let mut out = Outcome::default();
        self.contact(&mut out, uid, false);
        let of = ConversationId::user(uid);
        self.drop_unsent(&mut out, of, u64::MAX, false);
        let top = self.account.as_ref().and_then(|account| account.conversations.get(&of)).map_or(0, |row| row.top);
        self.remove_conversation(&mut out, of, top, false);
        if let (Some(account), false) = (&self.account, out.removed.is_empty()) {
            out.writes.push(account.conversation_write(of));
            out.then.push(Output::Event(Event::Removed(out.removed)));
        }
        self.settle(out.writes, out.then);
    }
}

/// What an answer comes to (http-api 4).
fn judge(endpoint: &Endpoint, answer: Result<Response, HttpError>) -> Result<String, Failure> {
    let response = answer.map_err(|e| Failure::Reads(Error::new(Domain::Http, ErrorCode::ServerNotReachable, e.0)))?;
    match response.status {
        200..300 => endpoint.read(&response.body).map_err(|e| match e.code {
            ErrorCode::InvalidToken => Failure::Token(e),
            ErrorCode::ServerTooManyRequest | ErrorCode::MessageRateLimitExceeded | ErrorCode::ServerBusy => {
                Failure::Reads(e)
            }
            _ => Failure::Final(e),
        }),
        429 => Err(Failure::Everybody(Error::from_transport(429))),
        status @ 500.. => Err(Failure::Reads(Error::from_transport(status))),
        status => Err(Failure::Final(Error::from_transport(status))),
    }
}
