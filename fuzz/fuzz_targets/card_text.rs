//! The text of printed cards.
#![no_main]

use dancu::qr::card::CardText;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(card) = CardText::parse(text) {
        assert!(card.issued >= card.date_of_birth.earliest());
    }
});
