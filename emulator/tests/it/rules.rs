//! What the server refuses to pass on, and to whom things go.
use floo_emulator::{Config, Emulator};
use floo_wasm::core::proto::{
    MessageBody, MessageOperation, SyncDl, message_body, message_operation::OpType, status::ErrorCode, user_notice,
};
use serde_json::{Value, json};

use crate::{
    client::{
        Account, Device, World, assert_ok, body, body_to, newcomer, post, refusal, server, server_with, texts, world,
    },
    notices::{Told, told},
};

async fn pair(server: &Emulator) -> (World, Device, Device) {
    let w = world(server).await;
    let amber = Device::login(server, &w.amber, "a").await;
    let basil = Device::login(server, &w.basil, "b").await;
    (w, amber, basil)
}

async fn say(device: &mut Device, mid: u64, to: u64, text: &str) -> (i32, String) {
    let ack = device.send_meta(device.meta(mid, to, &body_to(to, text))).await;
    let (code, reason) = refusal(&ack);
    (code, reason.to_owned())
}

async fn switch(server: &Emulator, body: Value) {
    post(server, "/admin/api/app", body).await.data();
}

const FAIL: i32 = ErrorCode::Fail as i32;

#[tokio::test]
async fn who_is_blocked_is_told_so_and_nothing_is_stored() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let first = amber.text(1, w.basil.uid, "before").await;
    w.basil.call(&server, "POST", &format!("/roster/block?user_id={}", w.amber.uid), json!({})).await.data();
    assert_eq!(
        say(&mut amber, 2, w.basil.uid, "hello?").await,
        (FAIL, "you have been blocked by the recipient".into())
    );
    let ack = amber.operate(3, w.basil.uid, OpType::Append, first, None, "!").await;
    assert_eq!(refusal(&ack).1, "you have been blocked by the recipient");
    // What was accepted before stays so, and taking it back is still possible.
    assert_eq!(amber.text(1, w.basil.uid, "before").await, first);
    assert_ok(&amber.operate(4, w.basil.uid, OpType::Recall, first, None, "").await);
    // The other way is open, and so are groups.
    basil.text(1, w.amber.uid, "you are blocked").await;
    amber.text(5, w.team, "all").await;
    w.basil.call(&server, "POST", "/roster/unblock", json!({ "user_id": w.amber.uid.to_string() })).await.data();
    amber.text(6, w.basil.uid, "again").await;
    let seen = texts(&basil.pull_all(w.amber.uid).await);
    assert_eq!(seen, ["before", "", "again"]);
}

#[tokio::test]
async fn strangers_may_be_kept_apart() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    let dill = newcomer(&server, "dill").await;
    let mut stranger = Device::login(&server, &dill, "d").await;
    stranger.text(1, w.amber.uid, "hello").await;
    switch(&server, json!({ "friends_only": true })).await;
    let no = (FAIL, "your relation with target does not allow chat".to_owned());
    assert_eq!(say(&mut stranger, 2, w.amber.uid, "hello").await, no);
    assert_eq!(say(&mut amber, 2, dill.uid, "hello").await, no);
    amber.text(3, w.basil.uid, "friend").await;
    stranger.text(3, dill.uid, "note to myself").await;
}

#[tokio::test]
async fn words_rates_and_accounts_can_be_forbidden() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    switch(&server, json!({ "banned_words": ["spam", "坏话"], "rate_limit": 3 })).await;
    let mid = amber.text(1, w.basil.uid, "fine").await;
    for text in ["buy spam now", "坏话连篇"] {
        let (code, reason) = say(&mut amber, 2, w.basil.uid, text).await;
        assert_eq!(code, ErrorCode::WordCensored as i32);
        assert!(reason.contains("antispam") && !reason.contains(text));
    }
    let ack = amber.operate(3, w.basil.uid, OpType::Append, mid, None, " spam").await;
    assert_eq!(refusal(&ack).0, ErrorCode::WordCensored as i32, "edits as well");
    // Refused ones do not count.
    amber.text(4, w.team, "two").await;
    amber.text(5, w.basil.uid, "three").await;
    assert_eq!(say(&mut amber, 6, w.basil.uid, "four").await.0, ErrorCode::RateLimitExceeded as i32);
    assert_eq!(amber.text(1, w.basil.uid, "fine").await, mid, "a repeated send is no new one");
    basil.text(1, w.amber.uid, "counted for each account").await;
    post(&server, "/admin/api/clock", json!({ "offset_ms": 11_000 })).await.data();
    amber.text(7, w.basil.uid, "later").await;

    for (state, code) in [("banned", ErrorCode::UserBanned), ("frozen", ErrorCode::UserFrozen)] {
        post(&server, "/admin/api/user", json!({ "user": "basil", "state": state })).await.data();
        assert_eq!(say(&mut basil, 2, w.amber.uid, "x").await.0, code as i32, "{state}");
    }
    // Basil was told, and cannot come back.
    assert_eq!(told(&mut basil).await, [Told::user(user_notice::Type::Frozen, "")]);
    assert!(told(&mut amber).await.is_empty());
    let mut back = Device::connect(&server.address().to_string()).await;
    assert_eq!(back.provision(&w.basil, "b").await.status.unwrap().code, ErrorCode::UserFrozen as i32);
    post(&server, "/admin/api/user", json!({ "user": "basil", "state": "normal" })).await.data();
    assert_eq!(back.provision(&w.basil, "b").await.status.unwrap().code, 1);
}

#[tokio::test]
async fn devices_are_limited_when_the_application_says_so() {
    let server = server().await;
    switch(&server, json!({ "max_devices": 2 })).await;
    let w = world(&server).await;
    let one = Device::login(&server, &w.amber, "one").await;
    let second_token = Account::login(&server, "amber").await;
    let _two = Device::login(&server, &second_token, "two").await;
    let third_token = Account::login(&server, "amber").await;
    let mut three = Device::connect(&server.address().to_string()).await;
    assert_eq!(three.provision(&third_token, "three").await.status.unwrap().code, ErrorCode::TooManyDevices as i32);
    // A known device and another account are not concerned.
    drop(one);
    let one = Device::login(&server, &w.amber, "one").await;
    Device::login(&server, &w.basil, "one").await;
    third_token.call(&server, "POST", "/user/kick", json!({ "device_sn": one.sn })).await.data();
    assert_eq!(three.provision(&third_token, "three").await.status.unwrap().code, 1);
}

#[tokio::test]
async fn an_application_out_of_service_lets_nobody_in() {
    let server = server().await;
    let w = world(&server).await;
    let mut amber = Device::login(&server, &w.amber, "a").await;
    for status in ["banned", "frozen", "revoked"] {
        switch(&server, json!({ "app_status": status })).await;
        let dns = crate::client::http(&server, "GET", "/v2/app_dns?app_id=floo-demo", &[], Value::Null).await;
        assert_eq!(dns.data()["app_status"], status);
        let reply = post(&server, "/token/user", json!({ "name": "amber", "password": "amber-demo" })).await;
        assert_eq!(reply.code(), 40003);
        assert_eq!(amber.provision(&w.amber, "a").await.status.unwrap().code, ErrorCode::AppFrozen as i32);
    }
    switch(&server, json!({ "app_status": "normal" })).await;
    assert_eq!(amber.provision(&w.amber, "a").await.status.unwrap().code, 1);
}

#[tokio::test]
async fn receipts_of_a_group_message_go_to_its_author_only() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut clover = Device::login(&server, &w.clover, "c").await;
    for device in [&mut amber, &mut basil, &mut clover] {
        device.pull_all(w.team).await;
    }
    amber.pull_all(w.basil.uid).await;
    // Only in groups that want it.
    let read_ack = |on| json!({ "group_id": w.team, "value": on });
    w.amber.call(&server, "POST", "/group/settings/enable_read_ack", read_ack(false)).await.data();
    let early = amber.text(9, w.team, "who cares?").await;
    assert_ok(&basil.operate(9, w.amber.uid, OpType::ReadAck, early, None, "").await);
    assert!(amber.pull_all(w.basil.uid).await.is_empty());
    assert_eq!(body(&basil.history(w.team, 0, 1).await.metas[0]).status, 2, "read all the same");
    w.amber.call(&server, "POST", "/group/settings/enable_read_ack", read_ack(true)).await.data();
    let mid = amber.text(1, w.team, "who reads this?").await;
    for device in [&mut amber, &mut basil, &mut clover] {
        device.pull_all(w.team).await;
        device.forget_notices();
    }
    for (n, kind) in [OpType::DeliverAck, OpType::ReadAck, OpType::PlayAck].into_iter().enumerate() {
        assert_ok(&basil.operate(n as u64 + 1, w.amber.uid, kind, mid, None, "").await);
        assert_eq!(amber.notice().await, w.basil.uid, "in the chat with the reader");
    }
    let receipts: Vec<_> = amber.pull_all(w.basil.uid).await.iter().map(|meta| body(meta).operation.unwrap()).collect();
    assert!(receipts.iter().all(|operation| operation.mid == mid));
    assert_eq!(receipts.iter().map(|r| r.r#type).collect::<Vec<_>>(), [4, 1, 7]);
    assert_eq!(clover.unread(w.amber.uid).await, None, "nobody else hears of it");
    let status = |page: SyncDl| body(&page.metas[0]).status;
    assert_eq!(status(basil.history(w.team, 0, 1).await), 2, "read by Basil");
    assert_eq!(status(amber.history(w.team, 0, 1).await), 0, "not by the group");
}

#[tokio::test]
async fn operations_neither_move_nor_revive_conversations() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mid = amber.text(1, w.basil.uid, "older").await;
    amber.text(2, w.team, "newer").await;
    assert_ok(&basil.operate(1, w.amber.uid, OpType::ReadAck, mid, None, "").await);
    let order: Vec<_> = amber.unread_list().await.unread.iter().map(|row| row.xid.as_ref().unwrap().uid).collect();
    assert_eq!(order[..2], [w.team, w.basil.uid]);
    assert_eq!(amber.unread(w.basil.uid).await, Some(3), "but it is there to be pulled");
}

#[tokio::test]
async fn edits_need_something_to_edit_with_and_have_a_limit() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let mid = amber.text(1, w.basil.uid, &"x".repeat(60_000)).await;
    let edit = |kind: OpType, content: &str, ext: &str| MessageBody {
        r#type: message_body::Type::Oper.into(),
        content: content.into(),
        config: "null".into(),
        ext: ext.into(),
        operation: Some(MessageOperation { r#type: kind.into(), mid, xid: None }),
        ..MessageBody::default()
    };
    for (kind, content, ext, word) in [
        (OpType::Append, "", "null", "content"),
        (OpType::Replace, "", "{}", "content"),
        (OpType::Append, &"y".repeat(6_000), "", "too long"),
    ] {
        let ack = amber.send_meta(amber.meta(2, w.basil.uid, &edit(kind, content, ext))).await;
        assert_ne!(refusal(&ack).0, 1, "{word}");
        assert!(refusal(&ack).1.contains(word), "{:?}", refusal(&ack));
    }
    for (n, content, ext) in [(3, "short", ""), (4, "", r#"{"ai":{"finish":true}}"#)] {
        let ack = amber.send_meta(amber.meta(n, w.basil.uid, &edit(OpType::Replace, content, ext))).await;
        assert_ok(&ack);
        assert!(ack.edit_timestamp > 0);
    }
    // In a group as well.
    let mid = amber.text(5, w.team, "a").await;
    assert_ok(&amber.operate(6, w.team, OpType::Append, mid, None, "b").await);
    assert_eq!(texts(&basil.history(w.team, 0, 1).await.metas), ["ab"]);
    let ack = basil.operate(1, w.team, OpType::Append, mid, None, "c").await;
    assert_eq!(refusal(&ack).1, "only the author may change this message");
}

#[tokio::test]
async fn history_can_be_paged_towards_the_present() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    let mut mids = Vec::new();
    for n in 1..=7 {
        mids.push(amber.text(n, w.basil.uid, &n.to_string()).await);
    }
    let page = amber.history(w.basil.uid, mids[0], -3).await;
    assert_eq!(texts(&page.metas), ["4", "3", "2"], "the nearest ones, newest first as always");
    assert_eq!(page.next_key, mids[3]);
    let page = amber.history(w.basil.uid, page.next_key, -3).await;
    assert_eq!((texts(&page.metas), page.next_key), (vec!["7".into(), "6".into(), "5".into()], 0));
    let start = amber.history(w.basil.uid, 0, -2).await;
    assert_eq!(start.metas.len(), 2);
    assert_eq!(start.next_key, start.metas[0].id, "from the very beginning");
    assert!(amber.history(w.basil.uid, mids[6], -5).await.metas.is_empty());
}

#[tokio::test]
async fn ids_near_the_top_of_64_bits_work_everywhere() {
    let server = server_with(Config { high_ids: true, ..Config::default() }).await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let first = amber.text(1, w.basil.uid, "high").await;
    assert!(first > u64::MAX - (1 << 32));
    let second = amber.text(2, w.basil.uid, "higher").await;
    let page = basil.pull(w.amber.uid, 0).await;
    assert_eq!(page.metas.iter().map(|meta| meta.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(page.next_key, second);
    assert!(basil.pull(w.amber.uid, second).await.metas.is_empty());
    assert_eq!(basil.unread(w.amber.uid).await, Some(0));
    assert_ok(&basil.operate(1, w.amber.uid, OpType::ReadAck, first, None, "").await);
    assert_ok(&amber.operate(3, w.basil.uid, OpType::Append, first, None, "!").await);
    let past = basil.history(w.amber.uid, second, 1).await;
    assert_eq!((past.metas[0].id, body(&past.metas[0]).status, texts(&past.metas)), (first, 2, vec!["high!".into()]));
    let operation = body(&basil.pull_all(w.amber.uid).await[0]).operation.unwrap();
    assert_eq!(operation.mid, first);
}
