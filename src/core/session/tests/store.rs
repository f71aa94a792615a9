//! Broken rows and failing stores.
use super::*;

#[test]
fn broken_rows_are_left_out_and_reported() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "one"), text_meta(MID + 1, PEER, ME, "two")], 0));
    let key = (Table::Messages, rows::message_key(ConversationId::user(PEER), MID));
    w.account.insert(key, vec![0xff, 0x00, 0x13]);
    w.account.insert((Table::Outbox, vec![1, 2, 3]), vec![9; 9]);
    w.account.insert((Table::Conversations, vec![9]), vec![]);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.command(2, Command::Messages { of: ConversationId::user(PEER), before: 0, after: 0, limit: 10 });
    let Ok(Reply::Messages(all)) = &w.replies[&2] else { panic!() };
    assert_eq!(all.iter().map(|m| &m.text[..]).collect::<Vec<_>>(), ["two"]);
    assert_eq!(w.session.stats().bad_rows, 3);
    assert!(w.errors().contains(&ErrorCode::DbOperationFailed));
    w.go_online();
}

#[test]
fn a_failing_store_confirms_nothing_and_the_session_starts_over_from_it() {
    let mut w = World::new();
    w.log_in();
    w.fail_writes = true;
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "lost?")], MID));
    assert!(w.sent.is_empty(), "no receipt for what is not durable");
    assert!(w.told().is_empty());
    assert!(w.errors().contains(&ErrorCode::StorageQuota));
    w.fail_writes = false;
    w.sleep();
    w.go_online();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "lost?")], MID));
    assert_eq!(w.told(), ["lost?"]);
    w.fail_writes = true;
    w.send(5, "cannot be kept");
    let Some(Event::Failed(failed)) = w.events.iter().find(|e| matches!(e, Event::Failed(_))) else { panic!() };
    assert_eq!(failed[0].text, "cannot be kept");
    assert_eq!(failed[0].error.as_ref().unwrap().code, ErrorCode::StorageQuota);
}
