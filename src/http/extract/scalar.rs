//! Plain members: truth values, bounded integers, bounded texts, lists.

use serde::de::SeqAccess;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::input::{Expected, FromInput, one_fault, read_list};
use crate::kernel::{Faults, Text};

impl FromInput for bool {
    const EXPECTED: Expected = Expected::Boolean;

    fn from_boolean(value: bool) -> Result<Self, Faults> {
        Ok(value)
    }
}

/// An integer from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> FromInput for Whole<MIN, MAX> {
    const EXPECTED: Expected = Expected::Integer;

    fn from_integer(number: i64) -> Result<Self, Faults> {
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            let text = Text::new("Số nằm ngoài khoảng cho phép.", "The number is out of range.");
            Err(one_fault("out_of_range", text))
        }
    }
}

impl<const MIN: i64, const MAX: i64> PartialSchema for Whole<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(MIN)).maximum(Some(MAX)).into()
    }
}

impl<const MIN: i64, const MAX: i64> ToSchema for Whole<MIN, MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}").into()
    }
}

/// A text of 1 to `MAX` characters without control characters. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct BoundedText<const MAX: usize>(String);

impl<const MAX: usize> BoundedText<MAX> {
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> AsRef<str> for BoundedText<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::fmt::Debug for BoundedText<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BoundedText(redacted)")
    }
}

impl<const MAX: usize> FromInput for BoundedText<MAX> {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let (code, fault) = if text.is_empty() {
            ("text_empty", Text::new("Không được để trống.", "The text must not be empty."))
        } else if text.chars().nth(MAX).is_some() {
            ("text_too_long", Text::new("Chuỗi ký tự quá dài.", "The text is too long."))
        } else if text.chars().any(char::is_control) {
            ("text_control", Text::new("Chuỗi chứa ký tự điều khiển.", "The text holds a control character."))
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(one_fault(code, fault))
    }
}

impl<const MAX: usize> PartialSchema for BoundedText<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX)).into()
    }
}

impl<const MAX: usize> ToSchema for BoundedText<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Text_{MAX}").into()
    }
}

/// A list of at most `MAX` members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T: FromInput, const MAX: usize> FromInput for List<T, MAX> {
    const EXPECTED: Expected = Expected::List;

    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Result<Self, Faults>, A::Error> {
        Ok(read_list(list, MAX)?.map(Self))
    }
}

impl<T: ToSchema, const MAX: usize> ToSchema for List<T, MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("List_{MAX}").into()
    }
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: PartialSchema, const MAX: usize> utoipa::__dev::ComposeSchema for List<T, MAX> {
    fn compose(arguments: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let member = arguments.into_iter().next().unwrap_or_else(T::schema);
        ArrayBuilder::new().items(member).max_items(Some(MAX)).into()
    }
}
