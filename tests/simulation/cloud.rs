//! The model of the cloud: streams, positions, one truth about every message (xsync 11.2 to 11.5). Durable,
//! and always right; what goes wrong on the way to it is the world's business.
use std::collections::{BTreeMap, BTreeSet};

use floo_wasm::core::model::ConversationId;
use floo_wasm::core::proto::{
    Conversation, ConversationUnread, Frame, MessageBody, MessageOperation, Meta, Notice, Provision, Status, SyncDl,
    SyncUl, UnreadDl, UserNotice, Xid, conversation_unread::ConvType, frame::Command, message_operation::OpType,
};
use prost::Message as _;

use crate::Rng;

/// The group that everybody is in.
pub const GROUP: u64 = 6_600_000_000_900;
/// What a server says that refuses.
const FAIL: i32 = 2;
const RATE_LIMIT: i32 = 20;
const INVALID_TOKEN: i32 = 7;

/// Where a message is, seen by nobody in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Between(u64, u64),
    Group,
}

impl Place {
    fn of(from: u64, to: u64) -> Self {
        if to == GROUP { Self::Group } else { Self::Between(from.min(to), from.max(to)) }
    }

    /// The conversation it is for one of the users; none for others.
    pub fn seen_by(self, user: u64) -> Option<ConversationId> {
        match self {
            Self::Group => Some(ConversationId::group(GROUP)),
            Self::Between(a, b) if a == user => Some(ConversationId::user(b)),
            Self::Between(a, b) if b == user => Some(ConversationId::user(a)),
            Self::Between(..) => None,
        }
    }
}

/// What the server knows of a message.
#[derive(Debug, Clone)]
pub struct Truth {
    pub place: Place,
    pub from: u64,
    pub text: String,
    /// As it was sent.
    pub original: String,
    config: String,
    edited_at: u64,
    pub recalled: bool,
    pub deleted_by: BTreeSet<u64>,
    /// Users other than the author.
    pub read_by: BTreeSet<u64>,
    /// The other side of a 1:1 message has said that it was read.
    pub receipt: bool,
}

/// A conversation that a device has removed from all devices of its user.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    pub user: u64,
    pub of: ConversationId,
    /// The server's id of it.
    pub id: u64,
    pub client_id: u64,
}

/// Whether a frame of the server is a page of history.
pub fn is_history(bytes: &[u8]) -> bool {
    let page = Frame::decode(bytes).ok().and_then(|frame| SyncDl::decode(frame.payload).ok());
    page.is_some_and(|page| page.is_full_sync && page.xid.is_some())
}

/// A meta in a stream; the device that sent it does not get it.
#[derive(Debug, Clone)]
struct Stored {
    meta: Meta,
    by: u32,
}

/// How this server behaves.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Metas of a page.
    page: usize,
    /// Pushes new metas instead of a notice.
    eager: bool,
    /// Says "duplicated" instead of repeating the answer.
    says_duplicated: bool,
    /// The last page with metas has no next key.
    short_chains: bool,
    /// Refuses one in so many things; 0 for none.
    refuses: u64,
}

impl Habits {
    pub fn roll(rng: &mut Rng) -> Self {
        Self {
            page: 1 + rng.below(8) as usize,
            eager: rng.one_in(2),
            says_duplicated: rng.one_in(2),
            short_chains: rng.one_in(4),
            refuses: if rng.one_in(2) { 25 } else { 0 },
        }
    }
}

/// Frames to connections, by their number.
pub type Answers = Vec<(usize, Vec<u8>)>;

#[derive(Debug)]
pub struct Cloud {
    pub users: Vec<u64>,
    habits: Habits,
    next: u64,
    time: u64,
    pub messages: BTreeMap<u64, Truth>,
    pub removals: Vec<Removal>,
    streams: BTreeMap<(u64, u64), Vec<Stored>>,
    serials: BTreeMap<(u64, String), u32>,
    positions: BTreeMap<(u64, u32, u64), u64>,
    /// What was accepted, by user and client id: the meta's bytes and the answer.
    accepted: BTreeMap<(u64, u64), (Vec<u8>, SyncDl)>,
    /// Who is logged in on which connection.
    online: BTreeMap<usize, (u64, u32)>,
    /// Whose readings, where: their device does not know when they took place among those of other devices,
    /// because all it was told is that they did.
    pub blind: BTreeSet<(u64, Place)>,
    /// Connections that another of the same device has taken the place of.
    pub replaced: Vec<usize>,
    /// What no client may ever do.
    pub violations: Vec<String>,
}

fn status(code: i32, reason: &str) -> Option<Status> {
    Some(Status { code, reason: reason.into() })
}

fn frame(command: Command, payload: &impl prost::Message) -> Vec<u8> {
    Frame { command: Some(command as i32), payload: payload.encode_to_vec().into(), ..Frame::default() }.encode_to_vec()
}

const fn xid(uid: u64) -> Option<Xid> {
    Some(Xid { uid, device_sn: 0 })
}

fn uid(xid: Option<Xid>) -> u64 {
    xid.map_or(0, |xid| xid.uid)
}

impl Cloud {
    pub fn new(users: Vec<u64>, rng: &mut Rng) -> Self {
        Self {
            users,
            habits: Habits::roll(rng),
            next: 1_234_567_890_123_456_789, // above 2^53 on purpose
            time: 1_700_000_000_000,
            messages: BTreeMap::new(),
            removals: Vec::new(),
            streams: BTreeMap::new(),
            serials: BTreeMap::new(),
            positions: BTreeMap::new(),
            accepted: BTreeMap::new(),
            online: BTreeMap::new(),
            blind: BTreeSet::new(),
            replaced: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// What comes twice gets the same answer twice.
    pub const fn repeats_answers(&self) -> bool {
        !self.habits.says_duplicated
    }

    /// No refusals any more: peace.
    pub fn relent(&mut self) {
        self.habits.refuses = 0;
    }

    /// Whether somebody is logged in on a connection.
    pub fn knows(&self, conn: usize) -> bool {
        self.online.contains_key(&conn)
    }

    /// The connection is gone.
    pub fn closed(&mut self, conn: usize) {
        self.online.remove(&conn);
    }

    /// The highest id there is.
    pub const fn newest(&self) -> u64 {
        self.next
    }

    /// The server's clock.
    pub fn tick(&mut self, now: u64) {
        self.time = self.time.max(1_700_000_000_000 + now);
    }

    fn stamp(&mut self) -> (u64, u64) {
        self.next += 1 + self.next % 3;
        self.time += 1;
        (self.next, self.time)
    }

    /// A notice about the account for everybody: the addresses have changed.
    pub fn addresses_changed(&mut self) -> Answers {
        let mut answers = Vec::new();
        for user in self.users.clone() {
            let (id, timestamp) = self.stamp();
            let payload = UserNotice { r#type: 12, content: String::new() }.encode_to_vec().into();
            let meta = Meta { id, timestamp, ns: 4, to: xid(user), payload, ..Meta::default() };
            self.file(user, 0, meta, 0, &mut answers);
        }
        answers
    }

    /// One frame from a client. `None`: the connection is closed.
    pub fn hear(&mut self, conn: usize, bytes: &[u8], rng: &mut Rng) -> Option<Answers> {
        let frame = Frame::decode(bytes).ok()?;
        let command = Command::try_from(frame.command.unwrap_or(0)).ok()?;
        if command == Command::Provision {
            return Some(self.admit(conn, &Provision::decode(frame.payload).ok()?));
        }
        let Some((user, sn)) = self.online.get(&conn).copied() else {
            self.violations.push("a frame before the login was answered (xsync 12, 6)".into());
            return None;
        };
        match command {
            Command::Unread => Some(vec![(conn, self.unread(user, sn))]),
            Command::Sync => {
                let ask = SyncUl::decode(frame.payload).ok()?;
                Some(match &ask.meta {
                    Some(meta) => self.take(conn, (user, sn), meta, rng),
                    None if ask.is_full_sync => vec![(conn, self.history(user, &ask))],
                    None => vec![(conn, self.pull(user, sn, &ask))],
                })
            }
            Command::Notice | Command::Provision => None,
        }
    }

    fn admit(&mut self, conn: usize, login: &Provision) -> Answers {
        let user = uid(login.xid);
        if login.token != format!("token-{user}") || !self.users.contains(&user) {
            let refusal = Provision { status: status(INVALID_TOKEN, "no such token"), ..Provision::default() };
            return vec![(conn, frame(Command::Provision, &refusal))];
        }
        let fresh = self.serials.len() as u32 + 1;
        let sn = *self.serials.entry((user, login.device_guid.clone())).or_insert(fresh);
        // An earlier connection of the same device is told and ended.
        let notice = UserNotice { r#type: 4, content: String::new() };
        let kick = Meta { ns: 4, to: xid(user), payload: notice.encode_to_vec().into(), ..Meta::default() };
        let page = SyncDl { status: status(1, ""), xid: Some(Xid::default()), metas: vec![kick], ..SyncDl::default() };
        let old: Vec<_> =
            self.online.iter().filter(|(old, who)| **who == (user, sn) && **old != conn).map(|(old, _)| *old).collect();
        let mut answers: Answers = old.iter().map(|conn| (*conn, frame(Command::Sync, &page))).collect();
        self.online.retain(|_, who| *who != (user, sn));
        self.replaced.extend(old);
        self.online.insert(conn, (user, sn));
        let reply = Provision {
            status: status(1, ""),
            xid: Some(Xid { uid: user, device_sn: sn }),
            last_login_time: self.time,
            ..Provision::default()
        };
        answers.push((conn, frame(Command::Provision, &reply)));
        answers
    }

    /// What of a stream a device has not confirmed.
    fn rest(&self, user: u64, sn: u32, stream: u64) -> impl Iterator<Item = &Meta> {
        let position = self.positions.get(&(user, sn, stream)).copied().unwrap_or(0);
        let all = self.streams.get(&(user, stream)).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |stored| stored.meta.id > position && stored.by != sn).map(|stored| &stored.meta)
    }

    fn unread(&self, user: u64, sn: u32) -> Vec<u8> {
        let streams = self.streams.keys().filter(|(of, _)| *of == user).map(|(_, stream)| *stream);
        let unread = streams.map(|stream| ConversationUnread {
            xid: Some(Xid { uid: stream, device_sn: 0 }),
            n: self.rest(user, sn, stream).count() as u32,
            r#type: match stream {
                0 => ConvType::Unknown,
                GROUP => ConvType::Groupchat,
                _ => ConvType::Chat,
            } as i32,
        });
        frame(Command::Unread, &UnreadDl { status: status(1, ""), unread: unread.collect() })
    }

    fn pull(&mut self, user: u64, sn: u32, ask: &SyncUl) -> Vec<u8> {
        let stream = uid(ask.xid);
        let position = self.positions.entry((user, sn, stream)).or_default();
        *position = (*position).max(ask.key);
        let metas: Vec<_> = self.rest(user, sn, stream).take(self.habits.page + 1).cloned().collect();
        let last = metas.len() <= self.habits.page;
        let metas: Vec<_> = metas.into_iter().take(self.habits.page).collect();
        let mut next_key = metas.last().map_or(0, |meta| meta.id);
        if last && self.habits.short_chains {
            next_key = 0;
        }
        let page = SyncDl { status: status(1, ""), xid: ask.xid, metas, next_key, ..SyncDl::default() };
        frame(Command::Sync, &page)
    }

    /// Puts a meta into a stream and tells the devices of it that are there.
    fn file(&mut self, user: u64, stream: u64, meta: Meta, by: u32, answers: &mut Answers) {
        let metas = self.streams.entry((user, stream)).or_default();
        metas.push(Stored { meta: meta.clone(), by });
        for (conn, (who, sn)) in &self.online {
            if *who != user || *sn == by {
                continue;
            }
            let frame = if self.habits.eager {
                let before = metas.iter().rev().skip(1).find(|stored| stored.by != *sn);
                let page = SyncDl {
                    status: status(1, ""),
                    xid: xid(stream),
                    metas: vec![meta.clone()],
                    next_key: meta.id,
                    prev_mid: before.map_or(0, |stored| stored.meta.id),
                    is_eager_sync: true,
                    ..SyncDl::default()
                };
                frame(Command::Sync, &page)
            } else {
                frame(Command::Notice, &Notice { xid: xid(stream) })
            };
            answers.push((*conn, frame));
        }
    }

    fn take(&mut self, conn: usize, (user, sn): (u64, u32), meta: &Meta, rng: &mut Rng) -> Answers {
        let answer = |ack: &SyncDl| (conn, frame(Command::Sync, ack));
        let refuse = |code, reason: &str| {
            vec![answer(&SyncDl { status: status(code, reason), client_mid: meta.id, ..SyncDl::default() })]
        };
        if uid(meta.from) != user {
            self.violations.push("a meta in another user's name".into());
            return refuse(FAIL, "not yours");
        }
        let bytes = meta.encode_to_vec();
        if let Some((before, ack)) = self.accepted.get(&(user, meta.id)) {
            if *before != bytes {
                self.violations.push(format!("client id {} was used for two things (xsync 5.2)", meta.id));
            }
            return if self.habits.says_duplicated {
                self.blind.extend(self.judge(user, meta).and_then(|filing| filing.reading(user, &self.messages)));
                refuse(FAIL, "client msg id duplicated")
            } else {
                vec![answer(ack)]
            };
        }
        if rng.one_in(150) {
            return refuse(RATE_LIMIT, "slower");
        }
        let Some(filing) = self.judge(user, meta) else { return refuse(FAIL, "no such thing") };
        // The same answer to the same thing, however often it is asked.
        let receipt = matches!(filing.op, Some(OpType::ReadAck | OpType::ReadAll | OpType::DeliverAck));
        if self.habits.refuses > 0 && !receipt && (meta.id / 7).is_multiple_of(self.habits.refuses) {
            return refuse(FAIL, "not to my taste");
        }
        let (id, timestamp) = self.stamp();
        let (body, edit_timestamp) = self.carry_out(user, id, timestamp, &filing);
        let ack = SyncDl {
            status: status(1, ""),
            xid: Some(Xid { uid: uid(meta.to), device_sn: 0 }),
            client_mid: meta.id,
            server_mid: id,
            server_time: timestamp,
            edit_timestamp,
            ..SyncDl::default()
        };
        self.accepted.insert((user, meta.id), (bytes, ack.clone()));
        let mut answers = vec![answer(&ack)];
        let copy = Meta { id, timestamp, payload: body.into(), ..meta.clone() };
        for (who, stream) in filing.streams {
            self.file(who, stream, copy.clone(), sn, &mut answers);
        }
        answers
    }

    /// What a meta is and where it goes; none for what makes no sense.
    fn judge(&self, user: u64, meta: &Meta) -> Option<Filing> {
        let to = uid(meta.to);
        if meta.ns == 6 {
            let body = Conversation::decode(meta.payload.clone()).ok()?;
            let operation = body.operation?;
            let of = uid(operation.xid);
            let of = if of == GROUP { ConversationId::group(of) } else { ConversationId::user(of) };
            let everywhere = operation.r#type == 2;
            let streams = if everywhere { vec![(user, 0)] } else { vec![] };
            let removal = everywhere.then_some(Removal { user, of, id: 0, client_id: meta.id });
            return Some(Filing {
                streams,
                op: None,
                target: 0,
                named: 0,
                removal,
                raw: Some(meta.payload.to_vec()),
                body: MessageBody::default(),
                to,
            });
        }
        let body = MessageBody::decode(meta.payload.clone()).ok()?;
        let streams = match to {
            GROUP => self.users.iter().map(|member| (*member, GROUP)).collect(),
            to if to == user => vec![(user, 0)],
            to => vec![(to, user), (user, to)],
        };
        let filing =
            |op, target, named| Filing { streams, op, target, named, removal: None, raw: None, body: body.clone(), to };
        let Some(MessageOperation { r#type, mid, xid }) = body.operation else {
            return Some(filing(None, 0, 0));
        };
        let op = OpType::try_from(r#type).ok()?;
        let target = self.messages.get(&mid);
        match op {
            OpType::Recall | OpType::Append | OpType::Replace => {
                target.filter(|m| m.from == user && !m.recalled)?;
            }
            OpType::ReadAll => {}
            _ => drop(target?),
        }
        Some(filing(Some(op), mid, uid(xid)))
    }

    /// Makes it true. Gives back the payload as others get it, and the time of an edit.
    fn carry_out(&mut self, user: u64, id: u64, time: u64, filing: &Filing) -> (Vec<u8>, u64) {
        let mut body = filing.body.clone();
        if let Some(raw) = &filing.raw {
            self.removals.extend(filing.removal.map(|removal| Removal { id, ..removal }));
            return (raw.clone(), 0);
        }
        let Some(op) = filing.op else {
            let truth = Truth {
                place: Place::of(user, filing.to),
                from: user,
                text: body.content.clone(),
                original: body.content.clone(),
                config: body.config.clone(),
                edited_at: 0,
                recalled: false,
                deleted_by: BTreeSet::new(),
                read_by: BTreeSet::new(),
                receipt: false,
            };
            self.messages.insert(id, truth);
            return (body.encode_to_vec(), 0);
        };
        if op == OpType::ReadAll {
            let of = if filing.named == GROUP { Place::Group } else { Place::of(user, filing.named) };
            let up_to = if filing.target == 0 { id } else { filing.target };
            for truth in self.messages.range_mut(..=up_to).map(|(_, truth)| truth).filter(|truth| truth.place == of) {
                truth.read_by.insert(user);
            }
        } else if let Some(truth) = self.messages.get_mut(&filing.target) {
            match op {
                // In a group it is for the author alone.
                OpType::ReadAck if truth.place == Place::Group => {}
                OpType::ReadAck if truth.from != user => {
                    truth.read_by.insert(user);
                    truth.receipt = true;
                }
                OpType::ReadCancel => drop(truth.read_by.remove(&user)),
                OpType::Recall => truth.recalled = true,
                OpType::Delete => drop(truth.deleted_by.insert(user)),
                OpType::Append => truth.text.push_str(&body.content),
                OpType::Replace => truth.text.clone_from(&body.content),
                _ => {}
            }
            if matches!(op, OpType::Append | OpType::Replace) {
                truth.edited_at = time;
                body.edit_timestamp = time;
                return (body.encode_to_vec(), time);
            }
        }
        (body.encode_to_vec(), 0)
    }

    fn history(&self, user: u64, ask: &SyncUl) -> Vec<u8> {
        let of = uid(ask.xid);
        let place = if of == GROUP { Place::Group } else { Place::of(user, of) };
        let most = ask.full_sync_num.unsigned_abs() as usize;
        let all = self.messages.iter().rev().filter(|(id, truth)| {
            truth.place == place
                && !truth.recalled
                && !truth.deleted_by.contains(&user)
                && (ask.key == 0 || **id < ask.key)
        });
        let mut metas: Vec<_> = all
            .take(most + 1)
            .map(|(id, truth)| {
                let to = match truth.place {
                    Place::Group => GROUP,
                    Place::Between(a, b) => a + b - truth.from,
                };
                let body = MessageBody {
                    r#type: if to == GROUP { 3 } else { 2 },
                    content: truth.text.clone(),
                    config: truth.config.clone(),
                    edit_timestamp: truth.edited_at,
                    ..MessageBody::default()
                };
                let payload = body.encode_to_vec().into();
                Meta { id: *id, from: xid(truth.from), to: xid(to), timestamp: 1_700_000_000_000, ns: 1, payload }
            })
            .collect();
        let more = metas.len() > most;
        metas.truncate(most);
        let next_key = if more { metas.last().map_or(0, |meta| meta.id) } else { 0 };
        let page =
            SyncDl { status: status(1, ""), xid: ask.xid, metas, next_key, is_full_sync: true, ..SyncDl::default() };
        frame(Command::Sync, &page)
    }
}

/// A meta that will be accepted.
struct Filing {
    streams: Vec<(u64, u64)>,
    op: Option<OpType>,
    target: u64,
    /// The conversation that it names.
    named: u64,
    removal: Option<Removal>,
    raw: Option<Vec<u8>>,
    body: MessageBody,
    to: u64,
}

impl Filing {
    /// The user and place of something that reads messages or marks them unread.
    fn reading(&self, user: u64, messages: &BTreeMap<u64, Truth>) -> Option<(u64, Place)> {
        let place = match self.op? {
            OpType::ReadAll if self.named == GROUP => Place::Group,
            OpType::ReadAll => Place::of(user, self.named),
            OpType::ReadAck | OpType::ReadCancel => messages.get(&self.target)?.place,
            _ => return None,
        };
        Some((user, place))
    }
}
