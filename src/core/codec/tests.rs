use super::*;

/// Encodes with the default codec.
fn encode(uplink: &Uplink) -> Result<Vec<u8>, CodecError> {
    Codec::default().encode(uplink)
}

fn decode(bytes: &[u8]) -> Result<Downlink, CodecError> {
    Codec::default().decode(bytes)
}

/// One of `vectors.json` by name: the frame's bytes, and the bytes of another of its texts.
pub(super) fn vector(name: &str, other: &str) -> (Vec<u8>, Vec<u8>) {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/protocol/vectors.json")).expect("JSON");
    let row = all.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name)).expect(name);
    let bytes = |field: &str| unhex(row[field].as_str().expect(field));
    (bytes("hex"), bytes(other))
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn a_heartbeat_is_six_bytes() {
    assert_eq!(encode(&Uplink::Unread).unwrap(), [0x08, 0, 0x10, 0, 0x18, 0]);
}

#[test]
fn an_empty_message_is_an_empty_unread_list() {
    assert_eq!(decode(&[]).unwrap(), Downlink::Unread(UnreadDl::default()));
}

#[test]
fn garbage_and_truncation_are_errors() {
    assert!(matches!(decode(&[0xff; 20]), Err(CodecError::Malformed { what: "Frame", .. })));
    let whole = encode(&Uplink::Provision(Provision { token: "t".repeat(50), ..Default::default() })).unwrap();
    assert!(decode(&whole[..whole.len() - 7]).is_err());
}

#[test]
fn frames_over_the_limits_are_errors() {
    assert!(matches!(decode(&vec![0; MAX_FRAME_IN + 1]), Err(CodecError::TooLarge { .. })));
    // An unknown field fills the frame to the last byte.
    let mut full = vec![0xc2, 0x0c, 0xf9, 0xff, 0xff, 0x07];
    full.resize(MAX_FRAME_IN, 0);
    full[2] = 0xfa;
    assert_eq!(decode(&full).unwrap(), Downlink::Unread(UnreadDl::default()));

    let token = |length| Uplink::Provision(Provision { token: "t".repeat(length), ..Default::default() });
    let overhead = encode(&token(MAX_FRAME_OUT / 2)).unwrap().len() - MAX_FRAME_OUT / 2;
    assert_eq!(encode(&token(MAX_FRAME_OUT - overhead)).unwrap().len(), MAX_FRAME_OUT);
    let error = encode(&token(MAX_FRAME_OUT - overhead + 1)).unwrap_err();
    assert_eq!(error, CodecError::TooLarge { size: MAX_FRAME_OUT + 1, limit: MAX_FRAME_OUT });
}

#[test]
fn an_unknown_command_is_told_apart() {
    assert_eq!(decode(&[0x18, 9]).unwrap(), Downlink::Unknown(9));
}

#[test]
fn the_zlib_vector_opens() {
    let (hex, inflated) = vector("proposal_zlib_crc32", "inflated_payload_hex");
    let mut frame = Frame::decode(&hex[..]).unwrap();
    assert_eq!(Codec::default().open(&frame).unwrap(), inflated);
    // What was found wrong first is said: the checksum is of what is on the wire.
    frame.payload = Bytes::from([&frame.payload[..], &[0]].concat());
    assert_eq!(Codec::default().open(&frame), Err(CodecError::Checksum));
    frame.check_sum = None;
    assert_eq!(Codec::default().open(&frame), Err(CodecError::Inflate));
}

#[test]
fn an_encrypted_frame_needs_a_key() {
    let (hex, _) = vector("proposal_aes_cbc_128", "key_hex");
    assert_eq!(decode(&hex), Err(CodecError::Unsupported("encryption")));
}

#[test]
fn what_is_configured_is_on_the_wire() {
    let policy = WirePolicy { checksum: true, tag: "trace-1".into(), vsn2: true, ..WirePolicy::default() };
    let mut codec = Codec::new(policy).unwrap();
    let frame = Frame::decode(&codec.encode(&Uplink::Unread).unwrap()[..]).unwrap();
    assert_eq!((frame.vsn, frame.check_sum, &frame.tag[..]), (Some(1), Some(0), "trace-1"));
    let sync = Uplink::Sync(SyncUl { key: 7, ..SyncUl::default() });
    let frame = Frame::decode(&codec.encode(&sync).unwrap()[..]).unwrap();
    assert_eq!((frame.check_sum, &frame.payload[..]), (Some(crc32(&[0x10, 7])), &[0x10, 7][..]));
}

#[test]
fn policies_that_cannot_be_kept_are_refused_by_name() {
    let tag = |length| Codec::new(WirePolicy { tag: "x".repeat(length), ..WirePolicy::default() }).map(|_| ());
    assert_eq!(tag(MAX_TAG), Ok(()));
    assert_eq!(tag(MAX_TAG + 1).unwrap_err().to_string(), "tag: is longer than 64 bytes");

    let compress = Codec::new(WirePolicy { compress: true, ..WirePolicy::default() }).map(|_| ());
    let encrypt = Codec::new(WirePolicy { encrypt: Encrypt::Gcm, ..WirePolicy::default() }).map(|_| ());
    if crypto::AVAILABLE {
        assert_eq!(compress, Ok(()));
        assert_eq!(encrypt, Err(CodecError::Policy("encrypt: needs the server's key")));
    } else {
        assert_eq!(compress, Err(CodecError::Unsupported("compression")));
        assert_eq!(encrypt, Err(CodecError::Unsupported("encryption")));
    }
    let off = Codec::encrypted(WirePolicy::default(), &Secrets { server_key: "", seed: [0; 32] });
    assert!(off.is_err());
}
