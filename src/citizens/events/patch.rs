//! What one event changed in one record, by member, before and after.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::citizens::Citizen;
use crate::citizens::model::Provenance;
use crate::kernel::{Attribute, CivilDate};

const SOURCES: &str = "provenance_of";

/// A record by its members; provenance by attribute has a member each.
type Members = BTreeMap<String, Value>;

/// The changes; undone by putting *before* back where *after* still stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// The event brought the person into the store.
    pub created: bool,
    members: BTreeMap<String, (Value, Value)>,
}

fn members(citizen: &Citizen) -> Members {
    let Ok(Value::Object(object)) = serde_json::to_value(citizen) else { return Members::new() };
    let mut flat = Members::new();
    for (name, value) in object {
        match value {
            Value::Object(sources) if name == SOURCES => {
                flat.extend(sources.into_iter().map(|(attribute, value)| (format!("{SOURCES}/{attribute}"), value)));
            }
            value => drop(flat.insert(name, value)),
        }
    }
    flat
}

fn citizen(flat: Members) -> Option<Citizen> {
    let (mut object, mut sources) = (Map::new(), Map::new());
    for (name, value) in flat.into_iter().filter(|(_, value)| !value.is_null()) {
        match name.strip_prefix(SOURCES).and_then(|rest| rest.strip_prefix('/')) {
            Some(attribute) => sources.insert(attribute.to_owned(), value),
            None => object.insert(name, value),
        };
    }
    if !sources.is_empty() {
        object.insert(SOURCES.to_owned(), Value::Object(sources));
    }
    serde_json::from_value(Value::Object(object)).ok()
}

impl Patch {
    /// What leads from `before` to `after`; `None` if nothing changed.
    pub fn between(before: Option<&Citizen>, after: &Citizen) -> Option<Self> {
        let Some(before) = before else { return Some(Self { created: true, members: BTreeMap::new() }) };
        if before == after {
            return None;
        }
        let (old, new) = (members(before), members(after));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let value = |of: &Members, name: &String| of.get(name).cloned().unwrap_or(Value::Null);
        let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
        let members = changed.map(|name| (name.clone(), (value(&old, name), value(&new, name)))).collect();
        Some(Self { created: false, members })
    }

    /// The record before the change. Members that something else has changed since stay, and are
    /// noted in `kept` with their value. `None`: the person was not in the store.
    pub fn undo(&self, record: &Citizen, kept: &mut Kept) -> Option<Citizen> {
        if self.created {
            return None;
        }
        let mut flat = members(record);
        for (name, (before, after)) in &self.members {
            let now = flat.get(name).cloned().unwrap_or(Value::Null);
            if now == *after {
                flat.insert(name.clone(), before.clone());
            } else {
                kept.0.entry(name.clone()).or_insert(now);
            }
        }
        citizen(flat)
    }
}

/// Members that keep their value whatever events say.
#[derive(Debug, Clone, Default)]
pub struct Kept(Members);

impl Kept {
    /// The record with these members as they were.
    pub fn restore(&self, record: &Citizen) -> Option<Citizen> {
        if self.0.is_empty() {
            return Some(record.clone());
        }
        let mut flat = members(record);
        flat.extend(self.0.clone());
        citizen(flat)
    }
}

/// The record with some members replaced, or by `null` taken away.
pub fn overlaid(record: &Citizen, changes: &Map<String, Value>) -> Option<Citizen> {
    let mut flat = members(record);
    flat.extend(changes.iter().map(|(name, value)| (name.clone(), value.clone())));
    citizen(flat)
}

/// Notes for each attribute that differs from `before` where its value comes from.
pub fn note_sources(before: &Citizen, after: &mut Citizen, source: &str, as_of: CivilDate) {
    let (old, new) = (members(before), members(after));
    for attribute in Attribute::ALL {
        let name = attribute.name();
        if old.get(name) != new.get(name) {
            after.provenance_of.insert(*attribute, Provenance { source: source.to_owned(), as_of });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citizens::seed::showcase;

    #[test]
    fn a_change_is_undone_but_for_what_came_from_elsewhere() {
        let an = showcase(1).remove(0).citizens.remove(0);
        let mut moved = an.clone();
        moved.current_residence = None;
        moved.email = Some("a@example.vn".into());
        note_sources(&an, &mut moved, "civil_registry", an.provenance.as_of);
        let patch = Patch::between(Some(&an), &moved).unwrap();
        assert_eq!(patch.members.len(), 4, "{:?}", patch.members.keys());
        let mut kept = Kept::default();
        assert_eq!(patch.undo(&moved, &mut kept).as_ref(), Some(&an));
        moved.email = Some("b@example.vn".into());
        moved.phone = None;
        let undone = patch.undo(&moved, &mut kept).unwrap();
        assert_eq!((undone.email.as_deref(), undone.phone.as_deref()), (Some("b@example.vn"), None));
        assert_eq!(undone.current_residence, an.current_residence);
        assert_eq!(kept.restore(&an).unwrap().email.as_deref(), Some("b@example.vn"));
        assert_eq!(Patch::between(Some(&an), &an), None);
        assert!(Patch::between(None, &an).unwrap().created);
    }
}
