//! Units by name: case, diacritics, *i*/*y*, apostrophes and level words do not matter, but the
//! spelling that fits better comes alone if there is one.

use std::sync::LazyLock;

use super::{Commune, OldProvince, OldWard, Province, ProvinceCode, Units};
use crate::kernel::orthography::{search_form, spelled_form};

/// Level words as they are written and abbreviated, in search form.
pub(super) const COMMUNE_WORDS: &[&str] = &["phuong", "xa", "dac khu", "thi tran", "p", "x", "tt", "dk"];
pub(super) const DISTRICT_WORDS: &[&str] = &["quan", "huien", "thi xa", "thanh pho", "q", "h", "tx", "tp"];
pub(super) const PROVINCE_WORDS: &[&str] = &["thanh pho", "tinh", "tp", "t"];

/// Other names of provinces, in search form, with the name of the list of 63.
const ALIASES: &[(&str, &str)] = &[
    ("hcm", "ho chi minh"),
    ("tphcm", "ho chi minh"),
    ("sai gon", "ho chi minh"),
    ("thua thien hue", "hue"),
    ("hn", "ha noi"),
];

/// Bare names in search form, sorted, with the row each belongs to.
pub(super) struct NameIndex(Vec<(Box<str>, u16)>);

impl NameIndex {
    fn new<'a>(names: impl Iterator<Item = &'a str>, words: &[&str]) -> Self {
        let forms = names.map(search_form).zip(0..).filter(|(form, _)| !form.is_empty());
        let mut entries: Vec<_> = forms.map(|(form, row)| (without_level(&form, words).into(), row)).collect();
        entries.sort();
        Self(entries)
    }

    pub(super) fn rows(&self, form: &str) -> impl Iterator<Item = usize> {
        let start = self.0.partition_point(|(name, _)| &**name < form);
        self.0[start..].iter().take_while(move |(name, _)| &**name == form).map(|(_, row)| usize::from(*row))
    }

    fn province_row(&self, name: &str) -> Option<usize> {
        let form = search_form(name);
        let bare = without_level(&form, PROVINCE_WORDS);
        let alias = |form: &str| ALIASES.iter().find(|(other, _)| *other == form).map(|(_, meant)| *meant);
        [Some(form.as_str()), Some(bare), alias(&form), alias(bare)]
            .into_iter()
            .flatten()
            .find_map(|form| self.rows(form).next())
    }
}

pub(super) static COMMUNES: LazyLock<NameIndex> =
    LazyLock::new(|| NameIndex::new(Units::shared().communes.iter().map(|commune| commune.name), COMMUNE_WORDS));
pub(super) static OLD_WARDS: LazyLock<NameIndex> =
    LazyLock::new(|| NameIndex::new(Units::shared().old_wards.iter().map(|ward| ward.name), COMMUNE_WORDS));

static PROVINCES: LazyLock<NameIndex> =
    LazyLock::new(|| NameIndex::new(Units::shared().provinces.iter().map(|province| province.name), PROVINCE_WORDS));
static OLD_PROVINCES: LazyLock<NameIndex> =
    LazyLock::new(|| NameIndex::new(Units::shared().old_provinces.iter().map(|old| old.name), PROVINCE_WORDS));

/// The name without a leading level word, or the whole if nothing else would remain.
pub(super) fn without_level<'a>(form: &'a str, words: &[&str]) -> &'a str {
    words
        .iter()
        .find_map(|word| form.strip_prefix(word)?.strip_prefix(' '))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(form)
}

impl Units {
    /// Builds the tables and the name indexes, some tens of milliseconds of work that would else fall on
    /// the first request that names a unit.
    pub fn warm_up() {
        for index in [&COMMUNES, &OLD_WARDS, &PROVINCES, &OLD_PROVINCES] {
            LazyLock::force(index);
        }
    }

    /// Communes of that name, with or without a level word, in one province or in all. A spelling
    /// with marks leaves out those it contradicts (`Lộc Thành` is not `Lộc Thạnh`).
    pub fn search_communes(&self, name: &str, province: Option<ProvinceCode>) -> Vec<&Commune> {
        let form = search_form(name);
        let within = |commune: &&Commune| province.is_none_or(|province| commune.province == province);
        let find = |form: &str| -> Vec<&Commune> {
            COMMUNES.rows(form).filter_map(|row| self.communes.get(row)).filter(within).collect()
        };
        let mut found = find(&form);
        if found.is_empty() {
            found = find(without_level(&form, COMMUNE_WORDS));
        }
        best_spelled(found, name, |commune| commune.name)
    }

    /// Old wards of that name, in one of today's provinces or in all.
    pub fn search_old_wards(&self, name: &str, province: Option<ProvinceCode>) -> Vec<&OldWard> {
        let form = search_form(name);
        let within = |ward: &&OldWard| match province {
            None => true,
            Some(province) => self.find_commune(ward.commune).is_some_and(|commune| commune.province == province),
        };
        let find = |form: &str| -> Vec<&OldWard> {
            OLD_WARDS.rows(form).filter_map(|row| self.old_wards.get(row)).filter(within).collect()
        };
        let mut found = find(&form);
        if found.is_empty() {
            found = find(without_level(&form, COMMUNE_WORDS));
        }
        best_spelled(found, name, |ward| ward.name)
    }

    /// The province of today with that name or a usual short form of it.
    pub fn search_province(&self, name: &str) -> Option<&Province> {
        PROVINCES.province_row(name).and_then(|row| self.provinces.get(row))
    }

    /// The province of until 2025 with that name or a usual short form of it.
    pub fn search_old_province(&self, name: &str) -> Option<&OldProvince> {
        OLD_PROVINCES.province_row(name).and_then(|row| self.old_provinces.get(row))
    }
}

/// Those spelled as asked, with the level word if any are, else without it; all of them if none is.
fn best_spelled<'a, T>(found: Vec<&'a T>, name: &str, name_of: fn(&T) -> &'static str) -> Vec<&'a T> {
    let asked = spelled_form(name);
    let fitting = |fits: &dyn Fn(&str) -> bool| -> Vec<&'a T> {
        found.iter().copied().filter(|unit| fits(&spelled_form(name_of(unit)))).collect()
    };
    let whole = fitting(&|spelled| spelled == asked);
    if !whole.is_empty() {
        return whole;
    }
    let bare = fitting(&|spelled| ends_with_words(&asked, bare_spelled(spelled)));
    if bare.is_empty() { found } else { bare }
}

fn bare_spelled(spelled: &str) -> &str {
    ["phương\u{300} ", "xa\u{303} ", "đăc\u{323} khu ", "thi\u{323} trân\u{301} "]
        .iter()
        .find_map(|word| spelled.strip_prefix(word))
        .unwrap_or(spelled)
}

fn ends_with_words(text: &str, end: &str) -> bool {
    text.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(' '))
}
