//! Whom callers turn to: for an agreement, and when operators have stopped them.

use serde::Serialize;
use utoipa::ToSchema;

/// Where anybody can read the contact.
pub const CONTACT_PATH: &str = "/v1/catalogue";

/// The office that keeps this service (configuration).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    pub office: String,
    pub name: String,
    pub position: String,
    pub phone: String,
    pub email: String,
}

impl std::fmt::Display for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { office, name, position, phone, email } = self;
        write!(f, "{office}: {name}, {position}; {phone}, {email}")
    }
}
