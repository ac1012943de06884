//! Stays as they are kept.

use std::collections::HashMap;

use super::Stays;
use crate::access::Caller;
use crate::kernel::StayId;
use crate::stays::model::{Facility, Stay};
use crate::stays::store::codec::StayCodec;
use crate::stays::store::guests::{self, GuestRow};
use crate::stays::store::stays::{self, StayRow};
use crate::storage::{Db, Reach, StorageError};

/// A stay, and the version of its row.
pub(super) struct Loaded {
    pub stay: Stay,
    pub row_version: i64,
    pub guests: Vec<GuestRow>,
}

/// Opens stays with their guests, in the order of `rows`.
pub(super) fn open_all(db: &mut Db, codec: &StayCodec, rows: &[StayRow]) -> Result<Vec<Loaded>, StorageError> {
    let ids: Vec<Vec<u8>> = rows.iter().map(|row| row.stay_id.clone()).collect();
    let mut of: HashMap<Vec<u8>, Vec<GuestRow>> = HashMap::new();
    for guest in guests::of_stays(db, &ids)? {
        of.entry(guest.stay_id.clone()).or_default().push(guest);
    }
    let open = |row: &StayRow| {
        let guests = of.remove(&row.stay_id).unwrap_or_default();
        Ok(Loaded { stay: codec.open_stay(row, &guests)?, row_version: row.row_version, guests })
    };
    rows.iter().map(open).collect()
}

impl Stays {
    pub(super) async fn load_all(&self, ids: Vec<StayId>) -> Result<HashMap<StayId, Stay>, StorageError> {
        let codec = self.0.codec.clone();
        let read = move |db: &mut Db| {
            let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
            let rows = stays::find_all(db, &ids)?;
            open_all(db, &codec, &rows)
        };
        let loaded = self.0.store.read::<_, StorageError>(Reach::Scan, read).await?;
        Ok(loaded.into_iter().map(|loaded| (loaded.stay.id, loaded.stay)).collect())
    }

    async fn load(&self, id: StayId) -> Result<Option<Loaded>, StorageError> {
        let codec = self.0.codec.clone();
        let read = move |db: &mut Db| {
            let Some(row) = stays::find(db, id.as_bytes())? else { return Ok(None) };
            Ok::<_, StorageError>(open_all(db, &codec, std::slice::from_ref(&row))?.pop())
        };
        self.0.store.read(Reach::Key, read).await
    }

    /// A stay at a facility the caller reports for now; to others it is not there.
    pub(super) async fn own(&self, caller: &Caller, id: StayId) -> Result<Option<(Facility, Loaded)>, StorageError> {
        let Some(loaded) = self.load(id).await? else { return Ok(None) };
        let facility = self.facility(loaded.stay.facility_id).await?;
        let now = self.0.clock.now();
        // What happened at a facility of one's own can be put right after it was closed.
        let own =
            |facility: &Facility| facility.client == caller.client.id || facility.reports_for(&caller.client.id, now);
        Ok(facility.filter(own).map(|facility| (facility, loaded)))
    }
}
