//! Stays reported, changed, found and proven, every answer recorded.

mod amending;
mod batch;
mod changes;
mod entering;
mod error;
mod facilities;
mod guests;
mod known;
mod loading;
mod officers;
mod overlap;
mod receipt;
mod report;
mod search;
mod taking;
mod told;

use std::sync::Arc;

pub use batch::{Batch, BatchError, BatchFile, BatchPurpose, BatchTold, FileRoom, RefusedFile};
pub use changes::{AMEND, Amend, AmendGuest, CANCEL, CHECK_OUT, CancelStay, CheckOut, EXTEND, Extend};
pub use error::StaysError;
pub use facilities::{FacilitiesError, FacilityRegister, FacilityTold, NewFacility};
pub use officers::desk_session;
pub use receipt::{ProvenReceipt, ReceiptStatus, VerifiedReceipt};
pub use report::{REPORT, REPORT_BATCH, Report, ReportMany, ReportedMany, Taken};
pub use search::{Cursor, DayCounts, Found, FoundStay, GuestSought, SEARCH, Search, Today};
pub use told::{ChangeTold, GuestTold, Reported, StayTold};

use super::store::codec::StayCodec;

use crate::access::{Access, FairPermits};
use crate::audit::Audit;
use crate::citizens::Citizens;
use crate::crypto::Keyring;
use crate::kernel::{Clock, Entropy};
use crate::qr::Qr;
use crate::storage::Store;

/// What the room is built from.
pub struct StaysParts {
    pub issuer: String,
    pub store: Store,
    pub audit: Audit,
    pub access: Arc<Access>,
    pub citizens: Citizens,
    pub qr: Qr,
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
    keyring: Keyring,
    codec: StayCodec,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Files in work.
    files: FairPermits,
}

impl Stays {
    /// Begins to follow rotations of keys, until the last holder lets go.
    pub fn open(parts: StaysParts) -> Self {
        let StaysParts { issuer, store, audit, access, citizens, qr, keyring, clock, entropy } = parts;
        let codec = StayCodec::new(keyring.clone(), entropy.clone());
        let files = FairPermits::new(batch::FILES_AT_ONCE);
        let inner = Inner { issuer, store, audit, access, citizens, qr, keyring, codec, clock, entropy, files };
        let inner = Arc::new(inner);
        Self(inner)
    }

    /// The citizens of whom questions are asked.
    pub fn citizens(&self) -> &Citizens {
        &self.0.citizens
    }
}
