//! Residence as it is asked about and confirmed. Pure.

mod document;
mod place;
mod predicate;
mod statement;

pub use document::{
    ConfirmedHousehold, ConfirmedMember, ConfirmedPerson, ConfirmedPlace, Document, Position, StatusAt,
};
pub use place::{PlaceFault, read_place};
pub use predicate::{Answer, AskedResidence, Predicate, Reason, Relation, ResidenceKind, Since};
pub use statement::{CONFIRMABLE, Hidden, HiddenReason, QUESTIONS, Statement};
