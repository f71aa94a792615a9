//! Deterministic simulation: the real session on several devices of several users against a model of the cloud,
//! in virtual time, with everything going wrong that can go wrong between them. One seed, one history.
//!
//! ```text
//! world.rs    time, network, disasters          check.rs   what must hold when all is silent
//! device.rs   session + driver + application    cloud.rs   the one truth
//! ```
//!
//! `make sim` runs it optimised; `SEEDS`, `FIRST` choose the seeds, `SEED=17` runs one and writes down everything
//! that happened. A plain `cargo test` runs a few seeds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may
#![allow(missing_docs, unreachable_pub)] // nobody else uses it
mod check;
mod cloud;
mod device;
mod fleet;
mod store;
mod world;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Seeds of a plain `cargo test`.
const FEW: u64 = 100;
/// Within so many seeds a broken core has to be found out.
const ENOUGH: u64 = 2_000;

/// A generator of numbers (splitmix64): the seed decides them all.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 when that is impossible.
    pub const fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next() % n }
    }

    pub const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len() as u64) as usize)
    }
}

/// A core that is broken on purpose, by what its driver does: tests of the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Confirms a page before it is durable.
    AcknowledgesFirst,
    /// Hands out an id a second time.
    ReusesIds,
    /// Does not keep operations whose message has not come.
    ForgetsPending,
}

/// Runs one history; gives back what is wrong at its end, and what happened.
fn run(seed: u64, mutant: Option<Mutant>, trace: bool) -> (Vec<String>, String) {
    let mut world = world::World::new(seed, mutant, trace);
    let end = catch_unwind(AssertUnwindSafe(|| {
        world.run();
        check::violations(&mut world)
    }));
    let wrong = end.unwrap_or_else(|_| vec!["the core panicked".into()]);
    (wrong, world.trace.take().unwrap_or_default())
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[test]
fn nothing_is_lost_doubled_or_reordered() {
    if let Some(seed) = number("SEED") {
        let (wrong, trace) = run(seed, None, true);
        let path = env::temp_dir().join(format!("floo-sim-{seed}.txt"));
        std::fs::write(&path, trace).unwrap();
        println!("seed {seed}: everything that happened is in {}", path.display());
        return assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
    }
    let (first, count) = (number("FIRST").unwrap_or(0), number("SEEDS").unwrap_or(FEW));
    let begin = Instant::now();
    let mut bad = Vec::new();
    for seed in first..first + count {
        let (wrong, _) = run(seed, None, false);
        if !wrong.is_empty() {
            println!("seed {seed} (make sim SEED={seed}):\n  {}", wrong.join("\n  "));
            bad.push(seed);
        }
        if bad.len() >= 20 {
            break;
        }
        if (seed - first) % 10_000 == 9_999 {
            println!("{} seeds, {} failed", seed - first + 1, bad.len());
        }
    }
    let took = begin.elapsed();
    println!("{count} seeds in {:.1} s, {:.2} ms a seed", took.as_secs_f64(), took.as_secs_f64() * 1e3 / count as f64);
    assert!(bad.is_empty(), "these seeds failed, each can be replayed by `make sim SEED=...`: {bad:?}");
}

/// The first seed that finds a broken core out.
fn caught(mutant: Mutant) {
    let seed = (0..ENOUGH).find(|seed| !run(*seed, Some(mutant), false).0.is_empty());
    println!("{mutant:?} is found out by seed {seed:?}");
    assert!(seed.is_some(), "{mutant:?} was not found out within {ENOUGH} seeds");
}

#[test]
fn a_core_that_confirms_before_it_is_durable_is_found_out() {
    caught(Mutant::AcknowledgesFirst);
}

#[test]
fn a_core_that_uses_an_id_twice_is_found_out() {
    caught(Mutant::ReusesIds);
}

#[test]
fn a_core_that_drops_pending_operations_is_found_out() {
    caught(Mutant::ForgetsPending);
}
