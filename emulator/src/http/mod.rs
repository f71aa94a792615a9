//! The REST side: one table of endpoints, one envelope, CORS everywhere.
mod admin;
mod call;
mod dns;
mod groups;
mod roster;
mod users;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    Cloud, guard,
    socket::{self, FRAME_LIMIT},
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
    Row(Method::GET, "/v2/app_dns", Access::Open, dns::app_dns),
    Row(Method::GET, "/v2/app_dnsundefined", Access::Open, dns::app_dns),
    Row(Method::GET, "/app/config", Access::Open, dns::app_config),
    Row(Method::POST, "/token/user", Access::App, users::token_user),
    Row(Method::POST, "/token/id", Access::App, users::token_id),
    Row(Method::POST, "/user/register/v2", Access::App, users::register),
    Row(Method::GET, "/user/profile", Access::Token, users::profile),
    Row(Method::GET, "/roster/list", Access::Token, roster::ids),
    Row(Method::POST, "/roster/list", Access::Token, roster::cards),
    Row(Method::GET, "/group/user_joined", Access::Token, groups::joined),
    Row(Method::GET, "/group/info", Access::Token, groups::info),
    Row(Method::POST, "/group/info/batch", Access::Token, groups::info_batch),
    Row(Method::GET, "/admin/api/state", Access::Admin, admin::state),
    Row(Method::POST, "/admin/api/faults", Access::Admin, admin::faults),
    Row(Method::POST, "/admin/api/clock", Access::Admin, admin::clock),
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
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "app_id, access-token, content-type"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn dispatch(server: &Server, request: Request) -> Response {
    let cloud = &server.cloud;
    if cloud.outage.is_on() {
        // New connections are refused before they get here; this one was open already.
        let close = [(header::CONNECTION, "close")];
        return (StatusCode::SERVICE_UNAVAILABLE, close).into_response();
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
                    .on_upgrade(move |socket| socket::serve(cloud, socket))
            }
            Err(rejection) => rejection.into_response(),
        };
    }
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

async fn read_params(query: &str, body: Body) -> Result<Params, ApiError> {
    let bytes = to_bytes(body, BODY_LIMIT).await.map_err(|e| ApiError::parameter("body", &e.to_string()))?;
    Params::read(query, &bytes)
}

fn call(cloud: &Cloud, row: &Row, headers: &HeaderMap, params: Params) -> Answer {
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
    if matches!(row.2, Access::App | Access::Token) {
        match given(&APP_ID)? {
            Some(app_id) if !guard(&cloud.store).app_exists(&app_id)? => {
                return Err(ApiError::new(40000, "app_id does not exist"));
            }
            None if row.2 == Access::App => {
                return Err(ApiError::parameter("app_id", "missing"));
            }
            // A token belongs to its application.
            Some(_) | None => {}
        }
    }
    let caller = if row.2 == Access::Token {
        let token = given(&TOKEN)?
            .filter(|token| !token.is_empty())
            .ok_or_else(|| ApiError::new(10003, "access-token header is missing"))?;
        match guard(&cloud.store).token_owner(&token, cloud.clock.now())? {
            TokenOwner::User(uid) => uid,
            TokenOwner::Nobody => return Err(ApiError::new(402, "access-token is invalid")),
        }
    } else {
        Uid::default()
    };
    row.3(&Call { cloud, caller, headers, params: &params })
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
