//! `dancu serve`: production. Nothing is implicit, and what is unsafe does not start.

use std::path::PathBuf;

use clap::Args;

use super::place::{CONFIG_HELP, clock, entropy};
use crate::app::{App, AppConfig, AppError, Ground};
use crate::config::{self, Config, ConfigFaults, UnsafeSetting};
use crate::console;
use crate::crypto::Keyring;
use crate::http::Limits;
use crate::http::middleware::AccessLog;
use crate::server::{self, Listeners, ServerConfig, Service, Signals, TlsFiles};
use crate::storage::{OpenError, ServingLock};
use crate::telemetry::Metrics;
use crate::telemetry::logging::{self, LoggingError};

#[derive(Debug, Args)]
pub struct ServeArgs {
    #[arg(long, value_name = "FILE", help = CONFIG_HELP)]
    config: Option<PathBuf>,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0}")]
    Config(#[from] ConfigFaults),
    #[error("it is not safe to start:{}", list(.0))]
    Unsafe(Vec<UnsafeSetting>),
    #[error("core dumps cannot be switched off")]
    CoreDumps(#[source] std::io::Error),
    #[error(transparent)]
    Logging(#[from] LoggingError),
    #[error("database: {0}")]
    Database(#[from] OpenError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error("server: {0}")]
    Start(#[from] server::StartError),
    #[error("server: {0}")]
    Server(#[from] std::io::Error),
}

fn list(reasons: &[UnsafeSetting]) -> String {
    reasons.iter().map(|reason| format!("\n  - {reason}")).collect()
}

/// Serves until it is told to stop.
pub async fn run(args: &ServeArgs) -> Result<(), ServeError> {
    let config = config::from_environment(args.config.as_deref())?;
    let keyring = config.keys.dir.as_deref().map(Keyring::load);
    let reasons = config.unsafe_settings(keyring.as_ref().map(Result::as_ref));
    let (Some(settings), Some(Ok(keyring)), true) = (AppConfig::of(&config), keyring, reasons.is_empty()) else {
        return Err(ServeError::Unsafe(reasons));
    };
    no_core_dumps().map_err(ServeError::CoreDumps)?;
    logging::start(config.logging.format, config.logging.level.as_str())?;
    let ground = Ground { keyring, clock: clock(), entropy: entropy(), metrics: Metrics::default() };
    let connections = server::raise_file_limit(config.server.connections)?;
    let listeners = Listeners {
        public: server::listen(&config.server.bind)?,
        private: server::listen(&config.server.private_bind)?,
    };
    let _serving = ServingLock::take(&settings.store.url)?;
    let app = App::open(settings, ground.clone()).await?;
    let served = serve(&config, ground, listeners, connections, &app).await;
    // Also where it did not come to serving: what was opened ends in order.
    let closed = app.close().await;
    served?;
    Ok(closed?)
}

async fn serve(
    config: &Config,
    ground: Ground,
    listeners: Listeners,
    connections: usize,
    app: &App,
) -> Result<(), ServeError> {
    let service = Service {
        routes: console::routes(app),
        health: app.health(),
        metrics: ground.metrics.clone(),
        access_log: Some(AccessLog::start(Box::new(std::io::stderr()), ground.clock, &ground.metrics)?),
        entropy: ground.entropy,
    };
    let mut server_config = server_config(config);
    if connections < config.server.connections {
        tracing::warn!(connections, "the limit of open files leaves room for fewer connections than configured");
        server_config.limits.connections = connections;
    }
    service.health.beat().await;
    let signals = Signals::hear()?;
    let running = server::start(&server_config, listeners, service)?;
    for address in running.private_addresses() {
        tracing::info!(%address, "metrics and health");
    }
    for address in running.addresses() {
        tracing::info!(%address, "ready");
    }
    Ok(running.until_told_to_stop(signals).await?)
}

fn server_config(config: &Config) -> ServerConfig {
    let (server, limits) = (&config.server, &config.limits);
    ServerConfig {
        limits: Limits {
            body_bytes: server.body_bytes,
            header_bytes: server.header_bytes,
            head_timeout: server.head_timeout(),
            body_timeout: server.body_timeout(),
            answer_timeout: server.answer_timeout(),
            keep_alive: server.keep_alive(),
            negative_delay: limits.negative_answer_delay(),
            in_flight: limits.in_flight,
            queue_delay: limits.queue_delay(),
            write_timeout: server.write_timeout(),
            connections: server.connections,
            connections_per_address: server.connections_per_address,
            trusted_proxies: server.trusted_proxies.clone(),
            anonymous_per_minute: limits.anonymous_per_minute,
            line_timeout: limits.line_timeout(),
            batch_timeout: limits.batch_timeout(),
        },
        tls: server
            .tls()
            .map(|(certificates, key)| TlsFiles { certificates: certificates.into(), private_key: key.into() }),
        behind_tls: server.behind_proxy,
        workers: Some(server.workers).filter(|workers| *workers > 0),
        stop_delay: server.stop_delay(),
        stop_timeout: server.stop_timeout(),
    }
}

/// Keys and open records are in memory: no crash may write them to a disk, no other process of this
/// user may read them.
fn no_core_dumps() -> std::io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
