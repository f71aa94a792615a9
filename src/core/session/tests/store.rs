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
    assert!(w.errors().contains(&ErrorCode::DbOperationFailed));
    w.fail_writes = false;
    w.sleep();
    w.go_online();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "lost?")], MID));
    assert_eq!(w.told(), ["lost?"]);
    w.fail_writes = true;
    w.send(5, "cannot be kept");
    let Some(Event::Failed(failed)) = w.events.iter().find(|e| matches!(e, Event::Failed(_))) else { panic!() };
    assert_eq!(failed[0].text, "cannot be kept");
    assert_eq!(failed[0].error.as_ref().unwrap().code, ErrorCode::DbOperationFailed);
}

#[test]
fn a_damaged_counter_does_not_make_ids_that_nobody_can_use() {
    for last in [u64::MAX, 1 << 53] {
        let mut w = World::new();
        w.log_in();
        w.account.insert((Table::Kv, rows::kv::LAST_ID.into()), last.to_be_bytes().into());
        let mut w = World::with(w.device, w.account);
        w.command(1, Command::Resume);
        assert_eq!(w.session.stats().bad_rows, 1);
        let id = w.send(2, "as ever");
        assert!(id < 1 << 53, "{id}");
        assert!(w.replies[&2].is_ok());
    }
}

#[test]
fn a_failed_write_settles_every_call_that_waited_for_it() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "one")], MID));
    let of = ConversationId::user(PEER);
    // All of it is under way when the first write fails.
    w.fail_writes = true;
    let reads = [
        Command::MarkRead { of, up_to: MID, only: false, here: false },
        Command::Forget { of, target: MID },
        Command::Messages { of, before: 0, after: 0, limit: 5 },
        Command::DeleteConversation { of, everywhere: true, id: 0 },
    ];
    for (call, command) in (10..).zip(reads) {
        w.session.handle(w.now, Input::Command(call, command));
    }
    w.feed(Input::Tick);
    assert!((10..14).all(|call| w.replies.contains_key(&call)), "{:?}", w.replies);
    for call in [11, 13] {
        assert_eq!(w.error_of(call), ErrorCode::DbOperationFailed, "call {call}");
    }
}

#[test]
fn what_builds_on_a_failed_write_is_neither_written_nor_confirmed() {
    let mut w = World::new();
    w.log_in();
    let eager = |id: u64, prev_mid| {
        let metas = vec![text_meta(id, PEER, ME, "pushed")];
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        let page =
            SyncDl { status: ok(), xid, metas, next_key: id, prev_mid, is_eager_sync: true, ..SyncDl::default() };
        frame(Cmd::Sync, page)
    };
    // The second page is taken in before the write of the first has failed, and there would be room for it.
    w.session.handle(w.now, Input::Frame(&eager(MID, 0)));
    w.session.handle(w.now, Input::Frame(&eager(MID + 1, MID)));
    let id = w.session.allocate_id(w.now).unwrap();
    let content = Content { text: "unsent".into(), ..Content::default() };
    w.session.handle(w.now, Input::Command(5, Command::Send { id, to: ConversationId::user(PEER), content }));
    let batch = loop {
        match w.session.poll() {
            Output::Persist(batch) => break batch,
            output => w.carry_out(output),
        }
    };
    w.feed(Input::PersistFailed(StoreError::Failed("broken".into()), batch));
    assert!(w.sent.is_empty(), "the receipt for the second page would confirm the first one");
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Messages));
    assert!(w.events.iter().any(|e| matches!(e, Event::Failed(all) if all[0].text == "unsent")), "reported");
}

#[test]
fn an_id_is_not_handed_out_again_because_its_message_could_not_be_kept() {
    let mut w = World::new();
    w.now.0 += 700_000;
    w.log_in();
    w.fail_writes = true;
    let lost = w.send(2, "lost");
    w.fail_writes = false;
    w.now.0 -= 600_000; // or time alone would tell them apart
    w.feed(Input::Tick);
    assert!(w.send(3, "kept") > lost);
}

#[test]
fn a_message_that_could_not_be_kept_while_the_session_ended_is_reported_to_whoever_sent_it() {
    let mut w = World::new();
    w.log_in();
    let id = w.session.allocate_id(w.now).unwrap();
    let content = Content { text: "too late".into(), ..Content::default() };
    w.session.handle(w.now, Input::Command(5, Command::Send { id, to: ConversationId::user(PEER), content }));
    let batch = loop {
        match w.session.poll() {
            Output::Persist(batch) => break batch,
            output => w.carry_out(output),
        }
    };
    w.command(6, Command::Logout);
    w.feed(Input::PersistFailed(StoreError::Unavailable("closed".into()), batch));
    assert_eq!(w.error_of(5), ErrorCode::StorageUnavailable);
}

/// A client of a device that is opened again, up to when its store is being read.
fn glancing() -> World {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "one")], MID));
    w.frame(&page(PEER + 1, vec![text_meta(MID + 1, PEER + 1, ME, "two")], MID + 1));
    let mut w = World::with(w.device, w.account);
    w.hold_restore = true;
    w.command(1, Command::Resume);
    w
}

fn listed(w: &World) -> Vec<Vec<u64>> {
    let lists = w.events.iter().filter_map(|event| match event {
        Event::Conversations(list) => Some(list.iter().map(|conversation| conversation.id.uid).collect()),
        _ => None,
    });
    lists.collect()
}

#[test]
fn the_top_of_the_list_is_there_before_all_is_read_and_calls_wait_for_the_rest() {
    let mut w = glancing();
    assert_eq!(listed(&w), [[PEER + 1, PEER]]);
    w.command(2, Command::Messages { of: ConversationId::user(PEER), before: 0, after: 0, limit: 10 });
    assert!(w.replies.is_empty(), "{:?}", w.replies);
    w.hold_restore = false;
    w.feed(Input::StoreOpened(Ok(w.restored())));
    assert_eq!(listed(&w), [[PEER + 1, PEER], [PEER + 1, PEER]]);
    let Ok(Reply::Messages(all)) = &w.replies[&2] else { panic!() };
    assert_eq!(all[0].text, "one");
    assert!(w.replies[&1].is_ok());
}

#[test]
fn a_hint_that_is_wrong_or_broken_changes_nothing_but_what_is_read_first() {
    for hint in [vec![], vec![1, 2, 3], vec![0xff; 18], rows::conversation_key(ConversationId::user(99))] {
        let w = glancing();
        let (device, mut account) = (w.device, w.account);
        account.insert((Table::Kv, rows::kv::FRONT.into()), hint);
        let mut w = World::with(device, account);
        w.command(1, Command::Resume);
        assert_eq!(listed(&w), [[PEER + 1, PEER]]);
        assert_eq!(w.session.stats().bad_rows, 0);
    }
}

#[test]
fn who_logs_out_while_the_store_is_read_has_no_account_when_it_is() {
    let mut w = glancing();
    w.command(2, Command::Conversations);
    w.command(3, Command::Logout);
    w.hold_restore = false;
    w.feed(Input::StoreOpened(Ok(w.restored())));
    assert_eq!(w.replies[&2].as_ref().unwrap_err().code, ErrorCode::UserNotLogin);
    w.command(4, Command::Conversations);
    assert_eq!(w.replies[&4].as_ref().unwrap_err().code, ErrorCode::UserNotLogin);
}

#[test]
fn what_is_read_of_an_account_that_was_left_is_not_taken_for_that_of_another() {
    let mut w = glancing();
    let old = w.restored();
    w.command(5, Command::MarkRead { of: ConversationId::user(PEER), up_to: MID, only: false, here: false });
    w.command(2, Command::Logout);
    let adopted = crate::core::services::Token { uid: 7, token: "t7".into(), public_key: String::new() };
    w.command(3, Command::Adopt { token: adopted, guid: String::new(), sn: 0 });
    w.hold_open = true;
    w.command(4, Command::ResumeAs(7));
    w.events.clear();
    w.feed(Input::StoreOpened(Ok(old)));
    assert!(listed(&w).is_empty());
    assert!(!w.replies.contains_key(&4));
    assert_eq!(w.replies[&5].as_ref().unwrap_err().code, ErrorCode::UserNotLogin, "meant for the account before");
}

#[test]
fn what_is_pinned_is_read_first_however_old_it_is() {
    let mut w = World::new();
    w.log_in();
    for n in 0..300 {
        w.frame(&page(PEER + n, vec![text_meta(MID + n, PEER + n, ME, "hello")], MID + n));
    }
    let of = ConversationId::user(PEER);
    w.command(2, Command::SetLocal { of, draft: None, extension: None, pinned: Some(true), muted: None });
    for n in 0..300 {
        w.frame(&page(PEER + n, vec![text_meta(MID + 400 + n, PEER + n, ME, "again")], MID + 400 + n));
    }
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.frame(&page(PEER + 5, vec![], 0));
    w.command(
        2,
        Command::SetLocal {
            of: ConversationId::user(PEER + 5),
            draft: Some("x".into()),
            extension: None,
            pinned: None,
            muted: None,
        },
    );
    let mut w = World::with(w.device, w.account);
    w.hold_restore = true;
    w.command(1, Command::Resume);
    let first = &listed(&w)[0];
    assert_eq!(first.len(), 256);
    assert!(first.contains(&PEER) && first.contains(&(PEER + 299)));
}
