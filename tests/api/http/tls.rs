//! TLS on both families of addresses, with certificates that change while serving.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dancu::http::Limits;
use dancu::server::{ServerConfig, TlsFiles};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::harness::{Answer, connect, eventually, patient, start_with};

/// Writes a new self-signed certificate and gives it back.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("chain.pem"), issued.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    issued.cert.der().clone()
}

fn get_by_tls(address: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<Answer> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(address));
    stream.write_all(b"GET /things/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Ok(Answer::parse(&answer))
}

#[tokio::test(flavor = "multi_thread")]
async fn both_families_speak_tls_and_the_certificate_can_change() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let files = TlsFiles { certificates: folder.path().join("chain.pem"), private_key: folder.path().join("key.pem") };
    let config = ServerConfig { workers: Some(1), tls: Some(files), ..ServerConfig::default() };
    let bench = start_with(config, &["127.0.0.1:0", "[::1]:0"]);
    for address in bench.server.addresses() {
        let answer = get_by_tls(*address, &first).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "thing"), "{address}");
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    }
    let second = certificate(folder.path());
    bench.server.reload_certificates();
    assert_eq!(get_by_tls(bench.address, &second).unwrap().status, 200);
    assert!(get_by_tls(bench.address, &first).is_err());
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    bench.server.reload_certificates();
    assert_eq!(get_by_tls(bench.address, &second).unwrap().status, 200);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_handshakes_shut_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let files = TlsFiles { certificates: folder.path().join("chain.pem"), private_key: folder.path().join("key.pem") };
    let config = ServerConfig { workers: Some(1), tls: Some(files), ..ServerConfig::default() };
    let bench = start_with(config, &["127.0.0.1:0"]);
    let silent: Vec<_> = (0..400).map(|_| connect(bench.address)).collect();
    let began = std::time::Instant::now();
    assert_eq!(get_by_tls(bench.address, &trusted).unwrap().status, 200);
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "{:?}", began.elapsed());
    drop(silent);
    bench.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_no_tls_is_ended_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let files = TlsFiles { certificates: folder.path().join("chain.pem"), private_key: folder.path().join("key.pem") };
    let limits = Limits { head_timeout: Duration::from_millis(300), ..patient() };
    let config = ServerConfig { workers: Some(1), tls: Some(files), limits, ..ServerConfig::default() };
    let bench = start_with(config, &["127.0.0.1:0"]);
    let counted = |count: &str| {
        let line = format!("dancu_http_connections_ended_total{{reason=\"no_tls\"}} {count}\n");
        bench.metrics.encode().contains(&line)
    };
    let mut clear = connect(bench.address);
    clear.write_all(b"GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\n").unwrap();
    eventually("no TLS", || counted("1"));
    let silent = connect(bench.address);
    eventually("too late", || counted("2"));
    drop((clear, silent, connect(bench.address)));
    eventually("gone", || bench.metrics.encode().contains("dancu_http_connections 0\n"));
    assert!(counted("2"), "who goes on their own is not counted");
    bench.server.stop().await.unwrap();
}
