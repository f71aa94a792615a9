//! Server time: the machine's clock plus an offset that tests may set.
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970.
pub type Millis = i64;

/// The clock all parts of the emulator read, so that skewed time is seen everywhere.
#[derive(Debug, Default)]
pub struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    /// Server time now.
    pub fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let real = Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX);
        real.saturating_add(self.offset()).max(0)
    }

    /// Difference to the machine's clock in milliseconds.
    pub fn offset(&self) -> Millis {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Sets the difference to the machine's clock, in milliseconds.
    pub fn set_offset(&self, ms: Millis) {
        self.offset_ms.store(ms, Ordering::Relaxed);
    }
}
