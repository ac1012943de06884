//! What a comparison says: a verdict, a stable reason, and both in words.

use serde::Serialize;

use crate::kernel::{Language, Text};

/// How well something given fits what is recorded, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same, but for Unicode form, case and white space.
    Exact,
    /// The same thing written or known differently: verifies, anchors.
    Equivalent,
    /// Likely meant, not the same: verifies nothing.
    Close,
    /// Nothing is recorded to compare with.
    NotRecorded,
    Mismatch,
}

impl Verdict {
    pub const ALL: [Self; 5] = [Self::Exact, Self::Equivalent, Self::Close, Self::NotRecorded, Self::Mismatch];

    /// Whether the claim counts as verified.
    pub const fn verifies(self) -> bool {
        matches!(self, Self::Exact | Self::Equivalent)
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Equivalent => "equivalent",
            Self::Close => "close",
            Self::NotRecorded => "not_recorded",
            Self::Mismatch => "mismatch",
        }
    }
}

/// A verdict and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    pub verdict: Verdict,
    pub reason: Reason,
}

impl Comparison {
    pub const fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason }
    }

    pub const SAME: Self = Self::new(Verdict::Exact, Reason::Same);
    pub const DIFFERS: Self = Self::new(Verdict::Mismatch, Reason::Differs);
    pub const NOT_RECORDED: Self = Self::new(Verdict::NotRecorded, Reason::NotRecorded);

    /// The less favourable of two, for claims of several parts; the first if they tie.
    pub fn worse(self, other: Self) -> Self {
        if other.verdict > self.verdict { other } else { self }
    }

    pub const fn same_if(same: bool) -> Self {
        if same { Self::SAME } else { Self::DIFFERS }
    }
}

macro_rules! reasons {
    ($($variant:ident = $code:literal, $vi:literal, $en:literal;)*) => {
        /// Why a verdict was given. The codes are stable: they may be added to, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $(#[doc = $en] $variant,)* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub const fn text(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }
        }
    };
}

reasons! {
    Same = "same", "Giống nhau.", "The same.";
    Differs = "differs", "Khác nhau.", "Different.";
    NotRecorded = "not_recorded", "Dữ liệu không có mục này.", "Nothing is recorded.";

    TonePlacement = "tone_placement", "Chỉ khác vị trí đặt dấu thanh.", "Only the place of the tone mark differs.";
    IOrY = "i_or_y", "Chỉ khác cách viết i/y.", "Only i and y differ, where both may be written.";
    ApostropheOrHyphen = "apostrophe_or_hyphen", "Chỉ khác dấu nháy, dấu nối, dấu chấm.",
        "Only apostrophes, hyphens or stops differ.";
    SpellingVariants = "spelling_variants", "Chỉ khác cách viết, theo nhiều quy tắc chính tả.",
        "Only spelling differs, by several of the rules.";
    NoDiacritics = "no_diacritics", "Giống nhau nếu bỏ dấu; tên đưa vào không có dấu.",
        "The same but for diacritics, of which the given name has none.";
    NoSpaces = "no_spaces", "Giống nhau nếu bỏ khoảng trắng; tên đưa vào viết liền.",
        "The same but for spaces, of which the given name has none.";

    TokenOrder = "token_order", "Cùng các tiếng, khác thứ tự.", "The same words in another order.";
    OneEdit = "one_edit", "Khác một chữ cái.", "One letter differs.";
    SyllableMarks = "syllable_marks", "Khác dấu của một tiếng.", "The marks of one syllable differ.";
    MiddleNameMissing = "middle_name_missing", "Thiếu tên đệm ở một bên.", "One side lacks a middle name.";
    Spacing = "spacing", "Chỉ khác cách tách tiếng.", "Only the division into words differs.";
    RecordWithoutDiacritics = "record_without_diacritics", "Tên trong dữ liệu không có dấu nên không thể khẳng định.",
        "The recorded name has no diacritics, so it cannot confirm the given ones.";
    SurnameDiffers = "surname_differs", "Khác họ.", "The family names are different ones.";
    NameDiffers = "name_differs", "Khác tên.", "The names are different.";
    ForeignLetters = "foreign_letters", "Có chữ cái ngoài bảng chữ cái Latinh hoặc chữ giống chữ Latinh.",
        "There are letters of another script, or letters that only look Latin.";

    RecordCoarser = "record_coarser", "Dữ liệu ghi ngày ít chi tiết hơn; phần có ghi thì giống.",
        "The record knows less of the date; what it knows agrees.";
    GivenCoarser = "given_coarser", "Ngày đưa vào ít chi tiết hơn; phần đưa vào thì giống.",
        "Less of the date was given than is recorded; what was given agrees.";
    DayAndMonthSwapped = "day_and_month_swapped", "Ngày và tháng đảo chỗ.", "Day and month have changed places.";

    NumberCancelled = "number_cancelled", "Số đã bị hủy của chính người này.",
        "A cancelled number of the same person.";

    ProvinceOnly = "province_only", "Chỉ đối chiếu được đến cấp tỉnh; giống nhau.",
        "Only the province was given or is recorded; it agrees.";
    OldUnitWhole = "old_unit_whole", "Đơn vị cũ đã nhập toàn bộ vào đơn vị này.",
        "The old unit became part of the recorded one as a whole.";
    OldUnitPart = "old_unit_part", "Một phần đơn vị cũ thuộc đơn vị này.",
        "A part of the old unit went to the recorded one.";
    UnitDiffers = "unit_differs", "Khác đơn vị hành chính.", "Another administrative unit.";
    UnitByText = "unit_by_text", "Địa chỉ viết tự do có thể chỉ đơn vị này.", "The free text may mean the recorded unit.";
    DetailDiffers = "detail_differs", "Cùng đơn vị, khác số nhà, đường, thôn.",
        "The unit agrees, house, street or hamlet do not.";
    DetailNotRecorded = "detail_not_recorded", "Cùng đơn vị; dữ liệu không có số nhà, đường, thôn.",
        "The unit agrees; house, street and hamlet are not recorded.";

    LetterCase = "letter_case", "Chỉ khác chữ hoa, chữ thường.", "Only upper and lower case differ.";
    NumberFormat = "number_format", "Chỉ khác cách viết số điện thoại.", "Only the way the number is written differs.";
    TextVariant = "text_variant", "Chỉ khác cách viết.", "Only the way it is written differs.";
    PartDiffers = "part_differs", "Có phần khác nhau.", "A part of it differs.";
}

impl Reason {
    pub const fn in_language(self, language: Language) -> &'static str {
        self.text().in_language(language)
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_snake_case() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn verdicts_say_their_own_code() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.code());
        }
        let verifying = Verdict::ALL.into_iter().filter(|verdict| verdict.verifies());
        assert_eq!(verifying.collect::<Vec<_>>(), [Verdict::Exact, Verdict::Equivalent]);
    }
}
