//! Pages: durable, told once, confirmed.
use super::*;

#[test]
fn a_page_is_durable_before_it_is_told_and_told_before_it_is_confirmed() {
    let mut w = World::new();
    w.log_in();
    let unread = vec![
        ConversationUnread { xid: Some(Xid { uid: PEER, device_sn: 0 }), n: 2, r#type: 1 },
        ConversationUnread { xid: Some(Xid { uid: GROUP, device_sn: 0 }), n: 0, r#type: 2 },
        ConversationUnread { xid: None, n: 0, r#type: 0 },
    ];
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread }));
    assert_eq!(w.sent.len(), 1);
    assert_eq!((w.sent[0].xid.unwrap().uid, w.sent[0].key), (PEER, 0));
    w.trace.clear();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "你好"), text_meta(MID + 1, PEER, ME, "👋")], MID + 1));
    let order: Vec<_> = w.trace.iter().filter(|t| ["persist", "messages", "transmit"].contains(t)).collect();
    assert_eq!(order, [&"persist", &"messages", &"transmit"]);
    assert_eq!(w.sent[1].key, MID + 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2, "the chain has ended");
    let list = w.list();
    assert_eq!(list.len(), 2);
    assert_eq!((list[0].id, list[0].unread), (ConversationId::user(PEER), 2));
    assert_eq!(list[0].last.as_ref().unwrap().text, "👋");
    w.command(5, Command::MarkRead { of: ConversationId::user(PEER), up_to: 0, only: false, here: false });
    assert_eq!(w.list()[0].unread, 0);
}

#[test]
fn a_page_that_comes_twice_changes_nothing() {
    let mut w = World::new();
    w.log_in();
    let twice = page(PEER, vec![text_meta(MID, PEER, ME, "one")], MID);
    w.frame(&twice);
    w.frame(&twice);
    // Older ones that arrive late are news all the same.
    w.frame(&page(PEER, vec![text_meta(MID - 5, PEER, ME, "older"), text_meta(MID, PEER, ME, "one")], 0));
    assert_eq!(w.told(), ["one", "older"]);
    assert_eq!(w.list()[0].unread, 2);
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "one");
    let mut again = World::with(w.device, w.account);
    again.command(1, Command::Resume);
    again.go_online();
    again.frame(&twice);
    assert!(again.told().is_empty());
    assert_eq!(again.list()[0].unread, 2);
}

#[test]
fn news_during_a_pull_lead_to_another_pull() {
    let mut w = World::new();
    w.log_in();
    let notice = frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) });
    w.frame(&notice);
    w.frame(&notice);
    w.frame(&notice);
    assert_eq!(w.sent.len(), 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2, "once more, not twice");
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.sent.len(), 2);
}

#[test]
fn an_eager_page_does_not_end_a_pull() {
    let mut w = World::new();
    w.log_in();
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
    w.frame(&frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }));
    let typing =
        MessageBody { r#type: 2, qos: 1, ext: r#"{"input_status":"typing"}"#.into(), ..MessageBody::default() };
    let meta = Meta { payload: typing.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") };
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(
        Cmd::Sync,
        SyncDl { status: ok(), xid, metas: vec![meta], is_eager_sync: true, ..SyncDl::default() },
    ));
    assert!(w.told().is_empty(), "typing is no message");
    assert_eq!(w.events.iter().rev().find(|e| matches!(e, Event::Sync(_))), Some(&Event::Sync(1)));
    w.frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "a")], MID + 1));
    assert_eq!(w.sent.last().unwrap().key, MID + 1);
    w.frame(&page(PEER, vec![], 0));
    assert_eq!(w.events.iter().rev().find(|e| matches!(e, Event::Sync(_))), Some(&Event::Sync(0)));
}

#[test]
fn a_pull_without_an_answer_is_repeated_once_then_the_connection_is_given_up() {
    let mut w = World::new();
    w.log_in();
    w.frame(&frame(Cmd::Notice, proto::Notice::default()));
    w.sleep();
    assert_eq!(w.sent.len(), 2);
    assert_eq!(w.session.state(), State::Online);
    while w.session.state() == State::Online {
        w.sleep();
    }
    assert_eq!(w.disconnects, 1);
}

#[test]
fn bad_metas_are_set_aside_and_the_rest_goes_on() {
    let mut w = World::new();
    w.log_in();
    let no_sender = Meta { from: None, ..text_meta(MID, PEER, ME, "poison") };
    let unreadable = Meta { payload: vec![0xff, 0xff].into(), ..text_meta(MID + 1, PEER, ME, "") };
    let unknown = Meta { ns: 77, ..text_meta(MID + 2, PEER, ME, "later version") };
    let good = text_meta(MID + 3, PEER, ME, "good");
    w.frame(&page(PEER, vec![no_sender.clone(), unreadable, unknown, good], MID + 3));
    assert_eq!(w.told(), ["good"]);
    let stats = w.session.stats();
    assert_eq!((stats.quarantined, stats.skipped), (2, 1));
    assert_eq!(w.errors(), [ErrorCode::MessageInvalid, ErrorCode::MessageInvalid]);
    assert_eq!(w.sent.last().unwrap().key, MID + 3, "the cursor moves on");
    let kept: Vec<_> = w.account.iter().filter(|((t, _), _)| *t == Table::Quarantine).map(|(_, v)| v).collect();
    assert_eq!(Meta::decode(&kept[0][..]).unwrap(), no_sender, "kept as it came");
}

#[test]
fn garbage_is_counted_and_the_third_within_a_minute_ends_the_connection() {
    let mut w = World::new();
    w.log_in();
    let whole = page(PEER, vec![text_meta(MID, PEER, ME, "x")], 0);
    let before = w.heartbeats;
    w.frame(&[0xff; 30]);
    assert_eq!(w.heartbeats, before + 1, "the list tells what was in it");
    w.frame(&whole[..whole.len() - 3]);
    assert_eq!(w.session.state(), State::Online);
    w.frame(&whole);
    assert_eq!(w.told(), ["x"], "the session goes on");
    w.frame(&[0x08]);
    assert_eq!(w.session.state(), State::Reconnecting);
    assert_eq!(w.session.stats().bad_frames, 3);
}

#[test]
fn a_hole_before_an_eager_page_is_pulled_and_the_page_is_not_confirmed() {
    let mut w = World::new();
    w.log_in();
    let eager = |id, prev_mid| {
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        let metas = vec![text_meta(id, PEER, ME, &format!("e{}", id - MID))];
        frame(
            Cmd::Sync,
            SyncDl { status: ok(), xid, metas, next_key: id, prev_mid, is_eager_sync: true, ..SyncDl::default() },
        )
    };
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "e0")], 0));
    w.frame(&eager(MID + 1, MID));
    assert_eq!(w.sent.last().unwrap().key, MID + 1, "nothing is missing: confirmed");
    w.frame(&page(PEER, vec![], 0));
    w.frame(&eager(MID + 3, MID + 2));
    let ask = w.sent.last().unwrap();
    assert_eq!((ask.key, ask.xid.unwrap().uid), (0, PEER), "a pull from where the server is sure that we are");
    assert_eq!(w.told(), ["e0", "e1", "e3"]);
    w.frame(&page(PEER, vec![text_meta(MID + 2, PEER, ME, "e2"), text_meta(MID + 3, PEER, ME, "e3")], MID + 3));
    assert_eq!(w.told(), ["e0", "e1", "e3", "e2"]);
    assert_eq!(w.sent.last().unwrap().key, MID + 3);
    // The row of the stream survives a restart, and with it the knowledge of what is missing.
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    w.frame(&eager(MID + 4, MID + 3));
    assert_eq!(w.sent.last().unwrap().key, MID + 4);
}

#[test]
fn pulls_begin_at_most_eight_at_a_time_twenty_at_once_and_the_open_conversation_first() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(130);
    w.command(5, Command::Focus(Some(of)));
    let entry = |n: u64| ConversationUnread { xid: Some(Xid { uid: 100 + n, device_sn: 0 }), n: 1, r#type: 1 };
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: (0..60u64).map(entry).collect() }));
    let uids = |w: &World| w.sent.iter().map(|s| s.xid.unwrap().uid).collect::<Vec<_>>();
    assert_eq!(uids(&w), [130, 100, 101, 102, 103, 104, 105, 106]);
    for n in 0..12 {
        let uid = uids(&w)[n];
        w.frame(&page(uid, vec![], 0));
    }
    assert_eq!(uids(&w).len(), 20);
    let uid = uids(&w)[12];
    w.frame(&page(uid, vec![], 0));
    assert_eq!(uids(&w).len(), 20, "no token is left");
    let before = w.now;
    w.sleep();
    assert_eq!((uids(&w).len(), w.now), (21, before + Duration::from_millis(50)));
}

#[test]
fn unknown_content_is_kept_as_it_came_and_the_cursor_goes_on() {
    let mut w = World::new();
    w.log_in();
    let body = MessageBody { r#type: 2, content: "from the future".into(), ctype: 77, ..MessageBody::default() };
    let future = Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") };
    let space = Meta { ns: 42, ..text_meta(MID + 1, PEER, ME, "") };
    w.frame(&page(PEER, vec![future, space], MID + 1));
    assert_eq!(w.told(), ["from the future"]);
    assert_eq!(w.session.stats().skipped, 1);
    assert_eq!(w.sent.last().unwrap().key, MID + 1);
}

#[test]
fn a_message_of_no_declared_kind_is_a_message_all_the_same() {
    let mut w = World::new();
    w.log_in();
    let body = MessageBody { content: "normal".into(), ..MessageBody::default() };
    w.frame(&page(PEER, vec![Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") }], 0));
    w.frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "typed")], 0));
    assert_eq!(w.told(), ["normal", "typed"]);
    let told = w.events.iter().filter_map(|e| if let Event::Messages(rows) = e { Some(rows) } else { None }).flatten();
    assert_eq!(told.map(|m| m.untyped).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_message_of_the_system_has_a_conversation_of_its_own() {
    let mut w = World::new();
    w.log_in();
    let body = MessageBody { r#type: 2, content: "maintenance".into(), is_system: true, ..MessageBody::default() };
    let meta = Meta { from: Some(Xid::default()), payload: body.encode_to_vec().into(), ..text_meta(MID, 0, ME, "") };
    w.frame(&page(0, vec![meta], 0));
    let list = w.list();
    assert_eq!((list[0].id, list[0].unread), (ConversationId::SYSTEM, 1));
}

#[test]
fn a_session_that_comes_online_knows_that_it_is_not_up_to_date() {
    let mut w = World::new();
    w.log_in();
    let online = w.events.iter().position(|e| matches!(e, Event::State { to: State::Online, .. })).unwrap();
    let before = w.events[..online].iter().rev().find(|e| matches!(e, Event::Sync(_)));
    assert_eq!(before, Some(&Event::Sync(1)), "whoever sees it online would take it for live");
}
