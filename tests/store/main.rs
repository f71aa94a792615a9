//! The store suite on the memory engine.
#![allow(clippy::unwrap_used)] // a test may
mod suite;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use floo_wasm::adapters::memory::MemoryStore;

#[test]
fn memory_keeps_the_contract() {
    let store = MemoryStore::default();
    // The memory engine never waits, so its futures are ready at the first look.
    let run = pin!(suite::conformance(&store)).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(run, Poll::Ready(())));
}
