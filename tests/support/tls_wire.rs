//! A wire to PostgreSQL that speaks TLS to who connects, and can hold connections up in the middle of a handshake.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Ends with the runtime it was made on.
#[derive(Clone)]
pub struct TlsWire {
    /// How many connections pass before others are held up; a new count with each call of [`Self::hold`].
    passing: watch::Sender<Option<usize>>,
    accepted: Arc<AtomicUsize>,
    held: Arc<AtomicUsize>,
}

impl TlsWire {
    /// A wire to the server of `url`, which names it by address and port; and the URL to use it.
    pub async fn to(url: &str) -> (Self, String) {
        let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).expect("a URL");
        let server = authority.rsplit('@').next().expect("an address").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}sslmode=require", url.replacen(&server, &address, 1));
        let wire = Self { passing: watch::Sender::new(None), accepted: Arc::default(), held: Arc::default() };
        let (accepting, acceptor) = (wire.clone(), acceptor());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (wire, acceptor, server) = (accepting.clone(), acceptor.clone(), server.clone());
                let number = wire.accepted.fetch_add(1, Ordering::SeqCst);
                // A broken connection ends; who has the other end notices.
                tokio::spawn(async move { wire.carry(client, number, &acceptor, &server).await });
            }
        });
        (wire, url)
    }

    /// Lets so many further connections pass, and holds up all that follow.
    pub fn hold(&self, after: usize) {
        self.held.store(0, Ordering::SeqCst);
        self.passing.send_replace(Some(self.accepted.load(Ordering::SeqCst) + after));
    }

    /// Lets everything pass, what is held up too.
    pub fn pass(&self) {
        self.passing.send_replace(None);
    }

    /// How many connections were held up since [`Self::hold`].
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    async fn carry(&self, mut client: TcpStream, number: usize, acceptor: &TlsAcceptor, server: &str) -> Option<()> {
        let mut asked = [0; 8];
        client.read_exact(&mut asked).await.ok()?;
        assert_eq!(asked, TLS_REQUEST, "libpq asks for TLS first");
        client.write_all(b"S").await.ok()?;
        let mut passing = self.passing.subscribe();
        let passes = |most: &Option<usize>| most.is_none_or(|most| number < most);
        if !passes(&passing.borrow()) {
            // It has begun the handshake.
            client.peek(&mut [0]).await.ok()?;
            self.held.fetch_add(1, Ordering::SeqCst);
        }
        passing.wait_for(passes).await.ok()?;
        let mut client = acceptor.accept(client).await.ok()?;
        let mut server = TcpStream::connect(server).await.ok()?;
        copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
    }
}

fn acceptor() -> TlsAcceptor {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(issued.signing_key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .expect("the certificate fits its key");
    TlsAcceptor::from(Arc::new(config))
}
