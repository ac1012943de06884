//! The store when jobs fail, panic, or lose their connection.

use dancu::kernel::Instant;
use dancu::storage::{Reach, StorageError, insert_rows};
use diesel::{Connection, RunQueryDsl};

use super::notes::{Book, Fail, NewNote, add, ids, insert, log, notes, open, record};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_durable_and_seen_when_write_returns() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        add(&store, 1).await.unwrap();
        assert_eq!(ids(&store).await, [1]);
        store.write_heartbeat(7, Instant::from_micros(1)).await.unwrap();
        store.write_heartbeat(7, Instant::from_micros(2)).await.unwrap();
        store.close().await;
        assert!(matches!(add(&store, 2).await, Err(StorageError::Unavailable(_))));
        assert_eq!(ids(&backend.store()).await, [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failing_job_of_three_takes_nobody_with_it() {
    for_each_backend(async |backend| {
        let (store, book) = open(&backend).await;
        let hold = book.hold(&store).await;
        let first = store.write(|tx| {
            insert(tx.db()?, 1)?;
            Ok::<_, StorageError>(tx.append(record("first")))
        });
        let second = store.write(|tx| {
            insert(tx.db()?, 2)?;
            tx.append(record("second"));
            Err::<(), _>(StorageError::BrokenInvariant("changed its mind"))
        });
        let third = store.write(|tx| {
            insert(tx.db()?, 3)?;
            Ok::<_, StorageError>(tx.append(record("third")))
        });
        let (first, second, third, ()) = tokio::join!(first, second, third, hold.release());
        assert_eq!((first.unwrap().index(), third.unwrap().index()), (Some(0), Some(1)));
        assert!(matches!(second, Err(StorageError::BrokenInvariant(m)) if m == "changed its mind"));
        assert_eq!(ids(&store).await, [1, 3]);
        assert_eq!(log(&backend), ["first", "third"]);
        assert_eq!(book.told(), ["write 2", "committed"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_typed_and_its_records_are_dropped() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        add(&store, 1).await.unwrap();
        let again = store
            .write(|tx| {
                tx.append(record("never"));
                insert(tx.db()?, 1)
            })
            .await;
        assert!(matches!(again, Err(StorageError::Conflict(_))), "{again:?}");
        let orphan = store
            .write(|tx| {
                diesel::sql_query("INSERT INTO pages (note) VALUES (77)").execute(tx.db()?)?;
                Ok::<_, StorageError>(())
            })
            .await;
        assert!(matches!(orphan, Err(StorageError::Conflict(_))), "{orphan:?}");
        assert!(log(&backend).is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deferred_constraint_fails_its_own_job_at_commit() {
    for_each_backend(async |backend| {
        let (store, book) = open(&backend).await;
        let hold = book.hold(&store).await;
        let sound = store.write(|tx| {
            insert(tx.db()?, 1)?;
            Ok::<_, StorageError>(tx.append(record("sound")))
        });
        let orphan = store.write(|tx| {
            diesel::sql_query("INSERT INTO late_pages (note) VALUES (77)").execute(tx.db()?)?;
            tx.append(record("orphan"));
            Ok::<_, StorageError>(())
        });
        let appended = store.append(vec![record("a"), record("b")]);
        let (sound, orphan, appended, ()) = tokio::join!(sound, orphan, appended, hold.release());
        assert_eq!(sound.unwrap().index(), Some(0));
        assert!(matches!(orphan, Err(StorageError::Conflict(_))), "{orphan:?}");
        assert_eq!(appended.unwrap(), [1, 2]);
        assert_eq!(log(&backend), ["sound", "a", "b"]);
        assert_eq!(store.writer_stats().groups_apart, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_its_own_job_only() {
    for_each_backend(async |backend| {
        let (store, book) = open(&backend).await;
        let hold = book.hold(&store).await;
        let appended = store.append(vec![record("a")]);
        let panics = store.write(|tx| {
            insert(tx.db()?, 1)?;
            tx.append(record("never"));
            if tx.db().is_ok() {
                panic!("planted by the test");
            }
            Ok::<_, StorageError>(())
        });
        let sound = add(&store, 2);
        let (appended, panics, sound, ()) = tokio::join!(appended, panics, sound, hold.release());
        assert_eq!(appended.unwrap(), [0]);
        assert!(matches!(panics, Err(StorageError::BrokenInvariant(_))), "{panics:?}");
        sound.unwrap();
        assert_eq!(ids(&store).await, [2]);
        assert_eq!(log(&backend), ["a"]);
        add(&store, 3).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swallowed_error_cannot_become_a_lost_commit() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        add(&store, 1).await.unwrap();
        let swallowing = store
            .write(|tx| {
                insert(tx.db()?, 2)?;
                let _ = insert(tx.db()?, 1);
                Ok::<_, StorageError>(())
            })
            .await;
        assert!(matches!(swallowing, Err(StorageError::BrokenInvariant(_))), "{swallowing:?}");
        let in_bulk = store
            .bulk(|db| {
                insert(db, 2)?;
                let _ = insert(db, 1);
                Ok::<_, StorageError>(())
            })
            .await;
        assert!(matches!(in_bulk, Err(StorageError::BrokenInvariant(_))), "{in_bulk:?}");
        assert_eq!(ids(&store).await, [1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_rolled_back_by_a_nested_transaction_is_forgiven() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        add(&store, 1).await.unwrap();
        store
            .write(|tx| {
                let nested = tx.db()?.transaction(|db| insert(db, 1));
                assert!(matches!(nested, Err(StorageError::Conflict(_))));
                insert(tx.db()?, 2)
            })
            .await
            .unwrap();
        store
            .bulk(|db| {
                assert!(db.transaction(|db| insert(db, 1)).is_err());
                insert(db, 3)
            })
            .await
            .unwrap();
        assert_eq!(ids(&store).await, [1, 2, 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_in_order_and_records_keep_it() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        let tasks: Vec<_> = (0..600)
            .map(|i| {
                let store = store.clone();
                tokio::spawn(async move { (i, store.append(vec![record(&format!("{i}"))]).await.unwrap()[0]) })
            })
            .collect();
        let lines: Vec<String> = {
            let mut placed = Vec::new();
            for task in tasks {
                placed.push(task.await.unwrap());
            }
            placed.sort_by_key(|(_, index)| *index);
            assert!(placed.iter().map(|(_, index)| *index).eq(0..600));
            placed.into_iter().map(|(i, _)| i.to_string()).collect()
        };
        assert_eq!(log(&backend), lines);
        let stats = store.writer_stats();
        assert!(stats.jobs >= 600 && stats.commits < 600, "{stats:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_nothing_uncommitted_and_changes_nothing() {
    for_each_backend(async |backend| {
        let (store, book) = open(&backend).await;
        add(&store, 1).await.unwrap();
        let hold = book.hold_after_insert(&store, 2).await;
        assert_eq!(ids(&store).await, [1]);
        hold.release().await;
        add(&store, 3).await.unwrap();
        assert_eq!(ids(&store).await, [1, 2, 3]);
        for reach in [Reach::Key, Reach::Scan] {
            assert!(store.read(reach, |db| insert(db, 4)).await.is_err(), "{reach:?} must not write");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailer_that_fails_fails_the_group_and_hears_of_it() {
    for_each_backend(async |backend| {
        let (store, book) = open(&backend).await;
        for (fail, told) in [(Fail::Error, "rolled back"), (Fail::Panic, "rolled back"), (Fail::Swallow, "rolled back")]
        {
            book.fail_next(fail);
            let refused = store.append(vec![record("x")]).await;
            let refused = refused.unwrap_err();
            assert!(!refused.is_passing(), "{fail:?}: {refused:?}");
            assert_eq!(book.told(), ["write 1", told], "{fail:?}");
        }
        assert_eq!(store.append(vec![record("y")]).await.unwrap(), [0]);
        assert_eq!(log(&backend), ["y"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_need_a_trailer_and_it_is_installed_once() {
    for_each_backend(async |backend| {
        backend.execute(super::notes::SCHEMA);
        let store = backend.store();
        assert!(matches!(store.append(vec![record("x")]).await, Err(StorageError::BrokenInvariant(_))));
        let book = Book::default();
        store.install_trailer(Box::new(book.clone())).await.unwrap();
        assert!(store.install_trailer(Box::new(book)).await.is_err());
        assert_eq!(store.append(vec![record("x")]).await.unwrap(), [0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_go_in_at_once_or_not_at_all() {
    for_each_backend(async |backend| {
        let (store, _) = open(&backend).await;
        let rows =
            |from: i64| (from..from + 40_000).map(|id| NewNote { id, body: format!("{id}") }).collect::<Vec<_>>();
        let inserted =
            store.bulk(move |db| Ok::<_, StorageError>(insert_rows!(db, notes::table, &rows(0), columns = 2)?));
        assert_eq!(inserted.await.unwrap(), 40_000);
        let again =
            store.bulk(move |db| Ok::<_, StorageError>(insert_rows!(db, notes::table, &rows(39_999), columns = 2)?));
        assert!(matches!(again.await, Err(StorageError::Conflict(_))));
        assert_eq!(ids(&store).await, (0..40_000).collect::<Vec<_>>());
    })
    .await;
}
