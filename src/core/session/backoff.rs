//! When to try again, and a small deterministic source of jitter.
use std::time::Duration;

/// Longest delay after a close by the server: spreads the herd (decisions, "Reconnect").
const FIRST: Duration = Duration::from_secs(10);
const BASE_MS: u64 = 1_000;
const CAP_MS: u64 = 30_000;

/// A generator seeded once by the host (splitmix64). For jitter, not for secrets.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator that is decided by its seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    const fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// The delay before the next attempt: full jitter, doubling (xsync 2.6). `failures` counts those since the
/// last healthy session; 0 means that a healthy one was lost.
pub fn delay(failures: u32, rng: &mut Rng) -> Duration {
    let most = match failures {
        0 => u64::try_from(FIRST.as_millis()).unwrap_or(u64::MAX),
        n => (BASE_MS << (n - 1).min(5)).min(CAP_MS),
    };
    Duration::from_millis(rng.below(most + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_under_their_caps_and_use_the_whole_range() {
        let mut rng = Rng::new(1);
        for (failures, cap) in [(0, 10_000), (1, 1_000), (2, 2_000), (5, 16_000), (9, 30_000), (u32::MAX, 30_000)] {
            let all: Vec<_> = (0..500).map(|_| delay(failures, &mut rng).as_millis()).collect();
            assert!(all.iter().all(|d| *d <= cap), "{failures}");
            assert!(all.iter().any(|d| *d > cap * 9 / 10) && all.iter().any(|d| *d < cap / 10), "{failures}");
        }
    }
}
