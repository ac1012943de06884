//! Puts a seeded population into a store.

use std::fmt;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::citizens::Citizen;
use crate::citizens::sealing::Sealing;
use crate::citizens::store::bulk_write::BulkWriter;
use crate::citizens::store::mark::{Mixed, claim};
use crate::citizens::store::write::WriteError;
use crate::kernel::Clock;
use crate::storage::Store;

use super::Population;

/// Slices that are being sealed while one is written.
const AT_ONCE: usize = 2;

#[derive(Debug, Clone, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    Mixed(#[from] Mixed),
    #[error("the population could not be stored")]
    Write(#[from] WriteError),
}

/// What a seed did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Refused because a number is cancelled here or held by somebody else.
    pub refused: u64,
}

impl Seeded {
    pub fn people(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, updated, unchanged, refused } = self;
        write!(f, "{created} created, {updated} updated, {unchanged} unchanged, {refused} refused")
    }
}

/// Seeds stores.
pub struct Seeder {
    store: Store,
    writer: BulkWriter,
}

impl Seeder {
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Self {
        Self { writer: BulkWriter::new(store.clone(), sealing, clock), store }
    }

    /// Stores the first `count` people of `seed`'s population and marks the store as holding
    /// invented people. Who is there already stays as they are, so a stopped seed is started again
    /// with the same arguments.
    pub async fn seed(&self, seed: u64, count: u64, mut told: impl FnMut(&Seeded)) -> Result<Seeded, SeedError> {
        self.store.bulk(|db| Ok::<_, WriteError>(claim(db, true)?)).await??;
        let (send, receive) = mpsc::channel(AT_ONCE);
        let writer = self.writer.clone();
        let drawing = tokio::task::spawn_blocking(move || draw(seed, count, &writer, &send));
        let slices = stream::unfold(receive, async |mut receive| Some((receive.recv().await?, receive)));
        let mut prepared = std::pin::pin!(
            slices.map(|citizens: Vec<Citizen>| self.writer.prepare(move || (citizens, ()))).buffered(AT_ONCE)
        );
        let mut seeded = Seeded::default();
        while let Some(slice) = prepared.next().await {
            let outcome = self.writer.write(slice?.0).await?;
            seeded.created += outcome.created;
            seeded.updated += outcome.updated;
            seeded.unchanged += outcome.unchanged;
            seeded.refused += outcome.refused.len() as u64;
            told(&seeded);
        }
        // The drawing ends when all is drawn or nobody takes more; either way there is no news in it.
        let _ = drawing.await;
        Ok(seeded)
    }
}

fn draw(seed: u64, count: u64, writer: &BulkWriter, send: &mpsc::Sender<Vec<Citizen>>) {
    let mut slice = Vec::new();
    for household in Population::new(seed, count) {
        slice.extend(household);
        if slice.len() >= writer.slice_rows() && send.blocking_send(std::mem::take(&mut slice)).is_err() {
            return;
        }
    }
    // Nobody waiting for the last slice means the seed has failed already.
    let _ = send.blocking_send(slice);
}
