//! Places where guests stay, and who may report for them.

use serde::{Deserialize, Serialize};

use crate::kernel::{ClientId, CommuneCode, FacilityId, Instant};

/// What kind of place it is (Law on Residence 68/2020/QH14 article 30: households, medical and
/// tourist facilities, other facilities with a lodging function).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FacilityKind {
    Hotel,
    Guesthouse,
    RentedRoom,
    MedicalFacility,
    Household,
    Other,
}

impl FacilityKind {
    pub const ALL: [Self; 6] =
        [Self::Hotel, Self::Guesthouse, Self::RentedRoom, Self::MedicalFacility, Self::Household, Self::Other];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hotel => "hotel",
            Self::Guesthouse => "guesthouse",
            Self::RentedRoom => "rented_room",
            Self::MedicalFacility => "medical_facility",
            Self::Household => "household",
            Self::Other => "other",
        }
    }

    /// The column's value.
    pub const fn number(self) -> i16 {
        match self {
            Self::Hotel => 1,
            Self::Guesthouse => 2,
            Self::RentedRoom => 3,
            Self::MedicalFacility => 4,
            Self::Household => 5,
            Self::Other => 6,
        }
    }

    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Who else may report for a facility, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Delegation {
    /// The client that may report for it.
    #[schema(value_type = String)]
    pub client: ClientId,
    #[schema(value_type = String)]
    pub valid_from: Instant,
    /// The first instant at which it may not any more.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

impl Delegation {
    pub fn in_force(&self, now: Instant) -> bool {
        self.valid_from <= now && now < self.valid_until
    }
}

/// A place where guests stay.
#[derive(Clone, PartialEq, Eq)]
pub struct Facility {
    pub id: FacilityId,
    /// Whose it is.
    pub client: ClientId,
    pub name: String,
    pub kind: FacilityKind,
    pub commune: CommuneCode,
    /// House and street.
    pub address: String,
    /// It takes no notices from then on.
    pub closed_at: Option<Instant>,
    pub delegations: Vec<Delegation>,
}

impl Facility {
    /// Whether `client` may report for it: its own, or delegated to it now; closed for nobody.
    pub fn reports_for(&self, client: &ClientId, now: Instant) -> bool {
        let open = self.closed_at.is_none_or(|closed| now < closed);
        open && (self.client == *client || self.delegation(client, now).is_some())
    }

    /// The delegation by which a client other than its own reports for it now.
    pub fn delegation(&self, client: &ClientId, now: Instant) -> Option<&Delegation> {
        self.delegations.iter().find(|delegation| delegation.client == *client && delegation.in_force(now))
    }
}

impl std::fmt::Debug for Facility {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facility").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}
