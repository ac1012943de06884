//! What commands run in, and how they end: with no thread of this process at work but the first.
//!
//! `exit` runs the clean-up of C libraries under whatever is still at work. So a command ends by returning (a lint
//! forbids `std::process::exit`), its stores and its runtime end with it, and [`run`](super::run) waits for the
//! threads that nobody can join: those of the connection pools, of the server, of a name's resolution.

use std::fs;
use std::io;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// How long an ending command waits for its threads. A connection that is being opened gives up sooner, unless
/// the database's URL allows it longer.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The runtime of one command. Work that the command left behind ends with it; what blocks is waited for, but not
/// for ever.
pub struct CommandRuntime(Option<Runtime>);

impl CommandRuntime {
    pub fn start() -> io::Result<Self> {
        Runtime::new().map(|runtime| Self(Some(runtime)))
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("it is taken in `drop` alone"),
        }
    }
}

impl Drop for CommandRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(PATIENCE);
        }
    }
}

/// Held while a command runs: when it ends, by an error or a panic too, waits until the first thread is alone.
#[derive(Debug)]
pub struct ThreadsEnd;

impl Drop for ThreadsEnd {
    fn drop(&mut self) {
        let left = wait_for_other_threads(PATIENCE);
        if left.is_empty() {
            return;
        }
        // The database went silent, or a disk did. Ending all the same is safe: OpenSSL, the one library here with
        // a clean-up of its own, was told to leave it (`storage::connect`).
        let left = left.join(", ");
        if tracing::dispatcher::has_been_set() {
            tracing::warn!(threads = %left, "ended while threads were still at work");
        } else {
            eprintln!("dancu: ended while still at work: {left}");
        }
    }
}

/// Waits until no thread is left but the process's first; the names of those that did not end in time.
fn wait_for_other_threads(patience: Duration) -> Vec<String> {
    let since = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        let left = other_threads();
        if left.is_empty() || since.elapsed() >= patience {
            return left;
        }
        // Nobody can be told of the end of a thread that is not joined.
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The names of all threads but the process's first. None where the system does not tell: the wait is a second
/// guard, beside the store's own end.
fn other_threads() -> Vec<String> {
    let first = std::process::id().to_string();
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    threads
        .flatten()
        .filter(|thread| thread.file_name() != *first)
        // One that has ended meanwhile has no name any more.
        .filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A test runs on a thread beside the first.
    fn has(name: &str) -> bool {
        other_threads().iter().any(|thread| thread == name)
    }

    #[test]
    fn threads_are_seen_until_they_have_ended() {
        let (end, is_over) = mpsc::channel::<()>();
        let named = std::thread::Builder::new().name("of-this-test".to_owned());
        let (begin, has_begun) = mpsc::channel();
        let thread = named.spawn(move || begin.send(()).map(|()| is_over.recv())).unwrap();
        // It names itself first.
        has_begun.recv().unwrap();
        assert!(has("of-this-test"));
        assert!(wait_for_other_threads(Duration::ZERO).iter().any(|name| name == "of-this-test"));
        drop(end);
        assert!(thread.join().is_ok());
        let since = Instant::now();
        while has("of-this-test") {
            assert!(since.elapsed() < Duration::from_secs(20), "it stays in sight");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_blocks_does_not_hold_a_runtime_for_ever() {
        let (end, is_over) = mpsc::channel::<()>();
        let runtime = CommandRuntime::start().unwrap();
        let answer = runtime.block_on(async move {
            drop(tokio::task::spawn_blocking(move || is_over.recv()));
            7
        });
        assert_eq!(answer, 7);
        drop(runtime);
        // It is still there, and was left.
        drop(end);
    }
}
