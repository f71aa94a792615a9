//! Metas from clients: validate, remember the client id, store, acknowledge, pass on (xsync 11.4).
use floo_wasm::core::proto::{
    Conversation, MessageBody, MessageOperation, Meta, RtcSignal, SyncDl, Xid, conversation, conversation_operation,
    message_body, message_operation::OpType, meta::NameSpace, rtc_signal, status::ErrorCode,
};
use prost::Message;

use crate::{
    Cloud, guard,
    hub::Out,
    socket::Session,
    store::{Accepted, Append, ConvKind, Copy, Edit, Effect, Result, Store, Uid, Uplink},
    sync,
    wire::{self, Down, xid},
};

/// Longest text, in bytes of UTF-8.
const CONTENT_LIMIT: usize = 64 * 1024;
/// Longest `ext`, `config` and `attachment`, in bytes each.
const EXTRA_LIMIT: usize = 16 * 1024;

/// Why a meta is turned down before it reaches the store.
struct Refused(ErrorCode, String);

type Checked<T> = std::result::Result<T, Refused>;

fn invalid<T>(what: impl Into<String>) -> Checked<T> {
    Err(Refused(ErrorCode::InvalidParameter, what.into()))
}

fn fail<T>(why: &str) -> Checked<T> {
    Err(Refused(ErrorCode::Fail, why.to_owned()))
}

/// What to do with a meta.
struct Plan<'a> {
    conversation: Uid,
    to: Uid,
    stored: bool,
    is_message: bool,
    copies: Vec<Copy>,
    effect: Effect<'a>,
}

impl Plan<'_> {
    const fn pass(conversation: Uid, copies: Vec<Copy>) -> Self {
        Self { conversation, to: conversation, stored: true, is_message: false, copies, effect: Effect::None }
    }
}

/// Handles one uplink meta and returns its ack.
pub(crate) fn receive(cloud: &Cloud, session: &Session, meta: &Meta) -> Result<SyncDl> {
    let conversation = meta.to.as_ref().map_or(0, |to| to.uid);
    let refusal = |code, reason: &str| SyncDl {
        status: wire::refused(code, reason),
        xid: Some(xid(conversation, 0)),
        client_mid: meta.id,
        ..SyncDl::default()
    };
    let content = match read(session, meta) {
        Ok(content) => content,
        Err(Refused(code, reason)) => return Ok(refusal(code, &reason)),
    };
    let mut store = guard(&cloud.store);
    let plan = match &content {
        Content::Message(body) => message_plan(&store, session, meta, body)?,
        Content::Conversation(conversation) => conversation_plan(session, conversation),
        Content::Rtc(_) => Ok(Plan { stored: false, ..Plan::pass(0, Vec::new()) }),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(Refused(code, reason)) => return Ok(refusal(code, &reason)),
    };
    let payload = delivered_payload(meta, &content);
    let identity = meta.encode_to_vec();
    let up = Uplink {
        sender: session.user,
        sn: session.sn,
        client_mid: meta.id,
        identity: &identity,
        conversation: plan.conversation,
        stored: plan.stored,
        meta: Append {
            from_uid: session.user,
            from_sn: session.sn,
            to_uid: plan.to,
            ns: meta.ns,
            payload: &payload,
            is_message: plan.is_message,
            copies: &plan.copies,
        },
        effect: plan.effect,
    };
    let accepted = match store.accept(&up, cloud.clock.now())? {
        Ok(accepted) => accepted,
        Err(why) => return Ok(refusal(ErrorCode::Fail, why.reason())),
    };
    if !accepted.repeated {
        let origin = (session.user, session.sn);
        if plan.stored {
            sync::announce(cloud, &mut store, &plan.copies, accepted.server_mid, origin)?;
        } else {
            let copy = passing_copy(meta, session, &plan, &accepted, payload);
            sync::pass_on(cloud, &plan.copies, &copy, origin);
        }
        if let Content::Rtc(signal) = &content {
            answer_rtc(cloud, session, signal, &accepted);
        }
    }
    Ok(ack(meta.id, &accepted))
}

fn ack(client_mid: u64, accepted: &Accepted) -> SyncDl {
    SyncDl {
        status: wire::ok(),
        xid: Some(xid(accepted.conversation, 0)),
        client_mid,
        server_mid: accepted.server_mid,
        server_time: accepted.time.cast_unsigned(),
        edit_timestamp: accepted.edited_at.cast_unsigned(),
        ..SyncDl::default()
    }
}

enum Content {
    Message(MessageBody),
    Conversation(Conversation),
    Rtc(RtcSignal),
}

/// Checks everything that needs no database.
fn read(session: &Session, meta: &Meta) -> Checked<Content> {
    if meta.id == 0 {
        return invalid("meta.id: missing");
    }
    match &meta.from {
        None => return invalid("meta.from: missing"),
        Some(from) if from.uid != session.user => {
            return invalid("meta.from: is not the account that is logged in");
        }
        Some(_) => {}
    }
    let unreadable = |e: prost::DecodeError| Refused(ErrorCode::PbParserError, format!("meta.payload: {e}"));
    let payload = meta.payload.as_ref();
    match NameSpace::try_from(meta.ns) {
        Ok(NameSpace::Message) => {
            let body = MessageBody::decode(payload).map_err(unreadable)?;
            check_sizes(&body)?;
            Ok(Content::Message(body))
        }
        Ok(NameSpace::Conversation) => Conversation::decode(payload).map(Content::Conversation).map_err(unreadable),
        Ok(NameSpace::RtcSignal) => RtcSignal::decode(payload).map(Content::Rtc).map_err(unreadable),
        _ => invalid(format!("meta.ns: {} is not for clients", meta.ns)),
    }
}

fn check_sizes(body: &MessageBody) -> Checked<()> {
    for (field, text, limit) in [
        ("content", &body.content, CONTENT_LIMIT),
        ("config", &body.config, EXTRA_LIMIT),
        ("attachment", &body.attachment, EXTRA_LIMIT),
        ("ext", &body.ext, EXTRA_LIMIT),
    ] {
        if text.len() > limit {
            return invalid(format!("{field}: {} bytes, at most {limit} are allowed", text.len()));
        }
    }
    Ok(())
}

const fn is_passing(body: &MessageBody) -> bool {
    body.qos == message_body::QoS::AtMostOnce as i32
}

fn message_plan<'a>(store: &Store, session: &Session, meta: &Meta, body: &'a MessageBody) -> Result<Checked<Plan<'a>>> {
    let Some(to) = meta.to.as_ref().map(|to| to.uid) else {
        return Ok(invalid("meta.to: missing"));
    };
    match message_body::Type::try_from(body.r#type) {
        Ok(message_body::Type::Chat) => chat_plan(store, session, to, body),
        Ok(message_body::Type::Groupchat) => group_plan(store, session, to, body),
        Ok(message_body::Type::Oper) => match &body.operation {
            Some(operation) => operation_plan(store, session, to, body, operation),
            None => Ok(invalid("operation: missing")),
        },
        _ => Ok(invalid(format!("type: {} is not for clients", body.r#type))),
    }
}

fn check_text(body: &MessageBody) -> Checked<()> {
    let text = body.ctype == message_body::ContentType::Text as i32;
    if text && body.content.is_empty() && !is_passing(body) {
        return invalid("content: empty text");
    }
    Ok(())
}

fn message<'a>(to: Uid, body: &MessageBody, copies: Vec<Copy>) -> Checked<Plan<'a>> {
    check_text(body)?;
    Ok(Plan { stored: !is_passing(body), is_message: true, ..Plan::pass(to, copies) })
}

fn chat_plan<'a>(store: &Store, session: &Session, to: Uid, body: &MessageBody) -> Result<Checked<Plan<'a>>> {
    if !store.user_exists(to)? {
        return Ok(fail("the recipient does not exist"));
    }
    Ok(message(to, body, chat_copies(session.user, to)))
}

fn group_plan<'a>(store: &Store, session: &Session, to: Uid, body: &MessageBody) -> Result<Checked<Plan<'a>>> {
    Ok(match group_copies(store, session.user, to)? {
        Ok(copies) => message(to, body, copies),
        Err(refused) => Err(refused),
    })
}

/// One copy for the recipient and one for the sender's other devices; one in all for a note to
/// oneself.
fn chat_copies(from: Uid, to: Uid) -> Vec<Copy> {
    let copy = |owner, conv| Copy { owner, conv, kind: ConvKind::Chat };
    if from == to { vec![copy(to, from)] } else { vec![copy(to, from), copy(from, to)] }
}

fn own_devices(user: Uid) -> Vec<Copy> {
    vec![Copy { owner: user, conv: 0, kind: ConvKind::System }]
}

fn group_copies(store: &Store, sender: Uid, group: Uid) -> Result<Checked<Vec<Copy>>> {
    match store.group(group)? {
        Some(group) if group.status == 0 => {}
        _ => return Ok(fail("the group does not exist")),
    }
    if store.role(group, sender)?.is_none() {
        return Ok(fail("the sender is not a member of the group"));
    }
    Ok(Ok(store.members(group)?.into_iter().map(|owner| Copy { owner, conv: group, kind: ConvKind::Group }).collect()))
}

fn operation_plan<'a>(
    store: &Store,
    session: &Session,
    to: Uid,
    body: &'a MessageBody,
    operation: &MessageOperation,
) -> Result<Checked<Plan<'a>>> {
    let mid = operation.mid;
    let kind = OpType::try_from(operation.r#type).unwrap_or(OpType::Unknown);
    let effect = match kind {
        OpType::Unknown => {
            return Ok(invalid(format!("operation.type: {} is unknown", operation.r#type)));
        }
        OpType::ReadAll | OpType::ReadCancel | OpType::Delete => {
            return Ok(own_operation(session, to, kind, mid, operation.xid.as_ref()));
        }
        _ if mid == 0 => return Ok(invalid("operation.mid: missing")),
        OpType::ReadAck => Effect::Status { mid, author: to, status: message_body::Status::Read as u8 },
        OpType::DeliverAck => Effect::Status { mid, author: to, status: message_body::Status::Delivered as u8 },
        OpType::PlayAck => Effect::None,
        OpType::Recall => Effect::Recall { mid, to },
        OpType::Append | OpType::Replace => Effect::Edit(Edit {
            mid,
            to,
            append: kind == OpType::Append,
            content: &body.content,
            config: &body.config,
            ext: &body.ext,
        }),
    };
    let for_groups = matches!(kind, OpType::Recall | OpType::Append | OpType::Replace);
    // A read receipt for the system conversation has no reader on the other side.
    let copies = if to == 0 && !for_groups {
        Ok(own_devices(session.user))
    } else if store.user_exists(to)? {
        Ok(chat_copies(session.user, to))
    } else if for_groups {
        group_copies(store, session.user, to)?
    } else {
        fail("the recipient does not exist")
    };
    Ok(copies.map(|copies| Plan { effect, ..Plan::pass(to, copies) }))
}

/// READ_ALL, READ_CANCEL and DELETE: from an account to its own other devices.
fn own_operation<'a>(
    session: &Session,
    to: Uid,
    kind: OpType,
    mid: u64,
    conversation: Option<&Xid>,
) -> Checked<Plan<'a>> {
    if to != session.user {
        return invalid("meta.to: this operation is for the own account");
    }
    let Some(conv) = conversation.map(|xid| xid.uid) else {
        return invalid("operation.xid: missing");
    };
    let effect = match kind {
        OpType::ReadAll => Effect::ReadAll { conv, up_to: mid },
        _ if mid == 0 => return invalid("operation.mid: missing"),
        OpType::ReadCancel => Effect::Unread { conv, mid },
        _ => Effect::Delete { conv, mid },
    };
    Ok(Plan { effect, to, ..Plan::pass(0, own_devices(session.user)) })
}

fn conversation_plan<'a>(session: &Session, body: &Conversation) -> Checked<Plan<'a>> {
    if body.r#type != conversation::Type::Oper as i32 {
        return invalid(format!("type: {} is unknown", body.r#type));
    }
    let Some(operation) = &body.operation else {
        return invalid("operation: missing");
    };
    let Some(conv) = operation.xid.as_ref().map(|xid| xid.uid) else {
        return invalid("operation.xid: missing");
    };
    match conversation_operation::OpType::try_from(operation.r#type) {
        Ok(conversation_operation::OpType::DeleteEverywhere) => Ok(Plan {
            to: session.user,
            effect: Effect::Hide { conv, sn: 0 },
            ..Plan::pass(0, own_devices(session.user))
        }),
        Ok(conversation_operation::OpType::Delete) => Ok(Plan {
            to: session.user,
            stored: false,
            effect: Effect::Hide { conv, sn: session.sn },
            ..Plan::pass(0, Vec::new())
        }),
        _ => invalid(format!("operation.type: {} is unknown", operation.r#type)),
    }
}

/// The payload for the receivers: what was sent, without the fields only the server may set.
/// The last value of a field wins, so they are overridden at the end and the rest stays as it is.
fn delivered_payload(meta: &Meta, content: &Content) -> Vec<u8> {
    const IS_SYSTEM: u8 = 12 << 3;
    const STATUS: u8 = 14 << 3;
    const EDIT_TIMESTAMP: u8 = 15 << 3;
    let mut payload = meta.payload.to_vec();
    if let Content::Message(body) = content {
        for (field, set) in
            [(IS_SYSTEM, body.is_system), (STATUS, body.status != 0), (EDIT_TIMESTAMP, body.edit_timestamp != 0)]
        {
            if set {
                payload.extend([field, 0]);
            }
        }
    }
    payload
}

fn passing_copy(meta: &Meta, session: &Session, plan: &Plan<'_>, accepted: &Accepted, payload: Vec<u8>) -> Meta {
    Meta {
        id: accepted.server_mid,
        from: Some(xid(session.user, session.sn)),
        to: Some(xid(plan.to, 0)),
        timestamp: accepted.time.cast_unsigned(),
        ns: meta.ns,
        payload: payload.into(),
    }
}

/// There is no media server: every signal is answered with a Janus error to the same device.
fn answer_rtc(cloud: &Cloud, session: &Session, signal: &RtcSignal, accepted: &Accepted) {
    let body = RtcSignal {
        r#type: rtc_signal::Type::VideoRoom.into(),
        content: r#"{"janus":"error","error":{"code":490,"reason":"no media server here"}}"#.to_owned(),
        media_server: signal.media_server.clone(),
    };
    let meta = Meta {
        id: accepted.server_mid,
        from: Some(xid(0, 0)),
        to: Some(xid(session.user, session.sn)),
        timestamp: accepted.time.cast_unsigned(),
        ns: NameSpace::RtcSignal.into(),
        payload: body.encode_to_vec().into(),
    };
    let page = SyncDl { is_eager_sync: true, ..wire::page(0, vec![meta], 0) };
    for (sn, sender) in cloud.hub.devices(session.user) {
        if sn == session.sn {
            sender.send(Out::frame(Some(session.user), Down::Sync(page.clone())));
        }
    }
}
