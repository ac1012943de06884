//! Remembers failed statements, so that a swallowed error cannot become a lost commit.
//!
//! On PostgreSQL a transaction with a failed statement answers COMMIT by a rollback and calls it
//! success. SQLite would commit the rest. Neither is what the caller meant: a failure that was not
//! rolled back by a nested transaction fails its job on both.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent};

use super::StorageError;
use super::error::{Fault, fault_of};

#[derive(Debug, Default)]
struct State {
    depth: u32,
    /// The outermost level whose work a failed statement has spoilt.
    failed_at: Option<u32>,
    worst: Option<(Fault, StorageError)>,
}

/// Shared by a connection (as its instrumentation) and whoever ends its transactions.
#[derive(Debug, Clone, Default)]
pub(super) struct FailureWatch(Arc<Mutex<State>>);

impl FailureWatch {
    pub(super) fn instrumentation(&self) -> impl Instrumentation + use<> {
        let watch = self.clone();
        move |event: InstrumentationEvent<'_>| watch.note(&event)
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, event: &InstrumentationEvent<'_>) {
        self.with(|state| match event {
            InstrumentationEvent::BeginTransaction { depth, .. } => state.depth = depth.get(),
            InstrumentationEvent::FinishQuery { error: Some(error), .. } => {
                let level = state.failed_at.map_or(state.depth, |failed| failed.min(state.depth));
                state.failed_at = Some(level);
                let fault = fault_of(error);
                if state.worst.as_ref().is_none_or(|(worst, _)| *worst < fault) {
                    state.worst = Some((fault, StorageError::told_by(error)));
                }
            }
            InstrumentationEvent::RollbackTransaction { depth, .. } => {
                state.failed_at = state.failed_at.filter(|failed| *failed < depth.get());
                state.depth = depth.get() - 1;
            }
            InstrumentationEvent::CommitTransaction { depth, .. } => {
                state.depth = depth.get() - 1;
                state.failed_at = state.failed_at.map(|failed| failed.min(depth.get() - 1));
            }
            _ => {}
        });
    }

    /// Before a job or a transaction starts.
    pub(super) fn reset(&self) {
        self.with(|state| {
            state.failed_at = None;
            state.worst = None;
        });
    }

    /// Whether a statement failed whose work was not rolled back since.
    pub(super) fn unresolved(&self) -> bool {
        self.with(|state| state.failed_at.is_some())
    }

    /// The gravest fault since the last reset, rolled back or not.
    pub(super) fn worst(&self) -> Option<(Fault, StorageError)> {
        self.with(|state| state.worst.clone())
    }
}
