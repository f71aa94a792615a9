use std::time::{Duration, Instant};

use floo_emulator::{Config, Emulator};
use floo_wasm::core::proto::{Frame, SyncDl, SyncUl, UnreadUl, frame::Command, status::ErrorCode, user_notice};
use prost::Message;
use serde_json::{Value, json};

use crate::{
    client::{
        APP, Device, LIMIT, Next, World, assert_ok, body, body_to, http, post, refusal, server, server_with, texts,
        try_http, world,
    },
    notices::Told,
};

async fn rules(server: &Emulator, rules: Value) {
    let body = json!({ "seed": 7, "rules": rules });
    post(server, "/admin/api/faults", body).await.data();
}

/// Rules that were used up, as the admin page tells.
async fn hits(server: &Emulator) -> Vec<u64> {
    let state = http(server, "GET", "/admin/api/state", &[], Value::Null).await;
    let rules = state.data()["faults"]["rules"].as_array().unwrap().clone();
    rules.iter().map(|rule| rule["hits"].as_u64().unwrap()).collect()
}

async fn pair(server: &Emulator) -> (World, Device, Device) {
    let w = world(server).await;
    let mut amber = Device::login(server, &w.amber, "a").await;
    let mut basil = Device::login(server, &w.basil, "b").await;
    amber.pull_all(w.basil.uid).await;
    basil.pull_all(w.amber.uid).await;
    (w, amber, basil)
}

#[tokio::test]
async fn drop_swallows_the_frames_it_names_in_its_direction() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(
        &server,
        json!([
            { "match": { "user": "basil", "command": "notice" }, "action": "drop" },
            { "match": { "user": "amber", "command": "send", "conversation": "basil" },
              "action": { "type": "drop", "direction": "from_client" } },
        ]),
    )
    .await;
    // The first send vanishes, so the second one is the first that Basil hears of, and that
    // notice vanishes too.
    let lost = amber.meta(1, w.basil.uid, &body_to(w.basil.uid, "lost"));
    amber.send(Command::Sync, &SyncUl { meta: Some(lost), ..Default::default() }).await;
    amber.text(2, w.basil.uid, "quiet").await;
    amber.text(3, w.basil.uid, "loud").await;
    assert_eq!(basil.frame().await.command, Some(Command::Notice.into()));
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["quiet", "loud"]);
    assert_eq!(hits(&server).await, [1, 1]);
}

#[tokio::test]
async fn drop_ack_loses_the_ack_but_not_the_message() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(&server, json!([{ "match": { "user": w.amber.uid }, "action": "drop_ack", "times": 2 }])).await;
    let meta = amber.meta(1, w.basil.uid, &body_to(w.basil.uid, "hello?"));
    let send = SyncUl { meta: Some(meta.clone()), ..Default::default() };
    amber.send(Command::Sync, &send).await;
    amber.send(Command::Sync, &send).await;
    assert_ok(&amber.send_meta(meta).await);
    assert_eq!(hits(&server).await, [2]);
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["hello?"]);
}

#[tokio::test]
async fn delay_holds_a_frame_back() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    for direction in ["to_client", "from_client"] {
        let action = json!({ "type": "delay", "ms": 300, "direction": direction });
        rules(&server, json!([{ "match": { "command": "unread" }, "action": action }])).await;
        let start = Instant::now();
        amber.unread(w.basil.uid).await;
        assert!(start.elapsed() >= Duration::from_millis(300), "{direction}");
        assert_eq!(hits(&server).await, [1]);
    }
}

#[tokio::test]
async fn close_acts_at_once_or_on_its_frame() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(&server, json!([{ "match": { "user": "amber" }, "action": "close" }])).await;
    assert!(matches!(amber.next().await, Next::Closed));
    assert!(basil.unread(w.amber.uid).await.is_some());

    rules(&server, json!([{ "match": { "user": "basil", "command": "send" }, "action": "close" }])).await;
    assert!(basil.unread(w.amber.uid).await.is_some());
    let meta = basil.meta(1, w.amber.uid, &body_to(w.amber.uid, "x"));
    let send = SyncUl { meta: Some(meta.clone()), ..Default::default() };
    basil.send(Command::Sync, &send).await;
    assert!(matches!(basil.next().await, Next::Closed));
    // It was not handled: sending again is the first time.
    let mut amber = Device::login(&server, &w.amber, "a").await;
    assert_eq!(amber.unread(w.basil.uid).await, Some(0));
    let mut basil = Device::login(&server, &w.basil, "b").await;
    assert_ok(&basil.send_meta(meta).await);
    assert_eq!(amber.unread(w.basil.uid).await, Some(1));
}

#[tokio::test]
async fn close_after_ack_sends_the_ack_first() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(&server, json!([{ "action": "close_after_ack" }])).await;
    amber.text(1, w.basil.uid, "last words").await;
    assert!(matches!(amber.next().await, Next::Closed));
    assert_eq!(basil.notice().await, w.amber.uid);
}

#[tokio::test]
async fn restart_drops_everybody_and_keeps_the_door_shut_for_a_while() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let address = server.address().to_string();
    let start = Instant::now();
    rules(&server, json!([{ "action": { "type": "restart", "ms": 400 } }])).await;
    assert!(matches!(amber.next().await, Next::Closed));
    assert!(matches!(basil.next().await, Next::Closed));
    assert!(try_http(&address, "GET", "/", &[], "").await.is_none(), "refused");
    let mut refused = 0;
    while try_http(&address, "GET", "/", &[], "").await.is_none() {
        refused += 1;
        assert!(start.elapsed() < LIMIT);
        tokio::task::yield_now().await;
    }
    assert!(refused > 0);
    assert!(start.elapsed() >= Duration::from_millis(400));
    let mut amber = Device::login(&server, &w.amber, "a").await;
    assert!(amber.unread(w.basil.uid).await.is_some());
}

#[tokio::test]
async fn garbage_and_cut_frames_reach_the_client_undecodable() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    rules(&server, json!([{ "match": { "user": "amber" }, "action": "garbage" }])).await;
    let Next::Undecodable(first) = amber.next().await else { panic!("not garbage") };
    // In front of the frame it names.
    rules(&server, json!([{ "match": { "command": "unread" }, "action": "garbage" }])).await;
    amber.send(Command::Unread, &UnreadUl::default()).await;
    let Next::Undecodable(second) = amber.next().await else { panic!("not garbage") };
    assert_eq!(first, second, "the same seed gives the same bytes");
    assert_eq!(amber.frame().await.command, Some(Command::Unread.into()));
    rules(&server, json!([{ "match": { "command": "page" }, "action": "truncate", "times": 3 }])).await;
    for _ in 0..3 {
        let ask = SyncUl { xid: Some(crate::client::xid(w.team)), ..Default::default() };
        amber.send(Command::Sync, &ask).await;
        assert!(matches!(amber.next().await, Next::Undecodable(_)));
    }
    assert!(!amber.pull(w.team, 0).await.metas.is_empty());
}

#[tokio::test]
async fn poison_and_duplicates_change_pages_with_metas_only() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    amber.text(1, w.basil.uid, "one").await;
    amber.text(2, w.basil.uid, "two").await;
    rules(&server, json!([{ "match": { "conversation": "amber" }, "action": "poison_meta" }])).await;
    basil.strict = false;
    let page = basil.pull(w.amber.uid, 0).await;
    assert!(page.metas[0].from.is_none());
    assert!(page.metas[1].from.is_some());
    // Stored as it was.
    assert!(basil.pull(w.amber.uid, 0).await.metas[0].from.is_some());

    basil.strict = true;
    rules(&server, json!([{ "match": { "command": "sync" }, "action": "duplicate_page" }])).await;
    let first = basil.pull(w.amber.uid, 0).await;
    assert_eq!(basil.page().await, first);
    let last = basil.pull(w.amber.uid, first.next_key).await;
    assert!(last.metas.is_empty());
    assert_eq!(hits(&server).await, [1]);
}

#[tokio::test]
async fn status_answers_instead_of_carrying_out() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let censored = json!({ "type": "status", "code": "WORD_CENSORED", "reason": "antispam" });
    rules(&server, json!([{ "match": { "command": "send" }, "action": censored }])).await;
    let ack = amber.send_meta(amber.meta(1, w.basil.uid, &body_to(w.basil.uid, "x"))).await;
    assert_eq!(refusal(&ack), (ErrorCode::WordCensored as i32, "antispam"));
    assert_eq!(ack.client_mid, 1);
    assert_eq!(basil.unread(w.amber.uid).await, Some(0));

    for (command, number) in [("unread", 20), ("pull", 2), ("history", 3), ("provision", 19)] {
        let action = json!({ "type": "status", "code": number, "reason": "busy" });
        rules(&server, json!([{ "match": { "user": "amber", "command": command }, "action": action }])).await;
        let status = match command {
            "unread" => amber.unread_list().await.status,
            "pull" => amber.pull(w.basil.uid, 0).await.status,
            "history" => amber.history(w.basil.uid, 0, 5).await.status,
            _ => amber.provision(&w.amber, "a").await.status,
        };
        assert_eq!(status.unwrap().code, number, "{command}");
        assert_eq!(hits(&server).await, [1], "{command}");
    }
    // Used up.
    assert_ok(&amber.pull(w.basil.uid, 0).await);
}

#[tokio::test]
async fn rules_from_the_command_line_act_from_the_start() {
    let server = server_with(Config {
        faults: Some(r#"{"rules":[{"match":{"command":"provision"},"action":{"type":"status","code":13}}]}"#.into()),
        ..Config::default()
    })
    .await;
    let w = world(&server).await;
    let mut socket = Device::connect(&server.address().to_string()).await;
    assert_eq!(socket.provision(&w.amber, "a").await.status.unwrap().code, 13);
    assert_eq!(socket.provision(&w.amber, "a").await.status.unwrap().code, 1);
    // HTTP is not touched by frame rules.
    http(&server, "GET", "/api/health", &[APP], Value::Null).await.data();
}

#[tokio::test]
async fn new_rules_replace_the_old_ones() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(&server, json!([{ "action": "drop", "times": 1000 }])).await;
    rules(&server, json!([])).await;
    amber.text(1, w.basil.uid, "through").await;
    let frame = basil.frame().await;
    assert_eq!(frame.command, Some(Command::Notice.into()));
    assert!(SyncDl::decode(frame.payload).is_ok());
    assert!(hits(&server).await.is_empty());
}

#[tokio::test]
async fn pages_can_come_in_the_wrong_order_or_with_unknown_things() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    for n in 1..=3 {
        amber.text(n, w.basil.uid, &n.to_string()).await;
    }
    basil.strict = false;
    for (action, check) in [
        ("reorder_page", (|page| texts(&page.metas) == ["3", "2", "1"]) as fn(&SyncDl) -> bool),
        ("unknown_ns", |page| page.metas[0].ns == 99 && page.metas[1].ns == 1),
        ("unknown_ctype", |page| body(&page.metas[0]).ctype == 99 && body(&page.metas[1]).ctype == 0),
    ] {
        rules(&server, json!([{ "match": { "user": "basil", "command": "page" }, "action": action }])).await;
        let page = basil.pull(w.amber.uid, 0).await;
        assert!(check(&page), "{action}: {page:?}");
        assert_eq!(page.next_key, page.metas.iter().map(|meta| meta.id).max().unwrap(), "{action}");
        assert_eq!(hits(&server).await, [1], "{action}");
    }
    basil.unread_list().await;
    basil.forget_notices();
    rules(&server, json!([{ "match": { "user": "basil" }, "action": "unknown_command" }])).await;
    basil.send(Command::Unread, &UnreadUl::default()).await;
    assert_eq!(basil.frame().await.command, Some(99));
    assert_eq!(basil.frame().await.command, Some(Command::Unread.into()));
}

#[tokio::test]
async fn a_pull_can_end_with_its_last_metas() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    post(&server, "/admin/api/app", json!({ "page_size": 2 })).await.data();
    for n in 1..=3 {
        amber.text(n, w.basil.uid, &n.to_string()).await;
    }
    rules(&server, json!([{ "match": { "conversation": "amber" }, "action": "end_with_metas" }])).await;
    let first = basil.pull(w.amber.uid, 0).await;
    assert_eq!((texts(&first.metas), first.next_key), (vec!["1".into(), "2".into()], first.metas[1].id));
    let last = basil.pull(w.amber.uid, first.next_key).await;
    assert_eq!((texts(&last.metas), last.next_key), (vec!["3".into()], 0));
    assert_eq!(basil.unread(w.amber.uid).await, Some(0), "nothing is left to confirm");
}

#[tokio::test]
async fn a_silent_socket_answers_nothing_until_the_rules_go() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    rules(&server, json!([{ "match": { "user": "basil" }, "action": "silent" }])).await;
    for _ in 0..3 {
        basil.send(Command::Unread, &UnreadUl::default()).await;
    }
    amber.text(1, w.basil.uid, "unheard").await;
    while hits(&server).await != [4] {
        tokio::task::yield_now().await;
    }
    rules(&server, json!([])).await;
    basil.send(Command::Unread, &UnreadUl::default()).await;
    assert_eq!(basil.frame().await.command, Some(Command::Unread.into()));
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["unheard"]);
}

#[tokio::test]
async fn the_answer_to_a_login_can_be_late() {
    let server = server().await;
    let w = world(&server).await;
    let action = json!({ "type": "delay", "ms": 300 });
    rules(&server, json!([{ "match": { "command": "provision" }, "action": action }])).await;
    let start = Instant::now();
    Device::login(&server, &w.amber, "a").await;
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn frames_can_be_compressed_and_checked_both_ways() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    amber.text(1, w.basil.uid, &"long ".repeat(300)).await;
    basil.strict = false;
    let inflate = |bytes: &[u8]| miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(bytes, 1 << 24).ok();
    let ask = SyncUl { xid: Some(crate::client::xid(w.amber.uid)), ..SyncUl::default() };
    let mut got = Vec::new();
    for how in ["good", "broken", "bomb"] {
        let action = json!({ "type": "compress", "how": how });
        rules(&server, json!([{ "match": { "user": "basil", "command": "page" }, "action": action }])).await;
        basil.send(Command::Sync, &ask).await;
        let frame = basil.next_of(Command::Sync).await;
        assert_eq!(frame.compress_method, Some(1), "{how}");
        got.push((frame.payload.len(), inflate(&frame.payload)));
    }
    let plain = got[0].1.clone().unwrap();
    assert!(plain.len() > 1500 && got[0].0 < plain.len() / 2);
    assert_eq!(SyncDl::decode(plain.as_slice()).unwrap().metas.len(), 1);
    assert!(got[1].1.is_none());
    assert!(got[2].1.as_ref().unwrap().len() > got[2].0 * 100);

    for bad in [false, true] {
        let action = json!({ "type": "checksum", "bad": bad });
        rules(&server, json!([{ "match": { "user": "basil" }, "action": action }])).await;
        basil.send(Command::Sync, &ask).await;
        let frame = basil.next_of(Command::Sync).await;
        assert_eq!(frame.check_sum == Some(crc32(&frame.payload)), !bad);
        assert!(SyncDl::decode(frame.payload).is_ok());
    }

    // The server reads what it can write.
    let payload = miniz_oxide::deflate::compress_to_vec_zlib(&ask.encode_to_vec(), 6);
    let frame = Frame {
        command: Some(Command::Sync.into()),
        compress_method: Some(1),
        check_sum: Some(crc32(&payload)),
        payload: payload.into(),
        ..Frame::default()
    };
    rules(&server, json!([])).await;
    basil.send_bytes(frame.encode_to_vec()).await;
    assert_eq!(basil.page().await.metas.len(), 1);
}

/// Bit by bit, as in the standard.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[tokio::test]
async fn any_notice_about_an_account_can_be_pushed_to_its_devices() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.basil, "b2").await;
    let push = |notice: &str, more: Value| {
        let mut action = json!({ "type": "user_notice", "notice": notice });
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([{ "match": { "user": "basil" }, "action": action }])
    };
    rules(&server, push("CLUSTER_CHANGED", json!({ "content": "{}" }))).await;
    for device in [&mut basil, &mut phone] {
        assert_eq!(Told::of(&device.page().await.metas[0]), Told::user(user_notice::Type::ClusterChanged, "{}"));
    }
    rules(&server, push("KICK_BY_SAME_DEVICE", json!({ "device_sn": phone.sn, "close": true }))).await;
    assert_eq!(Told::of(&phone.page().await.metas[0]), Told::user(user_notice::Type::KickBySameDevice, ""));
    assert!(matches!(phone.next().await, Next::Closed));
    assert!(basil.pull_all(0).await.is_empty(), "nothing of it is stored");
    assert!(amber.unread(w.basil.uid).await.is_some());
    for (rules, field) in [
        (push("NOPE", json!({})), "rules[0].action.notice"),
        (json!([{ "action": { "type": "user_notice", "notice": "FROZEN" } }]), "rules[0].match.user"),
        (json!([{ "action": { "type": "http", "status": 200 } }]), "rules[0].action.status"),
    ] {
        let reply = post(&server, "/admin/api/faults", json!({ "rules": rules })).await;
        assert!(reply.code() == 400 && reply.message().starts_with(field), "{}", reply.message());
    }
}

#[tokio::test]
async fn http_requests_can_fail_as_a_whole() {
    let server = server().await;
    let w = world(&server).await;
    let broken = json!([{ "action": { "type": "http", "status": 500, "path": "/roster/list" }, "times": 2 }]);
    rules(&server, broken).await;
    for expected in [500, 500, 200] {
        // A browser asks first; it would not show the page the status of a refusal.
        assert_eq!(http(&server, "OPTIONS", "/roster/list", &[], Value::Null).await.status, 204);
        let reply = w.amber.call(&server, "GET", "/roster/list", Value::Null).await;
        assert_eq!(reply.status, expected);
        assert!(reply.head.contains("access-control-allow-origin: *"));
        assert_eq!(w.amber.call(&server, "GET", "/user/profile", Value::Null).await.status, 200);
    }
    rules(&server, json!([{ "action": { "type": "http", "status": 503 }, "times": 100 }])).await;
    assert_eq!(http(&server, "GET", "/", &[], Value::Null).await.status, 503);
    Device::login(&server, &w.amber, "sockets still open").await;
}
