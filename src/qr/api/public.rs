//! What everybody may read: `GET /v1/status-lists/{id}` and `GET /.well-known/dancu-qr-keys`

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::citizens::CitizensError;
use crate::http::problem::ProblemBody;
use crate::http::{Problem, ProblemKind};
use crate::qr::Qr;
use crate::qr::status::{CWT_TYPE, JWT_TYPE};

const COSE_KEY_SET: &str = "application/cose-key-set";
const LIST_PUBLIC: &str = "public, max-age=60";
const KEYS_PUBLIC: &str = "public, max-age=300";

/// Whether the client would rather have the binary form: it names it, and no other before it.
fn prefers(request: &HttpRequest, binary: &str) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accept.split(',').next().and_then(|range| range.split(';').next()).unwrap_or_default();
    first.trim().eq_ignore_ascii_case(binary)
}

/// A status list
///
/// The Token Status List of static credentials, as JWT or, by `Accept`, as CWT.
#[utoipa::path(
    get,
    path = "/v1/status-lists/{id}",
    tag = "qr",
    params(("id" = i32, Path, description = "The list's number")),
    responses(
        (status = 200, description = "The signed list", content((String = "application/statuslist+jwt"), (String = "application/statuslist+cwt"))),
        (status = 404, description = "No such list", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    )
)]
pub async fn status_list(request: HttpRequest, qr: Data<Qr>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let list: i32 = id.parse().map_err(|_| ProblemKind::NotFound)?;
    let signed = qr.status_list(list).await.map_err(|error| Problem::from(CitizensError::from(error)))?;
    let signed = signed.ok_or(ProblemKind::NotFound)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, LIST_PUBLIC)).insert_header((VARY, "accept"));
    Ok(if prefers(&request, CWT_TYPE) {
        response.insert_header((CONTENT_TYPE, CWT_TYPE)).body(signed.cwt.clone())
    } else {
        response.insert_header((CONTENT_TYPE, format!("application/{JWT_TYPE}"))).body(signed.jwt.clone())
    })
}

/// The keys of credentials
///
/// A JWK set with the issuer, or, by `Accept`, a COSE_KeySet.
#[utoipa::path(
    get,
    path = "/.well-known/dancu-qr-keys",
    tag = "qr",
    responses(
        (status = 200, description = "Public keys", content((serde_json::Value = "application/jwk-set+json"), (String = "application/cose-key-set"))),
    )
)]
pub async fn keys(request: HttpRequest, qr: Data<Qr>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, KEYS_PUBLIC)).insert_header((VARY, "accept"));
    if prefers(&request, COSE_KEY_SET) {
        response.insert_header((CONTENT_TYPE, COSE_KEY_SET)).body(qr.public_cose_keys())
    } else {
        response.content_type("application/jwk-set+json").json(qr.public_keys())
    }
}
