//! A notice as it is given.

use serde::{Deserialize, Serialize};

use super::guest::GuestGiven;
use crate::kernel::{FacilityId, Instant, Text};

/// Why guests stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Tourism,
    Study,
    Work,
    Visit,
    Medical,
    Other,
}

impl Reason {
    pub const ALL: [Self; 6] = [Self::Tourism, Self::Study, Self::Work, Self::Visit, Self::Medical, Self::Other];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Tourism => "tourism",
            Self::Study => "study",
            Self::Work => "work",
            Self::Visit => "visit",
            Self::Medical => "medical",
            Self::Other => "other",
        }
    }

    pub const fn label(self) -> Text {
        match self {
            Self::Tourism => Text::new("Du lịch", "Tourism"),
            Self::Study => Text::new("Học tập", "Study"),
            Self::Work => Text::new("Làm việc", "Work"),
            Self::Visit => Text::new("Thăm người thân, bạn bè", "Visit"),
            Self::Medical => Text::new("Chữa bệnh", "Medical"),
            Self::Other => Text::new("Lý do khác", "Other"),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Guests who arrived together, as a facility reports them.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    pub facility_id: FacilityId,
    pub room: Option<String>,
    pub arrival: Instant,
    pub planned_departure: Option<Instant>,
    pub reason: Reason,
    /// In the client's words, where the reason needs some.
    pub note: Option<String>,
    /// At least one.
    pub guests: Vec<GuestGiven>,
}

impl Notice {
    /// More guests are several notices.
    pub const MOST_GUESTS: usize = 50;
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice").field("facility_id", &self.facility_id).finish_non_exhaustive()
    }
}
