//! The browser adapters in real browsers: store, socket, requests, clock, randomness.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation)] // a test may
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
use wasm_bindgen::JsCast as _;
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

struct Browser;

impl suite::Engine for Browser {
    type Store = IndexedDb;
    async fn open(&self, name: &str) -> IndexedDb {
        IndexedDb::open(name).await.unwrap()
    }
}

mod store_case {
    use super::{Browser, fresh_name, suite};

    async fn run(case: &str) {
        suite::run(&Browser, case, [&fresh_name(case), &fresh_name(case)]).await;
    }
    crate::store_cases!(
        #[wasm_bindgen_test::wasm_bindgen_test]
        run,
        async
    );
}

#[wasm_bindgen_test]
fn every_case_is_run() {
    assert_eq!(store_case::NAMES.len(), suite::names().len());
}

/// The tables of each earlier version of the schema.
const EARLIER: [&[Table]; 2] = [
    &[Table::Kv, Table::Conversations, Table::Messages, Table::Outbox, Table::Quarantine, Table::Users, Table::Groups],
    &[
        Table::Kv,
        Table::Conversations,
        Table::Messages,
        Table::Outbox,
        Table::Quarantine,
        Table::Users,
        Table::Groups,
        Table::Streams,
        Table::Applied,
        Table::Waiting,
        Table::Receipts,
        Table::Notices,
    ],
];

async fn other_version(name: &str, version: u32, tables: &[Table]) -> rexie::Rexie {
    let mut builder = rexie::Rexie::builder(name).version(version);
    for table in tables {
        builder = builder.add_object_store(rexie::ObjectStore::new(table.name()));
    }
    builder.build().await.unwrap()
}

#[wasm_bindgen_test]
async fn databases_of_earlier_versions_are_taken_over_with_their_rows() {
    for (version, tables) in (1..).zip(EARLIER) {
        let name = fresh_name("earlier");
        let db = other_version(&name, version, tables).await;
        let names: Vec<_> = tables.iter().map(|table| table.name()).collect();
        let transaction = db.transaction(&names, rexie::TransactionMode::ReadWrite).unwrap();
        for table in tables {
            let bytes = |n: u8| js_sys::Uint8Array::from(&[n, *table as u8][..]).into();
            transaction.store(table.name()).unwrap().put(&bytes(2), Some(&bytes(1))).await.unwrap();
        }
        transaction.done().await.unwrap();
        db.close();
        let store = IndexedDb::open(&name).await.unwrap();
        for table in Table::ALL {
            let rows = store.range(&Query::all(table)).await.unwrap();
            let kept = rows.iter().map(|row| (row.key[..].to_vec(), row.value[..].to_vec())).collect::<Vec<_>>();
            let expected =
                if tables.contains(&table) { vec![(vec![1, table as u8], vec![2, table as u8])] } else { vec![] };
            assert_eq!(kept, expected, "version {version}, {}", table.name());
            store.apply(&[Write::put(table, [7], [8])]).await.unwrap();
        }
    }
}

#[wasm_bindgen_test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let name = fresh_name("newer");
    other_version(&name, 99, &[Table::Kv]).await.close();
    let error = IndexedDb::open(&name).await.unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
    let db = rexie::Rexie::builder(&name).build().await.unwrap();
    assert_eq!((db.version().unwrap(), db.store_names()), (99, vec!["kv".to_owned()]));
    db.close();
}

#[wasm_bindgen_test]
async fn a_page_with_an_older_version_does_not_hold_us_for_ever() {
    let name = fresh_name("held");
    let open = format!(
        "new Promise((done) => {{ const open = indexedDB.open('{name}', 1); open.onsuccess = () => done(open.result); }})"
    );
    let old = JsFuture::from(js_sys::eval(&open).unwrap().unchecked_into::<Promise>()).await.unwrap();
    let error = IndexedDb::open(&name).await.unwrap_err();
    assert!(error.to_string().contains("older version"), "{error}");
    js_sys::Reflect::get(&old, &"close".into()).unwrap().unchecked_into::<js_sys::Function>().call0(&old).unwrap();
}

#[wasm_bindgen_test]
async fn a_page_of_this_version_makes_way_for_a_newer_one() {
    let name = fresh_name("way");
    let store = IndexedDb::open(&name).await.unwrap();
    other_version(&name, 99, &Table::ALL).await.close();
    let error = store.range(&Query::all(Table::Kv)).await.unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_made_again() {
    let store = IndexedDb::open(&fresh_name("lost")).await.unwrap();
    store.apply(&[Write::put(Table::Kv, [1], [2])]).await.unwrap();
    store.disconnect();
    assert_eq!(store.range(&Query::all(Table::Kv)).await.unwrap().len(), 1);
    store.disconnect();
    store.apply(&[Write::put(Table::Kv, [2], [3])]).await.unwrap();
    assert_eq!(store.range(&Query::all(Table::Kv)).await.unwrap().len(), 2);
}

/// Calls of `put` that abort their transaction, as Safari sometimes does by itself.
async fn aborting(times: u32, work: impl Future<Output = ()>) {
    let patch = format!(
        "let left = {times}; const proto = IDBObjectStore.prototype; const {{ put }} = proto;
         proto.put = function (...row) {{
           const request = put.apply(this, row);
           if (left-- > 0) this.transaction.abort();
           return request;
         }};
         const thrown = []; const hear = (event) => thrown.push(event.message);
         addEventListener('error', hear);
         () => {{ proto.put = put; removeEventListener('error', hear); return thrown.join(); }}"
    );
    let undo: js_sys::Function = js_sys::eval(&patch).unwrap().unchecked_into();
    work.await;
    assert_eq!(undo.call0(&wasm_bindgen::JsValue::UNDEFINED).unwrap(), "", "thrown in callbacks");
}

#[wasm_bindgen_test]
async fn an_aborted_transaction_is_done_again_and_two_are_an_error() {
    let store = IndexedDb::open(&fresh_name("aborted")).await.unwrap();
    let rows = || async { store.range(&Query::all(Table::Kv)).await.unwrap().len() };
    aborting(1, async {
        store.apply(&[Write::put(Table::Kv, [1], [2]), Write::put(Table::Kv, [2], [2])]).await.unwrap();
        assert_eq!(rows().await, 2);
    })
    .await;
    aborting(2, async {
        let error = store.apply(&[Write::put(Table::Kv, [3], [2])]).await.unwrap_err();
        assert!(error.to_string().contains("AbortError"), "{error}");
        assert_eq!(rows().await, 2);
        store.apply(&[Write::put(Table::Kv, [3], [2])]).await.unwrap();
        assert_eq!(rows().await, 3);
    })
    .await;
}

#[wasm_bindgen_test]
async fn a_deleted_database_is_an_error_and_made_again_for_later_writes() {
    let name = fresh_name("deleted");
    let store = IndexedDb::open(&name).await.unwrap();
    let delete = format!(
        "new Promise((done, failed) => {{
           const deletion = indexedDB.deleteDatabase('{name}');
           deletion.onsuccess = done; deletion.onerror = failed;
         }})"
    );
    store.apply(&[Write::put(Table::Kv, [1], [2])]).await.unwrap();
    JsFuture::from(js_sys::eval(&delete).unwrap().unchecked_into::<Promise>()).await.unwrap();
    let read = store.range(&Query::all(Table::Kv)).await.unwrap_err();
    let written = store.apply(&[Write::put(Table::Kv, [2], [2])]).await.unwrap_err();
    for error in [read, written] {
        assert!(error.to_string().contains("deleted"), "{error}");
    }
    assert!(store.range(&Query::all(Table::Kv)).await.unwrap().is_empty());
    store.apply(&[Write::put(Table::Kv, [2], [2])]).await.unwrap();
}

#[wasm_bindgen_test]
async fn the_platform_opens_the_database_and_memory_when_asked_to() {
    let name = fresh_name("kinds");
    assert_eq!(WebPlatform::default().open(&name).await.unwrap().kind, StorageKind::IndexedDb);
    let memory = WebPlatform::new(true, None);
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
            "ws://127.0.0.1:20009/",
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
    let request =
        Request { method: "GET", url: "http://127.0.0.1:20009/secret?x=1".into(), headers: vec![], body: None };
    let error = platform.request(request).await.unwrap_err();
    assert!(error.0.contains("127.0.0.1:20009") && !error.0.contains("secret"), "{}", error.0);
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
