//! The attributes of a citizen that can be asked for (Law on Identity art. 9).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How an attribute is protected (Decree 356/2025: basic and sensitive personal data).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    Basic,
    Sensitive,
}

macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $class:ident;)*) => {
        /// One attribute of a citizen, by its name in the interface.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Attribute { $($(#[$doc])* $variant,)* }

        impl Attribute {
            /// Every attribute, in the order of the law's list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub const fn classification(self) -> Classification {
                match self { $(Self::$variant => Classification::$class,)* }
            }
        }

        impl FromStr for Attribute {
            type Err = UnknownAttribute;
            fn from_str(text: &str) -> Result<Self, UnknownAttribute> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownAttribute) }
            }
        }
    };
}

/// No attribute has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no attribute has this name")]
pub struct UnknownAttribute;

attributes! {
    FullName = "full_name", Basic;
    OtherName = "other_name", Basic;
    IdNumber = "id_number", Basic;
    LegacyIdNumber = "legacy_id_number", Basic;
    DateOfBirth = "date_of_birth", Basic;
    Sex = "sex", Basic;
    PlaceOfBirth = "place_of_birth", Basic;
    PlaceOfBirthRegistration = "place_of_birth_registration", Basic;
    PlaceOfOrigin = "place_of_origin", Basic;
    Ethnicity = "ethnicity", Basic;
    Religion = "religion", Sensitive;
    Nationality = "nationality", Basic;
    BloodGroup = "blood_group", Sensitive;
    MaritalStatus = "marital_status", Basic;
    PermanentResidence = "permanent_residence", Basic;
    TemporaryResidence = "temporary_residence", Basic;
    CurrentResidence = "current_residence", Basic;
    TemporaryAbsence = "temporary_absence", Basic;
    Household = "household", Basic;
    Parents = "parents", Basic;
    Spouse = "spouse", Basic;
    Children = "children", Basic;
    Representative = "representative", Basic;
    Card = "card", Basic;
    Photo = "photo", Sensitive;
    Phone = "phone", Basic;
    Email = "email", Basic;
    Status = "status", Basic;
    StatusDate = "status_date", Basic;
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of attributes, iterated in the order of the law's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AttributeSet(u32);

impl AttributeSet {
    pub const EMPTY: Self = Self(0);

    pub fn all() -> Self {
        Attribute::ALL.iter().copied().collect()
    }
    pub fn insert(&mut self, attribute: Attribute) {
        self.0 |= 1 << attribute as u8;
    }
    pub fn contains(self, attribute: Attribute) -> bool {
        self.0 & (1 << attribute as u8) != 0
    }
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    pub fn iter(self) -> impl Iterator<Item = Attribute> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            // The list is in the order of the attributes' numbers; of an empty set this is past its end.
            let attribute = Attribute::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*attribute)
        })
    }
}

impl FromIterator<Attribute> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        let mut set = Self::default();
        attributes.into_iter().for_each(|a| set.insert(a));
        set
    }
}

impl Serialize for AttributeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for AttributeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Attribute>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_fit_the_set() {
        assert!(Attribute::ALL.len() <= 32);
        for attribute in Attribute::ALL {
            assert_eq!(attribute.name().parse(), Ok(*attribute));
        }
        assert_eq!(AttributeSet::all().len(), Attribute::ALL.len());
        assert!("fullname".parse::<Attribute>().is_err());
    }
}
