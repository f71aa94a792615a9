//! Login, unread list, pages and history (xsync 11.2, 11.3, 11.5), and delivery to devices.
use floo_wasm::core::proto::{Meta, Provision, SyncDl, SyncUl, UnreadDl, status::ErrorCode, user_notice};

use crate::{
    Cloud, Delivery, guard,
    hub::{Login, Out},
    notify::{Notifier, about_device, passing},
    policy::AppStatus,
    socket::Session,
    store::{self, Copy, Range, Result, State, Store, TokenOwner, Uid},
    wire::{self, Down, xid},
};

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
    let policy = guard(&cloud.policy).clone();
    if policy.app_status != AppStatus::Normal {
        return Ok(refuse(ErrorCode::AppFrozen, "the application is not in service"));
    }
    if store.token_owner(&ask.token, now)? != TokenOwner::User(uid) {
        return Ok(refuse(ErrorCode::InvalidToken, "invalid token"));
    }
    if store.state(uid)? == Some(State::Frozen) {
        return Ok(refuse(ErrorCode::UserFrozen, "the account is frozen"));
    }
    let login = store::Login {
        user: uid,
        guid: &ask.device_guid,
        os_type: ask.os_type,
        info: &ask.device_info,
        token: &ask.token,
        first_metas: policy.first_metas,
        max_devices: policy.max_devices,
    };
    let Some(device) = store.login_device(&login, now)? else {
        return Ok(refuse(ErrorCode::TooManyDevices, "too many devices are logged in"));
    };
    let kicked = cloud.hub.login(
        connection,
        Login { user: uid, sn: device.sn, guid: ask.device_guid, info: ask.device_info, since: now },
    );
    for sender in kicked {
        // Only that socket is told: the account has not changed.
        let notice = passing(uid, user_notice::Type::KickBySameDevice, "", store.next_mid()?, now);
        sender.send(Out::frame(Some(uid), notice));
        sender.send(Out::Dismiss);
    }
    if device.fresh_token {
        let kind = match device.last_login {
            0 => user_notice::Type::DeviceAdded,
            _ => user_notice::Type::DeviceLogin,
        };
        Notifier { cloud, store: &mut store, now }.push(uid, kind, &about_device(device.sn), |sn| sn != device.sn)?;
    }
    *session = Some(Session { user: uid, sn: device.sn, token: ask.token });
    Ok(Provision {
        status: wire::ok(),
        xid: Some(xid(uid, device.sn)),
        last_login_time: device.last_login.cast_unsigned(),
        ..Provision::default()
    })
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
        let size = guard(&cloud.policy).page_size;
        let (rows, mut next) = store.page(session.user, session.sn, conv, ask.key, size)?;
        // Some servers end with the last metas instead of an empty page; those count as
        // confirmed then, because no key will come for them.
        if !rows.is_empty()
            && store.is_last_page(session.user, session.sn, conv, next)?
            && cloud.faults.ends_with_metas(session.user, conv)
        {
            store.confirm(session.user, session.sn, conv, next)?;
            next = 0;
        }
        return Ok(wire::page(conv, rows.into_iter().map(wire::meta).collect(), next));
    }
    let range = if ask.full_sync_num < 0 { Range::After(ask.key) } else { Range::Before(ask.key) };
    let n = ask.full_sync_num.unsigned_abs();
    if n == 0 {
        return Ok(SyncDl {
            status: wire::refused(ErrorCode::InvalidParameter, "full_sync_num: must not be 0"),
            is_full_sync: true,
            ..wire::page(conv, Vec::new(), 0)
        });
    }
    let page = store.history(session.user, conv, range, n.min(HISTORY_PAGE))?;
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
            let down = if cloud.delivery.is_eager(mid) { eager(cloud, store, copy, sn, mid)? } else { None };
            let down = down.unwrap_or_else(|| wire::notice(copy.conv));
            sender.send(Out::frame(Some(copy.owner), down));
        }
    }
    Ok(())
}

/// The page for a push; `None` for a device that has to pull, because confirming the pushed page
/// would skip what it has not confirmed yet.
fn eager(cloud: &Cloud, store: &mut Store, copy: &Copy, sn: u32, mid: u64) -> Result<Option<Down>> {
    let (prev, confirmed) = store.previous(copy.owner, sn, copy.conv, mid)?;
    if !confirmed && cloud.delivery != Delivery::Blind {
        return Ok(None);
    }
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
            Self::Eager | Self::Blind => true,
            // Any fixed function of the id will do, as long as both ways occur.
            Self::Mixed => mid.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 63 == 1,
        }
    }
}
