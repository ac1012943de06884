//! `GET /v1/me/access-history/export`

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::shown::ShownLook;
use crate::access::Caller;
use crate::http::problem::ProblemBody;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{AttributeSet, Instant, TransactionId};
use crate::transparency::me::model::{HistoryQuery, Look, WHOLE};
use crate::transparency::me::service::Me;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Json,
    Csv,
}

/// What is exported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    #[param(inline)]
    format: ExportFormat,
    /// RFC 3339; everything that is kept if left out.
    from: Option<String>,
    /// RFC 3339; now if left out.
    until: Option<String>,
    /// A child, by the handle an earlier answer gave.
    child: Option<String>,
}

impl ExportParams {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let read = Query::<Self>::from_query(request.query_string());
        Ok(read.map_err(|_| ProblemKind::InvalidRequest)?.into_inner())
    }

    pub(super) fn format(&self) -> ExportFormat {
        self.format
    }

    fn query(&self, now: Instant) -> Result<HistoryQuery, Problem> {
        let bad = || Problem::from(ProblemKind::InvalidRequest);
        let instant = |text: &Option<String>, otherwise: Instant| match text {
            Some(text) => Instant::parse_rfc3339(text).ok_or_else(bad),
            None => Ok(otherwise),
        };
        let until = instant(&self.until, now.plus(std::time::Duration::from_secs(1)))?;
        let child: Option<TransactionId> =
            self.child.as_deref().map(|handle| handle.parse().map_err(|_| bad())).transpose()?;
        Ok(HistoryQuery { child, range: instant(&self.from, Instant::default())?..until, page: WHOLE, proofs: false })
    }
}

/// One line of the CSV.
#[derive(Serialize)]
struct Line<'a> {
    at: Instant,
    operation: &'a str,
    client: &'a str,
    client_name: &'a str,
    unit: &'a str,
    attributes: String,
    procedure: &'a str,
    legal_basis: &'a str,
    consent: String,
    outcome: serde_json::Value,
    reason: &'a str,
    relation: serde_json::Value,
    transaction_id: TransactionId,
    log: &'a str,
    log_index: u64,
}

pub(super) fn words(attributes: AttributeSet) -> String {
    attributes.iter().map(|attribute| attribute.name()).collect::<Vec<_>>().join(" ")
}

impl<'a> Line<'a> {
    fn of(look: &'a Look) -> Self {
        Self {
            at: look.at,
            operation: &look.operation,
            client: look.client.as_ref().map_or("", |client| client.as_str()),
            client_name: look.client_name.as_deref().unwrap_or_default(),
            unit: look.unit.as_ref().map_or("", |(unit, _)| unit.as_str()),
            attributes: words(look.attributes),
            procedure: look.procedure.as_ref().map_or("", |code| code.as_str()),
            legal_basis: look.legal_basis.as_ref().map_or("", |basis| basis.as_str()),
            consent: look.consent.map(|consent| consent.to_string()).unwrap_or_default(),
            outcome: serde_json::to_value(look.outcome).unwrap_or_default(),
            reason: &look.reason,
            relation: serde_json::to_value(look.relation).unwrap_or_default(),
            transaction_id: look.transaction,
            log: &look.receipt.log,
            log_index: look.receipt.log_index,
        }
    }
}

/// Lines as CSV with a header (RFC 4180), in UTF-8 with the mark that spreadsheets look for.
pub(super) fn csv<L: Serialize>(lines: impl Iterator<Item = L>, name: &str) -> Result<HttpResponse, Problem> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for line in lines {
        writer.serialize(line).map_err(|error| Problem::internal(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| Problem::internal(error.error()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .body(bytes))
}

pub(super) fn json(body: &impl Serialize, name: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.json\"")))
        .json(body)
}

/// Exports the access history
///
/// Everything in the range, up to 20 000 looks, as a file.
#[utoipa::path(
    get,
    path = "/v1/me/access-history/export",
    tag = "me",
    params(ExportParams),
    responses(
        (status = 200, description = "Looks, newest first", content((serde_json::Value = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A faulty query", body = ProblemBody<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Not a citizen's own token, or outside it", body = ProblemBody<'_>),
        (status = 404, description = "No such child", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["audit:read"])),
)]
pub async fn history(caller: Caller, me: Data<Me>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = ExportParams::of(&request)?;
    let page = me.history(&caller, params.query(me.now())?).await?;
    match params.format() {
        ExportFormat::Json => {
            Ok(json(&page.looks.iter().map(ShownLook::of).collect::<Vec<_>>(), "access-history"))
        }
        ExportFormat::Csv => csv(page.looks.iter().map(Line::of), "access-history"),
    }
}
