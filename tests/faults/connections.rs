//! The store when its connections, its disk or its schema are not what they should be.

use std::time::Duration;

use dancu::storage::{OpenError, Reach, ServingLock, StorageError, Store, StoreConfig, migrate};
use diesel::RunQueryDsl;

use super::notes::{Fail, SCHEMA, add, ids, insert, log, open, record};
use crate::support::{Backend, for_each_backend};

#[tokio::test(flavor = "multi_thread")]
async fn killed_connections_cost_no_caller_an_error() {
    let Some(backend) = Backend::postgres() else { return };
    let (store, book) = open(&backend).await;
    add(&store, 1).await.unwrap();
    store.bulk(|db| insert(db, 2)).await.unwrap();
    assert_eq!(store.append(vec![record("a")]).await.unwrap(), [0]);
    let reads: Vec<_> = (0..3).map(|_| ids(&store)).collect();
    futures_util::future::join_all(reads).await;
    for round in 0..3_i64 {
        backend.kill_connections();
        tokio::time::sleep(Duration::from_millis(50)).await;
        add(&store, 10 + round).await.unwrap();
        store.bulk(move |db| insert(db, 20 + round)).await.unwrap();
        assert_eq!(store.append(vec![record("b")]).await.unwrap(), [round as u64 + 1]);
        for _ in 0..4 {
            assert_eq!(ids(&store).await.len() as i64, 2 + 2 * (round + 1));
        }
    }
    assert!(!book.told().contains(&"in doubt".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_within_a_group_costs_no_job() {
    let Some(backend) = Backend::postgres() else { return };
    let (store, book) = open(&backend).await;
    let hold = book.hold(&store).await;
    let cut = std::sync::atomic::AtomicBool::new(false);
    let first = store.write(move |tx| {
        tx.append(record("first"));
        insert(tx.db()?, 1)
    });
    let second = store.write(move |tx| {
        if !cut.swap(true, std::sync::atomic::Ordering::SeqCst) {
            diesel::sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(tx.db()?)?;
        }
        tx.append(record("second"));
        insert(tx.db()?, 2)
    });
    let third = store.append(vec![record("third")]);
    let (first, second, third, ()) = tokio::join!(first, second, third, hold.release());
    first.unwrap();
    second.unwrap();
    assert_eq!(third.unwrap(), [2]);
    assert_eq!(ids(&store).await, [1, 2]);
    assert_eq!(log(&backend), ["first", "second", "third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_unknown_outcome_is_told_as_such() {
    let Some(backend) = Backend::postgres() else { return };
    let (store, book) = open(&backend).await;
    // The server's process is ended after the trailer wrote, before COMMIT.
    book.fail_next(Fail::CutLater);
    let lost = store.append(vec![record("x")]).await;
    assert!(matches!(lost, Err(StorageError::Unavailable(_))), "{lost:?}");
    assert_eq!(book.told(), ["write 1", "in doubt"]);
    assert_eq!(store.writer_stats().in_doubt, 1);
    assert_eq!(store.append(vec![record("y")]).await.unwrap(), [0]);
    assert_eq!(log(&backend), ["y"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_tried_again_not_told() {
    let Some(backend) = Backend::postgres() else { return };
    let (store, book) = open(&backend).await;
    add(&store, 1).await.unwrap();
    add(&store, 2).await.unwrap();
    let lock = |id: i64| format!("UPDATE notes SET body = body || '.' WHERE id = {id}");
    let other = backend.store();
    // The other replica's bulk transaction takes 2, then 1; the writer takes 1, then 2.
    let crossing = other.bulk(move |db| {
        diesel::sql_query(lock(2)).execute(db)?;
        std::thread::sleep(Duration::from_millis(300));
        diesel::sql_query(lock(1)).execute(db)?;
        Ok::<_, StorageError>(())
    });
    let hold = book.hold(&store).await;
    let ours = store.write(move |tx| {
        diesel::sql_query(lock(1)).execute(tx.db()?)?;
        std::thread::sleep(Duration::from_millis(300));
        diesel::sql_query(lock(2)).execute(tx.db()?)?;
        Ok::<_, StorageError>(tx.append(record("ours")))
    });
    let (crossing, ours, ()) = tokio::join!(crossing, ours, hold.release());
    crossing.unwrap();
    assert_eq!(ours.unwrap().index(), Some(0));
    let dots: i64 = store
        .read(Reach::Key, |db| {
            #[derive(diesel::QueryableByName)]
            struct Dots {
                #[diesel(sql_type = diesel::sql_types::BigInt)]
                dots: i64,
            }
            let sum = "SELECT CAST(sum(length(body)) AS BIGINT) AS dots FROM notes";
            Ok::<_, StorageError>(diesel::sql_query(sum).get_result::<Dots>(db)?.dots)
        })
        .await
        .unwrap();
    assert_eq!(dots, 2 + 4, "each update was made once");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_other_processes_are_heard_of_within_a_second() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        let other = backend.store();
        let mut changes = store.watch();
        tokio::time::sleep(Duration::from_millis(250)).await;
        changes.mark_unchanged();
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert!(!changes.has_changed().unwrap(), "silence does not tick");
        let since = std::time::Instant::now();
        add(&other, 1).await.unwrap();
        tokio::time::timeout(Duration::from_secs(1), changes.changed()).await.unwrap().unwrap();
        println!("{}: heard after {:?}", backend.name(), since.elapsed());
        assert_eq!(ids(&store).await, [1]);
        assert!(store.link_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_link_is_admitted_and_found_again() {
    let Some(backend) = Backend::postgres() else { return };
    let (store, _) = open(&backend).await;
    let mut changes = store.watch();
    changes.mark_unchanged();
    backend.kill_connections();
    tokio::time::timeout(Duration::from_secs(3), changes.changed()).await.unwrap().unwrap();
    let found = async {
        while !store.link_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), found).await.unwrap();
    let other = backend.store();
    tokio::time::sleep(Duration::from_millis(100)).await;
    changes.mark_unchanged();
    add(&other, 1).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), changes.changed()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_a_sqlite_file_fairly() {
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    let import = backend.store();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let importing = tokio::spawn({
        let done = done.clone();
        async move {
            let mut slices = 0_i64;
            while !done.load(std::sync::atomic::Ordering::SeqCst) {
                import
                    .bulk(move |db| {
                        insert(db, 1_000_000 + slices)?;
                        std::thread::sleep(Duration::from_millis(5));
                        Ok::<_, StorageError>(())
                    })
                    .await
                    .unwrap();
                slices += 1;
            }
            slices
        }
    });
    let mut waits = Vec::new();
    for i in 0..50 {
        let since = std::time::Instant::now();
        store.append(vec![record(&i.to_string())]).await.unwrap();
        waits.push(since.elapsed());
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    let slices = importing.await.unwrap();
    waits.sort();
    println!("{slices} slices of 5 ms beside 50 appends; an append took {:?}, at most {:?}", waits[25], waits[49]);
    assert!(waits[45] < Duration::from_millis(500), "{waits:?}");
    assert_eq!(log(&backend).len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_unavailable_and_passes() {
    let backend = Backend::sqlite();
    let (store, book) = open(&backend).await;
    add(&store, 1).await.unwrap();
    // A limit on pages answers as a full disk does.
    limit_pages(&store, 1).await;
    let refused = store
        .write(|tx| {
            let sql = "INSERT INTO notes (id, body) VALUES (7, hex(zeroblob(100000)))";
            diesel::sql_query(sql).execute(tx.db()?)?;
            Ok::<_, StorageError>(())
        })
        .await;
    assert!(matches!(refused, Err(StorageError::DiskFull(_))), "{refused:?}");
    let long = "y".repeat(100_000);
    let refused = store.append(vec![record(&long)]).await;
    assert!(matches!(refused, Err(StorageError::DiskFull(_))), "{refused:?}");
    assert_eq!(book.told(), ["write 1", "rolled back"]);
    limit_pages(&store, 1_000_000).await;
    assert_eq!(store.append(vec![record(&long)]).await.unwrap(), [0]);
    assert_eq!(ids(&store).await, [1]);
}

async fn limit_pages(store: &Store, pages: u32) {
    // SQLite raises the limit to what the file has; outside of any transaction it holds for the connection.
    let sql = format!("PRAGMA max_page_count = {pages}");
    store
        .write(move |tx| {
            diesel::connection::SimpleConnection::batch_execute(tx.db()?, &sql)?;
            Ok::<_, StorageError>(())
        })
        .await
        .unwrap();
}

#[test]
fn only_a_known_scheme_and_an_existing_database_open() {
    let open = |url: &str| Store::open(&StoreConfig { url: url.to_owned(), readers: 2 }).map(drop);
    let backend = Backend::empty_sqlite();
    for url in ["mysql://localhost/x", "dancu.db", "", "sqlite:"] {
        assert!(matches!(open(url), Err(OpenError::Url(_))), "{url}");
    }
    assert!(matches!(open("postgres://db.example/dancu"), Err(OpenError::PlainText(_))));
    assert!(matches!(open(backend.url()), Err(OpenError::Missing(_))));
    assert!(!backend.sqlite_path().exists(), "asking did not make a file");
    let nobody = "postgres://postgres@127.0.0.1:1/postgres";
    assert!(matches!(open(nobody), Err(OpenError::Unavailable(_))));
    assert!(!std::path::Path::new(nobody).exists());
    let nowhere = format!("sqlite:{}/no/such/dir/dancu.db", backend.dir().display());
    assert!(matches!(migrate::run(&nowhere), Err(OpenError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_must_be_this_programs() {
    for backend in std::iter::once(Backend::empty_sqlite()).chain(Backend::empty_postgres()) {
        let open = || Store::open(&backend.config()).map(drop);
        if backend.is_postgres() {
            assert!(matches!(open(), Err(OpenError::Older(missing)) if missing[0] == "0000_store"));
        }
        let applied = migrate::run(backend.url()).unwrap();
        assert_eq!(applied[0], "0000_store");
        assert!(migrate::run(backend.url()).unwrap().is_empty(), "a second run has nothing to do");
        let status = migrate::status(backend.url()).unwrap();
        assert_eq!((&status.applied, status.pending.len(), status.unknown.len()), (&applied, 0, 0));
        open().unwrap();

        let identity = backend.store().identity();
        assert_eq!(identity, backend.store().identity());
        assert_ne!(identity, [0; 16]);

        let last = applied.last().unwrap().split('_').next().unwrap().to_owned();
        backend.execute(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{last}'"));
        assert!(matches!(open(), Err(OpenError::Older(missing)) if missing == [applied.last().unwrap().clone()]));
        backend.execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{last}'), ('9999')"));
        assert!(matches!(open(), Err(OpenError::Newer(unknown)) if unknown == ["9999"]));
        assert!(matches!(migrate::run(backend.url()), Err(OpenError::Newer(_))));
    }
}

#[test]
fn migrations_bear_the_same_names_on_both_backends() {
    let names = |backend: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                assert!(path.join("up.sql").is_file() && path.join("down.sql").is_file(), "{path:?}");
                path.file_name().unwrap().to_str().unwrap().to_owned()
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let mut versions: Vec<String> = names("sqlite").iter().map(|n| n.split('_').next().unwrap().to_owned()).collect();
    versions.dedup();
    assert_eq!(versions.len(), names("sqlite").len(), "two migrations bear the same number");
}

#[test]
fn one_process_serves_a_sqlite_store() {
    let backend = Backend::sqlite();
    let lock = ServingLock::take(backend.url()).unwrap();
    assert!(lock.is_exclusive());
    assert!(matches!(ServingLock::take(backend.url()), Err(OpenError::AlreadyServed(_))));
    drop(lock);
    ServingLock::take(backend.url()).unwrap();
    assert!(!ServingLock::take("postgres://localhost/x").unwrap().is_exclusive());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let backend = Backend::sqlite();
    let (store, _) = open(&backend).await;
    add(&store, 1).await.unwrap();
    for entry in std::fs::read_dir(backend.dir()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_database_is_unavailable_not_empty() {
    let backend = Backend::sqlite();
    backend.execute(SCHEMA);
    let store = backend.store();
    store.close().await;
    drop(store);
    std::fs::remove_file(backend.sqlite_path()).unwrap();
    assert!(matches!(Store::open(&backend.config()), Err(OpenError::Missing(_))));
}
