//! Why a page says that something failed.

use std::error::Error;

use crate::kernel::Causes;

/// The causes of a failure that a page tells in its own words: an extension of the response, from where they get into
/// the log beside the request's id.
#[derive(Debug, Clone)]
pub struct PageFailure(String);

impl PageFailure {
    /// The causes must hold no personal data.
    pub fn because(cause: &(dyn Error + 'static)) -> Self {
        Self(Causes(cause).to_string())
    }

    pub fn cause(&self) -> &str {
        &self.0
    }
}
