//! From refusals to problems.

use std::time::Duration;

use crate::audit::{AuditError, ProofError};
use crate::http::{Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::transparency::ProofsError;

const ORDER: Text =
    Text::new("from_size phải từ 1 đến tree_size.", "from_size must be at least 1 and no more than tree_size.");

/// How long until the next checkpoint is likely to cover what this one does not.
const NEXT_CHECKPOINT: Duration = Duration::from_secs(1);

impl From<ProofsError> for Problem {
    fn from(error: ProofsError) -> Self {
        match error {
            ProofsError::Denied(denied) => denied.into(),
            ProofsError::Refused(refusal) => refusal.into(),
            ProofsError::UnknownTransaction | ProofsError::Proof(ProofError::UnknownLog) => {
                ProblemKind::NotFound.into()
            }
            ProofsError::Proof(ProofError::Beyond { .. }) => {
                Self::new(ProblemKind::Conflict).retry_after(NEXT_CHECKPOINT)
            }
            ProofsError::Proof(ProofError::Order) => {
                let mut faults = Faults::default();
                faults.push("/from_size", "out_of_range", ORDER);
                Self::invalid(faults)
            }
            ProofsError::Proof(ProofError::Unavailable(error)) => error.into(),
            ProofsError::Audit(error) => of_audit(error),
        }
    }
}

pub(in crate::transparency) fn of_audit(error: AuditError) -> Problem {
    match error {
        AuditError::Unavailable(error) => error.into(),
        AuditError::State(_) | AuditError::Busy(_) | AuditError::Unsigned(_) => {
            Problem::new(ProblemKind::Unavailable).because(&error)
        }
    }
}
