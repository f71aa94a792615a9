//! The socket: heartbeats, back-off, rotation, kicks, signals.
use super::*;

/// Two clusters: `a` and `b` with the HTTP addresses `r1` and `r2`, and `c` with `r3`.
const CLUSTERS: &str = r#"{"code":200,"data":{"dns_list":[{"group_level":0,"clusters":[
    {"ratel":[{"protocol":"http","host":"r1"},{"protocol":"http","host":"r2"}],
     "webim":[{"protocol":"http","host":"a"},{"protocol":"http","host":"b"}]},
    {"ratel":[{"protocol":"http","host":"r3"}], "webim":[{"protocol":"http","host":"c"}]}]}]}}"#;

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Lets time pass, waking the session when it asks for it.
fn pass(w: &mut World, time: Duration) {
    let end = w.now + time;
    while w.deadline.is_some_and(|at| at <= end) {
        w.sleep();
    }
    w.now = end;
    w.feed(Input::Tick);
}

/// Time passes without anybody watching.
fn freeze(w: &mut World, time: Duration) {
    w.now = w.now + time;
}

/// The server says something harmless.
fn alive(w: &mut World) {
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
}

/// Online for more than a minute.
fn healthy() -> World {
    let mut w = World::new();
    w.log_in();
    alive(&mut w);
    pass(&mut w, secs(50));
    alive(&mut w);
    pass(&mut w, secs(11));
    w
}

fn hosts(w: &World) -> String {
    w.connects.iter().map(|u| u.trim_start_matches("ws://").trim_end_matches('/')).collect()
}

fn asked(w: &World, url: &str) -> usize {
    w.requests.iter().filter(|(_, r)| r.url.starts_with(url)).count()
}

/// Logs in to the two clusters, of which the second or the first answers first.
fn log_in_to_clusters(w: &mut World, probe: &str) {
    w.command(1, login());
    w.answer("app_dns", CLUSTERS);
    w.answer(probe, "hello");
    w.answer("/token/user", &token());
}

#[test]
fn heartbeats_come_after_50_s_of_silence_and_need_an_answer() {
    let mut w = World::new();
    w.log_in();
    let start = w.now;
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
    w.sleep();
    assert_eq!((w.heartbeats, w.now), (2, start + Duration::from_secs(50)));
    w.sleep();
    assert_eq!((w.session.state(), w.now), (State::Reconnecting, start + Duration::from_secs(70)));
}

#[test]
fn three_failures_lead_to_the_next_address_and_all_failing_to_a_new_dns_document() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    for _ in 0..7 {
        w.sleep();
        if w.requests.iter().any(|(_, r)| r.url.contains("app_dns")) {
            w.answer_with("app_dns", Err(HttpError("down".into())));
        }
        w.feed(Input::Closed("refused"));
    }
    assert_eq!(hosts(&w), "aaaabbba");
    assert!(w.deadline.is_some());
}

#[test]
fn a_signal_from_the_device_ends_the_wait() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    assert_eq!(w.connects.len(), 2);
    w.go_online();
    let before = w.heartbeats;
    w.feed(Input::Signal(Signal::Foreground));
    assert_eq!(w.heartbeats, before + 1, "a living connection is probed");
}

#[test]
fn being_replaced_by_the_same_device_ends_the_session_but_not_the_account() {
    let mut w = World::new();
    w.log_in();
    let notice = |id| {
        let payload = UserNotice { r#type: 4, content: String::new() }.encode_to_vec().into();
        page(0, vec![Meta { id, ns: 4, timestamp: 1, payload, ..Meta::default() }], 0)
    };
    let queue = ConversationUnread { xid: Some(Xid::default()), n: 1, r#type: 0 };
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![queue] }));
    w.frame(&notice(MID));
    assert_eq!(w.session.state(), State::Online, "a notice from before this login is history, whatever the clocks say");
    w.frame(&notice(MID + 1));
    assert_eq!(w.session.state(), State::Kicked);
    assert!(w.errors().contains(&ErrorCode::UserKickedBySameDevice));
    assert_eq!(w.deadline, None, "nothing is planned any more");
    w.command(5, Command::Resume);
    assert!(matches!(w.replies[&5], Ok(Reply::Session(Some((ME, 7))))));
}

#[test]
fn checklist_6_there_is_one_live_socket_a_session() {
    for seed in 0..60 {
        let mut w = World::new();
        let mut dice = Rng::new(seed);
        w.log_in();
        for _ in 0..200 {
            match dice.next() % 11 {
                0 => w.feed(Input::Signal(Signal::Online)),
                1 => w.feed(Input::Signal(Signal::Foreground)),
                2 => w.feed(Input::Signal(Signal::Offline)),
                3 => w.feed(Input::Signal(Signal::Background)),
                4 => w.feed(Input::Closed("gone")),
                5 => w.feed(Input::Opened),
                6 => w.frame(&frame(Cmd::Provision, Provision { status: ok(), ..Provision::default() })),
                7 => w.session.dns_changed(),
                8 if asked(&w, "http://dns") > 0 => w.answer("app_dns", DNS),
                9 => alive(&mut w),
                _ if w.deadline.is_some() => w.sleep(),
                _ => {}
            }
            w.feed(Input::Tick);
            let live = w.connects.len() - w.disconnects;
            assert!(live <= 1, "seed {seed}: {live} sockets");
        }
    }
}

#[test]
fn checklist_6_there_is_no_traffic_after_logout() {
    let mut w = World::new();
    w.log_in();
    w.send(2, "not acknowledged");
    w.command(3, Command::Logout);
    w.trace.clear();
    let before = (w.connects.len(), w.requests.len());
    for (id, _) in w.requests.clone() {
        w.feed(Input::Answer(id, Ok(Response { status: 200, body: token() })));
    }
    for signal in [Signal::Online, Signal::Foreground, Signal::Offline, Signal::Background] {
        w.feed(Input::Signal(signal));
    }
    w.feed(Input::Opened);
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "late")], 5));
    w.feed(Input::Closed("late"));
    pass(&mut w, secs(1000));
    assert_eq!(((w.connects.len(), w.requests.len()), w.deadline), (before, None));
    assert!(!w.trace.contains(&"transmit") && w.told().is_empty(), "{:?}", w.trace);
}

#[test]
fn checklist_6_no_frame_is_sent_before_the_login_reply() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    w.send(2, "waits");
    w.feed(Input::Opened);
    w.trace.clear();
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(Cmd::Notice, proto::Notice { xid }));
    let unread = vec![ConversationUnread { xid, n: 1, ..ConversationUnread::default() }];
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread }));
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "early")], 5));
    w.feed(Input::Signal(Signal::Foreground));
    pass(&mut w, secs(9));
    assert!(!w.trace.contains(&"transmit"), "{:?}", w.trace);
    w.go_online();
    assert_eq!(w.sent.len(), 1, "the message goes out after it");
}

#[test]
fn checklist_7_a_black_holed_server_is_left_within_35_s() {
    for seed in 0..200 {
        let mut w = World::new();
        w.session.rng = Rng::new(seed);
        log_in_to_clusters(&mut w, "http://r1/");
        w.go_online();
        let mut w = World::with(w.device, w.account);
        w.session.rng = Rng::new(seed);
        w.command(1, Command::Resume);
        for (next, all) in [("ws://b/", "aaab"), ("ws://c/", "aaabbbc")] {
            let start = w.now;
            while w.connects.last().unwrap() != next {
                w.sleep();
            }
            assert_eq!(hosts(&w), all);
            assert!(w.now <= start + secs(35), "seed {seed}: {} ms", w.now.0 - start.0);
        }
    }
}

#[test]
fn the_address_in_use_is_kept_with_the_addresses() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    for _ in 0..3 {
        w.sleep();
        w.feed(Input::Closed("refused"));
    }
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(hosts(&w), "b");
    w.answer("app_dns", DNS);
    w.feed(Input::Closed("refused"));
    w.sleep();
    assert_eq!(hosts(&w), "bb", "the same document changes nothing");
}

#[test]
fn after_the_last_fireplace_comes_the_next_cluster_and_http_goes_with_it() {
    let mut w = World::new();
    log_in_to_clusters(&mut w, "http://r1/");
    for _ in 0..6 {
        w.feed(Input::Closed("refused"));
        w.sleep();
    }
    assert_eq!(hosts(&w), "aaabbbc");
    w.go_online();
    assert_eq!((asked(&w, "http://r3/roster"), asked(&w, "http://r1/roster")), (1, 0));
}

#[test]
fn the_first_cluster_to_answer_is_used() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", CLUSTERS);
    let probes: Vec<_> = w.requests.iter().map(|(_, r)| (&r.url[..], r.headers.len(), r.body.is_some())).collect();
    assert_eq!(probes, [("http://r1/", 0, false), ("http://r3/", 0, false)], "nothing of the account goes there");
    w.answer("http://r3/", "hello");
    w.answer("http://r1/", "too late");
    w.answer("http://r3/token/user", &token());
    assert_eq!(hosts(&w), "c");
    assert_eq!(asked(&w, "http://r1"), 0);
}

#[test]
fn an_error_of_a_cluster_s_gateway_is_no_good_answer() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", CLUSTERS);
    w.answer_with("http://r1/", Ok(Response { status: 502, body: String::new() }));
    w.answer_with("http://r3/", Ok(Response { status: 404, body: String::new() }));
    assert_eq!(asked(&w, "http://r3/token/user"), 1);
}

#[test]
fn without_an_answer_to_the_speed_test_the_first_cluster_is_used() {
    let mut w = World::new();
    let start = w.now;
    w.command(1, login());
    w.answer("app_dns", CLUSTERS);
    w.answer_with("http://r3/", Err(HttpError("refused".into())));
    assert_eq!(asked(&w, "http://r1/token"), 0);
    w.sleep();
    assert_eq!((w.now, asked(&w, "http://r1/token/user")), (start + secs(10), 1));

    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", CLUSTERS);
    for host in ["http://r1/", "http://r3/"] {
        w.answer_with(host, Err(HttpError("refused".into())));
    }
    assert_eq!(asked(&w, "http://r1/token/user"), 1, "all have failed: no reason to wait");
}

#[test]
fn a_single_cluster_is_not_tested() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", DNS);
    assert_eq!((w.requests.len(), asked(&w, "http://rest/token/user")), (1, 1));
}

#[test]
fn five_requests_without_an_answer_lead_to_the_next_http_address() {
    let mut w = World::new();
    log_in_to_clusters(&mut w, "http://r1/");
    let refused = || Err(HttpError("refused".into()));
    for round in 0..2 {
        for _ in 0..2 {
            w.requests.clear();
            w.go_online();
            w.answer_with("roster", refused());
            w.answer_with("group", refused());
            w.feed(Input::Closed("gone"));
            w.sleep();
        }
        w.go_online();
        if round == 0 {
            w.answer_with("roster", Ok(Response { status: 500, body: String::new() }));
            w.answer_with("group", refused());
            assert_eq!(asked(&w, "http://r1"), 0);
            w.feed(Input::Closed("gone"));
            w.sleep();
            w.go_online();
            assert_eq!(asked(&w, "http://r1/roster"), 1, "any answer at all begins the count anew");
            w.answer("roster", r#"{"code":200,"data":[]}"#);
            w.answer("group", r#"{"code":500}"#);
            w.feed(Input::Closed("gone"));
            w.sleep();
        }
    }
    w.answer_with("roster", refused());
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.go_online();
    assert_eq!(asked(&w, "http://r2/roster"), 1);
    assert!(hosts(&w).chars().all(|host| host == 'a'), "the socket has nothing to do with it");
}

#[test]
fn hosts_that_the_document_names_are_asked_next_in_the_public_cloud() {
    let named = DNS.replace("\"dns_list\"", "\"dns_server_list\":[{\"domain\":\"dns9.example\"}],\"dns_list\"");
    let mut w = World::new();
    w.session.config.cloud = Cloud::Dns("https://dns.lanyingim.com/v2/app_dns".into());
    w.command(1, login());
    w.answer_with("https://dns.lanyingim.com/", Err(HttpError("blocked".into())));
    w.answer("https://dns.maximtop.com/", &named);
    w.answer("/token/user", &token());
    w.go_online();
    w.feed(Input::Closed("gone"));
    w.session.dns_changed();
    w.feed(Input::Tick);
    assert_eq!(asked(&w, "https://dns9.example/v2/app_dns?app_id=app"), 1);
}

#[test]
fn a_cluster_that_has_moved_is_followed_with_the_same_token() {
    let mut w = World::new();
    w.log_in();
    w.session.dns_changed();
    w.feed(Input::Tick);
    assert_eq!((w.session.state(), w.disconnects), (State::Online, 0), "the old one goes on until then");
    w.answer("app_dns", &DNS.replace("\"a\"", "\"c\"").replace("\"rest\"", "\"rest2\""));
    assert_eq!((hosts(&w), w.disconnects), ("ac".into(), 1));
    w.go_online();
    assert_eq!(w.provisions[1].token, "tok");
    assert_eq!(w.session.caller().unwrap().base, "http://rest2");
    w.session.dns_changed();
    w.feed(Input::Tick);
    w.answer_with("app_dns", Err(HttpError("down".into())));
    assert_eq!((w.session.state(), w.connects.len()), (State::Online, 2));
}

#[test]
fn the_first_delay_spreads_over_10_s_and_then_they_double() {
    let mut worst = [0; 6];
    for seed in 0..300 {
        let mut w = healthy();
        w.session.rng = Rng::new(seed);
        w.feed(Input::Closed("gone"));
        for longest in &mut worst {
            *longest = (*longest).max(w.deadline.unwrap().0 - w.now.0);
            w.sleep();
            w.feed(Input::Closed("refused"));
        }
    }
    let caps = [10_000, 1_000, 2_000, 1_000, 4_000, 8_000]; // the third failure leads to another address
    for (n, (worst, cap)) in worst.into_iter().zip(caps).enumerate() {
        assert!(worst <= cap && worst > cap * 8 / 10, "delay {n}: {worst} ms");
    }
}

#[test]
fn sessions_that_do_not_last_make_the_delays_longer_and_a_healthy_one_makes_them_short() {
    let mut w = World::new();
    w.log_in();
    let mut longest = 0;
    for _ in 0..60 {
        w.feed(Input::Closed("gone"));
        longest = longest.max(w.deadline.unwrap().0 - w.now.0);
        w.sleep();
        w.go_online();
    }
    assert!(longest > 20_000, "{longest}");
    pass(&mut w, secs(10));
    alive(&mut w);
    pass(&mut w, secs(51));
    w.feed(Input::Closed("gone"));
    assert!(w.deadline.unwrap() <= w.now + secs(10));
}

#[test]
fn any_frame_answers_a_heartbeat_and_any_frame_sent_puts_the_next_one_off() {
    let mut w = healthy();
    let sent = w.now;
    w.send(5, "hello");
    w.frame(&ack(w.sent[0].meta.as_ref().unwrap().id, MID));
    assert_eq!(w.deadline, Some(sent + secs(50)));
    w.sleep();
    pass(&mut w, secs(19));
    w.frame(&frame(Cmd::Notice, proto::Notice { xid: None }));
    pass(&mut w, secs(2));
    assert_eq!(w.session.state(), State::Online);
}

#[test]
fn a_probe_that_is_not_answered_within_3_s_leads_to_an_attempt_at_once() {
    let mut w = healthy();
    w.feed(Input::Signal(Signal::Foreground));
    let start = w.now;
    w.sleep();
    assert_eq!((w.now, w.connects.len(), w.disconnects), (start + secs(3), 2, 1));
    w.go_online();
    w.feed(Input::Signal(Signal::Online));
    alive(&mut w);
    pass(&mut w, secs(4));
    assert_eq!((w.session.state(), w.connects.len()), (State::Online, 2));
}

#[test]
fn while_the_device_is_offline_there_is_an_attempt_a_minute_and_no_address_is_blamed() {
    let mut w = healthy();
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Offline));
    for n in 1..=5 {
        let before = w.now;
        w.sleep();
        assert_eq!((w.now, w.connects.len()), (before + secs(60), n + 1));
        w.feed(Input::Closed("unreachable"));
    }
    assert_eq!(hosts(&w), "aaaaaa");
    w.feed(Input::Signal(Signal::Online));
    assert_eq!(w.connects.len(), 7, "at once");
    w.go_online();
}

#[test]
fn a_signal_of_being_offline_that_lies_is_found_out() {
    let mut w = healthy();
    w.feed(Input::Signal(Signal::Offline));
    alive(&mut w);
    pass(&mut w, secs(4));
    assert_eq!(w.session.state(), State::Online, "the connection was probed and lives");
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.go_online();
    w.feed(Input::Closed("gone"));
    assert!(w.deadline.unwrap() < w.now + secs(60), "it had a network after all");
}

#[test]
fn a_resume_without_a_network_reads_what_is_kept_and_waits() {
    let mut w = World::new();
    w.log_in();
    let mut w = World::with(w.device, w.account);
    w.feed(Input::Signal(Signal::Offline));
    w.command(1, Command::Resume);
    assert_eq!(w.replies[&1], Ok(Reply::Session(Some((ME, 7)))));
    assert_eq!((w.connects.len(), w.session.state()), (0, State::Reconnecting));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
}

#[test]
fn a_new_network_ends_an_attempt_on_the_old_one() {
    let mut w = healthy();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.feed(Input::Signal(Signal::Online));
    assert_eq!((w.connects.len(), w.disconnects), (3, 2));
    w.go_online();
}

#[test]
fn in_the_background_heartbeats_stop_and_time_that_nobody_watched_proves_nothing() {
    let mut w = healthy();
    w.feed(Input::Signal(Signal::Background));
    assert_eq!(w.deadline, None);
    let before = w.heartbeats;
    w.send(5, "sent while hidden");
    freeze(&mut w, secs(600));
    w.feed(Input::Tick);
    assert_eq!((w.session.state(), w.heartbeats), (State::Online, before), "the ack may lie unread");
    w.feed(Input::Signal(Signal::Foreground));
    assert_eq!(w.heartbeats, before + 1);
    alive(&mut w);
    w.frame(&ack(w.sent[0].meta.as_ref().unwrap().id, MID));
    pass(&mut w, secs(20));
    assert_eq!((w.session.state(), w.connects.len()), (State::Online, 1));
    pass(&mut w, secs(31));
    assert_eq!(w.heartbeats, before + 2, "and they go on");
}

#[test]
fn a_connection_that_died_in_the_background_is_replaced_at_once_in_the_foreground() {
    for told in [false, true] {
        let mut w = healthy();
        w.feed(Input::Signal(Signal::Background));
        freeze(&mut w, secs(600));
        w.feed(Input::Signal(Signal::Foreground));
        if told {
            w.feed(Input::Closed("reset"));
            assert_eq!(w.connects.len(), 2);
        } else {
            w.sleep();
        }
        w.go_online();
        assert_eq!(w.connects.len(), 2);
    }
}

#[test]
fn a_document_that_comes_when_the_connection_is_open_already_opens_no_other() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    for _ in 0..6 {
        w.sleep();
        w.feed(Input::Closed("refused"));
    }
    w.sleep();
    assert_eq!(asked(&w, "http://dns"), 1);
    let nothing = Batch { place: Place::Account, writes: vec![], then: vec![], marks: vec![] };
    w.feed(Input::PersistFailed(StoreError::Failed("broken".into()), nothing));
    w.sleep(); // the store is read again and the known address is tried
    let before = w.connects.len();
    w.answer("app_dns", DNS);
    assert_eq!((w.connects.len(), w.connects.len() - w.disconnects), (before, 1));
    w.go_online();
}

#[test]
fn a_clock_that_is_set_back_does_not_stretch_what_is_waited_for() {
    let mut w = World::new();
    w.now.0 += 700_000;
    w.log_in();
    w.send(2, "now");
    w.frame(&frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }));
    w.now.0 -= 600_000;
    w.feed(Input::Tick);
    let wait = w.deadline.unwrap().0 - w.now.0;
    assert!(wait <= 20_000, "{wait} ms until anything happens");
    w.sleep();
    assert_eq!(w.session.state(), State::Reconnecting, "the message was not acknowledged within 15 s");
    let Some(Event::State { retry_at: Some(at), .. }) = w.events.last() else { panic!("{:?}", w.events.last()) };
    assert!(at.0 - w.now.0 <= 30_000, "as the host's clock has it");
    let id = w.send(3, "later");
    let sent = w.session.account.as_ref().unwrap().outbox.get(&id).unwrap().meta();
    assert_eq!(sent.timestamp, w.now.0);
}
