//! What has to be written so that the store holds a citizen as given. Pure but for the keys.

use crate::citizens::Citizen;
use crate::citizens::change::ChangeKinds;
use crate::citizens::sealing::{Sealing, guardians};
use crate::kernel::{HouseholdId, IdNumber, Text};
use crate::storage::StorageError;

use super::rows::{CitizenRow, IdentifierKind, IdentifierRow};

/// A citizen as the store holds them now.
#[derive(Debug, Clone)]
pub struct Known {
    pub citizen: Citizen,
    pub row_version: i64,
}

/// Why a citizen cannot be written as given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The number was cancelled, and is never issued again (Decree 70/2024 art. 11).
    NumberCancelled,
    /// The number is held by somebody else.
    NumberHeldByAnother,
    /// The current and the cancelled numbers belong to more than one person.
    NumbersOfSeveral,
}

impl From<Refusal> for (&'static str, Text) {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NumberCancelled => (
                "id_number_cancelled",
                Text::new(
                    "Số định danh này đã bị hủy và không bao giờ được cấp lại.",
                    "This number was cancelled; a cancelled number is never issued again.",
                ),
            ),
            Refusal::NumberHeldByAnother => (
                "id_number_held",
                Text::new("Số định danh này thuộc về một công dân khác.", "This number is held by another citizen."),
            ),
            Refusal::NumbersOfSeveral => (
                "id_numbers_of_several",
                Text::new(
                    "Số hiện tại và các số đã hủy thuộc về nhiều công dân khác nhau.",
                    "The current and cancelled numbers belong to more than one citizen.",
                ),
            ),
        }
    }
}

/// Everything one change of a citizen writes.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) row: CitizenRow,
    /// The version this one follows; `None` for a new citizen.
    pub(super) follows: Option<i64>,
    pub(super) added: Vec<IdentifierRow>,
    pub(super) cancelled: Vec<IdentifierRow>,
    pub(super) dropped: Vec<IdentifierRow>,
    pub(super) leaves: Option<HouseholdId>,
    pub(super) joins: Option<HouseholdId>,
    pub(super) kinds: ChangeKinds,
}

impl Plan {
    pub fn is_new(&self) -> bool {
        self.follows.is_none()
    }
    pub fn row_version(&self) -> i64 {
        self.row.row_version
    }
    pub fn kinds(&self) -> ChangeKinds {
        self.kinds
    }
}

/// Plans a citizen nobody knows yet.
pub fn plan_new(sealing: &Sealing, citizen: &Citizen) -> Result<Plan, StorageError> {
    Ok(Plan {
        row: sealing.seal(citizen, 1)?,
        follows: None,
        added: sealing.identifiers(sealing.index_version(), citizen)?,
        cancelled: Vec::new(),
        dropped: Vec::new(),
        leaves: None,
        joins: citizen.household.as_ref().map(|household| household.household_id),
        kinds: ChangeKinds::of_new(citizen),
    })
}

/// Plans the change from `known` to `citizen`; `None` if there is nothing to change.
///
/// The key stays the stored one, and numbers once cancelled stay cancelled, whether or not
/// `citizen` says so.
pub fn plan_change(sealing: &Sealing, known: &Known, citizen: &Citizen) -> Result<Option<Plan>, StorageError> {
    let old = &known.citizen;
    let mut new = citizen.clone();
    new.citizen_id = old.citizen_id;
    new.cancelled_id_numbers = cancelled_numbers(old, citizen);
    let kinds = ChangeKinds::between(old, &new);
    if kinds == ChangeKinds::NONE {
        return Ok(None);
    }
    let row_version = known.row_version + 1;
    let household = |of: &Citizen| of.household.as_ref().map(|household| household.household_id);
    let moved = household(old) != household(&new);
    let mut plan = Plan {
        row: sealing.seal(&new, row_version)?,
        follows: Some(known.row_version),
        added: Vec::new(),
        cancelled: Vec::new(),
        dropped: Vec::new(),
        leaves: household(old).filter(|_| moved),
        joins: household(&new).filter(|_| moved),
        kinds,
    };
    let renamed = kinds.intersects(ChangeKinds::NUMBER | ChangeKinds::IDENTITY);
    if renamed || guardians(old) != guardians(&new) {
        for version in sealing.index_versions() {
            let (before, after) = (sealing.identifiers(version, old)?, sealing.identifiers(version, &new)?);
            plan.compare(before, after, version == sealing.index_version());
        }
    }
    Ok(Some(plan))
}

impl Plan {
    /// Notes what `after` has that `before` had not. New identifiers go under the active key only;
    /// old ones may still stand under an older key until they are hashed again.
    fn compare(&mut self, before: Vec<IdentifierRow>, after: Vec<IdentifierRow>, active_key: bool) {
        let same = |a: &IdentifierRow, b: &IdentifierRow| a.kind == b.kind && a.hash == b.hash;
        for old in &before {
            match after.iter().find(|new| same(old, new)) {
                Some(new) if new.active == old.active => {}
                Some(new) => self.cancelled.push(new.clone()),
                // Numbers are never given up: `cancelled_numbers` keeps them.
                None if old.kind != IdentifierKind::Number as i16 => self.dropped.push(old.clone()),
                None => {}
            }
        }
        if active_key {
            self.added.extend(after.into_iter().filter(|new| !before.iter().any(|old| same(old, new))));
        }
    }
}

/// The stored cancelled numbers, those now given, and the stored number if another took its place.
fn cancelled_numbers(old: &Citizen, new: &Citizen) -> Vec<IdNumber> {
    let mut numbers = old.cancelled_id_numbers.clone();
    let replaced = (old.id_number != new.id_number).then_some(&old.id_number);
    for number in new.cancelled_id_numbers.iter().chain(replaced) {
        if !numbers.contains(number) {
            numbers.push(number.clone());
        }
    }
    numbers
}
