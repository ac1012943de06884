//! `dancu audit verify` notices whatever is done to a log behind the service's back.

use dancu::audit::verify::{Fault, Known, Report, ServedLog, verify_database, verify_served};
use dancu::audit::{Audit, AuditConfig};
use dancu::storage::Store;

use super::rig::Rig;
use crate::support::{Backend, for_each_backend};

const BASE: i64 = 1 << 40;

type Expected = fn(&Fault) -> bool;
/// What somebody on the way makes of the answer at a path.
type Change = fn(&str, Option<Vec<u8>>) -> Option<Vec<u8>>;

async fn verify(rig: &Rig<'_>, store: &Store, known: &mut Known) -> Report {
    verify_database(store, &rig.keyring, known).await.expect("a report")
}

fn faults(report: &Report) -> Vec<Fault> {
    report.logs.iter().flat_map(|log| log.faults.clone()).collect()
}

/// A log of 700 entries, signed, and what was seen of it at 300.
async fn written(rig: &Rig<'_>) -> (Store, Audit, Known) {
    let (store, audit) = rig.open().await;
    let mut known = Known::read(&rig.state("known")).unwrap();
    audit.record_all(rig.entries(0..300, 1)).await.unwrap();
    audit.sign_now().await.unwrap();
    assert!(verify(rig, &store, &mut known).await.is_sound());
    audit.record_all(rig.entries(300..700, 2)).await.unwrap();
    audit.sign_now().await.unwrap();
    (store, audit, known)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_log_is_sound_and_remembered() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit, _) = written(&rig).await;
        audit.record_all(rig.entries(700..720, 2)).await.unwrap();
        let mut known = Known::read(&rig.state("known")).unwrap();
        let report = verify(&rig, &store, &mut known).await;
        assert_eq!(faults(&report), []);
        let log = &report.logs[0];
        assert_eq!((log.size, log.opened, log.expired, log.signed), (720, 720, 0, 700));
        assert_eq!(log.consistent_with, Some(300));
        assert!(Known::read(&rig.state("known")).unwrap().logs[&*audit.own_log()].note.contains("\n700\n"));
        let shown = report.to_string();
        assert!(shown.contains("ok, 720 entries"), "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_expired_entries_is_sound() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit, mut known) = written(&rig).await;
        rig.clock.advance(AuditConfig::years(6));
        audit.record_all(rig.entries(700..720, 2)).await.unwrap();
        audit.tidy_now().await.unwrap();
        audit.sign_now().await.unwrap();
        let report = verify(&rig, &store, &mut known).await;
        assert_eq!(faults(&report), []);
        assert_eq!((report.logs[0].opened, report.logs[0].expired), (21, 700));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sorted_log_is_sound_and_its_trails_are_checked() {
    let backend = Backend::sqlite();
    let rig = Rig::new(&backend);
    let (store, audit) = rig.open().await;
    for start in (0..66_000_u128).step_by(2000) {
        audit.record_all(rig.entries(start..start + 2000, start / 100)).await.unwrap();
    }
    audit.tidy_now().await.unwrap();
    audit.sign_now().await.unwrap();
    let mut known = Known::default();
    assert_eq!(faults(&verify(&rig, &store, &mut known).await), []);
    backend.execute("UPDATE audit_finder SET items = substr(items, 21) WHERE bucket = 0");
    assert!(matches!(faults(&verify(&rig, &store, &mut known).await)[..], [Fault::TrailChanged(_), ..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tampering_is_told() {
    let at = |index: i64| BASE + index;
    let swap = |table: &str, column: &str, one: i64, two: i64| {
        format!(
            "UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE position = {}) WHERE position = {}",
            at(two),
            at(one)
        )
    };
    let stories: Vec<(&str, String, Expected)> = vec![
        ("a body of another entry", swap("audit_entries", "body", 5, 6), |f| *f == Fault::EntryChanged(5)),
        ("a salt of another entry", swap("audit_entries", "salt", 5, 6), |f| *f == Fault::EntryChanged(5)),
        ("a removed entry", format!("DELETE FROM audit_entries WHERE position = {}", at(299)), |f| {
            *f == Fault::EntryRemoved(299)
        }),
        ("a salt that is none", format!("UPDATE audit_entries SET salt = body WHERE position = {}", at(3)), |f| {
            *f == Fault::EntryChanged(3)
        }),
        (
            "an emptied entry",
            format!("UPDATE audit_entries SET salt = x'', body = x'' WHERE position = {}", at(4)),
            |f| *f == Fault::EntryRemoved(4),
        ),
        ("a changed leaf", swap("audit_entries", "commitment", 7, 8), |f| *f == Fault::LeafChanged(7)),
        ("a changed leaf at the edge", swap("audit_entries", "commitment", 690, 691), |f| {
            *f == Fault::RootDiffers { size: 700 }
        }),
        ("a removed last entry", format!("DELETE FROM audit_entries WHERE position = {}", at(699)), |f| {
            *f == Fault::EntryRemoved(699)
        }),
        (
            "a changed tile",
            "UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE tile = 1) WHERE tile = 0".into(),
            |f| *f == Fault::LeafChanged(0),
        ),
        ("a tile's root", "UPDATE audit_tiles SET root = (SELECT root FROM audit_tiles WHERE tile = 1)".into(), |f| {
            *f == Fault::TileChanged { level: 0, index: 0 }
        }),
        ("a removed tile", "DELETE FROM audit_tiles WHERE tile = 1".into(), |f| {
            *f == Fault::TileMissing { level: 0, index: 1 }
        }),
        ("a cut log", "UPDATE audit_logs SET size = 250".into(), |f| *f == Fault::Shrunk { seen: 300, now: 250 }),
        ("an older size", "UPDATE audit_logs SET size = 500".into(), |f| {
            *f == Fault::EntriesLost { signed: 700, stored: 500 }
        }),
        ("entries called expired", "UPDATE audit_logs SET expired_below = 100".into(), |f| {
            *f == Fault::ExpiryWithoutNote { below: 100 }
        }),
        ("no checkpoint", "UPDATE audit_logs SET checkpoint = ''".into(), |f| *f == Fault::NoCheckpoint),
        ("another size signed", "UPDATE audit_logs SET checkpoint = replace(checkpoint, '700', '600')".into(), |f| {
            matches!(f, Fault::BadCheckpoint(_))
        }),
        ("a hidden look at a person", "DELETE FROM audit_lists".into(), |f| *f == Fault::TrailChanged(0)),
        ("a missing log", "UPDATE audit_logs SET name = 'other'".into(), |f| *f == Fault::LogMissing),
    ];
    for (what, sql, expected) in stories {
        let backend = Backend::sqlite();
        let rig = Rig::new(&backend);
        let (store, _audit, mut known) = written(&rig).await;
        backend.execute(&sql);
        let report = verify(&rig, &store, &mut known).await;
        assert!(!report.is_sound(), "{what}");
        assert!(faults(&report).iter().any(expected), "{what}: {:?}", faults(&report));
        // The last story's log goes on under another name, which is a log not seen before.
        let (_, seen) = known.logs.iter().find(|(name, _)| name.as_str() != "other").unwrap();
        assert!(seen.note.contains("\n300\n"), "{what}: nothing is learnt from a faulty log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_is_a_fork() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (store, audit) = rig.open().await;
        let name = audit.own_log();
        audit.record_all(rig.entries(0..40, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        let mut known = Known::default();
        assert!(verify(&rig, &store, &mut known).await.is_sound());
        rig.stop(store, audit).await;
        // Somebody with every key writes the log anew, under its name, with one look left out.
        backend.execute(
            "DELETE FROM audit_entries; DELETE FROM audit_lists; DELETE FROM audit_data_keys; \
             UPDATE audit_logs SET size = 0, checkpoint = '', checkpoint_size = 0",
        );
        let (holder, state) = (rig.state("state").join("holder"), rig.state("again"));
        std::fs::create_dir(&state).unwrap();
        std::fs::copy(holder, state.join("holder")).unwrap();
        let store = backend.store();
        let audit = rig.try_open(&store, "again").await.unwrap();
        assert_eq!(audit.own_log(), name);
        audit.record_all(rig.entries(1..50, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        assert!(verify(&rig, &store, &mut Known::default()).await.is_sound());
        assert_eq!(faults(&verify(&rig, &store, &mut known).await), [Fault::Forked { seen: 40 }]);
        let report = served(&audit, &mut known, |_, bytes| bytes).await;
        assert_eq!(faults(&report), [Fault::Forked { seen: 40 }]);
    })
    .await;
}

/// Verifies what `audit` would serve, after `change` had its way with it.
async fn served(audit: &Audit, known: &mut Known, change: Change) -> Report {
    let logs: Vec<_> = audit
        .logs()
        .await
        .unwrap()
        .into_iter()
        .map(|log| ServedLog { name: log.name, verifier_keys: log.verifier_keys })
        .collect();
    let runtime = tokio::runtime::Handle::current();
    let mut fetch = |path: &str| {
        let bytes = runtime.block_on(async {
            match path.split_once("/tile/") {
                Some((log, tile)) => audit.tile(log, tile.parse().expect("a tile's path")).await.unwrap(),
                None => {
                    let log = path.strip_suffix("/checkpoint").expect("a checkpoint's path");
                    audit.checkpoint(log).await.unwrap().map(String::into_bytes)
                }
            }
        });
        Ok(change(path, bytes))
    };
    tokio::task::block_in_place(|| verify_served(&logs, known, &mut fetch)).expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_verifies_what_is_served() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let mut known = Known::default();
        for (count, seen) in [(300_u128, None), (220, Some(300)), (0, Some(520)), (900, Some(520))] {
            audit.record_all(rig.entries(0..count, 1)).await.unwrap();
            audit.sign_now().await.unwrap();
            let report = served(&audit, &mut known, |_, bytes| bytes).await;
            assert_eq!(faults(&report), []);
            assert_eq!(report.logs[0].consistent_with, seen);
        }
        let damaged: [(Change, Expected); 5] = [
            (|path, bytes| bytes.filter(|_| !path.ends_with("checkpoint")), |f| *f == Fault::NoCheckpoint),
            (
                |path, bytes| bytes.filter(|_| !path.contains("entries/001")),
                |f| *f == Fault::TileMissing { level: 0, index: 1 },
            ),
            (
                |path, bytes| bytes.filter(|_| !path.contains("tile/1/")),
                |f| *f == Fault::TileMissing { level: 1, index: 0 },
            ),
            (
                |path, bytes| match (path.contains("entries/002"), bytes) {
                    (true, Some(mut bytes)) => {
                        bytes[5] ^= 1;
                        Some(bytes)
                    }
                    (_, bytes) => bytes,
                },
                |f| *f == Fault::RootDiffers { size: 1420 },
            ),
            (
                |path, bytes| match (path.ends_with("checkpoint"), bytes) {
                    (true, Some(bytes)) => {
                        Some(String::from_utf8(bytes).unwrap().replace("\n1420\n", "\n1419\n").into_bytes())
                    }
                    (_, bytes) => bytes,
                },
                |f| matches!(f, Fault::BadCheckpoint(_)),
            ),
        ];
        for (change, expected) in damaged {
            let report = served(&audit, &mut known, change).await;
            assert!(faults(&report).iter().any(expected), "{:?}", faults(&report));
        }
        let empty = verify_served(&[], &mut known, &mut |_| Ok(None)).unwrap();
        assert_eq!(faults(&empty), [Fault::LogMissing]);
    })
    .await;
}
