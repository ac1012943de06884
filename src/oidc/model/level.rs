//! Which level of authentication a request is for.

use super::super::protocol::AuthorizationError;
use crate::clients::EidTerms;
use crate::kernel::Level;

/// What the factors of this version reach: attested biometrics are not among them.
const HIGHEST: Level = Level::L2;

/// The first of the levels asked for, by their `acr` and the best liked first, that can be reached
/// and is agreed; the lowest agreed one if none is asked for. Never one that was not asked for.
pub fn level_of<'a>(asked: impl Iterator<Item = &'a str>, terms: &EidTerms) -> Result<Level, AuthorizationError> {
    let can = |level: &Level| *level <= HIGHEST && terms.levels.contains(level);
    let mut asked = asked.peekable();
    let found = if asked.peek().is_none() {
        terms.levels.iter().copied().find(can)
    } else {
        asked.filter_map(|acr| acr.parse().ok()).find(can)
    };
    found.ok_or(AuthorizationError::LEVEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_reached_or_refused_never_lowered() {
        let terms = EidTerms { levels: Level::ALL.iter().copied().collect(), ..EidTerms::default() };
        let level = |acr: &str| level_of(acr.split(' ').filter(|acr| !acr.is_empty()), &terms);
        assert_eq!(level(""), Ok(Level::L1));
        assert_eq!(level("urn:dancu:acr:l2"), Ok(Level::L2));
        assert_eq!(level("LoA1"), Ok(Level::L1));
        assert_eq!(level("urn:dancu:acr:l3 urn:dancu:acr:l2"), Ok(Level::L2));
        for bad in ["urn:dancu:acr:l3", "urn:dancu:acr:l4", "LoA9", "urn:dancu:acr:l3 x"] {
            assert_eq!(level(bad), Err(AuthorizationError::LEVEL), "{bad}");
        }
        let only_one = EidTerms { levels: [Level::L1].into(), ..EidTerms::default() };
        assert!(level_of(["urn:dancu:acr:l2"].into_iter(), &only_one).is_err());
        assert!(level_of(std::iter::empty(), &EidTerms::default()).is_err());
    }
}
