//! Notices of the server (xsync 6.7, 6.8, 3.7): what happened to groups, contacts and accounts.
//!
//! Most are stored in the system conversations of the receivers. What concerns a connection and
//! not the account (kicks, logins, a new password) is only pushed to the devices that are
//! connected: stored, it would log a device out again that comes back later.
use floo_wasm::core::proto::{
    GroupNotice, Meta, RosterNotice, UserNotice, group_notice, meta::NameSpace, roster_notice, user_notice,
};
use prost::Message;
use serde_json::json;

use crate::{
    Cloud,
    clock::Millis,
    hub::Out,
    store::{Append, ConvKind, Copy, Result, Store, Uid},
    sync,
    wire::{self, Down, xid},
};

/// Where notices come from and go through.
pub(crate) struct Notifier<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) store: &'a mut Store,
    pub(crate) now: Millis,
}

/// A notice about a group, to be sent to some of its people.
pub(crate) struct AboutGroup<'a> {
    pub(crate) kind: group_notice::Type,
    pub(crate) group: Uid,
    pub(crate) from: Uid,
    pub(crate) to: &'a [Uid],
    pub(crate) content: &'a str,
}

impl Notifier<'_> {
    /// Stores and announces a notice; `origin` is a device that does not get it.
    fn store(&mut self, ns: NameSpace, to: Uid, payload: &[u8], receivers: &[Uid], origin: (Uid, u32)) -> Result<()> {
        let mut copies: Vec<_> =
            receivers.iter().map(|owner| Copy { owner: *owner, conv: 0, kind: ConvKind::System }).collect();
        copies.sort_unstable_by_key(|copy| copy.owner);
        copies.dedup();
        let meta = Append {
            from_uid: 0,
            from_sn: 0,
            origin,
            to_uid: to,
            ns: ns.into(),
            payload,
            is_message: false,
            copies: &copies,
        };
        let mid = self.store.append(&meta, self.now)?;
        sync::announce(self.cloud, self.store, &copies, mid, origin)
    }

    /// About a group, to all devices of the receivers.
    pub(crate) fn group(&mut self, notice: &AboutGroup<'_>, receivers: &[Uid]) -> Result<()> {
        let payload = GroupNotice {
            r#type: notice.kind.into(),
            gid: Some(xid(notice.group, 0)),
            from: Some(xid(notice.from, 0)),
            to: notice.to.iter().map(|uid| xid(*uid, 0)).collect(),
            content: notice.content.to_owned(),
        };
        self.store(NameSpace::GroupNotice, notice.group, &payload.encode_to_vec(), receivers, (0, 0))
    }

    /// About a contact, to all devices of the receiver but `origin`.
    pub(crate) fn roster(
        &mut self,
        kind: roster_notice::Type,
        (from, to): (Uid, Uid),
        content: &str,
        receiver: Uid,
        origin: (Uid, u32),
    ) -> Result<()> {
        let payload = RosterNotice {
            r#type: kind.into(),
            from: Some(xid(from, 0)),
            to: vec![xid(to, 0)],
            content: content.to_owned(),
            ..RosterNotice::default()
        };
        self.store(NameSpace::RosterNotice, receiver, &payload.encode_to_vec(), &[receiver], origin)
    }

    /// `INFO_UPDATED` about the account, to its devices but `skip` (0: to all).
    pub(crate) fn account_changed(&mut self, user: Uid, content: &str, skip: u32) -> Result<()> {
        let payload =
            UserNotice { r#type: user_notice::Type::InfoUpdated.into(), content: content.to_owned() }.encode_to_vec();
        self.store(NameSpace::UserNotice, user, &payload, &[user], (user, skip))
    }

    /// About a connection, to those connected devices of the account that `wanted` names.
    pub(crate) fn push(
        &mut self,
        user: Uid,
        kind: user_notice::Type,
        content: &str,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<()> {
        for (sn, sender) in self.cloud.hub.devices(user) {
            if wanted(sn) {
                let page = passing(user, kind, content, self.store.next_mid()?, self.now);
                sender.send(Out::frame(Some(user), page));
            }
        }
        Ok(())
    }
}

/// The content of notices about a device.
pub(crate) fn about_device(sn: u32) -> String {
    json!({ "device_sn": sn }).to_string()
}

/// A page with a notice that is not stored. `next_key` stays 0: there is nothing to confirm.
pub(crate) fn passing(user: Uid, kind: user_notice::Type, content: &str, mid: u64, now: Millis) -> Down {
    let payload = UserNotice { r#type: kind.into(), content: content.to_owned() };
    let meta = Meta {
        id: mid,
        from: Some(xid(0, 0)),
        to: Some(xid(user, 0)),
        timestamp: now.cast_unsigned(),
        ns: NameSpace::UserNotice.into(),
        payload: payload.encode_to_vec().into(),
    };
    let mut page = wire::page(0, vec![meta], 0);
    page.is_eager_sync = true;
    Down::Sync(page)
}
