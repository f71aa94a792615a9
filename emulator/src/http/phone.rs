//! Phones: captchas, SMS codes, binding, verification, passwords by phone (http-api 8.3, 8.4).
//! Nothing is sent: codes and captchas are printed on the console and listed by
//! `GET /admin/api/desk`.
use serde_json::{Value, json};

use super::{
    Answer, ApiError,
    call::Call,
    desk::{MINUTE, Slip, print},
    profile::{self, MOBILE},
    table::{Shape::*, Type::*, must, rows},
    users::{self, PASSWORD},
};
use crate::store::{self, Uid};

const CODE: usize = 64;
const SIGN: super::table::Shape = Fields(&[("sign", Str)]);
/// Accounts one phone may verify.
const VERIFIED_LIMIT: usize = 3;

#[rustfmt::skip]
rows! {
    P3 POST "/app/captcha/image" App captcha [] -> Str, [], "Starts a picture captcha; answers with its id";
    Rest GET "/app/captcha/image" App picture [must("image_id", Word(CODE))] -> Picture, [11014], "The picture of a captcha";
    P3 GET "/app/captcha/sms" App sms [must("mobile", Word(MOBILE))] -> Bool, [10028], "Sends a code to a phone";
    P3 GET "/app/captcha/sms_web" App sms_web [must("captcha", Word(CODE)), must("image_id", Word(CODE)), must("mobile", Word(MOBILE))] -> Bool, [10028, 11014], "The same behind a picture captcha";
    P3 GET "/app/user/info_pwd" App info_pwd [must("captcha", Word(CODE)), must("mobile", Word(MOBILE))] -> Named("Credentials"), [10001, 10028], "Name and a password for one login by phone, or a sign when nobody has that phone";
    Rest GET "/app/password" App password [must("code", Word(CODE)), must("mobile", Word(MOBILE))] -> Str, [10000, 10001, 10028], "A password for one login by phone";
    P3 POST "/app/user/mobile_bind" Token bind [must("captcha", Word(CODE)), must("mobile", Word(MOBILE))] -> Bool, [10001, 10028, 11012], "Binds a phone to the caller";
    P3 POST "/app/user/mobile_update" Token update [must("mobile", Word(MOBILE))] -> Bool, [11012], "The same without a code";
    P3 POST "/app/user/mobile_bind_with_sign" Either bind_with_sign [must("sign", Word(CODE)), must("mobile", Word(MOBILE))] -> Bool, [10000, 10001, 11012], "Binds a phone that was proven before; without a token to who registered last";
    P3 POST "/app/user/mobile_prechange_by_password" Token prechange_by_password [must("password", Word(PASSWORD))] -> SIGN, [10028, 11001], "Proves who calls, before the phone changes";
    P3 POST "/app/user/mobile_prechange_by_mobile" Token prechange_by_mobile [must("captcha", Word(CODE)), must("mobile", Word(MOBILE))] -> SIGN, [10001, 10028, 11001], "The same by the old phone";
    P3 POST "/app/user/mobile_change" Token change [must("captcha", Word(CODE)), must("mobile", Word(MOBILE)), must("sign", Word(CODE))] -> Bool, [10001, 10028, 11001, 11012], "Binds another phone";
    Rest POST "/app/pwd_change/verify_by_mobile" Token prechange_by_mobile [must("captcha", Word(CODE)), must("mobile", Word(MOBILE))] -> SIGN, [10001, 10028, 11001], "Proves who calls, before the password changes";
    Rest POST "/app/pwd_change/verify_by_password" Token prechange_by_password [must("password", Word(PASSWORD))] -> SIGN, [10028, 11001], "The same by the old password";
    Rest POST "/app/pwd_change" Token change_password [must("new_password", Word(PASSWORD)), must("new_password_check", Word(PASSWORD)), must("sign", Word(CODE))] -> Bool, [11001], "Sets a new password";
    P3 GET "/app/user_verification" Token verification [] -> Fields(&[("status", Num), ("mobile?", Str)]), [], "Whether the caller's name is verified";
    P3 POST "/app/user_verification_by_mobile" Token verify [must("captcha", Word(CODE)), must("mobile", Word(MOBILE))] -> Bool, [10001, 10028, 11031], "Verifies the caller by phone";
}

fn captcha(call: &Call<'_>) -> Answer {
    let answer: String = store::secret()?.chars().take(4).collect();
    let id = call.desk().leave(Slip::Captcha(answer.clone()), call.now(), 5 * MINUTE)?;
    print(&format!("captcha {id}: {answer}"));
    Ok(id.into())
}

/// No bitmap, and no riddle for machines: this is for people who test.
fn picture(call: &Call<'_>) -> Answer {
    let Some(Slip::Captcha(answer)) = call.desk().look(call.params.required_text("image_id")?, call.now()) else {
        return Err(ApiError::new(11014, "image_id: no such captcha"));
    };
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"120\" height=\"40\"><rect width=\"120\" height=\"40\" \
         fill=\"#eee\"/><text x=\"14\" y=\"28\" font-family=\"monospace\" font-size=\"24\" letter-spacing=\"8\" \
         transform=\"rotate(-3 60 20)\">{answer}</text></svg>"
    )
    .into())
}

fn sms_name(mobile: &str) -> String {
    format!("sms {mobile}")
}

fn sms(call: &Call<'_>) -> Answer {
    let mobile = profile::mobile(call)?;
    call.desk().tries(&sms_name(mobile), false, call.now())?;
    let digits: String = store::secret()?.bytes().map(|byte| char::from(b'0' + byte % 10)).take(6).collect();
    call.desk().put(sms_name(mobile), Slip::Sms(digits.clone()), call.now(), 5 * MINUTE);
    print(&format!("SMS code for {mobile}: {digits}"));
    Ok(true.into())
}

fn sms_web(call: &Call<'_>) -> Answer {
    let given = call.params.required_text("captcha")?;
    // Whether right or wrong, a picture is good for one try.
    match call.desk().take(call.params.required_text("image_id")?, call.now()) {
        Some(Slip::Captcha(answer)) if answer.eq_ignore_ascii_case(given) => sms(call),
        _ => Err(ApiError::new(11014, "captcha: wrong")),
    }
}

/// The phone of the call, if the code was sent there; a good code is good once.
fn proven_mobile<'a>(call: &Call<'a>, code: &str) -> Result<&'a str, ApiError> {
    let mobile = profile::mobile(call)?;
    let (desk, name, now) = (call.desk(), sms_name(mobile), call.now());
    desk.tries(&name, false, now)?;
    if desk.look(&name, now) == Some(Slip::Sms(call.params.required_text(code)?.to_owned())) {
        desk.take(&name, now);
        return Ok(mobile);
    }
    desk.tries(&name, true, now)?;
    Err(ApiError::new(10001, format!("{code}: wrong")))
}

fn info_pwd(call: &Call<'_>) -> Answer {
    let mobile = proven_mobile(call, "captcha")?;
    let user = call.store().user_by_mobile(mobile)?;
    match user {
        Some(user) => users::credentials(call, user),
        None => Ok(json!({ "sign": call.desk().leave(Slip::Phone(mobile.to_owned()), call.now(), 10 * MINUTE)? })),
    }
}

fn password(call: &Call<'_>) -> Answer {
    let mobile = proven_mobile(call, "code")?;
    let user = call.store().user_by_mobile(mobile)?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?;
    Ok(call.desk().password_for(user, call.now())?.into())
}

/// Sets the phone; the own devices are told.
fn set(call: &Call<'_>, user: Uid, mobile: &str) -> Answer {
    let mut store = call.store();
    if !store.set_mobile(user, mobile)? {
        return Err(ApiError::new(11012, "the phone is bound to another account"));
    }
    let content = json!({ "mobile": mobile }).to_string();
    call.notifier(&mut store).account_changed(user, &content, 0)?;
    Ok(true.into())
}

fn bind(call: &Call<'_>) -> Answer {
    set(call, call.caller, proven_mobile(call, "captcha")?)
}

fn update(call: &Call<'_>) -> Answer {
    set(call, call.caller, profile::mobile(call)?)
}

fn bind_with_sign(call: &Call<'_>) -> Answer {
    let mobile = profile::mobile(call)?;
    let sign = call.params.required_text("sign")?;
    if call.desk().look(sign, call.now()) != Some(Slip::Phone(mobile.to_owned())) {
        return Err(ApiError::new(10001, "sign: wrong, or of another phone"));
    }
    // The web demo calls this right after the registration, before it has logged in.
    let user = match call.caller {
        0 => call.store().newest_user()?.ok_or_else(|| ApiError::new(10000, "user does not exist"))?,
        caller => caller,
    };
    let answer = set(call, user, mobile)?;
    call.desk().take(sign, call.now());
    Ok(answer)
}

fn prechange_by_password(call: &Call<'_>) -> Answer {
    users::check_password(call, call.caller, call.params.required_text("password")?, "password: wrong")?;
    sign(call)
}

fn prechange_by_mobile(call: &Call<'_>) -> Answer {
    let mobile = proven_mobile(call, "captcha")?;
    if call.store().user_by_mobile(mobile)? != Some(call.caller) {
        return Err(ApiError::new(11001, "mobile: is not the caller's"));
    }
    sign(call)
}

fn sign(call: &Call<'_>) -> Answer {
    Ok(json!({ "sign": call.desk().leave(Slip::Person(call.caller), call.now(), 10 * MINUTE)? }))
}

/// The sign of the caller; one is good for one change.
fn check_sign(call: &Call<'_>) -> Result<(), ApiError> {
    let sign = call.params.required_text("sign")?;
    if call.desk().look(sign, call.now()) != Some(Slip::Person(call.caller)) {
        return Err(ApiError::new(11001, "sign: wrong"));
    }
    Ok(())
}

fn change(call: &Call<'_>) -> Answer {
    check_sign(call)?;
    let answer = set(call, call.caller, proven_mobile(call, "captcha")?)?;
    call.desk().take(call.params.required_text("sign")?, call.now());
    Ok(answer)
}

fn change_password(call: &Call<'_>) -> Answer {
    let new = call.params.required_text("new_password")?;
    if call.params.required_text("new_password_check")? != new {
        return Err(ApiError::parameter("new_password_check", "differs from new_password"));
    }
    check_sign(call)?;
    call.desk().take(call.params.required_text("sign")?, call.now());
    users::set_password(call, new)
}

fn verification(call: &Call<'_>) -> Answer {
    Ok(match call.store().verified_by(call.caller)? {
        Some(mobile) => json!({ "status": 1, "mobile": masked(&mobile) }),
        None => json!({ "status": 0 }),
    })
}

fn masked(mobile: &str) -> String {
    let length = mobile.chars().count();
    let hidden = |n: usize| (3..length.saturating_sub(2)).contains(&n);
    mobile.chars().enumerate().map(|(n, c)| if hidden(n) { '*' } else { c }).collect()
}

fn verify(call: &Call<'_>) -> Answer {
    let mobile = profile::mobile(call)?;
    if call.store().verified_accounts(mobile, call.caller)? >= VERIFIED_LIMIT {
        return Err(ApiError::new(11031, "mobile: has verified too many accounts"));
    }
    let mobile = proven_mobile(call, "captcha")?;
    let mut store = call.store();
    store.set_user(call.caller, &[("verified_mobile", Value::from(mobile))])?;
    Ok(true.into())
}
