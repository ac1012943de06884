//! `POST /v1/qr/verify`

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::error;
use super::submission::{Submission, Submitted, VerifyQrRequest};
use crate::access::Caller;
use crate::citizens::{Recorded, respond};
use crate::clients::Operation;
use crate::http::extract::IdempotencyKey;
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Problem, release};
use crate::qr::Qr;
use crate::qr::model::Told;
use crate::qr::service::{VERIFY, Verify};

/// Verifies what a citizen shows
///
/// The text of a QR as JSON, or a picture of it as `multipart/form-data` (`image`, `purpose` as
/// JSON, `nonce`). A printed card proves nothing by itself (`proof` is `none`) and is always held
/// against the citizen store; a credential is worth what its signature, time, reader and status say.
#[utoipa::path(
    post,
    path = "/v1/qr/verify",
    tag = "qr",
    request_body(content((VerifyQrRequest = "application/json"), (super::submission::VerifyQrPicture = "multipart/form-data"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key repeats the first answer")),
    responses(
        (status = 200, description = "What the QR is worth", body = Recorded<'_, Told>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or the consent", body = ProblemBody<'_>),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, an unreadable QR, or another kind of QR", body = ProblemBody<'_>),
        (status = 429, description = "Over quota, too many failed anchors, or too many pictures of the client at once", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["qr:verify"])),
)]
pub async fn verify(
    caller: Caller,
    arrival: Arrival,
    qr: Data<Qr>,
    key: IdempotencyKey,
    submitted: Submitted,
) -> Result<HttpResponse, Problem> {
    let require = qr.require(&caller, Operation::QrVerify, VERIFY);
    let Submission { shown, purpose, nonce } = match submitted {
        Submitted::Text(Ok(submission)) => submission,
        Submitted::Text(Err(faults)) => {
            require.await?;
            return Err(faults);
        }
        Submitted::Form(form) => {
            require.await?;
            form.read(&caller, &qr).await?
        }
    };
    let ask = Verify { shown, purpose, nonce, idempotency_key: key.given().map(str::to_owned) };
    match qr.verify(&caller, ask).await {
        Ok(answer) => {
            if answer.negative {
                release::negative(&arrival).await;
            }
            Ok(respond(&answer))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}
