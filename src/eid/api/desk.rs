//! `POST /v1/eid/desk`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::devices::EnrolmentCode;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::clients::Operation;
use crate::eid::Eid;
use crate::eid::model::AccountLevel;
use crate::eid::service::{AtDesk, DeskAction, DeskAnswer, DeskOutcome, EidError};
use crate::http::extract::{Expected, FromInput, read_object};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, release};
use crate::kernel::{Faults, IdNumber, PartialDate, PersonName, Purpose, TransactionId};

/// Somebody who stands at the desk.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PresentPersonRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
}

struct PresentPerson(Anchor);

impl PresentPersonRequest {
    fn read(self, faults: &mut Faults) -> Option<PresentPerson> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let number = AnchorNumber::Personal(id_number?);
        Some(PresentPerson(Anchor { number, full_name: full_name?, date_of_birth: date_of_birth? }))
    }
}

impl FromInput for PresentPerson {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, PresentPersonRequest::read)
    }
}

impl PartialSchema for PresentPerson {
    fn schema() -> RefOr<Schema> {
        PresentPersonRequest::schema()
    }
}

impl ToSchema for PresentPerson {}

impl std::fmt::Debug for PresentPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentPerson(redacted)")
    }
}

/// What an officer does for a citizen who is there.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeskRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    action: Input<DeskAction>,
    /// Who came with a child below 14: recorded as a parent or representative, and of age.
    #[schema(required = false, value_type = PresentPersonRequest)]
    representative: Input<PresentPerson>,
}

impl DeskRequest {
    fn read(self, faults: &mut Faults) -> Option<AtDesk> {
        let person = PresentPersonRequest {
            id_number: self.id_number,
            full_name: self.full_name,
            date_of_birth: self.date_of_birth,
        };
        let person = person.read(faults);
        let purpose = self.purpose.required("/purpose", faults);
        let action = self.action.required("/action", faults);
        let representative = self.representative.optional("/representative", faults);
        let representative = representative?.map(|PresentPerson(anchor)| anchor);
        Some(AtDesk { anchor: person?.0, representative, purpose: purpose?, action: action? })
    }
}

/// Whether it was done. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeskWord {
    Done,
    NoMatch,
    /// The citizen is recorded as deceased or missing, and the agreement lists `status`.
    NotAlive,
    /// There is no account to do this to; `enrol` makes one.
    NoAccount,
    /// A child below 14: nobody came with them who is recorded as their parent or representative.
    RepresentativeNeeded,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct DeskResponse<'a> {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    outcome: DeskWord,
    /// The rest is `null` unless `outcome` is `done`.
    account_level: Option<AccountLevel>,
    /// Devices in use.
    devices: Option<usize>,
    /// Of `enrol`: what the citizen's app takes.
    enrolment: Option<EnrolmentCode>,
    /// Of `unlock`: the `code` with which the one device that the citizen holds sets a new passcode.
    unlock: Option<EnrolmentCode>,
    audit: &'a Receipt,
}

/// Serves a citizen at a desk
///
/// Confirms an account in person, enrols a device, lets one device set a new passcode, or revokes all.
#[utoipa::path(
    post,
    path = "/v1/eid/desk",
    tag = "eid",
    request_body = DeskRequest,
    responses(
        (status = 200, description = "Done, or not", body = DeskResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["eid:desk"])),
)]
pub async fn at_desk(
    caller: Caller,
    arrival: Arrival,
    eid: Data<Eid>,
    body: Json<DeskRequest>,
) -> Result<HttpResponse, Problem> {
    let ask = match body.read(DeskRequest::read) {
        Ok(ask) => ask,
        Err(faults) => {
            caller.require(Operation::EidDesk)?;
            return Err(faults);
        }
    };
    let unlocks = ask.action == DeskAction::Unlock;
    let DeskAnswer { outcome, transaction, receipt, standing } = match eid.at_desk(&caller, ask).await {
        Ok(answer) => answer,
        Err(EidError::Citizens(refusal)) => return Err(citizens::held_back(refusal, &arrival).await),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut told = DeskResponse {
        transaction_id: transaction,
        outcome: DeskWord::Done,
        account_level: None,
        devices: None,
        enrolment: None,
        unlock: None,
        audit: &receipt,
    };
    match outcome {
        DeskOutcome::Done { level, devices, code } => {
            told.account_level = Some(level);
            told.devices = Some(devices);
            let code = code.map(EnrolmentCode::from);
            if unlocks { told.unlock = code } else { told.enrolment = code }
        }
        DeskOutcome::NoMatch => {
            release::negative(&arrival).await;
            told.outcome = DeskWord::NoMatch;
        }
        DeskOutcome::NotAlive => told.outcome = DeskWord::NotAlive,
        DeskOutcome::NoAccount => told.outcome = DeskWord::NoAccount,
        DeskOutcome::RepresentativeNeeded(_) => told.outcome = DeskWord::RepresentativeNeeded,
    }
    Ok(citizens::answer(&told, &standing))
}
