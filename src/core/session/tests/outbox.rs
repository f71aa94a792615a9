//! Sending.
use super::*;

#[test]
fn a_message_is_durable_first_then_sent_and_keeps_its_place() {
    let mut w = World::new();
    w.log_in();
    w.trace.clear();
    let id = w.send(5, "你好 👋");
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    let order: Vec<_> = w.trace.iter().filter(|t| ["persist", "transmit"].contains(t)).collect();
    assert_eq!(order, [&"persist", &"transmit"]);
    let meta = w.sent[0].meta.clone().unwrap();
    assert_eq!((meta.id, meta.timestamp, meta.ns), (id, w.now.0, 1));
    assert_eq!((meta.from, meta.to), (Some(Xid { uid: ME, device_sn: 7 }), Some(Xid { uid: PEER, device_sn: 0 })));
    let body = MessageBody::decode(meta.payload).unwrap();
    assert_eq!((&body.content[..], body.r#type, body.operation), ("你好 👋", 2, None));
    assert_eq!(w.list()[0].last.as_ref().unwrap().status, MessageStatus::Sending);
    w.frame(&ack(id, MID));
    let Some(Event::Sent(sent)) = w.events.iter().find(|e| matches!(e, Event::Sent(_))) else { panic!() };
    assert_eq!((sent[0].id, sent[0].client_id, sent[0].status), (MID, id, MessageStatus::Sent));
    assert_eq!(sent[0].timestamp, Millis(1_700_000_123_456));
    let sent = sent.clone();
    w.command(6, Command::Messages { of: ConversationId::user(PEER), before: 0, limit: 10 });
    let Ok(Reply::Messages(all)) = &w.replies[&6] else { panic!() };
    assert_eq!(*all, sent);
    w.frame(&ack(id, MID));
    assert_eq!(w.events.iter().filter(|e| matches!(e, Event::Sent(_))).count(), 1, "a second ack is nothing");
}

#[test]
fn an_unacknowledged_message_goes_out_again_byte_for_byte_also_after_a_restart() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(5, "hold on");
    let first = w.sent[0].clone();
    w.feed(Input::Closed("gone"));
    w.sleep();
    w.go_online();
    assert_eq!(w.sent[1], first);
    let mut w = World::with(w.device, w.account);
    w.now = Millis(w.now.0 + 60_000);
    w.command(1, Command::Resume);
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "hold on");
    w.go_online();
    assert_eq!(w.sent[0], first);
    let next = w.session.allocate_id(Millis(0)).unwrap();
    assert!(next > id, "ids ascend though the clock went backwards");
    w.frame(&ack(id, MID));
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));
}

#[test]
fn nothing_is_written_before_the_login_reply() {
    let mut w = World::new();
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
    w.send(5, "early");
    w.feed(Input::Opened);
    assert!(w.sent.is_empty() && w.heartbeats == 0);
    let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
    w.frame(&frame(Cmd::Provision, reply));
    assert_eq!((w.sent.len(), w.heartbeats), (1, 1));
}

#[test]
fn at_most_eight_messages_wait_for_their_ack_in_order() {
    let mut w = World::new();
    w.log_in();
    let ids: Vec<_> = (0..20).map(|n| w.send(10 + n, &format!("{n}"))).collect();
    assert!(ids.windows(2).all(|p| p[0] < p[1]));
    assert!(ids.iter().all(|id| *id < 1 << 53));
    assert_eq!(w.sent.len(), 8);
    for (n, id) in ids.iter().enumerate() {
        w.frame(&ack(*id, MID + n as u64));
    }
    let order: Vec<_> = w.sent.iter().map(|s| s.meta.as_ref().unwrap().id).collect();
    assert_eq!(order, ids);
}

#[test]
fn a_refused_message_fails_with_its_reason_and_stays() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(5, "hi");
    let status = Some(Status { code: 2, reason: "you have been blocked by the recipient".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    let Some(Event::Failed(failed)) = w.events.iter().find(|e| matches!(e, Event::Failed(_))) else { panic!() };
    assert_eq!(failed[0].error.as_ref().unwrap().code, ErrorCode::CurrentUserIsInBlocklist);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    assert!(w.sent.is_empty(), "what failed is not sent again by itself");
    assert_eq!(w.list()[0].last.as_ref().unwrap().status, MessageStatus::Failed);
}

#[test]
fn texts_out_of_bounds_are_refused_and_nothing_is_kept() {
    let mut w = World::new();
    w.log_in();
    let rows = w.account.len();
    for (call, text, ext) in [
        (5, String::new(), String::new()),
        (6, "x".repeat(10 << 20), String::new()),
        (7, "x".into(), "y".repeat(16385)),
    ] {
        let id = w.session.allocate_id(w.now).unwrap();
        w.command(
            call,
            Command::Send { id, to: ConversationId::user(PEER), content: Content { text, ext, ..Content::default() } },
        );
        assert_eq!(w.error_of(call), ErrorCode::MessageInvalid);
    }
    assert_eq!((w.account.len(), w.sent.len()), (rows, 0));
    let id = w.send(8, &"好".repeat(MAX_TEXT / 3));
    w.frame(&ack(id, MID));
    assert!(w.events.iter().any(|e| matches!(e, Event::Sent(_))));
}
