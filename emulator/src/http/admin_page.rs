//! The developer's page and the frames it shows as they pass.
use std::{collections::VecDeque, convert::Infallible};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::json;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::streams::{Exchange, Refusal};
use crate::frames::{Passage, Seen};

/// `GET /admin`.
pub(super) async fn page(_: Exchange) -> Result<Response, Refusal> {
    Ok(file("text/html; charset=utf-8", include_str!("admin_page/page.html")))
}

/// `GET /admin/page.css`.
pub(super) async fn style(_: Exchange) -> Result<Response, Refusal> {
    Ok(file("text/css; charset=utf-8", include_str!("admin_page/page.css")))
}

/// `GET /admin/page.js`.
pub(super) async fn script(_: Exchange) -> Result<Response, Refusal> {
    Ok(file("text/javascript; charset=utf-8", include_str!("admin_page/page.js")))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'self'; img-src data:; frame-ancestors 'none'"),
    ];
    (headers, text).into_response()
}

/// `GET /admin/api/frames?after=n`: the frames that are remembered after number `n`, and then all
/// as they pass, as server-sent events.
pub(super) async fn frames(it: Exchange) -> Result<Response, Refusal> {
    // What a browser says that comes back after an interruption.
    let seen = it.headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let after = match it.query.number("after")? {
        Some(number) => number.max(0).cast_unsigned(),
        None => seen.unwrap_or(0),
    };
    let (past, live) = it.cloud.frames.watch(after);
    let events = stream::unfold((VecDeque::from(past), live), async |(mut past, mut live)| {
        let passage = match past.pop_front() {
            Some(passage) => passage,
            None => next(&mut live).await?,
        };
        Some((Ok::<_, Infallible>(event(&passage)), (past, live)))
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response())
}

/// A page that cannot keep up misses frames, and sees it by their numbers.
async fn next(live: &mut Receiver<Seen>) -> Option<Passage> {
    loop {
        match live.recv().await {
            Ok(Seen::Frame(passage)) => return Some(passage),
            Err(RecvError::Lagged(_)) => {}
            Ok(Seen::End) | Err(RecvError::Closed) => return None,
        }
    }
}

fn event(passage: &Passage) -> Bytes {
    format!("id: {}\ndata: {}\n\n", passage.n, json!(passage)).into()
}
