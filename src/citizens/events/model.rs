//! An event, read.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::citizens::Citizen;
use crate::citizens::model::{RelationToHead, Residence};
use crate::crypto::digest::sha256;
use crate::kernel::id::has_digit_run;
use crate::kernel::{CitizenId, CivilDate, HouseholdId, IdNumber, Text};

/// The registry's own id of an event: 4–64 of `A-Z a-z 0-9 . - _` without nine digits in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EventId(String);

/// The text is no event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id is 4 to 64 of A-Z, a-z, 0-9, '.', '-', '_', without nine digits in a row")]
pub struct EventIdFault;

impl From<EventIdFault> for (&'static str, Text) {
    fn from(_: EventIdFault) -> Self {
        (
            "event_id_format",
            Text::new(
                "Mã sự kiện gồm 4–64 ký tự A–Z, a–z, 0–9, '.', '-', '_', không có chín chữ số liền nhau.",
                "An event id is 4 to 64 of A-Z, a-z, 0-9, '.', '-', '_', without nine digits in a row.",
            ),
        )
    }
}

impl EventId {
    pub fn parse(text: &str) -> Result<Self, EventIdFault> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let shaped = (4..=64).contains(&text.len()) && text.bytes().all(plain) && !has_digit_run(text, 9);
        if shaped { Ok(Self(text.to_owned())) } else { Err(EventIdFault) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An event as it is applied and kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LifeEvent {
    pub event_id: EventId,
    /// The day from which it holds.
    pub effective: CivilDate,
    /// Code of the register it comes from, e.g. `civil_registry`.
    pub source: String,
    pub happening: Happening,
}

impl fmt::Debug for LifeEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LifeEvent({}, {})", self.event_id, self.happening.kind())
    }
}

/// What happened.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    Birth(Box<Birth>),
    NewNumber { id_number: IdNumber, new_id_number: IdNumber },
    Correction { id_number: IdNumber, changes: Map<String, Value> },
    HouseholdChange(HouseholdChange),
    Move(Move),
    Missing { id_number: IdNumber },
    Found { id_number: IdNumber },
    Death { id_number: IdNumber },
}

impl Happening {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Birth(_) => "birth",
            Self::NewNumber { .. } => "new_number",
            Self::Correction { .. } => "correction",
            Self::HouseholdChange(_) => "household_change",
            Self::Move(_) => "move",
            Self::Missing { .. } => "missing",
            Self::Found { .. } => "found",
            Self::Death { .. } => "death",
        }
    }

    /// Its place among the events of one day.
    const fn rank(&self) -> i16 {
        match self {
            Self::Birth(_) => 0,
            Self::NewNumber { .. } => 1,
            Self::Correction { .. } => 2,
            Self::HouseholdChange(_) => 3,
            Self::Move(_) => 4,
            Self::Missing { .. } => 5,
            Self::Found { .. } => 6,
            Self::Death { .. } => 7,
        }
    }
}

/// Somebody is born. Who: their record, but for what follows from the parents.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Birth {
    pub person: Citizen,
    pub mother: Option<IdNumber>,
    pub father: Option<IdNumber>,
    /// In the mother's household, else the father's, if it is missing.
    pub household: Option<JoinedHousehold>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JoinedHousehold {
    pub household_id: HouseholdId,
    pub relation_to_head: RelationToHead,
}

/// Which residence a move sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    Permanent,
    Temporary,
    Current,
    Absence,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    pub id_number: IdNumber,
    pub residence_kind: MoveKind,
    /// `since` is the day of the event.
    pub residence: Residence,
    /// Whether everybody of the person's household moves along.
    pub whole_household: bool,
    /// Others who move along.
    pub with: Vec<IdNumber>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdChange {
    pub household_id: HouseholdId,
    /// Who joins, or gets another relation to the head.
    pub members: Vec<HouseholdMember>,
    /// Who leaves, and is in no household then.
    pub leaving: Vec<IdNumber>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdMember {
    pub id_number: IdNumber,
    pub relation_to_head: RelationToHead,
    /// The household they leave for this one.
    pub from: Option<HouseholdId>,
}

impl fmt::Debug for HouseholdMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdMember(redacted)")
    }
}

/// The order of events: by day, rank of the kind, id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Days since 1970-01-01.
    pub day: i32,
    pub rank: i16,
    pub id: EventId,
}

impl LifeEvent {
    pub fn stamp(&self) -> Stamp {
        Stamp { day: self.effective.epoch_days(), rank: self.happening.rank(), id: self.event_id.clone() }
    }
}

/// The key of somebody whom an event brings into the store: the same however often it comes.
pub fn born_key(store: &[u8; 16], event: &EventId) -> CitizenId {
    let digest = sha256(&[b"dancu/born/1\n", store, event.as_str().as_bytes()]);
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    CitizenId(key)
}

/// What is known about an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventState {
    Applied = 1,
    Parked = 2,
    Discarded = 3,
}

impl EventState {
    pub fn of_column(column: i16) -> Option<Self> {
        [Self::Applied, Self::Parked, Self::Discarded].into_iter().find(|state| *state as i16 == column)
    }
}
