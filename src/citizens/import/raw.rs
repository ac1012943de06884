//! A row as it was written, before anything in it is believed.
//!
//! Reading JSON into these types never fails on content: what has the wrong type, and members
//! nobody knows, are remembered, so that all faults of a row can be told at once.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, if there is one. An empty text is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Leaf<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    /// Something that is no text.
    Wrong,
}

impl<'a> Leaf<'a> {
    pub fn of(text: Cow<'a, str>) -> Self {
        if text.is_empty() { Self::Absent } else { Self::Text(text) }
    }
}

/// A list, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List<T> {
    Items(Vec<T>),
    Wrong,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

/// Answers every kind of JSON value that was not expected in the same way.
macro_rules! unexpected {
    ($wrong:expr; $($visit:ident: $type:ty),*) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($wrong)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($wrong)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($wrong)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($wrong)
        }
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($wrong)
        })*
    };
}

macro_rules! unexpected_list {
    ($wrong:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok($wrong)
        }
    };
}

macro_rules! unexpected_object {
    ($wrong:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($wrong)
        }
    };
}

macro_rules! null_is {
    ($null:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($null)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Leaf<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Leaf<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Leaf<'de>, E> {
                Ok(Leaf::of(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Leaf<'de>, E> {
                Ok(Leaf::of(Cow::Owned(text.to_owned())))
            }
            null_is!(Leaf::Absent);
            unexpected!(Leaf::Wrong;);
            unexpected_list!(Leaf::Wrong);
            unexpected_object!(Leaf::Wrong);
        }
        deserializer.deserialize_any(Texts)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lists<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Lists<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(List::Items(list))
            }
            null_is!(List::default());
            unexpected!(List::Wrong; visit_str: &str);
            unexpected_object!(List::Wrong);
        }
        deserializer.deserialize_any(Lists(PhantomData))
    }
}

/// A member's name, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Keys)
    }
}

/// An object with the named members; others are remembered by name.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name<'a> {
            $(pub $field: $type,)*
            /// Something that is no object.
            pub wrong: bool,
            pub unknown: Vec<String>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Objects;
                impl<'de> Visitor<'de> for Objects {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(Key(key)) = map.next_key()? {
                            match &*key {
                                $(stringify!($field) => object.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                    remember(&mut object.unknown, &key);
                                }
                            }
                        }
                        Ok(object)
                    }
                    null_is!($name::default());
                    unexpected!($name { wrong: true, ..$name::default() }; visit_str: &str);
                    unexpected_list!($name { wrong: true, ..$name::default() });
                }
                deserializer.deserialize_any(Objects)
            }
        }
    };
}

/// Some unknown members are told as help; a row full of them is no row of ours.
fn remember(unknown: &mut Vec<String>, name: &str) {
    if unknown.len() < 16 {
        unknown.push(name.chars().take(64).collect());
    }
}

object!(RawPlace { unit: Leaf<'a>, text: Leaf<'a> });
object!(RawResidence { unit: Leaf<'a>, detail: Leaf<'a>, since: Leaf<'a>, until: Leaf<'a> });
object!(RawHousehold { household_id: Leaf<'a>, relation_to_head: Leaf<'a> });
object!(RawRelative { full_name: Leaf<'a>, id_number: Leaf<'a> });
object!(RawCard { kind: Leaf<'a>, issued: Leaf<'a>, expires: Leaf<'a>, place: Leaf<'a> });
object!(RawPhoto { media_type: Leaf<'a>, data: Leaf<'a> });
object!(RawProvenance { source: Leaf<'a>, as_of: Leaf<'a> });
object!(
    /// A citizen as one row writes them; the names are the attributes' names.
    RawCitizen {
        id_number: Leaf<'a>,
        cancelled_id_numbers: List<Leaf<'a>>,
        legacy_id_number: Leaf<'a>,
        full_name: Leaf<'a>,
        other_name: Leaf<'a>,
        date_of_birth: Leaf<'a>,
        sex: Leaf<'a>,
        place_of_birth: RawPlace<'a>,
        place_of_birth_registration: RawPlace<'a>,
        place_of_origin: RawPlace<'a>,
        ethnicity: Leaf<'a>,
        religion: Leaf<'a>,
        nationality: Leaf<'a>,
        blood_group: Leaf<'a>,
        marital_status: Leaf<'a>,
        permanent_residence: RawResidence<'a>,
        temporary_residence: RawResidence<'a>,
        current_residence: RawResidence<'a>,
        temporary_absence: RawResidence<'a>,
        household: RawHousehold<'a>,
        parents: List<RawRelative<'a>>,
        spouse: RawRelative<'a>,
        children: List<RawRelative<'a>>,
        representative: RawRelative<'a>,
        card: RawCard<'a>,
        photo: RawPhoto<'a>,
        phone: Leaf<'a>,
        email: Leaf<'a>,
        status: Leaf<'a>,
        status_date: Leaf<'a>,
        provenance: RawProvenance<'a>,
        provenance_of: RawSources<'a>,
    }
);

/// Provenance by attribute name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawSources<'a> {
    pub items: Vec<(Cow<'a, str>, RawProvenance<'a>)>,
    /// Something that is no object.
    pub wrong: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for RawSources<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maps;
        impl<'de> Visitor<'de> for Maps {
            type Value = RawSources<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut sources = RawSources::default();
                while let Some((Key(name), provenance)) = map.next_entry()? {
                    sources.items.push((name, provenance));
                }
                Ok(sources)
            }
            null_is!(RawSources::default());
            unexpected!(RawSources { wrong: true, ..RawSources::default() }; visit_str: &str);
            unexpected_list!(RawSources { wrong: true, ..RawSources::default() });
        }
        deserializer.deserialize_any(Maps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_never_fails_to_read() {
        let raw: RawCitizen = serde_json::from_str(
            r#"{"id_number": 12, "sex": null, "full_name": "A\u0042", "spouse": [1, {}], "parents": "x",
                "children": [{"full_name": "C", "age": 3}, 7], "card": {"kind": {"a": []}}, "shoe_size": 42}"#,
        )
        .unwrap();
        assert_eq!(raw.id_number, Leaf::Wrong);
        assert_eq!(raw.sex, Leaf::Absent);
        assert_eq!(raw.full_name, Leaf::Text("AB".into()));
        assert!(raw.spouse.wrong && raw.parents == List::Wrong && raw.card.kind == Leaf::Wrong);
        let List::Items(children) = &raw.children else { panic!() };
        assert_eq!((children[0].unknown.as_slice(), children[1].wrong), (["age".to_owned()].as_slice(), true));
        assert_eq!(raw.unknown, ["shoe_size"]);
    }
}
