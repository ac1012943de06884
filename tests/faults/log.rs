//! SQLite's write-ahead log under load, in bulk work and beside a long reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dancu::storage::{Db, Reach, StorageError, Store};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use tokio::task::JoinSet;

use super::notes::open;
use crate::support::Backend;

const MIB: u64 = 1 << 20;

fn replace(db: &mut Db, id: u64, kib: u64) -> Result<(), StorageError> {
    let sql = format!("INSERT OR REPLACE INTO notes (id, body) VALUES ({id}, hex(zeroblob({})))", kib << 9);
    diesel::sql_query(sql).execute(db)?;
    Ok(())
}

fn bytes(store: &Store) -> u64 {
    store.log_stats().expect("a SQLite store").bytes
}

/// Polls until the log is as it should be.
async fn until(store: &Store, what: &str, well: impl Fn(&Store) -> bool) {
    let since = Instant::now();
    while !well(store) {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}: {:?}", store.log_stats());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Readers that never rest, in statements that go `times` through the same rows: thrice takes some milliseconds,
/// as an import's own do.
async fn readers(store: &Store, ended: &Arc<AtomicBool>, times: u32) -> JoinSet<()> {
    store.bulk(|db| (0..20).try_for_each(|id| replace(db, id, 64))).await.unwrap();
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        let (store, ended) = (store.clone(), ended.clone());
        readers.spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                let read = store.read(Reach::Scan, move |db| {
                    let sql = format!(
                        "WITH RECURSIVE b (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM b WHERE i < {times}) \
                         SELECT sum(length(body)) FROM notes, b WHERE id < 20"
                    );
                    diesel::sql_query(sql).execute(db).map_err(StorageError::from)
                });
                read.await.unwrap();
            }
        });
    }
    readers
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_work_waits_for_the_log() {
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut reading = readers(&store, &ended, 3).await;
    let mut longest = 0;
    for id in 0..800 {
        store.bulk(move |db| replace(db, 100 + id % 20, 800)).await.unwrap();
        longest = longest.max(bytes(&store));
    }
    ended.store(true, Ordering::Relaxed);
    while reading.join_next().await.is_some() {}
    assert!(longest < 300 * MIB, "{} MiB of log", longest / MIB);
    store.close().await;
    assert!(bytes(&store) == 0, "{:?}", store.log_stats());
    eprintln!("640 MiB written: at most {} MiB of log", longest / MIB);
}

/// As questions of clients are: a few rows by their keys, and a change.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_short_under_load_and_is_cut_off_after() {
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    store.bulk(|db| (0..20).try_for_each(|id| replace(db, id, 4))).await.unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let mut reading = JoinSet::new();
    for number in 0..4_i64 {
        let (store, ended) = (store.clone(), ended.clone());
        reading.spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                let reach = if number % 2 == 0 { Reach::Key } else { Reach::Scan };
                let read = store.read(reach, move |db| {
                    diesel::sql_query(format!("SELECT length(body) FROM notes WHERE id = {number}"))
                        .execute(db)
                        .map_err(StorageError::from)
                });
                read.await.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    let mut longest = 0;
    for id in 0..4_000 {
        store.write(move |tx| replace(tx.db()?, 100 + id % 20, 100)).await.unwrap();
        longest = longest.max(bytes(&store));
    }
    ended.store(true, Ordering::Relaxed);
    while reading.join_next().await.is_some() {}
    eprintln!("400 MiB written: at most {} MiB of log", longest / MIB);
    assert!(longest < 128 * MIB, "{} MiB of log", longest / MIB);
    until(&store, "the log goes", |store| bytes(store) == 0).await;
}

/// There is no gap between one reader and the next, and none reads for long.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_short_beside_readers_that_never_pause() {
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    let ended = Arc::new(AtomicBool::new(false));
    let mut reading = readers(&store, &ended, 6).await;
    let began = Instant::now();
    let (mut longest, mut waits) = (0, Vec::new());
    for id in 0..1_024 {
        let since = Instant::now();
        store.write(move |tx| replace(tx.db()?, 100 + id % 20, 256)).await.unwrap();
        waits.push(since.elapsed());
        longest = longest.max(bytes(&store));
    }
    let took = began.elapsed();
    ended.store(true, Ordering::Relaxed);
    while reading.join_next().await.is_some() {}
    waits.sort_unstable();
    let (middle, late, last) = (waits[waits.len() / 2], waits[waits.len() * 99 / 100], waits[waits.len() - 1]);
    eprintln!("256 MiB written in {took:?}: at most {} MiB of log", longest / MIB);
    eprintln!("a write took {middle:?} in the middle, {late:?} at the 99th percentile, {last:?} at most");
    assert!(longest < 128 * MIB, "{} MiB of log", longest / MIB);
    until(&store, "the log goes", |store| bytes(store) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reader_is_told_of_and_its_log_goes_with_it() {
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    store.write(|tx| replace(tx.db()?, 0, 4)).await.unwrap();
    let mut backup = backend.connect();
    backup.batch_execute("BEGIN; SELECT count(*) FROM notes;").unwrap();
    for id in 0..100 {
        store.bulk(move |db| replace(db, id % 20, 800)).await.unwrap();
    }
    assert!(bytes(&store) > 64 * MIB, "what the reader may still want stays");
    let held = |store: &Store| store.log_stats().is_some_and(|log| log.held_for > Duration::ZERO);
    until(&store, "the reader is told of", held).await;
    // It holds the log, not those who write.
    store.write(|tx| replace(tx.db()?, 1, 4)).await.unwrap();
    backup.batch_execute("COMMIT").unwrap();
    until(&store, "the log goes", |store| bytes(store) == 0 && !held(store)).await;
    assert!(store.log_stats().is_some_and(|log| log.since_emptied < Duration::from_secs(60)));
}
