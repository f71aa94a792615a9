//! The HTTP API (ratel): typed requests out, checked answers in. Knows no session and does no I/O.
mod account;
mod dns;
mod endpoint;
mod lists;
mod table;

pub use account::{Credentials, Token, register_visitor, token, token_answer, visitor_answer};
pub use dns::{Cluster, Kept, Servers, dns, documents};
pub use endpoint::{Prepared, locate, member, same_origin};
pub use lists::{group_cards, group_ids, pins, roster_ids, user_cards};
pub use table::{Access, Answer, Effect, Endpoint, Kind, Param};

use crate::core::json::Value;
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

/// Reads an answer: the transport's verdict, the envelope, then the data by `parse`.
pub fn read<T>(answer: Result<Response, HttpError>, parse: fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    let response = answer.map_err(|e| Error::new(Domain::Http, ErrorCode::ServerNotReachable, e.0))?;
    if !(200..300).contains(&response.status) {
        return Err(Error::from_transport(response.status));
    }
    parse(&response.body)
}

/// The data of an answer whose code is 200 (http-api 4); any other code becomes its error.
fn data(body: &str) -> Result<Value, Error> {
    let invalid = |what: &str| Error::new(Domain::Http, ErrorCode::ServerResponseInvalid, what);
    let answer = Value::parse(body).map_err(|at| invalid(&format!("unreadable at byte {at}")))?;
    match field(&answer, "code").as_u64() {
        None => Err(invalid("the answer has no `code`")),
        Some(200) => match answer {
            Value::Object(mut fields) => fields.remove("data").filter(|data| !data.is_null()),
            _ => None,
        }
        .ok_or_else(|| invalid("the answer's `data` is missing")),
        Some(code) => Err(Error::from_http(code, field(&answer, "message").as_str().unwrap_or(""))),
    }
}

/// The items of an answer that is a list. One bad item never spoils it: what `read` gives up is left out.
fn items<T>(body: &str, read: impl FnMut(&Value) -> Option<T>) -> Result<Vec<T>, Error> {
    match data(body)? {
        Value::Array(items) => Ok(items.iter().filter_map(read).collect()),
        _ => Err(Error::new(Domain::Http, ErrorCode::ServerResponseInvalid, "`data` is no list")),
    }
}

/// A field of an object; null where there is none.
fn field<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.field(name)
}

/// A text that may be null or absent; `None` when it is something else.
fn text(of: &Value, name: &str) -> Option<String> {
    match field(of, name) {
        Value::Null => Some(String::new()),
        value => value.as_str().map(str::to_owned),
    }
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
