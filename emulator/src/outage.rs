//! A pretended restart: for a while nobody gets in.
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::serve::Listener;
use futures_util::future::select_all;
use tokio::net::{TcpListener, TcpStream};

use crate::{Cloud, guard};

/// Until when connections are refused.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    until: Mutex<Option<Instant>>,
}

impl Outage {
    pub(crate) fn start(&self, duration: Duration) {
        *guard(&self.until) = Instant::now().checked_add(duration);
    }

    pub(crate) fn is_on(&self) -> bool {
        guard(&self.until).is_some_and(|until| Instant::now() < until)
    }
}

/// The listening sockets; during an outage they hang up on everybody.
pub(crate) struct Door {
    tcp: Vec<TcpListener>,
    cloud: Arc<Cloud>,
}

impl Door {
    pub(crate) const fn new(tcp: Vec<TcpListener>, cloud: Arc<Cloud>) -> Self {
        Self { tcp, cloud }
    }
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let waiting = self.tcp.iter_mut().map(|tcp| Box::pin(Listener::accept(tcp)));
            let ((stream, address), ..) = select_all(waiting).await;
            if self.cloud.outage.is_on() {
                continue;
            }
            if let Err(e) = stream.set_nodelay(true) {
                eprintln!("floo-emulator: TCP_NODELAY: {e}");
            }
            return (stream, address);
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp[0].local_addr()
    }
}
