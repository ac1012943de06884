//! The columns of a CSV file: an attribute's name, with a dot before a part of it.
//!
//! Lists stand in one cell: `;` parts their items, `|` the parts of an item
//! (`parents` = `full_name|id_number;full_name`, `provenance_of` = `attribute|source|as_of;…`).

use std::borrow::Cow;

use super::raw::{Leaf, List, RawCitizen, RawProvenance, RawRelative};

type Set = for<'a> fn(&mut RawCitizen<'a>, &'a str);

macro_rules! texts {
    ($($name:literal => $($part:ident).+;)*) => {
        &[$(($name, |raw, text| raw.$($part).+ = Leaf::of(Cow::Borrowed(text))),)*]
    };
}

const TEXTS: &[(&str, Set)] = texts! {
    "id_number" => id_number;
    "legacy_id_number" => legacy_id_number;
    "full_name" => full_name;
    "other_name" => other_name;
    "date_of_birth" => date_of_birth;
    "sex" => sex;
    "place_of_birth.unit" => place_of_birth.unit;
    "place_of_birth.text" => place_of_birth.text;
    "place_of_birth_registration.unit" => place_of_birth_registration.unit;
    "place_of_birth_registration.text" => place_of_birth_registration.text;
    "place_of_origin.unit" => place_of_origin.unit;
    "place_of_origin.text" => place_of_origin.text;
    "ethnicity" => ethnicity;
    "religion" => religion;
    "nationality" => nationality;
    "blood_group" => blood_group;
    "marital_status" => marital_status;
    "permanent_residence.unit" => permanent_residence.unit;
    "permanent_residence.detail" => permanent_residence.detail;
    "permanent_residence.since" => permanent_residence.since;
    "permanent_residence.until" => permanent_residence.until;
    "temporary_residence.unit" => temporary_residence.unit;
    "temporary_residence.detail" => temporary_residence.detail;
    "temporary_residence.since" => temporary_residence.since;
    "temporary_residence.until" => temporary_residence.until;
    "current_residence.unit" => current_residence.unit;
    "current_residence.detail" => current_residence.detail;
    "current_residence.since" => current_residence.since;
    "current_residence.until" => current_residence.until;
    "temporary_absence.unit" => temporary_absence.unit;
    "temporary_absence.detail" => temporary_absence.detail;
    "temporary_absence.since" => temporary_absence.since;
    "temporary_absence.until" => temporary_absence.until;
    "household.household_id" => household.household_id;
    "household.relation_to_head" => household.relation_to_head;
    "card.kind" => card.kind;
    "card.issued" => card.issued;
    "card.expires" => card.expires;
    "card.place" => card.place;
    "photo.media_type" => photo.media_type;
    "photo.data" => photo.data;
    "phone" => phone;
    "email" => email;
    "status" => status;
    "status_date" => status_date;
    "provenance.source" => provenance.source;
    "provenance.as_of" => provenance.as_of;
};

const LISTS: &[(&str, Set)] = &[
    ("cancelled_id_numbers", |raw, text| {
        raw.cancelled_id_numbers = List::Items(parts(text, ';').map(leaf).collect());
    }),
    ("parents", |raw, text| raw.parents = relatives(text)),
    ("spouse", |raw, text| raw.spouse = relative(text)),
    ("children", |raw, text| raw.children = relatives(text)),
    ("representative", |raw, text| raw.representative = relative(text)),
    ("provenance_of", |raw, text| raw.provenance_of.items = parts(text, ';').map(sourced).collect()),
];

fn all() -> impl Iterator<Item = &'static (&'static str, Set)> {
    TEXTS.iter().chain(LISTS)
}

/// The names of all columns.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| *name)
}

/// Whether a column's cells hold lists or the parts of a person.
pub fn is_list(name: &str) -> bool {
    LISTS.iter().any(|(list, _)| *list == name)
}

/// Columns without which no row can be a citizen.
const REQUIRED: [&str; 6] = ["id_number", "full_name", "date_of_birth", "sex", "provenance.source", "provenance.as_of"];

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    #[error("the file has no header")]
    Unreadable,
    #[error("the columns {} are unknown; known are {}", .0.join(", "), names().collect::<Vec<_>>().join(", "))]
    Unknown(Vec<String>),
    #[error("the columns {} are missing", .0.join(", "))]
    Missing(Vec<&'static str>),
    #[error("the column {0} stands twice")]
    Twice(&'static str),
}

/// A file's columns, in its order.
#[derive(Clone)]
pub struct Header(Vec<Set>);

impl Header {
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Self, HeaderFault> {
        let (mut setters, mut seen, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for cell in cells.map(str::trim) {
            match all().find(|(name, _)| *name == cell) {
                Some((name, _)) if seen.contains(name) => return Err(HeaderFault::Twice(name)),
                Some((name, set)) => {
                    seen.push(*name);
                    setters.push(*set);
                }
                None => unknown.push(cell.chars().take(64).collect()),
            }
        }
        if !unknown.is_empty() {
            return Err(HeaderFault::Unknown(unknown));
        }
        let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| !seen.contains(name)).collect();
        if missing.is_empty() { Ok(Self(setters)) } else { Err(HeaderFault::Missing(missing)) }
    }

    /// How many cells a row has.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    pub fn read<'a>(&self, cells: impl Iterator<Item = &'a str>) -> RawCitizen<'a> {
        let mut raw = RawCitizen::default();
        for (set, cell) in self.0.iter().zip(cells) {
            if !cell.is_empty() {
                set(&mut raw, cell);
            }
        }
        raw
    }
}

fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty())
}

fn leaf(text: &str) -> Leaf<'_> {
    Leaf::of(Cow::Borrowed(text))
}

fn relatives(text: &str) -> List<RawRelative<'_>> {
    List::Items(parts(text, ';').map(relative).collect())
}

fn relative(text: &str) -> RawRelative<'_> {
    let mut parts = text.split('|').map(str::trim);
    RawRelative {
        full_name: parts.next().map_or(Leaf::Absent, leaf),
        id_number: parts.next().map_or(Leaf::Absent, leaf),
        wrong: parts.next().is_some(),
        unknown: Vec::new(),
    }
}

fn sourced(text: &str) -> (Cow<'_, str>, RawProvenance<'_>) {
    let mut parts = text.split('|').map(str::trim);
    let attribute = Cow::Borrowed(parts.next().unwrap_or_default());
    let provenance = RawProvenance {
        source: parts.next().map_or(Leaf::Absent, leaf),
        as_of: parts.next().map_or(Leaf::Absent, leaf),
        wrong: parts.next().is_some(),
        unknown: Vec::new(),
    };
    (attribute, provenance)
}
