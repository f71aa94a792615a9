//! Each endpoint of the table in each kind of case. What follows from the table is derived from it
//! (parameters, tokens, rights); the happy path and unknown ids are told here, and none may be left out.
use std::collections::{BTreeMap, BTreeSet};

use floo_emulator::Emulator;
use serde_json::{Map, Value, json};

use crate::{
    client::{APP, Account, Device, Reply, World, http, newcomer, server, try_http, world},
    schema::DOCUMENT,
};

/// An endpoint as the document has it.
struct Endpoint {
    method: String,
    path: String,
    operation: &'static Value,
}

impl Endpoint {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                // Bytes are not JSON: `files.rs` is about them.
                if operation["x-access"] == "stream" {
                    continue;
                }
                all.push(Self { method: method.to_ascii_uppercase(), path: path.clone(), operation });
            }
        }
        all
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn access(&self) -> &str {
        self.operation["x-access"].as_str().unwrap()
    }

    /// Codes of failures.
    fn codes(&self) -> Vec<u64> {
        let schema = &self.operation["responses"]["200"]["content"]["application/json"]["schema"];
        let all = schema["oneOf"].as_array().into_iter().flatten().chain([schema]);
        all.filter_map(|one| one["properties"]["code"]["enum"].as_array())
            .flatten()
            .map(|code| code.as_u64().unwrap())
            .collect()
    }

    /// Name, schema, required.
    fn params(&self) -> Vec<(&'static str, &'static Value, bool)> {
        let mut all = Vec::new();
        for param in self.operation["parameters"].as_array().unwrap() {
            all.push((param["name"].as_str().unwrap(), &param["schema"], param["required"] == true));
        }
        let body = &self.operation["requestBody"]["content"]["application/json"]["schema"];
        let required: Vec<_> = body["required"].as_array().into_iter().flatten().collect();
        for (name, schema) in body["properties"].as_object().into_iter().flatten() {
            all.push((name, schema, required.contains(&&json!(name))));
        }
        all
    }

    /// Something of the right type for each required parameter.
    fn filled(&self) -> Map<String, Value> {
        let of_type = |schema: &Value| match schema["type"].as_str() {
            Some("integer") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([1]),
            _ => json!("x"),
        };
        self.params()
            .into_iter()
            .filter(|(_, _, required)| *required)
            .map(|(name, schema, _)| (name.to_owned(), of_type(schema)))
            .collect()
    }

    async fn call(&self, server: &Emulator, token: Option<&str>, params: Map<String, Value>) -> Reply {
        let mut headers = vec![APP];
        headers.extend(token.map(|token| ("access-token", token)));
        // The emulator takes a body with GET as well, which saves us from quoting.
        http(server, &self.method, &self.path, &headers, Value::Object(params)).await
    }
}

/// The cases of an endpoint.
const CASES: [&str; 5] = ["happy", "refused", "parameter", "unknown", "token"];

#[tokio::test]
async fn every_endpoint_in_every_case() {
    let mut table: BTreeMap<String, [&str; 5]> = BTreeMap::new();
    let all = Endpoint::all();
    let happy = happy_paths().await;
    let unknown: BTreeSet<_> = unknown_ids().await;
    let server = server().await;
    let w = world(&server).await;
    let outsider = newcomer(&server, "dill").await;
    let group = |value: Value| {
        let mut fields = value.as_object().unwrap().clone();
        fields.insert("group_id".to_owned(), json!(w.team));
        Value::Object(fields)
    };
    w.amber.call(&server, "POST", "/group/admin/add", group(json!({ "user_list": [w.basil.uid] }))).await.data();
    let closed = group(json!({ "value": false }));
    w.amber.call(&server, "POST", "/group/settings/allow_member_invitation", closed).await.data();
    for endpoint in &all {
        let row = table.entry(endpoint.name()).or_insert(["-"; 5]);
        if happy.contains(&endpoint.name()) {
            row[0] = "yes";
        }
        if endpoint.codes().contains(&404) {
            // Not here: the failure is all there is.
            let reply = endpoint.call(&server, Some(&w.amber.token), endpoint.filled()).await;
            assert_eq!(reply.code(), 404);
            row[0] = "404";
        }
        row[1] = rights(endpoint, &server, &w, &outsider).await;
        row[2] = parameters(endpoint, &server, &w.amber).await;
        if unknown.contains(&endpoint.name()) {
            row[3] = "yes";
        }
        row[4] = tokens(endpoint, &server).await;
    }
    println!("{:<52} {}", "endpoint", CASES.map(|case| format!("{case:<10}")).concat());
    for (name, row) in &table {
        println!("{name:<52} {}", row.map(|cell| format!("{cell:<10}")).concat());
    }
    for endpoint in &all {
        let (name, row) = (endpoint.name(), table[&endpoint.name()]);
        assert_ne!(row[0], "-", "{name}: no happy path");
        let ids = [
            "group_id",
            "user_id",
            "announcement_id",
            "device_sn",
            "deviceSn",
            "conversation_id",
            "new_owner",
            "to_id",
            "file_id",
        ];
        let names_somebody = endpoint.params().iter().any(|(param, ..)| ids.contains(param));
        // Settings carry the caller's own id, which has no effect.
        let settings = name == "POST /user/settings";
        assert!(row[3] == "yes" || !names_somebody || settings, "{name}: no unknown id");
    }
    // Nothing is told here of endpoints that are gone.
    for name in happy.iter().chain(&unknown) {
        assert!(table.contains_key(name), "{name} is not in the table");
    }
}

/// Outsiders, plain members and admins are refused where the table says so.
async fn rights(endpoint: &Endpoint, server: &Emulator, w: &World, outsider: &Account) -> &'static str {
    let codes = endpoint.codes();
    let lowest = |from: u64| (from..=20013).find(|code| codes.contains(code));
    let mut params = endpoint.filled();
    if !params.contains_key("group_id") {
        return "-";
    }
    params.insert("group_id".to_owned(), json!(w.team));
    let mut tested = "-";
    for (caller, from) in [(outsider, 20011), (&w.clover, 20012), (&w.basil, 20013)] {
        if let Some(code) = lowest(from) {
            let reply = endpoint.call(server, Some(&caller.token), params.clone()).await;
            assert_eq!(reply.code(), code, "{}: {}", endpoint.name(), reply.body);
            tested = "yes";
        }
    }
    tested
}

/// A parameter that is missing or of a wrong type is named.
async fn parameters(endpoint: &Endpoint, server: &Emulator, caller: &Account) -> &'static str {
    let admin = endpoint.access() == "admin";
    let mut tested = "-";
    for (name, schema, required) in endpoint.params() {
        let mut wrong = vec![];
        if required {
            wrong.push(Value::Null);
        }
        if schema.get("type").is_some() {
            wrong.push(json!({ "a": 1 }));
        }
        if schema["type"] == "integer" {
            wrong.extend([json!("12x"), json!(1.5)]);
        }
        if schema["minLength"] == 1 {
            wrong.push(json!(""));
        }
        if let Some(limit) = schema["maxLength"].as_u64() {
            wrong.push("x".repeat(usize::try_from(limit).unwrap() + 1).into());
        }
        for value in wrong {
            let mut params = endpoint.filled();
            params.insert(name.to_owned(), value.clone());
            let reply = endpoint.call(server, Some(&caller.token), params).await;
            let expected = if admin { (400, 400) } else { (200, 10002) };
            assert_eq!((reply.status, reply.code()), expected, "{} {name} {value}: {}", endpoint.name(), reply.body);
            assert!(reply.message().starts_with(&format!("{name}:")), "{}: {}", endpoint.name(), reply.message());
            tested = "yes";
        }
    }
    tested
}

/// Without a token, or with a bad one, nothing happens.
async fn tokens(endpoint: &Endpoint, server: &Emulator) -> &'static str {
    let code = async |headers: &[(&str, &str)]| {
        http(server, &endpoint.method, &endpoint.path, headers, Value::Object(endpoint.filled())).await.code()
    };
    match endpoint.access() {
        "token" => {
            assert_eq!(code(&[APP]).await, 10003, "{}", endpoint.name());
            assert_eq!(code(&[APP, ("access-token", "0123")]).await, 402, "{}", endpoint.name());
        }
        "either" => assert_eq!(code(&[APP, ("access-token", "0123")]).await, 402, "{}", endpoint.name()),
        "app" => {
            assert_eq!(code(&[]).await, 10002, "{}", endpoint.name());
            assert_eq!(code(&[("app_id", "nobody")]).await, 40000, "{}", endpoint.name());
        }
        _ => return "-",
    }
    "yes"
}

/// Ids that lead nowhere: caller, request, code.
async fn unknown_ids() -> BTreeSet<String> {
    let server = server().await;
    let w = world(&server).await;
    let mut done = BTreeSet::new();
    for endpoint in Endpoint::all() {
        let mut params = endpoint.filled();
        if !params.contains_key("group_id") {
            continue;
        }
        params.insert("group_id".to_owned(), json!(w.team + 16_000));
        let reply = endpoint.call(&server, Some(&w.amber.token), params).await;
        assert_eq!(reply.code(), 20001, "{}", endpoint.name());
        done.insert(endpoint.name());
    }
    let nobody = w.amber.uid + 16_000;
    for (method, path, body, code) in [
        ("POST", "/token/user", json!({ "name": "nobody", "password": "x" }), 10000),
        ("POST", "/token/id", json!({ "user_id": nobody, "password": "x" }), 10000),
        ("POST", "/token/login", json!({ "login_name": "nobody", "password": "x" }), 10000),
        ("POST", "/app/token", json!({ "name": "nobody", "password": "x" }), 10000),
        ("POST", "/app/token_id", json!({ "user_id": nobody, "password": "x" }), 10000),
        ("POST", "/user/register/anonymous", json!({ "password": "x", "cid": nobody }), 200),
        ("GET", "/v2/app_dns", json!({ "app_id": "nobody" }), 99998),
        ("GET", "/info", json!({ "link": "https://lanyinglink.com/nobody" }), 10000),
        ("GET", "/roster/id", json!({ "user_id": nobody }), 10000),
        ("GET", "/roster/name", json!({ "username": "nobody" }), 10000),
        ("GET", "/roster/mobile", json!({ "mobile": "1" }), 10000),
        ("POST", "/roster/apply", json!({ "user_id": nobody }), 10000),
        ("POST", "/roster/accept", json!({ "user_id": nobody }), 10000),
        ("POST", "/roster/accept", json!({ "user_id": w.basil.uid }), 10007),
        ("POST", "/roster/decline", json!({ "user_id": nobody }), 10000),
        ("POST", "/roster/delete", json!({ "user_id": nobody }), 10000),
        ("POST", "/roster/ext", json!({ "user_id": nobody, "alias": "x" }), 10000),
        ("POST", "/roster/block", json!({ "user_id": nobody }), 10000),
        ("POST", "/roster/unblock", json!({ "user_id": nobody }), 10000),
        ("GET", "/roster/may_message", json!({ "user_id": w.amber.uid, "roster_id": nobody }), 10000),
        ("GET", "/roster/may_message", json!({ "user_id": w.basil.uid, "roster_id": w.amber.uid }), 10010),
        ("POST", "/user/kick", json!({ "device_sn": 99 }), 10002),
        ("POST", "/user/device/kick", json!({ "device_sn": -1 }), 10002),
        ("POST", "/user/device/remove", json!({ "device_sn": 99 }), 10002),
        ("POST", "/user/token/bind", json!({ "device_sn": 99, "device_token": "t", "notifier_name": "n" }), 10002),
        ("POST", "/user/token/unbind", json!({ "deviceSn": 99 }), 10002),
        ("POST", "/user/conversation/pin", json!({ "conversation_id": nobody }), 10000),
        ("POST", "/user/conversation/unpin", json!({ "conversation_id": nobody }), 200),
        ("GET", "/group/announcement", json!({ "group_id": w.team, "announcement_id": 9 }), 20020),
        ("GET", "/group/announcement/last", json!({ "group_id": w.team }), 20020),
        ("POST", "/group/announcement/delete", json!({ "group_id": w.team, "announcement_id": 9 }), 20020),
        ("POST", "/group/transfer", json!({ "group_id": w.team, "new_owner": nobody }), 20005),
        ("POST", "/group/apply/handle", json!({ "group_id": w.team, "user_id": nobody, "approval": false }), 20014),
        ("POST", "/group/invite/handle", json!({ "group_id": w.team, "approval": false }), 20015),
        ("GET", "/file/upload/chat", json!({ "file_type": 100, "to_type": 1, "to_id": nobody }), 10000),
        ("GET", "/file/upload/chat", json!({ "file_type": 100, "to_type": 2, "to_id": nobody + 1 }), 20001),
        ("GET", "/file/upload/forward", json!({ "file_sign": "x", "to_type": 1, "to_id": w.basil.uid }), 10002),
        ("GET", "/group/file", json!({ "group_id": w.team, "file_id": 9 }), 20022),
        ("POST", "/group/file/update_name", json!({ "group_id": w.team, "file_id": 9, "name": "x" }), 20022),
        ("GET", "/app/captcha/image", json!({ "image_id": "x" }), 11014),
        ("GET", "/app/captcha/sms_web", json!({ "image_id": "x", "captcha": "x", "mobile": "1" }), 11014),
        ("GET", "/app/user/info_pwd", json!({ "captcha": "x", "mobile": "1" }), 10001),
        ("GET", "/app/password", json!({ "code": "x", "mobile": "1" }), 10001),
        ("POST", "/app/user/mobile_bind_with_sign", json!({ "sign": "x", "mobile": "1" }), 10001),
        ("POST", "/app/user/mobile_change", json!({ "sign": "x", "captcha": "x", "mobile": "1" }), 11001),
        ("POST", "/app/pwd_change", json!({ "sign": "x", "new_password": "x", "new_password_check": "x" }), 11001),
        ("GET", "/app/secret_info", json!({ "code": "x" }), 10002),
        ("GET", "/app/qr_login", json!({ "qr_code": "x" }), 10002),
        ("GET", "/app/allow", json!({ "qr_code": "x", "allow": 1 }), 10002),
        ("GET", "/app/qrcode/group_invite", json!({ "qr_info": "x" }), 20024),
        ("POST", "/app/qrcode/group_invite", json!({ "qr_info": "x" }), 20024),
        ("POST", "/group/qrcode/invite", json!({ "qr_info": "x" }), 20024),
        ("GET", "/app/official_account/qrcode_status", json!({ "qrcode_id": "x" }), 10002),
        ("GET", "/app/official_account/is_bind", json!({}), 10000),
        ("POST", "/admin/api/confirm", json!({ "code": "x", "user": "amber" }), 400),
        ("POST", "/admin/api/user", json!({ "user": "nobody", "state": "banned" }), 400),
        ("POST", "/admin/api/crowd", json!({ "group": 17, "members": 1 }), 400),
    ] {
        let reply = w.amber.call(&server, method, path, body.clone()).await;
        assert_eq!(reply.code(), code, "{method} {path} {body}: {}", reply.body);
        done.insert(format!("{method} {path}"));
    }
    // Lists are answered line by line, or leave out what is unknown.
    for (path, body, shown) in [
        ("/roster/list", json!({ "list": [nobody] }), json!([])),
        ("/group/info/batch", json!({ "group_list": [nobody + 1] }), json!([])),
        ("/group/application_list", json!({ "group_list": [nobody + 1] }), json!([])),
        ("/group/members/display_name", json!({ "group_id": w.team, "user_list": [nobody] }), json!([])),
    ] {
        assert_eq!(w.amber.call(&server, "POST", path, body).await.data(), &shown, "{path}");
        done.insert(format!("POST {path}"));
    }
    for path in ["/group/invite", "/group/kick", "/group/block", "/group/unblock", "/group/ban", "/group/admin/add"] {
        let body = json!({ "group_id": w.team, "user_list": [nobody], "duration": 1 });
        let reply = w.amber.call(&server, "POST", path, body).await;
        assert_eq!(
            (&reply.data()[0]["user_id"], &reply.data()[0]["result"]),
            (&json!(nobody), &json!("fail")),
            "{path}"
        );
    }
    for (body, field) in [(json!({}), "[]:"), (json!([{ "user_id": "x" }]), "[0].user_id:"), (json!(5), "body:")] {
        let reply = w.amber.call(&server, "POST", "/roster/apply/batch", body).await;
        assert_eq!(reply.code(), 10002);
        assert!(reply.message().starts_with(field), "{}", reply.message());
    }
    let batch = w.amber.call(&server, "POST", "/roster/apply/batch", json!([{ "user_id": nobody }])).await;
    assert_eq!(batch.data()["fails"][0]["user_id"], nobody);
    done.insert("POST /roster/apply/batch".to_owned());
    done
}

/// Goes through all endpoints in ways that work.
struct Walk {
    server: Emulator,
    done: BTreeSet<String>,
}

impl Walk {
    /// As somebody, with the parameters in a body.
    async fn ok(&mut self, who: &Account, request: &str, body: Value) -> Value {
        let (method, path) = request.split_once(' ').unwrap();
        let reply = who.call(&self.server, method, path, body).await;
        self.note(request, &reply)
    }

    /// As nobody.
    async fn open(&mut self, request: &str, body: Value) -> Value {
        let (method, path) = request.split_once(' ').unwrap();
        let reply = http(&self.server, method, path, &[APP], body).await;
        self.note(request, &reply)
    }

    fn note(&mut self, request: &str, reply: &Reply) -> Value {
        assert_eq!(reply.code(), 200, "{request}: {}", reply.body);
        self.done.insert(request.split('?').next().unwrap().to_owned());
        reply.body["data"].clone()
    }

    /// The code that was sent to a phone.
    async fn sms(&mut self, mobile: &str) -> Value {
        self.open(&format!("GET /app/captcha/sms?mobile={mobile}"), Value::Null).await;
        self.desk(&format!("sms {mobile}")).await["code"].clone()
    }

    async fn desk(&mut self, name: &str) -> Value {
        let desk = self.open("GET /admin/api/desk", Value::Null).await;
        desk.as_array().unwrap().iter().find(|slip| slip["name"] == name).unwrap().clone()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn happy_paths() -> BTreeSet<String> {
    let server = server().await;
    let w = world(&server).await;
    let mut walk = Walk { server, done: BTreeSet::new() };
    accounts(&mut walk, &w).await;
    phones(&mut walk, &w).await;
    wechat(&mut walk, &w).await;
    codes(&mut walk, &w).await;
    own_things(&mut walk, &w).await;
    contacts(&mut walk, &w).await;
    groups(&mut walk, &w).await;
    files(&mut walk, &w).await;
    group_switches(&mut walk, &w).await;
    developer(&mut walk, &w).await;
    devices(&mut walk, &w).await;
    endings(&mut walk, &w).await;
    walk.done
}

async fn accounts(walk: &mut Walk, w: &World) {
    let root = http(&walk.server, "GET", "/", &[], Value::Null).await;
    walk.note("GET /", &root);
    walk.open("GET /api/health", Value::Null).await;
    for path in ["/v2/app_dns", "/v2/app_dnsundefined", "/v1/app_dns", "/app_dns"] {
        walk.open(&format!("GET {path}?app_id=floo-demo"), Value::Null).await;
    }
    walk.open("GET /app/config?platform=6", Value::Null).await;
    assert_eq!(walk.open("GET /info?link=https://lanyinglink.com/i/amber%3Fx", Value::Null).await["uid"], w.amber.uid);
    assert_eq!(walk.ok(&w.amber, "GET /app/support_staff", Value::Null).await, json!([]));
    let body = json!({ "username": "dill", "password": "dill-demo" });
    walk.open("POST /user/register/v2", body).await;
    walk.open("POST /user/register/anonymous", json!({ "username": "anon_", "password": "p" })).await;
    let check = "GET /app/user/name_check";
    assert_eq!(walk.open(&format!("{check}?username=dill"), Value::Null).await, false);
    assert_eq!(walk.open(&format!("{check}?username=dull"), Value::Null).await, true);
    assert_eq!(walk.open(&format!("{check}?username=d+ll"), Value::Null).await, false);
    walk.open("POST /token/user", json!({ "name": "dill", "password": "dill-demo" })).await;
    walk.open("POST /token/login", json!({ "login_name": "dill", "password": "dill-demo" })).await;
    walk.open("POST /token/id", json!({ "user_id": w.amber.uid, "password": "amber-demo" })).await;
    walk.open("POST /app/token", json!({ "name": "amber", "password": "amber-demo" })).await;
    let token = walk.open("POST /app/token_id", json!({ "user_id": w.amber.uid, "password": "amber-demo" })).await;
    let amber = Account { token: text(&token["token"]).to_owned(), ..w.amber.clone() };
    assert_eq!(walk.ok(&amber, "GET /user/profile", Value::Null).await["username"], "amber");
}

async fn phones(walk: &mut Walk, w: &World) {
    let dill = Account::login(&walk.server, "dill").await;
    let image = walk.open("POST /app/captcha/image", json!({})).await;
    let answer = walk.desk(text(&image)).await["answer"].clone();
    let target = format!("/app/captcha/image?app_id=floo-demo&image_id={}", text(&image));
    let picture = http(&walk.server, "GET", &target, &[], Value::Null).await;
    assert!(picture.head.contains("content-type: image/svg+xml") && picture.text.contains(text(&answer)));
    walk.done.insert("GET /app/captcha/image".to_owned());
    let sms = json!({ "captcha": answer, "image_id": image, "mobile": "13900000001" });
    walk.open("GET /app/captcha/sms_web", sms).await;
    let code = walk.desk("sms 13900000001").await["code"].clone();
    // Nobody has that phone: a sign, to bind it to the new account.
    let body = json!({ "mobile": "13900000001", "captcha": code });
    let sign = walk.open("GET /app/user/info_pwd", body).await["sign"].clone();
    let body = json!({ "sign": sign, "mobile": "13900000001" });
    walk.ok(&dill, "POST /app/user/mobile_bind_with_sign", body).await;
    // Now it leads to a password for one login.
    let code = walk.sms("13900000001").await;
    let known = walk.open("GET /app/user/info_pwd", json!({ "mobile": "13900000001", "captcha": code })).await;
    let login = json!({ "name": known["username"], "password": known["password"] });
    assert_eq!(walk.open("POST /token/user", login.clone()).await["user_id"], dill.uid);
    assert_eq!(http(&walk.server, "POST", "/token/user", &[APP], login).await.code(), 11001, "once only");
    let code = walk.sms("13900000001").await;
    let password = walk.open("GET /app/password", json!({ "mobile": "13900000001", "code": code })).await;
    walk.open("POST /token/id", json!({ "user_id": dill.uid, "password": password })).await;
    let code = walk.sms("13900000002").await;
    walk.ok(&w.amber, "POST /app/user/mobile_bind", json!({ "mobile": "13900000002", "captcha": code })).await;
    walk.ok(&w.amber, "POST /app/user/mobile_update", json!({ "mobile": "13900000003" })).await;
    walk.ok(&w.amber, "POST /user/mobile?mobile=13900000004", json!({})).await;
    for (request, proof) in [
        ("POST /app/user/mobile_prechange_by_password", json!({ "password": "amber-demo" })),
        ("POST /app/user/mobile_prechange_by_mobile", json!({ "mobile": "13900000004" })),
        ("POST /app/pwd_change/verify_by_mobile", json!({ "mobile": "13900000004" })),
        ("POST /app/pwd_change/verify_by_password", json!({ "password": "amber-demo" })),
    ] {
        let mut proof = proof;
        if proof.get("mobile").is_some() {
            proof["captcha"] = walk.sms("13900000004").await;
        }
        let sign = walk.ok(&w.amber, request, proof).await["sign"].clone();
        if request.contains("pwd") {
            let body = json!({ "sign": sign, "new_password": "amber-demo", "new_password_check": "amber-demo" });
            walk.ok(&w.amber, "POST /app/pwd_change", body.clone()).await;
            assert_eq!(w.amber.call(&walk.server, "POST", "/app/pwd_change", body).await.code(), 11001, "once only");
        } else {
            let code = walk.sms("13900000004").await;
            let body = json!({ "sign": sign, "mobile": "13900000004", "captcha": code });
            walk.ok(&w.amber, "POST /app/user/mobile_change", body).await;
        }
    }
    let state = "GET /app/user_verification";
    assert_eq!(walk.ok(&w.amber, state, Value::Null).await, json!({ "status": 0 }));
    let code = walk.sms("13900000004").await;
    let body = json!({ "mobile": "13900000004", "captcha": code });
    walk.ok(&w.amber, "POST /app/user_verification_by_mobile", body).await;
    assert_eq!(walk.ok(&w.amber, state, Value::Null).await, json!({ "status": 1, "mobile": "139******04" }));
}

async fn wechat(walk: &mut Walk, w: &World) {
    for path in ["/app/wechat_login", "/app/wechat_login_android", "/app/wechat_login_app"] {
        let new = walk.open(&format!("GET {path}?code=c1"), Value::Null).await;
        assert!(new.get("password").is_none() && new["openid"].is_string());
    }
    let openid = walk.open("GET /app/wechat_login?code=c1", Value::Null).await["openid"].clone();
    walk.ok(&w.basil, "POST /app/wechat/bind", json!({ "open_id": openid, "type": 1 })).await;
    walk.ok(&w.basil, &format!("GET /user/bind_openid?open_id={}", text(&openid)), Value::Null).await;
    assert_eq!(walk.ok(&w.basil, "GET /app/wechat/is_bind", Value::Null).await, true);
    walk.ok(&w.basil, "GET /app/official_account/is_bind", Value::Null).await;
    let taken = json!({ "open_id": openid, "type": 1 });
    assert_eq!(w.clover.call(&walk.server, "POST", "/app/wechat/bind", taken).await.code(), 10011);
    let known = walk.open("GET /app/wechat_login?code=c1", Value::Null).await;
    let login = json!({ "name": known["username"], "password": known["password"] });
    assert_eq!(walk.open("POST /token/user", login).await["user_id"], w.basil.uid);
    walk.ok(&w.basil, "POST /app/wechat/unbind", json!({})).await;
    assert_eq!(walk.ok(&w.basil, "GET /app/wechat/is_bind", Value::Null).await, false);
    let id = walk.open("GET /app/official_account/qrcode", Value::Null).await["qrcode_id"].clone();
    let status = format!("GET /app/official_account/qrcode_status?qrcode_id={}", text(&id));
    let waiting = http(&walk.server, "GET", status.split_once(' ').unwrap().1, &[APP], Value::Null).await;
    assert_eq!(waiting.code(), 11022);
    walk.open("POST /admin/api/confirm", json!({ "code": id, "user": "clover" })).await;
    let code = walk.open(&status, Value::Null).await["code"].clone();
    let login = walk.open(&format!("GET /app/official_account/login?code={}", text(&code)), Value::Null).await;
    assert_eq!(login["user_id"], w.clover.uid);
}

async fn codes(walk: &mut Walk, w: &World) {
    let body = json!({ "expire_seconds": 60, "secret_text": "{}" });
    let code = walk.ok(&w.amber, "POST /app/secret_info", body).await["code"].clone();
    let take = format!("GET /app/secret_info?code={}", text(&code));
    assert_eq!(walk.open(&take, Value::Null).await["secret_text"], "{}");
    assert_eq!(http(&walk.server, "GET", take.split_once(' ').unwrap().1, &[APP], Value::Null).await.code(), 10002);
    // Confirmed with the phone's token, in the newer and in the older way, and by the developer.
    for way in ["allow", "login", "admin"] {
        let code = walk.open("GET /app/qr_code", Value::Null).await["qr_code"].clone();
        let poll = format!("GET /app/qr_login?qr_code={}", text(&code));
        assert_eq!(walk.open(&poll, Value::Null).await, json!({}));
        match way {
            "allow" => walk.ok(&w.basil, &format!("GET /app/allow?allow=1&qr_code={}", text(&code)), Value::Null).await,
            "login" => walk.ok(&w.basil, &poll, Value::Null).await,
            _ => walk.open("POST /admin/api/confirm", json!({ "code": code, "user": "basil" })).await,
        };
        let login = walk.open(&poll, Value::Null).await;
        let login = json!({ "name": login["username"], "password": login["password"] });
        assert_eq!(walk.open("POST /token/user", login).await["user_id"], w.basil.uid);
        let gone = http(&walk.server, "GET", poll.split_once(' ').unwrap().1, &[APP], Value::Null).await;
        assert_eq!(gone.code(), 10002);
    }
    let code = walk.open("GET /app/qr_code", Value::Null).await["qr_code"].clone();
    walk.ok(&w.basil, &format!("GET /app/allow?allow=0&qr_code={}", text(&code)), Value::Null).await;
    let refused =
        http(&walk.server, "GET", &format!("/app/qr_login?qr_code={}", text(&code)), &[APP], Value::Null).await;
    assert_eq!(refused.code(), 10002);
    let dill = Account::login(&walk.server, "dill").await;
    for (sign, invite) in [
        ("GET /app/qrcode/group_sign", "GET /app/qrcode/group_invite"),
        ("GET /group/qrcode/sign", "POST /app/qrcode/group_invite"),
        ("GET /group/qrcode/sign", "POST /group/qrcode/invite"),
    ] {
        let code = walk.ok(&w.clover, &format!("{sign}?group_id={}", w.team), Value::Null).await["qr_info"].clone();
        walk.ok(&dill, &format!("{invite}?qr_info={}", text(&code)), Value::Null).await;
        let again = json!({ "qr_info": code });
        assert_eq!(dill.call(&walk.server, "POST", "/group/qrcode/invite", again).await.code(), 20017);
        walk.ok(&dill, &format!("POST /group/leave?group_id={}", w.team), json!({})).await;
    }
}

async fn own_things(walk: &mut Walk, w: &World) {
    let own = &w.amber;
    walk.ok(own, "POST /user/profile", json!({ "description": "d", "email": "a@b" })).await;
    walk.ok(own, "POST /user/nickname?nick_name=Amy", json!({})).await;
    walk.ok(own, "POST /user/avatar", json!({ "avatar": "/a?x" })).await;
    assert_eq!(walk.ok(own, "GET /user/profile", Value::Null).await["avatar"], "/a?x");
    walk.ok(own, "POST /user/settings", json!({ "user_id": own.uid, "silence_end_time": 7 })).await;
    for (request, value, setting) in [
        ("POST /user/authmode", json!(1), "auth_mode"),
        ("POST /user/push", json!(true), "no_push"),
        ("POST /user/push/detail", json!(true), "no_push_detail"),
        ("POST /user/push/nickname", json!("Amy"), "push_nick_name"),
        ("POST /user/sounds", json!(true), "no_sounds"),
        ("POST /user/vibratory", json!(false), "vibratory"),
        ("POST /user/download", json!(false), "auto_download"),
    ] {
        walk.ok(own, request, json!({ "value": value })).await;
        assert_eq!(walk.ok(own, "GET /user/settings", Value::Null).await[setting], value, "{setting}");
    }
    let hours = json!({ "no_push_start_hour": 22, "no_push_end_hour": "6" });
    walk.ok(own, "POST /user/push/limit", hours).await;
    for (name, tags, left) in
        [("POST", json!(["a", "b"]), json!(["a", "b"])), ("DELETE", json!(["b", "c"]), json!(["a"]))]
    {
        walk.ok(own, &format!("{name} /user/push/tag"), json!({ "tags": tags })).await;
        assert_eq!(walk.ok(own, "GET /user/push/tag", Value::Null).await, left);
    }
    walk.ok(own, "DELETE /user/push/tag/all", json!({})).await;
    assert_eq!(walk.ok(own, "GET /user/push/tag", Value::Null).await, json!([]));
    walk.ok(own, "POST /user/push/alias", json!({ "alias": "amy", "push_token": "t" })).await;
    walk.ok(own, "POST /user/push/badge", json!({ "badge": 3 })).await;
    let settings = walk.ok(own, "GET /user/settings", Value::Null).await;
    assert_eq!((&settings["no_push_start_hour"], &settings["no_push_end_hour"]), (&json!(22), &json!(6)));
    assert_eq!(settings["silence_end_time"], 7);
    for (name, conversation) in [("pin", w.team), ("unpin", w.team), ("pin", w.basil.uid)] {
        let body = json!({ "conversation_id": conversation });
        walk.ok(own, &format!("POST /user/conversation/{name}"), body).await;
    }
    let pins = walk.ok(own, "GET /user/conversation/pin_list", Value::Null).await;
    assert_eq!(pins["conversation_ids"], json!([w.basil.uid]));
}

async fn contacts(walk: &mut Walk, w: &World) {
    let dill = Account::login(&walk.server, "dill").await;
    let own = &w.amber;
    let ids = walk.ok(own, "GET /roster/list", Value::Null).await;
    assert_eq!(ids, json!([w.basil.uid, w.clover.uid]));
    walk.ok(own, "POST /roster/list", json!({ "list": ids })).await;
    walk.ok(own, &format!("GET /roster/id?user_id={}", dill.uid), Value::Null).await;
    walk.ok(own, "GET /roster/name?username=dill", Value::Null).await;
    walk.ok(own, "GET /roster/mobile?mobile=13900000001", Value::Null).await;
    // Amber wants to be asked by now.
    let to = json!({ "user_id": own.uid, "reason": "hello", "alias": "A." });
    for answer in ["decline", "accept"] {
        walk.ok(&dill, "POST /roster/apply", to.clone()).await;
        let open = walk.ok(own, "GET /roster/apply/list?cursor=", Value::Null).await;
        assert_eq!((&open[0]["user_id"], &open[0]["status"]), (&json!(dill.uid), &json!(0)));
        walk.ok(own, &format!("POST /roster/{answer}?user_id={}", dill.uid), json!({})).await;
    }
    walk.ok(own, "POST /roster/ext", json!({ "user_id": dill.uid, "ext": "e", "mute_notification": 1 })).await;
    let may = format!("GET /roster/may_message?user_id={}&roster_id={}", dill.uid, own.uid);
    assert_eq!(walk.ok(&dill, &may, Value::Null).await, true);
    walk.ok(own, &format!("POST /roster/block?user_id={}", dill.uid), json!({})).await;
    assert_eq!(walk.ok(own, "GET /roster/blocked_list", Value::Null).await, json!([dill.uid]));
    assert_eq!(walk.ok(&dill, &may, Value::Null).await, false);
    walk.ok(own, &format!("POST /roster/unblock?user_id={}", dill.uid), json!({})).await;
    walk.ok(own, &format!("POST /roster/delete?user_id={}", dill.uid), json!({})).await;
    let batch = json!([{ "user_id": w.basil.uid }, { "user_id": own.uid, "alias": "A" }, { "user_id": dill.uid }]);
    let lines = walk.ok(&dill, "POST /roster/apply/batch", batch).await;
    assert_eq!(lines["success"], json!([w.basil.uid, own.uid]));
    assert_eq!(lines["fails"][0]["user_id"], dill.uid);
}

async fn groups(walk: &mut Walk, w: &World) {
    let dill = Account::login(&walk.server, "dill").await;
    let own = &w.amber;
    let new = json!({ "name": "Open", "type": 1, "user_list": [w.basil.uid] });
    let gid = walk.ok(own, "POST /group/create", new).await["group_id"].clone();
    let with = |fields: Value| {
        let mut all = json!({ "group_id": gid });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        all
    };
    let one = |user: u64| with(json!({ "user_list": [user] }));
    walk.ok(own, "GET /group/user_joined", Value::Null).await;
    assert_eq!(walk.ok(&dill, "GET /group/public_list", Value::Null).await, json!([gid]));
    for path in ["/group/info", "/group/settings", "/group/admin_list"] {
        walk.ok(&dill, &format!("GET {path}?group_id={gid}"), Value::Null).await;
    }
    walk.ok(&dill, "POST /group/info/batch", json!({ "group_list": [gid, w.team] })).await;
    // Joining: at once, after being asked, and by invitation.
    walk.ok(&dill, "POST /group/apply", with(json!({}))).await;
    walk.ok(own, "POST /group/kick", one(dill.uid)).await;
    walk.ok(own, "POST /group/settings/require_admin_approval", with(json!({ "apply_approval": 1 }))).await;
    walk.ok(&dill, "POST /group/apply", with(json!({ "reason": "please" }))).await;
    let open = walk.ok(own, "POST /group/application_list?limit=5", json!({ "group_list": [gid] })).await;
    assert_eq!(open[0]["applicant_id"], dill.uid);
    let decision = with(json!({ "user_id": dill.uid, "approval": true }));
    walk.ok(own, "POST /group/apply/handle", decision).await;
    walk.ok(&dill, &format!("POST /group/leave?group_id={gid}"), json!({})).await;
    walk.ok(&dill, "POST /user/settings", json!({ "group_confirm": true })).await;
    walk.ok(&w.basil, "POST /group/invite", one(dill.uid)).await;
    let invitations = walk.ok(&dill, "GET /group/invitation_list", Value::Null).await;
    assert_eq!(invitations[0]["inviter_id"], w.basil.uid);
    let answer = with(json!({ "user_id": dill.uid, "approval": "true" }));
    walk.ok(&dill, "POST /group/invite/handle", answer).await;
    let members = walk.ok(own, &format!("GET /group/member_list?group_id={gid}"), Value::Null).await;
    assert_eq!(members.as_array().unwrap().len(), 3);
    walk.ok(&dill, "POST /group/display_name", with(json!({ "value": "D." }))).await;
    let names = walk.ok(own, "POST /group/members/display_name", one(dill.uid)).await;
    assert_eq!(names[0]["display_name"], "D.");
    walk.ok(own, "POST /group/ban", with(json!({ "user_list": [dill.uid], "duration": -1 }))).await;
    let banned = walk.ok(own, &format!("GET /group/banned_list?group_id={gid}"), Value::Null).await;
    assert_eq!(banned[0]["expired_time"], -1);
    walk.ok(own, "POST /group/unban", one(dill.uid)).await;
    walk.ok(own, "POST /group/block", one(dill.uid)).await;
    let blocked = walk.ok(own, &format!("GET /group/blocked_list?group_id={gid}"), Value::Null).await;
    assert_eq!(blocked[0]["user_id"], dill.uid);
    walk.ok(own, "POST /group/unblock", one(dill.uid)).await;
    walk.ok(own, "POST /group/admin/add", one(w.basil.uid)).await;
    walk.ok(own, "POST /group/admin/remove", one(w.basil.uid)).await;
    let text = with(json!({ "title": "t", "content": "c" }));
    let number = walk.ok(own, "POST /group/announcement/edit", text).await["id"].clone();
    walk.ok(own, &format!("GET /group/announcement/list?group_id={gid}"), Value::Null).await;
    walk.ok(own, &format!("GET /group/announcement/last?group_id={gid}"), Value::Null).await;
    let which = format!("group_id={gid}&announcement_id={number}");
    walk.ok(&w.basil, &format!("GET /group/announcement?{which}"), Value::Null).await;
    walk.ok(own, &format!("POST /group/announcement/delete?{which}"), json!({})).await;
    walk.ok(own, "POST /group/transfer", with(json!({ "new_owner": w.basil.uid }))).await;
    walk.ok(&w.basil, &format!("POST /group/destroy?group_id={gid}"), json!({})).await;
}

async fn files(walk: &mut Walk, w: &World) {
    let own = &w.amber;
    walk.ok(own, "GET /file/upload/avatar/user", Value::Null).await;
    walk.ok(own, &format!("GET /file/upload/avatar/group?group_id={}", w.team), Value::Null).await;
    let slot =
        walk.ok(own, &format!("GET /file/upload/chat?file_type=200&to_type=2&to_id={}", w.team), Value::Null).await;
    let mut form = String::new();
    for (name, value) in slot["oss_body_param"].as_object().unwrap() {
        form += &format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", text(value));
    }
    form += "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n";
    let kind = [("Content-Type", "multipart/form-data; boundary=b")];
    let address = walk.server.address().to_string();
    let stored = try_http(&address, "POST", "/file/upload/store", &kind, &form).await.unwrap();
    assert_eq!(stored.body["data"], true, "{}", stored.text);
    let url = text(&slot["download_url"]).to_owned();
    let sign = url.split_once("sign=").unwrap().1;
    let forward = format!("GET /file/upload/forward?file_sign={sign}&to_type=1&to_id={}", w.basil.uid);
    assert_ne!(walk.ok(own, &forward, Value::Null).await, url);
    let new = json!({ "group_id": w.team, "name": "a.txt", "size": 5, "url": url, "type": "text" });
    let number = walk.ok(own, "POST /group/file/upload", new).await["file_id"].clone();
    let which = format!("group_id={}&file_id={number}", w.team);
    walk.ok(own, "POST /group/file/update_name", json!({ "group_id": w.team, "file_id": number, "name": "b" })).await;
    let denied = json!({ "group_id": w.team, "file_id": number, "name": "c" });
    assert_eq!(w.clover.call(&walk.server, "POST", "/group/file/update_name", denied).await.code(), 20023);
    assert_eq!(walk.ok(&w.basil, &format!("GET /group/file?{which}"), Value::Null).await["name"], "b");
    let list = walk.ok(&w.basil, &format!("GET /group/file/list?group_id={}", w.team), Value::Null).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
    walk.ok(own, "POST /group/file/delete", json!({ "group_id": w.team, "file_list": [number] })).await;
}

async fn group_switches(walk: &mut Walk, w: &World) {
    let info = format!("GET /group/info?group_id={}", w.team);
    for (name, parameter, value, field) in [
        ("info/name", "value", json!("Crew"), "name"),
        ("info/avatar", "value", json!("/a?b"), "avatar"),
        ("info/description", "value", json!("d"), "description"),
        ("info/ext", "value", json!("{}"), "ext"),
        ("settings/allow_member_invitation", "value", json!(false), "member_invite"),
        ("settings/allow_member_modify", "value", json!(true), "member_modify"),
        ("settings/enable_read_ack", "value", json!(true), "read_ack"),
        ("settings/history_visible", "value", json!(false), "history_visible"),
        ("settings/hide_member_info", "value", json!(true), "hide_member_info"),
        ("settings/require_admin_approval", "apply_approval", json!(2), "apply_approval"),
        ("settings/ban_all", "duration", json!(-1), "ban_expire_time"),
        ("msg/mute_mode", "msg_mute_mode", json!(2), "msg_mute_mode"),
        ("msg/push_mode", "msg_push_mode", json!(4), "msg_push_mode"),
    ] {
        let body = json!({ "group_id": w.team, parameter: value });
        walk.ok(&w.amber, &format!("POST /group/{name}"), body).await;
        assert_eq!(walk.ok(&w.amber, &info, Value::Null).await[field], value, "{name}");
    }
    for (on, mode) in [(true, 1), (false, 0)] {
        walk.ok(&w.amber, "POST /group/msg/not_disturb", json!({ "group_id": w.team, "value": on })).await;
        assert_eq!(walk.ok(&w.amber, &info, Value::Null).await["msg_mute_mode"], mode);
    }
    walk.ok(&w.amber, "POST /group/settings/unban_all", json!({ "group_id": w.team })).await;
    assert_eq!(walk.ok(&w.amber, &info, Value::Null).await["ban_expire_time"], 0);
}

async fn developer(walk: &mut Walk, w: &World) {
    walk.open("GET /admin/api/state", Value::Null).await;
    let document = http(&walk.server, "GET", "/admin/api/openapi", &[], Value::Null).await;
    assert_eq!(document.body, *DOCUMENT);
    walk.done.insert("GET /admin/api/openapi".to_owned());
    walk.open("POST /admin/api/faults", json!({ "rules": [] })).await;
    walk.open("POST /admin/api/clock", json!({ "offset_ms": 0 })).await;
    walk.open("POST /admin/api/app", json!({ "max_users": 0 })).await;
    walk.open("POST /admin/api/user", json!({ "user": "basil", "state": "normal" })).await;
    walk.open("POST /admin/api/crowd", json!({ "group": w.team, "members": 2 })).await;
    let notice = json!({ "kind": "user", "user": "amber", "type": "DNS_UPDATE" });
    walk.open("POST /admin/api/notice", notice).await;
    walk.open("POST /admin/api/bots", json!({ "bots": [], "chatty_ms": 0 })).await;
}

async fn devices(walk: &mut Walk, w: &World) {
    let status = "GET /user/online_status";
    assert_eq!(walk.ok(&w.clover, status, Value::Null).await["online"], false);
    let tablet = Account::login(&walk.server, "clover").await;
    let own = Device::login(&walk.server, &w.clover, "own").await;
    assert_eq!(walk.ok(&w.clover, status, Value::Null).await["online"], true);
    let bind = json!({ "device_sn": own.sn, "device_token": "t", "notifier_name": "n" });
    for (kept, request, body) in [
        (1, "POST /user/token/bind".to_owned(), bind),
        (0, format!("POST /user/token/unbind?deviceSn={}", own.sn), json!({})),
    ] {
        walk.ok(&w.clover, &request, body).await;
        let state = walk.open("GET /admin/api/state", Value::Null).await;
        assert_eq!(state["counts"]["push_tokens"], kept);
    }
    let other = Device::login(&walk.server, &tablet, "tablet").await;
    assert_eq!(walk.ok(&w.clover, "GET /user/device/list", Value::Null).await.as_array().unwrap().len(), 2);
    for path in ["/user/kick", "/user/device/kick", "/user/device/remove"] {
        walk.ok(&w.clover, &format!("POST {path}?device_sn={}", other.sn), json!({})).await;
    }
    assert_eq!(walk.ok(&w.clover, "GET /user/device/list", Value::Null).await.as_array().unwrap().len(), 1);
}

async fn endings(walk: &mut Walk, w: &World) {
    let dill = Account::login(&walk.server, "dill").await;
    walk.ok(&dill, "POST /user/username?username=dilly", json!({})).await;
    let change = json!({ "old_password": "dill-demo", "new_password": "dilly-demo" });
    walk.ok(&dill, "POST /user/change_password", change).await;
    let dill = Account::login(&walk.server, "dilly").await;
    walk.ok(&dill, "POST /user/delete", json!({ "password": "dilly-demo" })).await;
    // The phone is free again, the name is not.
    walk.ok(&w.basil, "POST /app/user/mobile_update", json!({ "mobile": "13900000001" })).await;
    assert_eq!(walk.open("GET /app/user/name_check?username=dilly", Value::Null).await, false);
}
