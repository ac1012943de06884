//! What runs beside the answers: rows are brought to the active keys.

use std::sync::Weak;
use std::time::Duration;

use super::Inner;
use super::drawer::Drawer;
use crate::crypto::KeyUse;
use crate::kernel::{Causes, FacilityId, Instant, StayId};
use crate::stays::store::guests::GuestRow;
use crate::stays::store::resealing;
use crate::stays::store::stays::{self, StayRow};
use crate::storage::{Db, Reach, StorageError, Store};

/// How often new keys are looked for; another process may write under the old ones for some seconds
/// more.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows of a table brought along in one transaction.
const ROWS: i64 = 32;

impl Drawer {
    fn versions(&self) -> (i32, i32) {
        let active = |key_use| i32::try_from(self.keyring.active(key_use)).unwrap_or(i32::MAX);
        (active(KeyUse::Seal), active(KeyUse::Index))
    }

    /// Brings some rows to the active keys; how many.
    fn renew(&self, db: &mut Db) -> Result<usize, StorageError> {
        let (seal, index) = self.versions();
        let places = resealing::facilities_before(db, seal, ROWS)?;
        for row in &places {
            let facility = self.open_facility(row, &[])?;
            resealing::replace_facility(db, &self.seal_facility(&facility, Instant::from_micros(row.created_at))?)?;
        }
        let kept = resealing::stays_before(db, seal, ROWS)?;
        for row in &kept {
            let anew = self.seal_stay(&self.open_stay(row, &[])?, row.row_version)?;
            resealing::replace_stay(
                db,
                &StayRow { key_version: anew.key_version, sealed: anew.sealed, ..row.clone() },
            )?;
        }
        let guests = resealing::guests_before(db, (seal, index), ROWS)?;
        for row in &guests {
            self.renew_guest(db, row)?;
        }
        Ok(places.len() + kept.len() + guests.len())
    }

    fn renew_guest(&self, db: &mut Db, row: &GuestRow) -> Result<(), StorageError> {
        let gone = || StorageError::inconsistent("stay_guests", "stay_id");
        let stay = stays::find(db, &row.stay_id)?.ok_or_else(gone)?;
        let facility = FacilityId::from_slice(&stay.facility_id).ok_or_else(gone)?;
        let guest = self.open_guest(row)?;
        let version = self.keyring.active(KeyUse::Index);
        let tags = self.tags(version, facility, Instant::from_micros(stay.arrival), &guest.details)?;
        let id = StayId::from_slice(&row.stay_id).ok_or_else(gone)?;
        let anew = self.seal_guest(id, &guest, &tags)?;
        // Of a cancelled stay, the nature stays free.
        let nature = row.nature.as_ref().and(anew.nature.clone());
        resealing::replace_guest(db, &GuestRow { nature, ..anew })
    }
}

/// How many rows still need a key; `keys retire` refuses while there are any.
pub async fn rows_under_version(store: &Store, key_use: KeyUse, version: u32) -> Result<u64, StorageError> {
    let version = i32::try_from(version).unwrap_or(i32::MAX);
    let rows = match key_use {
        KeyUse::Seal => store.read(Reach::Scan, move |db| resealing::sealed_under(db, version)).await?,
        KeyUse::Index => store.read(Reach::Scan, move |db| resealing::indexed_under(db, version)).await?,
        KeyUse::Token | KeyUse::Audit | KeyUse::Qr | KeyUse::Document => 0,
    };
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Renews until the room is closed.
pub(super) async fn run(inner: Weak<Inner>) {
    let (mut done, mut failing) = ((0, 0), false);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        let active = inner.drawer.versions();
        if active == done {
            continue;
        }
        match renew_all(&inner).await {
            Ok(()) => (done, failing) = (active, false),
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(error = %Causes(&error), "stays cannot be brought to the active keys");
            }
            Err(_) => {}
        }
    }
}

async fn renew_all(inner: &Inner) -> Result<(), StorageError> {
    loop {
        let drawer = inner.drawer.clone();
        if inner.store.bulk(move |db| drawer.renew(db)).await? == 0 {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
