//! This room's tables that stand under versions of the keys.

use std::sync::Arc;
use std::time::Duration;

use super::store::codec::StayCodec;
use super::store::guests::GuestRow;
use super::store::{resealing, stays};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Entropy, FacilityId, Instant, StayId};
use crate::sealing::{KeyedTable, Renewed, RowsUnder};
use crate::storage::{Db, StorageError};

/// Rows of a table brought along in one transaction.
const ROWS: i64 = 32;

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    let codec = StayCodec::new(keyring.clone(), entropy.clone());
    vec![Arc::new(Facilities(codec.clone())), Arc::new(Stays(codec.clone())), Arc::new(Guests(codec))]
}

struct Facilities(StayCodec);

impl KeyedTable for Facilities {
    fn name(&self) -> &'static str {
        "facilities"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        resealing::facilities_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let rows = resealing::facilities_before(db, self.0.active_versions().0, ROWS)?;
        for row in &rows {
            resealing::replace_facility(db, row, &self.0.renew_facility(row)?)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}

struct Stays(StayCodec);

impl KeyedTable for Stays {
    fn name(&self) -> &'static str {
        "stays"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        resealing::stays_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let rows = resealing::stays_before(db, self.0.active_versions().0, ROWS)?;
        for row in &rows {
            resealing::replace_stay(db, row, &self.0.renew_stay(row)?)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}

struct Guests(StayCodec);

impl Guests {
    fn renew_guest(&self, db: &mut Db, row: &GuestRow) -> Result<(), StorageError> {
        let gone = || StorageError::inconsistent("stay_guests", "stay_id");
        let stay = stays::find(db, &row.stay_id)?.ok_or_else(gone)?;
        let facility = FacilityId::from_slice(&stay.facility_id).ok_or_else(gone)?;
        let guest = self.0.open_guest(row)?;
        let version = self.0.active_versions().1.cast_unsigned();
        let tags = self.0.tags(version, facility, Instant::from_micros(stay.arrival), &guest.details)?;
        let id = StayId::from_slice(&row.stay_id).ok_or_else(gone)?;
        let anew = self.0.seal_guest(id, &guest, &tags)?;
        // Of a cancelled stay, the nature stays free.
        let nature = row.nature.as_ref().and(anew.nature.clone());
        resealing::replace_guest(db, &GuestRow { nature, ..anew })
    }
}

impl KeyedTable for Guests {
    fn name(&self) -> &'static str {
        "stay_guests"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        match key_use {
            KeyUse::Seal => resealing::guests_under(db, version).map(RowsUnder::lasting),
            KeyUse::Index => resealing::guests_hashed_under(db, version).map(RowsUnder::lasting),
            KeyUse::Token | KeyUse::Audit | KeyUse::Qr | KeyUse::Document => Ok(RowsUnder::default()),
        }
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let rows = resealing::guests_before(db, self.0.active_versions(), ROWS)?;
        for row in &rows {
            self.renew_guest(db, row)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}
