//! What a check may ask, read from JSON.

use serde::Deserialize;
use serde::de::MapAccess;
use utoipa::ToSchema;

use crate::citizens::matching::address::ClaimedUnit;
use crate::citizens::matching::{Anchor, AnchorNumber};
use crate::http::Input;
use crate::http::extract::{BoundedText, Expected, FromInput, Whole, read_object};
use crate::kernel::units::{OldProvinceCode, OldWardCode, Units};
use crate::kernel::{CivilDate, Faults, IdNumber, PartialDate, PersonName, Text, UnitCode};
use crate::residence::model::{AskedResidence, PlaceFault, Predicate, Relation, ResidenceKind, Since, read_place};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $type:ty, $code:literal, $vi:literal, $en:literal, $($variant:ident = $word:literal => $value:expr),*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ToSchema)]
        #[schema(rename_all = "snake_case")]
        pub enum $name { $($variant),* }

        impl FromInput for $name {
            const EXPECTED: Expected = Expected::Text;

            fn from_text(text: &str) -> Result<Self, Faults> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => {
                        let mut faults = Faults::default();
                        faults.push("", $code, Text::new($vi, $en));
                        Err(faults)
                    }
                }
            }
        }

        impl From<$name> for $type {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => $value),* }
            }
        }
    };
}

words!(
    /// Which registration is meant.
    KindWord => ResidenceKind, "kind_unknown",
    "Loại là permanent, temporary, current hoặc any.", "The kind is permanent, temporary, current or any.",
    Permanent = "permanent" => ResidenceKind::Permanent,
    Temporary = "temporary" => ResidenceKind::Temporary,
    Current = "current" => ResidenceKind::Current,
    Any = "any" => ResidenceKind::Any
);
words!(
    /// What the citizen is to the other person.
    RelationWord => Relation, "relation_unknown",
    "Quan hệ là spouse, parent, child, sibling hoặc representative.",
    "The relation is spouse, parent, child, sibling or representative.",
    Spouse = "spouse" => Relation::Spouse,
    Parent = "parent" => Relation::Parent,
    Child = "child" => Relation::Child,
    Sibling = "sibling" => Relation::Sibling,
    Representative = "representative" => Relation::Representative
);

#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PredicateName {
    ResidesIn,
    SameHouseholdAs,
    IsHouseholdHead,
    RelationTo,
    AgeAtLeast,
}

impl FromInput for PredicateName {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Ok(match text {
            "resides_in" => Self::ResidesIn,
            "same_household_as" => Self::SameHouseholdAs,
            "is_household_head" => Self::IsHouseholdHead,
            "relation_to" => Self::RelationTo,
            "age_at_least" => Self::AgeAtLeast,
            _ => {
                let mut faults = Faults::default();
                faults.push(
                    "",
                    "predicate_unknown",
                    Text::new("Không có câu hỏi đúng/sai này.", "There is no such predicate."),
                );
                return Err(faults);
            }
        })
    }
}

/// One question answered by yes or no. Which members it takes depends on `predicate`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PredicateRequest {
    predicate: Input<PredicateName>,
    /// `resides_in`: today's province (2 digits) or commune (5 digits)…
    #[schema(required = false)]
    unit: Input<BoundedText<5>>,
    /// …or the code of a province or ward as it stood until July 2025…
    #[schema(required = false)]
    old_unit: Input<BoundedText<5>>,
    /// …or its name as in an address, of before or after.
    #[schema(required = false)]
    place: Input<BoundedText<200>>,
    /// `resides_in`; `any` if it is missing.
    #[schema(required = false)]
    kind: Input<KindWord>,
    /// `resides_in`: registered there on this day at the latest; or else `for_months`.
    #[schema(required = false)]
    since: Input<CivilDate>,
    /// `resides_in`: registered there for so many months.
    #[schema(required = false)]
    for_months: Input<Whole<1, 1_200>>,
    /// `same_household_as` and `relation_to`: the other person, who must be named in full.
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    #[schema(required = false)]
    full_name: Input<PersonName>,
    #[schema(required = false)]
    date_of_birth: Input<PartialDate>,
    /// `relation_to`: what the citizen is to them.
    #[schema(required = false)]
    relation: Input<RelationWord>,
    /// `age_at_least`.
    #[schema(required = false)]
    years: Input<Whole<0, 150>>,
}

const NOT_TOGETHER: Text =
    Text::new("Trường này không đi cùng câu hỏi này.", "This member does not go with this predicate.");
const TWO_UNITS: Text = Text::new("Chỉ nêu một trong unit, old_unit, place.", "Give one of unit, old_unit and place.");
const TWO_TIMES: Text = Text::new("Chỉ nêu since hoặc for_months.", "Give since or for_months, not both.");

/// A predicate, read. `Debug` would show whom it names.
pub struct PredicateInput(pub Predicate);

impl std::fmt::Debug for PredicateInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PredicateInput({}, redacted)", self.0.name())
    }
}

impl FromInput for PredicateInput {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: PredicateRequest, faults| request.read(faults).map(Self))
    }
}

impl utoipa::PartialSchema for PredicateInput {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        PredicateRequest::schema()
    }
}

impl ToSchema for PredicateInput {
    fn name() -> std::borrow::Cow<'static, str> {
        "Predicate".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        PredicateRequest::schemas(schemas);
    }
}

impl PredicateRequest {
    fn read(self, faults: &mut Faults) -> Option<Predicate> {
        use PredicateName::{AgeAtLeast, IsHouseholdHead, RelationTo, ResidesIn, SameHouseholdAs};
        let before = faults.iter().count();
        let name = self.predicate.clone().required("/predicate", faults)?;
        self.refuse_strangers(name, faults);
        let read = match name {
            ResidesIn => self.residence(faults).map(Predicate::ResidesIn),
            SameHouseholdAs => self.other(faults).map(Predicate::SameHouseholdAs),
            IsHouseholdHead => Some(Predicate::IsHouseholdHead),
            RelationTo => {
                let relation = self.relation.clone().required("/relation", faults);
                let other = self.other(faults);
                relation.zip(other).map(|(word, other)| Predicate::RelationTo { other, relation: word.into() })
            }
            AgeAtLeast => {
                let years = self.years.required("/years", faults)?.get();
                u8::try_from(years).ok().map(Predicate::AgeAtLeast)
            }
        };
        read.filter(|_| faults.iter().count() == before)
    }

    /// Notes the members that belong to other predicates.
    fn refuse_strangers(&self, name: PredicateName, faults: &mut Faults) {
        use PredicateName::{AgeAtLeast, RelationTo, ResidesIn, SameHouseholdAs};
        let place = matches!(name, ResidesIn);
        let person = matches!(name, SameHouseholdAs | RelationTo);
        let members = [
            ("/unit", self.unit.is_missing(), place),
            ("/old_unit", self.old_unit.is_missing(), place),
            ("/place", self.place.is_missing(), place),
            ("/kind", self.kind.is_missing(), place),
            ("/since", self.since.is_missing(), place),
            ("/for_months", self.for_months.is_missing(), place),
            ("/id_number", self.id_number.is_missing(), person),
            ("/full_name", self.full_name.is_missing(), person),
            ("/date_of_birth", self.date_of_birth.is_missing(), person),
            ("/relation", self.relation.is_missing(), matches!(name, RelationTo)),
            ("/years", self.years.is_missing(), matches!(name, AgeAtLeast)),
        ];
        for (pointer, missing, belongs) in members {
            if !missing && !belongs {
                faults.push(pointer, "not_together", NOT_TOGETHER);
            }
        }
    }

    fn residence(self, faults: &mut Faults) -> Option<AskedResidence> {
        let given = [&self.unit, &self.old_unit].into_iter().filter(|unit| !unit.is_missing()).count()
            + usize::from(!self.place.is_missing());
        if given > 1 {
            faults.push("/unit", "unit_twice", TWO_UNITS);
        }
        let unit = if !self.old_unit.is_missing() {
            let code = self.old_unit.required("/old_unit", faults)?;
            faults.take("/old_unit", old_unit(code.as_ref()))
        } else if !self.place.is_missing() {
            let name = self.place.required("/place", faults)?;
            faults.take("/place", read_place(name.as_ref()))
        } else {
            let code = self.unit.required("/unit", faults)?;
            faults.take("/unit", current_unit(code.as_ref()))
        };
        let kind = self.kind.optional("/kind", faults);
        let since = self.since.optional("/since", faults);
        let months = self.for_months.optional("/for_months", faults);
        let since = match (since?, months?) {
            (None, None) => Since::Now,
            (Some(day), None) => Since::Day(day),
            (None, Some(months)) => Since::Months(u32::try_from(months.get()).unwrap_or(u32::MAX)),
            (Some(_), Some(_)) => {
                faults.push("/for_months", "time_twice", TWO_TIMES);
                return None;
            }
        };
        Some(AskedResidence { unit: unit?, kind: kind?.map_or(ResidenceKind::Any, Into::into), since })
    }

    fn other(self, faults: &mut Faults) -> Option<Anchor> {
        let id_number = self.id_number.required("/id_number", faults);
        let full_name = self.full_name.required("/full_name", faults);
        let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
        Some(Anchor {
            number: AnchorNumber::Personal(id_number?),
            full_name: full_name?,
            date_of_birth: date_of_birth?,
        })
    }
}

fn current_unit(code: &str) -> Result<ClaimedUnit, PlaceFault> {
    let code = UnitCode::parse(code).map_err(|_| PlaceFault::Unknown)?;
    if Units::shared().contains(code) { Ok(ClaimedUnit::Current(code)) } else { Err(PlaceFault::Unknown) }
}

fn old_unit(code: &str) -> Result<ClaimedUnit, PlaceFault> {
    let units = Units::shared();
    if let Ok(province) = OldProvinceCode::parse(code) {
        let known = units.find_old_province(province);
        return known.map(|old| ClaimedUnit::OldProvince(old.code)).ok_or(PlaceFault::Unknown);
    }
    let ward = OldWardCode::parse(code).map_err(|_| PlaceFault::Unknown)?;
    if units.successors(ward).is_empty() { Err(PlaceFault::Unknown) } else { Ok(ClaimedUnit::OldWard(ward)) }
}
