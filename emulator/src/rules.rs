//! Who may send what to whom (xsync 3.6, emulator 5), and whose streams it reaches.
use floo_wasm::core::proto::{MessageBody, message_body, status::ErrorCode};

use crate::{
    Cloud,
    clock::Millis,
    guard,
    store::{ConvKind, Copy, Result, Role, State, Store, Uid},
};

/// Why a meta is turned down before it reaches the store.
pub(crate) struct Refused(pub(crate) ErrorCode, pub(crate) String);

/// What passed, or why it did not.
pub(crate) type Checked<T> = std::result::Result<T, Refused>;

/// Refused because a field is wrong; `what` names it.
pub(crate) fn invalid<T>(what: impl Into<String>) -> Checked<T> {
    Err(Refused(ErrorCode::InvalidParameter, what.into()))
}

fn refuse<T>(code: ErrorCode, why: &str) -> Checked<T> {
    Err(Refused(code, why.to_owned()))
}

fn fail<T>(why: &str) -> Checked<T> {
    refuse(ErrorCode::Fail, why)
}

/// True for what reaches connected devices only (typing).
pub(crate) const fn is_passing(body: &MessageBody) -> bool {
    body.qos == message_body::QoS::AtMostOnce as i32
}

/// Who sends, and what decides whether that is allowed.
pub(crate) struct Sender<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) store: &'a Store,
    pub(crate) user: Uid,
    pub(crate) now: Millis,
}

impl Sender<'_> {
    /// The streams a meta to a user goes to.
    pub(crate) fn chat_copies(&self, to: Uid) -> Result<Checked<Vec<Copy>>> {
        Ok(if self.store.user_exists(to)? {
            Ok(chat_copies(self.user, to))
        } else {
            fail("the recipient does not exist")
        })
    }

    /// The streams a meta to a group goes to.
    pub(crate) fn group_copies(&self, group: Uid) -> Result<Checked<Vec<Copy>>> {
        if self.store.group(group, self.user)?.is_none() {
            return Ok(fail("the group does not exist"));
        }
        if self.store.membership(group, self.user)?.is_none() {
            return Ok(fail("the sender is not a member of the group"));
        }
        let copy = |owner| Copy { owner, conv: group, kind: ConvKind::Group };
        Ok(Ok(self.store.listeners(group, self.user)?.into_iter().map(copy).collect()))
    }

    /// The rules about what is said: to whom, how often, in which words (emulator 5).
    pub(crate) fn may_say(&self, to: Uid, kind: message_body::Type, body: &MessageBody) -> Result<Checked<()>> {
        match self.store.state(self.user)?.unwrap_or(State::Deleted) {
            State::Normal => {}
            State::Banned => return Ok(refuse(ErrorCode::UserBanned, "the account may not send")),
            State::Frozen | State::Deleted => return Ok(refuse(ErrorCode::UserFrozen, "the account is frozen")),
        }
        if kind == message_body::Type::Chat
            && let Err(refused) = self.may_write_to(to)?
        {
            return Ok(Err(refused));
        }
        if kind == message_body::Type::Groupchat && self.is_muted(to)? {
            return Ok(fail("the sender is muted in the group"));
        }
        let policy = guard(&self.cloud.policy);
        if policy.forbids(&body.content) {
            return Ok(refuse(ErrorCode::WordCensored, "antispam: a word in the text is not allowed"));
        }
        let counts = body.r#type != message_body::Type::Oper as i32 && !is_passing(body);
        if counts && !self.cloud.rate.allows(self.user, policy.rate_limit, self.now) {
            return Ok(refuse(ErrorCode::RateLimitExceeded, "too many messages in a short time"));
        }
        Ok(Ok(()))
    }

    /// Whether the relation to another user allows chat.
    pub(crate) fn may_write_to(&self, to: Uid) -> Result<Checked<()>> {
        if to == self.user {
            return Ok(Ok(()));
        }
        let (theirs, own) = (self.store.relation(to, self.user)?, self.store.relation(self.user, to)?);
        if theirs.blocked {
            return Ok(fail("you have been blocked by the recipient"));
        }
        if guard(&self.cloud.policy).friends_only && !(theirs.friend && own.friend) {
            return Ok(fail("your relation with target does not allow chat"));
        }
        Ok(Ok(()))
    }

    /// Muted one by one, or with the whole group; who manages the group may always speak.
    fn is_muted(&self, gid: Uid) -> Result<bool> {
        let lasts = |until| until < 0 || until > self.now;
        let (Some(group), Some(member)) = (self.store.group(gid, self.user)?, self.store.membership(gid, self.user)?)
        else {
            return Ok(false);
        };
        Ok(lasts(member.banned_until) || member.role == Role::Member && lasts(group.ban_expire_time))
    }
}

/// One copy for the recipient and one for the sender's other devices; one in all for a note to
/// oneself.
fn chat_copies(from: Uid, to: Uid) -> Vec<Copy> {
    let copy = |owner, conv| Copy { owner, conv, kind: ConvKind::Chat };
    if from == to { vec![copy(to, from)] } else { vec![copy(to, from), copy(from, to)] }
}
