//! The matching engine: does what was given belong to this record, and why is that said?
//!
//! Pure functions over values. `docs/matching.md` explains the tiers, the rules with their sources,
//! and holds the figures measured on the labelled set.

pub mod address;
pub mod anchor;
pub mod claims;
pub mod codes;
pub mod contact;
pub mod date;
pub mod name;
pub mod verdict;
mod edit;
mod score;
mod surnames;
#[cfg(test)]
mod tests;

pub use crate::kernel::AnchorNumber;
pub use anchor::{Among, Anchor, Anchored, NumberStanding};
pub use claims::{Check, Claim, Claims};
pub use name::{PreparedName, compare_names, index_form};
pub use verdict::{Comparison, Reason, Verdict};
