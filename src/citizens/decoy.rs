//! Somebody who does not exist: opened and compared where nobody was found, so that nobody costs
//! as much work as somebody.

use std::hint::black_box;
use std::sync::Arc;

use super::cache::OpenRecord;
use super::matching::Anchor;
use super::model::{Citizen, MaritalStatus, Provenance, Status};
use super::sealing::Sealing;
use super::store::rows::CitizenRow;
use crate::kernel::{CitizenId, Entropy, IdNumber, PartialDate, PersonName, Sex};
use crate::storage::StorageError;

pub struct Decoy {
    row: CitizenRow,
    record: Arc<OpenRecord>,
}

impl Decoy {
    pub fn new(sealing: &Sealing, entropy: &dyn Entropy) -> Result<Self, StorageError> {
        let citizen =
            nobody(CitizenId::random(entropy)).ok_or(StorageError::BrokenInvariant("the decoy is no citizen"))?;
        let row = sealing.seal(&citizen, 1)?;
        let record = Arc::new(OpenRecord::new(citizen, 1, row.sealed.len(), 0));
        Ok(Self { row, record })
    }

    /// Opens the decoy's row, as the row of somebody found would be.
    pub fn open(&self, sealing: &Sealing) {
        let _ = black_box(sealing.open(&self.row));
    }

    /// Compares the anchor with the decoy, as with somebody found.
    pub fn compare(&self, anchor: &Anchor) {
        let _ = black_box(anchor.holds(self.record.view()));
    }
}

fn nobody(citizen_id: CitizenId) -> Option<Citizen> {
    Some(Citizen {
        citizen_id,
        id_number: IdNumber::parse("099999999999").ok()?,
        cancelled_id_numbers: Vec::new(),
        legacy_id_number: None,
        full_name: PersonName::parse("Không Có Ai").ok()?,
        other_name: None,
        date_of_birth: PartialDate::parse("1900-01-01").ok()?,
        sex: Sex::Unknown,
        place_of_birth: None,
        place_of_birth_registration: None,
        place_of_origin: None,
        ethnicity: None,
        religion: None,
        nationality: None,
        blood_group: None,
        marital_status: MaritalStatus::Unknown,
        permanent_residence: None,
        temporary_residence: None,
        current_residence: None,
        temporary_absence: None,
        household: None,
        parents: Vec::new(),
        spouse: None,
        children: Vec::new(),
        representative: None,
        card: None,
        photo: None,
        phone: None,
        email: None,
        status: Status::Alive,
        status_date: None,
        provenance: Provenance {
            source: "population".to_owned(),
            as_of: PartialDate::parse("2000-01-01").ok()?.earliest(),
        },
        provenance_of: std::collections::BTreeMap::new(),
    })
}
