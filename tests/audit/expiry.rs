//! Entries go after their time; the tree and its proofs stay. Segments sort without losing any.

use std::time::Duration;

use dancu::audit::tree::{leaf_hash, verify_inclusion};
use dancu::audit::{AuditConfig, Page};
use dancu::kernel::Instant;

use super::rig::{Rig, citizen};
use crate::support::for_each_backend;

const EVER: std::ops::Range<Instant> = Instant::from_micros(0)..Instant::from_micros(i64::MAX);
const PAGE: Page = Page { skip: 0, limit: 3 };

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_gone_and_every_proof_still_holds() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let log = audit.own_log();
        let old = audit.record_all(rig.entries(0..600, 1)).await.unwrap();
        rig.clock.advance(AuditConfig::years(1));
        let young = audit.record_all(rig.entries(600..700, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        let before = audit.prove_inclusion(&log, 599, Some(700)).await.unwrap();

        rig.clock.advance(AuditConfig::years(4) + Duration::from_secs(1));
        audit.tidy_now().await.unwrap();
        audit.tidy_now().await.unwrap();
        assert_eq!(audit.find(&old[0]).await.unwrap(), None);
        assert_eq!(audit.find(&old[599]).await.unwrap(), None);
        assert!(audit.find(&young[0]).await.unwrap().is_some());
        assert_eq!(audit.access_history(citizen(1), EVER, PAGE).await.unwrap().total, 100);
        // 512 lie in complete bundles; the others keep their commitment until theirs is.
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_entries"), 88 + 100 + 1);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_entries WHERE length(body) > 0"), 100 + 1);
        assert_eq!(rig.number("SELECT expired_below FROM audit_logs"), 600);
        let after = audit.prove_inclusion(&log, 599, Some(700)).await.unwrap();
        assert_eq!((after.path.clone(), after.root), (before.path, before.root));
        assert!(verify_inclusion(&leaf_hash(&after.commitment), 599, 700, &after.path, &after.root));

        audit.record_all(rig.entries(700..1000, 1)).await.unwrap();
        audit.tidy_now().await.unwrap();
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_entries WHERE length(body) = 0"), 0);
        rig.stop(store, audit).await;
        let (_store, audit) = rig.open().await;
        assert_eq!(audit.own_log(), log);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_may_expire_and_the_log_goes_on() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let log = audit.own_log();
        audit.record_all(rig.entries(0..300, 1)).await.unwrap();
        for _ in 0..3 {
            rig.clock.advance(AuditConfig::years(6));
            audit.tidy_now().await.unwrap();
        }
        // The last sweep's own note.
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_entries WHERE length(body) > 0"), 1);
        audit.sign_now().await.unwrap();
        rig.stop(store, audit).await;
        let (_store, audit) = rig.open().await;
        assert_eq!(audit.record(rig.entry(1, &[1])).await.unwrap().log_index, 303);
        assert_eq!(audit.own_log(), log);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sorted_segment_leads_to_the_same_entries() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        for start in (0..66_000_u128).step_by(1000) {
            let entries = (start..start + 1000).map(|t| rig.entry(t, &[t % 1000 + 1, 5000])).collect();
            audit.record_all(entries).await.unwrap();
        }
        let histories = async || {
            let mut found = Vec::new();
            for subject in [1, 17, 536, 537, 1000] {
                found.push(audit.access_history(citizen(subject), EVER, PAGE).await.unwrap());
            }
            found
        };
        let before = histories().await;
        assert!(before.iter().all(|history| history.total == 66), "{:?}", before[0].total);
        audit.tidy_now().await.unwrap();
        assert_eq!(rig.number("SELECT sorted_below FROM audit_logs"), 65_536);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_finder"), 256);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_lists"), 1);
        assert_eq!(histories().await, before);
        let found = audit.find_transaction(dancu::kernel::TransactionId(65_530_u128.to_be_bytes())).await.unwrap();
        assert_eq!(found.len(), 1);

        rig.clock.advance(AuditConfig::years(6));
        audit.record(rig.entry(1, &[1])).await.unwrap();
        audit.tidy_now().await.unwrap();
        assert_eq!(audit.access_history(citizen(1), EVER, PAGE).await.unwrap().total, 1);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_lists"), 2);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_finder WHERE segment = 0"), 0);
    })
    .await;
}
