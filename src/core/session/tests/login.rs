//! From credentials to a session, and its end.
use super::*;

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
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some(ME))));
    assert_eq!(w.heartbeats, 1, "the unread list is asked for at once");
}

#[test]
fn the_device_keeps_its_guid_and_serial() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some(ME))), "local data needs no network");
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
    let refusal = |code| {
        let status = Some(Status { code, reason: "invalid token".into() });
        frame(Cmd::Provision, Provision { status, ..Provision::default() })
    };
    w.frame(&refusal(7));
    w.answer("/token/user", &token().replace("tok\"", "fresh\""));
    w.feed(Input::Opened);
    assert_eq!(w.provisions.last().unwrap().token, "fresh");
    w.frame(&refusal(7));
    assert_eq!(w.session.state(), State::Idle);
    assert!(w.errors().contains(&ErrorCode::InvalidToken));
    assert!(!w.device.contains_key(&(Table::Kv, b"login".to_vec())), "a dead token is not kept");
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
    assert!(!w.device.contains_key(&(Table::Kv, b"login".to_vec())));
    assert_eq!(w.disconnects, 1);
    w.command(6, Command::Resume);
    assert_eq!(w.replies[&6], Ok(Reply::Session(None)));
    w.requests.clear(); // answers to a login that has ended find nobody
    w.log_in_again(7);
    assert!(!w.account.is_empty(), "messages stay on the device");
}
