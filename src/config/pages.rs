//! Which pages for people are served. Sign-in by e-ID has its page wherever it is on.

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct PagesConfig {
    /// `/`: what runs here, and whom to ask.
    pub landing: bool,
    /// `/me`: a citizen sees who looked at their data.
    pub me: bool,
    /// `/desk`: the front desk of a lodging.
    pub desk: bool,
    /// `/wallet`: the e-ID app in a browser, for trials.
    pub wallet: bool,
    /// `/portal`: a sample portal, for trials.
    pub portal: bool,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self { landing: true, me: false, desk: false, wallet: false, portal: false }
    }
}

impl Section for PagesConfig {
    const NAME: &'static str = "pages";
}
