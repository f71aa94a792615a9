//! From credentials to a session, and its end.
use super::super::rows::{LoginRow, login_key};
use super::*;
use crate::core::services::Token;

fn refusal(code: i32) -> Vec<u8> {
    let status = Some(Status { code, reason: "because".into() });
    frame(Cmd::Provision, Provision { status, ..Provision::default() })
}

fn body(w: &World, url: &str) -> String {
    let (_, request) = w.requests.iter().find(|(_, r)| r.url.contains(url)).expect("such a request");
    request.body.clone().unwrap()
}

fn given(uid: u64, token: &str) -> Token {
    Token { uid, token: token.into(), public_key: "KEY".into() }
}

fn with_provider(device: Rows, account: Rows) -> World {
    let mut w = World::with(device, account);
    w.session.config.token_provider = true;
    w
}

fn wanted(w: &World) -> Vec<TokenReason> {
    let of = |e: &Event| if let Event::TokenWanted(reason) = e { Some(*reason) } else { None };
    w.events.iter().filter_map(of).collect()
}

/// Online, and then refused with that status at the next login.
fn refused_with(code: i32) -> World {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Opened);
    w.events.clear();
    w.frame(&refusal(code));
    w
}

fn remembers(w: &World) -> bool {
    w.device.keys().any(|(_, key)| key.starts_with(b"login"))
}

#[test]
fn a_login_goes_through_dns_token_store_and_provision() {
    let mut w = World::new();
    w.command(1, login());
    assert_eq!(w.requests[0].1.url, "http://dns/v2/app_dns?app_id=app&source=sdk");
    assert!(w.requests[0].1.headers.is_empty(), "nothing of the account goes to the DNS host");
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    assert_eq!(w.connects, ["ws://a/"]);
    assert!(w.provisions.is_empty());
    w.feed(Input::Opened);
    let p = &w.provisions[0];
    assert_eq!((p.xid, &p.token[..], p.os_type), (Some(Xid { uid: ME, device_sn: 0 }), "tok", 6));
    assert_eq!((&p.sdk_vsn[..], &p.device_info[..]), ("2.0.0", "Web"));
    assert_eq!(p.device_guid, format!("{ME}_42"));
    assert!(!w.replies.contains_key(&1));
    let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
    w.frame(&frame(Cmd::Provision, reply));
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some((ME, 7)))));
    assert_eq!(w.heartbeats, 1, "the unread list is asked for at once");
}

#[test]
fn the_device_keeps_its_guid_and_serial() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some((ME, 7)))), "local data needs no network");
    w.feed(Input::Opened);
    let p = &w.provisions[0];
    assert_eq!((p.xid.unwrap().device_sn, &p.device_guid[..], &p.token[..]), (7, &format!("{ME}_42")[..], "tok"));
}

#[test]
fn failed_logins_say_why_and_can_be_repeated() {
    let mut w = World::new();
    for (n, body, code) in [
        (1, r#"{"code":40010,"message":"Operation rejected"}"#, ErrorCode::UserAuthFailed),
        (2, r#"{"code":10000,"message":"user does not exist"}"#, ErrorCode::UserNotExist),
        (3, "<html>", ErrorCode::ServerTokenResponseInvalid),
    ] {
        w.command(n, login());
        w.answer("app_dns", DNS);
        w.answer("/token/user", body);
        assert_eq!(w.error_of(n), code);
        assert_eq!(w.session.state(), State::Idle);
    }
    w.command(4, login());
    w.answer("app_dns", r#"{"code":99998,"message":"no such app"}"#);
    assert_eq!(w.error_of(4), ErrorCode::ServerDNSAppIdInvalid);
    w.requests.clear();
    w.log_in_again(5);
}

#[test]
fn an_unreachable_server_is_an_error_at_first_and_the_known_addresses_do_later() {
    let mut w = World::new();
    w.command(1, login());
    w.answer_with("app_dns", Err(HttpError("refused".into())));
    assert_eq!(w.error_of(1), ErrorCode::ServerDNSFetchFailed);
    w.log_in_again(2);
    let mut w = World::with(w.device, w.account);
    w.command(1, login());
    w.answer_with("app_dns", Err(HttpError("refused".into())));
    assert!(w.requests.iter().any(|(_, r)| r.url == "http://rest/token/user"));
}

#[test]
fn addresses_of_another_dns_document_are_not_used() {
    let mut w = World::new();
    w.log_in();
    let mut other = World::with(w.device, w.account);
    other.session.config.cloud = Cloud::Dns("http://elsewhere/dns".into());
    other.session.rotation = rotation::Rotation::default();
    other.session.parked = Some(vec![]);
    other.feed(Input::Started(Ok(rows(&other.device, &Query::all(Table::Kv)))));
    other.command(1, login());
    other.answer_with("elsewhere", Err(HttpError("refused".into())));
    assert_eq!(other.error_of(1), ErrorCode::ServerDNSFetchFailed);
}

#[test]
fn calls_without_a_login_are_refused() {
    let mut w = World::new();
    w.command(1, Command::Conversations);
    assert_eq!(w.error_of(1), ErrorCode::UserNotLogin);
    w.command(2, Command::Resume);
    assert_eq!(w.replies[&2], Ok(Reply::Session(None)));
    w.log_in_again(3);
    w.command(4, login());
    assert_eq!(w.error_of(4), ErrorCode::UserAlreadyLogin);
}

#[test]
fn an_expired_token_is_renewed_silently_once() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Opened);
    w.frame(&refusal(7));
    w.answer("/token/user", &token().replace("tok\"", "fresh\""));
    w.feed(Input::Opened);
    assert_eq!(w.provisions.last().unwrap().token, "fresh");
    w.frame(&refusal(7));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::InvalidToken));
    assert!(!w.device.keys().any(|(_, key)| key.starts_with(b"login")), "a dead token is not kept");
}

#[test]
fn a_token_that_expired_while_away_ends_the_resumed_session() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.feed(Input::Opened);
    let status = Some(Status { code: 7, reason: String::new() });
    w.frame(&frame(Cmd::Provision, Provision { status, ..Provision::default() }));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::InvalidToken));
}

#[test]
fn logging_out_forgets_the_token_and_stops_everything() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Logout);
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert_eq!((w.session.state(), w.deadline), (State::Idle, None));
    assert!(!w.device.keys().any(|(_, key)| key.starts_with(b"login")));
    assert_eq!(w.disconnects, 1);
    w.command(6, Command::Resume);
    assert_eq!(w.replies[&6], Ok(Reply::Session(None)));
    w.requests.clear(); // answers to a login that has ended find nobody
    w.log_in_again(7);
    assert!(!w.account.is_empty(), "messages stay on the device");
}

#[test]
fn a_login_with_known_addresses_waits_for_no_document() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, login());
    w.answer("/token/user", &token());
    w.go_online();
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some((ME, 7)))));
    let moved = DNS.replace("\"a\"", "\"c\"");
    w.answer("app_dns", &moved);
    assert_eq!((w.connects.len(), w.disconnects), (1, 0), "a fresh document takes effect with the next attempt");
    w.feed(Input::Closed("gone"));
    w.sleep();
    assert_eq!(w.connects, ["ws://a/", "ws://c/"]);
}

#[test]
fn a_login_whose_old_addresses_are_dead_takes_the_new_ones() {
    let mut w = World::new();
    w.log_in();
    let moved = DNS.replace("\"rest\"", "\"rest2\"");
    for document_first in [true, false] {
        let mut w = World::with(w.device.clone(), w.account.clone());
        w.command(1, login());
        if document_first {
            w.answer("app_dns", &moved);
        }
        w.answer_with("http://rest/", Err(HttpError("refused".into())));
        if !document_first {
            w.answer("app_dns", &moved);
        }
        w.answer("http://rest2/token/user", &token());
        w.go_online();
    }
}

#[test]
fn a_login_by_mobile_number_asks_with_it() {
    let mut w = World::new();
    w.command(1, Command::Login(Credentials::Mobile { mobile: "13800000000".into(), password: "p".into() }));
    w.answer("app_dns", DNS);
    assert_eq!(body(&w, "/token/user"), r#"{"mobile":"13800000000","password":"p"}"#);
    w.answer("/token/user", &token());
    w.go_online();
}

#[test]
fn a_token_and_its_public_key_are_kept() {
    let mut w = World::new();
    w.command(1, Command::Login(Credentials::Token(given(ME, "mine"))));
    w.answer("app_dns", DNS);
    w.go_online();
    assert_eq!(w.provisions[0].token, "mine");
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    assert_eq!((&w.provisions[0].token[..], w.session.public_key()), ("mine", "KEY"));
}

#[test]
fn a_visitor_is_registered_once_and_stays_the_same() {
    let mut w = World::new();
    w.command(1, Command::Login(Credentials::Anonymous));
    w.answer("app_dns", DNS);
    let asked = body(&w, "/user/register/anonymous");
    w.answer("/user/register/anonymous", &format!(r#"{{"code":200,"data":{{"username":"guest7","user_id":{ME}}}}}"#));
    let login = body(&w, "/token/user");
    let field = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!("\"{name}\":\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_eq!(field(&login, "name"), "guest7", "under the name that the cloud gave");
    let password = field(&login, "password");
    assert_eq!((field(&asked, "password"), password.len()), (password.clone(), 32));
    w.answer("/token/user", &token());
    w.go_online();
    assert!(!w.provisions[0].device_guid.contains(&password));

    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.feed(Input::Opened);
    w.frame(&refusal(7));
    assert_eq!(body(&w, "/token/user"), login, "an expired token is renewed without the user");
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Login(Credentials::Anonymous));
    assert_eq!(body(&w, "/token/user"), login, "the same visitor again");
    w.answer("/token/user", r#"{"code":10000,"message":"user does not exist"}"#);
    let again = w.requests.iter().any(|(_, r)| r.url.contains("/user/register/anonymous"));
    assert!(again, "the cloud has forgotten them: somebody new");
}

#[test]
fn two_visitors_of_one_session_have_different_passwords() {
    let mut w = World::new();
    let mut bodies = std::collections::BTreeSet::new();
    for call in 1..=2 {
        w.command(call, Command::Login(Credentials::Anonymous));
        w.answer("app_dns", DNS);
        bodies.insert(body(&w, "anonymous"));
        w.answer("anonymous", r#"{"code":40002,"message":"full"}"#);
        assert!(w.replies[&call].is_err());
    }
    assert_eq!(bodies.len(), 2);
}

#[test]
fn the_application_provides_the_token_of_a_login_and_of_each_renewal() {
    let mut w = with_provider(Rows::new(), Rows::new());
    w.command(1, Command::Login(Credentials::Provided(0)));
    w.answer("app_dns", DNS);
    assert_eq!(wanted(&w), [TokenReason::Initial]);
    w.command(2, Command::ProvideToken(Ok(given(ME, "first"))));
    assert_eq!(w.replies[&2], Ok(Reply::Done));
    w.go_online();
    assert_eq!(w.provisions[0].token, "first");

    let mut w = with_provider(w.device, w.account);
    w.command(1, Command::Resume);
    w.feed(Input::Opened);
    w.frame(&refusal(7));
    assert_eq!((wanted(&w), w.session.state()), (vec![TokenReason::Expired], State::Connecting));
    w.command(2, Command::ProvideToken(Ok(given(ME, "second"))));
    w.go_online();
    assert_eq!(w.provisions.last().unwrap().token, "second");
    w.command(3, Command::ProvideToken(Ok(given(ME, "third"))));
    assert_eq!(w.error_of(3), ErrorCode::Cancelled, "nobody asked");
}

#[test]
fn a_provider_that_fails_or_is_silent_or_gives_another_user_s_token_ends_the_login() {
    for (answer, code) in [
        (Some(Err("no server".to_owned())), ErrorCode::SignInFailed),
        (Some(Ok(given(PEER, "tok"))), ErrorCode::SignInInvalidParam),
        (Some(Ok(given(ME, ""))), ErrorCode::SignInInvalidParam),
        (None, ErrorCode::SignInTimeout),
    ] {
        let mut w = with_provider(Rows::new(), Rows::new());
        let start = w.now;
        w.command(1, Command::Login(Credentials::Provided(ME)));
        w.answer("app_dns", DNS);
        match answer {
            Some(answer) => w.command(2, Command::ProvideToken(answer)),
            None => {
                w.sleep();
                assert_eq!(w.now, start + Duration::from_secs(30));
            }
        }
        assert_eq!((w.error_of(1), w.session.state(), w.deadline), (code, State::Idle, None));
    }
    let mut w = World::new();
    w.command(1, Command::Login(Credentials::Provided(0)));
    assert_eq!(w.error_of(1), ErrorCode::ArgumentInvalid, "there is no provider");
}

#[test]
fn a_provider_that_fails_at_a_renewal_leaves_the_account_to_be_resumed() {
    let mut w = with_provider(Rows::new(), Rows::new());
    w.command(1, Command::Login(Credentials::Provided(0)));
    w.answer("app_dns", DNS);
    w.command(2, Command::ProvideToken(Ok(given(ME, "first"))));
    w.go_online();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Opened);
    w.frame(&refusal(9));
    assert_eq!(wanted(&w), [TokenReason::Initial, TokenReason::Expired]);
    w.command(5, Command::ProvideToken(Err("no network".into())));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::SignInFailed) && remembers(&w));
}

#[test]
fn a_renewal_without_an_answer_is_tried_again_before_the_dead_token_is() {
    let mut w = refused_with(7);
    assert_eq!(w.session.state(), State::Reconnecting);
    let connects = w.connects.len();
    w.answer_with("/token/user", Err(HttpError("down".into())));
    w.sleep();
    assert_eq!(w.connects.len(), connects);
    w.answer("/token/user", &token().replace("tok\"", "fresh\""));
    w.go_online();
    assert_eq!(w.provisions.last().unwrap().token, "fresh");
}

#[test]
fn a_token_that_the_http_api_rejects_is_renewed_but_never_in_a_loop() {
    let mut w = World::new();
    w.log_in();
    let rejected = r#"{"code":402,"message":"token is invalid"}"#;
    w.answer("/roster/list", rejected);
    w.answer("/group/user_joined", rejected);
    assert_eq!((w.session.state(), w.requests.len()), (State::Reconnecting, 1), "one renewal for both");
    w.answer("/token/user", &token().replace("tok\"", "fresh\""));
    w.go_online();
    assert_eq!(w.provisions.last().unwrap().token, "fresh");
    assert!(w.errors().is_empty(), "nobody has to know");
    w.answer("/roster/list", rejected);
    assert_eq!(w.session.state(), State::Online);
    assert_eq!(w.errors(), [ErrorCode::InvalidToken]);
}

#[test]
fn a_renewed_token_of_another_user_is_not_used() {
    let mut w = refused_with(7);
    w.answer("/token/user", &token().replace(&ME.to_string(), &PEER.to_string()));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::SignInInvalidParam));
}

#[test]
fn a_changed_public_key_is_fetched_with_a_new_token() {
    let mut w = refused_with(6);
    w.answer("/token/user", &token().replace("\"user_id\"", "\"public_key\":\"NEW\",\"user_id\""));
    w.go_online();
    assert_eq!(w.session.public_key(), "NEW");
}

#[test]
fn terminal_refusals_end_the_session_and_forget_the_token() {
    for (status, code) in [
        (10, ErrorCode::UserFrozen),
        (11, ErrorCode::UserBanned),
        (17, ErrorCode::ServerInvalidLicense),
        (18, ErrorCode::ServerLicenseLimit),
        (19, ErrorCode::ServerAppFrozen),
    ] {
        let w = refused_with(status);
        assert_eq!((w.session.state(), w.deadline), (State::Kicked, None), "status {status}");
        assert!(w.errors().contains(&code) && !remembers(&w), "status {status}");
    }
}

#[test]
fn too_many_devices_is_surfaced_and_can_be_resumed_once_there_are_fewer() {
    let mut w = refused_with(13);
    assert_eq!((w.session.state(), w.deadline), (State::Kicked, None));
    assert!(w.errors().contains(&ErrorCode::UserTooManyDevice) && remembers(&w));
    w.command(5, Command::Resume);
    w.go_online();
}

#[test]
fn refusals_of_the_request_itself_are_told_and_it_is_tried_again() {
    for status in [0, 2, 3, 4, 8, 12, 77] {
        let mut w = refused_with(status);
        assert_eq!(w.session.state(), State::Reconnecting, "status {status}");
        assert_eq!(w.errors().len(), 2, "status {status}: the refusal, and the lost connection");
        w.sleep();
        w.go_online();
    }
}

#[test]
fn trouble_with_encryption_or_checksums_is_tried_once_more() {
    for status in [5, 14, 16] {
        let mut w = refused_with(status);
        assert_eq!(w.session.state(), State::Reconnecting, "status {status}");
        w.sleep();
        w.feed(Input::Opened);
        w.frame(&refusal(status));
        assert_eq!((w.session.state(), w.deadline), (State::Kicked, None), "status {status}");
        assert!(remembers(&w), "it says nothing about the token");
    }
}

#[test]
fn a_device_id_in_use_is_replaced_once() {
    let mut w = refused_with(15);
    w.feed(Input::Opened);
    let (before, after) = (&w.provisions[0], w.provisions.last().unwrap());
    assert_ne!(before.device_guid, after.device_guid);
    assert_eq!(after.xid.unwrap().device_sn, 0, "a serial belongs to an id");
    let kept = after.device_guid.clone();
    w.frame(&refusal(15));
    assert_eq!((w.session.state(), w.deadline), (State::Kicked, None));
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.feed(Input::Opened);
    assert_eq!(w.provisions[0].device_guid, kept);
}

#[test]
fn a_busy_server_is_left_alone_for_longer_and_blamed_for_nothing() {
    let mut longest = 0;
    for seed in 0..40 {
        let mut w = World::new();
        w.session.rng = Rng::new(seed);
        w.log_in();
        w.feed(Input::Closed("gone"));
        w.sleep();
        w.feed(Input::Opened);
        w.frame(&refusal(20));
        assert_eq!(w.session.state(), State::Reconnecting);
        longest = longest.max(w.deadline.unwrap().0 - w.now.0);
        w.sleep();
        assert_eq!(w.connects.last().unwrap(), "ws://a/");
    }
    assert!((10_000..=16_000).contains(&longest), "{longest}");
}

#[test]
fn a_first_login_sends_serial_0_or_one_of_the_former_range() {
    let mut w = World::new();
    w.session.config.legacy_random_sn = true;
    w.log_in();
    let sn = w.provisions[0].xid.unwrap().device_sn;
    assert!((999_999_999..=1_002_139_998).contains(&sn), "{sn}");
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Opened);
    assert_eq!(w.provisions[1].xid.unwrap().device_sn, 7, "the server's own is kept");
}

#[test]
fn a_login_that_never_gets_online_fails_after_60_s_and_leaves_nothing() {
    let mut w = World::new();
    let start = w.now;
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    while !w.replies.contains_key(&1) {
        w.requests.clear();
        w.sleep();
    }
    assert_eq!((w.now, w.error_of(1)), (start + Duration::from_secs(60), ErrorCode::SignInTimeout));
    let detail = &w.replies[&1].as_ref().unwrap_err().detail;
    assert!(detail.contains("not opened within 10 s"), "{detail}");
    assert_eq!((w.session.state(), w.deadline), (State::Idle, None));
    assert!(!remembers(&w));
    w.log_in_again(2);
}

#[test]
fn a_resumed_session_tries_for_as_long_as_it_takes() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    for _ in 0..40 {
        if w.requests.iter().any(|(_, r)| r.url.contains("app_dns")) {
            w.answer_with("app_dns", Err(HttpError("down".into())));
        }
        w.sleep();
    }
    assert!(w.deadline.is_some());
    assert!(matches!(w.session.state(), State::Connecting | State::Reconnecting));
}

#[test]
fn an_application_that_is_frozen_stops_the_login() {
    let frozen = DNS.replace("\"dns_list\"", "\"app_status\":\"frozen\",\"dns_list\"");
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", &frozen);
    assert_eq!((w.error_of(1), w.session.state()), (ErrorCode::ServerAppFrozen, State::Idle));
    w.log_in_again(2);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.answer("app_dns", &frozen);
    assert_eq!((w.session.state(), w.deadline), (State::Kicked, None));
    assert!(remembers(&w), "it may be thawed");
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    w.answer("app_dns", &frozen);
    assert_eq!(w.session.state(), State::Online, "a server that lets us in knows better");
    assert_eq!(w.errors(), [ErrorCode::ServerAppFrozen]);
}

#[test]
fn rows_of_the_first_version_are_still_read() {
    let mut device = Rows::new();
    let mut put = |key: &str, value: &[u8]| device.insert((Table::Kv, key.into()), value.into());
    let login = [&[0x08][..], &[0xb0, 0xea, 0xf9, 0xb1, 0x8a, 0xc0, 0x01], &[0x12, 3], b"old"].concat();
    put("login", &login);
    put("servers", br#"{"document":"http://dns/v2/app_dns","rest":"http://r","sockets":["ws://old/"]}"#);
    let uid = LoginRow::decode(&login[..]).unwrap().uid;
    let mut w = World::with(device, Rows::new());
    w.session.remembered.as_mut().unwrap().uid = ME; // the world knows one account
    assert_ne!(uid, 0);
    w.command(1, Command::Resume);
    w.go_online();
    assert_eq!((&w.provisions[0].token[..], &w.connects[0][..]), ("old", "ws://old/"));
    assert!(w.requests.iter().any(|(_, r)| r.url.starts_with("http://r/roster")));
    assert_eq!(w.session.stats().bad_rows, 0);
}

#[test]
fn nothing_secret_prints() {
    let mut w = World::new();
    w.command(1, Command::Login(Credentials::Anonymous));
    w.answer("app_dns", DNS);
    w.answer("anonymous", r#"{"code":200,"data":{"username":"guest7"}}"#);
    let text = body(&w, "/token/user");
    let password = text.split('"').find(|part| part.len() == 32).unwrap().to_owned();
    w.answer("/token/user", &token().replace("tok\"", "very-secret\""));
    let all = format!("{:?} {:?}", w.session, Command::ProvideToken(Ok(given(ME, "very-secret"))));
    assert!(!all.contains(&password) && !all.contains("very-secret"), "{all}");
}

#[test]
fn each_account_of_a_device_is_remembered_and_can_be_taken_up() {
    let old = LoginRow { uid: 7, token: "old".into(), ..LoginRow::default() };
    let new = LoginRow { uid: ME, token: "new".into(), at: 5, ..LoginRow::default() };
    let device: Rows =
        [((Table::Kv, b"login".to_vec()), old.encode_to_vec()), ((Table::Kv, login_key(ME)), new.encode_to_vec())]
            .into();
    for (command, uid) in [(Command::Resume, ME), (Command::ResumeAs(7), 7), (Command::ResumeAs(ME), ME)] {
        let mut w = World::with(device.clone(), Rows::new());
        w.command(1, command);
        assert_eq!(w.replies[&1], Ok(Reply::Session(Some((uid, 0)))));
        w.command(2, Command::Logout);
        let left: Vec<_> = w.device.keys().filter(|(_, key)| key.starts_with(b"login")).collect();
        assert_eq!(left.len(), usize::from(uid == 7), "{left:?}");
    }
    let mut w = World::with(device, Rows::new());
    w.command(1, Command::ResumeAs(9));
    assert_eq!(w.replies[&1], Ok(Reply::Session(None)), "nobody of that name was here");
}
