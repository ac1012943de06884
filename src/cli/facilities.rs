//! `dancu facilities …`: places where guests stay, and who reports for them.

use std::io::Write;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::operate::{OperateError, Operators};
use crate::clients::Clients;
use crate::kernel::{ClientId, Clock, CommuneCode, Entropy, FacilityId, Instant, UnitCode, Units};
use crate::stays::model::{Delegation, Facility, FacilityKind};
use crate::stays::{FacilitiesError, FacilityRegister, NewFacility};
use crate::storage::StorageError;

#[derive(Debug, Args)]
pub struct FacilitiesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Enter a facility of a client
    Add(Add),
    /// List facilities, closed ones included
    List {
        /// Only those of this client
        #[arg(long)]
        client: Option<ClientId>,
    },
    /// Show one facility and its delegations
    Show {
        /// The facility's id, as `list` shows it
        id: FacilityId,
    },
    /// Let another client report for a facility, between two dates
    Delegate(Delegate),
    /// Close a facility: it takes no notices any more
    Close {
        /// The facility's id, as `list` shows it
        id: FacilityId,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The client whose facility it is
    #[arg(long)]
    client: ClientId,
    /// Its name, as guests know it
    #[arg(long)]
    name: String,
    /// What kind of place it is
    #[arg(long, value_parser = kinds())]
    kind: FacilityKind,
    /// Five-digit code of the commune in the list of July 2025 (Decision 19/2025), e.g. 00070
    #[arg(long)]
    commune: CommuneCode,
    /// House and street
    #[arg(long)]
    address: String,
}

#[derive(Debug, Args)]
struct Delegate {
    /// The facility's id, as `list` shows it
    id: FacilityId,
    /// The client that may report for it
    #[arg(long)]
    to: ClientId,
    /// The first day in Viet Nam, YYYY-MM-DD; today if it is missing
    #[arg(long, value_parser = first_instant)]
    from: Option<Instant>,
    /// The last day in Viet Nam, YYYY-MM-DD
    #[arg(long, value_parser = first_instant)]
    until: Instant,
}

/// By the names that answers have for them.
fn kinds() -> impl TypedValueParser<Value = FacilityKind> {
    let names = PossibleValuesParser::new(FacilityKind::ALL.map(FacilityKind::name));
    names.try_map(|name| FacilityKind::parse(&name).ok_or("no such kind of facility"))
}

/// The begin of a day in Viet Nam.
fn first_instant(day: &str) -> Result<Instant, String> {
    let shaped = crate::kernel::CivilDate::parse(day).map_err(|error| error.to_string())?;
    Instant::parse_rfc3339(&format!("{shaped}T00:00:00+07:00")).ok_or_else(|| "not a day".to_owned())
}

/// What the command works with.
pub struct Tools<'a> {
    pub register: &'a FacilityRegister,
    pub clients: &'a Clients,
    pub operators: &'a Operators<'a>,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub out: &'a mut dyn Write,
}

/// Why the command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum FacilitiesCommandError {
    #[error(transparent)]
    Facilities(#[from] FacilitiesError),
    #[error("no client has the id {0}")]
    UnknownClient(ClientId),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the answer cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Runs the command; answers go to `out`.
pub async fn run(args: FacilitiesArgs, tools: Tools<'_>) -> Result<(), FacilitiesCommandError> {
    let Tools { register, clients, operators, clock, entropy, out } = tools;
    let known = |client: &ClientId| match clients.find(client) {
        Some(_) => Ok(()),
        None => Err(FacilitiesCommandError::UnknownClient(client.clone())),
    };
    let now = clock.now();
    match args.command {
        Command::Add(Add { client, name, kind, commune, address }) => {
            known(&client)?;
            let new = NewFacility { client, name, kind, commune, address };
            let id = register.add(new, &operators.open().await?, now, entropy).await?;
            writeln!(out, "added {id}")?;
        }
        Command::List { client } => {
            let found = register.list(client.as_ref()).await?;
            if found.is_empty() {
                writeln!(out, "there are no facilities")?;
            }
            for facility in found {
                writeln!(out, "{}", line(&facility))?;
            }
        }
        Command::Show { id } => show(&register.find(id).await?, out)?,
        Command::Delegate(Delegate { id, to, from, until }) => {
            known(&to)?;
            let today = Instant::parse_rfc3339(&format!("{}T00:00:00+07:00", now.date_in_viet_nam()));
            let valid_from = from.or(today).unwrap_or(now);
            let delegation = Delegation { client: to, valid_from, valid_until: until.plus(DAY) };
            register.delegate(id, &delegation, &operators.open().await?).await?;
            let last = until.date_in_viet_nam();
            writeln!(
                out,
                "{} may report for {id} from {} to {last}",
                delegation.client,
                valid_from.date_in_viet_nam()
            )?;
        }
        Command::Close { id } => {
            register.close(id, &operators.open().await?, now).await?;
            writeln!(out, "closed {id}")?;
        }
    }
    Ok(())
}

fn line(facility: &Facility) -> String {
    let closed = if facility.closed_at.is_some() { "  closed" } else { "" };
    let Facility { id, client, name, kind, commune, .. } = facility;
    format!("{id}  {client}  {}  {commune}  {name}{closed}", kind.name())
}

fn show(facility: &Facility, out: &mut dyn Write) -> std::io::Result<()> {
    let commune = Units::shared().title(UnitCode::Commune(facility.commune)).unwrap_or_default();
    writeln!(out, "{}", facility.id)?;
    writeln!(out, "  client   {}", facility.client)?;
    writeln!(out, "  name     {}", facility.name)?;
    writeln!(out, "  kind     {}", facility.kind.name())?;
    writeln!(out, "  commune  {} {commune}", facility.commune)?;
    writeln!(out, "  address  {}", facility.address)?;
    if let Some(closed) = facility.closed_at {
        writeln!(out, "  closed   {closed}")?;
    }
    for Delegation { client, valid_from, valid_until } in &facility.delegations {
        writeln!(out, "  {client} may report from {valid_from} until {valid_until}")?;
    }
    Ok(())
}
