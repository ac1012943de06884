//! The store when jobs fail, panic, or lose their connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dancu::storage::{Db, Reach, Record, Slot, StorageError, Store, Trailer};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryDsl, QueryableByName, RunQueryDsl};

use crate::support::{Backend, for_each_backend};

diesel::table! {
    notes (id) { id -> BigInt, body -> Text, }
}

const SCHEMA: &str = "CREATE TABLE notes (id BIGINT PRIMARY KEY, body TEXT NOT NULL);
                      CREATE TABLE log (position BIGINT PRIMARY KEY, body TEXT NOT NULL)";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_durable_and_seen_when_write_returns() {
    for_each_backend(async |backend| {
        backend.execute(SCHEMA);
        let store = backend.store();
        add(&store, 1).await.unwrap();
        assert_eq!(ids(&store).await, [1]);
        store.ping().await.unwrap();
        store.close().await;
        assert!(matches!(add(&store, 2).await, Err(StorageError::Unavailable(_))));
        assert_eq!(ids(&backend.store()).await, [1]);
    })
    .await;
}

async fn add(store: &Store, id: i64) -> Result<(), StorageError> {
    store.write(move |tx| insert(tx.db()?, id)).await
}

fn insert(db: &mut Db, id: i64) -> Result<(), StorageError> {
    use diesel::ExpressionMethods;
    diesel::insert_into(notes::table).values((notes::id.eq(id), notes::body.eq("x"))).execute(db)?;
    Ok(())
}

async fn ids(store: &Store) -> Vec<i64> {
    store
        .read(Reach::Key, |db| Ok::<_, StorageError>(notes::table.select(notes::id).order(notes::id).load(db)?))
        .await
        .unwrap()
}
