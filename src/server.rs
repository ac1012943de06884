//! The routes of all slices on one actix server: listeners, TLS, limits, and a stop that loses no
//! answered request.

mod endpoints;
mod listen;
mod tls;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

pub use listen::listen;
pub use tls::{Certificates, TlsError, TlsFiles};

use crate::http::middleware::{AccessLog, HttpMetrics, Kit, KitConfig};
use crate::http::{Limits, Problem, ProblemKind, Routes, page};
use crate::kernel::Entropy;
use crate::telemetry::{Health, Metrics};

/// How the server runs.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub limits: Limits,
    /// Served in clear where there is none.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy in front speaks TLS, if this server does not.
    pub behind_tls: bool,
    /// Whether `/metrics` is served.
    pub metrics: bool,
    /// Threads that answer; one a processor where there is none.
    pub workers: Option<usize>,
    /// Between *not ready* and the end of listening, so that balancers look elsewhere first.
    pub stop_delay: Duration,
    /// How long requests in work may take to end.
    pub stop_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            tls: None,
            behind_tls: false,
            metrics: true,
            workers: None,
            stop_delay: Duration::ZERO,
            stop_timeout: Duration::from_secs(30),
        }
    }
}

/// What is served.
#[derive(Clone)]
pub struct Service {
    pub routes: Routes,
    pub health: Health,
    pub metrics: Metrics,
    pub access_log: Option<AccessLog>,
    pub entropy: Arc<dyn Entropy>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    #[error("a listener cannot be used")]
    Listener(#[source] io::Error),
    #[error("the API's description cannot be written")]
    Description(#[source] serde_json::Error),
}

/// A server that accepts connections.
pub struct RunningServer {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
    addresses: Vec<SocketAddr>,
    health: Health,
    access_log: Option<AccessLog>,
    certificates: Option<Arc<Certificates>>,
    stop_delay: Duration,
}

/// Starts serving on the listeners, inside a tokio runtime.
///
/// # Errors
/// If a listener or a certificate cannot be used.
pub fn start(
    config: &ServerConfig,
    listeners: Vec<TcpListener>,
    service: Service,
) -> Result<RunningServer, StartError> {
    let certificates = config.tls.as_ref().map(Certificates::open).transpose()?.map(Arc::new);
    let tls = certificates.clone().map(tls::server_config).transpose()?;
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>();
    let limits = Arc::new(config.limits.clone());
    let kit = KitConfig {
        limits: limits.clone(),
        metrics: HttpMetrics::register(&service.metrics),
        access_log: service.access_log.clone(),
        entropy: service.entropy.clone(),
        secure: tls.is_some() || config.behind_tls,
    };
    let description = endpoints::Description::new(service.routes.description().map_err(StartError::Description)?);
    let Service { routes, health, metrics, access_log, .. } = service;
    let with_metrics = config.metrics;
    let (of_workers, description) = (health.clone(), Data::new(description));
    let mut server = HttpServer::new(move || {
        App::new()
            .wrap(Kit::new(kit.clone()))
            .app_data(Data::from(limits.clone()))
            .app_data(Data::new(of_workers.clone()))
            .app_data(Data::new(metrics.clone()))
            .app_data(description.clone())
            .configure(|app| endpoints::routes(app, with_metrics))
            .configure(page::routes)
            .configure(|app| routes.configure(app))
            .default_service(web::to(|| async { Err::<&str, _>(Problem::new(ProblemKind::NotFound)) }))
    })
    .disable_signals()
    .keep_alive(config.limits.keep_alive)
    .client_request_timeout(config.limits.head_timeout)
    .tls_handshake_timeout(config.limits.head_timeout)
    .shutdown_timeout(config.stop_timeout.as_secs().max(1))
    .tcp_nodelay(true);
    if let Some(workers) = config.workers {
        server = server.workers(workers);
    }
    for listener in listeners {
        server = match &tls {
            Some(tls) => server.listen_rustls_0_23(listener, tls.clone()),
            None => server.listen(listener),
        }
        .map_err(StartError::Listener)?;
    }
    let running = server.run();
    Ok(RunningServer {
        handle: running.handle(),
        task: tokio::spawn(running),
        addresses: addresses.map_err(StartError::Listener)?,
        health,
        access_log,
        certificates,
        stop_delay: config.stop_delay,
    })
}

impl RunningServer {
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops: not ready first, then no new connections, then the end of every request in work.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn stop(self) -> io::Result<()> {
        self.health.begin_stop();
        tokio::time::sleep(self.stop_delay).await;
        self.handle.stop(true).await;
        let ended = self.task.await;
        if let Some(log) = &self.access_log {
            log.close();
        }
        ended.map_err(io::Error::other)?
    }

    /// Serves until the process is told to stop (SIGTERM, SIGINT), then stops. SIGHUP reads the
    /// certificates again.
    ///
    /// # Errors
    /// If the server failed, or signals cannot be heard.
    pub async fn until_told_to_stop(mut self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => self.reload_certificates(),
                ended = &mut self.task => return ended.map_err(io::Error::other)?,
            }
        }
        tracing::info!("stopping");
        self.stop().await
    }

    /// Reads the certificates again; keeps the old ones if the new ones are not usable.
    pub fn reload_certificates(&self) {
        let Some(certificates) = &self.certificates else { return };
        match certificates.reload() {
            Ok(()) => tracing::info!("certificates read again"),
            Err(error) => tracing::error!(%error, "the certificates cannot be used, the old ones stay"),
        }
    }
}
