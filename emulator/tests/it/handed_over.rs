//! Codes and proofs that are handed over, the limits of the server, and lists in pages.
use floo_wasm::core::proto::{group_notice::Type as Group, user_notice::Type as User};
use serde_json::{Value, json};

use crate::{
    client::{APP, Account, http, newcomer, post, server, world},
    notices::{AMBER, BASIL, CLOVER, DILL, EVERYBODY, PHONE, Stage, Told, told},
};

impl Stage {
    /// The code that was sent to a phone.
    async fn sms(&self, mobile: &str) -> Value {
        http(&self.server, "GET", &format!("/app/captcha/sms?mobile={mobile}"), &[APP], Value::Null).await.data();
        let desk = http(&self.server, "GET", "/admin/api/desk", &[], Value::Null).await;
        let name = format!("sms {mobile}");
        desk.data().as_array().unwrap().iter().find(|slip| slip["name"] == name).unwrap()["code"].clone()
    }

    async fn clock(&self, offset_ms: i64) {
        post(&self.server, "/admin/api/clock", json!({ "offset_ms": offset_ms })).await.data();
    }

    async fn switch(&self, switches: Value) {
        post(&self.server, "/admin/api/app", switches).await.data();
    }
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn phones_and_names_concern_the_own_devices() {
    let mut s = Stage::new().await;
    let content = |name: &str, value: &str| json!({ name: value }).to_string();
    let code = s.sms("13900000001").await;
    s.post(AMBER, "/app/user/mobile_bind", json!({ "mobile": "13900000001", "captcha": code })).await;
    let told_all = Told::user(User::InfoUpdated, &content("mobile", "13900000001"));
    s.expect("bound", &[(&[AMBER, PHONE], told_all)]).await;
    let taken = json!({ "mobile": "13900000001", "captcha": s.sms("13900000001").await });
    assert_eq!(s.refused(BASIL, "/app/user/mobile_bind", taken).await, 11012);
    // Set by hand, and settings: to the other devices, the caller knows.
    s.post(AMBER, "/user/mobile?mobile=13900000002", json!({})).await;
    let other = Told::user(User::InfoUpdated, &content("mobile", "13900000002"));
    s.expect("set", &[(&[PHONE], other)]).await;
    s.post(AMBER, "/user/username", json!({ "username": "amy" })).await;
    s.expect("renamed", &[(&[PHONE], Told::user(User::InfoUpdated, &content("username", "amy")))]).await;
    assert_eq!(s.refused(AMBER, "/user/username", json!({ "username": "basil" })).await, 10004);
    assert_eq!(s.refused(AMBER, "/user/username", json!({ "username": "a b" })).await, 10002);
    s.post(AMBER, "/user/push", json!({ "value": "1" })).await;
    let other = Told::user(User::InfoUpdated, &json!({ "no_push": true }).to_string());
    s.expect("no push", &[(&[PHONE], other)]).await;
    assert_eq!(s.get(AMBER, "/user/settings").await["no_push"], true);
    assert_eq!(s.get(BASIL, "/user/settings").await["no_push"], false);
    assert_eq!(
        s.refused(AMBER, "/user/push/limit", json!({ "no_push_start_hour": 1, "no_push_end_hour": 24 })).await,
        10002
    );
    // A new password by a proof ends the other session, as any new password does.
    let sign = s.post(AMBER, "/app/pwd_change/verify_by_password", json!({ "password": "amber-demo" })).await;
    let change = |check: &str| json!({ "sign": sign["sign"], "new_password": "new", "new_password_check": check });
    assert_eq!(s.refused(AMBER, "/app/pwd_change", change("mew")).await, 10002);
    assert_eq!(s.refused(BASIL, "/app/pwd_change", change("new")).await, 11001, "somebody else's sign");
    s.post(AMBER, "/app/pwd_change", change("new")).await;
    s.expect_passing(PHONE, &[Told::user(User::PasswordChanged, "")]).await;
}

impl Stage {
    /// Only this device was told this, which ended its session.
    async fn expect_passing(&mut self, who: usize, notices: &[Told]) {
        for index in [AMBER, BASIL, CLOVER, DILL] {
            assert!(told(&mut self.devices[index]).await.is_empty(), "device {index}");
        }
        assert_eq!(told(&mut self.devices[who]).await, notices);
    }
}

#[tokio::test]
async fn a_qr_code_brings_in_whoever_has_it_until_it_expires() {
    let mut s = Stage::new().await;
    let team = s.team;
    let sign = format!("/app/qrcode/group_sign?group_id={team}");
    let code = s.get(CLOVER, &sign).await;
    assert_eq!(code["expired"], code["expire_at"]);
    let invite = json!({ "qr_info": code["qr_info"] });
    s.post(DILL, "/group/qrcode/invite", invite.clone()).await;
    s.expect("joined", &[(EVERYBODY, s.notice(Group::Joined, DILL, &[], ""))]).await;
    let dill = json!({ "group_id": team, "user_list": [s.uid(DILL)] });
    s.post(AMBER, "/group/block", dill).await;
    assert_eq!(s.refused(DILL, "/app/qrcode/group_invite", invite.clone()).await, 20018);
    s.clock(8 * 24 * 60 * MINUTE).await;
    assert_eq!(s.refused(DILL, "/group/qrcode/invite", invite).await, 20025);
    s.clock(0).await;
    let code = s.get(CLOVER, &sign).await;
    s.post(AMBER, &format!("/group/destroy?group_id={team}"), json!({})).await;
    assert_eq!(s.refused(DILL, "/group/qrcode/invite", json!({ "qr_info": code["qr_info"] })).await, 20001);
}

#[tokio::test]
async fn guessing_is_stopped_and_what_was_handed_over_expires() {
    let s = Stage::new().await;
    let code = s.sms("13900000001").await;
    let with = |code: &Value| json!({ "mobile": "13900000001", "captcha": code });
    s.clock(5 * MINUTE).await;
    assert_eq!(s.refused(AMBER, "/app/user/mobile_bind", with(&code)).await, 10001, "too late");
    s.clock(0).await;
    s.post(AMBER, "/app/user/mobile_bind", with(&code)).await;
    assert_eq!(s.refused(AMBER, "/app/user/mobile_bind", with(&code)).await, 10001, "a code is good once");
    // The one that was too late happened in the future, and does not count.
    for _ in 0..9 {
        assert_eq!(s.refused(AMBER, "/app/user/mobile_bind", with(&json!("x"))).await, 10001);
    }
    assert_eq!(s.refused(AMBER, "/app/user/mobile_bind", with(&json!("x"))).await, 10028);
    assert_eq!(s.refused(BASIL, "/app/user_verification_by_mobile", with(&json!("x"))).await, 10028);
    // Passwords likewise; after a while it may be tried again.
    let login = |password: &str| json!({ "name": "basil", "password": password });
    for _ in 0..10 {
        assert_eq!(post(&s.server, "/token/user", login("x")).await.code(), 11001);
    }
    assert_eq!(post(&s.server, "/token/user", login("basil-demo")).await.code(), 10028);
    assert_eq!(s.refused(BASIL, "/user/delete", json!({ "password": "basil-demo" })).await, 10028);
    s.clock(11 * MINUTE).await;
    post(&s.server, "/token/user", login("basil-demo")).await.data();
    // A picture is good for one try.
    let image = http(&s.server, "POST", "/app/captcha/image", &[APP], json!({})).await.data().clone();
    let desk = http(&s.server, "GET", "/admin/api/desk", &[], Value::Null).await;
    let answer = desk.data().as_array().unwrap().iter().find(|slip| slip["name"] == image).unwrap()["answer"].clone();
    for given in [json!("nope"), answer] {
        let body = json!({ "image_id": image, "captcha": given, "mobile": "1" });
        assert_eq!(http(&s.server, "GET", "/app/captcha/sms_web", &[APP], body).await.code(), 11014);
    }
    for (seconds, code) in [(0, 10002), (3601, 10002), (60, 200)] {
        let body = json!({ "expire_seconds": seconds, "secret_text": "s" });
        assert_eq!(s.refused(AMBER, "/app/secret_info", body).await, code);
    }
    // Secrets and passwords do not show on the desk.
    let desk = http(&s.server, "GET", "/admin/api/desk", &[], Value::Null).await;
    let known = ["captcha", "sms", "qr_login", "wechat"];
    assert!(desk.data().as_array().unwrap().iter().all(|slip| known.contains(&slip["kind"].as_str().unwrap())));
}

#[tokio::test]
async fn a_phone_verifies_three_accounts_at_most() {
    let s = Stage::new().await;
    for who in [AMBER, BASIL, CLOVER, DILL] {
        let body = json!({ "mobile": "1390", "captcha": s.sms("1390").await });
        let code = if who == DILL { 11031 } else { 200 };
        assert_eq!(s.refused(who, "/app/user_verification_by_mobile", body).await, code);
    }
    let letters = json!({ "mobile": "call me", "captcha": "x" });
    assert_eq!(s.refused(AMBER, "/app/user_verification_by_mobile", letters).await, 10002);
}

#[tokio::test]
async fn switches_limit_accounts_and_groups() {
    let s = Stage::new().await;
    let team = s.team;
    let register = json!({ "username": "elm", "password": "p" });
    for (switch, code) in [(json!({ "open_registration": false }), 40001), (json!({ "max_users": 4 }), 40002)] {
        s.switch(switch).await;
        for path in ["/user/register/v2", "/user/register/anonymous"] {
            assert_eq!(post(&s.server, path, register.clone()).await.code(), code);
        }
        s.switch(json!({ "open_registration": true, "max_users": 0 })).await;
    }
    post(&s.server, "/user/register/v2", register).await.data();
    let new = json!({ "name": "G" });
    s.switch(json!({ "max_own_groups": 1 })).await;
    assert_eq!(s.refused(AMBER, "/group/create", new.clone()).await, 20008);
    s.post(BASIL, "/group/create", new.clone()).await;
    s.switch(json!({ "max_own_groups": 0, "max_joined_groups": 2 })).await;
    assert_eq!(s.refused(BASIL, "/group/create", new.clone()).await, 20009);
    s.post(AMBER, "/group/create", new).await;
    s.switch(json!({ "max_joined_groups": 1 })).await;
    let own = s.get(BASIL, "/group/user_joined").await;
    let other = own.as_array().unwrap().iter().find(|gid| **gid != json!(team)).unwrap().clone();
    assert_eq!(s.refused(CLOVER, "/group/apply", json!({ "group_id": other })).await, 20009);
    let lines = s.post(BASIL, "/group/invite", json!({ "group_id": other, "user_list": [s.uid(CLOVER)] })).await;
    assert_eq!(lines[0]["reason"], "in too many groups");
}

#[tokio::test]
async fn who_asks_too_much_has_to_slow_down() {
    let server = server().await;
    let w = world(&server).await;
    post(&server, "/admin/api/app", json!({ "http_rate": 3 })).await.data();
    let ask = async |who: &Account| who.call(&server, "GET", "/user/profile", Value::Null).await;
    for _ in 0..3 {
        ask(&w.clover).await.data();
    }
    let last = ask(&w.clover).await;
    assert_eq!((last.status, last.code()), (429, 429));
    assert!(last.head.contains("retry-after: 1"));
    ask(&w.basil).await.data();
    post(&server, "/admin/api/app", json!({ "http_rate": 0 })).await.data();
    ask(&w.clover).await.data();
}

#[tokio::test]
async fn foreign_pages_cannot_use_the_admin_api() {
    let server = server().await;
    for headers in [[("Origin", "https://evil.example")], [("Origin", "null")]] {
        let reply = http(&server, "GET", "/admin/api/state", &headers, Value::Null).await;
        assert_eq!((reply.status, reply.code()), (403, 403));
        assert!(reply.message().starts_with("Origin:"));
        // The rest is for everybody, as the cloud's is.
        http(&server, "GET", "/app/config", &headers, Value::Null).await.data();
    }
    let own = [("Origin", "http://localhost:7701")];
    http(&server, "GET", "/admin/api/state", &own, Value::Null).await.data();
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let server = server().await;
    let w = world(&server).await;
    post(&server, "/admin/api/crowd", json!({ "group": w.team, "members": 4 })).await.data();
    let page = async |cursor: &str| {
        let path = format!("/group/member_list?group_id={}&limit=3&version=0&cursor={cursor}", w.team);
        w.amber.call(&server, "GET", &path, Value::Null).await.body
    };
    let ids = |page: &Value| -> Vec<u64> {
        page["data"].as_array().unwrap().iter().map(|line| line["user_id"].as_u64().unwrap()).collect()
    };
    let first = page("").await;
    assert_eq!((ids(&first), &first["total"]), (vec![w.amber.uid, w.basil.uid, w.clover.uid], &json!(7)));
    let second = page(first["cursor"].as_str().unwrap()).await;
    assert_eq!(ids(&second).len(), 3);
    let third = page(second["cursor"].as_str().unwrap()).await;
    assert_eq!(ids(&third).len(), 1);
    assert!(third.get("cursor").is_none(), "the last page");
    // Members who go between two pages shift nothing.
    let kick = json!({ "group_id": w.team, "user_list": [w.basil.uid, w.clover.uid] });
    w.amber.call(&server, "POST", "/group/kick", kick).await.data();
    assert_eq!(ids(&page(second["cursor"].as_str().unwrap()).await), ids(&third));
    for wrong in ["x", "1", "x.5", "-1.5"] {
        let reply = page(wrong).await;
        assert_eq!(reply["code"], 10002, "{wrong}");
        assert!(reply["message"].as_str().unwrap().starts_with("cursor:"));
    }
    let wrong = w.amber.call(&server, "GET", "/roster/list?limit=-1", Value::Null).await;
    assert!(wrong.code() == 10002 && wrong.message().starts_with("limit:"));
    // Lines of several lists: the cursor tells them apart by group and applicant.
    let mut groups = Vec::new();
    for name in ["A", "B"] {
        let group = w.amber.call(&server, "POST", "/group/create", json!({ "name": name })).await;
        let gid = group.data()["group_id"].clone();
        let ask_first = json!({ "group_id": gid, "apply_approval": 1 });
        w.amber.call(&server, "POST", "/group/settings/require_admin_approval", ask_first).await.data();
        w.clover.call(&server, "POST", "/group/apply", json!({ "group_id": gid })).await.data();
        groups.push(gid);
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/group/application_list?limit=1&cursor={cursor}");
        let reply = w.amber.call(&server, "POST", &path, json!({ "group_list": groups })).await;
        seen.extend(reply.data().as_array().unwrap().iter().map(|line| line["group_id"].clone()));
        match reply.body["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, groups);
}

#[tokio::test]
async fn who_may_write_is_told_without_writing() {
    let server = server().await;
    let w = world(&server).await;
    let dill = newcomer(&server, "dill").await;
    let ask = async || {
        let path = format!("/roster/may_message?user_id={}&roster_id={}", dill.uid, w.amber.uid);
        dill.call(&server, "GET", &path, Value::Null).await.data().clone()
    };
    assert_eq!(ask().await, true);
    post(&server, "/admin/api/app", json!({ "friends_only": true })).await.data();
    assert_eq!(ask().await, false);
    dill.call(&server, "POST", "/roster/apply", json!({ "user_id": w.amber.uid })).await.data();
    assert_eq!(ask().await, true);
    w.amber.call(&server, "POST", "/roster/block", json!({ "user_id": dill.uid })).await.data();
    assert_eq!(ask().await, false);
}
