//! Paging to the past.
use super::*;
use crate::core::proto::message_operation::OpType;

#[test]
fn history_comes_from_the_server_and_is_kept() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.command(5, Command::History { of, before: 0, after: 0, limit: 2 });
    assert_eq!((w.sent[0].is_full_sync, w.sent[0].full_sync_num, w.sent[0].key), (true, 2, 0));
    let answer = |metas, next_key| {
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, next_key, is_full_sync: true, ..SyncDl::default() })
    };
    w.frame(&answer(vec![text_meta(MID + 1, ME, PEER, "b"), text_meta(MID, PEER, ME, "a")], MID));
    let Ok(Reply::History(first, next)) = &w.replies[&5] else { panic!() };
    assert_eq!((first.iter().map(|m| &m.text[..]).collect::<String>(), *next), ("ab".into(), MID));
    assert_eq!(w.list()[0].unread, 0, "history is not news");
    assert!(w.told().is_empty());
    w.feed(Input::Closed("gone"));
    w.command(6, Command::History { of, before: 0, after: 0, limit: 10 });
    let Ok(Reply::History(offline, 0)) = &w.replies[&6] else { panic!("{:?}", w.replies[&6]) };
    assert_eq!(offline.len(), 2);
}

#[test]
fn history_under_way_when_the_connection_breaks_is_answered_from_this_device() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "kept")], 0));
    w.command(5, Command::History { of: ConversationId::user(PEER), before: 0, after: 0, limit: 5 });
    assert!(!w.replies.contains_key(&5));
    w.feed(Input::Closed("gone"));
    assert!(matches!(&w.replies[&5], Ok(Reply::History(m, 0)) if m.len() == 1));
}

#[test]
fn history_pages_towards_the_present_too() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.command(5, Command::History { of, before: 0, after: MID, limit: 2 });
    let ask = w.sent.last().unwrap();
    assert_eq!((ask.key, ask.full_sync_num, ask.is_full_sync), (MID, -2, true));
    let metas = vec![text_meta(MID + 2, PEER, ME, "2"), text_meta(MID + 1, PEER, ME, "1")];
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    let answer = SyncDl { status: ok(), xid, metas, next_key: MID + 2, is_full_sync: true, ..SyncDl::default() };
    w.frame(&frame(Cmd::Sync, answer));
    let Ok(Reply::History(page, next)) = &w.replies[&5] else { panic!("{:?}", w.replies[&5]) };
    assert_eq!((page.iter().map(|m| &m.text[..]).collect::<Vec<_>>(), *next), (vec!["1", "2"], MID + 2));
    w.feed(Input::Closed("gone"));
    w.command(6, Command::History { of, before: 0, after: MID, limit: 1 });
    let Ok(Reply::History(page, next)) = &w.replies[&6] else { panic!("{:?}", w.replies[&6]) };
    assert_eq!((page[0].text.as_str(), *next), ("1", MID + 1), "this device answers in the same order");
}

#[test]
fn messages_that_are_gone_do_not_shorten_a_page() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    let metas = (0..10).map(|n| text_meta(MID + n, PEER, ME, &n.to_string())).collect();
    w.frame(&page(PEER, metas, 0));
    for n in 4..9 {
        w.command(20 + n as u32, Command::Forget { of, target: MID + n });
    }
    w.command(5, Command::Messages { of, before: 0, after: 0, limit: 3 });
    let Ok(Reply::Messages(page)) = &w.replies[&5] else { panic!("{:?}", w.replies[&5]) };
    assert_eq!(page.iter().map(|m| &m.text[..]).collect::<Vec<_>>(), ["2", "3", "9"]);
}

fn history(of: u64, metas: Vec<Meta>, next_key: u64) -> Vec<u8> {
    let xid = Some(Xid { uid: of, device_sn: 0 });
    frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, next_key, is_full_sync: true, ..SyncDl::default() })
}

/// Ids of the READ_ACKs and READ_ALLs that were sent.
fn told_read(w: &World) -> (Vec<u64>, Vec<u64>) {
    let of_kind = |kind: OpType| {
        let metas = w.sent.iter().filter_map(|s| s.meta.as_ref());
        let operations = metas.filter_map(|m| MessageBody::decode(m.payload.clone()).unwrap().operation);
        let mut ids: Vec<_> = operations.filter(|o| o.r#type == kind as i32).map(|o| o.mid).collect();
        ids.sort_unstable();
        ids
    };
    (of_kind(OpType::ReadAck), of_kind(OpType::ReadAll))
}

#[test]
fn reading_tells_the_authors_of_what_history_brought_and_the_server_has_as_unread() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    // A new device gets the last messages only; the older ones are in the history.
    w.frame(&page(PEER, vec![text_meta(MID + 5, PEER, ME, "new")], 0));
    w.command(5, Command::History { of, before: MID + 5, after: 0, limit: 9 });
    let read = MessageBody { r#type: 2, content: "read".into(), status: 2, ..MessageBody::default() };
    let metas = vec![
        text_meta(MID + 3, PEER, ME, "unread"),
        text_meta(MID + 2, ME, PEER, "own"),
        Meta { payload: read.encode_to_vec().into(), ..text_meta(MID + 1, PEER, ME, "") },
        text_meta(MID, PEER, ME, "unread"),
    ];
    w.frame(&history(PEER, metas, 0));
    assert_eq!(w.list()[0].unread, 1, "history never counts");
    w.command(6, Command::MarkRead { of, up_to: 0, only: false, here: false });
    w.sleep();
    assert_eq!(told_read(&w), (vec![MID, MID + 3, MID + 5], vec![MID + 5]));
    w.command(7, Command::MarkRead { of, up_to: 0, only: false, here: false });
    w.command(8, Command::MarkRead { of, up_to: MID, only: true, here: false });
    w.sleep();
    assert_eq!(told_read(&w).0.len(), 3, "once");
    assert_eq!(w.list()[0].unread, 0);
}

#[test]
fn what_history_brings_after_the_reading_is_acknowledged_by_the_next() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.frame(&page(PEER, vec![text_meta(MID + 5, PEER, ME, "new")], 0));
    w.command(6, Command::MarkRead { of, up_to: 0, only: false, here: false });
    w.command(5, Command::History { of, before: MID + 5, after: 0, limit: 9 });
    let metas = [3, 2, 1, 0].map(|n| text_meta(MID + n, PEER, ME, "unread"));
    w.frame(&history(PEER, metas.into(), 0));
    w.command(7, Command::MarkRead { of, up_to: MID + 2, only: true, here: false });
    assert_eq!(told_read(&w).0, [MID + 2, MID + 5], "that one only");
    w.command(8, Command::MarkRead { of, up_to: MID + 1, only: false, here: false });
    assert_eq!(told_read(&w).0, [MID, MID + 1, MID + 2, MID + 5], "up to there");
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    w.sent.clear();
    w.command(9, Command::MarkRead { of, up_to: 0, only: false, here: false });
    assert!(told_read(&w).0.contains(&(MID + 3)), "also after a restart");
    assert_eq!(w.list()[0].unread, 0);
}

#[test]
fn what_was_removed_from_the_account_is_not_shown_by_history_either() {
    for everywhere in [true, false] {
        let mut w = World::new();
        w.log_in();
        let of = ConversationId::user(PEER);
        w.frame(&page(PEER, vec![text_meta(MID + 3, PEER, ME, "last")], 0));
        let id = w.session.allocate_id(w.now).unwrap();
        w.command(2, Command::DeleteConversation { of, everywhere, id });
        w.frame(&ack(id, MID + 4));
        w.frame(&page(PEER, vec![text_meta(MID + 6, PEER, ME, "new")], 0));
        let mut w = World::with(w.device, w.account);
        w.command(1, Command::Resume);
        w.go_online();
        let expected: (&[&str], u64) = if everywhere { (&["new"], 0) } else { (&["old", "last", "new"], MID + 1) };
        w.command(5, Command::History { of, before: 0, after: 0, limit: 3 });
        let all = [(6, "new"), (3, "last"), (1, "old")].map(|(n, text)| text_meta(MID + n, PEER, ME, text));
        w.frame(&history(PEER, all.into(), MID + 1));
        let Ok(Reply::History(list, next)) = &w.replies[&5] else { panic!("{:?}", w.replies[&5]) };
        assert_eq!((&list.iter().map(|m| &m.text[..]).collect::<Vec<_>>()[..], *next), expected);
        w.command(6, Command::Messages { of, before: 0, after: 0, limit: 9 });
        let Ok(Reply::Messages(kept)) = &w.replies[&6] else { panic!("{:?}", w.replies[&6]) };
        assert_eq!(kept.iter().map(|m| &m.text[..]).collect::<Vec<_>>(), expected.0);
        // Nothing is asked for what cannot be shown.
        w.sent.clear();
        w.command(7, Command::History { of, before: MID + 2, after: 0, limit: 3 });
        assert_eq!(w.sent.is_empty(), everywhere);
        assert_eq!(w.replies.contains_key(&7), everywhere);
    }
}

#[test]
fn towards_the_present_history_begins_behind_what_was_removed_from_the_account() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.frame(&page(PEER, vec![text_meta(MID + 3, PEER, ME, "last")], 0));
    let operation = proto::ConversationOperation { r#type: 2, xid: Some(Xid { uid: PEER, device_sn: 0 }) };
    let body = proto::Conversation { r#type: 1, operation: Some(operation) };
    w.frame(&page(0, vec![Meta { ns: 6, payload: body.encode_to_vec().into(), ..text_meta(MID + 5, ME, ME, "") }], 0));
    w.command(5, Command::History { of, before: 0, after: MID, limit: 3 });
    assert_eq!(w.sent.last().map(|s| s.key), Some(MID + 5), "removed by another device");
}

#[test]
fn a_refused_removal_leaves_the_past_to_be_asked_for() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "kept")], 0));
    let id = w.session.allocate_id(w.now).unwrap();
    w.command(2, Command::DeleteConversation { of, everywhere: true, id });
    let status = Some(Status { code: 2, reason: "no".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    w.command(5, Command::History { of, before: 0, after: 0, limit: 3 });
    w.frame(&history(PEER, vec![text_meta(MID, PEER, ME, "kept")], 0));
    assert!(matches!(&w.replies[&5], Ok(Reply::History(list, 0)) if list.len() == 1), "{:?}", w.replies[&5]);
}
