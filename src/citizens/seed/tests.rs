use std::collections::{HashMap, HashSet};

use crate::citizens::Citizen;
use crate::citizens::model::{CardKind, RelationToHead, Relative, Status};
use crate::crypto::digest::sha256;
use crate::kernel::units::{CommuneCode, Units};
use crate::kernel::{CivilDate, IdNumber};

use super::{AS_OF, Population, showcase};

fn sown(seed: u64, count: u64) -> Vec<Citizen> {
    Population::new(seed, count).flatten().collect()
}

fn by_number(citizens: &[Citizen]) -> HashMap<&IdNumber, &Citizen> {
    citizens.iter().map(|citizen| (&citizen.id_number, citizen)).collect()
}

fn named<'a>(people: &HashMap<&IdNumber, &'a Citizen>, relative: &Relative) -> Option<&'a Citizen> {
    let found = *people.get(relative.id_number.as_ref()?).expect("who is numbered is in the population");
    assert_eq!(found.full_name, relative.full_name);
    Some(found)
}

#[test]
fn a_seed_means_the_same_population_for_ever() {
    let bytes = serde_json::to_vec(&sown(1, 1000)).unwrap();
    let digest: String = sha256(&[&bytes]).iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!(digest, @"a950b92ed7d2cd863a3a992ff594d15cd81d26a643d5230174119dcc38a4457a");
    assert_eq!(sown(1, 500), sown(1, 500));
    assert_ne!(sown(1, 500), sown(2, 500));
    let (short, long) = (sown(1, 400), sown(1, 800));
    assert_eq!(short[..380], long[..380], "a longer population begins alike");
}

#[test]
fn the_count_is_kept_to_the_person() {
    for count in [0, 1, 5, 17, 18, 100, 1001] {
        assert_eq!(sown(3, count).len() as u64, count);
    }
}

#[test]
fn numbers_are_unique_and_agree_with_their_holders() {
    let citizens = sown(1, 10_000);
    let mut seen = HashSet::new();
    for citizen in &citizens {
        assert!(
            citizen.id_number.prefix() >= 97
                || citizen.id_number.warnings(citizen.sex, citizen.date_of_birth).is_empty()
        );
        for number in std::iter::once(&citizen.id_number).chain(&citizen.cancelled_id_numbers) {
            assert!(seen.insert(number.clone()), "a number is given once");
        }
    }
    let ids: HashSet<_> = citizens.iter().map(|citizen| citizen.citizen_id).collect();
    assert_eq!(ids.len(), citizens.len());
}

#[test]
fn families_agree_with_each_other() {
    let citizens = sown(1, 10_000);
    let people = by_number(&citizens);
    let (mut couples, mut kinships) = (0, 0);
    for citizen in &citizens {
        if let Some(spouse) = citizen.spouse.as_ref().and_then(|spouse| named(&people, spouse)) {
            let back = spouse.spouse.as_ref().and_then(|back| back.id_number.as_ref());
            assert_eq!(back, Some(&citizen.id_number), "spouses name each other");
            assert_eq!(citizen.marital_status, spouse.marital_status);
            couples += 1;
        }
        for parent in citizen.parents.iter().filter_map(|parent| named(&people, parent)) {
            let gap = i32::from(citizen.date_of_birth.year()) - i32::from(parent.date_of_birth.year());
            assert!((16..70).contains(&gap), "a parent is {gap} years older");
            let listed = parent.children.iter().any(|child| child.id_number.as_ref() == Some(&citizen.id_number));
            assert!(listed, "a parent lists the child");
            if let Some(died) = parent.status_date.filter(|_| parent.status == Status::Deceased) {
                assert!(died.latest() >= citizen.date_of_birth.earliest());
            }
            kinships += 1;
        }
        for child in citizen.children.iter().filter_map(|child| named(&people, child)) {
            assert!(child.parents.iter().any(|parent| parent.id_number.as_ref() == Some(&citizen.id_number)));
        }
    }
    assert!(couples > 2500 && kinships > 4000, "{couples} halves of couples, {kinships} kinships");
}

#[test]
fn households_have_one_head_and_no_dead() {
    let citizens = sown(1, 10_000);
    let mut heads: HashMap<_, u32> = HashMap::new();
    for citizen in &citizens {
        if let Some(household) = &citizen.household {
            assert_ne!(citizen.status, Status::Deceased);
            let head = u32::from(household.relation_to_head == RelationToHead::Head);
            *heads.entry(household.household_id).or_default() += head;
        }
    }
    assert!(heads.values().all(|count| *count == 1));
    let size = citizens.len() as f64 / heads.len() as f64;
    assert!((2.5..4.5).contains(&size), "{size} people a household");
}

#[test]
fn dates_and_places_are_possible() {
    let units = Units::shared();
    let turn = CivilDate::constant(2024, 7, 1);
    for citizen in sown(1, 10_000) {
        assert!(citizen.date_of_birth.earliest() <= AS_OF);
        let homes = [&citizen.permanent_residence, &citizen.temporary_residence, &citizen.temporary_absence];
        for home in homes.into_iter().flatten() {
            let code = CommuneCode::parse(&home.unit).unwrap();
            assert!(units.find_commune(code).is_some());
            assert!(home.since.is_none_or(|since| since >= citizen.date_of_birth.earliest() && since <= AS_OF));
            assert!(home.until.is_none_or(|until| home.since.is_none_or(|since| since <= until)));
        }
        if let Some(card) = &citizen.card {
            assert_eq!(card.kind == CardKind::CanCuoc, card.issued >= turn);
            assert!(card.issued >= citizen.date_of_birth.earliest() && card.issued <= AS_OF);
            assert!(card.expires.is_none_or(|expires| expires > card.issued));
        }
        assert_eq!(citizen.status == Status::Alive, citizen.status_date.is_none());
    }
}

#[test]
fn the_population_is_as_mixed_as_a_country() {
    let citizens = sown(1, 20_000);
    let share = |of: &dyn Fn(&Citizen) -> bool| citizens.iter().filter(|c| of(c)).count() as f64 / 20_000.0;
    let within = |what: &str, share: f64, low: f64, high: f64| assert!((low..high).contains(&share), "{what}: {share}");
    within("Nguyễn", share(&|c| c.full_name.expose().starts_with("Nguyễn ")), 0.25, 0.42);
    within("deceased", share(&|c| c.status == Status::Deceased), 0.005, 0.06);
    within("missing", share(&|c| c.status == Status::Missing), 0.0001, 0.003);
    within("CMND", share(&|c| c.legacy_id_number.is_some()), 0.35, 0.75);
    within("minorities", share(&|c| c.ethnicity.as_deref() != Some("01")), 0.04, 0.2);
    within("cancelled numbers", share(&|c| !c.cancelled_id_numbers.is_empty()), 0.0005, 0.005);
    within("partial birth dates", share(&|c| c.date_of_birth.day().is_none()), 0.005, 0.05);
    within("temporary residents", share(&|c| c.temporary_residence.is_some()), 0.01, 0.08);
    within("Hồ Chí Minh City", share(&|c| c.id_number.prefix() == 79 || c.id_number.prefix() == 74), 0.02, 0.2);
}

#[test]
fn the_showcase_opens_every_population() {
    let shown: Vec<Citizen> = showcase(9).into_iter().flat_map(|shown| shown.citizens).collect();
    assert_eq!(sown(9, 200)[..shown.len()], shown[..]);
    let cases: Vec<&str> = showcase(9).iter().map(|shown| shown.case).collect();
    for case in [
        "with_cmnd",
        "cancelled_number",
        "deceased",
        "missing",
        "year_only_birth_date",
        "single_name",
        "ethnic_minority",
        "child",
        "household_of_five",
    ] {
        assert!(cases.contains(&case), "{case}");
    }
}
