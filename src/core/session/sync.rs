//! Receiving: the unread list and pulls (xsync 4). What a page comes to is told in `merge.rs`.
//!
//! ```text
//!            need_pull                 page, next_key = K          page, next_key = 0
//!   idle -------------> pulling ---------------------------> ... ----------------------> idle
//!    ^   a token is        |  ^   durable, told, then            and again at once when
//!    |   spent             |  '-- SyncUL{key K} as its receipt   news came meanwhile (dirty)
//!    '---------------------'
//!      no page in 15 s: asked once more, then the connection is given up
//! ```
use std::collections::VecDeque;
use std::time::Duration;

use super::login::concerns_session;
use super::merge::Job;
use super::rows::{ConversationRow, local_query, read_messages};
use super::{Batch, CallId, Event, LoadPurpose, Output, Reply, Session, Timer, storage_error};
use crate::core::codec::Uplink;
use crate::core::map::{Map, Set, sort};
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::proto::{SyncDl, SyncUl, UnreadDl, Xid, conversation_unread::ConvType, status::ErrorCode as Status};
use crate::ports::{Row, StoreError};

/// How many conversations are pulled at the same time.
const CHAINS: usize = 8;
/// How many pulls may begin at once, and how many more each second (xsync 4.11).
const BURST: u32 = 20;
const PER_TOKEN: Duration = Duration::from_millis(50);
/// A page has to come within this time; it is asked for once more, then the connection is given up.
const PAGE: Duration = Duration::from_secs(15);
/// After an unreadable frame it is asked for again this soon.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Sync {
    /// Conversations being pulled, by uid: a page names no kind.
    pulls: Map<u64, Pull>,
    /// Conversations that wait for their turn.
    waiting: VecDeque<Xid>,
    /// The conversation the user looks at.
    focus: Option<ConversationId>,
    /// Pulls that may begin now, and when that was counted.
    tokens: u32,
    counted: Millis,
    /// The list of conversations with news was asked for at the login and has not come yet.
    listing: bool,
    /// How many metas of the account's queue were there before this login and have not come yet.
    pub(super) stale: u32,
    /// How many conversations the application believes to be under way.
    told: usize,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            pulls: Map::new(),
            waiting: VecDeque::new(),
            focus: None,
            tokens: BURST,
            counted: Millis(0),
            listing: false,
            stale: 0,
            told: 0,
        }
    }
}

#[derive(Debug)]
struct Pull {
    xid: Xid,
    /// More came up while it was being pulled.
    dirty: bool,
    deadline: Millis,
    /// The key last asked with, for asking again.
    key: u64,
    again: bool,
}

impl Session {
    pub(super) fn unread(&mut self, list: UnreadDl) {
        if let Some(status) = list.status
            && status.code != Status::Ok as i32
            && status.code != Status::Unknown as i32
        {
            return self.refused(status.code, status.reason);
        }
        let Some(account) = &mut self.account else { return };
        let mut fresh = Vec::new();
        for entry in &list.unread {
            let xid = entry.xid.unwrap_or_default();
            let id = match ConvType::try_from(entry.r#type) {
                Ok(ConvType::Chat) => ConversationId::user(xid.uid),
                Ok(ConvType::Groupchat) => ConversationId::group(xid.uid),
                _ => continue, // the account's queue has no row in the list
            };
            // There may be a row already that only holds a mark of the cloud's; see `quiet_row`.
            let marked = |row: &ConversationRow| row.hidden && row.top.max(row.floor) == 0 && (row.pinned || row.muted);
            if account.conversations.get(&id).is_none_or(marked) {
                account.conversations.or_default(id).hidden = false;
                fresh.push(id);
            }
        }
        let wanted: Set<_> = fresh.iter().map(|id| id.uid).collect();
        if !fresh.is_empty() {
            let writes = fresh.iter().map(|id| account.conversation_write(*id)).collect();
            let seen = fresh.iter().map(|id| account.conversation(*id)).collect();
            self.persist(writes, vec![Output::Event(Event::Conversations(seen))]);
        }
        if std::mem::take(&mut self.sync.listing) {
            let queue = list.unread.iter().find(|entry| entry.xid.is_none_or(|xid| xid.uid == 0));
            self.sync.stale = queue.map_or(0, |entry| entry.n);
        }
        self.want_cards(wanted);
        let focus = self.sync.focus.map_or(0, |of| of.uid);
        let mut news: Vec<_> = list.unread.iter().filter(|e| e.n > 0).map(|e| e.xid.unwrap_or_default()).collect();
        sort(&mut news, |a, b| focus != 0 && a.uid == focus && b.uid != focus); // the server's order otherwise
        for xid in news {
            self.need_pull(xid, false);
        }
        self.tell_sync();
    }

    pub(super) fn noticed(&mut self, xid: Xid) {
        self.need_pull(xid, true);
        self.tell_sync();
    }

    /// `news`: something was added since, so a pull under way has to be repeated.
    pub(super) fn need_pull(&mut self, xid: Xid, news: bool) {
        if !self.link.ready {
            return;
        }
        if let Some(pull) = self.sync.pulls.get_mut(&xid.uid) {
            pull.dirty |= news;
        } else if !self.sync.waiting.iter().any(|w| w.uid == xid.uid) {
            if self.sync.focus.is_some_and(|of| of.uid == xid.uid) {
                self.sync.waiting.push_front(xid);
            } else {
                self.sync.waiting.push_back(xid);
            }
            self.begin_pulls();
        }
    }

    /// Begins as many waiting pulls as may be under way and as there are tokens.
    pub(super) fn begin_pulls(&mut self) {
        let passed = self.now.0.saturating_sub(self.sync.counted.0) / u64::try_from(PER_TOKEN.as_millis()).unwrap_or(1);
        if passed > 0 {
            self.sync.tokens = self.sync.tokens.saturating_add(u32::try_from(passed).unwrap_or(BURST)).min(BURST);
            self.sync.counted = self.now;
        }
        while self.link.ready && self.sync.pulls.len() < CHAINS && self.sync.tokens > 0 {
            let Some(next) = self.sync.waiting.pop_front() else { break };
            self.sync.tokens -= 1;
            self.pull(next, 0);
        }
        let short = self.link.ready && !self.sync.waiting.is_empty() && self.sync.tokens == 0;
        self.timers.set(Timer::Pace, short.then(|| self.now + PER_TOKEN));
    }

    /// The conversation the user looks at comes first from now on.
    pub(super) fn focus(&mut self, of: Option<ConversationId>) {
        self.sync.focus = of;
        let uid = of.map_or(0, |of| of.uid);
        if let Some(at) = self.sync.waiting.iter().position(|xid| xid.uid == uid)
            && let Some(xid) = self.sync.waiting.remove(at)
        {
            self.sync.waiting.push_front(xid);
        }
    }

    fn pull(&mut self, xid: Xid, key: u64) {
        let pull = Pull { xid, dirty: false, deadline: self.now + PAGE, key, again: false };
        self.sync.pulls.insert(xid.uid, pull);
        self.send_now(&ask(xid, key));
        self.arm_pull();
    }

    fn arm_pull(&mut self) {
        let next = self.sync.pulls.values().map(|p| p.deadline).min();
        self.timers.set(Timer::Pull, next);
    }

    pub(super) fn pulls_overdue(&mut self) {
        let now = self.now;
        let late: Vec<_> =
            self.sync.pulls.values().filter(|p| p.deadline <= now).map(|p| (p.xid, p.key, p.again)).collect();
        if late.iter().any(|(_, _, again)| *again) {
            return self.lost("a page did not come within 30 s");
        }
        for (xid, key, _) in late {
            if let Some(pull) = self.sync.pulls.get_mut(&xid.uid) {
                pull.again = true;
                pull.deadline = now + PAGE;
            }
            self.send_now(&ask(xid, key));
        }
        self.arm_pull();
    }

    /// The connection is gone; the unread list of the next login says what is still needed.
    pub(super) fn forget_pulls(&mut self) {
        self.sync.pulls.clear();
        self.sync.waiting.clear();
        self.sync.listing = false;
        self.sync.stale = 0;
        self.tell_sync();
    }

    /// A login begins with asking for the list: until it is there, nobody knows what is missing.
    pub(super) fn list_awaited(&mut self) {
        self.sync.listing = true;
        self.tell_sync();
    }

    /// A frame was lost on the way: what it was about is asked for again soon.
    pub(super) fn hurry_pulls(&mut self) {
        let soon = self.now + AGAIN;
        for pull in self.sync.pulls.values_mut().filter(|pull| !pull.again) {
            pull.deadline = soon;
        }
        self.arm_pull();
    }

    fn tell_sync(&mut self) {
        let pending = self.sync.pulls.len() + self.sync.waiting.len() + usize::from(self.sync.listing);
        if pending != self.sync.told {
            self.sync.told = pending;
            self.event(Event::Sync(pending));
        }
    }

    pub(super) fn page(&mut self, page: SyncDl) {
        let status = page.status.unwrap_or_default();
        if status.code != Status::Ok as i32 {
            if concerns_session(status.code) {
                return self.refused(status.code, status.reason);
            }
            self.event(Event::Error(Error::from_frame(status.code, status.reason)));
            return self.pull_done(page.xid.unwrap_or_default());
        }
        if let Some(pull) = page.xid.and_then(|xid| self.sync.pulls.get_mut(&xid.uid)) {
            pull.deadline = self.now + PAGE; // being merged
        }
        let SyncDl { xid, next_key, metas, prev_mid, is_eager_sync, .. } = page;
        self.enqueue(Job::Live { xid, next_key, eager: is_eager_sync, prev: prev_mid, metas });
    }

    pub(super) fn pull_done(&mut self, xid: Xid) {
        let dirty = self.sync.pulls.remove(&xid.uid).is_some_and(|p| p.dirty);
        if dirty && self.link.ready {
            self.pull(xid, 0);
        }
        self.begin_pulls();
        self.arm_pull();
        self.tell_sync();
    }

    /// Makes a page durable; then, and only then, the next key goes out as its receipt.
    pub(super) fn confirm(&mut self, xid: Option<Xid>, next_key: u64, mut batch: Batch) {
        if let Some(xid) = xid.filter(|_| next_key != 0 && self.link.ready) {
            match self.transmit(&ask(xid, next_key)) {
                Ok(output) => batch.then.push(output),
                Err(e) => batch.then.push(Output::Event(Event::Error(e))),
            }
            let dirty = self.sync.pulls.get(&xid.uid).is_some_and(|p| p.dirty);
            let pull = Pull { xid, dirty, deadline: self.now + PAGE, key: next_key, again: false };
            self.sync.pulls.insert(xid.uid, pull);
            self.arm_pull();
        }
        if batch.writes.is_empty() {
            self.out.extend(batch.then);
        } else {
            self.out.push_back(Output::Persist(batch));
        }
    }

    /// Reads messages kept on this device. `before` and `after` bound them, 0 for no bound; with `after`
    /// the oldest come first.
    pub(super) fn load_local(&mut self, local: Local) {
        let rest = local.limit.saturating_sub(u32::try_from(local.found.len()).unwrap_or(u32::MAX));
        // Below the gap something may be missing.
        let gap = self.account.as_ref().and_then(|a| a.conversations.get(&local.of)).map_or(0, |row| row.gap);
        let (from, to) = match local.after {
            0 => (gap.saturating_add(1), local.before),
            after if after < gap => (1, 1),
            after => (after.saturating_add(1), 0),
        };
        let query = super::rows::message_query(local.of, from, to, rest.max(1), local.after == 0);
        self.load(query, LoadPurpose::Local(local));
    }

    pub(super) fn local_loaded(&mut self, mut local: Local, rows: Result<Vec<Row>, StoreError>) {
        let rows = match rows {
            Ok(rows) => rows,
            Err(e) => return self.reply(local.call, Err(storage_error(&e))),
        };
        let (stored, bad) = read_messages(&rows);
        self.bad_rows(bad);
        let Some(account) = &self.account else {
            return self.reply(local.call, Err(Error::new(Domain::Argument, ErrorCode::UserNotLogin, "")));
        };
        if local.placed {
            let found = std::mem::take(&mut local.found);
            let mut own = stored.iter().map(|row| account.message(local.of, row)).peekable();
            for message in found {
                while let Some(own) = own.next_if(|own| own.id < message.id) {
                    local.found.push(own);
                }
                local.found.push(message);
            }
            local.found.extend(own);
            return self.local_found(local);
        }
        let asked = local.limit as usize;
        let all_read = rows.len() < asked.saturating_sub(local.found.len()).max(1);
        let shown = stored.iter().filter(|row| account.is_shown(local.of, row));
        local.found.extend(shown.map(|row| account.message(local.of, row)));
        let on = rows.last().and_then(|row| super::rows::id_from(row.key.get(9..)?));
        if let (Some(on), false, true) = (on, all_read, local.found.len() < asked) {
            // Rows of messages that are gone took the place of others.
            if local.after == 0 {
                local.before = on;
            } else {
                local.after = on;
            }
            return self.load_local(local);
        }
        let full = local.found.len() >= asked;
        if local.after == 0 {
            local.found.reverse();
        }
        let end = if local.after == 0 { local.found.first() } else { local.found.last() };
        let next = end.filter(|_| full).map_or(0, |m| m.id);
        if local.history {
            return self.reply(local.call, Ok(Reply::History(local.found, next)));
        }
        let Some(row) = account.conversations.get(&local.of).filter(|row| row.local.is_some()) else {
            return self.local_found(local);
        };
        local.placed = true;
        match (local.after, next) {
            (0, 0) => local.span.0 = if row.gap == 0 { 0 } else { row.gap.saturating_add(1) },
            (0, next) => local.span.0 = next,
            (_, 0) => {}
            (_, next) => local.span.1 = next,
        }
        self.load(local_query(local.of, local.span.0, local.span.1), LoadPurpose::Local(local));
    }

    /// The page is complete, but for what is still being sent.
    fn local_found(&mut self, local: Local) {
        let Some(account) = &self.account else { return };
        let Local { call, of, newest, found: mut messages, .. } = local;
        if newest {
            let waiting = account.unsent().filter(|(_, p)| p.to == of);
            messages.extend(waiting.map(|(id, p)| account.pending(id, p)));
        }
        self.reply(call, Ok(Reply::Messages(messages)));
    }
}

/// A read of messages kept on this device, and what it has found.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) call: CallId,
    pub(super) of: ConversationId,
    pub(super) before: u64,
    pub(super) after: u64,
    pub(super) limit: u32,
    /// The newest are asked for: those that are still being sent belong to them.
    pub(super) newest: bool,
    /// Instead of the server.
    pub(super) history: bool,
    /// Which messages those of the application's own that belong to it may stand behind: first and last.
    pub(super) span: (u64, u64),
    /// All of the server's are found; what is read now are the application's own.
    pub(super) placed: bool,
    pub(super) found: Vec<crate::core::model::Message>,
}

fn ask(xid: Xid, key: u64) -> Uplink {
    Uplink::Sync(SyncUl { xid: Some(xid), key, ..SyncUl::default() })
}
