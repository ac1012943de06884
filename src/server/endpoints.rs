//! What the server itself answers: health, metrics, the API's description.

use std::collections::BTreeMap;

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;

use crate::telemetry::{Health, Metrics};

/// `/openapi.json`, written once.
pub(super) struct Description(Bytes);

impl Description {
    pub(super) fn new(document: String) -> Self {
        Self(document.into())
    }
}

pub(super) fn routes(app: &mut ServiceConfig, with_metrics: bool) {
    app.service(web::resource("/health/live").get(live))
        .service(web::resource("/health/ready").get(ready))
        .service(web::resource("/openapi.json").get(description));
    if with_metrics {
        app.service(web::resource("/metrics").get(metrics));
    }
}

#[derive(Serialize)]
struct State {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    probes: BTreeMap<&'static str, &'static str>,
}

async fn live() -> impl Responder {
    web::Json(State { status: "live", probes: BTreeMap::new() })
}

async fn ready(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness().await;
    let status = match (readiness.ready, readiness.stopping) {
        (true, _) => "ready",
        (false, true) => "stopping",
        (false, false) => "not_ready",
    };
    let probes = readiness.probes.into_iter().map(|(name, well)| (name, if well { "ok" } else { "failed" }));
    let mut response = if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(State { status, probes: probes.collect() })
}

async fn metrics(metrics: Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(metrics.encode())
}

async fn description(description: Data<Description>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .body(description.0.clone())
}
