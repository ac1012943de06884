//! What `dancu demo` wrote down for those who try it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Error;

#[derive(Debug, Deserialize)]
pub struct Demo {
    pub base_url: String,
    /// Where the server's own figures are.
    pub private_url: String,
    pub issuer: String,
    pub clients: Vec<DemoClient>,
    /// Absent at a server that holds nobody.
    pub population: Option<Population>,
    #[serde(default)]
    pub wallets: Vec<DemoWallet>,
}

/// A citizen's device.
#[derive(Debug, Deserialize)]
pub struct DemoWallet {
    pub wallet_dir: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct DemoClient {
    pub client_id: String,
    #[serde(default)]
    pub procedures: Vec<String>,
    #[serde(default)]
    pub legal_bases: Vec<String>,
    #[serde(default)]
    pub officer: Value,
    pub private_jwk: Option<Box<RawValue>>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
}

/// What the seeded population was made from; the same two numbers make it again.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Population {
    pub citizens: u64,
    pub seed: u64,
}

impl Demo {
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("demo.json");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::new(format!("{}: {error}; is `dancu demo` running there?", path.display())))?;
        serde_json::from_str(&text).map_err(|error| Error::new(format!("{}: {error}", path.display())))
    }

    pub fn client(&self, id: &str) -> Result<&DemoClient, Error> {
        self.clients
            .iter()
            .find(|client| client.client_id == id)
            .ok_or_else(|| Error::new(format!("demo.json has no client {id}")))
    }

    /// `host:port` of the server.
    pub fn authority(&self) -> Result<&str, Error> {
        authority_of(&self.base_url)
    }

    /// The same of the listener that tells its metrics.
    pub fn private_authority(&self) -> Result<&str, Error> {
        authority_of(&self.private_url)
    }
}

fn authority_of(url: &str) -> Result<&str, Error> {
    url.strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'))
        .ok_or_else(|| Error::new("the load generator speaks plain HTTP to a demo on loopback"))
}

impl DemoClient {
    /// The `purpose` of every request.
    pub fn purpose(&self) -> Result<Value, Error> {
        let procedure = self.procedures.first().ok_or_else(|| Error::new("the client has no procedure"))?;
        let basis = self.legal_bases.iter().find(|basis| *basis != "CONSENT");
        let basis = basis.ok_or_else(|| Error::new("the client has no legal basis but consent"))?;
        Ok(serde_json::json!({ "procedure": procedure, "legal_basis": basis, "officer": self.officer }))
    }
}
