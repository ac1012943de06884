//! A receipt as a page to show and to print, in Vietnamese and English.

use askama::Template;

use super::model::ReceiptDocument;
use crate::http::page::Asset;
use crate::kernel::Instant;

/// How the page may be shown by itself: it loads nothing and runs nothing; its style is part of it.
pub const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CSS: &str = include_str!("printed/receipt.css");
/// The same for the desk, whose pages have nothing inline.
pub static STYLE: Asset = Asset::css("receipt.css", CSS.as_bytes());

#[derive(Template)]
#[template(path = "stays/printed/receipt.html")]
pub struct ReceiptPage<'a> {
    document: &'a ReceiptDocument,
    jws: &'a str,
    /// The desk's script: there the page has a way back and a button that prints it.
    desk: Option<&'static Asset>,
}

impl<'a> ReceiptPage<'a> {
    pub const fn at_desk(document: &'a ReceiptDocument, jws: &'a str, script: &'static Asset) -> Self {
        Self { document, jws, desk: Some(script) }
    }

    /// Day and minute in Viet Nam.
    fn time(&self, instant: &Instant) -> String {
        let (day, (hour, minute)) = (instant.date_in_viet_nam(), instant.hour_and_minute_in_viet_nam());
        format!("{hour:02}:{minute:02} {:02}/{:02}/{:04}", day.day(), day.month(), day.year())
    }
}

/// Writes the page of a receipt, to be kept by whoever holds it.
pub fn receipt(document: &ReceiptDocument, jws: &str) -> Result<String, askama::Error> {
    ReceiptPage { document, jws, desk: None }.render()
}
