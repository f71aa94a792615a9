use floo_emulator::{Config, Delivery};
use floo_wasm::core::proto::{
    Conversation, ConversationOperation, MessageBody, RtcSignal, SyncDl, UserNotice, Xid, conversation,
    conversation_operation, frame::Command, message_body, message_operation::OpType, meta::NameSpace,
    status::ErrorCode,
};
use prost::Message;
use serde_json::json;

use crate::client::{
    Account, Device, World, assert_ok, body, body_to, post, refusal, server, server_with, texts, world,
};

const READ: i32 = 2;

async fn pair(server: &floo_emulator::Emulator) -> (World, Device, Device) {
    let w = world(server).await;
    let amber = Device::login(server, &w.amber, "amber-1").await;
    let basil = Device::login(server, &w.basil, "basil-1").await;
    (w, amber, basil)
}

#[tokio::test]
async fn two_people_chat_both_ways() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    amber.pull_all(w.basil.uid).await;

    let first = amber.text(1001, w.basil.uid, "你好 Basil 👋").await;
    assert!(first > 1 << 53);
    assert_eq!(basil.notice().await, w.amber.uid);
    let page = basil.pull(w.amber.uid, 0).await;
    assert_eq!(texts(&page.metas), ["你好 Basil 👋"]);
    let meta = &page.metas[0];
    assert_eq!(meta.id, first);
    assert_eq!(page.next_key, first, "a page with metas always has a key");
    assert_eq!(meta.from, Some(Xid { uid: w.amber.uid, device_sn: amber.sn }));
    assert_eq!(meta.to, Some(Xid { uid: w.basil.uid, device_sn: 0 }));
    assert_ne!(meta.timestamp, 1_700_000_000_000, "the server's time");
    let end = basil.pull(w.amber.uid, first).await;
    assert_eq!((end.metas.len(), end.next_key), (0, 0));

    let second = basil.text(1, w.amber.uid, "Hello!").await;
    assert!(second > first);
    assert_eq!(amber.notice().await, w.basil.uid);
    assert_eq!(texts(&amber.pull_all(w.basil.uid).await), ["Hello!"]);
}

#[tokio::test]
async fn own_messages_reach_the_own_other_devices_only() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.amber, "amber-2").await;
    amber.pull_all(w.basil.uid).await;
    phone.pull_all(w.basil.uid).await;
    amber.text(1, w.basil.uid, "from the laptop").await;
    assert_eq!(phone.notice().await, w.basil.uid);
    let metas = phone.pull_all(w.basil.uid).await;
    assert_eq!(texts(&metas), ["from the laptop"]);
    assert_eq!(metas[0].from.as_ref().unwrap().uid, w.amber.uid);
    assert!(amber.pull_all(w.basil.uid).await.is_empty());
    assert_eq!(amber.unread(w.basil.uid).await, Some(0));
}

#[tokio::test]
async fn unread_counts_follow_the_position_of_each_device() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.basil, "basil-2").await;
    for device in [&mut basil, &mut phone] {
        device.pull_all(w.amber.uid).await;
        assert_eq!(device.unread(w.amber.uid).await, Some(0), "listed with 0");
    }
    for mid in 1..=3 {
        amber.text(mid, w.basil.uid, "x").await;
    }
    assert_eq!(basil.unread(w.amber.uid).await, Some(3));
    let page = basil.pull(w.amber.uid, 0).await;
    assert_eq!(basil.unread(w.amber.uid).await, Some(3), "not confirmed yet");
    // Confirming one in the middle, then all; going back is not possible.
    basil.pull(w.amber.uid, page.metas[1].id).await;
    assert_eq!(basil.unread(w.amber.uid).await, Some(1));
    basil.pull(w.amber.uid, page.metas[0].id).await;
    assert_eq!(basil.unread(w.amber.uid).await, Some(1));
    // A key beyond the end must not hide what comes later.
    basil.pull(w.amber.uid, u64::MAX).await;
    assert_eq!(basil.unread(w.amber.uid).await, Some(0));
    amber.text(4, w.basil.uid, "later").await;
    assert_eq!(basil.unread(w.amber.uid).await, Some(1));
    assert_eq!(phone.unread(w.amber.uid).await, Some(4));
    let kinds: Vec<_> = basil.unread_list().await.unread.iter().map(|row| row.r#type).collect();
    assert_eq!(kinds, [1, 2], "newest first: the chat, then the group");
}

#[tokio::test]
async fn long_streams_come_in_pages() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    for mid in 1..=120 {
        amber.text(mid, w.basil.uid, &format!("{mid}")).await;
    }
    let first = basil.pull(w.amber.uid, 0).await;
    assert_eq!(first.metas.len(), 50);
    // Without a key the same page comes again.
    assert_eq!(basil.pull(w.amber.uid, 0).await, first);
    let all = basil.pull_all(w.amber.uid).await;
    let expected: Vec<_> = (1..=120).map(|n| n.to_string()).collect();
    assert_eq!(texts(&all), expected);
    assert!(all.is_sorted_by(|a, b| a.id < b.id));
    // A device that has never synced starts at the last 20.
    let mut fresh = Device::login(&server, &w.basil, "basil-new").await;
    assert_eq!(fresh.unread(w.amber.uid).await, Some(20));
    assert_eq!(texts(&fresh.pull_all(w.amber.uid).await), expected[100..]);
}

#[tokio::test]
async fn a_repeated_send_gets_the_same_ack_and_is_delivered_once() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let meta = amber.meta(42, w.basil.uid, &body_to(w.basil.uid, "once"));
    let first = amber.send_meta(meta.clone()).await;
    assert_ok(&first);
    let again = amber.send_meta(meta.clone()).await;
    assert_eq!(first, again);
    // From another device of the account as well: the client id belongs to the account.
    let mut phone = Device::login(&server, &w.amber, "amber-2").await;
    assert_eq!(phone.send_meta(meta.clone()).await, first);
    let other = amber.meta(42, w.basil.uid, &body_to(w.basil.uid, "something else"));
    let ack = amber.send_meta(other).await;
    assert_eq!(refusal(&ack), (ErrorCode::Fail as i32, "client msg id duplicated"));
    // Another account may use the same id.
    basil.text(42, w.amber.uid, "mine").await;
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["once"]);
    // After a day the id is free again.
    post(&server, "/admin/api/clock", json!({ "offset_ms": 25 * 3_600_000 })).await.data();
    let late = amber.send_meta(meta).await;
    assert_ok(&late);
    assert_ne!(late.server_mid, first.server_mid);
}

#[tokio::test]
async fn a_group_message_reaches_every_member() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut clover = Device::login(&server, &w.clover, "clover-1").await;
    for device in [&mut amber, &mut basil, &mut clover] {
        device.pull_all(w.team).await;
    }
    let mid = amber.text(9, w.team, "大家早").await;
    for device in [&mut basil, &mut clover] {
        assert_eq!(device.notice().await, w.team);
        let metas = device.pull_all(w.team).await;
        assert_eq!((metas[0].id, texts(&metas)), (mid, vec!["大家早".to_owned()]));
        assert_eq!(metas[0].to.as_ref().unwrap().uid, w.team);
    }
    assert!(amber.pull_all(w.team).await.is_empty());

    post(&server, "/user/register/v2", json!({ "username": "dill", "password": "dill-demo" })).await.data();
    let outsider = Account::login(&server, "dill").await;
    let mut outsider = Device::login(&server, &outsider, "dill-1").await;
    let ack = outsider.send_meta(outsider.meta(1, w.team, &body_to(w.team, "let me in"))).await;
    assert_eq!(refusal(&ack), (ErrorCode::Fail as i32, "the sender is not a member of the group"));
    let ack = outsider.send_meta(outsider.meta(2, 33, &body_to(33, "anybody?"))).await;
    assert_eq!(refusal(&ack), (ErrorCode::Fail as i32, "the group does not exist"));
}

#[tokio::test]
async fn bad_metas_are_refused_by_field_and_nothing_is_stored() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let to = w.basil.uid;
    let good = amber.meta(1, to, &body_to(to, "x"));
    let long = "x".repeat(64 * 1024 + 1);
    let huge = "x".repeat(10_000_000);
    let ext = MessageBody { ext: "x".repeat(16 * 1024 + 1), ..body_to(to, "x") };
    let config = MessageBody { config: "x".repeat(16 * 1024 + 1), ..body_to(to, "x") };
    let normal = MessageBody { r#type: 0, ..body_to(to, "x") };
    let oper = MessageBody { r#type: 1, ..body_to(to, "x") };
    let with = |change: &dyn Fn(&mut floo_wasm::core::proto::Meta)| {
        let mut meta = good.clone();
        change(&mut meta);
        meta
    };
    let invalid = ErrorCode::InvalidParameter;
    for (meta, expected, word) in [
        (with(&|m| m.from = None), invalid, "meta.from"),
        (with(&|m| m.from = Some(Xid { uid: w.basil.uid, device_sn: 1 })), invalid, "meta.from"),
        (with(&|m| m.to = None), invalid, "meta.to"),
        (with(&|m| m.ns = 2), invalid, "meta.ns"),
        (with(&|m| m.ns = 42), invalid, "meta.ns"),
        (with(&|m| m.payload = vec![0xff].into()), ErrorCode::PbParserError, "meta.payload"),
        (amber.meta(1, 4711, &body_to(4711 & !1, "x")), ErrorCode::Fail, "does not exist"),
        (amber.meta(1, to, &body_to(to, "")), invalid, "content"),
        (amber.meta(1, to, &body_to(to, &long)), invalid, "content"),
        (amber.meta(1, to, &body_to(to, &huge)), invalid, "content"),
        (amber.meta(1, to, &ext), invalid, "ext"),
        (amber.meta(1, to, &config), invalid, "config"),
        (amber.meta(1, to, &normal), invalid, "type"),
        (amber.meta(1, to, &oper), invalid, "operation"),
    ] {
        let ack = amber.send_meta(meta).await;
        assert_eq!(refusal(&ack).0, expected as i32, "{word}: {:?}", refusal(&ack));
        assert!(refusal(&ack).1.contains(word), "{word}: {:?}", refusal(&ack));
        assert_eq!((ack.client_mid, ack.server_mid), (1, 0));
    }
    // Without a client id there is no ack; the refusal comes as a page.
    let ack = amber.send_meta(with(&|m| m.id = 0)).await;
    assert!(refusal(&ack).1.contains("meta.id"));
    assert_eq!(basil.unread(w.amber.uid).await, Some(0));
    // The id of a refused meta is still free, and the largest text goes through.
    let text = "x".repeat(64 * 1024);
    amber.text(1, to, &text).await;
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), [text]);
}

#[tokio::test]
async fn typing_reaches_connected_devices_and_is_never_stored() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let typing = MessageBody {
        r#type: message_body::Type::Chat.into(),
        ext: r#"{"input_status":"typing"}"#.into(),
        qos: message_body::QoS::AtMostOnce.into(),
        ..MessageBody::default()
    };
    let ack = amber.send_meta(amber.meta(7, w.basil.uid, &typing)).await;
    assert_ok(&ack);
    let page = basil.page().await;
    assert_eq!(page.xid.as_ref().unwrap().uid, w.amber.uid);
    assert_eq!(page.next_key, 0, "a key would confirm more than this");
    assert!(page.is_eager_sync);
    assert_eq!(body(&page.metas[0]).ext, typing.ext);
    assert_eq!(basil.unread(w.amber.uid).await, Some(0));
    assert!(texts(&basil.history(w.amber.uid, 0, 10).await.metas).iter().all(|t| !t.is_empty()));
    // A repeated send is not passed on again: the next frame is the message.
    assert_eq!(amber.send_meta(amber.meta(7, w.basil.uid, &typing)).await, ack);
    amber.text(8, w.basil.uid, "typed").await;
    assert_eq!(basil.frame().await.command, Some(Command::Notice.into()));
}

#[tokio::test]
async fn history_goes_back_page_by_page_without_touching_positions() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    for mid in 1..=25 {
        amber.text(mid, w.basil.uid, &format!("{mid}")).await;
    }
    let before = basil.unread(w.amber.uid).await;
    let first = basil.history(w.amber.uid, 0, 10).await;
    assert_eq!(texts(&first.metas)[..2], ["25", "24"]);
    assert_eq!(first.metas.len(), 10);
    assert_eq!(first.next_key, first.metas[9].id);
    let mut all = first.metas;
    let mut key = first.next_key;
    while key != 0 {
        let page = basil.history(w.amber.uid, key, 10).await;
        assert!(page.is_full_sync);
        assert_eq!(page.xid.as_ref().unwrap().uid, w.amber.uid);
        all.extend(page.metas);
        key = page.next_key;
    }
    assert_eq!(all.len(), 27, "25 and the two of the demo");
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    assert_eq!(basil.unread(w.amber.uid).await, before);
    // The author sees the same, and an id near 2^64 is no bound.
    let own = amber.history(w.basil.uid, u64::MAX, 100).await;
    assert_eq!(texts(&own.metas), texts(&all));
    assert_eq!(own.next_key, 0);
    // Exactly as many as there are: nothing older is promised.
    assert_eq!(amber.history(w.basil.uid, 0, 27).await.next_key, 0);
    assert_ne!(amber.history(w.basil.uid, 0, 26).await.next_key, 0);
}

#[tokio::test]
async fn read_receipts_change_the_status_and_reach_the_author() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    amber.pull_all(w.basil.uid).await;
    let mid = amber.text(1, w.basil.uid, "read me").await;
    let newest = |page: &SyncDl| body(&page.metas[0]).status;
    assert_eq!(newest(&amber.history(w.basil.uid, 0, 1).await), 0);
    assert_ok(&basil.operate(2, w.amber.uid, OpType::DeliverAck, mid, None, "").await);
    assert_eq!(newest(&amber.history(w.basil.uid, 0, 1).await), 1);
    assert_ok(&basil.operate(3, w.amber.uid, OpType::ReadAck, mid, None, "").await);
    assert_ok(&basil.operate(4, w.amber.uid, OpType::DeliverAck, mid, None, "").await);
    assert_eq!(newest(&amber.history(w.basil.uid, 0, 1).await), READ, "never back");
    assert_eq!(newest(&basil.history(w.amber.uid, 0, 1).await), READ);
    let metas = amber.pull_all(w.basil.uid).await;
    let operation = body(&metas[1]).operation.unwrap();
    assert_eq!((operation.r#type, operation.mid), (OpType::ReadAck as i32, mid));
    assert_eq!(amber.history(w.basil.uid, 0, 50).await.metas.len(), 3, "no operations in history");
    // Clover has nothing to do with that message.
    let mut clover = Device::login(&server, &w.clover, "c").await;
    let unread = amber.text(5, w.basil.uid, "unread").await;
    assert_ok(&clover.operate(6, w.amber.uid, OpType::ReadAck, unread, None, "").await);
    assert_eq!(newest(&amber.history(w.basil.uid, 0, 1).await), 0);
}

#[tokio::test]
async fn read_all_unread_and_delete_go_to_the_own_other_devices() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.basil, "basil-2").await;
    let first = amber.text(1, w.basil.uid, "one").await;
    let second = amber.text(2, w.basil.uid, "two").await;
    let (me, peer) = (w.basil.uid, Some(w.amber.uid));
    let status = |page: &SyncDl| page.metas.iter().map(|m| body(m).status).collect::<Vec<_>>();
    assert_ok(&basil.operate(10, me, OpType::ReadAll, first, peer, "").await);
    // "two", "one", and the demo's two: Amber's and Basil's own.
    assert_eq!(status(&basil.history(w.amber.uid, 0, 4).await), [0, READ, READ, 0]);
    assert_ok(&basil.operate(11, me, OpType::ReadCancel, first, peer, "").await);
    assert_eq!(status(&basil.history(w.amber.uid, 0, 2).await), [0, 0]);
    assert_ok(&basil.operate(12, me, OpType::Delete, second, peer, "").await);
    assert_eq!(texts(&basil.history(w.amber.uid, 0, 1).await.metas), ["one"]);
    assert_eq!(texts(&amber.history(w.basil.uid, 0, 1).await.metas), ["two"], "only for Basil");
    let operations = phone.pull_all(0).await;
    let kinds: Vec<_> = operations.iter().map(|m| body(m).operation.unwrap().r#type).collect();
    assert_eq!(kinds, [OpType::ReadAll as i32, OpType::ReadCancel as i32, OpType::Delete as i32]);
    assert!(basil.pull_all(0).await.is_empty());
    // The own account only, and with the conversation.
    let ack = basil.operate(13, w.amber.uid, OpType::Delete, second, peer, "").await;
    assert!(refusal(&ack).1.contains("meta.to"));
    let ack = basil.operate(14, me, OpType::Delete, second, None, "").await;
    assert!(refusal(&ack).1.contains("operation.xid"));
    let ack = basil.operate(15, me, OpType::Delete, 0, peer, "").await;
    assert!(refusal(&ack).1.contains("operation.mid"));
}

#[tokio::test]
async fn recall_is_for_the_author_in_time_and_for_the_owner_of_the_group() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mid = amber.text(1, w.basil.uid, "oops").await;
    let ack = basil.operate(1, w.amber.uid, OpType::Recall, mid, Some(w.amber.uid), "").await;
    assert_eq!(refusal(&ack).1, "only the author may change this message");
    assert_ok(&amber.operate(2, w.basil.uid, OpType::Recall, mid, Some(w.basil.uid), "").await);
    assert_ne!(texts(&basil.history(w.amber.uid, 0, 1).await.metas), ["oops"]);
    let metas = basil.pull_all(w.amber.uid).await;
    let operation = body(metas.last().unwrap()).operation.unwrap();
    assert_eq!((operation.r#type, operation.mid), (OpType::Recall as i32, mid));

    let late = amber.text(3, w.basil.uid, "too late").await;
    let in_team = basil.text(2, w.team, "in the team").await;
    post(&server, "/admin/api/clock", json!({ "offset_ms": 301_000 })).await.data();
    let ack = amber.operate(4, w.basil.uid, OpType::Recall, late, Some(w.basil.uid), "").await;
    assert_eq!(refusal(&ack), (ErrorCode::Fail as i32, "exceed recall time limit"));
    let ack = basil.operate(3, w.team, OpType::Recall, in_team, Some(w.team), "").await;
    assert_eq!(refusal(&ack).1, "exceed recall time limit");
    assert_ok(&amber.operate(5, w.team, OpType::Recall, in_team, Some(w.team), "").await);
    let ack = amber.operate(6, w.team, OpType::Recall, late, Some(w.team), "").await;
    assert!(refusal(&ack).1.contains("no such message"), "not in that conversation");
}

#[tokio::test]
async fn edits_are_folded_into_history_and_carry_their_time() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let mut sent = body_to(w.basil.uid, "Hello");
    sent.ext = r#"{"ai":{"stream":true},"a":1}"#.into();
    let mid = amber.send_meta(amber.meta(1, w.basil.uid, &sent)).await.server_mid;
    let first = amber.operate(2, w.basil.uid, OpType::Append, mid, None, ", world").await;
    let second = amber.operate(3, w.basil.uid, OpType::Append, mid, None, "!").await;
    assert!(first.edit_timestamp > 0);
    assert!(second.edit_timestamp > first.edit_timestamp, "strictly growing");
    let ack = basil.operate(9, w.amber.uid, OpType::Append, mid, None, "?").await;
    assert_eq!(refusal(&ack).1, "only the author may change this message");

    let stream = basil.pull_all(w.amber.uid).await;
    assert_eq!(texts(&stream), ["Hello", ", world", "!"], "the stream keeps the steps");
    assert_eq!(body(&stream[1]).edit_timestamp, first.edit_timestamp);
    assert_eq!(body(&stream[0]).edit_timestamp, 0);
    let folded = body(&basil.history(w.amber.uid, 0, 1).await.metas[0]);
    assert_eq!(folded.content, "Hello, world!");
    assert_eq!(folded.edit_timestamp, second.edit_timestamp);

    let replace = MessageBody {
        r#type: message_body::Type::Oper.into(),
        ext: r#"{"ai":{"finish":true},"b":[2]}"#.into(),
        config: "null".into(),
        operation: Some(floo_wasm::core::proto::MessageOperation { r#type: OpType::Replace.into(), mid, xid: None }),
        ..MessageBody::default()
    };
    assert_ok(&amber.send_meta(amber.meta(4, w.basil.uid, &replace)).await);
    let folded = body(&amber.history(w.basil.uid, 0, 1).await.metas[0]);
    assert_eq!(folded.content, "Hello, world!", "empty keeps the text");
    assert_eq!(folded.config, "", "the text null counts as absent");
    let ext: serde_json::Value = serde_json::from_str(&folded.ext).unwrap();
    assert_eq!(ext, json!({ "ai": { "stream": true, "finish": true }, "a": 1, "b": [2] }));
}

#[tokio::test]
async fn fields_of_the_server_cannot_be_forged_and_unknown_ones_survive() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let forged = MessageBody { is_system: true, status: READ, edit_timestamp: 99, ..body_to(w.basil.uid, "trust me") };
    let mut meta = amber.meta(1, w.basil.uid, &forged);
    let mut payload = meta.payload.to_vec();
    // Field 200, bytes "abc".
    payload.extend([0xc2, 0x0c, 3, b'a', b'b', b'c']);
    meta.payload = payload.into();
    assert_ok(&amber.send_meta(meta).await);
    let live = basil.pull_all(w.amber.uid).await.remove(0);
    let past = basil.history(w.amber.uid, 0, 1).await.metas.remove(0);
    for meta in [live, past] {
        let body = body(&meta);
        assert_eq!((body.is_system, body.status, body.edit_timestamp), (false, 0, 0));
        assert!(meta.payload.windows(3).any(|bytes| bytes == b"abc"));
    }
}

#[tokio::test]
async fn deleted_conversations_leave_the_list_until_something_new_comes() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.basil, "basil-2").await;
    let peer = w.amber.uid;
    let delete = async |device: &mut Device, mid, kind: conversation_operation::OpType| {
        let body = Conversation {
            r#type: conversation::Type::Oper.into(),
            operation: Some(ConversationOperation {
                r#type: kind.into(),
                xid: Some(Xid { uid: peer, device_sn: device.sn }),
            }),
        };
        let mut meta = device.meta(mid, 0, &MessageBody::default());
        meta.to = None;
        meta.ns = NameSpace::Conversation.into();
        meta.payload = body.encode_to_vec().into();
        assert_ok(&device.send_meta(meta).await);
    };
    delete(&mut basil, 1, conversation_operation::OpType::Delete).await;
    assert_eq!(basil.unread(peer).await, None);
    assert!(phone.unread(peer).await.is_some());
    assert!(phone.pull_all(0).await.is_empty());
    amber.text(1, w.basil.uid, "here I am").await;
    assert!(basil.unread(peer).await.is_some());

    delete(&mut basil, 2, conversation_operation::OpType::DeleteEverywhere).await;
    assert_eq!(basil.unread(peer).await, None);
    assert_eq!(phone.unread(peer).await, None);
    let metas = phone.pull_all(0).await;
    assert_eq!(metas[0].ns, NameSpace::Conversation as i32);
    amber.text(2, w.basil.uid, "again").await;
    assert!(phone.unread(peer).await.is_some());
}

#[tokio::test]
async fn rtc_signals_are_answered_with_an_error_to_the_same_device() {
    let server = server().await;
    let (_w, mut amber, _basil) = pair(&server).await;
    let signal = RtcSignal { r#type: 1, content: r#"{"janus":"create"}"#.into(), media_server: "x".into() };
    let mut meta = amber.meta(1, 0, &MessageBody::default());
    meta.ns = NameSpace::RtcSignal.into();
    meta.payload = signal.encode_to_vec().into();
    assert_ok(&amber.send_meta(meta).await);
    let page = amber.page().await;
    let answer = RtcSignal::decode(page.metas[0].payload.clone()).unwrap();
    assert!(answer.content.contains(r#""janus":"error""#));
}

#[tokio::test]
async fn eager_delivery_pushes_only_to_devices_that_are_up_to_date() {
    let server = server_with(Config { delivery: Delivery::Eager, ..Config::default() }).await;
    let (w, mut amber, mut basil) = pair(&server).await;
    // Two messages of the demo are not confirmed: Basil is told to pull.
    amber.text(1, w.basil.uid, "one").await;
    assert_eq!(basil.notice().await, w.amber.uid);
    let seen = basil.pull_all(w.amber.uid).await;
    let second = amber.text(2, w.basil.uid, "two").await;
    let page = basil.page().await;
    assert!(page.is_eager_sync);
    assert_eq!(texts(&page.metas), ["two"]);
    assert_eq!((page.next_key, page.prev_mid), (second, seen.last().unwrap().id));
    // "two" is not confirmed, so "three" must be pulled, together with "two".
    amber.text(3, w.basil.uid, "three").await;
    assert_eq!(basil.notice().await, w.amber.uid);
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["two", "three"]);
}

#[tokio::test]
async fn blind_delivery_pushes_over_a_gap_and_says_where_it_is() {
    let server = server_with(Config { delivery: Delivery::Blind, ..Config::default() }).await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let lost = amber.text(1, w.basil.uid, "lost on the way").await;
    basil.page().await;
    let pushed = amber.text(2, w.basil.uid, "pushed").await;
    let page = basil.page().await;
    assert_eq!((texts(&page.metas), page.prev_mid, page.next_key), (vec!["pushed".into()], lost, pushed));
    // Nothing was confirmed, so a pull without a key closes the gap.
    assert_eq!(texts(&basil.pull_all(w.amber.uid).await), ["lost on the way", "pushed"]);
}

#[tokio::test]
async fn mixed_delivery_uses_both_ways() {
    let server = server_with(Config { delivery: Delivery::Mixed, ..Config::default() }).await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let (mut notices, mut pages) = (0, 0);
    for mid in 1..=40 {
        let server_mid = amber.text(mid, w.basil.uid, "x").await;
        if basil.frame().await.command == Some(Command::Notice.into()) {
            notices += 1;
        } else {
            pages += 1;
        }
        basil.pull(w.amber.uid, server_mid).await;
    }
    assert!(notices > 5 && pages > 5, "{notices} {pages}");
}

#[tokio::test]
async fn notices_of_the_server_come_in_the_system_conversation() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    for body in [
        json!({ "kind": "user", "user": "amber", "type": "DEVICE_LOGIN", "content": "{}" }),
        json!({ "kind": "roster", "user": "amber", "type": "APPLIED", "from": "basil", "content": "hi" }),
        json!({ "kind": "group", "user": "amber", "type": "JOINED", "group": w.team, "from": "basil" }),
        json!({ "kind": "message", "user": "amber", "content": "maintenance at noon" }),
    ] {
        post(&server, "/admin/api/notice", body).await.data();
        assert_eq!(amber.notice().await, 0);
    }
    let row = amber.unread_list().await.unread.remove(0);
    assert_eq!((row.n, row.r#type), (4, 0));
    let metas = amber.pull_all(0).await;
    let spaces: Vec<_> = metas.iter().map(|meta| meta.ns).collect();
    assert_eq!(spaces, [4, 3, 2, 1]);
    let notice = UserNotice::decode(metas[0].payload.clone()).unwrap();
    assert_eq!(notice.r#type, 7);
    assert!(body(&metas[3]).is_system);
}

#[tokio::test]
async fn every_kind_of_content_arrives_as_it_was_sent() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    basil.pull_all(w.amber.uid).await;
    let mut sent = Vec::new();
    for ctype in 0..=8 {
        let message = MessageBody {
            ctype,
            // What a merged forward takes.
            attachment: format!(r#"{{"list":"{}"}}"#, "x".repeat(if ctype == 7 { 40_000 } else { 9 })),
            config: r#"{"mentionList":[6597069766656]}"#.into(),
            ext: r#"{"k":"值"}"#.into(),
            sender_name: "Amber".into(),
            priority: 3,
            ..body_to(w.basil.uid, if ctype == 0 { "text" } else { "" })
        };
        assert_ok(&amber.send_meta(amber.meta(ctype as u64 + 1, w.basil.uid, &message)).await);
        sent.push(message);
    }
    let got: Vec<_> = basil.pull_all(w.amber.uid).await.iter().map(body).collect();
    assert_eq!(got, sent);
    let past: Vec<_> = basil.history(w.amber.uid, 0, 9).await.metas.iter().rev().map(body).collect();
    assert_eq!(past, sent);
}

#[tokio::test]
async fn typing_in_a_group_reaches_who_is_connected_unless_it_may_not() {
    let server = server().await;
    let (w, mut amber, mut basil) = pair(&server).await;
    let typing = |to| MessageBody { qos: message_body::QoS::AtMostOnce.into(), ext: "{}".into(), ..body_to(to, "") };
    assert_ok(&amber.send_meta(amber.meta(1, w.team, &typing(w.team))).await);
    let page = basil.page().await;
    assert_eq!((page.xid.unwrap().uid, page.metas[0].to.as_ref().unwrap().uid), (w.team, w.team));
    w.basil.call(&server, "POST", "/roster/block", json!({ "user_id": w.amber.uid })).await.data();
    let ack = amber.send_meta(amber.meta(2, w.basil.uid, &typing(w.basil.uid))).await;
    assert_eq!(refusal(&ack).1, "you have been blocked by the recipient");
}

#[tokio::test]
async fn messages_of_the_system_can_be_read_and_deleted() {
    let server = server().await;
    let (w, mut amber, _basil) = pair(&server).await;
    let mut phone = Device::login(&server, &w.amber, "amber-2").await;
    for content in ["first", "second"] {
        post(&server, "/admin/api/notice", json!({ "kind": "message", "user": "amber", "content": content })).await;
    }
    let mids: Vec<_> = amber.pull_all(0).await.iter().map(|meta| meta.id).collect();
    assert_ok(&amber.operate(1, 0, OpType::ReadAck, mids[0], None, "").await);
    assert_ok(&amber.operate(2, w.amber.uid, OpType::Delete, mids[1], Some(0), "").await);
    let left = amber.history(0, 0, 10).await;
    assert_eq!((texts(&left.metas), body(&left.metas[0]).status), (vec!["first".into()], READ));
    let kinds: Vec<_> =
        phone.pull_all(0).await.iter().map(|meta| body(meta).operation.map_or(0, |o| o.r#type)).collect();
    assert_eq!(kinds, [0, 0, OpType::ReadAck as i32, OpType::Delete as i32]);
}
