//! How far long work has come: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Written to standard error, so that reports on standard output stay clean.
pub enum Bar {
    Drawn(ProgressBar),
    Lines { length: Option<u64>, unit: &'static str, told: Instant },
}

impl Bar {
    /// `length` is in `unit`s; without it only the count is shown.
    pub fn new(length: Option<u64>, unit: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { length, unit, told: Instant::now() };
        }
        let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = if length.is_some() {
            "{bar:30} {percent:>3} %  {msg}  {elapsed} (left {eta})"
        } else {
            "{spinner}  {msg}  {elapsed}"
        };
        Self::Drawn(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// Moves on; `message` says more.
    pub fn at(&mut self, position: u64, message: impl FnOnce() -> String) {
        match self {
            Self::Drawn(bar) => {
                bar.set_position(position);
                bar.set_message(message());
            }
            Self::Lines { length, unit, told } if told.elapsed() >= BETWEEN_LINES => {
                *told = Instant::now();
                let of = length.map(|length| format!(" of {length}")).unwrap_or_default();
                eprintln!("{position}{of} {unit}: {}", message());
            }
            Self::Lines { .. } => {}
        }
    }

    pub fn end(self) {
        if let Self::Drawn(bar) = self {
            bar.finish_and_clear();
        }
    }
}
