//! The store that upload URLs point at: it looks at the signature alone, like the object storage
//! of the cloud, and passes everything straight to the disk (http-api 7).
use std::{pin::pin, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use serde_json::json;

use super::streams::{Exchange, Refusal};
use crate::{
    Cloud,
    files::Incoming,
    guard,
    store::{Arrived, SlotError},
};

/// Longest field of a form in front of the file, in bytes.
const FIELD_LIMIT: usize = 4096;
/// Most fields in front of the file.
const FIELDS_LIMIT: usize = 32;
/// Longest media type and file name that are kept, in bytes.
const TYPE_LIMIT: usize = 128;
const NAME_LIMIT: usize = 256;
/// What a refused client may still send before its connection is cut, in bytes: most see the
/// answer only when they have sent everything.
const DRAIN_LIMIT: u64 = 128 << 20;
/// What a form needs around the file, in bytes.
const FORM_OVERHEAD: u64 = (FIELD_LIMIT * FIELDS_LIMIT) as u64;

/// What was shown to be let in.
#[derive(Debug, Default)]
struct Ticket {
    key: String,
    policy: String,
    signature: String,
}

impl Ticket {
    fn set(&mut self, field: &str, value: String) {
        match field {
            "key" => self.key = value,
            "policy" => self.policy = value,
            "signature" => self.signature = value,
            // OSSAccessKeyId and callback say nothing here.
            _ => {}
        }
    }

    fn from_query(it: &Exchange) -> Result<Self, Refusal> {
        let mut ticket = Self::default();
        for field in ["key", "policy", "signature"] {
            if let Some(value) = it.query.text(field)? {
                ticket.set(field, value.to_owned());
            }
        }
        Ok(ticket)
    }

    fn check(&self, cloud: &Cloud) -> Result<(), Refusal> {
        for (field, value) in [("key", &self.key), ("policy", &self.policy), ("signature", &self.signature)] {
            if value.is_empty() {
                return Err(Refusal::new(StatusCode::FORBIDDEN, format!("{field}: missing")));
            }
        }
        let now = cloud.clock.now();
        let verdict = guard(&cloud.store).check_slot(&self.key, &self.policy, &self.signature, now);
        match verdict.map_err(super::ApiError::from)? {
            Ok(()) => Ok(()),
            Err(SlotError::Forged) => {
                Err(Refusal::new(StatusCode::FORBIDDEN, "signature: does not fit key and policy"))
            }
            Err(SlotError::Expired) => Err(Refusal::new(StatusCode::FORBIDDEN, "policy: has expired")),
        }
    }
}

/// `POST` of a form: the fields of `oss_body_param`, then the file.
pub(super) async fn form(it: Exchange) -> Result<Response, Refusal> {
    let ticket = Ticket::from_query(&it)?;
    let limit = guard(&it.cloud.policy).upload_limit;
    check_length(&it, limit.saturating_add(FORM_OVERHEAD))?;
    let kind = it.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let boundary = multer::parse_boundary(kind)
        .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "Content-Type: must be multipart/form-data"))?;
    let mut source = it.body.into_data_stream();
    let mut form = Multipart::new(&mut source, boundary);
    let outcome = read_form(&it.cloud, &mut form, ticket, limit).await;
    drop(form);
    finish(outcome, source).await
}

async fn read_form(
    cloud: &Arc<Cloud>,
    form: &mut Multipart<'_>,
    mut ticket: Ticket,
    limit: u64,
) -> Result<(), Refusal> {
    for _ in 0..FIELDS_LIMIT {
        let Some(mut field) = form.next_field().await.map_err(broken)? else {
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "file: missing"));
        };
        let name = field.name().unwrap_or("").to_owned();
        if name != "file" {
            let value = read_text(&name, &mut field).await?;
            ticket.set(&name, value);
            continue;
        }
        ticket.check(cloud)?;
        let kind = field.content_type().map(ToString::to_string);
        let file_name = field.file_name().unwrap_or("").to_owned();
        let bytes = field.map(|chunk| chunk.map_err(broken));
        return store(cloud, &ticket.key, &file_name, kind.as_deref(), bytes, limit).await;
    }
    Err(Refusal::new(StatusCode::BAD_REQUEST, "file: too many fields in front of it"))
}

async fn read_text(name: &str, field: &mut Field<'_>) -> Result<String, Refusal> {
    let bad = |why: &str| Refusal::new(StatusCode::BAD_REQUEST, format!("{name}: {why}"));
    let mut value = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if value.len() + chunk.len() > FIELD_LIMIT {
            return Err(bad("too long"));
        }
        value.extend_from_slice(&chunk);
    }
    String::from_utf8(value).map_err(|_| bad("is not text"))
}

/// `PUT` of the bytes alone; the URL brings the rest.
pub(super) async fn raw(it: Exchange) -> Result<Response, Refusal> {
    let limit = guard(&it.cloud.policy).upload_limit;
    check_length(&it, limit)?;
    let ticket = Ticket::from_query(&it)?;
    let kind = it.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let mut source = it.body.into_data_stream();
    let outcome = match ticket.check(&it.cloud) {
        Ok(()) => {
            let bytes = (&mut source).map(|chunk| chunk.map_err(broken));
            store(&it.cloud, &ticket.key, "", kind.as_deref(), bytes, limit).await
        }
        Err(refusal) => Err(refusal),
    };
    finish(outcome, source).await
}

/// Refuses at once what says that it is too large.
fn check_length(it: &Exchange, limit: u64) -> Result<(), Refusal> {
    let length = it.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit) { Err(too_large()) } else { Ok(()) }
}

fn too_large() -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "file: larger than upload_limit")
}

fn broken(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, format!("body: {error}"))
}

/// Writes what comes and makes it the object's bytes. Whatever goes wrong, nothing is left of it.
async fn store(
    cloud: &Arc<Cloud>,
    object: &str,
    name: &str,
    kind: Option<&str>,
    bytes: impl Stream<Item = Result<Bytes, Refusal>>,
    limit: u64,
) -> Result<(), Refusal> {
    let mut incoming: Incoming = cloud.files.receive().await?;
    let mut bytes = pin!(bytes);
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk?;
        if incoming.size() + chunk.len() as u64 > limit {
            return Err(too_large());
        }
        incoming.write(&chunk).await?;
    }
    let arrived = Arrived {
        object,
        name: &shortened(name),
        content_type: kind.filter(|kind| !kind.is_empty() && kind.len() <= TYPE_LIMIT).unwrap_or(BINARY),
        size: incoming.size(),
    };
    incoming.flush().await?;
    // Under one lock, so that of two uploads to one slot bytes and size are of the same one.
    let mut store = guard(&cloud.store);
    incoming.keep_as(&cloud.files.path(object))?;
    if !store.fill_slot(&arrived).map_err(super::ApiError::from)? {
        cloud.files.remove(object);
        return Err(Refusal::new(StatusCode::FORBIDDEN, "policy: has expired"));
    }
    Ok(())
}

/// As many whole characters as are kept.
fn shortened(name: &str) -> String {
    name.char_indices().take_while(|(at, c)| at + c.len_utf8() <= NAME_LIMIT).map(|(_, c)| c).collect()
}

/// The type of what nobody knows.
pub(super) const BINARY: &str = "application/octet-stream";

/// Answers in the words of both kinds of storage that clients know.
async fn finish(
    outcome: Result<(), Refusal>,
    mut rest: impl Stream<Item = Result<Bytes, axum::Error>> + Unpin,
) -> Result<Response, Refusal> {
    let mut drained = 0;
    while let Some(Ok(chunk)) = rest.next().await {
        drained += chunk.len() as u64;
        if drained > DRAIN_LIMIT {
            break;
        }
    }
    outcome?;
    let body = json!({ "code": 200, "message": null, "data": true, "Status": "OK" });
    Ok(([(header::CONTENT_TYPE, "application/json; charset=utf-8")], Body::from(body.to_string())).into_response())
}
