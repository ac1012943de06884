//! Readiness comes of a heartbeat that writes: what takes no writing is not ready.

use std::time::Duration;

use dancu::kernel::Instant;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};

use crate::support::house::within;
use crate::support::{Backend, Installation, for_each_backend};

async fn status(installation: &Installation) -> (u16, String) {
    let answer = reqwest::get(format!("{}/health/ready", installation.url)).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_somebody_holds_the_databases_lock() {
    let backend = Backend::sqlite();
    let installation = Installation::start(&backend).await;
    within(Duration::from_secs(20), async || status(&installation).await == (200, "ready".to_owned())).await;
    let mut other = SqliteConnection::establish(backend.url().trim_start_matches("sqlite:")).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE").unwrap();
    let seen = within(Duration::from_secs(20), async || status(&installation).await.0 == 503).await;
    println!("a database that takes no writing was seen after {seen:?}");
    assert!(seen < Duration::from_secs(10), "{seen:?}");
    assert_eq!(status(&installation).await.1, "not_ready");
    other.batch_execute("ROLLBACK").unwrap();
    within(Duration::from_secs(20), async || status(&installation).await.0 == 200).await;
    installation.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_refuses_writing_is_seen_and_so_is_its_return() {
    for_each_backend(async |backend| {
        let installation = Installation::start(&backend).await;
        within(Duration::from_secs(20), async || status(&installation).await.0 == 200).await;
        // As a standby refuses: with the same error, at the same statement.
        let (refuse, allow) = if backend.is_postgres() {
            (
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 RAISE EXCEPTION 'cannot execute UPDATE in a read-only transaction' USING ERRCODE = '25006'; END $$; \
                 CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON heartbeats FOR EACH ROW EXECUTE FUNCTION refuse()",
                "DROP TRIGGER refuse ON heartbeats",
            )
        } else {
            (
                "CREATE TRIGGER refuse BEFORE UPDATE ON heartbeats \
                 BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END",
                "DROP TRIGGER refuse",
            )
        };
        backend.execute(refuse);
        let seen = within(Duration::from_secs(20), async || status(&installation).await.0 == 503).await;
        println!("{}: a database that refuses writing was seen after {seen:?}", backend.name());
        assert!(seen < Duration::from_secs(10), "{seen:?}");
        backend.execute(allow);
        within(Duration::from_secs(20), async || status(&installation).await.0 == 200).await;
        installation.stop().await;
    })
    .await;
}

#[derive(QueryableByName)]
struct Beat {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    at: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_one_row_and_wakes_nobody() {
    for_each_backend(async |backend| {
        let store = backend.store();
        store.write_heartbeat(9, Instant::from_micros(0)).await.unwrap();
        let mut changes = store.watch();
        changes.mark_unchanged();
        let commits = store.writer_stats().commits;
        for at in 1..=5 {
            store.write_heartbeat(9, Instant::from_micros(at)).await.unwrap();
        }
        assert_eq!(store.writer_stats().commits, commits + 5, "each is a commit");
        assert!(!changes.has_changed().unwrap(), "nothing that others read has changed");
        let rows = store.read(dancu::storage::Reach::Scan, |db| {
            Ok::<_, dancu::storage::StorageError>(
                diesel::sql_query("SELECT at FROM heartbeats WHERE slot = 9").load::<Beat>(db)?,
            )
        });
        assert_eq!(rows.await.unwrap().iter().map(|row| row.at).collect::<Vec<_>>(), [5]);
        store.close().await;
    })
    .await;
}
