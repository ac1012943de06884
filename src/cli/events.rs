//! `dancu events`: life events that contradict the store, or wait for somebody.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};

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

/// Parked events tried again in one go.
const MOST: i64 = 100_000;

impl EventsArgs {
    /// What stands on standard output in the end.
    ///
    /// # Errors
    /// If the store fails, or no parked event has the id.
    pub async fn run(&self, store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Result<String, EventsError> {
        let importer = EventImporter::new(store, sealing, clock);
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
            EventsCommand::Retry { id: Some(id) } => told(&mut text, id, &importer.retry(id).await?),
            EventsCommand::Retry { id: None } => {
                for event in importer.parked(MOST).await? {
                    match importer.retry(&event.event_id).await {
                        Ok(processed) => told(&mut text, &event.event_id, &processed),
                        // Another one brought it along.
                        Err(EventsError::NotParked) => {
                            let _ = writeln!(text, "{}  applied", event.event_id);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            EventsCommand::Discard { id } => {
                importer.discard(id).await?;
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
