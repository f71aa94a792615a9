//! The codec of a connection: what it takes, what it refuses and where the limits are.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#[cfg(feature = "crypto")]
mod sealed;

use floo_wasm::core::{
    codec::{
        Codec, CodecError, Downlink, MAX_DEPTH, MAX_INFLATED, MAX_META, MAX_METAS, MAX_RATIO, MAX_TO, MAX_UNREAD,
        Payload, Uplink, crc32,
    },
    proto::{
        ConversationUnread, Frame, GroupNotice, MessageBody, Meta, RosterNotice, Status, SyncDl, SyncUl, UnreadDl, Xid,
        frame::Command,
    },
};
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::{
    prelude::{ProptestConfig, any},
    prop_assert, prop_assert_eq, proptest,
};
use prost::Message;

fn decode(frame: &Frame) -> Result<Downlink, CodecError> {
    Codec::default().decode(&frame.encode_to_vec())
}

fn frame(command: Command, payload: &impl Message) -> Frame {
    Frame { command: Some(command as i32), payload: payload.encode_to_vec().into(), ..Frame::default() }
}

/// A frame whose command is not known: its payload is unpacked and then of no interest.
fn zlib(payload: Vec<u8>) -> Frame {
    Frame { command: Some(9), compress_method: Some(1), payload: payload.into(), ..Frame::default() }
}

/// The frames that servers send, from `vectors.json`.
fn downlinks() -> Vec<Vec<u8>> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let text = |row: &serde_json::Value| row["hex"].as_str().unwrap().to_owned();
    rows.iter()
        .filter(|row| row["direction"] == "server_to_client")
        .map(text)
        .map(|hex| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect())
        .collect()
}

/// A frame that says the same.
fn again(downlink: &Downlink) -> Frame {
    match downlink {
        Downlink::Unread(list) => frame(Command::Unread, list),
        Downlink::Sync(sync) => frame(Command::Sync, sync),
        Downlink::Notice(notice) => frame(Command::Notice, notice),
        Downlink::Provision(reply) => frame(Command::Provision, reply),
        Downlink::Unknown(command) => Frame { command: Some(*command), ..Frame::default() },
    }
}

#[test]
fn every_downlink_vector_decodes_and_so_do_its_metas() {
    let all = downlinks();
    assert_eq!(all.len(), 26);
    for bytes in all {
        let downlink = Codec::default().decode(&bytes).unwrap();
        assert_eq!(decode(&again(&downlink)), Ok(downlink.clone()));
        if let Downlink::Sync(sync) = downlink {
            for meta in sync.metas {
                let payload = Payload::of(&meta).unwrap();
                assert_eq!(matches!(payload, Payload::Unknown(42)), meta.ns == 42, "{payload:?}");
            }
        }
    }
}

#[test]
fn what_is_not_known_survives() {
    let status = Some(Status { code: 99, reason: "new".into() });
    let meta = Meta { id: 1, ns: 42, payload: vec![1, 2].into(), ..Meta::default() };
    let body = MessageBody { ctype: 77, qos: -5, ..MessageBody::default() };
    let known = Meta { id: 2, ns: 1, payload: body.encode_to_vec().into(), ..Meta::default() };
    let sync = SyncDl { status, metas: vec![meta.clone(), known.clone()], ..SyncDl::default() };
    assert_eq!(decode(&frame(Command::Sync, &sync)), Ok(Downlink::Sync(sync)));
    assert_eq!(Payload::of(&meta), Ok(Payload::Unknown(42)));
    assert_eq!(Payload::of(&known), Ok(Payload::Message(body)));
    assert_eq!(decode(&Frame { command: Some(-3), ..Frame::default() }), Ok(Downlink::Unknown(-3)));
    let newer = Frame { vsn: Some(9), tag: "t".repeat(1_000), ..frame(Command::Unread, &UnreadDl::default()) };
    assert_eq!(decode(&newer), Ok(Downlink::Unread(UnreadDl::default())));
}

#[test]
fn checksums_are_verified_when_there_are_any() {
    let good = frame(Command::Sync, &SyncDl { next_key: 5, ..SyncDl::default() });
    let sum = crc32(&good.payload);
    assert!(decode(&Frame { check_sum: Some(sum), ..good.clone() }).is_ok());
    for wrong in [0, !sum, sum + 1] {
        let error = decode(&Frame { check_sum: Some(wrong), ..good.clone() }).unwrap_err();
        assert_eq!(error, CodecError::Checksum);
        assert!(!error.ends_connection());
    }
    // Zero is the right one of nothing.
    assert!(decode(&Frame { check_sum: Some(0), ..Frame::default() }).is_ok());
    assert_eq!(decode(&Frame { check_sum: Some(1), ..Frame::default() }), Err(CodecError::Checksum));
    // Of an unknown command too, and before it is inflated.
    assert_eq!(decode(&Frame { check_sum: Some(1), ..zlib(vec![1]) }), Err(CodecError::Checksum));
}

#[test]
fn compressed_frames_are_read() {
    let sync =
        SyncDl { metas: vec![Meta { id: 7, payload: vec![9; 3_000].into(), ..Meta::default() }], ..SyncDl::default() };
    for level in [0, 1, 6, 10] {
        let payload = compress_to_vec_zlib(&sync.encode_to_vec(), level);
        let packed = Frame { check_sum: Some(crc32(&payload)), command: Some(1), ..zlib(payload) };
        assert_eq!(decode(&packed), Ok(Downlink::Sync(sync.clone())), "{level}");
    }
    let unread = Frame { command: Some(0), ..zlib(compress_to_vec_zlib(&[], 6)) };
    assert_eq!(decode(&unread), Ok(Downlink::Unread(UnreadDl::default())));
    assert_eq!(
        decode(&Frame { compress_method: Some(2), ..Frame::default() }),
        Err(CodecError::Unsupported("another compression")),
    );
}

#[test]
fn bad_streams_are_errors() {
    let good = compress_to_vec_zlib(b"some text, some more text, and some more", 6);
    assert_eq!(decode(&zlib(good.clone())), Ok(Downlink::Unknown(9)));
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|length| good[..length].to_vec()).collect();
    let mut with = |at: usize, change: fn(u8) -> u8| {
        let mut bytes = good.clone();
        bytes[at] = change(bytes[at]);
        bad.push(bytes);
    };
    with(0, |_| 0x79); // another method
    with(1, |byte| byte ^ 1); // header check
    with(1, |byte| byte | 0x20); // asks for a dictionary
    with(2, |byte| byte | 7); // no such block
    with(good.len() - 1, |byte| byte ^ 1); // Adler-32
    bad.push([&good[..], &[0]].concat()); // something behind it
    bad.push(good[2..good.len() - 4].to_vec()); // bare deflate
    for bytes in bad {
        let error = decode(&zlib(bytes.clone())).unwrap_err();
        assert_eq!(error, CodecError::Inflate, "{bytes:02x?}");
        assert!(error.ends_connection());
    }
}

#[test]
fn a_compressed_payload_may_become_a_hundred_times_as_large_and_not_a_byte_more() {
    let packed = |length: usize| compress_to_vec_zlib(&vec![0; length], 6);
    let exact = (1_000..4_000).find(|n| packed(*n).len() * MAX_RATIO == *n).expect("a size with this ratio");
    assert_eq!(decode(&zlib(packed(exact))), Ok(Downlink::Unknown(9)));
    assert_eq!(packed(exact + 1).len(), packed(exact).len());
    let error = decode(&zlib(packed(exact + 1))).unwrap_err();
    assert_eq!(error, CodecError::InflateLimit);
    assert!(error.ends_connection());
}

#[test]
fn a_compressed_payload_may_become_16_mib_and_not_a_byte_more() {
    // Every 32nd byte is noise, so that the ratio is not what is in the way.
    let mut plain = vec![0; MAX_INFLATED + 1];
    let mut noise = 1_u32;
    for byte in plain.iter_mut().step_by(32) {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = noise.to_be_bytes()[0];
    }
    assert_eq!(decode(&zlib(compress_to_vec_zlib(&plain[1..], 1))), Ok(Downlink::Unknown(9)));
    assert_eq!(decode(&zlib(compress_to_vec_zlib(&plain, 1))), Err(CodecError::InflateLimit));
}

#[test]
fn lists_may_be_so_long_and_no_longer() {
    let metas = |count| SyncDl { metas: vec![Meta::default(); count], ..SyncDl::default() };
    assert_eq!(decode(&frame(Command::Sync, &metas(MAX_METAS))), Ok(Downlink::Sync(metas(MAX_METAS))));
    let error = decode(&frame(Command::Sync, &metas(MAX_METAS + 1))).unwrap_err();
    assert_eq!(error, CodecError::TooMany { what: "metas", limit: MAX_METAS });
    assert_eq!(error.to_string(), "more than 10000 metas");

    let unread = |count| UnreadDl { unread: vec![ConversationUnread::default(); count], ..UnreadDl::default() };
    assert!(decode(&frame(Command::Unread, &unread(MAX_UNREAD))).is_ok());
    assert_eq!(
        decode(&frame(Command::Unread, &unread(MAX_UNREAD + 1))),
        Err(CodecError::TooMany { what: "unread conversations", limit: MAX_UNREAD }),
    );
    // Neither compression nor a group before them hides the count.
    let payload = [&[0xc3, 0x0c, 0xc4, 0x0c][..], &metas(MAX_METAS + 1).encode_to_vec()].concat();
    let grouped = Frame { command: Some(1), payload: payload.clone().into(), ..Frame::default() };
    assert!(matches!(decode(&grouped), Err(CodecError::TooMany { .. })));
    let packed = Frame { command: Some(1), ..zlib(compress_to_vec_zlib(&payload, 1)) };
    assert!(matches!(decode(&packed), Err(CodecError::TooMany { .. } | CodecError::InflateLimit)));
}

#[test]
fn a_notice_may_have_so_many_recipients() {
    let group = |count| GroupNotice { to: vec![Xid::default(); count], ..GroupNotice::default() };
    let roster = |count| RosterNotice { to: vec![Xid::default(); count], ..RosterNotice::default() };
    let meta = |ns, payload: Vec<u8>| Meta { ns, payload: payload.into(), ..Meta::default() };
    let too_many = Err(CodecError::TooMany { what: "recipients", limit: MAX_TO });
    assert_eq!(Payload::of(&meta(2, group(MAX_TO).encode_to_vec())), Ok(Payload::Group(group(MAX_TO))));
    assert_eq!(Payload::of(&meta(2, group(MAX_TO + 1).encode_to_vec())), too_many);
    assert_eq!(Payload::of(&meta(3, roster(MAX_TO).encode_to_vec())), Ok(Payload::Roster(roster(MAX_TO))));
    assert_eq!(Payload::of(&meta(3, roster(MAX_TO + 1).encode_to_vec())), too_many);
}

#[test]
fn a_bad_meta_does_not_take_its_page_with_it() {
    let body = |length| MessageBody { content: "x".repeat(length), ..MessageBody::default() }.encode_to_vec();
    let overhead = body(MAX_META / 2).len() - MAX_META / 2;
    let full = Meta { ns: 1, payload: body(MAX_META - overhead).into(), ..Meta::default() };
    assert_eq!(full.payload.len(), MAX_META);
    let large = Meta { ns: 1, payload: body(MAX_META - overhead + 1).into(), ..Meta::default() };
    let broken = Meta { ns: 1, payload: vec![0xff].into(), ..Meta::default() };
    let page = SyncDl { metas: vec![large, broken, full], ..SyncDl::default() };
    let Ok(Downlink::Sync(sync)) = decode(&frame(Command::Sync, &page)) else { panic!("no page") };
    assert_eq!(Payload::of(&sync.metas[0]), Err(CodecError::TooLarge { size: MAX_META + 1, limit: MAX_META }));
    assert!(matches!(Payload::of(&sync.metas[1]), Err(CodecError::Malformed { what: "MessageBody", .. })));
    assert!(matches!(Payload::of(&sync.metas[2]), Ok(Payload::Message(_))));
}

#[test]
fn nesting_ends_somewhere() {
    let groups = |count: u32| {
        let payload = [[0xc3, 0x0c].repeat(count as usize), [0xc4, 0x0c].repeat(count as usize)].concat();
        Frame { command: Some(1), payload: payload.into(), ..Frame::default() }
    };
    assert_eq!(decode(&groups(MAX_DEPTH)), Ok(Downlink::Sync(SyncDl::default())));
    assert!(matches!(decode(&groups(MAX_DEPTH + 2)), Err(CodecError::Malformed { what: "SyncDL", .. })));
    let endless = Frame { payload: [0xc3, 0x0c].repeat(1 << 20).into(), ..groups(0) };
    assert!(matches!(decode(&endless), Err(CodecError::Malformed { .. })));
}

#[test]
fn a_codec_goes_on_after_an_error() {
    let mut codec = Codec::default();
    assert!(codec.decode(&[0xff]).is_err());
    assert!(codec.decode(&zlib(vec![1]).encode_to_vec()).is_err());
    assert_eq!(codec.decode(&[]), Ok(Downlink::Unread(UnreadDl::default())));
    let sync = Uplink::Sync(SyncUl { key: 3, ..SyncUl::default() });
    assert_eq!(codec.encode(&sync).unwrap(), [8, 0, 16, 0, 24, 1, 34, 2, 16, 3]);
}

#[cfg(feature = "crypto")]
#[test]
fn encrypted_frames_are_what_another_implementation_makes_of_them() {
    sealed::frames_are_the_same_everywhere();
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Whatever it is, it is understood or refused; what was understood can be said again.
fn stable(bytes: &[u8]) -> Result<(), proptest::test_runner::TestCaseError> {
    match Codec::default().decode(bytes) {
        Ok(downlink) => {
            if let Downlink::Sync(sync) = &downlink {
                for meta in &sync.metas {
                    let _ = Payload::of(meta);
                }
            }
            prop_assert_eq!(decode(&again(&downlink)), Ok(downlink));
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes_are_frames_or_errors(bytes: Vec<u8>) {
        stable(&bytes)?;
    }

    #[test]
    fn random_payloads_are_read_or_refused(command in 0..4, compress in 0..2, payload: Vec<u8>) {
        let frame = Frame {
            command: Some(command),
            compress_method: Some(compress),
            payload: payload.into(),
            ..Frame::default()
        };
        stable(&frame.encode_to_vec())?;
    }

    #[test]
    fn damaged_frames_are_frames_or_errors(
        which in any::<proptest::sample::Index>(),
        places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let all = downlinks();
        let mut bytes = all[which.index(all.len())].clone();
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        stable(&bytes)?;
        bytes.truncate(cut.index(bytes.len()));
        stable(&bytes)?;
    }

    #[test]
    fn a_damaged_stream_is_no_other_text_that_its_sum_can_tell(
        text in proptest::collection::vec(0..8_u8, 0..600),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let meta = Meta { payload: text.into(), ..Meta::default() };
        let sync = SyncDl { metas: vec![meta], ..SyncDl::default() };
        let mut packed = compress_to_vec_zlib(&sync.encode_to_vec(), 6);
        let frame = |payload: &[u8]| Frame { command: Some(1), ..zlib(payload.to_vec()) };
        prop_assert_eq!(decode(&frame(&packed)), Ok(Downlink::Sync(sync.clone())));
        let place = place.index(packed.len());
        packed[place] ^= 1 << bit;
        // A few bits say nothing: the level, and what is left of the last byte. All else is noticed, as far as
        // zlib's own sum can tell: a distance that is off may swap bytes in a way that it does not see.
        match decode(&frame(&packed)) {
            Ok(Downlink::Sync(other)) => {
                prop_assert_eq!(adler32(&other.encode_to_vec()), adler32(&sync.encode_to_vec()));
            }
            Ok(other) => prop_assert!(false, "{other:?}"),
            Err(error) => prop_assert_eq!(error.ends_connection(), true),
        }
    }
}

/// The sum at the end of a zlib stream (RFC 1950).
fn adler32(bytes: &[u8]) -> (u32, u32) {
    bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    })
}
