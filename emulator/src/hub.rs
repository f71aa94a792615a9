//! Who is connected.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, mpsc};

use crate::{clock::Millis, guard, store::Uid, wire::Down};

/// Frames a slow socket may have waiting before it is closed.
const QUEUE: usize = 1024;

/// Something for a socket's writer.
#[derive(Debug)]
pub(crate) enum Out {
    /// A frame, sent under this account if any.
    Frame(Option<Uid>, Box<Down>),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// Break the connection when everything before has been sent; the client will be back.
    Close,
    /// The same for a client that has been told to stay away.
    Dismiss,
}

impl Out {
    /// A frame, sent under this account if any.
    pub(crate) fn frame(user: Option<Uid>, down: Down) -> Self {
        Self::Frame(user, Box::new(down))
    }
}

/// The sending side of a socket.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    queue: mpsc::Sender<Out>,
    overflow: Arc<Notify>,
}

impl Sender {
    /// A sender, the queue to write from, and what fires when the queue is full.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Out>, Arc<Notify>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let overflow = Arc::new(Notify::new());
        let sender = Self { queue, overflow: Arc::clone(&overflow) };
        (sender, receiver, overflow)
    }

    /// Queues something. A socket that does not keep up is closed; one that is gone already
    /// needs nothing, its client pulls after the next login.
    pub(crate) fn send(&self, out: Out) {
        if matches!(self.queue.try_send(out), Err(mpsc::error::TrySendError::Full(_))) {
            self.overflow.notify_one();
        }
    }
}

/// A logged-in device.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: Uid,
    pub(crate) sn: u32,
    pub(crate) guid: String,
    pub(crate) info: String,
    pub(crate) since: Millis,
}

#[derive(Debug)]
struct Line {
    sender: Sender,
    login: Option<Login>,
}

/// All open sockets.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    lines: Mutex<(u64, BTreeMap<u64, Line>)>,
}

impl Hub {
    /// Registers a socket that has not logged in.
    pub(crate) fn open(&self, sender: Sender) -> u64 {
        let mut lines = guard(&self.lines);
        lines.0 += 1;
        let id = lines.0;
        lines.1.insert(id, Line { sender, login: None });
        id
    }

    /// Forgets a socket.
    pub(crate) fn close(&self, id: u64) {
        guard(&self.lines).1.remove(&id);
    }

    /// Marks a socket as logged in. Other sockets of the same device lose their login and are
    /// returned.
    pub(crate) fn login(&self, id: u64, login: Login) -> Vec<Sender> {
        let mut lines = guard(&self.lines);
        let mut kicked = Vec::new();
        for (other, line) in &mut lines.1 {
            let same = line.login.as_ref().is_some_and(|l| l.user == login.user && l.guid == login.guid);
            if *other != id && same {
                line.login = None;
                kicked.push(line.sender.clone());
            }
        }
        if let Some(line) = lines.1.get_mut(&id) {
            line.login = Some(login);
        }
        kicked
    }

    /// True while the socket's login stands.
    pub(crate) fn is_logged_in(&self, id: u64) -> bool {
        guard(&self.lines).1.get(&id).is_some_and(|line| line.login.is_some())
    }

    /// The connected devices of an account.
    pub(crate) fn devices(&self, user: Uid) -> Vec<(u32, Sender)> {
        guard(&self.lines)
            .1
            .values()
            .filter_map(|line| {
                let login = line.login.as_ref().filter(|login| login.user == user)?;
                Some((login.sn, line.sender.clone()))
            })
            .collect()
    }

    /// All sockets, or those of one account.
    pub(crate) fn senders(&self, user: Option<Uid>) -> Vec<Sender> {
        guard(&self.lines)
            .1
            .values()
            .filter(|line| user.is_none() || line.login.as_ref().map(|l| l.user) == user)
            .map(|line| line.sender.clone())
            .collect()
    }

    /// All sockets with their logins, for the admin page.
    pub(crate) fn list(&self) -> Vec<(u64, Option<Login>)> {
        guard(&self.lines).1.iter().map(|(id, line)| (*id, line.login.clone())).collect()
    }
}
