//! What is kept how long: every table belongs to one rule, and what ends is erased by one sweeper.
//!
//! Rows of a rule are erased with all that hangs on them: what is sealed, and the keyed hashes by which they
//! are found.

use std::sync::Arc;
use std::time::Duration;

use super::{Db, StorageError, Store};
use crate::kernel::{Causes, Instant, Text};

/// Rows erased by one transaction: few, since on SQLite it holds the write lock.
const ROWS_AT_ONCE: i64 = 100;

/// Erases up to so many rows that ended before an instant; how many there were.
pub type Erase = Arc<dyn Fn(&mut Db, Instant, i64) -> Result<usize, StorageError> + Send + Sync>;

/// What is kept, and until when.
#[derive(Clone)]
pub struct RetentionRule {
    /// In the catalogue, in metrics and in the log.
    pub name: &'static str,
    pub label: Text,
    pub tables: &'static [&'static str],
    pub term: RetentionTerm,
}

#[derive(Clone)]
pub enum RetentionTerm {
    /// Erased so long after what `counted_from` says.
    Ends { after: Duration, counted_from: Text, erase: Vec<Erase> },
    /// Deleted by its own room, which keeps what proves that it was there (the audit's tree).
    EndsInItsRoom { after: Duration, counted_from: Text },
    /// Kept while the reason lasts.
    Lasts { reason: Text },
}

impl RetentionRule {
    /// Rows that are erased by `erase`, so long `after` their end.
    pub fn ending(
        (name, label): (&'static str, Text),
        tables: &'static [&'static str],
        (after, counted_from): (Duration, Text),
        erase: &[fn(&mut Db, Instant, i64) -> Result<usize, StorageError>],
    ) -> Self {
        let erase = erase.iter().map(|erase| Arc::new(*erase) as Erase).collect();
        Self { name, label, tables, term: RetentionTerm::Ends { after, counted_from, erase } }
    }

    pub fn lasting((name, label): (&'static str, Text), tables: &'static [&'static str], reason: Text) -> Self {
        Self { name, label, tables, term: RetentionTerm::Lasts { reason } }
    }
}

/// Erases everything that had ended at `now`, a few rows a transaction; how many rows.
///
/// # Errors
/// The first failure; the other rules were followed all the same.
pub async fn erase_ended(store: &Store, rules: &[RetentionRule], now: Instant) -> Result<u64, StorageError> {
    let (mut erased, mut failed) = (0, None);
    for rule in rules {
        let RetentionTerm::Ends { after, erase, .. } = &rule.term else { continue };
        for erase in erase {
            match erase_all(store, erase, now.minus(*after)).await {
                Ok(rows) => erased += rows,
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), rows = rule.name, "what has ended cannot be erased");
                    failed.get_or_insert(error);
                }
            }
        }
    }
    if erased > 0 {
        store.note_erased();
    }
    failed.map_or(Ok(erased), Err)
}

async fn erase_all(store: &Store, erase: &Erase, before: Instant) -> Result<u64, StorageError> {
    let mut erased = 0;
    loop {
        let erase = erase.clone();
        let rows = store.bulk(move |db| erase(db, before, ROWS_AT_ONCE)).await?;
        erased += rows as u64;
        if (rows as i64) < ROWS_AT_ONCE {
            return Ok(erased);
        }
        tokio::task::yield_now().await;
    }
}
