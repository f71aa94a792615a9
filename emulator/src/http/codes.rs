//! QR codes, links and texts that are handed over (http-api 8.2, 8.3, 8.9).
use floo_wasm::core::proto::group_notice::Type as Notice;
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    desk::{MINUTE, Slip, print},
    group_call::{GID, GroupCall},
    table::{Shape::*, Type::*, must, rows},
    users,
};
use crate::{
    clock::Millis,
    store::{self, APP_ID},
};

const CODE: usize = 64;
/// How long the QR code of a group is good for.
const GROUP_CODE_LIFE: Millis = 7 * 24 * 60 * MINUTE;
/// Longest time a secret may wait, in seconds.
const SECRET_LIFE: i64 = 3600;

#[rustfmt::skip]
rows! {
    P2 GET "/info" Open link [must("link", Word(2048))] -> Fields(&[("app_id", Str), ("uid", Num), ("text", Str), ("type", Str)]), [10000], "Whom a link leads to: its last part is an id or a name";
    P2 POST "/app/secret_info" Token leave_secret [must("expire_seconds", Int), must("secret_text", Word(65_536))] -> Fields(&[("code", Str)]), [], "Parks a text for whoever has the code";
    P2 GET "/app/secret_info" App take_secret [must("code", Word(CODE))] -> Fields(&[("secret_text", Str)]), [], "Takes the text; it is gone then";
    P2 GET "/app/qr_code" App qr_code [] -> Fields(&[("qr_code", Str), ("url", Str), ("expired", Num)]), [], "Starts a login by QR code";
    P2 GET "/app/qr_login" Either qr_login [must("qr_code", Word(CODE))] -> Named("Credentials"), [], "The other side of it: empty until somebody has confirmed; with a token it confirms";
    Rest GET "/app/allow" Token allow [must("qr_code", Word(CODE)), must("allow", Flag)] -> Bool, [], "Confirms a login by QR code, or refuses it";
    P2 GET "/app/qrcode/group_sign" Token group_sign [GID] -> GROUP_CODE, [20001, 20011, 20012], "An invitation into a group as a QR code";
    Rest GET "/group/qrcode/sign" Token group_sign [GID] -> GROUP_CODE, [20001, 20011, 20012], "The same";
    P2 GET "/app/qrcode/group_invite" Token group_invite [must("qr_info", Word(CODE))] -> Bool, [20001, 20009, 20010, 20017, 20018, 20024, 20025], "Joins a group by its QR code";
    Rest POST "/app/qrcode/group_invite" Token group_invite [must("qr_info", Word(CODE))] -> Bool, [20001, 20009, 20010, 20017, 20018, 20024, 20025], "The same";
    Rest POST "/group/qrcode/invite" Token group_invite [must("qr_info", Word(CODE))] -> Bool, [20001, 20009, 20010, 20017, 20018, 20024, 20025], "The same";
}

const GROUP_CODE: super::table::Shape =
    Fields(&[("qr_info", Str), ("expired", Num), ("expire_at", Num), ("create_at", Num)]);

fn link(call: &Call<'_>) -> Answer {
    let link = call.params.required_text("link")?;
    let end = link.split(['?', '#']).next().unwrap_or(link).trim_end_matches('/');
    let name = end.rsplit('/').next().unwrap_or(end);
    let store = call.store();
    let profile = store.user_by_reference(name)?.map(|user| store.profile(user)).transpose()?.flatten();
    let profile = profile.ok_or_else(|| ApiError::new(10000, "link: leads to nobody"))?;
    let text = format!("Hello {}", profile.nick_name);
    Ok(json!({ "app_id": APP_ID, "uid": profile.user_id, "text": text, "type": "chat" }))
}

fn leave_secret(call: &Call<'_>) -> Answer {
    let seconds = call.params.number("expire_seconds")?.unwrap_or(0);
    if !(1..=SECRET_LIFE).contains(&seconds) {
        return Err(ApiError::parameter("expire_seconds", "must be from 1 to 3600"));
    }
    let text = call.params.required_text("secret_text")?.to_owned();
    Ok(json!({ "code": call.desk().leave(Slip::Secret(text), call.now(), seconds * 1000)? }))
}

fn take_secret(call: &Call<'_>) -> Answer {
    let code = call.params.required_text("code")?;
    match call.desk().look(code, call.now()) {
        Some(Slip::Secret(text)) => {
            call.desk().take(code, call.now());
            Ok(json!({ "secret_text": text }))
        }
        _ => Err(ApiError::parameter("code", "unknown or expired")),
    }
}

fn qr_code(call: &Call<'_>) -> Answer {
    let code = call.desk().leave(Slip::Scan(None), call.now(), 2 * MINUTE)?;
    print(&format!("QR login {code}"));
    Ok(json!({ "qr_code": code, "url": format!("floo-emulator:login/{code}"), "expired": call.now() + 2 * MINUTE }))
}

fn qr_login(call: &Call<'_>) -> Answer {
    let code = call.params.required_text("qr_code")?;
    let scan = call.desk().look(code, call.now());
    match scan {
        Some(Slip::Scan(_)) if call.caller != 0 => {
            call.desk().change(code, call.now(), Slip::Scan(Some(call.caller)));
            Ok(json!({}))
        }
        Some(Slip::Scan(None)) => Ok(json!({})),
        Some(Slip::Scan(Some(user))) => {
            call.desk().take(code, call.now());
            users::credentials(call, user)
        }
        _ => Err(ApiError::parameter("qr_code", "unknown or expired")),
    }
}

fn allow(call: &Call<'_>) -> Answer {
    let code = call.params.required_text("qr_code")?;
    let Some(Slip::Scan(_)) = call.desk().look(code, call.now()) else {
        return Err(ApiError::parameter("qr_code", "unknown or expired"));
    };
    if call.params.required_flag("allow")? {
        call.desk().change(code, call.now(), Slip::Scan(Some(call.caller)));
    } else {
        call.desk().take(code, call.now());
    }
    Ok(true.into())
}

/// For those who may invite.
fn group_sign(call: &Call<'_>) -> Answer {
    let mut asked = GroupCall::open_to_inviters(call)?;
    let (gid, now) = (asked.gid(), call.now());
    let code = store::secret()?;
    let end = now + GROUP_CODE_LIFE;
    asked.store.keep_group_code(&code, gid, end)?;
    Ok(json!({ "qr_info": code, "expired": end, "expire_at": end, "create_at": now }))
}

fn group_invite(call: &Call<'_>) -> Answer {
    let found = call.store().group_code(call.params.required_text("qr_info")?)?;
    let (gid, end) = found.ok_or_else(|| ApiError::new(20024, "qr_info: unknown"))?;
    if end <= call.now() {
        return Err(ApiError::new(20025, "qr_info: expired"));
    }
    let mut asked = GroupCall::of(call, gid)?;
    if let Some(obstacle) = asked.obstacle(call.caller)? {
        return Err(obstacle);
    }
    asked.admit(call.caller)?;
    let members = asked.members()?;
    asked.tell(Notice::Joined, call.caller, &[], "", &members)?;
    Ok(true.into())
}
