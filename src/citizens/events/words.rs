//! How the words of events are read from JSON.

use serde::Deserialize;
use serde::de::MapAccess;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::{EventId, HouseholdMember, MoveKind};
use crate::citizens::model::RelationToHead;
use crate::http::Input;
use crate::http::extract::{Expected, FromInput, read_object};
use crate::kernel::{Faults, HouseholdId, IdNumber, Text};

/// A JSON object, taken as it is.
#[derive(Debug, Clone)]
pub struct Object(pub Map<String, Value>);

impl FromInput for Object {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Result<Self, Faults>, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = object.next_entry::<String, Value>()? {
            members.insert(name, value);
        }
        Ok(Ok(Self(members)))
    }
}

impl utoipa::PartialSchema for Object {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema};
        ObjectBuilder::new().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true))).into()
    }
}

impl ToSchema for Object {
    fn name() -> std::borrow::Cow<'static, str> {
        "Attributes".into()
    }
}

macro_rules! word {
    ($type:ty, $name:literal) => {
        impl FromInput for $type {
            const EXPECTED: Expected = Expected::Text;

            fn from_text(text: &str) -> Result<Self, Faults> {
                serde_json::from_value(Value::from(text)).map_err(|_| {
                    let mut faults = Faults::default();
                    faults.push(
                        "",
                        "code_unknown",
                        Text::new("Mã không có trong danh mục.", "The code is not in the list."),
                    );
                    faults
                })
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}

word!(RelationToHead, "RelationToHead");
word!(MoveKind, "MoveKind");

impl FromInput for EventId {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        faults.take("", Self::parse(text)).ok_or(faults)
    }
}

impl utoipa::PartialSchema for EventId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9._-]{4,64}$")).into()
    }
}

impl ToSchema for EventId {}

/// A member of a household, joining or told anew.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MemberRequest {
    id_number: Input<IdNumber>,
    relation_to_head: Input<RelationToHead>,
    /// The household they leave for this one.
    #[schema(required = false)]
    from: Input<HouseholdId>,
}

impl FromInput for HouseholdMember {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: MemberRequest, faults| {
            let id_number = request.id_number.required("/id_number", faults);
            let relation_to_head = request.relation_to_head.required("/relation_to_head", faults);
            let from = request.from.optional("/from", faults);
            Some(Self { id_number: id_number?, relation_to_head: relation_to_head?, from: from? })
        })
    }
}

impl utoipa::PartialSchema for HouseholdMember {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        MemberRequest::schema()
    }
}

impl ToSchema for HouseholdMember {
    fn name() -> std::borrow::Cow<'static, str> {
        "HouseholdMember".into()
    }
}
