//! The REST side: one table of endpoints, one envelope, CORS everywhere.
mod admin;
mod admin_page;
mod call;
mod devices;
mod dns;
mod download;
mod files;
mod group_call;
mod group_files;
mod group_manage;
mod group_members;
mod groups;
mod pictures;
mod profile;
mod roster;
mod streams;
mod upload;
mod users;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    Cloud, guard, raw,
    socket::FRAME_LIMIT,
    store::{StoreError, TokenOwner, Uid},
};
use call::{Call, Params};

/// Largest request body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Anybody.
    Open,
    /// Anybody who names a known application.
    App,
    /// Users with a token.
    Token,
    /// The developer at this machine; failures are HTTP failures here.
    Admin,
}

/// What went wrong, as the client sees it.
#[derive(Debug)]
struct ApiError {
    code: u32,
    message: String,
}

impl ApiError {
    fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// 10002, naming the field.
    fn parameter(field: &str, problem: &str) -> Self {
        Self::new(10002, format!("{field}: {problem}"))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        eprintln!("floo-emulator: {error}");
        Self::new(20000, "database failure")
    }
}

type Answer = Result<Value, ApiError>;

/// An endpoint: method, path, who may call it, the function.
struct Row(Method, &'static str, Access, fn(&Call<'_>) -> Answer);

/// All endpoints. A new one is one row here and one function in a file of its group.
const ROWS: &[Row] = &[
    Row(Method::GET, "/", Access::Open, dns::probe),
    Row(Method::GET, "/api/health", Access::Open, dns::probe),
    Row(Method::GET, "/app_dns", Access::Open, dns::app_dns_1),
    Row(Method::GET, "/v1/app_dns", Access::Open, dns::app_dns_1),
    Row(Method::GET, "/v2/app_dns", Access::Open, dns::app_dns),
    Row(Method::GET, "/v2/app_dnsundefined", Access::Open, dns::app_dns),
    Row(Method::GET, "/app/config", Access::Open, dns::app_config),
    Row(Method::GET, "/app/support_staff", Access::Token, dns::support_staff),
    Row(Method::POST, "/token/user", Access::App, users::token_user),
    Row(Method::POST, "/token/id", Access::App, users::token_id),
    Row(Method::POST, "/token/login", Access::App, users::token_login),
    Row(Method::POST, "/user/register/v2", Access::App, users::register),
    Row(Method::POST, "/user/register/anonymous", Access::App, users::register_anonymous),
    Row(Method::POST, "/user/change_password", Access::Token, users::change_password),
    Row(Method::POST, "/user/delete", Access::Token, users::delete),
    Row(Method::GET, "/user/device/list", Access::Token, devices::list),
    Row(Method::POST, "/user/kick", Access::Token, devices::kick),
    Row(Method::POST, "/user/device/kick", Access::Token, devices::kick),
    Row(Method::POST, "/user/device/remove", Access::Token, devices::remove),
    Row(Method::GET, "/user/profile", Access::Token, profile::profile),
    Row(Method::POST, "/user/profile", Access::Token, profile::set_profile),
    Row(Method::POST, "/user/nickname", Access::Token, profile::set_profile),
    Row(Method::POST, "/user/avatar", Access::Token, profile::set_profile),
    Row(Method::POST, "/user/mobile", Access::Token, profile::set_mobile),
    Row(Method::GET, "/user/settings", Access::Token, profile::settings),
    Row(Method::POST, "/user/settings", Access::Token, profile::set_settings),
    Row(Method::POST, "/user/authmode", Access::Token, profile::set_auth_mode),
    Row(Method::POST, "/user/conversation/pin", Access::Token, profile::pin),
    Row(Method::POST, "/user/conversation/unpin", Access::Token, profile::unpin),
    Row(Method::GET, "/user/conversation/pin_list", Access::Token, profile::pins),
    Row(Method::GET, "/roster/list", Access::Token, roster::ids),
    Row(Method::POST, "/roster/list", Access::Token, roster::cards),
    Row(Method::GET, "/roster/id", Access::Token, roster::by_id),
    Row(Method::GET, "/roster/name", Access::Token, roster::by_name),
    Row(Method::GET, "/roster/mobile", Access::Token, roster::by_mobile),
    Row(Method::GET, "/roster/blocked_list", Access::Token, roster::blocked),
    Row(Method::GET, "/roster/apply/list", Access::Token, roster::applications),
    Row(Method::POST, "/roster/apply", Access::Token, roster::apply),
    Row(Method::POST, "/roster/accept", Access::Token, roster::accept),
    Row(Method::POST, "/roster/decline", Access::Token, roster::decline),
    Row(Method::POST, "/roster/delete", Access::Token, roster::delete),
    Row(Method::POST, "/roster/ext", Access::Token, roster::ext),
    Row(Method::POST, "/roster/block", Access::Token, roster::block),
    Row(Method::POST, "/roster/unblock", Access::Token, roster::unblock),
    Row(Method::GET, "/group/user_joined", Access::Token, groups::joined),
    Row(Method::GET, "/group/public_list", Access::Token, groups::public),
    Row(Method::GET, "/group/info", Access::Token, groups::info),
    Row(Method::GET, "/group/settings", Access::Token, groups::info),
    Row(Method::POST, "/group/info/batch", Access::Token, groups::info_batch),
    Row(Method::GET, "/group/member_list", Access::Token, groups::member_list),
    Row(Method::GET, "/group/admin_list", Access::Token, groups::admin_list),
    Row(Method::GET, "/group/banned_list", Access::Token, groups::banned_list),
    Row(Method::GET, "/group/blocked_list", Access::Token, groups::blocked_list),
    Row(Method::POST, "/group/members/display_name", Access::Token, groups::display_names),
    Row(Method::POST, "/group/application_list", Access::Token, groups::applications),
    Row(Method::GET, "/group/invitation_list", Access::Token, groups::invitations),
    Row(Method::GET, "/group/announcement/list", Access::Token, groups::announcements),
    Row(Method::GET, "/group/announcement/last", Access::Token, groups::last_announcement),
    Row(Method::GET, "/group/announcement", Access::Token, groups::announcement),
    Row(Method::POST, "/group/create", Access::Token, group_members::create),
    Row(Method::POST, "/group/destroy", Access::Token, group_members::destroy),
    Row(Method::POST, "/group/apply", Access::Token, group_members::apply),
    Row(Method::POST, "/group/apply/handle", Access::Token, group_members::handle_application),
    Row(Method::POST, "/group/invite", Access::Token, group_members::invite),
    Row(Method::POST, "/group/invite/handle", Access::Token, group_members::handle_invitation),
    Row(Method::POST, "/group/kick", Access::Token, group_members::kick),
    Row(Method::POST, "/group/leave", Access::Token, group_members::leave),
    Row(Method::POST, "/group/block", Access::Token, group_members::block),
    Row(Method::POST, "/group/unblock", Access::Token, group_members::unblock),
    Row(Method::POST, "/group/display_name", Access::Token, group_manage::display_name),
    Row(Method::POST, "/group/info/name", Access::Token, group_manage::set_name),
    Row(Method::POST, "/group/info/avatar", Access::Token, group_manage::set_avatar),
    Row(Method::POST, "/group/info/description", Access::Token, group_manage::set_description),
    Row(Method::POST, "/group/info/ext", Access::Token, group_manage::set_ext),
    Row(Method::POST, "/group/settings/allow_member_invitation", Access::Token, group_manage::set_member_invite),
    Row(Method::POST, "/group/settings/allow_member_modify", Access::Token, group_manage::set_member_modify),
    Row(Method::POST, "/group/settings/enable_read_ack", Access::Token, group_manage::set_read_ack),
    Row(Method::POST, "/group/settings/history_visible", Access::Token, group_manage::set_history_visible),
    Row(Method::POST, "/group/settings/hide_member_info", Access::Token, group_manage::set_hide_member_info),
    Row(Method::POST, "/group/settings/require_admin_approval", Access::Token, group_manage::set_apply_approval),
    Row(Method::POST, "/group/settings/ban_all", Access::Token, group_manage::ban_all),
    Row(Method::POST, "/group/settings/unban_all", Access::Token, group_manage::unban_all),
    Row(Method::POST, "/group/ban", Access::Token, group_manage::ban),
    Row(Method::POST, "/group/unban", Access::Token, group_manage::unban),
    Row(Method::POST, "/group/admin/add", Access::Token, group_manage::add_admins),
    Row(Method::POST, "/group/admin/remove", Access::Token, group_manage::remove_admins),
    Row(Method::POST, "/group/transfer", Access::Token, group_manage::transfer),
    Row(Method::POST, "/group/announcement/edit", Access::Token, group_manage::announce),
    Row(Method::POST, "/group/announcement/delete", Access::Token, group_manage::delete_announcement),
    Row(Method::POST, "/group/msg/mute_mode", Access::Token, group_manage::mute_mode),
    Row(Method::POST, "/group/msg/push_mode", Access::Token, group_manage::push_mode),
    Row(Method::GET, "/file/upload/avatar/user", Access::Token, files::user_avatar),
    Row(Method::GET, "/file/upload/avatar/group", Access::Token, files::group_avatar),
    Row(Method::GET, "/file/upload/chat", Access::Token, files::chat),
    Row(Method::GET, "/file/upload/forward", Access::Token, files::forward),
    Row(Method::GET, "/group/file/list", Access::Token, group_files::list),
    Row(Method::GET, "/group/file", Access::Token, group_files::one),
    Row(Method::POST, "/group/file/upload", Access::Token, group_files::upload),
    Row(Method::POST, "/group/file/update_name", Access::Token, group_files::rename),
    Row(Method::POST, "/group/file/delete", Access::Token, group_files::delete),
    Row(Method::GET, "/admin/api/state", Access::Admin, admin::state),
    Row(Method::POST, "/admin/api/faults", Access::Admin, admin::faults),
    Row(Method::POST, "/admin/api/clock", Access::Admin, admin::clock),
    Row(Method::POST, "/admin/api/app", Access::Admin, admin::app),
    Row(Method::POST, "/admin/api/user", Access::Admin, admin::user),
    Row(Method::POST, "/admin/api/crowd", Access::Admin, admin::crowd),
    Row(Method::POST, "/admin/api/notice", Access::Admin, admin::notice),
];

struct Server {
    cloud: Arc<Cloud>,
    rows: HashMap<(&'static Method, &'static str), &'static Row>,
}

/// The service for all paths.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    let rows = ROWS.iter().map(|row| ((&row.0, row.1), row)).collect();
    Router::new().fallback(serve).with_state(Arc::new(Server { cloud, rows }))
}

async fn serve(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut response = dispatch(&server, request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "app_id, access-token, content-type, range"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, OPTIONS"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "accept-ranges, content-length, content-range, etag"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn dispatch(server: &Server, request: Request) -> Response {
    let cloud = &server.cloud;
    if cloud.outage.is_on() {
        // New connections are refused before they get here; this one was open already.
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::SERVICE_UNAVAILABLE, close).into_response();
    }
    let (delay, failure) = misfortune(cloud, &request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(status) = failure {
        return status.into_response();
    }
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (mut parts, body) = request.into_parts();
    if parts.uri.path() == "/" && parts.headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => {
                let cloud = Arc::clone(cloud);
                upgrade
                    .max_message_size(FRAME_LIMIT)
                    .max_frame_size(FRAME_LIMIT)
                    .on_upgrade(move |socket| raw::serve(cloud, socket))
            }
            Err(rejection) => rejection.into_response(),
        };
    }
    let body = match streams::serve(cloud, &parts, body).await {
        Ok(response) => return response,
        Err(body) => body,
    };
    let Some(row) = server.rows.get(&(&parts.method, parts.uri.path())) else {
        return envelope(
            Access::Open,
            Err(ApiError::new(404, format!("unknown endpoint {} {}", parts.method, parts.uri.path()))),
        );
    };
    let answer = match read_params(parts.uri.query().unwrap_or(""), body).await {
        Ok(params) => call(cloud, row, &parts.headers, params),
        Err(e) => Err(e),
    };
    envelope(row.2, answer)
}

/// What the fault rules do to a request: it waits, and it may fail.
fn misfortune(cloud: &Cloud, request: &Request) -> (Duration, Option<StatusCode>) {
    let path = request.uri().path();
    if path == "/admin" || path.starts_with("/admin/") || request.headers().contains_key(header::UPGRADE) {
        return (Duration::ZERO, None);
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let (delay, status) = cloud.faults.http(path, host);
    (delay, status.and_then(|status| StatusCode::from_u16(status).ok()))
}

async fn read_params(query: &str, body: Body) -> Result<Params, ApiError> {
    let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|e| ApiError::parameter("body", &e.to_string()))?;
    Params::read(query, &bytes)
}

fn call(cloud: &Cloud, row: &Row, headers: &HeaderMap, params: Params) -> Answer {
    let (caller, token) = identify(cloud, row.2, headers, &params)?;
    row.3(&Call { cloud, caller, token: &token, headers, params: &params })
}

/// Who calls, with which token; nobody where anybody may.
fn identify(cloud: &Cloud, access: Access, headers: &HeaderMap, params: &Params) -> Result<(Uid, String), ApiError> {
    const APP_ID: HeaderName = HeaderName::from_static("app_id");
    const TOKEN: HeaderName = HeaderName::from_static("access-token");
    let given = |name: &HeaderName| -> Result<Option<String>, ApiError> {
        match headers.get(name) {
            Some(value) => value
                .to_str()
                .map(|text| Some(text.to_owned()))
                .map_err(|_| ApiError::parameter(name.as_str(), "is not text")),
            None => Ok(params.text(name.as_str())?.map(str::to_owned)),
        }
    };
    if matches!(access, Access::App | Access::Token) {
        match given(&APP_ID)? {
            Some(app_id) if !guard(&cloud.store).app_exists(&app_id)? => {
                return Err(ApiError::new(40000, "app_id does not exist"));
            }
            None if access == Access::App => {
                return Err(ApiError::parameter("app_id", "missing"));
            }
            // A token belongs to its application.
            Some(_) | None => {}
        }
    }
    if access != Access::Token {
        return Ok((Uid::default(), String::new()));
    }
    let token = given(&TOKEN)?
        .filter(|token| !token.is_empty())
        .ok_or_else(|| ApiError::new(10003, "access-token header is missing"))?;
    match guard(&cloud.store).token_owner(&token, cloud.clock.now())? {
        TokenOwner::User(uid) => Ok((uid, token)),
        TokenOwner::Nobody => Err(ApiError::new(402, "access-token is invalid")),
    }
}

/// HTTP status 200 also for failures (http-api 4), except for the admin page.
fn envelope(access: Access, answer: Answer) -> Response {
    let (status, body) = match answer {
        Ok(data) => (StatusCode::OK, json!({ "code": 200, "message": null, "data": data })),
        Err(ApiError { code, message }) if access == Access::Admin => (
            StatusCode::BAD_REQUEST,
            json!({ "code": if code == 10002 { 400 } else { code }, "message": message, "data": null }),
        ),
        Err(ApiError { code, message }) => (StatusCode::OK, json!({ "code": code, "message": message, "data": null })),
    };
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, kind, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, clock::Clock, store::Store};

    fn code(cloud: &Cloud, row: &Row, query: &str) -> u32 {
        let params = Params::read(query, b"").unwrap();
        call(cloud, row, &HeaderMap::new(), params).map_or_else(|e| e.code, |_| 200)
    }

    #[test]
    fn each_endpoint_is_there_once_and_checks_who_calls() {
        let mut store = Store::in_memory().unwrap();
        store.seed(0).unwrap();
        let amber = store.user_by_name("amber").unwrap().unwrap();
        let clock = Clock::default();
        let (token, _) = store.issue_token(amber, clock.now()).unwrap();
        let cloud = Cloud::new(clock, store, Config::default(), Vec::new());
        let mut seen = std::collections::HashSet::new();
        for row in ROWS {
            assert!(seen.insert((&row.0, row.1)), "{} {} is there twice", row.0, row.1);
            match row.2 {
                Access::Token => {
                    assert_eq!(code(&cloud, row, ""), 10003, "{}", row.1);
                    assert_eq!(code(&cloud, row, "access-token=0123"), 402, "{}", row.1);
                    let wrong_app = format!("app_id=nobody&access-token={token}");
                    assert_eq!(code(&cloud, row, &wrong_app), 40000, "{}", row.1);
                    // With a token it gets as far as its parameters, and never fails inside.
                    let good = code(&cloud, row, &format!("access-token={token}"));
                    assert!([200, 10002].contains(&good), "{} {}: {good}", row.0, row.1);
                }
                Access::App => assert_eq!(code(&cloud, row, ""), 10002, "{}", row.1),
                Access::Open | Access::Admin => {}
            }
        }
    }
}
