//! Guesses the unit a free-text address means. Soft by nature: for search boxes, prefill and
//! comparison in doubt, never a proof.

use super::search::{COMMUNE_WORDS, DISTRICT_WORDS, PROVINCE_WORDS, without_level};
use super::{CommuneCode, Extent, OldWard, ProvinceCode, Units};
use crate::kernel::orthography::search_form;

/// How a candidate was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// By the name of a commune of today.
    Current,
    /// By the name of an old ward, which went there to that extent.
    Old(Extent),
}

/// A commune an address may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub commune: CommuneCode,
    pub found: Found,
    /// 1–100: how much of the address speaks for it. For ranking only.
    pub weight: u8,
}

/// No more candidates than this.
const MOST: usize = 8;
/// Longer texts are no addresses.
const LONGEST: usize = 500;
/// Parts of an address looked at, from its end.
const MOST_PARTS: usize = 8;

impl Units {
    /// The communes a free-text address may mean, likeliest first; empty if it names none.
    pub fn locate(&self, address: &str) -> Vec<Candidate> {
        let parts = parts_of(address);
        let (province, used) = self.province_at_end(&parts);
        let rest = &parts[..parts.len() - used];
        let mut candidates = Vec::new();
        for (index, part) in rest.iter().enumerate() {
            let district = &rest[index + 1..];
            self.add_current(part, province, district.is_empty(), &mut candidates);
            self.add_old(part, province, district, &mut candidates);
        }
        candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.weight), candidate.commune));
        let mut seen = Vec::with_capacity(MOST);
        candidates.retain(|candidate| {
            let new = !seen.contains(&candidate.commune) && seen.len() < MOST;
            if new {
                seen.push(candidate.commune);
            }
            new
        });
        candidates
    }

    /// The province the last part names, in today's table or the old one, and how many parts that took.
    fn province_at_end(&self, parts: &[String]) -> (Option<ProvinceCode>, usize) {
        let Some(last) = parts.last() else { return (None, 0) };
        let current = self.search_province(last).map(|province| province.code);
        let old = || self.search_old_province(last).map(|province| province.current);
        match current.or_else(old) {
            Some(province) => (Some(province), 1),
            None => (None, 0),
        }
    }

    fn add_current(&self, part: &str, province: Option<ProvinceCode>, adjacent: bool, into: &mut Vec<Candidate>) {
        let levelled = without_level(part, COMMUNE_WORDS) != part;
        let base = if province.is_some() { 60 } else { 20 };
        let weight = base + if levelled { 20 } else { 0 } + if adjacent { 15 } else { 0 };
        for commune in self.search_communes(part, province) {
            into.push(Candidate { commune: commune.code, found: Found::Current, weight });
        }
    }

    fn add_old(&self, part: &str, province: Option<ProvinceCode>, after: &[String], into: &mut Vec<Candidate>) {
        let levelled = without_level(part, COMMUNE_WORDS) != part;
        for ward in self.search_old_wards(part, province) {
            let in_district = after.iter().any(|part| names_district(part, ward));
            let base = if province.is_some() { 40 } else { 10 };
            let extent = match ward.extent {
                Extent::Whole => 5,
                Extent::PartMain => 3,
                Extent::Part => 0,
            };
            let weight = base + if in_district { 45 } else { 0 } + if levelled { 10 } else { 0 } + extent;
            into.push(Candidate { commune: ward.commune, found: Found::Old(ward.extent), weight });
        }
    }
}

fn names_district(part: &str, ward: &OldWard) -> bool {
    let district = search_form(ward.district);
    let bare = without_level(&district, DISTRICT_WORDS);
    part == district || part == bare || without_level(part, DISTRICT_WORDS) == bare
}

/// The parts of an address in search form, in order; cut at commas, or at level words if it has none.
fn parts_of(address: &str) -> Vec<String> {
    let end = address.char_indices().nth(LONGEST).map_or(address.len(), |(index, _)| index);
    let cut = |c: char| matches!(c, ',' | ';' | '\n');
    let mut parts: Vec<String> = address[..end].split(cut).map(search_form).filter(|part| !part.is_empty()).collect();
    if let [whole] = parts.as_slice() {
        parts = cut_at_level_words(whole);
    }
    parts.split_off(parts.len().saturating_sub(MOST_PARTS))
}

fn cut_at_level_words(whole: &str) -> Vec<String> {
    let words: Vec<&str> = whole.split(' ').collect();
    let mut parts: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let two = words.get(index + 1).map(|next| format!("{word} {next}")).unwrap_or_default();
        let lists = [COMMUNE_WORDS, DISTRICT_WORDS, PROVINCE_WORDS];
        let level = lists.iter().any(|list| list.contains(word) || list.contains(&two.as_str()));
        match parts.last_mut() {
            Some(part) if !level => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push((*word).to_owned()),
        }
    }
    parts
}
