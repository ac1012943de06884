//! `POST /v1/residence/confirmations`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error;
use crate::access::Caller;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::citizens::{Recorded, respond};
use crate::clients::Operation;
use crate::crypto::digest::sha256;
use crate::http::extract::{BoundedText, IdempotencyKey};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, release};
use crate::kernel::{AttributeSet, Faults, IdNumber, PartialDate, PersonName, Purpose, Text};
use crate::residence::model::CONFIRMABLE;
use crate::residence::service::{CONFIRM, Confirm, ConfirmTold, Residence};

const NOT_CONFIRMABLE: Text = Text::new(
    "Chỉ xác nhận được sex, permanent_residence, temporary_residence, current_residence và household.",
    "What can be confirmed is sex, permanent_residence, temporary_residence, current_residence and household.",
);

/// About whom a confirmation is issued, to whom it is addressed, and what it states.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmRequest {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    /// At least as precise as the record.
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    /// To whom the confirmation is addressed.
    recipient: Input<BoundedText<200>>,
    /// What it states beside who the person is; all that form CT07 has, if it is missing.
    #[schema(required = false)]
    attributes: Input<AttributeSet>,
    /// Other content to be confirmed, in the client's words.
    #[schema(required = false)]
    other_content: Input<BoundedText<300>>,
}

impl ConfirmRequest {
    fn read(self, faults: &mut Faults) -> Option<Confirm> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let recipient = self.recipient.required("/recipient", faults);
        let attributes = self.attributes.optional("/attributes", faults);
        let other_content = self.other_content.optional("/other_content", faults);
        let all: AttributeSet = CONFIRMABLE.into_iter().collect();
        let attributes = attributes?.unwrap_or(all);
        if !attributes.is_subset(all) {
            faults.push("/attributes", "not_confirmable", NOT_CONFIRMABLE);
        }
        let anchor =
            Anchor { number: AnchorNumber::Personal(id_number?), full_name: full_name?, date_of_birth: date_of_birth? };
        let mut ask = Confirm {
            anchor,
            purpose: purpose?,
            recipient: recipient?.into_string(),
            attributes,
            other_content: other_content?.map(BoundedText::into_string),
            idempotency_key: None,
            request: [0; 32],
        };
        ask.request = digest(&ask);
        Some(ask)
    }
}

/// Two requests with one digest ask for the same.
fn digest(ask: &Confirm) -> [u8; 32] {
    let number = match &ask.anchor.number {
        AnchorNumber::Personal(number) => number.expose(),
        AnchorNumber::Legacy(number) => number.expose(),
    };
    let written = serde_json::json!([
        number,
        ask.anchor.full_name.expose(),
        ask.anchor.date_of_birth.to_string(),
        ask.purpose,
        ask.recipient,
        ask.attributes,
        ask.other_content,
    ]);
    sha256(&[written.to_string().as_bytes()])
}

/// Confirms residence information (CT07)
///
/// Signed as JWS (ES256, keys at `/.well-known/dancu-document-keys`) and as a compact credential for
/// a QR. Void within a minute of any change to what it states. Number, name and birth date must
/// belong to one person; anything else is one uniform `no_match`.
#[utoipa::path(
    post,
    path = "/v1/residence/confirmations",
    tag = "residence",
    request_body = ConfirmRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key repeats the first answer")),
    responses(
        (status = 200, description = "Issued, or not", body = Recorded<'_, ConfirmTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or more than a QR symbol holds", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, or too many failed anchors", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["residence:confirm"])),
)]
pub async fn confirm(
    caller: Caller,
    arrival: Arrival,
    residence: Data<Residence>,
    key: IdempotencyKey,
    body: Json<ConfirmRequest>,
) -> Result<HttpResponse, Problem> {
    let ask = match body.read(ConfirmRequest::read) {
        Ok(ask) => Confirm { idempotency_key: key.given().map(str::to_owned), ..ask },
        Err(faults) => {
            residence.citizens().require(&caller, Operation::ResidenceConfirm, CONFIRM).await?;
            return Err(faults);
        }
    };
    match residence.confirm(&caller, ask).await {
        Ok(answer) => {
            if answer.negative {
                release::negative(&arrival).await;
            }
            Ok(respond(&answer))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}
