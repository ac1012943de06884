//! An invented country to try Dancu with: deterministic, plausible, and nobody's.

mod chance;
mod details;
mod household;
mod names;
mod numbers;
mod places;
mod population;
mod seeder;
mod showcase;
#[cfg(test)]
mod tests;
mod words;

use crate::kernel::CivilDate;

pub use population::Population;
pub use seeder::{SeedError, Seeded, Seeder};
pub use showcase::{Shown, showcase};

/// The day the invented country is of. Fixed, so that a seed means the same whenever it is sown.
pub const AS_OF: CivilDate = CivilDate::constant(2026, 11, 1);
