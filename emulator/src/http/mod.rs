//! The REST side: one table of endpoints, one envelope, CORS everywhere.
mod admin;
mod admin_page;
mod call;
mod codes;
pub(crate) mod desk;
mod devices;
mod dns;
mod download;
mod files;
mod group_call;
mod group_files;
mod group_manage;
mod group_members;
mod groups;
mod openapi;
mod origin;
mod phone;
mod pictures;
mod profile;
mod roster;
mod shapes;
mod streams;
mod table;
mod upload;
mod users;
mod wechat;

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
use table::{Access, Page, Row, Shape};

/// Largest request body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;
/// Body code, and HTTP status, for callers who have to slow down.
const TOO_MANY: u32 = 429;

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

/// All endpoints, by file. A new one is one row and one function in the file of its group.
const TABLES: &[&[Row]] = &[
    dns::ROWS,
    users::ROWS,
    phone::ROWS,
    wechat::ROWS,
    devices::ROWS,
    profile::ROWS,
    roster::ROWS,
    groups::ROWS,
    group_members::ROWS,
    group_manage::ROWS,
    codes::ROWS,
    admin::ROWS,
    files::ROWS,
    group_files::ROWS,
];

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().copied().flatten()
}

/// The OpenAPI document of all endpoints.
pub(crate) fn openapi() -> Value {
    openapi::document(rows(), streams::STREAMS)
}

struct Server {
    cloud: Arc<Cloud>,
    rows: HashMap<(&'static Method, &'static str), &'static Row>,
}

/// The service for all paths.
pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    let rows = rows().map(|row| ((&row.method, row.path), row)).collect();
    Router::new().fallback(serve).with_state(Arc::new(Server { cloud, rows }))
}

async fn serve(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut response = dispatch(&server, request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "app_id, access-token, content-type, range"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "accept-ranges, content-length, content-range, etag, retry-after"),
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
    // Before the faults: a browser whose question is refused does not ask for what it was about.
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let (delay, broken) = misfortune(cloud, &request);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(status) = broken {
        return status.into_response();
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
    if parts.uri.path().starts_with("/admin")
        && let Err(foreign) = origin::check(&parts.headers)
    {
        return failure(Access::Admin, foreign);
    }
    let body = match streams::serve(cloud, &parts, body).await {
        Ok(response) => return response,
        Err(body) => body,
    };
    let Some(row) = server.rows.get(&(&parts.method, parts.uri.path())) else {
        let unknown = ApiError::new(404, format!("unknown endpoint {} {}", parts.method, parts.uri.path()));
        return failure(Access::Open, unknown);
    };
    let answer = match read_params(parts.uri.query().unwrap_or(""), body).await {
        Ok(params) => call(cloud, row, &parts.headers, &params).and_then(|data| good(row, data, &params)),
        Err(e) => Err(e),
    };
    answer.unwrap_or_else(|e| failure(row.access, e))
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

fn call(cloud: &Cloud, row: &Row, headers: &HeaderMap, params: &Params) -> Answer {
    let (caller, token) = identify(cloud, row.access, headers, params)?;
    if row.access != Access::Admin && !cloud.http_rate.allows(caller, guard(&cloud.policy).http_rate, cloud.clock.now())
    {
        return Err(ApiError::new(TOO_MANY, "too many requests in a short time"));
    }
    row.check(params)?;
    (row.run)(&Call { cloud, caller, token: &token, headers, params })
}

/// Who calls: the account and its token, or nobody where that is allowed.
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
    let nobody = (Uid::default(), String::new());
    if matches!(access, Access::Open | Access::Admin) {
        return Ok(nobody);
    }
    match given(&APP_ID)? {
        Some(app_id) if !guard(&cloud.store).app_exists(&app_id)? => {
            return Err(ApiError::new(40000, "app_id does not exist"));
        }
        None if access != Access::Token => return Err(ApiError::parameter("app_id", "missing")),
        // A token belongs to its application.
        Some(_) | None => {}
    }
    if access == Access::App {
        return Ok(nobody);
    }
    match given(&TOKEN)?.filter(|token| !token.is_empty()) {
        Some(token) => match guard(&cloud.store).token_owner(&token, cloud.clock.now())? {
            TokenOwner::User(uid) => Ok((uid, token)),
            TokenOwner::Nobody => Err(ApiError::new(402, "access-token is invalid")),
        },
        None if access == Access::Either => Ok(nobody),
        None => Err(ApiError::new(10003, "access-token header is missing")),
    }
}

/// A good answer, as the row says: in the envelope, cut into a page, or a picture.
fn good(row: &Row, data: Value, params: &Params) -> Result<Response, ApiError> {
    Ok(match (row.answer, data) {
        (Shape::Picture, Value::String(picture)) => {
            ([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response()
        }
        (Shape::Pages(_, key, usual), Value::Array(lines)) => {
            let page = Page::cut(lines, key, usual, params)?;
            let mut body = json!({ "code": 200, "message": null, "data": page.lines, "total": page.total });
            if let Some(cursor) = page.cursor {
                body["cursor"] = cursor.into();
            }
            envelope(StatusCode::OK, &body)
        }
        (Shape::Bare, data) => envelope(StatusCode::OK, &data),
        (_, data) => envelope(StatusCode::OK, &json!({ "code": 200, "message": null, "data": data })),
    })
}

/// HTTP status 200 also for failures (http-api 4), except for the admin page and callers who
/// have to slow down.
fn failure(access: Access, error: ApiError) -> Response {
    let ApiError { mut code, message } = error;
    let status = match code {
        TOO_MANY => StatusCode::TOO_MANY_REQUESTS,
        403 if access == Access::Admin => StatusCode::FORBIDDEN,
        _ if access == Access::Admin => {
            code = 400;
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::OK,
    };
    let mut response = envelope(status, &json!({ "code": code, "message": message, "data": null }));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn envelope(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, clock::Clock, store::Store};

    fn code(cloud: &Cloud, row: &Row, query: &str) -> u32 {
        let params = Params::read(query, b"").unwrap();
        call(cloud, row, &HeaderMap::new(), &params).map_or_else(|e| e.code, |_| 200)
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
        for row in rows() {
            assert!(seen.insert((&row.method, row.path)), "{} {} is there twice", row.method, row.path);
            match row.access {
                Access::Token => {
                    assert_eq!(code(&cloud, row, ""), 10003, "{}", row.path);
                    assert_eq!(code(&cloud, row, "access-token=0123"), 402, "{}", row.path);
                    let wrong_app = format!("app_id=nobody&access-token={token}");
                    assert_eq!(code(&cloud, row, &wrong_app), 40000, "{}", row.path);
                    // With a token it gets as far as its parameters, and never fails inside.
                    let good = code(&cloud, row, &format!("access-token={token}"));
                    assert!(good == 200 || row.codes().contains(&good) && good != 20000, "{} {good}", row.path);
                }
                Access::Either => {
                    assert_eq!(code(&cloud, row, "app_id=floo-demo&access-token=0123"), 402, "{}", row.path);
                    assert_eq!(code(&cloud, row, ""), 10002, "{}", row.path);
                }
                Access::App => {
                    assert_eq!(code(&cloud, row, ""), 10002, "{}", row.path);
                    assert_eq!(code(&cloud, row, "app_id=nobody"), 40000, "{}", row.path);
                }
                Access::Open | Access::Admin => {}
            }
        }
    }

    #[test]
    fn all_named_shapes_exist_and_are_used() {
        fn named<'a>(shape: &'a Shape, names: &mut Vec<&'a str>) {
            match shape {
                Shape::Named(name) => names.push(name),
                Shape::List(item) | Shape::Pages(item, ..) => named(item, names),
                Shape::Fields(fields) => fields.iter().for_each(|(_, shape)| named(shape, names)),
                _ => {}
            }
        }
        let mut names = Vec::new();
        rows().for_each(|row| named(&row.answer, &mut names));
        names.sort_unstable();
        names.dedup();
        let mut known: Vec<_> = shapes::SHAPES.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
