//! Discovery, probes and application switches (http-api 6, 8.1, 8.2).
use axum::http::header;
use serde_json::json;

use super::{Answer, ApiError, call::Call};
use crate::guard;

/// `GET /` and `GET /api/health`: only the HTTP status counts.
pub(super) fn probe(_: &Call<'_>) -> Answer {
    Ok(json!({ "server": "floo-emulator", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /v2/app_dns`: one cluster, which is this server under the name the caller used, so that
/// it also works behind a proxy.
pub(super) fn app_dns(call: &Call<'_>) -> Answer {
    let app_id = call.params.text("app_id")?.unwrap_or("");
    if !guard(&call.cloud.store).app_exists(app_id)? {
        return Err(ApiError::new(99998, "app_id does not exist"));
    }
    let host = call
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .ok_or_else(|| ApiError::parameter("Host", "missing"))?;
    let proxied = call.headers.get("x-forwarded-proto");
    let secure = proxied.is_some_and(|protocol| protocol.as_bytes() == b"https");
    let (http, ws) = if secure { ("https", "wss") } else { ("http", "ws") };
    let server = |protocol| json!([{ "protocol": protocol, "host": host, "ip_list": [] }]);
    Ok(json!({
        "version": 1,
        "app_status": "normal",
        "account_verification": { "type": "", "status": "", "name": "" },
        "dns_list": [{
            "group_level": 0,
            "clusters": [{
                "ratel": server(http),
                "webim": server(http),
                "ws": server(ws),
                "rtc": server(http),
            }],
        }],
        "dns_server_list": [],
        "link_server_list": [],
    }))
}

/// `GET /app/config`.
pub(super) fn app_config(_: &Call<'_>) -> Answer {
    Ok(json!({
        "hide_member_info": false,
        "message_forward_max_user_num": 20,
        "message_forward_max_message_num": 20,
    }))
}
