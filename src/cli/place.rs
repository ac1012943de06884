//! Which installation a command works on: a configured one, or the folder of a demo.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::config::{self, ConfigFaults};
use crate::crypto::{Keyring, KeyringError, SystemEntropy};
use crate::kernel::clock::SystemClock;
use crate::kernel::{Clock, Entropy};
use crate::storage::{OpenError, Store, StoreConfig};

/// What `--config` is, wherever it can be given.
pub const CONFIG_HELP: &str = "The configuration; by default `dancu.toml` of this folder, if there is one. \
    `DANCU__SECTION__KEY` of the environment goes before it";

#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// The folder of a demo, in place of a configuration
    #[arg(long, value_name = "DIR", global = true, help_heading = "Which installation")]
    pub dir: Option<PathBuf>,
    #[arg(long, value_name = "FILE", help = CONFIG_HELP, conflicts_with = "dir", global = true, help_heading = "Which installation")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("{0}")]
    Config(#[from] ConfigFaults),
    #[error("{0} is not set; name a configuration with --config, or a demo's folder with --dir")]
    Missing(&'static str),
    #[error("keys: {0}")]
    Keys(#[from] KeyringError),
    #[error("database: {0}")]
    Database(#[from] OpenError),
}

/// What is known of where an installation's things are.
#[derive(Debug, Default)]
pub struct Known {
    pub store: Option<StoreConfig>,
    pub keys: Option<PathBuf>,
}

/// Where audit logs are kept.
pub struct AuditPlace {
    /// The scheme-less URL prefix below which logs are served.
    pub origin: String,
    /// The folder of what is kept outside the database.
    pub state: PathBuf,
}

/// Where an installation's things are.
pub struct Place {
    pub store: StoreConfig,
    pub keys: PathBuf,
}

impl PlaceArgs {
    /// For commands that can be told the rest.
    ///
    /// # Errors
    /// All faults of the configuration.
    pub fn known(&self) -> Result<Known, ConfigFaults> {
        if let Some(dir) = &self.dir {
            let url = format!("sqlite:{}", dir.join("dancu.db").display());
            return Ok(Known { store: Some(StoreConfig { url, readers: 2 }), keys: Some(dir.join("keys")) });
        }
        let config = config::from_environment(self.config.as_deref())?;
        let readers = config.database.readers;
        let store = config.database.url.map(|url| StoreConfig { url: url.expose().to_owned(), readers });
        Ok(Known { store, keys: config.keys.dir })
    }

    /// Whether it is a demo's folder.
    pub const fn is_demo(&self) -> bool {
        self.dir.is_some()
    }

    /// Where commands record what they change.
    pub fn audit(&self) -> Result<AuditPlace, PlaceError> {
        if let Some(dir) = &self.dir {
            // Nobody outside this machine has seen a demo's logs: their origin need not be reachable.
            return Ok(AuditPlace { origin: "demo/audit".to_owned(), state: dir.join("audit") });
        }
        let config::AuditConfig { origin, state_dir, .. } = config::from_environment(self.config.as_deref())?.audit;
        Ok(AuditPlace {
            origin: origin.ok_or(PlaceError::Missing("audit.origin"))?,
            state: state_dir.ok_or(PlaceError::Missing("audit.state_dir"))?,
        })
    }

    pub fn find(&self) -> Result<Place, PlaceError> {
        self.find_with_keys(None)
    }

    /// The same where a command names the folder of keys itself.
    pub fn find_with_keys(&self, named: Option<&Path>) -> Result<Place, PlaceError> {
        let Known { store, keys } = self.known()?;
        let store = store.ok_or(PlaceError::Missing("database.url"))?;
        let keys = named.map(Path::to_owned).or(keys);
        Ok(Place { store, keys: keys.ok_or(PlaceError::Missing("keys.dir"))? })
    }
}

impl Place {
    /// The store for who changes nothing.
    pub fn open_store(&self) -> Result<Store, PlaceError> {
        Ok(Store::open_reading(&self.store)?)
    }

    /// The store of an operator, who records every change.
    pub(super) fn open_for_changes(&self) -> Result<Store, OpenError> {
        Store::open_for_changes(&self.store)
    }

    pub fn load_keys(&self) -> Result<Keyring, PlaceError> {
        Ok(Keyring::load(&self.keys)?)
    }
}

/// The machine's clock.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The machine's randomness.
pub fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy::default())
}
