//! From refusals to problems.

use crate::citizens::held_back;
use crate::http::{Arrival, Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::stays::service::StaysError;

const NOT_OWN: Text = Text::new(
    "Cơ sở lưu trú này không thuộc đơn vị của bạn, chưa được ủy quyền hoặc đã đóng.",
    "This facility is not yours, is not delegated to you now, or is closed.",
);
const UNIT: Text = Text::new(
    "Thỏa thuận không cho phép xem lưu trú ở đơn vị hành chính này.",
    "The agreement does not let stays in this unit be read.",
);

/// The problem, held back where somebody was looked for before it.
pub async fn problem(error: StaysError, arrival: &Arrival) -> Problem {
    match error {
        StaysError::Citizens(error) => held_back(error, arrival).await,
        error => error.into(),
    }
}

impl From<StaysError> for Problem {
    fn from(error: StaysError) -> Self {
        match error {
            StaysError::Citizens(error) => error.into(),
            StaysError::Qr(error) => error.into(),
            StaysError::Faulty(faults) => Self::invalid(faults),
            StaysError::NoSuchFacility => one(ProblemKind::Forbidden, "/facility_id", "facility_not_own", NOT_OWN),
            StaysError::NoSuchStay => ProblemKind::NotFound.into(),
            StaysError::StayOver => ProblemKind::Conflict.into(),
            StaysError::UnitNotAgreed => one(ProblemKind::Forbidden, "/units", "unit_not_agreed", UNIT),
        }
    }
}

fn one(kind: ProblemKind, pointer: &str, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    faults.push(pointer, code, text);
    Problem::new(kind).with_faults(faults)
}
