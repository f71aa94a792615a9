//! Registration, tokens, password (http-api 8.3).
use floo_wasm::core::proto::{group_notice, user_notice};
use serde_json::json;

use super::{Answer, ApiError, call::Call, profile};
use crate::{
    guard,
    notify::AboutGroup,
    policy::AppStatus,
    store::{NewUser, State, Store, Uid, password_matches},
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

/// `POST /token/login`: by whatever the user can log in with, name or mobile.
pub(super) fn token_login(call: &Call<'_>) -> Answer {
    let name = call.params.required_text("login_name")?;
    let user = {
        let store = call.store();
        match store.user_by_name(name)? {
            None => store.user_by_mobile(name)?,
            user => user,
        }
    };
    log_in(call, user)
}

fn log_in(call: &Call<'_>, user: Option<Uid>) -> Answer {
    let password = call.params.required_text("password")?;
    in_service(call)?;
    let uid = user.ok_or_else(unknown)?;
    check_password(&call.store(), uid, password, "Operation rejected: wrong user name or password")?;
    let (token, expire) = call.store().issue_token(uid, call.now())?;
    let mut answer = json!({
        "token": token,
        "user_id": uid,
        "public_key": "floo-emulator",
        "expire": expire,
        "store_token": "",
        "access_key_secret": "",
        "encrypt_type": 0,
    });
    if call.params.text("device_guid")?.is_some_and(|guid| !guid.is_empty()) {
        answer["push_token"] = json!("");
    }
    Ok(answer)
}

fn unknown() -> ApiError {
    ApiError::new(10000, "user does not exist")
}

fn in_service(call: &Call<'_>) -> Result<(), ApiError> {
    match guard(&call.cloud.policy).app_status {
        AppStatus::Normal => Ok(()),
        _ => Err(ApiError::new(40003, "the application is not in service")),
    }
}

fn check_password(store: &Store, uid: Uid, password: &str, complaint: &str) -> Result<(), ApiError> {
    if !store.user_exists(uid)? {
        return Err(unknown());
    }
    let hash = store.password_hash(uid)?.ok_or_else(unknown)?;
    if password_matches(password, &hash)? { Ok(()) } else { Err(ApiError::new(11001, complaint)) }
}

/// `POST /user/register/v2`: answers with the settings of the new user, not with a token.
pub(super) fn register(call: &Call<'_>) -> Answer {
    let username = call.params.required_text("username")?;
    let password = call.params.required_text("password")?;
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+');
    if username.chars().count() > NAME_LIMIT || !username.chars().all(good) {
        return Err(ApiError::parameter("username", "must have 1 to 64 letters, digits or any of _ - . @ +"));
    }
    let uid = create(call, username, password)?;
    profile::settings_of(&call.store(), uid)
}

/// `POST /user/register/anonymous`: the server chooses the name, the visitor the password.
pub(super) fn register_anonymous(call: &Call<'_>) -> Answer {
    let password = call.params.required_text("password")?;
    let mark = call.store().next_mid()?;
    let username = format!("anon_{mark:x}");
    let uid = create(call, &username, password)?;
    Ok(json!({ "username": username, "user_id": uid }))
}

fn create(call: &Call<'_>, username: &str, password: &str) -> Result<Uid, ApiError> {
    check_length(password, "password")?;
    in_service(call)?;
    let user = NewUser { username, password, nick_name: username };
    call.store().create_user(user, call.now())?.ok_or_else(|| ApiError::new(10004, "user already exists"))
}

fn check_length(password: &str, field: &str) -> Result<(), ApiError> {
    if password.len() > PASSWORD_LIMIT {
        return Err(ApiError::parameter(field, "must have 1 to 256 bytes"));
    }
    Ok(())
}

/// `POST /user/change_password`: the other devices are told and have to log in again.
pub(super) fn change_password(call: &Call<'_>) -> Answer {
    let old = call.params.required_text("old_password")?;
    let new = call.params.required_text("new_password")?;
    check_length(new, "new_password")?;
    let mut store = call.store();
    check_password(&store, call.caller, old, "old_password: wrong")?;
    store.set_password(call.caller, new)?;
    store.revoke_tokens(call.caller, Some(call.token))?;
    let own = call.device(&store)?;
    let kind = user_notice::Type::PasswordChanged;
    call.notifier(&mut store).push(call.caller, kind, "", |sn| sn != own)?;
    Ok(json!(true))
}

/// `POST /user/delete`: the account is gone, its groups without it.
pub(super) fn delete(call: &Call<'_>) -> Answer {
    let password = call.params.required_text("password")?;
    let mut store = call.store();
    check_password(&store, call.caller, password, "password: wrong")?;
    for gid in store.joined_groups(call.caller)? {
        let members = store.members(gid)?;
        let owned = store.group(gid, call.caller)?.is_some_and(|group| group.owner_id == call.caller);
        let kind = if owned {
            store.destroy_group(gid)?;
            group_notice::Type::Destroyed
        } else {
            store.leave_group(gid, call.caller)?;
            group_notice::Type::Leaved
        };
        let notice = AboutGroup { kind, group: gid, from: call.caller, to: &[], content: "" };
        call.notifier(&mut store).group(&notice, &members)?;
    }
    store.set_state(call.caller, State::Deleted)?;
    store.revoke_tokens(call.caller, None)?;
    call.notifier(&mut store).push(call.caller, user_notice::Type::Removed, "", |_| true)?;
    Ok(json!(true))
}
