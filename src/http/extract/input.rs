//! One member of a request body, read so that a fault in it hides no fault elsewhere.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::kernel::{Faults, Text};

/// A member of a request. Deserialising never fails: what is missing or wrong is remembered and
/// told by [`Input::required`] or [`Input::optional`]. `null` counts as missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Input<T> {
    #[default]
    Missing,
    /// The faults, with pointers relative to this member.
    Invalid(Faults),
    Valid(T),
}

impl<T> Input<T> {
    /// The value; a missing or invalid one is a fault at `pointer`.
    pub fn required(self, pointer: &str, faults: &mut Faults) -> Option<T> {
        match self {
            Self::Missing => {
                faults.push(pointer, "missing", Text::new("Trường này là bắt buộc.", "This member is required."));
                None
            }
            given => given.optional(pointer, faults).flatten(),
        }
    }

    /// `Some(None)` if it is missing; `None` and a fault at `pointer` if it is invalid.
    pub fn optional(self, pointer: &str, faults: &mut Faults) -> Option<Option<T>> {
        match self {
            Self::Missing => Some(None),
            Self::Valid(value) => Some(Some(value)),
            Self::Invalid(found) => {
                faults.extend(found.below(pointer));
                None
            }
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// What kind of JSON value a member must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Text,
    Integer,
    Boolean,
    List,
    Object,
}

impl Expected {
    /// The fault of a value of another kind.
    pub fn mismatch(self) -> Faults {
        let (code, text) = match self {
            Self::Text => ("not_text", Text::new("Giá trị phải là chuỗi ký tự.", "The value must be a string.")),
            Self::Integer => ("not_integer", Text::new("Giá trị phải là số nguyên.", "The value must be an integer.")),
            Self::Boolean => {
                ("not_boolean", Text::new("Giá trị phải là true hoặc false.", "The value must be true or false."))
            }
            Self::List => ("not_list", Text::new("Giá trị phải là một mảng.", "The value must be an array.")),
            Self::Object => ("not_object", Text::new("Giá trị phải là một đối tượng.", "The value must be an object.")),
        };
        one_fault(code, text)
    }
}

/// A fault of the member itself.
pub(super) fn one_fault(code: &'static str, text: Text) -> Faults {
    let mut faults = Faults::default();
    faults.push("", code, text);
    faults
}

/// A type that can be read from a member of a request. Implement the one method for its kind;
/// pointers of faults are relative to the member.
pub trait FromInput: Sized + ToSchema {
    const EXPECTED: Expected;

    fn from_text(_text: &str) -> Result<Self, Faults> {
        Err(Self::EXPECTED.mismatch())
    }

    fn from_integer(_number: i64) -> Result<Self, Faults> {
        Err(Self::EXPECTED.mismatch())
    }

    fn from_boolean(_value: bool) -> Result<Self, Faults> {
        Err(Self::EXPECTED.mismatch())
    }

    /// `Err` is for broken JSON only, which the list itself reports.
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Result<Self, Faults>, A::Error> {
        while list.next_element::<Skipped>()?.is_some() {}
        Ok(Err(Self::EXPECTED.mismatch()))
    }

    /// `Err` is for broken JSON only, which the object itself reports.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Result<Self, Faults>, A::Error> {
        while object.next_entry::<Skipped, Skipped>()?.is_some() {}
        Ok(Err(Self::EXPECTED.mismatch()))
    }
}

/// Reads an object as the request type `R`, then as what it means. `read` gives `None` where it
/// noted a fault.
pub fn read_object<'de, R: Deserialize<'de>, T, A: MapAccess<'de>>(
    object: A,
    read: impl FnOnce(R, &mut Faults) -> Option<T>,
) -> Result<Result<T, Faults>, A::Error> {
    let request = R::deserialize(MapAccessDeserializer::new(object))?;
    let mut faults = Faults::default();
    let value = read(request, &mut faults);
    Ok(faults.or_value(value))
}

/// Reads a list of at most `most` members, each fault at its own index.
pub fn read_list<'de, T: FromInput, A: SeqAccess<'de>>(
    mut list: A,
    most: usize,
) -> Result<Result<Vec<T>, Faults>, A::Error> {
    let mut values = Vec::new();
    let mut faults = Faults::default();
    let mut length = 0;
    while let Some(member) = list.next_element::<Input<T>>()? {
        if length < most && !matches!(&member, Input::Valid(_)) {
            let _ = member.required(&format!("/{length}"), &mut faults);
        } else if let Input::Valid(value) = member
            && length < most
        {
            values.push(value);
        }
        length += 1;
    }
    if length > most {
        faults.push("", "list_too_long", Text::new("Mảng có quá nhiều phần tử.", "The array has too many members."));
    }
    Ok(faults.or_value(Some(values)))
}

impl<'de, T: FromInput> Deserialize<'de> for Input<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As an option, because serde gives a missing member to an option as `None`.
        deserializer.deserialize_option(Presence(PhantomData))
    }
}

struct Presence<T>(PhantomData<T>);

impl<'de, T: FromInput> Visitor<'de> for Presence<T> {
    type Value = Input<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_none<E: Error>(self) -> Result<Input<T>, E> {
        Ok(Input::Missing)
    }
    fn visit_unit<E: Error>(self) -> Result<Input<T>, E> {
        Ok(Input::Missing)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Input<T>, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData)).map(|read: Result<T, Faults>| match read {
            Ok(value) => Input::Valid(value),
            Err(faults) => Input::Invalid(faults),
        })
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: FromInput> Visitor<'de> for Reader<T> {
    type Value = Result<T, Faults>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(text))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(T::from_boolean(value))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(T::from_integer(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_err(|_| T::EXPECTED.mismatch()).and_then(T::from_integer))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Err(T::EXPECTED.mismatch()))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Err(T::EXPECTED.mismatch()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        T::from_list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::from_object(object)
    }
}

/// Reads any value and keeps nothing. Unlike `IgnoredAny` it does not count as unknown.
#[derive(Default)]
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

macro_rules! skip {
    ($($method:ident($type:ty),)*) => {
        $(fn $method<E: Error>(self, _: $type) -> Result<Self, E> { Ok(self) })*
    };
}

impl<'de> Visitor<'de> for Skipped {
    type Value = Self;

    skip!(visit_str(&str), visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64),);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

/// In the API description an input is what it reads; `http::openapi` joins the names.
impl<T: ToSchema> ToSchema for Input<T> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

// utoipa's derive asks this of generic types, though it hides the trait from its documentation.
impl<T: PartialSchema> utoipa::__dev::ComposeSchema for Input<T> {
    fn compose(arguments: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        arguments.into_iter().next().unwrap_or_else(T::schema)
    }
}
