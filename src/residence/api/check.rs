//! `POST /v1/residence/check`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::input::PredicateInput;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::citizens::model::Status;
use crate::citizens::{self, Disclosure, Withheld};
use crate::clients::Operation;
use crate::http::extract::List;
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, release};
use crate::kernel::{AttributeSet, Faults, IdNumber, PartialDate, PersonName, Purpose, Text, TransactionId};
use crate::residence::model::{Hidden, Predicate, QUESTIONS, Reason};
use crate::residence::service::{CHECK, Check, CheckAnswer, Residence};

/// Each names another person at most, whose anchor is sought.
const MOST_PREDICATES: usize = 16;

const NOT_A_QUESTION: Text = Text::new(
    "Chỉ hỏi được permanent_residence, temporary_residence, current_residence và household.",
    "Questions are permanent_residence, temporary_residence, current_residence and household.",
);
const NOTHING_ASKED: Text = Text::new("Cần ít nhất một câu hỏi.", "At least one question or predicate is needed.");

/// Whose residence is checked, and what is asked about it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CheckRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    /// `permanent_residence`, `temporary_residence`, `current_residence`, `household`.
    #[schema(required = false)]
    questions: Input<AttributeSet>,
    /// Answered by yes or no, in this order.
    #[schema(required = false)]
    predicates: Input<List<PredicateInput, { MOST_PREDICATES }>>,
}

impl CheckRequest {
    fn read(self, faults: &mut Faults) -> Option<Check> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let questions = self.questions.optional("/questions", faults);
        let predicates = self.predicates.optional("/predicates", faults);
        let questions = questions?.unwrap_or_default();
        let predicates: Vec<Predicate> =
            predicates?.map(List::into_vec).unwrap_or_default().into_iter().map(|PredicateInput(read)| read).collect();
        if !questions.is_subset(QUESTIONS.into_iter().collect()) {
            faults.push("/questions", "not_a_question", NOT_A_QUESTION);
        }
        if questions.is_empty() && predicates.is_empty() {
            faults.push("/questions", "nothing_asked", NOTHING_ASKED);
        }
        let anchor =
            Anchor { number: AnchorNumber::Personal(id_number?), full_name: full_name?, date_of_birth: date_of_birth? };
        Some(Check { anchor, purpose: purpose?, questions, predicates })
    }
}

/// Whether somebody was found. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CheckOutcome {
    Found,
    NoMatch,
}

/// How one predicate was answered.
#[derive(Serialize, ToSchema)]
pub struct PredicateAnswer {
    /// As in the request.
    #[schema(example = "resides_in")]
    predicate: &'static str,
    /// `null`: there is no answer, for the reason given.
    answer: Option<bool>,
    reason: Reason,
}

#[derive(Serialize, ToSchema)]
pub struct CheckResponse<'a> {
    #[schema(value_type = TransactionId)]
    transaction_id: TransactionId,
    outcome: CheckOutcome,
    /// Alive, deceased or missing; `null` unless somebody was found by an agreement for full detail that
    /// lists `status`.
    #[schema(value_type = Option<String>)]
    status: Option<Status>,
    /// What was asked, each `{value, source, as_of, classification}`.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    answers: Told<'a>,
    /// In the order of the request; empty unless somebody was found.
    predicates: Vec<PredicateAnswer>,
    #[schema(value_type = Vec<citizens::Withheld>)]
    withheld: &'a [Withheld],
    /// Parts of an answer that are there and not shown.
    hidden: &'a [Hidden],
    audit: &'a Receipt,
}

/// What is told of the citizen; of nobody, nothing.
struct Told<'a>(Option<&'a Disclosure>);

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(disclosure) => {
                let mut json = Vec::with_capacity(1024);
                disclosure.write(&mut json);
                let json = String::from_utf8(json).map_err(S::Error::custom)?;
                RawValue::from_string(json).map_err(S::Error::custom)?.serialize(serializer)
            }
            None => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

impl<'a> CheckResponse<'a> {
    fn of(answer: &'a CheckAnswer, asked: &[&'static str]) -> Self {
        let checked = answer.checked.as_ref();
        let answers = checked.map_or(&[][..], |checked| &checked.answers);
        let predicates = asked.iter().zip(answers);
        Self {
            transaction_id: answer.transaction,
            outcome: if checked.is_some() { CheckOutcome::Found } else { CheckOutcome::NoMatch },
            status: checked.and_then(|checked| checked.status),
            answers: Told(checked.map(|checked| &checked.disclosure)),
            predicates: predicates
                .map(|(predicate, answer)| PredicateAnswer { predicate, answer: answer.answer, reason: answer.reason })
                .collect(),
            withheld: checked.map_or(&[], |checked| checked.disclosure.withheld()),
            hidden: checked.map_or(&[], |checked| &checked.hidden),
            audit: &answer.receipt,
        }
    }
}

/// Checks a residence
///
/// Tells the residences and the household of one citizen as far as the agreement lets them out, and
/// answers predicates by yes or no without telling what the answer rests on. Number, name and birth
/// date must belong to one person; anything else is one uniform `no_match`. Other members of the
/// household are named only in procedures the agreement lists for it; what is hidden is said.
#[utoipa::path(
    post,
    path = "/v1/residence/check",
    tag = "residence",
    request_body = CheckRequest,
    responses(
        (status = 200, description = "Found, or no match", body = CheckResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["residence:check"])),
)]
pub async fn check(
    caller: Caller,
    arrival: Arrival,
    residence: Data<Residence>,
    body: Json<CheckRequest>,
) -> Result<HttpResponse, Problem> {
    let ask = match body.read(CheckRequest::read) {
        Ok(ask) => ask,
        Err(faults) => {
            residence.citizens().require(&caller, Operation::ResidenceCheck, CHECK).await?;
            return Err(faults);
        }
    };
    let asked: Vec<&'static str> = ask.predicates.iter().map(Predicate::name).collect();
    let answer = match residence.check(&caller, ask).await {
        Ok(answer) => answer,
        Err(refusal) => return Err(citizens::held_back(refusal, &arrival).await),
    };
    if answer.negative {
        release::negative(&arrival).await;
    }
    Ok(citizens::answer(&CheckResponse::of(&answer, &asked), &answer.standing))
}
