//! The store suite on the memory engine.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)] // a test may
mod suite;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use floo_wasm::adapters::memory::MemoryStore;

/// Stores by name, as the platforms keep them for a page's life.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<String, MemoryStore>>);

impl suite::Engine for Memory {
    type Store = MemoryStore;
    async fn open(&self, name: &str) -> MemoryStore {
        self.0.borrow_mut().entry(name.to_owned()).or_default().clone()
    }
}

mod store_case {
    fn run(case: &str) {
        super::run(case);
    }
    crate::store_cases!(
        #[test]
        run,
    );
}

fn run(case: &str) {
    // The memory engine never waits, so its futures are ready at the first look.
    let memory = Memory::default();
    let run = pin!(suite::run(&memory, case, ["one", "two"])).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(run, Poll::Ready(())));
}

#[test]
fn every_case_is_run() {
    let mut names: Vec<_> = store_case::NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    let mut all = suite::names();
    all.sort();
    assert_eq!(names, all);
}
