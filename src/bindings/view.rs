//! What goes on the tape, field by field; `js/tape.ts` reads it in this order.
use super::tape::Tape;
use crate::core::model::{Conversation, ConversationId, Error, Group, Message, Millis, User};

fn time(Millis(ms): Millis) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
    {
        ms as f64
    }
}

fn key(tape: &mut Tape, of: ConversationId) {
    tape.number(of.kind as u8);
    tape.id(of.uid);
}

fn failure(tape: &mut Tape, error: Option<&Error>) {
    let Some(e) = error else { return tape.number(0) };
    tape.number(e.code as u16);
    tape.string(e.domain.name());
    tape.string(&e.detail);
}

fn message(tape: &mut Tape, m: &Message) {
    key(tape, m.conversation);
    tape.maybe_id(m.id);
    tape.id(if m.client_id == 0 { m.id } else { m.client_id });
    tape.maybe_id(m.client_id);
    tape.id(m.from);
    tape.number(u8::from(m.outgoing));
    tape.number(m.ctype);
    tape.string(&m.text);
    tape.string(&m.ext);
    tape.number(time(m.timestamp));
    tape.number(m.status as u8);
    failure(tape, m.error.as_ref());
}

fn conversation(tape: &mut Tape, c: &Conversation) {
    key(tape, c.id);
    tape.string(&c.title);
    tape.string(&c.avatar);
    tape.number(c.unread);
    tape.number(time(c.timestamp));
    tape.number(u8::from(c.last.is_some()));
    if let Some(last) = &c.last {
        message(tape, last);
    }
}

fn user(tape: &mut Tape, u: &User) {
    tape.id(u.id);
    tape.string(&u.username);
    tape.string(u.display_name());
    tape.string(&u.nickname);
    tape.string(&u.alias);
    tape.string(&u.avatar);
    tape.number(u8::from(u.is_contact));
}

fn group(tape: &mut Tape, g: &Group) {
    tape.id(g.id);
    tape.string(&g.name);
    tape.string(&g.avatar);
    tape.id(g.owner);
    tape.number(g.count);
}

fn all<T>(rows: &[T], one: fn(&mut Tape, &T)) -> Tape {
    let mut tape = Tape::default();
    rows.iter().for_each(|row| one(&mut tape, row));
    tape
}

pub(super) fn messages(rows: &[Message]) -> Tape {
    all(rows, message)
}

pub(super) fn conversations(rows: &[Conversation]) -> Tape {
    all(rows, conversation)
}

pub(super) fn users(rows: &[User]) -> Tape {
    all(rows, user)
}

pub(super) fn groups(rows: &[Group]) -> Tape {
    all(rows, group)
}
