//! Pictures are read on a few blocking threads at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Qr, QrError};
use crate::qr::image::{ImageFault, read_qr};

/// Pictures held in memory at once, being uploaded, waiting or read.
const HELD: usize = 16;
/// How long a picture waits for a thread.
const PATIENCE: Duration = Duration::from_secs(3);

/// Room for one picture in memory.
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

/// An uploaded picture; it keeps its room until it has been read.
pub struct Picture {
    pub bytes: Vec<u8>,
    pub room: Room,
}

pub(super) struct Pictures {
    held: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        // Half of the machine: the other half answers everybody else.
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        Self { held: Arc::new(Semaphore::new(HELD)), threads: Arc::new(Semaphore::new(threads)) }
    }
}

impl Qr {
    /// Room for one picture; taken before it is uploaded.
    pub fn room_for_a_picture(&self) -> Result<Room, QrError> {
        self.0
            .pictures
            .held
            .clone()
            .try_acquire_owned()
            .map(|permit| Room { _permit: permit })
            .map_err(|_| QrError::Busy)
    }

    /// The text of the symbol in a picture. It tells nothing of what is held about anybody, and is not
    /// recorded; what the text is worth, [`Qr::verify`] says.
    ///
    /// # Errors
    /// If no symbol is found, or too many pictures are being read.
    pub async fn read_picture(&self, picture: Picture) -> Result<String, QrError> {
        let turn = tokio::time::timeout(PATIENCE, self.0.pictures.threads.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(QrError::Busy) };
        let read = tokio::task::spawn_blocking(move || {
            let text = read_qr(&picture.bytes);
            drop((picture, turn));
            text
        });
        Ok(read.await.unwrap_or(Err(ImageFault::Damaged))?)
    }
}
