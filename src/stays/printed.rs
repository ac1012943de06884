//! A receipt as a page to print, in Vietnamese and English.

use askama::Template;

use super::model::ReceiptDocument;
use crate::kernel::Instant;

/// How the page may be shown: it loads nothing and runs nothing; its style is part of it.
pub const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "stays/printed/receipt.html")]
struct ReceiptPage<'a> {
    document: &'a ReceiptDocument,
    jws: &'a str,
}

/// Writes the page of a receipt.
pub fn receipt(document: &ReceiptDocument, jws: &str) -> Result<String, askama::Error> {
    ReceiptPage { document, jws }.render()
}

impl ReceiptPage<'_> {
    /// Day and minute in Viet Nam.
    fn time(&self, instant: &Instant) -> String {
        let (day, (hour, minute)) = (instant.date_in_viet_nam(), instant.hour_and_minute_in_viet_nam());
        format!("{hour:02}:{minute:02} {:02}/{:02}/{:04}", day.day(), day.month(), day.year())
    }
}
