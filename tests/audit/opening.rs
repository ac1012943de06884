//! Which log a process writes: its own again, or a new one if it cannot be sure.

use std::time::Duration;

use dancu::audit::{Audit, AuditError};
use dancu::storage::Store;

use super::rig::Rig;
use crate::support::{Backend, for_each_backend};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_where_the_log_ended() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let mut next = 0;
        let mut log = None;
        // Across bundle boundaries, with and without a signature at the end.
        for (round, count) in [3_u128, 252, 1, 300, 0, 700].into_iter().enumerate() {
            let (store, audit) = rig.open().await;
            assert_eq!(*log.get_or_insert(audit.own_log()), audit.own_log());
            for receipt in audit.record_all(rig.entries(0..count, 1)).await.unwrap() {
                assert_eq!(receipt.log_index, next);
                next += 1;
            }
            if round % 2 == 0 { rig.stop(store, audit).await } else { rig.crash(store, audit).await }
        }
        let (_store, audit) = rig.open().await;
        assert!(audit.checkpoint(&audit.own_log()).await.unwrap().unwrap().contains("\n1256\n"));
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_logs"), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_folder_is_one_processes_alone() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, _audit) = rig.open().await;
        let second = backend.store();
        assert!(matches!(rig.try_open(&second, "state").await, Err(AuditError::Busy(_))));
    })
    .await;
}

/// Everything of the audit beyond `size`, gone: what restoring an older copy amounts to.
fn lose_entries_from(backend: &Backend, size: i64) {
    let base = 1_i64 << 40;
    backend.execute(&format!(
        "DELETE FROM audit_entries WHERE position >= {from}; DELETE FROM audit_lists WHERE position >= {from}; \
         UPDATE audit_logs SET size = {size}, checkpoint = '', checkpoint_size = 0; \
         DELETE FROM audit_tiles WHERE (tile + 1) * 256 > {size};",
        from = base + size
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_older_copy_closes_its_log_and_opens_a_new_one() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let old = audit.own_log();
        audit.record_all(rig.entries(0..100, 1)).await.unwrap();
        audit.record_all(rig.entries(100..400, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        rig.stop(store, audit).await;
        lose_entries_from(&backend, 100);

        let (store, audit) = rig.open().await;
        let new = audit.own_log();
        assert_ne!(new, old);
        assert_eq!(audit.record(rig.entry(1, &[1])).await.unwrap().log_index, 0);
        let logs = audit.logs().await.unwrap();
        assert_eq!(
            logs.iter().map(|log| (log.name.as_str(), log.open)).collect::<Vec<_>>(),
            [(&*old, false), (&*new, true)]
        );
        rig.stop(store, audit).await;
        // And it stays with the new one.
        let (_store, audit) = rig.open().await;
        assert_eq!(audit.own_log(), new);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_sqlite_file_put_back_is_an_older_copy() {
    let backend = Backend::sqlite();
    let rig = Rig::new(&backend);
    let (store, audit) = rig.open().await;
    let first = audit.own_log();
    audit.record(rig.entry(1, &[1])).await.unwrap();
    audit.sign_now().await.unwrap();
    rig.stop(store, audit).await;
    let copy = backend.dir().join("copy");
    backend.execute(&format!("VACUUM INTO '{}'", copy.display()));

    let (store, audit) = rig.open().await;
    audit.record(rig.entry(2, &[1])).await.unwrap();
    audit.sign_now().await.unwrap();
    rig.stop(store, audit).await;
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", backend.sqlite_path().display()));
    }
    // Not copied over: a reader that still lets go of the old file may have it mapped, and would find
    // its pages gone.
    std::fs::rename(&copy, backend.sqlite_path()).unwrap();

    let (_store, audit) = rig.open().await;
    assert_ne!(audit.own_log(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_other_entries_than_were_signed_is_left() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let old = audit.own_log();
        audit.record_all(rig.entries(0..10, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        rig.stop(store, audit).await;
        // The copy took another way from entry 5 on, and is even longer.
        lose_entries_from(&backend, 5);
        std::fs::rename(rig.state("state"), rig.state("aside")).unwrap();
        backend.execute("UPDATE audit_logs SET size = 0, state = 0");
        std::fs::create_dir(rig.state("state")).unwrap();
        std::fs::copy(rig.state("aside").join("holder"), rig.state("state").join("holder")).unwrap();
        backend.execute("DELETE FROM audit_entries; DELETE FROM audit_lists; DELETE FROM audit_data_keys");
        let (store, audit) = rig.open().await;
        assert_eq!(audit.own_log(), old);
        audit.record_all(rig.entries(50..70, 1)).await.unwrap();
        rig.stop(store, audit).await;
        std::fs::remove_dir_all(rig.state("state")).unwrap();
        std::fs::rename(rig.state("aside"), rig.state("state")).unwrap();

        let (_store, audit) = rig.open().await;
        assert_ne!(audit.own_log(), old);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_folder_means_a_new_log() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let old = audit.own_log();
        audit.record(rig.entry(1, &[1])).await.unwrap();
        rig.stop(store, audit).await;
        std::fs::remove_file(rig.state("state").join("checkpoint")).unwrap();
        let (_store, audit) = rig.open().await;
        assert_ne!(audit.own_log(), old);
        let damaged = rig.state("damaged");
        std::fs::create_dir(&damaged).unwrap();
        std::fs::write(damaged.join("checkpoint"), "nonsense").unwrap();
        assert!(matches!(rig.try_open(&backend.store(), "damaged").await, Err(AuditError::State(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_write_two_logs_and_serve_both() {
    let Some(backend) = Backend::postgres() else { return };
    let rig = Rig::new(&backend);
    let (one, two) = (backend.store(), backend.store());
    let first = rig.try_open(&one, "one").await.unwrap();
    let second = rig.try_open(&two, "two").await.unwrap();
    assert_ne!(first.own_log(), second.own_log());
    let write = async |audit: &Audit, from: u128| {
        for transaction in from..from + 40 {
            audit.record(rig.entry(transaction, &[1])).await.unwrap();
        }
    };
    tokio::join!(write(&first, 0), write(&second, 100));
    first.sign_now().await.unwrap();
    for log in [first.own_log(), second.own_log()] {
        let note = second.checkpoint(&log).await.unwrap().unwrap();
        assert!(note.starts_with(&format!("{}/{log}\n", super::rig::ORIGIN)));
    }
    let log = first.own_log();
    assert!(second.prove_inclusion(&log, 39, None).await.is_ok());
    let ever = dancu::kernel::Instant::from_micros(0)..dancu::kernel::Instant::from_micros(i64::MAX);
    let page = dancu::audit::Page { skip: 0, limit: 100 };
    let history = second.access_history(super::rig::citizen(1), ever, page).await.unwrap();
    assert_eq!(history.total, 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_at_once_each_keep_their_log() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let store = || backend.store();
        let (first_store, second_store) = (store(), store());
        let open = async |store: &Store| {
            let (keyring, clock, entropy) = (rig.keyring.clone(), rig.clock.clone(), rig.entropy.clone());
            Audit::open_for_command(store.clone(), keyring, rig.config("state"), clock, entropy).await.unwrap()
        };
        let first = open(&first_store).await;
        let log = first.own_log();
        let second = open(&second_store).await;
        first.record(rig.entry(1, &[1])).await.unwrap();
        second.record(rig.entry(2, &[2])).await.unwrap();
        assert_eq!(first.own_log(), log, "it is not taken from it");
        assert_ne!(second.own_log(), log);
        drop((first, second));
        first_store.close().await;
        second_store.close().await;
        let next = open(&store()).await;
        assert_eq!(next.own_log(), log, "the next command goes on with it");
        assert_eq!(rig.number("SELECT count(*) FROM audit_logs WHERE state <> 0"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_lease_writes_no_more_into_that_log() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let old = audit.own_log();
        audit.record(rig.entry(1, &[1])).await.unwrap();
        // Another process with a copy of the state folder claims the log.
        backend.execute("UPDATE audit_logs SET epoch = epoch + 1");
        let mut receipts = Vec::new();
        for transaction in 2..5 {
            // The group that meets the fence is refused, the next one finds a new log.
            if let Ok(receipt) = audit.record(rig.entry(transaction, &[1])).await {
                receipts.push(receipt);
            }
        }
        assert!(receipts.len() >= 2);
        assert!(receipts.iter().all(|receipt| *receipt.log != *old));
        assert_eq!(receipts[0].log_index, 0);
        assert_ne!(audit.own_log(), old);
        assert_eq!(rig.number("SELECT size FROM audit_logs WHERE log = 1"), 1);
        audit.sign_now().await.unwrap();
        assert!(audit.checkpoint(&audit.own_log()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_is_signed_soon_after_it_grows() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let store = backend.store();
        let mut config = rig.config("state");
        config.checkpoint_every = Duration::from_millis(50);
        let audit = rig.open_with(&store, config).await.unwrap();
        assert!(audit.checkpoint(&audit.own_log()).await.unwrap().unwrap().contains("\n0\n"));
        audit.record(rig.entry(1, &[1])).await.unwrap();
        let started = std::time::Instant::now();
        while !audit.checkpoint(&audit.own_log()).await.unwrap().unwrap().contains("\n1\n") {
            assert!(started.elapsed() < Duration::from_secs(10), "no checkpoint");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let outside = std::fs::read_to_string(rig.state("state").join("checkpoint")).unwrap();
        assert!(outside.contains("\n1\n"));
    })
    .await;
}
