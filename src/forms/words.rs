//! The words forms use for codes.

use crate::citizens::model::{CardKind, MaritalStatus, RelationToHead};
use crate::kernel::Sex;

/// The 54 ethnic groups by code (Decision 121-TCTK/PPCĐ of 1979).
const ETHNIC_GROUPS: [&str; 54] = [
    "Kinh", "Tày", "Thái", "Hoa", "Khơ-me", "Mường", "Nùng", "HMông", "Dao", "Gia-rai", "Ngái", "Ê-đê", "Ba na",
    "Xơ-Đăng", "Sán Chay", "Cơ-ho", "Chăm", "Sán Dìu", "Hrê", "Mnông", "Ra-glai", "Xtiêng", "Bru-Vân Kiều", "Thổ",
    "Giáy", "Cơ-tu", "Gié-Triêng", "Mạ", "Khơ-mú", "Co", "Tà-ôi", "Chơ-ro", "Kháng", "Xinh-mun", "Hà Nhì", "Chu ru",
    "Lào", "La Chí", "La Ha", "Phù Lá", "La Hủ", "Lự", "Lô Lô", "Chứt", "Mảng", "Pà Thẻn", "Co Lao", "Cống", "Bố Y",
    "Si La", "Pu Péo", "Brâu", "Ơ Đu", "Rơ măm",
];

/// The name of an ethnic group; `None` for a code that is none.
pub fn ethnic_group(code: &str) -> Option<&'static str> {
    let number: usize = code.parse().ok()?;
    ETHNIC_GROUPS.get(number.checked_sub(1)?).copied()
}

/// Forms name the own nationality in words; how they name others is for the citizen to say.
pub fn nationality(code: &str) -> Option<&'static str> {
    (code == "VNM").then_some("Việt Nam")
}

pub const fn sex(sex: Sex) -> Option<&'static str> {
    sex.card_word()
}

pub const fn marital_status(status: MaritalStatus) -> Option<&'static str> {
    match status {
        MaritalStatus::Unknown => None,
        MaritalStatus::Single => Some("Chưa kết hôn"),
        MaritalStatus::Married => Some("Đang có vợ/chồng"),
        MaritalStatus::DivorcedOrWidowed => Some("Đã ly hôn hoặc góa"),
    }
}

pub const fn card(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Cccd => "Căn cước công dân",
        CardKind::CanCuoc => "Căn cước",
    }
}

/// As CT01 writes it. The words say nobody's sex.
pub const fn relation(relation: RelationToHead) -> &'static str {
    match relation {
        RelationToHead::Head => "Chủ hộ",
        RelationToHead::Spouse => "Vợ/chồng",
        RelationToHead::Child => "Con",
        RelationToHead::Parent => "Cha/mẹ",
        RelationToHead::Sibling => "Anh/chị/em",
        RelationToHead::Grandparent => "Ông/bà",
        RelationToHead::Grandchild => "Cháu",
        RelationToHead::OtherRelative => "Người thân khác",
        RelationToHead::Lodger => "Người ở nhờ, ở thuê",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_names() {
        assert_eq!((ethnic_group("01"), ethnic_group("12"), ethnic_group("54")), (Some("Kinh"), Some("Ê-đê"), Some("Rơ măm")));
        assert_eq!((ethnic_group("00"), ethnic_group("55"), ethnic_group("x")), (None, None, None));
        assert_eq!(nationality("LAO"), None);
    }
}
