//! A wire to PostgreSQL that can be cut around a COMMIT, so that its outcome stays unknown.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// When the wire breaks, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Cut {
    Never,
    /// The server never hears of the COMMIT: the transaction is not in the database.
    BeforeCommit,
    /// The server commits, the client never hears of it.
    AfterCommit,
}

/// As libpq sends it in a simple query.
const COMMIT: &[u8] = b"COMMIT\0";

#[derive(Clone)]
pub struct Wire {
    cut: Arc<AtomicU8>,
    address: String,
}

impl Wire {
    /// A wire to the server of `url`, which names it by address and port; and the URL to use it.
    pub fn to(url: &str) -> (Self, String) {
        let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).expect("a URL");
        let server = authority.rsplit('@').next().expect("an address").to_owned();
        assert!(server.contains(':'), "the tests' PostgreSQL is named by address and port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let wire = Self { cut: Arc::new(AtomicU8::new(Cut::Never as u8)), address };
        // In clear, so that a COMMIT can be seen passing.
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{}{separator}sslmode=disable", url.replacen(&server, &wire.address, 1));
        let accepting = wire.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(&server)) else { return };
                accepting.carry(client, server);
            }
        });
        (wire, url)
    }

    /// Breaks the wire at the next COMMIT.
    pub fn cut(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    fn take(&self, wanted: Cut) -> bool {
        self.cut.compare_exchange(wanted as u8, Cut::Never as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn carry(&self, client: TcpStream, server: TcpStream) {
        let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let wire = self.clone();
        std::thread::spawn(move || wire.carry_up(client, server));
    }

    fn carry_up(&self, mut client: TcpStream, mut server: TcpStream) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let message = &bytes[..count];
            if message.ends_with(COMMIT) {
                if self.take(Cut::BeforeCommit) {
                    break;
                }
                if self.take(Cut::AfterCommit) {
                    // The answer must not pass: the client's end goes first.
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.write_all(message);
                    let _ = server.shutdown(Shutdown::Write);
                    return;
                }
            }
            if server.write_all(message).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    }
}
