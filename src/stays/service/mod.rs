//! Stays reported, changed, found and proven, every answer recorded.

mod batch;
mod changes;
mod error;
mod facilities;
mod guests;
mod receipt;
mod report;
mod search;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use batch::{Batch, BatchError, BatchFile, BatchPurpose, BatchTold, RefusedFile};
pub use changes::{Amend, AmendGuest, CancelStay, ChangeTold, CheckOut, Extend, StayTold};
pub use error::StaysError;
pub use facilities::{FacilityTold, NewFacility};
pub use receipt::{ReceiptStatus, ReceiptTold, VerifiedReceipt};
pub use report::{GuestTold, Report, ReportMany, Reported, ReportedMany, Taken};
pub use search::{Cursor, DayCounts, Found, FoundStay, GuestSought, Search, Today};

use crate::access::Access;
use crate::audit::Audit;
use crate::citizens::Citizens;
use crate::citizens::sealing::Sealing;
use crate::crypto::Keyring;
use crate::kernel::{Clock, Entropy};
use crate::qr::Qr;
use crate::storage::Store;
use crate::transparency::Transparency;

/// What the room is built from.
pub struct StaysParts {
    pub issuer: String,
    pub store: Store,
    pub audit: Audit,
    pub access: Arc<Access>,
    pub citizens: Citizens,
    pub qr: Qr,
    pub transparency: Transparency,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Takes notices. Cheap to clone.
#[derive(Clone)]
pub struct Stays(Arc<Inner>);

struct Inner {
    issuer: String,
    store: Store,
    audit: Audit,
    access: Arc<Access>,
    citizens: Citizens,
    qr: Qr,
    transparency: Transparency,
    keyring: Keyring,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Files in work.
    files: Semaphore,
}

impl Stays {
    pub fn open(parts: StaysParts) -> Self {
        let StaysParts { issuer, store, audit, access, citizens, qr, transparency, keyring, clock, entropy } = parts;
        let sealing = Sealing::new(keyring.clone(), entropy.clone());
        let files = Semaphore::new(batch::FILES_AT_ONCE);
        let inner =
            Inner { issuer, store, audit, access, citizens, qr, transparency, keyring, sealing, clock, entropy, files };
        Self(Arc::new(inner))
    }

    /// The citizens of whom questions are asked.
    pub fn citizens(&self) -> &Citizens {
        &self.0.citizens
    }
}
