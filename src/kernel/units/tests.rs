use super::*;

fn commune(code: &str) -> CommuneCode {
    CommuneCode::parse(code).unwrap()
}

#[test]
fn the_lists_are_complete() {
    let units = Units::shared();
    assert_eq!(units.provinces().len(), 34);
    assert_eq!(units.communes().len(), 3321);
    assert_eq!(units.old_wards().len(), 10602);
    assert_eq!(units.old_provinces().len(), 63);
    let count = |kind| units.communes().iter().filter(|commune| commune.kind == kind).count();
    assert_eq!([count(UnitKind::Ward), count(UnitKind::Commune), count(UnitKind::SpecialZone)], [687, 2621, 13]);
}

#[test]
fn every_row_leads_somewhere() {
    let units = Units::shared();
    for ward in units.old_wards() {
        assert!(units.find_commune(ward.commune).is_some(), "{ward:?}");
        let old = units.find_old_province(ward.province).unwrap();
        assert_eq!(old.name, ward.province_name);
    }
    for commune in units.communes() {
        assert!(units.province_of(commune.code).is_some(), "{commune:?}");
        assert!(units.predecessors(commune.code).count() > 0, "{commune:?}");
        assert!(!commune.name.contains("  ") && commune.bare_name().trim() == commune.bare_name());
        assert!(!commune.bare_name().is_empty() && commune.name.ends_with(commune.bare_name()));
        assert!(commune.name.to_lowercase().starts_with(commune.kind.word()), "{commune:?}");
    }
    let prefixes: Vec<u16> = units.old_provinces().iter().map(|p| u16::from(p.code.number())).collect();
    assert_eq!(prefixes, crate::kernel::id_number::PROVINCE_PREFIXES);
    for old in units.old_provinces() {
        assert!(units.find_province(old.current).is_some(), "{old:?}");
    }
}

#[test]
fn the_same_two_digits_are_two_provinces_in_two_tables() {
    let units = Units::shared();
    let moved: Vec<u8> = units
        .old_provinces()
        .iter()
        .filter(|old| {
            let now = ProvinceCode::parse(&old.code.to_string()).ok().and_then(|code| units.find_province(code));
            let bare = old.name.trim_start_matches("Tỉnh ").trim_start_matches("Thành phố ");
            now.is_some_and(|now| !now.name.ends_with(bare))
        })
        .map(|old| old.code.number())
        .collect();
    assert_eq!(moved, [15, 24, 44, 52, 80, 82, 91]);
    assert_eq!(units.province_of_prefix(80).unwrap().name, "Tỉnh Long An");
    assert_eq!(units.find_province(ProvinceCode::parse("80").unwrap()).unwrap().name, "Tây Ninh");
    assert!(units.province_of_prefix(97).is_none() && units.province_of_prefix(200).is_none());
}

#[test]
fn a_divided_ward_leads_to_several_communes() {
    let units = Units::shared();
    let rows = units.successors(OldWardCode::parse("00634").unwrap());
    assert_eq!(rows.len(), 5);
    assert_eq!(rows.iter().filter(|row| row.extent == Extent::PartMain).count(), 1);
    let whole = units.successors(OldWardCode::parse("00001").unwrap());
    assert_eq!((whole.len(), whole[0].extent, whole[0].commune), (1, Extent::Whole, commune("00097")));
    assert!(units.predecessors(commune("00097")).any(|ward| ward.name == "Phường Phúc Xá"));
    assert!(units.successors(OldWardCode::parse("99999").unwrap()).is_empty());
}

#[test]
fn ten_communes_of_dong_nai_are_unsettled_since_april_2026() {
    let units = Units::shared();
    let day = |text: &str| CivilDate::parse(text).unwrap();
    let unsettled = |on: CivilDate| units.communes().iter().filter(|c| c.kind_on(on).is_none()).count();
    assert_eq!(unsettled(day("2026-04-29")), 0);
    assert_eq!(unsettled(day("2026-04-30")), 72, "every xã of the province: the list does not name the ten");
    let ward = units.search_communes("Phường Biên Hoà", None)[0];
    assert_eq!(ward.kind_on(day("2026-11-21")), Some(UnitKind::Ward));
}

#[test]
fn names_are_found_however_they_are_written() {
    let units = Units::shared();
    let dong_nai = ProvinceCode::parse("75").unwrap();
    for name in ["Biên Hòa", "Biên Hoà", "phường BIÊN HÒA", "P. Bien Hoa", "bie\u{302}n ho\u{300}a"] {
        let found = units.search_communes(name, Some(dong_nai));
        assert_eq!(found.iter().map(|c| c.code).collect::<Vec<_>>(), [commune("26068")], "{name}");
    }
    for name in ["Ea H’leo", "ea h'leo", "Xã Ea H'Leo", "B'Lao", "B’Lao"] {
        assert_eq!(units.search_communes(name, None).len(), 1, "{name}");
    }
    assert_eq!(units.search_communes("Xã Tân Thành", None).len(), 7);
    assert_eq!(units.search_communes("xa tan thanh", None).iter().filter(|c| c.kind == UnitKind::Commune).count(), 13);
    assert_eq!(units.search_communes("Lộc Thành", Some(dong_nai)).len(), 1);
    assert_eq!(units.search_communes("Loc Thanh", Some(dong_nai)).len(), 2);
    assert!(units.search_communes("", None).is_empty() && units.search_communes("phường", None).is_empty());
}

#[test]
fn provinces_are_found_in_either_table() {
    let units = Units::shared();
    let now = |name: &str| units.search_province(name).map(|province| province.code.to_string());
    for name in ["Hà Nội", "TP. Hà Nội", "thanh pho ha noi", "HN"] {
        assert_eq!(now(name).as_deref(), Some("01"), "{name}");
    }
    for name in ["TP.HCM", "TPHCM", "Sài Gòn", "Hồ Chí Minh"] {
        assert_eq!(now(name).as_deref(), Some("79"), "{name}");
    }
    assert_eq!(now("Bình Phước"), None, "a province of the old table only");
    let old = units.search_old_province("tỉnh Bình Phước").unwrap();
    assert_eq!((old.code.number(), old.current.number()), (70, 75));
    assert_eq!(units.search_old_province("Thừa Thiên Huế").unwrap().current.number(), 46);
}

#[test]
fn addresses_lead_to_candidates() {
    let units = Units::shared();
    let first = |address: &str| units.locate(address).first().map(|candidate| candidate.commune.to_string());
    assert_eq!(first("Số 1 Lê Lợi, Phường Biên Hòa, Đồng Nai").as_deref(), Some("26068"));
    assert_eq!(first("Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội").as_deref(), Some("00097"));
    assert_eq!(first("12 Trần Phú, Phúc Xá, Ba Đình, Hà Nội").as_deref(), Some("00097"));
    assert_eq!(first("so 5 phuong bien hoa tinh dong nai").as_deref(), Some("26068"));
    for nothing in ["", ",,,", "Hà Nội", "Nowhere at all", "٣", "\u{301}\u{301}"] {
        assert_eq!(first(nothing), None, "{nothing}");
    }
    assert!(units.locate(&"Tân Thành, ".repeat(10_000)).len() <= 8);
}
