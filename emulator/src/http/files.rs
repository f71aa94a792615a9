//! Where files may be uploaded to, and passing them on (http-api 7, 8.8). The bytes go through
//! `upload` and `download`.
use axum::http::header;
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    group_call::{GID, GroupCall},
    table::{Param, Shape::*, Type::*, must, rows},
};
use crate::{
    clock::Millis,
    guard,
    policy::UploadMethod,
    store::{Audience, Role, Slot, Store},
};

/// How long an upload may be started.
const SLOT_TIME: Millis = 3_600_000;

/// `file_type` of what is uploaded for the list of a group; 99 is what shipped clients send.
const SHARED_TYPES: &[i64] = &[99, 200, 201, 202, 203];
const CHAT_TYPES: &[i64] = &[100, 101, 102, 103, 104];

const TO: Param = must("to_id", Id);
const TO_TYPE: Param = must("to_type", Int);

#[rustfmt::skip]
rows! {
    P1 GET "/file/upload/avatar/user" Token user_avatar [] -> Named("FileUpload"), [], "Where the own avatar may be uploaded to";
    P1 GET "/file/upload/avatar/group" Token group_avatar [GID] -> Named("FileUpload"), [20001, 20011, 20012], "The same for a group";
    P1 GET "/file/upload/chat" Token chat [must("file_type", Int), TO, TO_TYPE] -> Named("FileUpload"), [10000, 20001, 20011], "The same for a file of a chat, or one to share in a group";
    P1 GET "/file/upload/forward" Token forward [must("file_sign", Word(1024)), TO, TO_TYPE] -> Str, [10000, 20001, 20011], "A URL of a file for another conversation";
}

/// `GET /file/upload/avatar/user`.
fn user_avatar(call: &Call<'_>) -> Answer {
    slot(call, Audience::Everybody, false)
}

/// `GET /file/upload/avatar/group`: for those who may change the avatar then.
fn group_avatar(call: &Call<'_>) -> Answer {
    let asked = GroupCall::open_as(call, Role::Member)?;
    if !asked.group.member_modify {
        asked.need(Role::Admin)?;
    }
    drop(asked);
    slot(call, Audience::Everybody, false)
}

/// `GET /file/upload/chat`.
fn chat(call: &Call<'_>) -> Answer {
    let kind = call.params.number("file_type")?.ok_or_else(|| ApiError::parameter("file_type", "missing"))?;
    let shared = SHARED_TYPES.contains(&kind);
    if !shared && !CHAT_TYPES.contains(&kind) {
        return Err(ApiError::parameter("file_type", "unknown"));
    }
    let audience = audience(call, &call.store())?;
    slot(call, audience, shared)
}

/// `GET /file/upload/forward`: a new URL for a file the caller may see, for another conversation.
fn forward(call: &Call<'_>) -> Answer {
    // Cut out of a URL, so that parameters for pictures may hang on it.
    let sign = call.params.required_text("file_sign")?;
    let sign = sign.split('&').next().unwrap_or(sign);
    let mut store = call.store();
    let audience = audience(call, &store)?;
    let Some(file) = store.linked_file(sign, call.caller)? else {
        return Err(ApiError::parameter("file_sign", "no file of yours has it"));
    };
    let sign = store.link_again(&file.object, call.caller, audience)?;
    Ok(json!(chat_url(&origin(call)?, &sign)))
}

/// Who `to_type` and `to_id` are, somebody the caller may write to.
fn audience(call: &Call<'_>, store: &Store) -> Result<Audience, ApiError> {
    let to = call.params.id("to_id")?;
    match call.params.number("to_type")? {
        Some(1) => {
            if !store.user_exists(to)? {
                return Err(ApiError::new(10000, "user does not exist"));
            }
            Ok(Audience::User(to))
        }
        Some(2) => {
            if store.group(to, call.caller)?.is_none() {
                return Err(ApiError::new(20001, "group does not exist"));
            }
            if store.membership(to, call.caller)?.is_none() {
                return Err(ApiError::new(20011, "only for members"));
            }
            Ok(Audience::Group(to))
        }
        Some(_) => Err(ApiError::parameter("to_type", "must be 1 (user) or 2 (group)")),
        None => Err(ApiError::parameter("to_type", "missing")),
    }
}

/// A new slot as a `FileUpload`.
fn slot(call: &Call<'_>, audience: Audience, shared: bool) -> Answer {
    let origin = origin(call)?;
    let slot = {
        let mut store = call.store();
        store.forget_old_slots(call.now())?;
        store.open_slot(call.caller, audience, shared, call.now().saturating_add(SLOT_TIME))?
    };
    let download_url = match audience {
        Audience::Everybody => format!("{origin}/file/download/avatar?object_name={}", slot.sign),
        _ => chat_url(&origin, &slot.sign),
    };
    let method = guard(&call.cloud.policy).upload_method;
    let (upload_url, fields) = target(&origin, &slot, method);
    Ok(json!({
        "upload_url": upload_url,
        "upload_method": method,
        "download_url": download_url,
        "oss_body_param": fields,
    }))
}

/// Where to, and which fields go with it: a form brings the signature in its fields, raw bytes in
/// the URL.
fn target(origin: &str, slot: &Slot, method: UploadMethod) -> (String, Value) {
    let Slot { object, policy, signature, .. } = slot;
    match method {
        UploadMethod::Post => (
            format!("{origin}/file/upload/store"),
            json!({
                "OSSAccessKeyId": "floo-emulator",
                "policy": policy,
                "signature": signature,
                "callback": "none",
                "key": object,
            }),
        ),
        UploadMethod::Put => {
            (format!("{origin}/file/upload/store?key={object}&policy={policy}&signature={signature}"), json!({}))
        }
    }
}

/// The sign must come last: clients cut it out behind `sign=`.
fn chat_url(origin: &str, sign: &str) -> String {
    format!("{origin}/file/download/chat?file_sign={sign}")
}

/// This server under the name the caller used.
fn origin(call: &Call<'_>) -> Result<String, ApiError> {
    let host = call.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| ApiError::parameter("Host", "missing"))?;
    let secure = call.headers.get("x-forwarded-proto").is_some_and(|protocol| protocol.as_bytes() == b"https");
    Ok(format!("{}://{host}", if secure { "https" } else { "http" }))
}
