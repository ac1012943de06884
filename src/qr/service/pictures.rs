//! Pictures are read on a few blocking threads at a time, fairly between the clients that send them.

use std::time::Duration;

use bytes::Bytes;

use super::{Qr, QrError};
use crate::access::{Caller, FairPermit, FairPermitLimits, FairPermits, NoPermit};
use crate::kernel::ClientId;
use crate::qr::image::{ImageFault, read_qr};

/// Pictures held in memory at once, being uploaded, waiting or read. Nobody waits for this: what is refused
/// is sent again.
const ROOM: FairPermitLimits =
    FairPermitLimits { permits: 16, permits_of_client: 6, waiting: 0, waiting_of_client: 0, patience: Duration::ZERO };
/// How long a picture waits for a thread: longer than reading another one takes at the most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room for one picture in memory.
pub struct Room {
    _permit: FairPermit,
    client: ClientId,
}

/// An uploaded picture; it keeps its room until it has been read.
pub struct Picture {
    pub bytes: Bytes,
    pub room: Room,
}

pub(super) struct Pictures {
    room: FairPermits,
    threads: FairPermits,
}

impl Default for Pictures {
    fn default() -> Self {
        // Half of the machine: the other half answers everybody else. Of that, one client has half.
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2));
        let threads = FairPermitLimits {
            permits: threads,
            permits_of_client: threads.div_ceil(2),
            waiting: ROOM.permits,
            waiting_of_client: ROOM.permits_of_client,
            patience: PATIENCE,
        };
        Self { room: FairPermits::new(ROOM), threads: FairPermits::new(threads) }
    }
}

impl Qr {
    /// Room for one picture of the caller's client; taken before it is uploaded.
    ///
    /// # Errors
    /// [`QrError::Busy`] where there is none for this client.
    pub async fn room_for_a_picture(&self, caller: &Caller) -> Result<Room, QrError> {
        let client = caller.client.id.clone();
        Ok(Room { _permit: self.0.pictures.room.take(&client).await?, client })
    }

    /// The text of the symbol in a picture. It tells nothing of what is held about anybody, and is not
    /// recorded; what the text is worth, [`Qr::verify`] says.
    ///
    /// # Errors
    /// If no symbol is found, or too many pictures are being read.
    pub async fn read_picture(&self, picture: Picture) -> Result<String, QrError> {
        let turn = self.0.pictures.threads.take(&picture.room.client).await;
        // Whoever was let in and waited in vain has used up no share.
        let turn = turn.map_err(|_| NoPermit::Full)?;
        // Both go along: a client that hangs up ends nothing that was begun.
        let read = tokio::task::spawn_blocking(move || {
            let text = read_qr(&picture.bytes);
            drop((picture, turn));
            text
        });
        Ok(read.await.unwrap_or(Err(ImageFault::Damaged))?)
    }
}
