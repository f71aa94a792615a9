//! Metas from clients: validate, remember the client id, store, acknowledge, pass on (xsync 11.4).
use floo_wasm::core::proto::{
    Conversation, MessageBody, MessageOperation, Meta, RtcSignal, SyncDl, Xid, conversation, conversation_operation,
    message_body, message_operation::OpType, meta::NameSpace, rtc_signal, status::ErrorCode,
};
use prost::Message;

use crate::{
    Cloud, guard,
    hub::Out,
    rules::{Checked, Refused, Sender, invalid, is_passing},
    socket::Session,
    store::{Accepted, Append, CONTENT_LIMIT, ConvKind, Copy, Edit, Effect, Result, Uid, Uplink},
    sync,
    wire::{self, Down, xid},
};

/// Longest `ext` and `config`, in bytes each.
const EXTRA_LIMIT: usize = 16 * 1024;

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
    let identity = meta.encode_to_vec();
    let now = cloud.clock.now();
    let mut store = guard(&cloud.store);
    // Before all rules: what was accepted once stays accepted, however things are now.
    match store.earlier_send(session.user, meta.id, &identity, now)? {
        Some(Ok(accepted)) => return Ok(ack(meta.id, &accepted)),
        Some(Err(why)) => return Ok(refusal(ErrorCode::Fail, why.reason())),
        None => {}
    }
    let plan = match &content {
        Content::Message(body) => {
            let sender = Sender { cloud, store: &store, user: session.user, now };
            message_plan(&sender, meta, body)?
        }
        Content::Conversation(conversation) => conversation_plan(session, conversation),
        Content::Rtc(_) => Ok(Plan { stored: false, ..Plan::pass(0, Vec::new()) }),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(Refused(code, reason)) => return Ok(refusal(code, &reason)),
    };
    let payload = delivered_payload(meta, &content);
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
            origin: (session.user, session.sn),
            to_uid: plan.to,
            ns: meta.ns,
            payload: &payload,
            is_message: plan.is_message,
            copies: &plan.copies,
        },
        effect: plan.effect,
    };
    let accepted = match store.accept(&up, now)? {
        Ok(accepted) => accepted,
        Err(why) => return Ok(refusal(ErrorCode::Fail, why.reason())),
    };
    let origin = (session.user, session.sn);
    if plan.stored {
        sync::announce(cloud, &mut store, &plan.copies, accepted.server_mid, origin)?;
        if let (Content::Message(body), true) = (&content, plan.is_message) {
            cloud.bots.hear(session.user, &plan.copies, accepted.server_mid, body);
        }
    } else {
        let copy = passing_copy(meta, session, &plan, &accepted, payload);
        sync::pass_on(cloud, &plan.copies, &copy, origin);
    }
    if let Content::Rtc(signal) = &content {
        answer_rtc(cloud, session, signal, &accepted);
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
        // A merged forward carries whole messages in it.
        ("attachment", &body.attachment, CONTENT_LIMIT),
        ("ext", &body.ext, EXTRA_LIMIT),
    ] {
        if text.len() > limit {
            return invalid(format!("{field}: {} bytes, at most {limit} are allowed", text.len()));
        }
    }
    Ok(())
}

fn message_plan<'a>(sender: &Sender<'_>, meta: &Meta, body: &'a MessageBody) -> Result<Checked<Plan<'a>>> {
    let Some(to) = meta.to.as_ref().map(|to| to.uid) else {
        return Ok(invalid("meta.to: missing"));
    };
    match message_body::Type::try_from(body.r#type) {
        Ok(kind @ (message_body::Type::Chat | message_body::Type::Groupchat)) => {
            let copies =
                if kind == message_body::Type::Chat { sender.chat_copies(to)? } else { sender.group_copies(to)? };
            let copies = match copies {
                Ok(copies) => copies,
                Err(refused) => return Ok(Err(refused)),
            };
            if let Err(refused) = check_text(body) {
                return Ok(Err(refused));
            }
            if let Err(refused) = sender.may_say(to, kind, body)? {
                return Ok(Err(refused));
            }
            Ok(Ok(Plan { stored: !is_passing(body), is_message: true, ..Plan::pass(to, copies) }))
        }
        Ok(message_body::Type::Oper) => match &body.operation {
            Some(operation) => operation_plan(sender, to, body, operation),
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

fn own_devices(user: Uid) -> Vec<Copy> {
    vec![Copy { owner: user, conv: 0, kind: ConvKind::System }]
}

fn operation_plan<'a>(
    sender: &Sender<'_>,
    to: Uid,
    body: &'a MessageBody,
    operation: &MessageOperation,
) -> Result<Checked<Plan<'a>>> {
    let mid = sender.cloud.ids.inside(operation.mid);
    let kind = OpType::try_from(operation.r#type).unwrap_or(OpType::Unknown);
    let is_edit = matches!(kind, OpType::Append | OpType::Replace);
    let effect = match kind {
        OpType::Unknown => {
            return Ok(invalid(format!("operation.type: {} is unknown", operation.r#type)));
        }
        OpType::ReadAll | OpType::ReadCancel | OpType::Delete => {
            return Ok(own_operation(sender.user, to, kind, mid, operation.xid.as_ref()));
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
    if is_edit && body.content.is_empty() && !is_object(&body.config) && !is_object(&body.ext) {
        return Ok(invalid("content: an edit needs content, config or ext"));
    }
    let for_groups = is_edit || kind == OpType::Recall;
    // A read receipt for the system conversation has no reader on the other side.
    let copies = if to == 0 && !for_groups {
        Ok(own_devices(sender.user))
    } else if for_groups && !sender.store.user_exists(to)? {
        sender.group_copies(to)?
    } else {
        sender.chat_copies(to)?
    };
    let mut copies = match copies {
        Ok(copies) => copies,
        Err(refused) => return Ok(Err(refused)),
    };
    if kind == OpType::ReadAck && !sender.store.wants_receipts(mid)? {
        // A group without read receipts: the reader's own devices learn of it, the author does not.
        copies.retain(|copy| copy.owner == sender.user);
    }
    if is_edit {
        let group = copies.iter().any(|copy| copy.kind == ConvKind::Group);
        let kind = if group { message_body::Type::Groupchat } else { message_body::Type::Chat };
        if let Err(refused) = sender.may_say(to, kind, body)? {
            return Ok(Err(refused));
        }
    }
    Ok(Ok(Plan { effect, ..Plan::pass(to, copies) }))
}

/// True for the text of a JSON object; shipped clients write `null` for nothing.
fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok_and(|object| !object.is_empty())
}

/// READ_ALL, READ_CANCEL and DELETE: from an account to its own other devices.
fn own_operation<'a>(user: Uid, to: Uid, kind: OpType, mid: u64, conversation: Option<&Xid>) -> Checked<Plan<'a>> {
    if to != user {
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
    Ok(Plan { effect, to, ..Plan::pass(0, own_devices(user)) })
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
