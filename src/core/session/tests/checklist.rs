//! The conformance checklist of the protocol (xsync 12), an item a test. Item 1 is in
//! `tests/protocol/vectors.rs`; items 13 (tabs) and 15 (legacy names) belong to storage and to the facade.
use super::*;
use crate::core::codec::Codec;
use crate::core::proto::{MessageOperation, message_operation::OpType};

fn peer() -> ConversationId {
    ConversationId::user(PEER)
}

fn operation(id: u64, from: u64, to: u64, kind: OpType, mid: u64, xid: Option<u64>) -> Meta {
    let xid = xid.map(|uid| Xid { uid, device_sn: 0 });
    let operation = Some(MessageOperation { r#type: kind as i32, mid, xid });
    let body = MessageBody { r#type: 1, content: "+".into(), operation, edit_timestamp: id, ..MessageBody::default() };
    Meta { payload: body.encode_to_vec().into(), ..text_meta(id, from, to, "") }
}

fn local(w: &mut World, of: ConversationId) -> Vec<Message> {
    w.replies.remove(&91);
    w.command(91, Command::Messages { of, before: 0, after: 0, limit: 200 });
    match w.replies.remove(&91) {
        Some(Ok(Reply::Messages(list))) => list,
        other => panic!("{other:?}"),
    }
}

#[test]
fn item_02_a_heartbeat_is_six_bytes_and_never_none() {
    let mut w = World::new();
    w.log_in();
    w.frame(&frame(Cmd::Unread, UnreadDl { status: ok(), unread: vec![] }));
    w.frames.clear();
    w.sleep();
    assert_eq!(w.frames, [[8, 0, 16, 0, 24, 0].to_vec()]);
}

#[test]
fn item_03_ids_keep_all_their_64_bits_from_the_wire_and_from_json_to_the_store_and_back() {
    let (big, uid) = (u64::MAX - 1, u64::MAX - 2);
    let mut w = World::new();
    w.log_in();
    w.frame(&page(uid, vec![text_meta(big, uid, ME, "edge")], big));
    assert_eq!(w.sent.last().unwrap().key, big);
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":["{uid}"]}}"#));
    w.answer("/roster/list", &format!(r#"{{"code":200,"data":[{{"user_id":{uid},"username":"edge"}}]}}"#));
    let mut w = World::with(w.device, w.account);
    w.command(1, Command::Resume);
    let of = ConversationId::user(uid);
    let list = local(&mut w, of);
    assert_eq!((list[0].id, list[0].from, list[0].conversation), (big, uid, of));
    w.go_online();
    w.command(5, Command::History { of, before: big, after: 0, limit: 1 });
    assert_eq!((w.sent.last().unwrap().key, w.sent.last().unwrap().xid.unwrap().uid), (big, uid));
    assert!(w.session.account.as_ref().unwrap().users.contains_key(&uid));
}

#[test]
fn item_04_a_page_is_durable_before_its_key_is_sent_and_any_replay_changes_nothing() {
    let mut w = World::new();
    w.log_in();
    w.fail_writes = true;
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "x")], MID));
    assert!(w.sent.iter().all(|s| s.key != MID), "not durable: not confirmed");
    w.fail_writes = false;
    w.sleep();
    w.go_online();
    let id = w.send(2, "mine");
    let frames = [
        page(
            PEER,
            vec![text_meta(MID, PEER, ME, "x"), operation(MID + 1, PEER, ME, OpType::Append, MID, None)],
            MID + 1,
        ),
        ack(id, MID + 2),
        frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }),
    ];
    frames.iter().for_each(|f| w.frame(f));
    let (messages, list) = (local(&mut w, peer()), w.list());
    for _ in 0..3 {
        frames.iter().for_each(|f| w.frame(f));
    }
    assert_eq!((local(&mut w, peer()), w.list()), (messages, list));
    assert_eq!(w.told(), ["x+"]);
}

/// What a server has taken from this device and what it has for it.
#[derive(Default)]
struct Peer {
    got: Vec<(u64, String)>,
    answers: BTreeMap<u64, u64>,
}

impl Peer {
    fn take(&mut self, w: &mut World) {
        while !w.sent.is_empty() {
            for sent in std::mem::take(&mut w.sent) {
                match sent.meta {
                    Some(meta) => {
                        let next = MID + 1000 + self.answers.len() as u64;
                        let text = MessageBody::decode(meta.payload.clone()).unwrap().content;
                        let server_mid = *self.answers.entry(meta.id).or_insert_with(|| {
                            self.got.push((meta.id, text));
                            next
                        });
                        w.frame(&ack(meta.id, server_mid));
                    }
                    // Position based: everything is sent again until a later key confirms it.
                    None if sent.key < MID + 3 => {
                        let first = sent.key.max(MID) - MID;
                        let metas = (first..3).map(|n| text_meta(MID + n + 1, PEER, ME, &format!("p{n}"))).collect();
                        w.frame(&page(PEER, metas, MID + 3));
                    }
                    None => w.frame(&page(PEER, vec![], 0)),
                }
            }
        }
    }
}

#[test]
fn item_05_killed_at_any_point_nothing_is_lost_and_nothing_is_doubled() {
    for fuel in 0..60 {
        let mut server = Peer::default();
        let mut w = World::new();
        w.log_in();
        w.fuel = Some(fuel);
        let ids: Vec<_> = (0..2).map(|n| w.send(10 + n, &format!("m{n}"))).collect();
        w.frame(&frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }));
        server.take(&mut w);
        let dead = w.fuel == Some(0);
        let owed: Vec<_> =
            w.account.keys().filter(|(t, _)| *t == Table::Outbox).map(|(_, k)| rows::id_from(k).unwrap()).collect();
        let mut w = World::with(w.device, w.account);
        w.command(1, Command::Resume);
        w.go_online();
        w.frame(&frame(Cmd::Notice, proto::Notice { xid: Some(Xid { uid: PEER, device_sn: 0 }) }));
        server.take(&mut w);
        let texts: Vec<_> = local(&mut w, peer()).into_iter().map(|m| m.text).collect();
        let expected: Vec<_> = ["p0", "p1", "p2"]
            .into_iter()
            .map(str::to_owned)
            .chain(server.got.iter().map(|(_, t)| t.clone()))
            .collect();
        assert_eq!(texts, expected, "fuel {fuel}");
        let mut got: Vec<_> = server.got.iter().map(|(id, _)| *id).collect();
        got.dedup();
        assert!(ids.starts_with(&got), "in order, under the same ids: fuel {fuel}");
        assert!(owed.iter().all(|id| got.contains(id)), "what was durable goes out after all: fuel {fuel}");
        assert!(dead || got == ids, "all of them when it lived on: fuel {fuel}");
        assert!(w.account.keys().all(|(t, _)| *t != Table::Outbox), "fuel {fuel}");
    }
}

#[test]
fn item_08_operations_are_idempotent_independent_of_order_applied_to_late_targets_and_undone_when_refused() {
    let metas = [
        text_meta(MID, PEER, ME, "a"),
        text_meta(MID + 1, PEER, ME, "b"),
        operation(MID + 2, PEER, ME, OpType::Append, MID, None),
        operation(MID + 3, PEER, ME, OpType::Recall, MID + 1, None),
        operation(MID + 4, ME, ME, OpType::ReadAll, MID, Some(PEER)),
    ];
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 3, 1, 4], [3, 4, 1, 2, 0]] {
        let mut w = World::new();
        w.log_in();
        for at in order.into_iter().chain(order) {
            let uid = if at == 4 { 0 } else { PEER };
            w.frame(&page(uid, vec![metas[at].clone()], 0));
        }
        let texts: Vec<_> = local(&mut w, peer()).into_iter().map(|m| (m.text, m.edited_at.0)).collect();
        assert_eq!(texts, [("a+".to_owned(), MID + 2)], "{order:?}");
    }
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![metas[0].clone()], 0));
    w.command(7, Command::Operate { of: peer(), target: MID, operation: Operation::Delete });
    let id = w.session.account.as_ref().unwrap().last_id;
    assert!(local(&mut w, peer()).is_empty());
    let status = Some(Status { code: 2, reason: String::new() });
    w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
    assert_eq!(local(&mut w, peer()).len(), 1);
}

#[test]
fn item_09_own_operations_name_the_conversation_in_xid_and_all_others_go_by_sender_and_receiver() {
    // Somebody's recall names its receiver in `xid`, which is not where the message is.
    let mut w = World::new();
    w.log_in();
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "a"), text_meta(MID + 1, PEER, ME, "b")], 0));
    w.frame(&page(PEER, vec![operation(MID + 2, PEER, ME, OpType::Recall, MID, Some(ME))], 0));
    assert_eq!(local(&mut w, peer()).len(), 1);
    w.frame(&page(0, vec![operation(MID + 3, ME, ME, OpType::Delete, MID + 1, Some(PEER))], 0));
    assert!(local(&mut w, peer()).is_empty());
    let sent = |w: &World| {
        let meta = w.sent.last().unwrap().meta.clone().unwrap();
        let xid = MessageBody::decode(meta.payload.clone()).unwrap().operation.unwrap().xid.map(|x| x.uid);
        (meta.to.unwrap(), xid)
    };
    let (own, other) = (Xid { uid: ME, device_sn: 7 }, Xid { uid: PEER, device_sn: 0 });
    let append = Operation::Append { text: "x".into(), config: String::new(), ext: String::new() };
    for (n, (operation, to, xid)) in [
        (Operation::Delete, own, Some(PEER)),
        (Operation::Unread, own, Some(PEER)),
        (Operation::Recall, other, Some(PEER)),
        (append, other, None),
        (Operation::Played, other, None),
    ]
    .into_iter()
    .enumerate()
    {
        w.command(20 + n as u32, Command::Operate { of: peer(), target: MID + 50, operation });
        assert_eq!(sent(&w), (to, xid));
        let id = w.session.account.as_ref().unwrap().last_id;
        w.frame(&ack(id, MID + 60 + n as u64));
    }
}

#[test]
fn item_10_history_never_executes_notices_and_is_kept_without_a_cap() {
    let mut w = World::new();
    w.log_in();
    let mut before = 0;
    for block in (0..5u64).rev() {
        w.replies.remove(&5);
        w.command(5, Command::History { of: peer(), before, after: 0, limit: 200 });
        let first = MID + block * 200;
        let mut metas: Vec<_> = (first..first + 200).rev().map(|id| text_meta(id, PEER, ME, "old")).collect();
        let payload = UserNotice { r#type: 1, content: String::new() }.encode_to_vec().into();
        metas.push(Meta { id: first, ns: 4, payload, ..Meta::default() });
        let xid = Some(Xid { uid: PEER, device_sn: 0 });
        let answer = SyncDl { status: ok(), xid, metas, next_key: first, is_full_sync: true, ..SyncDl::default() };
        w.frame(&frame(Cmd::Sync, answer));
        before = first;
    }
    assert_eq!(w.session.state(), State::Online);
    assert_eq!(w.account.keys().filter(|(t, _)| *t == Table::Messages).count(), 1000);
    assert!(w.told().is_empty() && w.list()[0].unread == 0);
}

#[test]
fn item_11_a_bad_meta_is_set_aside_as_it_came_and_the_cursor_goes_on() {
    let mut w = World::new();
    w.log_in();
    let bad = [
        Meta { from: None, ..text_meta(MID + 1, PEER, ME, "no sender") },
        Meta { payload: vec![0xff].into(), ..text_meta(MID + 2, PEER, ME, "") },
        operation(MID + 3, PEER, ME, OpType::Append, 0, None),
        Meta { ns: 2, payload: vec![].into(), ..text_meta(MID + 4, PEER, ME, "") },
        Meta { ns: 6, payload: vec![].into(), ..text_meta(MID + 5, PEER, ME, "") },
    ];
    let mut metas = bad.to_vec();
    metas.push(text_meta(MID + 6, PEER, ME, "good"));
    w.frame(&page(PEER, metas, MID + 6));
    assert_eq!(w.told(), ["good"]);
    assert_eq!(w.session.stats().quarantined, 5);
    assert_eq!(w.sent.last().unwrap().key, MID + 6);
    let kept = w.account.iter().filter(|((t, _), _)| *t == Table::Quarantine);
    assert_eq!(kept.map(|(_, v)| Meta::decode(&v[..]).unwrap()).collect::<Vec<_>>(), bad);
}

#[test]
fn item_12_events_come_after_the_commit_in_order_and_nothing_a_listener_does_can_reach_into_it() {
    // The session hands events out; it calls nobody. What a listener asks for meanwhile comes as an input
    // of its own, after what was under way.
    let mut w = World::new();
    w.log_in();
    w.trace.clear();
    w.on_event = Some(|w| {
        w.on_event = None;
        let input = Input::Command(
            60,
            Command::MarkRead { of: ConversationId::user(PEER), up_to: 0, only: false, here: false },
        );
        w.session.handle(w.now, input);
        w.session.handle(w.now, Input::Frame(&page(PEER, vec![text_meta(MID + 1, PEER, ME, "second")], 0)));
    });
    w.frame(&page(PEER, vec![text_meta(MID, PEER, ME, "first")], MID));
    assert_eq!(w.told(), ["first", "second"]);
    let at = |word| w.trace.iter().position(|t| *t == word).unwrap();
    assert!(at("persist") < at("messages") && at("messages") < at("transmit"));
    assert_eq!(w.replies[&60], Ok(Reply::Done));
}

#[test]
fn item_14_nothing_is_compressed_encrypted_or_checked_unless_configured() {
    let mut w = World::new();
    w.log_in();
    w.send(2, &"long enough to be compressed ".repeat(100));
    for bytes in &w.frames {
        let frame = Frame::decode(&bytes[..]).unwrap();
        assert_eq!((frame.vsn, frame.compress_method, frame.encrypt_method), (Some(0), Some(0), 0));
        assert_eq!((frame.check_sum, frame.encrypt_key.len(), &frame.tag[..]), (None, 0, ""));
    }
    assert_eq!(
        WirePolicy::default(),
        WirePolicy { compress: false, checksum: false, vsn2: false, ..WirePolicy::default() }
    );
    assert!(Codec::new(WirePolicy::default()).is_ok());
}
