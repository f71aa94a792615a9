//! Faults on demand, so that clients can be tested against a bad network and a bad server
//! (xsync 11.7). Same rules, same seed, same traffic: same faults.
mod install;

use std::{sync::Mutex, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    guard, packing,
    store::Uid,
    wire::{Class, Down},
};
use floo_wasm::core::proto::{Frame, Meta, frame, meta::NameSpace};
use prost::Message;

pub(crate) use install::{RulesError, install};

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    ToClient,
    FromClient,
}

const fn to_client() -> Direction {
    Direction::ToClient
}

/// What goes wrong. In JSON: the name, or an object with the name in `type` and the parameters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Action {
    /// The frame vanishes.
    Drop {
        #[serde(default = "to_client")]
        direction: Direction,
    },
    /// The ack of a sent meta vanishes; the meta was stored.
    DropAck {},
    /// The frame and everything behind it waits so many milliseconds.
    Delay {
        ms: u64,
        #[serde(default = "to_client")]
        direction: Direction,
    },
    /// The socket is closed instead of handling the frame; at once if the rule names no frame.
    Close {},
    /// The socket is closed behind the ack.
    CloseAfterAck {},
    /// At once: all sockets are dropped, new connections are refused for so many milliseconds.
    Restart { ms: u64 },
    /// An undecodable frame in front of the frame; at once if the rule names no frame.
    Garbage {},
    /// The frame is cut off, so that it cannot be decoded.
    Truncate {},
    /// The first meta of a page loses its `from`.
    PoisonMeta {},
    /// The page is sent twice.
    DuplicatePage {},
    /// The request is not carried out and answered with this status.
    Status {
        code: install::StatusCode,
        #[serde(default)]
        reason: String,
    },
    /// At once: the tokens of the user are revoked.
    ExpireToken {},
    /// The metas of a page come in the wrong order.
    ReorderPage {},
    /// Nothing reaches the client any more, until the rules are replaced.
    Silent {},
    /// The first meta of a page gets a namespace nobody knows.
    UnknownNs {},
    /// The first message of a page gets a content type nobody knows.
    UnknownCtype {},
    /// A frame with a command nobody knows, in front of the frame.
    UnknownCommand {},
    /// The last page with metas ends the pull; nothing is left to confirm.
    EndWithMetas {},
    /// The payload is compressed.
    Compress {
        #[serde(default)]
        how: Compression,
    },
    /// The frame has a checksum.
    Checksum {
        #[serde(default)]
        bad: bool,
    },
    /// At once: a notice about the account, pushed to its connected devices and not stored.
    UserNotice {
        notice: String,
        #[serde(default)]
        content: String,
        /// One device only.
        #[serde(default)]
        device_sn: Option<u32>,
        /// Close the sockets then.
        #[serde(default)]
        close: bool,
    },
    /// HTTP requests wait, and get this status instead of being carried out.
    Http {
        #[serde(default)]
        status: Option<u16>,
        #[serde(default)]
        ms: u64,
        /// Only this path.
        #[serde(default)]
        path: Option<String>,
        /// Only requests to this host and port.
        #[serde(default)]
        host: Option<String>,
    },
}

/// How a payload is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Compression {
    /// As it should be.
    #[default]
    Good,
    /// What is inside is no zlib stream.
    Broken,
    /// It inflates to more than a thousand times its size.
    Bomb,
}

impl Compression {
    fn pack(self, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::Good => packing::deflate(payload),
            Self::Broken => payload.iter().map(|byte| !byte).chain([0xff; 4]).collect(),
            Self::Bomb => packing::deflate(&[payload, &vec![0; 1 << 22]].concat()),
        }
    }
}

#[derive(Debug)]
struct Rule {
    user: Option<Uid>,
    command: Option<Class>,
    conversation: Option<Uid>,
    action: Action,
    code: i32,
    left: u32,
    hits: u64,
    text: Value,
}

impl Rule {
    /// True when the rule is about sockets as a whole, not about a kind of frame.
    const fn is_unaimed(&self) -> bool {
        self.command.is_none() && self.conversation.is_none()
    }

    const fn is_at_once(&self) -> bool {
        match self.action {
            Action::Restart { .. } | Action::ExpireToken {} | Action::UserNotice { .. } => true,
            Action::Close {} | Action::Garbage {} => self.is_unaimed(),
            _ => false,
        }
    }

    fn matches(&self, user: Option<Uid>, class: Class, conversation: Option<Uid>) -> bool {
        self.left > 0
            && self.user.is_none_or(|wanted| user == Some(wanted))
            && self.command.is_none_or(|wanted| wanted.covers(class))
            && self.conversation.is_none_or(|wanted| conversation == Some(wanted))
    }

    const fn take(&mut self) {
        self.left -= 1;
        self.hits += 1;
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seed: u64,
    random: u64,
    rules: Vec<Rule>,
}

impl State {
    /// SplitMix64: small, and the same everywhere.
    const fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Bytes that no decoder accepts: a field that claims to be longer than the frame.
    fn garbage(&mut self) -> Vec<u8> {
        let mut bytes = vec![0x22, 0xff, 0xff, 0x7f];
        bytes.extend(self.next().to_le_bytes());
        bytes
    }

    /// Cuts a frame inside its payload, so that the payload's length cannot be met.
    fn cut(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        // Command (2 bytes), payload tag and the first byte of its length stay.
        const HEAD: usize = 4;
        let spare = bytes.len().saturating_sub(HEAD).max(1);
        let keep = HEAD + usize::try_from(self.next()).unwrap_or(0) % spare;
        bytes.truncate(keep);
        bytes
    }
}

/// What to do with a frame from a client.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    /// Wait first.
    pub(crate) delay: Duration,
    /// Forget the frame.
    pub(crate) drop: bool,
    /// Close the socket.
    pub(crate) close: bool,
    /// Answer with this status only.
    pub(crate) answer: Option<(i32, String)>,
}

/// What to do instead of just sending a frame.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Wait first.
    pub(crate) delay: Duration,
    /// The messages to send.
    pub(crate) messages: Vec<Vec<u8>>,
    /// Close the socket then.
    pub(crate) close: bool,
}

impl Faults {
    /// Applies the rules to a frame from a client.
    pub(crate) fn incoming(&self, user: Option<Uid>, class: Class, conversation: Option<Uid>) -> Incoming {
        let mut plan = Incoming::default();
        for rule in &mut guard(&self.state).rules {
            if !rule.matches(user, class, conversation) {
                continue;
            }
            match &rule.action {
                Action::Drop { direction: Direction::FromClient } => plan.drop = true,
                Action::Delay { ms, direction: Direction::FromClient } => plan.delay += Duration::from_millis(*ms),
                Action::Close {} => plan.close = true,
                Action::Status { reason, .. } => plan.answer = Some((rule.code, reason.clone())),
                _ => continue,
            }
            rule.take();
        }
        plan
    }

    /// Applies the rules to a frame to a client.
    pub(crate) fn outgoing(&self, user: Option<Uid>, mut down: Down) -> Outgoing {
        let class = down.class();
        let conversation = down.conversation();
        let has_metas = matches!(&down, Down::Sync(sync) if !sync.metas.is_empty());
        let mut plan = Outgoing::default();
        let (mut copies, mut garbage, mut truncate, mut unknown) = (1, false, false, false);
        let (mut compression, mut checksum) = (None, None);
        let state = &mut *guard(&self.state);
        for rule in &mut state.rules {
            if !rule.matches(user, class, conversation) {
                continue;
            }
            match &rule.action {
                Action::Drop { direction: Direction::ToClient } => copies = 0,
                Action::DropAck {} if class == Class::Ack => copies = 0,
                Action::Delay { ms, direction: Direction::ToClient } => plan.delay += Duration::from_millis(*ms),
                Action::Close {} => {
                    copies = 0;
                    plan.close = true;
                }
                Action::CloseAfterAck {} if class == Class::Ack => plan.close = true,
                Action::Garbage {} => garbage = true,
                Action::Truncate {} => truncate = true,
                Action::PoisonMeta {} | Action::UnknownNs {} | Action::UnknownCtype {} | Action::ReorderPage {}
                    if has_metas =>
                {
                    if let Down::Sync(sync) = &mut down {
                        spoil(&rule.action, &mut sync.metas);
                    }
                }
                Action::Silent {} => {
                    rule.left = rule.left.saturating_add(1);
                    copies = 0;
                }
                Action::UnknownCommand {} => unknown = true,
                Action::Compress { how } => compression = Some(*how),
                Action::Checksum { bad } => checksum = Some(*bad),
                Action::DuplicatePage {} if has_metas => copies *= 2,
                _ => continue,
            }
            rule.take();
        }
        if garbage {
            plan.messages.push(state.garbage());
        }
        if unknown {
            plan.messages
                .push(Frame { command: Some(99), payload: vec![8, 1].into(), ..Frame::default() }.encode_to_vec());
        }
        let mut frame = down.frame();
        if let Some(how) = compression {
            frame.compress_method = Some(frame::CompressMethod::Zlib.into());
            frame.payload = how.pack(&frame.payload).into();
        }
        if let Some(bad) = checksum {
            frame.check_sum = Some(packing::crc32(&frame.payload) ^ u32::from(bad));
        }
        let mut bytes = frame.encode_to_vec();
        if truncate {
            bytes = state.cut(bytes);
        }
        plan.messages.extend(std::iter::repeat_n(bytes, copies));
        plan
    }

    /// Whether this pull is to end with its last metas instead of an empty page.
    pub(crate) fn ends_with_metas(&self, user: Uid, conversation: Uid) -> bool {
        self.take_first(|rule| {
            rule.action == Action::EndWithMetas {} && rule.matches(Some(user), Class::Page, Some(conversation))
        })
        .is_some()
    }

    /// How long an HTTP request has to wait, and the status it then gets instead of being
    /// carried out.
    pub(crate) fn http(&self, path: &str, host: &str) -> (Duration, Option<u16>) {
        let fits = |wanted: &Option<String>, seen: &str| wanted.as_ref().is_none_or(|wanted| wanted == seen);
        let taken = self.take_first(|rule| match &rule.action {
            Action::Http { path: only, host: at, .. } => rule.left > 0 && fits(only, path) && fits(at, host),
            _ => false,
        });
        match taken {
            Some(Action::Http { status, ms, .. }) => (Duration::from_millis(ms), status),
            _ => (Duration::ZERO, None),
        }
    }

    fn take_first(&self, wanted: impl Fn(&Rule) -> bool) -> Option<Action> {
        let mut state = guard(&self.state);
        let rule = state.rules.iter_mut().find(|rule| wanted(rule))?;
        rule.take();
        Some(rule.action.clone())
    }

    /// The rules with their counts, for the admin page.
    pub(crate) fn describe(&self) -> Value {
        let state = guard(&self.state);
        let rules: Vec<_> =
            state.rules.iter().map(|rule| json!({ "rule": rule.text, "left": rule.left, "hits": rule.hits })).collect();
        json!({ "seed": state.seed, "rules": rules })
    }
}

/// Spoils the metas of a page, which are at least one.
fn spoil(action: &Action, metas: &mut [Meta]) {
    const CTYPE: u8 = 5 << 3;
    match action {
        Action::ReorderPage {} => metas.reverse(),
        Action::UnknownCtype {} => {
            if let Some(message) = metas.iter_mut().find(|meta| meta.ns == NameSpace::Message as i32) {
                // The last value of a field wins.
                message.payload = [&message.payload[..], &[CTYPE, 99]].concat().into();
            }
        }
        _ => {
            if let Some(first) = metas.first_mut() {
                match action {
                    Action::UnknownNs {} => first.ns = 99,
                    _ => first.from = None,
                }
            }
        }
    }
}

/// The status answer to a request that a rule intercepts.
pub(crate) fn intercepted(class: Class, conversation: Option<Uid>, client_mid: u64, code: i32, reason: String) -> Down {
    use floo_wasm::core::proto::{Provision, Status, SyncDl, UnreadDl};
    let status = Some(Status { code, reason });
    let xid = Some(crate::wire::xid(conversation.unwrap_or(0), 0));
    match class {
        Class::Provision => Down::Provision(Provision { status, xid, ..Provision::default() }),
        Class::Unread => Down::Unread(UnreadDl { status, unread: Vec::new() }),
        _ => Down::Sync(SyncDl { status, xid, client_mid, is_full_sync: class == Class::History, ..SyncDl::default() }),
    }
}

/// True when no frame decodes from these bytes.
#[cfg(test)]
fn is_undecodable(bytes: &[u8]) -> bool {
    Frame::decode(bytes).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    #[test]
    fn garbage_and_cut_frames_never_decode() {
        let whole = wire::notice(6_600_000_000_016).frame().encode_to_vec();
        for seed in 0..500 {
            let mut state = State { random: seed, ..State::default() };
            assert!(is_undecodable(&state.garbage()));
            let cut = state.cut(whole.clone());
            assert!(cut.len() < whole.len());
            assert!(is_undecodable(&cut), "seed {seed}: {cut:?}");
        }
    }
}
