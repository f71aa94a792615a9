//! From the DNS document to addresses (xsync 2.1, http-api 6).
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, data, items, query, text};
use crate::core::model::{Domain, Error, ErrorCode};
use crate::ports::Request;

/// The document's hosts of the public cloud. Only these may be replaced by what a document names.
const PUBLIC: [&str; 2] = ["dns.lanyingim.com", "dns.maximtop.com"];

/// One place where an application runs.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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

#[derive(Deserialize)]
struct Document {
    /// The second version: levels of clusters.
    #[serde(default)]
    dns_list: Option<Vec<Value>>,
    /// The first version: the clusters themselves, and which is to be preferred.
    #[serde(default)]
    clusters: Vec<Value>,
    #[serde(default)]
    recommend_cluster_id: Value,
    #[serde(default, deserialize_with = "text")]
    app_status: String,
    #[serde(default)]
    dns_server_list: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    group_level: i64,
    #[serde(default)]
    clusters: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawCluster {
    cluster_id: Value,
    ratel: Vec<Value>,
    webim: Vec<Value>,
    ws: Vec<Value>,
    rtc: Vec<Value>,
}

#[derive(Deserialize)]
struct Server {
    protocol: String,
    host: String,
}

#[derive(Deserialize)]
struct Host {
    domain: String,
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
    let document: Document = data(body).map_err(|e| match e.code {
        // 99997 and 99998 have no entry of their own in the table of HTTP codes.
        ErrorCode::ServerUnknownError if e.detail.starts_with("code 9999") => {
            fail(ErrorCode::ServerDNSAppIdInvalid, e.detail)
        }
        ErrorCode::ServerResponseInvalid => fail(ErrorCode::ServerDNSParseDataFailed, e.detail),
        _ => fail(ErrorCode::ServerDNSFailed, e.detail),
    })?;
    match document.app_status.as_str() {
        "frozen" => return Err(fail(ErrorCode::ServerAppFrozen, "`app_status` is frozen".into())),
        "banned" => return Err(fail(ErrorCode::ServerAppStatusNotNormal, "`app_status` is banned".into())),
        "revoked" => return Err(fail(ErrorCode::ServerAppStatusNotNormal, "`app_status` is revoked".into())),
        _ => {}
    }
    let mut raw: Vec<RawCluster> = items(match document.dns_list {
        Some(levels) => {
            let levels: Vec<Level> = items(levels);
            levels.into_iter().find(|level| level.group_level == 0).map_or_else(Vec::new, |level| level.clusters)
        }
        None => document.clusters,
    });
    let preferred = document.recommend_cluster_id;
    if !preferred.is_null() {
        raw.sort_by_key(|cluster| !same_id(&cluster.cluster_id, &preferred)); // stable
    }
    let clusters: Vec<_> = raw.into_iter().filter_map(RawCluster::usable).collect();
    if clusters.is_empty() {
        return Err(fail(ErrorCode::ServerDNSParseDataFailed, "no usable cluster in `dns_list`".into()));
    }
    let hosts: Vec<Host> = items(document.dns_server_list.unwrap_or_default());
    let plain = |domain: &String| {
        !domain.is_empty() && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b))
    };
    Ok(Servers { clusters, hosts: hosts.into_iter().map(|host| host.domain).filter(plain).collect() })
}

/// Ids of clusters come as numbers or as text.
fn same_id(a: &Value, b: &Value) -> bool {
    let bare = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    bare(a) == bare(b)
}

/// URLs of servers by the scheme for plain and for secure ones; unreadable entries are left out.
fn urls(list: Vec<Value>, schemes: [&str; 2], end: &str) -> Vec<String> {
    let servers: Vec<Server> = items(list);
    let named = servers.iter().filter(|server| !server.host.is_empty());
    named
        .map(|Server { protocol, host }| {
            let [plain, secure] = schemes;
            let scheme = if matches!(protocol.as_str(), "https" | "wss") { secure } else { plain };
            format!("{scheme}://{host}{end}")
        })
        .collect()
}

impl RawCluster {
    /// The addresses, if there are enough for chat.
    fn usable(self) -> Option<Cluster> {
        let sockets = if self.webim.is_empty() { self.ws } else { self.webim };
        let cluster = Cluster {
            rest: urls(self.ratel, ["http", "https"], ""),
            sockets: urls(sockets, ["ws", "wss"], "/"),
            rtc: urls(self.rtc, ["ws", "wss"], ""),
        };
        cluster.is_usable().then_some(cluster)
    }
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
        let current = self.socket(at).map(|(_, cluster, _)| cluster.clone()).unwrap_or_default();
        json!({
            "document": document,
            "rest": current.rest.first(),
            "sockets": current.sockets,
            "clusters": self.clusters,
            "hosts": self.hosts,
            "at": at,
            "ratel": ratel,
        })
        .to_string()
    }

    /// What the store kept; `None` when it is not readable.
    pub fn from_json(text: &[u8]) -> Option<Kept> {
        #[derive(Deserialize)]
        struct Row {
            document: String,
            rest: String,
            sockets: Vec<String>,
            // The first version of this row ended here.
            #[serde(default)]
            clusters: Vec<Cluster>,
            #[serde(default)]
            hosts: Vec<String>,
            #[serde(default)]
            at: usize,
            #[serde(default)]
            ratel: usize,
        }
        let Row { document, rest, sockets, mut clusters, hosts, at, ratel } = serde_json::from_slice(text).ok()?;
        clusters.retain(Cluster::is_usable);
        if clusters.is_empty() {
            let only = Cluster { rest: vec![rest], sockets, rtc: Vec::new() };
            clusters.push(only.is_usable().then_some(only)?);
        }
        Some(Kept { document, servers: Self { clusters, hosts }, at, ratel })
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
        let fields: Value = serde_json::from_str(&new).unwrap();
        assert_eq!(fields["sockets"], json!(["ws://a/", "ws://b/"]));
        assert_eq!(Servers::from_json(br#"{"document":"d","rest":"r","sockets":[]}"#), None);
        assert_eq!(Servers::from_json(b"[]"), None);
    }
}
