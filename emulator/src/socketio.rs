//! socket.io v2 over Engine.IO 3, the way of the web SDK: event `frame` with one binary argument,
//! both ways (xsync 2.3).
//!
//! Engine.IO comes from a crate. Of socket.io only three packets are needed, so they are made
//! here: the crate above it runs the handlers of one socket side by side, which would let frames
//! overtake each other, and cannot drop a single connection.
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use engineioxide::{
    DisconnectReason, Socket, Str, TransportType, config::EngineIoConfig, handler::EngineIoHandler,
    layer::EngineIoLayer,
};
use futures_util::stream;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{
    Cloud, guard,
    socket::{self, End, FRAME_LIMIT, Outlet},
};

/// socket.io packets, without the digit 4 of Engine.IO that says "message".
const CONNECT: &str = "0";
const DISCONNECT: &str = "1";
/// A binary event: the argument follows in a message of its own.
const FRAME_FOLLOWS: &str = r#"51-["frame",{"_placeholder":true,"num":0}]"#;

/// Frames a client may have sent that were not handled yet.
const INLET: usize = 1024;
/// Packets that may wait for a slow client.
const BUFFER: usize = 4096;
/// How long a client that was sent away may take to go.
const FAREWELL: Duration = Duration::from_secs(1);
/// The engine has no word for "everything is on its way", and a close overtakes what is queued.
const FLUSH: Duration = Duration::from_millis(50);

/// What a connection hands to its reader.
#[derive(Default)]
pub(crate) struct Inlet {
    queue: Mutex<Option<mpsc::Sender<Bytes>>>,
    /// The announcement of a frame has come, the frame has not.
    announced: AtomicBool,
}

/// Accepts connections and sorts their messages.
#[derive(Clone)]
pub(crate) struct Gate {
    cloud: Arc<Cloud>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

/// Serves `/socket.io/` in front of everything else.
pub(crate) fn layer(cloud: Arc<Cloud>) -> EngineIoLayer<Gate> {
    let config = EngineIoConfig::builder()
        .req_path("/socket.io")
        .ping_interval(Duration::from_secs(25))
        .ping_timeout(Duration::from_secs(5))
        .max_buffer_size(BUFFER)
        .max_payload(FRAME_LIMIT as u64)
        .transports([TransportType::Websocket])
        .build();
    EngineIoLayer::from_config(Arc::new(Gate { cloud }), config)
}

impl EngineIoHandler for Gate {
    type Data = Inlet;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Inlet>>) {
        let (queue, mut inlet) = mpsc::channel(INLET);
        *guard(&socket.data.queue) = Some(queue);
        if socket.emit(CONNECT).is_err() {
            return; // gone already, and `on_disconnect` has been told
        }
        tokio::spawn(async move {
            let inlet = stream::poll_fn(move |context| inlet.poll_recv(context));
            socket::serve(Arc::clone(&self.cloud), inlet, Line(Arc::clone(&socket))).await;
            socket.close(DisconnectReason::ClosingServer);
        });
    }

    fn on_disconnect(&self, socket: Arc<Socket<Inlet>>, _: DisconnectReason) {
        // The reader sees the end.
        guard(&socket.data.queue).take();
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Inlet>>) {
        match message.as_str() {
            FRAME_FOLLOWS => socket.data.announced.store(true, Ordering::Relaxed),
            DISCONNECT => socket.close(DisconnectReason::TransportClose),
            // Other events and name spaces are nobody's business here, as with the real server.
            _ => {}
        }
    }

    fn on_binary(self: &Arc<Self>, frame: Bytes, socket: Arc<Socket<Inlet>>) {
        if !socket.data.announced.swap(false, Ordering::Relaxed) {
            return;
        }
        let fits = frame.len() <= FRAME_LIMIT;
        let queued = guard(&socket.data.queue).as_ref().is_some_and(|queue| fits && queue.try_send(frame).is_ok());
        if !queued {
            eprintln!("floo-emulator: closing a socket that sends too much");
            socket.close(DisconnectReason::PacketParsingError);
        }
    }
}

/// The way to the client.
struct Line(Arc<Socket<Inlet>>);

impl Outlet for Line {
    async fn send(&mut self, frame: Vec<u8>) -> bool {
        // A full buffer is a client that does not keep up: better gone than with frames missing.
        let Ok(permit) = self.0.reserve() else { return false };
        permit.emit_many(FRAME_FOLLOWS.into(), VecDeque::from([frame.into()]));
        true
    }

    async fn close(self, end: End) {
        match end {
            End::Drop => sleep(FLUSH).await,
            // Only this packet keeps the client's library from connecting again by itself.
            End::Dismiss if self.0.emit(DISCONNECT).is_ok() => {
                if timeout(FAREWELL, self.0.closed()).await.is_err() {
                    eprintln!("floo-emulator: a client that was sent away stayed, its socket is closed");
                }
            }
            End::Dismiss => {}
        }
    }
}
