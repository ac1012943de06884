//! A notice as it is given.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::guest::GuestGiven;
use crate::kernel::{FacilityId, Faults, Instant, Text};

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
#[derive(Clone, PartialEq, Eq, Serialize)]
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

/// Notes a departure that lies before the arrival.
pub fn check_times(arrival: Instant, departure: Option<Instant>, pointer: &str, faults: &mut Faults) {
    const BEFORE: Text = Text::new("Ngày đi phải sau ngày đến.", "The departure lies before the arrival.");
    if departure.is_some_and(|departure| departure <= arrival) {
        faults.push(pointer, "departure_before_arrival", BEFORE);
    }
}

impl Notice {
    /// A notice may come this long ahead of the arrival, for guests who booked …
    const AHEAD: Duration = Duration::from_secs(24 * 3600);
    /// … and this long after it.
    const BEHIND: Duration = Duration::from_secs(366 * 24 * 3600);

    /// Notes what is wrong with the times, seen from `now`.
    pub fn check(&self, now: Instant, faults: &mut Faults) {
        const AHEAD: Text = Text::new(
            "Thời điểm đến còn quá xa; chỉ thông báo trước tối đa 24 giờ.",
            "The arrival lies too far ahead; a notice comes at most 24 hours before it.",
        );
        const BEHIND: Text = Text::new("Thời điểm đến đã quá một năm.", "The arrival lies more than a year back.");
        check_times(self.arrival, self.planned_departure, "/planned_departure", faults);
        if self.arrival > now.plus(Self::AHEAD) {
            faults.push("/arrival", "arrival_ahead", AHEAD);
        }
        if self.arrival < now.minus(Self::BEHIND) {
            faults.push("/arrival", "arrival_long_ago", BEHIND);
        }
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice").field("facility_id", &self.facility_id).finish_non_exhaustive()
    }
}
