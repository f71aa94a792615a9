//! A storm: many messages and operations, pages twice, pushed out of order, restarts in between. What
//! the device holds at the end must be what the server holds, whatever came when. One device seen from the
//! inside, so that its counters can be checked after every step; `tests/simulation` has whole worlds.
use super::*;
use crate::core::proto::{MessageOperation, message_operation::OpType};

/// What the server knows of a message.
#[derive(Debug, Clone)]
struct Truth {
    id: u64,
    from: u64,
    text: String,
    edited_at: u64,
    gone: bool,
    read: bool,
}

/// One conversation and the account's queue, as the server keeps them.
#[derive(Default)]
struct Server {
    messages: Vec<Truth>,
    /// The streams of this device: of the peer, and of uid 0.
    streams: [Vec<Meta>; 2],
    next: u64,
    /// What was accepted from this device, by client id: a second time gets the same answer.
    accepted: BTreeMap<u64, u64>,
}

fn pick<T: Clone>(rng: &mut Rng, list: &[T]) -> Option<T> {
    let len = list.len() as u64;
    (len > 0).then(|| list[(rng.next() % len) as usize].clone())
}

impl Server {
    fn operation(&mut self, from: u64, kind: OpType, mid: u64, content: &str) {
        let own = matches!(kind, OpType::ReadAll | OpType::ReadCancel | OpType::Delete);
        let xid = own.then_some(Xid { uid: PEER, device_sn: 0 });
        let edit = matches!(kind, OpType::Append | OpType::Replace);
        let body = MessageBody {
            r#type: 1,
            content: content.into(),
            operation: Some(MessageOperation { r#type: kind as i32, mid, xid }),
            edit_timestamp: if edit { self.next } else { 0 },
            ..MessageBody::default()
        };
        let to = if own { ME } else { PEER + ME - from };
        let meta = Meta { payload: body.encode_to_vec().into(), ..text_meta(self.next, from, to, "") };
        self.streams[usize::from(own)].push(meta);
    }

    /// Something happens, in the order in which the server sees it.
    fn happen(&mut self, rng: &mut Rng) {
        self.next += 1 + rng.next() % 3;
        let op = self.next;
        let someone = if rng.next().is_multiple_of(3) { ME } else { PEER };
        let all: Vec<_> = self.messages.iter().filter(|m| !m.gone).map(|m| (m.id, m.from)).collect();
        let Some((mid, from)) = pick(rng, &all).filter(|_| !rng.next().is_multiple_of(3)) else {
            let text = format!("m{op}");
            self.streams[0].push(text_meta(op, someone, PEER + ME - someone, &text));
            self.messages.push(Truth { id: op, from: someone, text, edited_at: 0, gone: false, read: false });
            return;
        };
        let (kind, by, content) = match rng.next() % 8 {
            0 | 1 => (OpType::Append, from, format!("+{op}")),
            2 => (OpType::Replace, from, format!("={op}")),
            3 => (OpType::Recall, from, String::new()),
            4 => (OpType::Delete, ME, String::new()),
            5 => (OpType::ReadAll, ME, String::new()),
            6 if from == PEER => (OpType::ReadCancel, ME, String::new()),
            7 if from == PEER => (OpType::ReadAck, ME, String::new()),
            _ => (OpType::ReadAck, PEER + ME - from, String::new()),
        };
        self.operation(by, kind, mid, &content);
        self.take_effect(by, kind, mid, &content, op);
    }

    fn take_effect(&mut self, by: u64, kind: OpType, mid: u64, content: &str, op: u64) {
        for m in self.messages.iter_mut().filter(|m| m.id == mid || (kind == OpType::ReadAll && m.id < mid)) {
            match kind {
                OpType::Append => m.text.push_str(content),
                OpType::Replace => m.text = content.into(),
                OpType::Recall | OpType::Delete => m.gone = true,
                OpType::ReadAll => m.read = true,
                OpType::ReadCancel => m.read = false,
                OpType::ReadAck if by == ME => m.read = true,
                _ => {}
            }
            if matches!(kind, OpType::Append | OpType::Replace) {
                m.edited_at = op;
            }
        }
    }

    /// Takes a meta of this device and answers it.
    fn accept(&mut self, meta: &Meta) -> Vec<u8> {
        if let Some(id) = self.accepted.get(&meta.id) {
            return self.answer(meta.id, *id);
        }
        self.next += 1;
        let op = self.next;
        self.accepted.insert(meta.id, op);
        let body = MessageBody::decode(meta.payload.clone()).unwrap();
        match body.operation {
            None => {
                let text = body.content;
                self.messages.push(Truth { id: op, from: ME, text, edited_at: 0, gone: false, read: false });
            }
            Some(operation) => {
                let kind = OpType::try_from(operation.r#type).unwrap();
                self.take_effect(ME, kind, operation.mid, &body.content, op);
            }
        }
        self.answer(meta.id, op)
    }

    fn answer(&self, client_mid: u64, server_mid: u64) -> Vec<u8> {
        let edit_timestamp =
            self.messages.iter().find(|m| m.edited_at == server_mid).map_or(server_mid, |m| m.edited_at);
        frame(
            Cmd::Sync,
            SyncDl {
                status: ok(),
                client_mid,
                server_mid,
                server_time: 1_700_000_000_000 + server_mid % 1000,
                edit_timestamp,
                ..SyncDl::default()
            },
        )
    }

    fn history(&self, ask: &SyncUl) -> Vec<u8> {
        let older = self.messages.iter().rev().filter(|m| !m.gone && (ask.key == 0 || m.id < ask.key));
        let metas = older.take(ask.full_sync_num as usize).map(|m| {
            let body = MessageBody {
                r#type: 2,
                content: m.text.clone(),
                edit_timestamp: m.edited_at,
                ..MessageBody::default()
            };
            let to = PEER + ME - m.from;
            Meta { payload: body.encode_to_vec().into(), ..text_meta(m.id, m.from, to, "") }
        });
        let (metas, xid) = (metas.collect(), Some(Xid { uid: PEER, device_sn: 0 }));
        frame(Cmd::Sync, SyncDl { status: ok(), xid, metas, is_full_sync: true, ..SyncDl::default() })
    }
}

impl World {
    /// The server gets what was sent and answers, until the connection breaks, with that chance in 64 for
    /// each frame. What was behind it is lost.
    fn exchange(&mut self, server: &mut Server, rng: &mut Rng, chance: u64) {
        let mut breaks = || rng.next() % 64 < chance;
        while !self.sent.is_empty() {
            for sent in std::mem::take(&mut self.sent) {
                let answer = match &sent.meta {
                    Some(meta) if !breaks() => server.accept(meta),
                    None if sent.is_full_sync => server.history(&sent),
                    None => continue,
                    Some(_) => return self.reconnect(),
                };
                if breaks() {
                    return self.reconnect();
                }
                self.frame(&answer);
            }
        }
    }

    /// The counter of a conversation equals what counting gives, whatever happened.
    fn check_counter(&self, seed: u64) {
        let of = ConversationId::user(PEER);
        let account = self.session.account.as_ref().unwrap();
        let stored = self.account.iter().filter(|((t, k), _)| *t == Table::Messages && k[0] == 1);
        let unread = stored.filter(|(_, v)| account.is_unread(of, &rows::MessageRow::decode(&v[..]).unwrap())).count();
        let kept = account.conversations.get(&of).map_or(0, |row| row.unread);
        assert_eq!(
            kept,
            unread as u32,
            "seed {seed}: {}",
            self.journal.lines().rev().take(12).collect::<Vec<_>>().join("\n")
        );
    }

    fn reconnect(&mut self) {
        self.sent.clear();
        self.feed(Input::Closed("gone"));
        self.feed(Input::Signal(Signal::Online));
        self.sent.clear();
        self.go_online();
    }

    /// The user does something.
    fn act(&mut self, rng: &mut Rng, server: &Server, call: CallId) {
        let of = ConversationId::user(PEER);
        let known: Vec<_> =
            self.account.keys().filter(|(t, k)| *t == Table::Messages && k[0] == 1).map(|(_, k)| k.clone()).collect();
        let Some(target) = pick(rng, &known).map(|key| u64::from_be_bytes(key[9..].try_into().unwrap())) else {
            return;
        };
        let text = format!("+{call}");
        let own = server.messages.iter().any(|m| m.id == target && m.from == ME);
        match rng.next() % 6 {
            0 => {
                self.send(call, &text);
            }
            1 => self.command(call, Command::MarkRead { of, up_to: target, only: false, here: false }),
            2 => self.command(call, Command::MarkRead { of, up_to: target, only: true, here: false }),
            3 if !own => {
                self.operate(call, target, Operation::Unread);
            }
            4 => {
                self.operate(call, target, Operation::Delete);
            }
            5 if own => {
                let (config, ext) = (String::new(), String::new());
                self.operate(call, target, Operation::Append { text, config, ext });
            }
            _ => {}
        }
    }

    fn restart(self) -> Self {
        let mut w = Self::with(self.device, self.account);
        w.journal = self.journal;
        w.command(1, Command::Resume);
        w.go_online();
        w
    }
}

/// `local`: the user of this device acts as well.
fn storm(seed: u64, local: bool) {
    let mut rng = Rng::new(seed);
    let mut server = Server { next: MID, ..Server::default() };
    let mut w = World::new();
    w.log_in();
    // How far each stream was delivered without a hole.
    let mut at = [0; 2];
    for step in 0..120 {
        server.happen(&mut rng);
        if local && rng.next().is_multiple_of(3) {
            w.act(&mut rng, &server, 1000 + step);
            w.check_counter(seed);
            w.now.0 += rng.next() % 700;
            w.feed(Input::Tick);
        }
        for stream in 0..2 {
            let uid = [PEER, 0][stream];
            let waiting = server.streams[stream][at[stream]..].to_vec();
            match rng.next() % 8 {
                0 if !waiting.is_empty() => {
                    // Pushed ahead of what has not come yet.
                    let meta = pick(&mut rng, &waiting).unwrap();
                    let (next_key, xid) = (meta.id, Some(Xid { uid, device_sn: 0 }));
                    let page = SyncDl {
                        status: ok(),
                        xid,
                        metas: vec![meta],
                        next_key,
                        prev_mid: next_key - 1,
                        is_eager_sync: true,
                        ..SyncDl::default()
                    };
                    w.frame(&frame(Cmd::Sync, page));
                }
                1 => {
                    // The last page again, as after a receipt that was lost.
                    let from = at[stream].saturating_sub(5);
                    w.frame(&page(uid, server.streams[stream][from..at[stream]].to_vec(), 0));
                }
                2 | 3 => {
                    let n = (rng.next() as usize % 9).min(waiting.len());
                    w.frame(&page(uid, waiting[..n].to_vec(), 0));
                    at[stream] += n;
                }
                4 if rng.next().is_multiple_of(4) => w = w.restart(),
                _ => {}
            }
        }
        w.check_counter(seed);
        w.exchange(&mut server, &mut rng, 4);
        w.check_counter(seed);
    }
    for stream in 0..2 {
        w.frame(&page([PEER, 0][stream], server.streams[stream][at[stream]..].to_vec(), 0));
    }
    // Peace at last: everything arrives.
    w = w.restart();
    for _ in 0..20 {
        w.exchange(&mut server, &mut rng, 0);
        w.now.0 += 1000;
        w.feed(Input::Tick);
    }
    assert!(!w.account.keys().any(|(t, _)| *t == Table::Outbox), "seed {seed}");
    let of = ConversationId::user(PEER);
    let (mut texts, mut before) = (Vec::new(), 0);
    loop {
        w.replies.remove(&90);
        w.command(90, Command::Messages { of, before, after: 0, limit: 100 });
        let Some(Ok(Reply::Messages(list))) = w.replies.remove(&90) else { panic!() };
        let Some(first) = list.first() else { break };
        before = first.id;
        texts.splice(0..0, list.iter().map(|m| (m.id, m.text.clone(), m.outgoing || m.read)));
    }
    let truth = server.messages.iter().filter(|m| !m.gone);
    let expected: Vec<_> = truth.map(|m| (m.id, m.text.clone(), m.from == ME || m.read)).collect();
    assert_eq!(texts, expected, "seed {seed}");
    let unread = expected.iter().filter(|(.., read)| !read).count() as u32;
    let row = w.list().into_iter().find(|c| c.id == of);
    assert_eq!(row.as_ref().map_or(0, |c| c.unread), unread, "seed {seed}");
    let last = row.and_then(|c| c.last).map(|m| m.id);
    assert_eq!(last, expected.last().map(|(id, ..)| *id), "seed {seed}");
    assert!(
        !w.account.keys().any(|(t, _)| *t == Table::Waiting) || server.messages.iter().any(|m| m.gone),
        "seed {seed}"
    );
}

#[test]
fn whatever_comes_when_the_device_ends_up_with_what_the_server_has() {
    for seed in 0..100 {
        storm(seed, false);
        storm(seed, true);
    }
}
