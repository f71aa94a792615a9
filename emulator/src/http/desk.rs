//! Short-lived things that are handed over: SMS codes, captchas, QR logins, passwords that work
//! once. In memory: they are gone within minutes anyhow.
use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write as _},
    sync::Mutex,
};

use serde_json::{Value, json};

use super::ApiError;
use crate::{
    clock::Millis,
    guard,
    store::{self, Uid},
};

pub(super) const MINUTE: Millis = 60_000;

/// Slips on the desk at most; the oldest to expire goes first.
const DESK_LIMIT: usize = 10_000;
/// Wrong codes or passwords somebody may give in [`TRY_TIME`].
const TRIES: u32 = 10;
const TRY_TIME: Millis = 10 * MINUTE;

/// Tells whoever looks at the console, if anybody does: a closed one is no failure.
pub(super) fn print(line: &str) {
    let _closed = writeln!(io::stdout(), "floo-emulator: {line}");
}

/// What lies on the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slip {
    /// The answer to a picture.
    Captcha(String),
    /// The code sent to a phone.
    Sms(String),
    /// Somebody has proven to have this phone.
    Phone(String),
    /// Somebody has proven to be this user.
    Person(Uid),
    /// A QR code to log in with, and who has confirmed it.
    Scan(Option<Uid>),
    /// A QR code of WeChat to log in with, and the code it stands for when it was confirmed.
    WeChat(Option<String>),
    /// A text for whoever knows the code.
    Secret(String),
    /// A password of this user that works once.
    Once(Uid),
}

impl Slip {
    /// For the developer: what clients cannot read by themselves.
    fn describe(&self) -> Option<Value> {
        match self {
            Self::Captcha(answer) => Some(json!({ "kind": "captcha", "answer": answer })),
            Self::Sms(code) => Some(json!({ "kind": "sms", "code": code })),
            Self::Scan(user) => Some(json!({ "kind": "qr_login", "user": user })),
            Self::WeChat(code) => Some(json!({ "kind": "wechat", "code": code })),
            Self::Phone(_) | Self::Person(_) | Self::Secret(_) | Self::Once(_) => None,
        }
    }
}

/// The desk.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    slips: Mutex<BTreeMap<String, (Millis, Slip)>>,
    tries: Mutex<HashMap<String, (u32, Millis)>>,
}

impl Desk {
    /// Puts a slip down for so long; one under the same name goes.
    pub(super) fn put(&self, name: String, slip: Slip, now: Millis, life: Millis) {
        let mut slips = guard(&self.slips);
        slips.retain(|_, (end, _)| *end > now);
        if slips.len() >= DESK_LIMIT
            && let Some(oldest) = slips.iter().min_by_key(|(_, (end, _))| *end).map(|(name, _)| name.clone())
        {
            slips.remove(&oldest);
        }
        slips.insert(name, (now.saturating_add(life), slip));
    }

    /// Puts a slip down under a name nobody can guess, which it gives.
    pub(super) fn leave(&self, slip: Slip, now: Millis, life: Millis) -> Result<String, ApiError> {
        let name = store::secret()?;
        self.put(name.clone(), slip, now, life);
        Ok(name)
    }

    /// Looks at a slip.
    pub(super) fn look(&self, name: &str, now: Millis) -> Option<Slip> {
        guard(&self.slips).get(name).filter(|(end, _)| *end > now).map(|(_, slip)| slip.clone())
    }

    /// Takes a slip away.
    pub(super) fn take(&self, name: &str, now: Millis) -> Option<Slip> {
        guard(&self.slips).remove(name).filter(|(end, _)| *end > now).map(|(_, slip)| slip)
    }

    /// Changes a slip that is there; false when there is none.
    pub(super) fn change(&self, name: &str, now: Millis, slip: Slip) -> bool {
        match guard(&self.slips).get_mut(name).filter(|(end, _)| *end > now) {
            Some((_, old)) => {
                *old = slip;
                true
            }
            None => false,
        }
    }

    /// A password for one login of this user.
    pub(super) fn password_for(&self, user: Uid, now: Millis) -> Result<String, ApiError> {
        self.leave(Slip::Once(user), now, 2 * MINUTE)
    }

    /// Counts a wrong code or password under `name`, and refuses when there were too many: before
    /// the check (`failed` false) and after it.
    pub(super) fn tries(&self, name: &str, failed: bool, now: Millis) -> Result<(), ApiError> {
        let mut tries = guard(&self.tries);
        tries.retain(|_, (_, since)| (now - TRY_TIME..=now).contains(since));
        let so_far = tries.get(name).map_or(0, |(count, _)| *count);
        // Nor may anybody fill the memory with names.
        if so_far >= TRIES || so_far == 0 && tries.len() >= DESK_LIMIT {
            return Err(ApiError::new(10028, "too many failed attempts, try again later"));
        }
        if failed {
            tries.entry(name.to_owned()).or_insert((0, now)).0 += 1;
        }
        Ok(())
    }

    /// For the developer: codes, captchas and open QR codes.
    pub(super) fn describe(&self, now: Millis) -> Vec<Value> {
        guard(&self.slips)
            .iter()
            .filter(|(_, (end, _))| *end > now)
            .filter_map(|(name, (end, slip))| {
                let mut line = slip.describe()?;
                line["name"] = json!(name);
                line["expires"] = json!(end);
                Some(line)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_expire_and_a_full_desk_makes_room() {
        let desk = Desk::default();
        desk.put("a".into(), Slip::Secret("x".into()), 0, 10);
        assert!(desk.look("a", 9).is_some() && desk.look("a", 10).is_none());
        assert!(!desk.change("a", 10, Slip::Once(1)));
        for n in 0..=DESK_LIMIT {
            desk.put(n.to_string(), Slip::Once(1), 0, 1000 + n as Millis);
        }
        assert_eq!(guard(&desk.slips).len(), DESK_LIMIT);
        assert!(desk.look("a", 0).is_none());
        assert_eq!(desk.take("5", 0), Some(Slip::Once(1)));
        assert_eq!(desk.take("5", 0), None);
    }

    #[test]
    fn guessing_ends_and_may_go_on_later() {
        let desk = Desk::default();
        for _ in 0..TRIES {
            desk.tries("sms", true, 0).unwrap();
        }
        assert_eq!(desk.tries("sms", false, 0).unwrap_err().code, 10028);
        desk.tries("other", false, 0).unwrap();
        desk.tries("sms", false, TRY_TIME + 1).unwrap();
    }
}
