//! From refusals to problems.

use crate::http::{Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::transparency::api::of_audit;
use crate::transparency::me::service::MeError;

const NOT_A_CITIZEN: Text = Text::new(
    "Chỉ công dân, bằng chính mã truy cập của mình, được xem mục này.",
    "Only the citizen's own token or session may see this.",
);

impl From<MeError> for Problem {
    fn from(error: MeError) -> Self {
        match error {
            MeError::Denied(denied) => denied.into(),
            MeError::Refused(refusal) => refusal.into(),
            MeError::NotACitizen => {
                let mut faults = Faults::default();
                faults.push("", "not_a_citizen", NOT_A_CITIZEN);
                Self::new(ProblemKind::Forbidden).with_faults(faults)
            }
            MeError::NoSuchThing => ProblemKind::NotFound.into(),
            MeError::Audit(error) => of_audit(error),
        }
    }
}
