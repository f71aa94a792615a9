//! From the DNS document to addresses (xsync 2.1, http-api 6).
use serde::Deserialize;
use serde_json::json;

use super::{Call, data, query};
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

/// Where a cloud is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// Base URL of the HTTP API, without a slash at the end.
    pub rest: String,
    /// URLs of the long connection, tried in turn; never empty.
    pub sockets: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    dns_list: Vec<Level>,
}

#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    group_level: i64,
    #[serde(default)]
    clusters: Vec<Cluster>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cluster {
    ratel: Vec<Server>,
    webim: Vec<Server>,
    ws: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    protocol: String,
    host: String,
}

impl Server {
    fn secure(&self) -> bool {
        matches!(self.protocol.as_str(), "https" | "wss")
    }
}

/// Asks for the addresses of an application. No token goes there.
pub fn dns(url: &str, app_id: &str) -> Call<Servers> {
    let joint = if url.contains('?') { '&' } else { '?' };
    let request = Request {
        method: "GET",
        url: format!("{url}{joint}app_id={}&source=sdk", query(app_id)),
        headers: Vec::new(),
        body: None,
    };
    Call { request, parse }
}

fn parse(body: &str) -> Result<Servers, Error> {
    let fail = |code, detail: String| Error::new(Domain::Dns, code, detail);
    let document: Document = data(body).map_err(|e| match e.code {
        ErrorCode::ServerDNSAppIdInvalid => fail(e.code, e.detail),
        ErrorCode::ServerResponseInvalid => fail(ErrorCode::ServerDNSParseDataFailed, e.detail),
        _ => fail(ErrorCode::ServerDNSFailed, e.detail),
    })?;
    document
        .dns_list
        .iter()
        .filter(|level| level.group_level == 0)
        .flat_map(|level| &level.clusters)
        .find_map(Cluster::servers)
        .ok_or_else(|| fail(ErrorCode::ServerDNSParseDataFailed, "no usable cluster in `dns_list`".into()))
}

impl Cluster {
    fn servers(&self) -> Option<Servers> {
        let ratel = self.ratel.first()?;
        let rest = format!("{}://{}", if ratel.secure() { "https" } else { "http" }, ratel.host);
        let fire = if self.webim.is_empty() { &self.ws } else { &self.webim };
        let sockets: Vec<_> =
            fire.iter().map(|s| format!("{}://{}/", if s.secure() { "wss" } else { "ws" }, s.host)).collect();
        (!sockets.is_empty()).then_some(Servers { rest, sockets })
    }
}

impl Servers {
    /// As kept in the store, with the document they come from.
    pub fn to_json(&self, document: &str) -> String {
        json!({ "document": document, "rest": self.rest, "sockets": self.sockets }).to_string()
    }

    /// What the store kept, and of which document; `None` when it is not readable.
    pub fn from_json(text: &[u8]) -> Option<(String, Self)> {
        #[derive(Deserialize)]
        struct Kept {
            document: String,
            rest: String,
            sockets: Vec<String>,
        }
        let Kept { document, rest, sockets } = serde_json::from_slice(text).ok()?;
        (!sockets.is_empty()).then_some((document, Self { rest, sockets }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_derived_as_specified() {
        let body = json!({"code": 200, "data": {"dns_list": [
            {"group_level": 1, "clusters": [{"ratel": [{"protocol": "https", "host": "wrong"}]}]},
            {"group_level": 0, "clusters": [
                {"ratel": [], "webim": [], "rtc": []},
                {"ratel": [{"protocol": "https", "host": "r.example"}],
                 "webim": [{"protocol": "https", "host": "a.example:1"}, {"protocol": "http", "host": "b.example"}],
                 "ws": [{"protocol": "https", "host": "ignored"}]}]}]}});
        assert_eq!(
            parse(&body.to_string()).unwrap(),
            Servers {
                rest: "https://r.example".into(),
                sockets: vec!["wss://a.example:1/".into(), "ws://b.example/".into()],
            }
        );
    }

    #[test]
    fn bad_documents_have_their_own_codes() {
        let code = |body: &str| parse(body).unwrap_err().code;
        assert_eq!(code(r#"{"code":99998,"message":"no such app"}"#), ErrorCode::ServerDNSAppIdInvalid);
        assert_eq!(code(r#"{"code":200,"data":{"dns_list":[]}}"#), ErrorCode::ServerDNSParseDataFailed);
        assert_eq!(code("<html>"), ErrorCode::ServerDNSParseDataFailed);
        assert_eq!(code(r#"{"code":200,"data":{}}"#), ErrorCode::ServerDNSParseDataFailed);
        assert_eq!(code(r#"{"code":500}"#), ErrorCode::ServerDNSFailed);
    }

    #[test]
    fn the_app_id_is_escaped() {
        assert_eq!(dns("http://h/v2", "a b&c").request.url, "http://h/v2?app_id=a%20b%26c&source=sdk");
        assert_eq!(dns("http://h/v2?x=1", "a").request.url, "http://h/v2?x=1&app_id=a&source=sdk");
    }
}
