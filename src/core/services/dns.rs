//! From the DNS document to addresses (xsync 2.1, http-api 6).
use super::{Call, data, field, query};
use crate::core::json::Value;
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

/// The document's hosts of the public cloud. Only these may be replaced by what a document names.
const PUBLIC: [&str; 2] = ["dns.lanyingim.com", "dns.maximtop.com"];

/// One place where an application runs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Base URLs of the HTTP API (ratel), without a slash at the end; never empty.
    pub rest: Vec<String>,
    /// URLs of the long connection (fireplace), tried in turn; never empty.
    pub sockets: Vec<String>,
    /// URLs for calls; may be empty, chat does without.
    pub rtc: Vec<String>,
}

/// Where a cloud is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// In the document's order; never empty.
    pub clusters: Vec<Cluster>,
    /// Names of the hosts to ask for the document next time; empty when it names none.
    pub hosts: Vec<String>,
}

/// What the store kept of a document.
#[derive(Debug, PartialEq, Eq)]
pub struct Kept {
    /// The document's URL as it was configured then.
    pub document: String,
    /// The addresses.
    pub servers: Servers,
    /// Which socket was in use, counted through all clusters.
    pub at: usize,
    /// Which HTTP address of its cluster was in use.
    pub ratel: usize,
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

/// Where the document is to be looked for, in turn. A configured server of one's own is used as given;
/// for the public cloud the hosts of the last document come first.
pub fn documents(url: &str, hosts: &[String]) -> Vec<String> {
    let after = url.split_once("://").map_or("", |(_, after)| after);
    let (host, path) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
    if !PUBLIC.contains(&host) {
        return vec![url.to_owned()];
    }
    let names = hosts.iter().map(String::as_str).chain([host]).chain(PUBLIC);
    let mut all = Vec::new();
    for name in names {
        let url = format!("https://{name}{path}");
        if !all.contains(&url) {
            all.push(url);
        }
    }
    all
}

fn parse(body: &str) -> Result<Servers, Error> {
    let fail = |code, detail: String| Error::new(Domain::Dns, code, detail);
    let document = data(body).map_err(|e| match e.code {
        ErrorCode::ServerDNSAppIdInvalid => fail(e.code, e.detail),
        ErrorCode::ServerResponseInvalid => fail(ErrorCode::ServerDNSParseDataFailed, e.detail),
        _ => fail(ErrorCode::ServerDNSFailed, e.detail),
    })?;
    let frozen = match text(&document, "app_status") {
        "frozen" => Some((ErrorCode::ServerAppFrozen, "`app_status` is frozen")),
        "banned" => Some((ErrorCode::ServerAppStatusNotNormal, "`app_status` is banned")),
        "revoked" => Some((ErrorCode::ServerAppStatusNotNormal, "`app_status` is revoked")),
        _ => None,
    };
    if let Some((code, detail)) = frozen {
        return Err(fail(code, detail.into()));
    }
    // The second version has levels of clusters; the first has the clusters themselves, and a favourite.
    let whole = match field(&document, "dns_list") {
        Value::Array(levels) => levels.iter().find(|level| field(level, "group_level").as_i64().unwrap_or(0) == 0),
        _ => Some(&document),
    };
    let raw = whole.map_or(&[][..], |level| list(level, "clusters"));
    let mut clusters: Vec<_> = raw.iter().filter_map(cluster).collect();
    let first = raw.iter().filter(|c| cluster(c).is_some()).position(|c| favourite(c, &document));
    if let Some(upto) = first.and_then(|first| clusters.get_mut(..=first)) {
        upto.rotate_right(1);
    }
    if clusters.is_empty() {
        return Err(fail(ErrorCode::ServerDNSParseDataFailed, "no usable cluster in `dns_list`".into()));
    }
    let plain =
        |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b));
    let hosts = list(&document, "dns_server_list").iter().map(|host| text(host, "domain")).filter(plain);
    Ok(Servers { clusters, hosts: hosts.map(str::to_owned).collect() })
}

// The document is walked by hand: a type for each of its levels would be many times the code.

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    field(of, name).as_str().unwrap_or("")
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    field(of, name).as_array().unwrap_or_default()
}

/// The cluster that the document recommends. Ids come as numbers or as text.
fn favourite(cluster: &Value, document: &Value) -> bool {
    let bare = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let recommended = field(document, "recommend_cluster_id");
    !recommended.is_null() && bare(field(cluster, "cluster_id")) == bare(recommended)
}

/// The addresses of a cluster, if there are enough for chat.
fn cluster(raw: &Value) -> Option<Cluster> {
    let fire = if list(raw, "webim").is_empty() { "ws" } else { "webim" };
    let cluster = Cluster {
        rest: urls(raw, "ratel", ["http", "https"], ""),
        sockets: urls(raw, fire, ["ws", "wss"], "/"),
        rtc: urls(raw, "rtc", ["ws", "wss"], ""),
    };
    cluster.is_usable().then_some(cluster)
}

/// URLs of servers by the scheme for plain and for secure ones; unreadable entries are left out.
fn urls(raw: &Value, field: &str, [plain, secure]: [&str; 2], end: &str) -> Vec<String> {
    let mut urls = Vec::new();
    for server in list(raw, field) {
        let scheme = if matches!(text(server, "protocol"), "https" | "wss") { secure } else { plain };
        match text(server, "host") {
            "" => {}
            host => urls.push([scheme, "://", host, end].concat()),
        }
    }
    urls
}

impl Cluster {
    const fn is_usable(&self) -> bool {
        !self.rest.is_empty() && !self.sockets.is_empty()
    }
}

impl Servers {
    /// Two addresses and nothing else.
    pub fn fixed(rest: String, socket: String) -> Self {
        let cluster = Cluster { rest: vec![rest], sockets: vec![socket], rtc: Vec::new() };
        Self { clusters: vec![cluster], hosts: Vec::new() }
    }

    /// How many sockets there are in all clusters together.
    pub fn sockets(&self) -> usize {
        self.clusters.iter().map(|cluster| cluster.sockets.len()).sum()
    }

    /// The socket with that number, its cluster and the cluster's number. Numbers go round.
    pub fn socket(&self, at: usize) -> Option<(usize, &Cluster, &str)> {
        let mut left = at % self.sockets().max(1);
        for (number, cluster) in self.clusters.iter().enumerate() {
            match cluster.sockets.get(left) {
                Some(socket) => return Some((number, cluster, socket)),
                None => left -= cluster.sockets.len(),
            }
        }
        None
    }

    /// The number of a cluster's first socket.
    pub fn first_socket(&self, cluster: usize) -> usize {
        self.clusters.iter().take(cluster).map(|cluster| cluster.sockets.len()).sum()
    }

    /// As kept in the store, with the document they come from and what is in use of them.
    /// `rest` and `sockets` are what earlier versions read.
    pub fn to_json(&self, document: &str, at: usize, ratel: usize) -> String {
        let texts = |texts: &[String]| Value::from(texts);
        let of = |c: &Cluster| {
            Value::object([("rest", texts(&c.rest)), ("sockets", texts(&c.sockets)), ("rtc", texts(&c.rtc))])
        };
        let current = self.socket(at).map(|(_, cluster, _)| cluster);
        Value::object([
            ("document", document.into()),
            ("rest", current.and_then(|c| c.rest.first()).map_or(Value::Null, |url| url[..].into())),
            ("sockets", current.map_or(Value::Null, |c| texts(&c.sockets))),
            ("clusters", Value::Array(self.clusters.iter().map(of).collect())),
            ("hosts", texts(&self.hosts)),
            ("at", (at as u64).into()),
            ("ratel", (ratel as u64).into()),
        ])
        .to_string()
    }

    /// What the store kept; `None` when it is not readable. Rows of the first version have one cluster.
    pub fn from_json(row: &[u8]) -> Option<Kept> {
        let row = Value::parse(std::str::from_utf8(row).ok()?).ok()?;
        let texts = |of: &Value, name: &str| -> Vec<String> {
            list(of, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let number = |name: &str| field(&row, name).as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let mut clusters = Vec::new();
        for raw in list(&row, "clusters") {
            clusters.push(Cluster { rest: texts(raw, "rest"), sockets: texts(raw, "sockets"), rtc: texts(raw, "rtc") });
        }
        if clusters.is_empty() {
            let rest = vec![field(&row, "rest").as_str()?.to_owned()];
            clusters.push(Cluster { rest, sockets: texts(&row, "sockets"), rtc: Vec::new() });
        }
        clusters.retain(Cluster::is_usable);
        let servers = Self { clusters, hosts: texts(&row, "hosts") };
        let document = field(&row, "document").as_str()?.to_owned();
        (!servers.clusters.is_empty()).then_some(Kept { document, servers, at: number("at"), ratel: number("ratel") })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_derived_as_specified() {
        let body = json!({"code": 200, "data": {"dns_list": [
            {"group_level": 1, "clusters": [{"ratel": [{"protocol": "https", "host": "wrong"}]}]},
            {"group_level": 0, "clusters": [
                {"ratel": [], "webim": [], "rtc": []},
                {"ratel": [{"protocol": "https", "host": "r.example"}],
                 "webim": [{"protocol": "https", "host": "a.example:1"}, {"protocol": "http", "host": "b.example"}],
                 "ws": [{"protocol": "https", "host": "ignored"}]},
                {"ratel": [7, {"protocol": "http", "host": "s.example"}, {"protocol": "http", "host": "t.example"}],
                 "ws": [{"protocol": "http", "host": "c.example"}, {"protocol": "http", "host": ""}],
                 "rtc": [{"protocol": "https", "host": "rtc.example", "ip_list": ["1.2.3.4"]}]},
                "no cluster"]}],
            "dns_server_list": [{"domain": "dns2.example"}, {"domain": "no/host"}, 5]}});
        let all = parse(&body.to_string()).unwrap();
        let list = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let first = Cluster {
            rest: list(&["https://r.example"]),
            sockets: list(&["wss://a.example:1/", "ws://b.example/"]),
            rtc: vec![],
        };
        let second = Cluster {
            rest: list(&["http://s.example", "http://t.example"]),
            sockets: list(&["ws://c.example/"]),
            rtc: list(&["wss://rtc.example"]),
        };
        assert_eq!(all, Servers { clusters: vec![first, second], hosts: list(&["dns2.example"]) });
        assert_eq!(all.sockets(), 3);
        let at = |n| all.socket(n).map(|(cluster, _, url)| (cluster, url)).unwrap();
        assert_eq!(
            [at(0), at(2), at(3)],
            [(0, "wss://a.example:1/"), (1, "ws://c.example/"), (0, "wss://a.example:1/")]
        );
        assert_eq!(all.first_socket(1), 2);
    }

    #[test]
    fn the_first_version_of_the_document_is_understood_too() {
        let server = |host: &str| json!([{"protocol": "https", "host": host}]);
        let body = json!({"code": 200, "data": {"recommend_cluster_id": "2", "clusters": [
            {"cluster_id": 1, "ratel": server("r1"), "ws": server("w1")},
            {"cluster_id": 2, "ratel": server("r2"), "ws": server("w2"), "rtc": server("c2")}]}});
        let all = parse(&body.to_string()).unwrap();
        let rest: Vec<_> = all.clusters.iter().map(|c| &c.rest[0][..]).collect();
        assert_eq!(rest, ["https://r2", "https://r1"]);
        assert_eq!(all.clusters[0].sockets, ["wss://w2/"]);
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
    fn an_application_that_is_banned_frozen_or_revoked_is_a_typed_error() {
        for (status, code) in [
            ("banned", ErrorCode::ServerAppStatusNotNormal),
            ("frozen", ErrorCode::ServerAppFrozen),
            ("revoked", ErrorCode::ServerAppStatusNotNormal),
        ] {
            let e = parse(&format!(r#"{{"code":200,"data":{{"dns_list":[],"app_status":"{status}"}}}}"#)).unwrap_err();
            assert_eq!((e.domain, e.code), (Domain::Dns, code));
            assert!(e.detail.contains(status));
        }
    }

    #[test]
    fn the_app_id_is_escaped() {
        assert_eq!(dns("http://h/v2", "a b&c").request.url, "http://h/v2?app_id=a%20b%26c&source=sdk");
        assert_eq!(dns("http://h/v2?x=1", "a").request.url, "http://h/v2?x=1&app_id=a&source=sdk");
    }

    #[test]
    fn named_hosts_replace_those_of_the_public_cloud_only() {
        let named = ["dns9.example".to_owned()];
        assert_eq!(documents("http://127.0.0.1:7700/v2/app_dns", &named), ["http://127.0.0.1:7700/v2/app_dns"]);
        assert_eq!(
            documents("https://dns.maximtop.com/v2/app_dns", &named),
            [
                "https://dns9.example/v2/app_dns",
                "https://dns.maximtop.com/v2/app_dns",
                "https://dns.lanyingim.com/v2/app_dns"
            ]
        );
    }

    #[test]
    fn rows_of_the_first_version_are_still_read_and_new_ones_still_have_its_fields() {
        let old = br#"{"document":"http://d","rest":"http://r","sockets":["ws://a/","ws://b/"]}"#;
        let kept = Servers::from_json(old).unwrap();
        assert_eq!((kept.at, kept.ratel, kept.servers.sockets()), (0, 0, 2));
        assert_eq!(kept.servers.clusters[0].rest, ["http://r"]);
        let new = kept.servers.to_json("http://d", 1, 0);
        assert_eq!(Servers::from_json(new.as_bytes()).unwrap(), Kept { at: 1, ..kept });
        let fields: serde_json::Value = serde_json::from_str(&new).unwrap();
        assert_eq!(fields["sockets"], json!(["ws://a/", "ws://b/"]));
        assert_eq!(Servers::from_json(br#"{"document":"d","rest":"r","sockets":[]}"#), None);
        assert_eq!(Servers::from_json(b"[]"), None);
    }
}
