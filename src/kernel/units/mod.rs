//! The administrative units of Vietnam: 34 provinces and 3,321 communes since 1 July 2025
//! (Decision 19/2025/QĐ-TTg), the 10,602 rows that lead from the old wards to them, and the 63
//! province prefixes of identification numbers. Embedded in the binary, parsed once.
//!
//! Names repeat and are spelled in several ways: the code is the key.

mod code;
mod locate;
mod search;
mod tables;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::kernel::CivilDate;

pub use code::{CommuneCode, OldProvinceCode, OldWardCode, ProvinceCode, UnitCode, UnitCodeFault};
pub use locate::{Candidate, Found};

/// A province since 1 July 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Province {
    pub code: ProvinceCode,
    /// As the list writes it: `Thành phố Hà Nội`, `Cao Bằng`.
    pub name: &'static str,
}

/// What a commune-level unit is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// Phường.
    Ward,
    /// Xã.
    Commune,
    /// Đặc khu.
    SpecialZone,
}

impl UnitKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ward => "phường",
            Self::Commune => "xã",
            Self::SpecialZone => "đặc khu",
        }
    }
}

/// A commune, ward or special zone, as listed on 1 July 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commune {
    pub code: CommuneCode,
    /// With its level word: `Phường Ba Đình`.
    pub name: &'static str,
    pub kind: UnitKind,
    pub province: ProvinceCode,
}

impl Commune {
    /// Without the level word: `Ba Đình`.
    pub fn bare_name(&self) -> &'static str {
        let words = if self.kind == UnitKind::SpecialZone { 2 } else { 1 };
        self.name.splitn(words + 1, ' ').nth(words).unwrap_or(self.name)
    }

    /// What the unit is called on a day; `None` where the list cannot tell.
    ///
    /// On 30 April 2026 ten communes of Đồng Nai became wards. The list is of 2025 and does not name
    /// the ten, so from that day on a commune of that province may be either.
    pub fn kind_on(&self, day: CivilDate) -> Option<UnitKind> {
        let changed = CivilDate::new(2026, 4, 30).is_some_and(|since| day >= since);
        let in_question = self.province.number() == DONG_NAI && self.kind == UnitKind::Commune;
        (!(changed && in_question)).then_some(self.kind)
    }
}

const DONG_NAI: u8 = 75;

/// How much of an old ward went to a new commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    Whole,
    /// The larger part of a divided ward.
    PartMain,
    Part,
}

/// One row of the way from the old units to the new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldWard {
    /// `None` for the five island districts that had no wards.
    pub code: Option<OldWardCode>,
    /// With its level word; empty for those islands.
    pub name: &'static str,
    pub district: &'static str,
    pub province: OldProvinceCode,
    pub province_name: &'static str,
    pub commune: CommuneCode,
    pub extent: Extent,
}

/// A province as it stood until 2025. Its code with a zero before it is a prefix of
/// identification numbers, valid for ever; it says nothing about where somebody lives now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldProvince {
    pub code: OldProvinceCode,
    pub name: &'static str,
    /// The province it is part of now.
    pub current: ProvinceCode,
}

/// All tables.
pub struct Units {
    provinces: Vec<Province>,
    /// In the order of their codes.
    communes: Vec<Commune>,
    /// In the order of their codes; the rows of one old ward stand together.
    old_wards: Vec<OldWard>,
    /// Rows of `old_wards` in the order of the communes they lead to.
    by_commune: Vec<u16>,
    old_provinces: Vec<OldProvince>,
}

static SHARED: LazyLock<Units> = LazyLock::new(tables::parse);

impl Units {
    /// The tables of this build.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    pub fn provinces(&self) -> &[Province] {
        &self.provinces
    }

    pub fn communes(&self) -> &[Commune] {
        &self.communes
    }

    pub fn old_wards(&self) -> &[OldWard] {
        &self.old_wards
    }

    pub fn old_provinces(&self) -> &[OldProvince] {
        &self.old_provinces
    }

    pub fn find_province(&self, code: ProvinceCode) -> Option<&Province> {
        self.provinces.iter().find(|province| province.code == code)
    }

    pub fn find_commune(&self, code: CommuneCode) -> Option<&Commune> {
        let index = self.communes.binary_search_by_key(&code, |commune| commune.code).ok()?;
        self.communes.get(index)
    }

    /// The province a commune lies in.
    pub fn province_of(&self, code: CommuneCode) -> Option<&Province> {
        self.find_province(self.find_commune(code)?.province)
    }

    pub fn communes_of(&self, province: ProvinceCode) -> impl Iterator<Item = &Commune> {
        self.communes.iter().filter(move |commune| commune.province == province)
    }

    pub fn contains(&self, code: UnitCode) -> bool {
        match code {
            UnitCode::Province(code) => self.find_province(code).is_some(),
            UnitCode::Commune(code) => self.find_commune(code).is_some(),
        }
    }

    /// The name in full: `Phường Ba Đình, Thành phố Hà Nội`.
    pub fn title(&self, code: UnitCode) -> Option<String> {
        match code {
            UnitCode::Province(code) => self.find_province(code).map(|province| province.name.to_owned()),
            UnitCode::Commune(code) => {
                let commune = self.find_commune(code)?;
                let province = self.find_province(commune.province)?;
                Some(format!("{}, {}", commune.name, province.name))
            }
        }
    }

    /// Where an old ward went: one row if whole, several if it was divided, none if unknown.
    pub fn successors(&self, ward: OldWardCode) -> &[OldWard] {
        let start = self.old_wards.partition_point(|row| row.code < Some(ward));
        let rest = self.old_wards.get(start..).unwrap_or_default();
        let length = rest.partition_point(|row| row.code == Some(ward));
        rest.get(..length).unwrap_or_default()
    }

    /// The old wards a commune was made of, wholly or in part, with their names.
    pub fn predecessors(&self, commune: CommuneCode) -> impl Iterator<Item = &OldWard> {
        let target = |row: &u16| self.old_wards.get(usize::from(*row)).map(|ward| ward.commune);
        let start = self.by_commune.partition_point(|row| target(row) < Some(commune));
        let rows = self.by_commune.get(start..).unwrap_or_default();
        rows.iter()
            .filter_map(|row| self.old_wards.get(usize::from(*row)))
            .take_while(move |ward| ward.commune == commune)
    }

    pub fn find_old_province(&self, code: OldProvinceCode) -> Option<&OldProvince> {
        self.old_provinces.iter().find(|province| province.code == code)
    }

    /// The province a number's prefix names (`IdNumber::prefix`); `None` for countries and the unknown.
    pub fn province_of_prefix(&self, prefix: u16) -> Option<&OldProvince> {
        self.old_provinces.iter().find(|province| u16::from(province.code.number()) == prefix)
    }
}
