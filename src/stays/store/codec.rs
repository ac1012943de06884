//! From stays to sealed rows and keyed hashes, and back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{CitizenId, CommuneCode, Entropy, FacilityId, Instant, PartialDate, PersonName, StayId};
use crate::sealing::{Sealed, SealedTable, tag};
use crate::stays::model::{
    Delegation, Facility, FacilityKind, GuestDetails, GuestReason, Reason, SignedReceipt, Stay, StayChange, StayGuest,
    StayState,
};
use crate::stays::store::facilities::{DelegationRow, FacilityRow};
use crate::stays::store::guests::{GuestRow, Tag};
use crate::stays::store::stays::StayRow;
use crate::storage::StorageError;

const FACILITIES: &str = "facilities";
const STAYS: &str = "stays";
const GUESTS: &str = "stay_guests";
const MINUTE: i64 = 60 * 1_000_000;

/// Seals, opens and hashes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct StayCodec {
    keyring: Keyring,
    facilities: SealedTable<KeptFacility>,
    stays: SealedTable<KeptStay>,
    guests: SealedTable<KeptGuest>,
}

#[derive(Serialize, Deserialize)]
struct KeptFacility {
    name: String,
    address: String,
}

#[derive(Serialize, Deserialize)]
struct KeptStay {
    room: Option<String>,
    reason: Reason,
    note: Option<String>,
    history: Vec<StayChange>,
    receipt: SignedReceipt,
}

#[derive(Serialize, Deserialize)]
struct KeptGuest {
    details: GuestDetails,
    reason: GuestReason,
}

/// The hashes a guest is found by, under one version of the index key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    pub version: i32,
    pub nature: Tag,
    pub document: Option<Tag>,
    pub person: Tag,
}

impl StayCodec {
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        let facilities = SealedTable::new(FACILITIES, keyring.clone(), entropy.clone());
        let stays = SealedTable::new(STAYS, keyring.clone(), entropy.clone());
        let guests = SealedTable::new(GUESTS, keyring.clone(), entropy);
        Self { keyring, facilities, stays, guests }
    }

    /// The versions of the sealing and the index key that rows are written under, as columns have them.
    pub fn active_versions(&self) -> (i32, i32) {
        (self.keyring.active(KeyUse::Seal).cast_signed(), self.keyring.active(KeyUse::Index).cast_signed())
    }

    /// Under each version that guests may be kept under, newest first.
    pub fn index_versions(&self) -> Vec<u32> {
        self.keyring.versions(KeyUse::Index)
    }

    pub fn tags(
        &self,
        version: u32,
        facility: FacilityId,
        arrival: Instant,
        guest: &GuestDetails,
    ) -> Result<Tags, StorageError> {
        let person = guest.full_name.as_ref().map(|name| (name, guest.date_of_birth));
        Ok(Tags {
            version: column(version),
            nature: self.nature(version, facility, arrival, guest)?,
            document: guest.document.as_ref().map(|document| self.document(version, &document.number)).transpose()?,
            person: self.person(version, person)?,
        })
    }

    /// The same guest at the same facility in the same minute.
    fn nature(
        &self,
        version: u32,
        facility: FacilityId,
        arrival: Instant,
        guest: &GuestDetails,
    ) -> Result<Tag, StorageError> {
        let minute = arrival.as_micros().div_euclid(MINUTE).to_be_bytes();
        let identity = guest.identity();
        self.tag("stays.nature", version, &[facility.as_bytes(), &minute, identity.as_bytes()])
    }

    pub fn document(&self, version: u32, number: &str) -> Result<Tag, StorageError> {
        self.tag("stays.document", version, &[number.as_bytes()])
    }

    pub fn person(
        &self,
        version: u32,
        person: Option<(&PersonName, Option<PartialDate>)>,
    ) -> Result<Tag, StorageError> {
        let name = person.map(|(name, _)| crate::citizens::matching::index_form(name)).unwrap_or_default();
        let birth = person.and_then(|(_, birth)| birth).map(|birth| birth.to_string()).unwrap_or_default();
        self.tag("stays.person", version, &[name.as_bytes(), b"\n", birth.as_bytes()])
    }

    fn tag(&self, label: &'static str, version: u32, parts: &[&[u8]]) -> Result<Tag, StorageError> {
        tag(&self.keyring, label, version, parts)
    }

    pub fn seal_facility(&self, facility: &Facility, created_at: Instant) -> Result<FacilityRow, StorageError> {
        let kept = KeptFacility { name: facility.name.clone(), address: facility.address.clone() };
        let sealed = self.facilities.seal(&[facility.id.as_bytes()], &kept)?;
        Ok(FacilityRow {
            facility_id: facility.id.as_bytes().to_vec(),
            client_id: facility.client.to_string(),
            kind: facility.kind.number(),
            commune: commune_column(facility.commune),
            created_at: created_at.as_micros(),
            closed_at: facility.closed_at.map(Instant::as_micros),
            key_version: sealed.key_version,
            sealed: sealed.bytes,
        })
    }

    /// `delegations` of any facility; the facility's own are taken.
    pub fn open_facility(&self, row: &FacilityRow, delegations: &[DelegationRow]) -> Result<Facility, StorageError> {
        let wrong = |column| StorageError::inconsistent(FACILITIES, column);
        let kept = self.facilities.open(&[&row.facility_id], row.key_version, &row.sealed)?;
        let own = delegations.iter().filter(|delegation| delegation.facility_id == row.facility_id);
        let delegation = |row: &DelegationRow| {
            Ok(Delegation {
                client: row
                    .client_id
                    .parse()
                    .map_err(|_| StorageError::inconsistent("facility_delegations", "client_id"))?,
                valid_from: Instant::from_micros(row.valid_from),
                valid_until: Instant::from_micros(row.valid_until),
            })
        };
        Ok(Facility {
            id: FacilityId::from_slice(&row.facility_id).ok_or_else(|| wrong("facility_id"))?,
            client: row.client_id.parse().map_err(|_| wrong("client_id"))?,
            name: kept.name,
            kind: FacilityKind::of_number(row.kind).ok_or_else(|| wrong("kind"))?,
            commune: commune_of(row.commune).ok_or_else(|| wrong("commune"))?,
            address: kept.address,
            closed_at: row.closed_at.map(Instant::from_micros),
            delegations: own.map(delegation).collect::<Result<_, StorageError>>()?,
        })
    }

    /// The row of a stay as it stands, at `row_version`.
    pub fn seal_stay(&self, stay: &Stay, row_version: i64) -> Result<StayRow, StorageError> {
        let kept = KeptStay {
            room: stay.room.clone(),
            reason: stay.reason,
            note: stay.note.clone(),
            history: stay.history.clone(),
            receipt: stay.receipt.clone(),
        };
        let sealed = self.stays.seal(&[stay.id.as_bytes(), &row_version.to_be_bytes()], &kept)?;
        Ok(StayRow {
            stay_id: stay.id.as_bytes().to_vec(),
            facility_id: stay.facility_id.as_bytes().to_vec(),
            client_id: stay.client.to_string(),
            commune: commune_column(stay.commune),
            arrival: stay.arrival.as_micros(),
            planned_departure: stay.planned_departure.map(Instant::as_micros),
            left_at: stay.left_at.map(Instant::as_micros),
            state: stay.state.number(),
            received_at: stay.received_at.as_micros(),
            deadline: stay.deadline.as_micros(),
            on_time: stay.on_time,
            guests: i32::try_from(stay.present().count()).unwrap_or(i32::MAX),
            marked: stay.is_marked(),
            revision: column(stay.revision),
            row_version,
            key_version: sealed.key_version,
            sealed: sealed.bytes,
        })
    }

    /// `guests` of this stay, in order.
    pub fn open_stay(&self, row: &StayRow, guests: &[GuestRow]) -> Result<Stay, StorageError> {
        let wrong = |column| StorageError::inconsistent(STAYS, column);
        let bound_to: [&[u8]; 2] = [&row.stay_id, &row.row_version.to_be_bytes()];
        let kept = self.stays.open(&bound_to, row.key_version, &row.sealed)?;
        Ok(Stay {
            id: StayId::from_slice(&row.stay_id).ok_or_else(|| wrong("stay_id"))?,
            facility_id: FacilityId::from_slice(&row.facility_id).ok_or_else(|| wrong("facility_id"))?,
            client: row.client_id.parse().map_err(|_| wrong("client_id"))?,
            commune: commune_of(row.commune).ok_or_else(|| wrong("commune"))?,
            room: kept.room,
            arrival: Instant::from_micros(row.arrival),
            planned_departure: row.planned_departure.map(Instant::from_micros),
            left_at: row.left_at.map(Instant::from_micros),
            state: StayState::of_number(row.state).ok_or_else(|| wrong("state"))?,
            reason: kept.reason,
            note: kept.note,
            guests: guests.iter().map(|guest| self.open_guest(guest)).collect::<Result<_, _>>()?,
            history: kept.history,
            received_at: Instant::from_micros(row.received_at),
            deadline: Instant::from_micros(row.deadline),
            on_time: row.on_time,
            revision: row.revision.unsigned_abs(),
            receipt: kept.receipt,
        })
    }

    pub fn seal_guest(&self, stay: StayId, guest: &StayGuest, tags: &Tags) -> Result<GuestRow, StorageError> {
        let kept = KeptGuest { details: guest.details.clone(), reason: guest.reason };
        let sealed = self.guests.seal(&[stay.as_bytes(), &guest.number.to_be_bytes()], &kept)?;
        Ok(GuestRow {
            stay_id: stay.as_bytes().to_vec(),
            number: guest.number,
            citizen_id: guest.citizen.map(|citizen| citizen.as_bytes().to_vec()),
            nature: guest.removed_at.is_none().then(|| tags.nature.to_vec()),
            document: tags.document.map(|tag| tag.to_vec()),
            person: tags.person.to_vec(),
            index_version: tags.version,
            removed_at: guest.removed_at.map(Instant::as_micros),
            key_version: sealed.key_version,
            sealed: sealed.bytes,
        })
    }

    pub fn open_guest(&self, row: &GuestRow) -> Result<StayGuest, StorageError> {
        let bound_to: [&[u8]; 2] = [&row.stay_id, &row.number.to_be_bytes()];
        let kept = self.guests.open(&bound_to, row.key_version, &row.sealed)?;
        let citizen = row.citizen_id.as_deref().map(|id| CitizenId::from_slice(id).ok_or("citizen_id"));
        Ok(StayGuest {
            number: row.number,
            details: kept.details,
            reason: kept.reason,
            citizen: citizen.transpose().map_err(|column| StorageError::inconsistent(GUESTS, column))?,
            removed_at: row.removed_at.map(Instant::from_micros),
        })
    }

    /// A facility's row under the active key.
    pub fn renew_facility(&self, row: &FacilityRow) -> Result<Sealed, StorageError> {
        self.facilities.renew(&[&row.facility_id], row.key_version, &row.sealed)
    }

    /// A stay's row under the active key.
    pub fn renew_stay(&self, row: &StayRow) -> Result<Sealed, StorageError> {
        self.stays.renew(&[&row.stay_id, &row.row_version.to_be_bytes()], row.key_version, &row.sealed)
    }
}

pub fn commune_column(code: CommuneCode) -> i32 {
    i32::try_from(code.number()).unwrap_or(i32::MAX)
}

fn commune_of(column: i32) -> Option<CommuneCode> {
    CommuneCode::parse(&format!("{column:05}")).ok()
}

fn column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}
