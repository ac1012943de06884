//! From refusals to problems.

use std::time::Duration;

use crate::citizens::held_back;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::{Faults, Text};
use crate::residence::service::ResidenceError;

/// When to ask again while changes are not followed.
const WATCHED_AGAIN: Duration = Duration::from_secs(10);

const NOTHING_AGREED: Text = Text::new(
    "Thỏa thuận không cho phép xác nhận họ tên, số định danh và ngày sinh.",
    "The agreement does not let name, number and birth date be confirmed.",
);

/// The problem, held back where somebody was looked for before it.
pub async fn problem(error: ResidenceError, arrival: &Arrival) -> Problem {
    match error {
        ResidenceError::Citizens(error) => held_back(error, arrival).await,
        ResidenceError::Qr(error) => error.into(),
        ResidenceError::NothingAgreed => {
            release::negative(arrival).await;
            one(ProblemKind::Forbidden, "/attributes", "attribute_not_agreed", NOTHING_AGREED)
        }
        ResidenceError::DoesNotFit => one(
            ProblemKind::InvalidFields,
            "/attributes",
            "too_much",
            Text::new("Quá nhiều thông tin cho một mã QR.", "This is more than one QR symbol holds."),
        ),
        ResidenceError::NotWatched => Problem::new(ProblemKind::Unavailable).retry_after(WATCHED_AGAIN),
        ResidenceError::TooManyCodes { retry_after } => Problem::new(ProblemKind::RateLimited).retry_after(retry_after),
    }
}

fn one(kind: ProblemKind, pointer: &str, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    faults.push(pointer, code, text);
    Problem::new(kind).with_faults(faults)
}
