//! A connection's life, whichever way its frames travel (xsync 11.2): frames in and out, the fault
//! rules between, the session of whoever logged in. The ways are `raw` and `socketio`.
use std::{future::Future, sync::Arc};

use axum::body::Bytes;
use floo_wasm::core::proto::{Frame, Provision, SyncUl, frame, status::ErrorCode};
use futures_util::{Stream, StreamExt};
use prost::Message;
use tokio::{sync::mpsc, time::sleep};

use crate::{
    Cloud, faults,
    frames::Passage,
    guard,
    hub::{Out, Sender},
    packing,
    store::{Result, TokenOwner, Uid},
    sync, uplink,
    wire::{Class, Down},
};

/// Largest frame accepted, in bytes.
pub(crate) const FRAME_LIMIT: usize = 16 * 1024 * 1024;

/// Reason text that makes clients log in again.
const LOGIN_FIRST: &str = "you must login first";

/// Who is logged in on a socket.
pub(crate) struct Session {
    pub(crate) user: Uid,
    pub(crate) sn: u32,
    /// Checked again with every request, because it may be revoked.
    pub(crate) token: String,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As if the network had failed: the client comes back.
    Drop,
    /// The client is sent away and shall not come back by itself.
    Dismiss,
}

/// The way to a client.
pub(crate) trait Outlet {
    /// Hands one frame over; false when the client has gone.
    fn send(&mut self, frame: Vec<u8>) -> impl Future<Output = bool> + Send;
    /// Ends the connection behind everything sent.
    fn close(self, end: End) -> impl Future<Output = ()> + Send;
}

/// Serves one connection until either side ends it. `inlet` ends when the client has.
pub(crate) async fn serve(cloud: Arc<Cloud>, inlet: impl Stream<Item = Bytes> + Send, outlet: impl Outlet + Send) {
    let (sender, queue, overflow) = Sender::new();
    let connection = cloud.hub.open(sender.clone());
    tokio::select! {
        () = write(&cloud, outlet, queue, connection) => {}
        () = read(&cloud, inlet, connection, &sender) => {}
        () = overflow.notified() => {}
    }
    cloud.hub.close(connection);
}

/// Sends what is queued, through the fault rules.
async fn write(cloud: &Cloud, mut outlet: impl Outlet, mut queue: mpsc::Receiver<Out>, connection: u64) {
    let mut end = End::Drop;
    while let Some(out) = queue.recv().await {
        let (messages, close) = match out {
            Out::Frame(user, down) => {
                let mut down = *down;
                cloud.ids.lift(&mut down);
                let mut passage = Passage::down(connection, user, &down);
                let plan = cloud.faults.outgoing(user, down);
                if !plan.delay.is_zero() {
                    sleep(plan.delay).await;
                }
                passage.messages = plan.messages.len();
                passage.bytes = plan.messages.iter().map(Vec::len).sum();
                cloud.frames.record(passage, cloud.clock.now());
                (plan.messages, plan.close)
            }
            Out::Raw(bytes) => (vec![bytes], false),
            Out::Close => (Vec::new(), true),
            Out::Dismiss => {
                end = End::Dismiss;
                (Vec::new(), true)
            }
        };
        for bytes in messages {
            // A failed send means that the client has gone; it pulls after its next login.
            if !outlet.send(bytes).await {
                return;
            }
        }
        if close {
            break;
        }
    }
    outlet.close(end).await;
}

/// Handles frames one after the other. Returns when the socket is to be closed.
async fn read(cloud: &Cloud, inlet: impl Stream<Item = Bytes>, connection: u64, sender: &Sender) {
    let mut inlet = std::pin::pin!(inlet);
    let mut session = None;
    while let Some(bytes) = inlet.next().await {
        let request = match Request::decode(&bytes) {
            Ok(Some(request)) => request.with_inside_ids(cloud),
            // A newer client may know commands that this server does not.
            Ok(None) => continue,
            Err(e) => {
                eprintln!("floo-emulator: closing a socket that sent an undecodable frame: {e}");
                return;
            }
        };
        if session.is_some() && !cloud.hub.is_logged_in(connection) {
            session = None;
        }
        let user = match &session {
            Some(Session { user, .. }) => Some(*user),
            None => request.claimed_user(),
        };
        let plan = cloud.faults.incoming(user, request.class(), request.conversation());
        let mut passage = Passage::up(connection, user, request.class(), request.conversation());
        passage.bytes = bytes.len();
        passage.messages = usize::from(!plan.drop && !plan.close);
        cloud.frames.record(passage, cloud.clock.now());
        if !plan.delay.is_zero() {
            sleep(plan.delay).await;
        }
        if plan.close {
            return;
        }
        if plan.drop {
            continue;
        }
        let answer = match plan.answer {
            Some((code, reason)) => {
                Ok(faults::intercepted(request.class(), request.conversation(), request.client_mid(), code, reason))
            }
            None => handle(cloud, connection, &mut session, request),
        };
        match answer {
            Ok(down) => sender.send(Out::frame(user, down)),
            Err(e) => {
                // Without an answer the client would wait; a closed socket makes it try again.
                eprintln!("floo-emulator: closing a socket after a failure: {e}");
                return;
            }
        }
    }
}

/// A decoded frame from a client.
enum Request {
    Provision(Provision),
    Unread,
    Pull(SyncUl),
    Send(SyncUl),
    /// A frame in a form this server does not read, with what is wrong.
    Unsupported(Class, ErrorCode, &'static str),
}

impl Request {
    /// `None` for a frame that is to be ignored.
    fn decode(bytes: &Bytes) -> std::result::Result<Option<Self>, prost::DecodeError> {
        // An empty message is a heartbeat of an encoder that leaves out zeros.
        let frame = Frame::decode(bytes.clone())?;
        let command = frame::Command::try_from(frame.command.unwrap_or(0));
        let class = match command {
            Ok(frame::Command::Provision) => Class::Provision,
            Ok(frame::Command::Unread) => Class::Unread,
            Ok(frame::Command::Sync) => Class::Pull,
            Ok(frame::Command::Notice) | Err(_) => return Ok(None),
        };
        let payload = match unpack(&frame) {
            Ok(payload) => payload,
            Err((code, why)) => return Ok(Some(Self::Unsupported(class, code, why))),
        };
        Ok(Some(match class {
            Class::Provision => Self::Provision(Provision::decode(payload)?),
            Class::Unread => Self::Unread,
            _ => {
                let sync = SyncUl::decode(payload)?;
                if sync.meta.is_some() { Self::Send(sync) } else { Self::Pull(sync) }
            }
        }))
    }

    /// The same with the ids that the database knows.
    fn with_inside_ids(mut self, cloud: &Cloud) -> Self {
        if let Self::Pull(sync) = &mut self {
            sync.key = cloud.ids.inside(sync.key);
        }
        self
    }

    const fn class(&self) -> Class {
        match self {
            Self::Provision(_) => Class::Provision,
            Self::Unread => Class::Unread,
            Self::Pull(sync) if sync.is_full_sync => Class::History,
            Self::Pull(_) => Class::Pull,
            Self::Send(_) => Class::Send,
            Self::Unsupported(class, ..) => *class,
        }
    }

    fn conversation(&self) -> Option<Uid> {
        let xid = match self {
            Self::Pull(sync) => sync.xid.as_ref(),
            Self::Send(sync) => sync.meta.as_ref().and_then(|meta| meta.to.as_ref()),
            _ => None,
        };
        xid.map(|xid| xid.uid)
    }

    fn client_mid(&self) -> u64 {
        match self {
            Self::Send(sync) => sync.meta.as_ref().map_or(0, |meta| meta.id),
            _ => 0,
        }
    }

    /// The account a login is for.
    fn claimed_user(&self) -> Option<Uid> {
        match self {
            Self::Provision(ask) => ask.xid.as_ref().map(|xid| xid.uid),
            _ => None,
        }
    }
}

/// The payload as it was before it was packed (xsync 8.2). Encryption is not offered: the token
/// answers say so.
fn unpack(frame: &Frame) -> std::result::Result<Bytes, (ErrorCode, &'static str)> {
    if frame.check_sum.is_some_and(|sum| sum != packing::crc32(&frame.payload)) {
        return Err((ErrorCode::CheckSumFailure, "check_sum: does not fit the payload"));
    }
    if frame.encrypt_method != 0 {
        return Err((ErrorCode::EncryptMethodUnsupported, "encrypt_method: encrypted frames are not supported"));
    }
    match frame.compress_method.unwrap_or(0) {
        0 => Ok(frame.payload.clone()),
        1 => packing::inflate(&frame.payload)
            .map(Bytes::from)
            .ok_or((ErrorCode::PbParserError, "payload: not zlib, or too large when inflated")),
        _ => Err((ErrorCode::InvalidParameter, "compress_method: unknown")),
    }
}

fn handle(cloud: &Cloud, connection: u64, session: &mut Option<Session>, request: Request) -> Result<Down> {
    let (class, conversation, mid) = (request.class(), request.conversation(), request.client_mid());
    let refuse = |code: ErrorCode, reason: &str, conversation| {
        faults::intercepted(class, conversation, mid, code.into(), reason.to_owned())
    };
    if let Request::Unsupported(_, code, reason) = request {
        return Ok(refuse(code, reason, None));
    }
    if let Request::Provision(ask) = request {
        return sync::provision(cloud, connection, session, ask).map(Down::Provision);
    }
    let Some(session) = session else {
        return Ok(refuse(ErrorCode::Unauthorized, LOGIN_FIRST, None));
    };
    let owner = guard(&cloud.store).token_owner(&session.token, cloud.clock.now())?;
    if owner != TokenOwner::User(session.user) {
        return Ok(refuse(ErrorCode::InvalidToken, "the token has expired or was revoked", conversation));
    }
    match request {
        Request::Unread => sync::unread(cloud, session).map(Down::Unread),
        Request::Pull(ask) => sync::pull(cloud, session, &ask).map(Down::Sync),
        Request::Send(SyncUl { meta: Some(meta), .. }) => uplink::receive(cloud, session, &meta).map(Down::Sync),
        _ => Ok(refuse(ErrorCode::UnknownCommand, "unknown command", None)),
    }
}
