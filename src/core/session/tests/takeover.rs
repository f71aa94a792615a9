//! What another SDK has kept on this device.
use super::*;
use crate::core::services::Token;

const DEVICE: &str = "6600000000112_1073741824";

fn adopt(token: &str) -> Command {
    let token = Token { uid: ME, token: token.into(), public_key: String::new() };
    Command::Adopt { token, guid: DEVICE.into(), sn: 9 }
}

fn past(id: u64, from: u64, status: u32, text: &str) -> Past {
    let content = Content { text: text.into(), ..Content::default() };
    Past { id, from, time: 1_700_000_000_000 + id % 1000, status, edited_at: 0, content }
}

fn unread(w: &mut World) -> u32 {
    w.list()[0].unread
}

#[test]
fn a_login_of_another_sdk_is_taken_up_as_the_device_that_it_was() {
    let mut w = World::new();
    w.command(1, adopt("old-token"));
    assert_eq!(w.replies[&1], Ok(Reply::Done));
    // The page is gone before anything else: the login is durable, the device is given again.
    let mut w = World::with(w.device, w.account);
    w.command(1, adopt("another"));
    w.command(2, Command::Resume);
    assert_eq!(w.replies[&2], Ok(Reply::Session(Some((ME, 9)))));
    w.answer("app_dns", DNS);
    w.feed(Input::Opened);
    let provision = w.provisions.last().unwrap();
    assert_eq!((&provision.token[..], &provision.device_guid[..]), ("old-token", DEVICE));
    assert_eq!(provision.xid.unwrap().device_sn, 9);
    w.command(3, adopt("late"));
    assert_eq!(w.error_of(3), ErrorCode::UserAlreadyLogin);
}

#[test]
fn without_a_token_only_the_device_is_taken_over_and_own_logins_come_first() {
    let mut w = World::new();
    w.command(1, adopt(""));
    w.command(2, Command::Resume);
    assert_eq!(w.replies[&2], Ok(Reply::Session(None)));
    w.log_in_again(3);
    assert_eq!(w.provisions.last().unwrap().device_guid, DEVICE);
    let mut w = World::with(w.device, w.account);
    w.command(1, adopt("old-token"));
    w.command(2, Command::Resume);
    w.answer("app_dns", DNS);
    w.feed(Input::Opened);
    assert_ne!(w.provisions.last().unwrap().token, "old-token", "the login that was made here stays");
    let nobody = Token { uid: 0, token: "t".into(), public_key: String::new() };
    let mut w = World::new();
    w.command(1, Command::Adopt { token: nobody, guid: String::new(), sn: 0 });
    assert_eq!(w.error_of(1), ErrorCode::ArgumentInvalid);
}

#[test]
fn messages_of_another_sdk_are_there_once_and_not_told_as_new() {
    let mut w = World::new();
    w.log_in();
    let of = ConversationId::user(PEER);
    let messages =
        vec![past(MID, PEER, 2, "read"), past(MID + 2, PEER, 0, "unread"), past(MID + 1, ME, 2, "mine, read")];
    for call in [5, 6] {
        w.command(call, Command::Import { of, messages: messages.clone() });
        assert_eq!(w.replies[&call], Ok(Reply::Done));
    }
    assert!(w.told().is_empty());
    assert_eq!(unread(&mut w), 1);
    assert!(w.sent.iter().all(|sent| sent.meta.is_none()), "nothing is told to anybody");
    w.command(7, Command::Messages { of, before: 0, after: 0, limit: 9 });
    let Ok(Reply::Messages(list)) = &w.replies[&7] else { panic!("{:?}", w.replies) };
    let seen: Vec<_> = list.iter().map(|m| (&m.text[..], m.outgoing, m.read)).collect();
    assert_eq!(seen, [("read", false, true), ("mine, read", true, true), ("unread", false, false)]);
    // The server gives one of them again: it is known.
    w.frame(&page(PEER, vec![text_meta(MID + 2, PEER, ME, "unread")], 0));
    assert!(w.told().is_empty());
    w.command(8, Command::MarkRead { of, up_to: 0, only: false, here: false });
    assert_eq!(unread(&mut w), 0);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "unread", "after a restart too");
}
