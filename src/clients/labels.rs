//! What attributes, procedures and legal bases are called, in the catalogue and on pages.

pub use super::catalogue::{LEGAL_BASES, PROCEDURES};
use crate::kernel::{Attribute, LegalBasis, ProcedureCode, Text};

/// The name of a procedure; agreements may list others, whose code is all there is.
pub fn procedure_label(code: &ProcedureCode) -> Option<Text> {
    PROCEDURES.iter().find(|(known, _)| *known == code.as_str()).map(|(_, label)| *label)
}

/// The name of a legal basis; agreements may list others.
pub fn legal_basis_label(code: &LegalBasis) -> Option<Text> {
    LEGAL_BASES.iter().find(|(known, _)| *known == code.as_str()).map(|(_, label)| *label)
}

/// The name of an attribute.
pub const fn attribute_label(attribute: Attribute) -> Text {
    match attribute {
        Attribute::FullName => Text::new("Họ, chữ đệm và tên khai sinh", "Full name at birth"),
        Attribute::OtherName => Text::new("Tên gọi khác", "Other name"),
        Attribute::IdNumber => Text::new("Số định danh cá nhân", "Personal identification number"),
        Attribute::LegacyIdNumber => Text::new("Số chứng minh nhân dân 9 số", "Nine-digit identity card number"),
        Attribute::DateOfBirth => Text::new("Ngày, tháng, năm sinh", "Date of birth"),
        Attribute::Sex => Text::new("Giới tính", "Sex"),
        Attribute::PlaceOfBirth => Text::new("Nơi sinh", "Place of birth"),
        Attribute::PlaceOfBirthRegistration => Text::new("Nơi đăng ký khai sinh", "Place of birth registration"),
        Attribute::PlaceOfOrigin => Text::new("Quê quán", "Place of origin"),
        Attribute::Ethnicity => Text::new("Dân tộc", "Ethnicity"),
        Attribute::Religion => Text::new("Tôn giáo", "Religion"),
        Attribute::Nationality => Text::new("Quốc tịch", "Nationality"),
        Attribute::BloodGroup => Text::new("Nhóm máu", "Blood group"),
        Attribute::MaritalStatus => Text::new("Tình trạng hôn nhân", "Marital status"),
        Attribute::PermanentResidence => Text::new("Nơi thường trú", "Permanent residence"),
        Attribute::TemporaryResidence => Text::new("Nơi tạm trú", "Temporary residence"),
        Attribute::CurrentResidence => Text::new("Nơi ở hiện tại", "Current residence"),
        Attribute::TemporaryAbsence => Text::new("Tình trạng khai báo tạm vắng", "Temporary absence"),
        Attribute::Household => Text::new("Hộ gia đình", "Household"),
        Attribute::Parents => Text::new("Cha, mẹ", "Parents"),
        Attribute::Spouse => Text::new("Vợ, chồng", "Spouse"),
        Attribute::Children => Text::new("Con", "Children"),
        Attribute::Representative => Text::new("Người đại diện hợp pháp", "Legal representative"),
        Attribute::Card => Text::new("Thẻ căn cước", "Identity card"),
        Attribute::Photo => Text::new("Ảnh khuôn mặt", "Photo"),
        Attribute::Phone => Text::new("Số điện thoại", "Phone number"),
        Attribute::Email => Text::new("Địa chỉ thư điện tử", "E-mail address"),
        Attribute::Status => Text::new("Tình trạng: sống, chết, mất tích", "Status: alive, deceased, missing"),
        Attribute::StatusDate => Text::new("Ngày chết hoặc mất tích", "Date of death or of going missing"),
    }
}
