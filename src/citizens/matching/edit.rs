//! Distances between words.

/// Optimal string alignment over characters: letters added, dropped, changed, or swapped with a
/// neighbour.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Whether the distance is exactly one, without building a table.
pub(super) fn is_one_edit(a: &str, b: &str) -> bool {
    let mut a = a.chars();
    let mut b = b.chars();
    loop {
        let (rest_a, rest_b) = (a.clone(), b.clone());
        match (a.next(), b.next()) {
            (Some(x), Some(y)) if x == y => continue,
            (None, None) => return false,
            (x, y) => {
                let swapped = x.is_some() && y.is_some() && {
                    let (mut after_a, mut after_b) = (a.clone(), b.clone());
                    after_a.next() == y && after_b.next() == x && after_a.eq(after_b)
                };
                // Changed; dropped from `a`; dropped from `b`; swapped.
                return (x.is_some() && y.is_some() && a.clone().eq(b.clone()))
                    || (x.is_some() && a.eq(rest_b))
                    || (y.is_some() && rest_a.eq(b))
                    || swapped;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_the_four_kinds_of_edit() {
        for (a, b, expected) in
            [("an", "an", 0), ("an", "anh", 1), ("anh", "nah", 1), ("hung", "hong", 1), ("", "ab", 2)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn the_short_cut_agrees_with_the_table(a in "[abđ]{0,6}", b in "[abđ]{0,6}") {
            prop_assert_eq!(is_one_edit(&a, &b), distance(&a, &b) == 1);
        }
    }
}
