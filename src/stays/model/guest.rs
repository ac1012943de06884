//! Guests: how they are given, what is kept of them, and what verifying them came to.

use serde::{Deserialize, Serialize};

use super::mrz::Mrz;
use crate::citizens::matching::index_form;
use crate::kernel::{IdNumber, PartialDate, PersonName, Sex, Text};

/// One guest as a notice gives them.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub enum GuestGiven {
    /// The text of the QR of a card or credential.
    Qr(String),
    Anchor {
        id_number: IdNumber,
        full_name: PersonName,
        date_of_birth: PartialDate,
    },
    /// The access token that the guest's approval at the backchannel (CIBA) gave the client.
    Eid(String),
    /// From a document, or from nothing but the guest's word.
    Typed(Box<TypedGuest>),
}

impl GuestGiven {
    /// How they were given.
    pub const fn source(&self) -> GuestSource {
        match self {
            Self::Qr(_) => GuestSource::Qr,
            Self::Anchor { .. } => GuestSource::Anchor,
            Self::Eid(_) => GuestSource::Eid,
            Self::Typed(_) => GuestSource::Typed,
        }
    }
}

/// A guest without a card to scan: a child, somebody whose card is lost, a foreigner.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TypedGuest {
    pub full_name: PersonName,
    pub date_of_birth: PartialDate,
    pub sex: Option<Sex>,
    /// ISO 3166-1 alpha-3, as in the machine-readable zone (`D` for Germany is given as `DEU`).
    pub nationality: String,
    pub document: Option<Document>,
    pub mrz: Option<Mrz>,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// Which paper was shown; the kinds of the existing portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Cccd,
    Cmnd,
    DrivingLicence,
    Passport,
    BirthCertificate,
    CanCuoc,
    Other,
}

impl DocumentKind {
    pub const ALL: [Self; 7] = [
        Self::Cccd,
        Self::Cmnd,
        Self::DrivingLicence,
        Self::Passport,
        Self::BirthCertificate,
        Self::CanCuoc,
        Self::Other,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::Cmnd => "cmnd",
            Self::DrivingLicence => "driving_licence",
            Self::Passport => "passport",
            Self::BirthCertificate => "birth_certificate",
            Self::CanCuoc => "can_cuoc",
            Self::Other => "other",
        }
    }

    pub const fn label(self) -> Text {
        match self {
            Self::Cccd => Text::new("Căn cước công dân", "Citizen identity card (CCCD)"),
            Self::Cmnd => Text::new("Chứng minh nhân dân", "Identity card of before (CMND)"),
            Self::DrivingLicence => Text::new("Giấy phép lái xe", "Driving licence"),
            Self::Passport => Text::new("Hộ chiếu", "Passport"),
            Self::BirthCertificate => Text::new("Giấy khai sinh", "Birth certificate"),
            Self::CanCuoc => Text::new("Thẻ căn cước", "Identity card"),
            Self::Other => Text::new("Giấy tờ khác", "Another paper"),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A paper and its number: 1 to 20 of `A-Z`, `0-9` and `-`, capitals.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub kind: DocumentKind,
    pub number: String,
}

/// How a guest was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuestSource {
    Qr,
    Anchor,
    Eid,
    Typed,
}

/// Whether a guest is who they are said to be, as far as the agreement lets that be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuestVerdict {
    Verified,
    /// Something does not fit. The notice stands, and is marked.
    Mismatch,
    Unverified,
}

macro_rules! guest_reasons {
    ($($variant:ident = $code:literal, $verdict:ident, $vi:literal, $en:literal;)*) => {
        /// Why a guest has their verdict. Stable codes: they may be added to, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum GuestReason { $(#[doc = $en] $variant,)* }

        impl GuestReason {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The verdict it explains.
            pub const fn verdict(self) -> GuestVerdict {
                match self { $(Self::$variant => GuestVerdict::$verdict,)* }
            }

            pub const fn text(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }
        }
    };
}

guest_reasons! {
    Matched = "matched", Verified, "Khớp với cơ sở dữ liệu dân cư.", "The population data agree.";
    Credential = "credential", Verified, "Mã QR có chữ ký hợp lệ.", "The signed credential is good.";
    Eid = "eid", Verified, "Khách đã xác nhận trên ứng dụng định danh.", "The guest approved in their e-ID app.";
    NoMatch = "no_match", Mismatch, "Số, họ tên và ngày sinh không thuộc về cùng một người.",
        "Number, name and birth date do not belong to one person.";
    NumberOfAnotherGuest = "number_of_another_guest", Mismatch, "Số này đã dùng cho khách khác trong cùng thông báo.",
        "Another guest of this notice has the same number.";
    MrzCheckDigit = "mrz_check_digit", Mismatch, "Số kiểm tra trên dòng máy đọc không đúng.",
        "A check digit of the machine-readable zone is wrong.";
    MrzDiffers = "mrz_differs", Mismatch, "Dòng máy đọc khác với thông tin đã nhập.",
        "The machine-readable zone says otherwise than what was typed.";
    CredentialRevoked = "credential_revoked", Mismatch, "Mã QR đã bị thu hồi.", "The credential is revoked.";
    CredentialReplayed = "credential_replayed", Mismatch, "Mã QR dùng một lần đã được dùng.",
        "The single-use credential was shown before.";
    CredentialAudience = "credential_audience", Mismatch, "Mã QR được cấp cho đơn vị khác.",
        "The credential was issued for another reader.";
    CredentialHolder = "credential_holder", Mismatch, "Thiết bị của chủ mã QR không ký xác nhận lần trình này.",
        "The device that the credential is bound to did not sign this showing.";
    CredentialExpired = "credential_expired", Unverified, "Mã QR hết hạn hoặc chưa có hiệu lực.",
        "The credential is over, or not valid yet.";
    NotAgreed = "not_agreed", Unverified, "Thỏa thuận không cho phép kiểm tra khách này.",
        "The agreement does not let this guest be verified.";
    TooManyFailedAnchors = "too_many_failed_anchors", Unverified, "Quá nhiều lần kiểm tra không khớp; chưa kiểm tra khách này.",
        "Too many checks have failed; this guest was not checked.";
    NoNumber = "no_number", Unverified, "Không có số định danh để kiểm tra.", "There is no number to check by.";
    ForeignDocument = "foreign_document", Unverified, "Giấy tờ nước ngoài không kiểm tra được tại đây.",
        "Foreign documents cannot be checked here.";
    DocumentExpired = "document_expired", Unverified, "Giấy tờ đã hết hạn khi đến.",
        "The document had expired on arrival.";
    DryRun = "dry_run", Unverified, "Chạy thử: chưa kiểm tra.", "A trial run: nobody was checked.";
}

/// What is kept of a guest, sealed. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestDetails {
    pub source: GuestSource,
    /// Absent where a credential names nobody.
    pub full_name: Option<PersonName>,
    pub date_of_birth: Option<PartialDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether the facility itself gave or was shown all of this. If not (an e-ID guest who shared
    /// less), it is for the authority alone.
    pub known_to_facility: bool,
}

impl GuestDetails {
    /// What tells one person from another by what was given: the document's number and the name, or
    /// name and birth date. Two spellings of one name are one person's.
    pub fn identity(&self) -> String {
        let name = self.full_name.as_ref().map(index_form).unwrap_or_default();
        match &self.document {
            Some(document) => format!("{}\n{name}", document.number),
            None => format!("\n{name}\n{}", self.birth()),
        }
    }

    fn birth(&self) -> String {
        self.date_of_birth.map(|date| date.to_string()).unwrap_or_default()
    }
}

macro_rules! redacted {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        })*
    };
}
redacted!(GuestGiven, TypedGuest, Document, GuestDetails);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_written_by_their_codes() {
        for reason in GuestReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }

    #[test]
    fn a_person_is_known_by_number_and_name_or_by_name_and_birth_date() {
        let guest = |name: &str, number: Option<&str>| GuestDetails {
            source: GuestSource::Typed,
            full_name: Some(PersonName::parse(name).unwrap()),
            date_of_birth: PartialDate::parse("1999-03-15").ok(),
            sex: None,
            nationality: None,
            document: number.map(|number| Document { kind: DocumentKind::Other, number: number.to_owned() }),
            address: None,
            phone: None,
            known_to_facility: true,
        };
        let (an, upper) = (guest("Nguyễn Văn An", Some("1")), guest("NGUYỄN VĂN AN", Some("1")));
        assert_eq!(an.identity(), upper.identity());
        assert_ne!(an.identity(), guest("Lê Thị Cúc", Some("1")).identity());
        assert_ne!(an.identity(), guest("Nguyễn Văn An", None).identity());
        assert_eq!(guest("Nguyễn Văn An", None).identity(), guest("nguyễn văn an", None).identity());
    }
}
