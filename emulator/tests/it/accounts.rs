//! Logging in, passwords, devices, profile and settings, and which devices are told.
use floo_emulator::{Config, Emulator, policy::Policy};
use floo_wasm::core::proto::user_notice::Type as Kind;
use serde_json::{Value, json};

use crate::{
    client::{APP, Account, Device, Next, World, http, newcomer, post, server, server_with, world},
    notices::{Told, told},
};

/// Two devices of Amber with tokens of their own, and one of Basil.
async fn trio(server: &Emulator) -> (World, Account, [Device; 3]) {
    let w = world(server).await;
    let second = Account::login(server, "amber").await;
    let laptop = Device::login(server, &w.amber, "laptop").await;
    let phone = Device::login(server, &second, "phone").await;
    let basil = Device::login(server, &w.basil, "basil").await;
    (w, second, [laptop, phone, basil])
}

#[tokio::test]
async fn dns_names_dead_servers_first_when_told_to() {
    let policy = Policy {
        dns_sockets: vec!["ws://127.0.0.1:9".into(), "wss://dead.example/".into()],
        dns_clusters: vec!["http://127.0.0.1:1".into()],
        ..Policy::default()
    };
    let server = server_with(Config { policy, ..Config::default() }).await;
    let own = server.address().to_string();
    let ask = async |path: &str| http(&server, "GET", &format!("{path}?app_id=floo-demo"), &[], Value::Null).await;
    let reply = ask("/v2/app_dns").await;
    let clusters = &reply.data()["dns_list"][0]["clusters"];
    assert_eq!(clusters[0]["ratel"][0]["host"], "127.0.0.1:1");
    let hosts = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|place| place["host"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(hosts(&clusters[1]["webim"]), ["127.0.0.1:9", "dead.example", &own]);
    assert_eq!(hosts(&clusters[1]["ws"]), hosts(&clusters[1]["webim"]));
    assert_eq!(clusters[1]["webim"][1]["protocol"], "https");
    assert_eq!(clusters[1]["ws"][1]["protocol"], "wss");
    assert_eq!(hosts(&clusters[1]["ratel"]), [own.as_str()]);
    // The older shape knows no webim.
    for path in ["/v1/app_dns", "/app_dns"] {
        let reply = ask(path).await;
        let cluster = &reply.data()["dns_list"][0]["clusters"][1];
        assert!(cluster.get("webim").is_none(), "{path}");
        assert_eq!(hosts(&cluster["ws"])[2], own);
        assert_eq!(reply.data()["clusters"][1]["cluster_id"], 1);
    }
    post(&server, "/admin/api/app", json!({ "dns_format": "v1", "dns_sockets": [], "dns_clusters": [] })).await.data();
    let reply = ask("/v2/app_dns").await;
    let clusters = reply.data()["dns_list"][0]["clusters"].as_array().unwrap().clone();
    assert_eq!(clusters.len(), 1);
    assert!(clusters[0].get("webim").is_none());
}

#[tokio::test]
async fn several_live_clusters_are_one_cloud_and_can_differ_in_speed() {
    let server = server_with(Config { also: vec![0, 0], ..Config::default() }).await;
    let addresses: Vec<_> = server.addresses().iter().map(ToString::to_string).collect();
    let dns = http(&server, "GET", "/v2/app_dns?app_id=floo-demo", &[], Value::Null).await;
    let clusters = dns.data()["dns_list"][0]["clusters"].as_array().unwrap().clone();
    let hosts: Vec<_> = clusters.iter().map(|cluster| cluster["webim"][0]["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, addresses);
    let amber = Account::login_at(&addresses[1], "amber").await;
    let mut first = Device::login_at(&addresses[2], &amber, "d").await;
    let mut second = Device::login_at(&addresses[0], &amber, "e").await;
    first.text(1, amber.uid, "note").await;
    assert_eq!(second.notice().await, amber.uid);
    // The first one is slow, the second broken.
    let rules = json!({ "rules": [
        { "action": { "type": "http", "ms": 300, "path": "/", "host": addresses[0] }, "times": 9 },
        { "action": { "type": "http", "status": 500, "host": addresses[1] }, "times": 9 },
    ]});
    post(&server, "/admin/api/faults", rules).await.data();
    let probe = async |address: &str| {
        let start = std::time::Instant::now();
        let reply = crate::client::try_http(address, "GET", "/", &[], "").await.unwrap();
        (reply.status, start.elapsed().as_millis() >= 300)
    };
    assert_eq!(probe(&addresses[0]).await, (200, true));
    assert_eq!(probe(&addresses[1]).await.0, 500);
    assert_eq!(probe(&addresses[2]).await.0, 200);
}

#[tokio::test]
async fn there_are_several_ways_to_log_in() {
    let server = server().await;
    let w = world(&server).await;
    w.amber.call(&server, "POST", "/user/mobile?mobile=13800000001", json!({})).await.data();
    let taken = w.basil.call(&server, "POST", "/user/mobile", json!({ "mobile": "13800000001" })).await;
    assert_eq!(taken.code(), 11012);
    for (path, body) in [
        ("/token/user", json!({ "name": "amber" })),
        ("/token/user", json!({ "mobile": "13800000001" })),
        ("/token/id", json!({ "user_id": w.amber.uid })),
        ("/token/login", json!({ "login_name": "amber" })),
        ("/token/login", json!({ "login_name": "13800000001" })),
    ] {
        let mut body = body;
        body["password"] = "amber-demo".into();
        let reply = post(&server, path, body.clone()).await;
        assert_eq!(reply.data()["user_id"], w.amber.uid, "{path} {body}");
        for key in ["token", "public_key", "store_token", "access_key_secret"] {
            assert!(reply.data()[key].is_string(), "{key}");
        }
        assert!(reply.data()["expire"].is_number() && reply.data()["encrypt_type"] == 0);
        assert!(reply.data().get("push_token").is_none());
        body["device_guid"] = "g".into();
        assert!(post(&server, path, body.clone()).await.data()["push_token"].is_string());
        body["password"] = "wrong".into();
        assert_eq!(post(&server, path, body).await.code(), 11001);
    }
    let visitor = post(&server, "/user/register/anonymous", json!({ "username": "x", "password": "p" })).await;
    let name = visitor.data()["username"].as_str().unwrap().to_owned();
    assert!(name.starts_with("anon_"));
    let reply = post(&server, "/token/user", json!({ "name": name, "password": "p" })).await;
    assert_eq!(reply.data()["user_id"], visitor.data()["user_id"]);
}

#[tokio::test]
async fn every_call_needs_a_good_token() {
    let server = server().await;
    let w = world(&server).await;
    let rules = json!({ "rules": [{ "match": { "user": "amber" }, "action": "expire_token" }] });
    post(&server, "/admin/api/faults", rules).await.data();
    for (method, path) in [
        ("GET", "/user/settings"),
        ("POST", "/user/profile"),
        ("GET", "/user/device/list"),
        ("POST", "/roster/apply"),
        ("POST", "/group/create"),
        ("POST", "/group/settings/ban_all"),
        ("GET", "/user/conversation/pin_list"),
    ] {
        assert_eq!(w.amber.call(&server, method, path, Value::Null).await.code(), 402, "{path}");
        assert_eq!(http(&server, method, path, &[APP], Value::Null).await.code(), 10003, "{path}");
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = server().await;
    let (w, second, [mut laptop, mut phone, mut basil]) = trio(&server).await;
    let change = |old: &str, new: &str| json!({ "old_password": old, "new_password": new });
    let wrong = w.amber.call(&server, "POST", "/user/change_password", change("oops", "new")).await;
    assert_eq!(wrong.code(), 11001);
    let long = w.amber.call(&server, "POST", "/user/change_password", change("amber-demo", &"x".repeat(257))).await;
    assert!(long.message().starts_with("new_password:"));
    w.amber.call(&server, "POST", "/user/change_password", change("amber-demo", "new")).await.data();
    assert_eq!(told(&mut phone).await, [Told::user(Kind::PasswordChanged, "")]);
    assert!(told(&mut laptop).await.is_empty() && told(&mut basil).await.is_empty());
    assert_eq!(phone.unread_list().await.status.unwrap().code, 7);
    assert_eq!(laptop.unread_list().await.status.unwrap().code, 1);
    assert_eq!(second.call(&server, "GET", "/user/profile", Value::Null).await.code(), 402);
    w.amber.call(&server, "GET", "/user/profile", Value::Null).await.data();
    let old = post(&server, "/token/user", json!({ "name": "amber", "password": "amber-demo" })).await;
    assert_eq!(old.code(), 11001);
    // The notice is not stored: the device that comes back is not logged out again.
    let again = post(&server, "/token/user", json!({ "name": "amber", "password": "new" })).await;
    let again = Account { uid: w.amber.uid, token: again.data()["token"].as_str().unwrap().to_owned() };
    assert_eq!(phone.provision(&again, "phone").await.status.unwrap().code, 1);
    assert!(told(&mut phone).await.is_empty());
    assert_eq!(told(&mut laptop).await, []);
    assert_eq!(laptop.logins.last().unwrap(), &(Kind::DeviceLogin as i32, u64::from(phone.sn)));
}

#[tokio::test]
async fn logins_are_told_to_the_other_devices_and_reconnects_are_not() {
    let server = server().await;
    let (_w, second, [mut laptop, mut phone, mut basil]) = trio(&server).await;
    told(&mut laptop).await;
    assert_eq!(laptop.logins, [(Kind::DeviceAdded as i32, u64::from(phone.sn))]);
    told(&mut phone).await;
    told(&mut basil).await;
    assert!(phone.logins.is_empty() && basil.logins.is_empty());
    drop(phone);
    let phone = Device::login(&server, &second, "phone").await;
    told(&mut laptop).await;
    assert_eq!(laptop.logins.len(), 1, "the same token: only a new connection");
    let third = Account::login(&server, "amber").await;
    drop(phone);
    let phone = Device::login(&server, &third, "phone").await;
    told(&mut laptop).await;
    assert_eq!(laptop.logins[1..], [(Kind::DeviceLogin as i32, u64::from(phone.sn))]);
}

#[tokio::test]
async fn a_kick_reaches_the_device_it_is_for() {
    let server = server().await;
    let (w, second, [mut laptop, mut phone, mut basil]) = trio(&server).await;
    let list = w.amber.call(&server, "GET", "/user/device/list", Value::Null).await;
    let rows = list.data().as_array().unwrap().clone();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().any(|row| row["device_sn"] == phone.sn));
    assert!(rows.iter().all(|row| row["platform"] == 6 && row["user_agent"] == "Web" && row["user_id"] == w.amber.uid));
    let unknown = w.amber.call(&server, "POST", "/user/kick", json!({ "device_sn": 99 })).await;
    assert!(unknown.message().starts_with("device_sn:"));

    let content = json!({ "device_sn": phone.sn }).to_string();
    w.amber.call(&server, "POST", &format!("/user/kick?device_sn={}", phone.sn), json!({})).await.data();
    let notice = phone.page().await;
    assert_eq!(Told::of(&notice.metas[0]), Told::user(Kind::KickedByOtherDevice, &content));
    assert!(matches!(phone.next().await, Next::Closed));
    assert_eq!(told(&mut laptop).await, [Told::user(Kind::DeviceLogout, &content)]);
    assert!(told(&mut basil).await.is_empty());
    assert_eq!(second.call(&server, "GET", "/user/profile", Value::Null).await.code(), 402);
    let list = w.amber.call(&server, "GET", "/user/device/list", Value::Null).await;
    assert_eq!(list.data().as_array().unwrap().len(), 2, "it is known still");

    // Without a serial all others; a removed one is forgotten, and its serial with it.
    let third = Account::login(&server, "amber").await;
    let sn = phone.sn;
    let mut phone = Device::login(&server, &third, "phone").await;
    assert_eq!(phone.sn, sn);
    w.amber.call(&server, "POST", "/user/device/kick", json!({})).await.data();
    assert_eq!(Told::of(&phone.page().await.metas[0]).kind, Kind::KickedByOtherDevice as i32);
    let fourth = Account::login(&server, "amber").await;
    let mut phone = Device::login(&server, &fourth, "phone").await;
    let remove = w.amber.call(&server, "POST", &format!("/user/device/remove?device_sn={sn}"), json!({})).await;
    remove.data();
    assert_eq!(Told::of(&phone.page().await.metas[0]), Told::user(Kind::DeviceRemoved, &content));
    assert!(matches!(phone.next().await, Next::Closed));
    let fifth = Account::login(&server, "amber").await;
    assert_ne!(Device::login(&server, &fifth, "phone").await.sn, sn);
    assert_eq!(laptop.unread_list().await.status.unwrap().code, 1);
}

#[tokio::test]
async fn a_deleted_account_is_gone_everywhere() {
    let server = server().await;
    let (w, _second, [mut laptop, mut phone, mut basil]) = trio(&server).await;
    for device in [&mut laptop, &mut phone, &mut basil] {
        told(device).await;
    }
    let wrong = w.amber.call(&server, "POST", "/user/delete", json!({ "password": "oops" })).await;
    assert_eq!(wrong.code(), 11001);
    w.amber.call(&server, "POST", "/user/delete", json!({ "password": "amber-demo" })).await.data();
    for device in [&mut laptop, &mut phone] {
        assert_eq!(Told::of(&device.page().await.metas[0]), Told::user(Kind::Removed, ""));
    }
    // Her group goes with her.
    let kinds: Vec<_> = told(&mut basil).await.into_iter().map(|told| told.kind).collect();
    assert_eq!(kinds, [4]);
    assert_eq!(post(&server, "/token/user", json!({ "name": "amber", "password": "amber-demo" })).await.code(), 10000);
    let card = w.basil.call(&server, "GET", &format!("/roster/id?user_id={}", w.amber.uid), Value::Null).await;
    assert_eq!(card.code(), 10021);
    let card = w.basil.call(&server, "GET", "/roster/name?username=amber", Value::Null).await;
    assert_eq!(card.code(), 10000);
}

#[tokio::test]
async fn a_profile_is_told_to_friends_and_settings_to_the_own_other_devices() {
    let server = server().await;
    let (w, _second, [mut laptop, mut phone, mut basil]) = trio(&server).await;
    let dill = newcomer(&server, "dill").await;
    let mut stranger = Device::login(&server, &dill, "dill").await;
    let nick = json!({ "nick_name": "Amy" }).to_string();
    let own = Told::user(Kind::InfoUpdated, &nick);
    let friend = Told::roster(8, w.amber.uid, w.basil.uid, &nick);
    w.amber.call(&server, "POST", "/user/nickname?nick_name=Amy", json!({})).await.data();
    for device in [&mut laptop, &mut phone] {
        assert_eq!(told(device).await, std::slice::from_ref(&own));
    }
    assert_eq!(told(&mut basil).await, [friend]);
    assert!(told(&mut stranger).await.is_empty());

    // What is private stays with the own devices.
    w.amber.call(&server, "POST", "/user/profile", json!({ "private_info": "secret" })).await.data();
    assert_eq!(told(&mut phone).await.len(), 1);
    assert!(told(&mut basil).await.is_empty());
    let profile = w.amber.call(&server, "GET", "/user/profile", Value::Null).await;
    assert_eq!((&profile.data()["nick_name"], &profile.data()["private_info"]), (&json!("Amy"), &json!("secret")));
    told(&mut laptop).await;

    let body = json!({ "user_id": w.amber.uid, "group_confirm": 1, "auth_mode": "1", "no_push_end_hour": 7 });
    w.amber.call(&server, "POST", "/user/settings", body).await.data();
    w.amber.call(&server, "POST", "/user/authmode?value=2", json!({})).await.data();
    assert!(told(&mut laptop).await.is_empty(), "not the device that did it");
    let kinds: Vec<_> = told(&mut phone).await.into_iter().map(|told| (told.ns, told.kind)).collect();
    assert_eq!(kinds, [(4, 6), (4, 6)]);
    assert!(told(&mut basil).await.is_empty());
    let settings = w.amber.call(&server, "GET", "/user/settings", Value::Null).await;
    let settings = settings.data();
    assert_eq!((&settings["group_confirm"], &settings["auth_mode"]), (&json!(true), &json!(2)));
    assert_eq!((&settings["no_push_end_hour"], &settings["vibratory"]), (&json!(7), &json!(true)));
    for (body, field) in [
        (json!({ "auth_mode": 4 }), "auth_mode:"),
        (json!({ "group_confirm": "perhaps" }), "group_confirm:"),
        (json!({ "silence_start_time": 24 }), "silence_start_time:"),
    ] {
        let reply = w.amber.call(&server, "POST", "/user/settings", body).await;
        assert!(reply.code() == 10002 && reply.message().starts_with(field), "{}", reply.message());
    }
    let empty = w.amber.call(&server, "POST", "/user/profile", json!({})).await;
    assert_eq!(empty.code(), 10002);
}

#[tokio::test]
async fn conversations_can_be_pinned() {
    let server = server().await;
    let w = world(&server).await;
    for conv in [w.team, w.basil.uid, w.team] {
        w.amber.call(&server, "POST", "/user/conversation/pin", json!({ "conversation_id": conv })).await.data();
    }
    let pins = w.amber.call(&server, "GET", "/user/conversation/pin_list", Value::Null).await;
    assert_eq!(pins.data()["conversation_ids"].as_array().unwrap().len(), 2);
    w.amber.call(&server, "POST", &format!("/user/conversation/unpin?conversation_id={}", w.team), json!({})).await;
    let pins = w.amber.call(&server, "GET", "/user/conversation/pin_list", Value::Null).await;
    assert_eq!(pins.data(), &json!({ "conversation_ids": [w.basil.uid] }));
}
