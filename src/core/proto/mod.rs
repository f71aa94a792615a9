//! Wire types, generated at build time from `xsync.proto` beside this file: shapes only, no rules.
//!
//! Enum fields are `i32` and may hold numbers that this version does not know; compare through
//! `try_from` and keep the raw number.
#![allow(missing_docs, clippy::doc_markdown)]

use crate::core::wire::wire;

include!(concat!(env!("OUT_DIR"), "/im.floo.protobuf.rs"));
include!(concat!(env!("OUT_DIR"), "/wire.rs"));
