//! The private listener: metrics, and health with its details. They tell what answers hide (whether a
//! number is known, whether an activation's name was right), so only operators may reach them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use serde::Serialize;

use super::StartError;
use crate::telemetry::{Health, Metrics};

const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const MOST_CONNECTIONS: usize = 64;

/// The server of the private listeners; `None` where there are none.
pub(super) fn server(
    listeners: Vec<TcpListener>,
    health: Health,
    metrics: Metrics,
) -> Result<Option<Server>, StartError> {
    if listeners.is_empty() {
        return Ok(None);
    }
    let (health, metrics) = (Data::new(health), Data::new(metrics));
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(health.clone())
            .app_data(metrics.clone())
            .service(web::resource("/health").get(details))
            .service(web::resource("/metrics").get(tell_metrics))
    })
    .disable_signals()
    .workers(1)
    .max_connections(MOST_CONNECTIONS)
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(1);
    for listener in listeners {
        server = server.listen(listener).map_err(StartError::Listener)?;
    }
    Ok(Some(server.run()))
}

#[derive(Serialize)]
struct HealthResponse {
    status: &'static str,
    probes: BTreeMap<&'static str, &'static str>,
}

async fn details(health: Data<Health>) -> HttpResponse {
    let readiness = health.readiness();
    let probes = readiness.probes.iter().map(|(name, well)| (*name, if *well { "ok" } else { "failed" }));
    let body = HealthResponse { status: readiness.status(), probes: probes.collect() };
    let mut response = if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((CACHE_CONTROL, "no-store")).json(body)
}

async fn tell_metrics(metrics: Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(metrics.encode())
}
