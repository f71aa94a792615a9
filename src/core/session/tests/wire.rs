//! How frames are packed, and what the session does when that goes wrong (xsync 8).
use super::*;
use crate::core::codec::{Encrypt, WirePolicy};

fn with_policy(wire: WirePolicy) -> World {
    let mut w = World::new();
    w.session.config.wire = wire;
    w
}

fn dial(w: &mut World) {
    w.command(1, login());
    w.answer("app_dns", DNS);
    w.answer("/token/user", &token());
}

#[test]
fn a_checksum_and_a_tag_are_sent_when_they_are_configured() {
    let mut w = with_policy(WirePolicy { checksum: true, tag: "probe".into(), ..WirePolicy::default() });
    dial(&mut w);
    w.go_online();
    for bytes in &w.frames {
        let frame = Frame::decode(&bytes[..]).unwrap();
        assert_eq!(frame.check_sum, Some(crate::core::codec::crc32(&frame.payload)));
        assert_eq!(frame.tag, "probe");
    }
}

#[test]
fn compressed_pages_are_read_and_a_broken_one_ends_the_connection_and_confirms_nothing() {
    let mut w = World::new();
    w.log_in();
    // zlib of nothing but a header and a checksum of something else.
    let broken = Frame {
        command: Some(1),
        compress_method: Some(1),
        payload: vec![0x78, 0x9c, 1, 2, 3].into(),
        ..Frame::default()
    };
    w.frame(&broken.encode_to_vec());
    assert_eq!(w.session.state(), State::Reconnecting);
    assert!(w.sent.is_empty());
    assert_eq!(w.session.stats().bad_frames, 1);
}

#[test]
fn a_wrong_checksum_drops_the_frame_and_three_in_a_minute_end_the_connection() {
    let mut w = World::new();
    w.log_in();
    let mut bad = Frame::decode(&page(PEER, vec![text_meta(MID, PEER, ME, "x")], MID)[..]).unwrap();
    bad.check_sum = Some(1);
    let bad = bad.encode_to_vec();
    for _ in 0..2 {
        w.frame(&bad);
        assert_eq!(w.session.state(), State::Online);
    }
    w.frame(&bad);
    assert_eq!(w.session.state(), State::Reconnecting);
    assert!(w.told().is_empty());
}

#[test]
fn what_a_build_lacks_ends_the_login_and_is_never_replaced_by_clear_text() {
    let mut w = with_policy(WirePolicy { encrypt: Encrypt::Gcm, ..WirePolicy::default() });
    dial(&mut w);
    w.feed(Input::Secret([7; 32])); // there is no server key, and without the feature no encryption
    assert_eq!(w.error_of(1), ErrorCode::Unsupported);
    w.feed(Input::Opened);
    assert!(w.frames.is_empty());
}

#[test]
fn statuses_about_the_session_are_not_taken_for_the_fate_of_a_message() {
    for code in [5, 14, 16] {
        let mut w = World::new();
        w.log_in();
        let id = w.send(2, "kept");
        let status = Some(Status { code, reason: String::new() });
        w.frame(&frame(Cmd::Sync, SyncDl { status, client_mid: id, ..SyncDl::default() }));
        assert_eq!(w.session.state(), State::Reconnecting, "encoded anew, once");
        assert!(!w.events.iter().any(|e| matches!(e, Event::Failed(_))));
        w.feed(Input::Signal(Signal::Online));
        w.go_online();
        assert_eq!(w.sent.last().unwrap().meta.as_ref().unwrap().id, id);
    }
}

#[cfg(feature = "crypto")]
#[test]
fn an_encrypted_session_carries_its_key_once_and_everything_else_sealed() {
    let key = include_str!("../../../../tests/protocol/keys/spki.pem");
    for encrypt in [Encrypt::Aes128, Encrypt::Aes256, Encrypt::Gcm] {
        let mut w = with_policy(WirePolicy { encrypt, compress: true, ..WirePolicy::default() });
        w.command(1, login());
        w.answer("app_dns", DNS);
        let body = serde_json::json!({"code": 200, "data": {"token": "tok", "user_id": ME, "public_key": key}});
        w.answer("/token/user", &body.to_string());
        w.feed(Input::Secret([9; 32]));
        w.feed(Input::Opened);
        let sent = Frame::decode(&w.frames[0][..]).unwrap();
        assert!(sent.encrypt_method != 0 && sent.encrypt_key.len() == 256, "{encrypt:?}");
        assert!(Provision::decode(sent.payload).map_or(true, |p| p.token != "tok"), "the token is not in clear");
        // An answer in clear is no answer.
        let reply = Provision { status: ok(), xid: Some(Xid { uid: ME, device_sn: 7 }), ..Provision::default() };
        w.frame(&frame(Cmd::Provision, reply));
        assert_ne!(w.session.state(), State::Online);
    }
}
