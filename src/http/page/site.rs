//! What every page says of the installation.

/// Shared with all pages as `web::Data<Site>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Site {
    /// Everybody in this installation is invented, and every page says so.
    pub demo: bool,
    /// The e-ID app is served as a page, for trials.
    pub wallet: bool,
}
