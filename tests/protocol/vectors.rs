//! The codec against `vectors.json`, and against bytes and objects that are not frames.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use floo_wasm::core::{
    codec::{
        MAX_FRAME_IN, MAX_FRAME_OUT,
        json::{self, Direction, JsonCodecError, JsonErrorKind, MAX_DEPTH, MAX_FIELDS},
    },
    proto,
};
use proptest::{
    prelude::{ProptestConfig, any},
    prop_assert_eq, proptest,
};
use prost::Message;
use serde_json::{Value, json};

/// One row of `vectors.json`.
struct Vector {
    name: String,
    direction: Direction,
    frame: Value,
    hex: String,
    canonical_hex: Option<String>,
    proposal: bool,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        bytes_of(&self.hex)
    }

    fn is_forward_compat(&self) -> bool {
        self.name.starts_with("forward_compat")
    }
}

fn vectors() -> Vec<Vector> {
    let rows: Vec<Value> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    rows.into_iter()
        .map(|row| Vector {
            name: row["name"].as_str().unwrap().into(),
            direction: row["direction"].as_str().unwrap().parse().unwrap(),
            frame: row["frame"].clone(),
            hex: row["hex"].as_str().unwrap().into(),
            canonical_hex: row["canonical_hex"].as_str().map(Into::into),
            proposal: row["proposal"] == true,
        })
        .collect()
}

/// The codec's JSON is the core's own; what is compared here is serde's.
fn decode(bytes: &[u8], direction: Direction) -> Result<Value, JsonCodecError> {
    json::decode(bytes, direction).map(|frame| serde_json::from_str(&frame.to_string()).unwrap())
}

fn encode(frame: &Value) -> Result<Vec<u8>, JsonCodecError> {
    json::encode(&floo_wasm::core::json::Value::parse(&frame.to_string()).unwrap())
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A frame object without the scalars that say nothing; the frame's own header and checksum stay.
fn stripped(frame: &Value) -> Value {
    fn walk(value: &Value, top: bool) -> Value {
        match value {
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, value)| {
                    top && ["vsn", "compress_method", "command", "check_sum"].contains(&name.as_str())
                        || ![json!(0), json!("0"), json!(""), json!(false)].contains(value)
                })
                .map(|(name, value)| (name.clone(), walk(value, false)))
                .collect(),
            Value::Array(list) => list.iter().map(|value| walk(value, false)).collect(),
            other => other.clone(),
        }
    }
    walk(frame, true)
}

/// Decodes and encodes every layer with the generated types; nothing when a layer is not readable.
fn through_prost(bytes: &[u8], direction: Direction) -> Option<Vec<u8>> {
    fn again<M: Message + Default>(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(M::decode(bytes).ok()?.encode_to_vec())
    }
    fn meta(meta: &mut proto::Meta) -> Option<()> {
        let bytes = &meta.payload[..];
        meta.payload = match meta.ns {
            1 | 7 => again::<proto::MessageBody>(bytes)?,
            2 => again::<proto::GroupNotice>(bytes)?,
            3 => again::<proto::RosterNotice>(bytes)?,
            4 => again::<proto::UserNotice>(bytes)?,
            5 => again::<proto::Info>(bytes)?,
            6 => again::<proto::Conversation>(bytes)?,
            8 => again::<proto::RtcSignal>(bytes)?,
            _ => bytes.to_vec(),
        }
        .into();
        Some(())
    }
    let mut frame = proto::Frame::decode(bytes).ok()?;
    if frame.compress_method.unwrap_or(0) == 0 && frame.encrypt_method == 0 {
        let bytes = &frame.payload[..];
        frame.payload = match (frame.command.unwrap_or(0), direction) {
            (0, Direction::ClientToServer) => again::<proto::UnreadUl>(bytes)?,
            (0, Direction::ServerToClient) => again::<proto::UnreadDl>(bytes)?,
            (1, Direction::ClientToServer) => {
                let mut sync = proto::SyncUl::decode(bytes).ok()?;
                sync.meta.iter_mut().try_for_each(meta)?;
                sync.encode_to_vec()
            }
            (1, Direction::ServerToClient) => {
                let mut sync = proto::SyncDl::decode(bytes).ok()?;
                sync.metas.iter_mut().try_for_each(meta)?;
                sync.encode_to_vec()
            }
            (2, Direction::ServerToClient) => again::<proto::Notice>(bytes)?,
            (3, _) => again::<proto::Provision>(bytes)?,
            _ => bytes.to_vec(),
        }
        .into();
    }
    Some(frame.encode_to_vec())
}

#[test]
fn there_are_sixty_vectors() {
    let all = vectors();
    assert_eq!(all.iter().filter(|v| !v.proposal && !v.is_forward_compat()).count(), 54);
    assert_eq!(all.iter().filter(|v| v.is_forward_compat()).count(), 2);
    assert_eq!(all.iter().filter(|v| v.proposal).count(), 4);
}

#[test]
fn vectors_decode_to_their_fields() {
    for vector in vectors() {
        let expected = stripped(&vector.frame);
        let decoded = decode(&vector.bytes(), vector.direction).unwrap();
        assert_eq!(stripped(&decoded), expected, "{}", vector.name);
        assert_eq!(stripped(&decoded), decoded, "{}: decoding leaves zeros out", vector.name);
        if let Some(hex) = &vector.canonical_hex {
            assert_eq!(decode(&bytes_of(hex), vector.direction).unwrap(), expected, "{}", vector.name);
        }
    }
}

#[test]
fn vectors_encode_to_their_bytes() {
    for vector in vectors() {
        let encoded = hex_of(&encode(&vector.frame).unwrap());
        // The one field that the schema does not know cannot be given.
        let expected = vector.hex.strip_suffix("c20c03616263").unwrap_or(&vector.hex);
        assert_eq!(encoded, expected, "{}", vector.name);
        assert_eq!(expected == vector.hex, vector.name != "forward_compat_unknown_command_and_field");
    }
}

#[test]
fn item_01_vectors_decode_and_encode_to_their_canonical_bytes() {
    for vector in vectors().iter().filter(|v| v.name != "forward_compat_unknown_command_and_field") {
        let encoded = hex_of(&encode(&decode(&vector.bytes(), vector.direction).unwrap()).unwrap());
        assert_eq!(&encoded, vector.canonical_hex.as_ref().unwrap_or(&vector.hex), "{}", vector.name);
    }
}

#[test]
fn the_generated_types_agree_with_the_vectors() {
    for vector in vectors().iter().filter(|v| v.name != "forward_compat_unknown_command_and_field") {
        let again = hex_of(&through_prost(&vector.bytes(), vector.direction).unwrap());
        assert_eq!(&again, vector.canonical_hex.as_ref().unwrap_or(&vector.hex), "{}", vector.name);
    }
}

#[test]
fn a_heartbeat_has_six_bytes() {
    for frame in [json!({"vsn": 0, "compress_method": 0, "command": 0}), json!({"command": 0}), json!({})] {
        assert_eq!(hex_of(&encode(&frame).unwrap()), "080010001800", "{frame}");
    }
}

#[test]
fn no_bytes_are_an_unread_frame() {
    let unread = json!({"vsn": 0, "compress_method": 0, "command": 0});
    assert_eq!(decode(&[], Direction::ClientToServer).unwrap(), unread);
    assert_eq!(decode(&[], Direction::ServerToClient).unwrap(), unread);
    // Without a command it is 0, and says so.
    let unread = json!({"command": 0, "payload": {"@type": "UnreadDL", "status": {"code": 1}}});
    assert_eq!(decode(&bytes_of("22040a020801"), Direction::ServerToClient).unwrap(), unread);
}

/// Decodes what the server sent.
fn down(hex: &str) -> Value {
    decode(&bytes_of(hex), Direction::ServerToClient).unwrap()
}

#[test]
fn a_payload_that_is_not_readable_appears_as_hex() {
    // A notice travels downwards only.
    let up = decode(&bytes_of("180222020a00"), Direction::ClientToServer).unwrap();
    assert_eq!(up, json!({"command": 2, "payload": "0a00"}));
    assert_eq!(down("180222020a00"), json!({"command": 2, "payload": {"@type": "Notice", "xid": {}}}));
    // Cut off, of the wrong wire type, not UTF-8.
    assert_eq!(down("180322020a05")["payload"], "0a05");
    assert_eq!(down("180322020801")["payload"], "0801");
    assert_eq!(down("180322033201ff")["payload"], "3201ff");
    // Compressed, encrypted.
    assert_eq!(down("1001180222020a00")["payload"], "0a00");
    assert_eq!(down("180222020a002801")["payload"], "0a00");
    // One bad meta leaves the others alone: UserNotice {type 4} and a cut one.
    let page = down("18012211120628043202080412001205280432010a");
    assert_eq!(
        page["payload"]["metas"],
        json!([{"ns": 4, "payload": {"@type": "UserNotice", "type": 4}}, {}, {"ns": 4, "payload": "0a"}])
    );
}

#[test]
fn command_and_namespace_choose_the_payload() {
    for (names, direction) in [
        (["UnreadUL", "SyncUL", "", "Provision", ""], Direction::ClientToServer),
        (["UnreadDL", "SyncDL", "Notice", "Provision", ""], Direction::ServerToClient),
    ] {
        for (command, name) in names.into_iter().enumerate() {
            let frame = decode(&[0x18, command as u8, 0x22, 0], direction).unwrap();
            assert_eq!(frame["payload"]["@type"].as_str().unwrap_or(""), name, "{command} {direction:?}");
        }
    }
    let names = [
        "",
        "MessageBody",
        "GroupNotice",
        "RosterNotice",
        "UserNotice",
        "Info",
        "Conversation",
        "MessageBody",
        "RtcSignal",
        "",
    ];
    for (ns, name) in names.into_iter().enumerate() {
        let frame = down(&format!("18012206120428{ns:02x}3200"));
        assert_eq!(frame["payload"]["metas"][0]["payload"]["@type"].as_str().unwrap_or(""), name, "{ns}");
    }
}

#[test]
fn fields_in_any_order_and_repeated_ones_are_merged() {
    assert_eq!(down("22020a001802"), down("180222020a00"), "payload before command");
    assert_eq!(
        decode(&bytes_of("1801220a1a08320422020a052801"), Direction::ClientToServer).unwrap()["payload"]["meta"],
        json!({"ns": 1, "payload": {"@type": "MessageBody", "content": "\n\u{5}"}}),
        "payload before namespace"
    );
    let xid = |parts: &str| down(&format!("180222{:02x}{parts}", parts.len() / 2))["payload"]["xid"].clone();
    assert_eq!(xid("0a0208050a021007"), json!({"uid": "5", "deviceSN": 7}));
    assert_eq!(xid("0a0208050a020800"), json!({}), "the last one counts");
    assert_eq!(xid("0a0208050a00"), json!({"uid": "5"}));
}

#[test]
fn numbers_keep_their_sign_and_size() {
    // SyncUL.full_sync_num is zig-zag, enums may be negative, uint32 goes to its end.
    for number in [-1, 1, i32::MIN, i32::MAX] {
        let frame = json!({"vsn": number, "command": 1, "payload": {"@type": "SyncUL", "full_sync_num": number}});
        assert_eq!(decode(&encode(&frame).unwrap(), Direction::ClientToServer).unwrap(), frame);
    }
    assert_eq!(hex_of(&encode(&json!({"command": -1, "payload": "00"})).unwrap()), "18ffffffffffffffffff01220100");
    assert_eq!(down("38ffffffff0f")["check_sum"], 4_294_967_295_u32);
    assert_eq!(down("3800")["check_sum"], 0);
    assert_eq!(down("08ffffffffffffffffff01")["vsn"], -1);
}

#[test]
fn ids_may_be_strings_or_safe_integers() {
    let hex = |uid: Value| {
        encode(&json!({"command": 2, "payload": {"@type": "Notice", "xid": {"uid": uid}}})).map(|b| hex_of(&b))
    };
    assert_eq!(hex(json!(6_600_000_000_200_u64)), hex(json!("6600000000200")));
    assert_eq!(hex(json!("18446744073709551615")).unwrap(), "1802220d0a0b08ffffffffffffffffff01");
    for bad in [
        json!("18446744073709551616"),
        json!("-1"),
        json!("+1"),
        json!(""),
        json!(" 1"),
        json!("1e3"),
        json!(9_007_199_254_740_992_u64),
        json!(-1),
        json!(1.5),
        json!(null),
        json!(true),
    ] {
        let error = hex(bad.clone()).unwrap_err();
        assert_eq!((error.kind, error.path.as_str()), (JsonErrorKind::Invalid, "payload.xid.uid"), "{bad}");
    }
}

#[test]
fn objects_that_are_no_frames_are_refused_by_name() {
    let meta = |meta: Value| {
        let good = json!({"ns": 1, "payload": {"@type": "MessageBody"}});
        json!({"command": 1, "payload": {"@type": "SyncDL", "metas": [good, good, good, meta]}})
    };
    for (frame, path) in [
        (json!([]), ""),
        (json!("18"), ""),
        (json!({"commando": 1}), "commando"),
        (json!({"command": "1"}), "command"),
        (json!({"command": 2_147_483_648_u64}), "command"),
        (json!({"command": 1.5}), "command"),
        (json!({"command": null}), "command"),
        (json!({"check_sum": 4_294_967_296_u64}), "check_sum"),
        (json!({"check_sum": -1}), "check_sum"),
        (json!({"tag": 1}), "tag"),
        (json!({"encrypt_key": {}}), "encrypt_key"),
        (json!({"encrypt_key": "abc"}), "encrypt_key"),
        (json!({"encrypt_key": "0g"}), "encrypt_key"),
        (json!({"encrypt_key": "é"}), "encrypt_key"),
        (json!({"payload": []}), "payload"),
        (json!({"payload": {}}), "payload.@type"),
        (json!({"payload": {"@type": 1}}), "payload.@type"),
        (json!({"payload": {"@type": "SyncUL"}}), "payload.@type"),
        (json!({"command": 9, "payload": {"@type": "SyncUL"}}), "payload.@type"),
        (json!({"command": 1, "compress_method": 1, "payload": {"@type": "SyncUL"}}), "payload.@type"),
        (json!({"command": 1, "encrypt_method": 2, "payload": {"@type": "SyncUL"}}), "payload.@type"),
        (json!({"command": 1, "payload": {"@type": "SyncUL", "metas": []}}), "payload.metas"),
        (json!({"command": 1, "payload": {"@type": "SyncUL", "is_full_sync": 1}}), "payload.is_full_sync"),
        (json!({"command": 1, "payload": {"@type": "SyncUL", "xid": "1"}}), "payload.xid"),
        (json!({"command": 1, "payload": {"@type": "SyncUL", "xid": {"deviceSn": 1}}}), "payload.xid.deviceSn"),
        (json!({"command": 1, "payload": {"@type": "SyncUL", "xid": {"@type": "Meta"}}}), "payload.xid.@type"),
        (json!({"command": 1, "payload": {"@type": "SyncDL", "metas": {}}}), "payload.metas"),
        (meta(json!(1)), "payload.metas[3]"),
        (meta(json!({"from": {"uid": "x"}})), "payload.metas[3].from.uid"),
        (meta(json!({"ns": 1, "payload": {"@type": "Info"}})), "payload.metas[3].payload.@type"),
        (meta(json!({"ns": 42, "payload": {"@type": "Info"}})), "payload.metas[3].payload.@type"),
        (
            meta(json!({"ns": 2, "payload": {"@type": "GroupNotice", "to": [{}, {"uid": []}]}})),
            "payload.metas[3].payload.to[1].uid",
        ),
    ] {
        let error = encode(&frame).expect_err(path);
        assert_eq!((error.kind, error.path.as_str()), (JsonErrorKind::Invalid, path), "{frame}");
        assert!(error.to_string().starts_with(if path.is_empty() { "frame" } else { path }), "{error}");
    }
}

#[test]
fn no_value_reaches_an_error_text() {
    for value in [json!(["s3cret"]), json!({"s3cret": 1}), json!(12345)] {
        let frame = json!({"command": 3, "payload": {"@type": "Provision", "token": value}});
        assert_eq!(encode(&frame).unwrap_err().to_string(), "payload.token: must be a string");
    }
    let long = encode(&json!({"ä".repeat(100_000): 1})).unwrap_err();
    assert_eq!(long.path, "ä".repeat(40));
}

#[test]
fn bytes_that_are_no_frames_are_refused() {
    use JsonErrorKind::Malformed;
    for (hex, path) in [
        ("08", "vsn"),
        ("0880", "vsn"),
        ("08ffffffffffffffffff02", "vsn"),
        ("08ffffffffffffffffffff01", "vsn"),
        ("0a00", "vsn"),
        ("2005", "payload"),
        ("2205", "payload"),
        ("22ffffffffffffffffff01", "payload"),
        ("4201ff", "tag"),
        ("4203eda080", "tag"),
        ("80", ""),
        ("0000", ""),
        ("ffffffffff0100", ""),
        ("0f00", ""),     // a wire type that there is not
        ("c40c", ""),     // the end of a group that never began
        ("c30c", ""),     // a group without end
        ("c30ccc0c", ""), // ended by another's end
        ("c20c05", ""),   // unknown, cut
        ("c10c00000000", ""),
        ("c50c000000", ""),
    ] {
        let error = decode(&bytes_of(hex), Direction::ServerToClient).expect_err(hex);
        assert_eq!((error.kind, error.path.as_str()), (Malformed, path), "{hex}: {error}");
        assert!(proto::Frame::decode(&bytes_of(hex)[..]).is_err(), "{hex}");
    }
    // Unknown fields of every form are stepped over.
    let known = down("c30cc30c0801c40cc40cc10c0000000000000000c50c00000000c80c05c20c01611802");
    assert_eq!(known, json!({"command": 2}));
}

#[test]
fn limits_are_kept() {
    let limit = |bytes: &[u8]| {
        let error = decode(bytes, Direction::ServerToClient).unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::Limit, "{error}");
        error.path
    };
    let frame_of = |payload: &[u8]| {
        proto::Frame { command: Some(1), payload: payload.to_vec().into(), ..Default::default() }.encode_to_vec()
    };
    // Size.
    let mut large = frame_of(&vec![0xff; MAX_FRAME_IN - 7]);
    assert_eq!(large.len(), MAX_FRAME_IN);
    assert!(decode(&large, Direction::ServerToClient).unwrap()["payload"].is_string());
    large.push(0);
    assert_eq!(limit(&large), "");
    // Fields: a page of empty metas, each one field; a limit is not hidden behind hex.
    let metas = |count: u32| frame_of(&[0x12, 0].repeat(count as usize));
    let page = decode(&metas(MAX_FIELDS - 2), Direction::ServerToClient).unwrap();
    assert_eq!(page["payload"]["metas"].as_array().unwrap().len(), MAX_FIELDS as usize - 2);
    assert_eq!(limit(&metas(MAX_FIELDS - 1)), "payload");
    // Depth: groups in groups.
    let groups = |count: u32| [[0xc3, 0x0c].repeat(count as usize), [0xc4, 0x0c].repeat(count as usize)].concat();
    assert_eq!(decode(&groups(MAX_DEPTH - 1), Direction::ServerToClient).unwrap(), json!({"command": 0}));
    assert_eq!(limit(&groups(MAX_DEPTH)), "");
    assert_eq!(limit(&[0xc3, 0x0c].repeat(1 << 20)), "");
    // Out.
    let text = |length: usize| {
        let body = json!({"@type": "MessageBody", "content": "x".repeat(length)});
        encode(&json!({"command": 1, "payload": {"@type": "SyncUL", "meta": {"ns": 1, "payload": body}}}))
    };
    assert_eq!(text(MAX_FRAME_OUT - 20).unwrap().len(), MAX_FRAME_OUT);
    let error = text(MAX_FRAME_OUT - 19).unwrap_err();
    assert_eq!((error.kind, error.path.as_str()), (JsonErrorKind::Limit, "payload"));
}

#[test]
fn a_direction_has_two_names() {
    assert_eq!("server_to_client".parse(), Ok(Direction::ServerToClient));
    for bad in ["", "up", "CLIENT_TO_SERVER"] {
        assert_eq!(bad.parse::<Direction>().unwrap_err().path, "direction");
    }
}

#[test]
fn vectors_cut_anywhere_are_frames_or_errors() {
    for vector in vectors() {
        let bytes = vector.bytes();
        for length in 0..bytes.len() {
            agrees_with_prost(&bytes[..length], vector.direction);
        }
    }
}

/// Our reader takes what the generated types take, and what it took encodes to the same again.
fn agrees_with_prost(bytes: &[u8], direction: Direction) {
    let decoded = decode(bytes, direction);
    assert_eq!(decoded.is_ok(), proto::Frame::decode(bytes).is_ok(), "{}: {decoded:?}", hex_of(bytes));
    let Ok(frame) = decoded else { return };
    let encoded = encode(&frame).unwrap();
    let frame = with_header(frame);
    assert_eq!(with_header(decode(&encoded, direction).unwrap()), frame, "{}", hex_of(bytes));
    // Where every layer is readable, both mean the same.
    if let Some(again) = through_prost(bytes, direction) {
        let again = with_header(decode(&again, direction).unwrap());
        assert_eq!(without_empty_payloads(&again), without_empty_payloads(&frame), "{}", hex_of(bytes));
    }
}

/// With the two header fields that may be absent or zero.
fn with_header(mut frame: Value) -> Value {
    for name in ["vsn", "compress_method"] {
        frame.as_object_mut().unwrap().entry(name).or_insert_with(|| 0.into());
    }
    frame
}

/// The generated types do not tell an empty payload from none.
fn without_empty_payloads(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, value)| {
                name.as_str() != "payload" || value.as_object().is_none_or(|fields| fields.len() > 1)
            })
            .map(|(name, value)| (name.clone(), without_empty_payloads(value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_empty_payloads).collect(),
        other => other.clone(),
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

fn direction(down: bool) -> Direction {
    if down { Direction::ServerToClient } else { Direction::ClientToServer }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes_are_frames_or_errors(bytes: Vec<u8>, down: bool) {
        agrees_with_prost(&bytes, direction(down));
    }

    #[test]
    fn damaged_vectors_are_frames_or_errors(
        which in any::<proptest::sample::Index>(),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        twice: bool,
        down: bool,
    ) {
        let all = vectors();
        let mut bytes = all[which.index(all.len())].bytes();
        if twice {
            bytes.extend_from_within(..);
        }
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        agrees_with_prost(&bytes, direction(down));
    }

    #[test]
    fn any_payload_is_an_object_or_its_hex(command in -1..5_i32, payload: Vec<u8>, down: bool) {
        let frame = proto::Frame { command: Some(command), payload: payload.clone().into(), ..Default::default() };
        let decoded = decode(&frame.encode_to_vec(), direction(down)).unwrap();
        match decoded.get("payload") {
            Some(Value::String(hex)) => prop_assert_eq!(hex, &hex_of(&payload)),
            Some(other) => prop_assert_eq!(other["@type"].is_string(), true),
            None => prop_assert_eq!(payload.len(), 0),
        }
        agrees_with_prost(&frame.encode_to_vec(), direction(down));
    }
}
