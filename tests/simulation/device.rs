//! A device: the real session, a driver that carries its outputs out one after the other as the real one does,
//! stores that survive it, and the application in front of it. What is sent or due goes through `Wish`es.
use std::collections::{BTreeMap, BTreeSet};

use floo_wasm::core::codec::WirePolicy;
use floo_wasm::core::model::{ConversationId, Kind, Message, Millis};
use floo_wasm::core::services::Credentials;
use floo_wasm::core::session::{
    Batch, CallId, Cloud as Where, Command, Config, Content, Event, Glance, Input, Operation, Output, Place, Reply,
    RequestId, Restored, Session, State,
};
use floo_wasm::ports::{Query, Request, Row, StorageKind, StoreError, Table};

use crate::cloud::{Cloud, GROUP};
use crate::store::Store;
use crate::{Mutant, Rng};

/// What a device wants of the world.
#[derive(Debug)]
pub enum Wish {
    Connect {
        generation: u32,
        url: String,
    },
    Send {
        generation: u32,
        frame: Vec<u8>,
    },
    Disconnect,
    Ask(RequestId, Request),
    /// A write or read takes a while; then `Device::stored`.
    Store,
    /// A call of `Device::tick` at this time of the device's own clock.
    Wake(Option<Millis>),
}

/// How a message of the application fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The process may have died before it was durable.
    Unknown,
    /// The call succeeded: it has to be sent, or reported.
    Entrusted,
    Sent,
    Failed,
    /// Cancelled, or its conversation was deleted.
    Withdrawn,
}

/// What may be wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Nothing can be written.
    Broken,
    /// For lack of space nothing can be written, not even a deletion.
    Full,
    /// For lack of space it cannot grow.
    Tight,
}

/// A message that the application has sent.
#[derive(Debug, Clone)]
pub struct Errand {
    pub id: u64,
    pub of: ConversationId,
    pub fate: Fate,
}

/// What a call is for, where that matters later.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    Any,
    Other(String),
    Send(String),
    Resend(String),
    /// What it was before.
    Cancel(String, Fate),
    Forget(u64),
    Remove(usize),
    Page,
}

/// A conversation that this device removed.
#[derive(Debug, Clone, Copy)]
pub struct Removed {
    pub of: ConversationId,
    /// The client id of what was sent of it.
    pub id: u64,
    /// The highest message that was certainly here.
    pub seen: u64,
    /// No message above this one can have been here.
    pub bound: u64,
    pub durable: bool,
}

pub struct Device {
    pub number: usize,
    pub user: u64,
    config: Config,
    pub session: Option<Session>,
    /// Number of the process.
    pub epoch: u32,
    /// Its clock, ahead of or behind that of the world.
    pub clock: i64,
    device: Store,
    pub account: Store,
    /// What the store is doing.
    busy: Option<Output>,
    pub generation: u32,
    pub calls: BTreeMap<CallId, Call>,
    last_call: CallId,
    pub errands: BTreeMap<String, Errand>,
    /// What was sent last under an id: one that never became durable may be used again.
    texts: BTreeMap<u64, String>,
    pub told: BTreeSet<u64>,
    /// Messages removed from this device only, and whether that is durable.
    pub forgotten: BTreeMap<u64, bool>,
    pub removed: Vec<Removed>,
    pub page: Option<Vec<Message>>,
    pub list: Option<Vec<floo_wasm::core::model::Conversation>>,
    /// What is wrong with the store.
    pub trouble: Trouble,
    /// Messages that were dropped to make room.
    pub dropped: BTreeSet<u64>,
    sent_texts: u32,
    mutant: Option<Mutant>,
    last_id: u64,
    pub violations: Vec<String>,
    pub wishes: Vec<Wish>,
    pub trace: Option<String>,
}

impl Device {
    pub fn new(number: usize, user: u64, receipts: bool, mutant: Option<Mutant>, trace: bool) -> Self {
        let config = Config {
            app_id: "app".into(),
            cloud: Where::Dns("http://dns.test/app_dns".into()),
            device_info: "Web".into(),
            delivery_receipts: receipts,
            wire: WirePolicy::default(),
            token_provider: false,
            search: number.is_multiple_of(2),
            legacy_random_sn: false,
        };
        Self {
            number,
            user,
            config,
            session: None,
            epoch: 0,
            clock: 0,
            device: Store::default(),
            account: Store::default(),
            busy: None,
            generation: 0,
            calls: BTreeMap::new(),
            last_call: 0,
            errands: BTreeMap::new(),
            texts: BTreeMap::new(),
            told: BTreeSet::new(),
            forgotten: BTreeMap::new(),
            removed: Vec::new(),
            page: None,
            list: None,
            trouble: Trouble::None,
            dropped: BTreeSet::new(),
            sent_texts: 0,
            mutant,
            last_id: 0,
            violations: Vec::new(),
            wishes: Vec::new(),
            trace: trace.then(String::new),
        }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let what = what();
            trace.push_str(&format!("  d{} {what}\n", self.number));
        }
    }

    /// A new process.
    pub fn start(&mut self, now: u64, seed: u64) {
        self.epoch += 1;
        self.note(|| "starts".into());
        self.session =
            Some(Session::new(self.config.clone(), u128::from(seed) << 64 | u128::from(Rng::new(seed).next())));
        let rows = self.device.range(&Query::all(Table::Kv));
        let known = rows.iter().any(|row| row.key == b"login");
        self.feed(now, Input::Started(Ok(rows)));
        if known {
            self.call(now, Call::Any, Command::Resume);
        } else {
            self.log_in(now);
        }
    }

    pub fn log_in(&mut self, now: u64) {
        let credentials = Credentials::Name { name: self.user.to_string(), password: "secret".into() };
        self.call(now, Call::Any, Command::Login(credentials));
    }

    /// The process is gone, in the middle of whatever it did. `kept`: what the store was doing was done.
    pub fn die(&mut self, kept: bool) {
        self.note(|| format!("dies, what was being written is {}", if kept { "kept" } else { "lost" }));
        self.session = None;
        self.generation = 0;
        self.calls.clear();
        if let Some(Output::Persist(batch)) = self.busy.take()
            && kept
        {
            self.write(batch.place, batch.writes);
        }
        self.busy = None;
    }

    pub fn is_online(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.state() == State::Online)
    }

    /// Its own time.
    fn time(&self, now: u64) -> Millis {
        Millis((1_700_000_000_000 + now).saturating_add_signed(self.clock))
    }

    /// How long it is until a time of its own.
    pub fn until(&self, now: u64, at: Millis) -> u64 {
        at.0.saturating_sub(self.time(now).0)
    }

    pub fn feed(&mut self, now: u64, input: Input<'_>) {
        if self.trace.is_some() && !matches!(input, Input::Tick) {
            let text: String = format!("{input:?}").chars().take(300).collect();
            self.note(|| format!("<- {text}"));
        }
        let time = self.time(now);
        let Some(session) = &mut self.session else { return };
        session.handle(time, input);
        self.drain();
    }

    fn drain(&mut self) {
        while self.busy.is_none() {
            let Some(session) = &mut self.session else { return };
            match session.poll() {
                Output::Wait(at) => return self.wishes.push(Wish::Wake(at)),
                output => self.carry_out(output),
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        if self.trace.is_some() {
            let text: String = format!("{output:?}").chars().take(3000).collect();
            self.note(|| format!("-> {text}"));
        }
        match output {
            Output::Persist(mut batch) => {
                if self.mutant == Some(Mutant::AcknowledgesFirst) {
                    let (early, then) =
                        batch.then.into_iter().partition(|output| matches!(output, Output::Transmit { .. }));
                    batch.then = then;
                    let early: Vec<_> = early;
                    early.into_iter().for_each(|output| self.carry_out(output));
                }
                self.busy = Some(Output::Persist(batch));
                self.wishes.push(Wish::Store);
            }
            Output::Load(..) | Output::OpenStore(_) | Output::Restore => {
                self.busy = Some(output);
                self.wishes.push(Wish::Store);
            }
            Output::Connect { generation, url, .. } => {
                self.generation = generation;
                self.wishes.push(Wish::Connect { generation, url });
            }
            Output::Transmit { generation, frame } => {
                if generation == self.generation {
                    self.wishes.push(Wish::Send { generation, frame });
                }
            }
            Output::Disconnect => self.wishes.push(Wish::Disconnect),
            Output::CloseStore => {}
            Output::Request(id, request) => self.wishes.push(Wish::Ask(id, request)),
            Output::Event(event) => self.hear(event),
            Output::Reply(call, result) => {
                let Some(what) = self.calls.remove(&call) else {
                    return self.violations.push(format!("call {call} was settled twice, or never made"));
                };
                match (what, result) {
                    (Call::Send(text), Ok(_)) => self.fares(&text, Fate::Entrusted),
                    (Call::Resend(text), Ok(_)) => {
                        if let Some(errand) = self.errands.get_mut(&text).filter(|e| e.fate == Fate::Failed) {
                            errand.fate = Fate::Entrusted;
                        }
                    }
                    (Call::Send(text), Err(_)) => self.fares(&text, Fate::Failed),
                    (Call::Cancel(text, before), Err(_)) => {
                        if let Some(errand) = self.errands.get_mut(&text).filter(|e| e.fate == Fate::Withdrawn) {
                            errand.fate = before;
                        }
                    }
                    (Call::Forget(id), Ok(_)) => drop(self.forgotten.insert(id, true)),
                    (Call::Remove(at), Ok(_)) => {
                        self.removed.iter_mut().skip(at).take(1).for_each(|r| r.durable = true)
                    }
                    (Call::Page, Ok(Reply::Messages(page))) => self.page = Some(page),
                    (_, Ok(Reply::Conversations(list))) => self.list = Some(list),
                    _ => {}
                }
            }
            Output::Wait(_) => {}
        }
    }

    /// The store is done.
    pub fn stored(&mut self, now: u64) {
        let time = self.time(now);
        match self.busy.take() {
            Some(Output::Persist(batch)) if batch.place == Place::Account && self.refuses(&batch) => {
                let trouble = self.trouble;
                self.note(|| format!("   the store: {trouble:?}"));
                let error = match trouble {
                    Trouble::Broken => StoreError::Failed("broken".into()),
                    _ => StoreError::Quota("full".into()),
                };
                self.feed(now, Input::PersistFailed(error, batch));
            }
            Some(Output::Persist(Batch { place, writes, then, marks })) => {
                self.write(place, writes);
                if let Some(session) = &mut self.session {
                    marks.into_iter().for_each(|mark| session.handle(time, Input::Persisted(mark)));
                }
                then.into_iter().for_each(|output| self.carry_out(output));
            }
            Some(Output::Load(id, query)) => {
                let rows = self.account.range(&query);
                self.feed(now, Input::Loaded(id, Ok(rows)));
            }
            Some(Output::OpenStore(_)) => {
                let mut tables = self.tables(&Glance::TABLES);
                for (table, keys) in Glance::picks(&tables[0].1) {
                    let rows = keys.iter().flat_map(|key| self.account.range(&Query::one(table, key)));
                    tables.push((table, rows.collect()));
                }
                self.feed(now, Input::Glanced(Ok(Glance { tables, kind: StorageKind::Memory, fallback: None })));
            }
            Some(Output::Restore) => {
                let tables = self.tables(&Restored::TABLES);
                self.feed(now, Input::StoreOpened(Ok(Restored { tables })));
            }
            _ => {}
        }
        self.drain();
    }

    fn tables(&self, of: &[Table]) -> Vec<(Table, Vec<Row>)> {
        of.iter().map(|table| (*table, self.account.range(&Query::all(*table)))).collect()
    }

    fn refuses(&self, batch: &Batch) -> bool {
        match self.trouble {
            Trouble::None => false,
            Trouble::Broken | Trouble::Full => true,
            Trouble::Tight => self.account.growth(&batch.writes) > 0,
        }
    }

    fn write(&mut self, place: Place, mut writes: Vec<floo_wasm::ports::Write>) {
        if self.mutant == Some(Mutant::ForgetsPending) {
            writes.retain(|write| write.table != Table::Waiting);
        }
        let dropped = writes.iter().filter(|w| w.table == Table::Messages && w.value.is_none() && w.until.is_none());
        let ids = dropped.filter_map(|write| Some(u64::from_be_bytes(write.key.get(9..17)?.try_into().ok()?)));
        self.dropped.extend(ids);
        match place {
            Place::Device => self.device.apply(writes),
            Place::Account => self.account.apply(writes),
        }
    }

    fn fares(&mut self, text: &str, fate: Fate) {
        if let Some(errand) = self.errands.get_mut(text)
            && !matches!((&errand.fate, &fate), (Fate::Sent | Fate::Failed | Fate::Withdrawn, Fate::Entrusted))
        {
            errand.fate = fate;
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Messages(list) => {
                for message in list {
                    if !self.told.insert(message.id) {
                        self.violations.push(format!("d{}: message {} was told twice", self.number, message.id));
                    }
                }
            }
            Event::Sent(list) | Event::Failed(list) => {
                for message in list {
                    let fate = if message.error.is_some() { Fate::Failed } else { Fate::Sent };
                    let text = self.texts.get(&message.client_id).cloned();
                    match text {
                        Some(text) => self.fares(&text, fate),
                        None => self.violations.push(format!("a message {} that nobody sent", message.client_id)),
                    }
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, now: u64, mut what: Call, command: Command) {
        if what == Call::Any {
            what = Call::Other(format!("{command:?}"));
        }
        self.last_call += 1;
        let call = self.last_call;
        self.calls.insert(call, what);
        self.feed(now, Input::Command(call, command));
    }

    /// Calls that nobody has answered.
    pub fn open_calls(&self) -> usize {
        self.calls.len()
    }

    pub fn ask_page(&mut self, now: u64, of: ConversationId, before: u64) {
        self.page = None;
        self.call(now, Call::Page, Command::Messages { of, before, after: 0, limit: 50 });
    }

    pub fn ask_list(&mut self, now: u64) {
        self.list = None;
        self.call(now, Call::Any, Command::Conversations);
    }

    /// Ids of messages in the store, with their conversations: kind and uid in front, big-endian.
    fn known(&self) -> Vec<(ConversationId, u64)> {
        let ids = |key: &[u8]| {
            let (kind, uid, id) = (*key.first()?, key.get(1..9)?, key.get(9..17)?);
            let of =
                ConversationId { kind: Kind::from_number(kind.into())?, uid: u64::from_be_bytes(uid.try_into().ok()?) };
            Some((of, u64::from_be_bytes(id.try_into().ok()?)))
        };
        self.account.keys(Table::Messages).filter_map(ids).collect()
    }

    /// The user does something.
    pub fn act(&mut self, now: u64, rng: &mut Rng, cloud: &Cloud) {
        let (time, newest) = (self.time(now), cloud.newest());
        let Some(session) = &mut self.session else { return };
        if session.state() == State::Idle && self.calls.is_empty() {
            return self.log_in(now); // an attempt of 60 s has failed
        }
        let known = self.known();
        let target = rng.pick(&known).copied();
        let Some(session) = &mut self.session else { return };
        let roll = rng.below(20);
        if roll < 8 || target.is_none() {
            let others: Vec<_> = cloud.users.iter().copied().filter(|user| *user != self.user).collect();
            let to = match rng.pick(&others) {
                Some(user) if !rng.one_in(3) => ConversationId::user(*user),
                _ => ConversationId::group(GROUP),
            };
            let Ok(mut id) = session.allocate_id(time) else { return };
            if self.mutant == Some(Mutant::ReusesIds) && rng.one_in(4) && self.last_id != 0 {
                id = self.last_id;
            }
            self.last_id = id;
            self.sent_texts += 1;
            let text = format!("d{}-{}", self.number, self.sent_texts);
            let config = match to.kind {
                Kind::Group if rng.one_in(2) => format!("{{\"groupMemberList\":{others:?}}}"),
                _ => String::new(),
            };
            self.texts.insert(id, text.clone());
            self.errands.insert(text.clone(), Errand { id, of: to, fate: Fate::Unknown });
            let content = Content { text: text.clone(), config, ..Content::default() };
            return self.call(now, Call::Send(text), Command::Send { id, to, content });
        }
        let Some((of, target)) = target else { return };
        let own = cloud.messages.get(&target).is_some_and(|truth| truth.from == self.user);
        let edit = format!("+{}", rng.below(1000));
        let operate = |operation| Command::Operate { of, target, operation };
        let (config, ext) = (String::new(), String::new());
        let command = match roll {
            8 | 9 => Command::MarkRead { of, up_to: target, only: false, here: false },
            10 => Command::MarkRead { of, up_to: 0, only: false, here: false },
            // In groups nobody but the author would hear of it.
            11 if of.kind == Kind::User && !own => Command::MarkRead { of, up_to: target, only: true, here: false },
            12 if !own => operate(Operation::Unread),
            13 => operate(Operation::Delete),
            14 if own && rng.one_in(2) => operate(Operation::Recall),
            14 | 15 if own => operate(Operation::Append { text: edit, config, ext }),
            16 if own => operate(Operation::Replace { text: edit, config, ext }),
            17 if rng.one_in(3) => {
                self.forgotten.entry(target).or_default();
                return self.call(now, Call::Forget(target), Command::Forget { of, target });
            }
            18 if rng.one_in(3) => {
                let seen = known.iter().filter(|(place, _)| *place == of).map(|(_, id)| *id).max().unwrap_or(0);
                // Ids ascend by one while the clock stands still.
                let Ok(id) = session.allocate_id(time).map(|before| before + 1) else { return };
                self.removed.push(Removed { of, id, seen, bound: newest, durable: false });
                for errand in self.errands.values_mut().filter(|e| e.of == of) {
                    if matches!(errand.fate, Fate::Unknown | Fate::Entrusted | Fate::Failed) {
                        errand.fate = Fate::Withdrawn;
                    }
                }
                let removal = Command::DeleteConversation { of, everywhere: rng.one_in(2), id: 0 };
                return self.call(now, Call::Remove(self.removed.len() - 1), removal);
            }
            19 => {
                let waiting = self.errands.iter().filter(|(_, e)| matches!(e.fate, Fate::Entrusted | Fate::Failed));
                let waiting = waiting.filter(|(text, e)| self.texts.get(&e.id) == Some(*text));
                let waiting: Vec<_> = waiting.map(|(text, e)| (text.clone(), e.id, e.fate.clone())).collect();
                match rng.pick(&waiting) {
                    Some((text, id, Fate::Failed)) if rng.one_in(2) => {
                        let (text, id) = (text.clone(), *id);
                        return self.call(now, Call::Resend(text), Command::Resend(id));
                    }
                    Some((text, id, before)) => {
                        let (text, id, before) = (text.clone(), *id, before.clone());
                        self.fares(&text, Fate::Withdrawn);
                        return self.call(now, Call::Cancel(text, before), Command::Cancel(id));
                    }
                    None => Command::Focus(Some(of)),
                }
            }
            _ => Command::Focus(rng.one_in(2).then_some(of)),
        };
        self.call(now, Call::Any, command);
    }
}
