//! Facilities: entered by the command line, listed to those who report for them.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::{Operator, OperatorAct};
use crate::clients::Operation;
use crate::crypto::Keyring;
use crate::kernel::{ClientId, CommuneCode, Entropy, FacilityId, Instant, UnitCode, Units};
use crate::stays::model::{Delegation, Facility, FacilityKind};
use crate::stays::store::codec::StayCodec;
use crate::stays::store::facilities::{self, DelegationRow};
use crate::storage::{Db, Reach, StorageError, Store};

/// The operation's name in audit entries, of refusals.
pub const FACILITIES: &str = "stays.facilities";

/// A facility to be entered.
#[derive(Debug, Clone)]
pub struct NewFacility {
    pub client: ClientId,
    pub name: String,
    pub kind: FacilityKind,
    pub commune: CommuneCode,
    pub address: String,
}

/// A facility as its client sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FacilityTold {
    #[schema(value_type = String)]
    pub facility_id: FacilityId,
    pub name: String,
    pub kind: FacilityKind,
    /// Five-digit code.
    #[schema(value_type = String)]
    pub commune: CommuneCode,
    /// Commune and province in words.
    pub commune_name: String,
    pub address: String,
    /// Where it is another client's: since when the caller may report for it …
    #[schema(value_type = Option<String>)]
    pub delegated_from: Option<Instant>,
    /// … and the first instant at which it may not any more.
    #[schema(value_type = Option<String>)]
    pub delegated_until: Option<Instant>,
}

impl FacilityTold {
    pub fn of(facility: &Facility, client: &ClientId, now: Instant) -> Self {
        let delegation = facility.delegation(client, now).filter(|_| facility.client != *client);
        Self {
            facility_id: facility.id,
            name: facility.name.clone(),
            kind: facility.kind,
            commune: facility.commune,
            commune_name: Units::shared().title(UnitCode::Commune(facility.commune)).unwrap_or_default(),
            address: facility.address.clone(),
            delegated_from: delegation.map(|delegation| delegation.valid_from),
            delegated_until: delegation.map(|delegation| delegation.valid_until),
        }
    }
}

/// Why a facility was not entered or changed.
#[derive(Debug, thiserror::Error)]
pub enum FacilitiesError {
    #[error("there is no such commune in today's table")]
    UnknownCommune,
    #[error("a name has 1 to 200 printable characters, an address 1 to 300")]
    Text,
    #[error("there is no such facility")]
    Unknown,
    #[error("the facility is closed already")]
    Closed,
    #[error("a delegation must end after it begins")]
    Dates,
    #[error("a facility's own client needs no delegation")]
    Own,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The register of facilities, for an operator.
pub struct FacilityRegister {
    pub store: Store,
    codec: StayCodec,
}

impl FacilityRegister {
    pub fn new(store: Store, keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, codec: StayCodec::new(keyring, entropy) }
    }

    /// Enters a facility.
    pub async fn add(
        &self,
        new: NewFacility,
        by: &Operator,
        now: Instant,
        entropy: &dyn Entropy,
    ) -> Result<FacilityId, FacilitiesError> {
        let fits = |text: &str, most: usize| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
        };
        if !fits(&new.name, 200) || !fits(&new.address, 300) {
            return Err(FacilitiesError::Text);
        }
        if Units::shared().find_commune(new.commune).is_none() {
            return Err(FacilitiesError::UnknownCommune);
        }
        let NewFacility { client, name, kind, commune, address } = new;
        let id = FacilityId::random(entropy);
        let facility = Facility { id, client, name, kind, commune, address, closed_at: None, delegations: Vec::new() };
        let row = self.codec.seal_facility(&facility, now)?;
        let act = act("facilities.add", id, [facility.client]);
        by.change(act, move |tx| facilities::insert(tx.db()?, &row)).await?;
        Ok(id)
    }

    /// Every facility, closed ones included; of one client, if it is named.
    pub async fn list(&self, client: Option<&ClientId>) -> Result<Vec<Facility>, StorageError> {
        let client = client.map(ToString::to_string);
        let codec = self.codec.clone();
        let read = move |db: &mut Db| {
            let rows = facilities::list(db, client.as_deref())?;
            open_all(db, &codec, &rows)
        };
        self.store.read(Reach::Scan, read).await
    }

    pub async fn find(&self, id: FacilityId) -> Result<Facility, FacilitiesError> {
        let codec = self.codec.clone();
        let read = move |db: &mut Db| find(db, &codec, id);
        self.store.read(Reach::Key, read).await?.ok_or(FacilitiesError::Unknown)
    }

    /// Lets another client report for a facility, in the place of what was delegated to it before.
    pub async fn delegate(
        &self,
        id: FacilityId,
        delegation: &Delegation,
        by: &Operator,
    ) -> Result<(), FacilitiesError> {
        if delegation.valid_until <= delegation.valid_from {
            return Err(FacilitiesError::Dates);
        }
        let owner = self.find(id).await?.client;
        if owner == delegation.client {
            return Err(FacilitiesError::Own);
        }
        let act = act("facilities.delegate", id, [owner, delegation.client.clone()]);
        let row = DelegationRow {
            facility_id: id.as_bytes().to_vec(),
            client_id: delegation.client.to_string(),
            valid_from: delegation.valid_from.as_micros(),
            valid_until: delegation.valid_until.as_micros(),
        };
        Ok(by.change(act, move |tx| facilities::delegate(tx.db()?, &row)).await?)
    }

    /// Closes a facility: it takes no notices any more.
    pub async fn close(&self, id: FacilityId, by: &Operator, at: Instant) -> Result<(), FacilitiesError> {
        let facility = self.find(id).await?;
        let reporting = facility.delegations.into_iter().map(|delegation| delegation.client);
        let act = act("facilities.close", id, std::iter::once(facility.client).chain(reporting));
        by.change(act, move |tx| match facilities::close(tx.db()?, id.as_bytes(), at)? {
            true => Ok(()),
            false => Err(FacilitiesError::Closed),
        })
        .await
    }
}

fn act(operation: &'static str, id: FacilityId, concerned: impl IntoIterator<Item = ClientId>) -> OperatorAct {
    OperatorAct { operation, target: id.to_string(), concerned: concerned.into_iter().collect() }
}

fn open_all(db: &mut Db, codec: &StayCodec, rows: &[facilities::FacilityRow]) -> Result<Vec<Facility>, StorageError> {
    let ids: Vec<Vec<u8>> = rows.iter().map(|row| row.facility_id.clone()).collect();
    let delegations = facilities::delegations(db, &ids)?;
    rows.iter().map(|row| codec.open_facility(row, &delegations)).collect()
}

fn find(db: &mut Db, codec: &StayCodec, id: FacilityId) -> Result<Option<Facility>, StorageError> {
    let rows: Vec<_> = facilities::find(db, id.as_bytes())?.into_iter().collect();
    Ok(open_all(db, codec, &rows)?.pop())
}

impl Stays {
    /// For an operator.
    pub fn register(&self) -> FacilityRegister {
        FacilityRegister { store: self.0.store.clone(), codec: self.0.codec.clone() }
    }

    /// The open facilities that the caller may report for now: its own, and those delegated to it.
    pub async fn facilities(&self, caller: &Caller) -> Result<Vec<FacilityTold>, StaysError> {
        self.0.citizens.require(caller, Operation::StaysReport, FACILITIES).await?;
        let now = self.0.clock.now();
        caller.client.allows(Operation::StaysReport, now).map_err(crate::citizens::CitizensError::from)?;
        self.0.citizens.charge(&caller.client)?;
        let (codec, client) = (self.0.codec.clone(), caller.client.id.clone());
        let read = move |db: &mut Db| -> Result<Vec<Facility>, StorageError> {
            let mut rows = facilities::list(db, Some(client.as_str()))?;
            let delegated = facilities::delegated_to(db, client.as_str())?;
            rows.append(&mut facilities::find_all(db, &delegated)?);
            open_all(db, &codec, &rows)
        };
        let found = self.0.store.read(Reach::Scan, read).await?;
        let client = &caller.client.id;
        let open = found.iter().filter(|facility| facility.reports_for(client, now));
        Ok(open.map(|facility| FacilityTold::of(facility, client, now)).collect())
    }

    pub(super) async fn facility(&self, id: FacilityId) -> Result<Option<Facility>, StorageError> {
        let codec = self.0.codec.clone();
        self.0.store.read(Reach::Key, move |db| find(db, &codec, id)).await
    }

    /// Those that are there of `ids`.
    pub(super) async fn facilities_of(
        &self,
        ids: Vec<FacilityId>,
    ) -> Result<HashMap<FacilityId, Facility>, StorageError> {
        let codec = self.0.codec.clone();
        let read = move |db: &mut Db| {
            let ids: Vec<Vec<u8>> = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
            let rows = facilities::find_all(db, &ids)?;
            open_all(db, &codec, &rows)
        };
        let found = self.0.store.read(Reach::Scan, read).await?;
        Ok(found.into_iter().map(|facility| (facility.id, facility)).collect())
    }
}
