//! A form filled from a citizen's record: what is known, where it comes from, and what is not.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::derive::{Taken, take};
use super::household::Housemates;
use super::model::{Column, Filling, Form, Source};
use super::schema::escape;
use crate::citizens::model::{Citizen, Provenance};
use crate::citizens::{Allowance, provenance_of};
use crate::kernel::{Attribute, AttributeSet, CitizenId, CivilDate, Classification, IdNumber};

/// Where a value comes from and how fresh it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Provided {
    /// Code of the register.
    #[schema(example = "population")]
    pub source: String,
    /// The day it was last known to be so.
    #[schema(value_type = String, example = "2026-10-01")]
    pub as_of: CivilDate,
    /// `basic` or `sensitive` personal data.
    #[schema(value_type = String, example = "basic")]
    pub classification: Classification,
}

/// Why a field is not filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingReason {
    /// Only the citizen knows.
    AskCitizen,
    /// The population data hold no value.
    NotHeld,
    /// They hold one that does not fit the field, such as a birth date without a day.
    PoorQuality,
    /// Agreement or consent do not let it out, or it tells of people who are not shown.
    NotAgreed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Missing {
    /// JSON pointer into the form's values.
    #[schema(example = "/request")]
    pub field: String,
    pub reason: MissingReason,
}

/// How much of the form need not be typed. Each cell of a table counts, and each field that is
/// missing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Prefilled {
    pub count: usize,
    pub of: usize,
    /// `count` of `of`, 0 to 1.
    pub ratio: f64,
}

/// A form, filled as far as it goes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filled {
    pub values: Value,
    /// By JSON pointer into the values.
    pub provenance: BTreeMap<String, Provided>,
    pub missing: Vec<Missing>,
    /// Values given; a table's own place is none.
    pub count: usize,
    /// What was disclosed.
    pub attributes: AttributeSet,
    /// Who is told of beside the citizen.
    pub others: Vec<CitizenId>,
    /// The numbers of relatives who are named.
    pub named: Vec<IdNumber>,
}

impl Filled {
    /// Of nobody, nothing.
    pub fn nothing() -> Self {
        Self { values: Value::Object(Map::new()), ..Self::default() }
    }

    pub fn prefilled(&self) -> Prefilled {
        let of = self.count + self.missing.len();
        Prefilled { count: self.count, of, ratio: if of == 0 { 0.0 } else { self.count as f64 / of as f64 } }
    }

    fn lacks(&mut self, at: &str, reason: MissingReason) {
        self.missing.push(Missing { field: at.to_owned(), reason });
    }

    fn provides(&mut self, at: String, citizen: &Citizen, attribute: Attribute) {
        let Provenance { source, as_of } = provenance_of(citizen, attribute);
        let classification = attribute.classification();
        self.provenance.insert(at, Provided { source: source.clone(), as_of: *as_of, classification });
    }
}

/// Fills `form` about `citizen` with what `allowance` lets out. `housemates` is needed where the
/// form asks about the household.
pub fn fill(form: &Form, citizen: &Citizen, housemates: Option<&Housemates>, allowance: Allowance<'_>) -> Filled {
    let mut filled = Filled::nothing();
    for field in &form.fields {
        match &field.filling {
            Filling::Ask => filled.lacks(&field.at, MissingReason::AskCitizen),
            Filling::Value { sources, check } => {
                let given = match choose(sources, citizen, allowance) {
                    Ok(source) => value(&mut filled, citizen, source, (housemates, allowance), &field.at, |text| {
                        check.is_valid(text)
                    }),
                    Err(reason) => Err(reason),
                };
                match given {
                    Ok(text) => put(&mut filled.values, &field.at, text),
                    Err(reason) => filled.lacks(&field.at, reason),
                }
            }
            Filling::Members(columns) => members(&mut filled, citizen, (housemates, allowance), &field.at, columns),
        }
    }
    filled
}

/// The first source that is for this citizen. Whose sex may not be read has none that depends on it.
fn choose(sources: &[Source], citizen: &Citizen, allowance: Allowance<'_>) -> Result<Source, MissingReason> {
    let depends = sources.iter().any(|source| source.only_for.is_some());
    if depends && allowance.withholds(Attribute::Sex).is_some() {
        return Err(MissingReason::NotAgreed);
    }
    let theirs = sources.iter().find(|source| source.only_for.is_none_or(|sex| sex == citizen.sex));
    theirs.copied().ok_or(MissingReason::AskCitizen)
}

type Bounds<'a> = (Option<&'a Housemates>, Allowance<'a>);

/// One value, noted with its provenance; or why there is none.
fn value(
    filled: &mut Filled,
    citizen: &Citizen,
    source: Source,
    (housemates, allowance): Bounds<'_>,
    at: &str,
    check: impl Fn(&Value) -> bool,
) -> Result<Value, MissingReason> {
    if source.needs().iter().any(|attribute| allowance.withholds(attribute).is_some()) {
        return Err(MissingReason::NotAgreed);
    }
    let taken = match take(citizen, source, housemates) {
        Taken::Value(value) => value,
        Taken::NotHeld => return Err(MissingReason::NotHeld),
        Taken::Poor => return Err(MissingReason::PoorQuality),
        Taken::Hidden => return Err(MissingReason::NotAgreed),
    };
    let text = Value::String(taken.text);
    if !check(&text) {
        return Err(MissingReason::PoorQuality);
    }
    filled.count += 1;
    filled.attributes = filled.attributes.union(source.needs());
    filled.named.extend(taken.names.cloned());
    let told = taken.from.citizen_id;
    if told != citizen.citizen_id && !filled.others.contains(&told) {
        filled.others.push(told);
    }
    filled.provides(at.to_owned(), taken.from, taken.attribute);
    Ok(text)
}

/// The table of the other members of the household, a row for each who may be shown.
fn members(filled: &mut Filled, citizen: &Citizen, bounds: Bounds<'_>, at: &str, columns: &[Column]) {
    let (housemates, allowance) = bounds;
    if allowance.withholds(Attribute::Household).is_some() {
        return filled.lacks(at, MissingReason::NotAgreed);
    }
    let Some(housemates) = housemates.filter(|_| citizen.household.is_some()) else {
        return filled.lacks(at, MissingReason::NotHeld);
    };
    if housemates.closed {
        return filled.lacks(at, MissingReason::NotAgreed);
    }
    let mut rows = Vec::with_capacity(housemates.others.len());
    for member in &housemates.others {
        let mut row = Map::new();
        let before = filled.count;
        for column in columns {
            let cell = format!("{at}/{}/{}", rows.len(), escape(&column.name));
            let given = value(filled, &member.citizen, column.source, (None, allowance), &cell, |text| {
                column.check.is_valid(text)
            });
            match given {
                Ok(text) => drop(row.insert(column.name.clone(), text)),
                Err(reason) => filled.lacks(&cell, reason),
            }
        }
        let told = member.citizen.citizen_id;
        if filled.count > before && !filled.others.contains(&told) {
            filled.others.push(told);
        }
        rows.push(Value::Object(row));
    }
    if housemates.some_hidden {
        filled.lacks(at, MissingReason::NotAgreed);
    }
    filled.attributes.insert(Attribute::Household);
    filled.provides(at.to_owned(), citizen, Attribute::Household);
    put(&mut filled.values, at, Value::Array(rows));
}

/// Puts a value at a pointer, making the objects on the way.
fn put(root: &mut Value, at: &str, value: Value) {
    let mut steps: Vec<String> = at.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let Some(last) = steps.pop() else { return };
    let mut place = root;
    for step in steps {
        let Value::Object(object) = place else { return };
        place = object.entry(step).or_insert_with(|| Value::Object(Map::new()));
    }
    if let Value::Object(object) = place {
        object.insert(last, value);
    }
}
