//! A store that is full.
use super::*;

const PEER2: u64 = 6_600_000_000_129;

fn peer() -> ConversationId {
    ConversationId::user(PEER)
}

fn used(w: &World) -> usize {
    w.account.values().map(|value| value.len() + 20).sum()
}

fn stored(w: &World, of: ConversationId) -> Vec<u64> {
    let begins = |key: &[u8]| key.starts_with(&rows::conversation_key(of));
    let keys = w.account.keys().filter(|(table, key)| *table == Table::Messages && begins(key));
    keys.map(|(_, key)| rows::id_from(&key[9..]).unwrap()).collect()
}

fn local(w: &mut World, of: ConversationId, before: u64) -> Vec<u64> {
    w.replies.remove(&98);
    w.command(98, Command::Messages { of, before, after: 0, limit: 200 });
    match w.replies.remove(&98) {
        Some(Ok(Reply::Messages(all))) => all.into_iter().map(|message| message.id).collect(),
        other => panic!("{other:?}"),
    }
}

/// Messages `from..to` of a user, each with a word of its own, confirmed one page after the other.
fn fill(w: &mut World, uid: u64, range: std::ops::Range<u64>) {
    let ids: Vec<_> = range.collect();
    for part in ids.chunks(50) {
        let metas = part.iter().map(|n| text_meta(MID + n, uid, ME, &format!("word{n} of many"))).collect();
        w.frame(&page(uid, metas, MID + part.last().unwrap()));
    }
    w.frame(&page(uid, vec![], 0));
}

/// A world in which a conversation of 300 messages fills the store: the next page does not fit.
fn full() -> World {
    let mut w = World::new();
    w.log_in();
    fill(&mut w, PEER, 0..300);
    fill(&mut w, PEER2, 300..310);
    w.command(50, Command::MarkRead { of: peer(), up_to: MID + 20, only: false, here: false });
    w.quota = Some(used(&w));
    w.sent.clear();
    w.events.clear();
    w
}

#[test]
fn the_oldest_messages_make_room_with_their_words_and_counters() {
    let mut w = full();
    let rows = w.account.keys().filter(|(table, _)| *table == Table::Terms).count();
    assert_eq!(w.session.stats().terms, rows as u64);
    let before = w.list();
    assert_eq!(before.iter().map(|row| row.unread).collect::<Vec<_>>(), [10, 279]);
    fill(&mut w, PEER, 400..401);
    assert!(w.sent.iter().all(|sent| sent.key != MID + 400), "not durable: not confirmed");
    w.go_online();
    assert!(!w.errors().contains(&ErrorCode::StorageQuota), "there was room to be made");
    fill(&mut w, PEER, 400..401);
    assert!(w.sent.iter().any(|sent| sent.key == MID + 400));
    assert_eq!(w.told(), ["word400 of many"]);
    // 200 are kept beside the new one; a small conversation stays as it is.
    assert_eq!(stored(&w, peer()), (100..300).chain([400]).map(|n| MID + n).collect::<Vec<_>>());
    assert_eq!(stored(&w, ConversationId::user(PEER2)).len(), 10);
    assert_eq!(w.session.stats().dropped, 100);
    let list = w.list();
    assert_eq!(list.iter().map(|row| row.unread).collect::<Vec<_>>(), [201, 10], "what is gone is not unread");
    let rows = w.account.keys().filter(|(table, _)| *table == Table::Terms).count();
    assert_eq!(w.session.stats().terms, rows as u64);
    // The index has nothing of what is gone, and everything of what is not.
    let of_word = |w: &World, word: &str| {
        w.account.keys().any(|(table, key)| *table == Table::Terms && key[1..].starts_with(word.as_bytes()))
    };
    assert!(!of_word(&w, "word99\0") && of_word(&w, "word100\0") && of_word(&w, "word309\0"));
    // After a restart the same.
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.session.stats().terms, rows as u64);
    assert_eq!(w.list().iter().map(|row| row.unread).collect::<Vec<_>>(), [201, 10]);
}

#[test]
fn what_was_dropped_comes_back_from_the_server_and_no_hole_looks_whole() {
    let mut w = full();
    fill(&mut w, PEER, 400..401);
    w.go_online();
    fill(&mut w, PEER, 400..401);
    let kept = local(&mut w, peer(), MID + 300);
    assert_eq!(kept.first(), Some(&(MID + 100)));
    w.quota = None;
    w.events.clear();
    let ask = |w: &mut World, call: CallId, before: u64, ids: std::ops::Range<u64>, next: u64| {
        w.command(call, Command::History { of: peer(), before, after: 0, limit: 50 });
        let metas = ids.map(|n| text_meta(MID + n, PEER, ME, &format!("word{n} of many"))).collect();
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        let page = SyncDl { status: ok(), xid, metas, next_key: next, is_full_sync: true, ..SyncDl::default() };
        w.frame(&frame(Cmd::Sync, page));
        assert!(matches!(&w.replies[&call], Ok(Reply::History(..))), "{:?}", w.replies[&call]);
    };
    // A page from before the hole: it does not join what is here.
    ask(&mut w, 60, MID + 31, 11..31, MID + 11);
    assert_eq!(local(&mut w, peer(), MID + 110).first(), Some(&(MID + 100)), "31 to 99 are missing");
    w.command(61, Command::Messages { of: peer(), before: 0, after: MID + 15, limit: 50 });
    assert_eq!(w.replies[&61], Ok(Reply::Messages(vec![])), "nor does it from below");
    // Pages that join it.
    ask(&mut w, 62, MID + 100, 51..100, MID + 51);
    assert_eq!(local(&mut w, peer(), MID + 110).first(), Some(&(MID + 51)));
    ask(&mut w, 63, MID + 51, 0..51, 0);
    assert_eq!(local(&mut w, peer(), MID + 110).first(), Some(&MID));
    assert_eq!(w.told(), Vec::<String>::new(), "the past is not told as new");
    assert_eq!(w.list().iter().find(|row| row.id == peer()).unwrap().unread, 201, "nor is it unread");
    // A page that comes again brings nothing up.
    fill(&mut w, PEER, 0..50);
    assert_eq!((w.told(), w.list()[0].unread), (Vec::<String>::new(), 201));
}

#[test]
fn a_message_taken_away_stays_so_when_room_is_made() {
    let mut w = full();
    w.quota = None;
    w.command(51, Command::Forget { of: peer(), target: MID + 3 });
    w.quota = Some(used(&w));
    fill(&mut w, PEER, 400..401);
    w.go_online();
    assert_eq!(stored(&w, peer())[..2], [MID + 3, MID + 100]);
    w.quota = None;
    fill(&mut w, PEER, 3..4);
    assert!(!w.told().contains(&"word3 of many".to_owned()));
}

#[test]
fn what_the_user_sends_while_room_is_made_is_sent_then() {
    let mut w = full();
    let id = w.send(70, "in the middle");
    w.go_online();
    assert_eq!(w.replies[&70], Ok(Reply::Done));
    let sent = w.sent.iter().filter_map(|sent| sent.meta.as_ref()).filter(|meta| meta.id == id).count();
    assert_eq!(sent, 1);
    assert!(w.account.contains_key(&(Table::Outbox, id.to_be_bytes().into())), "durable first");
    assert!(!w.errors().contains(&ErrorCode::StorageQuota));
    w.frame(&ack(id, MID + 500));
    assert!(w.events.iter().any(|event| matches!(event, Event::Sent(_))));
}

/// A world in which nothing can be written, and nothing dropped; a page has just come.
fn stuffed() -> World {
    let mut w = World::new();
    w.log_in();
    fill(&mut w, PEER, 0..3);
    w.quota = Some(0);
    w.events.clear();
    w.sent.clear();
    fill(&mut w, PEER, 3..4);
    w
}

fn told_full(w: &World) -> usize {
    w.errors().iter().filter(|code| **code == ErrorCode::StorageQuota).count()
}

#[test]
fn without_any_room_nothing_is_confirmed_and_a_message_is_refused_unless_it_need_not_be_kept() {
    let mut w = stuffed();
    assert!(w.sent.is_empty(), "not durable: not confirmed");
    assert_eq!((told_full(&w), w.session.state()), (1, State::Reconnecting), "told, and tried again after a pause");
    w.sleep();
    w.go_online();
    let content = Content { text: "now or never".into(), qos: 1, ..Content::default() };
    w.command(79, Command::Send { id: 79, to: peer(), content });
    assert_eq!(w.replies[&79], Ok(Reply::Done));
    assert_eq!(w.sent.iter().filter(|sent| sent.meta.is_some()).count(), 1);
    w.sent.clear();
    w.send(80, "cannot be kept");
    assert_eq!(w.error_of(80), ErrorCode::StorageQuota);
    let failed = |event: &Event| matches!(event, Event::Failed(all) if all[0].text == "cannot be kept");
    assert_eq!(w.events.iter().filter(|event| failed(event)).count(), 1);
    assert!(w.sent.iter().all(|sent| sent.meta.is_none()), "what is not kept is not sent");
    assert_eq!(told_full(&w), 2);
    // Once there is room, all is as before.
    w.quota = None;
    w.sleep();
    w.go_online();
    fill(&mut w, PEER, 3..4);
    assert_eq!(w.told(), ["word3 of many"]);
    assert_eq!(local(&mut w, peer(), 0), [MID, MID + 1, MID + 2, MID + 3]);
    w.send(81, "kept");
    assert_eq!(w.replies[&81], Ok(Reply::Done));
}

#[test]
fn where_dropping_gives_no_room_at_once_no_more_is_dropped_for_a_minute() {
    let mut w = full();
    w.dead = Some(0);
    w.quota = Some(used(&w) + 400); // for the rows of conversations that change
    let long = "long".repeat(150);
    w.send(80, &long);
    assert_eq!(w.error_of(80), ErrorCode::StorageQuota);
    let dropped = w.session.stats().dropped;
    assert_eq!(dropped, 100, "those beyond the kept 200");
    for n in 81..84 {
        w.send(n, &long);
        assert_eq!(w.error_of(n), ErrorCode::StorageQuota);
        assert_eq!(w.session.stats().dropped, dropped, "dropped in vain");
    }
    w.dead = Some(0);
    w.send(90, &long);
    assert_eq!(w.replies[&90], Ok(Reply::Done), "the store has given it back");
    w.dead = Some(100_000);
    w.now = w.now + Duration::from_secs(61);
    w.send(91, &long);
    assert!(w.session.stats().dropped > dropped, "full again, and a minute has passed");
}

#[test]
fn a_session_that_ends_while_room_is_made_settles_what_was_held_back() {
    let mut w = full();
    w.hold_reads = true;
    w.send(80, "held back");
    assert!(!w.replies.contains_key(&80));
    w.command(90, Command::Logout);
    assert!(w.replies.contains_key(&80), "settled");
    w.hold_reads = false;
    w.quota = None;
    w.sent.clear();
    w.log_in_again(91);
    fill(&mut w, PEER, 400..401);
    assert_eq!(w.told(), ["word400 of many"]);
    assert_eq!(w.session.stats().dropped, 0, "a new login makes no room that nobody needs");
}

#[test]
fn what_is_above_the_cursor_stays_because_others_may_come_between() {
    let mut w = World::new();
    w.log_in();
    fill(&mut w, PEER, 0..50);
    for n in 0..260 {
        let id = w.send(1000 + n, "on the way");
        w.frame(&ack(id, MID + 1000 + u64::from(n)));
    }
    w.quota = Some(used(&w));
    w.send(60, "does not fit");
    w.go_online();
    assert!(w.session.stats().dropped > 0);
    assert_eq!(stored(&w, peer()).iter().filter(|id| **id >= MID + 1000).count(), 260);
    // Another device's, which the server had between.
    w.quota = None;
    fill(&mut w, PEER, 500..501);
    assert!(local(&mut w, peer(), MID + 1000).contains(&(MID + 500)));
}

#[test]
fn the_applications_own_messages_are_never_dropped() {
    let mut w = full();
    w.quota = None;
    local::insert(&mut w, 60, Some(MID + 5), "own and old");
    local::insert(&mut w, 61, Some(MID + 250), "own and new");
    w.quota = Some(used(&w));
    local::insert(&mut w, 62, None, "own without room");
    assert_eq!(w.error_of(62), ErrorCode::StorageQuota, "this one is not kept");
    w.go_online();
    assert!(w.session.stats().dropped > 0, "but there is room now");
    local::insert(&mut w, 64, None, "own without room");
    assert!(w.replies[&64].is_ok());
    let rows = w.account.keys().filter(|(table, _)| *table == Table::Terms).count();
    assert_eq!(w.session.stats().terms, rows as u64);
    w.command(63, Command::Find(Filter { text: "own".into(), ..Default::default() }, 50));
    let Some(Ok(Reply::Found(found, 0))) = w.replies.remove(&63) else { panic!("{:?}", w.replies) };
    let texts: Vec<_> = found.into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["own without room", "own and new", "own and old"]);
}
