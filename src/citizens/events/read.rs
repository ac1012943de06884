//! An event as it is written in JSON, in a request or a line of a file.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::{
    Birth, EventId, Happening, HouseholdChange, HouseholdMember, JoinedHousehold, LifeEvent, Move, MoveKind,
};
use super::words::Object;
use crate::citizens::Citizen;
use crate::citizens::import::raw::RawCitizen;
use crate::citizens::import::validate::validate;
use crate::citizens::model::{RelationToHead, Residence};
use crate::http::Input;
use crate::http::extract::{BoundedText, List};
use crate::kernel::{CitizenId, CivilDate, CommuneCode, Faults, HouseholdId, IdNumber, Purpose, Text, Units};

/// People one event may name.
const MOST_NAMED: usize = 64;
const SOURCE: &str = "civil_registry";

/// What a correction may change; the rest follows from other events.
const CORRECTABLE: &[&str] = &[
    "legacy_id_number",
    "full_name",
    "other_name",
    "date_of_birth",
    "sex",
    "place_of_birth",
    "place_of_birth_registration",
    "place_of_origin",
    "ethnicity",
    "religion",
    "nationality",
    "blood_group",
    "marital_status",
    "permanent_residence",
    "temporary_residence",
    "current_residence",
    "temporary_absence",
    "parents",
    "spouse",
    "children",
    "representative",
    "card",
    "photo",
    "phone",
    "email",
];
/// What a person cannot be without.
const REQUIRED: &[&str] = &["full_name", "date_of_birth", "sex"];
/// What a newborn's record does not say: it follows from the parents, or cannot be yet.
const NOT_AT_BIRTH: &[&str] = &[
    "parents",
    "spouse",
    "children",
    "household",
    "cancelled_id_numbers",
    "status",
    "status_date",
    "provenance",
    "provenance_of",
];

type Said = (&'static str, Text);

const NOT_TOGETHER: Said = (
    "not_together",
    Text::new("Trường này không đi cùng loại sự kiện này.", "This member does not go with this kind of event."),
);
const FUTURE: Said = ("date_in_future", Text::new("Ngày nằm trong tương lai.", "The date lies in the future."));
const UNIT: Said = (
    "unit_unknown",
    Text::new("Không có đơn vị hành chính cấp xã này.", "There is no such commune since 1 July 2025."),
);
const EMPTY: Said = ("nothing_changes", Text::new("Sự kiện không thay đổi gì.", "The event changes nothing."));
const NOT_CORRECTABLE: Said =
    ("not_correctable", Text::new("Không đính chính được mục này.", "A correction cannot change this."));
const BIRTH_DATE: Said = (
    "birth_date_differs",
    Text::new("Ngày sinh phải trùng với ngày của sự kiện.", "The birth date must be the day of the event."),
);
const SOURCE_FORM: Said =
    ("source_format", Text::new("Mã nguồn gồm chữ thường, chữ số và _.", "A source is written in a-z, 0-9 and _."));

/// A life event; which members it takes depends on `kind`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EventRequest {
    /// The registry's own id; the same id is applied once.
    event_id: Input<EventId>,
    /// `birth`, `new_number`, `correction`, `household_change`, `move`, `missing`, `found`, `death`.
    kind: Input<BoundedText<20>>,
    /// The day from which it holds; events are applied in its order.
    effective: Input<CivilDate>,
    /// Code of the register; `civil_registry` if it is missing.
    #[schema(required = false)]
    source: Input<BoundedText<64>>,
    /// Whom it is about, except for `birth` and `household_change`.
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    /// `birth`: the attributes of the newborn, as a population file has them.
    #[schema(required = false)]
    person: Input<Object>,
    /// `birth`: the parents' numbers.
    #[schema(required = false)]
    mother: Input<IdNumber>,
    #[schema(required = false)]
    father: Input<IdNumber>,
    /// `birth` (where it is not a parent's household) and `household_change`.
    #[schema(required = false)]
    household_id: Input<HouseholdId>,
    /// `birth`, beside `household_id`.
    #[schema(required = false)]
    relation_to_head: Input<RelationToHead>,
    /// `household_change`: who joins or gets another relation.
    #[schema(required = false)]
    members: Input<List<HouseholdMember, { MOST_NAMED }>>,
    /// `household_change`: who leaves.
    #[schema(required = false)]
    leaving: Input<List<IdNumber, { MOST_NAMED }>>,
    /// `move`: `permanent`, `temporary`, `current`, `absence`.
    #[schema(required = false)]
    residence_kind: Input<MoveKind>,
    /// `move`: the commune's code of today…
    #[schema(required = false)]
    unit: Input<CommuneText>,
    /// …house, street, hamlet…
    #[schema(required = false)]
    detail: Input<BoundedText<300>>,
    /// …and until when, if that is known.
    #[schema(required = false)]
    until: Input<CivilDate>,
    /// `move`: the person's whole household moves along.
    #[schema(required = false)]
    whole_household: Input<bool>,
    /// `move`: who else moves along.
    #[schema(required = false)]
    with: Input<List<IdNumber, { MOST_NAMED }>>,
    /// `correction`: attributes with their right values; `null` takes one away.
    #[schema(required = false)]
    changes: Input<Object>,
    /// `new_number`.
    #[schema(required = false)]
    new_id_number: Input<IdNumber>,
    /// Why the store is changed; required in requests, passed over in files.
    #[schema(required = false)]
    purpose: Input<Purpose>,
    /// Whether a contradictory event is parked in place of refused.
    #[schema(required = false)]
    park: Input<bool>,
}

type CommuneText = BoundedText<5>;

impl EventRequest {
    /// The purpose and whether to park, which only requests have.
    pub fn take_purpose(&mut self, faults: &mut Faults) -> Option<(Purpose, bool)> {
        let purpose = std::mem::take(&mut self.purpose).required("/purpose", faults);
        let park = std::mem::take(&mut self.park).optional("/park", faults);
        Some((purpose?, park?.unwrap_or(false)))
    }

    /// What the event is. `key` becomes that of somebody newborn.
    pub fn read(
        mut self,
        key: impl Fn(&EventId) -> CitizenId,
        today: CivilDate,
        faults: &mut Faults,
    ) -> Option<LifeEvent> {
        let before = faults.iter().count();
        let event_id = std::mem::take(&mut self.event_id).required("/event_id", faults);
        let kind = std::mem::take(&mut self.kind).required("/kind", faults);
        let effective = std::mem::take(&mut self.effective).required("/effective", faults);
        let source = std::mem::take(&mut self.source).optional("/source", faults);
        let source = source.flatten().map_or_else(|| SOURCE.to_owned(), BoundedText::into_string);
        if !source.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            say(faults, "/source", SOURCE_FORM);
        }
        // The rest is read as well where the day or the id is at fault, so that all faults are told.
        let day = effective.unwrap_or(today);
        if day > today {
            say(faults, "/effective", FUTURE);
        }
        let at = At { effective: day, source: &source, today };
        let born = event_id.as_ref().map_or(CitizenId([0; 16]), key);
        let happening = match kind?.as_ref() {
            "birth" => self.birth(born, at, faults),
            "new_number" => {
                let (id_number, new) = (self.number(faults), std::mem::take(&mut self.new_id_number));
                let new_id_number = new.required("/new_id_number", faults);
                self.done(faults);
                Some(Happening::NewNumber { id_number: id_number?, new_id_number: new_id_number? })
            }
            "correction" => self.correction(at, faults),
            "household_change" => self.household_change(faults),
            "move" => self.relocation(day, faults),
            "missing" => self.only_number(faults).map(|id_number| Happening::Missing { id_number }),
            "found" => self.only_number(faults).map(|id_number| Happening::Found { id_number }),
            "death" => self.only_number(faults).map(|id_number| Happening::Death { id_number }),
            _ => {
                faults.push(
                    "/kind",
                    "kind_unknown",
                    Text::new("Không có loại sự kiện này.", "There is no such kind of event."),
                );
                None
            }
        };
        let event = LifeEvent { event_id: event_id?, effective: effective?, source, happening: happening? };
        (faults.iter().count() == before).then_some(event)
    }

    fn number(&mut self, faults: &mut Faults) -> Option<IdNumber> {
        std::mem::take(&mut self.id_number).required("/id_number", faults)
    }

    fn only_number(mut self, faults: &mut Faults) -> Option<IdNumber> {
        let number = self.number(faults);
        self.done(faults);
        number
    }

    /// Notes every member that is left: it belongs to another kind.
    fn done(&self, faults: &mut Faults) {
        let left = [
            ("/id_number", self.id_number.is_missing()),
            ("/person", self.person.is_missing()),
            ("/mother", self.mother.is_missing()),
            ("/father", self.father.is_missing()),
            ("/household_id", self.household_id.is_missing()),
            ("/relation_to_head", self.relation_to_head.is_missing()),
            ("/members", self.members.is_missing()),
            ("/leaving", self.leaving.is_missing()),
            ("/residence_kind", self.residence_kind.is_missing()),
            ("/unit", self.unit.is_missing()),
            ("/detail", self.detail.is_missing()),
            ("/until", self.until.is_missing()),
            ("/whole_household", self.whole_household.is_missing()),
            ("/with", self.with.is_missing()),
            ("/changes", self.changes.is_missing()),
            ("/new_id_number", self.new_id_number.is_missing()),
        ];
        for (pointer, _) in left.iter().filter(|(_, missing)| !missing) {
            say(faults, pointer, NOT_TOGETHER);
        }
    }

    fn birth(mut self, key: CitizenId, at: At<'_>, faults: &mut Faults) -> Option<Happening> {
        let person = std::mem::take(&mut self.person).required("/person", faults);
        let mother = std::mem::take(&mut self.mother).optional("/mother", faults);
        let father = std::mem::take(&mut self.father).optional("/father", faults);
        let household_id = std::mem::take(&mut self.household_id).optional("/household_id", faults);
        let relation = std::mem::take(&mut self.relation_to_head).optional("/relation_to_head", faults);
        self.done(faults);
        let household = match (household_id?, relation?) {
            (Some(household_id), Some(relation_to_head)) => Some(JoinedHousehold { household_id, relation_to_head }),
            (None, None) => None,
            _ => {
                say(faults, "/relation_to_head", NOT_TOGETHER);
                return None;
            }
        };
        let Object(person) = person?;
        for name in NOT_AT_BIRTH.iter().filter(|name| person.contains_key(**name)) {
            say(faults, &format!("/person/{name}"), NOT_TOGETHER);
        }
        let person = at.citizen(person, key, "/person", faults)?;
        if person.date_of_birth.earliest() != at.effective || person.date_of_birth.latest() != at.effective {
            say(faults, "/person/date_of_birth", BIRTH_DATE);
        }
        Some(Happening::Birth(Box::new(Birth { person, mother: mother?, father: father?, household })))
    }

    /// The values are read as if somebody had them, and kept in the form a record has.
    fn correction(mut self, at: At<'_>, faults: &mut Faults) -> Option<Happening> {
        let id_number = self.number(faults);
        let changes = std::mem::take(&mut self.changes).required("/changes", faults);
        self.done(faults);
        let Object(changes) = changes?;
        for (name, value) in &changes {
            let removes_what_must_be = REQUIRED.contains(&name.as_str()) && value.is_null();
            if !CORRECTABLE.contains(&name.as_str()) || removes_what_must_be {
                let name: String = name.chars().take(64).filter(|c| c.is_ascii_lowercase() || *c == '_').collect();
                say(faults, &format!("/changes/{name}"), NOT_CORRECTABLE);
            }
        }
        if changes.is_empty() {
            say(faults, "/changes", EMPTY);
        }
        let mut somebody = Map::new();
        for (name, value) in [("id_number", "099999999999"), ("full_name", "Không Có Ai"), ("date_of_birth", "1900")]
        {
            somebody.insert(name.to_owned(), value.into());
        }
        somebody.insert("sex".to_owned(), "unknown".into());
        somebody.extend(changes.iter().map(|(name, value)| (name.clone(), value.clone())));
        let read = at.citizen(somebody, CitizenId([0; 16]), "/changes", faults)?;
        let Ok(Value::Object(read)) = serde_json::to_value(read) else { return None };
        let canonical = |name: String| {
            let value = read.get(&name).cloned().unwrap_or(Value::Null);
            (name, value)
        };
        let changes = changes.into_iter().map(|(name, _)| canonical(name)).collect();
        Some(Happening::Correction { id_number: id_number?, changes })
    }

    fn household_change(mut self, faults: &mut Faults) -> Option<Happening> {
        let household_id = std::mem::take(&mut self.household_id).required("/household_id", faults);
        let members = std::mem::take(&mut self.members).optional("/members", faults);
        let leaving = std::mem::take(&mut self.leaving).optional("/leaving", faults);
        self.done(faults);
        let members = members?.map(List::into_vec).unwrap_or_default();
        let leaving = leaving?.map(List::into_vec).unwrap_or_default();
        if members.is_empty() && leaving.is_empty() {
            say(faults, "/members", EMPTY);
        }
        Some(Happening::HouseholdChange(HouseholdChange { household_id: household_id?, members, leaving }))
    }

    fn relocation(mut self, effective: CivilDate, faults: &mut Faults) -> Option<Happening> {
        let id_number = self.number(faults);
        let residence_kind = std::mem::take(&mut self.residence_kind).required("/residence_kind", faults);
        let unit = std::mem::take(&mut self.unit).required("/unit", faults);
        let detail = std::mem::take(&mut self.detail).optional("/detail", faults);
        let until = std::mem::take(&mut self.until).optional("/until", faults);
        let whole_household = std::mem::take(&mut self.whole_household).optional("/whole_household", faults);
        let with = std::mem::take(&mut self.with).optional("/with", faults);
        self.done(faults);
        let unit = unit.map(BoundedText::into_string).unwrap_or_default();
        if !unit.is_empty()
            && CommuneCode::parse(&unit).ok().and_then(|code| Units::shared().find_commune(code)).is_none()
        {
            say(faults, "/unit", UNIT);
        }
        let until = until?;
        if until.is_some_and(|until| until < effective) {
            faults.push(
                "/until",
                "date_order",
                Text::new("Thứ tự ngày không hợp lý.", "The dates are in an impossible order."),
            );
        }
        let detail = detail?.map(BoundedText::into_string);
        Some(Happening::Move(Move {
            id_number: id_number?,
            residence_kind: residence_kind?,
            residence: Residence { unit, detail, since: Some(effective), until },
            whole_household: whole_household?.unwrap_or(false),
            with: with?.map(List::into_vec).unwrap_or_default(),
        }))
    }
}

/// What every part of an event shares.
#[derive(Clone, Copy)]
struct At<'a> {
    effective: CivilDate,
    source: &'a str,
    today: CivilDate,
}

impl At<'_> {
    /// Reads attributes as a row of a population file is read.
    fn citizen(
        self,
        mut person: Map<String, Value>,
        key: CitizenId,
        pointer: &str,
        faults: &mut Faults,
    ) -> Option<Citizen> {
        let provenance = serde_json::json!({ "source": self.source, "as_of": self.effective.min(self.today) });
        person.insert("provenance".to_owned(), provenance);
        let text = Value::Object(person).to_string();
        let raw: RawCitizen<'_> = serde_json::from_str(&text).ok()?;
        match validate(&raw, key, self.today) {
            Ok(citizen) => Some(citizen),
            Err(found) => {
                faults.extend(found.below(pointer));
                None
            }
        }
    }
}

fn say(faults: &mut Faults, pointer: &str, (code, text): Said) {
    faults.push(pointer, code, text);
}
