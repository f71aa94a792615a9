//! The browser adapters in real browsers: store, socket, requests, clock, randomness.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may
#![cfg(target_arch = "wasm32")]

#[cfg(feature = "crypto")]
#[path = "../protocol/sealed.rs"]
mod sealed;
#[path = "../store/suite.rs"]
mod suite;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use floo_wasm::adapters::web::{IndexedDb, WebPlatform};
use floo_wasm::ports::{Platform, Query, Request, Socket, SocketEvent, StorageKind, Store, Table, Write};
use js_sys::Promise;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn fresh_name(what: &str) -> String {
    let mut random = [0; 8];
    WebPlatform::default().fill_random(&mut random).unwrap();
    format!("floo-test/{what}/{}", u64::from_le_bytes(random))
}

/// Waits until something calls back.
async fn signal() -> (Rc<dyn Fn()>, JsFuture) {
    let resolve = Rc::new(RefCell::new(None));
    let kept = resolve.clone();
    let promise = Promise::new(&mut |ok, _| {
        kept.replace(Some(ok));
    });
    let call = move || {
        if let Some(ok) = resolve.take() {
            ok.call0(&wasm_bindgen::JsValue::UNDEFINED).unwrap();
        }
    };
    (Rc::new(call), JsFuture::from(promise))
}

#[wasm_bindgen_test]
async fn indexeddb_keeps_the_contract() {
    suite::conformance(&IndexedDb::open(&fresh_name("suite")).await.unwrap()).await;
}

#[wasm_bindgen_test]
async fn indexeddb_keeps_what_was_written_when_it_is_opened_again() {
    let name = fresh_name("again");
    let write = Write::put(Table::Kv, [1], [2]);
    let first = IndexedDb::open(&name).await.unwrap();
    first.apply(std::slice::from_ref(&write)).await.unwrap();
    drop(first);
    let second = IndexedDb::open(&name).await.unwrap();
    assert_eq!(second.range(&Query::all(Table::Kv)).await.unwrap()[0].value, [2]);
}

#[wasm_bindgen_test]
async fn the_platform_opens_the_database_and_memory_when_asked_to() {
    let name = fresh_name("kinds");
    assert_eq!(WebPlatform::default().open(&name).await.unwrap().kind, StorageKind::IndexedDb);
    let memory = WebPlatform::new(true);
    let opened = memory.open(&name).await.unwrap();
    assert_eq!((opened.kind, opened.fallback), (StorageKind::Memory, None));
    let write = Write::put(Table::Kv, [1], [2]);
    opened.store.apply(&[write]).await.unwrap();
    let again = memory.open(&name).await.unwrap();
    assert_eq!(again.store.range(&Query::all(Table::Kv)).await.unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_closes_the_socket_and_fails_the_request() {
    let platform = WebPlatform::default();
    let (done, wait) = signal().await;
    let said = Rc::new(RefCell::new(Vec::new()));
    let log = said.clone();
    let socket = platform
        .connect(
            "ws://127.0.0.1:9/",
            Box::new(move |event| {
                log.borrow_mut().push(format!("{event:?}"));
                if matches!(event, SocketEvent::Closed(_)) {
                    done();
                }
            }),
        )
        .unwrap();
    assert!(socket.send(&[1]).is_err(), "not open yet");
    wait.await.unwrap();
    assert_eq!(said.borrow().len(), 1);
    let request = Request { method: "GET", url: "http://127.0.0.1:9/secret?x=1".into(), headers: vec![], body: None };
    let error = platform.request(request).await.unwrap_err();
    assert!(error.0.contains("127.0.0.1:9") && !error.0.contains("secret"), "{}", error.0);
}

#[wasm_bindgen_test]
fn a_bad_address_is_an_error_not_an_exception() {
    assert!(WebPlatform::default().connect("ws://127.0.0.1:99999/", Box::new(|_| {})).is_err());
}

#[wasm_bindgen_test]
async fn timers_fire_once_and_not_after_they_were_dropped() {
    let platform = WebPlatform::default();
    let fired = Rc::new(Cell::new(0));
    let (count, other) = (fired.clone(), fired.clone());
    let dropped = platform.after(0, Box::new(move || other.set(other.get() + 100)));
    drop(dropped);
    let (done, wait) = signal().await;
    let start = platform.now();
    let _timer = platform.after(
        5,
        Box::new(move || {
            count.set(count.get() + 1);
            done();
        }),
    );
    wait.await.unwrap();
    assert_eq!(fired.get(), 1);
    assert!(platform.now() >= start);
}

#[wasm_bindgen_test]
fn random_bytes_differ() {
    let platform = WebPlatform::default();
    let (mut a, mut b) = ([0; 16], [0; 16]);
    platform.fill_random(&mut a).unwrap();
    platform.fill_random(&mut b).unwrap();
    assert_ne!(a, b);
}

#[cfg(feature = "crypto")]
#[wasm_bindgen_test]
fn encrypted_frames_are_what_another_implementation_makes_of_them() {
    sealed::frames_are_the_same_everywhere();
}
