//! `GET /v1/stays/{id}/receipt`, `POST /v1/stays/receipts/verify`, `POST /v1/stays/receipts/page`

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName};
use actix_web::web::{Data, Path};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error;
use crate::access::Caller;
use crate::audit::{InclusionProof, Receipt};
use crate::http::extract::BoundedText;
use crate::http::problem::ProblemBody;
use crate::http::{AnonymousRequest, Arrival, Input, Json, Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::stays::model::{SignedReceipt, StayState};
use crate::stays::printed::PAGE_POLICY;
use crate::stays::service::{ProvenReceipt, Stays, VerifiedReceipt};

/// That the entry stands in the log. Hashes are base64, as in checkpoints.
#[derive(Serialize, ToSchema)]
pub struct ReceiptInclusion {
    tree_size: u64,
    /// Root of the tree of `tree_size`.
    root: String,
    /// The leaf's data.
    commitment: String,
    /// Sibling hashes from the leaf up (RFC 6962).
    path: Vec<String>,
    /// The published checkpoint, a signed note.
    checkpoint: String,
}

impl ReceiptInclusion {
    fn of(proof: InclusionProof) -> Self {
        let text = |hash: &[u8]| STANDARD.encode(hash);
        Self {
            tree_size: proof.tree_size,
            root: text(proof.root.as_ref()),
            commitment: text(proof.commitment.as_ref()),
            path: proof.path.iter().map(|hash| text(hash.as_ref())).collect(),
            checkpoint: proof.checkpoint,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ReceiptResponse {
    state: StayState,
    receipt: SignedReceipt,
    /// Where the notice's entry stands; `null` once it has expired.
    audit: Option<Receipt>,
    /// `null` until the next checkpoint covers the entry, about a second after the notice.
    inclusion: Option<ReceiptInclusion>,
}

/// The receipt of a stay
///
/// With the proof that the notice stands in the audit log.
#[utoipa::path(
    get,
    path = "/v1/stays/{id}/receipt",
    tag = "stays",
    params(("id" = String, Path, description = "`stay_id`")),
    responses(
        (status = 200, description = "The receipt", body = ReceiptResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such stay is the caller's", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn receipt(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path.parse().map_err(|_| ProblemKind::NotFound)?;
    match stays.prove_receipt(&caller, id).await {
        Ok(ProvenReceipt { receipt, state, audit, inclusion }) => {
            let inclusion = inclusion.map(ReceiptInclusion::of);
            Ok(HttpResponse::Ok().json(ReceiptResponse { state, receipt, audit, inclusion }))
        }
        Err(refusal) => Err(error::problem(refusal, &arrival).await),
    }
}

/// A receipt as somebody holds it.
#[derive(Deserialize, ToSchema)]
pub struct ReceiptRequest {
    /// The receipt's `jws`.
    jws: Input<BoundedText<16_384>>,
}

impl ReceiptRequest {
    fn read(self, faults: &mut Faults) -> Option<String> {
        Some(self.jws.required("/jws", faults)?.into_string())
    }
}

/// Verifies a receipt
///
/// For anybody, without an account. A receipt names no guest.
#[utoipa::path(
    post,
    path = "/v1/stays/receipts/verify",
    tag = "stays",
    request_body = ReceiptRequest,
    responses(
        (status = 200, description = "What it is worth", body = VerifiedReceipt),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
)]
pub async fn verify(
    _: AnonymousRequest,
    stays: Data<Stays>,
    body: Json<ReceiptRequest>,
) -> Result<HttpResponse, Problem> {
    let jws = body.read(ReceiptRequest::read)?;
    Ok(HttpResponse::Ok().json(stays.verify_receipt(&jws).await?))
}

/// A receipt as a page to print
///
/// Made from the JWS alone: for anybody who holds it. Whether it still stands is not looked at.
#[utoipa::path(
    post,
    path = "/v1/stays/receipts/page",
    tag = "stays",
    request_body = ReceiptRequest,
    responses(
        (status = 200, description = "The page", content((String = "text/html"))),
        (status = 422, description = "Faulty members, or no receipt of this service", body = ProblemBody<'_>),
    ),
)]
pub async fn page(
    _: AnonymousRequest,
    stays: Data<Stays>,
    body: Json<ReceiptRequest>,
) -> Result<HttpResponse, Problem> {
    let jws = body.read(ReceiptRequest::read)?;
    let Some(page) = stays.receipt_page(&jws)? else {
        let mut faults = Faults::default();
        let text =
            Text::new("Đây không phải biên nhận do hệ thống này cấp.", "This is no receipt that was given here.");
        faults.push("/jws", "not_a_receipt", text);
        return Err(Problem::invalid(faults));
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY));
    response.insert_header((HeaderName::from_static("referrer-policy"), "no-referrer"));
    Ok(response.content_type("text/html; charset=utf-8").body(page))
}
