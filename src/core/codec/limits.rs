//! What a frame and its parts may cost, all in one place.
//!
//! A limit is checked before the memory is spent: a frame of 16 MiB could otherwise hold eight
//! million empty metas, a hundred times its size once decoded.
use prost::bytes::Bytes;

use super::{CodecError, malformed};
use crate::core::wire::Input;

/// The largest frame accepted, in bytes.
pub const MAX_FRAME_IN: usize = 16 * 1024 * 1024;
/// The largest frame sent, in bytes, before and after compression and encryption.
pub const MAX_FRAME_OUT: usize = 1024 * 1024;
/// The largest payload that a compressed one may become, in bytes (xsync 8.2).
pub const MAX_INFLATED: usize = MAX_FRAME_IN;
/// How many times its own size a compressed payload may become (xsync 8.2).
pub const MAX_RATIO: usize = 100;
/// The most metas of one page. Servers are asked for no more than 200.
pub const MAX_METAS: usize = 10_000;
/// The most entries of one unread list: every conversation of an account is one.
pub const MAX_UNREAD: usize = 100_000;
/// The most `to` entries of a group or roster notice: the members of the largest group.
pub const MAX_TO: usize = 10_000;
/// The largest payload of one meta, in bytes: no client can send a larger one.
pub const MAX_META: usize = MAX_FRAME_OUT;
/// The deepest nesting that decoding follows, unknown groups included, which
/// the schema is nowhere near.
pub const MAX_DEPTH: u32 = 100;
/// The longest tag of a frame, in bytes (xsync 8.2).
pub const MAX_TAG: usize = 64;

/// Refuses a message `what` that has more than `limit` values of the field `number`, without decoding them.
pub(super) fn at_most(
    limit: usize,
    number: u32,
    message: &'static str,
    what: &'static str,
    bytes: &Bytes,
) -> Result<(), CodecError> {
    let mut rest = Input::new(bytes);
    let mut count = 0;
    while !rest.is_empty() {
        let (field, wire) = rest.key().map_err(|e| malformed(message, e))?;
        count += usize::from(field == number);
        if count > limit {
            return Err(CodecError::TooMany { what, limit });
        }
        rest.skip(field, wire).map_err(|e| malformed(message, e))?;
    }
    Ok(())
}
