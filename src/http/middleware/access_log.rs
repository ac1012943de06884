//! One line a request, written by a thread of its own. A worker only appends to a buffer; where the
//! disk is slower than the requests, lines are dropped and counted, never waited for.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::kernel::{Clock, Instant};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Counter;

/// No more than this waits to be written.
const MOST_WAITING: usize = 4 << 20;
/// How often waiting lines are written.
const EVERY: Duration = Duration::from_millis(50);

/// What a line says. Nothing here can hold personal data: the route is a pattern, ids are checked.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    pub method: &'a str,
    pub route: &'a str,
    pub status: u16,
    pub duration: Duration,
    pub client: Option<&'a str>,
    pub request_id: &'a str,
    pub bytes: u64,
    pub problem: Option<&'static str>,
}

/// The access log. Cheap to clone; the last clone dropped writes what waits and ends the thread.
#[derive(Clone)]
pub struct AccessLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    dropped: Counter,
    waiting: Mutex<Waiting>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    lines: String,
    /// The current second, and how it is written.
    second: i64,
    second_text: String,
}

impl AccessLog {
    /// Lines go to `out`; those that could not be kept are counted.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(out: Box<dyn Write + Send>, clock: Arc<dyn Clock>, metrics: &Metrics) -> std::io::Result<Self> {
        let dropped = metrics.counter("access_log_lines_dropped", "Lines the access log could not keep");
        let shared = Arc::new(Shared { clock, dropped, waiting: Mutex::default(), closed: AtomicBool::new(false) });
        let of_writer = shared.clone();
        let writer = std::thread::Builder::new().name("access-log".into()).spawn(move || of_writer.write_all(out))?;
        Ok(Self(Arc::new(Handle { shared, writer: Mutex::new(Some(writer)) })))
    }

    pub(super) fn write(&self, line: &LogLine<'_>) {
        self.0.shared.append(line);
    }

    /// Writes what waits and ends the thread; later lines are lost. Called after the last request.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Handle {
    fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            writer.thread().unpark();
            // The writer does not panic; if it did, its lines are gone either way.
            let _ = writer.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn append(&self, line: &LogLine<'_>) {
        let now = self.clock.now();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.lines.len() > MOST_WAITING {
            self.dropped.inc();
            return;
        }
        waiting.append(now, line);
    }

    fn write_all(&self, mut out: Box<dyn Write + Send>) {
        let mut lines = String::new();
        loop {
            let last = self.closed.load(Ordering::SeqCst);
            std::mem::swap(&mut lines, &mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner).lines);
            if !lines.is_empty() && out.write_all(lines.as_bytes()).and_then(|()| out.flush()).is_err() {
                self.dropped.inc_by(lines.bytes().filter(|b| *b == b'\n').count() as u64);
            }
            lines.clear();
            if last {
                return;
            }
            std::thread::park_timeout(EVERY);
        }
    }
}

impl Waiting {
    fn append(&mut self, now: Instant, line: &LogLine<'_>) {
        if now.as_seconds() != self.second || self.second_text.is_empty() {
            self.second = now.as_seconds();
            self.second_text = Instant::from_seconds(self.second).to_string();
            self.second_text.pop();
        }
        let millis = now.as_micros().rem_euclid(1_000_000) / 1000;
        let mut digits = itoa::Buffer::new();
        let out = &mut self.lines;
        out.push_str(r#"{"at":""#);
        out.push_str(&self.second_text);
        out.push('.');
        // Three digits: the thousand goes before and is left out.
        out.push_str(&digits.format(1000 + millis)[1..]);
        out.push_str(r#"Z","method":""#);
        out.push_str(line.method);
        out.push_str(r#"","route":""#);
        out.push_str(line.route);
        out.push_str(r#"","status":"#);
        out.push_str(digits.format(line.status));
        out.push_str(r#","duration_us":"#);
        out.push_str(digits.format(line.duration.as_micros()));
        out.push_str(r#","bytes":"#);
        out.push_str(digits.format(line.bytes));
        if let Some(client) = line.client {
            out.push_str(r#","client":""#);
            out.push_str(client);
            out.push('"');
        }
        if let Some(problem) = line.problem {
            out.push_str(r#","problem":""#);
            out.push_str(problem);
            out.push('"');
        }
        out.push_str(r#","request_id":""#);
        out.push_str(line.request_id);
        out.push_str("\"}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_and_the_second_is_written_once() {
        let mut waiting = Waiting::default();
        let line = LogLine {
            method: "POST",
            route: "/v1/things/{id}",
            status: 200,
            duration: Duration::from_micros(1234),
            client: Some("portal"),
            request_id: "abcdefgh",
            bytes: 17,
            problem: Some("conflict"),
        };
        waiting.append(Instant::from_micros(1_795_000_000_004_999), &line);
        waiting.append(Instant::from_micros(1_795_000_000_999_999), &LogLine { client: None, problem: None, ..line });
        let lines: Vec<serde_json::Value> =
            waiting.lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["at"], "2026-11-18T11:06:40.004Z");
        assert_eq!(lines[1]["at"], "2026-11-18T11:06:40.999Z");
        assert_eq!(lines[0]["duration_us"], 1234);
        assert_eq!(lines[0]["client"], "portal");
        assert_eq!(lines[0]["problem"], "conflict");
        assert!(lines[1].get("client").is_none() && lines[1].get("problem").is_none());
    }
}
