//! Operations on messages: made here, made elsewhere, in any order, twice, too early, refused.
use super::*;
use crate::core::model::{Change, Mention};
use crate::core::proto::{MessageOperation, message_operation::OpType};

/// An operation as another device of `from` sends it.
fn op_meta(id: u64, from: u64, to: u64, kind: OpType, mid: u64, with: MessageBody) -> Meta {
    let own = matches!(kind, OpType::ReadAll | OpType::ReadCancel | OpType::Delete);
    let xid = own.then_some(Xid { uid: to, device_sn: 0 });
    let body = MessageBody { r#type: 1, operation: Some(MessageOperation { r#type: kind as i32, mid, xid }), ..with };
    let to = if own { from } else { to };
    Meta { payload: body.encode_to_vec().into(), ..text_meta(id, from, to, "") }
}

fn plain(id: u64, from: u64, to: u64, kind: OpType, mid: u64) -> Meta {
    op_meta(id, from, to, kind, mid, MessageBody::default())
}

pub(super) fn edit(id: u64, kind: OpType, mid: u64, content: &str, at: u64) -> Meta {
    op_meta(id, PEER, ME, kind, mid, MessageBody { content: content.into(), edit_timestamp: at, ..Default::default() })
}

fn with_peer() -> ConversationId {
    ConversationId::user(PEER)
}

impl World {
    /// A world in which three messages of the peer have come.
    fn with_messages() -> Self {
        let mut w = Self::new();
        w.log_in();
        let metas = (0..3).map(|n| text_meta(MID + n, PEER, ME, &format!("m{n}"))).collect();
        w.frame(&page(PEER, metas, 0));
        w
    }

    fn texts(&mut self, of: ConversationId) -> Vec<String> {
        self.replies.remove(&98);
        self.command(98, Command::Messages { of, before: 0, after: 0, limit: 50 });
        match self.replies.remove(&98) {
            Some(Ok(Reply::Messages(list))) => list.into_iter().map(|m| m.text).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn stored(&mut self, of: ConversationId, id: u64) -> Message {
        self.replies.remove(&97);
        self.command(97, Command::Messages { of, before: id + 1, after: 0, limit: 1 });
        match self.replies.remove(&97) {
            Some(Ok(Reply::Messages(mut list))) => list.pop().expect("a message"),
            other => panic!("{other:?}"),
        }
    }

    fn changes(&self) -> Vec<(Change, u64)> {
        let of = |e: &Event| {
            if let Event::Updates(u) = e { u.iter().map(|u| (u.change, u.target)).collect() } else { vec![] }
        };
        self.events.iter().flat_map(of).collect()
    }

    fn unread(&mut self) -> u32 {
        let of = with_peer();
        self.list().into_iter().find(|c| c.id == of).map_or(0, |c| c.unread)
    }

    pub(super) fn operate(&mut self, call: CallId, target: u64, operation: Operation) -> u64 {
        self.command(call, Command::Operate { of: with_peer(), target, operation });
        self.session.account.as_ref().unwrap().last_id
    }

    fn ops_sent(&self) -> Vec<(i32, u64)> {
        let of = |s: &SyncUl| {
            let body = MessageBody::decode(s.meta.as_ref()?.payload.clone()).ok()?;
            body.operation.map(|o| (o.r#type, o.mid))
        };
        self.sent.iter().filter_map(of).collect()
    }
}

#[test]
fn operations_carried_out_twice_change_nothing_more() {
    let mut w = World::with_messages();
    let append = edit(MID + 10, OpType::Append, MID, " more", 2_000_000_000_000);
    let recall = plain(MID + 11, PEER, ME, OpType::Recall, MID + 1);
    for _ in 0..3 {
        w.frame(&page(PEER, vec![append.clone(), recall.clone()], 0));
    }
    assert_eq!(w.texts(with_peer()), ["m0 more", "m2"]);
    assert_eq!(w.changes(), [(Change::Append, MID), (Change::Recall, MID + 1)]);
    assert_eq!(w.unread(), 2, "a recalled message does not count");
    // The message itself again: it stays away.
    w.frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "m1")], 0));
    assert_eq!(w.texts(with_peer()), ["m0 more", "m2"]);
    assert_eq!(w.told(), ["m0", "m1", "m2"]);
}

#[test]
fn operations_that_come_before_their_message_wait_for_it_also_across_a_restart() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(
        PEER,
        vec![
            edit(MID + 10, OpType::Append, MID, "!", 2_000_000_000_000),
            edit(MID + 11, OpType::Append, MID, "?", 2_000_000_000_001),
            plain(MID + 12, PEER, ME, OpType::Recall, MID + 1),
        ],
        0,
    ));
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "late"), text_meta(MID + 1, PEER, ME, "gone")], 0));
    assert_eq!(w.texts(with_peer()), ["late!?"]);
    assert_eq!(w.told(), ["late!?"]);
    assert_eq!(w.unread(), 1);
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Waiting), "nothing waits any more");
}

#[test]
fn an_append_that_the_server_has_folded_in_is_not_applied_again() {
    let mut w = World::new();
    w.log_in();
    let body = MessageBody { r#type: 2, content: "ab".into(), edit_timestamp: 50, ..Default::default() };
    let folded = Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") };
    w.frame(&page(PEER, vec![folded], 0));
    w.frame(&page(PEER, vec![edit(MID + 1, OpType::Append, MID, "b", 50)], 0));
    w.frame(&page(PEER, vec![edit(MID + 2, OpType::Append, MID, "c", 51)], 0));
    assert_eq!(w.texts(with_peer()), ["abc"]);
    assert_eq!(w.stored(with_peer(), MID).edited_at, Millis(51));
}

#[test]
fn edits_that_overtake_each_other_make_the_message_be_fetched_again() {
    let mut w = World::with_messages();
    w.frame(&page(PEER, vec![edit(MID + 20, OpType::Append, MID, " two", 20)], 0));
    w.frame(&page(PEER, vec![edit(MID + 19, OpType::Append, MID, " one", 19)], 0));
    let ask = w.sent.last().unwrap();
    assert!(ask.is_full_sync && ask.key == MID + 1 && ask.full_sync_num == 1, "{ask:?}");
    let body = MessageBody { r#type: 2, content: "m0 one two".into(), edit_timestamp: 20, ..Default::default() };
    let folded = Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") };
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(
        Cmd::Sync,
        SyncDl { status: ok(), xid, metas: vec![folded], is_full_sync: true, ..SyncDl::default() },
    ));
    assert_eq!(w.stored(with_peer(), MID).text, "m0 one two");
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Waiting), "nothing waits any more");
}

#[test]
fn a_replacement_merges_json_and_keeps_what_is_empty() {
    let mut w = World::new();
    w.log_in();
    let body = MessageBody {
        r#type: 2,
        content: "x".into(),
        ext: r#"{"a":{"b":1},"c":2}"#.into(),
        config: r#"{"k":1}"#.into(),
        ..Default::default()
    };
    w.frame(&page(PEER, vec![Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") }], 0));
    let with =
        MessageBody { ext: r#"{"a":{"d":3}}"#.into(), config: "null".into(), edit_timestamp: 9, ..Default::default() };
    w.frame(&page(PEER, vec![op_meta(MID + 1, PEER, ME, OpType::Replace, MID, with)], 0));
    let m = w.stored(with_peer(), MID);
    assert_eq!((&m.text[..], &m.ext[..], &m.config[..]), ("x", r#"{"a":{"b":1,"d":3},"c":2}"#, r#"{"k":1}"#));
}

#[test]
fn only_the_author_may_edit_and_only_the_account_itself_may_read_or_delete() {
    let mut w = World::with_messages();
    let stranger = Meta { from: Some(Xid { uid: 5, device_sn: 1 }), ..edit(MID + 10, OpType::Append, MID, "x", 9) };
    w.frame(&page(PEER, vec![stranger], 0));
    w.frame(&page(PEER, vec![plain(MID + 11, PEER, ME, OpType::ReadAll, MID + 2)], 0));
    assert_eq!(w.texts(with_peer()), ["m0", "m1", "m2"]);
    assert_eq!(w.unread(), 3);
}

#[test]
fn own_edits_show_at_once_and_are_taken_back_when_refused() {
    let mut w = World::new();
    w.log_in();
    let id = w.send(2, "draft");
    w.frame(&ack(id, MID));
    let op = w.operate(3, MID, Operation::Append { text: " one".into(), config: String::new(), ext: String::new() });
    assert_eq!(w.texts(with_peer()), ["draft one"], "before the server has answered");
    assert!(!w.replies.contains_key(&3));
    let edit_timestamp = 1_700_000_500_000;
    let answer = SyncDl { status: ok(), client_mid: op, server_mid: MID + 1, edit_timestamp, ..SyncDl::default() };
    w.frame(&frame(Cmd::Sync, answer));
    assert_eq!(w.replies[&3], Ok(Reply::Done));
    let m = w.stored(with_peer(), MID);
    assert_eq!((&m.text[..], m.edited_at), ("draft one", Millis(edit_timestamp)), "the answer's time counts");

    let op = w.operate(4, MID, Operation::Recall);
    assert!(w.texts(with_peer()).is_empty());
    let status = Some(Status { code: 2, reason: "exceed recall time limit".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: op, ..SyncDl::default() }));
    assert_eq!(w.error_of(4), ErrorCode::MessageOutRecallTime);
    assert_eq!(w.texts(with_peer()), ["draft one"], "it shows again");
    assert_eq!(w.list()[0].last.as_ref().map(|m| &m.text[..]), Some("draft one"));
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Outbox), "nothing is left in the outbox");
}

#[test]
fn operations_made_offline_go_out_after_a_restart_under_the_same_id() {
    let mut w = World::with_messages();
    w.feed(Input::Closed("gone"));
    let op = w.operate(3, MID, Operation::Delete);
    assert_eq!(w.texts(with_peer()), ["m1", "m2"]);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    assert_eq!(w.texts(with_peer()), ["m1", "m2"]);
    w.go_online();
    let sent: Vec<_> = w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect();
    assert_eq!(sent, [op]);
    w.frame(&ack(op, MID + 9));
    assert_eq!(w.texts(with_peer()), ["m1", "m2"]);
    assert_eq!(w.unread(), 2);
}

#[test]
fn recalling_the_last_message_brings_the_one_before_it_into_the_list() {
    let mut w = World::with_messages();
    w.frame(&page(PEER, vec![plain(MID + 10, PEER, ME, OpType::Recall, MID + 2)], 0));
    assert_eq!(w.list()[0].last.as_ref().map(|m| &m.text[..]), Some("m1"));
    let all = (0..2).map(|n| plain(MID + 11 + n, PEER, ME, OpType::Recall, MID + n)).collect();
    w.frame(&page(PEER, all, 0));
    assert_eq!(w.list()[0].last, None);
    assert_eq!(w.unread(), 0);
}

#[test]
fn reading_tells_the_other_side_once_a_message_and_the_own_devices_once_a_second() {
    let mut w = World::with_messages();
    w.command(5, Command::MarkRead { of: with_peer(), up_to: 0, only: false, here: false });
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert_eq!(w.unread(), 0);
    let acks = vec![(1, MID), (1, MID + 1), (1, MID + 2)];
    assert_eq!(w.ops_sent(), acks);
    w.command(6, Command::MarkRead { of: with_peer(), up_to: 0, only: false, here: false });
    assert_eq!(w.ops_sent(), acks, "nothing was unread any more");
    w.sleep();
    assert_eq!(w.ops_sent()[3..], [(2, MID + 2)], "READ_ALL");
    let all = w.sent.last().unwrap().meta.clone().unwrap();
    let body = MessageBody::decode(all.payload).unwrap();
    assert_eq!(all.to, Some(Xid { uid: ME, device_sn: 7 }));
    assert_eq!(body.operation.unwrap().xid, Some(Xid { uid: PEER, device_sn: 0 }));
    let mut ids: Vec<_> = w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each has an id of its own");
}

#[test]
fn what_was_read_is_told_to_the_own_devices_also_after_a_crash() {
    let mut w = World::with_messages();
    w.command(5, Command::MarkRead { of: with_peer(), up_to: MID + 1, only: false, here: false });
    assert_eq!(w.unread(), 1);
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    w.go_online();
    assert_eq!(w.unread(), 1);
    w.sleep();
    assert!(w.ops_sent().contains(&(2, MID + 1)));
}

#[test]
fn other_devices_read_unread_and_delete() {
    let mut w = World::with_messages();
    w.frame(&page(0, vec![plain(MID + 10, ME, PEER, OpType::ReadAll, MID + 1)], 0));
    assert_eq!(w.unread(), 1);
    assert!(w.stored(with_peer(), MID + 1).read && !w.stored(with_peer(), MID + 2).read);
    w.frame(&page(0, vec![plain(MID + 12, ME, PEER, OpType::ReadCancel, MID)], 0));
    assert_eq!(w.unread(), 2);
    assert!(!w.stored(with_peer(), MID).read);
    // One that was overtaken by a later reading has no effect.
    w.frame(&page(0, vec![plain(MID + 14, ME, PEER, OpType::ReadAll, MID + 2)], 0));
    w.frame(&page(0, vec![plain(MID + 13, ME, PEER, OpType::ReadCancel, MID + 1)], 0));
    assert_eq!(w.unread(), 0);
    w.frame(&page(0, vec![plain(MID + 15, ME, PEER, OpType::Delete, MID + 1)], 0));
    assert_eq!(w.texts(with_peer()), ["m0", "m2"]);
}

#[test]
fn marking_unread_counts_at_once_and_is_taken_back_when_refused() {
    let mut w = World::with_messages();
    w.command(5, Command::MarkRead { of: with_peer(), up_to: 0, only: false, here: false });
    let op = w.operate(6, MID + 1, Operation::Unread);
    assert_eq!(w.unread(), 1);
    for id in w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect::<Vec<_>>() {
        if id != op {
            w.frame(&ack(id, MID + 100 + id % 50));
        }
    }
    let status = Some(Status { code: 2, reason: "no".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: op, ..SyncDl::default() }));
    assert_eq!(w.unread(), 0);
    assert_eq!(w.error_of(6), ErrorCode::ServerFireplaceUnknownError);
}

#[test]
fn receipts_of_a_group_are_kept_by_reader_and_of_a_chat_as_state() {
    let mut w = World::new();
    w.log_in();
    let group = ConversationId::group(GROUP);
    let id = w.session.allocate_id(w.now).unwrap();
    let config = format!(r#"{{"groupMemberList":[{PEER},5]}}"#);
    let content = Content { text: "who reads?".into(), config, ..Content::default() };
    w.command(2, Command::Send { id, to: group, content });
    w.frame(&ack(id, MID));
    for (n, from) in [(1, PEER), (2, PEER)] {
        w.frame(&page(PEER, vec![plain(MID + n, from, ME, OpType::ReadAck, MID)], 0));
    }
    w.command(3, Command::Receipts { of: group, target: MID });
    let expected = Receipts { delivered: vec![PEER], read: vec![PEER], played: vec![], unread: vec![5] };
    assert_eq!(w.replies[&3], Ok(Reply::Receipts(expected)));

    let id = w.send(4, "and you?");
    w.frame(&ack(id, MID + 5));
    w.frame(&page(PEER, vec![plain(MID + 6, PEER, ME, OpType::DeliverAck, MID + 5)], 0));
    let m = w.stored(with_peer(), MID + 5);
    assert!(m.delivered && !m.read);
    w.frame(&page(PEER, vec![plain(MID + 7, PEER, ME, OpType::ReadAck, MID + 5)], 0));
    w.frame(&page(PEER, vec![plain(MID + 8, PEER, ME, OpType::DeliverAck, MID + 5)], 0));
    w.frame(&page(PEER, vec![plain(MID + 9, PEER, ME, OpType::PlayAck, MID + 5)], 0));
    let m = w.stored(with_peer(), MID + 5);
    assert!(m.delivered && m.read && m.played, "a later receipt of delivery takes nothing back");
}

#[test]
fn a_group_message_is_acknowledged_only_where_somebody_waits_for_it() {
    let mut w = World::new();
    w.log_in();
    let body = |text: &str, config: String| {
        MessageBody { r#type: 3, content: text.into(), config, ..Default::default() }.encode_to_vec().into()
    };
    let listed =
        Meta { payload: body("1", format!(r#"{{"groupMemberList":[{ME}]}}"#)), ..text_meta(MID, PEER, GROUP, "") };
    let other = Meta { payload: body("2", String::new()), ..text_meta(MID + 1, PEER, GROUP, "") };
    w.frame(&page(GROUP, vec![listed, other], 0));
    let sent = w.sent.len();
    w.command(5, Command::MarkRead { of: ConversationId::group(GROUP), up_to: 0, only: false, here: false });
    let acks: Vec<_> = w.sent[sent..].iter().filter_map(|s| s.meta.as_ref()).collect();
    assert_eq!(acks.len(), 1);
    assert_eq!(acks[0].to, Some(Xid { uid: PEER, device_sn: 0 }), "to the author, not to the group");
}

#[test]
fn being_called_on_marks_the_conversation_until_it_is_read() {
    let mut w = World::new();
    w.log_in();
    let config = format!(r#"{{"mentionList":[{ME}]}}"#);
    let body = MessageBody { r#type: 3, content: "@me".into(), config, ..Default::default() };
    let meta = Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, GROUP, "") };
    w.frame(&page(GROUP, vec![meta], 0));
    assert_eq!(w.list()[0].mention, Mention::Me);
    w.command(5, Command::MarkRead { of: ConversationId::group(GROUP), up_to: 0, only: false, here: false });
    assert_eq!(w.list()[0].mention, Mention::None);
}

#[test]
fn a_conversation_deleted_here_or_elsewhere_stays_away_until_something_new_comes() {
    let mut w = World::with_messages();
    w.command(5, Command::DeleteConversation { of: with_peer(), everywhere: true, id: 0 });
    assert_eq!(w.replies[&5], Ok(Reply::Done));
    assert!(w.list().is_empty() && w.texts(with_peer()).is_empty());
    assert!(w.events.contains(&Event::Removed(vec![with_peer()])));
    let sent = w.sent.last().unwrap().meta.clone().unwrap();
    assert_eq!((sent.ns, sent.to), (6, None));
    // A page that was not confirmed comes again.
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "m0")], 0));
    assert!(w.list().is_empty() && w.texts(with_peer()).is_empty());
    w.frame(&page(PEER, vec![text_meta(MID + 20, PEER, ME, "hello again")], 0));
    assert_eq!(w.texts(with_peer()), ["hello again"]);
    assert_eq!(w.unread(), 1);

    let operation = proto::ConversationOperation { r#type: 2, xid: Some(Xid { uid: PEER, device_sn: 9 }) };
    let body = proto::Conversation { r#type: 1, operation: Some(operation) };
    let meta = |id| Meta { ns: 6, payload: body.encode_to_vec().into(), ..text_meta(id, ME, ME, "") };
    w.frame(&page(PEER, vec![text_meta(MID + 22, PEER, ME, "newer")], 0));
    w.frame(&page(0, vec![meta(MID + 21)], 0));
    assert_eq!(w.texts(with_peer()), ["newer"], "what came after the deletion stays");
    assert_eq!(w.unread(), 1);
    w.frame(&page(0, vec![meta(MID + 30)], 0));
    assert!(w.list().is_empty());
}

#[test]
fn a_message_known_from_history_is_told_once_when_the_stream_brings_it() {
    let mut w = World::new();
    w.log_in();
    w.command(5, Command::History { of: with_peer(), before: 0, after: 0, limit: 10 });
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    let metas = vec![text_meta(MID, PEER, ME, "both")];
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    assert_eq!(w.unread(), 0);
    assert!(w.told().is_empty());
    for _ in 0..2 {
        w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "both")], 0));
    }
    assert_eq!(w.told(), ["both"]);
    assert_eq!(w.texts(with_peer()), ["both"]);
    assert_eq!(w.unread(), 1);
}

#[test]
fn operations_never_make_a_conversation() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(
        PEER,
        vec![plain(MID, PEER, ME, OpType::ReadAck, 5), plain(MID + 1, PEER, ME, OpType::Recall, 6)],
        0,
    ));
    w.frame(&page(0, vec![plain(MID + 2, ME, PEER, OpType::ReadAll, 7)], 0));
    assert!(w.list().is_empty());
}

#[test]
fn bad_operations_are_refused_naming_the_field() {
    let mut w = World::with_messages();
    let empty = || Operation::Append { text: String::new(), config: String::new(), ext: String::new() };
    let long = Operation::Replace { text: "x".repeat(MAX_TEXT + 1), config: String::new(), ext: String::new() };
    let config = Operation::Replace { text: "x".into(), config: "[1]".into(), ext: String::new() };
    for (call, target, operation, field) in [
        (20, MID, empty(), "text"),
        (21, MID, long, "text"),
        (22, MID, config, "config"),
        (23, 0, Operation::Recall, "target"),
    ] {
        w.operate(call, target, operation);
        let e = w.replies[&call].as_ref().unwrap_err();
        assert_eq!(e.code, ErrorCode::MessageInvalid);
        assert!(e.detail.contains(field), "{}", e.detail);
    }
    assert!(w.ops_sent().is_empty());
}

#[test]
fn reading_up_to_a_message_leaves_what_came_after_it_and_undoes_what_was_marked_before_it() {
    let mut w = World::with_messages();
    w.command(5, Command::MarkRead { of: with_peer(), up_to: 0, only: false, here: false });
    w.operate(6, MID + 1, Operation::Unread);
    w.frame(&page(PEER, vec![text_meta(MID + 30, PEER, ME, "new")], 0));
    assert_eq!(w.unread(), 2);
    w.command(7, Command::MarkRead { of: with_peer(), up_to: MID + 2, only: false, here: false });
    assert_eq!(w.unread(), 1);
    w.command(8, Command::MarkRead { of: with_peer(), up_to: MID + 30, only: true, here: false });
    assert_eq!(w.unread(), 0);
}

#[test]
fn marking_unread_right_after_reading_goes_out_behind_it() {
    let mut w = World::with_messages();
    w.command(5, Command::MarkRead { of: with_peer(), up_to: 0, only: false, here: false });
    w.operate(6, MID + 1, Operation::Unread);
    let own: Vec<_> = w.ops_sent().into_iter().filter(|(kind, _)| *kind != OpType::ReadAck as i32).collect();
    assert_eq!(own, [(OpType::ReadAll as i32, MID + 2), (OpType::ReadCancel as i32, MID + 1)]);
    let ids: Vec<_> = w.sent.iter().filter_map(|s| s.meta.as_ref()).map(|m| m.id).collect();
    for (n, id) in ids.into_iter().enumerate() {
        w.frame(&ack(id, MID + 100 + n as u64));
    }
    assert_eq!(w.unread(), 1);
}

#[test]
fn what_a_removal_on_another_device_takes_away_does_not_come_late() {
    for known in [false, true] {
        let mut w = World::new();
        w.log_in();
        if known {
            w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "seen")], 0));
        }
        // Removed on another device, which had more of it than this one has yet.
        let operation = proto::ConversationOperation { r#type: 2, xid: Some(Xid { uid: PEER, device_sn: 0 }) };
        let body = proto::Conversation { r#type: 1, operation: Some(operation) };
        let removal = Meta { ns: 6, payload: body.encode_to_vec().into(), ..text_meta(MID + 10, ME, ME, "") };
        w.frame(&page(0, vec![removal], 0));
        let told = w.told().len();
        w.frame(&page(PEER, vec![text_meta(MID + 5, PEER, ME, "late")], 0));
        assert_eq!(w.told().len(), told, "known {known}");
        assert!(w.list().iter().all(|row| row.id != ConversationId::user(PEER)), "known {known}");
        w.frame(&page(PEER, vec![text_meta(MID + 11, PEER, ME, "new")], 0));
        assert_eq!(w.told().last().map(String::as_str), Some("new"));
        assert_eq!(w.list()[0].unread, 1);
    }
}

#[test]
fn reading_on_another_device_that_is_heard_of_before_the_conversation_counts() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(0, vec![plain(MID + 10, ME, PEER, OpType::ReadAll, MID)], 0));
    let metas = [(MID - 1, "a"), (MID + 1, "c"), (MID, "b")].map(|(id, text)| text_meta(id, PEER, ME, text));
    for meta in metas {
        w.frame(&page(PEER, vec![meta], 0));
    }
    let row = w.list().into_iter().find(|c| c.id == ConversationId::user(PEER)).unwrap();
    assert_eq!(row.unread, 1, "only what was not read");
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Waiting));
}

#[test]
fn a_removal_waits_for_what_was_begun_before_it() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "old")], 0));
    // The message was read from the store for an edit when the user removes the conversation.
    w.session.handle(w.now, Input::Frame(&page(PEER, vec![edit(MID + 1, OpType::Append, MID, "!", 5)], 0)));
    let of = ConversationId::user(PEER);
    w.command(2, Command::DeleteConversation { of, everywhere: false, id: 0 });
    assert!(w.replies[&2].is_ok());
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Messages), "nothing is written back");
}

#[test]
fn a_reading_that_the_server_accepted_after_the_marking_as_unread_counts_whichever_answer_comes_first() {
    for reading_first in [false, true] {
        let mut w = World::new();
        w.log_in();
        w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "read or not")], 0));
        let of = ConversationId::user(PEER);
        w.command(2, Command::MarkRead { of, up_to: MID, only: false, here: false });
        w.operate(3, MID, Operation::Unread);
        let id_of = |w: &World, kind: OpType| {
            let metas = w.sent.iter().filter_map(|s| s.meta.as_ref());
            let of_kind = |m: &&Meta| {
                MessageBody::decode(m.payload.clone()).unwrap().operation.is_some_and(|o| o.r#type == kind as i32)
            };
            metas.filter(of_kind).map(|m| m.id).next().unwrap()
        };
        let (read, cancel) = (id_of(&w, OpType::ReadAll), id_of(&w, OpType::ReadCancel));
        let mut answers = [ack(cancel, MID + 5), ack(read, MID + 6)];
        if reading_first {
            answers.reverse();
        }
        answers.iter().for_each(|answer| w.frame(answer));
        assert_eq!(w.list()[0].unread, 0, "the reading came last, answered first: {reading_first}");
    }
}

#[test]
fn a_message_whose_edit_was_accepted_under_an_unknown_id_is_fetched_with_the_next_login_at_the_latest() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, ME, PEER, "a")], 0));
    let (text, config, ext) = ("b".into(), String::new(), String::new());
    w.operate(3, MID, Operation::Append { text, config, ext });
    let id = w.sent.iter().rev().find_map(|s| s.meta.as_ref()).unwrap().id;
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    let status = Some(Status { code: 2, reason: "client msg id duplicated".into() });
    let duplicate = frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() });
    // The connection is gone while the answer is worked on.
    w.session.handle(w.now, Input::Frame(&duplicate));
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    let before = w.sent.len();
    w.go_online();
    assert!(w.sent[before..].iter().any(|s| s.is_full_sync && s.key == MID + 1), "asked for");
    let body = MessageBody { r#type: 2, content: "ab".into(), edit_timestamp: 9, ..MessageBody::default() };
    let metas = vec![Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, ME, PEER, "") }];
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    assert_eq!(w.list()[0].last.as_ref().unwrap().text, "ab");
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Waiting));
}

#[test]
fn a_copy_that_is_older_than_what_was_applied_since_settles_no_unknown_edit() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, ME, PEER, "a")], 0));
    let (text, config, ext) = ("b".into(), String::new(), String::new());
    w.operate(3, MID, Operation::Replace { text, config, ext });
    let id = w.sent.iter().rev().find_map(|s| s.meta.as_ref()).unwrap().id;
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    let status = Some(Status { code: 2, reason: "client msg id duplicated".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    let with = MessageBody { content: "!".into(), edit_timestamp: 20, ..MessageBody::default() };
    w.frame(&page(PEER, vec![op_meta(MID + 5, ME, PEER, OpType::Append, MID, with)], 0));
    for (text, at, settled) in [("b", 9, false), ("b!", 20, true)] {
        let body = MessageBody { r#type: 2, content: text.into(), edit_timestamp: at, ..MessageBody::default() };
        let metas = vec![Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, ME, PEER, "") }];
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        w.command(8, Command::History { of: with_peer(), before: 0, after: 0, limit: 5 });
        w.replies.remove(&8);
        w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
        w.replies.remove(&8);
        assert_eq!(!w.account.keys().any(|(t, _)| *t == Table::Waiting), settled, "as of {at}");
    }
    assert_eq!(w.stored(with_peer(), MID).text, "b!");
}

#[test]
fn the_removal_of_a_group_that_is_not_known_yet_reaches_its_messages_and_spoils_no_user() {
    for group in [true, false] {
        let mut w = World::new();
        w.log_in();
        let of = if group { GROUP } else { PEER };
        let operation = proto::ConversationOperation { r#type: 2, xid: Some(Xid { uid: of, device_sn: 0 }) };
        let body = proto::Conversation { r#type: 1, operation: Some(operation) };
        let removal = Meta { ns: 6, payload: body.encode_to_vec().into(), ..text_meta(MID + 10, ME, ME, "") };
        w.frame(&page(0, vec![removal], 0));
        let to = if group { GROUP } else { ME };
        w.frame(&page(of, vec![text_meta(MID, PEER, to, "late"), text_meta(MID + 11, PEER, to, "new")], 0));
        assert_eq!(w.told(), ["new"], "group {group}");
        let read = plain(MID + 12, ME, of, OpType::ReadAll, MID + 11);
        w.frame(&page(0, vec![read], 0));
        assert_eq!(w.list()[0].unread, 0, "group {group}: {:?}", w.list());
    }
}

#[test]
fn a_message_that_is_fetched_because_of_its_edits_does_not_come_back_after_its_removal() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![edit(MID + 5, OpType::Append, MID, "!", 5)], 0));
    w.frame(&page(PEER, vec![text_meta(MID + 6, PEER, ME, "seen")], 0));
    w.command(2, Command::DeleteConversation { of: ConversationId::user(PEER), everywhere: false, id: 0 });
    let mut w = World::with(w.device, w.account);
    w.command(3, Command::Resume);
    w.go_online(); // the edit still waits for its message
    let body = MessageBody { r#type: 2, content: "old!".into(), edit_timestamp: 5, ..MessageBody::default() };
    let metas = vec![Meta { payload: body.encode_to_vec().into(), ..text_meta(MID, PEER, ME, "") }];
    let xid = Some(Xid { uid: PEER, device_sn: 0 });
    w.frame(&frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() }));
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Messages), "removed is removed");
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Waiting), "and its edit comes to nothing");
}

#[test]
fn a_deletion_whose_second_try_is_called_a_duplicate_takes_its_effect() {
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "away with it")], 0));
    w.operate(3, MID, Operation::Delete);
    let id = w.sent.iter().rev().find_map(|s| s.meta.as_ref()).unwrap().id;
    w.feed(Input::Closed("gone"));
    w.feed(Input::Signal(Signal::Online));
    w.go_online();
    let status = Some(Status { code: 2, reason: "client msg id duplicated".into() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    w.replies.remove(&9);
    w.command(9, Command::Messages { of: ConversationId::user(PEER), before: 0, after: 0, limit: 5 });
    assert!(matches!(&w.replies[&9], Ok(Reply::Messages(list)) if list.is_empty()), "{:?}", w.replies[&9]);
}

#[test]
fn what_is_written_after_a_removal_is_sent() {
    let mut w = World::with_messages();
    let of = with_peer();
    // The removal has to wait for what is being read, the message does not.
    w.session.handle(w.now, Input::Command(4, Command::MarkRead { of, up_to: 0, only: false, here: false }));
    w.session.handle(w.now, Input::Command(5, Command::DeleteConversation { of, everywhere: false, id: 0 }));
    let id = w.session.allocate_id(w.now).unwrap();
    let content = Content { text: "later".into(), ..Content::default() };
    w.session.handle(w.now, Input::Command(6, Command::Send { id, to: of, content }));
    w.feed(Input::Tick);
    let left: Vec<_> = w.session.account.as_ref().unwrap().unsent().map(|(id, _)| id).collect();
    assert_eq!(left, [id]);
}

/// Pages that do not run the core themselves have ids in hand.
#[test]
fn what_is_written_after_a_removal_is_sent_under_ids_from_before() {
    let mut w = World::with_messages();
    let of = with_peer();
    let ids: Vec<_> = (0..3).map(|_| w.session.allocate_id(w.now).unwrap()).collect();
    w.session.handle(w.now, Input::Signal(Signal::Offline));
    w.session.handle(w.now, Input::Command(4, Command::MarkRead { of, up_to: 0, only: false, here: false }));
    for (call, id) in [(5, ids[0]), (7, ids[2])] {
        if call == 7 {
            let removal = Command::DeleteConversation { of, everywhere: false, id: ids[1] };
            w.session.handle(w.now, Input::Command(6, removal));
        }
        let content = Content { text: call.to_string(), ..Content::default() };
        w.session.handle(w.now, Input::Command(call, Command::Send { id, to: of, content }));
    }
    w.feed(Input::Tick);
    let left: Vec<_> = w.session.account.as_ref().unwrap().unsent().map(|(id, _)| id).collect();
    assert_eq!(left, [ids[2]]);
}
