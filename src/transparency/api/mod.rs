//! The HTTP of the audit: tiles for everybody, proofs for clients.

mod changes;
mod error;
mod keys;
mod proof;
mod tiles;

pub(super) use error::of_audit;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The transparency's part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(tiles::logs, tiles::checkpoint, tiles::tile, proof::prove, changes::list, keys::document_keys))]
pub struct TransparencyApi;

/// Needs `Data<Transparency>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/audit/logs").route(get().to(tiles::logs)))
        .service(resource("/audit/{log}/checkpoint").route(get().to(tiles::checkpoint)))
        .service(resource("/audit/{log}/tile/{tile:.*}").route(get().to(tiles::tile)))
        .service(resource("/.well-known/dancu-document-keys").route(get().to(keys::document_keys)))
        .service(resource("/v1/audit/proof").route(post().to(proof::prove)))
        .service(resource("/v1/audit/changes").route(post().to(changes::list)));
}
