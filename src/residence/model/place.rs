//! The place a question names: by code or by name, of before or after July 2025.

use crate::citizens::matching::address::ClaimedUnit;
use crate::kernel::Text;
use crate::kernel::orthography::search_form;
use crate::kernel::units::{OldWard, OldWardCode, ProvinceCode, UnitCode, Units};

/// Why a name leads to no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceFault {
    Unknown,
    /// Several units have the name; more of the address, or the code, would tell them apart.
    Ambiguous,
}

impl From<PlaceFault> for (&'static str, Text) {
    fn from(fault: PlaceFault) -> Self {
        match fault {
            PlaceFault::Unknown => {
                ("unit_unknown", Text::new("Không có đơn vị hành chính này.", "No unit has this code or name."))
            }
            PlaceFault::Ambiguous => (
                "unit_ambiguous",
                Text::new(
                    "Nhiều đơn vị trùng tên; hãy nêu thêm huyện, tỉnh hoặc mã.",
                    "Several units have this name; add district and province, or give the code.",
                ),
            ),
        }
    }
}

/// Reads a unit written as an address is: `[commune or ward, [district,]] province`.
///
/// A province's name means today's province where there is one. A commune's name without a district
/// means today's commune where there is one, and with a district the old ward.
///
/// # Errors
/// [`PlaceFault`]; a name is never guessed.
pub fn read_place(text: &str) -> Result<ClaimedUnit, PlaceFault> {
    let parts: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => Err(PlaceFault::Unknown),
        [only] => province(only).map_or_else(|| commune(only, None), Ok),
        [name, last] => match within(last) {
            Some(province) => commune(name, Some(province)),
            None => old_ward(name, last, None),
        },
        [name, district, last] => {
            let province = within(last).ok_or(PlaceFault::Unknown)?;
            old_ward(name, district, Some(province))
        }
        _ => Err(PlaceFault::Unknown),
    }
}

fn province(name: &str) -> Option<ClaimedUnit> {
    let units = Units::shared();
    let today = units.search_province(name).map(|province| ClaimedUnit::Current(UnitCode::Province(province.code)));
    today.or_else(|| units.search_old_province(name).map(|old| ClaimedUnit::OldProvince(old.code)))
}

/// Today's province that a name of either time lies in.
fn within(name: &str) -> Option<ProvinceCode> {
    let units = Units::shared();
    let today = units.search_province(name).map(|province| province.code);
    today.or_else(|| units.search_old_province(name).map(|old| old.current))
}

fn commune(name: &str, province: Option<ProvinceCode>) -> Result<ClaimedUnit, PlaceFault> {
    match Units::shared().search_communes(name, province).as_slice() {
        [only] => Ok(ClaimedUnit::Current(UnitCode::Commune(only.code))),
        [] => one_ward(Units::shared().search_old_wards(name, province).into_iter()),
        _ => Err(PlaceFault::Ambiguous),
    }
}

fn old_ward(name: &str, district: &str, province: Option<ProvinceCode>) -> Result<ClaimedUnit, PlaceFault> {
    let asked = bare(district);
    let wards = Units::shared().search_old_wards(name, province).into_iter();
    one_ward(wards.filter(|ward| bare(ward.district) == asked))
}

/// A divided ward has several rows and one code.
fn one_ward<'a>(wards: impl Iterator<Item = &'a OldWard>) -> Result<ClaimedUnit, PlaceFault> {
    let mut codes: Vec<OldWardCode> = wards.filter_map(|ward| ward.code).collect();
    codes.sort_unstable();
    codes.dedup();
    match codes.as_slice() {
        [only] => Ok(ClaimedUnit::OldWard(*only)),
        [] => Err(PlaceFault::Unknown),
        _ => Err(PlaceFault::Ambiguous),
    }
}

/// A district's name in search form without its level word.
fn bare(district: &str) -> String {
    let form = search_form(district);
    let words = ["quan ", "huien ", "thi xa ", "thanh pho ", "tp ", "tx ", "q ", "h "];
    let short = words.iter().find_map(|word| form.strip_prefix(word)).filter(|rest| !rest.is_empty());
    short.map_or(form.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::units::{CommuneCode, OldProvinceCode};

    fn current(code: &str) -> ClaimedUnit {
        ClaimedUnit::Current(UnitCode::parse(code).unwrap())
    }

    #[test]
    fn names_of_both_times_are_understood_and_never_guessed() {
        assert_eq!(read_place("Hà Nội"), Ok(current("01")));
        assert_eq!(read_place("TP. Hà Nội"), Ok(current("01")));
        assert_eq!(read_place("Tỉnh Hà Giang"), Ok(ClaimedUnit::OldProvince(OldProvinceCode::parse("02").unwrap())));
        assert_eq!(read_place("Phường Ba Đình, Hà Nội"), Ok(current("00004")));
        let hang_bac = read_place("Phường Hàng Bạc, Quận Hoàn Kiếm, Hà Nội").unwrap();
        let ClaimedUnit::OldWard(code) = hang_bac else { panic!("{hang_bac:?}") };
        assert_eq!(Units::shared().successors(code)[0].commune, CommuneCode::parse("00070").unwrap());
        assert_eq!(read_place("Xã Tân Thành"), Err(PlaceFault::Ambiguous));
        assert_eq!(read_place("Xã Không Đâu, Hà Nội"), Err(PlaceFault::Unknown));
        assert_eq!(read_place(" , "), Err(PlaceFault::Unknown));
    }
}
