//! Commits of unknown outcome, in pairs: persisted and not. Neither may cost the log an index.

use dancu::audit::verify::{Known, verify_database};
use dancu::audit::{Audit, AuditError};
use dancu::kernel::TransactionId;
use dancu::storage::{StorageError, Store, StoreConfig};

use super::rig::Rig;
use crate::support::{Backend, Cut, Wire};

async fn wired(rig: &Rig<'_>, state: &str) -> (Wire, Store, Audit) {
    let (wire, url) = Wire::to(rig.backend.url());
    let store = Store::open(&StoreConfig { url, readers: 2 }).expect("the store opens");
    let audit = rig.try_open(&store, state).await.expect("the audit opens");
    (wire, store, audit)
}

async fn story(cut: Cut) {
    let Some(backend) = Backend::postgres() else { return };
    let rig = Rig::new(&backend);
    let (wire, store, audit) = wired(&rig, "state").await;
    let log = audit.own_log();
    let mut next = 0;
    // In the middle of a bundle, and over the edge of one.
    for (round, count) in [(1_u128, 3_u128), (2, 252), (3, 300)] {
        let before = audit.record_all(rig.entries(round * 1000..round * 1000 + count, 1)).await.unwrap();
        assert_eq!(before[0].log_index, next);
        next += count as u64;

        wire.cut(cut);
        let lost = audit.record_all(rig.entries(round * 1000 + 500..round * 1000 + 510, 1)).await;
        assert!(matches!(lost, Err(AuditError::Unavailable(StorageError::Unavailable(_)))), "{lost:?}");
        let persisted = cut == Cut::AfterCommit;
        next += if persisted { 10 } else { 0 };

        let after = audit.record(rig.entry(round * 1000 + 600, &[1])).await.unwrap();
        assert_eq!((&*after.log, after.log_index), (&*log, next));
        next += 1;
        let found = audit.find_transaction(TransactionId((round * 1000 + 505).to_be_bytes())).await.unwrap();
        assert_eq!(found.len(), usize::from(persisted));
    }
    assert!(store.writer_stats().in_doubt >= 3);
    audit.sign_now().await.unwrap();
    let report = verify_database(&store, &rig.keyring, &mut Known::default()).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.logs[0].size, next);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_failed_and_persisted_keeps_its_indexes() {
    story(Cut::AfterCommit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_failed_and_did_not_persist_leaves_no_gap() {
    story(Cut::BeforeCommit).await;
}

/// A failover to a standby that lacks the last commits: what was answered is not in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_behind_a_running_process_is_noticed() {
    let Some(backend) = Backend::postgres() else { return };
    let rig = Rig::new(&backend);
    let (wire, _store, audit) = wired(&rig, "state").await;
    let old = audit.own_log();
    audit.record_all(rig.entries(0..5, 1)).await.unwrap();
    audit.record_all(rig.entries(5..20, 1)).await.unwrap();
    // Unsigned as yet, but answered: the process knows how far the log was.
    wire.cut(Cut::BeforeCommit);
    assert!(audit.record(rig.entry(20, &[1])).await.is_err());
    let from = (1_i64 << 40) + 5;
    backend.execute(&format!(
        "DELETE FROM audit_entries WHERE position >= {from}; DELETE FROM audit_lists WHERE position >= {from}; \
         UPDATE audit_logs SET size = 5"
    ));
    let receipt = audit.record(rig.entry(21, &[1])).await.unwrap();
    assert_ne!(receipt.log, *old);
    assert_eq!(receipt.log_index, 0);
    let logs = audit.logs().await.unwrap();
    assert_eq!(logs.iter().map(|log| log.open).collect::<Vec<_>>(), [false, true]);
}
