//! The keys under `tests/protocol/keys` were made for these tests and protect nothing.
use super::super::tests::{unhex, vector};
use super::super::{Codec, Downlink, MAX_FRAME_OUT, Uplink, WirePolicy, zlib::inflate};
use super::*;
use crate::core::proto::{Provision, Status, SyncDl, SyncUl, status::ErrorCode};
use aes::cipher::BlockCipherDecrypt;
use proptest::prelude::*;
use prost::Message;
use rsa::{PrivateKey, pkcs8::DecodePrivateKey};

const SPKI: &str = include_str!("../../../tests/protocol/keys/spki.pem");
const PKCS1: &str = include_str!("../../../tests/protocol/keys/pkcs1.pem");
const SHORT: &str = include_str!("../../../tests/protocol/keys/short.txt");
const CURVE: &str = include_str!("../../../tests/protocol/keys/ec.pem");
const METHODS: [Encrypt; 3] = [Encrypt::Aes128, Encrypt::Aes256, Encrypt::Gcm];

fn codec(encrypt: Encrypt, seed: u8) -> Codec {
    let policy = WirePolicy { encrypt, compress: true, checksum: true, ..WirePolicy::default() };
    Codec::encrypted(policy, &Secrets { server_key: SPKI, seed: [seed; 32] }).unwrap()
}

fn login() -> Uplink {
    Uplink::Provision(Provision { token: "s3cret".into(), ..Provision::default() })
}

fn frame(bytes: &[u8]) -> Frame {
    Frame::decode(bytes).unwrap()
}

/// The other end: unwraps the key of a login and packs answers under it.
struct Server {
    codec: Codec,
}

impl Server {
    fn accepting(encrypt: Encrypt, login: &Frame) -> Self {
        let private = PrivateKey::from_pkcs8_pem(include_str!("../../../tests/protocol/keys/server.pem")).unwrap();
        let key = private.oaep_decrypt::<Sha256>(&login.encrypt_key).unwrap();
        let mut codec = codec(encrypt, 0xee);
        let keys = codec.keys.as_mut().unwrap();
        assert_eq!(key.len(), if encrypt == Encrypt::Aes128 { 16 } else { 32 });
        keys.cipher = cipher(encrypt, &key);
        keys.announced();
        Self { codec }
    }

    /// What a client said, unpacked.
    fn open(&self, frame: &Frame) -> Result<Bytes, CodecError> {
        self.codec.open(frame)
    }

    fn answer(&mut self, command: Command, payload: &impl Message) -> Vec<u8> {
        self.codec.pack(command, payload.encode_to_vec().into()).unwrap()
    }
}

fn cipher(encrypt: Encrypt, key: &[u8]) -> Cipher {
    match encrypt {
        Encrypt::Off => panic!("no cipher"),
        Encrypt::Aes128 => Cipher::Aes128(Aes128::new_from_slice(key).unwrap()),
        Encrypt::Aes256 => Cipher::Aes256(Aes256::new_from_slice(key).unwrap()),
        Encrypt::Gcm => Cipher::Gcm(Box::new(Aes256Gcm::new_from_slice(key).unwrap())),
    }
}

/// A codec with this key, whose next initialisation vector is this: the pool encrypts a counter,
/// so there is a counter for any.
fn pinned(encrypt: Encrypt, key: &[u8], iv: &[u8]) -> Codec {
    let mut codec = codec(encrypt, 1);
    codec.policy.compress = false;
    let keys = codec.keys.as_mut().unwrap();
    keys.announced();
    keys.cipher = cipher(encrypt, key);
    let mut block = <[u8; 16]>::try_from(iv).unwrap().into();
    keys.pool.cipher.decrypt_block(&mut block);
    keys.pool.block = u128::from_be_bytes(block.into());
    codec
}

#[test]
fn the_cbc_vectors_open_and_are_made_to_the_byte() {
    for (name, encrypt) in [("proposal_aes_cbc_128", Encrypt::Aes128), ("proposal_aes_cbc_256", Encrypt::Aes256)] {
        let (bytes, key) = vector(name, "key_hex");
        let (_, iv) = vector(name, "iv_hex");
        let (_, plain) = vector(name, "plain_payload_hex");
        let mut codec = pinned(encrypt, &key, &iv);
        assert_eq!(codec.open(&frame(&bytes)).unwrap(), plain, "{name}");
        assert_eq!(codec.pack(Command::Sync, plain.into()).unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_vector_of_everything_at_once_opens_and_is_made_but_for_the_deflate_stream() {
    let name = "proposal_zlib_then_aes_cbc_128_crc32";
    let (bytes, key) = vector(name, "key_hex");
    let (_, iv) = vector(name, "iv_hex");
    let (_, plain) = vector(name, "inflated_payload_hex");
    let mut codec = pinned(Encrypt::Aes128, &key, &iv);
    assert_eq!(codec.open(&frame(&bytes)).unwrap(), plain);
    codec.policy.compress = true;
    let ours = frame(&codec.pack(Command::Sync, plain.clone().into()).unwrap());
    assert_eq!(codec.open(&ours).unwrap(), plain);
    let theirs = frame(&bytes);
    assert_eq!(ours.payload[..16], theirs.payload[..16]);
    let but_payload = |frame: Frame| Frame { payload: Bytes::new(), check_sum: None, ..frame };
    // The vector's deflate stream under our encryption is the vector.
    let packed = open_cbc(&Aes128::new_from_slice(&key).unwrap(), &theirs.payload).unwrap();
    let iv = <[u8; 16]>::try_from(&iv[..]).unwrap();
    assert_eq!(seal_cbc(&Aes128::new_from_slice(&key).unwrap(), iv, &packed).unwrap(), theirs.payload);
    assert_eq!(but_payload(ours), but_payload(theirs));
}

#[test]
fn the_zlib_vector_is_made_but_for_the_deflate_stream() {
    let (bytes, plain) = vector("proposal_zlib_crc32", "inflated_payload_hex");
    let policy = WirePolicy { compress: true, checksum: true, ..WirePolicy::default() };
    let ours = Codec::new(policy).unwrap().encode(&Uplink::Sync(SyncUl::decode(&plain[..]).unwrap())).unwrap();
    let (ours, theirs) = (frame(&ours), frame(&bytes));
    assert_eq!(inflate(&ours.payload).unwrap(), plain);
    assert_eq!(ours.check_sum, Some(super::super::crc32(&ours.payload)));
    let header = |frame: &Frame| (frame.vsn, frame.compress_method, frame.command, frame.encrypt_method);
    assert_eq!(header(&ours), header(&theirs));
}

/// Made with Node's `crypto`.
#[test]
fn gcm_agrees_with_another_implementation() {
    let key: Vec<u8> = (0..32).collect();
    let (_, plain) = vector("proposal_aes_cbc_256", "plain_payload_hex");
    let sealed = unhex(
        "a1a2a3a400000000000000073936a15e3da7a6d28d0b57f89903b6d05c21862e11db7e72a316f455a5d9a34ea593e945eb643b99\
         5c9ad10924d2b7de7acd4cc803479a8e9e013b559d23aaaf619b5b1f80f4e1b8605d809ded4229643a7bf007",
    );
    let mut codec = pinned(Encrypt::Gcm, &key, &[0; 16]);
    let keys = codec.keys.as_mut().unwrap();
    (keys.prefix, keys.counter) = ([0xa1, 0xa2, 0xa3, 0xa4], 7);
    let ours = frame(&codec.pack(Command::Sync, plain.clone().into()).unwrap());
    assert_eq!((ours.payload.to_vec(), ours.encrypt_method), (sealed, 3));
    // Our own frame is not the server's.
    assert_eq!(codec.open(&ours), Err(CodecError::Decrypt));
    codec.keys.as_mut().unwrap().prefix = [0; 4];
    assert_eq!(codec.open(&ours).unwrap(), plain);
}

#[test]
fn only_the_first_login_carries_the_key_and_nothing_goes_before_it() {
    for encrypt in METHODS {
        let mut client = codec(encrypt, 1);
        let early = client.encode(&Uplink::Unread).unwrap_err();
        assert!(matches!(early, CodecError::Encrypt(_)), "{early}");
        let large = Provision { token: "x".repeat(MAX_FRAME_OUT), ..Provision::default() };
        assert!(matches!(client.encode(&Uplink::Provision(large)), Err(CodecError::TooLarge { .. })));

        let bytes = client.encode(&login()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"s3cret"));
        let first = frame(&bytes);
        assert_eq!(first.encrypt_key.len(), 256);
        let server = Server::accepting(encrypt, &first);
        assert_eq!(Provision::decode(server.open(&first).unwrap()).unwrap().token, "s3cret");
        let again = frame(&client.encode(&login()).unwrap());
        assert!(again.encrypt_key.is_empty());
        let beat = frame(&client.encode(&Uplink::Unread).unwrap());
        assert!(beat.encrypt_key.is_empty());
        assert_eq!(server.open(&beat).unwrap(), Bytes::new());
    }
}

#[test]
fn nothing_random_comes_twice() {
    for encrypt in METHODS {
        let (mut one, mut two) = (codec(encrypt, 1), codec(encrypt, 2));
        let mut seen = std::collections::BTreeSet::new();
        for codec in [&mut one, &mut two] {
            assert!(seen.insert(frame(&codec.encode(&login()).unwrap()).payload[..NONCE].to_vec()));
            for _ in 0..300 {
                let beat = frame(&codec.encode(&Uplink::Unread).unwrap());
                assert!(seen.insert(beat.payload[..NONCE].to_vec()), "{encrypt:?}");
            }
        }
    }
    let mut pool = Pool { cipher: Aes256::new(&[7; 32].into()), block: 0 };
    let (mut a, mut b) = ([0; 40], [0; 40]);
    pool.fill(&mut a);
    pool.fill(&mut b);
    assert_ne!(a, b);
}

#[test]
fn a_counter_at_its_end_is_an_error() {
    let mut codec = pinned(Encrypt::Gcm, &[1; 32], &[0; 16]);
    codec.keys.as_mut().unwrap().counter = u64::MAX;
    assert_eq!(codec.encode(&Uplink::Unread), Err(CodecError::Encrypt("too many frames")));
}

#[test]
fn while_encrypting_only_a_refused_login_may_come_in_clear() {
    let mut client = codec(Encrypt::Gcm, 1);
    client.encode(&login()).unwrap();
    let reply = |code: ErrorCode| Provision {
        status: Some(Status { code: code as i32, ..Status::default() }),
        ..Provision::default()
    };
    let mut clear = Codec::default();
    let mut say = |command, payload: &Provision| clear.pack(command, payload.encode_to_vec().into()).unwrap();
    let refused = reply(ErrorCode::PublicKeyChanged);
    assert_eq!(client.decode(&say(Command::Provision, &refused)), Ok(Downlink::Provision(refused)));
    for bytes in [
        say(Command::Provision, &reply(ErrorCode::Ok)),
        say(Command::Provision, &Provision::default()),
        say(Command::Sync, &reply(ErrorCode::Fail)),
        vec![],
        vec![0x18, 9],
    ] {
        let error = client.decode(&bytes).unwrap_err();
        assert_eq!(error, CodecError::NotEncrypted, "{bytes:?}");
        assert!(error.ends_connection());
    }
}

#[test]
fn a_method_that_was_not_chosen_is_not_accepted() {
    let mut client = codec(Encrypt::Gcm, 1);
    let first = frame(&client.encode(&login()).unwrap());
    let mut server = Server::accepting(Encrypt::Gcm, &first);
    let mut answer = frame(&server.answer(Command::Sync, &SyncDl::default()));
    answer.encrypt_method = EncryptMethod::AesCbc256 as i32;
    assert_eq!(client.decode(&answer.encode_to_vec()), Err(CodecError::Decrypt));
    answer.encrypt_method = 77;
    assert_eq!(client.decode(&answer.encode_to_vec()), Err(CodecError::Decrypt));
}

#[test]
fn compression_only_where_it_pays_and_can_be_read() {
    assert_eq!(deflate(&[b'a'; MIN_DEFLATE - 1]), None);
    assert!(deflate(&[b'a'; MIN_DEFLATE]).is_some());
    // Random bytes do not shrink.
    let mut noise = [0; 4096];
    Pool { cipher: Aes256::new(&[7; 32].into()), block: 0 }.fill(&mut noise);
    assert_eq!(deflate(&noise), None);
    // Just enough, and just not: a tenth of it is zeros.
    let shrunk = |zeros: usize| {
        let mut mixed = noise;
        mixed[..zeros].fill(0);
        deflate(&mixed).map(|packed| packed.len())
    };
    let enough = (0..noise.len()).find(|zeros| shrunk(*zeros).is_some()).unwrap();
    let packed = shrunk(enough).unwrap();
    assert!(packed * 10 <= 4096 * 9 && (packed + 8) * 10 > 4096 * 9, "{packed}");
    // The other side would take so small a stream for a bomb.
    let zeros = vec![0; 100_000];
    assert_eq!(deflate(&zeros), None);
    assert_eq!(inflate(&miniz_oxide::deflate::compress_to_vec_zlib(&zeros, LEVEL)), Err(CodecError::InflateLimit));
}

#[test]
fn server_keys_in_every_form() {
    let bare = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let expected = server_key(SPKI).unwrap();
    for text in [
        PKCS1.to_owned(),
        bare(SPKI),
        bare(PKCS1),
        SPKI.replace('\n', "\r\n"),
        SPKI.replace('\n', ""),
        format!("\n  {}\n", SPKI.replace('\n', "\n  ")),
    ] {
        assert_eq!(server_key(&text).unwrap(), expected, "{text}");
    }
    for (text, why) in [
        ("", "is neither SPKI nor PKCS#1 of an RSA key"),
        ("not base64!", "is not base64"),
        ("-----BEGIN PUBLIC KEY-----", "is neither SPKI nor PKCS#1 of an RSA key"),
        (&bare(SPKI)[4..], "is neither SPKI nor PKCS#1 of an RSA key"),
        (CURVE, "is neither SPKI nor PKCS#1 of an RSA key"),
        (SHORT, "has less than 2048 bits"),
    ] {
        let policy = WirePolicy { encrypt: Encrypt::Gcm, ..WirePolicy::default() };
        let error = Codec::encrypted(policy, &Secrets { server_key: text, seed: [1; 32] }).unwrap_err();
        assert_eq!(error, CodecError::ServerKey(why), "{text}");
    }
}

#[test]
fn secrets_are_not_printed() {
    let secrets = Secrets { server_key: SPKI, seed: [0xab; 32] };
    assert_eq!(format!("{secrets:?}"), "Secrets");
    let printed = format!("{:?}", codec(Encrypt::Aes256, 1));
    assert!(printed.ends_with("keys: Some(Keys) }"), "{printed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_directions_round_trip_and_every_change_is_noticed(
        seed: u8,
        which in 0..3_usize,
        metas in proptest::collection::vec((any::<u64>(), proptest::collection::vec(0..4_u8, 0..2_000)), 0..4),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let encrypt = METHODS[which];
        let mut client = codec(encrypt, seed);
        let first = frame(&client.encode(&login()).unwrap());
        let mut server = Server::accepting(encrypt, &first);
        // A seed like the server's would give both the same prefix.
        prop_assume!(seed != 0xee);
        for (id, payload) in metas {
            let meta = crate::core::proto::Meta { id, payload: payload.into(), ..Default::default() };
            let up = SyncUl { meta: Some(meta.clone()), ..SyncUl::default() };
            let bytes = client.encode(&Uplink::Sync(up.clone())).unwrap();
            prop_assert_eq!(SyncUl::decode(server.open(&frame(&bytes)).unwrap()).unwrap(), up);

            let down = SyncDl { metas: vec![meta], next_key: id, ..SyncDl::default() };
            let answer = server.answer(Command::Sync, &down);
            prop_assert_eq!(client.decode(&answer), Ok(Downlink::Sync(down)));

            let mut changed = frame(&answer);
            let mut payload = changed.payload.to_vec();
            payload[place.index(changed.payload.len())] ^= 1 << bit;
            changed.payload = payload.into();
            prop_assert_eq!(client.decode(&changed.encode_to_vec()), Err(CodecError::Checksum));
            if encrypt == Encrypt::Gcm {
                changed.check_sum = None;
                prop_assert_eq!(client.decode(&changed.encode_to_vec()), Err(CodecError::Decrypt));
                let mut header = frame(&answer);
                header.command = Some(Command::Notice as i32);
                prop_assert_eq!(client.decode(&header.encode_to_vec()), Err(CodecError::Decrypt));
            }
        }
    }

    #[test]
    fn arbitrary_sealed_payloads_are_errors_not_panics(
        which in 0..3_usize, payload: Vec<u8>, compress in 0..2, command in 0..5,
    ) {
        let mut client = codec(METHODS[which], 1);
        let method = client.keys.as_ref().unwrap().method;
        let sealed = Frame {
            command: Some(command),
            compress_method: Some(compress),
            encrypt_method: method as i32,
            payload: payload.into(),
            ..Frame::default()
        };
        let result = client.decode(&sealed.encode_to_vec());
        if METHODS[which] == Encrypt::Gcm {
            prop_assert_eq!(result, Err(CodecError::Decrypt));
        }
    }
}
