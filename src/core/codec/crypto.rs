//! Compression and encryption of what is sent, decryption of what comes (xsync 8.2). Our own design:
//! for servers that are known to understand it.
//!
//! Everything random follows from the seed of the connection: AES-256 under the seed, over a counter.
//! Its outputs cannot be told from random ones and never repeat, so neither does an initialisation
//! vector. Replays are left to TLS and the session, for whom a page, an acknowledgement or a notice that
//! comes twice changes nothing: frames may be packed in another order than they are sent in.
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
    block_padding::Pkcs7, consts::U16,
};
use aes::{Aes128, Aes256};
use aes_gcm::{Aes256Gcm, aead::AeadInOut};
use base64ct::{Base64, Encoding};
use prost::bytes::Bytes;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts;
use rsa::{PublicKey, pkcs1::DecodeRsaPublicKey, pkcs8::DecodePublicKey, sha2::Sha256};
use std::convert::Infallible;

use super::{CodecError, Encrypt, Secrets, limits::MAX_RATIO};
use crate::core::proto::{
    Frame,
    frame::{Command, EncryptMethod},
};

pub(super) const AVAILABLE: bool = true;

/// Payloads shorter than this are not worth compressing.
const MIN_DEFLATE: usize = 512;
const LEVEL: u8 = 6;
/// Shorter server keys can be broken.
const MIN_KEY_BITS: u32 = 2048;

const UNUSABLE: CodecError = CodecError::ServerKey("is not usable");

const BLOCK: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;

/// The compressed payload, if that is worth its while and the receiver's limits let it pass.
pub(super) fn deflate(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < MIN_DEFLATE {
        return None;
    }
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(plain, LEVEL);
    let smaller = packed.len() * 10 <= plain.len() * 9;
    (smaller && plain.len() <= packed.len() * MAX_RATIO).then_some(packed)
}

/// The session key of one connection, used in both directions.
pub(super) struct Keys {
    method: EncryptMethod,
    cipher: Cipher,
    pool: Pool,
    /// What our nonces begin with. The server's begin differently, or a nonce would serve twice.
    prefix: [u8; 4],
    counter: u64,
    /// The session key under the server's, until the server has it.
    wrapped: Bytes,
}

enum Cipher {
    Aes128(Aes128),
    Aes256(Aes256),
    Gcm(Box<Aes256Gcm>),
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    pub(super) fn new(encrypt: Encrypt, secrets: &Secrets<'_>) -> Result<Self, CodecError> {
        let server = server_key(secrets.server_key)?;
        let mut pool = Pool { cipher: Aes256::new(&secrets.seed.into()), block: 0 };
        let mut key = zeroize::Zeroizing::new([0; 32]);
        pool.fill(key.as_mut_slice());
        let key = match encrypt {
            Encrypt::Aes128 => key.split_at(BLOCK).0,
            _ => key.as_slice(),
        };
        let (method, cipher) = match encrypt {
            Encrypt::Off => return Err(CodecError::Policy("encrypt: is off")),
            Encrypt::Aes128 => (EncryptMethod::AesCbc128, Aes128::new_from_slice(key).map(Cipher::Aes128)),
            Encrypt::Aes256 => (EncryptMethod::AesCbc256, Aes256::new_from_slice(key).map(Cipher::Aes256)),
            Encrypt::Gcm => {
                (EncryptMethod::Custom, Aes256Gcm::new_from_slice(key).map(|cipher| Cipher::Gcm(Box::new(cipher))))
            }
        };
        let cipher = cipher.map_err(|_| UNUSABLE)?;
        let wrapped = server.oaep_encrypt_with_rng::<Sha256, _>(&mut pool, key).map_err(|_| UNUSABLE)?.into();
        let mut prefix = [0; 4];
        pool.fill(&mut prefix);
        Ok(Self { method, cipher, pool, prefix, counter: 0, wrapped })
    }

    /// Encrypts the payload of a frame; the first one, a PROVISION, carries the key.
    pub(super) fn seal(&mut self, frame: &mut Frame) -> Result<(), CodecError> {
        if frame.command == Some(Command::Provision as i32) {
            frame.encrypt_key = self.wrapped.clone();
        } else if !self.wrapped.is_empty() {
            return Err(CodecError::Encrypt("the login has to come first: it carries the key"));
        }
        frame.encrypt_method = self.method as i32;
        let sealed = match &self.cipher {
            Cipher::Aes128(cipher) => seal_cbc(cipher, self.pool.block(), &frame.payload)?,
            Cipher::Aes256(cipher) => seal_cbc(cipher, self.pool.block(), &frame.payload)?,
            Cipher::Gcm(cipher) => {
                let mut nonce = [0; NONCE];
                let (prefix, counter) = nonce.split_at_mut(self.prefix.len());
                prefix.copy_from_slice(&self.prefix);
                counter.copy_from_slice(&self.counter.to_be_bytes());
                self.counter = self.counter.checked_add(1).ok_or(CodecError::Encrypt("too many frames"))?;
                seal_gcm(cipher, nonce, header(frame)?, &frame.payload)?
            }
        };
        frame.payload = sealed.into();
        Ok(())
    }

    /// The frame with the key was made: no other one carries it.
    pub(super) fn announced(&mut self) {
        self.wrapped.clear();
    }

    /// The payload of a frame from the server, decrypted.
    pub(super) fn open(&self, frame: &Frame) -> Result<Bytes, CodecError> {
        // Any other method would be one that was not chosen, perhaps a weaker one.
        if frame.encrypt_method != self.method as i32 {
            return Err(CodecError::Decrypt);
        }
        match &self.cipher {
            Cipher::Aes128(cipher) => open_cbc(cipher, &frame.payload),
            Cipher::Aes256(cipher) => open_cbc(cipher, &frame.payload),
            // One of our own, come back.
            Cipher::Gcm(_) if frame.payload.starts_with(&self.prefix) => Err(CodecError::Decrypt),
            Cipher::Gcm(cipher) => open_gcm(cipher, header(frame)?, &frame.payload),
        }
        .map(Bytes::from)
    }
}

/// The initialisation vector and what was encrypted.
fn seal_cbc<C>(cipher: &C, iv: [u8; BLOCK], plain: &[u8]) -> Result<Vec<u8>, CodecError>
where
    C: BlockCipherEncrypt<BlockSize = U16>,
{
    let mut out = Vec::with_capacity(plain.len() + 2 * BLOCK);
    out.extend_from_slice(&iv);
    out.extend_from_slice(plain);
    // Whole blocks, and one more where the last is full.
    out.resize((plain.len() / BLOCK + 2) * BLOCK, 0);
    let (_, room) = out.split_at_mut(BLOCK);
    cbc::Encryptor::inner_iv_init(cipher, &iv.into())
        .encrypt_padded::<Pkcs7>(room, plain.len())
        .map_err(|_| CodecError::Encrypt("too large"))?;
    Ok(out)
}

fn open_cbc<C>(cipher: &C, sealed: &[u8]) -> Result<Vec<u8>, CodecError>
where
    C: BlockCipherDecrypt<BlockSize = U16>,
{
    let (iv, rest) = sealed.split_first_chunk::<BLOCK>().ok_or(CodecError::Decrypt)?;
    let mut out = rest.to_vec();
    let plain = cbc::Decryptor::inner_iv_init(cipher, iv.into())
        .decrypt_padded::<Pkcs7>(&mut out)
        .map_err(|_| CodecError::Decrypt)?
        .len();
    out.truncate(plain);
    Ok(out)
}

/// The nonce, what was encrypted, and the tag.
fn seal_gcm(cipher: &Aes256Gcm, nonce: [u8; NONCE], header: [u8; 3], plain: &[u8]) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(NONCE + plain.len() + TAG);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let (_, text) = out.split_at_mut(NONCE);
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), &header, text.into())
        .map_err(|_| CodecError::Encrypt("too large"))?;
    out.extend_from_slice(&tag);
    Ok(out)
}

fn open_gcm(cipher: &Aes256Gcm, header: [u8; 3], sealed: &[u8]) -> Result<Vec<u8>, CodecError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(CodecError::Decrypt)?;
    let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(CodecError::Decrypt)?;
    let mut out = text.to_vec();
    cipher
        .decrypt_inout_detached(nonce.into(), &header, out.as_mut_slice().into(), tag.into())
        .map_err(|_| CodecError::Decrypt)?;
    Ok(out)
}

/// What GCM protects beside the payload: the frame's first three fields.
fn header(frame: &Frame) -> Result<[u8; 3], CodecError> {
    let byte = |field: Option<i32>| u8::try_from(field.unwrap_or(0)).map_err(|_| CodecError::Decrypt);
    Ok([byte(frame.vsn)?, byte(frame.compress_method)?, byte(frame.command)?])
}

/// Reads PEM, SPKI or PKCS#1, or the bare base64 of either.
fn server_key(text: &str) -> Result<PublicKey, CodecError> {
    // Between the dashes of PEM, which may have lost its line breaks on the way.
    let mut base64 = String::from(text.split("-----").nth(2).unwrap_or(text));
    base64.retain(|c| !c.is_ascii_whitespace());
    let der = Base64::decode_vec(&base64).map_err(|_| CodecError::ServerKey("is not base64"))?;
    let key = PublicKey::from_public_key_der(&der)
        .ok()
        .or_else(|| PublicKey::from_pkcs1_der(&der).ok())
        .ok_or(CodecError::ServerKey("is neither SPKI nor PKCS#1 of an RSA key"))?;
    if key.n().bit_width() < MIN_KEY_BITS {
        return Err(CodecError::ServerKey("has less than 2048 bits"));
    }
    Ok(key)
}

/// Bytes that cannot be told from random ones, without end.
struct Pool {
    cipher: Aes256,
    block: u128,
}

impl Pool {
    fn block(&mut self) -> [u8; BLOCK] {
        let mut block = self.block.to_be_bytes().into();
        self.cipher.encrypt_block(&mut block);
        self.block = self.block.wrapping_add(1);
        block.into()
    }

    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(BLOCK) {
            let block = self.block();
            chunk.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }
}

impl TryRng for Pool {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Pool {}

#[cfg(test)]
#[path = "crypto_tests.rs"]
mod tests;
