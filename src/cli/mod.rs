//! The command line, one file a command.

pub mod audit;
pub mod clients;
pub mod config;
pub mod demo;
pub mod events;
pub mod facilities;
pub mod forms;
pub mod import;
pub mod keys;
pub mod link;
pub mod migrate;
pub mod place;
mod progress;
pub mod qr;
pub mod seed;
pub mod serve;
pub mod token;
pub mod wallet;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::keys::CountError;
use self::place::{PlaceArgs, PlaceError, clock, entropy};
use crate::audit::data_keys_under;
use crate::citizens;
use crate::citizens::sealing::Sealing;
use crate::clients::Clients;
use crate::consent::proofs_under;
use crate::crypto::{KeyUse, Keyring, SystemEntropy};
use crate::eid;
use crate::kernel::clock::SystemClock;
use crate::sealing::{self, KeyUsage, SealingKeyUses};
use crate::stays::FacilityRegister;
use crate::storage::Store;
use crate::telemetry::Metrics;
use crate::telemetry::logging::{self, LogFormat};

/// What `dancu` can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on this machine with invented people: begin here
    Demo(demo::DemoArgs),
    /// Print an access token, or a client assertion, for a sample client of the demo
    Token(token::TokenArgs),
    /// Run the service, in production, by a configuration
    Serve(serve::ServeArgs),
    /// Say what is wrong or unsafe in a configuration
    Config(config::ConfigArgs),
    /// Bring the database's schema up to date
    Migrate(migrate::MigrateArgs),
    /// The organisations that may ask: their keys, officers and agreements
    Clients(At<clients::ClientsArgs>),
    /// Print a link that opens a page once, signed in as an officer
    Link(At<link::LinkArgs>),
    /// Places where guests stay, and who reports for them
    Facilities(At<facilities::FacilitiesArgs>),
    /// The keys that seal, find and sign: make, rotate, retire
    Keys(At<keys::KeysArgs>),
    /// Invent a population, into the store or a file
    Seed(At<seed::SeedArgs>),
    /// Take a population file, or a file of life events, into the store
    Import(At<import::ImportArgs>),
    /// Life events that contradict the store and wait for an operator
    Events(At<events::EventsArgs>),
    /// Verify the record of every look
    Audit(At<audit::AuditArgs>),
    /// Verify a QR code without a server
    Qr(qr::QrArgs),
    /// Check form definitions of your own
    Forms(forms::FormsArgs),
    /// The citizen's e-ID app, for scripts and trials
    Wallet(wallet::WalletArgs),
}

/// A command and the installation it works on.
#[derive(Debug, Args)]
pub struct At<A: Args> {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    args: A,
}

/// Does it, and says how it went.
pub fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Demo(args) => demo(&args),
        Command::Token(args) => {
            token::run(&args, &SystemClock, &SystemEntropy::default()).map(|token| println!("{token}")).map_err(text)
        }
        Command::Serve(args) => on_runtime(serve::run(&args)),
        Command::Config(args) => return code(config::run(args, &mut std::io::stdout())),
        Command::Migrate(args) => migrate::run(&args).map_err(text),
        Command::Clients(at) => clients(at),
        Command::Link(At { place, args }) => on_runtime(link::run(&place, &args, &mut std::io::stdout())),
        Command::Facilities(at) => facilities(at),
        Command::Keys(at) => return keys(at),
        Command::Seed(at) => seed(&at),
        Command::Import(at) => return import(&at),
        Command::Events(at) => events(&at),
        Command::Audit(at) => return audit(at),
        Command::Qr(args) => return verify_qr(args),
        Command::Forms(args) => return code(forms::run(&args, &mut std::io::stdout())),
        Command::Wallet(args) => {
            let (clock, entropy) = (SystemClock, SystemEntropy::default());
            let tools = wallet::Tools { clock: &clock, entropy: &entropy, out: &mut std::io::stdout() };
            wallet::run(args, tools).map_err(text)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn verify_qr(args: qr::QrArgs) -> ExitCode {
    match qr::run(args, clock().now()) {
        Ok(found) => {
            print!("{}", found.text);
            ExitCode::from(found.worth.exit_code())
        }
        Err(error) => {
            let code = error.exit_code();
            eprintln!("dancu: {}", text(error));
            ExitCode::from(code)
        }
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("dancu: {error}");
    ExitCode::FAILURE
}

fn code(ended: std::io::Result<u8>) -> ExitCode {
    ended.map_or_else(|error| fail(&error.to_string()), ExitCode::from)
}

/// An error and what caused it, on one line.
fn text(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn on_runtime<T, E: std::error::Error>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    runtime.block_on(work).map_err(text)
}

/// The same for what seals rows: its seals are counted among those of all processes.
fn on_runtime_counted<T, E: std::error::Error>(
    (store, keyring): (Store, Keyring),
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    runtime.block_on(async {
        let uses = SealingKeyUses::open(store, keyring, &Metrics::default()).await.map_err(text)?;
        let done = work.await.map_err(text);
        // Where this fails, a range that was not used up stays counted.
        let _ = uses.close().await;
        done
    })
}

fn demo(args: &demo::DemoArgs) -> Result<(), String> {
    logging::start(LogFormat::Text, "info,actix_server=warn").map_err(text)?;
    on_runtime(demo::run(args))
}

fn clients(at: At<clients::ClientsArgs>) -> Result<(), String> {
    let store = at.place.find().and_then(|place| place.open_store()).map_err(text)?;
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    runtime.block_on(async {
        let registry = Clients::open(store, clock()).await.map_err(text)?;
        clients::run(at.args, &registry, &mut std::io::stdout()).await.map_err(text)
    })
}

fn facilities(at: At<facilities::FacilitiesArgs>) -> Result<(), String> {
    let place = at.place.find().map_err(text)?;
    let (store, keyring) = (place.open_store().map_err(text)?, place.load_keys().map_err(text)?);
    let register = FacilityRegister::new(store.clone(), keyring.clone(), entropy());
    on_runtime_counted((store, keyring), async {
        let registry = Clients::open(register.store.clone(), clock()).await?;
        let (clock, entropy) = (clock(), entropy());
        let tools = facilities::Tools {
            register: &register,
            clients: &registry,
            clock: &*clock,
            entropy: &*entropy,
            out: &mut std::io::stdout(),
        };
        facilities::run(at.args, tools).await
    })
}

fn seed(At { place, args }: &At<seed::SeedArgs>) -> Result<(), String> {
    if args.writes_file() {
        return args.write_file().map_err(text);
    }
    let place = place.find().map_err(text)?;
    let (store, keyring) = (place.open_store().map_err(text)?, place.load_keys().map_err(text)?);
    let sealing = Sealing::new(keyring.clone(), entropy());
    let seeded = on_runtime_counted((store.clone(), keyring), args.run(store, sealing, clock()))?;
    println!("{seeded}");
    Ok(())
}

fn events(At { place, args }: &At<events::EventsArgs>) -> Result<(), String> {
    let place = place.find().map_err(text)?;
    let (store, keyring) = (place.open_store().map_err(text)?, place.load_keys().map_err(text)?);
    let sealing = Sealing::new(keyring.clone(), entropy());
    print!("{}", on_runtime_counted((store.clone(), keyring), args.run(store, sealing, clock()))?);
    Ok(())
}

/// Told to stop by Ctrl-C, it ends as a shell expects of that.
fn import(At { place, args }: &At<import::ImportArgs>) -> ExitCode {
    let opened = place.find().and_then(|place| Ok((place.open_store()?, place.load_keys()?)));
    let (store, keyring) = match opened {
        Ok(opened) => opened,
        Err(error) => return fail(&text(error)),
    };
    let (counted, sealing) = ((store.clone(), keyring.clone()), Sealing::new(keyring, entropy()));
    if args.are_events() {
        return match on_runtime_counted(counted, args.run_events(store, sealing, clock())) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        };
    }
    match on_runtime_counted(counted, args.run(store, sealing, clock(), entropy())) {
        Ok(outcome) => {
            print!("{}", outcome.text);
            if outcome.finished { ExitCode::SUCCESS } else { ExitCode::from(130) }
        }
        Err(error) => fail(&error),
    }
}

/// What is served, or named by the command itself, needs no installation here.
fn audit(at: At<audit::AuditArgs>) -> ExitCode {
    let known = match at.args.names_everything() {
        true => Ok(place::Known::default()),
        false => at.place.known(),
    };
    let known = match known {
        Ok(known) => known,
        Err(faults) => return fail(&faults.to_string()),
    };
    let configured =
        audit::Configured { store: known.store.as_ref().map(|store| store.url.as_str()), keys: known.keys.as_deref() };
    match on_runtime(audit::run(at.args, configured, &mut std::io::stdout())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

/// `keys init` comes before there is a database; only `list` and `retire` ask it.
fn keys(at: At<keys::KeysArgs>) -> ExitCode {
    let (clock, entropy) = (clock(), entropy());
    let configured = match at.place.known() {
        Ok(known) => known.keys,
        Err(faults) => return fail(&faults.to_string()),
    };
    let (place, counted_at) = (at.place, clock.now());
    let count = async |key_use: KeyUse, version: u32| {
        let store = place.find().and_then(|place: place::Place| place.open_store());
        let store = store.map_err(Box::<PlaceError>::from)?;
        let records = citizens::rows_under_version(&store, key_use, version).await?
            + crate::qr::rows_under_version(&store, key_use, version, counted_at).await?
            + crate::residence::rows_under_version(&store, key_use, version, counted_at).await?
            + crate::stays::rows_under_version(&store, key_use, version).await?;
        let sealed = match key_use {
            KeyUse::Seal => {
                let (entries, proofs) = (data_keys_under(&store, version).await?, proofs_under(&store, version).await?);
                let asked = crate::oidc::rows_under_version(&store, version, counted_at).await?;
                entries + proofs + asked + eid::rows_under_version(&store, version).await?
            }
            _ => 0,
        };
        Ok(records + sealed)
    };
    let list = place.clone();
    let uses = async || -> Result<Vec<KeyUsage>, CountError> {
        let store = list.find().and_then(|place| place.open_store()).map_err(Box::<PlaceError>::from)?;
        Ok(sealing::usage(&store).await?)
    };
    let tools = keys::Tools {
        configured: configured.as_deref(),
        clock: &*clock,
        entropy: &*entropy,
        out: &mut std::io::stdout(),
    };
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => code(runtime.block_on(keys::run(at.args, tools, keys::Counts { rows_under: count, uses }))),
        Err(error) => fail(&error.to_string()),
    }
}
