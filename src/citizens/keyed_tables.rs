//! This room's tables that stand under versions of the keys.

use std::sync::Arc;
use std::time::Duration;

use super::events;
use super::sealing::Sealing;
use super::store::rows::IdentifierKind;
use super::store::{events as event_rows, kept_answers, resealing};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Entropy, Instant};
use crate::sealing::{KeyedTable, Renewed, RowsUnder};
use crate::storage::{Db, StorageError};

/// Rows of a table of events sealed anew in a slice.
const EVENTS_AT_ONCE: i64 = 32;

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    let sealing = Sealing::new(keyring.clone(), entropy.clone());
    vec![
        Arc::new(Records { keyring: keyring.clone(), sealing: sealing.clone() }),
        Arc::new(Identifiers { keyring: keyring.clone(), sealing: sealing.clone() }),
        Arc::new(Events { keyring: keyring.clone(), sealing: sealing.clone() }),
        Arc::new(Patches { keyring: keyring.clone(), sealing }),
        Arc::new(KeptAnswers),
    ]
}

struct Records {
    keyring: Keyring,
    sealing: Sealing,
}

impl KeyedTable for Records {
    fn name(&self) -> &'static str {
        "citizens"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        resealing::sealed_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, after: &[u8], budget: Duration) -> Result<Renewed, StorageError> {
        resealing::reseal(db, &self.sealing, self.keyring.active(KeyUse::Seal), after, budget)
    }
}

struct Identifiers {
    keyring: Keyring,
    sealing: Sealing,
}

impl Identifiers {
    /// The passes there are: each kind under each version older than the active one.
    fn passes(&self) -> Vec<(IdentifierKind, u32)> {
        let active = self.keyring.active(KeyUse::Index);
        let old = self.keyring.versions(KeyUse::Index).into_iter().filter(|version| *version < active);
        old.flat_map(|version| IdentifierKind::ALL.map(|kind| (kind, version))).collect()
    }
}

impl KeyedTable for Identifiers {
    fn name(&self) -> &'static str {
        "identifiers"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Index = key_use else { return Ok(RowsUnder::default()) };
        resealing::hashed_under(db, version).map(RowsUnder::lasting)
    }

    /// `after` is the number of the pass, one byte, and the hash within it.
    fn renew(&self, db: &mut Db, after: &[u8], budget: Duration) -> Result<Renewed, StorageError> {
        let (number, hash) = after.split_first().map_or((0, after), |(number, hash)| (*number, hash));
        let Some((kind, old)) = self.passes().get(usize::from(number)).copied() else { return Ok(Renewed::default()) };
        let done = resealing::rehash(db, &self.sealing, (kind as i16, old), hash, budget)?;
        let next = match done.next {
            Some(hash) => [vec![number], hash].concat(),
            None => vec![number.saturating_add(1)],
        };
        Ok(Renewed { next: Some(next), rows: done.rows })
    }
}

struct Events {
    keyring: Keyring,
    sealing: Sealing,
}

impl KeyedTable for Events {
    fn name(&self) -> &'static str {
        "life_events"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        event_rows::sealed_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let active = self.keyring.active(KeyUse::Seal).cast_signed();
        events::renew_events(db, &self.sealing, active, EVENTS_AT_ONCE).map(Renewed::some)
    }
}

struct Patches {
    keyring: Keyring,
    sealing: Sealing,
}

impl KeyedTable for Patches {
    fn name(&self) -> &'static str {
        "life_event_subjects"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        event_rows::subjects_sealed_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let active = self.keyring.active(KeyUse::Seal).cast_signed();
        events::renew_patches(db, &self.sealing, active, EVENTS_AT_ONCE).map(Renewed::some)
    }
}

/// They expire within days, and are not renewed.
struct KeptAnswers;

impl KeyedTable for KeptAnswers {
    fn name(&self) -> &'static str {
        "kept_answers"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        match key_use {
            KeyUse::Seal => kept_answers::sealed_under(db, version).map(RowsUnder::expiring),
            KeyUse::Index => kept_answers::hashed_under(db, version).map(RowsUnder::expiring),
            KeyUse::Token | KeyUse::Audit | KeyUse::Qr | KeyUse::Document => Ok(RowsUnder::default()),
        }
    }
}
