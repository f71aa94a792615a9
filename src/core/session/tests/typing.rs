//! Who is typing.
use super::*;

fn typing(id: u64, from: u64, to: u64, status: &str) -> Meta {
    let body = MessageBody {
        r#type: if to == GROUP { 3 } else { 2 },
        ext: format!(r#"{{"input_status":"{status}"}}"#),
        qos: 1,
        ..MessageBody::default()
    };
    Meta { payload: body.encode_to_vec().into(), ..text_meta(id, from, to, "") }
}

fn heard(w: &World) -> Vec<(u64, bool)> {
    let of = |e: &Event| if let Event::Typing { from, active, .. } = e { Some((*from, *active)) } else { None };
    w.events.iter().filter_map(of).collect()
}

#[test]
fn typing_is_told_when_it_begins_and_ends_by_word_by_message_or_by_time() {
    let mut w = World::new();
    w.log_in();
    for status in ["typing", "typing", "nothing"] {
        w.frame(&page(PEER, vec![typing(MID, PEER, ME, status)], 0));
    }
    assert_eq!(heard(&w), [(PEER, true), (PEER, false)]);
    w.frame(&page(PEER, vec![typing(MID, PEER, ME, "typing"), text_meta(MID + 1, PEER, ME, "done")], 0));
    assert_eq!(heard(&w)[2..], [(PEER, true), (PEER, false)]);
    w.frame(&page(GROUP, vec![typing(MID, 5, GROUP, "typing")], 0));
    w.sleep();
    assert_eq!(heard(&w)[4..], [(5, true), (5, false)]);
    assert_eq!(w.told(), ["done"], "typing is no message");
    assert!(w.account.keys().filter(|(t, _)| *t == Table::Messages).count() == 1, "and is not kept");
}

#[test]
fn typing_goes_out_at_once_or_never() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::Typing(ConversationId::user(PEER), true));
    let meta = w.sent.last().unwrap().meta.clone().unwrap();
    let body = MessageBody::decode(meta.payload).unwrap();
    assert_eq!((&body.ext[..], body.qos, body.r#type), (r#"{"input_status":"typing"}"#, 1, 2));
    w.feed(Input::Closed("gone"));
    let sent = w.sent.len();
    w.command(6, Command::Typing(ConversationId::user(PEER), false));
    assert_eq!(w.replies[&6], Ok(Reply::Done));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    assert!(w.sent[sent..].iter().all(|s| s.meta.is_none()));
}
