//! What the server itself answers to everybody: health by one word, the API's description.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::{self, Bytes, Data, ServiceConfig};

use crate::telemetry::Health;

/// `/openapi.json`, written once.
pub(super) struct Description(Bytes);

impl Description {
    pub(super) fn new(document: String) -> Self {
        Self(document.into())
    }
}

pub(super) fn routes(app: &mut ServiceConfig) {
    app.service(web::resource("/health/live").get(live))
        .service(web::resource("/health/ready").get(ready))
        .service(web::resource("/openapi.json").get(description));
}

async fn live() -> HttpResponse {
    word(StatusCode::OK, "live")
}

/// What the last heartbeat found: asking costs nothing.
async fn ready(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    word(status, readiness.status())
}

fn word(status: StatusCode, word: &'static str) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::plaintext()).body(word)
}

async fn description(description: Data<Description>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .body(description.0.clone())
}
