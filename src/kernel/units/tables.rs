//! Reads the embedded lists. A row that cannot be read is left out; the tests count them.

use std::collections::HashMap;

use super::{
    Commune, CommuneCode, Extent, OldProvince, OldProvinceCode, OldWard, OldWardCode, Province, ProvinceCode, UnitKind,
    Units,
};

const PROVINCES: &str = include_str!("data/provinces_2025.csv");
const COMMUNES: &str = include_str!("data/communes_2025.csv");
const OLD_TO_NEW: &str = include_str!("data/units_2025_old_to_new.csv");
const NUMBER_PREFIXES: &str = include_str!("data/id_number_provinces.csv");

pub(super) fn parse() -> Units {
    let provinces = rows(PROVINCES).filter_map(province).collect();
    let mut communes: Vec<Commune> = rows(COMMUNES).filter_map(commune).collect();
    communes.sort_by_key(|commune| commune.code);
    let old_provinces: Vec<OldProvince> = rows(NUMBER_PREFIXES).filter_map(old_province).collect();
    let by_name: HashMap<&str, OldProvinceCode> = old_provinces.iter().map(|p| (p.name, p.code)).collect();
    let mut old_wards: Vec<OldWard> = rows(OLD_TO_NEW).filter_map(|row| old_ward(row, &by_name)).collect();
    old_wards.sort_by_key(|ward| ward.code);
    let mut by_commune: Vec<u16> = (0..old_wards.len()).filter_map(|row| u16::try_from(row).ok()).collect();
    by_commune.sort_by_key(|row| old_wards[usize::from(*row)].commune);
    Units { provinces, communes, old_wards, by_commune, old_provinces }
}

/// The rows below the header. The lists quote nothing and have no comma in a field.
fn rows<const N: usize>(csv: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    csv.lines().skip(1).filter_map(|line| {
        let mut fields = line.trim_end_matches('\r').split(',');
        let row = std::array::from_fn(|_| fields.next());
        let complete = row.iter().all(Option::is_some) && fields.next().is_none();
        complete.then(|| row.map(Option::unwrap_or_default))
    })
}

/// The name with single spaces. The few that the lists write otherwise are kept for the life of the
/// program, like the lists themselves.
fn tidy(name: &'static str) -> &'static str {
    let single = !name.contains("  ") && name.trim() == name;
    if single { name } else { name.split_whitespace().collect::<Vec<_>>().join(" ").leak() }
}

fn province([code, name]: [&'static str; 2]) -> Option<Province> {
    Some(Province { code: ProvinceCode::parse(code).ok()?, name })
}

fn commune([code, name, kind, province]: [&'static str; 4]) -> Option<Commune> {
    let kind = match kind {
        "phường" => UnitKind::Ward,
        "xã" => UnitKind::Commune,
        "đặc khu" => UnitKind::SpecialZone,
        _ => return None,
    };
    Some(Commune {
        code: CommuneCode::parse(code).ok()?,
        name: tidy(name),
        kind,
        province: ProvinceCode::parse(province).ok()?,
    })
}

fn old_province([prefix, name, current]: [&'static str; 3]) -> Option<OldProvince> {
    let code = OldProvinceCode::parse(prefix.strip_prefix('0')?).ok()?;
    Some(OldProvince { code, name, current: ProvinceCode::parse(current).ok()? })
}

fn old_ward(
    [code, name, district, province_name, commune, extent]: [&'static str; 6],
    provinces: &HashMap<&str, OldProvinceCode>,
) -> Option<OldWard> {
    let code = match code {
        "" => None,
        code => Some(OldWardCode::parse(code).ok()?),
    };
    let extent = match extent {
        "whole" => Extent::Whole,
        "part_main" => Extent::PartMain,
        "part" => Extent::Part,
        _ => return None,
    };
    let province = *provinces.get(province_name)?;
    Some(OldWard {
        code,
        name: tidy(name),
        district,
        province,
        province_name,
        commune: CommuneCode::parse(commune).ok()?,
        extent,
    })
}
