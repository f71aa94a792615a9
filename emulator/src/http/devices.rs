//! The caller's devices (http-api 8.3).
use floo_wasm::core::proto::user_notice;
use serde_json::json;

use super::{Answer, ApiError, call::Call};
use crate::{hub::Out, notify::about_device};

/// `GET /user/device/list`.
pub(super) fn list(call: &Call<'_>) -> Answer {
    Ok(json!(call.store().device_list(call.caller)?))
}

/// `POST /user/kick`: logs out one device, or all others when none is named.
pub(super) fn kick(call: &Call<'_>) -> Answer {
    let kicked = match serial(call)? {
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
pub(super) fn remove(call: &Call<'_>) -> Answer {
    let sn = serial(call)?.ok_or_else(|| ApiError::parameter("device_sn", "missing"))?;
    log_out(call, sn, true, user_notice::Type::DeviceRemoved)?;
    Ok(json!(true))
}

fn serial(call: &Call<'_>) -> Result<Option<u32>, ApiError> {
    match call.params.number("device_sn")? {
        None => Ok(None),
        Some(sn) => u32::try_from(sn).map(Some).map_err(|_| ApiError::parameter("device_sn", "must be a serial")),
    }
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
