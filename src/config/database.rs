//! Where the data are.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::Validate;

use super::address::is_loopback;
use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    pub url: Option<DatabaseUrl>,
    /// Readers (SQLite) or connections (PostgreSQL).
    #[validate(range(min = 1, max = 64))]
    pub readers: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: None, readers: 4 }
    }
}

impl Section for DatabaseConfig {
    const NAME: &'static str = "database";
}

/// `sqlite:PATH`, `postgres://…` or `postgresql://…`. May hold a password, so `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// Does not repeat the text: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be sqlite:PATH, postgres://… or postgresql://…")]
pub struct DatabaseUrlFault;

impl DatabaseUrl {
    /// The whole URL, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn backend(&self) -> Backend {
        if self.0.starts_with("sqlite:") { Backend::Sqlite } else { Backend::Postgres }
    }

    /// The folder of the SQLite file.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.file().map(|file| match file.parent() {
            Some(folder) if folder != Path::new("") => folder.to_path_buf(),
            _ => PathBuf::from("."),
        })
    }

    pub(super) fn file(&self) -> Option<&Path> {
        let path = self.0.strip_prefix("sqlite:")?;
        Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
    }

    /// Whether a connection may cross a network without proof of who answers. The bundled client
    /// library takes plain text without a word, so anything but a host on this machine or
    /// `sslmode=verify-full` counts; so does an URL without a host, which `PGHOST` could fill in.
    pub(super) fn is_remote_unverified(&self) -> bool {
        let Some(rest) = self.0.split_once("://").map(|(_, rest)| rest) else { return false };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = rest.split('/').next().unwrap_or_default();
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        let parameter = |name: &'static str| {
            query
                .split('&')
                .filter_map(move |pair| pair.split_once('=').filter(|(key, _)| *key == name))
                .map(|(_, v)| v)
        };
        let mut modes = parameter("sslmode").peekable();
        if modes.peek().is_some() && modes.all(|mode| mode == "verify-full") {
            return false;
        }
        let named = hosts.split(',').filter(|host| !host.is_empty()).map(host_of);
        let listed = ["host", "hostaddr"].into_iter().flat_map(parameter).flat_map(|hosts| hosts.split(','));
        let mut all = named.chain(listed).peekable();
        all.peek().is_none() || parameter("service").next().is_some() || !all.all(is_this_machine)
    }
}

/// The host of `host:port` or `[v6]:port`.
fn host_of(text: &str) -> &str {
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => text.split(':').next().unwrap_or_default(),
    }
}

/// A loopback name or address, or the folder of a socket.
fn is_this_machine(host: &str) -> bool {
    host.starts_with('/') || host.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f")) || is_loopback(host)
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlFault;
    fn from_str(text: &str) -> Result<Self, DatabaseUrlFault> {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DatabaseUrlFault)
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({:?}, redacted)", self.backend())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(redacted)")
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_or_a_verified_server_is_safe() {
        let unverified = |url: &str| url.parse::<DatabaseUrl>().unwrap().is_remote_unverified();
        for safe in [
            "sqlite:/var/lib/dancu/db/dancu.sqlite",
            "postgres://u:p@127.0.0.1:5432/d",
            "postgres://[::1]/d",
            "postgres://localhost",
            "postgres:///d?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun/d",
            "postgresql://u@db.example/d?sslmode=verify-full",
        ] {
            assert!(!unverified(safe), "{safe}");
        }
        for unsafe_url in [
            "postgres://db.example/d",
            "postgres://db.example/d?sslmode=require",
            "postgres://localhost,db.example/d",
            "postgres:///d",
            "postgres://localhost/d?host=db.example",
            "postgres://localhost/d?hostaddr=192.0.2.1",
            "postgres://localhost/d?service=x",
            "postgres://u:p@localhost@db.example/d",
            "postgres://db.example/d?sslmode=verify-full&sslmode=prefer",
        ] {
            assert!(unverified(unsafe_url), "{unsafe_url}");
        }
        assert!(!format!("{:?}", "postgres://u:secret@h".parse::<DatabaseUrl>().unwrap()).contains("secret"));
        assert!("mysql://x".parse::<DatabaseUrl>().is_err() && "sqlite:".parse::<DatabaseUrl>().is_err());
    }
}
