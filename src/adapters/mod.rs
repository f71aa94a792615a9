//! Platforms: each implements `ports` and nothing else.
#[cfg(feature = "host")]
pub mod host;
pub mod memory;
#[cfg(feature = "web")]
pub mod web;
