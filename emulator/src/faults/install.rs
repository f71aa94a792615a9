//! Taking over rules: reading and checking them, and carrying out what happens at once.
use std::time::Duration;

use floo_wasm::core::proto::{status::ErrorCode, user_notice};
use serde::Deserialize;
use serde_json::Value;

use super::{Action, Rule, State};
use crate::{
    Cloud, guard,
    hub::Out,
    json, notify,
    store::{StoreError, Uid},
    wire::Class,
};

/// A status code by number or by its name in the schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum StatusCode {
    Number(u16),
    Name(String),
}

/// A user or conversation by number or name.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Reference {
    Number(Uid),
    Name(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawMatch {
    user: Option<Reference>,
    command: Option<Class>,
    conversation: Option<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    #[serde(default, rename = "match")]
    matches: Value,
    action: Value,
    times: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    #[serde(default)]
    seed: u64,
    rules: Vec<Value>,
}

/// Why rules were not taken over; names the field.
#[derive(Debug)]
pub(crate) enum RulesError {
    /// The caller's mistake.
    Invalid(String),
    /// The database failed.
    Store(StoreError),
}

impl From<String> for RulesError {
    fn from(why: String) -> Self {
        Self::Invalid(why)
    }
}

impl From<StoreError> for RulesError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Replaces all rules by those of `{seed, rules: [{match, action, times}]}` and carries out those
/// that act at once.
pub(crate) fn install(cloud: &Cloud, body: &Value) -> Result<usize, RulesError> {
    let raw: RawRules = json::read("", body)?;
    let mut rules = Vec::with_capacity(raw.rules.len());
    for (index, rule) in raw.rules.iter().enumerate() {
        rules.push(read_rule(cloud, &format!("rules[{index}]"), rule)?);
    }
    let mut state = State { seed: raw.seed, random: raw.seed, rules };
    for index in 0..state.rules.len() {
        if state.rules[index].is_at_once() {
            let bytes = state.garbage();
            act(cloud, &state.rules[index], bytes)?;
            state.rules[index].take();
            state.rules[index].left = 0;
        }
    }
    let count = state.rules.len();
    *guard(&cloud.faults.state) = state;
    Ok(count)
}

/// Carries out a rule that acts at once.
fn act(cloud: &Cloud, rule: &Rule, garbage: Vec<u8>) -> Result<(), RulesError> {
    match (&rule.action, rule.user) {
        (Action::ExpireToken {}, Some(user)) => guard(&cloud.store).revoke_tokens(user, None)?,
        (Action::UserNotice { notice, content, device_sn, close }, Some(user)) => {
            let mid = guard(&cloud.store).next_mid()?;
            let kind = user_notice::Type::from_str_name(notice).unwrap_or(user_notice::Type::Unknown);
            for (sn, sender) in cloud.hub.devices(user) {
                if device_sn.is_none_or(|wanted| wanted == sn) {
                    sender.send(Out::frame(Some(user), notify::passing(user, kind, content, mid, cloud.clock.now())));
                    if *close {
                        sender.send(Out::Dismiss);
                    }
                }
            }
        }
        (Action::Restart { ms }, _) => {
            cloud.outage.start(Duration::from_millis(*ms));
            for sender in cloud.hub.senders(None) {
                sender.send(Out::Close);
            }
        }
        (Action::Close {}, user) => {
            for sender in cloud.hub.senders(user) {
                sender.send(Out::Close);
            }
        }
        (_, user) => {
            for sender in cloud.hub.senders(user) {
                sender.send(Out::Raw(garbage.clone()));
            }
        }
    }
    Ok(())
}

fn read_rule(cloud: &Cloud, at: &str, value: &Value) -> Result<Rule, RulesError> {
    let raw: RawRule = json::read(at, value)?;
    let matches: RawMatch = match &raw.matches {
        Value::Null => RawMatch::default(),
        given => json::read(&format!("{at}.match"), given)?,
    };
    let place = format!("{at}.action");
    let action: Action = json::read_tagged(&place, "type", &raw.action)?;
    let code = match &action {
        Action::Status { code, .. } => status_code(&place, code)?,
        _ => 0,
    };
    let times = raw.times.unwrap_or(1);
    if times == 0 {
        return Err(RulesError::Invalid(format!("{at}.times: must be at least 1")));
    }
    let rule = Rule {
        user: resolve(cloud, at, "user", matches.user)?,
        command: matches.command,
        conversation: resolve(cloud, at, "conversation", matches.conversation)?,
        action,
        code,
        left: times,
        hits: 0,
        text: value.clone(),
    };
    match rule.action {
        Action::Restart { .. } if rule.user.is_some() || !rule.is_unaimed() => {
            Err(RulesError::Invalid(format!("{at}.match: restart concerns everybody, leave it empty")))
        }
        Action::ExpireToken {} | Action::UserNotice { .. } if rule.user.is_none() => {
            Err(RulesError::Invalid(format!("{at}.match.user: this action needs one")))
        }
        Action::UserNotice { ref notice, .. } if user_notice::Type::from_str_name(notice).is_none() => {
            Err(RulesError::Invalid(format!("{place}.notice: no notice is called {notice:?}")))
        }
        Action::Http { status: Some(status), .. } if !(400..600).contains(&status) => {
            Err(RulesError::Invalid(format!("{place}.status: must be from 400 to 599")))
        }
        _ => Ok(rule),
    }
}

fn status_code(at: &str, code: &StatusCode) -> Result<i32, RulesError> {
    match code {
        StatusCode::Number(number) => Ok(i32::from(*number)),
        StatusCode::Name(name) => ErrorCode::from_str_name(name)
            .map(Into::into)
            .ok_or_else(|| RulesError::Invalid(format!("{at}.code: no status is called {name:?}"))),
    }
}

fn resolve(cloud: &Cloud, at: &str, field: &str, reference: Option<Reference>) -> Result<Option<Uid>, RulesError> {
    let Some(reference) = reference else {
        return Ok(None);
    };
    let store = guard(&cloud.store);
    let number = match &reference {
        Reference::Number(number) => Some(*number),
        Reference::Name(name) => name.parse().ok(),
    };
    let uid = match (number, reference) {
        (Some(0), _) if field == "conversation" => Some(0),
        (Some(uid), _) if store.user_exists(uid)? => Some(uid),
        (Some(gid), _) if field == "conversation" && store.group(gid, 0)?.is_some() => Some(gid),
        (None, Reference::Name(name)) => match store.user_by_name(&name)? {
            None if field == "conversation" => {
                store.group_names()?.into_iter().find_map(|(gid, group)| (group == name).then_some(gid))
            }
            uid => uid,
        },
        _ => None,
    };
    match uid {
        Some(uid) => Ok(Some(uid)),
        None => Err(RulesError::Invalid(format!("{at}.match.{field}: no such {field}"))),
    }
}
