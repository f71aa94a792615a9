//! Inflating a compressed payload (RFC 1950) within the limits of xsync 8.2.
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags},
};

use super::{
    CodecError,
    limits::{MAX_INFLATED, MAX_RATIO},
};

const FLAGS: u32 =
    inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

/// The bytes that `input` was made of. The output grows as it is produced, so that a bomb costs no
/// more than the limit.
pub(super) fn inflate(mut input: &[u8]) -> Result<Vec<u8>, CodecError> {
    let limit = input.len().saturating_mul(MAX_RATIO).min(MAX_INFLATED);
    let mut out = vec![0; input.len().saturating_mul(4).min(limit)];
    let mut state = Box::<DecompressorOxide>::default();
    let mut written = 0;
    loop {
        let (status, read, made) = decompress(&mut state, input, &mut out, written, FLAGS);
        input = input.get(read..).unwrap_or_default();
        written += made;
        match status {
            TINFLStatus::Done if input.is_empty() => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < limit => out.resize(out.len().saturating_mul(2).min(limit), 0),
            TINFLStatus::HasMoreOutput => return Err(CodecError::InflateLimit),
            _ => return Err(CodecError::Inflate),
        }
    }
}
