//! Calls by the table: parameters are checked and become a request, answers are checked and become text for
//! JavaScript. No endpoint has code of its own.
use std::fmt;

use serde_json::{Map, Value};

use super::table::{Access, Answer, Endpoint, Kind, Param};
use super::{Caller, query};
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

/// Where links are resolved when the application names no server of its own.
const LINKS: &str = "https://lanyinglink.com";
/// JavaScript's numbers are exact up to here.
const EXACT: u64 = 1 << 53;

/// A call that can be sent to whatever address the cloud has by then. It may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// Path and query; an absolute URL where it is not for the cloud's HTTP host.
    pub target: String,
    /// The JSON body of a POST.
    pub body: Option<String>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared(..)")
    }
}

impl Prepared {
    /// It does not go to the cloud's HTTP host, so neither app id nor token may go with it.
    pub fn is_foreign(&self) -> bool {
        !self.target.starts_with('/')
    }

    /// The request. Only the cloud's own host hears the app id, and the token if the caller has one.
    pub fn request(&self, endpoint: &Endpoint, caller: Caller<'_>) -> Request {
        if self.is_foreign() {
            let (url, body) = (self.target.clone(), self.body.clone());
            return Request { method: endpoint.method, url, headers: Vec::new(), body };
        }
        caller.request(endpoint.method, &self.target, self.body.clone())
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
            Self::Id => positive(value).map(|n| n.to_string()),
            Self::Ids => {
                let ids: Option<Vec<String>> = value.as_array()?.iter().map(|id| Self::Id.read(id)).collect();
                Some(["[", &ids?.join(","), "]"].concat())
            }
            Self::Int => integer(value).map(|n| n.to_string()),
            Self::Small => integer(value).filter(|n| i32::try_from(*n).is_ok()).map(|n| n.to_string()),
            Self::Hour => integer(value).filter(|n| (0..24).contains(n)).map(|n| n.to_string()),
            Self::Flag => value.is_boolean().then(|| value.to_string()),
            Self::Text | Self::Key => value.is_string().then(|| value.to_string()),
            Self::Json => Some(value.to_string()),
            Self::Base => value.as_str().filter(|url| origin(url).is_some()).map(str::to_owned),
            Self::Wishes => {
                let all: Option<Vec<String>> = value.as_array()?.iter().map(wish).collect();
                Some(["[", &all?.join(","), "]"].concat())
            }
        }
    }
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn positive(value: &Value) -> Option<i64> {
    integer(value).filter(|n| *n > 0)
}

fn wish(value: &Value) -> Option<String> {
    let mut out = String::from("{");
    for (key, given) in value.as_object()? {
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

fn member(object: &mut String, name: &str, json: &str) {
    object.push_str(if object.len() > 1 { ",\"" } else { "\"" });
    object.push_str(name); // of the table, so there is nothing to escape
    object.push_str("\":");
    object.push_str(json);
}

impl Endpoint {
    /// Checks the arguments, a JSON object in which null means nothing, and puts them in their places.
    /// `document` is the address of the DNS document, where there is one.
    ///
    /// # Errors
    /// `Unsupported` for what this SDK does not call; `ArgumentInvalid`, which names the parameter.
    pub fn prepare(&self, params: &str, document: Option<&str>) -> Result<Prepared, Error> {
        if matches!(self.access, Access::Host | Access::Never) {
            return Err(unsupported(self.name));
        }
        let given: Value =
            if params.is_empty() { Value::Null } else { serde_json::from_str(params).unwrap_or_default() };
        let empty = Map::new();
        let given = match &given {
            Value::Object(map) => map,
            Value::Null if params.is_empty() => &empty,
            _ => return Err(Error::argument("`params` is no JSON object")),
        };
        if let Some(unknown) = given.keys().find(|key| self.params().all(|param| param.name != *key)) {
            return Err(Error::argument(["`", unknown, "` is no parameter of ", self.name].concat()));
        }
        let (mut queries, mut body, mut base) = (String::new(), String::from("{"), None);
        for param in self.params() {
            let Some(json) = param.argument(given)? else { continue };
            match param.kind {
                Kind::Base => base = Some(json),
                Kind::Wishes => body = json,
                _ if param.in_query => {
                    queries.push(if queries.is_empty() { '?' } else { '&' });
                    queries.push_str(param.name);
                    queries.push('=');
                    match given.get(param.name) {
                        Some(Value::String(text)) if matches!(param.kind, Kind::Text | Kind::Key) => {
                            queries.push_str(&query(text));
                        }
                        None => {}
                        Some(_) => queries.push_str(&query(&json)),
                    }
                }
                _ => member(&mut body, param.name, &json),
            }
        }
        if body.starts_with('{') {
            body.push('}');
        }
        let mut target = match self.path.split_once('>') {
            None => self.path.to_owned(),
            Some(("<dns", _)) => document.ok_or_else(|| unsupported(self.name))?.to_owned(),
            Some((_, path)) => [base.as_deref().unwrap_or(LINKS).trim_end_matches('/'), path].concat(),
        };
        if target.contains('?') && !queries.is_empty() {
            queries.replace_range(..1, "&");
        }
        target.push_str(&queries);
        Ok(Prepared { target, body: (self.method == "POST").then_some(body) })
    }

    /// Checks an answer's body (http-api 4) and makes it safe for JavaScript: ids are decimal text, and so are
    /// all integers that its numbers cannot hold. A page is `{items, cursor, total}`; cursor null: the last one.
    /// Unusable items of a list are left out.
    ///
    /// # Errors
    /// What the answer's code stands for; `ServerResponseInvalid`, which names what is amiss.
    pub fn read(&self, body: &str) -> Result<Value, Error> {
        let mut whole: Value = serde_json::from_str(body).map_err(|e| {
            // serde's text can quote a value, so only the place is passed on.
            let place = [" at line ", &e.line().to_string(), " column ", &e.column().to_string()].concat();
            invalid(&["the answer is no JSON", &place].concat())
        })?;
        let code = whole.get("code").and_then(Value::as_u64).ok_or_else(|| invalid("the answer has no `code`"))?;
        if code != 200 {
            return Err(Error::from_http(code, whole.get("message").and_then(Value::as_str).unwrap_or("")));
        }
        let mut data = whole.get_mut("data").map(Value::take).unwrap_or_default();
        let list = matches!(self.answer, Answer::List | Answer::Ids | Answer::Page | Answer::IdPage);
        if data.is_null() && self.nullable {
            data = if list { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        let fits = match self.answer {
            Answer::Any => true,
            Answer::Flag => data.is_boolean(),
            Answer::Text => data.is_string(),
            Answer::Object | Answer::Upload => data.is_object(),
            _ => data.is_array(),
        };
        if !fits {
            return Err(invalid(match self.answer {
                Answer::Any | Answer::Flag => "`data` is neither true nor false",
                Answer::Text => "`data` is no text",
                Answer::Object | Answer::Upload => "`data` is no object",
                _ => "`data` is no list",
            }));
        }
        if let Value::Array(items) = &mut data {
            match self.answer {
                Answer::Ids | Answer::IdPage => {
                    for item in items.iter_mut() {
                        let id = item.get("user_id").or_else(|| item.get("group_id")).unwrap_or(item);
                        *item = positive(id).map_or(Value::Null, |id| Value::String(id.to_string()));
                    }
                    items.retain(Value::is_string);
                }
                Answer::List | Answer::Page => items.retain(Value::is_object),
                _ => {}
            }
        }
        safe(&mut data, false);
        if self.answer == Answer::Upload {
            check_upload(&data)?;
        }
        if !matches!(self.answer, Answer::Page | Answer::IdPage) {
            return Ok(data);
        }
        let mut page = Map::new();
        page.insert("items".into(), data);
        page.insert(
            "cursor".into(),
            match whole.get_mut("cursor").map(Value::take) {
                Some(Value::String(next)) if !next.is_empty() => Value::String(next),
                Some(Value::Number(next)) => Value::String(next.to_string()),
                _ => Value::Null,
            },
        );
        if let Some(total) = whole.get("total").filter(|total| total.is_u64()) {
            page.insert("total".into(), total.clone());
        }
        Ok(Value::Object(page))
    }
}

impl Param {
    /// The argument as JSON; `None` when there is none, and none is needed.
    fn argument(&self, given: &Map<String, Value>) -> Result<Option<String>, Error> {
        match given.get(self.name) {
            Some(value) if !value.is_null() => match self.kind.read(value) {
                Some(json) => Ok(Some(json)),
                None => Err(Error::argument(["`", self.name, "` must be ", self.kind.expected()].concat())),
            },
            _ if self.required => Err(Error::argument(["`", self.name, "` is missing"].concat())),
            _ => Ok((self.kind == Kind::Key).then(String::new)),
        }
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
            let exact = n.as_u64().or_else(|| n.as_i64().map(i64::unsigned_abs));
            if exact.is_some_and(|size| id || size > EXACT) {
                *value = Value::String(n.to_string());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| safe(item, id)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| safe(field, is_id(name))),
        _ => {}
    }
}

const fn odd(byte: u8) -> bool {
    byte <= b' ' || byte == b'\\' || byte == 0x7f
}

/// Scheme and host of an http address, the host without a port that goes without saying. `None` for what two
/// readers could understand in two ways: blanks, backslashes, user names.
fn origin(url: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let secure = scheme.eq_ignore_ascii_case("https");
    if !(secure || scheme.eq_ignore_ascii_case("http")) || url.bytes().any(odd) {
        return None;
    }
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(host);
    (!host.is_empty() && !host.contains('@')).then_some((secure, host))
}

/// Whether two addresses are on one and the same server.
pub fn same_origin(a: &str, b: &str) -> bool {
    match (origin(a), origin(b)) {
        (Some((secure, host)), Some(other)) => secure == other.0 && host.eq_ignore_ascii_case(other.1),
        _ => false,
    }
}

/// The request of a download (http-api 7): the address itself, a path on the cloud's HTTP host, or the bare
/// name of a picture there. Hosts of the cloud's storage are spoken to through the HTTP host.
///
/// # Errors
/// `InvalidFileDownloadUrl` for what is none of these; `ServerNotReachable` while `base` is needed and empty.
pub fn locate(url: &str, base: &str) -> Result<String, Error> {
    let storage = |host: &str| {
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        ["maximtop.com.cn", "maximtop.cn"]
            .iter()
            .any(|known| host.strip_suffix(known).is_some_and(|front| front.is_empty() || front.ends_with('.')))
    };
    let on_base = |path: &[&str]| match base {
        "" => Err(Error::new(Domain::Http, ErrorCode::ServerNotReachable, "the cloud's servers are not known yet")),
        _ => Ok([&[base], path].concat().concat()),
    };
    let absolute = url.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http")) && url.contains("://");
    let path = url.starts_with('/');
    match origin(url) {
        Some((_, host)) if storage(host) && !same_origin(url, base) => {
            let rest = url.split_once("://").map_or("", |(_, rest)| rest);
            let path = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)).unwrap_or("");
            on_base(&[if path.starts_with('/') { "" } else { "/" }, path])
        }
        Some(_) => Ok(url.to_owned()),
        None if absolute || url.is_empty() || (path && url.bytes().any(odd)) => {
            Err(Error::new(Domain::Argument, ErrorCode::InvalidFileDownloadUrl, "`url` is no address"))
        }
        None if path => on_base(&[url]),
        None => on_base(&["/file/download/avatar?object_name=", &query(url)]),
    }
}

#[cfg(test)]
mod tests;
