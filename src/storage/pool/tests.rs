//! How the pools end.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Instant;

use super::*;

/// Longer than any connection may be held up here.
const SLACK: Duration = Duration::from_secs(30);

/// A server that takes connections and says nothing; a message for each that has asked for something.
fn silent_server() -> (Location, mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, connections) = mpsc::channel();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut first = [0];
            if connection.read_exact(&mut first).is_ok() && asked.send(connection).is_err() {
                return;
            }
        }
    });
    (Location::parse(&format!("postgres://u@127.0.0.1:{port}/x?connect_timeout=60")).unwrap(), connections)
}

fn flag(closing: bool) -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(closing))
}

/// Those of this process; other tests of it may have some, too.
fn pool_threads() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|name| name.starts_with("dancu-pool-")).count()
}

#[test]
fn a_closed_store_asks_for_no_connection() {
    let (location, connections) = silent_server();
    let closed = Connections { location, intent: Intent::Read, closing: flag(true) };
    let since = Instant::now();
    assert!(matches!(closed.connect(), Err(OpenError::Unavailable(_))));
    assert!(since.elapsed() < SLACK, "it did not wait for the server");
    assert!(connections.try_recv().is_err(), "nothing reached the server");
}

#[test]
fn a_command_opens_no_connection_ahead() {
    let (location, connections) = silent_server();
    let pools = Pools::open(&location, 4, 0, &flag(false));
    assert_eq!(pools.readers.state().connections, 0);
    // The pool's threads have nothing to do: one job given to them now is the first they run.
    assert!(take(&pools.bulk).is_err(), "the server says nothing");
    assert!(connections.try_recv().is_ok(), "the one connection that was asked for");
    assert!(connections.try_recv().is_err(), "and no other");
}

/// Threads that wait end at once; one that is connecting, when it has its answer; and it begins no other.
#[test]
fn the_threads_end_with_the_pools() {
    let (location, connections) = silent_server();
    let closing = flag(false);
    let pools = Pools::open(&location, 8, 8, &closing);
    let held: Vec<TcpStream> = (0..THREADS).map(|_| connections.recv_timeout(SLACK).unwrap()).collect();
    assert!(pool_threads() >= THREADS);
    closing.store(true, Ordering::SeqCst);
    drop(pools);
    assert!(pool_threads() >= THREADS, "they are connecting still");
    drop(held);
    let since = Instant::now();
    while pool_threads() > 0 {
        assert!(since.elapsed() < SLACK, "a thread stays");
        std::thread::yield_now();
    }
    assert!(connections.try_recv().is_err(), "five connections were waiting to be opened, and were not");
}
