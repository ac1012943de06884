//! Comparing places and residences: by the code of the unit, old codes led to the new units; text
//! only softly.

use super::codes::{are_variants, compare_words};
use super::verdict::{Comparison, Reason, Verdict};
use crate::citizens::model::{Place, Residence};
use crate::kernel::orthography::search_form;
use crate::kernel::units::{Extent, OldProvinceCode, OldWardCode};
use crate::kernel::{CommuneCode, ProvinceCode, UnitCode, Units};

/// A unit as a claim names it. Which table its digits belong to is part of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimedUnit {
    Current(UnitCode),
    OldWard(OldWardCode),
    OldProvince(OldProvinceCode),
}

/// A place as claimed: a unit, a text, or both. `Debug` would show where somebody lives, so there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaceClaim {
    pub unit: Option<ClaimedUnit>,
    pub text: Option<String>,
}

const UNIT_DIFFERS: Comparison = Comparison::new(Verdict::Mismatch, Reason::UnitDiffers);
const PROVINCE_ONLY: Comparison = Comparison::new(Verdict::Equivalent, Reason::ProvinceOnly);

/// Compares a claimed residence: the unit first, then house, street and hamlet if both say them.
pub fn compare_residence(given: &PlaceClaim, record: Option<&Residence>) -> Comparison {
    let Some(record) = record else { return Comparison::NOT_RECORDED };
    match (given.unit, &given.text) {
        (Some(unit), Some(detail)) => {
            let unit = compare_unit(unit, &record.unit);
            if unit.verdict > Verdict::Close {
                unit
            } else {
                unit.worse(compare_detail(detail, record.detail.as_deref()))
            }
        }
        (Some(unit), None) => compare_unit(unit, &record.unit),
        (None, Some(text)) => compare_free_text(text, &record.unit),
        (None, None) => Comparison::NOT_RECORDED,
    }
}

/// Compares a claimed place of birth or origin.
pub fn compare_place(given: &PlaceClaim, record: Option<&Place>) -> Comparison {
    let Some(record) = record else { return Comparison::NOT_RECORDED };
    if let (Some(unit), Some(recorded)) = (given.unit, &record.unit) {
        return compare_unit(unit, recorded);
    }
    let Some(text) = &given.text else { return Comparison::NOT_RECORDED };
    let as_text = compare_words(text, record.text.as_deref());
    match &record.unit {
        Some(unit) if !as_text.verdict.verifies() => compare_free_text(text, unit),
        _ => as_text,
    }
}

/// Compares a claimed unit with the code of a record.
pub fn compare_unit(given: ClaimedUnit, record: &str) -> Comparison {
    let Ok(record) = UnitCode::parse(record) else { return Comparison::NOT_RECORDED };
    match given {
        ClaimedUnit::Current(given) => compare_current(given, record),
        ClaimedUnit::OldWard(ward) => compare_old_ward(ward, record),
        ClaimedUnit::OldProvince(province) => compare_old_province(province, record),
    }
}

fn compare_current(given: UnitCode, record: UnitCode) -> Comparison {
    if given == record {
        Comparison::SAME
    } else if matches!((given, record), (UnitCode::Commune(_), UnitCode::Commune(_))) {
        UNIT_DIFFERS
    } else if province_of(given).is_some_and(|province| Some(province) == province_of(record)) {
        PROVINCE_ONLY
    } else {
        UNIT_DIFFERS
    }
}

fn compare_old_ward(ward: OldWardCode, record: UnitCode) -> Comparison {
    let rows = Units::shared().successors(ward);
    let found = match record {
        UnitCode::Commune(commune) => rows.iter().find(|row| row.commune == commune),
        UnitCode::Province(province) => {
            let inside = rows.iter().any(|row| province_of(UnitCode::Commune(row.commune)) == Some(province));
            return if inside { PROVINCE_ONLY } else { UNIT_DIFFERS };
        }
    };
    match found.map(|row| row.extent) {
        Some(Extent::Whole) => Comparison::new(Verdict::Equivalent, Reason::OldUnitWhole),
        Some(Extent::PartMain | Extent::Part) => Comparison::new(Verdict::Close, Reason::OldUnitPart),
        None => UNIT_DIFFERS,
    }
}

/// An old province agrees with a commune made of its wards alone, not with all of the new province.
fn compare_old_province(given: OldProvinceCode, record: UnitCode) -> Comparison {
    let units = Units::shared();
    match record {
        UnitCode::Province(province) => {
            let inside = units.find_old_province(given).is_some_and(|old| old.current == province);
            if inside { PROVINCE_ONLY } else { UNIT_DIFFERS }
        }
        UnitCode::Commune(commune) => {
            let of_it = |from: &bool| *from;
            let origins: Vec<bool> = units.predecessors(commune).map(|ward| ward.province == given).collect();
            if !origins.is_empty() && origins.iter().all(of_it) {
                PROVINCE_ONLY
            } else if origins.iter().any(of_it) {
                Comparison::new(Verdict::Close, Reason::OldUnitPart)
            } else {
                UNIT_DIFFERS
            }
        }
    }
}

fn province_of(unit: UnitCode) -> Option<ProvinceCode> {
    match unit {
        UnitCode::Province(province) => Some(province),
        UnitCode::Commune(commune) => Units::shared().find_commune(commune).map(|commune| commune.province),
    }
}

/// Free text can make a unit likely, never sure.
fn compare_free_text(text: &str, record: &str) -> Comparison {
    let Ok(record) = CommuneCode::parse(record) else { return Comparison::NOT_RECORDED };
    let may_be = Units::shared().locate(text).iter().any(|candidate| candidate.commune == record);
    if may_be { Comparison::new(Verdict::Close, Reason::UnitByText) } else { UNIT_DIFFERS }
}

fn compare_detail(given: &str, record: Option<&str>) -> Comparison {
    let Some(record) = record else { return Comparison::new(Verdict::Close, Reason::DetailNotRecorded) };
    if given.trim() == record.trim() {
        Comparison::SAME
    } else if are_variants(given, record) || same_without_fillers(given, record) {
        Comparison::new(Verdict::Equivalent, Reason::TextVariant)
    } else {
        Comparison::new(Verdict::Close, Reason::DetailDiffers)
    }
}

/// Words for *number* and *street* that some write and some leave out. Words such as *thôn*,
/// *ngõ* and *hẻm* tell places apart and stay.
const FILLERS: [&str; 6] = ["so", "nha", "s", "duong", "pho", "d"];

fn same_without_fillers(given: &str, record: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let form = search_form(text);
        form.split(' ').filter(|word| !word.is_empty() && !FILLERS.contains(word)).map(str::to_owned).collect()
    };
    let given_words = words(given);
    !given_words.is_empty() && given_words == words(record)
}
