use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{citizen, name, prepared};
use crate::citizens::matching::claims::Record;
use crate::citizens::matching::name::{PreparedName, compare_prepared};
use crate::citizens::matching::score::name_score;
use crate::citizens::matching::{Claims, Verdict, compare_names, index_form};
use crate::kernel::{Faults, PersonName, Units};

const WORDS: [&str; 34] = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Vũ",
    "Võ",
    "Hoàng",
    "Huỳnh",
    "Đặng",
    "Đỗ",
    "Lý",
    "Lí",
    "Văn",
    "Thị",
    "Hòa",
    "Hoà",
    "Thuý",
    "Thúy",
    "Khoẻ",
    "Mỹ",
    "Mĩ",
    "Quý",
    "Quí",
    "An",
    "Ân",
    "Ánh",
    "Thành",
    "Thanh",
    "Y",
    "H'",
    "K’Brơi",
    "Êban",
    "Ñŭ",
    "Phượng",
    "Ước",
];

fn full_name() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 1..6).prop_map(|words| words.join(" "))
}

fn verdict(given: &str, record: &str) -> Verdict {
    compare_names(&name(given), &prepared(record)).verdict
}

fn has_marks(text: &str) -> bool {
    !crate::kernel::orthography::is_plain(text)
}

/// The other customary place of the tone mark.
fn other_tone_place(text: &str) -> String {
    [("oà", "òa"), ("uý", "úy"), ("oẻ", "ỏe"), ("OÀ", "ÒA")].iter().fold(text.to_owned(), |text, (new, old)| {
        if text.contains(new) { text.replace(new, old) } else { text.replace(old, new) }
    })
}

fn without_marks(text: &str) -> String {
    let letters = text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    letters
        .map(|c| match c {
            'đ' => 'd',
            'Đ' => 'D',
            c => c,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_name_is_exactly_itself(text in full_name()) {
        prop_assert_eq!(verdict(&text, &text), Verdict::Exact);
    }

    #[test]
    fn form_case_and_spaces_change_nothing(given in full_name(), record in full_name()) {
        let before = verdict(&given, &record);
        let written = [
            given.nfd().collect::<String>(), given.nfc().collect(), given.to_uppercase(), given.to_lowercase(),
            given.to_uppercase().nfd().collect(), format!("  {}\u{a0}", given.replace(' ', "\t \u{2003}")),
        ];
        for other in written {
            prop_assert_eq!(verdict(&other, &record), before, "{} | {}", other, record);
            prop_assert_eq!(verdict(&record, &other), verdict(&record, &given), "{} | {}", record, other);
        }
    }

    #[test]
    fn the_place_of_the_tone_costs_no_more_than_the_tier_equivalent(given in full_name(), record in full_name()) {
        let (before, after) = (verdict(&given, &record), verdict(&other_tone_place(&given), &record));
        prop_assert!(before == after || (before.verifies() && after.verifies()), "{} | {}", given, record);
    }

    #[test]
    fn names_with_marks_on_both_sides_compare_alike_both_ways(a in full_name(), b in full_name()) {
        prop_assume!(has_marks(&a) && has_marks(&b) && a.contains(' ') && b.contains(' '));
        prop_assert_eq!(verdict(&a, &b), verdict(&b, &a), "{} | {}", a, b);
    }

    #[test]
    fn leaving_out_marks_or_spaces_still_verifies(text in full_name()) {
        let plain = without_marks(&text);
        prop_assert!(verdict(&plain, &text).verifies(), "{} | {}", plain, text);
        let joined = plain.replace(' ', "");
        prop_assert!(verdict(&joined, &text).verifies(), "{} | {}", joined, text);
    }

    /// Change upon change: marks left out, words turned round, a letter doubled, strangers added.
    #[test]
    fn a_further_change_never_improves_the_verdict(record in full_name()) {
        let plain = without_marks(&record);
        let turned = plain.split(' ').rev().collect::<Vec<_>>().join(" ");
        let doubled = format!("{turned}{}", turned.chars().next_back().unwrap_or('n'));
        let longer = format!("{doubled} Xuyen Viet");
        let steps = [record.clone(), plain, turned, doubled, longer].map(|given| verdict(&given, &record));
        prop_assert_eq!(steps[4], Verdict::Mismatch);
        // A palindrome of words is turned round to itself; a slip may then be the first one.
        prop_assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{record} {steps:?}");
    }

    #[test]
    fn what_verifies_shares_its_index_form(given in full_name(), record in full_name()) {
        if verdict(&given, &record).verifies() {
            prop_assert_eq!(index_form(&name(&given)), index_form(&name(&record)));
        }
    }

    #[test]
    fn better_verdicts_score_higher(a in full_name(), b in full_name(), c in full_name()) {
        let record = prepared(&a);
        let score = |given: &str| {
            let given = prepared(given);
            let verdict = compare_prepared(&given, &record).verdict;
            (verdict, name_score(&given, &record, verdict))
        };
        let ((first, first_score), (second, second_score)) = (score(&b), score(&c));
        prop_assert!((0.0..=1.0).contains(&first_score));
        if first < second {
            prop_assert!(first_score > second_score, "{first_score} {second_score}");
        }
    }

    #[test]
    fn arbitrary_text_never_panics(a in "\\PC{0,60}", b in "[\\p{L}\\p{M}' .-]{1,40}", c in any::<String>()) {
        for given in [&a, &b, &c] {
            for record in [&a, &b, &c] {
                let (Ok(given), Ok(record)) = (PersonName::parse(given), PersonName::parse(record)) else { continue };
                let (given_name, record_name) = (PreparedName::new(&given), PreparedName::new(&record));
                let comparison = compare_names(&given, &record_name);
                prop_assert_eq!(comparison, compare_prepared(&given_name, &record_name));
                let score = name_score(&given_name, &record_name, comparison.verdict);
                prop_assert!((0.0..=1.0).contains(&score));
                if comparison.verdict.verifies() {
                    prop_assert_eq!(index_form(&given), index_form(&record));
                }
            }
        }
        Units::shared().locate(&a);
        Units::shared().search_communes(&c, None);
    }

    #[test]
    fn arbitrary_claims_are_refused_or_compared(member in "\\PC{0,12}", text in any::<String>()) {
        let person = citizen(serde_json::json!({}));
        let full_name = PreparedName::new(&person.full_name);
        for value in [serde_json::json!(text), serde_json::json!({member.clone(): text}), serde_json::json!([1, null])] {
            let mut claims = serde_json::Map::new();
            claims.insert(member.clone(), value.clone());
            for attribute in crate::kernel::Attribute::ALL {
                claims.insert(attribute.name().to_owned(), value.clone());
            }
            for (name, value) in claims {
                let mut faults = Faults::default();
                let claims = Claims::parse(&serde_json::json!({name: value}), "/claims", &mut faults);
                prop_assert_eq!(claims.is_none(), !faults.is_empty());
                if let Some(claims) = claims {
                    claims.compare(Record { citizen: &person, full_name: &full_name });
                }
            }
        }
    }
}
