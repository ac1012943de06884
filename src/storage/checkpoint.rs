//! Moves SQLite's write-ahead log into the database, away from the writer's commits.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

use super::Db;
use super::connect::{Intent, connect};
use super::location::Location;
use super::writer::{Message, Writer};

const EVERY: Duration = Duration::from_millis(500);
/// Pages of log (64 MiB) after which the writer itself catches up with the rest: while it appends,
/// no checkpoint reaches the end, and the log would never start over.
const LONG_LOG: i32 = 16_384;

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

fn checkpoint(db: &mut Db) -> QueryResult<Progress> {
    diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(db)
}

/// The checkpointer's thread.
pub(super) fn keep(location: &Location, queue: &SyncSender<Message>, store_is_open: &Receiver<()>) {
    let mut db = None;
    while matches!(store_is_open.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
        if db.is_none() {
            db = connect(location, Intent::Checkpoint)
                .inspect_err(|error| tracing::warn!(%error, "the write-ahead log cannot be checkpointed"))
                .ok();
        }
        let Some(connection) = db.as_mut() else { continue };
        match checkpoint(connection) {
            Ok(progress) if progress.log > LONG_LOG && progress.checkpointed < progress.log => {
                // A full queue means the writer is busy; the next round asks again.
                let _ = queue.try_send(Message::Alone(Box::new(catch_up)));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed");
                db = None;
            }
        }
    }
}

fn catch_up(writer: &mut Writer) {
    if let Ok(db) = writer.session.db()
        && let Err(error) = checkpoint(db)
    {
        tracing::warn!(%error, "the writer could not catch up with its log");
    }
}
