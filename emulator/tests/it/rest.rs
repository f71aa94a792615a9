use serde_json::{Value, json};

use crate::client::{APP, Account, http, post, server, try_http, world};

#[tokio::test]
async fn dns_names_the_host_the_request_came_in_on() {
    let server = server().await;
    let address = server.address().to_string();
    for path in ["/v2/app_dns", "/v2/app_dnsundefined"] {
        let reply = http(&server, "GET", &format!("{path}?app_id=floo-demo&source=sdk"), &[], Value::Null).await;
        let cluster = &reply.data()["dns_list"][0]["clusters"][0];
        assert_eq!(reply.data()["dns_list"][0]["group_level"], 0);
        for kind in ["ratel", "webim", "ws", "rtc"] {
            assert_eq!(cluster[kind][0]["host"], address.as_str(), "{kind}");
        }
        assert_eq!(cluster["ratel"][0]["protocol"], "http");
        assert!(reply.head.contains("access-control-allow-origin: *"));
    }
    let secure =
        http(&server, "GET", "/v2/app_dns?app_id=floo-demo", &[("X-Forwarded-Proto", "https")], Value::Null).await;
    assert_eq!(secure.data()["dns_list"][0]["clusters"][0]["ws"][0]["protocol"], "wss");
}

#[tokio::test]
async fn unknown_applications_are_refused() {
    let server = server().await;
    for query in ["?app_id=nobody", ""] {
        let reply = http(&server, "GET", &format!("/v2/app_dns{query}"), &[], Value::Null).await;
        assert_eq!((reply.status, reply.code()), (200, 99998));
    }
    let body = json!({ "name": "amber", "password": "amber-demo" });
    let reply = http(&server, "POST", "/token/user", &[("app_id", "nobody")], body.clone()).await;
    assert_eq!(reply.code(), 40000);
    let reply = http(&server, "POST", "/token/user", &[], body).await;
    assert_eq!(reply.code(), 10002);
    assert!(reply.message().starts_with("app_id:"));
}

#[tokio::test]
async fn probes_config_and_preflight_answer_everybody() {
    let server = server().await;
    for path in ["/", "/api/health", "/app/config?platform=6"] {
        let reply = http(&server, "GET", path, &[], Value::Null).await;
        assert!(reply.data().is_object(), "{path}");
        assert!(reply.head.contains("access-control-allow-origin: *"));
    }
    let reply = http(&server, "OPTIONS", "/roster/list", &[], Value::Null).await;
    assert_eq!(reply.status, 204);
    assert!(reply.head.contains("access-control-allow-headers: app_id, access-token, content-type"));
    let reply = http(&server, "GET", "/no/such/thing", &[APP], Value::Null).await;
    assert_eq!((reply.status, reply.code()), (200, 404));
}

#[tokio::test]
async fn login_failures_have_their_codes() {
    let server = server().await;
    let wrong = post(&server, "/token/user", json!({ "name": "amber", "password": "basil-demo" })).await;
    assert_eq!((wrong.status, wrong.code()), (200, 11001));
    assert!(wrong.message().contains("Operation rejected"));
    assert!(!wrong.body.to_string().contains("basil-demo"));
    let unknown = post(&server, "/token/user", json!({ "name": "nobody", "password": "x" })).await;
    assert_eq!(unknown.code(), 10000);
    let unknown = post(&server, "/token/id", json!({ "user_id": 16, "password": "x" })).await;
    assert_eq!(unknown.code(), 10000);
    for (body, field) in [
        (json!({ "password": "x" }), "name:"),
        (json!({ "name": "amber" }), "password:"),
        (json!({ "name": "amber", "password": "" }), "password:"),
        (json!({ "name": ["amber"], "password": "x" }), "name:"),
    ] {
        let reply = post(&server, "/token/user", body).await;
        assert_eq!(reply.code(), 10002);
        assert!(reply.message().starts_with(field), "{}", reply.message());
    }
    let broken = try_http(&server.address().to_string(), "POST", "/token/user", &[APP], "{oops").await.unwrap();
    assert_eq!(broken.code(), 10002);
    assert!(broken.message().starts_with("body:"));
}

#[tokio::test]
async fn tokens_are_needed_and_expire() {
    let server = server().await;
    let amber = Account::login(&server, "amber").await;
    for (method, path) in [
        ("GET", "/roster/list"),
        ("POST", "/roster/list"),
        ("GET", "/group/user_joined"),
        ("POST", "/group/info/batch"),
        ("GET", "/group/info?group_id=1"),
        ("GET", "/user/profile"),
    ] {
        let reply = http(&server, method, path, &[APP], Value::Null).await;
        assert_eq!(reply.code(), 10003, "{path}");
        let bad = [APP, ("access-token", "0123")];
        let reply = http(&server, method, path, &bad, Value::Null).await;
        assert_eq!((reply.status, reply.code()), (200, 402), "{path}");
    }
    // Token and application may come as parameters as well.
    let path = format!("/user/profile?app_id=floo-demo&access-token={}", amber.token);
    assert_eq!(http(&server, "GET", &path, &[], Value::Null).await.data()["username"], "amber");

    let month = 31_i64 * 24 * 3_600_000;
    let reply = post(&server, "/admin/api/clock", json!({ "offset_ms": month })).await;
    assert_eq!(reply.data()["offset_ms"], month);
    let late = amber.call(&server, "GET", "/user/profile", Value::Null).await;
    assert_eq!(late.code(), 402);
    post(&server, "/admin/api/clock", json!({ "offset_ms": 0 })).await.data();
    amber.call(&server, "GET", "/user/profile", Value::Null).await.data();
}

#[tokio::test]
async fn registration_checks_names_and_opens_an_account() {
    let server = server().await;
    let reply = post(&server, "/user/register/v2", json!({ "username": "dill", "password": "dill-demo" })).await;
    let uid = reply.data()["user_id"].as_u64().unwrap();
    assert_eq!(uid & 15, 0);
    assert!(uid < 1 << 53);
    assert_eq!(reply.data()["auth_mode"], 0);
    assert_eq!(Account::login(&server, "dill").await.uid, uid);
    // Ids may come as texts, parameters in the query.
    let path = format!("/token/id?user_id={uid}");
    let reply = post(&server, &path, json!({ "password": "dill-demo" })).await;
    assert_eq!(reply.data()["user_id"], uid);

    let again = post(&server, "/user/register/v2", json!({ "username": "dill", "password": "y" })).await;
    assert_eq!(again.code(), 10004);
    for name in ["a b", "", &"x".repeat(65), "<script>"] {
        let reply = post(&server, "/user/register/v2", json!({ "username": name, "password": "y" })).await;
        assert_eq!(reply.code(), 10002, "{name:?}");
        assert!(reply.message().starts_with("username:"));
    }
}

#[tokio::test]
async fn contacts_and_groups_are_arrays_of_the_documented_shapes() {
    let server = server().await;
    let w = world(&server).await;
    let friends = w.amber.call(&server, "GET", "/roster/list", Value::Null).await;
    assert_eq!(friends.data(), &json!([w.basil.uid, w.clover.uid]));

    let list = json!({ "list": [w.amber.uid, w.basil.uid.to_string(), 999] });
    let cards = w.amber.call(&server, "POST", "/roster/list", list).await;
    let cards = cards.data().as_array().unwrap();
    assert_eq!(cards.len(), 2, "unknown ids are left out");
    assert_eq!(cards[1]["username"], "basil");
    assert_eq!(cards[1]["relation"], 0);
    for key in ["user_id", "nick_name", "avatar", "alias", "ext", "public_info", "mute_notification", "auth_mode"] {
        assert!(cards[1].get(key).is_some(), "{key}");
    }
    for bad in [json!({}), json!({ "list": ["x"] }), json!({ "list": [-1] })] {
        let reply = w.amber.call(&server, "POST", "/roster/list", bad).await;
        assert_eq!(reply.code(), 10002);
        assert!(reply.message().starts_with("list:"));
    }

    let groups = w.amber.call(&server, "POST", "/group/info/batch", json!({ "group_list": [w.team, 17] })).await;
    let groups = groups.data().as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["name"], "Team");
    assert_eq!(groups[0]["owner_id"], w.amber.uid);
    assert_eq!(groups[0]["owner"], w.amber.uid);
    assert_eq!(groups[0]["count"], 3);
    assert_eq!(w.team & 15, 1);
    let info = w.amber.call(&server, "GET", &format!("/group/info?group_id={}", w.team), Value::Null).await;
    assert_eq!(info.data(), &groups[0]);
    let none = w.amber.call(&server, "GET", "/group/info?group_id=17", Value::Null).await;
    assert_eq!(none.code(), 20001);

    // A new user has no friends, not null, and is a stranger to the others.
    post(&server, "/user/register/v2", json!({ "username": "dill", "password": "dill-demo" })).await.data();
    let dill = Account::login(&server, "dill").await;
    assert_eq!(dill.call(&server, "GET", "/roster/list", Value::Null).await.data(), &json!([]));
    assert_eq!(dill.call(&server, "GET", "/group/user_joined", Value::Null).await.data(), &json!([]));
    let card = dill.call(&server, "POST", "/roster/list", json!({ "list": [w.amber.uid] })).await;
    assert_eq!(card.data()[0]["relation"], 2);
}

#[tokio::test]
async fn bad_admin_input_names_the_field() {
    let server = server().await;
    for (path, body, field) in [
        ("faults", json!({}), "rules"),
        ("faults", json!({ "rules": [], "sead": 1 }), "sead"),
        (
            "faults",
            json!({ "rules": [{ "action": "drop" }, { "action": "explode" }] }),
            "rules[1].action: unknown variant `explode`",
        ),
        ("faults", json!({ "rules": [{ "action": { "type": "delay" } }] }), "ms"),
        ("faults", json!({ "rules": [{ "action": { "type": "drop_ack", "ms": 1 } }] }), "ms"),
        ("faults", json!({ "rules": [{ "action": { "type": "drop", "direction": "up" } }] }), "up"),
        (
            "faults",
            json!({ "rules": [{ "action": "drop", "match": { "command": "dance" } }] }),
            "rules[0].match.command: unknown variant `dance`",
        ),
        ("faults", json!({ "rules": [{ "action": "drop", "match": { "who": 1 } }] }), "who"),
        ("faults", json!({ "rules": [{ "action": "drop", "match": { "user": "zed" } }] }), "rules[0].match.user"),
        (
            "faults",
            json!({ "rules": [{ "action": "drop", "match": { "conversation": "zed" } }] }),
            "rules[0].match.conversation",
        ),
        ("faults", json!({ "rules": [{ "action": "drop", "times": 0 }] }), "rules[0].times"),
        ("faults", json!({ "rules": [{ "action": "drop", "times": -1 }] }), "times"),
        ("faults", json!({ "rules": [{ "action": "expire_token" }] }), "rules[0].match.user"),
        (
            "faults",
            json!({ "rules": [{ "action": { "type": "restart", "ms": 1 }, "match": { "user": "amber" } }] }),
            "rules[0].match",
        ),
        ("faults", json!({ "rules": [{ "action": { "type": "status", "code": "NOPE" } }] }), "rules[0].action.code"),
        ("clock", json!({}), "offset_ms"),
        ("clock", json!({ "offset_ms": "later" }), "offset_ms"),
        ("notice", json!({ "kind": "user", "user": "zed", "type": "DEVICE_LOGIN" }), "user:"),
        ("notice", json!({ "kind": "user", "user": "amber", "type": "UNKNOWN" }), "type:"),
        ("notice", json!({ "kind": "party", "user": "amber" }), "party"),
    ] {
        let reply = http(&server, "POST", &format!("/admin/api/{path}"), &[], body.clone()).await;
        assert_eq!((reply.status, reply.code()), (400, 400), "{body}");
        assert!(reply.message().contains(field), "{body}: {}", reply.message());
    }
    // Nothing of that was taken over.
    let state = http(&server, "GET", "/admin/api/state", &[], Value::Null).await;
    assert_eq!(state.data()["faults"]["rules"], json!([]));
    assert_eq!(state.data()["clock"]["offset_ms"], 0);
    assert_eq!(state.data()["counts"]["users"], 3);
}
