//! The socket: heartbeats, back-off, rotation, kicks.
use super::*;

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
    let hosts: String = w.connects.iter().map(|u| u.trim_start_matches("ws://").trim_end_matches('/')).collect();
    assert_eq!(hosts, "aaaabbba");
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
    assert!(matches!(w.replies[&5], Ok(Reply::Session(Some(ME)))));
}
