//! A small client: no state of its own beyond what a test looks at.
use std::{collections::VecDeque, time::Duration};

use floo_emulator::{Config, Emulator, Port, start};
use floo_wasm::core::proto::{
    Conversation, Frame, GroupNotice, MessageBody, MessageOperation, Meta, Provision, RosterNotice, SyncDl, SyncUl,
    UnreadDl, UnreadUl, UserNotice, Xid, frame::Command, message_body, message_operation::OpType, meta::NameSpace,
};
use futures_util::{SinkExt, StreamExt};
use prost::Message;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as WsMessage};

use crate::schema::check_answer;

/// Longer than anything takes here; reaching it is a failure.
pub const LIMIT: Duration = Duration::from_secs(10);

pub async fn server() -> Emulator {
    server_with(Config::default()).await
}

pub async fn server_with(config: Config) -> Emulator {
    start(Config { port: Port::Exactly(0), ..config }).await.unwrap()
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
    pub body: Value,
}

impl Reply {
    pub fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap()
    }

    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or("")
    }

    pub fn data(&self) -> &Value {
        assert_eq!(self.code(), 200, "{}", self.body);
        &self.body["data"]
    }
}

/// One HTTP request on a connection of its own; `None` when the server hangs up.
pub async fn try_http(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let exchange = async {
        let mut tcp = TcpStream::connect(address).await.ok()?;
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        tcp.write_all(text.as_bytes()).await.ok()?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    let answer = timeout(LIMIT, exchange).await.expect("an HTTP answer")?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let text = body.to_owned();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    check_answer(method, path, status, &body);
    Some(Reply { status, head: head.to_ascii_lowercase(), text, body })
}

pub async fn http(server: &Emulator, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    try_http(&server.address().to_string(), method, path, headers, &body).await.expect("an HTTP answer")
}

pub const APP: (&str, &str) = ("app_id", "floo-demo");

/// POST without a token.
pub async fn post(server: &Emulator, path: &str, body: Value) -> Reply {
    http(server, "POST", path, &[APP], body).await
}

/// An account that has logged in over HTTP.
#[derive(Clone, Debug)]
pub struct Account {
    pub uid: u64,
    pub token: String,
}

impl Account {
    pub async fn login(server: &Emulator, name: &str) -> Self {
        Self::login_at(&server.address().to_string(), name).await
    }

    pub async fn login_at(address: &str, name: &str) -> Self {
        let body = json!({ "name": name, "password": format!("{name}-demo") }).to_string();
        let reply = try_http(address, "POST", "/token/user", &[APP], &body).await.unwrap();
        let data = reply.data();
        Self { uid: data["user_id"].as_u64().unwrap(), token: data["token"].as_str().unwrap().to_owned() }
    }

    pub async fn call(&self, server: &Emulator, method: &str, path: &str, body: Value) -> Reply {
        let headers = [APP, ("access-token", self.token.as_str())];
        http(server, method, path, &headers, body).await
    }
}

/// A socket.
pub struct Device {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub uid: u64,
    pub sn: u32,
    /// Frames that came while another one was waited for.
    waiting: VecDeque<Frame>,
    /// Whether every frame must have the fields that shipped clients cannot do without.
    pub strict: bool,
    /// Logins of other devices that were told meanwhile: kind and serial.
    pub logins: Vec<(i32, u64)>,
}

/// What came next.
#[derive(Debug)]
pub enum Next {
    Frame(Frame),
    Undecodable(Vec<u8>),
    Closed,
}

impl Device {
    /// Connects without logging in.
    pub async fn connect(address: &str) -> Self {
        let (ws, _) = timeout(LIMIT, connect_async(format!("ws://{address}/"))).await.expect("a connection").unwrap();
        Self { ws, uid: 0, sn: 0, waiting: VecDeque::new(), strict: true, logins: Vec::new() }
    }

    /// Connects and logs in.
    pub async fn login(server: &Emulator, account: &Account, guid: &str) -> Self {
        Self::login_at(&server.address().to_string(), account, guid).await
    }

    pub async fn login_at(address: &str, account: &Account, guid: &str) -> Self {
        let mut device = Self::connect(address).await;
        let reply = device.provision(account, guid).await;
        assert_eq!(reply.status.as_ref().unwrap().code, 1, "{reply:?}");
        device.uid = account.uid;
        device.sn = reply.xid.unwrap().device_sn;
        assert!(device.sn >= 1);
        device
    }

    pub async fn provision(&mut self, account: &Account, guid: &str) -> Provision {
        let ask = Provision {
            xid: Some(xid(account.uid)),
            token: account.token.clone(),
            os_type: 6,
            sdk_vsn: "2.0.0".into(),
            device_guid: guid.into(),
            device_info: "Web".into(),
            ..Provision::default()
        };
        self.send(Command::Provision, &ask).await;
        let frame = self.next_of(Command::Provision).await;
        Provision::decode(frame.payload).unwrap()
    }

    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.ws.send(WsMessage::Binary(bytes.into())).await.unwrap();
    }

    /// Sends to a server that may hang up meanwhile.
    pub async fn try_send_bytes(&mut self, bytes: Vec<u8>) -> bool {
        self.ws.send(WsMessage::Binary(bytes.into())).await.is_ok()
    }

    pub async fn send(&mut self, command: Command, payload: &impl Message) {
        let frame = Frame {
            vsn: Some(0),
            compress_method: Some(0),
            command: Some(command.into()),
            payload: payload.encode_to_vec().into(),
            ..Frame::default()
        };
        self.send_bytes(frame.encode_to_vec()).await;
    }

    /// Whatever the server does next.
    pub async fn next(&mut self) -> Next {
        loop {
            let message = timeout(LIMIT, self.ws.next()).await.expect("a frame in time");
            match message {
                Some(Ok(WsMessage::Binary(bytes))) => match Frame::decode(bytes.clone()) {
                    Ok(frame) => {
                        if self.strict {
                            check_must_have(&frame);
                        }
                        match login_notice(&frame) {
                            // They come whenever another device logs in, so they are kept apart.
                            Some(login) => self.logins.push(login),
                            None => return Next::Frame(frame),
                        }
                    }
                    Err(_) => return Next::Undecodable(bytes.to_vec()),
                },
                Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_))) => {}
                Some(Ok(WsMessage::Close(_)) | Err(_)) | None => return Next::Closed,
                Some(Ok(other)) => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The next frame, of any kind.
    pub async fn frame(&mut self) -> Frame {
        if let Some(frame) = self.waiting.pop_front() {
            return frame;
        }
        match self.next().await {
            Next::Frame(frame) => frame,
            other => panic!("a frame was expected, not {other:?}"),
        }
    }

    /// The next frame for which `wanted` holds; the others are kept.
    async fn next_where(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        if let Some(index) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(index).unwrap();
        }
        loop {
            match self.next().await {
                Next::Frame(frame) if wanted(&frame) => return frame,
                Next::Frame(frame) => self.waiting.push_back(frame),
                other => panic!("a frame was expected, not {other:?}"),
            }
        }
    }

    pub async fn next_of(&mut self, command: Command) -> Frame {
        self.next_where(|frame| frame.command.unwrap_or(0) == command as i32).await
    }

    async fn sync_where(&mut self, wanted: impl Fn(&SyncDl) -> bool) -> SyncDl {
        let frame = self
            .next_where(|frame| {
                frame.command == Some(Command::Sync.into())
                    && SyncDl::decode(frame.payload.clone()).is_ok_and(|sync| wanted(&sync))
            })
            .await;
        SyncDl::decode(frame.payload).unwrap()
    }

    /// The next page, asked for or not.
    pub async fn page(&mut self) -> SyncDl {
        self.sync_where(|sync| sync.client_mid == 0).await
    }

    /// Metas of pages that nobody asked for and that came meanwhile.
    pub fn pushed(&mut self) -> Vec<Meta> {
        let mut metas = Vec::new();
        self.waiting.retain(|frame| {
            let page = SyncDl::decode(frame.payload.clone()).ok().filter(|page| {
                frame.command == Some(Command::Sync.into()) && page.is_eager_sync && page.client_mid == 0
            });
            let keep = page.is_none();
            metas.extend(page.into_iter().flat_map(|page| page.metas));
            keep
        });
        metas
    }

    /// Forgets notices that came meanwhile.
    pub fn forget_notices(&mut self) {
        self.waiting.retain(|frame| frame.command != Some(Command::Notice.into()));
    }

    /// The ack of a client id.
    pub async fn ack(&mut self, client_mid: u64) -> SyncDl {
        self.sync_where(|sync| sync.client_mid == client_mid).await
    }

    /// Waits for a notice and gives its conversation.
    pub async fn notice(&mut self) -> u64 {
        let frame = self.next_of(Command::Notice).await;
        let notice = floo_wasm::core::proto::Notice::decode(frame.payload).unwrap();
        let xid = notice.xid.unwrap();
        assert_eq!(xid.device_sn, 0);
        xid.uid
    }

    pub async fn unread_list(&mut self) -> UnreadDl {
        self.send(Command::Unread, &UnreadUl::default()).await;
        let frame = self.next_of(Command::Unread).await;
        UnreadDl::decode(frame.payload).unwrap()
    }

    /// The unread number of a conversation; `None` when it is not listed.
    pub async fn unread(&mut self, conv: u64) -> Option<u32> {
        let list = self.unread_list().await;
        assert_eq!(list.status.unwrap().code, 1);
        list.unread.iter().find(|row| row.xid.as_ref().unwrap().uid == conv).map(|row| row.n)
    }

    pub async fn pull(&mut self, conv: u64, key: u64) -> SyncDl {
        let ask = SyncUl { xid: Some(xid(conv)), key, ..SyncUl::default() };
        self.send(Command::Sync, &ask).await;
        self.page().await
    }

    /// Pulls until the end, confirming every page.
    pub async fn pull_all(&mut self, conv: u64) -> Vec<Meta> {
        let (mut metas, mut key) = (Vec::new(), 0);
        loop {
            let page = self.pull(conv, key).await;
            assert_eq!(page.xid.unwrap().uid, conv);
            key = page.next_key;
            metas.extend(page.metas);
            if key == 0 {
                return metas;
            }
        }
    }

    pub async fn history(&mut self, conv: u64, key: u64, n: i32) -> SyncDl {
        let ask = SyncUl { xid: Some(xid(conv)), key, is_full_sync: true, full_sync_num: n, ..SyncUl::default() };
        self.send(Command::Sync, &ask).await;
        self.sync_where(|sync| sync.is_full_sync).await
    }

    pub async fn send_meta(&mut self, meta: Meta) -> SyncDl {
        let mid = meta.id;
        let ask = SyncUl { meta: Some(meta), ..SyncUl::default() };
        self.send(Command::Sync, &ask).await;
        self.ack(mid).await
    }

    pub fn meta(&self, mid: u64, to: u64, body: &MessageBody) -> Meta {
        Meta {
            id: mid,
            from: Some(Xid { uid: self.uid, device_sn: self.sn }),
            to: Some(xid(to)),
            timestamp: 1_700_000_000_000,
            ns: NameSpace::Message.into(),
            payload: body.encode_to_vec().into(),
        }
    }

    /// Sends a text that must be accepted; gives its server id.
    pub async fn text(&mut self, mid: u64, to: u64, text: &str) -> u64 {
        let ack = self.send_meta(self.meta(mid, to, &body_to(to, text))).await;
        assert_ok(&ack);
        assert_eq!(ack.xid.as_ref().unwrap().uid, to);
        assert!(ack.server_time > 1_700_000_000_000);
        ack.server_mid
    }

    pub async fn operate(
        &mut self,
        mid: u64,
        to: u64,
        kind: OpType,
        target: u64,
        conv: Option<u64>,
        content: &str,
    ) -> SyncDl {
        let body = MessageBody {
            r#type: message_body::Type::Oper.into(),
            content: content.into(),
            operation: Some(MessageOperation { r#type: kind.into(), mid: target, xid: conv.map(xid) }),
            ..MessageBody::default()
        };
        self.send_meta(self.meta(mid, to, &body)).await
    }
}

/// DEVICE_LOGIN or DEVICE_ADDED, if the frame is nothing else.
fn login_notice(frame: &Frame) -> Option<(i32, u64)> {
    let sync = SyncDl::decode(frame.payload.clone()).ok().filter(|_| frame.command == Some(Command::Sync.into()))?;
    let [meta] = sync.metas.as_slice() else { return None };
    let notice = UserNotice::decode(meta.payload.clone()).ok().filter(|_| meta.ns == NameSpace::UserNotice as i32)?;
    if !sync.is_eager_sync || ![7, 9].contains(&notice.r#type) {
        return None;
    }
    assert_eq!((sync.next_key, sync.xid.unwrap().uid), (0, 0));
    let content: Value = serde_json::from_str(&notice.content).unwrap();
    Some((notice.r#type, content["device_sn"].as_u64().unwrap()))
}

pub fn xid(uid: u64) -> Xid {
    Xid { uid, device_sn: 0 }
}

/// A text message; groups have ids that end in 1.
pub fn body_to(to: u64, text: &str) -> MessageBody {
    let kind = if to & 15 == 1 { message_body::Type::Groupchat } else { message_body::Type::Chat };
    MessageBody { r#type: kind.into(), content: text.into(), ..MessageBody::default() }
}

pub fn body(meta: &Meta) -> MessageBody {
    MessageBody::decode(meta.payload.clone()).unwrap()
}

pub fn texts(metas: &[Meta]) -> Vec<String> {
    metas.iter().map(|meta| body(meta).content).collect()
}

pub fn assert_ok(sync: &SyncDl) {
    assert_eq!(sync.status.as_ref().unwrap().code, 1, "{sync:?}");
}

pub fn refusal(sync: &SyncDl) -> (i32, &str) {
    let status = sync.status.as_ref().unwrap();
    (status.code, status.reason.as_str())
}

/// The table of xsync 1.5: what shipped clients cannot do without.
pub fn check_must_have(frame: &Frame) {
    let payload = frame.payload.clone();
    match Command::try_from(frame.command.unwrap_or(0)).unwrap() {
        Command::Provision => {
            let reply = Provision::decode(payload).unwrap();
            assert_ne!(reply.status.expect("Provision.status").code, 0);
            reply.xid.expect("Provision.xid");
        }
        Command::Unread => {
            let reply = UnreadDl::decode(payload).unwrap();
            assert_ne!(reply.status.expect("UnreadDL.status").code, 0);
            for row in reply.unread {
                row.xid.expect("UnreadDL.unread.xid");
            }
        }
        Command::Notice => {
            let notice = floo_wasm::core::proto::Notice::decode(payload).unwrap();
            let xid = notice.xid.expect("Notice.xid");
            assert!(xid.uid != 0 || xid.device_sn == 0);
        }
        Command::Sync => {
            let sync = SyncDl::decode(payload).unwrap();
            assert_ne!(sync.status.as_ref().expect("SyncDL.status").code, 0);
            sync.xid.as_ref().expect("SyncDL.xid");
            sync.metas.iter().for_each(check_meta);
        }
    }
}

fn check_meta(meta: &Meta) {
    assert!(meta.id > 1 << 53, "ids are large on purpose");
    assert!(meta.timestamp > 0);
    let payload = meta.payload.clone();
    match NameSpace::try_from(meta.ns).unwrap() {
        NameSpace::Message => {
            let body = MessageBody::decode(payload).unwrap();
            meta.from.as_ref().expect("from");
            meta.to.as_ref().expect("to");
            if body.r#type == message_body::Type::Oper as i32 {
                let operation = body.operation.expect("operation");
                let kind = OpType::try_from(operation.r#type).unwrap();
                if matches!(kind, OpType::ReadAll | OpType::Delete) {
                    operation.xid.expect("operation.xid");
                }
                if matches!(kind, OpType::Append | OpType::Replace) {
                    assert!(body.edit_timestamp > 0, "edit_timestamp");
                }
            }
        }
        NameSpace::GroupNotice => {
            let notice = GroupNotice::decode(payload).unwrap();
            notice.gid.expect("gid");
            notice.from.expect("from");
        }
        NameSpace::RosterNotice => {
            let notice = RosterNotice::decode(payload).unwrap();
            notice.from.expect("from");
            assert!(!notice.to.is_empty());
        }
        NameSpace::Conversation => {
            let operation = Conversation::decode(payload).unwrap().operation;
            operation.expect("operation").xid.expect("operation.xid");
        }
        _ => {}
    }
}

/// Ids of the seeded world.
pub struct World {
    pub amber: Account,
    pub basil: Account,
    pub clover: Account,
    pub team: u64,
}

/// A new account with the password `<name>-demo`, logged in over HTTP.
pub async fn newcomer(server: &Emulator, name: &str) -> Account {
    let body = json!({ "username": name, "password": format!("{name}-demo") });
    post(server, "/user/register/v2", body).await.data();
    Account::login(server, name).await
}

pub async fn world(server: &Emulator) -> World {
    let amber = Account::login(server, "amber").await;
    let team = amber.call(server, "GET", "/group/user_joined", Value::Null).await;
    World {
        team: team.data()[0].as_u64().unwrap(),
        amber,
        basil: Account::login(server, "basil").await,
        clover: Account::login(server, "clover").await,
    }
}
