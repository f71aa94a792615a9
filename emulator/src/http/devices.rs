//! The caller's devices (http-api 8.3).
use floo_wasm::core::proto::user_notice;
use serde_json::json;

use super::{
    Answer, ApiError,
    call::Call,
    table::{Shape::*, Type::*, may, must, rows},
};
use crate::{hub::Out, notify::about_device};

#[rustfmt::skip]
rows! {
    P2 GET "/user/device/list" Token list [] -> Pages(&Named("Device"), "device_sn", 100), [], "The caller's devices";
    P2 POST "/user/kick" Token kick [may("device_sn", Int)] -> Bool, [], "Logs a device out, or all others";
    Rest POST "/user/device/kick" Token kick [may("device_sn", Int)] -> Bool, [], "The same";
    Rest POST "/user/device/remove" Token remove [must("device_sn", Int).in_query()] -> Bool, [], "Logs a device out and forgets it";
    P3 POST "/user/token/bind" Token bind [must("device_sn", Int), must("device_token", Word(1024)), must("notifier_name", Word(256))] -> Bool, [], "Registers a push token";
    P3 POST "/user/token/unbind" Token unbind [must("deviceSn", Int).in_query()] -> Bool, [], "Removes it";
    Rest GET "/user/online_status" Token online [] -> Fields(&[("online", Bool)]), [], "Whether the caller has a connected device";
}

/// `GET /user/device/list`.
fn list(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().device_list(call.caller)?))
}

/// `POST /user/kick`: logs out one device, or all others when none is named.
fn kick(call: &Call<'_>) -> Answer {
    let kicked = match serial(call, "device_sn")? {
        Some(sn) => vec![sn],
        None => {
            let store = call.store();
            let own = call.device(&store)?;
            store.device_list(call.caller)?.iter().map(|row| row.device_sn).filter(|sn| *sn != own).collect()
        }
    };
    for sn in kicked {
        log_out(call, sn, false, user_notice::Type::KickedByOtherDevice)?;
    }
    Ok(json!(true))
}

/// `POST /user/device/remove`: logs a device out and forgets it; it gets another serial if it
/// ever comes back.
fn remove(call: &Call<'_>) -> Answer {
    let sn = serial(call, "device_sn")?.ok_or_else(|| ApiError::parameter("device_sn", "missing"))?;
    log_out(call, sn, true, user_notice::Type::DeviceRemoved)?;
    Ok(json!(true))
}

fn serial(call: &Call<'_>, name: &str) -> Result<Option<u32>, ApiError> {
    match call.params.number(name)? {
        None => Ok(None),
        Some(sn) => u32::try_from(sn).map(Some).map_err(|_| ApiError::parameter(name, "must be a serial")),
    }
}

/// `POST /user/token/bind`.
fn bind(call: &Call<'_>) -> Answer {
    let token = call.params.required_text("device_token")?;
    set_push_token(call, "device_sn", Some((token, call.params.required_text("notifier_name")?)))
}

/// `POST /user/token/unbind`; the odd spelling is the cloud's.
fn unbind(call: &Call<'_>) -> Answer {
    set_push_token(call, "deviceSn", None)
}

fn set_push_token(call: &Call<'_>, name: &str, token: Option<(&str, &str)>) -> Answer {
    let sn = serial(call, name)?.ok_or_else(|| ApiError::parameter(name, "missing"))?;
    if call.store().set_push_token(call.caller, sn, token)? {
        Ok(json!(true))
    } else {
        Err(ApiError::parameter(name, "no such device"))
    }
}

/// `GET /user/online_status`.
fn online(call: &Call<'_>) -> Answer {
    Ok(json!({ "online": !call.cloud.hub.devices(call.caller).is_empty() }))
}

/// The device itself is told why, before its sockets are closed; the others that it has gone.
fn log_out(call: &Call<'_>, gone: u32, forget: bool, kind: user_notice::Type) -> Result<(), ApiError> {
    let mut store = call.store();
    if !store.log_out_device(call.caller, gone, forget)? {
        return Err(ApiError::parameter("device_sn", "no such device"));
    }
    let content = about_device(gone);
    let mut notifier = call.notifier(&mut store);
    notifier.push(call.caller, kind, &content, |sn| sn == gone)?;
    notifier.push(call.caller, user_notice::Type::DeviceLogout, &content, |sn| sn != gone)?;
    for (sn, sender) in call.cloud.hub.devices(call.caller) {
        if sn == gone {
            sender.send(Out::Dismiss);
        }
    }
    Ok(())
}
