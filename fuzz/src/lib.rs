//! What must hold for any bytes at all. Each function is a target of `make fuzz`, and panics when it does not
//! hold; `tests/corpus.rs` runs what is kept in `corpus/` in every test run.
//!
//! No target may panic, read without bounds or take memory beyond the limits of the codec: libFuzzer watches
//! that by itself. What is checked on top of it stands with each target.
#![forbid(unsafe_code)]
mod rows;

use std::sync::LazyLock;

use floo_wasm::core::codec::json::{Direction, JsonErrorKind, decode, encode};
use floo_wasm::core::codec::{Codec, CodecError, Downlink, MAX_INFLATED, MAX_RATIO, Payload};
use floo_wasm::core::json::Value;
use floo_wasm::core::proto::{Frame, MessageBody, Meta, Status, SyncDl, frame::Command};
use floo_wasm::core::services::{
    Caller, Credentials, Endpoint, Servers, dns, group_cards, group_ids, locate, read, roster_ids, same_origin, token,
    user_cards, visitor_answer,
};
use floo_wasm::ports::Response;
use prost::Message as _;

pub use rows::{rows, rows_of};

/// A target: its name, and what must not panic.
pub type Target = (&'static str, fn(&[u8]));

/// All targets by the name of their corpus.
pub const TARGETS: [Target; 5] =
    [("frame", frame), ("json", json), ("inflate", inflate), ("answers", answers), ("rows", rows)];

fn packed(command: Command, payload: &impl prost::Message) -> Vec<u8> {
    Frame { command: Some(command as i32), payload: payload.encode_to_vec().into(), ..Frame::default() }.encode_to_vec()
}

/// Bytes from a server. What could be read says the same when it is written and read again, whether one meta
/// can be read depends on nothing but that meta, and the fast reader of pages sees what prost sees.
pub fn frame(bytes: &[u8]) {
    let mut codec = Codec::default();
    let Ok(seen) = codec.decode(bytes) else { return };
    if let (Ok(frame), Downlink::Sync(page)) = (Frame::decode(bytes), &seen)
        && frame.compress_method.unwrap_or(0) == 0
    {
        assert_eq!(SyncDl::decode(frame.payload).as_ref(), Ok(page));
    }
    let again = match &seen {
        Downlink::Unread(list) => packed(Command::Unread, list),
        Downlink::Sync(page) => {
            for meta in &page.metas {
                let alone = Meta::decode(&meta.encode_to_vec()[..]).map(|meta| Payload::of(&meta).is_ok());
                let seen = Payload::of(meta);
                assert_eq!(alone, Ok(seen.is_ok()));
                if let Ok(Payload::Message(body) | Payload::Push(body)) = seen {
                    assert_eq!(MessageBody::decode(meta.payload.clone()), Ok(body));
                }
            }
            packed(Command::Sync, page)
        }
        Downlink::Notice(notice) => packed(Command::Notice, notice),
        Downlink::Provision(reply) => packed(Command::Provision, reply),
        Downlink::Unknown(_) => return,
    };
    assert_eq!(codec.decode(&again), Ok(seen));
}

/// Frames as JSON and back. What was decoded can be encoded, and then decodes to the same; text that
/// describes a frame makes one that can be decoded.
pub fn json(bytes: &[u8]) {
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        if let Ok(shape) = decode(bytes, direction) {
            match encode(&shape) {
                Ok(again) => assert_eq!(decode(&again, direction).map(bare), Ok(bare(shape))),
                Err(e) => assert_eq!(e.kind, JsonErrorKind::Limit, "{e}"),
            }
        }
        if let Ok(shape) = Value::parse(&String::from_utf8_lossy(bytes))
            && let Ok(frame) = encode(&shape)
            && let Err(e) = decode(&frame, direction)
        {
            assert_eq!(e.kind, JsonErrorKind::Limit, "{e}");
        }
    }
}

/// Without zeros that encoding adds to a frame that has no payload (xsync 0.4).
fn bare(mut shape: Value) -> Value {
    if let Value::Object(fields) = &mut shape {
        fields.retain(|name, value| !matches!(&name[..], "vsn" | "compress_method") || value.as_u64() != Some(0));
    }
    shape
}

/// A compressed payload. The codec agrees with the reference on what it holds, within the limits; and any
/// page comes back as it was compressed.
pub fn inflate(bytes: &[u8]) {
    let zlib = |payload: Vec<u8>| {
        let frame = Frame { command: Some(1), compress_method: Some(1), payload: payload.into(), ..Frame::default() };
        Codec::default().decode(&frame.encode_to_vec())
    };
    let limit = bytes.len().saturating_mul(MAX_RATIO).min(MAX_INFLATED);
    match (zlib(bytes.to_vec()), miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(bytes, limit)) {
        (Ok(Downlink::Sync(page)), Ok(plain)) => assert_eq!(SyncDl::decode(&plain[..]).as_ref(), Ok(&page)),
        (Ok(seen), plain) => panic!("{seen:?} of {plain:?}"),
        // The reference does not mind what follows the stream, or pages that the limits refuse.
        (Err(CodecError::Inflate | CodecError::InflateLimit), _) => {}
        (Err(_), plain) => assert!(plain.is_ok(), "not a matter of compression"),
    }
    let page = SyncDl {
        status: Some(Status { code: 1, reason: String::new() }),
        metas: vec![Meta { id: 1, payload: bytes.to_vec().into(), ..Meta::default() }],
        ..SyncDl::default()
    };
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&page.encode_to_vec(), 6);
    match zlib(packed) {
        Ok(seen) => assert_eq!(seen, Downlink::Sync(page)),
        Err(e) => assert_eq!(e, CodecError::InflateLimit),
    }
}

/// Answers of the HTTP API and of the DNS. What is kept of a document reads back as it was; what is handed to
/// JavaScript is JSON; an address that is built belongs to the cloud or is the one that was given.
pub fn answers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let answer = || Ok(Response { status: 200, body: text.to_owned() });
    let caller = Caller { base: "https://rest.example", app_id: "app", token: "t" };
    if let Ok(servers) = read(answer(), dns("http://d", "app").parse) {
        let kept = Servers::from_json(servers.to_json("http://d", 1, 0).as_bytes());
        assert_eq!(kept.map(|kept| kept.servers), Some(servers));
    }
    if let Some(kept) = Servers::from_json(bytes) {
        assert!(kept.servers.socket(kept.at).is_some());
    }
    let credentials = Credentials::Name { name: "n".into(), password: "p".into() };
    if let Some(call) = token(caller, &credentials)
        && let Ok(token) = read(answer(), call.parse)
    {
        assert!(token.uid != 0 && !token.token.is_empty());
    }
    drop(read(answer(), visitor_answer));
    drop(read(answer(), roster_ids(caller).parse));
    drop(read(answer(), group_ids(caller).parse));
    drop(read(answer(), user_cards(caller, &[]).parse));
    drop(read(answer(), group_cards(caller, &[]).parse));
    // One endpoint an input: they differ in their rows of the table only.
    let number = bytes.iter().fold(0, |sum, byte| sum + usize::from(*byte));
    static ENDPOINTS: LazyLock<Vec<Endpoint>> = LazyLock::new(|| Endpoint::all().collect());
    if let Some(endpoint) = ENDPOINTS.get(number % ENDPOINTS.len()) {
        if let Ok(json) = endpoint.read(text) {
            assert!(Value::parse(&json).is_ok(), "{}", endpoint.name);
        }
        if let Ok(prepared) = endpoint.prepare(text, Some("http://d/")) {
            assert!(endpoint.is_foreign() || prepared.target.starts_with('/'), "{}", endpoint.name);
            assert!(!prepared.target.contains(char::is_whitespace) || endpoint.is_foreign(), "{}", endpoint.name);
        }
    }
    if let Ok(url) = locate(text, caller.base) {
        assert!(url == text || same_origin(&url, caller.base), "{url}");
    }
}
