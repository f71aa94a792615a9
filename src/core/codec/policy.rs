//! How the frames that are sent are packed. Whatever is chosen, what comes is understood as far as
//! the build has the means.
use super::{CodecError, limits::MAX_TAG};

/// The extensions of xsync 8 that a client uses for what it sends; all off by default, because no
/// public server is known to understand them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WirePolicy {
    /// Compress payloads from 512 bytes on where it saves at least a tenth. Needs the feature `crypto`.
    pub compress: bool,
    /// Encrypt every frame, and take no answers in clear. Needs the feature `crypto`.
    pub encrypt: Encrypt,
    /// Put a CRC-32 of the payload into every frame.
    pub checksum: bool,
    /// A label in every frame, for tracing; at most 64 bytes, empty for none.
    pub tag: String,
    /// Announce protocol version 2: "understands section 8".
    pub vsn2: bool,
}

/// How frames are encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encrypt {
    /// Not at all.
    #[default]
    Off,
    /// AES-128 in CBC mode, which does not notice changes.
    Aes128,
    /// AES-256 in CBC mode, which does not notice changes.
    Aes256,
    /// AES-256-GCM, which does: the one to prefer.
    Gcm,
}

/// What encrypting the frames of one connection takes.
pub struct Secrets<'a> {
    /// The server's RSA key: PEM (SPKI or PKCS#1) or the base64 of either's DER.
    pub server_key: &'a str,
    /// Fresh bytes from a cryptographic random source, never used before and for nothing else: the
    /// session key, the padding of its transport and every initialisation vector follow from them.
    pub seed: [u8; 32],
}

impl std::fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl WirePolicy {
    /// Whether the parts go together and this build has what they need.
    pub(super) fn check(&self, has_crypto: bool) -> Result<(), CodecError> {
        if self.tag.len() > MAX_TAG {
            return Err(CodecError::Policy("tag: is longer than 64 bytes"));
        }
        if self.compress && !has_crypto {
            return Err(CodecError::Unsupported("compression"));
        }
        if self.encrypt != Encrypt::Off && !has_crypto {
            return Err(CodecError::Unsupported("encryption"));
        }
        Ok(())
    }
}
