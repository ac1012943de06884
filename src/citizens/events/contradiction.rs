//! Why an event cannot be applied.

use serde::Serialize;

use crate::kernel::Text;

macro_rules! contradictions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $vi:literal, $en:literal;)*) => {
        /// What of the store an event contradicts. Stable codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Contradiction { $($(#[$doc])* $variant,)* }

        impl Contradiction {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub const fn text(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }

            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

contradictions! {
    /// It may be known later: such an event waits.
    UnknownPerson = "unknown_person",
        "Không có công dân nào mang số định danh này.", "Nobody has this number.";
    BeforeBirth = "before_birth",
        "Sự kiện xảy ra trước ngày sinh.", "The event lies before the person's birth.";
    Deceased = "deceased",
        "Công dân đã mất trước ngày của sự kiện.", "The person had died before the event.";
    AlreadyDeceased = "already_deceased",
        "Công dân đã được ghi là mất vào một ngày khác.", "The person is recorded as deceased on another day.";
    NumberTaken = "number_taken",
        "Số định danh này đã thuộc về một người.", "The number belongs to somebody already.";
    AlreadyMissing = "already_missing",
        "Công dân đã được ghi là mất tích.", "The person is recorded as missing already.";
    NotMissing = "not_missing",
        "Công dân không được ghi là mất tích.", "The person is not recorded as missing.";
    InAnotherHousehold = "in_another_household",
        "Công dân đang là thành viên của một hộ khác.", "The person is a member of another household.";
    NotInHousehold = "not_in_household",
        "Công dân không phải thành viên của hộ này.", "The person is no member of the household.";
    TwoHeads = "two_heads",
        "Hộ sẽ có hai chủ hộ.", "The household would have two heads.";
    PersonTwice = "person_twice",
        "Một người được nêu hai lần.", "A person is named twice.";
    NumberUnchanged = "number_unchanged",
        "Số mới trùng với số hiện tại.", "The new number is the current one.";
    /// Applying it would unmake somebody whom a later event brought into the store.
    ContradictsLaterEvents = "contradicts_later_events",
        "Sự kiện mâu thuẫn với các sự kiện sau đó.", "The event contradicts later ones that were applied.";
    /// Told in place of what it contradicts to whoever may not read the status.
    ContradictsRecord = "contradicts_record",
        "Sự kiện mâu thuẫn với dữ liệu đã ghi.", "The event contradicts what is recorded.";
    /// It would draw in more events than one transaction takes.
    TooManyEvents = "too_many_events",
        "Sự kiện kéo theo quá nhiều sự kiện khác.", "The event draws in too many later ones.";
}
