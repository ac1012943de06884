//! The writer against a bare connection: commits in pairs, persisted and not.

use std::sync::Arc;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::{Connection, SqliteConnection};

use super::{LogWriterKind, entries_from, load_tail, logs};
use crate::audit::opening::{Claimed, Opening};
use crate::audit::shared::{Head, Shared};
use crate::audit::tree::{Frontier, leaf_hash};
use crate::audit::writer::LogWriter;
use crate::crypto::{Keyring, SystemEntropy};
use crate::kernel::{Clock, Entropy, Instant, ManualClock};
use crate::storage::{Db, Record, Slot, StorageError, Trailer, migrate};

struct Rig {
    db: Db,
    writer: LogWriter,
    shared: Arc<Shared>,
    _dir: tempfile::TempDir,
}

type Tell = fn(&mut LogWriter);

#[derive(Clone, Copy, PartialEq)]
enum End {
    Commit,
    RollBack,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("dancu.db");
        migrate::run(&format!("sqlite:{}", path.display())).unwrap();
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Instant::from_seconds(1)));
        let keys = dir.path().join("keys");
        Keyring::init(&keys, &*entropy, &*clock).unwrap();
        let mut db = Db::Lite(SqliteConnection::establish(path.to_str().unwrap()).unwrap());
        let opening = Opening {
            holder: [1; 16],
            prefix: "dancu.example/audit".into(),
            sole_server: true,
            writer: LogWriterKind::Server,
        };
        let Claimed { lease, tail, closed } = opening.claim(&mut db, None, clock.now(), &*entropy).unwrap();
        assert_eq!((tail.size(), closed.len()), (0, 0));
        let shared = Arc::new(Shared::new(Head { lease: Arc::new(lease), tree: Frontier::default() }));
        let writer = LogWriter::new(opening, Keyring::load(&keys).unwrap(), clock, entropy, shared.clone());
        Self { db, writer, shared, _dir: dir }
    }

    /// Writes a group, ends its transaction one way, and tells the writer.
    fn group(&mut self, count: u8, end: End, tell: Tell) -> Vec<u64> {
        let record = |n| Record { body: vec![n], subjects: vec![[n; 16], [9; 16]], slot: Slot::default() };
        let records: Vec<_> = (0..count).map(record).collect();
        begin(&mut self.db);
        self.writer.write(&mut self.db, &records).unwrap();
        match end {
            End::Commit => Db::commit_transaction(&mut self.db).unwrap(),
            End::RollBack => Db::rollback_transaction(&mut self.db).unwrap(),
        }
        tell(&mut self.writer);
        let index = |record: &Record| record.slot.index().unwrap() & ((1 << 40) - 1);
        records.iter().map(index).collect()
    }

    /// The tree of what is stored, grown leaf by leaf.
    fn stored(&mut self) -> Frontier {
        let mut tree = Frontier::default();
        for row in entries_from(&mut self.db, 1, 0..u64::MAX, 10_000).unwrap() {
            assert_eq!(row.position.index(), tree.size());
            tree.push(leaf_hash(&row.commitment), |_, _| {});
        }
        tree
    }
}

fn begin(db: &mut Db) {
    let Db::Lite(connection) = db else { unreachable!("a SQLite rig") };
    AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE").unwrap();
}

#[test]
fn every_ending_leaves_a_log_without_gap_or_double() {
    let mut rig = Rig::new();
    let mut expected = 0;
    let endings: [(End, Tell); 4] = [
        (End::Commit, LogWriter::committed),
        (End::RollBack, LogWriter::rolled_back),
        (End::Commit, LogWriter::in_doubt),
        (End::RollBack, LogWriter::in_doubt),
    ];
    // Seventeen is prime to four and to 256: every ending meets every place of a bundle's edge.
    for round in 0..64_usize {
        for count in [17, 1, 90] {
            let (end, tell) = endings[(round + usize::from(count)) % 4];
            let indexes = rig.group(count, end, tell);
            assert_eq!(indexes, (expected..expected + u64::from(count)).collect::<Vec<_>>());
            if end == End::Commit {
                expected += u64::from(count);
            }
        }
    }
    rig.group(1, End::Commit, LogWriter::committed);
    let stored = rig.stored();
    assert_eq!(stored.size(), expected + 1);
    assert_eq!(stored, rig.shared.head().tree);
    let size = logs(&mut rig.db).unwrap()[0].size;
    assert_eq!(*load_tail(&mut rig.db, 1, size).unwrap().tree(), stored);
}

#[test]
fn a_group_that_cannot_be_written_leaves_the_writer_able() {
    let mut rig = Rig::new();
    rig.group(5, End::Commit, LogWriter::committed);
    let Db::Lite(connection) = &mut rig.db else { unreachable!("a SQLite rig") };
    connection.batch_execute("ALTER TABLE audit_lists RENAME TO aside").unwrap();
    begin(&mut rig.db);
    let record = Record { body: vec![1], subjects: vec![[1; 16]], slot: Slot::default() };
    let failed = rig.writer.write(&mut rig.db, std::slice::from_ref(&record));
    assert!(matches!(failed, Err(StorageError::StatementRefused(_))), "{failed:?}");
    Db::rollback_transaction(&mut rig.db).unwrap();
    rig.writer.rolled_back();
    let Db::Lite(connection) = &mut rig.db else { unreachable!("a SQLite rig") };
    connection.batch_execute("ALTER TABLE aside RENAME TO audit_lists").unwrap();
    assert_eq!(rig.group(2, End::Commit, LogWriter::committed), [5, 6]);
}
