//! A client's connection as bytes, in clear or by TLS: reading waits while an answer is unsent, and it ends
//! when the room of connections says so.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::http::connection::{Connection, Connections, End, Fault, OpenConnection};

/// Read at a time, beside bodies: as many requests as fit are taken in before the first is answered, and each
/// takes up to a hundred times its bytes in memory.
const READ_AT_ONCE: usize = 2 * 1024;

pub(super) struct Transport {
    stream: Stream,
    connection: OpenConnection,
    /// Bytes read since reading last waited.
    read: usize,
}

enum Stream {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How connections are taken in on one listener.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) connections: Connections,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) handshake_timeout: Duration,
}

/// A connection that has its place and has not said anything yet.
pub(super) struct Newcomer {
    tcp: TcpStream,
    peer: SocketAddr,
    connection: OpenConnection,
}

impl Entrance {
    /// Gives the connection its place.
    ///
    /// # Errors
    /// If there is no place, or the client is gone.
    pub(super) fn place(&self, tcp: TcpStream) -> io::Result<Newcomer> {
        let peer = tcp.peer_addr()?;
        let connection = self.connections.open(peer.ip()).ok_or(io::ErrorKind::ConnectionRefused)?;
        tcp.set_nodelay(true)?;
        Ok(Newcomer { tcp, peer, connection })
    }

    /// Speaks TLS, where that is on.
    ///
    /// # Errors
    /// If there is no TLS in time.
    pub(super) async fn admit(&self, newcomer: Newcomer) -> io::Result<(Transport, Option<SocketAddr>)> {
        let Newcomer { tcp, peer, connection } = newcomer;
        let stream = match &self.tls {
            None => Stream::Clear(tcp),
            Some(tls) => tokio::select! {
                accepted = tokio::time::timeout(self.handshake_timeout, tls.accept(tcp)) => {
                    let accepted = accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                    // Any other error tells that the client is gone.
                    let faults = [io::ErrorKind::TimedOut, io::ErrorKind::InvalidData];
                    if let Err(error) = &accepted && faults.contains(&error.kind()) {
                        connection.ends_for(Fault::NoTls);
                    }
                    Stream::Tls(Box::new(accepted?))
                }
                () = connection.ended() => return Err(io::ErrorKind::ConnectionAborted.into()),
            },
        };
        Ok((Transport { stream, connection, read: 0 }, Some(peer)))
    }
}

impl Transport {
    pub(super) fn connection(&self) -> Arc<Connection> {
        self.connection.share()
    }

    /// Fails once the connection has to end at once.
    fn unless_cut(&self) -> io::Result<()> {
        match self.connection.end() {
            Some(End::Cut) => Err(io::ErrorKind::ConnectionAborted.into()),
            _ => Ok(()),
        }
    }

    /// Counts what actix ends by itself for its head's being late: it tells nobody but the client, and answers.
    fn note_late_head(&self, bytes: &[u8]) {
        if self.connection.awaits_head() && bytes.starts_with(b"HTTP/1.1 408") {
            self.connection.ends_for(Fault::NoHead);
        }
    }

    /// Notes what came of a write.
    fn note<T>(&self, cx: &Context<'_>, outcome: &Poll<io::Result<T>>) {
        match outcome {
            Poll::Pending => {
                self.connection.write_blocked();
                self.connection.register(cx.waker());
            }
            Poll::Ready(_) => self.connection.write_progressed(),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.register(cx.waker());
        this.unless_cut()?;
        if this.connection.end().is_some() {
            return Poll::Ready(Ok(()));
        }
        if !this.connection.may_read() {
            return Poll::Pending;
        }
        if this.connection.rests() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = if this.connection.takes_body() {
            this.stream.poll_read(cx, buffer)
        } else if this.read >= READ_AT_ONCE {
            this.read = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        } else {
            let mut bytes = [0; READ_AT_ONCE];
            let most = (READ_AT_ONCE - this.read).min(buffer.remaining());
            let mut some = ReadBuf::new(&mut bytes[..most]);
            let outcome = this.stream.poll_read(cx, &mut some);
            buffer.put_slice(some.filled());
            outcome
        };
        match outcome {
            Poll::Pending => this.read = 0,
            Poll::Ready(_) => {
                let came = buffer.filled().len() - before;
                this.read += came;
                if came > 0 {
                    this.connection.received(came);
                }
            }
        }
        outcome
    }
}

impl Stream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Clear(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.unless_cut()?;
        this.note_late_head(bytes);
        let outcome = match &mut this.stream {
            Stream::Clear(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        this.note(cx, &outcome);
        outcome
    }

    /// actix flushes once its own buffer is empty: then everything is on its way.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.unless_cut()?;
        let outcome = match &mut this.stream {
            Stream::Clear(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        };
        if outcome.is_pending() {
            this.note(cx, &outcome);
        } else if this.connection.sent() {
            cx.waker().wake_by_ref();
        }
        outcome
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.unless_cut()?;
        let outcome = match &mut this.stream {
            Stream::Clear(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        this.note(cx, &outcome);
        outcome
    }
}
