//! Calls of the HTTP API: sent, merged, repeated, given up, and what they change here.
use serde_json::{Value, json};

use super::notices::roster;
use super::*;
use crate::core::proto::roster_notice::Type as Roster;
use crate::core::services::{Access, Endpoint, Kind};

impl World {
    fn api(&mut self, call: CallId, endpoint: &str, params: &Value) {
        self.api_within(call, endpoint, params, 0);
    }

    fn api_within(&mut self, call: CallId, endpoint: &str, params: &Value, timeout: u32) {
        let params = Json(params.to_string());
        self.command(call, Command::Api { endpoint: endpoint.into(), params, timeout });
    }

    /// What a call gave.
    #[track_caller]
    fn given(&self, call: CallId) -> Value {
        match &self.replies[&call] {
            Ok(Reply::Api(json)) => serde_json::from_str(&json.0).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn asked(&self, url: &str) -> usize {
        self.requests.iter().filter(|(_, r)| r.url.contains(url)).count()
    }

    fn online() -> Self {
        let mut w = Self::new();
        w.log_in();
        w.requests.clear(); // the lists
        w
    }

    /// Lets time pass until that is asked for; false when that does not happen before `limit`.
    fn until_asked(&mut self, url: &str, limit: Duration) -> bool {
        let end = self.now + limit;
        while self.asked(url) == 0 {
            match self.deadline {
                Some(at) if at <= end => self.sleep(),
                _ => return false,
            }
        }
        true
    }

    fn status(&mut self, url: &str, status: u16) {
        self.answer_with(url, Ok(Response { status, body: String::new() }));
    }

    fn fail(&mut self, url: &str) {
        self.answer_with(url, Err(HttpError("down".into())));
    }
}

const DONE: &str = r#"{"code":200,"data":true}"#;
const SOON: Duration = Duration::from_secs(15);

fn group() -> Value {
    json!({ "group_id": GROUP })
}

#[test]
fn a_call_is_sent_with_its_token_and_answered() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    let request = &w.requests[0].1;
    assert_eq!((request.method, &request.url[..]), ("GET", &format!("http://rest/group/info?group_id={GROUP}")[..]));
    let expected = [("app_id", "app".to_owned()), ("access-token", "tok".to_owned())];
    assert_eq!(request.headers, expected);
    assert!(!w.replies.contains_key(&5));
    w.answer("/group/info", &format!(r#"{{"code":200,"data":{{"group_id":{GROUP},"owner_id":{MID}}}}}"#));
    assert_eq!(w.given(5), json!({"group_id": GROUP.to_string(), "owner_id": MID.to_string()}));
    assert_eq!(format!("{:?}", w.replies[&5]), "Ok(Api(Json(..)))", "it could have been a token");
}

#[test]
fn what_cannot_be_called_is_refused_at_once() {
    let mut w = World::online();
    w.api(5, "groupKick", &json!({ "group_id": GROUP }));
    assert_eq!(w.error_of(5), ErrorCode::ArgumentInvalid);
    w.api(6, "groupKill", &json!({}));
    assert_eq!(w.error_of(6), ErrorCode::ArgumentInvalid);
    w.api(7, "qrAllow", &json!({}));
    assert_eq!(w.error_of(7), ErrorCode::Unsupported);
    assert!(w.requests.is_empty());
    let mut w = World::new();
    w.api(5, "groupInfo", &group());
    assert_eq!(w.error_of(5), ErrorCode::UserNotLogin);
    assert!(w.requests.is_empty());
}

#[test]
fn every_endpoint_goes_out_and_its_refusal_comes_back() {
    let mut w = World::online();
    let callable = Endpoint::all().filter(|e| !matches!(e.access, Access::Host | Access::Never));
    for (endpoint, call) in callable.zip(100..) {
        let params: serde_json::Map<_, _> = endpoint
            .params()
            .into_iter()
            .filter(|p| p.required)
            .map(|p| {
                let value = match p.kind {
                    Kind::Ids => json!([1]),
                    Kind::Flag => json!(true),
                    Kind::Text => json!("x"),
                    Kind::Wishes => json!([{ "user_id": 1 }]),
                    _ => json!(1),
                };
                (p.name.to_owned(), value)
            })
            .collect();
        w.api(call, endpoint.name, &params.into());
        let (id, request) = w.requests.pop().expect(endpoint.name);
        let secret = request.headers.iter().any(|(name, _)| *name == "access-token");
        assert_eq!(secret, matches!(endpoint.access, Access::User | Access::Maybe), "{}", endpoint.name);
        let body = r#"{"code":10010,"message":"not yours"}"#.into();
        w.feed(Input::Answer(id, Ok(Response { status: 200, body })));
        assert_eq!(w.error_of(call), ErrorCode::UserPermissionDenied, "{}", endpoint.name);
    }
    assert!(w.session.api.is_idle());
}

#[test]
fn whoever_is_not_logged_in_can_call_what_is_open_to_all() {
    let mut w = World::new();
    w.api(5, "userRegister", &json!({ "username": "n", "password": "p" }));
    w.api(6, "captchaImagePost", &json!({}));
    assert_eq!(w.asked("app_dns"), 1, "the addresses are asked for once");
    w.answer("app_dns", DNS);
    assert!(w.device.keys().any(|(table, _)| *table == Table::Kv), "and kept");
    let request = &w.requests[0].1;
    assert_eq!(request.body.as_deref(), Some(r#"{"username":"n","password":"p"}"#));
    assert_eq!(request.headers.iter().map(|h| h.0).collect::<Vec<_>>(), ["app_id", "content-type"]);
    w.answer("/user/register", r#"{"code":200,"data":{"user_id":9}}"#);
    assert_eq!(w.given(5), json!({ "user_id": "9" }));
    w.answer("/app/captcha/image", r#"{"code":200,"data":"img"}"#);
    assert_eq!(w.given(6), json!("img"));
    let mut w = World::new();
    w.api(5, "userRegister", &json!({ "username": "n", "password": "p" }));
    w.fail("app_dns");
    assert_eq!(w.error_of(5), ErrorCode::ServerDNSFetchFailed);
    assert_eq!(w.session.state(), State::Idle);
    w.api(6, "userRegister", &json!({ "username": "n", "password": "p" }));
    w.answer("app_dns", DNS);
    assert_eq!(w.asked("/user/register"), 1);
}

#[test]
fn calls_made_during_a_login_use_its_addresses() {
    let mut w = World::new();
    w.command(1, login());
    w.api(5, "getAppConfig", &json!({ "platform": 6 }));
    assert_eq!(w.asked("app_dns"), 1);
    w.answer("app_dns", DNS);
    assert_eq!(w.asked("/app/config?platform=6"), 1);
}

#[test]
fn calls_end_after_their_time() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api_within(6, "userProfile", &json!({}), 500);
    let begin = w.now;
    w.sleep();
    assert_eq!((w.now.0 - begin.0, w.error_of(6)), (500, ErrorCode::ServerTimeOut));
    while !w.replies.contains_key(&5) {
        w.sleep();
    }
    assert_eq!((w.now.0 - begin.0, w.error_of(5)), (20_000, ErrorCode::ServerTimeOut));
    w.answer("/group/info", r#"{"code":200,"data":{}}"#); // late: nobody waits
    w.answer("/user/profile", r#"{"code":200,"data":{}}"#);
}

#[test]
fn calls_can_be_given_up() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api(6, "groupInfo", &group());
    w.command(7, Command::CancelApi(5));
    assert_eq!((w.error_of(5), &w.replies[&7]), (ErrorCode::Cancelled, &Ok(Reply::Done)));
    w.answer("/group/info", r#"{"code":200,"data":{}}"#);
    assert_eq!(w.given(6), json!({}), "the other one still waits");
    w.command(8, Command::CancelApi(6));
    w.command(9, Command::CancelApi(77));
    assert!(w.replies[&8].is_ok() && w.replies[&9].is_ok(), "too late, or never there: that is no error");
}

#[test]
fn the_call_that_ends_the_session_has_its_answer_all_the_same() {
    let mut w = World::online();
    w.api(5, "userDelete", &json!({ "password": "p" }));
    let removed = UserNotice { r#type: 3, content: String::new() }.encode_to_vec().into();
    let meta = Meta {
        id: MID,
        ns: 4,
        to: Some(Xid { uid: ME, device_sn: 0 }),
        timestamp: 1,
        payload: removed,
        ..Meta::default()
    };
    w.frame(&page(0, vec![meta], 0));
    assert_eq!(w.session.state(), State::Kicked);
    assert!(!w.replies.contains_key(&5));
    w.api(6, "userProfile", &json!({}));
    assert_eq!(w.error_of(6), ErrorCode::UserNotLogin);
    w.answer("/user/delete", r#"{"code":200,"data":true}"#);
    assert_eq!(w.given(5), json!(true));
}

#[test]
fn a_logout_ends_calls_that_need_the_login_and_no_others() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api(6, "getAppConfig", &json!({ "platform": 6 }));
    w.command(7, Command::Logout);
    assert_eq!(w.error_of(5), ErrorCode::Cancelled);
    w.answer("/group/info", r#"{"code":200,"data":{}}"#);
    w.answer("/app/config", r#"{"code":200,"data":{}}"#);
    assert_eq!(w.given(6), json!({}));
}

#[test]
fn parallel_questions_that_are_the_same_are_one() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api(6, "groupInfo", &group());
    w.api(7, "groupInfo", &json!({ "group_id": 1 }));
    w.api(8, "groupSettings", &group());
    assert_eq!((w.asked("/group/info"), w.asked("/group/settings")), (2, 1));
    w.answer("/group/info", r#"{"code":200,"data":{"name":"a"}}"#);
    assert_eq!((w.given(5), w.given(6)), (json!({ "name": "a" }), json!({ "name": "a" })));
    w.api(9, "groupInfo", &group());
    assert_eq!(w.asked("/group/info"), 2, "answers are not kept");
}

#[test]
fn a_question_after_a_change_is_asked_again() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api(6, "groupInfoName", &json!({ "group_id": GROUP, "value": "b" }));
    w.api(7, "groupInfo", &group());
    assert_eq!(w.asked("/group/info?"), 2, "the first one may have been answered before the change");
    w.answer("/group/info/name", DONE);
    w.api(8, "groupInfo", &group());
    assert_eq!(w.asked("/group/info?"), 3, "so may the second");
}

#[test]
fn changes_and_uploads_are_never_merged() {
    let mut w = World::online();
    let name = json!({ "group_id": GROUP, "value": "b" });
    w.api(5, "groupInfoName", &name);
    w.api(6, "groupInfoName", &name);
    assert_eq!(w.asked("/group/info/name"), 2);
    w.api(7, "fileUploadAvatarUrl", &json!({}));
    w.api(8, "fileUploadAvatarUrl", &json!({}));
    assert_eq!(w.asked("/file/upload/avatar/user"), 2, "two files need two places");
}

#[test]
fn what_only_reads_is_repeated_three_times_in_all() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.fail("/group/info");
    assert!(!w.replies.contains_key(&5) && w.asked("/group/info") == 0, "not at once");
    assert!(w.until_asked("/group/info", SOON));
    w.status("/group/info", 503);
    assert!(w.until_asked("/group/info", SOON));
    w.status("/group/info", 500);
    assert_eq!(w.error_of(5), ErrorCode::ServerBusy);
    w.api(6, "groupInfo", &group());
    w.status("/group/info", 502);
    assert!(w.until_asked("/group/info", SOON));
    w.answer("/group/info", r#"{"code":200,"data":{}}"#);
    assert_eq!(w.given(6), json!({}));
}

#[test]
fn what_changes_something_is_never_repeated_after_trouble() {
    for (status, code) in [(None, ErrorCode::ServerNotReachable), (Some(500), ErrorCode::ServerBusy)] {
        let mut w = World::online();
        w.api(5, "groupLeave", &group());
        match status {
            None => w.fail("/group/leave"),
            Some(status) => w.status("/group/leave", status),
        }
        assert_eq!(w.error_of(5), code);
        assert!(!w.until_asked("/group/leave", SOON));
    }
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.status("/group/info", 404);
    assert!(w.replies[&5].is_err(), "nor what will fail again");
}

#[test]
fn too_many_requests_make_everybody_wait() {
    let mut w = World::online();
    let begin = w.now;
    w.api(5, "groupLeave", &group());
    w.status("/group/leave", 429);
    w.api(6, "userProfile", &json!({}));
    assert_eq!(w.requests.len(), 0, "others wait too");
    assert!(w.until_asked("/group/leave", SOON), "it was not carried out, so it may be repeated");
    assert!(w.now.0 - begin.0 >= 1000);
    assert_eq!(w.asked("/user/profile"), 1);
    w.status("/group/leave", 429);
    assert!(w.until_asked("/group/leave", SOON));
    w.status("/group/leave", 429);
    assert_eq!(w.error_of(5), ErrorCode::ServerTooManyRequest);
}

#[test]
fn an_invalid_token_is_renewed_once_and_the_calls_are_replayed() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.api(6, "groupLeave", &group());
    w.answer("/group/info", r#"{"code":402,"message":"token"}"#);
    w.answer("/group/leave", r#"{"code":10008}"#);
    w.api(7, "userProfile", &json!({}));
    assert_eq!((w.asked("/token/user"), w.replies.contains_key(&5)), (1, false));
    w.answer("/token/user", &token().replace("\"tok\"", "\"fresh\""));
    for path in ["/group/info", "/group/leave"] {
        let (_, again) = w.requests.iter().find(|(_, r)| r.url.contains(path)).unwrap();
        assert!(again.headers.contains(&("access-token", "fresh".into())), "{path}");
    }
    w.answer("/group/info", r#"{"code":200,"data":{}}"#);
    w.answer("/group/leave", DONE);
    assert_eq!((w.given(5), w.given(6)), (json!({}), json!(true)));
    w.answer("/user/profile", r#"{"code":402}"#); // asked with the old token
    assert_eq!(w.asked("/user/profile"), 1, "the new one is there already");
    w.answer("/user/profile", r#"{"code":402}"#);
    assert_eq!(w.error_of(7), ErrorCode::InvalidToken, "once only");
    assert_eq!(w.asked("/token/user"), 0);
}

#[test]
fn a_token_that_cannot_be_renewed_is_the_calls_error() {
    let mut w = World::new();
    w.command(
        1,
        Command::Login(Credentials::Token(crate::core::services::Token {
            uid: ME,
            token: "tok".into(),
            public_key: String::new(),
        })),
    );
    w.answer("app_dns", DNS);
    w.go_online();
    w.requests.clear();
    w.api(5, "groupInfo", &group());
    w.answer("/group/info", r#"{"code":402}"#);
    assert_eq!(w.error_of(5), ErrorCode::InvalidToken);
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.answer("/group/info", r#"{"code":402}"#);
    w.answer("/token/user", r#"{"code":10000,"message":"gone"}"#);
    assert_eq!(w.error_of(5), ErrorCode::InvalidToken);
}

#[test]
fn calls_end_with_the_reason_that_the_session_ends_for() {
    let mut w = World::online();
    w.api(5, "groupInfo", &group());
    w.answer_with("/group/info", Err(HttpError("gone".into()))); // it will be sent again
    w.api(6, "getAppConfig", &json!({ "platform": 6 }));
    let payload = UserNotice { r#type: 2, content: String::new() }.encode_to_vec().into();
    let frozen = Meta { id: MID + 1, ns: 4, timestamp: w.now.0, payload, ..Meta::default() };
    w.frame(&page(0, vec![frozen], 0));
    assert_eq!(w.error_of(5), ErrorCode::UserFrozen);
    assert!(!w.replies.contains_key(&6), "needs no session");
}

#[test]
fn only_the_clouds_own_hosts_hear_app_id_and_token_for_a_file() {
    let mut w = World::online();
    w.api(5, "fileUploadAvatarUrl", &json!({}));
    w.answer(
        "/file/upload/avatar/user",
        r#"{"code":200,"data":{"upload_url":"https://a.maximtop.cn/u?x=1","download_url":"http://rest/d?s=1"}}"#,
    );
    let upload = w.given(5)["upload_url"].as_str().unwrap().to_owned();
    for (call, url, to, own) in [
        (6, &upload[..], "http://rest/u?x=1", true),
        (7, "http://rest/f?sign=1", "http://rest/f?sign=1", true),
        (8, "/f?sign=1", "http://rest/f?sign=1", true),
        (9, "x.png", "http://rest/file/download/avatar?object_name=x.png", true),
        (10, "http://other/f", "http://other/f", false),
        (11, "http://rest:81/f", "http://rest:81/f", false),
        (12, "http://rest.evil/f", "http://rest.evil/f", false),
        (13, "https://rest/f", "https://rest/f", false),
    ] {
        w.command(call, Command::Locate(url.into()));
        let headers = if own { json!({ "app_id": "app", "access-token": "tok" }) } else { json!({}) };
        assert_eq!(w.given(call), json!({ "url": to, "headers": headers }));
    }
    w.command(14, Command::Locate("http://rest@other/".into()));
    assert_eq!(w.error_of(14), ErrorCode::InvalidFileDownloadUrl);
    w.command(15, Command::Logout);
    w.command(16, Command::Locate("/captcha".into()));
    assert_eq!(w.given(16), json!({ "url": "http://rest/captcha", "headers": { "app_id": "app" } }));
    let mut w = World::new();
    w.command(5, Command::Locate("http://rest/f".into()));
    assert_eq!(w.given(5), json!({ "url": "http://rest/f", "headers": {} }));
    w.command(6, Command::Locate("/f".into()));
    assert_eq!(w.error_of(6), ErrorCode::ServerNotReachable);
}

fn with_a_contact() -> World {
    let mut w = World::new();
    w.log_in();
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{PEER}]}}"#));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil"}}]}}"#));
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    w.requests.clear();
    w.events.clear();
    w
}

#[test]
fn a_deleted_contact_goes_at_once_with_the_conversation() {
    let mut w = with_a_contact();
    assert_eq!(w.list().len(), 1);
    w.api(5, "rosterDelete", &json!({ "user_id": PEER.to_string() }));
    w.answer("/roster/delete?user_id=", r#"{"code":10010}"#);
    assert_eq!((w.list().len(), w.events.len()), (1, 0), "refused: nothing happened");
    w.api(6, "rosterDelete", &json!({ "user_id": PEER }));
    w.answer("/roster/delete?user_id=", DONE);
    assert_eq!((w.given(6), w.list().len()), (json!(true), 0));
    assert!(w.events.contains(&Event::Removed(vec![ConversationId::user(PEER)])));
    assert!(w.events.iter().any(|e| matches!(e, Event::Users(all) if !all[0].is_contact)));
    assert!(!w.account.keys().any(|(table, _)| *table == Table::Messages), "its messages too");
    w.events.clear();
    w.queue(vec![roster(MID + 1, Roster::Removed, ME, PEER, "")]);
    assert!(!w.events.iter().any(|e| matches!(e, Event::Removed(_))), "the notice of it finds nothing left to do");
}

#[test]
fn a_change_of_a_card_fetches_the_card() {
    for (endpoint, params, path, whose) in [
        ("userNickname", json!({ "nick_name": "A" }), "/user/nickname", ME),
        ("userAvatar", json!({ "avatar": "http://a" }), "/user/avatar", ME),
        ("userProfilePost", json!({ "nick_name": "A" }), "/user/profile", ME),
        ("rosterAlias", json!({ "user_id": PEER, "alias": "B" }), "/roster/ext", PEER),
        ("rosterExt", json!({ "user_id": PEER.to_string(), "ext": "{}" }), "/roster/ext", PEER),
    ] {
        let mut w = with_a_contact();
        w.api(5, endpoint, &params);
        w.answer(path, DONE);
        assert_eq!(w.given(5), json!(true));
        let (_, request) = w.requests.iter().find(|(_, r)| r.url.ends_with("/roster/list")).expect(endpoint);
        assert_eq!(request.body.as_deref(), Some(&format!(r#"{{"list":[{whose}]}}"#)[..]));
        let card = format!(r#"{{"code":200,"data":[{{"user_id":{PEER},"username":"basil","alias":"B"}}]}}"#);
        w.answer("/roster/list", &card);
        assert_eq!(w.list()[0].title, "B");
    }
}
