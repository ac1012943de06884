use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dancu::citizens::change::ChangeKinds;
use dancu::citizens::model::Status;
use dancu::citizens::{Change, Reactor};
use dancu::storage::{StorageError, Tx};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::desk::{Desk, people};
use crate::support::house::within;
use crate::support::{Backend, for_each_backend};

/// Notes what it sees in a table of its own, as an upper room would.
struct Notes {
    broken: AtomicBool,
}

impl Reactor for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }
    fn wants(&self) -> ChangeKinds {
        ChangeKinds::STATUS
    }
    fn react(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError> {
        diesel::sql_query(format!("INSERT INTO notes VALUES ({})", change.seq)).execute(tx.db()?)?;
        if self.broken.load(Ordering::SeqCst) { Err(StorageError::BrokenInvariant("broken")) } else { Ok(()) }
    }
}

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

fn seen(backend: &Backend) -> Vec<i64> {
    let rows: Vec<Seen> = diesel::sql_query("SELECT seq FROM notes ORDER BY seq").load(&mut backend.connect()).unwrap();
    rows.into_iter().map(|row| row.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reactor_sees_each_change_it_wants_once_over_failures_replicas_and_restarts() {
    for_each_backend(async |backend| {
        const SOON: Duration = Duration::from_secs(10);
        backend.execute("CREATE TABLE notes (seq BIGINT NOT NULL)");
        let desk = Desk::open(&backend).await;
        let other = desk.twin(&backend).await;
        let reactor = || Arc::new(Notes { broken: AtomicBool::new(true) });
        let (first, second) = (reactor(), reactor());
        desk.citizens.register(first.clone());
        other.citizens.register(second.clone());
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(seen(&backend).is_empty(), "what failed has left nothing");
        assert!(desk.counted("reactor_notes_lag_changes") > 0);
        // The showcase has a dead and a missing citizen.
        first.broken.store(false, Ordering::SeqCst);
        second.broken.store(false, Ordering::SeqCst);
        within(SOON, async || seen(&backend).len() == 2).await;
        for citizen in &mut people()[..3] {
            citizen.status = Status::Missing;
            desk.put(citizen).await;
        }
        within(SOON, async || seen(&backend).len() >= 5).await;
        drop(desk);
        let mut citizen = people().remove(0);
        citizen.status = Status::Deceased;
        other.put(&citizen).await;
        within(SOON, async || seen(&backend).len() >= 6).await;
        let mut once = seen(&backend);
        assert_eq!(once.len(), 6);
        once.dedup();
        assert_eq!(once.len(), 6, "no change was reacted to twice");
        within(SOON, async || other.counted("reactor_notes_lag_changes") == 0).await;
    })
    .await;
}

/// Who waited for the other's cursor would hold up its whole commit group, and with it what the other may
/// be waiting for.
#[tokio::test(flavor = "multi_thread")]
async fn a_reactor_that_another_replica_runs_just_now_holds_nobody_up() {
    const SOON: Duration = Duration::from_secs(10);
    let Some(backend) = Backend::postgres() else { return };
    backend.execute("CREATE TABLE notes (seq BIGINT NOT NULL)");
    let desk = Desk::open(&backend).await;
    desk.citizens.register(Arc::new(Notes { broken: AtomicBool::new(false) }));
    within(SOON, async || seen(&backend).len() == 2).await;
    let mut other = backend.connect();
    other.batch_execute("BEGIN; SELECT seq FROM reactor_cursors WHERE name = 'notes' FOR UPDATE").unwrap();
    let mut citizens = people();
    for citizen in &mut citizens[..2] {
        citizen.status = Status::Missing;
        tokio::time::timeout(Duration::from_secs(3), desk.put(citizen)).await.expect("nobody waits");
        // Longer than a reactor waits before it looks.
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert_eq!(seen(&backend).len(), 2);
    other.batch_execute("ROLLBACK").unwrap();
    within(SOON, async || seen(&backend).len() == 4).await;
}
