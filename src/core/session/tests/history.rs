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
