//! `GET /audit/…`: what c2sp.org/tlog-tiles asks of a log, and which logs there are.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::of_audit;
use crate::audit::LogInfo;
use crate::audit::tile::Tile;
use crate::http::problem::ProblemBody;
use crate::http::{Problem, ProblemKind};
use crate::transparency::Transparency;

/// A tile never changes; a checkpoint does about once a second.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const FOR_A_MOMENT: &str = "public, max-age=1";

/// One log of this service.
#[derive(Serialize, ToSchema)]
struct PublishedLog {
    /// Its name in paths and receipts.
    log: String,
    /// The first line of its checkpoints.
    origin: String,
    /// Whether entries are still added.
    open: bool,
    /// The keys that sign its checkpoints (c2sp.org/signed-note).
    verifier_keys: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct LogsResponse {
    logs: Vec<PublishedLog>,
}

impl From<LogInfo> for PublishedLog {
    fn from(log: LogInfo) -> Self {
        let LogInfo { name, origin, open, verifier_keys } = log;
        Self { log: name, origin, open, verifier_keys }
    }
}

/// Lists the audit logs
///
/// One for each replica that writes, and those that were closed.
#[utoipa::path(
    get,
    path = "/audit/logs",
    tag = "audit",
    responses(
        (status = 200, description = "All logs, oldest first", body = LogsResponse),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    )
)]
pub async fn logs(transparency: Data<Transparency>) -> Result<HttpResponse, Problem> {
    let logs = transparency.logs().await.map_err(of_audit)?;
    let body = LogsResponse { logs: logs.into_iter().map(Into::into).collect() };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, FOR_A_MOMENT)).json(body))
}

/// The signed head of a log
///
/// A checkpoint (c2sp.org/tlog-checkpoint) as a signed note.
#[utoipa::path(
    get,
    path = "/audit/{log}/checkpoint",
    tag = "audit",
    params(("log" = String, Path, description = "The log's name")),
    responses(
        (status = 200, description = "The checkpoint", body = String, content_type = "text/plain"),
        (status = 404, description = "No such log", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    )
)]
pub async fn checkpoint(transparency: Data<Transparency>, log: Path<String>) -> Result<HttpResponse, Problem> {
    let note = transparency.checkpoint(&log).await.map_err(of_audit)?.ok_or(ProblemKind::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, FOR_A_MOMENT))
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(note))
}

/// A tile of a log's tree, or a bundle of its entries
///
/// As c2sp.org/tlog-tiles says: `0/x001/067`, `1/000.p/5`, `entries/000`. Entries are salted
/// commitments of 32 bytes.
#[utoipa::path(
    get,
    path = "/audit/{log}/tile/{tile}",
    tag = "audit",
    params(
        ("log" = String, Path, description = "The log's name"),
        ("tile" = String, Path, description = "Level or `entries`, index, and width if partial"),
    ),
    responses(
        (status = 200, description = "Hashes or entries", content_type = "application/octet-stream"),
        (status = 404, description = "No such tile, or not yet signed", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    )
)]
pub async fn tile(transparency: Data<Transparency>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (log, tile) = path.into_inner();
    let tile: Tile = tile.parse().map_err(|_| ProblemKind::NotFound)?;
    let bytes = transparency.tile(&log, tile).await.map_err(of_audit)?.ok_or(ProblemKind::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((CONTENT_TYPE, "application/octet-stream"))
        .body(bytes))
}
