//! The records that events concern, as they stand while events are applied to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::contradiction::Contradiction;
use super::model::{Happening, LifeEvent};
use super::patch::{Kept, Patch};
use crate::citizens::Citizen;
use crate::citizens::sealing::Sealing;
use crate::citizens::store::read;
use crate::citizens::store::rows::{IdentifierKind, citizen_id};
use crate::citizens::store::write::WriteError;
use crate::kernel::{CitizenId, HouseholdId, IdNumber};
use crate::storage::{Db, StorageError};

/// Why applying an event stops.
#[derive(Debug)]
pub enum Halt {
    Contradiction(Contradiction),
    Fault(WriteError),
}

impl From<Contradiction> for Halt {
    fn from(contradiction: Contradiction) -> Self {
        Self::Contradiction(contradiction)
    }
}

impl From<WriteError> for Halt {
    fn from(error: WriteError) -> Self {
        Self::Fault(error)
    }
}

impl From<StorageError> for Halt {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}

/// A person's record: as stored, and as it stands now.
pub struct Person {
    pub row_version: i64,
    pub stored: Option<Citizen>,
    /// `None`: not in the store (yet).
    pub now: Option<Citizen>,
    pub kept: Kept,
}

/// Whose state can be put back.
pub type Snapshot = BTreeMap<CitizenId, Option<Citizen>>;

/// Whose a number will be that an event of the scene gives.
enum Given {
    /// Somebody who is born.
    Born(CitizenId),
    /// Who has, or had, another number.
    HolderOf(IdNumber),
}

pub struct Scene<'a> {
    pub db: &'a mut Db,
    pub sealing: &'a Sealing,
    pub people: BTreeMap<CitizenId, Person>,
    /// Whom the event that is being applied concerns: people, households, awaited numbers.
    pub touched: BTreeSet<[u8; 16]>,
    given: HashMap<IdNumber, Given>,
}

impl<'a> Scene<'a> {
    pub fn new(db: &'a mut Db, sealing: &'a Sealing) -> Self {
        Self { db, sealing, people: BTreeMap::new(), touched: BTreeSet::new(), given: HashMap::new() }
    }

    /// Notes the numbers that an event gives. A number is one person's for ever, so whom an event
    /// means does not depend on whether the number was given by then.
    pub fn expect(&mut self, event: &LifeEvent) {
        let given = match &event.happening {
            Happening::Birth(birth) => (birth.person.id_number.clone(), Given::Born(birth.person.citizen_id)),
            Happening::NewNumber { id_number, new_id_number } => {
                (new_id_number.clone(), Given::HolderOf(id_number.clone()))
            }
            _ => return,
        };
        self.given.entry(given.0).or_insert(given.1);
    }

    pub fn snapshot(&self) -> Snapshot {
        self.people.iter().map(|(id, person)| (*id, person.now.clone())).collect()
    }

    /// Puts everybody back to where they stood; who came in since stands as stored.
    pub fn restore(&mut self, snapshot: Snapshot) {
        for (id, person) in &mut self.people {
            person.now = snapshot.get(id).cloned().unwrap_or_else(|| person.stored.clone());
        }
    }

    /// Opens a record, if it is not open.
    pub fn load(&mut self, id: CitizenId) -> Result<(), WriteError> {
        if self.people.contains_key(&id) {
            return Ok(());
        }
        let row = read::record(self.db, id)?;
        let (row_version, stored) = match row {
            Some(row) => (row.row_version, Some(self.sealing.open(&row)?)),
            None => (0, None),
        };
        self.people.insert(id, Person { row_version, now: stored.clone(), stored, kept: Kept::default() });
        Ok(())
    }

    /// Undoes what an event changed in a record.
    pub fn undo(&mut self, id: CitizenId, patch: &Patch) -> Result<(), WriteError> {
        self.load(id)?;
        if let Some(person) = self.people.get_mut(&id) {
            person.now = person.now.take().and_then(|record| patch.undo(&record, &mut person.kept));
        }
        Ok(())
    }

    /// The person who has the number, or had it.
    ///
    /// # Errors
    /// `UnknownPerson`, and then the event waits for the number; `BeforeBirth` if they come into the
    /// store by a later event.
    pub fn person(&mut self, number: &IdNumber) -> Result<CitizenId, Halt> {
        match self.find(number)? {
            Some(id) => {
                self.touched.insert(id.0);
                match self.people.get(&id).and_then(|person| person.now.as_ref()) {
                    Some(_) => Ok(id),
                    None => Err(Contradiction::BeforeBirth.into()),
                }
            }
            None => {
                self.await_number(number)?;
                Err(Contradiction::UnknownPerson.into())
            }
        }
    }

    /// Who has the number, had it, or comes to have it; loaded.
    pub fn find(&mut self, number: &IdNumber) -> Result<Option<CitizenId>, WriteError> {
        let mut number = number.clone();
        for _ in 0..=self.given.len() {
            if let Some(holder) = self.holder(&number)? {
                return Ok(Some(holder));
            }
            match self.given.get(&number) {
                Some(Given::Born(id)) => {
                    let id = *id;
                    self.load(id)?;
                    return Ok(Some(id));
                }
                Some(Given::HolderOf(other)) => number = other.clone(),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    fn holder(&mut self, number: &IdNumber) -> Result<Option<CitizenId>, WriteError> {
        let owns = |citizen: &Citizen| citizen.id_number == *number || citizen.cancelled_id_numbers.contains(number);
        let known = self
            .people
            .iter()
            .find(|(_, person)| person.now.as_ref().is_some_and(owns) || person.stored.as_ref().is_some_and(owns));
        if let Some((id, _)) = known {
            return Ok(Some(*id));
        }
        let mut hashes = Vec::new();
        for version in self.sealing.index_versions() {
            hashes.push((version.cast_signed(), self.sealing.number_hash(version, number)?));
        }
        let Some(row) = read::holder_of_number(self.db, &hashes)? else { return Ok(None) };
        let id = CitizenId::from_slice(&row.citizen_id).ok_or_else(|| {
            let (table, column) = ("identifiers", "citizen_id");
            StorageError::inconsistent(table, column)
        })?;
        self.load(id)?;
        Ok(Some(id))
    }

    /// Whoever is stored as naming one of these numbers as a guardian's; loaded.
    pub fn wards(&mut self, numbers: &[IdNumber]) -> Result<Vec<CitizenId>, WriteError> {
        let mut hashes = Vec::new();
        for version in self.sealing.index_versions() {
            for number in numbers {
                hashes.push((version.cast_signed(), self.sealing.guardian_hash(version, number)?));
            }
        }
        let mut wards = Vec::new();
        for row in read::sharing(self.db, IdentifierKind::Guardian, &hashes)? {
            let id = citizen_id("citizens", &row.citizen_id)?;
            self.load(id)?;
            wards.push(id);
        }
        Ok(wards)
    }

    /// Notes that the event concerns a number, whoever comes to have it.
    pub fn await_number(&mut self, number: &IdNumber) -> Result<(), WriteError> {
        for version in self.sealing.index_versions() {
            self.touched.insert(self.sealing.awaited_number(version, number)?);
        }
        Ok(())
    }

    /// The record as it stands.
    pub fn citizen(&self, id: CitizenId) -> Result<&Citizen, Halt> {
        self.people.get(&id).and_then(|person| person.now.as_ref()).ok_or(Contradiction::BeforeBirth.into())
    }

    pub fn citizen_mut(&mut self, id: CitizenId) -> Result<&mut Citizen, Halt> {
        self.touched.insert(id.0);
        self.people.get_mut(&id).and_then(|person| person.now.as_mut()).ok_or(Contradiction::BeforeBirth.into())
    }

    /// The members of a household as it stands, in the order of their keys.
    pub fn members(&mut self, household: HouseholdId) -> Result<Vec<CitizenId>, WriteError> {
        self.touched.insert(household.0);
        for id in read::household_members(self.db, household)? {
            self.load(id)?;
        }
        let belongs = |person: &Person| {
            let held = person.now.as_ref().and_then(|citizen| citizen.household.as_ref());
            held.is_some_and(|held| held.household_id == household)
        };
        Ok(self.people.iter().filter(|(_, person)| belongs(person)).map(|(id, _)| *id).collect())
    }
}
