//! The Lanying IM ("Floo") SDK core: XSYNC protocol and session logic.
pub mod core;
