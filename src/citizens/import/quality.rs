//! The data-quality report: the law's *đúng, đủ, sạch, sống*.
//!
//! - **đúng** (valid): rows without a fault, among all rows. Beside it, rows that were taken
//!   although number, sex and birth year contradict each other.
//! - **đủ** (complete): accepted rows that have every core attribute, among accepted rows: birth date
//!   to the day, sex, places of birth and of origin, ethnicity, nationality, marital status, and a
//!   permanent, temporary or current residence. Beside it, how many rows have each attribute.
//! - **sạch** (unique): rows whose number stood in no earlier row of the file and belongs to nobody
//!   else in the store, among all rows.
//! - **sống** (fresh): accepted rows whose `provenance.as_of` is no older than the days asked for
//!   (365 unless told), among accepted rows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::citizens::Citizen;
use crate::citizens::model::MaritalStatus;
use crate::kernel::{Attribute, CivilDate, Faults, Precision, Sex};

/// Counts over the rows of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub rows: u64,
    pub refused: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows whose number stood in an earlier row.
    pub repeated: u64,
    /// Rows refused because their number is cancelled in the store or somebody else's.
    pub conflicting: u64,
    /// Accepted rows whose number contradicts sex or birth year.
    pub contradicting: u64,
    pub complete: u64,
    pub fresh: u64,
    pub oldest_as_of: Option<CivilDate>,
    /// Accepted rows that have each attribute.
    pub having: BTreeMap<Attribute, u64>,
    /// Faults by code.
    pub faults: BTreeMap<String, u64>,
}

impl Tally {
    pub fn accepted(&self) -> u64 {
        self.rows - self.refused
    }

    pub fn accept(&mut self, citizen: &Citizen, fresh_since: CivilDate) {
        self.rows += 1;
        self.complete += u64::from(is_complete(citizen));
        let as_of = citizen.provenance.as_of;
        self.fresh += u64::from(as_of >= fresh_since);
        self.oldest_as_of = Some(self.oldest_as_of.map_or(as_of, |oldest| oldest.min(as_of)));
        let warnings = citizen.id_number.warnings(citizen.sex, citizen.date_of_birth);
        self.contradicting += u64::from(!warnings.is_empty());
        for attribute in Attribute::ALL.iter().filter(|attribute| has(citizen, **attribute)) {
            *self.having.entry(*attribute).or_default() += 1;
        }
    }

    pub fn refuse(&mut self, faults: &Faults) {
        self.rows += 1;
        self.refused += 1;
        self.count_faults(faults);
    }

    /// An accepted row that the store refuses.
    pub fn take_back(&mut self, faults: &Faults) {
        self.refused += 1;
        self.conflicting += 1;
        self.count_faults(faults);
    }

    fn count_faults(&mut self, faults: &Faults) {
        for fault in faults.iter() {
            *self.faults.entry(fault.code.to_owned()).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.refused += other.refused;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.repeated += other.repeated;
        self.conflicting += other.conflicting;
        self.contradicting += other.contradicting;
        self.complete += other.complete;
        self.fresh += other.fresh;
        self.oldest_as_of = [self.oldest_as_of, other.oldest_as_of].into_iter().flatten().min();
        other.having.iter().for_each(|(attribute, count)| *self.having.entry(*attribute).or_default() += count);
        other.faults.iter().for_each(|(code, count)| *self.faults.entry(code.clone()).or_default() += count);
    }

    pub fn measures(&self) -> Measures {
        let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        Measures {
            valid: share(self.rows - self.refused, self.rows),
            complete: share(self.complete.min(self.accepted()), self.accepted()),
            unique: share(self.rows.saturating_sub(self.repeated + self.conflicting), self.rows),
            fresh: share(self.fresh.min(self.accepted()), self.accepted()),
        }
    }
}

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measures {
    pub valid: f64,
    pub complete: f64,
    pub unique: f64,
    pub fresh: f64,
}

/// The report as people and as programs read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub measures: Measures,
    #[serde(flatten)]
    pub tally: Tally,
    pub fresh_days: u32,
}

impl Report {
    pub fn of(tally: Tally, fresh_days: u32) -> Self {
        Self { measures: tally.measures(), tally, fresh_days }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tally, measures) = (&self.tally, &self.measures);
        let percent = |share: f64| format!("{:6.2} %", share * 100.0);
        writeln!(f, "rows      {:>10}", tally.rows)?;
        writeln!(f, "created   {:>10}", tally.created)?;
        writeln!(f, "updated   {:>10}", tally.updated)?;
        writeln!(f, "unchanged {:>10}", tally.unchanged)?;
        writeln!(f, "refused   {:>10}", tally.refused)?;
        writeln!(f)?;
        writeln!(f, "đúng (valid)    {}  {} contradict their number", percent(measures.valid), tally.contradicting)?;
        writeln!(f, "đủ   (complete) {}", percent(measures.complete))?;
        writeln!(
            f,
            "sạch (unique)   {}  {} repeated, {} conflicting",
            percent(measures.unique),
            tally.repeated,
            tally.conflicting
        )?;
        write!(f, "sống (fresh)    {}  within {} days", percent(measures.fresh), self.fresh_days)?;
        if let Some(oldest) = tally.oldest_as_of {
            write!(f, ", the oldest of {oldest}")?;
        }
        writeln!(f, "\n\nattributes present:")?;
        for attribute in Attribute::ALL {
            let having = tally.having.get(attribute).copied().unwrap_or(0);
            let share = having as f64 / tally.accepted().max(1) as f64;
            writeln!(f, "  {:<28}{}", attribute.name(), percent(share.min(1.0)))?;
        }
        if !tally.faults.is_empty() {
            writeln!(f, "\nfaults:")?;
        }
        for (code, count) in &tally.faults {
            writeln!(f, "  {code:<28}{count:>9}")?;
        }
        Ok(())
    }
}

fn is_complete(citizen: &Citizen) -> bool {
    let residences = [Attribute::PermanentResidence, Attribute::TemporaryResidence, Attribute::CurrentResidence];
    citizen.date_of_birth.precision() == Precision::Day
        && [
            Attribute::Sex,
            Attribute::PlaceOfBirth,
            Attribute::PlaceOfOrigin,
            Attribute::Ethnicity,
            Attribute::Nationality,
            Attribute::MaritalStatus,
        ]
        .into_iter()
        .all(|attribute| has(citizen, attribute))
        && residences.into_iter().any(|residence| has(citizen, residence))
}

/// Whether a record says anything about an attribute.
fn has(citizen: &Citizen, attribute: Attribute) -> bool {
    match attribute {
        Attribute::FullName | Attribute::IdNumber | Attribute::DateOfBirth | Attribute::Status => true,
        Attribute::OtherName => citizen.other_name.is_some(),
        Attribute::LegacyIdNumber => citizen.legacy_id_number.is_some(),
        Attribute::Sex => citizen.sex != Sex::Unknown,
        Attribute::PlaceOfBirth => citizen.place_of_birth.is_some(),
        Attribute::PlaceOfBirthRegistration => citizen.place_of_birth_registration.is_some(),
        Attribute::PlaceOfOrigin => citizen.place_of_origin.is_some(),
        Attribute::Ethnicity => citizen.ethnicity.is_some(),
        Attribute::Religion => citizen.religion.is_some(),
        Attribute::Nationality => citizen.nationality.is_some(),
        Attribute::BloodGroup => citizen.blood_group.is_some(),
        Attribute::MaritalStatus => citizen.marital_status != MaritalStatus::Unknown,
        Attribute::PermanentResidence => citizen.permanent_residence.is_some(),
        Attribute::TemporaryResidence => citizen.temporary_residence.is_some(),
        Attribute::CurrentResidence => citizen.current_residence.is_some(),
        Attribute::TemporaryAbsence => citizen.temporary_absence.is_some(),
        Attribute::Household => citizen.household.is_some(),
        Attribute::Parents => !citizen.parents.is_empty(),
        Attribute::Spouse => citizen.spouse.is_some(),
        Attribute::Children => !citizen.children.is_empty(),
        Attribute::Representative => citizen.representative.is_some(),
        Attribute::Card => citizen.card.is_some(),
        Attribute::Photo => citizen.photo.is_some(),
        Attribute::Phone => citizen.phone.is_some(),
        Attribute::Email => citizen.email.is_some(),
        Attribute::StatusDate => citizen.status_date.is_some(),
    }
}
