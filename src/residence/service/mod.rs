//! Residence as others ask about it, every answer recorded.

mod check;

use std::sync::Arc;

pub use check::{Check, CheckAnswer, Checked};

use crate::citizens::{Citizens, CitizensError, Draft};
use crate::kernel::Clock;

/// What the room is built from.
pub struct ResidenceParts {
    pub citizens: Citizens,
    pub clock: Arc<dyn Clock>,
}

/// Checks and confirms. Cheap to clone.
#[derive(Clone)]
pub struct Residence(Arc<Inner>);

struct Inner {
    citizens: Citizens,
    clock: Arc<dyn Clock>,
}

impl Residence {
    pub fn open(parts: ResidenceParts) -> Self {
        let ResidenceParts { citizens, clock } = parts;
        Self(Arc::new(Inner { citizens, clock }))
    }

    /// Records a refusal and hands it back.
    async fn refuse<T>(&self, draft: Draft, refusal: CitizensError) -> Result<T, CitizensError> {
        self.0.citizens.conclude(draft).await?;
        Err(refusal)
    }
}
