//! Everything that decides, pure: bytes, answers and time in; frames, writes and events out.
pub mod codec;
pub mod model;
pub mod proto;
pub mod services;
pub mod session;
