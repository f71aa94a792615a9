//! The developer's switches; no token, so the server listens on loopback by default.
use floo_wasm::core::proto::{
    GroupNotice, MessageBody, RosterNotice, UserNotice, group_notice, message_body, meta::NameSpace, roster_notice,
    user_notice,
};
use prost::Message;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, ApiError, call::Call};
use crate::{
    Cloud,
    faults::{self, RulesError},
    guard, json,
    policy::Policy,
    store::{Append, ConvKind, Copy, State, Uid},
    sync, wire,
};

/// `GET /admin/api/state`.
pub(super) fn state(call: &Call<'_>) -> Answer {
    let cloud = call.cloud;
    let sockets = cloud.hub.list();
    let store = guard(&cloud.store);
    let users: Vec<_> = store
        .users()?
        .into_iter()
        .map(|(id, username, nick_name)| {
            let open = sockets.iter().filter(|(_, login)| login.as_ref().is_some_and(|l| l.user == id)).count();
            json!({ "id": id, "username": username, "nick_name": nick_name, "sockets": open })
        })
        .collect();
    let groups: Vec<_> = store.group_names()?.into_iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    let mut counts = serde_json::Map::new();
    for (table, rows) in store.counts()? {
        counts.insert(table.to_owned(), json!(rows));
    }
    counts.insert("corrupt_rows".to_owned(), json!(store.corrupt_rows()));
    counts.insert("sockets".to_owned(), json!(sockets.len()));
    let sockets: Vec<_> = sockets
        .into_iter()
        .map(|(id, login)| match login {
            Some(login) => json!({
                "id": id, "user": login.user, "device_sn": login.sn,
                "device_info": login.info, "since": login.since,
            }),
            None => json!({ "id": id, "user": null }),
        })
        .collect();
    Ok(json!({
        "users": users,
        "groups": groups,
        "sockets": sockets,
        "counts": counts,
        "clock": { "offset_ms": cloud.clock.offset(), "now": cloud.clock.now() },
        "faults": cloud.faults.describe(),
        "delivery": cloud.delivery.name(),
        "app": *guard(&cloud.policy),
    }))
}

/// `POST /admin/api/faults`: replaces all rules; `{"rules": []}` ends all faults.
pub(super) fn faults(call: &Call<'_>) -> Answer {
    match faults::install(call.cloud, call.params.body()) {
        Ok(rules) => Ok(json!({ "rules": rules })),
        Err(RulesError::Invalid(why)) => Err(invalid(why)),
        Err(RulesError::Store(e)) => Err(e.into()),
    }
}

fn invalid(why: String) -> ApiError {
    ApiError::new(400, why)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    offset_ms: i64,
}

/// `POST /admin/api/clock {offset_ms}`.
pub(super) fn clock(call: &Call<'_>) -> Answer {
    let body: ClockBody = json::read("", call.params.body()).map_err(invalid)?;
    call.cloud.clock.set_offset(body.offset_ms);
    Ok(json!({ "offset_ms": body.offset_ms, "now": call.cloud.clock.now() }))
}

/// `POST /admin/api/app`: sets the switches that are given, answers with all.
pub(super) fn app(call: &Call<'_>) -> Answer {
    let mut policy = guard(&call.cloud.policy);
    let mut merged = json!(*policy);
    if let (Some(merged), Some(given)) = (merged.as_object_mut(), call.params.body().as_object()) {
        merged.extend(given.clone());
    }
    let changed: Policy = json::read("", &merged).map_err(invalid)?;
    changed.check().map_err(invalid)?;
    *policy = changed;
    Ok(merged)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserBody {
    user: String,
    state: State,
}

/// `POST /admin/api/user {user, state}`: normal, banned or frozen. A frozen account is told.
pub(super) fn user(call: &Call<'_>) -> Answer {
    let body: UserBody = json::read("", call.params.body()).map_err(invalid)?;
    if body.state == State::Deleted {
        return Err(invalid("state: accounts are deleted by their owners".to_owned()));
    }
    let uid = user_id(call.cloud, "user", &body.user)?;
    let mut store = call.store();
    store.set_state(uid, body.state)?;
    if body.state == State::Frozen {
        call.notifier(&mut store).push(uid, user_notice::Type::Frozen, "", |_| true)?;
    }
    Ok(json!({ "user": uid, "state": body.state }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CrowdBody {
    group: Uid,
    members: u32,
}

/// Most members a crowd may bring.
const CROWD_LIMIT: u32 = 5000;

/// `POST /admin/api/crowd {group, members}`: fills a group with new users `crowd_<n>`, who cannot
/// log in. Nobody is told.
pub(super) fn crowd(call: &Call<'_>) -> Answer {
    let body: CrowdBody = json::read("", call.params.body()).map_err(invalid)?;
    if body.members > CROWD_LIMIT {
        return Err(invalid(format!("members: at most {CROWD_LIMIT}")));
    }
    let mut store = call.store();
    if store.group(body.group, 0)?.is_none() {
        return Err(invalid("group: no such group".to_owned()));
    }
    Ok(json!({ "members": store.crowd(body.group, body.members, call.now())? }))
}

/// A notice of the server. `type` is the name in the schema, for example `DEVICE_LOGIN`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum NoticeBody {
    /// About the account.
    User {
        user: String,
        r#type: String,
        #[serde(default)]
        content: String,
    },
    /// About a contact.
    Roster {
        user: String,
        r#type: String,
        from: String,
        #[serde(default)]
        content: String,
    },
    /// About a group.
    Group {
        user: String,
        r#type: String,
        group: Uid,
        from: String,
        #[serde(default)]
        to: Vec<String>,
        #[serde(default)]
        content: String,
    },
    /// A message of the system.
    Message {
        user: String,
        content: String,
        #[serde(default)]
        ext: String,
    },
}

/// `POST /admin/api/notice {kind, user, type, content, ...}`: stored in the user's system
/// conversation and announced.
pub(super) fn notice(call: &Call<'_>) -> Answer {
    let cloud = call.cloud;
    let body: NoticeBody = json::read_tagged("", "kind", call.params.body()).map_err(invalid)?;
    let (user, ns, payload) = match body {
        NoticeBody::User { user, r#type, content } => (
            user_id(cloud, "user", &user)?,
            NameSpace::UserNotice,
            UserNotice { r#type: known(user_notice::Type::from_str_name(&r#type))?, content }.encode_to_vec(),
        ),
        NoticeBody::Roster { user, r#type, from, content } => {
            let user = user_id(cloud, "user", &user)?;
            (
                user,
                NameSpace::RosterNotice,
                RosterNotice {
                    r#type: known(roster_notice::Type::from_str_name(&r#type))?,
                    from: Some(wire::xid(user_id(cloud, "from", &from)?, 0)),
                    to: vec![wire::xid(user, 0)],
                    content,
                    ..RosterNotice::default()
                }
                .encode_to_vec(),
            )
        }
        NoticeBody::Group { user, r#type, group, from, to, content } => {
            let mut targets = Vec::with_capacity(to.len());
            for target in &to {
                targets.push(wire::xid(user_id(cloud, "to", target)?, 0));
            }
            (
                user_id(cloud, "user", &user)?,
                NameSpace::GroupNotice,
                GroupNotice {
                    r#type: known(group_notice::Type::from_str_name(&r#type))?,
                    gid: Some(wire::xid(group, 0)),
                    from: Some(wire::xid(user_id(cloud, "from", &from)?, 0)),
                    to: targets,
                    content,
                }
                .encode_to_vec(),
            )
        }
        NoticeBody::Message { user, content, ext } => (
            user_id(cloud, "user", &user)?,
            NameSpace::Message,
            MessageBody {
                r#type: message_body::Type::Chat.into(),
                content,
                ext,
                is_system: true,
                ..MessageBody::default()
            }
            .encode_to_vec(),
        ),
    };
    let copies = [Copy { owner: user, conv: 0, kind: ConvKind::System }];
    let meta = Append {
        from_uid: 0,
        from_sn: 0,
        origin: (0, 0),
        to_uid: user,
        ns: ns.into(),
        payload: &payload,
        is_message: ns == NameSpace::Message,
        copies: &copies,
    };
    let mut store = guard(&cloud.store);
    let mid = store.append(&meta, cloud.clock.now())?;
    sync::announce(cloud, &mut store, &copies, mid, (0, 0))?;
    Ok(json!({ "id": mid.to_string() }))
}

/// A user by id or login name.
fn user_id(cloud: &Cloud, field: &str, reference: &str) -> Result<Uid, ApiError> {
    let store = guard(&cloud.store);
    let uid = match reference.parse() {
        Ok(uid) => store.user_exists(uid)?.then_some(uid),
        Err(_) => store.user_by_name(reference)?,
    };
    uid.ok_or_else(|| ApiError::new(400, format!("{field}: no such user")))
}

/// Type 0 makes clients log out, so it counts as unknown here.
fn known(kind: Option<impl Into<i32>>) -> Result<i32, ApiError> {
    kind.map(Into::into).filter(|number| *number != 0).ok_or_else(|| ApiError::new(400, "type: unknown"))
}
