//! Stays and guests in words.

use super::frame::{Countdown, moment};
use crate::http::page::Page;
use crate::kernel::Instant;
use crate::stays::model::{GuestVerdict, StayState};
use crate::stays::service::{GuestTold, StayTold};

/// A guest as the desk shows them.
pub(super) struct ShownGuest {
    pub name: String,
    pub label: &'static str,
    /// Class of the label.
    pub tag: &'static str,
    /// Why the guest is not verified.
    pub why: Option<&'static str>,
}

impl ShownGuest {
    pub fn of(page: &Page, guest: &GuestTold) -> Self {
        let (label, tag) = match guest.verdict {
            GuestVerdict::Verified => (page.say("khớp", "verified"), "good"),
            GuestVerdict::Mismatch => (page.say("không khớp", "mismatch"), "amber"),
            GuestVerdict::Unverified => (page.say("chưa kiểm tra", "not verified"), "plain"),
        };
        let name = guest.full_name.as_ref().map(|name| name.expose().to_owned());
        Self {
            name: name.unwrap_or_else(|| page.say("Khách không nêu tên", "A guest without a name").to_owned()),
            label,
            tag,
            why: (guest.verdict != GuestVerdict::Verified).then(|| page.tell(&guest.reason.text())),
        }
    }
}

/// One line of today's list.
pub(super) struct Row {
    pub id: String,
    pub room: Option<String>,
    /// What its actions are about, for those who hear them.
    pub whose: String,
    pub guests: Vec<ShownGuest>,
    pub arrival: String,
    pub until: Option<String>,
    /// As a field of a form has it.
    pub until_day: String,
    pub left: Option<String>,
    pub state: &'static str,
    pub open: bool,
    pub cancelled: bool,
    pub on_time: bool,
    /// While the deadline is to come.
    pub mend: Option<Countdown>,
    pub marked: bool,
}

impl Row {
    pub fn of(page: &Page, stay: &StayTold, now: Instant) -> Self {
        let guests: Vec<ShownGuest> = stay.guests.iter().map(|guest| ShownGuest::of(page, guest)).collect();
        let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
        let open = stay.state == StayState::Open;
        Self {
            id: stay.stay_id.to_string(),
            room: stay.room.clone(),
            whose: names.join(", "),
            arrival: moment(stay.arrival, now),
            until: stay.planned_departure.map(short_day),
            until_day: stay.planned_departure.map(|until| until.date_in_viet_nam().to_string()).unwrap_or_default(),
            left: stay.left_at.map(|left| moment(left, now)),
            state: match stay.state {
                StayState::Open => "open",
                StayState::Left => "left",
                StayState::Cancelled => "cancelled",
            },
            open,
            cancelled: stay.state == StayState::Cancelled,
            on_time: stay.on_time,
            mend: (open && stay.deadline > now).then(|| Countdown::to(page, stay.deadline, now)),
            marked: stay.guests.iter().any(|guest| guest.verdict == GuestVerdict::Mismatch),
            guests,
        }
    }
}

/// What came of the guest who was reported last.
pub(super) struct Done {
    pub id: String,
    pub verdict: &'static str,
    pub tone: &'static str,
    pub sign: &'static str,
    pub headline: &'static str,
    pub advice: Option<&'static str>,
    pub guests: Vec<ShownGuest>,
    pub repeated: bool,
    pub received: String,
    pub on_time: bool,
    pub deadline: Countdown,
    pub room: Option<String>,
    pub until: Option<String>,
    /// Whether another try at the one guest makes sense.
    pub mend: bool,
}

impl Done {
    pub fn of(page: &Page, stay: &StayTold, repeated: bool, now: Instant) -> Self {
        let has = |verdict| stay.guests.iter().any(|guest| guest.verdict == verdict);
        let (verdict, tone, sign, headline, advice) = if has(GuestVerdict::Mismatch) {
            let advice = page.say(
                "Thông báo vẫn được nhận và có đánh dấu. Hãy xem lại thẻ; nếu gõ nhầm, sửa trước hạn.",
                "The notice is taken and marked. Look at the card again; if something was mistyped, mend it before the deadline.",
            );
            ("mismatch", "amber", "!", page.say("Không khớp", "Mismatch"), Some(advice))
        } else if has(GuestVerdict::Unverified) {
            let advice = page
                .say("Thông báo đã được nhận. Không cần làm gì thêm.", "The notice is taken. Nothing more is needed.");
            ("unverified", "plain", "?", page.say("Đã báo, chưa kiểm tra được", "Reported, not verified"), Some(advice))
        } else {
            ("verified", "good", "✓", page.say("Khớp", "Verified"), None)
        };
        Self {
            id: stay.stay_id.to_string(),
            verdict,
            tone,
            sign,
            headline,
            advice,
            guests: stay.guests.iter().map(|guest| ShownGuest::of(page, guest)).collect(),
            repeated,
            received: moment(stay.receipt.document.received_at, now),
            on_time: stay.on_time,
            deadline: Countdown::to(page, stay.deadline, now),
            room: stay.room.clone(),
            until: stay.planned_departure.map(short_day),
            mend: stay.state == StayState::Open && stay.guests.len() == 1 && has(GuestVerdict::Mismatch),
        }
    }
}

fn short_day(at: Instant) -> String {
    let day = at.date_in_viet_nam();
    format!("{:02}/{:02}", day.day(), day.month())
}
