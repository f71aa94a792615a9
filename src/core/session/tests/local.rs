//! What is only this device's business.
use super::*;

fn id_at(w: &mut World, time: u64) -> u64 {
    w.replies.remove(&95);
    w.command(95, Command::MessageAt { of: ConversationId::user(PEER), time });
    match w.replies.remove(&95) {
        Some(Ok(Reply::Id(id))) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_date_leads_to_its_first_message() {
    let mut w = World::new();
    w.log_in();
    assert_eq!(id_at(&mut w, 5), 0, "there is none");
    let at = |n: u64| 1_700_000_000_000 + n * 10;
    let metas: Vec<_> =
        (1..=200).map(|n| Meta { timestamp: at(n), ..text_meta(MID + n * n * 1000, PEER, ME, "x") }).collect();
    w.frame(&page(PEER, metas, 0));
    for n in [1, 2, 77, 199, 200] {
        assert_eq!(id_at(&mut w, at(n)), MID + n * n * 1000, "exactly");
        assert_eq!(id_at(&mut w, at(n) - 3), MID + n * n * 1000, "the next one");
    }
    assert_eq!(id_at(&mut w, 0), MID + 1000);
    assert_eq!(id_at(&mut w, at(200) + 1), 0, "nothing is that new");
}

#[test]
fn drafts_and_the_like_are_kept_and_shown() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    let of = ConversationId::user(PEER);
    let set = |w: &mut World, draft: Option<&str>, extension: Option<&str>, pinned, muted| {
        let (draft, extension) = (draft.map(Into::into), extension.map(Into::into));
        w.replies.remove(&5);
        w.command(5, Command::SetLocal { of, draft, extension, pinned, muted });
    };
    set(&mut w, Some("half a"), Some("{}"), Some(true), Some(true));
    set(&mut w, None, None, None, Some(false));
    let row = &w.list()[0];
    assert_eq!((&row.draft[..], &row.extension[..], row.pinned, row.muted), ("half a", "{}", true, false));
    let mut w = World::with(w.device.clone(), w.account.clone());
    w.command(1, Command::Resume);
    assert_eq!(w.list()[0].draft, "half a", "after a restart too");
    let long = Some("x".repeat(65_537));
    w.command(6, Command::SetLocal { of, draft: long, extension: None, pinned: None, muted: None });
    assert_eq!(w.error_of(6), ErrorCode::MessageInvalid);
}

#[test]
fn pages_go_up_and_down_from_any_message() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, (0..30).map(|n| text_meta(MID + n, PEER, ME, &n.to_string())).collect(), 0));
    let of = ConversationId::user(PEER);
    let mut texts = |before, after, limit| {
        w.replies.remove(&5);
        w.command(5, Command::Messages { of, before, after, limit });
        let Some(Ok(Reply::Messages(list))) = w.replies.remove(&5) else { panic!("{:?}", w.replies) };
        list.into_iter().map(|m| m.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(MID + 10, 0, 3), ["7", "8", "9"]);
    assert_eq!(texts(0, MID + 10, 3), ["11", "12", "13"]);
    assert_eq!(texts(0, 0, 2), ["28", "29"]);
    assert_eq!(texts(0, MID + 28, 5), ["29"]);
}

#[test]
fn wiping_leaves_nothing_of_the_account() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "hi")], 0));
    w.command(5, Command::Wipe);
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert!(w.account.is_empty(), "{:?}", w.account.keys().collect::<Vec<_>>());
    assert!(!w.device.keys().any(|(_, key)| key.starts_with(b"login")));
    assert_eq!(w.session.state(), State::Idle);
}

fn peer() -> ConversationId {
    ConversationId::user(PEER)
}

/// All messages of a page, with the id of what they stand behind where they are the application's own.
fn shown(w: &mut World, before: u64, after: u64, limit: u32) -> Vec<String> {
    w.replies.remove(&95);
    w.command(95, Command::Messages { of: peer(), before, after, limit });
    let Some(Ok(Reply::Messages(list))) = w.replies.remove(&95) else { panic!("{:?}", w.replies) };
    list.into_iter().map(|m| m.text).collect()
}

fn with_three() -> World {
    let mut w = World::new();
    w.log_in();
    let metas = ["a", "b", "c"].iter().enumerate();
    w.frame(&page(PEER, metas.map(|(n, text)| text_meta(MID + n as u64, PEER, ME, text)).collect(), 0));
    w
}

fn restarted(w: World) -> World {
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w
}

/// Everything that was sent but pages and the like.
fn metas_sent(w: &World) -> usize {
    w.sent.iter().filter(|sent| sent.meta.is_some()).count()
}

#[test]
fn a_conversation_is_cleared_here_and_its_row_stays() {
    let mut w = with_three();
    w.frame(&page(GROUP, vec![Meta { timestamp: 1_700_000_000_000, ..text_meta(MID + 9, PEER, GROUP, "older") }], 0));
    w.command(4, Command::SetLocal { of: peer(), draft: Some("d".into()), extension: None, pinned: None, muted: None });
    insert(&mut w, 5, None, "own");
    let before = w.list()[0].timestamp;
    let failed = w.send(6, "refused");
    let refusal =
        SyncDl { status: Some(Status { code: 8, reason: String::new() }), client_mid: failed, ..SyncDl::default() };
    w.frame(&frame(Cmd::Sync, refusal));
    w.feed(Input::Closed("gone"));
    w.send(7, "waits");
    let sent = metas_sent(&w);
    w.command(8, Command::Clear(peer()));
    assert_eq!(w.replies[&8], Ok(Reply::Done));
    assert_eq!(shown(&mut w, 0, 0, 50), ["waits"], "what was refused goes too, what waits does not");
    assert_eq!(metas_sent(&w), sent, "nobody is told");
    let mut w = restarted(w);
    let row = w.list().into_iter().find(|row| row.id == peer()).unwrap();
    assert_eq!((row.unread, &row.draft[..], row.last.unwrap().text.as_str()), (0, "d", "waits"));
    w.answer("app_dns", DNS);
    w.go_online();
    let waiting = w.session.account.as_ref().unwrap().unsent().map(|(id, _)| id).next().unwrap();
    w.command(9, Command::Forget { of: peer(), target: MID + 20 });
    w.frame(&ack(waiting, MID + 20));
    w.command(10, Command::Forget { of: peer(), target: MID + 20 });
    let row = w.list().into_iter().find(|row| row.id == peer()).unwrap();
    assert_eq!((row.last, row.timestamp), (None, before), "it keeps its place");
    // The stream brings nothing of it again; what is new comes, and history has all of it.
    w.frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "b"), text_meta(MID + 21, PEER, ME, "new")], 0));
    assert_eq!(shown(&mut w, 0, 0, 50), ["new"]);
    w.command(11, Command::History { of: peer(), before: MID + 2, after: 0, limit: 2 });
    let metas = vec![text_meta(MID, PEER, ME, "a"), text_meta(MID + 1, PEER, ME, "b")];
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    assert_eq!(shown(&mut w, 0, 0, 50), ["a", "b", "new"]);
    w.command(12, Command::Clear(ConversationId::user(5)));
    assert!(w.list().iter().all(|row| row.id.uid != 5), "an unknown one does not come to be");
}

/// Puts a message of the application's own in; its id is 1000 and the call's number.
pub(super) fn insert(w: &mut World, call: CallId, behind: Option<u64>, text: &str) {
    let content = Some(Content { text: text.into(), ..Content::default() });
    let id = 1000 + u64::from(call);
    w.command(call, Command::Insert(Insert { of: peer(), id, behind, from: PEER, time: 1_700_000_050_000, content }));
}

#[test]
fn messages_of_the_applications_own_stand_where_they_were_put_and_are_told_to_nobody() {
    let mut w = with_three();
    let sent = metas_sent(&w);
    insert(&mut w, 5, None, "end 1");
    insert(&mut w, 6, Some(0), "first");
    insert(&mut w, 7, Some(MID), "behind a");
    insert(&mut w, 8, None, "end 2");
    assert!((5..9).all(|call| matches!(&w.replies[&call], Ok(Reply::Messages(list)) if list.len() == 1)));
    let all = ["first", "a", "behind a", "b", "c", "end 1", "end 2"];
    assert_eq!(shown(&mut w, 0, 0, 50), all);
    let row = &w.list()[0];
    let last = row.last.clone().unwrap();
    assert_eq!((&last.text[..], last.status, last.id, last.client_id), ("end 2", MessageStatus::Local, MID + 2, 1008));
    assert_eq!((last.from, last.read, row.unread), (PEER, true, 3));
    // The server's next id is the one behind: nothing is in its way.
    w.frame(&page(PEER, vec![text_meta(MID + 3, PEER, ME, "d")], 0));
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "d");
    // Pages count the server's messages and have the others along.
    assert_eq!(shown(&mut w, 0, 0, 2), ["c", "end 1", "end 2", "d"]);
    assert_eq!(shown(&mut w, MID + 2, 0, 2), ["a", "behind a", "b"]);
    assert_eq!(shown(&mut w, MID, 0, 2), ["first"]);
    assert_eq!(shown(&mut w, 0, MID, 2), ["b", "c", "end 1", "end 2"]);
    assert_eq!(shown(&mut w, 0, MID + 2, 2), ["d"]);
    assert_eq!((metas_sent(&w), w.told().len()), (sent, 4));
    // Replaced, and taken out again.
    let mut w = restarted(w);
    let again = |id, behind, content| Command::Insert(Insert { of: peer(), id, behind, from: ME, time: 5, content });
    let other = Content { text: "other".into(), ..Content::default() };
    w.command(9, again(1007, Some(MID), Some(other)));
    w.command(10, again(1008, Some(MID + 2), None));
    w.command(11, again(1008, Some(MID + 2), None));
    assert_eq!(shown(&mut w, 0, 0, 50), ["first", "a", "other", "b", "c", "end 1", "d"]);
    w.command(12, Command::Forget { of: peer(), target: MID + 3 });
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "end 1", "the last one is known again");
    w.command(13, Command::DeleteConversation { of: peer(), everywhere: false, id: 0 });
    assert!(!w.account.keys().any(|(table, _)| *table == Table::Messages));
    assert!(w.list().is_empty());
}

#[test]
fn a_message_of_the_applications_own_makes_a_conversation_and_is_checked() {
    let mut w = World::new();
    w.log_in();
    insert(&mut w, 5, None, "welcome");
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "welcome");
    assert_eq!(shown(&mut w, 0, 0, 50), ["welcome"]);
    insert(&mut w, 6, None, "");
    let long = Content { ext: "x".repeat(20_000), text: "x".into(), ..Content::default() };
    w.command(7, Command::Insert(Insert { of: peer(), id: 9, behind: None, from: 1, time: 1, content: Some(long) }));
    w.command(8, Command::Insert(Insert { of: peer(), id: 0, behind: None, from: 1, time: 1, content: None }));
    assert!((6..9).all(|call| w.error_of(call) == ErrorCode::MessageInvalid));
}

#[test]
fn what_is_laid_over_a_message_stays_whatever_the_server_says_of_it() {
    use super::operations::edit;
    use crate::core::proto::message_operation::OpType;
    let mut w = with_three();
    let sent = metas_sent(&w);
    let patch = |text: &str, ext: &str| Operation::Patch { text: text.into(), config: String::new(), ext: ext.into() };
    let operate = |w: &mut World, call, operation| {
        w.command(call, Command::Operate { of: peer(), target: MID + 2, operation });
        assert_eq!(w.replies[&call], Ok(Reply::Done));
        w.list()[0].last.clone().unwrap()
    };
    let seen = operate(&mut w, 5, patch("translated", r#"{"read":"aloud"}"#));
    assert_eq!((&seen.text[..], &seen.ext[..], seen.patched), ("translated", r#"{"read":"aloud"}"#, true));
    assert!(
        w.events.iter().any(|e| matches!(e, Event::Updates(u) if u[0].change == crate::core::model::Change::Local))
    );
    let replaced = edit(MID + 30, OpType::Replace, MID + 2, "edited", 1_700_000_200_000);
    w.frame(&page(PEER, vec![replaced], 0));
    let seen = w.list()[0].last.clone().unwrap();
    assert_eq!((&seen.text[..], seen.edited_at), ("translated", Millis(1_700_000_200_000)));
    let mut w = restarted(w);
    assert_eq!(shown(&mut w, 0, 0, 1), ["translated"]);
    let seen = operate(&mut w, 6, patch("", ""));
    assert_eq!((&seen.text[..], &seen.ext[..], seen.patched), ("edited", "", false));
    assert_eq!(metas_sent(&w), 0, "nobody is told");
    assert!(sent < 2);
    let bad = Operation::Patch { text: String::new(), config: "[]".into(), ext: String::new() };
    w.command(7, Command::Operate { of: peer(), target: MID, operation: bad });
    assert_eq!(w.error_of(7), ErrorCode::MessageInvalid);
    w.command(8, Command::Operate { of: peer(), target: MID + 77, operation: patch("x", "") });
    assert_eq!(w.replies[&8], Ok(Reply::Done), "it is not here");
}

#[test]
fn what_was_read_on_this_device_only_is_told_to_the_others_when_the_user_says_so() {
    let mut w = with_three();
    let sent = metas_sent(&w);
    let read = |up_to, only, here| Command::MarkRead { of: peer(), up_to, only, here };
    w.command(5, read(MID, true, true));
    assert_eq!(w.list()[0].unread, 2);
    w.command(6, read(0, false, true));
    assert_eq!(w.list()[0].unread, 0);
    w.now = w.now + Duration::from_secs(5);
    w.feed(Input::Tick);
    assert_eq!(metas_sent(&w), sent, "no receipt, and nothing for the other devices");
    let mut w = restarted(w);
    w.answer("app_dns", DNS);
    w.go_online();
    assert_eq!(w.list()[0].unread, 0, "after a restart too");
    w.command(7, read(0, false, true));
    w.command(8, read(0, false, false));
    w.now = w.now + Duration::from_secs(5);
    w.feed(Input::Tick);
    assert_eq!(metas_sent(&w), 1, "one READ_ALL");
    w.command(9, read(0, false, false));
    w.now = w.now + Duration::from_secs(5);
    w.feed(Input::Tick);
    assert_eq!(metas_sent(&w), 1, "once");
}
