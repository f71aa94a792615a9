//! What is not a short JSON text in both directions: files, and the page of the developer.
use std::{future::Future, pin::Pin, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    ApiError, admin_page,
    call::Params,
    download,
    table::{Param, Type::*, may, must},
    upload,
};
use crate::Cloud;

/// One request that was routed here.
pub(super) struct Exchange {
    pub(super) cloud: Arc<Cloud>,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    /// The parameters of the query.
    pub(super) query: Params,
    pub(super) body: Body,
}

/// A refusal with an HTTP status, because who downloads or uploads looks at nothing else.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: ApiError,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, error: ApiError::new(u32::from(status.as_u16()), message) }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let status = match error.code {
            402 | 10003 => StatusCode::UNAUTHORIZED,
            20000 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, error }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Self::new(StatusCode::NOT_FOUND, "the file has gone from the disk");
        }
        eprintln!("floo-emulator: file: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read or written")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "code": self.error.code, "message": self.error.message, "data": null });
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        (self.status, kind, body.to_string()).into_response()
    }
}

type Outcome = Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// Method, path, the parameters in the query, the function, what it is for.
pub(super) struct Stream(
    pub(super) Method,
    pub(super) &'static str,
    pub(super) &'static [Param],
    pub(super) fn(Exchange) -> Outcome,
    pub(super) &'static str,
);

const TICKET: &[Param] = &[may("key", Text(1024)), may("policy", Text(1024)), may("signature", Text(1024))];
const SIZE: [Param; 4] = [may("image_type", Int), may("w", Any), may("h", Any), may("thumbnail_strategy", Int)];
const CHAT: &[Param] = &[must("file_sign", Word(1024)), SIZE[0], SIZE[1], SIZE[2], SIZE[3], may("format", Text(16))];
const AVATAR: &[Param] = &[must("object_name", Word(1024)), SIZE[0], SIZE[1], SIZE[2], SIZE[3]];
const AFTER: &[Param] = &[may("after", Int)];

#[rustfmt::skip]
pub(super) const STREAMS: &[Stream] = &[
    Stream(Method::POST, "/file/upload/store", TICKET, |it| Box::pin(upload::form(it)), "Takes a file in a form"),
    Stream(Method::PUT, "/file/upload/store", TICKET, |it| Box::pin(upload::raw(it)), "Takes a file alone"),
    Stream(Method::GET, "/file/download/chat", CHAT, |it| Box::pin(download::chat(it)), "A file of a chat, whole, in part, or as a small picture"),
    Stream(Method::GET, "/file/download/avatar", AVATAR, |it| Box::pin(download::avatar(it)), "An avatar"),
    Stream(Method::GET, "/admin", &[], |it| Box::pin(admin_page::page(it)), "The developer's page"),
    Stream(Method::GET, "/admin/page.css", &[], |it| Box::pin(admin_page::style(it)), "Its style"),
    Stream(Method::GET, "/admin/page.js", &[], |it| Box::pin(admin_page::script(it)), "Its script"),
    Stream(Method::GET, "/admin/api/frames", AFTER, |it| Box::pin(admin_page::frames(it)), "Frames as they pass, as server-sent events"),
];

/// Answers what belongs here; gives the body back otherwise. HEAD is GET without the bytes.
pub(super) async fn serve(cloud: &Arc<Cloud>, parts: &Parts, body: Body) -> Result<Response, Body> {
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
    let Some(row) = STREAMS.iter().find(|row| row.0 == method && row.1 == parts.uri.path()) else {
        return Err(body);
    };
    let query = match Params::read(parts.uri.query().unwrap_or(""), b"") {
        Ok(query) => query,
        Err(e) => return Ok(Refusal::from(e).into_response()),
    };
    let exchange = Exchange {
        cloud: Arc::clone(cloud),
        method: parts.method.clone(),
        headers: parts.headers.clone(),
        query,
        body,
    };
    Ok((row.3)(exchange).await.unwrap_or_else(Refusal::into_response))
}
