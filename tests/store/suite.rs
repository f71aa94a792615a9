//! What every store engine must do, written once and run on each.
use floo_wasm::ports::{Query, Row, Store, Table, Write};

fn put(table: Table, key: &[u8], value: &[u8]) -> Write {
    Write::put(table, key, value)
}

fn delete(table: Table, key: &[u8]) -> Write {
    Write::delete(table, key)
}

fn query(from: &[u8], to: &[u8], limit: u32, descending: bool) -> Query {
    Query { table: Table::Messages, from: from.into(), to: to.into(), limit, descending }
}

fn keys(rows: &[Row]) -> Vec<&[u8]> {
    rows.iter().map(|row| &row.key[..]).collect()
}

/// Runs on an empty store.
pub(crate) async fn conformance(store: &impl Store) {
    assert!(store.range(&Query::all(Table::Kv)).await.unwrap().is_empty());

    // Bytes come back as they went in, the empty value and all 256 bytes included.
    let all: Vec<u8> = (0..=255).collect();
    store.apply(&[put(Table::Kv, b"all", &all), put(Table::Kv, b"none", b"")]).await.unwrap();
    let rows = store.range(&Query::all(Table::Kv)).await.unwrap();
    assert_eq!(rows, [Row { key: b"all".into(), value: all }, Row { key: b"none".into(), value: vec![] },]);

    // A later write replaces, tables do not mix, a batch may touch several.
    store
        .apply(&[put(Table::Kv, b"all", b"1"), put(Table::Users, b"all", b"2"), delete(Table::Kv, b"none")])
        .await
        .unwrap();
    assert_eq!(store.range(&Query::all(Table::Kv)).await.unwrap(), [Row { key: b"all".into(), value: b"1".into() }]);
    assert_eq!(store.range(&Query::all(Table::Users)).await.unwrap()[0].value, b"2");

    // Deleting what is not there is fine.
    store.apply(&[delete(Table::Groups, b"nobody")]).await.unwrap();
    store.apply(&[]).await.unwrap();

    // Keys are ordered by their bytes, shorter before longer, 0x7f before 0x80.
    let sorted: [&[u8]; 6] = [&[0], &[1], &[1, 0], &[1, 0x7f], &[1, 0x80], &[0xff]];
    let writes: Vec<_> = [3, 0, 5, 2, 4, 1].map(|at| put(Table::Messages, sorted[at], &[at as u8])).into();
    store.apply(&writes).await.unwrap();
    let rows = store.range(&Query::all(Table::Messages)).await.unwrap();
    assert_eq!(keys(&rows), sorted);

    // Ranges are half open, limits count from the side asked for.
    let rows = store.range(&query(&[1], &[1, 0x80], 0, false)).await.unwrap();
    assert_eq!(keys(&rows), sorted[1..4]);
    let rows = store.range(&query(&[1], &[0xff], 2, false)).await.unwrap();
    assert_eq!(keys(&rows), sorted[1..3]);
    let rows = store.range(&query(&[0], &[0xff], 3, true)).await.unwrap();
    assert_eq!(keys(&rows), [sorted[4], sorted[3], sorted[2]]);
    assert_eq!(rows[0].value, [4]);
    let rows = store.range(&query(&[1], &[], 0, true)).await.unwrap();
    assert_eq!(keys(&rows), [sorted[5], sorted[4], sorted[3], sorted[2], sorted[1]]);
    assert!(store.range(&query(&[2], &[3], 0, true)).await.unwrap().is_empty());

    // An empty range is empty, whichever way round it is, and clearing it clears nothing.
    for (from, to) in [([1], [1]), ([2], [1])] {
        for descending in [false, true] {
            assert!(store.range(&query(&from, &to, 0, descending)).await.unwrap().is_empty());
        }
        store.apply(&[Write::clear(Table::Messages, from, to), put(Table::Kv, b"beside", b"1")]).await.unwrap();
    }
    assert_eq!(store.range(&Query::all(Table::Messages)).await.unwrap().len(), sorted.len());

    // A range is cleared half open, before the other writes of its batch, and in its own table only.
    store
        .apply(&[
            put(Table::Messages, &[1, 0x10], b"new"),
            put(Table::Users, &[1], b"kept"),
            Write::clear(Table::Messages, [1], [1, 0x80]),
        ])
        .await
        .unwrap();
    let rows = store.range(&Query::all(Table::Messages)).await.unwrap();
    assert_eq!(keys(&rows), [sorted[0], &[1, 0x10], sorted[4], sorted[5]]);
    assert!(store.range(&Query::all(Table::Users)).await.unwrap().iter().any(|row| row.key == [1]));

    // A large batch is one batch.
    let many: Vec<_> = (0..500u32).map(|n| put(Table::Outbox, &n.to_be_bytes(), &n.to_be_bytes())).collect();
    store.apply(&many).await.unwrap();
    assert_eq!(store.range(&Query::all(Table::Outbox)).await.unwrap().len(), 500);
}
