//! The table against the facts, and every row of it with good and bad arguments and answers.
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// What a parameter of a kind may be, and what it becomes on the wire.
fn good(kind: Kind) -> Vec<(Value, &'static str)> {
    match kind {
        Kind::Id => vec![
            (json!(6_600_000_000_112_u64), "6600000000112"),
            (json!("1234567890123456789"), "1234567890123456789"),
            (json!(i64::MAX), "9223372036854775807"),
        ],
        Kind::Ids => vec![(json!([1, "1234567890123456789"]), "[1,1234567890123456789]"), (json!([]), "[]")],
        Kind::Int => vec![(json!(-1), "-1"), (json!("9007199254740993"), "9007199254740993")],
        Kind::Small => vec![(json!(0), "0"), (json!("-7"), "-7"), (json!(i32::MAX), "2147483647")],
        Kind::Hour => vec![(json!(0), "0"), (json!(23), "23")],
        Kind::Flag => vec![(json!(true), "true"), (json!(false), "false")],
        Kind::Text | Kind::Key => vec![(json!("a \"b\" & ü"), r#""a \"b\" & ü""#), (json!(""), r#""""#)],
        Kind::Json => vec![(json!({"a": [1, null]}), r#"{"a":[1,null]}"#), (json!(3), "3")],
        Kind::Base => vec![(json!("http://links.example:81/"), "")],
        Kind::Wishes => vec![
            (json!([{"user_id": "7", "alias": "x"}, {"user_id": 8}]), r#"[{"alias":"x","user_id":7},{"user_id":8}]"#),
            (json!([]), "[]"),
        ],
    }
}

fn bad(kind: Kind) -> Vec<Value> {
    match kind {
        Kind::Id => {
            vec![json!(0), json!(-1), json!(1.5), json!(1e20), json!("x"), json!(u64::MAX), json!(true), json!([1])]
        }
        Kind::Ids => vec![json!(1), json!([0]), json!([1, null]), json!({}), json!("1")],
        Kind::Int => vec![json!(0.5), json!(1e19), json!(""), json!(true)],
        Kind::Small => vec![json!(1_u64 << 31), json!("2147483648"), json!("null"), json!([])],
        Kind::Hour => vec![json!(24), json!(-1), json!("noon")],
        Kind::Flag => vec![json!(1), json!("true"), json!([])],
        Kind::Text | Kind::Key => vec![json!(1), json!(true), json!({}), json!([])],
        Kind::Json => vec![],
        Kind::Base => vec![json!(1), json!("ftp://x"), json!("//x"), json!("https://a@b")],
        Kind::Wishes => vec![
            json!({}),
            json!([1]),
            json!([{"alias": "x"}]),
            json!([{"user_id": 0}]),
            json!([{"user_id": 1, "alias": 2}]),
            json!([{"user_id": 1, "more": 2}]),
        ],
    }
}

const DNS: &str = "http://dns/v2/app_dns";

fn callable() -> impl Iterator<Item = Endpoint> {
    Endpoint::all().filter(|e| !matches!(e.access, Access::Host | Access::Never))
}

fn prepare(endpoint: &Endpoint, given: &Map<String, Value>) -> Result<Prepared, Error> {
    endpoint.prepare(&Value::Object(given.clone()).to_string(), Some(DNS))
}

fn complete(endpoint: &Endpoint, all: bool) -> Map<String, Value> {
    let wanted = endpoint.params().into_iter().filter(|p| all || p.required);
    wanted.map(|p| (p.name.to_owned(), good(p.kind).remove(0).0)).collect()
}

#[track_caller]
fn refused(result: Result<Prepared, Error>, name: &str) {
    let e = result.expect_err(name);
    assert_eq!(e.code, ErrorCode::ArgumentInvalid);
    assert!(e.detail.contains(&format!("`{name}`")), "{e} does not name {name}");
}

fn facts() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../../tests/protocol/http-api.json")).unwrap()
}

#[test]
fn the_table_has_every_endpoint_of_the_cloud() {
    let facts = facts();
    let (mut sdk, mut related, mut unused) = (0, 0, 0);
    let names: Vec<_> = Endpoint::all().map(|e| e.name).collect();
    let expected: Vec<_> = facts.iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(names, expected);
    for fact in &facts {
        let name = fact["name"].as_str().unwrap();
        let row = Endpoint::find(name).unwrap();
        let is_sdk = fact["sdk"] == true;
        sdk += usize::from(is_sdk);
        related += usize::from(!is_sdk && row.access != Access::Never);
        unused += usize::from(row.access == Access::Never);
        assert_eq!(row.method, fact["method"], "{name}");
        let path = match name {
            "getServers" => "<dnsServer>/v2/app_dns", // the whole address is configured
            "parseLink" => "<linkServer>/info",
            _ => row.path,
        };
        assert_eq!(path, fact["path"], "{name}");
        let supported = !matches!(row.access, Access::Host | Access::Never);
        assert_eq!(supported, fact["supported"], "{name}");
        if supported {
            let token = if row.access == Access::Open { json!(false) } else { json!(true) };
            assert_eq!(token, fact["token"], "{name}");
        }
        let ours: Vec<_> = row
            .params()
            .into_iter()
            .filter(|p| p.kind != Kind::Base)
            .map(|p| {
                let name = if p.kind == Kind::Wishes { "[]" } else { p.name };
                let place = if p.in_query { "query" } else { "body" };
                json!({ "name": name, "required": p.required, "in": place })
            })
            .collect();
        let theirs = fact["params"].as_array().unwrap();
        for param in theirs {
            let ours =
                row.params().into_iter().find(|p| param["name"] == p.name || p.kind == Kind::Wishes).expect(name);
            let kinds: &[Kind] = match param["type"].as_str().unwrap() {
                "string" => &[Kind::Text, Kind::Key],
                "int64" => &[Kind::Id, Kind::Int],
                "int64[]" => &[Kind::Ids],
                "int32" => &[Kind::Small],
                "int32 0-23" => &[Kind::Hour],
                "boolean" => &[Kind::Flag],
                "any" => &[Kind::Json],
                _ => &[Kind::Wishes],
            };
            assert!(kinds.contains(&ours.kind), "{name} {param}");
        }
        let theirs: Vec<_> =
            theirs.iter().map(|p| json!({ "name": p["name"], "required": p["required"], "in": p["in"] })).collect();
        assert_eq!(ours, theirs, "{name}");
    }
    assert_eq!((sdk, related, unused), (127, 24, 16));
}

#[test]
fn every_endpoint_takes_good_arguments_and_puts_them_in_their_places() {
    for endpoint in callable() {
        for all in [false, true] {
            let given = complete(&endpoint, all);
            let made = prepare(&endpoint, &given).unwrap();
            let (path, queries) = made.target.split_once('?').unwrap_or((&made.target, ""));
            match endpoint.name {
                "getServers" => assert_eq!(path, DNS),
                "parseLink" if all => assert_eq!(path, "http://links.example:81/info"),
                "parseLink" => assert_eq!(path, "https://lanyinglink.com/info"),
                _ => assert_eq!(path, endpoint.path),
            }
            assert_eq!(made.body.is_some(), endpoint.method != "GET", "{}", endpoint.name);
            let mut body: Value = made.body.as_deref().map_or(json!({}), |b| serde_json::from_str(b).unwrap());
            let mut queries: Vec<_> = queries.split('&').filter(|q| !q.is_empty()).collect();
            for param in endpoint.params().into_iter().filter(|p| given.contains_key(p.name) || p.kind == Kind::Key) {
                let name = param.name;
                match param.kind {
                    Kind::Base => {}
                    Kind::Wishes => assert_eq!(
                        std::mem::replace(&mut body, json!({})),
                        json!([{"alias": "x", "user_id": 7}, {"user_id": 8}])
                    ),
                    _ if param.in_query => {
                        let value = match (param.kind, given.contains_key(name)) {
                            (Kind::Key, false) => String::new(),
                            (Kind::Key | Kind::Text, true) => query("a \"b\" & ü"),
                            (kind, _) => query(good(kind)[0].1),
                        };
                        let at = queries.iter().position(|q| *q == format!("{name}={value}")).expect(name);
                        queries.remove(at);
                    }
                    kind => {
                        let text = good(kind)[0].1;
                        assert!(made.body.as_deref().unwrap().contains(&format!("\"{name}\":{text}")), "{name}");
                        body.as_object_mut().unwrap().remove(name).expect(name);
                    }
                }
            }
            assert_eq!((queries.len(), body), (0, json!({})), "{}: nothing else is sent", endpoint.name);
        }
    }
}

#[test]
fn every_endpoint_takes_each_form_of_an_argument_and_refuses_each_wrong_one() {
    for endpoint in callable() {
        let whole = complete(&endpoint, true);
        for param in endpoint.params() {
            let with = |value: Value| {
                let mut given = whole.clone();
                given.insert(param.name.to_owned(), value);
                prepare(&endpoint, &given)
            };
            for (value, wire) in good(param.kind) {
                let made = with(value).unwrap_or_else(|e| panic!("{} {e}", endpoint.name));
                let json = if matches!(param.kind, Kind::Text | Kind::Key) {
                    serde_json::from_str::<String>(wire).unwrap()
                } else {
                    wire.to_owned()
                };
                let body = made.body.unwrap_or_default();
                let found = made.target.contains(&format!("{}={}", param.name, query(&json)));
                assert!(found || body.contains(wire), "{} {}", endpoint.name, param.name);
            }
            for value in bad(param.kind) {
                refused(with(value), param.name);
            }
            let without = |null: bool| {
                let mut given = whole.clone();
                given.remove(param.name);
                if null {
                    given.insert(param.name.to_owned(), Value::Null);
                }
                prepare(&endpoint, &given)
            };
            if param.required {
                refused(without(false), param.name);
                refused(without(true), param.name);
            } else {
                assert_eq!(without(false), without(true), "null is nothing");
                assert!(without(false).is_ok());
            }
        }
        let mut more = whole.clone();
        more.insert("surplus".into(), json!(1));
        refused(prepare(&endpoint, &more), "surplus");
    }
}

#[test]
fn arguments_are_an_object_or_nothing() {
    let row = Endpoint::find("groupPubliclist").unwrap();
    assert!(row.prepare("", None).is_ok() && row.prepare("{}", None).is_ok());
    for odd in ["null", "[]", "7", "{", "\"x\""] {
        assert_eq!(row.prepare(odd, None).unwrap_err().code, ErrorCode::ArgumentInvalid, "{odd}");
    }
}

#[test]
fn what_is_not_called_says_so() {
    for endpoint in Endpoint::all().filter(|e| matches!(e.access, Access::Host | Access::Never)) {
        let e = endpoint.prepare("{}", Some(DNS)).unwrap_err();
        assert_eq!((e.code, &e.detail[..]), (ErrorCode::Unsupported, endpoint.name));
    }
    let servers = Endpoint::find("getServers").unwrap();
    let e = servers.prepare(r#"{"app_id":"a"}"#, None).unwrap_err();
    assert_eq!(e.code, ErrorCode::Unsupported, "there is no document with fixed addresses");
}

#[test]
fn what_the_previous_sdk_had_wrong_is_right() {
    let target = |name: &str, params: &str| {
        let made = Endpoint::find(name).unwrap().prepare(params, None).unwrap();
        (made.target, made.body)
    };
    assert_eq!(target("userKick", r#"{"device_sn":7}"#), ("/user/kick?device_sn=7".into(), Some("{}".into())));
    assert_eq!(target("userSounds", r#"{"value":true}"#), ("/user/sounds?value=true".into(), Some("{}".into())));
    assert_eq!(target("rosterBlockedlist", ""), ("/roster/blocked_list".into(), None));
    assert_eq!(target("rosterApplylist", ""), ("/roster/apply/list?cursor=".into(), None));
    let pages = r#"{"group_list":[17],"cursor":"c/1","limit":50}"#;
    let expected = ("/group/application_list?cursor=c%2F1&limit=50".into(), Some(r#"{"group_list":[17]}"#.into()));
    assert_eq!(target("groupApplicationlist", pages), expected);
    let shared = r#"{"file_type":200,"to_id":17,"to_type":2}"#;
    assert_eq!(target("fileUploadChatFileUrl", shared).0, "/file/upload/chat?file_type=200&to_id=17&to_type=2");
}

#[test]
fn nobody_but_the_cloud_hears_the_token() {
    let caller = Caller { base: "https://rest.example", app_id: "app", token: "SECRET" };
    for endpoint in callable() {
        let made = prepare(&endpoint, &complete(&endpoint, true)).unwrap();
        let request = made.request(&endpoint, caller);
        let own = same_origin(&request.url, caller.base);
        assert_eq!(own, !matches!(endpoint.name, "getServers" | "parseLink"));
        assert_eq!(request.headers.contains(&("access-token", "SECRET".into())), own, "{}", endpoint.name);
        assert_eq!(request.headers.iter().any(|h| h.0 == "app_id"), own);
        assert!(!request.url.contains("SECRET"));
        assert_eq!(format!("{made:?}"), "Prepared(..)", "it may hold a password");
    }
}

fn parsed(endpoint: &Endpoint, body: &str) -> Result<Value, Error> {
    endpoint.read(body).map(|text| serde_json::from_str(&text).unwrap())
}

fn answer(name: &str, body: &str) -> Result<Value, Error> {
    parsed(&Endpoint::find(name).unwrap(), body)
}

fn data(name: &str, data: Value) -> Result<Value, Error> {
    answer(name, &json!({ "code": 200, "message": null, "data": data }).to_string())
}

#[test]
fn every_answer_is_checked_for_what_it_is() {
    let upload = json!({"upload_url": "http://up/x", "download_url": "http://down/x?a=1", "upload_method": "POST"});
    for endpoint in callable() {
        let (fits, others) = match endpoint.answer {
            Answer::Any => (vec![json!(true), json!(null), json!({}), json!("x")], vec![]),
            Answer::Flag => (vec![json!(true), json!(false)], vec![json!("true"), json!(1), json!({})]),
            Answer::Text => (vec![json!("x")], vec![json!(1), json!({})]),
            Answer::Object => (vec![json!({})], vec![json!([]), json!("x"), json!(true)]),
            Answer::Upload => (vec![upload.clone()], vec![json!([]), json!("x"), json!({})]),
            _ => (vec![json!([])], vec![json!({}), json!("x"), json!(true)]),
        };
        for value in fits {
            let got = data(endpoint.name, value.clone()).unwrap_or_else(|e| panic!("{} {e}", endpoint.name));
            let page = json!({"items": value, "cursor": null});
            let paged = matches!(endpoint.answer, Answer::Page | Answer::IdPage);
            assert_eq!(got, if paged { page } else { value }, "{}", endpoint.name);
        }
        for value in others {
            let e = data(endpoint.name, value).unwrap_err();
            assert!(matches!(e.code, ErrorCode::ServerResponseInvalid | ErrorCode::ServerInvalidUploadUrl));
            assert!(e.detail.contains('`'), "{e}");
        }
        if endpoint.answer != Answer::Any {
            assert_eq!(data(endpoint.name, Value::Null).is_ok(), endpoint.nullable, "{}", endpoint.name);
        }
        let code = |body: &str| endpoint.read(body).unwrap_err().code;
        assert_eq!(code(r#"{"code":20001,"message":"no","data":null}"#), ErrorCode::GroupNotExist);
        assert_eq!(code(r#"{"code":404,"message":"no"}"#), ErrorCode::Unsupported);
        assert_eq!(code(r#"{"code":402}"#), ErrorCode::InvalidToken);
        for odd in ["", "<html>", "[]", "{}", r#"{"code":"x"}"#, r#"{"code":200.5}"#, "null"] {
            assert_eq!(code(odd), ErrorCode::ServerResponseInvalid, "{odd}");
        }
    }
    assert_eq!(data("groupAdminList", Value::Null).unwrap(), json!([]));
    assert_eq!(data("getAppConfig", Value::Null).unwrap(), json!({}));
}

#[test]
fn ids_and_large_integers_come_as_text() {
    let body = r#"{"code":200,"data":{"group_id":17,"owner_id":9007199254740993,"count":3,"capacity":9007199254740993,
        "ban_expire_time":-1,"updated_at":9007199254740992,"low":-9007199254740993,"name":"n","ratio":0.5,
        "conversation_ids":[1,2],"nested":[{"user_id":5,"n":6}]}}"#;
    let expected = json!({"group_id": "17", "owner_id": "9007199254740993", "count": 3,
        "capacity": "9007199254740993", "ban_expire_time": -1, "updated_at": 9_007_199_254_740_992_u64,
        "low": "-9007199254740993", "name": "n", "ratio": 0.5, "conversation_ids": ["1", "2"],
        "nested": [{"user_id": "5", "n": 6}]});
    assert_eq!(answer("groupInfo", body).unwrap(), expected);
    let mixed = json!([7, "8", {"group_id": 9}, {"user_id": "10"}, null, "x", -1, 0, {}]);
    assert_eq!(data("groupUserjoined", mixed).unwrap(), json!(["7", "8", "9", "10"]));
    let list = json!([{"user_id": 1}, 7, null, {"user_id": "2", "join_time": 3}]);
    assert_eq!(data("groupAdminList", list).unwrap(), json!([{"user_id": "1"}, {"user_id": "2", "join_time": 3}]));
}

#[test]
fn pages_tell_how_to_go_on() {
    let page = |tail: &str| answer("groupMemberlist", &format!(r#"{{"code":200,"data":[{{"user_id":1}}]{tail}}}"#));
    let expected = |cursor: Value| json!({"items": [{"user_id": "1"}], "cursor": cursor});
    assert_eq!(page("").unwrap(), expected(Value::Null));
    assert_eq!(page(r#","cursor":"""#).unwrap(), expected(Value::Null));
    assert_eq!(page(r#","cursor":"abc","version":1"#).unwrap(), expected(json!("abc")));
    assert_eq!(page(r#","cursor":9007199254740993"#).unwrap(), expected(json!("9007199254740993")));
    assert_eq!(page(r#","cursor":{}"#).unwrap(), expected(Value::Null));
    assert_eq!(page(r#","total":250"#).unwrap()["total"], 250);
    let ids = answer("rosterList", r#"{"code":200,"data":[1,{"user_id":2}],"cursor":"n"}"#).unwrap();
    assert_eq!(ids, json!({"items": ["1", "2"], "cursor": "n"}));
}

#[test]
fn uploads_need_an_address_to_go_to_and_one_to_be_found_at() {
    let code = |value: Value| data("fileUploadAvatarUrl", value).unwrap_err().code;
    assert_eq!(code(json!({"download_url": "http://d?x=1"})), ErrorCode::ServerInvalidUploadUrl);
    assert_eq!(code(json!({"upload_url": "file:///x", "download_url": "http://d"})), ErrorCode::ServerInvalidUploadUrl);
    assert_eq!(code(json!({"upload_url": "http://u"})), ErrorCode::ServerResponseInvalid);
}

#[test]
fn origins_are_compared_strictly() {
    assert!(same_origin("https://a.example:443/x?y", "https://a.example"));
    assert!(same_origin("http://a.example:80", "http://a.example/?#"));
    assert!(same_origin("http://a:7700/x", "http://a:7700"));
    for other in [
        "http://a.example/",
        "https://a.example:444/",
        "https://a.example.evil/",
        "https://evil/a.example",
        "https://evil?https://a.example",
        "https://evil#a.example",
        "https://a.example@evil/",
        "https://a.example:443@evil/",
        "https://evil\\@a.example/",
        "https://a.example\\@evil/",
        "https://a.example\t/",
        "https:a.example/",
        "https:///a.example",
        "//a.example/",
        "a.example",
        "",
    ] {
        assert!(!same_origin("https://a.example", other), "{other}");
    }
}

#[test]
fn files_are_found_where_they_are() {
    let base = "https://rest.example";
    let at = |url: &str| locate(url, base).unwrap();
    assert_eq!(at("http://other/x?sign=1"), "http://other/x?sign=1");
    assert_eq!(at("/file/download/chat?file_sign=a:b"), "https://rest.example/file/download/chat?file_sign=a:b");
    let bare = "https://rest.example/file/download/avatar?object_name=a%2Fb%20c.png%26x";
    assert_eq!(at("a/b c.png&x"), bare);
    assert_eq!(at("https://oss.maximtop.cn:9000/file/x?sign=1"), "https://rest.example/file/x?sign=1");
    assert_eq!(at("http://maximtop.com.cn"), "https://rest.example/");
    assert_eq!(at("https://evilmaximtop.cn/x"), "https://evilmaximtop.cn/x");
    assert_eq!(at("https://maximtop.cn.evil/x"), "https://maximtop.cn.evil/x");
    assert_eq!(locate("https://maximtop.cn/x", "https://maximtop.cn").unwrap(), "https://maximtop.cn/x");
    let odd = ["", "http://", "http://a@b/x", "https://a b/", "https://a\\b", "/a b", "/a\\b", "javascript:alert(1)"];
    for odd in odd {
        assert_eq!(locate(odd, base).unwrap_err().code, ErrorCode::InvalidFileDownloadUrl, "{odd}");
    }
    for unknown in ["/x", "x.png", "https://maximtop.cn/x"] {
        assert_eq!(locate(unknown, "").unwrap_err().code, ErrorCode::ServerNotReachable);
    }
    assert_eq!(locate("http://other/x", "").unwrap(), "http://other/x");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9a-z\\\\\"é]{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof![Just("user_id"), Just("group_id"), Just("id"), Just("upload_url"), Just("n"), Just("list")];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// No number that JavaScript would round, and no id that is a number.
fn is_safe(value: &Value, id: bool) -> bool {
    match value {
        Value::Number(n) => n.is_f64() || (!id && n.as_i64().is_some_and(|n| n.unsigned_abs() <= EXACT)),
        Value::Array(items) => items.iter().all(|item| is_safe(item, id)),
        Value::Object(fields) => fields.iter().all(|(name, field)| is_safe(field, is_id(name))),
        _ => true,
    }
}

proptest! {
    #[test]
    fn whatever_the_cloud_answers_is_safe_or_an_error(data in any_json(), cursor in any_json(), row in 0..161_usize) {
        let endpoint = Endpoint::all().nth(row).unwrap();
        let body = json!({ "code": 200, "data": data, "cursor": cursor, "total": cursor }).to_string();
        match endpoint.read(&body) {
            Ok(text) => {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert!(is_safe(&value, false), "{}", value);
            }
            Err(e) => prop_assert!(e.detail.contains('`')),
        }
        let whole = endpoint.read(&data.to_string());
        prop_assert!(whole.is_err() || data.get("code").is_some());
    }

    #[test]
    fn whatever_the_caller_gives_is_sent_exactly_or_refused(given in any_json(), row in 0..161_usize) {
        let endpoint = Endpoint::all().nth(row).unwrap();
        if let Ok(made) = endpoint.prepare(&given.to_string(), Some(DNS)) {
            if let Some(body) = &made.body {
                prop_assert!(serde_json::from_str::<Value>(body).is_ok());
            }
            prop_assert!(made.target.bytes().all(|byte| byte > b' ' && byte < 0x7f));
        }
    }

    #[test]
    fn addresses_of_any_kind_are_understood_or_refused(url in "(https?://|/)?[a-z.:/?#@\\\\ é]{0,16}") {
        let base = "https://rest.example";
        if let Ok(found) = locate(&url, base) {
            prop_assert!(origin(&found).is_some());
        }
    }
}
