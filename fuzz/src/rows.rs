//! Stores that hold anything at all.
use std::collections::BTreeMap;

use floo_wasm::core::codec::WirePolicy;
use floo_wasm::core::model::{ConversationId, Millis};
use floo_wasm::core::proto::{Frame, Provision, Status, Xid, frame::Command as Cmd};
use floo_wasm::core::services::Servers;
use floo_wasm::core::session::{
    Batch, Cloud, Command, Config, Glance, Input, Operation, Output, Place, Restored, Session,
};
use floo_wasm::ports::{Query, Row, StorageKind, Table, Write};
use prost::Message as _;

/// Whose stores they are.
const ME: u64 = 6_600_000_000_112;
const PEER: u64 = 6_600_000_000_128;
const NOW: Millis = Millis(1_700_000_100_000);

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Rows as bytes: number of the table, length of the key, key, length of the value in two bytes, value.
fn pack(rows: &[Write]) -> Vec<u8> {
    let mut out = Vec::new();
    for Write { table, key, value, .. } in rows {
        let value = value.as_deref().unwrap_or_default();
        let (Ok(short), Ok(long)) = (u8::try_from(key.len()), u16::try_from(value.len())) else { continue };
        out.extend([*table as u8, short]);
        out.extend(key);
        out.extend(long.to_be_bytes());
        out.extend(value);
    }
    out
}

/// What [`pack`] made; from other bytes as much as can be made of them.
fn unpack(bytes: &[u8]) -> Rows {
    let mut rows = Rows::new();
    let mut rest = bytes;
    let mut take = |n: usize| {
        let (head, tail) = rest.split_at(n.min(rest.len()));
        rest = tail;
        head
    };
    while let &[table, len] = take(2) {
        let key = take(len.into()).to_vec();
        let len = take(2).iter().fold(0, |n, byte| n << 8 | usize::from(*byte));
        let value = take(len).to_vec();
        let table = Table::ALL[usize::from(table) % Table::ALL.len()];
        rows.insert((table, key), value);
    }
    rows
}

fn range(store: &Rows, query: &Query) -> Vec<Row> {
    let hits = store
        .iter()
        .filter(|((t, k), _)| *t == query.table && *k >= query.from && (query.to.is_empty() || *k < query.to))
        .map(|((_, key), value)| Row { key: key.clone(), value: value.clone() });
    let mut hits: Vec<_> = if query.descending { hits.rev().collect() } else { hits.collect() };
    hits.truncate(if query.limit == 0 { usize::MAX } else { query.limit as usize });
    hits
}

struct World {
    session: Session,
    store: Rows,
    /// Everything that was ever put into it.
    put: Vec<Write>,
    settled: Vec<u32>,
}

impl World {
    fn feed(&mut self, input: Input<'_>) {
        self.session.handle(NOW, input);
        loop {
            match self.session.poll() {
                Output::Wait(_) => return,
                output => self.carry_out(output),
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::OpenStore(_) => {
                let mut tables: Vec<_> = Glance::TABLES.map(|t| (t, range(&self.store, &Query::all(t)))).into();
                for (table, keys) in Glance::picks(&tables[0].1) {
                    let rows = keys.iter().flat_map(|key| range(&self.store, &Query::one(table, key)));
                    tables.push((table, rows.collect()));
                }
                let glance = Glance { tables, kind: StorageKind::Memory, fallback: None };
                self.session.handle(NOW, Input::Glanced(Ok(glance)));
            }
            Output::Restore => {
                let tables = Restored::TABLES.map(|t| (t, range(&self.store, &Query::all(t)))).into();
                self.session.handle(NOW, Input::StoreOpened(Ok(Restored { tables })));
            }
            Output::Load(id, query) => self.session.handle(NOW, Input::Loaded(id, Ok(range(&self.store, &query)))),
            Output::Persist(Batch { place, writes, then, marks }) => {
                if place == Place::Account {
                    self.put.extend(writes.iter().filter(|w| w.value.is_some()).cloned());
                    for Write { table, key, until, .. } in &writes {
                        if let Some(until) = until {
                            self.store.retain(|(t, k), _| t != table || k < key || k >= until);
                        }
                    }
                    for Write { table, key, value, .. } in writes.into_iter().filter(|w| w.until.is_none()) {
                        match value {
                            Some(value) => self.store.insert((table, key), value),
                            None => self.store.remove(&(table, key)),
                        };
                    }
                }
                for mark in marks {
                    self.session.handle(NOW, Input::Persisted(mark));
                }
                then.into_iter().for_each(|output| self.carry_out(output));
            }
            Output::Reply(call, _) => self.settled.push(call),
            _ => {}
        }
    }

    fn call(&mut self, call: u32, command: Command) {
        self.feed(Input::Command(call, command));
    }
}

/// The device's own table of a user that was logged in.
fn device() -> Vec<Row> {
    // `LoginRow` is the session's own affair: fields 1 and 2 are uid and token.
    let mut value = vec![0x08];
    prost::encoding::encode_varint(ME, &mut value);
    value.extend([0x12, 3, b't', b'o', b'k']);
    vec![Row { key: b"login".to_vec(), value }]
}

fn run(store: Rows, frames: &[Vec<u8>]) -> World {
    let config = Config {
        app_id: "app".into(),
        cloud: Cloud::Fixed(Servers::fixed("http://r".into(), "ws://s/".into())),
        device_info: "Web".into(),
        delivery_receipts: true,
        wire: WirePolicy::default(),
        token_provider: false,
        search: true,
        legacy_random_sn: false,
    };
    let mut w = World { session: Session::new(config, 42), store, put: vec![], settled: vec![] };
    w.feed(Input::Started(Ok(device())));
    w.call(1, Command::Resume);
    let conversations: Vec<_> =
        [ConversationId::user(PEER), ConversationId::group(PEER + 17), ConversationId::SYSTEM].into();
    w.feed(Input::Opened);
    let reply = Provision {
        status: Some(Status { code: 1, reason: String::new() }),
        xid: Some(Xid { uid: ME, device_sn: 7 }),
        ..Provision::default()
    };
    w.feed(Input::Frame(&crate::packed(Cmd::Provision, &reply)));
    for frame in frames {
        w.feed(Input::Frame(frame));
    }
    let mut call = 1;
    let mut next = || {
        call += 1;
        call
    };
    // Of what is stored, a message to do something with.
    let target = w.store.keys().find(|(t, k)| *t == Table::Messages && k.len() == 17);
    let target = target.and_then(|(_, k)| Some(u64::from_be_bytes(k.get(9..)?.try_into().ok()?))).unwrap_or(5);
    for of in conversations {
        w.call(next(), Command::Messages { of, before: 0, after: 0, limit: 20 });
        w.call(next(), Command::Operate { of, target, operation: Operation::Unread });
        w.call(next(), Command::MarkRead { of, up_to: 0, only: false, here: false });
        w.call(next(), Command::Receipts { of, target });
        w.call(next(), Command::Forget { of, target });
        w.call(next(), Command::DeleteConversation { of, everywhere: true, id: 0 });
    }
    w.call(next(), Command::Conversations);
    w.call(next(), Command::Notices);
    w.call(next(), Command::Logout);
    w.settled.sort_unstable();
    assert_eq!(w.settled, (1..=call).collect::<Vec<_>>(), "every call is settled, and once");
    w
}

/// Rows that this version did not write, or that were damaged. Every call of the application is settled once.
pub fn rows(bytes: &[u8]) {
    run(unpack(bytes), &[]);
}

/// The rows that come of frames, to begin the corpus with.
pub fn rows_of(frames: &[Vec<u8>]) -> Vec<u8> {
    debug_assert!(frames.iter().all(|f| Frame::decode(&f[..]).is_ok()));
    pack(&run(Rows::new(), frames).put)
}
