//! From the people of a household to complete records.

use std::collections::BTreeMap;

use crate::citizens::model::{
    BloodGroup, Card, CardKind, Citizen, MaritalStatus, Membership, Place, Provenance, RelationToHead, Relative,
    Residence, Status,
};
use crate::kernel::units::UnitKind;
use crate::kernel::{Attribute, CitizenId, CivilDate, HouseholdId, PartialDate, Precision, Sex};

use super::AS_OF;
use super::chance::Chance;
use super::household::{Member, Parent};
use super::names;
use super::numbers::Numbers;
use super::places::{Home, Places};
use super::words;

/// What the details draw on.
pub struct Details<'a> {
    pub places: &'a Places,
    pub numbers: &'a mut Numbers,
    /// The first bytes of every key of this household (see [`super::Population`]).
    pub key_prefix: [u8; 4],
    /// Running number of the household's first person, for invented phones and mailboxes.
    pub first: u64,
}

impl Details<'_> {
    /// Every member's record, the head's first.
    pub fn complete(&mut self, chance: &mut Chance, home: &Home, members: &[Member<'_>]) -> Vec<Citizen> {
        let household_id = HouseholdId(self.key(chance));
        let moved = chance.happens(120);
        let address = detail(home, chance);
        (0..members.len())
            .map(|index| {
                let mut citizen = self.person(chance, members, index, household_id);
                self.settle(&mut citizen, chance, home, &members[index], &address, moved);
                citizen
            })
            .collect()
    }

    fn key(&self, chance: &mut Chance) -> [u8; 16] {
        let mut key = chance.bytes::<16>();
        key[..4].copy_from_slice(&self.key_prefix);
        key
    }

    fn person(
        &mut self,
        chance: &mut Chance,
        members: &[Member<'_>],
        index: usize,
        household_id: HouseholdId,
    ) -> Citizen {
        let member = &members[index];
        let (age, alive) = (member.age(), member.died.is_none());
        let missing = alive && age > 15 && chance.below(10_000) < 7;
        let serial = self.first + index as u64;
        let living_spouse = member.spouse.filter(|spouse| alive && members[*spouse].died.is_none());
        let born = member.birthplace.place.clone();
        Citizen {
            citizen_id: CitizenId(self.key(chance)),
            id_number: member.number.clone(),
            cancelled_id_numbers: self.cancelled(chance, member),
            legacy_id_number: self.legacy(chance, member),
            full_name: member.name.clone(),
            other_name: chance.happens(15).then(|| names::other_name(member.sex == Sex::Female, chance)),
            date_of_birth: known_birth(member.birth, chance),
            sex: member.sex,
            place_of_birth_registration: Some(Place { unit: born.unit.clone(), text: None }),
            place_of_origin: Some(origin(member, members)),
            place_of_birth: Some(born),
            ethnicity: Some(member.people.code.to_owned()),
            religion: religion(chance).map(str::to_owned),
            nationality: Some("VNM".to_owned()),
            blood_group: chance.happens(350).then(|| blood_group(chance)),
            marital_status: member.marital,
            permanent_residence: None,
            temporary_residence: None,
            current_residence: None,
            temporary_absence: None,
            household: alive.then_some(Membership { household_id, relation_to_head: member.relation }),
            parents: [&member.father, &member.mother]
                .into_iter()
                .flatten()
                .map(|parent| match parent {
                    Parent::Here(index) => relative(&members[*index]),
                    Parent::Away(name) => Relative { full_name: name.clone(), id_number: None },
                })
                .collect(),
            spouse: living_spouse.map(|spouse| relative(&members[spouse])),
            children: children(member, members),
            representative: representative(member, members),
            card: if alive { card(member, age, chance) } else { None },
            photo: None,
            phone: (alive && age > 14 && chance.happens(850)).then(|| format!("+84000{:06}", serial % 1_000_000)),
            email: (alive && age > 14 && chance.happens(300)).then(|| mailbox(serial)),
            status: match (member.died, missing) {
                (Some(_), _) => Status::Deceased,
                (None, true) => Status::Missing,
                (None, false) => Status::Alive,
            },
            status_date: member.died.map(PartialDate::Day).or_else(|| missing.then(|| missing_since(chance))),
            provenance: Provenance { source: "population".to_owned(), as_of: as_of(chance) },
            provenance_of: civil_registry(member.marital, chance),
        }
    }

    /// One in four hundred grown people had a number with a wrong year before.
    fn cancelled(&mut self, chance: &mut Chance, member: &Member<'_>) -> Vec<crate::kernel::IdNumber> {
        if member.age() < 18 || chance.below(400) != 0 {
            return Vec::new();
        }
        let wrong = CivilDate::new(member.birth.year() - 1, 1, 1).unwrap_or(member.birth);
        vec![self.numbers.issue(member.birthplace.prefix, member.sex, wrong)]
    }

    /// CMND cards were issued from 14 until the chip card came.
    fn legacy(&mut self, chance: &mut Chance, member: &Member<'_>) -> Option<crate::kernel::LegacyIdNumber> {
        let per_mille = match member.birth.year() {
            ..=1998 => 900,
            1999..=2006 => 350,
            _ => 0,
        };
        if !chance.happens(per_mille) {
            return None;
        }
        Some(self.numbers.issue_legacy(member.birthplace.prefix, chance.below(3000) == 0))
    }

    /// Where somebody is registered, stays and is.
    fn settle(
        &mut self,
        citizen: &mut Citizen,
        chance: &mut Chance,
        home: &Home,
        member: &Member<'_>,
        address: &str,
        moved: bool,
    ) {
        let recently = AS_OF.minus_months(12 * 9).unwrap_or(AS_OF);
        let since = match (moved, member.age() < 16) {
            (true, _) => chance.day(recently.max(member.birth), AS_OF),
            (false, true) => member.birth,
            (false, false) => chance.day(member.birth, member.died.unwrap_or(recently).max(member.birth)),
        };
        let here = |since, until| Residence {
            unit: home.commune.code.to_string(),
            detail: Some(address.to_owned()),
            since: Some(since),
            until,
        };
        let living = member.died.is_none();
        let grown = (18..40).contains(&member.age());
        if member.relation == RelationToHead::Lodger && living {
            let from = self.places.home(chance);
            citizen.permanent_residence = Some(Residence {
                unit: from.commune.code.to_string(),
                detail: Some(detail(from, chance)),
                since: Some(member.birth),
                until: None,
            });
            let (since, until) = stay(chance);
            citizen.temporary_residence = Some(here(since, Some(until)));
            citizen.current_residence = Some(here(since, None));
        } else if grown && living && chance.happens(110) {
            let (since, until) = stay(chance);
            let there = self.places.home(chance);
            let away = Residence {
                unit: there.commune.code.to_string(),
                detail: Some(detail(there, chance)),
                since: Some(since),
                until: Some(until),
            };
            citizen.permanent_residence = Some(here(member.birth.max(AS_OF.minus_months(240).unwrap_or(AS_OF)), None));
            if chance.happens(700) {
                citizen.temporary_residence = Some(away.clone());
            }
            citizen.current_residence = Some(Residence { until: None, ..away.clone() });
            citizen.temporary_absence = Some(away);
        } else {
            citizen.permanent_residence = Some(here(since, None));
            citizen.current_residence = (living && chance.happens(500)).then(|| here(since, None));
        }
    }
}

fn relative(member: &Member<'_>) -> Relative {
    Relative { full_name: member.name.clone(), id_number: Some(member.number.clone()) }
}

fn children(member: &Member<'_>, members: &[Member<'_>]) -> Vec<Relative> {
    let away = member.children_away.iter().map(|name| Relative { full_name: name.clone(), id_number: None });
    member.children.iter().map(|child| relative(&members[*child])).chain(away).collect()
}

/// A minor's first living parent.
fn representative(member: &Member<'_>, members: &[Member<'_>]) -> Option<Relative> {
    let parents = [&member.mother, &member.father].into_iter().flatten();
    let here = parents.filter_map(|parent| match parent {
        Parent::Here(index) => Some(&members[*index]),
        Parent::Away(_) => None,
    });
    here.filter(|parent| member.age() < 18 && parent.died.is_none()).map(relative).next()
}

/// Origin follows the father's where he is here.
fn origin(member: &Member<'_>, members: &[Member<'_>]) -> Place {
    match &member.father {
        Some(Parent::Here(father)) => members[*father].birthplace.place.clone(),
        _ => member.birthplace.place.clone(),
    }
}

/// Of some old people only the year, or the month, is known.
fn known_birth(birth: CivilDate, chance: &mut Chance) -> PartialDate {
    let date = PartialDate::Day(birth);
    match (birth.year() < 1965, chance.below(100)) {
        (true, ..8) => date.at(Precision::Year),
        (true, 8..10) => date.at(Precision::Month),
        _ => date,
    }
}

/// The chip card until June 2024, then the Căn cước card; valid to the next of 25, 40 and 60.
fn card(member: &Member<'_>, age: i32, chance: &mut Chance) -> Option<Card> {
    let first_chip_card = CivilDate::new(2021, 3, 1)?;
    let turn = CivilDate::new(2024, 7, 1)?;
    let years =
        |years: i16| CivilDate::new(member.birth.year() + years, member.birth.month(), member.birth.day().min(28));
    if age < 14 {
        // A child may have one since July 2024.
        if age < 1 || !chance.happens(60) {
            return None;
        }
        let issued = chance.day(turn.max(years(1)?), AS_OF);
        return Some(Card {
            kind: CardKind::CanCuoc,
            issued,
            expires: years(14),
            place: Some("Bộ Công an".to_owned()),
        });
    }
    if !chance.happens(960) {
        return None;
    }
    let issued = chance.day(first_chip_card.max(years(14)?), AS_OF);
    let at = member.birth.years_until(issued);
    // Issued within two years before a limit, the card lasts to the one after.
    let expires = [25_i16, 40, 60].into_iter().find(|limit| at < i32::from(*limit) - 2).and_then(years);
    let (kind, place) = match issued < turn {
        true => (CardKind::Cccd, "Cục Cảnh sát quản lý hành chính về trật tự xã hội"),
        false => (CardKind::CanCuoc, "Bộ Công an"),
    };
    Some(Card { kind, issued, expires, place: Some(place.to_owned()) })
}

fn stay(chance: &mut Chance) -> (CivilDate, CivilDate) {
    let since = chance.day(AS_OF.minus_months(20).unwrap_or(AS_OF), AS_OF);
    (since, since.plus_days(730).unwrap_or(since))
}

fn missing_since(chance: &mut Chance) -> PartialDate {
    PartialDate::Day(chance.day(AS_OF.minus_months(60).unwrap_or(AS_OF), AS_OF))
}

fn as_of(chance: &mut Chance) -> CivilDate {
    let days = match chance.below(100) {
        ..70 => chance.between(0, 180),
        70..95 => chance.between(181, 720),
        _ => chance.between(721, 1800),
    };
    AS_OF.plus_days(-days).unwrap_or(AS_OF)
}

fn civil_registry(marital: MaritalStatus, chance: &mut Chance) -> BTreeMap<Attribute, Provenance> {
    let mut from = BTreeMap::new();
    if marital != MaritalStatus::Single && chance.happens(300) {
        let provenance = Provenance { source: "civil_registry".to_owned(), as_of: as_of(chance) };
        from.insert(Attribute::MaritalStatus, provenance);
    }
    from
}

fn religion(chance: &mut Chance) -> Option<&'static str> {
    match chance.below(1000) {
        ..60 => Some("Công giáo"),
        60..115 => Some("Phật giáo"),
        115..125 => Some("Tin Lành"),
        125..133 => Some("Phật giáo Hòa Hảo"),
        133..139 => Some("Cao Đài"),
        _ => None,
    }
}

fn blood_group(chance: &mut Chance) -> BloodGroup {
    match chance.below(100) {
        ..43 => BloodGroup::O,
        43..73 => BloodGroup::B,
        73..94 => BloodGroup::A,
        _ => BloodGroup::Ab,
    }
}

fn mailbox(mut serial: u64) -> String {
    let mut name = String::with_capacity(24);
    name.push_str("cd-");
    for _ in 0..8 {
        name.push(char::from(b'a' + (serial % 26) as u8));
        serial /= 26;
    }
    name.push_str("@example.vn");
    name
}

/// House and street in a ward; hamlet elsewhere, called as the region calls it.
fn detail(home: &Home, chance: &mut Chance) -> String {
    match (home.commune.kind, home.province) {
        (UnitKind::Ward, _) if chance.happens(700) => {
            format!("Số {}, đường {}", chance.between(1, 399), chance.pick(words::STREETS))
        }
        (UnitKind::Ward, _) => format!("Tổ dân phố {}", chance.between(1, 24)),
        (_, 66) => format!("Buôn {}", chance.pick(words::EDE_GIVEN_F)),
        (_, 75..) => format!("Ấp {}", chance.between(1, 9)),
        _ => format!("Thôn {}", chance.between(1, 14)),
    }
}
