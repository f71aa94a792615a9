//! WeChat, pretended: a code stands for an openid, and an openid is bound to an account or not
//! (http-api 8.5). Whatever code comes in is somebody's; the same code is the same person.
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    desk::{MINUTE, Slip, print},
    table::{Shape::*, Type::*, may, missing, must, rows},
    users,
};
use crate::store;

const ID: usize = 128;

#[rustfmt::skip]
rows! {
    P4 POST "/app/generate_url_link" Token missing [must("path", Text(1024)), must("query", Text(4096)), may("envVersion", Text(64))] -> Missing, [], "A link that opens the mini-program";
    P4 GET "/app/official_account/qrcode" App qrcode [] -> Fields(&[("qrcode_id", Str), ("url", Str), ("expired", Num)]), [], "Starts a login by official account";
    P4 GET "/app/official_account/qrcode_status" App status [must("qrcode_id", Word(ID))] -> Fields(&[("code", Str)]), [11022], "Its WeChat code, once it was confirmed";
    P4 GET "/app/official_account/login" App log_in [must("code", Word(ID))] -> Named("Credentials"), [], "What a WeChat code is good for";
    P4 GET "/app/official_account/is_bind" Token is_bound_to_account [] -> Bool, [10000], "True when the caller has WeChat, otherwise a failure";
    P4 GET "/user/bind_openid" Token bind [must("open_id", Word(ID)), may("type", Int)] -> Bool, [10011], "Binds WeChat to the caller";
    P4 GET "/app/wechat_login" App log_in [must("code", Word(ID)), may("iv", Text(1024)), may("data", Text(4096))] -> Named("Credentials"), [], "What a WeChat code is good for";
    Rest GET "/app/wechat_login_android" App log_in [must("code", Word(ID))] -> Named("Credentials"), [], "The same";
    Rest GET "/app/wechat_login_app" App log_in [must("code", Word(ID))] -> Named("Credentials"), [], "The same";
    P4 POST "/app/wechat/bind" Token bind [must("open_id", Word(ID)), must("type", Int)] -> Bool, [10011], "Binds WeChat to the caller";
    P4 POST "/app/wechat/unbind" Token unbind [] -> Bool, [], "Takes WeChat off the caller";
    P4 GET "/app/wechat/is_bind" Token is_bound [] -> Bool, [], "Whether the caller has WeChat";
}

fn qrcode(call: &Call<'_>) -> Answer {
    let id = call.desk().leave(Slip::WeChat(None), call.now(), 2 * MINUTE)?;
    print(&format!("WeChat QR code {id}"));
    Ok(json!({ "qrcode_id": id, "url": format!("floo-emulator:wechat/{id}"), "expired": call.now() + 2 * MINUTE }))
}

fn status(call: &Call<'_>) -> Answer {
    match call.desk().look(call.params.required_text("qrcode_id")?, call.now()) {
        Some(Slip::WeChat(Some(code))) => Ok(json!({ "code": code })),
        Some(Slip::WeChat(None)) => Err(ApiError::new(11022, "not confirmed yet")),
        _ => Err(ApiError::parameter("qrcode_id", "unknown or expired")),
    }
}

/// Credentials when the openid has an account; otherwise the openid, to bind it.
fn log_in(call: &Call<'_>) -> Answer {
    let openid = store::openid(call.params.required_text("code")?);
    let user = call.store().user_by_openid(&openid)?;
    let mut answer = match user {
        Some(user) => users::credentials(call, user)?,
        None => json!({}),
    };
    answer["openid"] = openid.into();
    Ok(answer)
}

fn bind(call: &Call<'_>) -> Answer {
    let kind = call.params.number("type")?.unwrap_or(1);
    if !(0..=2).contains(&kind) {
        return Err(ApiError::parameter("type", "must be from 0 to 2"));
    }
    let openid = call.params.required_text("open_id")?;
    if call.store().bind_openid(openid, call.caller, kind)? {
        Ok(true.into())
    } else {
        Err(ApiError::new(10011, "open_id: is bound to another account"))
    }
}

fn unbind(call: &Call<'_>) -> Answer {
    call.store().unbind_openids(call.caller)?;
    Ok(true.into())
}

fn is_bound(call: &Call<'_>) -> Answer {
    Ok(call.store().has_openid(call.caller)?.into())
}

/// Clients take any answer for yes, and a failure for no.
fn is_bound_to_account(call: &Call<'_>) -> Answer {
    if call.store().has_openid(call.caller)? {
        Ok(true.into())
    } else {
        Err(ApiError::new(10000, "no official account is bound"))
    }
}
