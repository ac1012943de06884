//! Takes connections over from the thread that accepts them.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::error::DispatchError;
use actix_service::Service;
use actix_web::rt::{net::TcpStream, spawn};

use super::transport::{Entrance, Transport};
use crate::http::connection::Fault;

/// One worker's door. A connection is taken over as soon as it has its place, or has been refused, and is
/// served beside: what actix counts of a worker is what waits for it, and how much that may be bounds the
/// sockets that are open without a place. The room of connections bounds the others.
pub(super) struct Reception<H> {
    entrance: Rc<Entrance>,
    http: Rc<H>,
}

impl<H> Reception<H> {
    pub(super) fn new(entrance: Entrance, http: H) -> Self {
        Self { entrance: Rc::new(entrance), http: Rc::new(http) }
    }
}

impl<H> Service<TcpStream> for Reception<H>
where
    H: Service<(Transport, Option<SocketAddr>), Response = (), Error = DispatchError> + 'static,
{
    type Response = ();
    type Error = DispatchError;
    type Future = Ready<Result<(), DispatchError>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), DispatchError>> {
        self.http.poll_ready(cx)
    }

    fn call(&self, tcp: TcpStream) -> Self::Future {
        if let Ok(newcomer) = self.entrance.place(tcp) {
            let (entrance, http) = (Rc::clone(&self.entrance), Rc::clone(&self.http));
            spawn(async move {
                let Ok((transport, peer)) = entrance.admit(newcomer).await else { return };
                let connection = transport.connection();
                if let Err(DispatchError::Parse(_)) = http.call((transport, peer)).await {
                    entrance.connections.note_fault(&connection, Fault::Malformed);
                }
            });
        }
        ready(Ok(()))
    }
}
