//! Calls by the table: parameters are checked and become a request, answers are checked and become text for
//! JavaScript. No endpoint has code of its own.
use std::fmt;

use super::table::{Access, Answer, Effect, Endpoint, Kind};
use super::{Caller, query};
use crate::core::json::Value;
use crate::core::map::Map;
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

/// Where links are resolved when the application names no server of its own.
const LINKS: &str = "https://lanyinglink.com";
/// JavaScript's numbers are exact up to here.
const EXACT: u64 = 1 << 53;
/// Where the cloud keeps files. Browsers get at them through the HTTP host.
const STORAGE: [&str; 2] = ["maximtop.com.cn", "maximtop.cn"];

/// A call that can be sent to whatever address the cloud has by then. It may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Path and query; an absolute URL where it is not for the cloud's HTTP host.
    pub target: String,
    /// The JSON body of a POST.
    pub body: Option<String>,
    /// What it will change on this device, and the `user_id` or `group_id` it is about; 0 for none.
    pub effect: Option<(Effect, u64)>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared(..)")
    }
}

impl Prepared {
    /// The request. Only the cloud's own host hears the app id, and the token if the caller has one.
    pub fn request(&self, endpoint: &Endpoint, caller: Caller<'_>) -> Request {
        let body = self.body.clone();
        if endpoint.is_foreign() {
            return Request { method: endpoint.method, url: self.target.clone(), headers: Vec::new(), body };
        }
        caller.request(endpoint.method, &self.target, body)
    }
}

impl Kind {
    /// What an argument has to be.
    const fn expected(self) -> &'static str {
        match self {
            Self::Id => "an id",
            Self::Ids => "a list of ids",
            Self::Int => "an integer",
            Self::Small => "an integer of 32 bits",
            Self::Hour => "an hour from 0 to 23",
            Self::Flag => "true or false",
            Self::Text | Self::Key => "a text",
            Self::Json => "anything",
            Self::Base => "an http address",
            Self::Wishes => "a list of objects with `user_id` and texts `alias` and `reason`",
        }
    }

    /// The argument as JSON text, exact to the last digit; `None` when it is something else.
    fn read(self, value: &Value) -> Option<String> {
        match self {
            Self::Id => positive(value),
            Self::Ids => list(value, positive),
            Self::Int => whole(value, i64::MIN, i64::MAX),
            Self::Small => whole(value, i32::MIN.into(), i32::MAX.into()),
            Self::Hour => whole(value, 0, 23),
            Self::Flag => value.as_bool().is_some().then(|| value.to_string()),
            Self::Text | Self::Key => value.as_str().is_some().then(|| value.to_string()),
            Self::Json => Some(value.to_string()),
            Self::Base => value.as_str().filter(|url| origin(url).is_some()).map(str::to_owned),
            Self::Wishes => list(value, wish),
        }
    }
}

/// An integer within bounds, as a number or as its digits.
fn whole(value: &Value, least: i64, most: i64) -> Option<String> {
    let n = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    (least <= n && n <= most).then(|| n.to_string())
}

fn positive(value: &Value) -> Option<String> {
    whole(value, 1, i64::MAX)
}

fn list(value: &Value, item: fn(&Value) -> Option<String>) -> Option<String> {
    let mut out = String::from("[");
    for value in value.as_array()? {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&item(value)?);
    }
    out.push(']');
    Some(out)
}

fn wish(value: &Value) -> Option<String> {
    let mut out = String::from("{");
    for (key, given) in value.as_object()?.iter() {
        let kind = match &key[..] {
            "user_id" => Kind::Id,
            "alias" | "reason" => Kind::Text,
            _ => return None,
        };
        member(&mut out, key, &kind.read(given)?);
    }
    out.push('}');
    value.get("user_id").map(|_| out)
}

/// Adds a field to an object that is still open. The name must need no escaping.
pub fn member(object: &mut String, name: &str, json: &str) {
    object.push_str(if object.len() > 1 { ",\"" } else { "\"" });
    object.push_str(name);
    object.push_str("\":");
    object.push_str(json);
}

impl Endpoint {
    /// It does not go to the cloud's HTTP host, so neither app id nor token may go with it.
    pub fn is_foreign(&self) -> bool {
        !self.path.starts_with('/')
    }

    /// Checks the arguments, a JSON object in which null means nothing, and puts them in their places.
    /// `document` is the address of the DNS document, where there is one.
    ///
    /// # Errors
    /// `Unsupported` for what this SDK does not call; `ArgumentInvalid`, which names the parameter.
    pub fn prepare(&self, given: &str, document: Option<&str>) -> Result<Prepared, Error> {
        if matches!(self.access, Access::Host | Access::Never) {
            return Err(unsupported(self.name));
        }
        let Ok(Value::Object(given)) = Value::parse(if given.is_empty() { "{}" } else { given }) else {
            return Err(Error::argument("`params` is no JSON object"));
        };
        let params = self.params();
        if let Some(odd) = given.keys().find(|key| params.iter().all(|param| param.name != *key)) {
            return Err(Error::argument(["`", odd, "` is no parameter of ", self.name].concat()));
        }
        let mut body = String::from("{");
        let mut target = match (self.path.strip_prefix("<link>"), document) {
            _ if !self.is_foreign() => self.path.to_owned(),
            (Some(path), _) => {
                let server = given.get("server").and_then(Value::as_str).unwrap_or(LINKS); // checked below
                [server.strip_suffix('/').unwrap_or(server), path].concat()
            }
            (None, Some(document)) => document.to_owned(),
            (None, None) => return Err(unsupported(self.name)),
        };
        for param in params {
            let value = given.get(param.name).unwrap_or(&Value::Null);
            let (name, kind) = (param.name, param.kind);
            let json = match kind.read(value) {
                Some(json) if !value.is_null() => json,
                _ if param.required && value.is_null() => {
                    return Err(Error::argument(["`", name, "` is missing"].concat()));
                }
                _ if value.is_null() && kind != Kind::Key => continue,
                _ if value.is_null() => String::new(),
                _ => return Err(Error::argument(["`", name, "` must be ", kind.expected()].concat())),
            };
            if kind == Kind::Wishes {
                body = json;
            } else if kind != Kind::Base && param.in_query {
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str(name);
                target.push('=');
                let text = if matches!(kind, Kind::Text | Kind::Key) { value.as_str() } else { None };
                target.push_str(&query(text.unwrap_or(&json)));
            } else if kind != Kind::Base {
                member(&mut body, name, &json);
            }
        }
        if body.starts_with('{') {
            body.push('}');
        }
        let about = given
            .get("user_id")
            .or_else(|| given.get("group_id"))
            .and_then(positive)
            .and_then(|id| id.parse().ok())
            .unwrap_or(0);
        let effect = self.effect().map(|effect| (effect, about));
        Ok(Prepared { target, body: (self.method != "GET").then_some(body), effect })
    }

    /// Checks an answer's body (http-api 4) and makes it safe for JavaScript: JSON in which ids are decimal
    /// text, and so are all integers that its numbers cannot hold. A page is `{items, cursor, total}`; cursor
    /// null: the last one. Unusable items of a list are left out.
    ///
    /// # Errors
    /// What the answer's code stands for; `ServerResponseInvalid`, which names what is amiss.
    pub fn read(&self, body: &str) -> Result<String, Error> {
        let mut answer = Value::lenient(body);
        let mut field = |name: &str| match &mut answer {
            Value::Object(fields) => fields.get_mut(name).map(std::mem::take).unwrap_or_default(),
            _ => Value::Null,
        };
        let code = field("code").as_u64().ok_or_else(|| invalid("the answer has no `code`"))?;
        if code != 200 {
            return Err(Error::from_http(code, field("message").as_str().unwrap_or("")));
        }
        let mut data = field("data");
        let (fits, expected, empty) = match self.answer {
            Answer::Any => (true, "", Value::Null),
            Answer::Flag => (data.as_bool().is_some(), "`data` is neither true nor false", Value::Null),
            Answer::Text => (data.as_str().is_some(), "`data` is no text", Value::Null),
            Answer::Object | Answer::Upload => {
                (data.as_object().is_some(), "`data` is no object", Value::Object(Map::new()))
            }
            Answer::List | Answer::Ids | Answer::Page | Answer::IdPage => {
                (data.as_array().is_some(), "`data` is no list", Value::Array(Vec::new()))
            }
        };
        if data.is_null() && self.nullable {
            data = empty;
        } else if !fits {
            return Err(invalid(expected));
        }
        let ids = matches!(self.answer, Answer::Ids | Answer::IdPage);
        let paged = matches!(self.answer, Answer::Page | Answer::IdPage);
        if let (Value::Array(items), true) = (&mut data, ids || paged || self.answer == Answer::List) {
            for item in items.iter_mut().filter(|_| ids) {
                let id = item.get("user_id").or_else(|| item.get("group_id")).unwrap_or(item);
                *item = positive(id).map_or(Value::Null, Value::String);
            }
            items.retain(|item| if ids { item.as_str().is_some() } else { item.as_object().is_some() });
        }
        if self.answer == Answer::Upload {
            check_upload(&data)?;
        }
        safe(&mut data, false);
        if !paged {
            return Ok(data.to_string());
        }
        let mut page = String::from("{");
        member(&mut page, "items", &data.to_string());
        let cursor = match field("cursor") {
            Value::String(next) if !next.is_empty() => Value::String(next),
            Value::Number(next) => Value::String(next),
            _ => Value::Null,
        };
        member(&mut page, "cursor", &cursor.to_string());
        let mut total = field("total");
        safe(&mut total, false);
        if total.as_u64().is_some() {
            member(&mut page, "total", &total.to_string());
        }
        page.push('}');
        Ok(page)
    }
}

fn unsupported(name: &str) -> Error {
    Error::new(Domain::Argument, ErrorCode::Unsupported, name)
}

fn invalid(what: &str) -> Error {
    Error::new(Domain::Http, ErrorCode::ServerResponseInvalid, what)
}

/// An upload goes to an address that can be used, and is found at another.
fn check_upload(data: &Value) -> Result<(), Error> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    if text("upload_url").and_then(origin).is_none() {
        return Err(Error::new(Domain::Http, ErrorCode::ServerInvalidUploadUrl, "`upload_url` is no http address"));
    }
    if text("download_url").is_none_or(str::is_empty) {
        return Err(invalid("`download_url` is missing"));
    }
    Ok(())
}

/// Whether a field holds ids.
fn is_id(name: &str) -> bool {
    name.ends_with("_id")
        || name.ends_with("_ids")
        || matches!(name, "id" | "uid" | "owner" | "author" | "uploader" | "success")
}

/// Turns ids, and integers beyond 2^53, into text.
fn safe(value: &mut Value, id: bool) {
    match value {
        Value::Number(n) => {
            let digits = n.strip_prefix('-').unwrap_or(n);
            let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
            if whole && (id || digits.parse().map_or(true, |size: u64| size > EXACT)) {
                *value = Value::String(std::mem::take(n));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| safe(item, id)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| safe(field, is_id(name))),
        _ => {}
    }
}

/// Scheme and host of an http address as it is written, the host without a port that goes without saying.
/// `None` for what two readers could understand in two ways: blanks, backslashes, user names.
fn origin(url: &str) -> Option<(bool, &str)> {
    let (secure, rest) = match url.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("http://")?),
    };
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let host = rest.get(..end)?;
    let host = host.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(host);
    (!host.is_empty() && !host.contains('@') && !is_odd(url)).then_some((secure, host))
}

fn is_odd(url: &str) -> bool {
    url.bytes().any(|byte| byte <= b' ' || byte == b'\\' || byte == 0x7f)
}

/// Whether two addresses are on one and the same server.
pub fn same_origin(a: &str, b: &str) -> bool {
    origin(a).is_some_and(|origin_a| origin(b) == Some(origin_a))
}

/// Where a file is (http-api 7): at the address itself, at a path on the cloud's HTTP host, or there under
/// the bare name of a picture. The cloud's storage is spoken to through the HTTP host.
///
/// # Errors
/// `InvalidFileDownloadUrl` for what is none of these; `ServerNotReachable` while `base` is needed and empty.
pub fn locate(url: &str, base: &str) -> Result<String, Error> {
    let mut path = "";
    let mut name = String::new();
    if let Some((_, host)) = origin(url) {
        let bare = host.split(':').next().unwrap_or(host);
        let stored = STORAGE
            .iter()
            .any(|known| bare.strip_suffix(known).is_some_and(|front| front.is_empty() || front.ends_with('.')));
        if !stored || same_origin(url, base) {
            return Ok(url.to_owned());
        }
        let rest = url.get("https://".len()..).unwrap_or("");
        path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    } else if url.starts_with('/') && !is_odd(url) {
        path = url;
    } else if url.is_empty() || url.starts_with('/') || url.contains(':') {
        return Err(Error::new(Domain::Argument, ErrorCode::InvalidFileDownloadUrl, "`url` is no address"));
    } else {
        name = query(url);
    }
    if base.is_empty() {
        return Err(Error::new(Domain::Http, ErrorCode::ServerNotReachable, "the cloud's servers are not known yet"));
    }
    let path = if path.is_empty() { "/file/download/avatar?object_name=" } else { path };
    Ok([base, path, &name].concat())
}

#[cfg(test)]
mod tests;
