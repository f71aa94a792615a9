//! A local cloud for floo-wasm: everything a client needs to log in and chat, on one port and
//! one SQLite file. For development and tests only; see [`start`].
pub mod bots;
pub mod clock;
mod faults;
mod files;
mod frames;
mod http;
mod hub;
mod ids;
mod json;
mod notify;
mod outage;
mod packing;
pub mod policy;
mod raw;
mod rules;
mod socket;
mod socketio;
pub mod store;
mod sync;
mod uplink;
mod wire;

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use bots::{Bot, Bots};
use clock::Clock;
use faults::{Faults, RulesError};
use files::Files;
use frames::Frames;
use http::desk::Desk;
use hub::{Hub, Out};
use ids::Ids;
use outage::{Door, Outage};
use policy::{Policy, Rate};
use store::{Store, StoreError};

/// Port when none is asked for.
pub const DEFAULT_PORT: u16 = 7700;
/// How many ports after the default one are tried.
const PORT_TRIES: u16 = 50;
/// How long open requests may take when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Gone with the process.
    Memory,
    /// In this file.
    File(PathBuf),
}

/// How a new meta reaches connected devices (xsync 11.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// A notice; the device pulls.
    #[default]
    Notice,
    /// The page itself, when the device has confirmed everything before it.
    Eager,
    /// Now this, now that.
    Mixed,
    /// The page itself in any case, so that a device that missed something sees a gap.
    Blind,
}

impl Delivery {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Eager => "eager",
            Self::Mixed => "mixed",
            Self::Blind => "blind",
        }
    }
}

impl FromStr for Delivery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Notice, Self::Eager, Self::Mixed, Self::Blind]
            .into_iter()
            .find(|delivery| delivery.name() == text)
            .ok_or_else(|| format!("{text:?} is none of notice, eager, mixed, blind"))
    }
}

/// Which port to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// 7700, or the next free one.
    Default,
    /// Exactly this one; 0 for any.
    Exactly(u16),
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on.
    pub port: Port,
    /// More ports to listen on, 0 for any; DNS names each as a cluster of its own, behind the
    /// first one.
    pub also: Vec<u16>,
    /// Where the data is.
    pub data: Data,
    /// How metas reach devices.
    pub delivery: Delivery,
    /// Fault rules, the JSON text of `POST /admin/api/faults`.
    pub faults: Option<String>,
    /// Switches of the application.
    pub policy: Policy,
    /// Lift message ids close to 2^64.
    pub high_ids: bool,
    /// Virtual users to create.
    pub bots: Vec<Bot>,
    /// How often the chatty group talks; zero for never.
    pub chatter: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: Port::Default,
            also: Vec::new(),
            data: Data::Memory,
            delivery: Delivery::default(),
            faults: None,
            policy: Policy::default(),
            high_ids: false,
            bots: Vec::new(),
            chatter: Duration::ZERO,
        }
    }
}

/// Why the emulator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of uploaded files cannot be used.
    #[error("uploaded files: {0}")]
    Files(io::Error),
    /// The port cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// What was tried.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The fault rules are wrong.
    #[error("--fault: {0}")]
    Faults(String),
    /// The switches of the application are wrong.
    #[error("application switches: {0}")]
    Policy(String),
}

/// What all parts share.
pub(crate) struct Cloud {
    pub(crate) clock: Clock,
    /// Taken before all other locks, never after.
    pub(crate) store: Mutex<Store>,
    pub(crate) hub: Hub,
    pub(crate) faults: Faults,
    pub(crate) files: Files,
    pub(crate) frames: Frames,
    pub(crate) outage: Outage,
    pub(crate) delivery: Delivery,
    pub(crate) policy: Mutex<Policy>,
    /// Of messages.
    pub(crate) rate: Rate,
    /// Of HTTP requests.
    pub(crate) http_rate: Rate,
    pub(crate) desk: Desk,
    pub(crate) bots: Bots,
    pub(crate) ids: Ids,
    /// Where this server listens; at least one.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Cloud {
    fn new(clock: Clock, store: Store, config: Config, addresses: Vec<SocketAddr>) -> Self {
        Self {
            clock,
            store: Mutex::new(store),
            hub: Hub::default(),
            faults: Faults::default(),
            files: Files::new(&config.data),
            frames: Frames::default(),
            outage: Outage::default(),
            delivery: config.delivery,
            policy: Mutex::new(config.policy),
            rate: Rate::default(),
            http_rate: Rate::default(),
            desk: Desk::default(),
            bots: Bots::default(),
            ids: Ids::new(config.high_ids),
            addresses,
        }
    }
}

/// Locks; a thread that panicked while holding the lock does not stop the others. The database
/// rolled its transaction back, the rest is changed in single steps.
pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The OpenAPI 3.1 document of the HTTP side.
pub fn openapi() -> serde_json::Value {
    http::openapi()
}

/// A running emulator. Dropping it stops it without waiting.
pub struct Emulator {
    cloud: Arc<Cloud>,
    stop: Option<oneshot::Sender<Infallible>>,
    server: JoinHandle<io::Result<()>>,
    /// Dropping it ends the virtual users.
    bots: JoinSet<()>,
}

/// Starts the emulator: opens the data, creates the demo world if it is new, listens.
///
/// # Errors
/// [`StartError`]; a data file that cannot be used is not changed.
pub async fn start(config: Config) -> Result<Emulator, StartError> {
    config.policy.check().map_err(StartError::Policy)?;
    let clock = Clock::default();
    let mut store = match &config.data {
        Data::Memory => Store::in_memory()?,
        Data::File(path) => Store::open(path)?,
    };
    store.seed(clock.now())?;
    store.forget_old_sends(clock.now())?;
    let (host, faults) = (config.host, config.faults.clone());
    let (kinds, chatter) = (config.bots.clone(), config.chatter);
    let mut listeners = vec![listen(host, config.port).await?];
    for port in &config.also {
        listeners.push(listen(host, Port::Exactly(*port)).await?);
    }
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<Vec<_>>>();
    let addresses = addresses.map_err(|source| StartError::Listen { address: SocketAddr::new(host, 0), source })?;
    let cloud = Arc::new(Cloud::new(clock, store, config, addresses));
    cloud.files.tidy().map_err(StartError::Files)?;
    if let Some(text) = &faults {
        let rules = serde_json::from_str(text).map_err(|e| StartError::Faults(e.to_string()))?;
        faults::install(&cloud, &rules).map_err(|e| match e {
            RulesError::Invalid(why) => StartError::Faults(why),
            RulesError::Store(e) => e.into(),
        })?;
    }
    bots::create(&cloud, &kinds)?;
    cloud.bots.set_chatter(u64::try_from(chatter.as_millis()).unwrap_or(u64::MAX));
    let mut bots = JoinSet::new();
    bots.spawn(bots::run(Arc::clone(&cloud)));
    let (stop, stopped) = oneshot::channel::<Infallible>();
    let door = Door::new(listeners, Arc::clone(&cloud));
    let router = http::router(Arc::clone(&cloud)).layer(socketio::layer(Arc::clone(&cloud)));
    let server = tokio::spawn(
        axum::serve(door, router)
            .with_graceful_shutdown(async move {
                // Nothing is ever sent: the emulator stops when its end is dropped.
                let _dropped = stopped.await;
            })
            .into_future(),
    );
    Ok(Emulator { cloud, stop: Some(stop), server, bots })
}

async fn listen(host: IpAddr, port: Port) -> Result<TcpListener, StartError> {
    let (first, tries) = match port {
        Port::Default => (DEFAULT_PORT, PORT_TRIES),
        Port::Exactly(port) => (port, 0),
    };
    let mut port = first;
    loop {
        let address = SocketAddr::new(host, port);
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && port < first + tries => port += 1,
            Err(source) => return Err(StartError::Listen { address, source }),
        }
    }
}

impl Emulator {
    /// Where it listens: the first address.
    pub fn address(&self) -> SocketAddr {
        self.cloud.addresses[0]
    }

    /// Where it listens, the first address in front.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.cloud.addresses
    }

    /// Stops: closes all sockets and the data file. What clients still send is not answered.
    ///
    /// # Errors
    /// The server had failed before, or the file could not be closed.
    pub async fn stop(mut self) -> io::Result<()> {
        // The receiver is gone only if the server has ended, which the join below tells.
        drop(self.stop.take());
        self.bots.shutdown().await;
        self.cloud.frames.end();
        for sender in self.cloud.hub.senders(None) {
            sender.send(Out::Close);
        }
        let served = match timeout(STOP_LIMIT, &mut self.server).await {
            Ok(joined) => joined.map_err(io::Error::other)?,
            Err(_) => {
                self.server.abort();
                Ok(())
            }
        };
        guard(&self.cloud.store).close().map_err(io::Error::other)?;
        served
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.cloud.frames.end();
        for sender in self.cloud.hub.senders(None) {
            sender.send(Out::Close);
        }
    }
}
