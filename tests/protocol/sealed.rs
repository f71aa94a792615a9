//! Encrypted frames, the same in every environment: what a seed makes, and what another
//! implementation (Node's `crypto` and `zlib`) made under the key that follows from it.
use floo_wasm::core::{
    codec::{Codec, CodecError, Downlink, Encrypt, Secrets, Uplink, WirePolicy, crc32},
    proto::{Meta, Provision, SyncDl},
};

/// The method, the checksum of the login frame, and an answer that is compressed, encrypted and checksummed.
const FRAMES: [(Encrypt, u32, &str); 3] = [
    (
        Encrypt::Aes128,
        0xdb5c_7733,
        "0800100118012230b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc9667a8d0a187c00faf3122c8061e08c7c33674c9d463ac24c66acdc763f\
         8740280138fac198c306",
    ),
    (
        Encrypt::Aes256,
        0x56d0_a650,
        "0800100118012230b0b1b2b3b4b5b6b7b8b9babbbcbdbebf8c55761c886ae87c2f10eb1f821ec139553e23fca9e92e0911fc284e1ad1\
         733a280238ecb4e0d50b",
    ),
    (
        Encrypt::Gcm,
        0xa45c_ea85,
        "0800100118012232b0b1b2b3b4b5b6b7b8b9babbd222e7585c8e22b70f4e63150b99e899a4b953be67d1a5272ace253ebc8fe6a8758c\
         01cfe12d280338f4ac85a404",
    ),
];

pub(crate) fn frames_are_the_same_everywhere() {
    let expected = Downlink::Sync(SyncDl {
        metas: vec![Meta { id: 7, payload: vec![b'a'; 600].into(), ..Meta::default() }],
        ..SyncDl::default()
    });
    for (encrypt, sum, answer) in FRAMES {
        let policy = WirePolicy { encrypt, compress: true, checksum: true, ..WirePolicy::default() };
        let secrets = Secrets { server_key: include_str!("keys/spki.pem"), seed: [0x2a; 32] };
        let mut codec = Codec::encrypted(policy, &secrets).expect("a codec");
        let login = codec.encode(&Uplink::Provision(Provision { token: "s3cret".into(), ..Provision::default() }));
        assert_eq!(crc32(&login.expect("a login")), sum, "{encrypt:?}");

        let mut bytes: Vec<u8> =
            (0..answer.len()).step_by(2).map(|at| u8::from_str_radix(&answer[at..at + 2], 16).expect("hex")).collect();
        assert_eq!(codec.decode(&bytes), Ok(expected.clone()), "{encrypt:?}");
        bytes[40] ^= 1;
        assert_eq!(codec.decode(&bytes), Err(CodecError::Checksum), "{encrypt:?}");
    }
}
