//! The session against a scripted server in virtual time: what is said, sent and written, in order.
use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message as _;

use super::*;
use crate::core::model::{Conversation, MessageStatus};
use crate::core::proto::{
    self, ConversationUnread, Frame, MessageBody, Meta, Provision, Status, SyncDl, SyncUl, UnreadDl, UserNotice, Xid,
    frame::Command as Cmd,
};
use crate::core::services::Credentials;
use crate::ports::{HttpError, Response, StorageKind, Table};

const ME: u64 = 6_600_000_000_112;
const PEER: u64 = 6_600_000_000_128;
const GROUP: u64 = 6_600_000_000_145;
/// Above 2^53 on purpose.
const MID: u64 = 1_234_567_890_123_456_789;

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// A session with the world around it: stores, a clock, and a record of what came out.
struct World {
    session: Session,
    now: Millis,
    device: Rows,
    account: Rows,
    fail_writes: bool,
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
        };
        let mut world = Self {
            session: Session::new(config, 42),
            now: Millis(1_700_000_100_000),
            device,
            account,
            fail_writes: false,
            sent: vec![],
            heartbeats: 0,
            provisions: vec![],
            connects: vec![],
            disconnects: 0,
            requests: vec![],
            events: vec![],
            replies: BTreeMap::new(),
            trace: vec![],
            deadline: None,
        };
        let rows = rows(&world.device, &Query::all(Table::Kv));
        world.feed(Input::Started(Ok(rows)));
        world
    }

    fn feed(&mut self, input: Input<'_>) {
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
                let frame = Frame::decode(&frame[..]).unwrap();
                match Cmd::try_from(frame.command.unwrap()).unwrap() {
                    Cmd::Unread => self.heartbeats += 1,
                    Cmd::Sync => self.sent.push(SyncUl::decode(frame.payload).unwrap()),
                    Cmd::Provision => self.provisions.push(Provision::decode(frame.payload).unwrap()),
                    Cmd::Notice => panic!("clients send no notices"),
                }
            }
            Output::Disconnect => self.disconnects += 1,
            Output::OpenStore(name) => {
                assert_eq!(name, format!("floo/app/{ME}"));
                let tables = Restored::TABLES.map(|t| (t, rows(&self.account, &Query::all(t)))).into();
                let restored = Restored { tables, kind: StorageKind::Memory, fallback: None };
                self.session.handle(self.now, Input::StoreOpened(Ok(restored)));
            }
            Output::CloseStore => self.trace.push("close-store"),
            Output::Persist(Batch { place, writes, then, mark }) => {
                if self.fail_writes && place == Place::Account {
                    return self.session.handle(self.now, Input::PersistFailed(StoreError::Quota("full".into()), mark));
                }
                self.trace.push("persist");
                let store = if place == Place::Device { &mut self.device } else { &mut self.account };
                for Write { table, key, value } in writes {
                    match value {
                        Some(value) => store.insert((table, key), value),
                        None => store.remove(&(table, key)),
                    };
                }
                if let Some(mark) = mark {
                    self.session.handle(self.now, Input::Persisted(mark));
                }
                then.into_iter().for_each(|o| self.carry_out(o));
            }
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
            }
            Output::Reply(call, result) => {
                self.trace.push("reply");
                assert!(self.replies.insert(call, result).is_none(), "call {call} was settled twice");
            }
            Output::Wait(_) => unreachable!(),
        }
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

    fn send(&mut self, call: CallId, text: &str) -> u64 {
        let id = self.session.allocate_id(self.now).unwrap();
        let to = ConversationId::user(PEER);
        self.command(call, Command::Send { id, to, text: text.into(), ext: String::new() });
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

#[test]
fn a_login_goes_through_dns_token_store_and_provision() {
    let mut w = World::new();
    w.command(1, login());
    assert_eq!(w.requests[0].1.url, "http://dns/v2/app_dns?app_id=app&source=sdk");
    assert!(w.requests[0].1.headers.is_empty(), "nothing of the account goes to the DNS host");
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    assert_eq!(w.connects, ["ws://a/"]);
    assert!(w.provisions.is_empty());
    w.feed(Input::Opened);
    let p = &w.provisions[0];
    assert_eq!((p.xid, &p.token[..], p.os_type), (Some(Xid { uid: ME, device_sn: 0 }), "tok", 6));
    assert_eq!((&p.sdk_vsn[..], &p.device_info[..]), ("2.0.0", "Web"));
    assert_eq!(p.device_guid, format!("{ME}_42"));
    assert!(!w.replies.contains_key(&1));
    let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
    w.frame(&frame(Cmd::Provision, reply));
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some(ME))));
    assert_eq!(w.heartbeats, 1, "the unread list is asked for at once");
}

#[test]
fn the_device_keeps_its_guid_and_serial() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some(ME))), "local data needs no network");
    w.feed(Input::Opened);
    let p = &w.provisions[0];
    assert_eq!((p.xid.unwrap().device_sn, &p.device_guid[..], &p.token[..]), (7, &format!("{ME}_42")[..], "tok"));
}

#[test]
fn failed_logins_say_why_and_can_be_repeated() {
    let mut w = World::new();
    for (n, body, code) in [
        (1, r#"{"code":40010,"message":"Operation rejected"}"#, ErrorCode::UserAuthFailed),
        (2, r#"{"code":10000,"message":"user does not exist"}"#, ErrorCode::UserNotExist),
        (3, "<html>", ErrorCode::ServerTokenResponseInvalid),
    ] {
        w.command(n, login());
        w.answer("app_dns", DNS);
        w.answer("/token/user", body);
        assert_eq!(w.error_of(n), code);
        assert_eq!(w.session.state(), State::Idle);
    }
    w.command(4, login());
    w.answer("app_dns", r#"{"code":99998,"message":"no such app"}"#);
    assert_eq!(w.error_of(4), ErrorCode::ServerDNSAppIdInvalid);
    w.log_in_again(5);
}

impl World {
    fn log_in_again(&mut self, call: CallId) {
        self.command(call, login());
        self.answer("app_dns", DNS);
        self.answer("/token/user", &token());
        self.go_online();
        assert!(self.replies[&call].is_ok());
    }
}

#[test]
fn an_unreachable_server_is_an_error_at_first_and_the_known_addresses_do_later() {
    let mut w = World::new();
    w.command(1, login());
    w.answer_with("app_dns", Err(HttpError("refused".into())));
    assert_eq!(w.error_of(1), ErrorCode::ServerDNSFetchFailed);
    w.log_in_again(2);
    let mut w = World::with(w.device, w.account);
    w.command(1, login());
    w.answer_with("app_dns", Err(HttpError("refused".into())));
    assert!(w.requests.iter().any(|(_, r)| r.url == "http://rest/token/user"));
}

#[test]
fn addresses_of_another_dns_document_are_not_used() {
    let mut w = World::new();
    w.log_in();
    let mut other = World::with(w.device, w.account);
    other.session.config.cloud = Cloud::Dns("http://elsewhere/dns".into());
    other.session.servers = None;
    other.session.parked = Some(vec![]);
    other.feed(Input::Started(Ok(rows(&other.device, &Query::all(Table::Kv)))));
    other.command(1, login());
    other.answer_with("elsewhere", Err(HttpError("refused".into())));
    assert_eq!(other.error_of(1), ErrorCode::ServerDNSFetchFailed);
}

#[test]
fn calls_without_a_login_are_refused() {
    let mut w = World::new();
    w.command(1, Command::Conversations);
    assert_eq!(w.error_of(1), ErrorCode::UserNotLogin);
    w.command(2, Command::Resume);
    assert_eq!(w.replies[&2], Ok(Reply::Session(None)));
    w.log_in_again(3);
    w.command(4, login());
    assert_eq!(w.error_of(4), ErrorCode::UserAlreadyLogin);
}

#[test]
fn an_expired_token_is_renewed_silently_once() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Opened);
    let refusal = |code| {
        let status = Some(Status { code, reason: "invalid token".into() });
        frame(Cmd::Provision, Provision { status, ..Provision::default() })
    };
    w.frame(&refusal(7));
    w.answer("/token/user", &token().replace("tok\"", "fresh\""));
    w.feed(Input::Opened);
    assert_eq!(w.provisions.last().unwrap().token, "fresh");
    w.frame(&refusal(7));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::InvalidToken));
    assert!(!w.device.contains_key(&(Table::Kv, b"login".to_vec())), "a dead token is not kept");
}

#[test]
fn a_token_that_expired_while_away_ends_the_resumed_session() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.feed(Input::Opened);
    let status = Some(Status { code: 7, reason: String::new() });
    w.frame(&frame(Cmd::Provision, Provision { status, ..Provision::default() }));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::InvalidToken));
}

#[test]
fn a_page_is_durable_before_it_is_told_and_told_before_it_is_confirmed() {
    let mut w = World::new();
    w.log_in();
    let unread = vec![
        ConversationUnread { xid: Some(Xid { uid: PEER, device_sn: 0 }), n: 2, r#type: 1 },
        ConversationUnread { xid: Some(Xid { uid: GROUP, device_sn: 0 }), n: 0, r#type: 2 },
        ConversationUnread { xid: None, n: 0, r#type: 0 },
    ];
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread }));
    assert_eq!(w.sent.len(), 1);
    assert_eq!((w.sent[0].xid.unwrap().uid, w.sent[0].key), (PEER, 0));
    w.trace.clear();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "你好"), text_meta(MID + 1, PEER, ME, "👋")], MID + 1));
    let order: Vec<_> = w.trace.iter().filter(|t| ["persist", "messages", "transmit"].contains(t)).collect();
    assert_eq!(order, [&"persist", &"messages", &"transmit"]);
    assert_eq!(w.sent[1].key, MID + 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2, "the chain has ended");
    let list = w.list();
    assert_eq!(list.len(), 2);
    assert_eq!((list[0].id, list[0].unread), (ConversationId::user(PEER), 2));
    assert_eq!(list[0].last.as_ref().unwrap().text, "👋");
    w.command(5, Command::MarkRead(ConversationId::user(PEER)));
    assert_eq!(w.list()[0].unread, 0);
}

#[test]
fn a_page_that_comes_twice_changes_nothing() {
    let mut w = World::new();
    w.log_in();
    let twice = page(PEER, vec![text_meta(MID, PEER, ME, "one")], MID);
    w.frame(&twice);
    w.frame(&twice);
    // Older ones that arrive late are news all the same.
    w.frame(&page(PEER, vec![text_meta(MID - 5, PEER, ME, "older"), text_meta(MID, PEER, ME, "one")], 0));
    assert_eq!(w.told(), ["one", "older"]);
    assert_eq!(w.list()[0].unread, 2);
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "one");
    let mut again = World::with(w.device, w.account);
    again.command(1, Command::Resume);
    again.go_online();
    again.frame(&twice);
    assert!(again.told().is_empty());
    assert_eq!(again.list()[0].unread, 2);
}

#[test]
fn news_during_a_pull_lead_to_another_pull() {
    let mut w = World::new();
    w.log_in();
    let notice = frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) });
    w.frame(&notice);
    w.frame(&notice);
    w.frame(&notice);
    assert_eq!(w.sent.len(), 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2, "once more, not twice");
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2);
}

#[test]
fn an_eager_page_does_not_end_a_pull() {
    let mut w = World::new();
    w.log_in();
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
    w.frame(&frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }));
    let typing =
        MessageBody { r#type: 2, qos: 1, ext: r#"{"input_status":"typing"}"#.into(), ..MessageBody::default() };
    let meta = Meta { payload: typing.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") };
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(
        Cmd::Sync,
        SyncDl { status: ok(), xid, metas: vec![meta], is_eager_sync: true, ..SyncDl::default() },
    ));
    assert!(w.told().is_empty(), "typing is no message");
    assert_eq!(w.events.iter().rev().find(|e| matches!(e, Event::Sync(_))), Some(&Event::Sync(1)));
    w.frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "a")], MID + 1));
    assert_eq!(w.sent.last().unwrap().key, MID + 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.events.iter().rev().find(|e| matches!(e, Event::Sync(_))), Some(&Event::Sync(0)));
}

#[test]
fn a_pull_without_an_answer_is_repeated_once_then_the_connection_is_given_up() {
    let mut w = World::new();
    w.log_in();
    w.frame(&frame(Cmd::Notice, proto::Notice::default()));
    w.sleep();
    assert_eq!(w.sent.len(), 2);
    assert_eq!(w.session.state(), State::Online);
    while w.session.state() == State::Online {
        w.sleep();
    }
    assert_eq!(w.disconnects, 1);
}

#[test]
fn bad_metas_are_set_aside_and_the_rest_goes_on() {
    let mut w = World::new();
    w.log_in();
    let no_sender = Meta { from: None, ..text_meta(MID, PEER, ME, "poison") };
    let unreadable = Meta { payload: vec![0xff, 0xff].into(), ..text_meta(MID + 1, PEER, ME, "") };
    let unknown = Meta { ns: 77, ..text_meta(MID + 2, PEER, ME, "later version") };
    let good = text_meta(MID + 3, PEER, ME, "good");
    w.frame(&page(PEER, vec![no_sender.clone(), unreadable, unknown, good], MID + 3));
    assert_eq!(w.told(), ["good"]);
    let stats = w.session.stats();
    assert_eq!((stats.quarantined, stats.skipped), (2, 1));
    assert_eq!(w.errors(), [ErrorCode::MessageInvalid, ErrorCode::MessageInvalid]);
    assert_eq!(w.sent.last().unwrap().key, MID + 3, "the cursor moves on");
    let kept: Vec<_> = w.account.iter().filter(|((t, _), _)| *t == Table::Quarantine).map(|(_, v)| v).collect();
    assert_eq!(Meta::decode(&kept[0][..]).unwrap(), no_sender, "kept as it came");
}

#[test]
fn garbage_is_counted_and_the_third_within_a_minute_ends_the_connection() {
    let mut w = World::new();
    w.log_in();
    let whole = page(PEER, vec![text_meta(MID, PEER, ME, "x")], 0);
    let before = w.heartbeats;
    w.frame(&[0xff; 30]);
    assert_eq!(w.heartbeats, before + 1, "the list tells what was in it");
    w.frame(&whole[..whole.len() - 3]);
    assert_eq!(w.session.state(), State::Online);
    w.frame(&whole);
    assert_eq!(w.told(), ["x"], "the session goes on");
    w.frame(&[0x08]);
    assert_eq!(w.session.state(), State::Reconnecting);
    assert_eq!(w.session.stats().bad_frames, 3);
}

#[test]
fn a_message_is_durable_first_then_sent_and_keeps_its_place() {
    let mut w = World::new();
    w.log_in();
    w.trace.clear();
    let id = w.send(5, "你好 👋");
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    let order: Vec<_> = w.trace.iter().filter(|t| ["persist", "transmit"].contains(t)).collect();
    assert_eq!(order, [&"persist", &"transmit"]);
    let meta = w.sent[0].meta.clone().unwrap();
    assert_eq!((meta.id, meta.timestamp, meta.ns), (id, w.now.0, 1));
    assert_eq!((meta.from, meta.to), (Some(Xid { uid: ME, device_sn: 7 }), Some(Xid { uid: PEER, device_sn: 0 })));
    let body = MessageBody::decode(meta.payload).unwrap();
    assert_eq!((&body.content[..], body.r#type, body.operation), ("你好 👋", 2, None));
    assert_eq!(w.list()[0].last.as_ref().unwrap().status, MessageStatus::Sending);
    w.frame(&ack(id, MID));
    let Some(Event::Sent(sent)) = w.events.iter().find(|e| matches!(e, Event::Sent(_))) else { panic!() };
    assert_eq!((sent[0].id, sent[0].client_id, sent[0].status), (MID, id, MessageStatus::Sent));
    assert_eq!(sent[0].timestamp, Millis(1_700_000_123_456));
    let sent = sent.clone();
    w.command(6, Command::Messages { of: ConversationId::user(PEER), before: 0, limit: 10 });
    let Ok(Reply::Messages(all)) = &w.replies[&6] else { panic!() };
    assert_eq!(*all, sent);
    w.frame(&ack(id, MID));
    assert_eq!(w.events.iter().filter(|e| matches!(e, Event::Sent(_))).count(), 1, "a second ack is nothing");
}

#[test]
fn an_unacknowledged_message_goes_out_again_byte_for_byte_also_after_a_restart() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(5, "hold on");
    let first = w.sent[0].clone();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.go_online();
    assert_eq!(w.sent[1], first);
    let mut w = World::with(w.device, w.account);
    w.now = Millis(w.now.0 + 60_000);
    w.command(1, Command::Resume);
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "hold on");
    w.go_online();
    assert_eq!(w.sent[0], first);
    let next = w.session.allocate_id(Millis(0)).unwrap();
    assert!(next > id, "ids ascend though the clock went backwards");
    w.frame(&ack(id, MID));
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));
}

#[test]
fn nothing_is_written_before_the_login_reply() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    w.send(5, "early");
    w.feed(Input::Opened);
    assert!(w.sent.is_empty() && w.heartbeats == 0);
    let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
    w.frame(&frame(Cmd::Provision, reply));
    assert_eq!((w.sent.len(), w.heartbeats), (1, 1));
}

#[test]
fn at_most_eight_messages_wait_for_their_ack_in_order() {
    let mut w = World::new();
    w.log_in();
    let ids: Vec<_> = (0..20).map(|n| w.send(10 + n, &format!("{n}"))).collect();
    assert!(ids.windows(2).all(|p| p[0] < p[1]));
    assert!(ids.iter().all(|id| *id < 1 << 53));
    assert_eq!(w.sent.len(), 8);
    for (n, id) in ids.iter().enumerate() {
        w.frame(&ack(*id, MID + n as u64));
    }
    let order: Vec<_> = w.sent.iter().map(|s| s.meta.as_ref().unwrap().id).collect();
    assert_eq!(order, ids);
}

#[test]
fn a_refused_message_fails_with_its_reason_and_stays() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(5, "hi");
    let status = Some(Status { code: 2, reason: "you have been blocked by the recipient".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    let Some(Event::Failed(failed)) = w.events.iter().find(|e| matches!(e, Event::Failed(_))) else { panic!() };
    assert_eq!(failed[0].error.as_ref().unwrap().code, ErrorCode::CurrentUserIsInBlocklist);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    assert!(w.sent.is_empty(), "what failed is not sent again by itself");
    assert_eq!(w.list()[0].last.as_ref().unwrap().status, MessageStatus::Failed);
}

#[test]
fn texts_out_of_bounds_are_refused_and_nothing_is_kept() {
    let mut w = World::new();
    w.log_in();
    let rows = w.account.len();
    for (call, text, ext) in [
        (5, String::new(), String::new()),
        (6, "x".repeat(10 << 20), String::new()),
        (7, "x".into(), "y".repeat(16385)),
    ] {
        let id = w.session.allocate_id(w.now).unwrap();
        w.command(call, Command::Send { id, to: ConversationId::user(PEER), text, ext });
        assert_eq!(w.error_of(call), ErrorCode::MessageInvalid);
    }
    assert_eq!((w.account.len(), w.sent.len()), (rows, 0));
    let id = w.send(8, &"好".repeat(MAX_TEXT / 3));
    w.frame(&ack(id, MID));
    assert!(w.events.iter().any(|e| matches!(e, Event::Sent(_))));
}

#[test]
fn heartbeats_come_after_50_s_of_silence_and_need_an_answer() {
    let mut w = World::new();
    w.log_in();
    let start = w.now;
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
    w.sleep();
    assert_eq!((w.heartbeats, w.now), (2, start + Duration::from_secs(50)));
    w.sleep();
    assert_eq!((w.session.state(), w.now), (State::Reconnecting, start + Duration::from_secs(70)));
}

#[test]
fn three_failures_lead_to_the_next_address_and_all_failing_to_a_new_dns_document() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    for _ in 0..7 {
        w.sleep();
        if w.requests.iter().any(|(_, r)| r.url.contains("app_dns")) {
            w.answer_with("app_dns", Err(HttpError("down".into())));
        }
        w.feed(Input::Closed("refused"));
    }
    let hosts: String = w.connects.iter().map(|u| u.trim_start_matches("ws://").trim_end_matches('/')).collect();
    assert_eq!(hosts, "aaaabbba");
    assert!(w.deadline.is_some());
}

#[test]
fn a_signal_from_the_device_ends_the_wait() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    assert_eq!(w.connects.len(), 2);
    w.go_online();
    let before = w.heartbeats;
    w.feed(Input::Signal(Signal::Foreground));
    assert_eq!(w.heartbeats, before + 1, "a living connection is probed");
}

#[test]
fn being_replaced_by_the_same_device_ends_the_session_but_not_the_account() {
    let mut w = World::new();
    w.log_in();
    let notice = |timestamp| {
        let payload = UserNotice { r#type: 4, content: String::new() }.encode_to_vec().into();
        page(0, vec![Meta { id: MID, ns: 4, timestamp, payload, ..Meta::default() }], 0)
    };
    w.frame(&notice(w.now.0 - 1000));
    assert_eq!(w.session.state(), State::Online, "a notice from before this login is history");
    w.frame(&notice(w.now.0 + 1000));
    assert_eq!(w.session.state(), State::Kicked);
    assert!(w.errors().contains(&ErrorCode::UserKickedBySameDevice));
    assert_eq!(w.deadline, None, "nothing is planned any more");
    w.command(5, Command::Resume);
    assert!(matches!(w.replies[&5], Ok(Reply::Session(Some(ME)))));
}

#[test]
fn history_comes_from_the_server_and_is_kept() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.command(5, Command::History { of, before: 0, limit: 2 });
    assert_eq!((w.sent[0].is_full_sync, w.sent[0].full_sync_num, w.sent[0].key), (true, 2, 0));
    let answer = |metas, next_key| {
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, next_key, is_full_sync: true, ..SyncDl::default() })
    };
    w.frame(&answer(vec![text_meta(MID + 1, ME, PEER, "b"), text_meta(MID, PEER, ME, "a")], MID));
    let Ok(Reply::History(first, next)) = &w.replies[&5] else { panic!() };
    assert_eq!((first.iter().map(|m| &m.text[..]).collect::<String>(), *next), ("ab".into(), MID));
    assert_eq!(w.list()[0].unread, 0, "history is not news");
    assert!(w.told().is_empty());
    w.feed(Input::Closed("gone"));
    w.command(6, Command::History { of, before: 0, limit: 10 });
    let Ok(Reply::History(offline, 0)) = &w.replies[&6] else { panic!("{:?}", w.replies[&6]) };
    assert_eq!(offline.len(), 2);
}

#[test]
fn history_under_way_when_the_connection_breaks_is_answered_from_this_device() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "kept")], 0));
    w.command(5, Command::History { of: ConversationId::user(PEER), before: 0, limit: 5 });
    assert!(!w.replies.contains_key(&5));
    w.feed(Input::Closed("gone"));
    assert!(matches!(&w.replies[&5], Ok(Reply::History(m, 0)) if m.len() == 1));
}

#[test]
fn cards_give_conversations_their_names() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    assert_eq!(w.list()[0].title, PEER.to_string());
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
    w.answer("/group/user_joined", &format!(r#"{{"code":200,"data":[{GROUP}]}}"#));
    w.answer("/group/info/batch", &format!(r#"{{"code":200,"data":[{{"group_id":{GROUP},"name":"Team"}}]}}"#));
    w.requests.retain(|(_, r)| r.url.contains("/roster/list"));
    let token = ("access-token", "tok".to_owned());
    assert!(w.requests.iter().all(|(_, r)| r.headers.contains(&token)));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
    assert_eq!(w.list()[0].title, "basil");
    let known = w.session.account.as_ref().unwrap();
    assert!(known.users[&PEER].is_contact && known.groups[&GROUP].name == "Team");
}

#[test]
fn lists_asked_for_right_after_the_first_login_wait_for_the_answers() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Users);
    w.command(6, Command::Groups);
    assert!(!w.replies.contains_key(&5) && !w.replies.contains_key(&6));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
    w.answer("/group/user_joined", r#"{"code":200,"data":[]}"#);
    assert_eq!(w.replies[&6], Ok(Reply::Groups(vec![])));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
    assert!(matches!(&w.replies[&5], Ok(Reply::Users(all)) if all[0].is_contact));
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Users);
    w.command(6, Command::Users);
    w.answer_with("/roster/list", Err(HttpError("down".into())));
    assert_eq!(w.replies[&5], Ok(Reply::Users(vec![])), "what there is");
    w.command(7, Command::Logout);
    assert!(w.replies.contains_key(&6));
}

#[test]
fn broken_rows_are_left_out_and_reported() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "one"), text_meta(MID + 1, PEER, ME, "two")], 0));
    let key = (Table::Messages, rows::message_key(ConversationId::user(PEER), MID));
    w.account.insert(key, vec![0xff, 0x00, 0x13]);
    w.account.insert((Table::Outbox, vec![1, 2, 3]), vec![9; 9]);
    w.account.insert((Table::Conversations, vec![9]), vec![]);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.command(2, Command::Messages { of: ConversationId::user(PEER), before: 0, limit: 10 });
    let Ok(Reply::Messages(all)) = &w.replies[&2] else { panic!() };
    assert_eq!(all.iter().map(|m| &m.text[..]).collect::<Vec<_>>(), ["two"]);
    assert_eq!(w.session.stats().bad_rows, 3);
    assert!(w.errors().contains(&ErrorCode::DbOperationFailed));
    w.go_online();
}

#[test]
fn a_failing_store_confirms_nothing_and_the_session_starts_over_from_it() {
    let mut w = World::new();
    w.log_in();
    w.fail_writes = true;
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "lost?")], MID));
    assert!(w.sent.is_empty(), "no receipt for what is not durable");
    assert!(w.told().is_empty());
    assert!(w.errors().contains(&ErrorCode::StorageQuota));
    w.fail_writes = false;
    w.sleep();
    w.go_online();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "lost?")], MID));
    assert_eq!(w.told(), ["lost?"]);
    w.fail_writes = true;
    w.send(5, "cannot be kept");
    let Some(Event::Failed(failed)) = w.events.iter().find(|e| matches!(e, Event::Failed(_))) else { panic!() };
    assert_eq!(failed[0].text, "cannot be kept");
    assert_eq!(failed[0].error.as_ref().unwrap().code, ErrorCode::StorageQuota);
}

#[test]
fn logging_out_forgets_the_token_and_stops_everything() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Logout);
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert_eq!((w.session.state(), w.deadline), (State::Idle, None));
    assert!(!w.device.contains_key(&(Table::Kv, b"login".to_vec())));
    assert_eq!(w.disconnects, 1);
    w.command(6, Command::Resume);
    assert_eq!(w.replies[&6], Ok(Reply::Session(None)));
    w.requests.clear(); // answers to a login that has ended find nobody
    w.log_in_again(7);
    assert!(!w.account.is_empty(), "messages stay on the device");
}
