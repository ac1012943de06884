use super::{name, prepared};
use crate::citizens::matching::name::compare_prepared;
use crate::citizens::matching::score::name_score;
use crate::citizens::matching::{Reason, Verdict, compare_names, index_form};

fn reason(given: &str, record: &str) -> (Verdict, Reason) {
    let comparison = compare_names(&name(given), &prepared(record));
    (comparison.verdict, comparison.reason)
}

#[test]
fn every_verdict_says_why() {
    use Verdict::{Close, Equivalent, Exact, Mismatch};
    for (given, record, verdict, expected) in [
        ("NGUYỄN VĂN AN", "Nguyễn Văn An", Exact, Reason::Same),
        ("Lê Thúy Hòa", "Lê Thuý Hoà", Equivalent, Reason::TonePlacement),
        ("Lí Mĩ", "Lý Mỹ", Equivalent, Reason::IOrY),
        ("H’ Test Êban", "H' Test Êban", Equivalent, Reason::ApostropheOrHyphen),
        ("HTest Êban", "H' Test Êban", Equivalent, Reason::ApostropheOrHyphen),
        ("H’ Hòa", "H' Hoà", Equivalent, Reason::SpellingVariants),
        ("NGUYEN VAN AN", "Nguyễn Văn An", Equivalent, Reason::NoDiacritics),
        ("NGUYENVANAN", "Nguyễn Văn An", Equivalent, Reason::NoSpaces),
        ("An Văn Nguyễn", "Nguyễn Văn An", Close, Reason::TokenOrder),
        ("Nguyễn Văn Anh", "Nguyễn Văn An", Close, Reason::OneEdit),
        ("Lê Văn Thanh", "Lê Văn Thành", Close, Reason::SyllableMarks),
        ("Nguyễn An", "Nguyễn Văn An", Close, Reason::MiddleNameMissing),
        ("Nguyễn VănAn", "Nguyễn Văn An", Close, Reason::Spacing),
        ("Nguyễn Văn An", "NGUYEN VAN AN", Close, Reason::RecordWithoutDiacritics),
        ("Vũ An", "Võ An", Mismatch, Reason::SurnameDiffers),
        ("Nguyễn Văn An", "Nguyễn Thị Bình", Mismatch, Reason::NameDiffers),
        ("Nguyễn Văn \u{410}n", "Nguyễn Văn An", Mismatch, Reason::ForeignLetters),
    ] {
        assert_eq!(reason(given, record), (verdict, expected), "{given} | {record}");
    }
}

#[test]
fn the_index_form_is_bare_letters() {
    assert_eq!(index_form(&name("H' Ñŭ  ĐĂNG-Mỹ")), "hnudangmi");
    assert_eq!(index_form(&name("Nguyễn Văn An")), index_form(&name("NGUYENVANAN")));
}

#[test]
fn scores_keep_within_the_band_of_their_verdict() {
    let score = |given: &str, record: &str| {
        let (given, record) = (prepared(given), prepared(record));
        name_score(&given, &record, compare_prepared(&given, &record).verdict)
    };
    assert_eq!(score("Nguyễn Văn An", "NGUYỄN VĂN AN"), 1.0);
    assert_eq!(score("NGUYEN VAN AN", "Nguyễn Văn An"), 0.95);
    let close = score("Nguyễn Văn Anh", "Nguyễn Văn An");
    assert!((0.60..=0.90).contains(&close), "{close}");
    let same_given_name = score("Trần Thị Hồng Hạnh", "Nguyễn Thu Hồng Hạnh");
    let same_common_surname = score("Nguyễn Văn Bình", "Nguyễn Thị Xuyến");
    assert!(same_given_name > same_common_surname, "the given name weighs more than a common surname");
    assert!(same_given_name < 0.60);
}

#[test]
fn debug_shows_nobody() {
    assert_eq!(format!("{:?}", prepared("Nguyễn Văn An")), "PreparedName(redacted)");
}
