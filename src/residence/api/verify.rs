//! `POST /v1/residence/confirmations/verify` and `POST /v1/residence/confirmations/page`: for anybody
//! who holds a confirmation.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName};
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error;
use crate::http::extract::BoundedText;
use crate::http::problem::ProblemBody;
use crate::http::{AnonymousRequest, Arrival, Input, Json, Problem, ProblemKind, release};
use crate::kernel::{Faults, Text, TransactionId};
use crate::residence::pages::PAGE_POLICY;
use crate::residence::service::{ConfirmationStatus, Residence, ShownConfirmation, VerifiedConfirmation};

const ONE_OF: Text = Text::new(
    "Cần đúng một trong: payload, jws, hoặc confirmation_id cùng code.",
    "Give exactly one of payload, jws, or confirmation_id with code.",
);

/// What somebody was shown, or was told by telephone.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VerifyConfirmationRequest {
    /// The text of the QR.
    #[schema(required = false)]
    payload: Input<BoundedText<8_192>>,
    #[schema(required = false)]
    jws: Input<BoundedText<16_384>>,
    /// Together with `code`.
    #[schema(required = false)]
    confirmation_id: Input<TransactionId>,
    /// Eight letters and digits; case and separators do not matter.
    #[schema(required = false)]
    code: Input<BoundedText<32>>,
}

impl VerifyConfirmationRequest {
    fn read(self, faults: &mut Faults) -> Option<ShownConfirmation> {
        let payload = self.payload.optional("/payload", faults);
        let jws = self.jws.optional("/jws", faults);
        let id = self.confirmation_id.optional("/confirmation_id", faults);
        let code = self.code.optional("/code", faults);
        match (payload?, jws?, id?, code?) {
            (Some(payload), None, None, None) => Some(ShownConfirmation::Payload(payload.into_string())),
            (None, Some(jws), None, None) => Some(ShownConfirmation::Jws(jws.into_string())),
            (None, None, Some(id), Some(code)) => Some(ShownConfirmation::Code(id, code.into_string())),
            _ => {
                faults.push("", "one_of", ONE_OF);
                None
            }
        }
    }
}

/// Verifies a confirmation
///
/// For anybody, without an account. Says whether it is worth something, and nothing of the person or
/// of why it is void. Wrong codes are counted: after ten in a day a confirmation is verified by its
/// QR or JWS alone.
#[utoipa::path(
    post,
    path = "/v1/residence/confirmations/verify",
    tag = "residence",
    request_body = VerifyConfirmationRequest,
    responses(
        (status = 200, description = "What it is worth", body = VerifiedConfirmation),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Too many wrong codes for this confirmation", body = ProblemBody<'_>),
        (status = 503, description = "The database is away, or changes of records are not followed", body = ProblemBody<'_>),
    ),
)]
pub async fn verify(
    _: AnonymousRequest,
    arrival: Arrival,
    residence: Data<Residence>,
    body: Json<VerifyConfirmationRequest>,
) -> Result<HttpResponse, Problem> {
    let shown = body.read(VerifyConfirmationRequest::read)?;
    match residence.verify(shown).await {
        Ok(verified) => {
            if verified.status == ConfirmationStatus::Unknown {
                release::negative(&arrival).await;
            }
            Ok(HttpResponse::Ok().json(verified))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}

/// A confirmation to print.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PageRequest {
    jws: Input<BoundedText<16_384>>,
}

/// A confirmation as a page to print
///
/// In Vietnamese, with the QR inside, made from the JWS alone: for anybody who holds it. Whether it
/// still stands is not looked at; the QR tells.
#[utoipa::path(
    post,
    path = "/v1/residence/confirmations/page",
    tag = "residence",
    request_body = PageRequest,
    responses(
        (status = 200, description = "The page", content((String = "text/html"))),
        (status = 422, description = "Faulty members, or no confirmation of this service", body = ProblemBody<'_>),
    ),
)]
pub async fn page(
    _: AnonymousRequest,
    residence: Data<Residence>,
    body: Json<PageRequest>,
) -> Result<HttpResponse, Problem> {
    let jws = body.read(|request, faults| request.jws.required("/jws", faults))?.into_string();
    let Some(document) = residence.read_document(&jws) else {
        let mut faults = Faults::default();
        faults.push(
            "/jws",
            "not_a_confirmation",
            Text::new("Đây không phải xác nhận do hệ thống này cấp.", "This is no confirmation that was issued here."),
        );
        return Err(Problem::invalid(faults));
    };
    let page = residence.page(&document).map_err(|_| Problem::new(ProblemKind::Internal))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY));
    response.insert_header((HeaderName::from_static("referrer-policy"), "no-referrer"));
    Ok(response.content_type("text/html; charset=utf-8").body(page))
}
