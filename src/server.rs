//! The routes of all slices on one actix server: listeners, TLS, limits, and a stop that loses no
//! answered request. Metrics and the details of health have a listener of their own.

mod endpoints;
mod listen;
mod private;
mod reception;
mod tls;
mod transport;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use actix_http::{HttpService, KeepAlive};
use actix_server::{Server, ServerHandle};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_factory, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actix_web::web::{self, Data};
use socket2::SockRef;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use listen::{listen, raise_file_limit};
pub use tls::{Certificates, TlsError, TlsFiles};

use self::reception::Reception;
use self::transport::{Entrance, Transport};
use crate::http::anonymous::AnonymousAllowance;
use crate::http::connection::{ConnectionMetrics, Connections, MOST_LEAVING};
use crate::http::middleware::{AccessLog, HttpMetrics, MiddlewareConfig, RequestMiddleware};
use crate::http::{Limits, Problem, ProblemKind, Routes, page};
use crate::kernel::{Causes, Entropy};
use crate::telemetry::{Health, Metrics};

/// How long a connection that is closed may take to end, and is still read from after an early answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Most connections that are accepted and wait for a worker to give them a place. Further ones wait with the
/// system, where they take no open file.
const MOST_QUEUED: usize = 256;
/// Most sockets that are open without a place: those that wait for it, and those that have lost it.
const SOCKETS_IN_PASSING: usize = MOST_QUEUED + MOST_LEAVING;

/// How often it is looked whether the last connection has ended, when the server stops.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How the server runs.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    pub limits: Limits,
    /// Served in clear where there is none.
    pub tls: Option<TlsFiles>,
    /// Whether a proxy in front speaks TLS, if this server does not.
    pub behind_tls: bool,
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

/// Where it listens.
#[derive(Default)]
pub struct Listeners {
    /// For everybody.
    pub public: Vec<TcpListener>,
    /// For operators: metrics, and health with its details.
    pub private: Vec<TcpListener>,
}

impl From<Vec<TcpListener>> for Listeners {
    fn from(public: Vec<TcpListener>) -> Self {
        Self { public, private: Vec::new() }
    }
}

/// What the process is told while it serves: to stop (SIGTERM, SIGINT), to read its certificates again (SIGHUP).
/// Heard from the first moment, so that nobody who reads that it is ready can come too early.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// # Errors
    /// If signals cannot be heard.
    pub fn hear() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// A server that accepts connections.
pub struct RunningServer {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
    private: Option<ServerHandle>,
    addresses: Vec<SocketAddr>,
    private_addresses: Vec<SocketAddr>,
    health: Health,
    access_log: Option<AccessLog>,
    certificates: Option<Arc<Certificates>>,
    connections: Connections,
    /// The public listeners once more, to close them.
    doors: Vec<TcpListener>,
    /// Whether connections are to end with what is at work on them.
    draining: watch::Sender<bool>,
    stop_delay: Duration,
    stop_timeout: Duration,
    /// The heartbeat and the watch over connections.
    beside: Vec<JoinHandle<()>>,
}

/// Starts serving on the listeners, inside a tokio runtime.
///
/// # Errors
/// If a listener or a certificate cannot be used.
pub fn start(
    config: &ServerConfig,
    listeners: impl Into<Listeners>,
    service: Service,
) -> Result<RunningServer, StartError> {
    let Listeners { public, private } = listeners.into();
    let certificates = config.tls.as_ref().map(Certificates::open).transpose()?.map(Arc::new);
    let tls = certificates.clone().map(tls::server_config).transpose()?;
    let (addresses, private_addresses) = (addresses_of(&public)?, addresses_of(&private)?);
    let limits = Arc::new(config.limits.clone());
    let middleware = MiddlewareConfig {
        limits: limits.clone(),
        metrics: HttpMetrics::register(&service.metrics),
        access_log: service.access_log.clone(),
        entropy: service.entropy.clone(),
        secure: tls.is_some() || config.behind_tls,
        contact: service.routes.contact(),
    };
    let connections = Connections::new(limits.connections(), ConnectionMetrics::register(&service.metrics));
    let description = endpoints::Description::new(service.routes.description().map_err(StartError::Description)?);
    let Service { routes, health, metrics, access_log, .. } = service;
    let private = private::server(private, health.clone(), metrics)?;
    let (of_workers, description) = (health.clone(), Data::new(description));
    let allowance = Data::new(AnonymousAllowance::new(limits.anonymous_per_minute));
    let shared_limits = Data::from(limits);
    let app = move || {
        App::new()
            .wrap(RequestMiddleware::new(middleware.clone()))
            .app_data(shared_limits.clone())
            .app_data(allowance.clone())
            .app_data(Data::new(of_workers.clone()))
            .app_data(description.clone())
            .configure(endpoints::routes)
            .configure(page::routes)
            .configure(|app| routes.configure(app))
            .default_service(web::to(|| async { Err::<&str, _>(Problem::new(ProblemKind::NotFound)) }))
    };
    let workers = config.workers.unwrap_or_else(|| available_parallelism().map_or(2, usize::from));
    // Of a worker's connections actix counts those that wait for their place: where they are that many, it
    // accepts nobody until the worker has come to one. Those that have a place do not hinder it.
    let mut server = Server::build()
        .disable_signals()
        .shutdown_timeout(1)
        .workers(workers)
        .max_concurrent_connections((MOST_QUEUED / workers).max(1));
    let entrance = Entrance {
        connections: connections.clone(),
        tls: tls.map(|tls| TlsAcceptor::from(Arc::new(tls))),
        handshake_timeout: config.limits.head_timeout,
    };
    let head_timeout = config.limits.head_timeout;
    let draining = watch::Sender::new(false);
    let doors = public.iter().map(TcpListener::try_clone).collect::<Result<_, _>>().map_err(StartError::Listener)?;
    for (listener, address) in public.into_iter().zip(&addresses) {
        let (app, entrance, address, stopping) = (app.clone(), entrance.clone(), *address, draining.subscribe());
        let service = move || {
            let (entrance, stopping) = (entrance.clone(), stopping.clone());
            let app = app().into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let mut stopping = stopping.clone();
                    async move {
                        let _ = stopping.wait_for(|stopping| *stopping).await;
                    }
                })
                // The room of connections ends those that are idle, and counts them.
                .keep_alive(KeepAlive::Os)
                .client_request_timeout(head_timeout)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .local_addr(address)
                .on_connect_ext(|transport: &Transport, connection| {
                    connection.insert(transport.connection());
                })
                .h1(map_config(app, |()| AppConfig::default()));
            fn_factory(move || {
                let (entrance, http) = (entrance.clone(), http.new_service(()));
                async move { http.await.map(|http| Reception::new(entrance, http)) }
            })
        };
        server = server.listen(address.to_string(), listener, service).map_err(StartError::Listener)?;
    }
    let running = server.run();
    Ok(RunningServer {
        handle: running.handle(),
        task: tokio::spawn(running),
        private: private.map(|server| {
            let handle = server.handle();
            tokio::spawn(server);
            handle
        }),
        addresses,
        private_addresses,
        beside: vec![tokio::spawn(health.clone().keep_beating()), tokio::spawn(connections.clone().watch())],
        health,
        access_log,
        certificates,
        connections,
        doors,
        draining,
        stop_delay: config.stop_delay,
        stop_timeout: config.stop_timeout,
    })
}

fn addresses_of(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, StartError> {
    listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>().map_err(StartError::Listener)
}

impl RunningServer {
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where operators ask for metrics and the details of health.
    pub fn private_addresses(&self) -> &[SocketAddr] {
        &self.private_addresses
    }

    /// Stops: not ready first, then no new connections, then the end of every request in work.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn stop(self) -> io::Result<()> {
        self.health.begin_stop();
        tokio::time::sleep(self.stop_delay).await;
        self.drain().await;
        self.handle.stop(true).await;
        let ended = self.task.await;
        if let Some(private) = &self.private {
            private.stop(false).await;
        }
        self.beside.iter().for_each(JoinHandle::abort);
        if let Some(log) = &self.access_log {
            log.close();
        }
        ended.map_err(io::Error::other)?
    }

    /// Closes the listeners and waits for the end of what is at work, as long as that may take. actix does not
    /// know of connections that have their place, so it would not wait for them.
    async fn drain(&self) {
        self.handle.pause().await;
        for door in &self.doors {
            // Where a system cannot do so, newcomers wait in vain until the listener is gone.
            let _ = SockRef::from(door).shutdown(Shutdown::Both);
        }
        self.draining.send_replace(true);
        let began = Instant::now();
        while self.connections.held() > 0 && began.elapsed() < self.stop_timeout {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Serves until the process is told to stop, then stops.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn until_told_to_stop(mut self, mut signals: Signals) -> io::Result<()> {
        loop {
            tokio::select! {
                _ = signals.terminate.recv() => break,
                _ = signals.interrupt.recv() => break,
                _ = signals.hang_up.recv() => self.reload_certificates(),
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
            Err(error) => {
                tracing::error!(error = %Causes(&error), "the certificates cannot be used, the old ones stay")
            }
        }
    }
}
