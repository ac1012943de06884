//! People to try things with: one for each special case, in every seeded population.
//!
//! Their numbers have prefixes no province has (097–099), so they meet no other number.

use std::collections::BTreeMap;

use crate::citizens::model::{
    Card, CardKind, Citizen, MaritalStatus, Membership, Place, Provenance, RelationToHead, Relative, Residence, Status,
};
use crate::kernel::{CitizenId, CivilDate, HouseholdId, IdNumber, LegacyIdNumber, PartialDate, PersonName, Sex};

use super::AS_OF;
use super::chance::Chance;

/// One case: what it shows, and who; a household shows its head.
pub struct Shown {
    pub case: &'static str,
    pub citizens: Vec<Citizen>,
}

/// Every case. Names, numbers and dates are the same for every seed; keys follow the seed.
pub fn showcase(seed: u64) -> Vec<Shown> {
    let mut keys = Chance::new(seed, u64::MAX);
    let mut one = |case, person: Person, change: fn(&mut Citizen)| {
        let mut citizen = person.citizen(&mut keys);
        change(&mut citizen);
        Shown { case, citizens: vec![citizen] }
    };
    let mut shown = vec![
        one("with_cmnd", Person("097099000001", "Nguyễn Văn An", "1999-03-15", Sex::Male), |citizen| {
            citizen.legacy_id_number = Some(legacy("970000001"));
        }),
        one("cancelled_number", Person("097189000002", "Trần Thị Bình", "1989-07-02", Sex::Female), |citizen| {
            citizen.cancelled_id_numbers = vec![number("097188000002")];
            citizen.legacy_id_number = Some(legacy("970000002"));
        }),
        one("deceased", Person("097048000003", "Lê Văn Chiến", "1948-11-20", Sex::Male), |citizen| {
            citizen.status = Status::Deceased;
            citizen.status_date = Some(date("2025-02-14"));
            citizen.card = None;
        }),
        one("missing", Person("098085000004", "Phạm Minh Dũng", "1985-01-30", Sex::Male), |citizen| {
            citizen.status = Status::Missing;
            citizen.status_date = Some(date("2024-06"));
        }),
        one("year_only_birth_date", Person("098145000005", "Vũ Thị Đào", "1945", Sex::Female), |_| ()),
        one("month_only_birth_date", Person("098051000006", "Võ Văn Em", "1951-09", Sex::Male), |_| ()),
        one("single_name", Person("098190000007", "Hlớp", "1990-05-19", Sex::Female), |citizen| {
            citizen.ethnicity = Some("13".to_owned());
        }),
        one("ethnic_minority", Person("099190000008", "H' Linh Êban", "1990-09-09", Sex::Female), |citizen| {
            citizen.ethnicity = Some("12".to_owned());
        }),
        one("ethnic_minority_man", Person("099087000009", "K\u{2019}Brêu", "1987-12-01", Sex::Male), |citizen| {
            citizen.ethnicity = Some("16".to_owned());
        }),
        one("spelling_variant", Person("099195000010", "Hoàng Thúy Mỹ Hòa", "1995-04-30", Sex::Female), |_| ()),
        one("temporary_resident", Person("099201000011", "Đặng Quốc Khánh", "2001-09-02", Sex::Male), |citizen| {
            let stay = residence("26740", "Số 12, đường Nguyễn Huệ", "2026-01-15", Some("2028-01-15"));
            citizen.temporary_residence = Some(stay.clone());
            citizen.temporary_absence = Some(stay.clone());
            citizen.current_residence = Some(Residence { until: None, ..stay });
        }),
    ];
    shown.push(Shown { case: "household_of_five", citizens: household_of_five(&mut keys) });
    shown.push(Shown { case: "child", citizens: vec![child(&mut keys)] });
    shown
}

struct Person(&'static str, &'static str, &'static str, Sex);

impl Person {
    fn citizen(self, keys: &mut Chance) -> Citizen {
        let Person(id_number, full_name, birth, sex) = self;
        let birth = date(birth);
        let mut home = residence("00004", "Số 1, đường Bà Triệu", "2015-06-01", None);
        home.since = home.since.max(Some(birth.earliest()));
        let born = Place {
            unit: Some("00070".to_owned()), text: Some("Phường Hàng Bạc, Quận Hoàn Kiếm".to_owned())
        };
        let grown = birth.latest().years_until(AS_OF) >= 18;
        Citizen {
            citizen_id: CitizenId(keys.bytes()),
            id_number: number(id_number),
            cancelled_id_numbers: Vec::new(),
            legacy_id_number: None,
            full_name: name(full_name),
            other_name: None,
            date_of_birth: birth,
            sex,
            place_of_birth: Some(born.clone()),
            place_of_birth_registration: Some(born.clone()),
            place_of_origin: Some(born),
            ethnicity: Some("01".to_owned()),
            religion: None,
            nationality: Some("VNM".to_owned()),
            blood_group: None,
            marital_status: MaritalStatus::Single,
            permanent_residence: Some(home.clone()),
            temporary_residence: None,
            current_residence: Some(home),
            temporary_absence: None,
            household: None,
            parents: Vec::new(),
            spouse: None,
            children: Vec::new(),
            representative: None,
            card: grown.then(|| Card {
                kind: CardKind::CanCuoc,
                issued: day("2024-08-01"),
                expires: None,
                place: Some("Bộ Công an".to_owned()),
            }),
            photo: None,
            phone: grown.then(|| "+84000999999".to_owned()),
            email: None,
            status: Status::Alive,
            status_date: None,
            provenance: Provenance { source: "population".to_owned(), as_of: day("2026-10-01") },
            provenance_of: BTreeMap::new(),
        }
    }
}

/// A couple, two children and his mother.
fn household_of_five(keys: &mut Chance) -> Vec<Citizen> {
    let household_id = HouseholdId(keys.bytes());
    let people = [
        (Person("097084000012", "Bùi Quang Hải", "1984-02-10", Sex::Male), RelationToHead::Head),
        (Person("097186000013", "Đỗ Thị Thanh Hà", "1986-08-25", Sex::Female), RelationToHead::Spouse),
        (Person("097312000014", "Bùi Ngọc Linh", "2012-03-08", Sex::Female), RelationToHead::Child),
        (Person("097217000015", "Bùi Gia Bảo", "2017-12-24", Sex::Male), RelationToHead::Child),
        (Person("097155000016", "Ngô Thị Lan", "1955-05-05", Sex::Female), RelationToHead::Parent),
    ];
    let mut citizens: Vec<Citizen> = people
        .into_iter()
        .map(|(person, relation_to_head)| {
            let mut citizen = person.citizen(keys);
            citizen.household = Some(Membership { household_id, relation_to_head });
            citizen
        })
        .collect();
    let of = |citizen: &Citizen| Relative {
        full_name: citizen.full_name.clone(),
        id_number: Some(citizen.id_number.clone()),
    };
    if let [father, mother, daughter, son, grandmother] = citizens.as_mut_slice() {
        (father.spouse, mother.spouse) = (Some(of(mother)), Some(of(father)));
        father.marital_status = MaritalStatus::Married;
        mother.marital_status = MaritalStatus::Married;
        grandmother.marital_status = MaritalStatus::DivorcedOrWidowed;
        grandmother.children = vec![of(father)];
        father.parents = vec![of(grandmother)];
        for parent in [&mut *father, &mut *mother] {
            parent.children = vec![of(daughter), of(son)];
        }
        for child in [daughter, son] {
            child.parents = vec![of(father), of(mother)];
            child.representative = Some(of(mother));
        }
    }
    citizens
}

/// A child whose mother is registered elsewhere, known by name only.
fn child(keys: &mut Chance) -> Citizen {
    let mut child = Person("099220000017", "Lý Khánh An", "2020-10-10", Sex::Male).citizen(keys);
    let mother = Relative { full_name: name("Lý Thị Hồng Nhung"), id_number: None };
    child.parents = vec![mother.clone()];
    child.representative = Some(mother);
    child
}

const WELL_FORMED: &str = "the showcase is well-formed";

fn number(text: &str) -> IdNumber {
    IdNumber::parse(text).expect(WELL_FORMED)
}

fn legacy(text: &str) -> LegacyIdNumber {
    LegacyIdNumber::parse(text).expect(WELL_FORMED)
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).expect(WELL_FORMED)
}

fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).expect(WELL_FORMED)
}

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect(WELL_FORMED)
}

fn residence(unit: &str, detail: &str, since: &str, until: Option<&str>) -> Residence {
    Residence { unit: unit.to_owned(), detail: Some(detail.to_owned()), since: Some(day(since)), until: until.map(day) }
}
