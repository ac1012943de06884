use serde_json::{Value, json};

use super::{Person, name};
use crate::citizens::matching::{
    Among, Anchor, AnchorNumber, Check, Claims, NumberStanding, Reason, Verdict, date::compare_dates,
};
use crate::kernel::{Attribute, Faults, IdNumber, LegacyIdNumber, PartialDate};

fn parse(claims: &Value) -> Result<Claims, Vec<(String, &'static str)>> {
    let mut faults = Faults::default();
    Claims::parse(claims, "/claims", &mut faults)
        .ok_or_else(|| faults.iter().map(|fault| (fault.pointer.clone(), fault.code)).collect())
}

fn check(record: Value, attribute: Attribute, claim: Value) -> (Verdict, Reason) {
    let claims = parse(&json!({attribute.name(): claim})).unwrap_or_else(|faults| panic!("{faults:?}"));
    let checks = claims.compare(Person::with(record).record());
    let [Check { comparison, .. }] = checks[..] else { panic!("one claim, one check") };
    (comparison.verdict, comparison.reason)
}

fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

#[test]
fn dates_compare_at_the_coarser_precision() {
    use Verdict::{Close, Equivalent, Exact, Mismatch};
    for (given, record, verdict, reason) in [
        ("1999-03-15", "1999-03-15", Exact, Reason::Same),
        ("1999", "1999", Exact, Reason::Same),
        ("1999-03-15", "1999", Equivalent, Reason::RecordCoarser),
        ("1999-03-15", "1999-03", Equivalent, Reason::RecordCoarser),
        ("1999-03", "1999-03-15", Equivalent, Reason::GivenCoarser),
        ("1999", "1999-03-15", Equivalent, Reason::GivenCoarser),
        ("1999-12-03", "1999-03-12", Close, Reason::DayAndMonthSwapped),
        ("1999-03-16", "1999-03-15", Mismatch, Reason::Differs),
        ("1998-03-15", "1999", Mismatch, Reason::Differs),
        ("1999-04", "1999-03-04", Mismatch, Reason::Differs),
    ] {
        let comparison = compare_dates(date(given), date(record));
        assert_eq!((comparison.verdict, comparison.reason), (verdict, reason), "{given} | {record}");
    }
}

fn anchor(number: AnchorNumber, full_name: &str, birth: &str) -> Anchor {
    Anchor { number, full_name: name(full_name), date_of_birth: date(birth) }
}

fn personal(number: &str) -> AnchorNumber {
    AnchorNumber::Personal(IdNumber::parse(number).unwrap())
}

#[test]
fn an_anchor_needs_number_name_and_a_date_as_precise_as_the_record() {
    let person = Person::with(json!({"cancelled_id_numbers": ["097099000009"]}));
    let holds = |number: &str, full_name: &str, birth: &str| {
        anchor(personal(number), full_name, birth).holds(person.record()).map(|anchored| anchored.number)
    };
    assert_eq!(holds("097099000001", "NGUYEN THI HOA", "1999-03-15"), Some(NumberStanding::Current));
    assert_eq!(holds("097099000009", "Nguyễn Thị Hòa", "1999-03-15"), Some(NumberStanding::Cancelled));
    assert_eq!(holds("097099000002", "Nguyễn Thị Hoà", "1999-03-15"), None, "another number");
    assert_eq!(holds("097099000001", "Nguyễn Thị Hoa", "1999-03-15"), None, "a name that is only close");
    assert_eq!(holds("097099000001", "Nguyễn Hoà", "1999-03-15"), None, "a middle name missing");
    assert_eq!(holds("097099000001", "Nguyễn Thị Hoà", "1999-03-16"), None, "another day");
    assert_eq!(holds("097099000001", "Nguyễn Thị Hoà", "1999-03"), None, "a date less precise than the record");
    assert_eq!(holds("097099000001", "Nguyễn Thị Hoà", "1999"), None, "a year alone");
    let year_only = Person::with(json!({"date_of_birth": "1999"}));
    let full = anchor(personal("097099000001"), "Nguyễn Thị Hoà", "1999-03-15").holds(year_only.record()).unwrap();
    assert_eq!((full.name.verdict, full.date.reason), (Verdict::Exact, Reason::RecordCoarser));
    assert!(anchor(personal("097099000001"), "Nguyễn Thị Hoà", "1999").holds(year_only.record()).is_some());
}

#[test]
fn a_cmnd_anchors_exactly_one_person() {
    let number = || AnchorNumber::Legacy(LegacyIdNumber::parse("012345678").unwrap());
    let with = |full_name: &str, birth: &str| {
        Person::with(json!({"legacy_id_number": "012345678", "full_name": full_name, "date_of_birth": birth}))
    };
    let asked = anchor(number(), "Trần Văn An", "1980-01-01");
    let among = |people: &[Person]| match asked.among(people.iter(), |person| person.record()) {
        Among::Nobody => 0,
        Among::One(_, anchored) => {
            assert_eq!(anchored.number, NumberStanding::Legacy);
            1
        }
        Among::Several => 2,
    };
    assert_eq!(among(&[with("Trần Văn An", "1980-01-01"), with("Lê Văn Bình", "1980-01-01")]), 1);
    assert_eq!(among(&[with("Trần Văn An", "1980-01-01"), with("TRẦN VĂN AN", "1980")]), 2);
    assert_eq!(among(&[with("Trần Văn An", "1981-01-01")]), 0);
    assert_eq!(among(&[]), 0);
}

#[test]
fn residences_compare_by_code_and_detail_softly() {
    use Verdict::{Close, Equivalent, Exact, Mismatch, NotRecorded};
    let home = json!({"permanent_residence": {"unit": "00097", "detail": "Số 12, phố Hoà Bình"}});
    for (claim, verdict, reason) in [
        (json!({"unit": "00097"}), Exact, Reason::Same),
        (json!({"unit": "01"}), Equivalent, Reason::ProvinceOnly),
        (json!({"unit": "79"}), Mismatch, Reason::UnitDiffers),
        (json!({"unit": "00004"}), Mismatch, Reason::UnitDiffers),
        (json!({"old_unit": "00001"}), Equivalent, Reason::OldUnitWhole),
        (json!({"unit": "00001"}), Equivalent, Reason::OldUnitWhole),
        (json!({"old_unit": "01"}), Equivalent, Reason::ProvinceOnly),
        (json!({"old_unit": "79"}), Mismatch, Reason::UnitDiffers),
        (json!({"unit": "00097", "detail": "Số 12, phố Hoà Bình"}), Exact, Reason::Same),
        (json!({"unit": "00097", "detail": "12 Hòa Bình"}), Equivalent, Reason::TextVariant),
        (json!({"unit": "00097", "detail": "14 Hòa Bình"}), Close, Reason::DetailDiffers),
        (json!({"unit": "00004", "detail": "12 Hòa Bình"}), Mismatch, Reason::UnitDiffers),
        (json!({"detail": "12 Hòa Bình, Phúc Xá, Ba Đình, Hà Nội"}), Close, Reason::UnitByText),
        (json!({"detail": "Phường Biên Hòa, Đồng Nai"}), Mismatch, Reason::UnitDiffers),
    ] {
        let found = check(home.clone(), Attribute::PermanentResidence, claim.clone());
        assert_eq!(found, (verdict, reason), "{claim}");
    }
    let nothing = check(json!({}), Attribute::TemporaryResidence, json!({"unit": "01"}));
    assert_eq!(nothing, (NotRecorded, Reason::NotRecorded));
}

#[test]
fn old_and_new_codes_of_the_same_digits_stay_apart() {
    // 12478 is a commune of today; the old ward of that code went to 12499.
    let at = |unit: &str| json!({"place_of_birth": {"unit": unit}});
    let today = check(at("12499"), Attribute::PlaceOfBirth, json!({"unit": "12478"}));
    assert_eq!(today, (Verdict::Mismatch, Reason::UnitDiffers));
    let old = check(at("12499"), Attribute::PlaceOfBirth, json!({"old_unit": "12478"}));
    assert_eq!(old, (Verdict::Equivalent, Reason::OldUnitWhole));
    // 80 was Long An and is Tây Ninh; Long An is part of it. A commune of old Tây Ninh is not in old 80.
    let tay_ninh = at("25480");
    assert_eq!(check(tay_ninh.clone(), Attribute::PlaceOfBirth, json!({"unit": "80"})).0, Verdict::Equivalent);
    assert_eq!(check(tay_ninh.clone(), Attribute::PlaceOfBirth, json!({"old_unit": "72"})).0, Verdict::Equivalent);
    assert_eq!(check(tay_ninh, Attribute::PlaceOfBirth, json!({"old_unit": "80"})).0, Verdict::Mismatch);
}

#[test]
fn a_divided_ward_is_only_close() {
    // Old ward 00007 went to 00008 for the most part, and elsewhere for the rest.
    let at = |unit: &str| json!({"place_of_origin": {"unit": unit}});
    let claim = json!({"old_unit": "00007"});
    assert_eq!(check(at("00008"), Attribute::PlaceOfOrigin, claim), (Verdict::Close, Reason::OldUnitPart));
}

#[test]
fn codes_contacts_and_parts() {
    use Attribute as A;
    let record = || {
        json!({
            "phone": "0912 345 678", "email": "An@Example.vn", "nationality": "VNM", "marital_status": "married",
            "household": {"household_id": "b".repeat(32), "relation_to_head": "child"},
            "card": {"kind": "cccd", "issued": "2021-05-20"}, "blood_group": "AB", "religion": "Công giáo",
            "legacy_id_number": "012345678", "cancelled_id_numbers": ["097099000009"], "other_name": "Hoà Bình",
        })
    };
    for (attribute, claim, verdict, reason) in [
        (A::Phone, json!("+84912345678"), Verdict::Equivalent, Reason::NumberFormat),
        (A::Phone, json!("0912345679"), Verdict::Mismatch, Reason::Differs),
        (A::Email, json!("an@example.vn"), Verdict::Equivalent, Reason::LetterCase),
        (A::Nationality, json!("vnm"), Verdict::Exact, Reason::Same),
        (A::Sex, json!("female"), Verdict::Exact, Reason::Same),
        (A::Sex, json!("male"), Verdict::Mismatch, Reason::Differs),
        (A::MaritalStatus, json!("single"), Verdict::Mismatch, Reason::Differs),
        (A::Household, json!({"relation_to_head": "child"}), Verdict::Exact, Reason::Same),
        (A::Household, json!({"relation_to_head": "head"}), Verdict::Mismatch, Reason::Differs),
        (A::Card, json!({"issued": "2021-05-20", "kind": "can_cuoc"}), Verdict::Mismatch, Reason::PartDiffers),
        (A::Card, json!({"issued": "2021-05-20", "expires": "2030-01-01"}), Verdict::NotRecorded, Reason::NotRecorded),
        (A::BloodGroup, json!("AB"), Verdict::Exact, Reason::Same),
        (A::Religion, json!("cong giao"), Verdict::Equivalent, Reason::TextVariant),
        (A::LegacyIdNumber, json!("012345678"), Verdict::Exact, Reason::Same),
        (A::IdNumber, json!("097099000009"), Verdict::Equivalent, Reason::NumberCancelled),
        (A::IdNumber, json!("097099000002"), Verdict::Mismatch, Reason::Differs),
        (A::OtherName, json!("Hòa Bình"), Verdict::Equivalent, Reason::TonePlacement),
        (A::Status, json!("deceased"), Verdict::Mismatch, Reason::Differs),
        (A::StatusDate, json!("2020"), Verdict::NotRecorded, Reason::NotRecorded),
        (A::Ethnicity, json!("01"), Verdict::NotRecorded, Reason::NotRecorded),
    ] {
        assert_eq!(check(record(), attribute, claim.clone()), (verdict, reason), "{attribute} {claim}");
    }
    let unknown = check(json!({"sex": "unknown"}), A::Sex, json!("male"));
    assert_eq!(unknown, (Verdict::NotRecorded, Reason::NotRecorded));
}

#[test]
fn every_fault_is_told_with_its_pointer() {
    let faults = parse(&json!({
        "full_name": "", "date_of_birth": "2022-02-31", "sex": "M", "photo": "x", "parents": [], "na/me": 1,
        "permanent_residence": {"unit": "99999", "detail": " ", "street": "x"}, "household": {}, "nationality": 7,
        "card": {"issued": "2021"}, "place_of_birth": {"unit": "01", "old_unit": "01"}, "phone": "none",
        "email": "a@", "current_residence": {"unit": "1"}, "id_number": "1",
    }))
    .err()
    .unwrap();
    let expected = [
        ("/claims/card/issued", "date_format"),
        ("/claims/current_residence/unit", "unit_code_format"),
        ("/claims/date_of_birth", "date_impossible"),
        ("/claims/email", "email_format"),
        ("/claims/full_name", "name_empty"),
        ("/claims/household", "claim_empty"),
        ("/claims/id_number", "id_number_format"),
        ("/claims/na~1me", "attribute_unknown"),
        ("/claims/nationality", "claim_type"),
        ("/claims/parents", "claim_not_comparable"),
        ("/claims/permanent_residence/street", "member_unknown"),
        ("/claims/phone", "phone_format"),
        ("/claims/photo", "claim_not_comparable"),
        ("/claims/place_of_birth", "unit_twice"),
        ("/claims/sex", "claim_value"),
    ];
    let mut found: Vec<(&str, &str)> = faults.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
    found.sort_unstable();
    for fault in expected {
        assert!(found.contains(&fault), "{fault:?} in {found:?}");
    }
    for inner in
        [("/claims/permanent_residence/unit", "unit_unknown"), ("/claims/permanent_residence/detail", "text_length")]
    {
        assert!(found.contains(&inner), "faults inside an object with an unknown member are told too: {found:?}");
    }
    assert_eq!(found.len(), expected.len() + 2);
    assert_eq!(parse(&json!([])).err().unwrap(), [("/claims".to_owned(), "claim_type")]);
    assert_eq!(parse(&json!({})).err().unwrap(), [("/claims".to_owned(), "claims_empty")]);
}

#[test]
fn claims_are_in_the_laws_order_and_make_an_anchor() {
    let claims = parse(&json!({"sex": "male", "date_of_birth": "1999", "full_name": "An"})).unwrap();
    let order: Vec<Attribute> = claims.iter().map(|claim| claim.attribute()).collect();
    assert_eq!(order, [Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex]);
    assert!(claims.anchor(personal("097099000001")).is_some());
    assert!(parse(&json!({"full_name": "An"})).unwrap().anchor(personal("097099000001")).is_none());
    assert_eq!(
        format!("{claims:?}"),
        "[Claim(full_name, redacted), Claim(date_of_birth, redacted), Claim(sex, redacted)]"
    );
}
