//! Registration, tokens, password (http-api 8.3).
use floo_wasm::core::proto::{group_notice, user_notice};
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    desk::Slip,
    profile::{self, MOBILE},
    table::{Shape::*, Type::*, may, must, rows},
};
use crate::{
    guard,
    notify::AboutGroup,
    policy::AppStatus,
    store::{NewUser, State, Uid, password_matches},
};

/// Longest login name, in characters.
const NAME_LIMIT: usize = 64;
/// Longest password, in bytes.
pub(super) const PASSWORD: usize = 256;
/// Longest login name, in bytes.
const NAME: usize = 4 * NAME_LIMIT;
const GUID: super::table::Param = may("device_guid", Text(256));

#[rustfmt::skip]
rows! {
    P0 POST "/token/user" App token_user [may("name", Text(NAME)), may("mobile", Text(MOBILE)), must("password", Word(PASSWORD)), GUID] -> Named("Token"), [10000, 10028, 11001, 40003], "Logs in by name, or by phone";
    P0 POST "/token/id" App token_id [must("user_id", Id), must("password", Word(PASSWORD)), GUID] -> Named("Token"), [10000, 10028, 11001, 40003], "Logs in by id";
    Rest POST "/token/login" App token_login [must("login_name", Word(NAME)), must("password", Word(PASSWORD)), GUID] -> Named("Token"), [10000, 10028, 11001, 40003], "Logs in by whatever the user has";
    Rest POST "/app/token" App app_token [must("name", Word(NAME)), must("password", Word(PASSWORD))] -> Fields(&[("token", Str)]), [10000, 10028, 11001, 40003], "The token alone, by name";
    Rest POST "/app/token_id" App app_token_id [must("user_id", Id), must("password", Word(PASSWORD))] -> Fields(&[("token", Str)]), [10000, 10028, 11001, 40003], "The token alone, by id";
    P0 POST "/user/register/v2" App register [must("username", Word(NAME)), must("password", Word(PASSWORD))] -> Named("UserSettings"), [10004, 40001, 40002, 40003], "Opens an account";
    P2 POST "/user/register/anonymous" App register_anonymous [may("username", Text(NAME)), must("password", Word(PASSWORD)), may("cid", Id)] -> Fields(&[("username", Str), ("user_id", Num)]), [10004, 40001, 40002, 40003], "Opens an account for a visitor";
    P3 GET "/app/user/name_check" App name_check [must("username", Word(NAME))] -> Bool, [], "True when the name is good and free";
    P2 POST "/user/change_password" Token change_password [must("old_password", Word(PASSWORD)), must("new_password", Word(PASSWORD))] -> Bool, [10028, 11001], "Sets a new password";
    P2 POST "/user/delete" Token delete [must("password", Word(PASSWORD))] -> Bool, [10028, 11001], "Deletes the own account";
    Rest POST "/user/username" Token rename [must("username", Word(NAME)).in_query()] -> Bool, [10004], "Changes the login name";
}

/// `POST /token/user`: by name, or by mobile when there is no name.
fn token_user(call: &Call<'_>) -> Answer {
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
fn token_id(call: &Call<'_>) -> Answer {
    log_in(call, Some(call.params.id("user_id")?))
}

/// `POST /token/login`: by whatever the user can log in with, name or mobile.
fn token_login(call: &Call<'_>) -> Answer {
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
    let once = call.desk().look(password, call.now()) == Some(Slip::Once(uid));
    if once && call.store().user_exists(uid)? {
        call.desk().take(password, call.now());
    } else {
        check_password(call, uid, password, "Operation rejected: wrong user name or password")?;
    }
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

/// Checks a password; who guesses too often has to wait.
pub(super) fn check_password(call: &Call<'_>, uid: Uid, password: &str, complaint: &str) -> Result<(), ApiError> {
    let name = format!("password {uid}");
    call.desk().tries(&name, false, call.now())?;
    let store = call.store();
    if !store.user_exists(uid)? {
        return Err(unknown());
    }
    let hash = store.password_hash(uid)?.ok_or_else(unknown)?;
    if password_matches(password, &hash)? {
        return Ok(());
    }
    call.desk().tries(&name, true, call.now())?;
    Err(ApiError::new(11001, complaint))
}

/// What a client needs to log a user in that has been recognised in another way.
pub(super) fn credentials(call: &Call<'_>, user: Uid) -> Answer {
    let password = call.desk().password_for(user, call.now())?;
    let profile = call.store().profile(user)?.ok_or_else(unknown)?;
    Ok(json!({ "user_id": user, "username": profile.username, "password": password }))
}

fn only_token(answer: Answer) -> Answer {
    answer.map(|answer| json!({ "token": answer["token"] }))
}

fn app_token(call: &Call<'_>) -> Answer {
    only_token(token_user(call))
}

fn app_token_id(call: &Call<'_>) -> Answer {
    only_token(token_id(call))
}

fn is_good_name(name: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+');
    (1..=NAME_LIMIT).contains(&name.chars().count()) && name.chars().all(good)
}

/// A login name of the call, in the parameter `username`.
fn good_name<'a>(call: &Call<'a>) -> Result<&'a str, ApiError> {
    let name = call.params.required_text("username")?;
    if is_good_name(name) {
        Ok(name)
    } else {
        Err(ApiError::parameter("username", "must have 1 to 64 letters, digits or any of _ - . @ +"))
    }
}

fn name_check(call: &Call<'_>) -> Answer {
    let name = call.params.required_text("username")?;
    Ok((is_good_name(name) && call.store().is_free_name(name)?).into())
}

fn rename(call: &Call<'_>) -> Answer {
    let name = good_name(call)?;
    let mut store = call.store();
    if !store.rename_user(call.caller, name)? {
        return Err(ApiError::new(10004, "username: is taken"));
    }
    profile::tell_others(call, &mut store, vec![("username", json!(name))])
}

/// `POST /user/register/v2`: answers with the settings of the new user, not with a token.
fn register(call: &Call<'_>) -> Answer {
    let username = good_name(call)?;
    let password = call.params.required_text("password")?;
    let uid = create(call, username, password)?;
    profile::settings_of(&call.store(), uid)
}

/// `POST /user/register/anonymous`: the server chooses the name, the visitor the password.
fn register_anonymous(call: &Call<'_>) -> Answer {
    let password = call.params.required_text("password")?;
    let mark = call.store().next_mid()?;
    let username = format!("anon_{mark:x}");
    let uid = create(call, &username, password)?;
    Ok(json!({ "username": username, "user_id": uid }))
}

fn create(call: &Call<'_>, username: &str, password: &str) -> Result<Uid, ApiError> {
    in_service(call)?;
    let (open, most) = {
        let policy = guard(&call.cloud.policy);
        (policy.open_registration, policy.max_users)
    };
    if !open {
        return Err(ApiError::new(40001, "registration is closed"));
    }
    let mut store = call.store();
    if most > 0 && store.users()?.len() >= most {
        return Err(ApiError::new(40002, "the application has its limit of users"));
    }
    let user = NewUser { username, password, nick_name: username };
    store.create_user(user, call.now())?.ok_or_else(|| ApiError::new(10004, "user already exists"))
}

/// `POST /user/change_password`: the other devices are told and have to log in again.
fn change_password(call: &Call<'_>) -> Answer {
    let old = call.params.required_text("old_password")?;
    check_password(call, call.caller, old, "old_password: wrong")?;
    set_password(call, call.params.required_text("new_password")?)
}

/// Sets a new password for the caller.
pub(super) fn set_password(call: &Call<'_>, new: &str) -> Answer {
    let mut store = call.store();
    store.set_password(call.caller, new)?;
    store.revoke_tokens(call.caller, Some(call.token))?;
    let own = call.device(&store)?;
    let kind = user_notice::Type::PasswordChanged;
    call.notifier(&mut store).push(call.caller, kind, "", |sn| sn != own)?;
    Ok(json!(true))
}

/// `POST /user/delete`: the account is gone, its groups without it.
fn delete(call: &Call<'_>) -> Answer {
    let password = call.params.required_text("password")?;
    check_password(call, call.caller, password, "password: wrong")?;
    let mut store = call.store();
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
    store.release_handles(call.caller)?;
    store.revoke_tokens(call.caller, None)?;
    call.notifier(&mut store).push(call.caller, user_notice::Type::Removed, "", |_| true)?;
    Ok(json!(true))
}
