//! What each kind of event does to the records it concerns, and what it must not contradict.

use super::contradiction::Contradiction as C;
use super::model::{Birth, Happening, HouseholdChange, LifeEvent, Move, MoveKind};
use super::patch::overlaid;
use super::scene::{Halt, Person, Scene};
use crate::citizens::Citizen;
use crate::citizens::model::{MaritalStatus, Membership, RelationToHead, Relative, Residence, Status};
use crate::kernel::{CitizenId, CivilDate, HouseholdId, IdNumber, PartialDate};

/// Applies an event to the scene.
///
/// # Errors
/// A contradiction; the scene is half changed then, and the caller puts it back.
pub fn apply(scene: &mut Scene<'_>, event: &LifeEvent) -> Result<(), Halt> {
    let day = event.effective;
    match &event.happening {
        Happening::Birth(birth) => be_born(scene, birth, day),
        Happening::NewNumber { id_number, new_id_number } => renumber(scene, id_number, new_id_number, day),
        Happening::Correction { id_number, changes } => {
            let id = subject(scene, id_number, day)?;
            let old = scene.citizen(id)?.clone();
            let new = overlaid(&old, changes).ok_or(C::UnknownPerson)?;
            *scene.citizen_mut(id)? = new;
            tell_relatives(scene, &old, id)
        }
        Happening::HouseholdChange(change) => change_household(scene, change, day),
        Happening::Move(moved) => relocate(scene, moved, day),
        Happening::Missing { id_number } => {
            let id = living(scene, id_number, day)?;
            let citizen = scene.citizen_mut(id)?;
            if citizen.status == Status::Missing {
                return Err(C::AlreadyMissing.into());
            }
            citizen.status = Status::Missing;
            citizen.status_date = Some(PartialDate::Day(day));
            Ok(())
        }
        Happening::Found { id_number } => {
            let id = living(scene, id_number, day)?;
            let citizen = scene.citizen_mut(id)?;
            if citizen.status != Status::Missing {
                return Err(C::NotMissing.into());
            }
            citizen.status = Status::Alive;
            citizen.status_date = None;
            Ok(())
        }
        Happening::Death { id_number } => die(scene, id_number, day),
    }
}

/// Whom the event is about: in the store, and born by then.
fn subject(scene: &mut Scene<'_>, number: &IdNumber, day: CivilDate) -> Result<CitizenId, Halt> {
    let id = scene.person(number)?;
    if day < scene.citizen(id)?.date_of_birth.earliest() {
        return Err(C::BeforeBirth.into());
    }
    Ok(id)
}

/// The same, and not dead by then.
fn living(scene: &mut Scene<'_>, number: &IdNumber, day: CivilDate) -> Result<CitizenId, Halt> {
    let id = subject(scene, number, day)?;
    if died_before(scene.citizen(id)?, day, 0) { Err(C::Deceased.into()) } else { Ok(id) }
}

/// Whether somebody had died more than `days` before a day.
fn died_before(citizen: &Citizen, day: CivilDate, days: i32) -> bool {
    let long_dead = |died: PartialDate| day.epoch_days() > died.latest().epoch_days().saturating_add(days);
    citizen.status == Status::Deceased && citizen.status_date.is_none_or(long_dead)
}

/// Days within which a child may be born after its father's death (Law on Marriage and Family
/// 52/2014/QH13 art. 88: three hundred after the marriage ended). A mother lives on the day.
const AFTER_FATHERS_DEATH: i32 = 300;

fn be_born(scene: &mut Scene<'_>, birth: &Birth, day: CivilDate) -> Result<(), Halt> {
    let key = birth.person.citizen_id;
    scene.await_number(&birth.person.id_number)?;
    if let Some(holder) = scene.find(&birth.person.id_number)?.filter(|holder| *holder != key) {
        scene.touched.insert(holder.0);
        return Err(C::NumberTaken.into());
    }
    let mut child = birth.person.clone();
    let mut parents = Vec::new();
    for (number, after_death) in [(&birth.mother, 0), (&birth.father, AFTER_FATHERS_DEATH)] {
        let Some(number) = number else { continue };
        let parent = subject(scene, number, day)?;
        if died_before(scene.citizen(parent)?, day, after_death) {
            return Err(C::Deceased.into());
        }
        if parents.contains(&parent) {
            return Err(C::PersonTwice.into());
        }
        child.parents.push(relative(scene.citizen(parent)?));
        parents.push(parent);
    }
    let with = parents.iter().find(|parent| scene.citizen(**parent).is_ok_and(|citizen| citizen.household.is_some()));
    let lives_with = with.or(parents.first()).copied();
    child.household = match (&birth.household, lives_with) {
        (Some(joined), _) => {
            Some(Membership { household_id: joined.household_id, relation_to_head: joined.relation_to_head })
        }
        (None, Some(parent)) => scene.citizen(parent)?.household.as_ref().map(|household| Membership {
            household_id: household.household_id,
            relation_to_head: relation_of_child(household.relation_to_head),
        }),
        (None, None) => None,
    };
    if let Some(household) = &child.household {
        let head = household.relation_to_head == RelationToHead::Head;
        let household = household.household_id;
        if head && head_of(scene, household)?.is_some() {
            return Err(C::TwoHeads.into());
        }
        scene.touched.insert(household.0);
    }
    if child.permanent_residence.is_none()
        && let Some(parent) = lives_with
    {
        let home = scene.citizen(parent)?.permanent_residence.clone();
        child.permanent_residence = home.map(|home| Residence { since: Some(day), until: None, ..home });
        child.current_residence = child.current_residence.or_else(|| child.permanent_residence.clone());
    }
    let entry = relative(&child);
    for parent in parents {
        scene.citizen_mut(parent)?.children.push(entry.clone());
    }
    scene.touched.insert(key.0);
    scene.load(key)?;
    if let Some(person) = scene.people.get_mut(&key) {
        person.now = Some(child);
    }
    Ok(())
}

fn relative(citizen: &Citizen) -> Relative {
    Relative { full_name: citizen.full_name.clone(), id_number: Some(citizen.id_number.clone()) }
}

/// What the child of a member is to the head.
const fn relation_of_child(parent: RelationToHead) -> RelationToHead {
    match parent {
        RelationToHead::Head | RelationToHead::Spouse => RelationToHead::Child,
        RelationToHead::Child => RelationToHead::Grandchild,
        RelationToHead::Parent => RelationToHead::Sibling,
        RelationToHead::Lodger => RelationToHead::Lodger,
        _ => RelationToHead::OtherRelative,
    }
}

fn head_of(scene: &mut Scene<'_>, household: HouseholdId) -> Result<Option<CitizenId>, Halt> {
    let members = scene.members(household)?;
    let leads = |id: &CitizenId| {
        let held = scene.citizen(*id).ok().and_then(|citizen| citizen.household.as_ref());
        held.is_some_and(|held| held.relation_to_head == RelationToHead::Head)
    };
    Ok(members.into_iter().find(leads))
}

fn renumber(scene: &mut Scene<'_>, old: &IdNumber, new: &IdNumber, day: CivilDate) -> Result<(), Halt> {
    scene.await_number(new)?;
    let id = subject(scene, old, day)?;
    match scene.find(new)? {
        Some(holder) if holder != id => {
            scene.touched.insert(holder.0);
            return Err(C::NumberTaken.into());
        }
        Some(_) if scene.citizen(id)?.id_number == *new => return Err(C::NumberUnchanged.into()),
        _ => {}
    }
    if scene.citizen(id)?.cancelled_id_numbers.contains(new) {
        return Err(C::NumberTaken.into());
    }
    let before = scene.citizen(id)?.clone();
    let citizen = scene.citizen_mut(id)?;
    let cancelled = std::mem::replace(&mut citizen.id_number, new.clone());
    citizen.cancelled_id_numbers.push(cancelled);
    tell_relatives(scene, &before, id)
}

/// Brings the copies that relatives' records hold of a person up to date.
fn tell_relatives(scene: &mut Scene<'_>, before: &Citizen, id: CitizenId) -> Result<(), Halt> {
    let after = relative(scene.citizen(id)?);
    if relative(before) == after {
        return Ok(());
    }
    let own: Vec<IdNumber> = std::iter::once(&before.id_number).chain(&before.cancelled_id_numbers).cloned().collect();
    let numbers: Vec<IdNumber> = relatives(before).filter_map(|relative| relative.id_number.clone()).collect();
    let mut others = Vec::new();
    for number in numbers {
        others.extend(scene.find(&number)?);
    }
    // Wards whom the person's own record does not name.
    others.extend(scene.wards(&own)?);
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().filter(|other| *other != id) {
        let Ok(record) = scene.citizen_mut(other) else { continue };
        let copies = record.parents.iter_mut().chain(&mut record.spouse).chain(&mut record.children);
        for copy in copies.chain(&mut record.representative) {
            if copy.id_number.as_ref().is_some_and(|number| own.contains(number)) {
                *copy = after.clone();
            }
        }
    }
    Ok(())
}

fn relatives(citizen: &Citizen) -> impl Iterator<Item = &Relative> {
    citizen.parents.iter().chain(&citizen.spouse).chain(&citizen.children).chain(&citizen.representative)
}

fn change_household(scene: &mut Scene<'_>, change: &HouseholdChange, day: CivilDate) -> Result<(), Halt> {
    let household = change.household_id;
    scene.members(household)?;
    let mut named = Vec::new();
    for number in &change.leaving {
        let id = living(scene, number, day)?;
        if named.contains(&id) {
            return Err(C::PersonTwice.into());
        }
        named.push(id);
        let citizen = scene.citizen_mut(id)?;
        if citizen.household.as_ref().is_none_or(|held| held.household_id != household) {
            return Err(C::NotInHousehold.into());
        }
        citizen.household = None;
    }
    for member in &change.members {
        let id = living(scene, &member.id_number, day)?;
        if named.contains(&id) {
            return Err(C::PersonTwice.into());
        }
        named.push(id);
        let held = scene.citizen(id)?.household.as_ref().map(|held| held.household_id);
        match (held, member.from) {
            (Some(held), _) if held == household => {}
            (Some(held), Some(from)) if held == from => drop(scene.touched.insert(from.0)),
            (Some(_), _) => return Err(C::InAnotherHousehold.into()),
            (None, Some(_)) => return Err(C::NotInHousehold.into()),
            (None, None) => {}
        }
        scene.citizen_mut(id)?.household =
            Some(Membership { household_id: household, relation_to_head: member.relation_to_head });
    }
    let heads = scene.people.values().filter(|person| leads(person, household)).count();
    if heads > 1 { Err(C::TwoHeads.into()) } else { Ok(()) }
}

fn leads(person: &Person, household: HouseholdId) -> bool {
    let held = person.now.as_ref().and_then(|citizen| citizen.household.as_ref());
    held.is_some_and(|held| held.household_id == household && held.relation_to_head == RelationToHead::Head)
}

fn relocate(scene: &mut Scene<'_>, moved: &Move, day: CivilDate) -> Result<(), Halt> {
    let id = living(scene, &moved.id_number, day)?;
    let mut movers = vec![id];
    if moved.whole_household {
        let household = scene.citizen(id)?.household.as_ref().map(|held| held.household_id);
        for member in scene.members(household.ok_or(C::NotInHousehold)?)? {
            // An import may have left the dead in their household, and brought in who was born later.
            let citizen = scene.citizen(member)?;
            let there = day >= citizen.date_of_birth.earliest() && !died_before(citizen, day, 0);
            if member != id && there {
                movers.push(member);
            }
        }
    }
    for number in &moved.with {
        let other = living(scene, number, day)?;
        if other == id {
            return Err(C::PersonTwice.into());
        }
        if !movers.contains(&other) {
            movers.push(other);
        }
    }
    for mover in movers {
        settle(scene.citizen_mut(mover)?, moved, day);
    }
    Ok(())
}

fn settle(citizen: &mut Citizen, moved: &Move, day: CivilDate) {
    let there = Residence { since: Some(day), ..moved.residence.clone() };
    let same = |one: &Option<Residence>, two: &Option<Residence>| {
        let place = |of: &Option<Residence>| of.as_ref().map(|at| (at.unit.clone(), at.detail.clone()));
        place(one) == place(two)
    };
    match moved.residence_kind {
        MoveKind::Permanent => {
            // Who lived where they were registered lives at the new place.
            if citizen.current_residence.is_none() || same(&citizen.current_residence, &citizen.permanent_residence) {
                citizen.current_residence = Some(there.clone());
            }
            citizen.permanent_residence = Some(there);
        }
        MoveKind::Temporary => citizen.temporary_residence = Some(there),
        MoveKind::Current => citizen.current_residence = Some(there),
        MoveKind::Absence => citizen.temporary_absence = Some(there),
    }
}

/// The registration of the dead ends, they leave their household, and their spouse is widowed.
fn die(scene: &mut Scene<'_>, number: &IdNumber, day: CivilDate) -> Result<(), Halt> {
    let id = subject(scene, number, day)?;
    let citizen = scene.citizen(id)?;
    if citizen.status == Status::Deceased {
        let same = citizen.status_date.is_some_and(|died| died.earliest() <= day && day <= died.latest());
        return if same { Ok(()) } else { Err(C::AlreadyDeceased.into()) };
    }
    let spouse = citizen.spouse.as_ref().and_then(|spouse| spouse.id_number.clone());
    let own: Vec<IdNumber> =
        std::iter::once(&citizen.id_number).chain(&citizen.cancelled_id_numbers).cloned().collect();
    if let Some(household) = citizen.household.as_ref().map(|held| held.household_id) {
        scene.touched.insert(household.0);
    }
    let citizen = scene.citizen_mut(id)?;
    citizen.status = Status::Deceased;
    citizen.status_date = Some(PartialDate::Day(day));
    citizen.household = None;
    let registered =
        [&mut citizen.permanent_residence, &mut citizen.temporary_residence, &mut citizen.current_residence];
    for residence in registered.into_iter().flatten() {
        residence.until = Some(residence.until.map_or(day, |until| until.min(day)));
    }
    if let Some(number) = spouse
        && let Some(widowed) = scene.find(&number)?
        && let Ok(record) = scene.citizen_mut(widowed)
        && record.spouse.as_ref().and_then(|spouse| spouse.id_number.as_ref()).is_some_and(|of| own.contains(of))
    {
        record.marital_status = MaritalStatus::DivorcedOrWidowed;
        record.spouse = None;
    }
    Ok(())
}
