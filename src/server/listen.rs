//! Listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

use super::SOCKETS_IN_PASSING;

const BACKLOG: i32 = 2048;
/// What the kernel holds of an answer that its client has not taken, at most (Linux doubles it): enough for a
/// fast line, and little enough for thousands who do not read.
const SEND_BUFFER: usize = 256 * 1024;
/// Files that are open beside connections: the database, logs, keys, what is read in passing.
const OTHER_FILES: usize = 512;

/// One listener an address. An IPv6 address takes IPv6 only, so that `0.0.0.0` and `[::]` go
/// together.
///
/// # Errors
/// If an address cannot be bound.
pub fn listen(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    addresses.iter().map(|address| bind(*address)).collect()
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Lets the process open as many files as the system allows it, and says how many connections that leaves
/// room for, at most `wanted`.
///
/// # Errors
/// If the limit cannot be raised as far as the system has said it may be.
pub fn raise_file_limit(wanted: usize) -> io::Result<usize> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    let files = maximum.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    Ok(files.saturating_sub(OTHER_FILES + SOCKETS_IN_PASSING).max(64).min(wanted))
}
