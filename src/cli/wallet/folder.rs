//! The wallet's folder: the device's key and what goes with it, for its owner alone.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::crypto::Algorithm;
use crate::crypto::jose::{JwkFault, PrivateJwk};
use crate::kernel::{DeviceId, TransactionId};

const FILE: &str = "wallet.json";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{0} holds no wallet; begin with `dancu wallet enrol`")]
    Empty(PathBuf),
    #[error("{0} holds a wallet already")]
    Taken(PathBuf),
}

/// What is kept between commands, private key included.
#[derive(Serialize, Deserialize)]
pub struct Wallet {
    pub url: String,
    pub issuer: String,
    /// Set once the device is enrolled.
    pub device_id: Option<DeviceId>,
    /// Set while a code is waited for.
    pub activation_id: Option<TransactionId>,
    /// Kept, because this is a wallet for scripts.
    pub passcode: Option<String>,
    private_jwk: Box<RawValue>,
}

impl Wallet {
    /// A new key for a service.
    pub fn new(url: &str, issuer: &str) -> Result<Self, JwkFault> {
        let json = PrivateJwk::generate(Algorithm::P256)?.to_json().to_string();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            issuer: issuer.to_owned(),
            device_id: None,
            activation_id: None,
            passcode: None,
            private_jwk: RawValue::from_string(json).map_err(|_| JwkFault::Malformed)?,
        })
    }

    pub fn key(&self) -> Result<PrivateJwk, JwkFault> {
        PrivateJwk::parse(self.private_jwk.get().as_bytes())
    }

    /// `None` if the folder holds no wallet.
    pub fn find(dir: &Path) -> Result<Option<Self>, FolderError> {
        let path = dir.join(FILE);
        match std::fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|source| FolderError::Json { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(FolderError::Io { path, source }),
        }
    }

    pub fn load(dir: &Path) -> Result<Self, FolderError> {
        Self::find(dir)?.ok_or_else(|| FolderError::Empty(dir.to_owned()))
    }

    /// Replaces the file as a whole; only its owner can read it.
    pub fn save(&self, dir: &Path) -> Result<(), FolderError> {
        let path = dir.join(FILE);
        let io = |source| FolderError::Io { path: path.clone(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
        let partial = dir.join("wallet.json.partial");
        let json =
            serde_json::to_vec_pretty(self).map_err(|source| FolderError::Json { path: path.clone(), source })?;
        let mut file =
            std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial).map_err(io)?;
        file.write_all(&json).and_then(|()| file.sync_all()).map_err(io)?;
        std::fs::rename(&partial, &path).map_err(io)
    }
}
