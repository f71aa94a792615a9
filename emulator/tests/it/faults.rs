use std::time::{Duration, Instant};

use floo_emulator::{Config, Emulator};
use floo_wasm::core::proto::{SyncDl, frame::Command, status::ErrorCode};
use prost::Message;
use serde_json::{Value, json};

use crate::client::{
    APP, Device, LIMIT, Next, World, assert_ok, body_to, http, post, refusal, server, server_with, texts, try_http,
    world,
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
    amber.send(Command::Sync, &floo_wasm::core::proto::SyncUl { meta: Some(lost), ..Default::default() }).await;
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
    let send = floo_wasm::core::proto::SyncUl { meta: Some(meta.clone()), ..Default::default() };
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
    let send = floo_wasm::core::proto::SyncUl { meta: Some(meta.clone()), ..Default::default() };
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
    amber.send(Command::Unread, &floo_wasm::core::proto::UnreadUl::default()).await;
    let Next::Undecodable(second) = amber.next().await else { panic!("not garbage") };
    assert_eq!(first, second, "the same seed gives the same bytes");
    assert_eq!(amber.frame().await.command, Some(Command::Unread.into()));
    rules(&server, json!([{ "match": { "command": "page" }, "action": "truncate", "times": 3 }])).await;
    for _ in 0..3 {
        let ask = floo_wasm::core::proto::SyncUl { xid: Some(crate::client::xid(w.team)), ..Default::default() };
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
