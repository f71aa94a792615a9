//! What goes on the tape, field by field; `js/tape.ts` reads it in this order.
use super::tape::Tape;
use crate::core::model::{Conversation, ConversationId, Error, Group, Message, Millis, Notice, Update, User};
use crate::core::session::Receipts;

pub(super) fn time(Millis(ms): Millis) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
    {
        ms as f64
    }
}

/// Added to the kind of a conversation whose id is the one before: a page is of one conversation.
const SAME: u8 = 4;

fn key(tape: &mut Tape, of: ConversationId) {
    if tape.again(of.uid) {
        return tape.number(of.kind as u8 + SAME);
    }
    tape.number(of.kind as u8);
    tape.remembered_id(of.uid);
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
    tape.maybe_id(m.client_id);
    tape.id(m.from);
    tape.flags(&[m.outgoing, m.delivered, m.read, m.played, m.untyped, m.patched]);
    tape.number(m.ctype);
    for text in [&m.text, &m.attachment, &m.config, &m.ext, &m.sender_name] {
        tape.string(text);
    }
    tape.number(m.priority);
    tape.number(time(m.timestamp));
    tape.number(time(m.edited_at));
    tape.number(m.status as u8);
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
    tape.string(&c.draft);
    tape.string(&c.extension);
    tape.flag(c.pinned);
    tape.flag(c.muted);
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
fn rows<T>(rows: &[T], one: fn(&mut Tape, &T)) -> Tape {
    let mut tape = Tape::of(rows.len());
    rows.iter().for_each(|row| one(&mut tape, row));
    tape
}

pub(super) fn messages(of: &[Message]) -> Tape {
    rows(of, message)
}

pub(super) fn conversations(of: &[Conversation]) -> Tape {
    rows(of, conversation)
}

pub(super) fn users(of: &[User]) -> Tape {
    rows(of, user)
}

pub(super) fn groups(of: &[Group]) -> Tape {
    rows(of, group)
}

pub(super) fn updates(of: &[Update]) -> Tape {
    rows(of, update)
}

pub(super) fn notices(of: &[Notice]) -> Tape {
    rows(of, notice)
}

/// Names of conversations.
pub(super) fn keys(of: &[ConversationId]) -> Tape {
    rows(of, |tape, of| key(tape, *of))
}

/// Lists of ids: of receipts, of a group's members.
pub(super) fn lists(of: &[&[u64]]) -> Tape {
    rows(of, |tape, ids| tape.ids(ids))
}

pub(super) fn receipts(r: &Receipts) -> Tape {
    lists(&[&r.delivered, &r.read, &r.played, &r.unread])
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::core::model::{Change, Domain, ErrorCode, Mention, MessageStatus, NoticeKind};

    fn written(tape: &Tape) -> Value {
        json!([tape.ascii, tape.wide, tape.numbers])
    }

    /// A row with another value in every field, so that none can be taken for another.
    fn sample() -> Message {
        Message {
            conversation: ConversationId::group(9),
            id: u64::MAX,
            client_id: 77,
            from: 3,
            outgoing: true,
            untyped: false,
            ctype: 1,
            text: "你好 👋".into(),
            attachment: r#"{"url":"https://x.test/a","dName":"a.png","fLen":5}"#.into(),
            config: r#"{"mentionList":[18446744073709551615],"groupMemberList":[4]}"#.into(),
            ext: "ext".into(),
            sender_name: "Amber".into(),
            priority: 6,
            timestamp: Millis(1_700_000_000_001),
            edited_at: Millis(1_700_000_000_002),
            status: MessageStatus::Failed,
            delivered: true,
            read: false,
            played: true,
            patched: false,
            mention: Mention::Me,
            error: Some(Error::new(Domain::Frame, ErrorCode::MessageCensored, "why 👋")),
        }
    }

    /// `tests/js/tapes.test.mjs` reads the same file: what one side writes, the other understands.
    #[test]
    fn tapes_are_written_as_the_golden_file_says() {
        let plain = Message { client_id: 0, untyped: true, error: None, mention: Mention::All, ..sample() };
        let update = Update {
            change: Change::Append,
            conversation: ConversationId::user(2),
            target: 5,
            message: Some(plain.clone()),
            by: 6,
            operation: 7,
            text: "text".into(),
            config: "config".into(),
            ext: "ext".into(),
            timestamp: Millis(8),
        };
        let bare = Update { change: Change::Status, target: 0, message: None, by: 0, operation: 0, ..update.clone() };
        let tapes = json!({
            "messages": written(&messages(&[sample(), plain.clone()])),
            "conversations": written(&conversations(&[
                Conversation {
                    id: ConversationId::user(2),
                    title: "title".into(),
                    avatar: "avatar".into(),
                    unread: 3,
                    mention: Mention::All,
                    timestamp: Millis(4),
                    last: Some(plain),
                    draft: "draft".into(),
                    extension: "extension".into(),
                    pinned: true,
                    muted: false,
                },
                Conversation {
                    id: ConversationId::SYSTEM,
                    title: "0".into(),
                    avatar: String::new(),
                    unread: 0,
                    mention: Mention::None,
                    timestamp: Millis(0),
                    last: None,
                    draft: String::new(),
                    extension: String::new(),
                    pinned: false,
                    muted: true,
                },
            ])),
            "users": written(&users(&[User {
                id: 2,
                username: "username".into(),
                nickname: "nickname".into(),
                alias: "alias".into(),
                avatar: "avatar".into(),
                is_contact: true,
                muted: false,
            }])),
            "groups": written(&groups(&[Group {
                id: 9,
                name: "name".into(),
                avatar: "avatar".into(),
                owner: 3,
                count: 4,
                muted: false,
            }])),
            "updates": written(&updates(&[update, bare])),
            "notices": written(&notices(&[Notice {
                id: 1,
                kind: NoticeKind::Group,
                r#type: 10,
                group: 9,
                from: 3,
                to: vec![4, u64::MAX],
                content: "content".into(),
                timestamp: Millis(5),
                kept: true,
            }])),
            "keys": written(&keys(&[ConversationId::user(2), ConversationId::group(9)])),
            "receipts": written(&receipts(&Receipts {
                delivered: vec![1, 2],
                read: vec![1],
                played: vec![],
                unread: vec![u64::MAX],
            })),
        });
        let golden: Value = serde_json::from_str(include_str!("../../tests/js/tapes.json")).unwrap();
        assert_eq!(tapes, golden, "the tapes are now:\n{tapes:#}");
    }
}
