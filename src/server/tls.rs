//! TLS by rustls over ring. Certificates can be read again while serving.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// PEM files: the chain, the server's own certificate first, and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificates: PathBuf,
    pub private_key: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{file}: no certificate or key can be read from it")]
    File { file: String, source: rustls::pki_types::pem::Error },
    #[error("{file}: holds no certificate")]
    Empty { file: String },
    #[error("certificate and key cannot be used together")]
    Pair(#[source] rustls::Error),
}

/// The server's certificate, as it was last read.
#[derive(Debug)]
pub struct Certificates {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
}

impl Certificates {
    /// # Errors
    /// If the files cannot be read, or do not belong together.
    pub fn open(files: &TlsFiles) -> Result<Self, TlsError> {
        let current = ArcSwap::from_pointee(read(files)?);
        Ok(Self { files: files.clone(), current })
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// If they are not usable; the certificate in use stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.store(Arc::new(read(&self.files)?));
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let named = |path: &Path| path.display().to_string();
    let chain = CertificateDer::pem_file_iter(&files.certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| TlsError::File { file: named(&files.certificates), source })?;
    if chain.is_empty() {
        return Err(TlsError::Empty { file: named(&files.certificates) });
    }
    let key = PrivateKeyDer::from_pem_file(&files.private_key)
        .map_err(|source| TlsError::File { file: named(&files.private_key), source })?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Pair)
}

/// TLS 1.2 and 1.3, HTTP/1.1 alone.
pub(super) fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
