//! Where the database is: told by the URL's scheme, never found by trial.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::OpenError;

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Location {
    Sqlite(PathBuf),
    /// As libpq takes it; holds a password.
    Postgres(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

impl Location {
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        if url.contains('\0') {
            return Err(OpenError::Url("it holds a NUL"));
        }
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') {
                return Err(OpenError::Url("sqlite: needs the path of a file"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) else {
            return Err(OpenError::Url("it begins neither with sqlite: nor with postgres://"));
        };
        let (authority, parameters) = split_url(rest);
        check_transport(authority, &parameters)?;
        Ok(Self::Postgres(with_defaults(url, &parameters)))
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// A file beside the SQLite database: `dancu.db` → `dancu.db-turn`.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

type Parameters<'a> = Vec<(&'a str, String)>;

fn split_url(rest: &str) -> (&str, Parameters<'_>) {
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = before.split('/').next().unwrap_or_default();
    let parameters = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, percent_decoded(value)))
        .collect();
    (authority, parameters)
}

fn check_transport(authority: &str, parameters: &Parameters<'_>) -> Result<(), OpenError> {
    let value_of = |wanted: &str| parameters.iter().rev().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    if value_of("service").is_some() {
        return Err(OpenError::Url("service= hides which host is meant: name the host"));
    }
    if matches!(value_of("sslmode").map(String::as_str), Some("require" | "verify-ca" | "verify-full")) {
        return Ok(());
    }
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    let named = hosts.split(',').map(|host| percent_decoded(without_port(host)));
    let given = ["host", "hostaddr"].into_iter().filter_map(value_of).flat_map(|v| v.split(',')).map(str::to_owned);
    match named.chain(given).find(|host| !is_local(host)) {
        Some(host) => Err(OpenError::PlainText(host)),
        None => Ok(()),
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_local(host: &str) -> bool {
    host.is_empty()
        || host.starts_with(['/', '@'])
        || host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What libpq would else leave to chance: how long a dead server may hold a thread.
fn with_defaults(url: &str, parameters: &Parameters<'_>) -> String {
    let mut url = url.to_owned();
    let mut separator = if url.contains('?') { '&' } else { '?' };
    for (name, value) in
        [("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("fallback_application_name", "dancu")]
    {
        if parameters.iter().all(|(given, _)| *given != name) {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(value);
            separator = '&';
        }
    }
    url
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let decoded = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_alone_chooses() {
        assert_eq!(Location::parse("sqlite:a/b.db").unwrap(), Location::Sqlite("a/b.db".into()));
        assert_eq!(Location::parse("sqlite:///a/b.db").unwrap(), Location::Sqlite("/a/b.db".into()));
        assert!(matches!(Location::parse("postgresql://localhost/x").unwrap(), Location::Postgres(_)));
        for url in ["", "dancu.db", "mysql://localhost/x", "sqlite:", "sqlite::memory:", "file:dancu.db", "POSTGRES"] {
            assert!(matches!(Location::parse(url), Err(OpenError::Url(_))), "{url}");
        }
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        for url in [
            "postgres:///x",
            "postgres://u:p@localhost:5432/x",
            "postgres://u:p@[::1]:5432/x",
            "postgres://127.0.0.1/x?sslmode=disable",
            "postgres://%2Frun%2Fpostgresql/x",
            "postgres:///x?host=/run/postgresql",
            "postgres://db.example/x?sslmode=verify-full",
        ] {
            assert!(Location::parse(url).is_ok(), "{url}");
        }
        for url in [
            "postgres://u:p@db.example/x",
            "postgres://db.example/x?sslmode=prefer",
            "postgres://10.0.0.7:5432/x?sslmode=disable",
            "postgres://localhost,db.example/x",
            "postgres:///x?host=db.example",
            "postgres://localhost/x?hostaddr=10.0.0.7",
            "postgres://[2001:db8::1]/x",
        ] {
            assert!(matches!(Location::parse(url), Err(OpenError::PlainText(_))), "{url}");
        }
    }

    #[test]
    fn passwords_do_not_reach_debug_output() {
        let location = Location::parse("postgres://u:secret@localhost/x").unwrap();
        assert!(!format!("{location:?}").contains("secret"));
    }
}
