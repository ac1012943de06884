//! Facilities: entered by the command line, listed to those who report for them.

use serde::Serialize;

use super::{Stays, StaysError};
use crate::access::Caller;
use crate::kernel::{ClientId, CommuneCode, FacilityId, Instant};
use crate::stays::model::FacilityKind;

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
    /// Where it is another client's: until when the caller may report for it.
    #[schema(value_type = Option<String>)]
    pub delegated_until: Option<Instant>,
}

impl Stays {
    /// The open facilities that the caller may report for now.
    pub async fn facilities(&self, _caller: &Caller) -> Result<Vec<FacilityTold>, StaysError> {
        todo!()
    }
}
