//! The pure part.
pub mod proto;
