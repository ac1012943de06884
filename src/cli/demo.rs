//! `dancu demo`: everything on embedded SQLite with invented people, for trying.

pub mod facilities;
mod file;
mod wallets;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use self::file::{DemoFile, DemoPage, FileError, SeededFrom};
use self::wallets::DemoWallet;
use super::operate::{account, demo_reason};
use crate::access::AccessConfig;
use crate::app::{App, AppConfig, AppError, Ground, PagesConfig, RetentionPeriods};
use crate::audit::{AuditConfig, Operator, OperatorAct};
use crate::citizens::sealing::Sealing;
use crate::citizens::seed::{SeedError, Seeder};
use crate::citizens::{CacheConfig, GuardConfig};
use crate::clients::{ClientChanges, ClientsError, DemoClient, NewClient, SampleFault, samples};
use crate::console;
use crate::crypto::{Keyring, KeyringError, SystemEntropy};
use crate::eid::{EidConfig, Sending};
use crate::forms::FormsConfig;
use crate::http::Contact;
use crate::http::middleware::AccessLog;
use crate::kernel::clock::SystemClock;
use crate::kernel::{Causes, Clock, Entropy};
use crate::oidc::OidcConfig;
use crate::server::{self, Listeners, ServerConfig, Service, Signals};
use crate::stays::FacilitiesError;
use crate::stays::{DeskLink, desk_link};
use crate::storage::{OpenError, ServingLock, StorageError, StoreConfig, migrate};
use crate::telemetry::Metrics;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The folder of keys, database and demo.json, which lists people and clients to try; made if it is missing
    #[arg(long, default_value = "./dancu-demo")]
    dir: PathBuf,
    /// A loopback address; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    bind: SocketAddr,
    /// Where metrics and the details of health are served; the port after the other one, or a free one, unless named
    #[arg(long)]
    private_bind: Option<SocketAddr>,
    /// How many people to invent; counts on the first start in a folder alone
    #[arg(long, default_value_t = 20_000)]
    citizens: u64,
    /// Which population: the same seed invents the same people; counts on the first start alone
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo serves this machine only: bind it to a loopback address such as 127.0.0.1:8080")]
    NotLoopback,
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("{address}: {source}")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("keys: {0}")]
    Keys(#[from] KeyringError),
    #[error("database: {0}")]
    Database(#[from] OpenError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error("population: {0}")]
    Seed(#[from] SeedError),
    #[error("sample clients: {0}")]
    Samples(#[from] SampleFault),
    #[error("sample clients: {0}")]
    Clients(#[from] ClientsError),
    #[error("sample facilities: {0}")]
    Facilities(#[from] FacilitiesError),
    #[error("demo.json: {0}")]
    File(#[from] FileError),
    #[error("links: {0}")]
    Links(#[from] StorageError),
    #[error("server: {0}")]
    Start(#[from] server::StartError),
    #[error("server: {0}")]
    Server(std::io::Error),
}

/// Runs the demo until it is told to stop.
pub async fn run(args: &DemoArgs) -> Result<(), DemoError> {
    if !args.bind.ip().is_loopback() || args.private_bind.is_some_and(|address| !address.ip().is_loopback()) {
        return Err(DemoError::NotLoopback);
    }
    let mut server_config = ServerConfig::default();
    let limits = &mut server_config.limits;
    limits.connections = server::raise_file_limit(limits.connections).map_err(DemoError::Server)?;
    make_folder(&args.dir)?;
    make_folder(&args.dir.join("forms"))?;
    let bind = |source| DemoError::Bind { address: args.bind, source };
    let listeners = server::listen(&[args.bind]).map_err(bind)?;
    let address = listeners[0].local_addr().map_err(bind)?;
    let private = listen_privately(args, address)?;
    let base_url = format!("http://{address}");
    let private_url = format!("http://{}", private[0].local_addr().map_err(bind)?);

    let ground = ground(&args.dir.join("keys"))?;
    let store = StoreConfig { url: format!("sqlite:{}", args.dir.join("dancu.db").display()), readers: 3 };
    let _serving = ServingLock::take(&store.url)?;
    migrate::run(&store.url)?;
    let app = App::open(config(&args.dir, store, &base_url), ground.clone()).await?;
    let listeners = Listeners { public: listeners, private };
    let served = serve(args, ground, &server_config, listeners, (&base_url, &private_url), &app).await;
    // Also where it did not come to serving: what was opened ends in order.
    let closed = app.close().await;
    served?;
    Ok(closed?)
}

/// Fills in what a first start lacks, and serves.
async fn serve(
    args: &DemoArgs,
    ground: Ground,
    server_config: &ServerConfig,
    listeners: Listeners,
    (base_url, private_url): (&str, &str),
    app: &App,
) -> Result<(), DemoError> {
    let path = args.dir.join("demo.json");
    let known = DemoFile::read(&path)?;
    let population = known.as_ref().map(|file| file.population).unwrap_or(SeededFrom::new(args.citizens, args.seed));
    let operator = app.operator(account(), demo_reason());
    let clients = sample_clients(app, &operator, known).await?;
    let mut file = DemoFile::new((base_url, private_url), clients, population);
    file.write(&path)?;
    facilities::enter(app, &operator).await?;
    if !population.complete {
        seed(app, &operator, population).await?;
        file.population.complete = true;
        file.write(&path)?;
    }

    let service = Service {
        routes: console::routes(app),
        health: app.health(),
        metrics: ground.metrics.clone(),
        access_log: Some(
            AccessLog::start(Box::new(std::io::stderr()), ground.clock, &ground.metrics).map_err(DemoError::Server)?,
        ),
        entropy: ground.entropy,
    };
    service.health.beat().await;
    let signals = Signals::hear().map_err(DemoError::Server)?;
    let running = server::start(server_config, listeners, service)?;
    file.wallets = wallets(args, app, &file).await;
    file.pages = desk_links(app, &operator, &file).await?;
    file.write(&path)?;
    println!("ready {base_url}");
    // Who started the demo may have read enough.
    let _ = writeln!(std::io::stdout(), "metrics and health {private_url}");
    running.until_told_to_stop(signals).await.map_err(DemoError::Server)
}

/// The address that was named, or the port after the public one, or any that is free.
fn listen_privately(args: &DemoArgs, public: SocketAddr) -> Result<Vec<TcpListener>, DemoError> {
    let next = SocketAddr::new(public.ip(), public.port().checked_add(1).unwrap_or(0));
    let address = args.private_bind.unwrap_or(next);
    match server::listen(&[address]) {
        Err(error) if args.private_bind.is_none() && error.kind() == std::io::ErrorKind::AddrInUse => {
            let free = SocketAddr::new(public.ip(), 0);
            server::listen(&[free]).map_err(|source| DemoError::Bind { address: free, source })
        }
        listeners => listeners.map_err(|source| DemoError::Bind { address, source }),
    }
}

fn make_folder(dir: &Path) -> Result<(), DemoError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| DemoError::Folder { path: dir.to_owned(), source })
}

fn ground(keys: &Path) -> Result<Ground, DemoError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    Keyring::init_demo(keys, &*entropy, &*clock)?;
    Ok(Ground { keyring: Keyring::load(keys)?, clock, entropy, metrics: Metrics::default() })
}

fn config(dir: &Path, store: StoreConfig, base_url: &str) -> AppConfig {
    let origin = base_url.trim_start_matches("http://");
    AppConfig {
        store,
        audit: AuditConfig::new(&format!("{origin}/audit"), dir.join("audit")),
        access: AccessConfig::new(base_url),
        cache: CacheConfig::default(),
        guards: GuardConfig::default(),
        forms: FormsConfig { dir: Some(dir.join("forms")) },
        eid: EidConfig { tell_digits: true, ..EidConfig::default() },
        codes: Sending::File(dir.join("codes.ndjson")),
        oidc: OidcConfig::default(),
        // The law's term is not known to the project; a demo's stays are nobody's.
        retention: RetentionPeriods::with_stays(30),
        confirmation_validity: crate::config::ResidenceConfig::default().confirmation_validity(),
        contact: Contact {
            office: "Dancu demo".to_owned(),
            name: "Người vận hành mẫu".to_owned(),
            position: "Vận hành".to_owned(),
            phone: "+84 24 0000 0000".to_owned(),
            email: "demo@example.vn".to_owned(),
        },
        pages: PagesConfig {
            demo: true,
            landing: true,
            me: true,
            wallet: true,
            desk: true,
            portal: true,
            client: "portal".parse().ok(),
        },
    }
}

/// Links to the front desk of the sample hotel. Each opens it once, so there are some.
async fn desk_links(app: &App, operator: &Operator, file: &DemoFile) -> Result<Vec<DemoPage>, DemoError> {
    const LINKS: usize = 5;
    const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
    let hotel = file.clients.iter().find(|client| client.client_id.as_str() == "hotel");
    let Some((hotel, officer)) = hotel.and_then(|client| Some((client, client.officer.clone()?))) else {
        return Ok(Vec::new());
    };
    let mut pages = Vec::with_capacity(LINKS);
    for _ in 0..LINKS {
        let link = DeskLink { client: hotel.client_id.clone(), officer: officer.clone(), lifetime: LIFETIME };
        let path = desk_link(&app.access, link, operator).await?;
        let url = format!("{}{path}", file.base_url);
        pages.push(DemoPage { page: "/desk", client_id: hotel.client_id.clone(), officer: officer.clone(), url });
    }
    Ok(pages)
}

/// The wallets of some citizens. A demo whose clients were made by an older version has no desk, and
/// runs without.
async fn wallets(args: &DemoArgs, app: &App, file: &DemoFile) -> Vec<DemoWallet> {
    let (dir, base_url, seed) = (args.dir.clone(), file.base_url.clone(), file.population.seed);
    let (clock, entropy) = (app.ground.clock.clone(), app.ground.entropy.clone());
    let clients: Vec<DemoClient> = file.clients.clone();
    let enrolled = tokio::task::spawn_blocking(move || {
        let place = wallets::Place {
            dir: &dir,
            base_url: &base_url,
            seed,
            clients: &clients,
            clock: &*clock,
            entropy: &*entropy,
        };
        wallets::enrol(&place)
    });
    match enrolled.await {
        Ok(Ok(wallets)) => wallets,
        Ok(Err(error)) => {
            tracing::warn!(error = %Causes(&error), "the demo has no wallets");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

/// Invents the population, or goes on where an earlier start was stopped.
async fn seed(app: &App, operator: &Operator, population: SeededFrom) -> Result<(), DemoError> {
    let bar = indicatif::ProgressBar::new(population.citizens);
    let sealing = Sealing::new(app.ground.keyring.clone(), app.ground.entropy.clone());
    let target = format!("seed {} count {}", population.seed, population.citizens);
    let store = operator.record(OperatorAct { operation: "seed", target, concerned: Vec::new() }).await?;
    let seeder = Seeder::new(store, sealing, app.ground.clock.clone());
    seeder.seed(population.seed, population.citizens, |seeded| bar.set_position(seeded.people())).await?;
    bar.finish_and_clear();
    Ok(())
}

/// The sample clients with their keys: those of an earlier start, and those still missing.
async fn sample_clients(app: &App, operator: &Operator, known: Option<DemoFile>) -> Result<Vec<DemoClient>, DemoError> {
    let changes = app.clients.under(operator);
    let mut kept = known.map(|file| file.clients).unwrap_or_default();
    kept.retain(|client| app.clients.find(&client.client_id).is_some());
    for sample in samples(app.ground.clock.now())? {
        if kept.iter().any(|client| client.client_id == sample.new.id) {
            continue;
        }
        kept.push(sample.to_demo()?);
        match app.clients.find(&sample.new.id) {
            // A start that ended before demo.json was written: its key is lost, this one replaces it.
            Some(_) => replace_credentials(&changes, sample.new).await?,
            None => changes.add(sample.new).await?,
        }
    }
    Ok(kept)
}

async fn replace_credentials(changes: &ClientChanges<'_>, new: NewClient) -> Result<(), ClientsError> {
    if let Some(key) = new.key {
        changes.rotate_key(&new.id, key, std::time::Duration::ZERO).await?;
    }
    match new.secret {
        Some(secret) => changes.set_secret(&new.id, secret).await,
        None => Ok(()),
    }
}
