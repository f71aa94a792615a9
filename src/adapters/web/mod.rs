//! The browser: WebSocket, fetch, IndexedDB, timers. Works in pages and in workers.
mod http;
mod socket;
mod store;

use std::cell::RefCell;
use std::future::Future;

use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

pub use socket::WebSocketPort;
pub use store::{IndexedDb, WebStore};

use crate::adapters::memory::MemoryStore;
use crate::core::map::Map;
use crate::core::model::Millis;
use crate::ports::{
    HttpError, Opened, Platform, PlatformError, Request, Response, SocketEvent, StorageKind, StoreError, TransportError,
};

/// The browser as a platform.
#[derive(Debug, Default)]
pub struct WebPlatform {
    /// Keep nothing on this device.
    memory: bool,
    /// Asked for leave to open a database, by name: another page may have it.
    lock: Option<Function>,
    /// Memory stores by name, so that one that is opened again has its content.
    stores: RefCell<Map<String, MemoryStore>>,
}

impl WebPlatform {
    /// `memory`: keep nothing on this device. `lock` is asked for leave to open a database: a function of its name
    /// that promises true or false.
    pub fn new(memory: bool, lock: Option<Function>) -> Self {
        Self { memory, lock, ..Self::default() }
    }

    async fn may_open(&self, name: &str) -> Result<(), StoreError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        let leave = match lock.call1(&JsValue::UNDEFINED, &name.into()) {
            Ok(answer) => JsFuture::from(Promise::resolve(&answer)).await,
            Err(e) => Err(e),
        };
        if leave.is_ok_and(|leave| leave.is_truthy()) {
            Ok(())
        } else {
            Err(StoreError::Unavailable("another page has this account open".into()))
        }
    }

    fn in_memory(&self, name: &str, fallback: Option<StoreError>) -> Opened<WebStore> {
        let store = self.stores.borrow_mut().or_default(name.to_owned()).clone();
        Opened { store: WebStore::Memory(store), kind: StorageKind::Memory, fallback }
    }
}

impl Platform for WebPlatform {
    type Socket = WebSocketPort;
    type Store = WebStore;
    type Timer = Timeout;

    fn now(&self) -> Millis {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, whole and positive")]
        Millis(js_sys::Date::now() as u64)
    }

    fn fill_random(&self, buf: &mut [u8]) -> Result<(), PlatformError> {
        getrandom::fill(buf).map_err(|e| PlatformError(format!("no random source: {e}")))
    }

    fn after(&self, ms: u32, f: Box<dyn FnOnce()>) -> Timeout {
        Timeout::new(ms, f)
    }

    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    fn connect(&self, url: &str, on: Box<dyn Fn(SocketEvent<'_>)>) -> Result<WebSocketPort, TransportError> {
        WebSocketPort::open(url, on)
    }

    async fn request(&self, request: Request) -> Result<Response, HttpError> {
        http::send(request).await
    }

    async fn open(&self, name: &str) -> Result<Opened<WebStore>, StoreError> {
        if self.memory {
            return Ok(self.in_memory(name, None));
        }
        self.may_open(name).await?;
        // Private windows and embedded pages refuse storage: better without it than not at all.
        Ok(match IndexedDb::open(name).await {
            Ok(store) => Opened { store: WebStore::IndexedDb(store), kind: StorageKind::IndexedDb, fallback: None },
            Err(e) => self.in_memory(name, Some(e)),
        })
    }
}
