//! `dancu events`: life events that contradict the store, or wait for somebody.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::operate::{OperateError, Operators};
use crate::audit::OperatorAct;
use crate::citizens::events::import::{EventImporter, EventsError};
use crate::citizens::events::{EventId, Processed};
use crate::citizens::sealing::Sealing;
use crate::kernel::Clock;
use crate::storage::Store;

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Parked events with their reasons, oldest first
    Parked {
        /// No more than so many
        #[arg(long, default_value_t = 1_000)]
        most: u32,
    },
    /// Try a parked event again, or all
    Retry {
        /// The event's id; all that are parked if it is missing
        #[arg(value_parser = EventId::parse)]
        id: Option<EventId>,
    },
    /// Give a parked event up for good
    Discard {
        /// The event's id
        #[arg(value_parser = EventId::parse)]
        id: EventId,
    },
}

/// What the command works with.
pub struct Tools<'a> {
    /// For reading.
    pub store: Store,
    pub operators: &'a Operators<'a>,
    pub sealing: Sealing,
    pub clock: Arc<dyn Clock>,
}

/// Why the command did nothing more.
#[derive(Debug, thiserror::Error)]
pub enum EventsCommandError {
    #[error(transparent)]
    Events(#[from] EventsError),
    #[error(transparent)]
    Operate(#[from] OperateError),
}

/// Parked events tried again in one go.
const MOST: i64 = 100_000;

impl EventsArgs {
    /// What stands on standard output in the end.
    ///
    /// # Errors
    /// If the store fails, or no parked event has the id.
    pub async fn run(&self, tools: Tools<'_>) -> Result<String, EventsCommandError> {
        let Tools { store, operators, sealing, clock } = tools;
        let importer = EventImporter::new(store, sealing.clone(), clock.clone());
        let mut text = String::new();
        match &self.command {
            EventsCommand::Parked { most } => {
                for event in importer.parked(i64::from(*most)).await? {
                    let (code, why) = event.reason.map_or(("", ""), |reason| (reason.code(), reason.text().en));
                    let _ = writeln!(text, "{}  {}  {}  {code}: {why}", event.event_id, event.kind, event.effective);
                }
                if text.is_empty() {
                    text.push_str("no event is parked\n");
                }
            }
            EventsCommand::Retry { id } => {
                let target = id.as_ref().map(ToString::to_string).unwrap_or_default();
                let act = OperatorAct { operation: "events.retry", target, concerned: Vec::new() };
                let store = operators.open().await?.record(act).await.map_err(EventsError::from)?;
                let importer = EventImporter::new(store, sealing, clock);
                if let Some(id) = id {
                    told(&mut text, id, &importer.retry(id).await?);
                    return Ok(text);
                }
                for event in importer.parked(MOST).await? {
                    match importer.retry(&event.event_id).await {
                        Ok(processed) => told(&mut text, &event.event_id, &processed),
                        // Another one brought it along.
                        Err(EventsError::NotParked) => {
                            let _ = writeln!(text, "{}  applied", event.event_id);
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            EventsCommand::Discard { id } => {
                importer.discard(id, &operators.open().await?).await?;
                let _ = writeln!(text, "{id}  discarded");
            }
        }
        Ok(text)
    }
}

fn told(text: &mut String, id: &EventId, processed: &Processed) {
    let how = match processed {
        Processed::Applied { .. } => "applied".to_owned(),
        Processed::Known { .. } => "known before".to_owned(),
        Processed::OtherContent { .. } => "another event has this id".to_owned(),
        Processed::Parked { reason, .. } | Processed::Refused { reason, .. } => {
            format!("parked: {}: {}", reason.code(), reason.text().en)
        }
    };
    let _ = writeln!(text, "{id}  {how}");
}
