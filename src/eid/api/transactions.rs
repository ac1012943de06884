//! `/v1/eid/transactions`: what the app sees of requests, and what the citizen decides.

use std::time::Duration;

use actix_web::web::{Data, Json as Body, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::devices::NothingRequest;
use super::signed::ByDevice;
use crate::eid::model::{Decision, Outcome, Passcode, ScanSecret};
use crate::eid::service::Shown;
use crate::eid::{Eid, service::EidError};
use crate::http::extract::{BoundedText, List, Whole};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Problem, ProblemKind};
use crate::kernel::{Faults, TransactionId};

/// What the app knows already, and how long it waits for more.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PendingRequest {
    /// None: the answer comes at once.
    #[schema(required = false)]
    wait_seconds: Input<Whole<0, 25>>,
    /// Requests that are no news.
    #[schema(required = false)]
    known: Input<List<TransactionId, 20>>,
}

/// A request for the citizen's approval.
#[derive(Serialize, ToSchema)]
pub struct RequestShown {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    /// JSON as text: shown from, and signed as it is. See docs/eid.md.
    statement: String,
    /// Told by `dancu demo` only, for wallets that approve by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<String>,
}

impl From<Shown> for RequestShown {
    fn from(Shown { transaction, statement, digits }: Shown) -> Self {
        Self { transaction_id: transaction, statement, digits: digits.map(|digits| digits.to_string()) }
    }
}

/// Everything that waits for the citizen, oldest first.
#[derive(Serialize, ToSchema)]
pub struct RequestsShown {
    transactions: Vec<RequestShown>,
}

/// Shows what waits for the citizen
///
/// Answers once there is a request that is not among `known`, or after `wait_seconds`.
#[utoipa::path(
    post,
    path = "/v1/eid/transactions",
    tag = "eid",
    request_body = PendingRequest,
    responses(
        (status = 200, description = "What waits", body = RequestsShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn pending(arrival: Arrival, eid: Data<Eid>, signed: ByDevice) -> Result<Body<RequestsShown>, Problem> {
    let read = |request: PendingRequest, faults: &mut Faults| {
        let wait = request.wait_seconds.optional("/wait_seconds", faults);
        let known = request.known.optional("/known", faults);
        Some((wait?.map_or(0, |wait| wait.get().unsigned_abs()), known?.map(List::into_vec).unwrap_or_default()))
    };
    let (seconds, known) = signed.json()?.read(read)?;
    let wait = Duration::from_secs(seconds);
    let _long_poll = arrival.long_poll(wait);
    let shown = eid.pending(&signed.device, &known, wait).await?;
    Ok(Body(RequestsShown { transactions: shown.into_iter().map(RequestShown::from).collect() }))
}

/// The text of the QR.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClaimRequest {
    scan: Input<BoundedText<64>>,
}

/// Claims a scanned request
#[utoipa::path(
    post,
    path = "/v1/eid/transactions/claim",
    tag = "eid",
    request_body = ClaimRequest,
    responses(
        (status = 200, description = "The request, for this citizen from now on", body = RequestShown),
        (status = 401, description = "Not signed by a device in use", body = ProblemBody<'_>),
        (status = 409, description = "No such request, over, or for somebody else", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn claim(eid: Data<Eid>, signed: ByDevice) -> Result<Body<RequestShown>, Problem> {
    let read = |request: ClaimRequest, faults: &mut Faults| request.scan.required("/scan", faults);
    let scan = signed.json()?.read(read)?;
    let scan = ScanSecret::parse(scan.as_ref()).ok_or(EidError::TransactionOver)?;
    Ok(Body(eid.claim(&signed.device, &scan).await?.into()))
}

/// The passcode, where the level needs one.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ApproveRequest {
    #[schema(required = false)]
    passcode: Input<Passcode>,
}

/// What came of the decision.
#[derive(Serialize, ToSchema)]
pub struct RequestDecided {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    outcome: Outcome,
}

/// Approves a request
///
/// The signature's `approval` names the statement and the digits. Other digits than the starting
/// screen shows end the request: `mismatch`.
#[utoipa::path(
    post,
    path = "/v1/eid/transactions/{id}/approve",
    tag = "eid",
    params(("id" = String, Path, description = "`transaction_id`")),
    request_body = ApproveRequest,
    responses(
        (status = 200, description = "Decided", body = RequestDecided),
        (status = 401, description = "Not signed by a device in use, or something else was signed", body = ProblemBody<'_>),
        (status = 403, description = "The passcode is wrong or locked", body = ProblemBody<'_>),
        (status = 409, description = "Decided before, over, or for somebody else", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or the passcode is missing", body = ProblemBody<'_>),
        (status = 503, description = "Overloaded, or the database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn approve(eid: Data<Eid>, id: Path<String>, signed: ByDevice) -> Result<Body<RequestDecided>, Problem> {
    let read = |request: ApproveRequest, faults: &mut Faults| request.passcode.optional("/passcode", faults);
    let passcode = signed.json()?.read(read)?;
    decide(&eid, &id, &signed, Decision::Approve, passcode.as_ref()).await
}

/// Rejects a request
#[utoipa::path(
    post,
    path = "/v1/eid/transactions/{id}/reject",
    tag = "eid",
    params(("id" = String, Path, description = "`transaction_id`")),
    request_body = NothingRequest,
    responses(
        (status = 200, description = "Decided", body = RequestDecided),
        (status = 401, description = "Not signed by a device in use, or something else was signed", body = ProblemBody<'_>),
        (status = 409, description = "Decided before, over, or for somebody else", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("device_signature" = [])),
)]
pub async fn reject(eid: Data<Eid>, id: Path<String>, signed: ByDevice) -> Result<Body<RequestDecided>, Problem> {
    signed.json()?.read(|NothingRequest {}, _| Some(()))?;
    decide(&eid, &id, &signed, Decision::Reject, None).await
}

async fn decide(
    eid: &Eid,
    id: &str,
    signed: &ByDevice,
    decision: Decision,
    passcode: Option<&Passcode>,
) -> Result<Body<RequestDecided>, Problem> {
    let transaction_id = id.parse().map_err(|_| ProblemKind::NotFound)?;
    let outcome = eid.decide(&signed.device, transaction_id, decision, passcode).await?;
    Ok(Body(RequestDecided { transaction_id, outcome }))
}
