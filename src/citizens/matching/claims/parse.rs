//! Reads claims from JSON. Every fault is noted with its pointer; none repeats a value.

use serde_json::{Map, Value};

use super::{CardClaim, Claim, Claims, HouseholdClaim};
use crate::citizens::matching::address::{ClaimedUnit, PlaceClaim};
use crate::citizens::matching::contact::{is_email, normal_phone};
use crate::kernel::units::{OldProvinceCode, OldWardCode, UnitCodeFault};
use crate::kernel::{
    Attribute, CivilDate, Faults, IdNumber, LegacyIdNumber, PartialDate, PersonName, Text, UnitCode, Units,
};

/// Longest free text of a claim, in characters.
const LONGEST_TEXT: usize = 300;

type Fault = (&'static str, Text);

const NO_CLAIMS: Fault =
    ("claims_empty", Text::new("Phải có ít nhất một mục để đối chiếu.", "At least one claim is needed."));
const UNKNOWN_ATTRIBUTE: Fault =
    ("attribute_unknown", Text::new("Không có mục thông tin này.", "There is no such attribute."));
const NOT_COMPARABLE: Fault = (
    "claim_not_comparable",
    Text::new("Mục thông tin này không thể đưa vào để đối chiếu.", "This attribute cannot be claimed for comparison."),
);
const WRONG_TYPE: Fault = ("claim_type", Text::new("Giá trị sai kiểu dữ liệu.", "The value has the wrong type."));
const WRONG_VALUE: Fault =
    ("claim_value", Text::new("Giá trị không hợp lệ.", "The value is not one of those allowed."));
const UNKNOWN_MEMBER: Fault = ("member_unknown", Text::new("Không có trường này.", "There is no such member."));
const NO_MEMBER: Fault =
    ("claim_empty", Text::new("Phải có ít nhất một trường để đối chiếu.", "At least one member to compare is needed."));
const TEXT_LENGTH: Fault =
    ("text_length", Text::new("Văn bản phải có 1–300 ký tự.", "A text has 1 to 300 characters."));
const UNKNOWN_UNIT: Fault = ("unit_unknown", Text::new("Không có mã đơn vị hành chính này.", "No unit has this code."));
const TWO_UNITS: Fault =
    ("unit_twice", Text::new("Chỉ nêu unit hoặc old_unit, không nêu cả hai.", "Name unit or old_unit, not both."));
const PHONE: Fault = ("phone_format", Text::new("Số điện thoại không hợp lệ.", "This is no telephone number."));
const EMAIL: Fault = ("email_format", Text::new("Địa chỉ thư điện tử không hợp lệ.", "This is no e-mail address."));
const NATIONALITY: Fault = (
    "nationality_format",
    Text::new("Quốc tịch là mã ISO 3166-1 ba chữ cái.", "A nationality is three letters of ISO 3166-1."),
);
const ETHNICITY: Fault =
    ("ethnicity_format", Text::new("Mã dân tộc gồm hai chữ số.", "An ethnicity is a code of two digits."));

impl Claims {
    /// Reads the object at `pointer`. `None` if anything in it is at fault.
    pub fn parse(value: &Value, pointer: &str, faults: &mut Faults) -> Option<Self> {
        let before = faults.iter().count();
        let Some(members) = value.as_object() else {
            return note(faults, pointer, WRONG_TYPE);
        };
        if members.is_empty() {
            return note(faults, pointer, NO_CLAIMS);
        }
        let mut claims = Vec::with_capacity(members.len());
        for (name, value) in members {
            let pointer = format!("{pointer}/{}", escaped(name));
            match name.parse::<Attribute>() {
                Ok(attribute) => claims.extend(Claim::parse(attribute, value, &pointer, faults)),
                Err(_) => faults.push(pointer, UNKNOWN_ATTRIBUTE.0, UNKNOWN_ATTRIBUTE.1),
            }
        }
        claims.sort_by_key(Claim::attribute);
        (faults.iter().count() == before).then_some(Self(claims))
    }
}

impl Claim {
    /// Reads one claim, or notes every fault of it.
    pub fn parse(attribute: Attribute, value: &Value, pointer: &str, faults: &mut Faults) -> Option<Self> {
        let before = faults.iter().count();
        let claim = Self::read(attribute, value, At { pointer, faults });
        claim.filter(|_| faults.iter().count() == before)
    }

    fn read(attribute: Attribute, value: &Value, mut at: At<'_>) -> Option<Self> {
        use Attribute as A;
        match attribute {
            A::FullName => at.name(value).map(Self::FullName),
            A::OtherName => at.name(value).map(Self::OtherName),
            A::IdNumber => at.text_as(value, IdNumber::parse).map(Self::IdNumber),
            A::LegacyIdNumber => at.text_as(value, LegacyIdNumber::parse).map(Self::LegacyIdNumber),
            A::DateOfBirth => at.text_as(value, PartialDate::parse).map(Self::DateOfBirth),
            A::StatusDate => at.text_as(value, PartialDate::parse).map(Self::StatusDate),
            A::Sex => at.word(value).map(Self::Sex),
            A::BloodGroup => at.word(value).map(Self::BloodGroup),
            A::MaritalStatus => at.word(value).map(Self::MaritalStatus),
            A::Status => at.word(value).map(Self::Status),
            A::Nationality => at.shaped(value, NATIONALITY, is_country).map(Self::Nationality),
            A::Ethnicity => at.shaped(value, ETHNICITY, is_two_digits).map(Self::Ethnicity),
            A::Phone => at.shaped(value, PHONE, |text| normal_phone(text).is_some()).map(Self::Phone),
            A::Email => at.shaped(value, EMAIL, is_email).map(Self::Email),
            A::Religion => at.free_text(value).map(Self::Religion),
            A::PlaceOfBirth => at.place(value, "text").map(Self::PlaceOfBirth),
            A::PlaceOfBirthRegistration => at.place(value, "text").map(Self::PlaceOfBirthRegistration),
            A::PlaceOfOrigin => at.place(value, "text").map(Self::PlaceOfOrigin),
            A::PermanentResidence => at.place(value, "detail").map(Self::PermanentResidence),
            A::TemporaryResidence => at.place(value, "detail").map(Self::TemporaryResidence),
            A::CurrentResidence => at.place(value, "detail").map(Self::CurrentResidence),
            A::TemporaryAbsence => at.place(value, "detail").map(Self::TemporaryAbsence),
            A::Household => at.household(value).map(Self::Household),
            A::Card => at.card(value).map(Self::Card),
            A::Parents | A::Spouse | A::Children | A::Representative | A::Photo => at.fault(NOT_COMPARABLE),
        }
    }
}

fn note<T>(faults: &mut Faults, pointer: &str, fault: Fault) -> Option<T> {
    faults.push(pointer, fault.0, fault.1);
    None
}

fn is_country(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_two_digits(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A member's name inside a pointer (RFC 6901 section 4), cut to a length no attribute reaches.
fn escaped(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

/// A place in the document, and where its faults go.
struct At<'a> {
    pointer: &'a str,
    faults: &'a mut Faults,
}

impl At<'_> {
    fn fault<T>(&mut self, fault: Fault) -> Option<T> {
        note(self.faults, self.pointer, fault)
    }

    fn text<'v>(&mut self, value: &'v Value) -> Option<&'v str> {
        value.as_str().or_else(|| self.fault(WRONG_TYPE))
    }

    fn text_as<T, E: Into<Fault>>(&mut self, value: &Value, parse: fn(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(value)?;
        self.faults.take(self.pointer, parse(text))
    }

    fn name(&mut self, value: &Value) -> Option<PersonName> {
        self.text_as(value, PersonName::parse)
    }

    /// One of the words an enumeration is written with.
    fn word<T: serde::de::DeserializeOwned>(&mut self, value: &Value) -> Option<T> {
        self.text(value)?;
        serde_json::from_value(value.clone()).ok().or_else(|| self.fault(WRONG_VALUE))
    }

    fn shaped(&mut self, value: &Value, fault: Fault, fits: impl Fn(&str) -> bool) -> Option<String> {
        let text = self.text(value)?;
        if fits(text) { Some(text.trim().to_owned()) } else { self.fault(fault) }
    }

    fn free_text(&mut self, value: &Value) -> Option<String> {
        let text = self.text(value)?.trim();
        if (1..=LONGEST_TEXT).contains(&text.chars().count()) { Some(text.to_owned()) } else { self.fault(TEXT_LENGTH) }
    }

    /// The members of an object that has at least one. Unknown ones are noted, and the rest still read.
    fn object<'v>(&mut self, value: &'v Value, known: &[&str]) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else { return self.fault(WRONG_TYPE) };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let pointer = format!("{}/{}", self.pointer, escaped(name));
            self.faults.push(pointer, UNKNOWN_MEMBER.0, UNKNOWN_MEMBER.1);
        }
        if members.is_empty() {
            return self.fault(NO_MEMBER);
        }
        Some(members)
    }

    /// A member of an object: `Ok(None)` if absent, `Err(())` if at fault.
    fn member<T>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        read: impl FnOnce(&mut At<'_>, &Value) -> Option<T>,
    ) -> Result<Option<T>, ()> {
        let Some(value) = members.get(name) else { return Ok(None) };
        let pointer = format!("{}/{name}", self.pointer);
        let mut at = At { pointer: &pointer, faults: self.faults };
        read(&mut at, value).map(Some).ok_or(())
    }

    /// `{"unit" | "old_unit", "text" or "detail"}`.
    fn place(&mut self, value: &Value, text: &str) -> Option<PlaceClaim> {
        let members = self.object(value, &["unit", "old_unit", text])?;
        let unit = self.member(members, "unit", |at, value| at.current_unit(value));
        let old = self.member(members, "old_unit", |at, value| at.old_unit(value));
        let text = self.member(members, text, |at, value| at.free_text(value));
        let (unit, old, text) = (unit.ok()?, old.ok()?, text.ok()?);
        if unit.is_some() && old.is_some() {
            return self.fault(TWO_UNITS);
        }
        Some(PlaceClaim { unit: unit.or(old), text })
    }

    /// A code of today. A code that only the old list has is read as that old ward.
    fn current_unit(&mut self, value: &Value) -> Option<ClaimedUnit> {
        let code = self.text_as(value, UnitCode::parse)?;
        if Units::shared().contains(code) {
            return Some(ClaimedUnit::Current(code));
        }
        let old = OldWardCode::parse(&code.to_string()).ok().filter(|ward| is_known_ward(*ward));
        old.map(ClaimedUnit::OldWard).or_else(|| self.fault(UNKNOWN_UNIT))
    }

    fn old_unit(&mut self, value: &Value) -> Option<ClaimedUnit> {
        let unit = self.text_as(value, old_unit)?;
        let known = match unit {
            ClaimedUnit::OldWard(ward) => is_known_ward(ward),
            ClaimedUnit::OldProvince(province) => Units::shared().find_old_province(province).is_some(),
            ClaimedUnit::Current(_) => false,
        };
        if known { Some(unit) } else { self.fault(UNKNOWN_UNIT) }
    }

    fn household(&mut self, value: &Value) -> Option<HouseholdClaim> {
        let members = self.object(value, &["household_id", "relation_to_head"])?;
        let household_id = self.member(members, "household_id", |at, value| at.word(value));
        let relation_to_head = self.member(members, "relation_to_head", |at, value| at.word(value));
        Some(HouseholdClaim { household_id: household_id.ok()?, relation_to_head: relation_to_head.ok()? })
    }

    fn card(&mut self, value: &Value) -> Option<CardClaim> {
        let members = self.object(value, &["kind", "issued", "expires"])?;
        let kind = self.member(members, "kind", |at, value| at.word(value));
        let issued = self.member(members, "issued", |at, value| at.text_as(value, CivilDate::parse));
        let expires = self.member(members, "expires", |at, value| at.text_as(value, CivilDate::parse));
        Some(CardClaim { kind: kind.ok()?, issued: issued.ok()?, expires: expires.ok()? })
    }
}

fn old_unit(text: &str) -> Result<ClaimedUnit, UnitCodeFault> {
    match text.len() {
        2 => OldProvinceCode::parse(text).map(ClaimedUnit::OldProvince),
        _ => OldWardCode::parse(text).map(ClaimedUnit::OldWard),
    }
}

fn is_known_ward(ward: OldWardCode) -> bool {
    !Units::shared().successors(ward).is_empty()
}
