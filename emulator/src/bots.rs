//! Virtual users for demos. They speak through the same door as clients, so that all rules hold for
//! them: who blocks or mutes one has peace.
use std::{
    collections::HashMap,
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use floo_wasm::core::proto::{
    MessageBody, MessageOperation, Meta, message_body, message_operation::OpType, meta::NameSpace, status::ErrorCode,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinSet,
    time::sleep,
};

use crate::{
    Cloud, guard,
    socket::Session,
    store::{self, ConvKind, Copy, NewGroup, NewUser, Result, Store, Uid},
    uplink,
    wire::xid,
};

/// Messages that may wait for an answer; more are not heard.
const INBOX: usize = 256;
/// Time between two parts of a streamed answer.
const CHUNK_PAUSE: Duration = Duration::from_millis(150);
/// Words in a part of a streamed answer.
const CHUNK_WORDS: usize = 3;
/// The people of the demo, whom virtual users know.
const FRIENDS: &[&str] = &["amber", "basil", "clover"];
const CHATTY_GROUP: &str = "Chatty group";
const CHATTY_MEMBERS: &[(&str, &str)] =
    &[("pippa", "Pippa Chatty"), ("quill", "Quill Chatty"), ("rufus", "Rufus Chatty")];
const CHATTER: &[&str] = &[
    "Did anybody see the heron by the river this morning?",
    "I am making soup. 🍲",
    "晚上有人一起看电影吗？",
    "The train is late again.",
    "Two more pages and my notes are done!",
    "Good idea.",
];

/// A kind of virtual user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bot {
    /// Says what it hears.
    Echo,
    /// Answers in parts, as language models do.
    Assistant,
    /// A group whose members talk now and then.
    Chatty,
}

impl Bot {
    const ALL: [Self; 3] = [Self::Echo, Self::Assistant, Self::Chatty];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Assistant => "assistant",
            Self::Chatty => "chatty",
        }
    }

    /// Login names and display names of its users.
    const fn users(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Echo => &[("echo", "Echo")],
            Self::Assistant => &[("assistant", "Assistant")],
            Self::Chatty => CHATTY_MEMBERS,
        }
    }
}

impl FromStr for Bot {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| format!("{text:?} is none of echo, assistant, chatty"))
    }
}

/// A virtual user as the others know it.
#[derive(Debug, Clone)]
struct Known {
    kind: Bot,
    names: [String; 2],
}

/// Something said to a virtual user.
#[derive(Debug)]
struct Heard {
    bot: Uid,
    kind: Bot,
    /// Who said it, and its id inside.
    from: Uid,
    mid: u64,
    /// Where the answer goes.
    to: Uid,
    group: bool,
    text: String,
}

/// All virtual users.
#[derive(Debug)]
pub(crate) struct Bots {
    known: Mutex<HashMap<Uid, Known>>,
    heard: mpsc::Sender<Heard>,
    inbox: Mutex<Option<mpsc::Receiver<Heard>>>,
    /// Milliseconds between two lines in the chatty group; 0 for silence.
    chatter: AtomicU64,
    changed: Notify,
    last_id: AtomicU64,
}

impl Default for Bots {
    fn default() -> Self {
        let (heard, inbox) = mpsc::channel(INBOX);
        Self {
            known: Mutex::default(),
            heard,
            inbox: Mutex::new(Some(inbox)),
            chatter: AtomicU64::new(0),
            changed: Notify::new(),
            last_id: AtomicU64::new(0),
        }
    }
}

impl Bots {
    /// Called for each stored message: virtual users that are spoken to will answer. In groups
    /// that takes a mention, and they never listen to each other.
    pub(crate) fn hear(&self, from: Uid, copies: &[Copy], mid: u64, body: &MessageBody) {
        let known = guard(&self.known);
        if known.is_empty() || known.contains_key(&from) || body.ctype != message_body::ContentType::Text as i32 {
            return;
        }
        for copy in copies.iter().filter(|copy| copy.owner != from) {
            let Some(bot) = known.get(&copy.owner) else { continue };
            let group = copy.kind == ConvKind::Group;
            if bot.kind == Bot::Chatty || group && !is_mentioned(bot, copy.owner, body) {
                continue;
            }
            let to = if group { copy.conv } else { from };
            let heard = Heard { bot: copy.owner, kind: bot.kind, from, mid, to, group, text: body.content.clone() };
            // Who shouts faster than they can answer is not answered.
            let _full = self.heard.try_send(heard);
        }
    }

    /// Sets how often the chatty group talks, in milliseconds; 0 for never.
    pub(crate) fn set_chatter(&self, ms: u64) {
        self.chatter.store(ms, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// A client message id that was never used: microseconds, or one more than the last.
    fn next_id(&self, now: i64) -> u64 {
        let floor = now.cast_unsigned().saturating_mul(1000);
        let step = |last: u64| Some(floor.max(last + 1));
        match self.last_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(last) | Err(last) => floor.max(last + 1),
        }
    }
}

fn is_mentioned(bot: &Known, uid: Uid, body: &MessageBody) -> bool {
    let config: Value = serde_json::from_str(&body.config).unwrap_or_default();
    let listed = config["mentionList"].as_array().is_some_and(|list| list.iter().any(|id| id.as_u64() == Some(uid)));
    listed || bot.names.iter().any(|name| body.content.contains(&format!("@{name}")))
}

/// Creates the virtual users of these kinds, unless they are there, and wakes all there are.
/// Gives the login names.
pub(crate) fn create(cloud: &Cloud, kinds: &[Bot]) -> Result<Vec<&'static str>> {
    let now = cloud.clock.now();
    let mut store = guard(&cloud.store);
    let mut names = Vec::new();
    for kind in kinds {
        let mut uids = Vec::new();
        for (username, nick_name) in kind.users() {
            names.push(*username);
            let password = store::secret()?;
            let new = NewUser { username, password: &password, nick_name };
            if let Some(uid) = store.create_user(new, now)? {
                store.set_bot(uid, kind.name())?;
                uids.push(uid);
            }
        }
        introduce(&mut store, *kind, &uids, now)?;
    }
    let mut known = guard(&cloud.bots.known);
    known.clear();
    for (uid, kind) in store.bots()? {
        if let (Ok(kind), Some(profile)) = (kind.parse(), store.profile(uid)?) {
            known.insert(uid, Known { kind, names: [profile.username, profile.nick_name] });
        }
    }
    Ok(names)
}

/// New virtual users get to know the people of the demo.
fn introduce(store: &mut Store, kind: Bot, uids: &[Uid], now: i64) -> Result<()> {
    let mut friends = Vec::new();
    for name in FRIENDS {
        friends.extend(store.user_by_name(name)?);
    }
    match (kind, uids.first()) {
        (_, None) => {}
        (Bot::Chatty, Some(owner)) => {
            let description = "Its members talk now and then";
            let new = NewGroup { name: CHATTY_GROUP, description, avatar: "", kind: 0, owner: *owner };
            let gid = store.create_group(&new, now)?;
            for uid in uids.iter().skip(1).chain(&friends) {
                store.join_group(gid, *uid, now)?;
            }
        }
        (Bot::Echo | Bot::Assistant, Some(bot)) => {
            for friend in friends {
                store.befriend(*bot, friend)?;
            }
        }
    }
    Ok(())
}

/// Answers and talks until the emulator stops.
pub(crate) async fn run(cloud: Arc<Cloud>) {
    let Some(mut inbox) = guard(&cloud.bots.inbox).take() else { return };
    let mut answers = JoinSet::new();
    let mut line = 0;
    loop {
        let pause = cloud.bots.chatter.load(Ordering::Relaxed);
        tokio::select! {
            Some(heard) = inbox.recv() => {
                let cloud = Arc::clone(&cloud);
                answers.spawn(async move { answer(&cloud, &heard).await });
            }
            Some(_) = answers.join_next() => {}
            () = cloud.bots.changed.notified() => {}
            () = sleep(Duration::from_millis(pause)), if pause > 0 => {
                chat(&cloud, line);
                line += 1;
            }
        }
    }
}

async fn answer(cloud: &Cloud, heard: &Heard) {
    if !heard.group {
        operate(cloud, heard, OpType::ReadAck, heard.mid, &MessageBody::default());
    }
    match heard.kind {
        Bot::Echo => {
            say(
                cloud,
                heard.bot,
                heard.to,
                heard.group,
                &MessageBody { content: heard.text.clone(), ..MessageBody::default() },
            );
        }
        Bot::Assistant => stream(cloud, heard).await,
        Bot::Chatty => {}
    }
}

/// A first message and APPENDs; `finish` is true on the last (xsync 5.8).
async fn stream(cloud: &Cloud, heard: &Heard) {
    let question: String = heard.text.chars().take(80).collect();
    let text = format!(
        "You said: {question} I am a virtual user of the emulator, so I know nothing about that, but I can write \
         as slowly as the big ones do, a few words at a time."
    );
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let chunks: Vec<String> = words.chunks(CHUNK_WORDS).map(<[&str]>::concat).collect();
    let mut first = None;
    for (n, content) in chunks.iter().enumerate() {
        let finish = n + 1 == chunks.len();
        let ext = json!({ "ai": { "stream": true, "finish": finish, "stream_interval": 1 } }).to_string();
        let body = MessageBody { content: content.clone(), ext, ..MessageBody::default() };
        let said = match first {
            None => {
                first = say(cloud, heard.bot, heard.to, heard.group, &body);
                first.is_some()
            }
            Some(mid) => operate(cloud, heard, OpType::Append, mid, &body),
        };
        if !said {
            return;
        }
        if !finish {
            sleep(CHUNK_PAUSE).await;
        }
    }
}

/// One line in the chatty group, by one member after the other.
fn chat(cloud: &Cloud, line: usize) {
    let place = {
        let store = guard(&cloud.store);
        let bots: Vec<_> = guard(&cloud.bots.known)
            .iter()
            .filter(|(_, known)| known.kind == Bot::Chatty)
            .map(|(uid, known)| (known.names[0].clone(), *uid))
            .collect();
        let name = CHATTY_MEMBERS.get(line % CHATTY_MEMBERS.len()).map(|(name, _)| *name);
        let bot = bots.iter().find(|(known, _)| Some(known.as_str()) == name).map(|(_, uid)| *uid);
        bot.and_then(|bot| Some((bot, *store.joined_groups(bot).ok()?.first()?)))
    };
    if let (Some((bot, group)), Some(text)) = (place, CHATTER.get(line % CHATTER.len())) {
        say(cloud, bot, group, true, &MessageBody { content: (*text).to_owned(), ..MessageBody::default() });
    }
}

/// Sends a message; its id, or `None` when it was refused.
fn say(cloud: &Cloud, bot: Uid, to: Uid, group: bool, body: &MessageBody) -> Option<u64> {
    let kind = if group { message_body::Type::Groupchat } else { message_body::Type::Chat };
    send(cloud, bot, to, &MessageBody { r#type: kind.into(), ..body.clone() })
}

/// Sends an operation on the message `mid`; false when it was refused.
fn operate(cloud: &Cloud, heard: &Heard, kind: OpType, mid: u64, body: &MessageBody) -> bool {
    let operation = MessageOperation { r#type: kind.into(), mid: cloud.ids.outside(mid), xid: None };
    let to = if kind == OpType::ReadAck { heard.from } else { heard.to };
    let body = MessageBody { r#type: message_body::Type::Oper.into(), operation: Some(operation), ..body.clone() };
    send(cloud, heard.bot, to, &body).is_some()
}

fn send(cloud: &Cloud, bot: Uid, to: Uid, body: &MessageBody) -> Option<u64> {
    let now = cloud.clock.now();
    let meta = Meta {
        id: cloud.bots.next_id(now),
        from: Some(xid(bot, 0)),
        to: Some(xid(to, 0)),
        timestamp: now.cast_unsigned(),
        ns: NameSpace::Message.into(),
        payload: body.encode_to_vec().into(),
    };
    match uplink::receive(cloud, &Session { user: bot, sn: 0, token: String::new() }, &meta) {
        Ok(ack) if ack.status.as_ref().is_some_and(|status| status.code == ErrorCode::Ok as i32) => {
            Some(ack.server_mid)
        }
        Ok(_) => None,
        Err(e) => {
            eprintln!("floo-emulator: virtual user: {e}");
            None
        }
    }
}
