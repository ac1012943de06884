//! Which pages for people are served. Sign-in by e-ID has its page wherever it is on.

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::layers::Section;
use crate::kernel::ClientId;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
#[validate(schema(function = "someone_asks", skip_on_field_errors = false))]
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
    /// The client that `/me` and `/portal` ask as; they need one.
    pub client: Option<ClientId>,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self { landing: true, me: false, desk: false, wallet: false, portal: false, client: None }
    }
}

impl Section for PagesConfig {
    const NAME: &'static str = "pages";
}

fn someone_asks(pages: &PagesConfig) -> Result<(), ValidationError> {
    if (pages.me || pages.portal) && pages.client.is_none() {
        return Err(
            ValidationError::new("pages_client").with_message("name the client that me and portal ask as".into())
        );
    }
    Ok(())
}
