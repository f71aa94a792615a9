//! Paging to the past and back: from the server, kept; from this device while offline (xsync 4.6).
use std::collections::VecDeque;
use std::time::Duration;

use super::merge::{Job, Wanted};
use super::sync::Local;
use super::{CallId, Event, Reply, Session, Timer};
use crate::core::codec::Uplink;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::proto::{SyncDl, SyncUl, status::ErrorCode as Status};

const PAGE: Duration = Duration::from_secs(15);

/// A page that was asked for. Answers carry a uid only, so one is under way per conversation.
#[derive(Debug)]
pub(super) struct Request {
    wish: Wanted,
    of: ConversationId,
    before: u64,
    /// Not 0: towards the present, from this id (xsync 4.6).
    after: u64,
    limit: u32,
    deadline: Option<Millis>,
}

impl Session {
    pub(super) fn ask_history(&mut self, call: CallId, of: ConversationId, before: u64, after: u64, limit: u32) {
        let limit = limit.clamp(1, super::MAX_PAGE);
        let erased = self.erased(of);
        if before > 0 && before <= erased.saturating_add(1) {
            return self.reply(call, Ok(Reply::History(Vec::new(), 0)));
        }
        let after = if after > 0 { after.max(erased) } else { 0 };
        if !self.link.ready {
            return self.load_local(Local {
                call,
                of,
                before,
                after,
                limit,
                newest: false,
                history: true,
                span: (0, 0),
                placed: false,
                found: vec![],
            });
        }
        self.ask(Request { wish: Wanted::By(call), of, before, after, limit, deadline: None });
    }

    /// Looks for a message of ours that the server has already.
    pub(super) fn look_for(&mut self, of: ConversationId, client_mid: u64) {
        let wish = Wanted::Ours(client_mid);
        self.ask(Request { wish, of, before: 0, after: 0, limit: super::MAX_PAGE, deadline: None });
    }

    /// Fetches one message again, because only the server knows what it looks like now. Without a connection
    /// the next login does, because the edit waits until then.
    pub(super) fn fetch_again(&mut self, of: ConversationId, id: u64) {
        let (wish, before) = (Wanted::Torn(id), id.saturating_add(1));
        if self.link.ready && self.history.iter().all(|request| request.wish != wish) {
            self.ask(Request { wish, of, before, after: 0, limit: 1, deadline: None });
        }
    }

    fn ask(&mut self, request: Request) {
        let uid = request.of.uid;
        self.history.push_back(request);
        self.history_next(uid);
    }

    fn history_next(&mut self, uid: u64) {
        let deadline = self.now + PAGE;
        if self.history.iter().any(|r| r.of.uid == uid && r.deadline.is_some()) {
            return;
        }
        let Some(request) = self.history.iter_mut().find(|r| r.of.uid == uid) else { return };
        request.deadline = Some(deadline);
        let limit = i32::try_from(request.limit).unwrap_or(i32::MAX);
        let uplink = Uplink::Sync(SyncUl {
            xid: Some(request.of.xid()),
            key: if request.after == 0 { request.before } else { request.after },
            is_full_sync: true,
            full_sync_num: if request.after == 0 { limit } else { -limit },
            ..SyncUl::default()
        });
        self.send_now(&uplink);
        self.arm_history();
    }

    fn arm_history(&mut self) {
        let next = self.history.iter().filter_map(|r| r.deadline).min();
        self.timers.set(Timer::History, next);
    }

    pub(super) fn history_answered(&mut self, page: SyncDl) {
        let uid = page.xid.map(|xid| xid.uid);
        let found = self
            .history
            .iter()
            .position(|r| r.deadline.is_some() && uid.is_none_or(|uid| uid == r.of.uid))
            .and_then(|at| self.history.remove(at));
        let Some(Request { wish, of, before, after, .. }) = found else { return }; // given up since
        let status = page.status.unwrap_or_default();
        if status.code == Status::Ok as i32 {
            let SyncDl { next_key: next, metas, .. } = page;
            let from = match (after, before) {
                (0, 0) => u64::MAX,
                (0, before) => before,
                _ => 0,
            };
            self.enqueue(Job::History { wish, of, from, next, metas });
        } else {
            self.history_failed(wish, Error::from_frame(status.code, status.reason));
        }
        self.history_next(of.uid);
        self.arm_history();
    }

    pub(super) fn history_overdue(&mut self) {
        let now = self.now;
        let (late, rest): (VecDeque<_>, _) =
            std::mem::take(&mut self.history).into_iter().partition(|r| r.deadline.is_some_and(|d| d <= now));
        self.history = rest;
        for Request { wish, of, .. } in late {
            if let Wanted::Ours(id) = wish {
                self.look_again(id);
            } else {
                self.history_failed(wish, Error::new(Domain::Frame, ErrorCode::ServerTimeOut, "history"));
            }
            self.history_next(of.uid);
        }
        self.arm_history();
        self.flush();
    }

    fn history_failed(&mut self, wish: Wanted, error: Error) {
        match wish {
            Wanted::By(call) => self.reply(call, Err(error)),
            Wanted::Ours(id) => self.enqueue(Job::Answered { id, ack: SyncDl::default(), error: Some(error) }),
            Wanted::Torn(_) => self.event(Event::Error(error)),
        }
    }

    /// The connection is gone: this device answers what it can. What the session itself wants comes up
    /// again with the next connection.
    pub(super) fn history_offline(&mut self) {
        for Request { wish, of, before, after, limit, .. } in std::mem::take(&mut self.history) {
            match wish {
                Wanted::By(call) => {
                    let (newest, history, span, placed, found) = (false, true, (0, 0), false, Vec::new());
                    self.load_local(Local { call, of, before, after, limit, newest, history, span, placed, found });
                }
                Wanted::Ours(id) => self.look_again(id),
                Wanted::Torn(_) => {}
            }
        }
    }

    /// Nobody knows yet whether the server has it: it goes out again, and is looked for again.
    fn look_again(&mut self, id: u64) {
        if let Some(pending) = self.account.as_mut().and_then(|a| a.outbox.get_mut(&id)) {
            pending.answered = false;
        }
    }

    pub(super) fn fail_history(&mut self, why: &Error) {
        for request in std::mem::take(&mut self.history) {
            if let Wanted::By(call) = request.wish {
                self.reply(call, Err(why.clone()));
            }
        }
    }
}
