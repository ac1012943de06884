//! A deserialiser that knows where it is, refuses repeated members and notes unknown ones.
//!
//! To know where it is costs more than to read. So a document is first read without that (see
//! `hasty`), and only one that has a fault is read by this.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::value::CowStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::borrow::Cow;

use crate::kernel::id::has_digit_run;
use crate::kernel::{Faults, Text};

/// Where the reader stands, and what it noted on its way.
#[derive(Default)]
pub(super) struct Notes {
    path: RefCell<String>,
    faults: RefCell<Faults>,
}

impl Notes {
    /// Enters a member; gives the length of the path to go back to.
    fn enter(&self, member: &str) -> usize {
        let mut path = self.path.borrow_mut();
        let length = path.len();
        // A name that is no plain word may carry personal data: its parent is named instead.
        let plain = member.len() <= 64
            && member.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'))
            && !has_digit_run(member, 9);
        if plain {
            path.push('/');
            path.push_str(member);
        }
        length
    }

    fn leave(&self, length: usize) {
        self.path.borrow_mut().truncate(length);
    }

    fn fault(&self, code: &'static str, text: Text) {
        self.faults.borrow_mut().push(self.path.borrow().as_str(), code, text);
    }

    /// Everything noted.
    pub(super) fn into_faults(self) -> Faults {
        self.faults.into_inner()
    }

    /// The pointer to where reading stopped, if it did.
    pub(super) fn pointer(&self) -> String {
        self.path.borrow().clone()
    }
}

pub(super) struct Tracked<'n, D> {
    inner: D,
    notes: &'n Notes,
}

impl<'n, D> Tracked<'n, D> {
    pub(super) fn new(inner: D, notes: &'n Notes) -> Self {
        Self { inner, notes }
    }
}

macro_rules! forward {
    ($($method:ident($($name:ident: $type:ty),*),)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($name,)* Watching { visitor, notes: self.notes, object: false })
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tracked<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any(), deserialize_bool(), deserialize_i8(), deserialize_i16(), deserialize_i32(),
        deserialize_i64(), deserialize_u8(), deserialize_u16(), deserialize_u32(), deserialize_u64(),
        deserialize_f32(), deserialize_f64(), deserialize_char(), deserialize_str(), deserialize_string(),
        deserialize_bytes(), deserialize_byte_buf(), deserialize_option(), deserialize_unit(), deserialize_seq(),
        deserialize_map(), deserialize_identifier(),
        deserialize_unit_struct(name: &'static str), deserialize_newtype_struct(name: &'static str),
        deserialize_tuple(length: usize), deserialize_tuple_struct(name: &'static str, length: usize),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    }

    /// serde would take an array for a struct; JSON requests are objects.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Watching { visitor, notes: self.notes, object: true })
    }

    /// Asked for by serde's derive where the type has no such member.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.notes.fault("unknown", Text::new("Không có trường này.", "There is no such member."));
        self.inner.deserialize_ignored_any(visitor)
    }
}

struct Watching<'n, V> {
    visitor: V,
    notes: &'n Notes,
    object: bool,
}

macro_rules! pass {
    ($($method:ident($type:ty),)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> { self.visitor.$method(value) })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watching<'_, V> {
    type Value = V::Value;

    pass! {
        visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str),
        visit_borrowed_str(&'de str), visit_string(String), visit_bytes(&[u8]), visit_borrowed_bytes(&'de [u8]),
        visit_byte_buf(Vec<u8>),
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Tracked { inner, notes: self.notes })
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Tracked { inner, notes: self.notes })
    }
    fn visit_enum<A: EnumAccess<'de>>(self, variants: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(variants)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        if self.object {
            return Err(A::Error::custom("an object is expected"));
        }
        self.visitor.visit_seq(Members { inner, notes: self.notes, index: 0 })
    }
    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let map = NamedMembers { inner, notes: self.notes, back_to: 0, seen: Seen::default() };
        self.visitor.visit_map(map)
    }
}

struct Members<'n, A> {
    inner: A,
    notes: &'n Notes,
    index: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let back_to = self.notes.enter(&self.index.to_string());
        let member = self.inner.next_element_seed(Seeded { seed, notes: self.notes })?;
        self.notes.leave(back_to);
        self.index += 1;
        Ok(member)
    }
}

struct NamedMembers<'n, 'de, A> {
    inner: A,
    notes: &'n Notes,
    back_to: usize,
    seen: Seen<'de>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for NamedMembers<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(Name(name)) = self.inner.next_key()? {
            self.back_to = self.notes.enter(&name);
            if !self.seen.note(name.clone()) {
                self.notes.fault("repeated", Text::new("Trường này bị lặp lại.", "This member is repeated."));
                self.inner.next_value::<IgnoredAny>()?;
                self.notes.leave(self.back_to);
                continue;
            }
            return seed.deserialize(CowStrDeserializer::new(name)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let value = self.inner.next_value_seed(Seeded { seed, notes: self.notes })?;
        self.notes.leave(self.back_to);
        Ok(value)
    }
}

struct Seeded<'n, S> {
    seed: S,
    notes: &'n Notes,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seeded<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Tracked { inner, notes: self.notes })
    }
}

/// The names an object had so far.
#[derive(Default)]
struct Seen<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Seen<'de> {
    /// Whether `name` is new.
    fn note(&mut self, name: Cow<'de, str>) -> bool {
        if self.many.is_empty() && self.few.len() < 32 {
            let new = !self.few.contains(&name);
            if new {
                self.few.push(name);
            }
            return new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
    }
}

/// A member's name, borrowed from the body unless it is written with escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameReader)
    }
}

struct NameReader;

impl<'de> Visitor<'de> for NameReader {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }
    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(name)))
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}
