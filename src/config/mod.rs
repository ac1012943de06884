//! Configuration: defaults < `dancu.toml` < `DANCU__SECTION__KEY`. Unknown keys are refused, and
//! all faults are shown at once. Only [`from_environment`] reads the process's environment.
//!
//! `dancu.example.toml` at the root of the repository explains every key.

mod address;
mod audit;
mod cache;
mod contact;
mod database;
mod eid;
mod environment;
mod fault;
mod forms;
mod keys;
mod layers;
mod limits;
mod logging;
mod oidc;
mod pages;
mod residence;
mod retention;
mod safety;
mod secret;
mod server;
mod tokens;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use address::{Issuer, IssuerFault};
pub use audit::AuditConfig;
pub use cache::CacheConfig;
pub use contact::ContactConfig;
pub use database::{Backend, DatabaseConfig, DatabaseUrl};
pub use eid::{CodeRoute, EidConfig};
pub use environment::{from_environment, sudo_user};
pub use fault::{ConfigFault, ConfigFaults, Place};
pub use forms::FormsConfig;
pub use keys::KeysConfig;
pub use limits::LimitsConfig;
pub use logging::{LogFormat, LogLevel, LoggingConfig};
pub use oidc::OidcConfig;
pub use pages::PagesConfig;
pub use residence::ResidenceConfig;
pub use retention::{RetentionConfig, days, hours};
pub use safety::UnsafeSetting;
pub use secret::{SecretFile, SecretText, Secrets};
pub use server::ServerConfig;
pub use tokens::TokensConfig;

use layers::Layers;

/// Everything an operator can set, a section each.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub keys: KeysConfig,
    pub cache: CacheConfig,
    pub tokens: TokensConfig,
    pub audit: AuditConfig,
    pub forms: FormsConfig,
    pub limits: LimitsConfig,
    pub eid: EidConfig,
    pub oidc: OidcConfig,
    pub residence: ResidenceConfig,
    pub retention: RetentionConfig,
    pub contact: ContactConfig,
    pub logging: LoggingConfig,
    pub pages: PagesConfig,
    /// The file it was read from, if any.
    pub file: Option<PathBuf>,
    /// Which of the settings are secret.
    pub secrets: Secrets,
}

impl Config {
    /// Reads the file, if one is given, and lays over it what `env` says under `DANCU__`.
    pub fn load(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigFaults> {
        let mut faults = ConfigFaults::default();
        let mut layers = Layers::read(file, env, &mut faults);
        let mut config = Self {
            server: layers.section(&mut faults),
            database: layers.section(&mut faults),
            keys: layers.section(&mut faults),
            cache: layers.section(&mut faults),
            tokens: layers.section(&mut faults),
            audit: layers.section(&mut faults),
            forms: layers.section(&mut faults),
            limits: layers.section(&mut faults),
            eid: layers.section(&mut faults),
            oidc: layers.section(&mut faults),
            residence: layers.section(&mut faults),
            retention: layers.section(&mut faults),
            contact: layers.section(&mut faults),
            logging: layers.section(&mut faults),
            pages: layers.section(&mut faults),
            file: file.map(Path::to_path_buf),
            secrets: Secrets::default(),
        };
        config.secrets = std::mem::take(&mut layers.secrets);
        layers.refuse_rest(&mut faults);
        faults.or(config)
    }
}
