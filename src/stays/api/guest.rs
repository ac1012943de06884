//! A guest, read from JSON.

use serde::Deserialize;
use serde::de::MapAccess;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::Input;
use crate::http::extract::{BoundedText, Expected, FromInput, read_object};
use crate::kernel::{Faults, IdNumber, LegacyIdNumber, PartialDate, PersonName, Sex, Text};
use crate::stays::model::{Document, DocumentKind, GuestGiven, Mrz, Reason, TypedGuest};

const ONE_OF: Text = Text::new(
    "Mỗi khách cần đúng một trong: qr; id_number cùng full_name và date_of_birth; eid; typed.",
    "Each guest is given as exactly one of qr, id_number with full_name and date_of_birth, eid, or typed.",
);
const NATIONALITY: Text =
    Text::new("Quốc tịch là mã ISO 3166-1 ba chữ cái.", "A nationality is three letters of ISO 3166-1.");
const NUMBER: Text = Text::new(
    "Số giấy tờ gồm 1–20 chữ cái A–Z, chữ số, dấu gạch.",
    "A document number is 1 to 20 of A-Z, 0-9 and hyphen.",
);
const KIND: Text = Text::new(
    "Loại giấy tờ là cccd, can_cuoc, cmnd, passport, birth_certificate, driving_licence hoặc other.",
    "A document is cccd, can_cuoc, cmnd, passport, birth_certificate, driving_licence or other.",
);
const REASON: Text = Text::new(
    "Lý do là tourism, study, work, visit, medical hoặc other.",
    "A reason is tourism, study, work, visit, medical or other.",
);

pub fn one(code: &'static str, text: Text) -> Faults {
    let mut faults = Faults::default();
    faults.push("", code, text);
    faults
}

impl FromInput for Reason {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Self::parse(text).ok_or_else(|| one("reason_unknown", REASON))
    }
}

impl FromInput for DocumentKind {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Self::parse(text).ok_or_else(|| one("document_kind_unknown", KIND))
    }
}

/// A text with control characters and all, as scanners send it and zones are written.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub struct Scanned(String);

impl FromInput for Scanned {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Ok(Self(text.to_owned()))
    }
}

impl FromInput for Mrz {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let zone = faults.take("", Self::parse(text));
        faults.or_value(zone)
    }
}

impl PartialSchema for Mrz {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Mrz {}

/// The number of a paper, in capitals and without spaces.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub struct DocumentNumber(pub String);

impl FromInput for DocumentNumber {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let number: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
        let shaped = number.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-');
        match shaped && (1..=20).contains(&number.len()) {
            true => Ok(Self(number)),
            false => Err(one("document_number_format", NUMBER)),
        }
    }
}

/// Three capitals.
#[derive(ToSchema)]
#[schema(value_type = String)]
struct Nationality(String);

impl FromInput for Nationality {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        match text.len() == 3 && text.bytes().all(|c| c.is_ascii_uppercase()) {
            true => Ok(Self(text.to_owned())),
            false => Err(one("nationality_format", NATIONALITY)),
        }
    }
}

/// One guest: exactly one of `qr`; `id_number` with `full_name` and `date_of_birth`; `eid`; `typed`.
#[derive(Deserialize, ToSchema)]
pub struct GuestRequest {
    /// The text of the QR of a card or credential.
    #[schema(required = false, value_type = String)]
    qr: Input<Scanned>,
    #[schema(required = false)]
    id_number: Input<IdNumber>,
    #[schema(required = false)]
    full_name: Input<PersonName>,
    #[schema(required = false)]
    date_of_birth: Input<PartialDate>,
    /// The access token that the guest's approval (CIBA) gave; it serves one stay.
    #[schema(required = false, value_type = String)]
    eid: Input<Scanned>,
    #[schema(required = false)]
    typed: Input<TypedGuest>,
}

impl GuestRequest {
    pub fn read(self, faults: &mut Faults) -> Option<GuestGiven> {
        let anchor = !(self.id_number.is_missing() && self.full_name.is_missing() && self.date_of_birth.is_missing());
        let given = [!self.qr.is_missing(), anchor, !self.eid.is_missing(), !self.typed.is_missing()];
        if given.iter().filter(|given| **given).count() != 1 {
            faults.push("", "one_of", ONE_OF);
            return None;
        }
        if anchor {
            let id_number = self.id_number.required("/id_number", faults);
            let full_name = self.full_name.required("/full_name", faults);
            let date_of_birth = self.date_of_birth.required("/date_of_birth", faults);
            return Some(GuestGiven::Anchor {
                id_number: id_number?,
                full_name: full_name?,
                date_of_birth: date_of_birth?,
            });
        }
        let qr = self.qr.optional("/qr", faults)?.map(|Scanned(text)| GuestGiven::Qr(text));
        let eid = self.eid.optional("/eid", faults)?.map(|Scanned(token)| GuestGiven::Eid(token));
        let typed = self.typed.optional("/typed", faults)?.map(|typed| GuestGiven::Typed(Box::new(typed)));
        qr.or(eid).or(typed)
    }
}

impl FromInput for GuestGiven {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, GuestRequest::read)
    }
}

/// A guest without a card to scan: a child, somebody whose card is lost, a foreigner.
#[derive(Deserialize, ToSchema)]
pub struct TypedGuestRequest {
    full_name: Input<PersonName>,
    date_of_birth: Input<PartialDate>,
    #[schema(required = false)]
    sex: Input<Sex>,
    /// ISO 3166-1 alpha-3; `VNM` if it is missing.
    #[schema(required = false, value_type = String, example = "FRA")]
    nationality: Input<Nationality>,
    #[schema(required = false)]
    document: Input<Document>,
    /// The machine-readable zone, its lines one after the other.
    #[schema(required = false)]
    mrz: Input<Mrz>,
    #[schema(required = false)]
    address: Input<BoundedText<300>>,
    #[schema(required = false)]
    phone: Input<BoundedText<30>>,
}

impl FromInput for TypedGuest {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: TypedGuestRequest, faults| {
            let full_name = request.full_name.required("/full_name", faults);
            let date_of_birth = request.date_of_birth.required("/date_of_birth", faults);
            let sex = request.sex.optional("/sex", faults);
            let nationality = request.nationality.optional("/nationality", faults);
            let document = request.document.optional("/document", faults);
            let mrz = request.mrz.optional("/mrz", faults);
            let address = request.address.optional("/address", faults);
            let phone = request.phone.optional("/phone", faults);
            Some(Self {
                full_name: full_name?,
                date_of_birth: date_of_birth?,
                sex: sex?,
                nationality: nationality?.map_or_else(|| "VNM".to_owned(), |Nationality(code)| code),
                document: document?,
                mrz: mrz?,
                address: address?.map(BoundedText::into_string),
                phone: phone?.map(BoundedText::into_string),
            })
        })
    }
}

/// A paper and its number.
#[derive(Deserialize, ToSchema)]
pub struct DocumentRequest {
    kind: Input<DocumentKind>,
    #[schema(value_type = String)]
    number: Input<DocumentNumber>,
}

impl FromInput for Document {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: DocumentRequest, faults| {
            let kind = request.kind.required("/kind", faults);
            let number = request.number.required("/number", faults);
            let (kind, DocumentNumber(number)) = (kind?, number?);
            let fits = match kind {
                DocumentKind::Cccd | DocumentKind::CanCuoc => {
                    faults.take("/number", IdNumber::parse(&number)).is_some()
                }
                DocumentKind::Cmnd => faults.take("/number", LegacyIdNumber::parse(&number)).is_some(),
                _ => true,
            };
            fits.then_some(Self { kind, number })
        })
    }
}

macro_rules! described_by {
    ($($type:ty = $request:ty),*) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    <$request>::schema()
                }
            }

            impl ToSchema for $type {
                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    <$request>::schemas(schemas);
                }
            }
        )*
    };
}
described_by!(GuestGiven = GuestRequest, TypedGuest = TypedGuestRequest, Document = DocumentRequest);
