//! The audit entries of what a file's events did. Who gives a file has no log to write: the event owes
//! its entry, and the process that serves writes it.

use std::sync::Arc;
use std::time::Duration;

use super::contradiction::Contradiction;
use super::model::EventState;
use super::record::{RECORD, storage_error};
use super::rows::{state_of, told_of};
use crate::audit::{Audit, Entry, Outcome};
use crate::citizens::store::events::{self, EventRow};
use crate::citizens::store::write::WriteError;
use crate::kernel::{AttributeSet, Causes, Clock, Entropy, TransactionId};
use crate::storage::{StorageError, Store, Tx};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Entries written in one transaction.
const AT_ONCE: i64 = 64;

/// Writes the entries that events owe, for ever.
pub async fn record_owed(store: Store, audit: Audit, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) {
    loop {
        let (audit, clock, entropy) = (audit.clone(), clock.clone(), entropy.clone());
        let written = store.write(move |tx| record_some(tx, &audit, &*clock, &*entropy)).await;
        match written.map_err(storage_error) {
            Ok(some) if some == AT_ONCE as usize => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %Causes(&error), "events of a file cannot be recorded yet"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn record_some(tx: &mut Tx<'_>, audit: &Audit, clock: &dyn Clock, entropy: &dyn Entropy) -> Result<usize, WriteError> {
    let owing = events::owing(tx.db()?, AT_ONCE)?;
    for row in &owing {
        if events::take_entry(tx.db()?, &row.event_id)? {
            let entry = entry(tx, row, (clock, entropy))?;
            audit.append(tx, &entry);
        }
    }
    Ok(owing.len())
}

/// Nobody asked: the file came from the operator, by the command line.
fn entry(tx: &mut Tx<'_>, row: &EventRow, (clock, entropy): (&dyn Clock, &dyn Entropy)) -> Result<Entry, StorageError> {
    let applied = matches!(state_of(row).map_err(storage_error)?, EventState::Applied);
    let reason = Contradiction::of_code(&row.reason).map_or("", Contradiction::code);
    Ok(Entry {
        transaction: TransactionId::random(entropy),
        at: clock.now(),
        client: None,
        officer: None,
        subjects: told_of(tx.db()?, row).map_err(storage_error)?,
        operation: RECORD,
        attributes: AttributeSet::EMPTY,
        procedure: None,
        legal_basis: None,
        consent: None,
        outcome: if applied { Outcome::Answered } else { Outcome::Refused },
        reason,
    })
}
