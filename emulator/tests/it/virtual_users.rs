//! Virtual users: who answers what, and that they keep still otherwise.
use std::time::Duration;

use floo_emulator::{Config, Emulator, bots::Bot};
use floo_wasm::core::proto::{MessageBody, message_operation::OpType};
use serde_json::{Value, json};

use crate::{
    client::{Account, Device, body, body_to, http, post, server, server_with, texts, world},
    schema::DOCUMENT,
};

async fn with(bots: &[Bot]) -> (Emulator, Account, Device) {
    let server = server_with(Config { bots: bots.to_vec(), ..Config::default() }).await;
    let amber = Account::login(&server, "amber").await;
    let device = Device::login(&server, &amber, "a").await;
    (server, amber, device)
}

async fn named(server: &Emulator, amber: &Account, name: &str) -> u64 {
    let card = amber.call(server, "GET", &format!("/roster/name?username={name}"), Value::Null).await;
    assert_eq!(card.data()["relation"], 0, "the people of the demo know it");
    card.data()["user_id"].as_u64().unwrap()
}

/// What arrives in a conversation until `enough`.
async fn heard(device: &mut Device, conv: u64, enough: impl Fn(&[MessageBody]) -> bool) -> Vec<MessageBody> {
    let mut bodies = Vec::new();
    while !enough(&bodies) {
        while device.notice().await != conv {}
        bodies.extend(device.pull_all(conv).await.iter().map(body));
    }
    bodies
}

fn is_said(bodies: &[MessageBody]) -> bool {
    bodies.iter().any(|body| body.operation.is_none())
}

#[tokio::test]
async fn the_echo_says_what_it_hears_and_has_read_it() {
    let (server, amber, mut device) = with(&[Bot::Echo]).await;
    let echo = named(&server, &amber, "echo").await;
    assert_eq!(device.unread(echo).await, None, "it does not speak first");
    let mid = device.text(1, echo, "hello 👋").await;
    let bodies = heard(&mut device, echo, is_said).await;
    assert_eq!(bodies.len(), 2);
    let receipt = bodies[0].operation.as_ref().unwrap();
    assert_eq!((receipt.r#type, receipt.mid), (OpType::ReadAck as i32, mid));
    assert_eq!(bodies[1].content, "hello 👋");
    // It is one of the contacts that the application offers.
    let staff = amber.call(&server, "GET", "/app/support_staff", Value::Null).await;
    assert_eq!((&staff.data()[0]["username"], &staff.data()[0]["source"]), (&json!("echo"), &json!("chatbot")));
    // The rules hold for it: whoever blocks it has peace.
    amber.call(&server, "POST", &format!("/roster/block?user_id={echo}"), json!({})).await.data();
    device.text(2, echo, "still there?").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let said: Vec<_> = device.pull_all(echo).await.iter().map(body).filter(|body| body.operation.is_none()).collect();
    assert!(said.is_empty());
}

#[tokio::test]
async fn in_groups_virtual_users_wait_to_be_mentioned() {
    let (server, amber, mut device) = with(&[Bot::Echo, Bot::Assistant]).await;
    let (echo, assistant) = (named(&server, &amber, "echo").await, named(&server, &amber, "assistant").await);
    let new = json!({ "name": "Lab", "user_list": [echo, assistant] });
    let group = amber.call(&server, "POST", "/group/create", new).await.data()["group_id"].as_u64().unwrap();
    device.text(1, group, "anybody?").await;
    device.text(2, group, "@Echo one").await;
    assert_eq!(heard(&mut device, group, is_said).await[0].content, "@Echo one");
    let listed = MessageBody { config: json!({ "mentionList": [echo] }).to_string(), ..body_to(group, "two") };
    let meta = device.meta(3, group, &listed);
    device.send_meta(meta).await;
    assert_eq!(heard(&mut device, group, is_said).await[0].content, "two");
    let history = texts(&device.history(group, 0, 50).await.metas);
    assert_eq!(history, ["two", "two", "@Echo one", "@Echo one", "anybody?"], "they never answer each other");
}

#[tokio::test]
async fn the_assistant_streams_its_answer() {
    for high_ids in [false, true] {
        let bots = vec![Bot::Assistant];
        let server = server_with(Config { bots, high_ids, ..Config::default() }).await;
        let amber = Account::login(&server, "amber").await;
        let mut device = Device::login(&server, &amber, "a").await;
        let assistant = named(&server, &amber, "assistant").await;
        device.text(1, assistant, "what is a heron?").await;
        let ai = |body: &MessageBody| serde_json::from_str::<Value>(&body.ext).unwrap_or_default()["ai"].clone();
        let bodies =
            heard(&mut device, assistant, |bodies| bodies.last().is_some_and(|b| ai(b)["finish"] == true)).await;
        let answer: Vec<_> = bodies.iter().filter(|body| !body.content.is_empty()).collect();
        assert!(answer.len() > 5 && answer[0].operation.is_none());
        let page = device.history(assistant, 0, 1).await;
        for chunk in &answer[1..] {
            let operation = chunk.operation.as_ref().unwrap();
            assert_eq!((operation.r#type, operation.mid), (OpType::Append as i32, page.metas[0].id));
        }
        assert!(answer.iter().all(|body| ai(body)["stream"] == true && ai(body)["stream_interval"] == 1));
        assert_eq!(answer.iter().filter(|body| ai(body)["finish"] == true).count(), 1);
        // History has the whole text.
        let whole: String = answer.iter().map(|body| body.content.as_str()).collect();
        assert!(whole.starts_with("You said: what is a heron?"));
        assert_eq!(texts(&page.metas), [whole]);
    }
}

#[tokio::test]
async fn the_chatty_group_talks_when_it_is_switched_on() {
    let server = server().await;
    let w = world(&server).await;
    let mut device = Device::login(&server, &w.basil, "b").await;
    let on = json!({ "bots": ["chatty"], "chatty_ms": 20 });
    let names = post(&server, "/admin/api/bots", on.clone()).await;
    assert_eq!(names.data()["bots"], json!(["pippa", "quill", "rufus"]));
    let joined = w.basil.call(&server, "GET", "/group/user_joined", Value::Null).await;
    let group = joined.data().as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).find(|id| *id != w.team);
    let group = group.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 3 {
        while device.notice().await != group {}
        seen.extend(device.pull_all(group).await.iter().map(|meta| meta.from.as_ref().unwrap().uid));
    }
    // Off again; a second time creates nobody.
    post(&server, "/admin/api/bots", json!({ "bots": ["chatty"] })).await.data();
    device.pull_all(group).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(device.pull_all(group).await.is_empty());
    let state = http(&server, "GET", "/admin/api/state", &[], Value::Null).await;
    assert_eq!((&state.data()["counts"]["users"], &state.data()["counts"]["groups"]), (&json!(6), &json!(2)));
    for (body, field) in
        [(json!({ "bots": ["parrot"] }), "bots[0]"), (json!({ "bots": [], "chatty_ms": -1 }), "chatty_ms")]
    {
        let reply = post(&server, "/admin/api/bots", body).await;
        assert!(reply.code() == 400 && reply.message().starts_with(field), "{}", reply.message());
    }
    assert!(DOCUMENT["paths"]["/admin/api/bots"].is_object());
}

#[tokio::test]
async fn virtual_users_come_back_with_the_data() {
    let path = std::env::temp_dir().join(format!("floo-emulator-bots-{}.sqlite", std::process::id()));
    let data = floo_emulator::Data::File(path.clone());
    let first = server_with(Config { data: data.clone(), bots: vec![Bot::Echo], ..Config::default() }).await;
    first.stop().await.unwrap();
    let server = server_with(Config { data, ..Config::default() }).await;
    let amber = Account::login(&server, "amber").await;
    let mut device = Device::login(&server, &amber, "a").await;
    let echo = named(&server, &amber, "echo").await;
    device.text(1, echo, "again").await;
    assert!(heard(&mut device, echo, is_said).await.iter().any(|body| body.content == "again"));
    server.stop().await.unwrap();
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", path.display());
        if std::fs::exists(&file).unwrap() {
            std::fs::remove_file(file).unwrap();
        }
    }
}
