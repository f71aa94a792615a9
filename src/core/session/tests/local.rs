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
