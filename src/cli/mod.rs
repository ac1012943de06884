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
pub mod operate;
pub mod place;
mod progress;
pub mod qr;
mod runtime;
pub mod seed;
pub mod serve;
pub mod token;
pub mod wallet;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::keys::CountError;
use self::operate::{Operators, WhyArgs};
use self::place::{PlaceArgs, PlaceError, clock, entropy};
use self::runtime::{CommandRuntime, ThreadsEnd};
use crate::app::keyed_tables;
use crate::audit::OperatorAct;
use crate::citizens::sealing::Sealing;
use crate::clients::{Clients, ClientsError};
use crate::crypto::{KeyUse, Keyring, SystemEntropy};
use crate::kernel::Causes;
use crate::kernel::clock::SystemClock;
use crate::sealing::{self, KeyUsage};
use crate::stays::FacilityRegister;
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
    Audit(Reading<audit::AuditArgs>),
    /// Verify a QR code without a server
    Qr(qr::QrArgs),
    /// Check form definitions of your own
    Forms(forms::FormsArgs),
    /// The citizen's e-ID app, for scripts and trials
    Wallet(wallet::WalletArgs),
}

/// A command and the installation it works on, for what changes something: with the reason why.
#[derive(Debug, Args)]
pub struct At<A: Args> {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    why: WhyArgs,
    #[command(flatten)]
    args: A,
}

impl<A: Args> At<A> {
    fn operators(&self) -> Operators<'_> {
        Operators::at(&self.place, &self.why)
    }
}

/// A command that only reads, and the installation it reads.
#[derive(Debug, Args)]
pub struct Reading<A: Args> {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    args: A,
}

/// Does it, and says how it went. No thread of the command is at work when it returns.
pub fn run(command: Command) -> ExitCode {
    let _last = ThreadsEnd;
    let done = match command {
        Command::Demo(args) => demo(&args),
        Command::Token(args) => {
            token::run(&args, &SystemClock, &SystemEntropy::default()).map(|token| println!("{token}")).map_err(text)
        }
        Command::Serve(args) => on_runtime(serve::run(&args)),
        Command::Config(args) => return code(config::run(args, &mut std::io::stdout())),
        Command::Migrate(args) => migrate::run(&args).map_err(text),
        Command::Clients(at) => clients(at),
        Command::Link(at) => {
            let operators = at.operators();
            on_runtime_operated(&operators, link::run(&at.place, &at.args, &operators, &mut std::io::stdout()))
        }
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
fn text(error: impl std::error::Error + 'static) -> String {
    Causes(&error).to_string()
}

fn on_runtime<T, E: std::error::Error + 'static>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    let runtime = CommandRuntime::start().map_err(text)?;
    runtime.block_on(work).map_err(text)
}

/// The same for what may change something.
fn on_runtime_operated<T, E: std::error::Error + 'static>(
    operators: &Operators<'_>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    let runtime = CommandRuntime::start().map_err(text)?;
    runtime.block_on(async {
        let done = work.await.map_err(text);
        operators.close().await;
        done
    })
}

fn demo(args: &demo::DemoArgs) -> Result<(), String> {
    logging::start(LogFormat::Text, "info,actix_server=warn").map_err(text)?;
    on_runtime(demo::run(args))
}

fn clients(At { place, why, args }: At<clients::ClientsArgs>) -> Result<(), String> {
    let store = place.find().and_then(|place| place.open_store()).map_err(text)?;
    let operators = Operators::at(&place, &why);
    on_runtime_operated(&operators, async {
        let registry = Clients::open(store, clock()).await.map_err(ClientsError::from)?;
        let tools = clients::Tools {
            clients: &registry,
            operators: &operators,
            in_demo: place.is_demo(),
            out: &mut std::io::stdout(),
        };
        clients::run(args, tools).await
    })
}

fn facilities(At { place, why, args }: At<facilities::FacilitiesArgs>) -> Result<(), String> {
    let found = place.find().map_err(text)?;
    let (store, keyring) = (found.open_store().map_err(text)?, found.load_keys().map_err(text)?);
    let operators = Operators::at(&place, &why).with_keyring(keyring.clone());
    let register = FacilityRegister::new(store, keyring, entropy());
    on_runtime_operated(&operators, async {
        let registry = Clients::open(register.store.clone(), clock()).await?;
        let (clock, entropy) = (clock(), entropy());
        let tools = facilities::Tools {
            register: &register,
            clients: &registry,
            operators: &operators,
            clock: &*clock,
            entropy: &*entropy,
            out: &mut std::io::stdout(),
        };
        facilities::run(args, tools).await
    })
}

fn seed(at: &At<seed::SeedArgs>) -> Result<(), String> {
    if at.args.writes_file() {
        return at.args.write_file().map_err(text);
    }
    let keyring = at.place.find().and_then(|place| place.load_keys()).map_err(text)?;
    let operators = at.operators().with_keyring(keyring.clone());
    let seeded = on_runtime_operated(&operators, at.args.run(&operators, Sealing::new(keyring, entropy()), clock()))?;
    println!("{seeded}");
    Ok(())
}

fn events(at: &At<events::EventsArgs>) -> Result<(), String> {
    let place = at.place.find().map_err(text)?;
    let (store, keyring) = (place.open_store().map_err(text)?, place.load_keys().map_err(text)?);
    let operators = at.operators().with_keyring(keyring.clone());
    let sealing = Sealing::new(keyring, entropy());
    let tools = events::Tools { store, operators: &operators, sealing, clock: clock() };
    print!("{}", on_runtime_operated(&operators, at.args.run(tools))?);
    Ok(())
}

/// Told to stop by Ctrl-C, it ends as a shell expects of that.
fn import(at: &At<import::ImportArgs>) -> ExitCode {
    let keyring = match at.place.find().and_then(|place| place.load_keys()) {
        Ok(keyring) => keyring,
        Err(error) => return fail(&text(error)),
    };
    let (args, operators) = (&at.args, at.operators().with_keyring(keyring.clone()));
    let sealing = Sealing::new(keyring, entropy());
    if args.are_events() {
        return match on_runtime_operated(&operators, args.run_events(&operators, sealing, clock())) {
            Ok(text) => {
                print!("{text}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        };
    }
    match on_runtime_operated(&operators, args.run(&operators, sealing, clock(), entropy())) {
        Ok(outcome) => {
            print!("{}", outcome.text);
            if outcome.finished { ExitCode::SUCCESS } else { ExitCode::from(130) }
        }
        Err(error) => fail(&error),
    }
}

/// What is served, or named by the command itself, needs no installation here.
fn audit(at: Reading<audit::AuditArgs>) -> ExitCode {
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
    let At { place, why, args } = at;
    let (place, counted_at) = (&place, clock.now());
    let count = async |keyring: Keyring, key_use: KeyUse, version: u32| {
        let store = place.find().and_then(|place: place::Place| place.open_store());
        let store = store.map_err(Box::<PlaceError>::from)?;
        Ok(sealing::rows_under(&store, &keyed_tables(&keyring, &entropy), (key_use, version), counted_at).await?)
    };
    let uses = async || -> Result<Vec<KeyUsage>, CountError> {
        let store = place.find().and_then(|place| place.open_store()).map_err(Box::<PlaceError>::from)?;
        Ok(sealing::usage(&store).await?)
    };
    let record = async |folder: PathBuf, act: OperatorAct| {
        let operators = Operators::at(place, &why).with_keys(folder);
        let operator = operators.open().await.map_err(text)?;
        let recorded = operator.record(act).await.map(drop).map_err(text);
        operators.close().await;
        recorded
    };
    let tools = keys::Tools {
        configured: configured.as_deref(),
        clock: &*clock,
        entropy: &*entropy,
        out: &mut std::io::stdout(),
    };
    match CommandRuntime::start() {
        Ok(runtime) => code(runtime.block_on(keys::run(args, tools, record, keys::Counts { rows_under: count, uses }))),
        Err(error) => fail(&error.to_string()),
    }
}
