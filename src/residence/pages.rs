//! A confirmation as a page to print, in Vietnamese.

use askama::Template;

use super::model::{ConfirmedPlace, Document};
use crate::citizens::model::RelationToHead;
use crate::kernel::{CivilDate, Instant, PartialDate, Sex};

/// How the page may be shown: it loads nothing and runs nothing; its style is part of it.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "residence/pages/confirmation.html")]
struct ConfirmationPage<'a> {
    document: &'a Document,
    /// Drawn by this program: plain shapes.
    svg: &'a str,
}

/// Writes the page of a confirmation and the symbol of its QR.
pub fn confirmation(document: &Document, svg: &str) -> Result<String, askama::Error> {
    ConfirmationPage { document, svg }.render()
}

impl ConfirmationPage<'_> {
    fn day(&self, date: &CivilDate) -> String {
        format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
    }

    fn birth(&self, date: &PartialDate) -> String {
        match date {
            PartialDate::Day(date) => self.day(date),
            PartialDate::Month { year, month } => format!("{month:02}/{year:04}"),
            PartialDate::Year(year) => format!("{year:04}"),
        }
    }

    fn instant(&self, instant: &Instant) -> String {
        self.day(&instant.date_in_viet_nam())
    }

    fn place(&self, place: &Option<ConfirmedPlace>) -> String {
        let Some(place) = place else { return "Không có thông tin".to_owned() };
        let mut text = place.address.clone();
        if let Some(since) = &place.since {
            text.push_str(&format!(" (từ ngày {})", self.day(since)));
        }
        if let Some(until) = &place.until {
            text.push_str(&format!(" (đến ngày {})", self.day(until)));
        }
        text
    }

    fn sex(&self, sex: &Option<Sex>) -> &'static str {
        match sex {
            Some(Sex::Male) => "Nam",
            Some(Sex::Female) => "Nữ",
            Some(Sex::Unknown) | None => "—",
        }
    }

    fn relation(&self, relation: &RelationToHead) -> &'static str {
        match relation {
            RelationToHead::Head => "Chủ hộ",
            RelationToHead::Spouse => "Vợ, chồng",
            RelationToHead::Child => "Con",
            RelationToHead::Parent => "Cha, mẹ",
            RelationToHead::Sibling => "Anh, chị, em",
            RelationToHead::Grandparent => "Ông, bà",
            RelationToHead::Grandchild => "Cháu",
            RelationToHead::OtherRelative => "Người thân khác",
            RelationToHead::Lodger => "Người ở nhờ, ở thuê",
        }
    }
}
