//! What every store engine must do: the cases of `cases.json`, which JavaScript runs on its engine too
//! (`tests/js/store-cases.test.mjs`). Each case is a test of its own, so that it can be counted by engine.
use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use floo_wasm::ports::{Query, Row, Store, Table, Write};
use serde_json::Value;

const CASES: &str = include_str!("cases.json");

/// An engine: opens stores by name, the same content under the same name.
pub(crate) trait Engine {
    type Store: Store;
    async fn open(&self, name: &str) -> Self::Store;
}

/// Makes a test of each case: `$test` is its attribute, `$run` runs one by its name.
#[macro_export]
macro_rules! store_cases {
    ($(#[$test:meta])* $run:path, $($async:tt)?) => {
        $crate::store_cases!(@ [$(#[$test])*] $run, [$($async)?]
            bytes_come_back_as_they_went_in
            unicode_comes_back
            a_later_write_replaces
            tables_do_not_mix
            deleting_takes_one_row_and_what_is_not_there_is_no_trouble
            an_empty_batch_changes_nothing
            keys_are_ordered_by_their_bytes
            ranges_are_half_open_up_and_down
            limits_count_from_the_side_asked_for
            an_empty_range_is_empty_whichever_way_round
            what_begins_alike_is_a_range
            clearing_takes_a_half_open_range_of_its_table_before_the_other_writes
            a_batch_is_seen_whole_or_not_at_all
            a_large_batch_is_one_batch
            a_large_row_comes_back
            opened_again_it_has_everything
            two_stores_stand_side_by_side
        );
    };
    (@ $test:tt $run:path, $async:tt $($name:ident)*) => {
        $($crate::store_cases!(@one $test $run, $async $name);)*
        /// The list of names here is that of `cases.json`.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
    (@one [$(#[$test:meta])*] $run:path, [] $name:ident) => {
        $(#[$test])* fn $name() { $run(stringify!($name)); }
    };
    (@one [$(#[$test:meta])*] $run:path, [async] $name:ident) => {
        $(#[$test])* async fn $name() { $run(stringify!($name)).await; }
    };
}

/// The names of all cases.
pub(crate) fn names() -> Vec<String> {
    let cases: serde_json::Map<String, Value> = serde_json::from_str(CASES).unwrap();
    cases.keys().cloned().collect()
}

/// Text, bytes as numbers, or so many counted bytes.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Array(numbers) => numbers.iter().map(|n| u8::try_from(n.as_u64().unwrap()).unwrap()).collect(),
        other => (0..other["bytes"].as_u64().unwrap()).map(|n| n as u8).collect(),
    }
}

fn table(value: &Value) -> Table {
    Table::ALL.into_iter().find(|table| Some(table.name()) == value.as_str()).unwrap()
}

fn writes(value: &Value) -> Vec<Write> {
    if let Some(many) = value.get("many") {
        let row = |n: u64| Write::put(table(&many[0]), (n as u32).to_be_bytes(), (n as u32).to_be_bytes());
        return (0..many[1].as_u64().unwrap()).map(row).collect();
    }
    let write = |write: &Value| match (write[0].as_str().unwrap(), table(&write[1]), bytes(&write[2])) {
        ("put", table, key) => Write::put(table, key, bytes(&write[3])),
        ("delete", table, key) => Write::delete(table, key),
        (_, table, key) => Write::clear(table, key, bytes(&write[3])),
    };
    value.as_array().unwrap().iter().map(write).collect()
}

fn query(value: &Value) -> Query {
    let mut query = Query::all(table(&value[0]));
    if value.get(1).is_some() {
        query.from = bytes(&value[1]);
        query.to = bytes(&value[2]);
        query.limit = u32::try_from(value[3].as_u64().unwrap()).unwrap();
        query.descending = value[4] == "down";
    }
    query
}

/// Both, at the same time.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut left, mut right) = (None, None);
    std::future::poll_fn(move |cx| {
        if left.is_none()
            && let Poll::Ready(out) = a.as_mut().poll(cx)
        {
            left = Some(out);
        }
        if right.is_none()
            && let Poll::Ready(out) = b.as_mut().poll(cx)
        {
            right = Some(out);
        }
        match (left.take(), right.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (left, right) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Runs a case on two empty stores of these names.
pub(crate) async fn run(engine: &impl Engine, case: &str, names: [&str; 2]) {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut stores = [Some(engine.open(names[0]).await), Some(engine.open(names[1]).await)];
    let mut at = 0;
    for (number, step) in cases[case].as_array().unwrap().iter().enumerate() {
        let what = format!("{case}, step {number}");
        if step.get("other").is_some() {
            at = 1 - at;
            continue;
        }
        if step.get("reopen").is_some() {
            drop(stores[at].take());
            stores[at] = Some(engine.open(names[at]).await);
            continue;
        }
        let store = stores[at].as_ref().unwrap();
        if let Some(value) = step.get("apply") {
            let writes = writes(value);
            if let Some(beside) = step.get("meanwhile") {
                let all = Query::all(table(beside));
                let (done, rows) = both(store.apply(&writes), store.range(&all)).await;
                done.unwrap();
                let count = Value::from(rows.unwrap().len());
                assert!(step["counts"].as_array().unwrap().contains(&count), "{what}: {count} rows");
            } else {
                store.apply(&writes).await.unwrap();
            }
        }
        if let Some(value) = step.get("read") {
            let expected = step["gives"].as_array().unwrap().iter();
            let expected: Vec<_> = expected.map(|row| Row { key: bytes(&row[0]), value: bytes(&row[1]) }).collect();
            assert!(store.range(&query(value)).await.unwrap() == expected, "{what}");
        }
        if let Some(value) = step.get("count") {
            let rows = store.range(&Query::all(table(&value[0]))).await.unwrap();
            assert_eq!(Value::from(rows.len()), value[1], "{what}");
        }
    }
}
