//! From refusals to problems.

use crate::access::NoPermit;
use crate::audit::AuditError;
use crate::citizens::service::CitizensError;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::{AttributeSet, Faults, Text};

const NOT_AGREED: Text =
    Text::new("Thỏa thuận không cho phép đối chiếu mục này.", "The agreement does not let this attribute be claimed.");

const NOT_CONSENTED: Text = Text::new(
    "Công dân không đồng ý cho đối chiếu mục này.",
    "The citizen has not agreed that this attribute be claimed.",
);

fn claims(attributes: AttributeSet, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    attributes.iter().for_each(|attribute| faults.push(format!("/claims/{attribute}"), code, text));
    Problem::new(ProblemKind::Forbidden).with_faults(faults)
}

const NARROWED: Text = Text::new(
    "Thỏa thuận đã thu hẹp; câu trả lời trước đây không được lặp lại.",
    "The agreement was narrowed; the first answer is not repeated.",
);

impl From<CitizensError> for Problem {
    fn from(error: CitizensError) -> Self {
        match error {
            CitizensError::Denied(denied) => denied.into(),
            CitizensError::NotAgreed(refusal) => refusal.into(),
            CitizensError::AttributesNotAgreed(attributes) => claims(attributes, "attribute_not_agreed", NOT_AGREED),
            CitizensError::AttributesNotConsented(attributes) => {
                claims(attributes, "attribute_not_consented", NOT_CONSENTED)
            }
            CitizensError::KeyReused => ProblemKind::IdempotencyConflict.into(),
            CitizensError::AgreementNarrowed => {
                let mut faults = Faults::default();
                faults.push("", "agreement_narrowed", NARROWED);
                Self::new(ProblemKind::Forbidden).with_faults(faults)
            }
            CitizensError::OverQuota(standing) => {
                let kind = if standing.day_left == 0 { ProblemKind::OverQuota } else { ProblemKind::RateLimited };
                let problem = Self::new(kind).retry_after(standing.retry_after());
                let [policy, left] = super::quota::headers(&standing);
                problem.with_header(policy.0, policy.1).with_header(left.0, left.1)
            }
            CitizensError::TooManyBatches => NoPermit::ShareUsedUp.into(),
            CitizensError::Blocked(blocked) => {
                Self::new(ProblemKind::TooManyFailedAnchors).retry_after(blocked.retry_after)
            }
            CitizensError::Storage(error) | CitizensError::Audit(AuditError::Unavailable(error)) => error.into(),
            CitizensError::Audit(error @ (AuditError::State(_) | AuditError::Busy(_) | AuditError::Unsigned(_))) => {
                Self::new(ProblemKind::Unavailable).because(&error)
            }
        }
    }
}

/// The problem, held back as long as *no match* would be where somebody was looked for before it, if
/// only for the entry: finding nobody takes another time.
pub async fn held_back(error: CitizensError, arrival: &Arrival) -> Problem {
    let after_a_look_up = matches!(
        error,
        CitizensError::Blocked(_) | CitizensError::AttributesNotAgreed(_) | CitizensError::AttributesNotConsented(_)
    );
    if after_a_look_up {
        release::negative(arrival).await;
    }
    error.into()
}
