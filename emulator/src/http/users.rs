//! Registration, tokens, profile (http-api 8.3).
use serde_json::{Value, json};

use super::{Answer, ApiError, call::Call};
use crate::{
    guard,
    store::{NewUser, Uid, password_matches},
};

/// Longest login name, in characters.
const NAME_LIMIT: usize = 64;
/// Longest password, in bytes.
const PASSWORD_LIMIT: usize = 256;

/// `POST /token/user`: by name, or by mobile when there is no name.
pub(super) fn token_user(call: &Call<'_>) -> Answer {
    let name = call.params.text("name")?.filter(|name| !name.is_empty());
    let user = match name {
        Some(name) => guard(&call.cloud.store).user_by_name(name)?,
        None => match call.params.text("mobile")?.filter(|m| !m.is_empty()) {
            Some(mobile) => guard(&call.cloud.store).user_by_mobile(mobile)?,
            None => return Err(ApiError::parameter("name", "missing")),
        },
    };
    log_in(call, user)
}

/// `POST /token/id`.
pub(super) fn token_id(call: &Call<'_>) -> Answer {
    log_in(call, Some(call.params.id("user_id")?))
}

fn log_in(call: &Call<'_>, user: Option<Uid>) -> Answer {
    let password = call.params.required_text("password")?;
    let unknown = || ApiError::new(10000, "user does not exist");
    let uid = user.ok_or_else(unknown)?;
    let hash = guard(&call.cloud.store).password_hash(uid)?.ok_or_else(unknown)?;
    if !password_matches(password, &hash)? {
        return Err(ApiError::new(11001, "Operation rejected: wrong user name or password"));
    }
    let (token, expire) = guard(&call.cloud.store).issue_token(uid, call.cloud.clock.now())?;
    Ok(json!({
        "token": token,
        "user_id": uid,
        "public_key": "floo-emulator",
        "expire": expire,
        "encrypt_type": 0,
    }))
}

/// `POST /user/register/v2`: answers with the settings of the new user, not with a token.
pub(super) fn register(call: &Call<'_>) -> Answer {
    let username = call.params.required_text("username")?;
    let password = call.params.required_text("password")?;
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+');
    if username.chars().count() > NAME_LIMIT || !username.chars().all(good) {
        return Err(ApiError::parameter("username", "must have 1 to 64 letters, digits or any of _ - . @ +"));
    }
    if password.len() > PASSWORD_LIMIT {
        return Err(ApiError::parameter("password", "must have 1 to 256 bytes"));
    }
    let user = NewUser { username, password, nick_name: username };
    let created = guard(&call.cloud.store).create_user(user, call.cloud.clock.now())?;
    let uid = created.ok_or_else(|| ApiError::new(10004, "user already exists"))?;
    Ok(settings(uid))
}

/// `UserSettings` of a user who has changed nothing.
fn settings(uid: Uid) -> Value {
    json!({
        "user_id": uid,
        "id": uid,
        "auth_mode": 0,
        "auth_question": "",
        "auth_answer": "",
        "auto_download": true,
        "group_confirm": false,
        "no_push": false,
        "no_push_detail": false,
        "no_push_start_hour": 0,
        "no_push_end_hour": 0,
        "no_sounds": false,
        "vibratory": true,
        "push_nick_name": "",
        "push_token": "",
        "silence_start_time": 0,
        "silence_end_time": 0,
    })
}

/// `GET /user/profile`.
pub(super) fn profile(call: &Call<'_>) -> Answer {
    let profile =
        guard(&call.cloud.store).profile(call.caller)?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    Ok(json!(profile))
}
