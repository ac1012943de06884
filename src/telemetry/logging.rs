//! The service's log: to standard error, as text or JSON, with numbers struck out.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::redact::Redacting;

pub use crate::config::LogFormat;

#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    #[error("the log filter cannot be read")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    #[error("a log is set up already")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sets up the process's log and its panic hook. `filter` is in the syntax of `RUST_LOG`.
///
/// # Errors
/// If the filter cannot be read, or a log is set up already.
pub fn start(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let filter = filter_of(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Standard).with_ansi(false);
    match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    }
    .map_err(LoggingError::Twice)?;
    std::panic::set_hook(Box::new(report_panic));
    Ok(())
}

/// A stranger decides how often actix tells of heads that are no HTTP, one error each: these are counted instead
/// (`http_connections_ended`, `malformed`). A filter that names the same target has the last word.
fn filter_of(filter: &str) -> Result<EnvFilter, LoggingError> {
    EnvFilter::try_new(format!("actix_http::h1=off,{filter}")).map_err(LoggingError::Filter)
}

/// Says where a panic happened. What it says may hold what was being worked on, so it is not told.
fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    match panic.location() {
        Some(place) => tracing::error!(file = place.file(), line = place.line(), thread, "panic"),
        None => tracing::error!(thread, "panic"),
    }
}

/// Standard error, redacted.
struct Standard;

impl<'a> MakeWriter<'a> for Standard {
    type Writer = Redacting<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Redacting::new(io::stderr())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of an error of actix's about a head, and of another error.
    fn shown(filter: &str) -> (bool, bool) {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter_of(filter).unwrap());
        let subscriber = subscriber.with_writer(move || Redacting::new(writer.clone())).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(target: "actix_http::h1::dispatcher", "stream error: invalid Header");
            tracing::error!("the disk is full");
        });
        let shown = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        (shown.contains("stream error"), shown.contains("the disk is full"))
    }

    #[test]
    fn a_stranger_does_not_fill_the_log_with_what_is_no_http() {
        assert_eq!(shown("info"), (false, true));
        assert_eq!(shown("info,actix_http=info,actix_server=warn"), (false, true));
        assert_eq!(shown("info,actix_http::h1=error"), (true, true));
    }

    #[test]
    fn a_number_in_an_event_is_struck() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || Redacting::new(writer.clone())).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(subject = "098300000002", number = 98_300_000_002_u64, "looked up 098300000002");
        });
        let shown = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(shown.matches("[number]").count(), 3, "{shown}");
    }
}
