//! `GET /v1/me/consents`, `GET /v1/me/consents/{id}` and `POST /v1/me/consents/{id}/withdraw`

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::export::{ExportFormat, ExportParams, csv, json, words, written};
use super::shown::ShownConsent;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::http::problem::ProblemBody;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{ConsentId, Instant};
use crate::transparency::me::service::Me;

#[derive(Serialize, ToSchema)]
pub struct ConsentsResponse {
    /// Newest first, those that are over or withdrawn included.
    consents: Vec<ShownConsent>,
    /// Where this reading is recorded.
    audit: Receipt,
}

#[derive(Serialize, ToSchema)]
pub struct ConsentResponse {
    #[serde(flatten)]
    consent: ShownConsent,
    /// What the citizen's device signed, in Base64.
    proof: String,
    audit: Receipt,
}

#[derive(Serialize, ToSchema)]
pub struct WithdrawResponse {
    #[schema(value_type = String)]
    consent_id: ConsentId,
    /// When it was withdrawn first.
    #[schema(value_type = String)]
    withdrawn_at: Instant,
    audit: Receipt,
}

fn shown(me: &Me, consent: &crate::consent::Consent) -> ShownConsent {
    ShownConsent::of(consent, me.client_name(&consent.client).as_deref(), me.now())
}

fn id(text: &str) -> Result<ConsentId, Problem> {
    text.parse().map_err(|_| ProblemKind::NotFound.into())
}

/// What I have consented to
#[utoipa::path(
    get,
    path = "/v1/me/consents",
    tag = "me",
    responses(
        (status = 200, description = "Every consent", body = ConsentsResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn list(caller: Caller, me: Data<Me>) -> Result<HttpResponse, Problem> {
    let (consents, audit) = me.consents(&caller).await?;
    let consents = consents.iter().map(|consent| shown(&me, consent)).collect();
    Ok(HttpResponse::Ok().json(ConsentsResponse { consents, audit }))
}

/// One consent, with what was signed
#[utoipa::path(
    get,
    path = "/v1/me/consents/{id}",
    tag = "me",
    params(("id" = String, Path, description = "`consent_id`")),
    responses(
        (status = 200, description = "The consent and its proof", body = ConsentResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 404, description = "The citizen has given no such consent", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn one(caller: Caller, me: Data<Me>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let (consent, proof, audit) = me.consent(&caller, id(&path)?).await?;
    let body = ConsentResponse { consent: shown(&me, &consent), proof: STANDARD.encode(proof), audit };
    Ok(HttpResponse::Ok().json(body))
}

/// Withdraws a consent
///
/// The very next question that rests on it is refused, on every replica. Done again it changes
/// nothing.
#[utoipa::path(
    post,
    path = "/v1/me/consents/{id}/withdraw",
    tag = "me",
    params(("id" = String, Path, description = "`consent_id`")),
    responses(
        (status = 200, description = "Withdrawn", body = WithdrawResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 404, description = "The citizen has given no such consent", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn withdraw(caller: Caller, me: Data<Me>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let consent_id = id(&path)?;
    let withdrawn = me.withdraw(&caller, consent_id).await?;
    let body = WithdrawResponse { consent_id, withdrawn_at: withdrawn.at, audit: withdrawn.receipt };
    Ok(HttpResponse::Ok().json(body))
}

/// The columns of the CSV.
const COLUMNS: [&str; 9] =
    ["consent_id", "client", "client_name", "procedure", "attributes", "given_at", "until", "withdrawn_at", "state"];

/// Exports the consents
#[utoipa::path(
    get,
    path = "/v1/me/consents/export",
    tag = "me",
    params(("format" = Option<String>, Query, description = "`json` (the default) or `csv`")),
    responses(
        (status = 200, description = "Every consent", content((serde_json::Value = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A faulty query", body = ProblemBody<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn export(caller: Caller, me: Data<Me>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = ExportParams::of(&request)?;
    let (consents, _) = me.consents(&caller).await?;
    let consents: Vec<_> = consents.iter().map(|consent| shown(&me, consent)).collect();
    if params.format() == ExportFormat::Json {
        return Ok(json(&consents, "consents"));
    }
    let row = |consent: ShownConsent| {
        [
            written(&consent.consent_id),
            consent.client.id.to_string(),
            consent.client.name,
            consent.procedure.unwrap_or_default(),
            words(consent.attributes),
            written(&consent.given_at),
            written(&consent.until),
            written(&consent.withdrawn_at),
            written(&consent.state),
        ]
    };
    csv(COLUMNS, consents.into_iter().map(row), "consents")
}
