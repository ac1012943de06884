//! What can be shared, with whom and why: the public catalogue.

use serde::Serialize;
use utoipa::ToSchema;

use super::Operation;
use super::labels;
use crate::http::Contact;
use crate::kernel::{Attribute, Classification, LegalBasis, Text};
use crate::storage::{RetentionRule, RetentionTerm};

/// A name in both languages.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Label {
    vi: &'static str,
    en: &'static str,
}

impl From<Text> for Label {
    fn from(text: Text) -> Self {
        Self { vi: text.vi, en: text.en }
    }
}

/// An attribute of a citizen (Law on Identity art. 9).
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedAttribute {
    #[schema(example = "full_name")]
    name: &'static str,
    /// `basic` or `sensitive` (Decree 356/2025).
    #[schema(value_type = String, example = "basic")]
    classification: Classification,
    label: Label,
}

/// An operation an agreement may list; its name is also the OAuth scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedOperation {
    #[schema(example = "citizens:verify")]
    name: &'static str,
    label: Label,
}

/// A code that a request's `purpose` may carry. Agreements may list others.
#[derive(Debug, Serialize, ToSchema)]
pub struct KnownCode {
    #[schema(example = "1.004222")]
    code: &'static str,
    label: Label,
}

/// A kind of agreement.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementKind {
    #[schema(example = "state_body")]
    kind: &'static str,
    label: Label,
    /// The legal bases such an agreement usually lists.
    legal_bases: &'static [&'static str],
    /// How much answers may say: `boolean`, `full`.
    details: &'static [&'static str],
    /// Whether each question needs the citizen's consent on record.
    consent: bool,
}

/// How long a kind of data is kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptData {
    #[schema(example = "stays")]
    name: &'static str,
    label: Label,
    /// So many seconds; absent where it is kept while `reason` lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    /// From what the seconds are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_from: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Label>,
}

impl From<&RetentionRule> for KeptData {
    fn from(rule: &RetentionRule) -> Self {
        let (name, label) = (rule.name, rule.label.into());
        match &rule.term {
            RetentionTerm::Ends { after, counted_from, .. } | RetentionTerm::EndsInItsRoom { after, counted_from } => {
                Self {
                    name,
                    label,
                    seconds: Some(after.as_secs()),
                    counted_from: Some((*counted_from).into()),
                    reason: None,
                }
            }
            RetentionTerm::Lasts { reason } => {
                Self { name, label, seconds: None, counted_from: None, reason: Some((*reason).into()) }
            }
        }
    }
}

/// The catalogue of shared data.
#[derive(Debug, Serialize, ToSchema)]
pub struct Catalogue {
    attributes: Vec<SharedAttribute>,
    operations: Vec<SharedOperation>,
    agreements: Vec<AgreementKind>,
    procedures: Vec<KnownCode>,
    legal_bases: Vec<KnownCode>,
    /// How long what is stored is kept.
    retention: Vec<KeptData>,
    contact: Contact,
}

impl Catalogue {
    pub fn new(contact: Contact, retention: &[RetentionRule]) -> Self {
        Self {
            attributes: Attribute::ALL.iter().copied().map(shared_attribute).collect(),
            operations: Operation::ALL
                .iter()
                .map(|operation| SharedOperation { name: operation.name(), label: operation.label().into() })
                .collect(),
            agreements: agreements(),
            procedures: PROCEDURES.iter().map(|(code, label)| KnownCode { code, label: (*label).into() }).collect(),
            legal_bases: LEGAL_BASES.iter().map(|(code, label)| KnownCode { code, label: (*label).into() }).collect(),
            retention: retention.iter().map(KeptData::from).collect(),
            contact,
        }
    }
}

fn shared_attribute(attribute: Attribute) -> SharedAttribute {
    SharedAttribute {
        name: attribute.name(),
        classification: attribute.classification(),
        label: labels::attribute_label(attribute).into(),
    }
}

/// Decree 70/2024 arts. 7-8: state bodies on their duty, everybody else on consent or a basis of
/// their own in law.
fn agreements() -> Vec<AgreementKind> {
    vec![
        AgreementKind {
            kind: "state_body",
            label: Text::new("Cơ quan nhà nước thực hiện nhiệm vụ", "A state body doing its duty").into(),
            legal_bases: &[LegalBasis::STATE_DUTY],
            details: &["boolean", "full"],
            consent: false,
        },
        AgreementKind {
            kind: "legal_duty",
            label: Text::new("Tổ chức có nghĩa vụ theo luật", "An organisation under a duty by law").into(),
            legal_bases: &[LegalBasis::CUSTOMER_IDENTIFICATION, LegalBasis::STAY_NOTIFICATION],
            details: &["boolean", "full"],
            consent: false,
        },
        AgreementKind {
            kind: "consent",
            label: Text::new("Tổ chức được công dân đồng ý", "An organisation the citizen has consented to").into(),
            legal_bases: &[LegalBasis::CONSENT],
            details: &["boolean", "full"],
            consent: true,
        },
    ]
}

/// Procedures of residence registration, by their national codes.
pub const PROCEDURES: &[(&str, Text)] = &[
    ("1.003677", Text::new("Khai báo tạm vắng", "Declaration of temporary absence")),
    ("1.004194", Text::new("Đăng ký tạm trú", "Registration of temporary residence")),
    ("1.004222", Text::new("Đăng ký thường trú", "Registration of permanent residence")),
    ("1.010038", Text::new("Tách hộ", "Separation of a household")),
    ("1.010041", Text::new("Xác nhận thông tin về cư trú", "Confirmation of residence information")),
    ("2.001159", Text::new("Thông báo lưu trú", "Stay notification")),
];

/// Known legal bases, by their codes.
pub const LEGAL_BASES: &[(&str, Text)] = &[
    (
        LegalBasis::CONSENT,
        Text::new("Sự đồng ý của công dân (Luật 91/2025/QH15)", "The citizen's consent (Law 91/2025/QH15)"),
    ),
    (
        LegalBasis::STATE_DUTY,
        Text::new(
            "Cơ quan nhà nước giải quyết thủ tục hành chính (Nghị định 70/2024/NĐ-CP)",
            "A state body's duty in an administrative procedure (Decree 70/2024)",
        ),
    ),
    (
        LegalBasis::CUSTOMER_IDENTIFICATION,
        Text::new(
            "Nhận biết khách hàng (Luật Phòng, chống rửa tiền 14/2022/QH15, Điều 9)",
            "Duty to identify customers (Law on Anti-Money Laundering 14/2022/QH15 art. 9)",
        ),
    ),
    (
        LegalBasis::STAY_NOTIFICATION,
        Text::new(
            "Thông báo lưu trú (Luật Cư trú 68/2020/QH14, Điều 30)",
            "Stay notification (Law on Residence 68/2020/QH14 art. 30)",
        ),
    ),
];
