//! What goes on the tape, field by field; `js/tape.ts` reads it in this order.
use wasm_bindgen::JsValue;

use super::tape::Tape;
use crate::core::model::{Conversation, ConversationId, Error, Group, Message, Millis, Notice, Update, User};
use crate::core::session::Receipts;

pub(super) fn time(Millis(ms): Millis) -> f64 {
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
    tape.flag(m.outgoing);
    tape.number(m.ctype);
    for text in [&m.text, &m.attachment, &m.config, &m.ext, &m.sender_name] {
        tape.string(text);
    }
    tape.number(m.priority);
    tape.number(time(m.timestamp));
    tape.number(time(m.edited_at));
    tape.number(m.status as u8);
    for flag in [m.delivered, m.read, m.played] {
        tape.flag(flag);
    }
    tape.number(m.mention as u8);
    failure(tape, m.error.as_ref());
}

fn conversation(tape: &mut Tape, c: &Conversation) {
    key(tape, c.id);
    tape.string(&c.title);
    tape.string(&c.avatar);
    tape.number(c.unread);
    tape.number(c.mention as u8);
    tape.number(time(c.timestamp));
    maybe_message(tape, c.last.as_ref());
}

fn maybe_message(tape: &mut Tape, m: Option<&Message>) {
    tape.flag(m.is_some());
    if let Some(m) = m {
        message(tape, m);
    }
}

fn update(tape: &mut Tape, u: &Update) {
    tape.number(u.change as u8);
    key(tape, u.conversation);
    for id in [u.target, u.by, u.operation] {
        tape.maybe_id(id);
    }
    for text in [&u.text, &u.config, &u.ext] {
        tape.string(text);
    }
    tape.number(time(u.timestamp));
    maybe_message(tape, u.message.as_ref());
}

fn notice(tape: &mut Tape, n: &Notice) {
    tape.id(n.id);
    tape.number(n.kind as u8);
    tape.number(n.r#type);
    tape.maybe_id(n.group);
    tape.id(n.from);
    tape.ids(&n.to);
    tape.string(&n.content);
    tape.number(time(n.timestamp));
    tape.flag(n.kept);
}

fn user(tape: &mut Tape, u: &User) {
    tape.id(u.id);
    tape.string(&u.username);
    tape.string(u.display_name());
    tape.string(&u.nickname);
    tape.string(&u.alias);
    tape.string(&u.avatar);
    tape.flag(u.is_contact);
}

fn group(tape: &mut Tape, g: &Group) {
    tape.id(g.id);
    tape.string(&g.name);
    tape.string(&g.avatar);
    tape.id(g.owner);
    tape.number(g.count);
}

/// One row after the other.
fn rows<T>(rows: &[T], one: fn(&mut Tape, &T)) -> JsValue {
    let mut tape = Tape::default();
    rows.iter().for_each(|row| one(&mut tape, row));
    tape.into_js()
}

pub(super) fn messages(of: &[Message]) -> JsValue {
    rows(of, message)
}

pub(super) fn conversations(of: &[Conversation]) -> JsValue {
    rows(of, conversation)
}

pub(super) fn users(of: &[User]) -> JsValue {
    rows(of, user)
}

pub(super) fn groups(of: &[Group]) -> JsValue {
    rows(of, group)
}

pub(super) fn updates(of: &[Update]) -> JsValue {
    rows(of, update)
}

pub(super) fn notices(of: &[Notice]) -> JsValue {
    rows(of, notice)
}

/// Names of conversations.
pub(super) fn keys(of: &[ConversationId]) -> JsValue {
    rows(of, |tape, of| key(tape, *of))
}

/// Lists of ids: of receipts, of a group's members.
pub(super) fn lists(of: &[&[u64]]) -> JsValue {
    rows(of, |tape, ids| tape.ids(ids))
}

pub(super) fn receipts(r: &Receipts) -> JsValue {
    lists(&[&r.delivered, &r.read, &r.played, &r.unread])
}
