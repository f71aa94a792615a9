//! Paging to the past.
use super::*;

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
