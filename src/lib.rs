//! # floo-wasm: the SDK core of Lanying IM ("Floo") for browsers and mini-programs
//!
//! ```text
//! socket, http, store, clock, random      ports.rs says what a platform must offer
//!        |            adapters/           memory (tests), web (browser), host (a JS object)
//!        v
//!     driver.rs                           the one loop that does I/O: feeds inputs, carries out outputs
//!        v
//!     core/                               pure: codec, model, session; a function of its inputs
//!        v
//!     bindings/                           what JavaScript sees: one class, batches on a tape
//! ```
//!
//! The contract: `core` never asks a clock, a random source, a socket or a store; everything it
//! decides follows from what it was fed. That is why one simulation can replay any session.
#![allow(async_fn_in_trait)] // every host is single-threaded: no Send bound wanted

pub mod adapters;
#[cfg(feature = "bindings")]
mod bindings;
pub mod core;
pub mod driver;
pub mod ports;
