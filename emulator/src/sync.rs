//! Login, unread list, pages and history (xsync 11.2, 11.3, 11.5), and delivery to devices.
use floo_wasm::core::proto::{
    Meta, Provision, SyncDl, SyncUl, UnreadDl, UserNotice, meta::NameSpace, status::ErrorCode, user_notice,
};
use prost::Message;

use crate::{
    Cloud, Delivery, guard,
    hub::{Login, Out},
    socket::Session,
    store::{Copy, Result, Store, TokenOwner, Uid},
    wire::{self, Down, xid},
};

/// Metas in one page of a pull.
const PAGE: u32 = 50;
/// Messages in one page of history at most, however many are asked for.
const HISTORY_PAGE: u32 = 200;

/// Longest `device_guid` accepted, in bytes.
const GUID_LIMIT: usize = 256;

/// Answers PROVISION. Sets the session on success and displaces an older socket of the device.
pub(crate) fn provision(
    cloud: &Cloud,
    connection: u64,
    session: &mut Option<Session>,
    ask: Provision,
) -> Result<Provision> {
    let uid = ask.xid.as_ref().map_or(0, |xid| xid.uid);
    let refuse = |code, reason: &str| Provision {
        status: wire::refused(code, reason),
        xid: Some(xid(uid, 0)),
        ..Provision::default()
    };
    if uid == 0 {
        return Ok(refuse(ErrorCode::InvalidParameter, "xid: missing"));
    }
    if ask.device_guid.is_empty() || ask.device_guid.len() > GUID_LIMIT {
        return Ok(refuse(ErrorCode::InvalidParameter, "device_guid: must have 1 to 256 bytes"));
    }
    let now = cloud.clock.now();
    let mut store = guard(&cloud.store);
    if store.token_owner(&ask.token, now)? != TokenOwner::User(uid) {
        return Ok(refuse(ErrorCode::InvalidToken, "invalid token"));
    }
    let device = store.login_device(uid, &ask.device_guid, ask.os_type, &ask.device_info, now)?;
    let kicked = cloud.hub.login(
        connection,
        Login { user: uid, sn: device.sn, guid: ask.device_guid, info: ask.device_info, since: now },
    );
    for sender in kicked {
        sender.send(Out::frame(Some(uid), Down::Sync(kick(uid, store.next_mid()?, now.cast_unsigned()))));
        sender.send(Out::Close);
    }
    *session = Some(Session { user: uid, sn: device.sn, token: ask.token });
    Ok(Provision {
        status: wire::ok(),
        xid: Some(xid(uid, device.sn)),
        last_login_time: device.last_login.cast_unsigned(),
        ..Provision::default()
    })
}

/// Tells a displaced socket so. Not stored: it concerns that socket, not the account.
fn kick(uid: Uid, mid: u64, now: u64) -> SyncDl {
    let payload = UserNotice { r#type: user_notice::Type::KickBySameDevice.into(), ..UserNotice::default() };
    let meta = Meta {
        id: mid,
        from: Some(xid(0, 0)),
        to: Some(xid(uid, 0)),
        timestamp: now,
        ns: NameSpace::UserNotice.into(),
        payload: payload.encode_to_vec().into(),
    };
    SyncDl { is_eager_sync: true, ..wire::page(0, vec![meta], 0) }
}

/// Answers UNREAD.
pub(crate) fn unread(cloud: &Cloud, session: &Session) -> Result<UnreadDl> {
    let rows = guard(&cloud.store).unread(session.user, session.sn)?;
    Ok(UnreadDl { status: wire::ok(), unread: rows.iter().map(wire::unread).collect() })
}

/// Answers a SYNC without a meta.
pub(crate) fn pull(cloud: &Cloud, session: &Session, ask: &SyncUl) -> Result<SyncDl> {
    let Some(conversation) = &ask.xid else {
        return Ok(SyncDl {
            status: wire::refused(ErrorCode::InvalidParameter, "xid: missing"),
            is_full_sync: ask.is_full_sync,
            ..wire::page(0, Vec::new(), 0)
        });
    };
    let conv = conversation.uid;
    let mut store = guard(&cloud.store);
    if !ask.is_full_sync {
        let (rows, next) = store.page(session.user, session.sn, conv, ask.key, PAGE)?;
        return Ok(wire::page(conv, rows.into_iter().map(wire::meta).collect(), next));
    }
    let Some(n) = u32::try_from(ask.full_sync_num).ok().filter(|n| *n > 0) else {
        return Ok(SyncDl {
            status: wire::refused(ErrorCode::InvalidParameter, "full_sync_num: must be at least 1"),
            is_full_sync: true,
            ..wire::page(conv, Vec::new(), 0)
        });
    };
    let page = store.history(session.user, conv, ask.key, n.min(HISTORY_PAGE))?;
    Ok(SyncDl {
        is_full_sync: true,
        ..wire::page(conv, page.metas.into_iter().map(wire::meta).collect(), page.next_key)
    })
}

/// Tells the connected devices about a stored meta, except the one that sent it.
///
/// Called with the store still locked, so that every socket sees metas in the order of their ids.
pub(crate) fn announce(cloud: &Cloud, store: &mut Store, copies: &[Copy], mid: u64, origin: (Uid, u32)) -> Result<()> {
    for copy in copies {
        for (sn, sender) in cloud.hub.devices(copy.owner) {
            if (copy.owner, sn) == origin {
                continue;
            }
            let down = if cloud.delivery.is_eager(mid) { eager(store, copy, sn, mid)? } else { None };
            let down = down.unwrap_or_else(|| wire::notice(copy.conv));
            sender.send(Out::frame(Some(copy.owner), down));
        }
    }
    Ok(())
}

fn eager(store: &mut Store, copy: &Copy, sn: u32, mid: u64) -> Result<Option<Down>> {
    let Some(prev) = store.eager_prev(copy.owner, sn, copy.conv, mid)? else {
        return Ok(None);
    };
    let row = store.meta(copy.owner, copy.conv, mid)?;
    Ok(row.map(|row| {
        Down::Sync(SyncDl { prev_mid: prev, is_eager_sync: true, ..wire::page(copy.conv, vec![wire::meta(row)], mid) })
    }))
}

/// Passes on what is never stored (typing). `next_key` stays 0: a key would confirm metas that
/// the device has not pulled yet.
pub(crate) fn pass_on(cloud: &Cloud, copies: &[Copy], meta: &Meta, origin: (Uid, u32)) {
    for copy in copies {
        for (sn, sender) in cloud.hub.devices(copy.owner) {
            if (copy.owner, sn) != origin {
                let page = SyncDl { is_eager_sync: true, ..wire::page(copy.conv, vec![meta.clone()], 0) };
                sender.send(Out::frame(Some(copy.owner), Down::Sync(page)));
            }
        }
    }
}

impl Delivery {
    /// Whether this meta is pushed at once instead of being announced.
    fn is_eager(self, mid: u64) -> bool {
        match self {
            Self::Notice => false,
            Self::Eager => true,
            // Any fixed function of the id will do, as long as both ways occur.
            Self::Mixed => mid.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 1,
        }
    }
}
