//! What the service tells its operators, as a test reads it.

use std::io;
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::filter::LevelFilter;

static TOLD: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();

struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps warnings and errors from now on, those of every test of this process.
pub fn listen() {
    LISTENING.call_once(|| {
        let subscriber = tracing_subscriber::fmt().json().with_max_level(LevelFilter::WARN).with_writer(|| Kept);
        tracing::subscriber::set_global_default(subscriber.finish()).expect("nobody else listens");
    });
}

/// The warnings that name this request.
pub fn of_request(id: &str) -> Vec<serde_json::Value> {
    let told = String::from_utf8_lossy(&TOLD.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    let lines = told.lines().filter(|line| line.contains(id));
    lines.map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}
