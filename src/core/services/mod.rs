//! The HTTP API (ratel): typed requests out, checked answers in. Knows no session and does no I/O.
mod account;
mod dns;
mod endpoint;
mod lists;
mod table;

use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use account::{Credentials, Token, register_visitor, token, token_answer, visitor_answer};
pub use dns::{Cluster, Kept, Servers, dns, documents};
pub use endpoint::{Prepared, locate, member, same_origin};
pub use lists::{group_cards, group_ids, roster_ids, user_cards};
pub use table::{Access, Answer, Effect, Endpoint, Kind, Param};

use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::{HttpError, Request, Response};

/// How to make a call: its request, and how to read its answer.
#[derive(Debug)]
pub struct Call<T> {
    /// What to send.
    pub request: Request,
    /// How to read the `data` of the answer.
    pub parse: fn(&str) -> Result<T, Error>,
}

/// Whom requests go to and on whose behalf.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Base URL of the HTTP API, without a slash at the end.
    pub base: &'a str,
    /// The application.
    pub app_id: &'a str,
    /// The access token; empty before login.
    pub token: &'a str,
}

impl Caller<'_> {
    fn request(&self, method: &'static str, path: &str, body: Option<String>) -> Request {
        let mut headers = vec![("app_id", self.app_id.to_owned())];
        if !self.token.is_empty() {
            headers.push(("access-token", self.token.to_owned()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request { method, url: format!("{}{path}", self.base), headers, body }
    }
}

/// The outer shape of every answer (http-api 4).
#[derive(Deserialize)]
struct Envelope<T> {
    code: u64,
    #[serde(default)]
    message: Option<String>,
    #[serde(default = "none")]
    data: Option<T>,
}

const fn none<T>() -> Option<T> {
    None
}

/// Reads an answer: the transport's verdict, the envelope, then the data by `parse`.
pub fn read<T>(answer: Result<Response, HttpError>, parse: fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    let response = answer.map_err(|e| Error::new(Domain::Http, ErrorCode::ServerNotReachable, e.0))?;
    if !(200..300).contains(&response.status) {
        return Err(Error::from_transport(response.status));
    }
    parse(&response.body)
}

/// The data of an answer whose code is 200; any other code becomes its error.
fn data<T: DeserializeOwned>(body: &str) -> Result<T, Error> {
    let invalid = |e: serde_json::Error| {
        // serde's text can quote a value, so only the place is passed on.
        let place = format!("unreadable at line {} column {}", e.line(), e.column());
        Error::new(Domain::Http, ErrorCode::ServerResponseInvalid, place)
    };
    let head: Envelope<serde::de::IgnoredAny> = serde_json::from_str(body).map_err(invalid)?;
    if head.code != 200 {
        return Err(Error::from_http(head.code, &head.message.unwrap_or_default()));
    }
    let whole: Envelope<T> = serde_json::from_str(body).map_err(invalid)?;
    whole
        .data
        .ok_or_else(|| Error::new(Domain::Http, ErrorCode::ServerResponseInvalid, "the answer's `data` is missing"))
}

/// An id in an answer: the cloud sends numbers, some proxies text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Id(u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Id;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an id")
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Id, E> {
                Ok(Id(n))
            }
            fn visit_str<E: serde::de::Error>(self, s: &str) -> Result<Id, E> {
                s.parse().map(Id).map_err(|_| E::custom("not an id"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A field of an object; null where there is none.
fn field<'a>(of: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    of.get(name).unwrap_or(&serde_json::Value::Null)
}

/// A text that may be null or absent.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One bad item never spoils a list: unreadable ones are left out.
fn items<T: DeserializeOwned>(list: Vec<serde_json::Value>) -> Vec<T> {
    list.into_iter().filter_map(|v| serde_json::from_value(v).ok()).collect()
}

/// Percent-encodes a value for a query string.
fn query(value: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
    out
}
