//! `POST /v1/forms/{code}/prefill`

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::answer;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::forms::fill::{Missing, Prefilled, Provided};
use crate::forms::model::FormCode;
use crate::forms::service::{Forms, Outcome, Prefill, PrefillAnswer};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, ProblemKind, release};
use crate::kernel::{Faults, IdNumber, LegacyIdNumber, PartialDate, PersonName, Purpose, Text, TransactionId};

const TWO_NUMBERS: Text = Text::new(
    "Chỉ nêu id_number hoặc legacy_id_number, không nêu cả hai.",
    "Give id_number or legacy_id_number, not both.",
);
const NOT_ALONE: Text = Text::new(
    "Số định danh, họ tên và ngày sinh phải đi cùng nhau.",
    "Number, name and birth date go together.",
);

/// About whom a form is filled: an officer names the citizen, the citizen's own token nobody.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PrefillRequest {
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    /// The old CMND number, in place of `id_number`.
    #[schema(required = false)]
    legacy_id_number: Input<LegacyIdNumber>,
    #[schema(required = false)]
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    #[schema(required = false)]
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
}

impl PrefillRequest {
    fn read(self, faults: &mut Faults) -> Option<(Option<Anchor>, Purpose)> {
        let personal = self.id_number.optional("/id_number", faults);
        let legacy = self.legacy_id_number.optional("/legacy_id_number", faults);
        let full_name = self.full_name.optional("/full_name", faults);
        let date_of_birth = self.date_of_birth.optional("/date_of_birth", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let number = match (personal?, legacy?) {
            (Some(_), Some(_)) => {
                faults.push("/legacy_id_number", "two_numbers", TWO_NUMBERS);
                return None;
            }
            (Some(number), None) => Some(AnchorNumber::Personal(number)),
            (None, Some(number)) => Some(AnchorNumber::Legacy(number)),
            (None, None) => None,
        };
        let anchor = match (number, full_name?, date_of_birth?) {
            (None, None, None) => None,
            (Some(number), Some(full_name), Some(date_of_birth)) => Some(Anchor { number, full_name, date_of_birth }),
            (number, name, date) => {
                let lacking = [("/id_number", number.is_none()), ("/full_name", name.is_none())];
                let lacking = lacking.into_iter().chain([("/date_of_birth", date.is_none())]);
                lacking.filter(|(_, lacks)| *lacks).for_each(|(at, _)| faults.push(at, "missing", NOT_ALONE));
                return None;
            }
        };
        Some((anchor, purpose?))
    }
}

#[derive(Serialize, ToSchema)]
pub struct PrefillResponse<'a> {
    #[schema(value_type = TransactionId)]
    transaction_id: TransactionId,
    outcome: Outcome,
    /// The form's code.
    #[schema(example = "ct01")]
    form: &'a str,
    /// Valid against the form's schema as far as they go; empty unless `outcome` is `filled`.
    #[schema(value_type = Object)]
    values: &'a Value,
    /// Where each value comes from, by JSON pointer into `values`; of a table also the table itself.
    provenance: &'a BTreeMap<String, Provided>,
    /// What is left to type, and why.
    missing: &'a [Missing],
    prefilled: Prefilled,
    audit: &'a Receipt,
}

impl<'a> PrefillResponse<'a> {
    fn of(answer: &'a PrefillAnswer) -> Self {
        let filled = &answer.filled;
        Self {
            transaction_id: answer.transaction,
            outcome: answer.outcome,
            form: answer.form.code.as_str(),
            values: &filled.values,
            provenance: &filled.provenance,
            missing: &filled.missing,
            prefilled: filled.prefilled(),
            audit: &answer.receipt,
        }
    }
}

/// Prefills a form
///
/// With what the population data hold about the citizen, within agreement and consent. An officer
/// names the citizen by number, name and birth date, and anything that does not belong together is
/// one uniform `no_match`; with the citizen's own token nobody is named.
#[utoipa::path(
    post,
    path = "/v1/forms/{code}/prefill",
    tag = "forms",
    params(("code" = String, Path, description = "The form's code")),
    request_body = PrefillRequest,
    responses(
        (status = 200, description = "Filled as far as it goes, or no match", body = PrefillResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 404, description = "No such form", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or a form of another procedure", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["forms:prefill"])),
)]
pub async fn prefill(
    caller: Caller,
    arrival: Arrival,
    forms: Data<Forms>,
    code: Path<String>,
    body: Json<PrefillRequest>,
) -> Result<HttpResponse, Problem> {
    let code = FormCode::parse(&code).filter(|code| forms.find(code).is_some());
    let read = body.read(PrefillRequest::read);
    let ask = read.and_then(|(anchor, purpose)| {
        Ok(Prefill { code: code.ok_or(ProblemKind::NotFound)?, anchor, purpose })
    });
    let ask = match ask {
        Ok(ask) => ask,
        Err(faults) => {
            forms.require(&caller).await?;
            return Err(faults);
        }
    };
    match forms.prefill(&caller, ask).await {
        Ok(filled) => {
            if filled.outcome == Outcome::NoMatch {
                release::negative(&arrival).await;
            }
            Ok(answer(&PrefillResponse::of(&filled), &filled.standing))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}
