//! The routes of stays.

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

/// What the API's description says of stays.
#[derive(OpenApi)]
#[openapi(paths())]
pub struct StaysApi;

/// Adds the routes.
pub fn routes(_app: &mut ServiceConfig) {}
