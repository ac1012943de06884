//! The labelled set: precision and recall of each tier, held to thresholds and to what the docs say.

use super::{name, prepared};
use crate::citizens::matching::{Verdict, compare_names, index_form};

const PAIRS: &str = include_str!("../../../../tests/vectors/name_pairs.csv");
const HAND_WRITTEN: &str = include_str!("../../../../tests/vectors/name_pairs_hand.txt");
const DOCS: &str = include_str!("../../../../docs/matching.md");

const TIERS: [Verdict; 4] = [Verdict::Exact, Verdict::Equivalent, Verdict::Close, Verdict::Mismatch];

#[derive(serde::Deserialize)]
struct Pair {
    given: String,
    record: String,
    tier: String,
    group: String,
    source: String,
}

fn pairs() -> Vec<Pair> {
    let mut reader = csv::Reader::from_reader(PAIRS.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

fn found(pair: &Pair) -> Verdict {
    compare_names(&name(&pair.given), &prepared(&pair.record)).verdict
}

/// Rows: the label. Columns: the verdict.
fn confusion(pairs: &[Pair]) -> [[usize; 4]; 4] {
    let mut table = [[0; 4]; 4];
    for pair in pairs {
        let label = TIERS.iter().position(|tier| tier.code() == pair.tier).unwrap();
        let verdict = found(pair);
        table[label][TIERS.iter().position(|tier| *tier == verdict).unwrap()] += 1;
    }
    table
}

fn precision(table: &[[usize; 4]; 4], tier: usize) -> f64 {
    table[tier][tier] as f64 / table.iter().map(|row| row[tier]).sum::<usize>() as f64
}

fn recall(table: &[[usize; 4]; 4], tier: usize) -> f64 {
    table[tier][tier] as f64 / table[tier].iter().sum::<usize>() as f64
}

/// The table as `docs/matching.md` must show it.
fn as_markdown(table: &[[usize; 4]; 4]) -> String {
    let mut out =
        String::from("| labelled ↓ verdict → | exact | equivalent | close | mismatch | precision | recall |\n");
    out.push_str("|---|---|---|---|---|---|---|\n");
    for (index, tier) in TIERS.iter().enumerate() {
        let cells: Vec<String> = table[index].iter().map(ToString::to_string).collect();
        let (precision, recall) = (precision(table, index), recall(table, index));
        out.push_str(&format!("| {} | {} | {precision:.4} | {recall:.4} |\n", tier.code(), cells.join(" | ")));
    }
    out
}

#[test]
fn the_set_is_large_and_holds_every_hand_written_pair() {
    let pairs = pairs();
    assert!(pairs.len() >= 2000, "{}", pairs.len());
    let lines = HAND_WRITTEN.lines().filter(|line| !line.starts_with(['#', '[']) && !line.trim().is_empty());
    let by_hand = pairs.iter().filter(|pair| pair.source == "hand").count();
    assert_eq!(by_hand, lines.count());
    assert!(by_hand >= 250, "{by_hand}");
}

#[test]
fn precision_and_recall_hold() {
    let pairs = pairs();
    for pair in pairs.iter().filter(|pair| found(pair).code() != pair.tier) {
        println!("{} [{}] {} | {} -> {}", pair.tier, pair.group, pair.given, pair.record, found(pair).code());
    }
    let table = confusion(&pairs);
    println!("{}", as_markdown(&table));
    // What verifies must never be wrong; a likeness may be missed or seen now and then.
    for (tier, (least_precision, least_recall)) in
        [(1.0, 1.0), (1.0, 0.999), (0.98, 0.975), (0.975, 0.98)].iter().enumerate()
    {
        assert!(precision(&table, tier) >= *least_precision, "precision of {}", TIERS[tier].code());
        assert!(recall(&table, tier) >= *least_recall, "recall of {}", TIERS[tier].code());
    }
}

#[test]
fn the_docs_show_the_measured_table() {
    let table = as_markdown(&confusion(&pairs()));
    assert!(DOCS.contains(&table), "docs/matching.md must hold this table:\n{table}");
}

#[test]
fn what_verifies_is_found_by_the_index() {
    for pair in pairs().iter().filter(|pair| pair.tier == "exact" || pair.tier == "equivalent") {
        assert_eq!(index_form(&name(&pair.given)), index_form(&name(&pair.record)), "{} | {}", pair.given, pair.record);
    }
}
