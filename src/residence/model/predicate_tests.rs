use super::*;
use crate::citizens::seed::showcase;
use crate::kernel::units::{OldWardCode, Units};
use crate::kernel::{PartialDate, UnitCode};

fn people() -> Vec<Citizen> {
    showcase(1).into_iter().flat_map(|shown| shown.citizens).collect()
}

fn called<'a>(people: &'a [Citizen], name: &str) -> &'a Citizen {
    people.iter().find(|person| person.full_name.expose() == name).unwrap()
}

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).unwrap()
}

const TODAY: &str = "2026-11-21";

fn ask(citizen: &Citizen, predicate: &Predicate, other: Option<&Citizen>) -> (Option<bool>, Reason) {
    let Answer { answer, reason } = predicate.evaluate(citizen, other, AttributeSet::all(), day(TODAY));
    (answer, reason)
}

fn resides(unit: &str, kind: ResidenceKind, since: Since) -> Predicate {
    Predicate::ResidesIn(AskedResidence { unit: ClaimedUnit::Current(UnitCode::parse(unit).unwrap()), kind, since })
}

#[test]
fn residence_by_kind_place_and_time() {
    let people = people();
    let an = called(&people, "Nguyễn Văn An");
    let khanh = called(&people, "Đặng Quốc Khánh");
    use ResidenceKind::{Any, Permanent, Temporary};
    let recorded = |answer| (Some(answer), Reason::Recorded);
    for (person, unit, kind, since, expected) in [
        (an, "00004", Permanent, Since::Now, recorded(true)),
        (an, "01", Permanent, Since::Now, recorded(true)),
        (an, "79", Any, Since::Now, recorded(false)),
        (an, "00004", Temporary, Since::Now, (None, Reason::NotRecorded)),
        (an, "00004", Permanent, Since::Day(day("2015-06-01")), recorded(true)),
        (an, "00004", Permanent, Since::Day(day("2015-05-31")), (Some(false), Reason::RegisteredLater)),
        (an, "00004", Permanent, Since::Months(12), recorded(true)),
        (an, "00004", Permanent, Since::Months(u32::MAX), (Some(false), Reason::RegisteredLater)),
        (khanh, "26740", Any, Since::Now, recorded(true)),
        (khanh, "26740", Temporary, Since::Months(11), (Some(false), Reason::RegisteredLater)),
        (khanh, "26740", Temporary, Since::Months(10), recorded(true)),
    ] {
        assert_eq!(ask(person, &resides(unit, kind, since), None), expected, "{unit} {kind:?} {since:?}");
    }
    let mut over = khanh.clone();
    over.temporary_residence.as_mut().unwrap().until = Some(day("2026-11-20"));
    assert_eq!(ask(&over, &resides("26740", Temporary, Since::Now), None).0, None);
    let mut undated = an.clone();
    undated.permanent_residence.as_mut().unwrap().since = None;
    assert_eq!(ask(&undated, &resides("00004", Permanent, Since::Months(1)), None), (None, Reason::SinceNotRecorded));
    let chien = called(&people, "Lê Văn Chiến");
    assert_eq!(ask(chien, &resides("00004", Permanent, Since::Now), None), (Some(false), Reason::Deceased));
}

#[test]
fn a_divided_ward_is_not_guessed() {
    let units = Units::shared();
    let divided = units.old_wards().iter().find(|row| row.extent != crate::kernel::units::Extent::Whole).unwrap();
    let code: OldWardCode = divided.code.unwrap();
    let mut an = called(&people(), "Nguyễn Văn An").clone();
    an.permanent_residence.as_mut().unwrap().unit = divided.commune.to_string();
    let unit = ClaimedUnit::OldWard(code);
    let predicate =
        Predicate::ResidesIn(AskedResidence { unit, kind: ResidenceKind::Permanent, since: Since::Months(1) });
    assert_eq!(ask(&an, &predicate, None), (None, Reason::UnitDivided));
}

#[test]
fn ages_of_partial_birth_dates() {
    let mut an = called(&people(), "Nguyễn Văn An").clone();
    for (born, years, expected) in [
        ("2008-11-21", 18, Some(true)),
        ("2008-11-22", 18, Some(false)),
        ("2008-11", 18, None),
        ("2008-10", 18, Some(true)),
        ("2008-12", 18, Some(false)),
        ("2008", 18, None),
        ("2007", 18, Some(true)),
    ] {
        an.date_of_birth = PartialDate::parse(born).unwrap();
        let (answer, reason) = ask(&an, &Predicate::AgeAtLeast(years), None);
        assert_eq!(answer, expected, "{born}");
        assert_eq!(reason == Reason::BirthDatePrecision, expected.is_none());
    }
}

#[test]
fn households_and_relatives() {
    let people = people();
    let [hai, ha, linh, lan] =
        ["Bùi Quang Hải", "Đỗ Thị Thanh Hà", "Bùi Ngọc Linh", "Ngô Thị Lan"].map(|name| called(&people, name));
    let an = called(&people, "Nguyễn Văn An");
    let anchor = |of: &Citizen| Anchor {
        number: crate::citizens::matching::AnchorNumber::Personal(of.id_number.clone()),
        full_name: of.full_name.clone(),
        date_of_birth: of.date_of_birth,
    };
    let same = |one: &Citizen, two: &Citizen| ask(one, &Predicate::SameHouseholdAs(anchor(two)), Some(two));
    assert_eq!(same(hai, linh), (Some(true), Reason::Recorded));
    assert_eq!(same(hai, an), (None, Reason::NotRecorded));
    assert_eq!(ask(hai, &Predicate::SameHouseholdAs(anchor(an)), None), (None, Reason::OtherNoMatch));
    assert_eq!(ask(hai, &Predicate::IsHouseholdHead, None).0, Some(true));
    assert_eq!(ask(ha, &Predicate::IsHouseholdHead, None).0, Some(false));
    let is = |one: &Citizen, relation, two: &Citizen| {
        ask(one, &Predicate::RelationTo { other: anchor(two), relation }, Some(two))
    };
    assert_eq!(is(hai, Relation::Spouse, ha).0, Some(true));
    assert_eq!(is(linh, Relation::Child, hai).0, Some(true));
    assert_eq!(is(hai, Relation::Parent, linh).0, Some(true));
    assert_eq!(is(hai, Relation::Child, ha).0, Some(false));
    assert_eq!(is(ha, Relation::Representative, linh).0, Some(true));
    let bao = called(&people, "Bùi Gia Bảo");
    assert_eq!(is(linh, Relation::Sibling, bao).0, Some(true));
    assert_eq!(is(linh, Relation::Sibling, hai).0, Some(false));
    assert_eq!(is(an, Relation::Spouse, lan), (None, Reason::NotRecorded));
    let child = called(&people, "Lý Khánh An");
    assert_eq!(is(child, Relation::Child, lan), (None, Reason::RelativeWithoutNumber));
}

#[test]
fn nothing_rests_on_what_is_not_agreed() {
    let people = people();
    let an = called(&people, "Nguyễn Văn An");
    let only: AttributeSet = [Attribute::TemporaryResidence].into_iter().collect();
    let any = resides("00004", ResidenceKind::Any, Since::Now);
    let answer = any.evaluate(an, None, only, day(TODAY));
    assert_eq!((answer.answer, answer.reason), (None, Reason::NotRecorded));
    let answer = Predicate::AgeAtLeast(18).evaluate(an, None, only, day(TODAY));
    assert_eq!((answer.answer, answer.reason), (None, Reason::NotAgreed));
}
