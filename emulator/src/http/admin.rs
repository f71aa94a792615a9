//! The developer's switches; no token, so the server listens on loopback by default.
use floo_wasm::core::proto::{
    GroupNotice, MessageBody, RosterNotice, UserNotice, group_notice, message_body, meta::NameSpace, roster_notice,
    user_notice,
};
use prost::Message;
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    desk::Slip,
    table::{Shape::*, Type::*, may, must, rows},
};
use crate::{
    Cloud,
    bots::{self, Bot},
    faults::{self, RulesError},
    guard, json,
    policy::Policy,
    store::{self, Append, ConvKind, Copy, State, Uid},
    sync, wire,
};

#[rustfmt::skip]
rows! {
    Rest GET "/admin/api/state" Admin state [] -> Json, [], "Users, groups, sockets, counts, switches, faults";
    Rest GET "/admin/api/openapi" Admin openapi [] -> Bare, [], "This document";
    Rest GET "/admin/api/desk" Admin desk [] -> List(&Json), [], "SMS codes, captchas and open QR codes";
    Rest POST "/admin/api/confirm" Admin confirm [must("code", Word(64)), must("user", Word(256))] -> Bool, [], "Confirms a QR code on behalf of a user";
    Rest POST "/admin/api/faults" Admin faults [may("seed", Int), must("rules", Any)] -> Json, [], "Replaces all fault rules";
    Rest POST "/admin/api/clock" Admin clock [must("offset_ms", Any)] -> Json, [], "Moves the server's time";
    Rest POST "/admin/api/app" Admin app [] -> Json, [], "Sets switches of the application";
    Rest POST "/admin/api/user" Admin user [must("user", Any), must("state", Any)] -> Json, [], "Bans or freezes an account";
    Rest POST "/admin/api/crowd" Admin crowd [must("group", Any), must("members", Any)] -> Json, [], "Fills a group with users";
    Rest POST "/admin/api/notice" Admin notice [must("kind", Any)] -> Json, [], "Sends a notice of the server";
    Rest POST "/admin/api/bots" Admin bots [must("bots", Any), may("chatty_ms", Int)] -> Json, [], "Creates virtual users and switches the chatty ones";
}

fn openapi(_: &Call<'_>) -> Answer {
    Ok(super::openapi())
}

fn desk(call: &Call<'_>) -> Answer {
    Ok(call.desk().describe(call.now()).into())
}

/// `POST /admin/api/confirm {code, user}`: what the phone of the user would do.
fn confirm(call: &Call<'_>) -> Answer {
    let code = call.params.required_text("code")?;
    let user = user_id(call.cloud, "user", call.params.required_text("user")?)?;
    let slip = match call.desk().look(code, call.now()) {
        Some(Slip::Scan(_)) => Slip::Scan(Some(user)),
        // The openid of this code has to be the user's.
        Some(Slip::WeChat(_)) => {
            let wechat = format!("wechat-{user}");
            if !call.store().bind_openid(&store::openid(&wechat), user, 0)? {
                return Err(invalid("user: the openid is somebody else's".to_owned()));
            }
            Slip::WeChat(Some(wechat))
        }
        _ => return Err(invalid("code: no open QR code".to_owned())),
    };
    Ok(call.desk().change(code, call.now(), slip).into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BotsBody {
    bots: Vec<Bot>,
    #[serde(default)]
    chatty_ms: u64,
}

/// `POST /admin/api/bots {bots, chatty_ms}`.
fn bots(call: &Call<'_>) -> Answer {
    let body: BotsBody = json::read("", call.params.body()).map_err(invalid)?;
    let names = bots::create(call.cloud, &body.bots)?;
    call.cloud.bots.set_chatter(body.chatty_ms);
    Ok(json!({ "bots": names, "chatty_ms": body.chatty_ms }))
}

/// `GET /admin/api/state`.
fn state(call: &Call<'_>) -> Answer {
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
fn faults(call: &Call<'_>) -> Answer {
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
fn clock(call: &Call<'_>) -> Answer {
    let body: ClockBody = json::read("", call.params.body()).map_err(invalid)?;
    call.cloud.clock.set_offset(body.offset_ms);
    Ok(json!({ "offset_ms": body.offset_ms, "now": call.cloud.clock.now() }))
}

/// `POST /admin/api/app`: sets the switches that are given, answers with all.
fn app(call: &Call<'_>) -> Answer {
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
fn user(call: &Call<'_>) -> Answer {
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
fn crowd(call: &Call<'_>) -> Answer {
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
fn notice(call: &Call<'_>) -> Answer {
    let cloud = call.cloud;
    let body: NoticeBody = json::read_tagged("", "kind", call.params.body()).map_err(invalid)?;
    let (user, ns, payload) = match body {
        NoticeBody::User { user, r#type, content } => (
            user_id(cloud, "user", &user)?,
            NameSpace::UserNotice,
            UserNotice { r#type: known(user_type(&r#type))?, content }.encode_to_vec(),
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
    let uid = guard(&cloud.store).user_by_reference(reference)?;
    uid.ok_or_else(|| ApiError::new(400, format!("{field}: no such user")))
}

/// Type 0 makes shipped clients log out, so there is none here.
fn user_type(name: &str) -> Option<user_notice::Type> {
    user_notice::Type::from_str_name(name).filter(|kind| *kind != user_notice::Type::Unknown)
}

fn known(kind: Option<impl Into<i32>>) -> Result<i32, ApiError> {
    kind.map(Into::into).ok_or_else(|| ApiError::new(400, "type: unknown"))
}
