//! One file per grant.

mod client_credentials;

use super::form::Form;
use super::{Access, GrantError, IssuedToken};

/// The grants there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    ClientCredentials,
}

impl Grant {
    pub const ALL: [Self; 1] = [Self::ClientCredentials];

    /// Its `grant_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
        }
    }
}

impl Access {
    /// Answers a token request.
    pub async fn grant(&self, form: &Form) -> Result<IssuedToken, GrantError> {
        let asked = form.get("grant_type").ok_or(GrantError::GrantMissing)?;
        let grant = Grant::ALL.into_iter().find(|grant| grant.name() == asked).ok_or(GrantError::GrantUnsupported)?;
        let client = self.authenticate(form).await?;
        match grant {
            Grant::ClientCredentials => self.client_credentials(&client, form),
        }
    }
}
