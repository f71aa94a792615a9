//! The raw WebSocket: one Frame in each binary message (xsync 2.2).
use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::ws::{Message, WebSocket},
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{self, SplitSink, SplitStream},
};

use crate::{
    Cloud,
    socket::{self, End, Outlet},
};

/// Serves one socket until either side closes it.
pub(crate) async fn serve(cloud: Arc<Cloud>, socket: WebSocket) {
    let (sink, stream) = socket.split();
    let inlet = stream::unfold(stream, |mut stream| async { next(&mut stream).await.map(|bytes| (bytes, stream)) });
    socket::serve(cloud, inlet, sink).await;
}

/// The next binary message; `None` at the end, or after what does not belong here.
async fn next(stream: &mut SplitStream<WebSocket>) -> Option<Bytes> {
    loop {
        match stream.next().await?.ok()? {
            Message::Binary(bytes) => return Some(bytes),
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Close(_) => return None,
            Message::Text(_) => {
                eprintln!("floo-emulator: closing a socket that sent a text message");
                return None;
            }
        }
    }
}

impl Outlet for SplitSink<WebSocket, Message> {
    async fn send(&mut self, frame: Vec<u8>) -> bool {
        SinkExt::send(self, Message::Binary(frame.into())).await.is_ok()
    }

    async fn close(mut self, _: End) {
        if let Err(e) = SinkExt::close(&mut self).await {
            eprintln!("floo-emulator: closing a socket: {e}");
        }
    }
}
