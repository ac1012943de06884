//! `dancu clients …`: organisations, their keys, officers and agreements.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::operate::{OperateError, Operators};
use crate::clients::{
    Agreement, AgreementFaults, Client, ClientChanges, ClientProfile, Clients, ClientsError, NewClient, PublicKey,
    Registration, SecretTag, Stoppable,
};
use crate::crypto::jose::{JwkFault, PrivateJwk, PublicJwk};
use crate::crypto::{Algorithm, Secret, SystemEntropy};
use crate::kernel::purpose::{CodeFault, OfficerCode};
use crate::kernel::{ClientId, Officer, ProcedureCode};

#[derive(Debug, Args)]
pub struct ClientsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add a client with its key and agreement
    Add(Add),
    /// List all clients
    List,
    /// Show one client: agreement, keys, officers, history
    Show {
        /// The client's id
        id: ClientId,
    },
    /// Bring in a new key; the old ones stay good for the overlap
    RotateKey(RotateKey),
    /// Put a new agreement in the place of the old one
    Amend {
        /// The client's id
        id: ClientId,
        /// The agreement, a TOML file (docs/operations.md has one)
        #[arg(long)]
        agreement: PathBuf,
    },
    /// Put other redirect addresses in the place of the old ones
    Redirects {
        /// The client's id
        id: ClientId,
        #[command(flatten)]
        redirects: RedirectArgs,
    },
    /// Make a new secret (profile baseline) and print it; the old one is good no longer
    NewSecret {
        /// The client's id
        id: ClientId,
    },
    /// Stop a client at once, or one procedure or officer of it, or one procedure of all clients: every
    /// server refuses it within a second
    Stop(StopArgs),
    /// Let go on what was stopped
    Start(StopArgs),
    /// Registered officers
    #[command(subcommand)]
    Officers(OfficersCommand),
}

#[derive(Debug, Args)]
struct Add {
    /// The id it is to have: `client_id`, e.g. `portal`
    id: ClientId,
    /// The organisation's name
    #[arg(long)]
    name: String,
    /// `service`: machine to machine. `fapi2`: signs citizens in, with pushed requests and bound
    /// tokens. `baseline`: plain OpenID Connect
    #[arg(long, value_enum, default_value_t = Profile::Service)]
    profile: Profile,
    /// The client is a state body, which alone may name the legal basis STATE_DUTY
    #[arg(long)]
    state_body: bool,
    /// The agreement, a TOML file (docs/operations.md has one)
    #[arg(long)]
    agreement: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Make a secret (profile baseline) and print it, once
    #[arg(long)]
    secret: bool,
    #[command(flatten)]
    redirects: RedirectArgs,
}

/// Where browsers may be sent back to, compared as written.
#[derive(Debug, Args)]
struct RedirectArgs {
    /// Where a sign-in may end; may be repeated
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// Where a logout may end; may be repeated
    #[arg(long = "post-logout-redirect-uri")]
    post_logout_redirect_uris: Vec<String>,
}

impl RedirectArgs {
    /// In a demo, whoever tries it serves their own pages on this machine.
    fn registration(self, in_demo: bool) -> Registration {
        Registration {
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            any_loopback_port: in_demo,
        }
    }
}

/// What is stopped or started: all of the client, unless a part is named.
#[derive(Debug, Args)]
struct StopArgs {
    /// The client's id; without it, a procedure is that of all clients
    #[arg(required_unless_present = "procedure")]
    id: Option<ClientId>,
    #[command(flatten)]
    part: PartArgs,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct PartArgs {
    /// Only questions under this procedure
    #[arg(long)]
    procedure: Option<String>,
    /// Only the client's questions in the name of this officer, by the officer's id, in whatever unit
    #[arg(long)]
    officer: Option<String>,
}

impl PartArgs {
    fn read(&self) -> Result<Stoppable, CodeFault> {
        match (&self.procedure, &self.officer) {
            (Some(code), _) => ProcedureCode::parse(code).map(Stoppable::Procedure),
            (None, Some(id)) => OfficerCode::parse(id).map(Stoppable::Officer),
            (None, None) => Ok(Stoppable::Client),
        }
    }
}

#[derive(Debug, Args)]
struct RotateKey {
    /// The client's id
    id: ClientId,
    /// How many hours the old keys stay good
    #[arg(long, default_value_t = 24)]
    overlap_hours: u32,
    #[command(flatten)]
    key: KeyArgs,
}

/// Where the client's public key comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct KeyArgs {
    /// The client's public key, a JWK file (EC P-256 or OKP Ed25519)
    #[arg(long)]
    key: Option<PathBuf>,
    /// Make a P-256 key and write the private JWK to this file, for trials
    #[arg(long)]
    new_key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum OfficersCommand {
    /// Register an officer of a client
    Add {
        /// The client's id
        client: ClientId,
        /// The officer's id at the organisation
        #[arg(long)]
        id: String,
        /// The officer's unit
        #[arg(long)]
        unit: String,
    },
    /// Strike an officer off; their sessions end within a second
    Remove {
        /// The client's id
        client: ClientId,
        /// The officer's id at the organisation
        #[arg(long)]
        id: String,
        /// The officer's unit
        #[arg(long)]
        unit: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Profile {
    Service,
    Fapi2,
    Baseline,
}

impl From<Profile> for ClientProfile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Service => Self::Service,
            Profile::Fapi2 => Self::Fapi2,
            Profile::Baseline => Self::Baseline,
        }
    }
}

/// Why the command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientsCommandError {
    #[error(transparent)]
    Clients(#[from] ClientsError),
    #[error("{path}: {source}")]
    Agreement { path: PathBuf, source: AgreementFaults },
    #[error("{path}: {source}")]
    Key { path: PathBuf, source: JwkFault },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("name the client")]
    NoClient,
    #[error("name the client's key by --key, or make one by --new-key")]
    NoKey,
    #[error(transparent)]
    Code(#[from] CodeFault),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error("the answer cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

/// What the command works with.
pub struct Tools<'a> {
    pub clients: &'a Clients,
    pub operators: &'a Operators<'a>,
    /// Redirect addresses may be on this machine.
    pub in_demo: bool,
    pub out: &'a mut dyn Write,
}

/// Runs the command on an open registry; answers go to `out`.
pub async fn run(args: ClientsArgs, tools: Tools<'_>) -> Result<(), ClientsCommandError> {
    let Tools { clients, operators, in_demo, out } = tools;
    match args.command {
        Command::List => return list(clients, out),
        Command::Show { id } => return show(clients, &id, out).await,
        _ => {}
    }
    let operator = operators.open().await?;
    let changes = clients.under(&operator);
    match args.command {
        Command::List | Command::Show { .. } => {}
        Command::Add(add) => {
            let id = add.id.clone();
            let secret = add.secret.then(|| Secret::random(&SystemEntropy::default()));
            let new = add.read(secret.as_ref(), in_demo)?;
            warn_of(&new.agreement);
            changes.add(new).await?;
            writeln!(out, "added {id}")?;
            if let Some(secret) = secret {
                writeln!(out, "secret {}", secret.expose())?;
            }
        }
        Command::RotateKey(RotateKey { id, overlap_hours, key }) => {
            let key = key.read()?.ok_or(ClientsCommandError::NoKey)?;
            let key_id = key.id.clone();
            changes.rotate_key(&id, key, Duration::from_secs(u64::from(overlap_hours) * 3600)).await?;
            writeln!(out, "{id} has key {key_id}; older keys stay good for {overlap_hours} h at most")?;
        }
        Command::Amend { id, agreement } => {
            let agreement = read_agreement(&agreement)?;
            warn_of(&agreement);
            changes.amend(&id, agreement).await?;
            writeln!(out, "amended {id}")?;
        }
        Command::Redirects { id, redirects } => {
            changes.set_registration(&id, redirects.registration(in_demo)).await?;
            writeln!(out, "{id} has other redirect addresses")?;
        }
        Command::NewSecret { id } => {
            let entropy = SystemEntropy::default();
            let secret = Secret::random(&entropy);
            changes.set_secret(&id, SecretTag::of(&secret, &entropy)).await?;
            writeln!(out, "secret {}", secret.expose())?;
        }
        Command::Stop(args) => {
            let what = args.part.read()?;
            for id in stop(&args, &what, &changes).await? {
                writeln!(out, "stopped {}: every server refuses it within a second", named(&id, &what))?;
                if let Stoppable::Officer(_) = what {
                    writeln!(
                        out,
                        "an officer is who {id} says: a new name is another officer. If {id} itself may be at fault, stop it whole"
                    )?;
                }
            }
        }
        Command::Start(args) => {
            let what = args.part.read()?;
            for id in start(&args, &what, &changes).await? {
                writeln!(out, "started {}", named(&id, &what))?;
            }
        }
        Command::Officers(command) => change_officers(command, &changes, out).await?,
    }
    Ok(())
}

/// Of which clients it was stopped.
async fn stop(
    args: &StopArgs,
    what: &Stoppable,
    changes: &ClientChanges<'_>,
) -> Result<Vec<ClientId>, ClientsCommandError> {
    match (&args.id, what) {
        (Some(id), what) => {
            changes.stop(id, what.clone()).await?;
            Ok(vec![id.clone()])
        }
        (None, Stoppable::Procedure(procedure)) => Ok(changes.stop_everywhere(procedure).await?),
        (None, Stoppable::Client | Stoppable::Officer(_)) => Err(ClientsCommandError::NoClient),
    }
}

/// Of which clients it was started.
async fn start(
    args: &StopArgs,
    what: &Stoppable,
    changes: &ClientChanges<'_>,
) -> Result<Vec<ClientId>, ClientsCommandError> {
    match (&args.id, what) {
        (Some(id), what) => {
            changes.start(id, what.clone()).await?;
            Ok(vec![id.clone()])
        }
        (None, Stoppable::Procedure(procedure)) => Ok(changes.start_everywhere(procedure).await?),
        (None, Stoppable::Client | Stoppable::Officer(_)) => Err(ClientsCommandError::NoClient),
    }
}

/// `portal`, or `procedure/1.004222 of portal`.
fn named(id: &ClientId, what: &Stoppable) -> String {
    if *what == Stoppable::Client { id.to_string() } else { format!("{what} of {id}") }
}

async fn change_officers(
    command: OfficersCommand,
    changes: &ClientChanges<'_>,
    out: &mut dyn Write,
) -> Result<(), ClientsCommandError> {
    let named = |id: &str, unit: &str| {
        Ok::<_, CodeFault>(Officer { id: OfficerCode::parse(id)?, unit: OfficerCode::parse(unit)? })
    };
    match command {
        OfficersCommand::Add { client, id, unit } => {
            changes.add_officer(&client, named(&id, &unit)?).await?;
            writeln!(out, "{client} has officer {id} of {unit}")?;
        }
        OfficersCommand::Remove { client, id, unit } => {
            changes.remove_officer(&client, named(&id, &unit)?).await?;
            writeln!(out, "{client} has officer {id} of {unit} no longer")?;
        }
    }
    Ok(())
}

impl Add {
    fn read(self, secret: Option<&Secret>, in_demo: bool) -> Result<NewClient, ClientsCommandError> {
        if secret.is_none() && self.key.is_none() {
            return Err(ClientsCommandError::NoKey);
        }
        let registration = self.redirects.registration(in_demo);
        registration.check().map_err(ClientsError::from)?;
        Ok(NewClient {
            registration,
            secret: secret.map(|secret| SecretTag::of(secret, &SystemEntropy::default())),
            agreement: read_agreement(&self.agreement)?,
            // Last: a new key is written to a file.
            key: self.key.read()?,
            id: self.id,
            name: self.name,
            profile: self.profile.into(),
            state_body: self.state_body,
            officers: Vec::new(),
        })
    }
}

impl KeyArgs {
    fn is_none(&self) -> bool {
        self.key.is_none() && self.new_key.is_none()
    }

    /// The key that is named, if one is.
    fn read(self) -> Result<Option<PublicKey>, ClientsCommandError> {
        let public = match (self.key, self.new_key) {
            (_, Some(path)) => make_key(&path)?,
            (Some(path), None) => {
                let json = read_file(&path)?;
                PublicJwk::parse(&json).map_err(|source| ClientsCommandError::Key { path, source })?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(PublicKey { id: public.key_id(), key: public.key }))
    }
}

/// Says on standard error what an operator may not expect of an agreement that is sound.
fn warn_of(agreement: &Agreement) {
    if agreement.asks_without_status() {
        eprintln!(
            "warning: the agreement asks about people and does not list the attribute `status`: whoever is recorded as \
             deceased or missing is answered like somebody who does not exist"
        );
    }
}

/// Writes a new private key to a file that only its owner can read; never over another one.
fn make_key(path: &Path) -> Result<PublicJwk, ClientsCommandError> {
    use std::os::unix::fs::OpenOptionsExt;
    let key = PrivateJwk::generate(Algorithm::P256)
        .map_err(|source| ClientsCommandError::Key { path: path.to_owned(), source })?;
    let mut options = std::fs::OpenOptions::new();
    let written = options.write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(key.to_json().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| ClientsCommandError::File { path: path.to_owned(), source })?;
    Ok(key.public())
}

fn read_file(path: &Path) -> Result<Vec<u8>, ClientsCommandError> {
    std::fs::read(path).map_err(|source| ClientsCommandError::File { path: path.to_owned(), source })
}

fn read_agreement(path: &Path) -> Result<Agreement, ClientsCommandError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ClientsCommandError::File { path: path.to_owned(), source })?;
    Agreement::from_toml(&text).map_err(|source| ClientsCommandError::Agreement { path: path.to_owned(), source })
}

fn list(clients: &Clients, out: &mut dyn Write) -> Result<(), ClientsCommandError> {
    for client in clients.list() {
        let state = match client.stops.iter().next() {
            None => "at work",
            Some(Stoppable::Client) => "stopped",
            Some(_) => "stopped in part",
        };
        let until = client.agreement.valid_until;
        writeln!(out, "{}\t{}\t{}\tuntil {}\t{}", client.id, profile(&client), state, until, client.name)?;
    }
    Ok(())
}

const fn profile(client: &Client) -> &'static str {
    match client.profile {
        ClientProfile::Service => "service",
        ClientProfile::Fapi2 => "fapi2",
        ClientProfile::Baseline => "baseline",
    }
}

async fn show(clients: &Clients, id: &ClientId, out: &mut dyn Write) -> Result<(), ClientsCommandError> {
    let client = clients.find(id).ok_or(ClientsError::Unknown)?;
    let history = clients.history(id).await?;
    let keys = client
        .keys
        .iter()
        .map(|key| serde_json::json!({ "kid": key.id, "valid_from": key.valid_from, "valid_until": key.valid_until }));
    let mut officers: Vec<_> = client.officers.iter().collect();
    officers.sort_by(|a, b| (&a.unit, &a.id).cmp(&(&b.unit, &b.id)));
    let history = history.iter().map(|change| serde_json::json!({ "at": change.at, "action": change.action.name() }));
    let shown = serde_json::json!({
        "client_id": client.id,
        "name": client.name,
        "profile": client.profile,
        "state_body": client.state_body,
        "stopped": client.stops.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "agreement": client.agreement,
        "redirect_uris": client.registration.redirect_uris,
        "post_logout_redirect_uris": client.registration.post_logout_redirect_uris,
        "secret": client.secret.is_some(),
        "keys": keys.collect::<Vec<_>>(),
        "officers": officers,
        "history": history.collect::<Vec<_>>(),
    });
    writeln!(out, "{shown:#}")?;
    Ok(())
}
