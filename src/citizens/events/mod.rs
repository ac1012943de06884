//! Life events: what the civil registry tells, one change at a time.
//!
//! The way of an event through the store:
//!
//! 1. It is read into a [`LifeEvent`]; its *stamp* (effective day, rank of its kind, id) orders it
//!    among all events, whenever it comes.
//! 2. In one transaction, under the lock of the change log, a *scene* opens the records it concerns.
//!    Where events with a later stamp were applied to them already, these join it: what they changed
//!    is undone (each applied event keeps, sealed, the members it changed, before and after), and all
//!    are applied again in the order of their stamps. Events that wait, parked, for one of these
//!    people or numbers join as well. The scene grows until nobody is left out.
//! 3. An event that contradicts what stands at its place is parked with its reason and changes
//!    nothing; so the end state is that of the order of stamps, in whatever order events came.
//! 4. Every changed record is written with its identifiers, household and a line of the change log;
//!    the events' own rows with it. All of it is one transaction, or nothing.
//!
//! An event that a client tells is recorded in the same transaction. One of a file owes its entry: that
//! is noted in the same transaction, and the serving process writes it within a second.
//!
//! What an import changed after an event was applied stays as imported: when events are applied
//! again, members that were changed from outside keep their value.

mod apply;
mod contradiction;
mod engine;
pub mod import;
mod model;
mod patch;
mod read;
mod record;
mod recording;
mod rows;
mod scene;
mod words;

pub use contradiction::Contradiction;
pub use engine::{Manner, OnContradiction, Processed, process};
pub use model::{EventId, EventState, LifeEvent, Stamp, born_key};
pub use read::EventRequest;
pub use record::{EventAnswer, EventTold, RECORD, RecordError};
pub(super) use recording::record_owed;
pub use rows::{renew_events, renew_patches};
