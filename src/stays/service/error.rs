//! Why there is no answer.

use crate::audit::AuditError;
use crate::citizens::CitizensError;
use crate::kernel::Faults;
use crate::qr::QrError;
use crate::storage::StorageError;

/// Why there is no answer. Refusals of questions about a person have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum StaysError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error(transparent)]
    Qr(#[from] QrError),
    /// With pointers into the request.
    #[error("the notice has faults")]
    Faulty(Faults),
    #[error("the client may not report for this facility, or there is none")]
    NoSuchFacility,
    #[error("no such stay is the client's")]
    NoSuchStay,
    #[error("the stay has ended or was cancelled")]
    StayOver,
    #[error("the agreement does not list these units")]
    UnitNotAgreed,
}

impl From<StorageError> for StaysError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

impl From<AuditError> for StaysError {
    fn from(error: AuditError) -> Self {
        Self::Citizens(error.into())
    }
}

impl StaysError {
    /// Stable code in audit entries.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Citizens(error) => error.reason(),
            Self::Qr(_) | Self::Faulty(_) => "faulty",
            Self::NoSuchFacility => "facility_not_own",
            Self::NoSuchStay => "stay_not_own",
            Self::StayOver => "stay_over",
            Self::UnitNotAgreed => "unit_not_agreed",
        }
    }
}
