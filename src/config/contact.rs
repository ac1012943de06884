//! Whom to ask about sharing data; published by `GET /v1/catalogue`.

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, Default)]
#[serde(default, deny_unknown_fields)]
pub struct ContactConfig {
    #[validate(length(max = 200, message = "must have at most 200 letters"))]
    pub office: String,
    #[validate(length(max = 200, message = "must have at most 200 letters"))]
    pub name: String,
    #[validate(length(max = 200, message = "must have at most 200 letters"))]
    pub position: String,
    #[validate(length(max = 50, message = "must have at most 50 letters"))]
    pub phone: String,
    #[validate(email(message = "must be an e-mail address"))]
    pub email: Option<String>,
}

impl Section for ContactConfig {
    const NAME: &'static str = "contact";
}

impl ContactConfig {
    /// The names of what is not filled in.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let given = [
            ("office", !self.office.trim().is_empty()),
            ("name", !self.name.trim().is_empty()),
            ("position", !self.position.trim().is_empty()),
            ("phone", !self.phone.trim().is_empty()),
            ("email", self.email.is_some()),
        ];
        given.into_iter().filter(|(_, given)| !given).map(|(name, _)| name).collect()
    }
}
