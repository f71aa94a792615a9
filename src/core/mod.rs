//! Everything that decides, pure: bytes, answers and time in; frames, writes and events out.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]
pub mod codec;
pub mod json;
pub mod map;
pub mod model;
pub mod proto;
pub mod search;
pub mod services;
pub mod session;
pub mod wire;
