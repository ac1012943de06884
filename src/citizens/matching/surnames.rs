//! Family names: which are different names however alike they look, and how little a common one says.

/// Common family names with their share of the population in percent (shares of the project's
/// `surnames.csv`; those without a figure there are given 0.3). Two different entries are two
/// families: a slip of the pen never turns one into the other.
const SURNAMES: &[(&str, f32)] = &[
    ("Nguyễn", 38.4),
    ("Trần", 12.1),
    ("Lê", 9.5),
    ("Phạm", 7.0),
    ("Phan", 4.5),
    ("Hoàng", 2.55),
    ("Huỳnh", 2.55),
    ("Đặng", 2.1),
    ("Bùi", 2.0),
    ("Vũ", 1.95),
    ("Võ", 1.95),
    ("Đỗ", 1.4),
    ("Hồ", 1.3),
    ("Ngô", 1.3),
    ("Dương", 1.0),
    ("Lý", 0.5),
    ("Chu", 0.3),
    ("Châu", 0.3),
    ("Cao", 0.3),
    ("Đào", 0.3),
    ("Đinh", 0.3),
    ("Đoàn", 0.3),
    ("Hà", 0.3),
    ("Lâm", 0.3),
    ("Lương", 0.3),
    ("Lưu", 0.3),
    ("Mai", 0.3),
    ("Phùng", 0.3),
    ("Tạ", 0.3),
    ("Thái", 0.3),
    ("Tô", 0.3),
    ("Tôn", 0.3),
    ("Tống", 0.3),
    ("Trịnh", 0.3),
    ("Trương", 0.3),
    ("Vương", 0.3),
];

/// Pairs that are one name in two regions, by taboo or dialect, and different names in law,
/// wherever in a name they stand.
const NEVER_ONE_NAME: &[(&str, &str)] = &[("vu", "vo"), ("hoang", "huynh"), ("chu", "chau")];

/// The table with every name as spelled and plain forms, made once.
static TABLE: std::sync::LazyLock<Vec<Surname>> = std::sync::LazyLock::new(|| {
    use crate::kernel::orthography::{Folding, Word};
    let surname = |&(name, percent): &(&str, f32)| {
        let word = Word::parse(name);
        let (mut spelled, mut plain) = (String::new(), String::new());
        word.write_spelling(Folding::ALL, &mut spelled);
        word.write_plain(&mut plain);
        Surname { spelled, plain, percent }
    };
    SURNAMES.iter().map(surname).collect()
});

struct Surname {
    spelled: String,
    plain: String,
    percent: f32,
}

/// Two words of a name in spelled form with their plain forms.
#[derive(Clone, Copy)]
pub(super) struct WordPair<'a> {
    pub spelled: (&'a str, &'a str),
    pub plain: (&'a str, &'a str),
}

/// Whether both are known family names, and not the same one.
pub(super) fn are_two_families(pair: WordPair<'_>) -> bool {
    let known = |form: fn(&Surname) -> &str, words: (&str, &str)| {
        words.0 != words.1 && [words.0, words.1].iter().all(|word| TABLE.iter().any(|name| form(name) == *word))
    };
    known(|name| &name.spelled, pair.spelled) || known(|name| &name.plain, pair.plain)
}

/// Whether the words are one of the pairs that are never one name.
pub(super) fn are_never_one_name((a, b): (&str, &str)) -> bool {
    NEVER_ONE_NAME.iter().any(|&(x, y)| (a, b) == (x, y) || (a, b) == (y, x))
}

/// What agreeing in this family name says, in bits, between about 1 (Nguyễn) and 9.
pub(super) fn information(plain: &str) -> f32 {
    let share = TABLE.iter().filter(|name| name.plain == plain).map(|name| name.percent).fold(0.0, f32::max);
    -(if share > 0.0 { share } else { 0.2 } / 100.0).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_families(a: &str, b: &str) -> bool {
        let find = |name: &str| {
            let index = SURNAMES.iter().position(|(known, _)| *known == name).unwrap();
            &TABLE[index]
        };
        let (a, b) = (find(a), find(b));
        are_two_families(WordPair { spelled: (&a.spelled, &b.spelled), plain: (&a.plain, &b.plain) })
    }

    #[test]
    fn known_families_are_never_slips_of_each_other() {
        assert!(two_families("Vũ", "Võ") && two_families("Phan", "Phạm") && two_families("Lê", "Lý"));
        assert!(!two_families("Vũ", "Vũ"));
        assert!(are_never_one_name(("vo", "vu")) && are_never_one_name(("huynh", "hoang")));
        assert!(information("nguien") > 5.0 && information("nguyen") < 2.0);
    }
}
