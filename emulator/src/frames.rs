//! The frames of the last minutes, for the admin page: who, which way, what kind, how large. Never
//! what is inside.
use std::{collections::VecDeque, sync::Mutex};

use serde::Serialize;
use tokio::sync::broadcast;

use crate::{
    clock::Millis,
    guard,
    store::Uid,
    wire::{Class, Down},
};

/// How many frames are remembered.
const RING: usize = 500;

/// One frame that passed, or that a fault rule kept from passing.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Passage {
    /// Counts all frames since the start.
    pub(crate) n: u64,
    /// When.
    pub(crate) at: Millis,
    /// Number of the connection.
    pub(crate) socket: u64,
    /// The account, if known.
    pub(crate) user: Option<Uid>,
    /// True for frames to the client.
    pub(crate) down: bool,
    /// What it is.
    pub(crate) kind: Class,
    /// Which conversation it is about.
    pub(crate) conversation: Option<Uid>,
    /// Size on the wire.
    pub(crate) bytes: usize,
    /// How often it was sent or handled: 0 when it was dropped, 2 when doubled.
    pub(crate) messages: usize,
}

impl Passage {
    /// A frame from a client.
    pub(crate) const fn up(socket: u64, user: Option<Uid>, kind: Class, conversation: Option<Uid>) -> Self {
        Self { n: 0, at: 0, socket, user, down: false, kind, conversation, bytes: 0, messages: 1 }
    }

    /// A frame to a client.
    pub(crate) fn down(socket: u64, user: Option<Uid>, frame: &Down) -> Self {
        Self { down: true, ..Self::up(socket, user, frame.class(), frame.conversation()) }
    }
}

/// What an onlooker sees.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen {
    /// A frame.
    Frame(Passage),
    /// The server stops.
    End,
}

/// The ring, and who looks on.
#[derive(Debug)]
pub(crate) struct Frames {
    ring: Mutex<(u64, VecDeque<Passage>)>,
    live: broadcast::Sender<Seen>,
}

impl Default for Frames {
    fn default() -> Self {
        Self { ring: Mutex::default(), live: broadcast::channel(RING).0 }
    }
}

impl Frames {
    /// Remembers a frame and shows it to who looks on.
    pub(crate) fn record(&self, mut passage: Passage, now: Millis) {
        let mut ring = guard(&self.ring);
        ring.0 += 1;
        passage.n = ring.0;
        passage.at = now;
        if ring.1.len() == RING {
            ring.1.pop_front();
        }
        ring.1.push_back(passage);
        if self.live.receiver_count() > 0 {
            // Fails only if the last onlooker has left in between.
            let _seen = self.live.send(Seen::Frame(passage));
        }
    }

    /// What is remembered after number `after`, and everything from then on without a gap.
    pub(crate) fn watch(&self, after: u64) -> (Vec<Passage>, broadcast::Receiver<Seen>) {
        let ring = guard(&self.ring);
        // Numbers from before a restart say nothing.
        let after = if after > ring.0 { 0 } else { after };
        (ring.1.iter().filter(|passage| passage.n > after).copied().collect(), self.live.subscribe())
    }

    /// Tells who looks on that nothing more comes.
    pub(crate) fn end(&self) {
        // Fails when nobody looks on.
        let _told = self.live.send(Seen::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest_and_onlookers_miss_nothing() {
        let frames = Frames::default();
        let count = RING as u64 + 10;
        for socket in 1..=count {
            frames.record(Passage::up(socket, None, Class::Unread, None), 5);
        }
        let (past, mut live) = frames.watch(0);
        assert_eq!(past.iter().map(|p| p.n).collect::<Vec<_>>(), (11..=count).collect::<Vec<_>>());
        assert_eq!(frames.watch(count - 1).0.len(), 1);
        assert_eq!(frames.watch(count + 1).0.len(), RING);
        frames.record(Passage::up(7, Some(16), Class::Pull, Some(0)), 6);
        let Seen::Frame(next) = live.try_recv().unwrap() else { panic!("the end") };
        assert_eq!((next.n, next.at, next.socket), (count + 1, 6, 7));
        frames.end();
        assert!(matches!(live.try_recv(), Ok(Seen::End)));
    }
}
