//! Complete sessions as one can read them: every input and output in order, kept as files in
//! `tests/traces`. After a change that is meant: `UPDATE_EXPECT=1 cargo test traces`.
use std::fmt::Write as _;

use expect_test::{ExpectFile, expect_file};

use super::*;
use crate::core::codec::json::{self, Direction};
use crate::core::json::Value;

/// A frame's JSON text without what is always there.
fn readable(bytes: &[u8], direction: Direction) -> String {
    let Ok(mut value) = json::decode(bytes, direction) else { return "unreadable bytes".into() };
    tidy(&mut value);
    let name = match value.get("command").and_then(Value::as_i64) {
        Some(1) => "SYNC",
        Some(2) => "NOTICE",
        Some(3) => "PROVISION",
        _ => "UNREAD",
    };
    let payload = value.get("payload").map(ToString::to_string).unwrap_or_default().replace('"', "");
    format!("{name} {payload}").trim_end().to_owned()
}

fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("@type");
            map.values_mut().for_each(tidy);
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn brief(message: &Message) -> String {
    let Message { conversation, id, client_id, text, status, error, .. } = message;
    let id = if *id == 0 { format!("client {client_id}") } else { id.to_string() };
    let why = error.as_ref().map(|e| format!(" ({})", e.code.name())).unwrap_or_default();
    format!("{conversation} {id} {status:?} {text:?}{why}")
}

fn all<T>(list: &[T], one: impl Fn(&T) -> String) -> String {
    list.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn event(event: &Event) -> Option<String> {
    Some(match event {
        Event::State { from, to, error, retry_at } => {
            let why = error.as_ref().map(|e| format!(", {e}")).unwrap_or_default();
            let retry = if retry_at.is_some() { ", will try again" } else { "" };
            format!("state {} -> {}{why}{retry}", from.name(), to.name())
        }
        Event::Messages(list) => format!("messages {}", all(list, brief)),
        Event::Sent(list) => format!("sent {}", all(list, brief)),
        Event::Failed(list) => format!("failed {}", all(list, brief)),
        Event::Conversations(list) => {
            let one = |c: &Conversation| {
                let last = c.last.as_ref().map_or("-", |m| &m.text);
                format!("{} unread {} last {last:?}", c.id, c.unread)
            };
            format!("conversations {}", all(list, one))
        }
        Event::Updates(list) => {
            let one = |u: &crate::core::model::Update| {
                let text = u.message.as_ref().map_or("-", |m| &m.text);
                format!("{:?} of {} by {}: {text:?}", u.change, u.target, u.by)
            };
            format!("updates {}", all(list, one))
        }
        Event::Error(e) => format!("error {}", e),
        Event::Log(..) => return None,
        other => format!("{other:?}"),
    })
}

impl World {
    fn note(&mut self, line: impl std::fmt::Display) {
        let since = self.now.0 - START.0;
        let _ = writeln!(self.journal, "{:>8}.{:03}  {line}", since / 1000, since % 1000);
    }

    pub(super) fn note_input(&mut self, input: &Input<'_>) {
        let line = match input {
            Input::Command(call, command) => {
                let mut text = format!("{command:?}");
                text.truncate(110);
                format!("call {call}: {text}")
            }
            Input::Opened => "socket open".into(),
            Input::Closed(why) => format!("socket closed: {why}"),
            Input::Frame(bytes) => format!("<- {}", readable(bytes, Direction::ServerToClient)),
            Input::Answer(_, answer) => match answer {
                Ok(response) => format!("   answer {}", response.status),
                Err(e) => format!("   no answer: {e}"),
            },
            Input::Signal(signal) => format!("device: {signal:?}"),
            Input::Tick => "time passes".into(),
            _ => return,
        };
        self.note(line);
    }

    pub(super) fn note_output(&mut self, output: &Output) {
        let line = match output {
            Output::Connect { url, .. } => format!("connect {url}"),
            Output::Transmit { frame, .. } => format!("-> {}", readable(frame, Direction::ClientToServer)),
            Output::Disconnect => "disconnect".into(),
            Output::OpenStore(name) => format!("open store {name}"),
            Output::Restore => "read store".into(),
            Output::CloseStore => "close store".into(),
            Output::Persist(batch) => {
                let mut tables: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
                for write in &batch.writes {
                    let count = tables.entry(write.table.name()).or_default();
                    if write.value.is_some() { count.0 += 1 } else { count.1 += 1 }
                }
                let one = |(name, (put, gone)): (&&str, &(u32, u32))| match (put, gone) {
                    (put, 0) => format!("{name} +{put}"),
                    (0, gone) => format!("{name} -{gone}"),
                    (put, gone) => format!("{name} +{put} -{gone}"),
                };
                format!("write {:?}: {}", batch.place, tables.iter().map(one).collect::<Vec<_>>().join(", "))
            }
            Output::Request(_, request) => format!("{} {}", request.method, request.url),
            Output::Event(said) => match event(said) {
                Some(text) => format!("   event {text}"),
                None => return,
            },
            Output::Reply(call, Ok(_)) => format!("   call {call} done"),
            Output::Reply(call, Err(e)) => format!("   call {call} failed: {} {e}", e.code.name()),
            Output::Load(..) | Output::Wait(_) => return,
        };
        self.note(line);
    }

    fn kept_as(&self, file: &ExpectFile) {
        file.assert_eq(&self.journal);
    }
}

/// The journal begins anew behind a login.
fn online() -> World {
    let mut w = World::new();
    w.log_in();
    w.journal.clear();
    w
}

fn provision(code: i32, reason: &str) -> Vec<u8> {
    let status = Some(Status { code, reason: reason.into() });
    frame(Cmd::Provision, Provision { status, xid: Some(Xid { uid: ME, device_sn: 0 }), ..Provision::default() })
}

#[test]
fn login_and_first_messages() {
    let mut w = World::new();
    w.log_in();
    let entry = |uid, n, r#type| ConversationUnread { xid: Some(Xid { uid, device_sn: 0 }), n, r#type };
    let unread = vec![entry(PEER, 2, 1), entry(GROUP, 0, 2)];
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread }));
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hello"), text_meta(MID + 1, PEER, ME, "there")], MID + 1));
    w.frame(&page(PEER, vec![], 0));
    let id = w.send(5, "hi!");
    w.frame(&ack(id, MID + 2));
    w.command(6, Command::MarkRead { of: ConversationId::user(PEER), up_to: 0, only: false, here: false });
    w.sleep();
    w.command(7, Command::Logout);
    w.kept_as(&expect_file!["../../../../tests/traces/login.txt"]);
}

#[test]
fn a_lost_connection_and_the_way_back() {
    let mut w = online();
    w.send(5, "on its way");
    w.feed(Input::Closed("closed with code 1006"));
    w.sleep();
    w.feed(Input::Opened);
    w.go_online();
    w.frame(&ack(1_700_000_100_000_000, MID)); // not ours: nothing
    let id = w.sent.last().unwrap().meta.as_ref().unwrap().id;
    w.frame(&ack(id, MID));
    w.kept_as(&expect_file!["../../../../tests/traces/reconnect.txt"]);
}

#[test]
fn each_kick_and_refusal() {
    let mut text = String::new();
    for kind in 0..=13 {
        let mut w = online();
        let payload = UserNotice { r#type: kind, content: String::new() }.encode_to_vec().into();
        w.frame(&page(0, vec![Meta { id: MID, ns: 4, timestamp: 1, payload, ..Meta::default() }], 0));
        let _ = writeln!(text, "--- user notice {kind}\n{}", w.journal);
    }
    for code in 0..=20 {
        let mut w = World::new();
        w.command(1, login());
        w.answer("app_dns", DNS);
        w.answer("/token/user", &token());
        w.feed(Input::Opened);
        w.journal.clear();
        w.frame(&provision(code, "why"));
        let _ = writeln!(text, "--- login answered with status {code}\n{}", w.journal);
    }
    expect_file!["../../../../tests/traces/kicks_and_refusals.txt"].assert_eq(&text);
}

#[test]
fn rotation_of_addresses() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    for _ in 0..7 {
        w.sleep();
        if w.requests.iter().any(|(_, r)| r.url.contains("app_dns")) {
            w.answer("app_dns", DNS);
        }
    }
    w.kept_as(&expect_file!["../../../../tests/traces/rotation.txt"]);
}

#[test]
fn history_online_and_offline() {
    let mut w = online();
    let of = ConversationId::user(PEER);
    w.command(5, Command::History { of, before: 0, after: 0, limit: 2 });
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    let metas = vec![text_meta(MID + 1, ME, PEER, "newer"), text_meta(MID, PEER, ME, "older")];
    let answer = SyncDl { status: ok(), xid, metas, next_key: MID, is_full_sync: true, ..SyncDl::default() };
    w.frame(&frame(Cmd::Sync, answer));
    w.feed(Input::Signal(Signal::Offline));
    w.feed(Input::Closed("gone"));
    w.command(6, Command::History { of, before: 0, after: 0, limit: 2 });
    w.kept_as(&expect_file!["../../../../tests/traces/history.txt"]);
}

#[test]
fn an_edit_storm() {
    let mut w = online();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "The")], 0));
    let edit = |n: u64, kind: i32, text: &str| {
        let body = MessageBody {
            r#type: 1,
            content: text.into(),
            operation: Some(proto::MessageOperation { r#type: kind, mid: MID, xid: None }),
            edit_timestamp: 1000 + n,
            ..MessageBody::default()
        };
        Meta { payload: body.encode_to_vec().into(), ..text_meta(MID + n, PEER, ME, "") }
    };
    w.frame(&page(PEER, vec![edit(1, 8, " answer"), edit(2, 8, " is")], 0));
    w.frame(&page(PEER, vec![edit(2, 8, " is")], 0));
    w.frame(&page(PEER, vec![edit(4, 8, ".")], 0));
    w.frame(&page(PEER, vec![edit(3, 8, " 42")], 0));
    w.frame(&page(PEER, vec![edit(6, 9, "Never mind."), edit(7, 5, "")], 0));
    w.frame(&page(PEER, vec![edit(8, 8, "too late")], 0));
    w.kept_as(&expect_file!["../../../../tests/traces/edit_storm.txt"]);
}

#[test]
fn an_offline_queue() {
    let mut w = online();
    w.feed(Input::Signal(Signal::Offline));
    w.feed(Input::Closed("gone"));
    let first = w.send(5, "one");
    let second = w.send(6, "two");
    w.send(7, "never mind");
    w.command(8, Command::Cancel(second + 1));
    let operation = Operation::Recall;
    w.command(9, Command::Operate { of: ConversationId::user(PEER), target: MID, operation });
    let id = w.session.account.as_ref().unwrap().last_id;
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    w.frame(&ack(first, MID + 1));
    let status = Some(Status { code: 12, reason: "antispam".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: second, ..SyncDl::default() }));
    w.frame(&ack(id, MID + 2));
    w.kept_as(&expect_file!["../../../../tests/traces/offline_queue.txt"]);
}
