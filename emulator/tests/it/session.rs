use floo_wasm::core::proto::{
    Frame, Notice, Provision, SyncDl, SyncUl, UnreadDl, UnreadUl, UserNotice, frame::Command, meta::NameSpace,
    status::ErrorCode, user_notice,
};
use prost::Message;
use serde_json::{Value, json};

use crate::client::{Account, Device, Next, body_to, http, post, refusal, server, world, xid};

const fn code(code: ErrorCode) -> i32 {
    code as i32
}

#[tokio::test]
async fn nothing_works_before_the_login() {
    let server = server().await;
    let w = world(&server).await;
    let mut socket = Device::connect(&server.address().to_string()).await;
    socket.uid = w.amber.uid;
    let reply = socket.unread_list().await;
    let status = reply.status.unwrap();
    assert_eq!(status.code, code(ErrorCode::Unauthorized));
    assert_eq!(status.reason, "you must login first");
    let pull = socket.pull(w.basil.uid, 0).await;
    assert_eq!(refusal(&pull), (code(ErrorCode::Unauthorized), "you must login first"));
    let meta = socket.meta(77, w.basil.uid, &body_to(w.basil.uid, "hi"));
    let ack = socket.send_meta(meta).await;
    assert_eq!(refusal(&ack).0, code(ErrorCode::Unauthorized));
    assert_eq!(ack.client_mid, 77);
    // A notice from a client is ignored: the next answer is the one to the heartbeat.
    socket.send(Command::Notice, &Notice::default()).await;
    assert!(socket.unread_list().await.unread.is_empty());
}

#[tokio::test]
async fn the_serial_belongs_to_user_and_guid() {
    let server = server().await;
    let w = world(&server).await;
    let first = Device::login(&server, &w.amber, "phone").await;
    let second = Device::login(&server, &w.amber, "laptop").await;
    let other = Device::login(&server, &w.basil, "phone").await;
    assert_ne!(first.sn, second.sn);
    assert_eq!(other.sn, 1);
    let sn = first.sn;
    drop(first);
    let mut socket = Device::connect(&server.address().to_string()).await;
    let reply = socket.provision(&w.amber, "phone").await;
    assert_eq!(reply.status.unwrap().code, 1);
    assert_eq!(reply.xid.unwrap().device_sn, sn);
    assert!(reply.last_login_time > 0, "it has logged in before");
}

#[tokio::test]
async fn a_refused_login_names_the_reason_and_the_socket_stays() {
    let server = server().await;
    let w = world(&server).await;
    let mut socket = Device::connect(&server.address().to_string()).await;
    let forged = Account { uid: w.basil.uid, token: w.amber.token.clone() };
    let unknown = Account { uid: w.amber.uid, token: "nonsense".into() };
    let nobody = Account { uid: 0, token: w.amber.token.clone() };
    for (account, guid, expected, word) in [
        (&forged, "g", ErrorCode::InvalidToken, "token"),
        (&unknown, "g", ErrorCode::InvalidToken, "token"),
        (&nobody, "g", ErrorCode::InvalidParameter, "xid"),
        (&w.amber, "", ErrorCode::InvalidParameter, "device_guid"),
    ] {
        let reply = socket.provision(account, guid).await;
        let status = reply.status.unwrap();
        assert_eq!(status.code, code(expected));
        assert!(status.reason.contains(word), "{}", status.reason);
        assert_eq!(reply.xid.unwrap().uid, account.uid);
    }
    assert_eq!(socket.provision(&w.amber, "g").await.status.unwrap().code, 1);
}

#[tokio::test]
async fn the_same_device_displaces_the_older_socket() {
    let server = server().await;
    let w = world(&server).await;
    let mut old = Device::login(&server, &w.amber, "tab").await;
    let mut other = Device::login(&server, &w.amber, "phone").await;
    let mut new = Device::login(&server, &w.amber, "tab").await;
    assert_eq!(old.sn, new.sn);
    let page = old.page().await;
    assert_eq!(page.xid.unwrap().uid, 0);
    let meta = &page.metas[0];
    assert_eq!(meta.ns, NameSpace::UserNotice as i32);
    let notice = UserNotice::decode(meta.payload.clone()).unwrap();
    assert_eq!(notice.r#type, user_notice::Type::KickBySameDevice as i32);
    assert!(matches!(old.next().await, Next::Closed));
    // The others go on.
    assert!(new.unread(w.basil.uid).await.is_some());
    assert!(other.unread(w.basil.uid).await.is_some());
}

#[tokio::test]
async fn an_undecodable_frame_closes_that_socket_only() {
    let server = server().await;
    let w = world(&server).await;
    let mut good = Device::login(&server, &w.amber, "good").await;
    for bytes in [
        vec![0xff; 40],
        vec![0x22, 0xff, 0xff, 0x7f, 1, 2],
        // A good frame around a bad payload.
        Frame { command: Some(3), payload: vec![0x12, 0x50].into(), ..Frame::default() }.encode_to_vec(),
        Frame { command: Some(1), payload: vec![0xff].into(), ..Frame::default() }.encode_to_vec(),
    ] {
        let mut bad = Device::login(&server, &w.basil, "bad").await;
        bad.send_bytes(bytes).await;
        assert!(matches!(bad.next().await, Next::Closed));
    }
    assert!(good.unread(w.basil.uid).await.is_some());
}

#[tokio::test]
async fn unusual_frames_get_an_answer_or_silence_but_no_harm() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.amber, "d").await;
    // An empty message is a heartbeat.
    device.send_bytes(Vec::new()).await;
    let frame = device.next_of(Command::Unread).await;
    assert!(!UnreadDl::decode(frame.payload).unwrap().unread.is_empty());
    // So is one without any field set, and a payload does not matter.
    let beat = Frame { command: None, ..Frame::default() };
    device.send_bytes(beat.encode_to_vec()).await;
    device.next_of(Command::Unread).await;
    // An unknown command is ignored.
    let unknown = Frame { command: Some(9), payload: vec![1].into(), ..Frame::default() };
    device.send_bytes(unknown.encode_to_vec()).await;
    // Forms this server does not read are refused by name.
    for (compress, encrypt, sum, expected, field) in [
        (1, 0, None, ErrorCode::PbParserError, "payload"),
        (2, 0, None, ErrorCode::InvalidParameter, "compress_method"),
        (0, 1, None, ErrorCode::EncryptMethodUnsupported, "encrypt_method"),
        (0, 0, Some(1), ErrorCode::CheckSumFailure, "check_sum"),
    ] {
        let frame = Frame {
            command: Some(1),
            compress_method: Some(compress),
            encrypt_method: encrypt,
            check_sum: sum,
            payload: vec![1, 2, 3].into(),
            ..Frame::default()
        };
        device.send_bytes(frame.encode_to_vec()).await;
        let page = device.page().await;
        assert_eq!(refusal(&page).0, code(expected));
        assert!(refusal(&page).1.contains(field));
    }
    device.send(Command::Sync, &SyncUl::default()).await;
    assert_eq!(refusal(&device.page().await), (code(ErrorCode::InvalidParameter), "xid: missing"));
    let odd = device.history(w.basil.uid, 0, 0).await;
    assert_eq!(refusal(&odd).0, code(ErrorCode::InvalidParameter));
    assert!(refusal(&odd).1.contains("full_sync_num"));
    // A conversation nobody knows is empty.
    let empty = device.pull(4711, 99).await;
    assert_eq!((empty.metas.len(), empty.next_key), (0, 0));
}

#[tokio::test]
async fn a_frame_above_16_mib_closes_the_socket_and_one_below_does_not() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.amber, "d").await;
    let big = |size| Frame { command: Some(9), payload: vec![7; size].into(), ..Frame::default() }.encode_to_vec();
    device.send_bytes(big(15 << 20)).await;
    assert!(device.unread(w.basil.uid).await.is_some());
    // The server may hang up before the client has written everything.
    device.try_send_bytes(big(17 << 20)).await;
    assert!(matches!(device.next().await, Next::Closed));
}

#[tokio::test]
async fn a_revoked_token_ends_the_session_until_a_new_login() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.amber, "d").await;
    let rules = json!({ "rules": [{ "match": { "user": "amber" }, "action": "expire_token" }] });
    post(&server, "/admin/api/faults", rules).await.data();
    let reply = device.unread_list().await;
    assert_eq!(reply.status.unwrap().code, code(ErrorCode::InvalidToken));
    let pull = device.pull(w.basil.uid, 0).await;
    assert_eq!(refusal(&pull).0, code(ErrorCode::InvalidToken));
    let meta = device.meta(5, w.basil.uid, &body_to(w.basil.uid, "hi"));
    assert_eq!(refusal(&device.send_meta(meta).await).0, code(ErrorCode::InvalidToken));
    let reply = device.provision(&w.amber, "d").await;
    assert_eq!(reply.status.unwrap().code, code(ErrorCode::InvalidToken));
    assert_eq!(w.amber.call(&server, "GET", "/user/profile", Value::Null).await.code(), 402);
    // Basil is not concerned, and Amber may log in again.
    w.basil.call(&server, "GET", "/user/profile", Value::Null).await.data();
    let amber = Account::login(&server, "amber").await;
    assert_eq!(device.provision(&amber, "d").await.status.unwrap().code, 1);
    assert!(device.unread(w.basil.uid).await.is_some());
}

#[tokio::test]
async fn the_admin_page_shows_who_is_connected() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.amber, "d").await;
    device.unread_list().await;
    let state = http(&server, "GET", "/admin/api/state", &[], Value::Null).await;
    let sockets = state.data()["sockets"].as_array().unwrap();
    assert_eq!(sockets.len(), 1);
    assert_eq!(sockets[0]["user"], w.amber.uid);
    assert_eq!(sockets[0]["device_sn"], device.sn);
    let amber = &state.data()["users"][0];
    assert_eq!((&amber["username"], &amber["sockets"]), (&json!("amber"), &json!(1)));
    // Nothing secret in it.
    let text = state.body.to_string();
    assert!(!text.contains(&w.amber.token) && !text.contains("argon2"));
}

#[tokio::test]
async fn frames_on_the_wire_have_their_explicit_fields() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.amber, "d").await;
    device.send(Command::Unread, &UnreadUl::default()).await;
    let frame = device.next_of(Command::Unread).await;
    assert_eq!(frame.command, Some(0), "explicit, or the frame could be empty");
    let list = UnreadDl::decode(frame.payload).unwrap();
    assert_eq!(list.status.unwrap().code, 1);
    let sync: SyncDl = device.pull(w.basil.uid, 0).await;
    assert_eq!(sync.xid, Some(xid(w.basil.uid)));
    let provision: Provision = device.provision(&w.amber, "d").await;
    assert_eq!(provision.status.unwrap().code, 1);
}
