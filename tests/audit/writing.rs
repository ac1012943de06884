//! Entries become durable in order, found again, and nothing personal rests in plain sight.

use dancu::audit::{Outcome, Page};
use dancu::crypto::KeyUse;
use dancu::kernel::{Instant, TransactionId};
use dancu::storage::StorageError;
use diesel::connection::SimpleConnection;

use super::rig::{Rig, citizen};
use crate::support::for_each_backend;
use crate::support::keys::Keys;

const EVER: std::ops::Range<Instant> = Instant::from_micros(0)..Instant::from_micros(i64::MAX);
const ALL: Page = Page { skip: 0, limit: 1000 };

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_found_by_receipt_transaction_and_person() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let receipt = audit.record(rig.entry(7, &[1, 2])).await.unwrap();
        assert_eq!((receipt.log.as_str(), receipt.log_index), (&*audit.own_log(), 0));
        let found = audit.find(&receipt).await.unwrap().expect("the entry");
        assert_eq!(found.subjects, [citizen(1), citizen(2)]);
        assert_eq!(found.entry.outcome, Outcome::Answered);
        assert_eq!(found.entry.officer.as_ref().unwrap().id, "cb-17");
        assert!(!found.canonical.contains(&citizen(1).to_string()));
        let by_transaction = audit.find_transaction(TransactionId(7_u128.to_be_bytes())).await.unwrap();
        assert_eq!(by_transaction, std::slice::from_ref(&found));
        for (subject, total) in [(1, 1), (2, 1), (7, 0), (3, 0)] {
            let history = audit.access_history(citizen(subject), EVER, ALL).await.unwrap();
            assert_eq!(history.total, total, "{subject}");
        }
        let nowhere = dancu::audit::Receipt { log: receipt.log.clone(), log_index: 1 };
        assert_eq!(audit.find(&nowhere).await.unwrap(), None);
        let nolog = dancu::audit::Receipt { log: "abc".into(), log_index: 0 };
        assert_eq!(audit.find(&nolog).await.unwrap(), None);
        audit.probe().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_get_every_index_once() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let tasks: Vec<_> = (0..40_u128)
            .map(|task| {
                let (audit, entries) = (audit.clone(), rig.entries(task * 100..task * 100 + 25, task % 5));
                tokio::spawn(async move {
                    let mut indexes = Vec::new();
                    for entry in entries {
                        let transaction = entry.transaction;
                        let receipt = audit.record(entry).await.unwrap();
                        let found = audit.find(&receipt).await.unwrap().unwrap();
                        assert_eq!(found.entry.transaction, transaction);
                        indexes.push(receipt.log_index);
                    }
                    indexes
                })
            })
            .collect();
        let mut indexes = Vec::new();
        for task in tasks {
            indexes.extend(task.await.unwrap());
        }
        indexes.sort_unstable();
        assert_eq!(indexes, (0..1000).collect::<Vec<u64>>());
        let history = audit.access_history(citizen(3), EVER, Page { skip: 10, limit: 20 }).await.unwrap();
        assert_eq!((history.total, history.entries.len()), (200, 20));
        let newest_first: Vec<_> = history.entries.iter().map(|e| std::cmp::Reverse(e.receipt.log_index)).collect();
        assert!(newest_first.is_sorted());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_change_and_its_entry_are_one() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        backend.execute("CREATE TABLE notes (id BIGINT PRIMARY KEY)");
        let (store, audit) = rig.open().await;
        let change = |entry: dancu::audit::Entry, fail: bool| {
            let audit = audit.clone();
            store.write(move |tx| {
                tx.db()?.batch_execute("INSERT INTO notes VALUES (1)").map_err(StorageError::from)?;
                let pending = audit.append(tx, &entry);
                assert!(pending.receipt().is_err());
                if fail { Err(StorageError::BrokenInvariant("no")) } else { Ok(pending) }
            })
        };
        assert!(change(rig.entry(1, &[1]), true).await.is_err());
        let pending = change(rig.entry(2, &[1]), false).await.unwrap();
        assert_eq!(pending.receipt().unwrap().log_index, 0);
        assert!(matches!(change(rig.entry(3, &[1]), false).await, Err(StorageError::Conflict(_))));
        assert_eq!(audit.record(rig.entry(4, &[1])).await.unwrap().log_index, 1);
        let receipts = audit.record_all(rig.entries(10..600, 1)).await.unwrap();
        assert_eq!(receipts.iter().map(|r| r.log_index).collect::<Vec<_>>(), (2..592).collect::<Vec<_>>());
        assert_eq!(audit.record_all(Vec::new()).await.unwrap(), []);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_entries"), 592);
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_tiles"), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_nothing_of_an_entry_in_plain_sight() {
    let backend = crate::support::Backend::sqlite();
    let rig = Rig::new(&backend);
    let (store, audit) = rig.open().await;
    audit.record_all(rig.entries(0..300, 1)).await.unwrap();
    audit.sign_now().await.unwrap();
    store.close().await;
    for file in ["dancu.db", "dancu.db-wal", "state/checkpoint"] {
        let Ok(bytes) = std::fs::read(backend.dir().join(file)) else { continue };
        for word in ["cb-17", "ubnd-x", "1.004222", "citizens.lookup", "portal"] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} in {file}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rotating_the_sealing_key_touches_data_keys_only() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let first = audit.record(rig.entry(1, &[1])).await.unwrap();
        let keys = Keys { store: &store, keyring: &rig.keyring, now: dancu::kernel::Clock::now(&*rig.clock) };
        let under = async |version| keys.of(&["audit_data_keys"], KeyUse::Seal, version).await;
        assert_eq!(under(1).await, 1);
        rig.keyring.rotate(KeyUse::Seal, &*rig.entropy, &*rig.clock).unwrap();
        rig.keyring.activate(KeyUse::Seal, &*rig.clock, std::time::Duration::ZERO).unwrap();
        let second = audit.record(rig.entry(2, &[1])).await.unwrap();
        assert_eq!(rig.number("SELECT COUNT(*) FROM audit_data_keys"), 2);
        assert_eq!(keys.renew().await, 1);
        assert_eq!((under(1).await, under(2).await), (0, 2));
        rig.keyring.retire(KeyUse::Seal, 1, 0, &*rig.clock).unwrap();
        for receipt in [first, second] {
            assert!(audit.find(&receipt).await.unwrap().is_some());
        }
    })
    .await;
}
