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
    w.command(6, Command::Messages { of: ConversationId::user(PEER), before: 0, after: 0, limit: 10 });
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

#[test]
fn every_kind_of_content_goes_out_as_it_was_given() {
    let mut w = World::new();
    w.log_in();
    let url = r#"{"url":"https://h/f?file_sign=s","dName":"a.png"}"#;
    for (n, (ctype, text, attachment)) in [
        (0, "text", ""),
        (1, "", url),
        (2, "", url),
        (3, "", url),
        (4, "", url),
        (5, "", r#"{"lat":1.5,"lon":2,"addr":"here"}"#),
        (6, "do it", ""),
        (7, "", r#"{"messages":[]}"#),
        (8, "", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let id = w.session.allocate_id(w.now).unwrap();
        let content = Content {
            ctype,
            text: text.into(),
            attachment: attachment.into(),
            config: r#"{"mentionList":[18446744073709551615],"mentionAll":true}"#.into(),
            ext: "anything".into(),
            sender_name: "Amber".into(),
            qos: 2,
            priority: 7,
        };
        w.command(20 + n as u32, Command::Send { id, to: ConversationId::group(GROUP), content: content.clone() });
        assert_eq!(w.replies[&(20 + n as u32)], Ok(Reply::Done));
        let meta = w.sent.last().unwrap().meta.clone().unwrap();
        assert_ne!(meta.timestamp, 0);
        let body = MessageBody::decode(meta.payload).unwrap();
        assert_eq!(
            (body.r#type, body.ctype, &body.content, &body.attachment),
            (3, ctype, &content.text, &content.attachment)
        );
        assert_eq!((&body.config, &body.ext, &body.sender_name), (&content.config, &content.ext, &content.sender_name));
        assert_eq!((body.qos, body.priority, body.operation), (2, 7, None));
        w.frame(&ack(id, MID + n as u64));
    }
}

#[test]
fn unusable_content_is_refused_naming_the_field() {
    let mut w = World::new();
    w.log_in();
    let good = || Content { text: "x".into(), ..Content::default() };
    for (n, (content, field)) in [
        (Content { ctype: 9, ..good() }, "type"),
        (Content { ctype: 1, ..good() }, "attachment"),
        (Content { attachment: "[]".into(), ..good() }, "attachment"),
        (Content { config: "1".into(), ..good() }, "config"),
        (Content { config: format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_EXT)), ..good() }, "config"),
        (Content { priority: 11, ..good() }, "priority"),
        (Content { qos: 3, ..good() }, "qos"),
        (Content { sender_name: "x".repeat(257), ..good() }, "senderName"),
    ]
    .into_iter()
    .enumerate()
    {
        let (call, id) = (20 + n as u32, w.session.allocate_id(w.now).unwrap());
        w.command(call, Command::Send { id, to: ConversationId::user(PEER), content });
        let e = w.replies[&call].as_ref().unwrap_err();
        assert_eq!(e.code, ErrorCode::MessageInvalid);
        assert!(e.detail.contains(field), "{}", e.detail);
    }
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));
}

#[test]
fn at_most_once_is_now_or_never_and_not_kept() {
    let mut w = World::new();
    w.log_in();
    let send = |w: &mut World, call| {
        let id = w.session.allocate_id(w.now).unwrap();
        let content = Content { text: "ping".into(), qos: 1, ..Content::default() };
        w.command(call, Command::Send { id, to: ConversationId::user(PEER), content });
    };
    send(&mut w, 2);
    assert_eq!(w.replies[&2], Ok(Reply::Done));
    w.feed(Input::Closed("gone"));
    send(&mut w, 3);
    assert_eq!(w.error_of(3), ErrorCode::ServerNotReachable);
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));
}

#[test]
fn a_failed_message_is_sent_again_under_its_id_or_cancelled() {
    let mut w = World::new();
    w.log_in();
    let refused = |id| {
        let status = Some(Status { code: 12, reason: "antispam".into() });
        frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() })
    };
    let id = w.send(2, "bad word");
    w.frame(&refused(id));
    w.command(3, Command::Resend(id));
    assert_eq!(w.replies[&3], Ok(Reply::Done));
    assert_eq!(w.sent.iter().filter(|s| s.meta.as_ref().is_some_and(|m| m.id == id)).count(), 2);
    w.command(4, Command::Resend(id));
    assert_eq!(w.error_of(4), ErrorCode::ArgumentInvalid, "it has not failed");
    w.frame(&refused(id));
    w.command(5, Command::Cancel(id));
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));

    w.feed(Input::Closed("gone"));
    let id = w.send(6, "never mind");
    w.command(7, Command::Cancel(id));
    assert_eq!(w.replies[&7], Ok(Reply::Done));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    assert!(w.sent.iter().all(|s| s.meta.as_ref().is_none_or(|m| m.id != id)));
    let id = w.send(8, "too late");
    w.command(9, Command::Cancel(id));
    assert_eq!(w.error_of(9), ErrorCode::ArgumentInvalid, "the server may have it");
}

#[test]
fn what_was_written_offline_can_be_cancelled_after_a_restart_until_it_goes_out() {
    let restart = |w: World| {
        let mut w = World::with(w.device, w.account);
        w.command(1, Command::Resume);
        w
    };
    let mut w = World::new();
    w.log_in();
    let online = w.send(2, "sent, not answered");
    w.feed(Input::Closed("gone"));
    let (first, second) = (w.send(3, "never mind"), w.send(4, "goes out"));
    let mut w = restart(w);
    w.command(5, Command::Cancel(online));
    assert_eq!(w.error_of(5), ErrorCode::ArgumentInvalid, "the server may have it");
    w.command(6, Command::Cancel(first));
    assert_eq!(w.replies[&6], Ok(Reply::Done));
    w.go_online();
    let ids = |w: &World| w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect::<Vec<_>>();
    assert_eq!(ids(&w), [online, second], "in order");
    // That they went out was noted before they did.
    let mut w = restart(w);
    w.command(7, Command::Cancel(second));
    assert_eq!(w.error_of(7), ErrorCode::ArgumentInvalid, "the server may have it");
    w.go_online();
    assert_eq!(ids(&w), [online, second]);
}

#[test]
fn what_was_written_offline_is_not_failed_when_its_going_out_cannot_be_noted() {
    let mut w = World::new();
    w.log_in();
    w.feed(Input::Closed("gone"));
    let id = w.send(3, "later");
    w.feed(Input::Signal(Signal::Online));
    w.fail_writes = true;
    w.feed(Input::Opened);
    let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
    w.frame(&frame(Cmd::Provision, reply));
    assert!(!w.events.iter().any(|e| matches!(e, Event::Failed(_))), "it is in the store, and goes out later");
    assert!(w.sent.iter().all(|s| s.meta.is_none()), "not before that is noted");
    w.fail_writes = false;
    w.now = w.now + Duration::from_secs(60);
    w.feed(Input::Tick);
    w.go_online();
    assert_eq!(w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect::<Vec<_>>(), [id]);
}

#[test]
fn what_was_written_offline_costs_one_more_transaction_altogether() {
    let count = |messages: u32| {
        let mut w = World::new();
        w.log_in();
        w.feed(Input::Closed("gone"));
        for call in 0..messages {
            w.send(10 + call, "later");
        }
        w.feed(Input::Signal(Signal::Online));
        w.trace.clear();
        w.go_online();
        w.trace.iter().filter(|word| **word == "persist").count()
    };
    assert_eq!(count(5), count(1));
    assert_eq!(count(1), count(0) + 1);
}

#[test]
fn a_server_that_wants_less_gets_the_same_message_after_a_pause() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(2, "hi");
    for pause in [1, 2, 4] {
        let before = w.sent.len();
        let status = Some(Status { code: 20, reason: "slow down".into() });
        w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
        let at = w.now;
        w.send(10 + pause, "another");
        assert_eq!(w.sent.len(), before, "nothing goes out meanwhile");
        w.sleep();
        assert_eq!(w.now, at + Duration::from_secs(u64::from(pause)));
        assert_eq!(w.sent[before].meta.as_ref().unwrap().id, id);
    }
}

#[test]
fn one_of_several_tries_may_have_got_through_although_the_server_wanted_less() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(2, "hello");
    let answer = |code, reason: &str| {
        let status = Some(Status { code, reason: reason.into() });
        frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() })
    };
    w.frame(&answer(20, "slow down"));
    w.sleep();
    w.frame(&answer(20, "slow down")); // of the first try once more, or of the second
    w.sleep();
    w.frame(&answer(2, "client msg id duplicated"));
    assert!(w.sent.last().unwrap().is_full_sync, "it is looked for");
    assert!(w.events.iter().all(|e| !matches!(e, Event::Failed(_))));
}

#[test]
fn a_retry_that_the_server_knows_already_is_found_and_not_a_failure() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(2, "hello");
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    let status = Some(Status { code: 2, reason: "client msg id duplicated".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    assert!(w.sent.last().unwrap().is_full_sync, "it is looked for");
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    let metas = vec![text_meta(MID + 1, PEER, ME, "hello"), text_meta(MID, ME, PEER, "hello")];
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    let sent = w.events.iter().find_map(|e| if let Event::Sent(m) = e { Some(m[0].clone()) } else { None }).unwrap();
    assert_eq!((sent.id, sent.client_id), (MID, id));
    assert!(!w.events.iter().any(|e| matches!(e, Event::Failed(_))));
    assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox));
}

#[test]
fn receipts_never_hold_up_messages() {
    let mut w = World::new();
    w.log_in();
    let metas = (0..40).map(|n| text_meta(MID + n, PEER, ME, "m")).collect();
    w.frame(&page(PEER, metas, 0));
    w.command(5, Command::MarkRead { of: ConversationId::user(PEER), up_to: 0, only: false, here: false });
    let id = w.send(6, "quick answer");
    let receipts: Vec<_> = w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect();
    assert_eq!(receipts.len(), 8, "eight wait for their answer");
    w.frame(&ack(receipts[0], MID + 100));
    assert_eq!(w.sent.last().unwrap().meta.as_ref().unwrap().id, id);
}

/// Sends messages whose answers are lost, so that the server calls their second try a duplicate.
fn twice(w: &mut World, texts: &[&str]) -> Vec<u64> {
    let ids: Vec<_> = (20..).zip(texts).map(|(call, text)| w.send(call, text)).collect();
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    ids
}

fn duplicated(id: u64) -> Vec<u8> {
    let status = Some(Status { code: 2, reason: "client msg id duplicated".into() });
    frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() })
}

#[test]
fn looking_for_a_message_makes_room_for_the_next_one() {
    let mut w = World::new();
    w.log_in();
    let texts: Vec<_> = (0..9).map(|n| format!("m{n}")).collect();
    let ids = twice(&mut w, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    for id in &ids[..8] {
        w.frame(&duplicated(*id));
    }
    let metas: Vec<_> = (0..8).map(|n| text_meta(MID + n, ME, PEER, &texts[n as usize])).collect();
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    for _ in 0..8 {
        let metas = metas.clone();
        w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    }
    assert!(w.sent.iter().filter_map(|s| s.meta.as_ref()).any(|m| m.id == ids[8]));
}

#[test]
fn a_message_that_was_looked_for_in_vain_for_too_long_has_not_failed() {
    let mut w = World::new();
    w.log_in();
    let ids = twice(&mut w, &["where is it"]);
    w.frame(&duplicated(ids[0]));
    let before = w.sent.len();
    w.now.0 += 15_000;
    w.feed(Input::Tick);
    assert!(!w.events.iter().any(|e| matches!(e, Event::Failed(_))));
    let again = w.sent[before..].iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id);
    assert_eq!(again.collect::<Vec<_>>(), ids, "asked once more");
}

#[test]
fn a_frame_of_the_applications_own_goes_out_as_it_is_or_not_at_all() {
    let mut w = World::new();
    w.log_in();
    let own = frame(Cmd::Unread, proto::UnreadUl::default());
    w.command(5, Command::Frame(own.clone()));
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert_eq!(w.frames.last(), Some(&own));
    w.command(6, Command::Frame(vec![0; crate::core::codec::MAX_FRAME_OUT + 1]));
    assert_eq!(w.replies[&6].as_ref().unwrap_err().code, ErrorCode::ArgumentInvalid);
    w.feed(Input::Closed("gone"));
    let sent = w.frames.len();
    w.command(7, Command::Frame(own));
    assert_eq!(w.replies[&7].as_ref().unwrap_err().code, ErrorCode::ServerNotReachable);
    assert_eq!(w.frames.len(), sent);
}
