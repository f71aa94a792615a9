//! Files: signed uploads, downloads whole and in parts, small pictures, the lists of groups.
use std::{fs, io::Cursor};

use floo_emulator::{Config, Emulator, policy::Policy};
use floo_wasm::core::proto::group_notice::Type as Group;
use image::{GenericImageView, ImageFormat, RgbImage};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    client::{Account, Device, LIMIT, World, http, newcomer, server, server_with, world},
    notices::{Told, told},
    persistence::Folder,
};

/// An answer as it is on the wire.
struct Raw {
    status: u16,
    head: String,
    bytes: Vec<u8>,
}

impl Raw {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", self.head))
    }

    fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// One request; `head` has further header lines, each with its line break.
async fn fetch(server: &Emulator, method: &str, path: &str, head: &str, body: &[u8]) -> Raw {
    let exchange = async {
        let address = server.address();
        let mut tcp = TcpStream::connect(address).await.unwrap();
        let start = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}");
        tcp.write_all(format!("{start}Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await.unwrap();
        // A server that refuses early may hang up meanwhile.
        let _written = tcp.write_all(body).await;
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(LIMIT, exchange).await.expect("an answer");
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let (line, rest) = head.split_once("\r\n").unwrap();
    let names: Vec<_> = rest
        .lines()
        .map(|line| {
            line.split_once(": ").map_or_else(|| line.to_owned(), |(n, v)| format!("{}: {v}", n.to_lowercase()))
        })
        .collect();
    let mut bytes = answer[split + 4..].to_vec();
    if names.iter().any(|line| line == "transfer-encoding: chunked") {
        bytes = dechunk(&bytes);
    }
    Raw { status: line.split(' ').nth(1).unwrap().parse().unwrap(), head: names.join("\n"), bytes }
}

fn dechunk(mut from: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let end = from.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&from[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&from[end + 2..end + 2 + size]);
        from = &from[end + 4 + size..];
    }
}

/// The path and query of a URL of this server.
fn path_of(server: &Emulator, url: &Value) -> String {
    let origin = format!("http://{}", server.address());
    url.as_str().unwrap().strip_prefix(&origin).unwrap_or_else(|| panic!("{url} is elsewhere")).to_owned()
}

const BOUNDARY: &str = "Content-Type: multipart/form-data; boundary=cut\r\n";

/// A form as the SDK sends it: the fields, then the file.
fn form(fields: &Value, name: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = String::new();
    for (field, value) in fields.as_object().unwrap() {
        let value = value.as_str().unwrap();
        body += &format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
    }
    body += &format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n");
    body += &format!("Content-Type: {kind}\r\n\r\n");
    [body.as_bytes(), bytes, b"\r\n--cut--\r\n"].concat()
}

async fn slot(server: &Emulator, account: &Account, to: u64, kind: u32) -> Value {
    let to_type = if to & 15 == 1 { 2 } else { 1 };
    let path = format!("/file/upload/chat?file_type={kind}&to_type={to_type}&to_id={to}");
    account.call(server, "GET", &path, Value::Null).await.data().clone()
}

async fn send(server: &Emulator, slot: &Value, name: &str, kind: &str, bytes: &[u8]) -> Raw {
    let path = path_of(server, &slot["upload_url"]);
    fetch(server, "POST", &path, BOUNDARY, &form(&slot["oss_body_param"], name, kind, bytes)).await
}

/// Uploads and gives the path to download from.
async fn uploaded(server: &Emulator, slot: &Value, name: &str, kind: &str, bytes: &[u8]) -> String {
    let answer = send(server, slot, name, kind, bytes).await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.json(), json!({ "code": 200, "message": null, "data": true, "Status": "OK" }));
    path_of(server, &slot["download_url"])
}

async fn get(server: &Emulator, path: &str, account: &Account, head: &str) -> Raw {
    let token = format!("app_id: floo-demo\r\naccess-token: {}\r\n{head}", account.token);
    fetch(server, "GET", path, &token, b"").await
}

fn pattern(size: usize) -> Vec<u8> {
    (0..size).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect()
}

/// The names in the folder of files.
fn on_disk(folder: &Folder) -> Vec<String> {
    match fs::read_dir(folder.file().with_extension("files")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect(),
        Err(e) => {
            assert_eq!(e.kind(), std::io::ErrorKind::NotFound);
            Vec::new()
        }
    }
}

async fn stage() -> (Emulator, World) {
    let server = server().await;
    let w = world(&server).await;
    (server, w)
}

#[tokio::test]
async fn files_of_all_sizes_come_back_as_they_were() {
    let (server, w) = stage().await;
    for size in [0, 1, 65_535, 65_536, 65_537, 3_000_001] {
        let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
        assert_eq!(slot["upload_method"], "POST");
        let bytes = pattern(size);
        let path = uploaded(&server, &slot, "Plan B.pdf", "application/pdf", &bytes).await;
        for reader in [&w.amber, &w.basil] {
            let answer = get(&server, &path, reader, "").await;
            assert_eq!(answer.status, 200);
            assert!(answer.bytes == bytes, "{size}");
            assert_eq!(answer.header("content-type"), Some("application/pdf"));
            assert_eq!(answer.header("content-length"), Some(size.to_string().as_str()));
            assert_eq!(answer.header("content-disposition"), Some("inline; filename*=UTF-8''Plan%20B.pdf"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        let token = &w.basil.token;
        let query = format!("{path}&access-token={token}&app_id=floo-demo");
        assert!(fetch(&server, "GET", &query, "", b"").await.bytes == bytes);
        let head = fetch(&server, "HEAD", &query, "", b"").await;
        assert_eq!((head.status, head.header("content-length")), (200, Some(size.to_string().as_str())));
        assert!(head.bytes.is_empty());
    }
}

#[tokio::test]
async fn uploaded_pages_have_no_scripts() {
    let (server, w) = stage().await;
    for (kind, tame) in [
        ("text/html", true),
        ("Text/HTML; charset=utf-8", true),
        ("image/svg+xml", true),
        ("application/xhtml+xml", true),
        ("application/pdf", false),
        ("image/png", false),
    ] {
        let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
        let path = uploaded(&server, &slot, "a", kind, b"<script>fetch('/admin/api/state')</script>").await;
        let answer = get(&server, &path, &w.basil, "").await;
        let policy = answer.header("content-security-policy");
        assert_eq!(policy.is_some_and(|policy| policy.starts_with("sandbox; default-src 'none'")), tame, "{kind}");
    }
}

#[tokio::test]
async fn a_part_of_a_file() {
    let (server, w) = stage().await;
    let slot = slot(&server, &w.amber, w.team, 103).await;
    let bytes = pattern(200_000);
    let path = uploaded(&server, &slot, "a.mp4", "video/mp4", &bytes).await;
    for (range, part) in [
        ("0-0", 0..1),
        ("1000-150999", 1000..151_000),
        ("199999-", 199_999..200_000),
        ("-5", 199_995..200_000),
        ("5-9999999", 5..200_000),
    ] {
        let answer = get(&server, &path, &w.clover, &format!("Range: bytes={range}\r\n")).await;
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.bytes == bytes[part.clone()], "{range}");
        let place = format!("bytes {}-{}/200000", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), Some(place.as_str()));
    }
    let answer = get(&server, &path, &w.clover, "Range: bytes=200000-\r\n").await;
    assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */200000")));
    let whole = get(&server, &path, &w.clover, "Range: bytes=0-1,4-5\r\n").await;
    assert_eq!((whole.status, whole.bytes.len()), (200, 200_000));
    // A part of what has changed meanwhile would be garbage.
    let tag = whole.header("etag").unwrap();
    let same = get(&server, &path, &w.clover, &format!("Range: bytes=0-1\r\nIf-Range: {tag}\r\n")).await;
    assert_eq!(same.status, 206);
    let other = get(&server, &path, &w.clover, "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n").await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn who_may_download() {
    let (server, w) = stage().await;
    let dill = newcomer(&server, "dill").await;
    let private = slot(&server, &w.amber, w.basil.uid, 100).await;
    let private = uploaded(&server, &private, "a.txt", "text/plain", b"private").await;
    let shared = slot(&server, &w.amber, w.team, 100).await;
    let shared = uploaded(&server, &shared, "b.txt", "text/plain", b"shared").await;
    for (path, reader, status) in [
        (&private, &w.amber, 200),
        (&private, &w.basil, 200),
        (&private, &w.clover, 403),
        (&shared, &w.amber, 200),
        (&shared, &w.clover, 200),
        (&shared, &dill, 403),
    ] {
        assert_eq!(get(&server, path, reader, "").await.status, status, "{path}");
    }
    let anonymous = fetch(&server, "GET", &private, "", b"").await;
    assert_eq!((anonymous.status, anonymous.json()["code"].clone()), (401, json!(10003)));
    let stale = fetch(&server, "GET", &private, "access-token: 0123\r\n", b"").await;
    assert_eq!((stale.status, stale.json()["code"].clone()), (401, json!(402)));
    let elsewhere = fetch(&server, "GET", &format!("{private}&app_id=nobody"), "", b"").await;
    assert_eq!((elsewhere.status, elsewhere.json()["code"].clone()), (400, json!(40000)));
    for (query, status, field) in [
        ("", 400, "file_sign:"),
        ("?file_sign=0123", 404, "file_sign:"),
        ("?file_sign=..%2F..%2Fdemo.sqlite", 404, "file_sign:"),
        ("?file_sign=%2Fetc%2Fpasswd", 404, "file_sign:"),
    ] {
        let answer = get(&server, &format!("/file/download/chat{query}"), &w.amber, "").await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.message().starts_with(field), "{query}: {}", answer.message());
    }
    // Not there yet.
    let awaited = slot(&server, &w.amber, w.basil.uid, 100).await;
    assert_eq!(get(&server, &path_of(&server, &awaited["download_url"]), &w.amber, "").await.status, 403);
}

#[tokio::test]
async fn what_may_not_be_uploaded_leaves_nothing_behind() {
    let folder = Folder::new("uploads");
    let policy = Policy { upload_limit: 1000, ..Policy::default() };
    let server = server_with(Config { policy, ..folder.config() }).await;
    let w = world(&server).await;
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    let path = path_of(&server, &slot["upload_url"]);
    let fields = slot["oss_body_param"].clone();
    let with = |field: &str, value: &str| {
        let mut fields = fields.clone();
        fields[field] = json!(value);
        fields
    };
    let bytes = pattern(1000);
    for (fields, status, what) in [
        (with("signature", ""), 403, "signature:"),
        (with("signature", "0123"), 403, "signature:"),
        (with("policy", "0123"), 403, "signature:"),
        (with("key", ""), 403, "key:"),
        (with("key", "../../demo.sqlite"), 403, "signature:"),
        (with("key", "/etc/passwd"), 403, "signature:"),
        (with("callback", &"x".repeat(5000)), 400, "callback:"),
    ] {
        let answer = fetch(&server, "POST", &path, BOUNDARY, &form(&fields, "a", "text/plain", &bytes)).await;
        assert_eq!(answer.status, status, "{fields}");
        assert!(answer.message().starts_with(what), "{}", answer.message());
        // The secret is not repeated.
        assert!(!String::from_utf8_lossy(&answer.bytes).contains(fields["policy"].as_str().unwrap()));
    }
    let good = form(&fields, "a", "text/plain", &bytes);
    let many: String =
        (0..40).map(|n| format!("--cut\r\nContent-Disposition: form-data; name=\"f{n}\"\r\n\r\n\r\n")).collect();
    let large = pattern(1001);
    let huge = pattern(300_000);
    for (head, body, status, what) in [
        (BOUNDARY, form(&fields, "a", "text/plain", &large), 413, "file:"),
        (BOUNDARY, form(&fields, "a", "text/plain", &huge), 413, "file:"),
        (BOUNDARY, good[..good.len() - 20].to_vec(), 400, "body:"),
        (BOUNDARY, b"--cut--\r\n".to_vec(), 400, "file:"),
        (BOUNDARY, [many.as_bytes(), &good].concat(), 400, "file:"),
        ("Content-Type: text/plain\r\n", good.clone(), 400, "Content-Type:"),
        ("", good.clone(), 400, "Content-Type:"),
    ] {
        let answer = fetch(&server, "POST", &path, head, &body).await;
        assert_eq!(answer.status, status, "{}", answer.message());
        assert!(answer.message().starts_with(what), "{}", answer.message());
    }
    assert_eq!(on_disk(&folder), Vec::<String>::new());
    // After all this the slot is as good as new.
    uploaded(&server, &slot, "a", "text/plain", &bytes).await;
    assert_eq!(on_disk(&folder).len(), 1);
    // Until it expires.
    http(&server, "POST", "/admin/api/clock", &[], json!({ "offset_ms": 3_600_001 })).await.data();
    let late = send(&server, &slot, "a", "text/plain", &bytes).await;
    assert_eq!((late.status, late.message().as_str()), (403, "policy: has expired"));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_upload_that_breaks_off_can_be_repeated() {
    let folder = Folder::new("broken-off");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    let bytes = pattern(500_000);
    let body = form(&slot["oss_body_param"], "a", "text/plain", &bytes);
    {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        let head =
            format!("POST /file/upload/store HTTP/1.1\r\nHost: x\r\n{BOUNDARY}Content-Length: {}\r\n\r\n", body.len());
        tcp.write_all(head.as_bytes()).await.unwrap();
        tcp.write_all(&body[..300_000]).await.unwrap();
        while on_disk(&folder).is_empty() {
            sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    let gone = async {
        while !on_disk(&folder).is_empty() {
            sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, gone).await.expect("nothing is left");
    let path = uploaded(&server, &slot, "a", "text/plain", &bytes).await;
    // A client that never saw the answer uploads again.
    uploaded(&server, &slot, "a", "text/plain", &bytes).await;
    assert_eq!(on_disk(&folder).len(), 1);
    server.stop().await.unwrap();

    // What a killed server left is cleared away, what had arrived stays.
    let files = folder.file().with_extension("files");
    fs::write(files.join("7.part"), b"half").unwrap();
    let server = server_with(folder.config()).await;
    assert_eq!(on_disk(&folder).len(), 1);
    let basil = Account::login(&server, "basil").await;
    assert!(get(&server, &path, &basil, "").await.bytes == bytes);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn two_uploads_at_once_to_one_slot_do_not_mix() {
    let (server, w) = stage().await;
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    let path = path_of(&server, &slot["download_url"]);
    for round in 0..5 {
        let files: Vec<_> = (0..4).map(|n| vec![n; 100_000 * (usize::from(n) + 1)]).collect();
        let sends = files.iter().map(|bytes| send(&server, &slot, "a", "text/plain", bytes));
        for answer in futures_util::future::join_all(sends).await {
            assert_eq!(answer.status, 200);
        }
        let bytes = get(&server, &path, &w.basil, "").await.bytes;
        assert!(files.contains(&bytes), "round {round}: {} bytes", bytes.len());
    }
}

#[tokio::test]
async fn bytes_alone_where_the_application_wants_them() {
    let (server, w) = stage().await;
    http(&server, "POST", "/admin/api/app", &[], json!({ "upload_method": "PUT", "upload_limit": 1000 })).await.data();
    let slot = slot(&server, &w.amber, w.basil.uid, 101).await;
    assert_eq!((&slot["upload_method"], &slot["oss_body_param"]), (&json!("PUT"), &json!({})));
    let path = path_of(&server, &slot["upload_url"]);
    let kind = "Content-Type: audio/amr\r\n";
    let forged = path.replace("signature=", "signature=0");
    assert_eq!(fetch(&server, "PUT", &forged, kind, b"abc").await.status, 403);
    assert_eq!(fetch(&server, "PUT", &path, kind, &pattern(1001)).await.status, 413);
    assert_eq!(fetch(&server, "PUT", &path, kind, b"abc").await.status, 200);
    let answer = get(&server, &path_of(&server, &slot["download_url"]), &w.basil, "").await;
    assert_eq!((answer.bytes.as_slice(), answer.header("content-type")), (&b"abc"[..], Some("audio/amr")));
    // A form is taken there too: shipped clients know nothing else.
    let answer = fetch(&server, "POST", &path, BOUNDARY, &form(&json!({}), "a", "audio/amr", b"abcd")).await;
    assert_eq!(answer.status, 200);
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, image::Rgb([200, 80, 20])).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn small_pictures() {
    let (server, w) = stage().await;
    for (format, kind) in [(ImageFormat::Png, "image/png"), (ImageFormat::Jpeg, "image/jpeg")] {
        let original = picture(1600, 400, format);
        let slot = slot(&server, &w.amber, w.basil.uid, 102).await;
        let path = uploaded(&server, &slot, "a", kind, &original).await;
        assert!(get(&server, &format!("{path}&image_type=1"), &w.basil, "").await.bytes == original);
        for (query, size) in
            [("image_type=2", (240, 60)), ("image_type=3", (720, 180)), ("image_type=2&w=100&h=10", (40, 10))]
        {
            let answer = get(&server, &format!("{path}&{query}"), &w.basil, "").await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
            let small = image::load_from_memory_with_format(&answer.bytes, format).unwrap();
            assert_eq!(small.dimensions(), size, "{query}");
            let [r, g, b, _] = small.get_pixel(0, 0).0;
            assert!(r.abs_diff(200) < 8 && g.abs_diff(80) < 8 && b.abs_diff(20) < 8);
        }
        // Nothing is made larger.
        let answer = get(&server, &format!("{path}&image_type=2&w=4000&h=4000"), &w.basil, "").await;
        assert_eq!(image::load_from_memory(&answer.bytes).unwrap().dimensions(), (1600, 400));
        let wrong = get(&server, &format!("{path}&image_type=7"), &w.basil, "").await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.message().starts_with("image_type:"));
    }
    // What cannot be made smaller comes as it is, a video gets a stand-in, and a text has no picture.
    let broken = [&picture(50, 50, ImageFormat::Png)[..60], b"broken"].concat();
    for (kind, bytes) in [("image/gif", b"GIF89a".to_vec()), ("image/png", broken)] {
        let slot = slot(&server, &w.amber, w.basil.uid, 102).await;
        let path = uploaded(&server, &slot, "a", kind, &bytes).await;
        let answer = get(&server, &format!("{path}&image_type=2"), &w.basil, "").await;
        assert!(answer.status == 200 && answer.bytes == bytes, "{kind}");
    }
    let video = slot(&server, &w.amber, w.basil.uid, 103).await;
    let video = uploaded(&server, &video, "a.mp4", "video/mp4", b"moving").await;
    let cover = get(&server, &format!("{video}&image_type=3"), &w.basil, "").await;
    assert_eq!(cover.header("content-type"), Some("image/png"));
    assert_eq!(image::load_from_memory(&cover.bytes).unwrap().dimensions(), (320, 180));
    let text = slot(&server, &w.amber, w.basil.uid, 100).await;
    let text = uploaded(&server, &text, "a.txt", "text/plain", b"words").await;
    assert_eq!(get(&server, &format!("{text}&image_type=2"), &w.basil, "").await.status, 404);
}

#[tokio::test]
async fn forwarding_makes_a_url_for_others() {
    let (server, w) = stage().await;
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    let path = uploaded(&server, &slot, "a.txt", "text/plain", b"passed on").await;
    let sign = path.split_once("sign=").unwrap().1.to_owned();
    let forward = async |who: &Account, sign: &str, to: u64| {
        let to_type = if to & 15 == 1 { 2 } else { 1 };
        let query = format!("/file/upload/forward?file_sign={sign}&to_type={to_type}&to_id={to}");
        who.call(&server, "GET", &query, Value::Null).await
    };
    // The text behind `sign=` of a cover has a parameter at its end.
    let reply = forward(&w.basil, &format!("{sign}%26image_type%3D3"), w.clover.uid).await;
    let copy = path_of(&server, reply.data());
    assert!(copy.split_once("sign=").is_some_and(|(_, new)| new != sign && !new.contains(['&', '='])));
    assert_eq!(get(&server, &copy, &w.clover, "").await.bytes, b"passed on");
    assert_eq!(get(&server, &copy, &w.basil, "").await.bytes, b"passed on");
    assert_eq!(get(&server, &copy, &w.amber, "").await.status, 403);
    assert_eq!(get(&server, &path, &w.clover, "").await.status, 403);
    // Not by who may not see it, not to who does not exist.
    let dill = newcomer(&server, "dill").await;
    for (reply, code) in [
        (forward(&dill, &sign, w.clover.uid).await, 10002),
        (forward(&w.basil, "0123", w.clover.uid).await, 10002),
        (forward(&w.basil, &sign, 32).await, 10000),
        (forward(&w.basil, &sign, 33).await, 20001),
        (forward(&dill, &sign, w.team).await, 20011),
    ] {
        assert_eq!(reply.code(), code, "{}", reply.message());
    }
    for (query, field) in [
        ("", "file_sign:"),
        ("file_sign=1", "to_id:"),
        ("file_sign=1&to_id=16", "to_type:"),
        ("file_sign=1&to_id=16&to_type=3", "to_type:"),
    ] {
        let reply = w.basil.call(&server, "GET", &format!("/file/upload/forward?{query}"), Value::Null).await;
        assert!(reply.code() == 10002 && reply.message().starts_with(field), "{query}: {}", reply.message());
    }
}

#[tokio::test]
async fn avatars() {
    let (server, w) = stage().await;
    let dill = newcomer(&server, "dill").await;
    let mut friend = Device::login(&server, &w.basil, "b").await;
    told(&mut friend).await;
    let slot = w.amber.call(&server, "GET", "/file/upload/avatar/user", Value::Null).await.data().clone();
    let path = uploaded(&server, &slot, "me.png", "image/png", &picture(500, 500, ImageFormat::Png)).await;
    assert!(path.starts_with("/file/download/avatar?object_name="));
    let small = get(&server, &format!("{path}&image_type=2"), &dill, "").await;
    assert_eq!(image::load_from_memory(&small.bytes).unwrap().dimensions(), (240, 240));
    assert_eq!(fetch(&server, "GET", &path, "", b"").await.status, 401);
    w.amber.call(&server, "POST", "/user/avatar", json!({ "avatar": slot["download_url"] })).await.data();
    let news = told(&mut friend).await;
    assert_eq!(news.len(), 1, "{news:?}");
    assert!(news[0].content.contains(slot["download_url"].as_str().unwrap()));

    // The group's: for the owner and admins, for members when the group says so.
    let place = format!("/file/upload/avatar/group?group_id={}", w.team);
    for (who, code) in [(&w.amber, 200), (&w.basil, 20012), (&dill, 20011)] {
        assert_eq!(who.call(&server, "GET", &place, Value::Null).await.code(), code);
    }
    let modify = json!({ "group_id": w.team, "value": true });
    w.amber.call(&server, "POST", "/group/settings/allow_member_modify", modify).await.data();
    let slot = w.basil.call(&server, "GET", &place, Value::Null).await.data().clone();
    told(&mut friend).await;
    uploaded(&server, &slot, "team.png", "image/png", &picture(5, 5, ImageFormat::Png)).await;
    let avatar = json!({ "group_id": w.team, "value": slot["download_url"] });
    w.basil.call(&server, "POST", "/group/info/avatar", avatar).await.data();
    let news = told(&mut friend).await;
    assert_eq!(news.iter().map(|n| n.kind).collect::<Vec<_>>(), [Group::InfoUpdated as i32]);
    for path in ["/file/upload/avatar/group", "/file/upload/chat", "/file/upload/chat?file_type=55&to_type=1&to_id=16"]
    {
        assert_eq!(w.amber.call(&server, "GET", path, Value::Null).await.code(), 10002, "{path}");
    }
}

#[tokio::test]
async fn the_files_of_a_group() {
    let folder = Folder::new("group-files");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let dill = newcomer(&server, "dill").await;
    let accounts = [&w.amber, &w.basil, &w.clover, &dill];
    let mut devices = Vec::new();
    for account in accounts {
        let mut device = Device::login(&server, account, "d").await;
        told(&mut device).await;
        devices.push(device);
    }
    let slot = slot(&server, &w.basil, w.team, 200).await;
    let path = uploaded(&server, &slot, "plan.txt", "text/plain", b"the plan").await;
    let entry =
        json!({ "group_id": w.team, "name": "plan.txt", "size": 8, "type": "text/plain", "url": slot["download_url"] });
    let file = w.basil.call(&server, "POST", "/group/file/upload", entry.clone()).await.data().clone();
    for (field, value) in entry.as_object().unwrap() {
        assert_eq!(&file[field], value, "{field}");
    }
    assert_eq!(file["uploader"], w.basil.uid);
    let number = file["file_id"].clone();
    let list = format!("/group/file/list?group_id={}", w.team);
    let one = format!("/group/file?group_id={}&file_id={number}", w.team);
    assert_eq!(w.clover.call(&server, "GET", &list, Value::Null).await.data(), &json!([file]));
    assert_eq!(w.clover.call(&server, "GET", &one, Value::Null).await.data(), &file);
    let news = |kind: Group, name: &str| {
        let content = json!({ "files": [{ "file_id": number, "name": name }] }).to_string();
        Told { ns: 2, kind: kind.into(), gid: w.team, from: 0, to: Vec::new(), content }
    };
    let mut expect = async |from: u64, mut notice: Told| {
        notice.from = from;
        for (index, device) in devices.iter_mut().enumerate() {
            // Dill is no member.
            let expected = if index == 3 { Vec::new() } else { vec![notice.clone()] };
            assert_eq!(told(device).await, expected, "device {index}");
        }
    };
    expect(w.basil.uid, news(Group::FileUploaded, "plan.txt")).await;

    let rename = json!({ "group_id": w.team, "file_id": number, "name": "Plan A.txt" });
    let refused = w.clover.call(&server, "POST", "/group/file/update_name", rename.clone()).await;
    assert_eq!(refused.code(), 20023);
    w.amber.call(&server, "POST", "/group/file/update_name", rename).await.data();
    expect(w.amber.uid, news(Group::FileUpdated, "Plan A.txt")).await;
    assert_eq!(w.amber.call(&server, "GET", &one, Value::Null).await.data()["name"], "Plan A.txt");

    let remove = json!({ "group_id": w.team, "file_list": [number, 999] });
    let lines = w.clover.call(&server, "POST", "/group/file/delete", remove.clone()).await;
    assert!(lines.data().as_array().unwrap().iter().all(|line| line["result"] == "fail"));
    let lines = w.basil.call(&server, "POST", "/group/file/delete", remove).await.data().clone();
    assert_eq!((&lines[0]["file_id"], &lines[0]["result"]), (&number, &json!("success")));
    assert_eq!((&lines[1]["file_id"], &lines[1]["result"]), (&json!(999), &json!("fail")));
    expect(w.basil.uid, news(Group::FileDeleted, "Plan A.txt")).await;
    assert_eq!(w.amber.call(&server, "GET", &list, Value::Null).await.data(), &json!([]));
    assert_eq!(get(&server, &path, &w.basil, "").await.status, 404);
    assert_eq!(on_disk(&folder), Vec::<String>::new());

    let stranger = [
        ("GET", list.as_str(), Value::Null),
        ("GET", one.as_str(), Value::Null),
        ("POST", "/group/file/upload", entry.clone()),
        ("POST", "/group/file/delete", json!({ "group_id": w.team, "file_list": [1] })),
        ("POST", "/group/file/update_name", json!({ "group_id": w.team, "file_id": 1, "name": "x" })),
    ];
    for (method, path, body) in stranger {
        assert_eq!(dill.call(&server, method, path, body).await.code(), 20011, "{path}");
    }
    assert_eq!(w.amber.call(&server, "GET", &one, Value::Null).await.code(), 20022);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(300))),
        ("size", json!(-1)),
        ("size", Value::Null),
        ("url", json!("javascript:alert(1)")),
        ("url", Value::Null),
        ("type", json!(7)),
    ] {
        let mut wrong = entry.clone();
        wrong[field] = value;
        let reply = w.amber.call(&server, "POST", "/group/file/upload", wrong).await;
        assert!(reply.code() == 10002 && reply.message().starts_with(field), "{field}: {}", reply.message());
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_forwarded_file_outlives_the_list_it_came_from() {
    let folder = Folder::new("forwarded");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let slot = slot(&server, &w.basil, w.team, 99).await;
    let path = uploaded(&server, &slot, "a.txt", "text/plain", b"kept").await;
    let entry = json!({ "group_id": w.team, "name": "a", "size": 4, "url": slot["download_url"] });
    let number = w.basil.call(&server, "POST", "/group/file/upload", entry).await.data()["file_id"].clone();
    let sign = path.split_once("sign=").unwrap().1;
    let query = format!("/file/upload/forward?file_sign={sign}&to_type=1&to_id={}", w.amber.uid);
    let copy = path_of(&server, w.clover.call(&server, "GET", &query, Value::Null).await.data());
    let remove = json!({ "group_id": w.team, "file_list": number });
    w.amber.call(&server, "POST", "/group/file/delete", remove).await.data();
    assert_eq!(get(&server, &path, &w.basil, "").await.status, 404);
    assert_eq!(get(&server, &copy, &w.amber, "").await.bytes, b"kept");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn bytes_that_have_gone_from_the_disk() {
    let folder = Folder::new("gone");
    let server = server_with(folder.config()).await;
    let w = world(&server).await;
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    let path = uploaded(&server, &slot, "a.txt", "text/plain", b"here").await;
    fs::remove_dir_all(folder.file().with_extension("files")).unwrap();
    let answer = get(&server, &path, &w.basil, "").await;
    assert_eq!((answer.status, answer.message().as_str()), (404, "the file has gone from the disk"));
    // The folder is made again when it is needed.
    uploaded(&server, &slot, "a.txt", "text/plain", b"back").await;
    assert_eq!(get(&server, &path, &w.basil, "").await.bytes, b"back");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_developers_page_works_while_the_rest_fails() {
    let server = server().await;
    let rules = json!({ "rules": [{ "action": { "type": "http", "status": 503 }, "times": 100 }] });
    http(&server, "POST", "/admin/api/faults", &[], rules).await.data();
    assert_eq!(fetch(&server, "GET", "/app/config", "", b"").await.status, 503);
    assert_eq!(fetch(&server, "POST", "/file/upload/store", "", b"").await.status, 503);
    for (path, kind) in [
        ("/admin", "text/html; charset=utf-8"),
        ("/admin/page.css", "text/css; charset=utf-8"),
        ("/admin/page.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = fetch(&server, "GET", path, "", b"").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert!(!answer.bytes.is_empty());
        let head = fetch(&server, "HEAD", path, "", b"").await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
    }
}

#[tokio::test]
async fn memory_alone_leaves_no_file_behind() {
    let (server, w) = stage().await;
    let mine = format!("floo-emulator-{}-", std::process::id());
    let folders = || {
        let all = fs::read_dir(std::env::temp_dir()).unwrap();
        all.map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&mine))
            .filter(|path| fs::read_dir(path).is_ok_and(|mut files| files.any(|f| f.is_ok_and(|f| is_ours(&f.path())))))
            .count()
    };
    fn is_ours(path: &std::path::Path) -> bool {
        fs::read(path).is_ok_and(|bytes| bytes == b"memory_alone_leaves_no_file_behind")
    }
    let slot = slot(&server, &w.amber, w.basil.uid, 100).await;
    uploaded(&server, &slot, "a.txt", "text/plain", b"memory_alone_leaves_no_file_behind").await;
    assert_eq!(folders(), 1);
    server.stop().await.unwrap();
    assert_eq!(folders(), 0);
}
