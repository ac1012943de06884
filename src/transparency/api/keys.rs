//! `GET /.well-known/dancu-document-keys`

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::transparency::Transparency;

const KEYS_PUBLIC: &str = "public, max-age=300";

/// The keys of signed documents
///
/// A JWK set (RFC 7517) of the ES256 keys that sign residence confirmations and receipts.
#[utoipa::path(
    get,
    path = "/.well-known/dancu-document-keys",
    tag = "audit",
    responses((status = 200, description = "Public keys", content((serde_json::Value = "application/jwk-set+json")))),
)]
pub async fn document_keys(transparency: Data<Transparency>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, KEYS_PUBLIC)).content_type("application/jwk-set+json");
    response.json(transparency.document_keys())
}
