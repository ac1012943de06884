//! How the kernel's types are read from requests and described to clients.

use serde::de::SeqAccess;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::input::{Expected, FromInput, one_fault, read_list};
use crate::kernel::purpose::OfficerCode;
use crate::kernel::{
    Attribute, AttributeSet, CitizenId, CivilDate, ClientId, ConsentId, DeviceId, FacilityId, Faults, HouseholdId,
    IdNumber, Instant, LegacyIdNumber, LegalBasis, PartialDate, PersonName, ProcedureCode, Sex, StayId, Text,
    TransactionId,
};

/// A type that is written as a string.
macro_rules! text {
    ($($type:ty: $read:expr, $schema:expr;)*) => {
        $(
            impl FromInput for $type {
                const EXPECTED: Expected = Expected::Text;

                fn from_text(text: &str) -> Result<Self, Faults> {
                    let read: fn(&str) -> Result<Self, (&'static str, Text)> = $read;
                    read(text).map_err(|(code, text)| one_fault(code, text))
                }
            }

            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    let describe: fn(ObjectBuilder) -> ObjectBuilder = $schema;
                    describe(ObjectBuilder::new().schema_type(Type::String)).into()
                }
            }

            impl ToSchema for $type {}
        )*
    };
}

const ID: (&str, Text) =
    ("id_format", Text::new("Mã định danh gồm 32 chữ cái a–p.", "An identifier is 32 letters a-p."));
const CLIENT_ID: (&str, Text) =
    ("client_id_format", Text::new("Mã tổ chức không đúng dạng.", "The client identifier is malformed."));
const INSTANT: (&str, Text) =
    ("instant_format", Text::new("Thời điểm phải theo RFC 3339.", "An instant is written as RFC 3339 says."));
const ATTRIBUTE: (&str, Text) =
    ("attribute_unknown", Text::new("Không có trường thông tin này.", "There is no such attribute."));
const SEX: (&str, Text) =
    ("sex_unknown", Text::new("Giới tính là male, female hoặc unknown.", "Sex is male, female or unknown."));

text! {
    IdNumber: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[0-9]{12}$")).description(Some("Personal identification number (số định danh cá nhân)."));
    LegacyIdNumber: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[0-9]{9}$")).description(Some("Old CMND number."));
    PersonName: |t| Self::parse(t).map_err(Into::into),
        |s| s.min_length(Some(1)).max_length(Some(Self::MAX_CHARS)).description(Some("Full name as written."));
    PartialDate: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")).description(Some("YYYY-MM-DD, YYYY-MM or YYYY."));
    CivilDate: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).description(Some("YYYY-MM-DD."));
    ProcedureCode: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[A-Za-z0-9._-]{1,40}$")).description(Some("Code of the administrative procedure."));
    LegalBasis: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[A-Z0-9_]{2,64}$")).description(Some("Code of the legal basis."));
    OfficerCode: |t| Self::parse(t).map_err(Into::into),
        |s| s.pattern(Some("^[A-Za-z0-9._-]{1,64}$")).description(Some("The organisation's code, no personal number."));
    Attribute: |t| t.parse().map_err(|_| ATTRIBUTE),
        |s| s.enum_values(Some(Self::ALL.iter().map(|a| a.name()))).description(Some("Attribute of a citizen."));
    Sex: |t| match t {
            "male" => Ok(Self::Male),
            "female" => Ok(Self::Female),
            "unknown" => Ok(Self::Unknown),
            _ => Err(SEX),
        },
        |s| s.enum_values(Some(["male", "female", "unknown"]));
    Instant: |t| Self::parse_rfc3339(t).ok_or(INSTANT),
        |s| s.format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)));
    ClientId: |t| t.parse().map_err(|_| CLIENT_ID), |s| s.pattern(Some("^[a-z][a-z0-9-]{0,63}$"));
    CitizenId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    HouseholdId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    TransactionId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    ConsentId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    DeviceId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    FacilityId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
    StayId: |t| t.parse().map_err(|_| ID), |s| s.pattern(Some("^[a-p]{32}$"));
}

impl FromInput for AttributeSet {
    const EXPECTED: Expected = Expected::List;

    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Result<Self, Faults>, A::Error> {
        let read = read_list::<Attribute, A>(list, 2 * Attribute::ALL.len())?;
        Ok(read.map(|attributes| attributes.into_iter().collect()))
    }
}

impl PartialSchema for AttributeSet {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Attribute::schema()).into()
    }
}

impl ToSchema for AttributeSet {}
