//! Paging to the past: from the server, kept; from this device while offline (xsync 4.6).
use std::collections::VecDeque;
use std::time::Duration;

use super::sync::Origin;
use super::{CallId, Session, Timer};
use crate::core::codec::Uplink;
use crate::core::model::{ConversationId, Domain, Error, ErrorCode, Millis};
use crate::core::proto::{SyncDl, SyncUl, status::ErrorCode as Status};

const PAGE: Duration = Duration::from_secs(15);

/// A page that was asked for. Answers carry a uid only, so one is under way per conversation.
#[derive(Debug)]
pub(super) struct Request {
    call: CallId,
    of: ConversationId,
    before: u64,
    limit: u32,
    deadline: Option<Millis>,
}

impl Session {
    pub(super) fn ask_history(&mut self, call: CallId, of: ConversationId, before: u64, limit: u32) {
        if !self.link.ready {
            return self.load_local(call, of, before, limit, true);
        }
        let limit = limit.clamp(1, super::MAX_PAGE);
        self.history.push_back(Request { call, of, before, limit, deadline: None });
        self.history_next(of.uid);
    }

    fn history_next(&mut self, uid: u64) {
        let deadline = self.now + PAGE;
        if self.history.iter().any(|r| r.of.uid == uid && r.deadline.is_some()) {
            return;
        }
        let Some(request) = self.history.iter_mut().find(|r| r.of.uid == uid) else { return };
        request.deadline = Some(deadline);
        let uplink = Uplink::Sync(SyncUl {
            xid: Some(request.of.xid()),
            key: request.before,
            is_full_sync: true,
            full_sync_num: i32::try_from(request.limit).unwrap_or(i32::MAX),
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
        let Some(Request { call, of, .. }) = found else { return }; // given up since
        let status = page.status.unwrap_or_default();
        if status.code == Status::Ok as i32 {
            self.merge(Origin::History { call, next: page.next_key }, Some(of), page.metas);
        } else {
            self.reply(call, Err(Error::from_frame(status.code, status.reason)));
        }
        self.history_next(of.uid);
        self.arm_history();
    }

    pub(super) fn history_overdue(&mut self) {
        let now = self.now;
        let (late, rest): (VecDeque<_>, _) =
            std::mem::take(&mut self.history).into_iter().partition(|r| r.deadline.is_some_and(|d| d <= now));
        self.history = rest;
        for Request { call, of, .. } in late {
            self.reply(call, Err(Error::new(Domain::Frame, ErrorCode::ServerTimeOut, "history")));
            self.history_next(of.uid);
        }
        self.arm_history();
    }

    /// The connection is gone: this device answers what it can.
    pub(super) fn history_offline(&mut self) {
        for Request { call, of, before, limit, .. } in std::mem::take(&mut self.history) {
            self.load_local(call, of, before, limit, true);
        }
    }

    pub(super) fn fail_history(&mut self, why: &Error) {
        for Request { call, .. } in std::mem::take(&mut self.history) {
            self.reply(call, Err(why.clone()));
        }
    }
}
