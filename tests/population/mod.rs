//! How people come into the store, on both backends.

mod events;
mod importing;
mod seeding;
mod writing;

use std::sync::Arc;

use dancu::audit::Operator;
use dancu::citizens::Citizen;
use dancu::citizens::sealing::Sealing;
use dancu::citizens::seed::{Population, Seeder};
use dancu::crypto::{Keyring, SystemEntropy};
use dancu::kernel::{Clock, Instant, ManualClock};
use dancu::storage::schema::{citizen_changes, citizens, household_members, identifiers};
use dancu::storage::{Db, Store};
use diesel::prelude::*;

use crate::support::Backend;
use crate::support::house::operator_at;

/// A store with keys beside it.
pub struct Register {
    pub store: Store,
    pub sealing: Sealing,
    pub clock: Arc<ManualClock>,
}

pub fn register(backend: &Backend) -> Register {
    let folder = backend.dir().join("keys");
    let clock = Arc::new(ManualClock::at(Instant::parse_rfc3339("2026-11-21T03:00:00Z").unwrap()));
    Keyring::init_missing(&folder, &SystemEntropy::default(), &*clock).unwrap();
    let sealing = Sealing::new(Keyring::load(&folder).unwrap(), Arc::new(SystemEntropy::default()));
    Register { store: backend.store(), sealing, clock }
}

impl Register {
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// An operator at the command line.
    pub async fn operator(&self, backend: &Backend) -> Operator {
        let keyring = Keyring::load(&backend.dir().join("keys")).unwrap();
        let entropy = Arc::new(SystemEntropy::default());
        operator_at(&backend.config(), backend.dir(), keyring, self.clock(), entropy).await
    }

    pub fn seeder(&self) -> Seeder {
        Seeder::new(self.store.clone(), self.sealing.clone(), self.clock())
    }
}

/// Everything the store holds, opened, in the order of numbers, each with its version.
pub fn contents(register: &Register, db: &mut Db) -> Vec<(Citizen, i64)> {
    use dancu::citizens::sealing::SealedRow;
    let rows: Vec<(Vec<u8>, i64, i32, Vec<u8>)> = citizens::table.load(db).unwrap();
    let mut people: Vec<_> = rows
        .into_iter()
        .map(|(citizen_id, row_version, key_version, sealed)| {
            let row = SealedRow { citizen_id, row_version, key_version, sealed };
            (register.sealing.open(&row).unwrap(), row_version)
        })
        .collect();
    people.sort_by(|(a, _), (b, _)| a.id_number.cmp(&b.id_number));
    people
}

pub fn count_changes(db: &mut Db) -> i64 {
    citizen_changes::table.count().get_result(db).unwrap()
}

pub fn count_identifiers(db: &mut Db, kind: i16) -> i64 {
    identifiers::table.filter(identifiers::kind.eq(kind)).count().get_result(db).unwrap()
}

pub fn count_members(db: &mut Db) -> i64 {
    household_members::table.count().get_result(db).unwrap()
}

pub fn sown(seed: u64, count: u64) -> Vec<Citizen> {
    Population::new(seed, count).flatten().collect()
}
