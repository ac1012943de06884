//! What `dancu serve` refuses to start with; all reasons at once.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use super::Config;
use crate::crypto::{Keyring, KeyringError};

/// One reason not to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnsafeSetting {
    /// A setting that has no safe default is missing: `section.key`.
    Missing(&'static str),
    KeysUnusable(String),
    DemoKeys(PathBuf),
    PlainText(SocketAddr),
    /// Metrics tell what answers hide.
    PrivateBeyondLoopback(SocketAddr),
    IssuerNotHttps,
    /// Activation codes would cross a network in plain text.
    WebhookNotHttps,
    TlsFileUnreadable(PathBuf),
    /// A file that every user of the machine can read, and that holds secrets: the settings whose they are.
    Readable {
        file: PathBuf,
        holds: Vec<String>,
        mode: u32,
    },
    DatabaseUnverified,
    /// What must not share the database's fate, or its backups, stands in its folder.
    InDatabaseFolder {
        key: &'static str,
        folder: PathBuf,
    },
}

impl fmt::Display for UnsafeSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "{key} is not set"),
            Self::KeysUnusable(reason) => f.write_str(reason),
            Self::DemoKeys(folder) => {
                write!(f, "the keys in {} were made by `dancu demo`; make others: dancu keys init", folder.display())
            }
            Self::PlainText(address) => write!(
                f,
                "{address} is reachable from outside without TLS; set server.tls_certificate and server.tls_key, or server.behind_proxy"
            ),
            Self::PrivateBeyondLoopback(address) => write!(
                f,
                "server.private_bind {address} is reachable from outside, and metrics tell what answers hide; bind it to loopback, or set server.private_beyond_loopback where only operators reach it"
            ),
            Self::IssuerNotHttps => f.write_str("server.issuer is not https"),
            Self::WebhookNotHttps => f.write_str("eid.code_webhook is not https"),
            Self::TlsFileUnreadable(file) => write!(f, "{} cannot be read", file.display()),
            Self::Readable { file, holds, mode } => write!(
                f,
                "{} holds {} and can be read by every user of this machine (mode {mode:04o}); run chmod o-rwx",
                file.display(),
                holds.join(", ")
            ),
            Self::DatabaseUnverified => f.write_str(
                "database.url may cross a network without proof of who answers; add sslmode=verify-full, or name a host on this machine",
            ),
            Self::InDatabaseFolder { key, folder } => write!(
                f,
                "{key} lies in the database's folder {}: a copy of the database would take it along",
                folder.display()
            ),
        }
    }
}

impl Config {
    /// Every reason not to serve with these settings and keys (`None`: no folder is set).
    pub fn unsafe_settings(&self, keyring: Option<Result<&Keyring, &KeyringError>>) -> Vec<UnsafeSetting> {
        let mut found: Vec<UnsafeSetting> = self.missing().map(UnsafeSetting::Missing).collect();
        match keyring {
            Some(Ok(keyring)) if keyring.is_demo() => found.push(UnsafeSetting::DemoKeys(keyring.folder().into())),
            Some(Err(error)) => found.push(UnsafeSetting::KeysUnusable(error.to_string())),
            _ => {}
        }
        self.unsafe_network(&mut found);
        self.unsafe_files(&mut found);
        found
    }

    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let set = [
            ("server.issuer", self.server.issuer.is_some()),
            ("database.url", self.database.url.is_some()),
            ("keys.dir", self.keys.dir.is_some()),
            ("audit.origin", self.audit.origin.is_some()),
            ("audit.state_dir", self.audit.state_dir.is_some()),
            ("retention.stays_days", self.retention.stays_days.is_some()),
        ];
        let contact = self.contact.missing().into_iter().map(|name| match name {
            "office" => "contact.office",
            "name" => "contact.name",
            "position" => "contact.position",
            "phone" => "contact.phone",
            _ => "contact.email",
        });
        set.into_iter().filter(|(_, set)| !set).map(|(key, _)| key).chain(contact).chain(self.eid.missing())
    }

    fn unsafe_network(&self, found: &mut Vec<UnsafeSetting>) {
        let server = &self.server;
        if !server.private_beyond_loopback {
            let outside = server.private_bind.iter().filter(|address| !address.ip().to_canonical().is_loopback());
            found.extend(outside.map(|address| UnsafeSetting::PrivateBeyondLoopback(*address)));
        }
        if server.tls().is_none() && !server.behind_proxy {
            let outside = server.bind.iter().filter(|address| !address.ip().to_canonical().is_loopback());
            found.extend(outside.map(|address| UnsafeSetting::PlainText(*address)));
        }
        if server.issuer.as_ref().is_some_and(|issuer| !issuer.is_https() && !issuer.is_loopback()) {
            found.push(UnsafeSetting::IssuerNotHttps);
        }
        if self.eid.is_plain_text() {
            found.push(UnsafeSetting::WebhookNotHttps);
        }
        if self.database.url.as_ref().is_some_and(|url| url.is_remote_unverified()) {
            found.push(UnsafeSetting::DatabaseUnverified);
        }
    }

    fn unsafe_files(&self, found: &mut Vec<UnsafeSetting>) {
        if let Some((certificate, key)) = self.server.tls() {
            let unreadable = [certificate, key].into_iter().filter(|file| std::fs::File::open(file).is_err());
            found.extend(unreadable.map(|file| UnsafeSetting::TlsFileUnreadable(file.into())));
        }
        let url = self.database.url.as_ref();
        let of_database = url.and_then(|url| url.file()).map(|file| (vec!["database.url".to_owned()], file));
        let named = self.secrets.files.iter().map(|(key, file)| (vec![key.clone()], file.as_path()));
        let in_configuration = self.secrets.in_configuration.clone();
        let configuration = self.file.as_deref().filter(|_| !in_configuration.is_empty());
        let all = named.chain(of_database).chain(configuration.map(|file| (in_configuration, file)));
        found.extend(all.filter_map(|(holds, file)| readable_by_all(holds, file)));
        let Some(folder) = url.and_then(|url| url.folder()) else { return };
        let apart = [("keys.dir", &self.keys.dir), ("audit.state_dir", &self.audit.state_dir)];
        for (key, path) in apart.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?))) {
            if resolved(path).starts_with(resolved(&folder)) {
                found.push(UnsafeSetting::InDatabaseFolder { key, folder: folder.clone() });
            }
        }
    }
}

/// A file behind a folder that others may not enter is out of their reach, whatever its mode.
fn readable_by_all(holds: Vec<String>, file: &Path) -> Option<UnsafeSetting> {
    let mode = |path: &Path| std::fs::metadata(path).ok().map(|about| about.permissions().mode() & 0o7777);
    let own = mode(file)?;
    let folder = resolved(file).parent().and_then(mode).unwrap_or(0o777);
    (own & 0o007 != 0 && folder & 0o001 != 0).then(|| UnsafeSetting::Readable { file: file.into(), holds, mode: own })
}

/// The path without links, as far as it exists already.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let mut resolved = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
        resolved = resolved.canonicalize().unwrap_or(resolved);
    }
    resolved
}
