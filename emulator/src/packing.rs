//! Compression and checksums of frames (xsync 8.2), written apart from the SDK's codec so that
//! the two test each other.
use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use crate::socket::FRAME_LIMIT;

/// How many times larger a payload may become.
const RATIO_LIMIT: usize = 100;

/// zlib at the level of the protocol.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(bytes, 6)
}

/// Undoes [`deflate`]; `None` for what is not zlib or becomes too large.
pub(crate) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let limit = FRAME_LIMIT.min(bytes.len().saturating_mul(RATIO_LIMIT));
    decompress_to_vec_zlib_with_limit(bytes, limit).ok()
}

/// CRC-32 of IEEE 802.3, bit by bit: frames are few here.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn inflating_has_limits() {
        let text = "floo ".repeat(100);
        assert_eq!(inflate(&deflate(text.as_bytes())).unwrap(), text.as_bytes());
        assert!(inflate(&deflate(&vec![0; 1 << 20])).is_none(), "1000 to 1");
        assert!(inflate(b"plain").is_none());
        assert!(inflate(b"").is_none());
    }
}
