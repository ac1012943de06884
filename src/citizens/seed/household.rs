//! Who lives together: heads, spouses, parents, children, whose ages and names agree.

use crate::citizens::model::{MaritalStatus, RelationToHead};
use crate::kernel::{CivilDate, IdNumber, PersonName, Sex};

use super::AS_OF;
use super::chance::Chance;
use super::names::{self, People};
use super::numbers::Numbers;
use super::places::{Birthplace, Home, Places};
use super::words::Tradition;

/// A parent: of this household, or known by name only.
pub enum Parent {
    Here(usize),
    Away(PersonName),
}

/// A person before the details.
pub struct Member<'a> {
    pub sex: Sex,
    pub birth: CivilDate,
    pub people: People,
    pub family: &'static str,
    pub name: PersonName,
    pub number: IdNumber,
    pub birthplace: &'a Birthplace,
    pub father: Option<Parent>,
    pub mother: Option<Parent>,
    pub spouse: Option<usize>,
    /// Children by index, and those who live elsewhere by name.
    pub children: Vec<usize>,
    pub children_away: Vec<PersonName>,
    pub relation: RelationToHead,
    pub marital: MaritalStatus,
    pub died: Option<CivilDate>,
}

impl Member<'_> {
    pub fn age(&self) -> i32 {
        self.birth.years_until(AS_OF)
    }
}

/// The most people one household can have, the dead included.
pub const LARGEST: usize = 10;

/// A household in the making; the head is its first member.
pub struct Household<'a, 'n> {
    pub home: &'a Home,
    pub chance: Chance,
    pub members: Vec<Member<'a>>,
    pub people: People,
    places: &'a Places,
    numbers: &'n mut Numbers,
}

impl<'a, 'n> Household<'a, 'n> {
    /// Draws a household; one person alone if there is `room` for no more.
    pub fn draw(places: &'a Places, numbers: &'n mut Numbers, mut chance: Chance, room: usize) -> Self {
        let home = places.home(&mut chance);
        let people = places.people(home, &mut chance);
        let mut household = Self { home, chance, members: Vec::with_capacity(6), people, places, numbers };
        match (room < LARGEST, household.chance.below(100)) {
            (true, _) | (_, ..11) => household.alone(),
            (_, 11..24) => household.couple(24, 84, 0),
            (_, 24..68) => household.couple(22, 58, 4),
            (_, 68..76) => household.one_parent(),
            (_, 76..92) => household.three_generations(),
            (_, 92..96) => household.siblings(),
            _ => household.with_lodgers(),
        }
        household.bury();
        household
    }

    fn sex(&mut self) -> Sex {
        if self.chance.happens(502) { Sex::Male } else { Sex::Female }
    }

    fn family(&mut self) -> &'static str {
        names::family(self.people, self.home.southern, &mut self.chance)
    }

    fn born_aged(&mut self, youngest: i32, oldest: i32) -> CivilDate {
        let year = i32::from(AS_OF.year()) - self.chance.between(youngest + 1, oldest);
        self.chance.day_of(year)
    }

    fn add(&mut self, sex: Sex, birth: CivilDate, family: &'static str, relation: RelationToHead) -> usize {
        let name = names::full_name(self.people, family, sex, i32::from(birth.year()), &mut self.chance);
        let birthplace = self.places.birthplace(self.home.province, self.people, &mut self.chance);
        self.members.push(Member {
            sex,
            birth,
            people: self.people,
            family,
            name,
            number: self.numbers.issue(birthplace.prefix, sex, birth),
            birthplace,
            father: None,
            mother: None,
            spouse: None,
            children: Vec::new(),
            children_away: Vec::new(),
            relation,
            marital: MaritalStatus::Single,
            died: None,
        });
        self.members.len() - 1
    }

    fn alone(&mut self) {
        let (sex, family) = (self.sex(), self.family());
        let birth = self.born_aged(20, 88);
        let head = self.add(sex, birth, family, RelationToHead::Head);
        if self.members[head].age() > 30 {
            let marital =
                if self.chance.happens(600) { MaritalStatus::DivorcedOrWidowed } else { MaritalStatus::Single };
            self.members[head].marital = marital;
        }
        self.name_parents(head, family);
    }

    /// A married couple, the wife aged as given, with up to `most` children.
    fn couple(&mut self, youngest: i32, oldest: i32, most: u32) {
        let wife_birth = self.born_aged(youngest, oldest);
        let husband_birth = self.husband_of(wife_birth);
        let (his, hers) = (self.family(), self.family());
        let he_heads = self.chance.happens(740);
        let (first, second) = if he_heads { (Sex::Male, Sex::Female) } else { (Sex::Female, Sex::Male) };
        let of = |sex| if sex == Sex::Male { (husband_birth, his) } else { (wife_birth, hers) };
        let (birth, family) = of(first);
        let head = self.add(first, birth, family, RelationToHead::Head);
        let (birth, family) = of(second);
        let spouse = self.add(second, birth, family, RelationToHead::Spouse);
        self.marry(head, spouse);
        let (father, mother) = if he_heads { (head, spouse) } else { (spouse, head) };
        if most > 0 {
            let count = 1 + self.chance.below(most).min(self.chance.below(most));
            self.children(Some(father), Some(mother), count, RelationToHead::Child);
        }
        self.name_parents(head, self.members[head].family);
        self.name_parents(spouse, self.members[spouse].family);
    }

    fn one_parent(&mut self) {
        let sex = if self.chance.happens(800) { Sex::Female } else { Sex::Male };
        let (birth, family) = (self.born_aged(24, 58), self.family());
        let head = self.add(sex, birth, family, RelationToHead::Head);
        let single = self.chance.happens(200);
        self.members[head].marital = if single { MaritalStatus::Single } else { MaritalStatus::DivorcedOrWidowed };
        let count = 1 + self.chance.below(2);
        match sex {
            Sex::Male => self.children(Some(head), None, count, RelationToHead::Child),
            _ => self.children(None, Some(head), count, RelationToHead::Child),
        }
        self.name_parents(head, family);
    }

    fn three_generations(&mut self) {
        self.couple(24, 48, 3);
        let son = usize::from(self.members[0].sex != Sex::Male);
        let birth = self.members[son].birth;
        let year = i32::from(birth.year()) - self.chance.between(20, 34);
        let grandmother_birth = self.chance.day_of(year);
        let grandfather_birth = self.husband_of(grandmother_birth);
        let relation = if son == 0 { RelationToHead::Parent } else { RelationToHead::OtherRelative };
        let (his, hers) = match self.matrilineal() {
            true => (self.family(), self.members[son].family),
            false => (self.members[son].family, self.family()),
        };
        let grandfather = self.add(Sex::Male, grandfather_birth, his, relation);
        let grandmother = self.add(Sex::Female, grandmother_birth, hers, relation);
        self.marry(grandfather, grandmother);
        self.members[son].father = Some(Parent::Here(grandfather));
        self.members[son].mother = Some(Parent::Here(grandmother));
        self.members[grandfather].children.push(son);
        self.members[grandmother].children.push(son);
    }

    fn siblings(&mut self) {
        let (family, oldest) = (self.family(), self.born_aged(20, 40));
        let mut parents = None;
        for order in 0..1 + self.chance.between(1, 2) {
            let year = (i32::from(oldest.year()) + order * 2).min(i32::from(AS_OF.year()) - 18);
            let (sex, birth) = (self.sex(), if order == 0 { oldest } else { self.chance.day_of(year) });
            let relation = if order == 0 { RelationToHead::Head } else { RelationToHead::Sibling };
            let index = self.add(sex, birth, family, relation);
            if parents.is_none() {
                self.name_parents(index, family);
                parents = match (&self.members[index].father, &self.members[index].mother) {
                    (Some(Parent::Away(father)), Some(Parent::Away(mother))) => Some((father.clone(), mother.clone())),
                    _ => None,
                };
            } else if let Some((father, mother)) = &parents {
                self.members[index].father = Some(Parent::Away(father.clone()));
                self.members[index].mother = Some(Parent::Away(mother.clone()));
            }
        }
    }

    fn with_lodgers(&mut self) {
        self.couple(30, 60, 2);
        for _ in 0..1 + self.chance.below(2) {
            let (sex, birth, family) = (self.sex(), self.born_aged(18, 35), self.family());
            let lodger = self.add(sex, birth, family, RelationToHead::Lodger);
            self.name_parents(lodger, family);
        }
    }

    /// Children of one or two members, the oldest first. Most who are grown live elsewhere.
    fn children(&mut self, father: Option<usize>, mother: Option<usize>, count: u32, relation: RelationToHead) {
        let Some(elder) = mother.or(father) else { return };
        let mut year = i32::from(self.members[elder].birth.year()) + self.chance.between(20, 31);
        let family_of = if self.matrilineal() { mother.or(father) } else { father.or(mother) };
        let family = family_of.map_or("", |parent| self.members[parent].family);
        for _ in 0..count {
            if year >= i32::from(AS_OF.year()) {
                break;
            }
            let (sex, birth) = (self.sex(), self.chance.day_of(year));
            year += self.chance.between(2, 5);
            if birth.years_until(AS_OF) >= 27 && !self.chance.happens(250) {
                let name = names::full_name(self.people, family, sex, i32::from(birth.year()), &mut self.chance);
                for parent in [father, mother].into_iter().flatten() {
                    self.members[parent].children_away.push(name.clone());
                }
                continue;
            }
            let child = self.add(sex, birth, family, relation);
            for parent in [father, mother].into_iter().flatten() {
                self.members[parent].children.push(child);
            }
            self.members[child].father = father.map(Parent::Here);
            self.members[child].mother = mother.map(Parent::Here);
        }
    }

    fn husband_of(&mut self, wife: CivilDate) -> CivilDate {
        let year = i32::from(wife.year()) - self.chance.between(-2, 8);
        self.chance.day_of(year)
    }

    fn marry(&mut self, one: usize, other: usize) {
        for (index, spouse) in [(one, other), (other, one)] {
            self.members[index].spouse = Some(spouse);
            self.members[index].marital = MaritalStatus::Married;
        }
    }

    /// Names the parents of a grown member who live, or lie, elsewhere.
    fn name_parents(&mut self, index: usize, family: &'static str) {
        let year = i32::from(self.members[index].birth.year()) - 26;
        let other = self.family();
        let (his, hers) = if self.matrilineal() { (other, family) } else { (family, other) };
        let father = names::full_name(self.people, his, Sex::Male, year, &mut self.chance);
        let mother = names::full_name(self.people, hers, Sex::Female, year, &mut self.chance);
        self.members[index].father = Some(Parent::Away(father));
        self.members[index].mother = Some(Parent::Away(mother));
    }

    fn matrilineal(&self) -> bool {
        matches!(self.people.tradition, Tradition::Ede | Tradition::Jarai)
    }

    /// Some of the old have died; the head never, for then another would be head.
    fn bury(&mut self) {
        for index in 1..self.members.len() {
            let age = self.members[index].age();
            let per_mille = if age > 60 { (age - 56) * 9 } else { 2 };
            if age < 16 || !self.chance.happens(per_mille as u32) {
                continue;
            }
            let youngest = self.members[index].children.iter().map(|child| self.members[*child].birth).max();
            let earliest = AS_OF.minus_months(12 * 22).unwrap_or(AS_OF);
            let grown = self.members[index].birth.plus_days(16 * 366).unwrap_or(AS_OF);
            let from = earliest.max(grown).max(youngest.unwrap_or(grown));
            self.members[index].died = Some(self.chance.day(from, AS_OF));
            if let Some(spouse) = self.members[index].spouse {
                self.members[spouse].marital = MaritalStatus::DivorcedOrWidowed;
            }
        }
    }
}
