//! This room's tables that stand under versions of the sealing key. What is hashed here under an index key lives for a
//! day at most.

use std::sync::Arc;
use std::time::Duration;

use super::codec::EidCodec;
use super::store::{devices, outbox, transactions};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Entropy, Instant};
use crate::sealing::{KeyedTable, Renewed, RowsUnder};
use crate::storage::{Db, StorageError};

const DEVICES_AT_ONCE: i64 = 32;

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    let codec = EidCodec::new(keyring.clone(), entropy.clone());
    vec![Arc::new(Devices(codec)), Arc::new(Messages), Arc::new(Requests)]
}

struct Devices(EidCodec);

impl KeyedTable for Devices {
    fn name(&self) -> &'static str {
        "eid_devices"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        devices::sealed_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let table = &self.0.devices;
        let rows = devices::sealed_before(db, table.active_version(), DEVICES_AT_ONCE)?;
        for row in &rows {
            devices::replace_sealed(db, row, &table.renew(&[&row.device_id], row.key_version, &row.sealed)?)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}

/// Codes on their way: they expire within minutes.
struct Messages;

impl KeyedTable for Messages {
    fn name(&self) -> &'static str {
        "eid_outbox"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        outbox::sealed_under(db, version).map(RowsUnder::expiring)
    }
}

/// Requests for an approval, with what was signed: they expire within a day.
struct Requests;

impl KeyedTable for Requests {
    fn name(&self) -> &'static str {
        "eid_transactions"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        transactions::sealed_under(db, version).map(RowsUnder::expiring)
    }
}
