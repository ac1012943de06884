use unicode_normalization::UnicodeNormalization;

use super::*;
use crate::citizens::model::CardKind;
use crate::kernel::Sex;

const CCCD: &str = "097099000001|123456789|Nguyễn Văn An|15031999|Nam|Thôn 1, Xã A, Huyện B, Hà Nội|20052021";
const CAN_CUOC: &str = "098300000002||Trần Thị Bình|01012000|Nữ|Số 1, Phường C, TP. Hồ Chí Minh|01082024||||";
const MINORITY: &str = "099190000004||H' Test Êban|09091990|Nữ|Buôn E, Đắk Lắk|10102022";

fn fault_codes(text: &str) -> Vec<(String, &'static str)> {
    match CardText::parse(text) {
        Err(CardTextFault::Fields(faults)) => faults.into_iter().map(|f| (f.pointer, f.code)).collect(),
        other => panic!("expected faulty fields, got {other:?}"),
    }
}

#[test]
fn the_three_samples_in_every_tolerated_form() {
    for sample in [CCCD, CAN_CUOC, MINORITY] {
        let card = CardText::parse(sample).unwrap();
        let decomposed: String = sample.nfd().collect();
        assert_eq!(CardText::parse(&decomposed), Ok(card.clone()));
        assert_eq!(CardText::parse(&format!("\u{feff}{sample}\r\n")), Ok(card.clone()));
        assert_eq!(CardText::parse(&sample.replace("Nữ", "NỮ")), Ok(card));
    }
    let card = CardText::parse(CAN_CUOC).unwrap();
    assert_eq!((card.kind(), card.sex, card.extra.len()), (CardKind::CanCuoc, Sex::Female, 4));
    assert_eq!(CardText::parse(CCCD).unwrap().kind(), CardKind::Cccd);
}

#[test]
fn the_number_of_fields_decides() {
    let cut: Vec<&str> = CCCD.split('|').collect();
    assert_eq!(CardText::parse(&cut[..5].join("|")), Err(CardTextFault::TooFewFields(5)));
    let six = "097099000001|Nguyễn Văn An|15031999|Nam|Hà Nội|20052021";
    assert_eq!(CardText::parse(six), Err(CardTextFault::LookAlike(LookAlike::SixFields)));
    for more in [1, 3, 5] {
        let card = CardText::parse(&format!("{CCCD}{}", "|x".repeat(more))).unwrap();
        assert_eq!(card.extra.len(), more);
    }
}

#[test]
fn partial_dates_and_impossible_ones() {
    for (written, read) in [("1999", "1999"), ("00001999", "1999"), ("00031999", "1999-03")] {
        let card = CardText::parse(&CCCD.replace("15031999", written)).unwrap();
        assert_eq!(card.date_of_birth.to_string(), read);
    }
    let faulty = CCCD.replace("15031999", "31022000").replace("20052021", "0000").replace("Nam", "M");
    assert_eq!(
        fault_codes(&faulty),
        [
            ("/payload/3".to_owned(), "date_impossible"),
            ("/payload/4".to_owned(), "card_sex"),
            ("/payload/6".to_owned(), "date_impossible"),
        ]
    );
    assert_eq!(fault_codes(&CCCD.replace("20052021", "20051998"))[0].1, "issued_before_birth");
}

#[test]
fn other_codes_are_named() {
    let cases = [
        ("GD4797912345678|4e677579e1bb856e|01/01/1990|1|Xa A|01 - 001|01/01/2024|-", LookAlike::HealthInsurance),
        (
            "00020101021138540010A00000072701240006970436011012345678900208QRIBFTTA53037045802VN6304ABCD",
            LookAlike::BankTransfer,
        ),
        ("https://example.vn/x?id=1", LookAlike::Url),
        ("{\"name\":\"An\"}", LookAlike::Json),
        ("Số CCCD: 097099000001\nHọ tên: Nguyễn Văn An", LookAlike::LabelledLines),
        ("097099000001|123456789|Nguyễn Văn An|15/03/1999|Nam|Hà Nội|20/05/2021", LookAlike::SlashedDates),
    ];
    for (text, expected) in cases {
        assert_eq!(CardText::parse(text), Err(CardTextFault::LookAlike(expected)), "{text}");
    }
}

#[test]
fn a_wrong_encoding_is_said_not_matched() {
    let misread = CCCD.replace("Nguyễn", "Nguy盻⁤n");
    assert_eq!(CardText::parse(&misread), Err(CardTextFault::WrongEncoding));
    assert_eq!(CardText::parse("097099000001||ﾃﾅ|1999|Nam|x|20052021"), Err(CardTextFault::WrongEncoding));
    assert_eq!(CardText::parse(&"x".repeat(5_000)), Err(CardTextFault::TooLong));
    assert_eq!(format!("{:?}", CardText::parse(CCCD).unwrap()), "CardText(redacted)");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,300}", fields in proptest::collection::vec("[0-9a-zA-ZÀ-ỹ /]{0,14}", 0..13)) {
        let _ = CardText::parse(&text);
        let _ = CardText::parse(&fields.join("|"));
    }
}
