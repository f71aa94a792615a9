//! A platform made of a JavaScript object: mini-programs, other hosts (`Host` in `js/engine.ts`).
//!
//! Uses js-sys only, so the module asks for no browser global.
use std::future::Future;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::adapters::memory::MemoryStore;
use crate::core::model::Millis;
use crate::ports::{
    HttpError, Opened, Platform, PlatformError, Query, Request, Response, Row, Socket, SocketEvent, StorageKind, Store,
    StoreError, TransportError, Write,
};

#[wasm_bindgen]
extern "C" {
    /// What the host hands in.
    #[derive(Debug, Clone)]
    pub type Host;

    #[wasm_bindgen(method)]
    fn now(this: &Host) -> f64;
    #[wasm_bindgen(method, catch, js_name = randomBytes)]
    fn random_bytes(this: &Host, n: u32) -> Result<Uint8Array, JsValue>;
    #[wasm_bindgen(method, js_name = setTimer)]
    fn set_timer(this: &Host, ms: u32, callback: &Function) -> Function;
    #[wasm_bindgen(method, catch)]
    fn connect(this: &Host, url: &str, on: &Object) -> Result<RawSocket, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn request(this: &Host, request: &Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = openStore)]
    fn open_store(this: &Host, name: &str) -> Result<Promise, JsValue>;

    #[derive(Debug, Clone)]
    type RawSocket;
    #[wasm_bindgen(method, catch)]
    fn send(this: &RawSocket, data: Uint8Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &RawSocket) -> Result<(), JsValue>;

    #[derive(Debug, Clone)]
    type RawStore;
    #[wasm_bindgen(method, catch)]
    fn apply(this: &RawStore, writes: Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn range(
        this: &RawStore,
        table: u32,
        from: Uint8Array,
        to: Uint8Array,
        limit: u32,
        descending: bool,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = close)]
    fn shut(this: &RawStore) -> Result<(), JsValue>;

    #[derive(Debug, Clone)]
    type RawResponse;
    #[wasm_bindgen(method, getter)]
    fn status(this: &RawResponse) -> u16;
    #[wasm_bindgen(method, getter)]
    fn body(this: &RawResponse) -> String;
}

/// The host as a platform.
#[derive(Debug)]
pub struct HostPlatform {
    host: Host,
    memory: bool,
}

impl HostPlatform {
    /// `memory`: keep nothing on this device.
    pub const fn new(host: Host, memory: bool) -> Self {
        Self { host, memory }
    }
}

/// What developers read of something that JavaScript threw.
fn text(e: &JsValue) -> String {
    match e.dyn_ref::<js_sys::Error>() {
        Some(e) => String::from(e.message()),
        // Errors of another realm and plain objects of the host.
        None => ["message", "errMsg"]
            .iter()
            .find_map(|key| Reflect::get(e, &JsValue::from_str(key)).ok()?.as_string())
            .unwrap_or_else(|| format!("{e:?}")),
    }
}

fn name(e: &JsValue) -> String {
    Reflect::get(e, &JsValue::from_str("name")).ok().and_then(|v| v.as_string()).unwrap_or_default()
}

/// Sets a field of an object that was made here, which cannot fail.
fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

impl Platform for HostPlatform {
    type Socket = HostSocket;
    type Store = HostStore;
    type Timer = HostTimer;

    fn now(&self) -> Millis {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, whole and positive")]
        Millis(self.host.now() as u64)
    }

    fn fill_random(&self, buf: &mut [u8]) -> Result<(), PlatformError> {
        let n = u32::try_from(buf.len()).unwrap_or(u32::MAX);
        let bytes = self.host.random_bytes(n).map_err(|e| PlatformError(text(&e)))?;
        if bytes.length() != n {
            return Err(PlatformError(format!("randomBytes({n}) gave {} bytes", bytes.length())));
        }
        bytes.copy_to(buf);
        Ok(())
    }

    fn after(&self, ms: u32, f: Box<dyn FnOnce()>) -> HostTimer {
        let callback = Closure::once(f);
        let cancel = self.host.set_timer(ms, callback.as_ref().unchecked_ref());
        HostTimer { cancel, _callback: callback }
    }

    fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        wasm_bindgen_futures::spawn_local(future);
    }

    fn connect(&self, url: &str, on: Box<dyn Fn(SocketEvent<'_>)>) -> Result<HostSocket, TransportError> {
        let on = std::rc::Rc::new(on);
        let open = {
            let on = on.clone();
            Closure::<dyn Fn()>::new(move || on(SocketEvent::Opened))
        };
        let message = {
            let on = on.clone();
            Closure::<dyn Fn(Uint8Array)>::new(move |data: Uint8Array| on(SocketEvent::Frame(&data.to_vec())))
        };
        let close = Closure::<dyn Fn(String)>::new(move |reason| on(SocketEvent::Closed(reason)));
        let handlers = Object::new();
        set(&handlers, "open", open.as_ref());
        set(&handlers, "message", message.as_ref());
        set(&handlers, "close", close.as_ref());
        let socket = self.host.connect(url, &handlers).map_err(|e| TransportError(text(&e)))?;
        Ok(HostSocket { socket, _handlers: Handlers { _open: open, _message: message, _close: close } })
    }

    async fn request(&self, request: Request) -> Result<Response, HttpError> {
        let headers = Object::new();
        for (key, value) in &request.headers {
            set(&headers, key, &JsValue::from_str(value));
        }
        let raw = Object::new();
        set(&raw, "method", &JsValue::from_str(request.method));
        set(&raw, "url", &JsValue::from_str(&request.url));
        set(&raw, "headers", &headers);
        set(&raw, "body", &request.body.as_deref().map_or(JsValue::UNDEFINED, JsValue::from_str));
        let promise = self.host.request(&raw).map_err(|e| HttpError(text(&e)))?;
        let answer = JsFuture::from(promise).await.map_err(|e| HttpError(text(&e)))?;
        let answer: RawResponse = answer.unchecked_into();
        Ok(Response { status: answer.status(), body: answer.body() })
    }

    async fn open(&self, name: &str) -> Result<Opened<HostStore>, StoreError> {
        if self.memory {
            return Ok(memory(None));
        }
        let opened = match self.host.open_store(name) {
            Ok(promise) => JsFuture::from(promise).await,
            Err(e) => Err(e),
        };
        Ok(match opened {
            Ok(store) => {
                Opened { store: HostStore::Host(store.unchecked_into()), kind: StorageKind::Host, fallback: None }
            }
            Err(e) => memory(Some(StoreError::Unavailable(text(&e)))),
        })
    }
}

fn memory(fallback: Option<StoreError>) -> Opened<HostStore> {
    Opened { store: HostStore::Memory(MemoryStore::default()), kind: StorageKind::Memory, fallback }
}

/// A timer of the host; cancelled when dropped.
#[derive(Debug)]
pub struct HostTimer {
    cancel: Function,
    _callback: Closure<dyn FnMut()>,
}

impl Drop for HostTimer {
    fn drop(&mut self) {
        // A host whose cancel throws has nothing else to offer; the closure is gone either way.
        let _ = self.cancel.call0(&JsValue::UNDEFINED);
    }
}

/// A socket of the host; closed when dropped.
#[derive(Debug)]
pub struct HostSocket {
    socket: RawSocket,
    _handlers: Handlers,
}

#[derive(Debug)]
struct Handlers {
    _open: Closure<dyn Fn()>,
    _message: Closure<dyn Fn(Uint8Array)>,
    _close: Closure<dyn Fn(String)>,
}

impl Socket for HostSocket {
    fn send(&self, frame: &[u8]) -> Result<(), TransportError> {
        self.socket.send(Uint8Array::from(frame)).map_err(|e| TransportError(text(&e)))
    }
}

impl Drop for HostSocket {
    fn drop(&mut self) {
        let _ = self.socket.close(); // nobody is left to tell
    }
}

/// A store of the host, or memory where it refuses.
#[derive(Debug)]
#[expect(private_interfaces, reason = "the raw store is of no use to others")]
pub enum HostStore {
    /// The host's.
    Host(RawStore),
    /// Gone with the page.
    Memory(MemoryStore),
}

impl Drop for HostStore {
    fn drop(&mut self) {
        if let Self::Host(store) = self {
            let _ = store.shut(); // nobody is left to tell
        }
    }
}

fn failed(e: &JsValue) -> StoreError {
    if name(e) == "QuotaExceededError" { StoreError::Quota(text(e)) } else { StoreError::Failed(text(e)) }
}

impl Store for HostStore {
    async fn apply(&self, writes: &[Write]) -> Result<(), StoreError> {
        let store = match self {
            Self::Memory(store) => return store.apply(writes).await,
            Self::Host(store) => store,
        };
        let raw: Array = writes
            .iter()
            .map(|Write { table, key, value, until }| {
                let maybe =
                    |v: &Option<Vec<u8>>| v.as_ref().map_or(JsValue::UNDEFINED, |v| Uint8Array::from(&v[..]).into());
                let table = JsValue::from(*table as u32);
                Array::of4(&table, &Uint8Array::from(&key[..]), &maybe(value), &maybe(until))
            })
            .collect();
        let promise = store.apply(raw).map_err(|e| failed(&e))?;
        JsFuture::from(promise).await.map(|_| ()).map_err(|e| failed(&e))
    }

    async fn range(&self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let store = match self {
            Self::Memory(store) => return store.range(query).await,
            Self::Host(store) => store,
        };
        let to = Uint8Array::from(if query.to.is_empty() { &[0xff; 32][..] } else { &query.to[..] }); // above any key
        let limit = if query.limit == 0 { u32::MAX } else { query.limit };
        let from = Uint8Array::from(&query.from[..]);
        let promise = store.range(query.table as u32, from, to, limit, query.descending).map_err(|e| failed(&e))?;
        let rows: Array = JsFuture::from(promise).await.map_err(|e| failed(&e))?.unchecked_into();
        let bytes = |pair: &JsValue, at: u32| Uint8Array::new(&Array::from(pair).get(at)).to_vec();
        Ok(rows.iter().map(|pair| Row { key: bytes(&pair, 0), value: bytes(&pair, 1) }).collect())
    }
}
