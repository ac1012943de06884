//! From refusals to problems.

use crate::citizens::held_back;
use crate::forms::service::FormsError;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::{Faults, Text};

const OTHER_PROCEDURE: Text = Text::new("Biểu mẫu này thuộc thủ tục khác.", "The form belongs to another procedure.");
const NOBODY_NAMED: Text = Text::new(
    "Cần số định danh, họ tên và ngày sinh, trừ khi công dân tự yêu cầu.",
    "Number, name and birth date are required, unless the citizen's own token asks.",
);

/// The problem, held back where somebody was looked for before it.
pub async fn problem(error: FormsError, arrival: &Arrival) -> Problem {
    match error {
        FormsError::Citizens(error) => held_back(error, arrival).await,
        error @ FormsError::OtherProcedure => {
            release::negative(arrival).await;
            error.into()
        }
        error => error.into(),
    }
}

impl From<FormsError> for Problem {
    fn from(error: FormsError) -> Self {
        match error {
            FormsError::Citizens(error) => error.into(),
            FormsError::NoSuchForm => ProblemKind::NotFound.into(),
            FormsError::OtherProcedure => one("/purpose/procedure", "other_procedure", OTHER_PROCEDURE),
            FormsError::NobodyNamed => one("/id_number", "missing", NOBODY_NAMED),
        }
    }
}

fn one(pointer: &str, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    faults.push(pointer, code, text);
    faults.into()
}
