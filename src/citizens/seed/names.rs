//! Names as people bear them: surnames by frequency, given names by sex and generation, and the
//! forms of other peoples than the Kinh.

use std::sync::LazyLock;

use crate::kernel::{PersonName, Sex};

use super::chance::{Chance, Weighted};
use super::words::{self, Tradition};

/// How a people forms names, and its code (Decision 121-TCTK/PPCĐ of 1979).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    pub code: &'static str,
    pub tradition: Tradition,
    pub families: &'static [&'static str],
}

static SURNAMES: LazyLock<Weighted<&'static str>> = LazyLock::new(|| {
    let listed = include_str!("data/surnames.csv").lines().skip(1).filter_map(|line| {
        let (surname, percent) = line.split_once(',')?;
        Some((surname, (percent.parse::<f64>().ok()? * 100.0) as u32))
    });
    let listed: Vec<(&str, u32)> = listed.collect();
    let rest = 10_000_u32.saturating_sub(listed.iter().map(|(_, weight)| weight).sum());
    let each = rest / words::RARE_SURNAMES.len() as u32;
    Weighted::new(listed.into_iter().chain(words::RARE_SURNAMES.iter().map(|surname| (*surname, each))))
});

/// A family's name: a surname, or a clan where there are clans.
pub fn family(people: People, southern: bool, chance: &mut Chance) -> &'static str {
    if people.tradition == Tradition::Kinh {
        match (SURNAMES.draw(chance), southern) {
            ("Vũ", true) => "Võ",
            ("Võ", false) => "Vũ",
            ("Hoàng", true) => "Huỳnh",
            ("Huỳnh", false) => "Hoàng",
            (surname, _) => surname,
        }
    } else {
        chance.pick(people.families)
    }
}

/// A full name in the family, for somebody born in `year`.
pub fn full_name(people: People, family: &str, sex: Sex, year: i32, chance: &mut Chance) -> PersonName {
    let female = sex == Sex::Female;
    let text = match people.tradition {
        Tradition::Kinh => kinh(family, female, year, chance),
        Tradition::Northern => {
            let middle = if female { "Thị" } else { "Văn" };
            let given = if female { words::NORTHERN_GIVEN_F } else { words::NORTHERN_GIVEN_M };
            join(&[family, middle, chance.pick(given)])
        }
        Tradition::Hmong if female => join(&[family, "Thị", chance.pick(words::HMONG_GIVEN_F)]),
        Tradition::Hmong => join(&[family, "A", chance.pick(words::HMONG_GIVEN_M)]),
        Tradition::Khmer => {
            let given = if female { words::KHMER_GIVEN_F } else { words::KHMER_GIVEN_M };
            join(&[family, chance.pick(given)])
        }
        Tradition::Ede if female => {
            let mark = chance.pick(&["H' ", "H'", "H\u{2019}", "H-"]);
            format!("{mark}{} {family}", chance.pick(words::EDE_GIVEN_F))
        }
        Tradition::Ede => join(&["Y", chance.pick(words::EDE_GIVEN_M), family]),
        Tradition::Jarai if female => format!("{family} H'{}", chance.pick(words::JARAI_GIVEN_F)),
        Tradition::Jarai => join(&[family, chance.pick(words::JARAI_GIVEN_M)]),
        Tradition::Koho if female => join(&["Ka", chance.pick(words::KOHO_GIVEN_F)]),
        Tradition::Koho => {
            let mark = chance.pick(&["K'", "K\u{2019}", "K' "]);
            format!("{mark}{}", chance.pick(words::KOHO_GIVEN_M))
        }
        Tradition::Bahnar => {
            let given = chance.pick(words::BAHNAR_GIVEN);
            match (chance.happens(250), female) {
                (true, _) => given.to_owned(),
                (false, true) => join(&["Y", given]),
                (false, false) => join(&["A", given]),
            }
        }
    };
    PersonName::parse(&text).expect("the word lists hold letters of names only")
}

fn kinh(family: &str, female: bool, year: i32, chance: &mut Chance) -> String {
    let generation = match year {
        ..1970 => 0,
        1970..1998 => 1,
        _ => 2,
    };
    let given = if female { words::KINH_GIVEN_F } else { words::KINH_GIVEN_M };
    let middle = if female { words::KINH_MIDDLE_F } else { words::KINH_MIDDLE_M };
    let customary = if female { "Thị" } else { "Văn" };
    let per_mille = [800, 550, 180][generation] - if female { 0 } else { 100 };
    let given = chance.pick(given[generation]);
    let kind = chance.below(1000);
    if kind < 12 {
        return join(&[family, given]);
    }
    let middle = if chance.happens(per_mille) { customary } else { chance.pick(middle) };
    if kind < 200 && female && middle == "Thị" {
        // Four words: `Nguyễn Thị Thu Hà`.
        return join(&[family, middle, chance.pick(words::KINH_MIDDLE_F), given]);
    }
    join(&[family, middle, given])
}

/// Another name somebody goes by.
pub fn other_name(female: bool, chance: &mut Chance) -> PersonName {
    let given = if female { words::KINH_GIVEN_F[0] } else { words::KINH_GIVEN_M[0] };
    PersonName::parse(chance.pick(given)).expect("the word lists hold letters of names only")
}

fn join(words: &[&str]) -> String {
    words.join(" ")
}
