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
use crate::kernel::spreadsheet::CsvWriter;
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

/// The columns of the CSV.
const COLUMNS: [&str; 15] = [
    "at",
    "operation",
    "client",
    "client_name",
    "unit",
    "attributes",
    "procedure",
    "legal_basis",
    "consent",
    "outcome",
    "reason",
    "relation",
    "transaction_id",
    "log",
    "log_index",
];

pub(super) fn words(attributes: AttributeSet) -> String {
    attributes.iter().map(|attribute| attribute.name()).collect::<Vec<_>>().join(" ")
}

fn row(look: &Look) -> [String; 15] {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    [
        written(&look.at),
        look.operation.clone(),
        text(look.client.as_ref().map(|client| client.as_str())),
        text(look.client_name.as_deref()),
        text(look.unit.as_ref().map(|(unit, _)| unit.as_str())),
        words(look.attributes),
        text(look.procedure.as_ref().map(|code| code.as_str())),
        text(look.legal_basis.as_ref().map(|basis| basis.as_str())),
        look.consent.map(|consent| consent.to_string()).unwrap_or_default(),
        written(&look.outcome),
        look.reason.clone(),
        written(&look.relation),
        look.transaction.to_string(),
        look.receipt.log.clone(),
        look.receipt.log_index.to_string(),
    ]
}

/// A value as JSON writes it, without the quotation marks of a text; nothing for none.
pub(super) fn written(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => String::new(),
        Ok(value) => value.to_string(),
    }
}

/// Rows as CSV under the names of their columns.
pub(super) fn csv<const N: usize>(
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    name: &str,
) -> Result<HttpResponse, Problem> {
    let internal = |error: std::io::Error| Problem::internal(&error);
    let mut writer = CsvWriter::for_people(b',');
    writer.write_row(columns).map_err(internal)?;
    for row in rows {
        writer.write_row(row).map_err(internal)?;
    }
    let bytes = writer.into_bytes().map_err(internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .body(bytes))
}

pub(super) fn json(body: &impl Serialize, name: &str) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.json\""))).json(body)
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
        ExportFormat::Json => Ok(json(&page.looks.iter().map(ShownLook::of).collect::<Vec<_>>(), "access-history")),
        ExportFormat::Csv => csv(COLUMNS, page.looks.iter().map(row), "access-history"),
    }
}
