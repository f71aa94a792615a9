//! Message ids on the wire. The database counts in 63 bits; a switch lifts what clients see close
//! to 2^64, so that a client that treats ids as signed numbers fails.
use floo_wasm::core::proto::SyncDl;

use crate::wire::Down;

/// Added when ids are lifted: the first message of a new data file gets an id 2^32 below the top.
const LIFT: u64 = u64::MAX - 1_234_567_890_123_456_701 - u32::MAX as u64;

/// The difference between ids on the wire and in the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) const fn new(high: bool) -> Self {
        Self(if high { LIFT } else { 0 })
    }

    /// The id in the database; an id that was never given stays one.
    pub(crate) const fn inside(self, wire: u64) -> u64 {
        match (self.0, wire) {
            (0, _) | (_, 0) => wire,
            (lift, _) if wire > lift => wire - lift,
            _ => 1,
        }
    }

    /// The id on the wire; 0 stays "none".
    pub(crate) const fn outside(self, id: u64) -> u64 {
        if id == 0 { 0 } else { id.saturating_add(self.0) }
    }

    /// Lifts the ids of a frame to a client. Bodies keep theirs: what operations name was written
    /// by a client.
    pub(crate) fn lift(self, down: &mut Down) {
        let Down::Sync(SyncDl { metas, next_key, server_mid, prev_mid, .. }) = down else {
            return;
        };
        for id in metas.iter_mut().map(|meta| &mut meta.id).chain([next_key, server_mid, prev_mid]) {
            *id = self.outside(*id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were() {
        for ids in [Ids::new(false), Ids::new(true)] {
            for id in [0, 1_234_567_890_123_456_701, 1_234_567_890_123_456_701 + 4_000_000_000] {
                assert_eq!(ids.inside(ids.outside(id)), id);
            }
        }
        assert_eq!(Ids::new(true).outside(1_234_567_890_123_456_701), u64::MAX - u64::from(u32::MAX));
        assert_eq!(Ids::new(true).inside(5), 1, "an invented key is older than everything, not none");
    }
}
