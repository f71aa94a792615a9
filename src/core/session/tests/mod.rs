//! The session against a scripted server in virtual time: what is said, sent and written, in order.
mod api;
mod cards;
mod checklist;
mod connection;
mod find;
mod history;
mod local;
mod login;
mod notices;
mod operations;
mod outbox;
mod retention;
mod store;
mod storm;
mod sync;
mod takeover;
mod traces;
mod typing;
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::core::model::{Conversation, Message, MessageStatus};
use crate::core::proto::{
    self, ConversationUnread, Frame, MessageBody, Meta, Provision, Status, SyncDl, SyncUl, UnreadDl, UserNotice, Xid,
    frame::Command as Cmd,
};
use crate::core::services::Credentials;
use crate::core::wire::Wire as _;
use crate::ports::{HttpError, Response, StorageKind, Table};

const ME: u64 = 6_600_000_000_112;
const PEER: u64 = 6_600_000_000_128;
const GROUP: u64 = 6_600_000_000_145;
/// Above 2^53 on purpose.
const MID: u64 = 1_234_567_890_123_456_789;

/// When every test begins.
const START: Millis = Millis(1_700_000_100_000);

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A session with the world around it: stores, a clock, and a record of what came out.
struct World {
    session: Session,
    now: Millis,
    device: Rows,
    account: Rows,
    fail_writes: bool,
    /// How many bytes the account's store holds at most.
    quota: Option<usize>,
    /// Of them, what is deleted and not given back; none where it is given back at once.
    dead: Option<usize>,
    /// Reads of the account's store take for ever.
    hold_reads: bool,
    hold_open: bool,
    hold_restore: bool,
    sent: Vec<SyncUl>,
    heartbeats: usize,
    provisions: Vec<Provision>,
    connects: Vec<String>,
    disconnects: usize,
    requests: Vec<(RequestId, Request)>,
    events: Vec<Event>,
    replies: BTreeMap<CallId, Result<Reply, Error>>,
    /// One word for each output, in order.
    trace: Vec<&'static str>,
    /// The same in full, for people.
    journal: String,
    /// The frames that were sent, to the byte.
    frames: Vec<Vec<u8>>,
    /// So many outputs are still carried out; then the process is dead.
    fuel: Option<u32>,
    /// Called once, in the middle of an event.
    on_event: Option<fn(&mut Self)>,
    deadline: Option<Millis>,
}

fn ok() -> Option<Status> {
    Some(Status { code: 1, reason: String::new() })
}

fn frame(command: Cmd, payload: impl prost::Message) -> Vec<u8> {
    Frame { command: Some(command as i32), payload: payload.encode_to_vec().into(), ..Frame::default() }.encode_to_vec()
}

fn text_meta(id: u64, from: u64, to: u64, content: &str) -> Meta {
    let r#type = if to == GROUP { 3 } else { 2 };
    let body = MessageBody { r#type, content: content.into(), ..MessageBody::default() };
    Meta {
        id,
        from: Some(Xid { uid: from, device_sn: 3 }),
        to: Some(Xid { uid: to, device_sn: 0 }),
        timestamp: 1_700_000_000_000 + id % 1000,
        ns: 1,
        payload: body.encode_to_vec().into(),
    }
}

fn page(uid: u64, metas: Vec<Meta>, next_key: u64) -> Vec<u8> {
    let xid = Some(Xid { uid, device_sn: 0 });
    frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, next_key, ..SyncDl::default() })
}

fn ack(client_mid: u64, server_mid: u64) -> Vec<u8> {
    frame(
        Cmd::Sync,
        SyncDl { status: ok(), client_mid, server_mid, server_time: 1_700_000_123_456, ..SyncDl::default() },
    )
}

impl World {
    fn new() -> Self {
        Self::with(Rows::new(), Rows::new())
    }

    fn with(device: Rows, account: Rows) -> Self {
        let config = Config {
            app_id: "app".into(),
            cloud: Cloud::Dns("http://dns/v2/app_dns".into()),
            device_info: "Web".into(),
            delivery_receipts: false,
            wire: WirePolicy::default(),
            token_provider: false,
            search: true,
            legacy_random_sn: false,
        };
        let mut world = Self {
            session: Session::new(config, 42),
            now: START,
            device,
            account,
            fail_writes: false,
            quota: None,
            dead: None,
            hold_reads: false,
            hold_open: false,
            hold_restore: false,
            sent: vec![],
            heartbeats: 0,
            provisions: vec![],
            connects: vec![],
            disconnects: 0,
            requests: vec![],
            events: vec![],
            replies: BTreeMap::new(),
            trace: vec![],
            journal: String::new(),
            frames: vec![],
            fuel: None,
            on_event: None,
            deadline: None,
        };
        let rows = rows(&world.device, &Query::all(Table::Kv));
        world.feed(Input::Started(Ok(rows)));
        world
    }

    fn restored(&self) -> Restored {
        Restored { tables: Restored::TABLES.map(|t| (t, rows(&self.account, &Query::all(t)))).into() }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.note_input(&input);
        self.session.handle(self.now, input);
        loop {
            match self.session.poll() {
                Output::Wait(at) => {
                    self.deadline = at;
                    return;
                }
                output => self.carry_out(output),
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match &mut self.fuel {
            Some(0) => return,
            Some(left) => *left -= 1,
            None => {}
        }
        self.note_output(&output);
        match output {
            Output::Connect { url, .. } => {
                self.trace.push("connect");
                self.connects.push(url);
            }
            Output::Transmit { generation, frame } => {
                if generation != self.session.link.generation {
                    return;
                }
                self.trace.push("transmit");
                self.frames.push(frame.clone());
                let frame = Frame::decode(&frame[..]).unwrap();
                if frame.encrypt_method != 0 {
                    return; // nobody here can read it
                }
                match Cmd::try_from(frame.command.unwrap()).unwrap() {
                    Cmd::Unread => self.heartbeats += 1,
                    Cmd::Sync => self.sent.push(SyncUl::decode(frame.payload).unwrap()),
                    Cmd::Provision => self.provisions.push(Provision::decode(frame.payload).unwrap()),
                    Cmd::Notice => panic!("clients send no notices"),
                }
            }
            Output::Disconnect => self.disconnects += 1,
            Output::OpenStore(_) if self.hold_open => {}
            Output::OpenStore(name) => {
                assert!([format!("floo/app/{ME}"), "floo/app/7".into()].contains(&name));
                let mut tables: Vec<_> = Glance::TABLES.map(|t| (t, rows(&self.account, &Query::all(t)))).into();
                for (table, keys) in Glance::picks(&tables[0].1) {
                    let picked = keys.iter().flat_map(|key| rows(&self.account, &Query::one(table, key)));
                    tables.push((table, picked.collect()));
                }
                let glance = Glance { tables, kind: StorageKind::Memory, fallback: None };
                self.session.handle(self.now, Input::Glanced(Ok(glance)));
            }
            Output::Restore if self.hold_restore => {}
            Output::Restore => {
                let input = Input::StoreOpened(Ok(self.restored()));
                self.session.handle(self.now, input);
            }
            Output::CloseStore => self.trace.push("close-store"),
            Output::Persist(batch) if self.fail_writes && batch.place == Place::Account => {
                self.session.handle(self.now, Input::PersistFailed(StoreError::Failed("broken".into()), batch));
            }
            Output::Persist(batch) if batch.place == Place::Account && self.exceeds(&batch) => {
                self.session.handle(self.now, Input::PersistFailed(StoreError::Quota("full".into()), batch));
            }
            Output::Persist(Batch { place, writes, then, marks }) => {
                self.trace.push("persist");
                let store = if place == Place::Device { &mut self.device } else { &mut self.account };
                for Write { table, key, until, .. } in &writes {
                    if let Some(until) = until {
                        store.retain(|(t, k), _| t != table || k < key || k >= until);
                    }
                }
                for Write { table, key, value, .. } in writes.into_iter().filter(|w| w.until.is_none()) {
                    let old = match value {
                        Some(value) => store.insert((table, key), value),
                        None => store.remove(&(table, key)),
                    };
                    if let Some(dead) = &mut self.dead {
                        *dead += old.map_or(0, |old| old.len() + 20);
                    }
                }
                for mark in marks {
                    self.session.handle(self.now, Input::Persisted(mark));
                }
                then.into_iter().for_each(|o| self.carry_out(o));
            }
            Output::Load(..) if self.hold_reads => {}
            Output::Load(id, query) => {
                let rows = rows(&self.account, &query);
                self.session.handle(self.now, Input::Loaded(id, Ok(rows)));
            }
            Output::Request(id, request) => self.requests.push((id, request)),
            Output::Event(event) => {
                self.trace.push(match event {
                    Event::Messages(_) => "messages",
                    Event::Sent(_) => "sent",
                    _ => "event",
                });
                self.events.push(event);
                if let Some(listener) = self.on_event {
                    listener(self);
                }
            }
            Output::Reply(call, result) => {
                self.trace.push("reply");
                assert!(self.replies.insert(call, result).is_none(), "call {call} was settled twice");
            }
            Output::Wait(_) => unreachable!(),
        }
    }

    /// A batch does not fit; what makes the store smaller always does.
    fn exceeds(&self, batch: &Batch) -> bool {
        let size = |row: Option<&Vec<u8>>| row.map_or(0, |value| value.len() + 20);
        let (mut more, mut less) = (0, 0);
        for write in &batch.writes {
            more += size(write.value.as_ref());
            less += size(self.account.get(&(write.table, write.key.clone())));
        }
        let used: usize = self.account.values().map(|value| size(Some(value))).sum();
        if let Some(dead) = self.dead {
            return more > 0 && self.quota.is_some_and(|quota| used + dead + more > quota);
        }
        more > less && self.quota.is_some_and(|quota| used + more > quota + less)
    }

    fn command(&mut self, call: CallId, command: Command) {
        self.feed(Input::Command(call, command));
    }

    /// Answers the oldest request whose URL has that in it.
    fn answer(&mut self, url: &str, body: &str) {
        self.answer_with(url, Ok(Response { status: 200, body: body.into() }));
    }

    fn answer_with(&mut self, url: &str, answer: Result<Response, HttpError>) {
        let at = self.requests.iter().position(|(_, r)| r.url.contains(url)).unwrap_or_else(|| {
            panic!("no request to {url}, only {:?}", self.requests);
        });
        let (id, _) = self.requests.remove(at);
        self.feed(Input::Answer(id, answer));
    }

    fn frame(&mut self, bytes: &[u8]) {
        self.feed(Input::Frame(bytes));
    }

    /// Lets time pass to the next deadline.
    fn sleep(&mut self) {
        self.now = self.deadline.expect("something to wait for").max(self.now);
        self.feed(Input::Tick);
    }

    fn log_in(&mut self) {
        self.command(1, login());
        self.answer("app_dns", DNS);
        self.answer("/token/user", &token());
        self.go_online();
    }

    fn go_online(&mut self) {
        self.feed(Input::Opened);
        let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
        self.frame(&frame(Cmd::Provision, reply));
        assert_eq!(self.session.state(), State::Online);
    }

    fn log_in_again(&mut self, call: CallId) {
        self.command(call, login());
        self.answer("app_dns", DNS);
        self.answer("/token/user", &token());
        self.go_online();
        assert!(self.replies[&call].is_ok());
    }

    fn send(&mut self, call: CallId, text: &str) -> u64 {
        let id = self.session.allocate_id(self.now).unwrap();
        let to = ConversationId::user(PEER);
        self.command(call, Command::Send { id, to, content: Content { text: text.into(), ..Content::default() } });
        id
    }

    fn told(&self) -> Vec<String> {
        let of = |e: &Event| if let Event::Messages(m) = e { m.clone() } else { vec![] };
        self.events.iter().flat_map(of).map(|m| m.text).collect()
    }

    fn errors(&self) -> Vec<ErrorCode> {
        let of = |e: &Event| match e {
            Event::Error(e) => Some(e.code),
            Event::State { error, .. } => error.as_ref().map(|e| e.code),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn list(&mut self) -> Vec<Conversation> {
        self.replies.remove(&99);
        self.command(99, Command::Conversations);
        match self.replies.remove(&99) {
            Some(Ok(Reply::Conversations(list))) => list,
            other => panic!("{other:?}"),
        }
    }

    fn error_of(&self, call: CallId) -> ErrorCode {
        self.replies[&call].as_ref().unwrap_err().code
    }
}

fn rows(store: &Rows, query: &Query) -> Vec<Row> {
    let hits = store
        .iter()
        .filter(|((t, k), _)| *t == query.table && *k >= query.from && (query.to.is_empty() || *k < query.to))
        .map(|((_, k), v)| Row { key: k.clone(), value: v.clone() });
    let mut hits: Vec<_> = if query.descending { hits.rev().collect() } else { hits.collect() };
    hits.truncate(if query.limit == 0 { usize::MAX } else { query.limit as usize });
    hits
}

const DNS: &str = r#"{"code":200,"data":{"dns_list":[{"group_level":0,"clusters":[{
    "ratel":[{"protocol":"http","host":"rest"}],
    "webim":[{"protocol":"http","host":"a"},{"protocol":"http","host":"b"}],
    "rtc":[{"protocol":"http","host":"rtc"}]}]}]}}"#;

fn token() -> String {
    format!(r#"{{"code":200,"data":{{"token":"tok","user_id":{ME}}}}}"#)
}

fn login() -> Command {
    Command::Login(Credentials::Name { name: "amber".into(), password: "amber-demo".into() })
}
