//! Notices taken.

use serde::Serialize;

use super::{ReceiptTold, Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::Answer;
use crate::citizens::guard::meter::Standing;
use crate::kernel::{Faults, Instant, PersonName, Purpose, StayId};
use crate::stays::model::{GuestReason, GuestSource, GuestVerdict, Notice};

/// The operation's name in audit entries.
pub const REPORT: &str = "stays.report";

/// One notice.
#[derive(Clone)]
pub struct Report {
    pub notice: Notice,
    pub purpose: Purpose,
    pub idempotency_key: Option<String>,
}

/// Many notices, each standing for itself.
#[derive(Clone)]
pub struct ReportMany {
    pub notices: Vec<Notice>,
    pub purpose: Purpose,
    pub idempotency_key: Option<String>,
    /// Digest of the body as it came, to know it again by its key.
    pub request: [u8; 32],
    /// Takes the same path and leaves nothing behind; nobody is looked up.
    pub dry_run: bool,
}

/// One guest as the facility is told of them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GuestTold {
    /// Within the stay, from 1.
    pub number: i16,
    pub source: GuestSource,
    pub verdict: GuestVerdict,
    pub reason: GuestReason,
    /// Reported as staying elsewhere at the same time; where, the authority knows.
    pub elsewhere: bool,
    /// `null` where the guest shares it with the authority alone.
    #[schema(value_type = Option<String>)]
    pub full_name: Option<PersonName>,
}

/// A stay that was taken, or had been before.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Reported {
    #[schema(value_type = String)]
    pub stay_id: StayId,
    /// Whether facility, guests and arrival had been reported before: it is the same stay.
    pub repeated: bool,
    pub guests: Vec<GuestTold>,
    /// The instant before which the arrival had to be reported.
    #[schema(value_type = String)]
    pub deadline: Instant,
    pub on_time: bool,
    /// Whole minutes to the deadline; 0 once it is over.
    pub minutes_left: u64,
    pub receipt: ReceiptTold,
}

/// One notice of many.
pub enum Taken {
    Reported {
        told: Box<Reported>,
        audit: Receipt,
    },
    /// Of a dry run: it would have been taken.
    Trial {
        repeated: bool,
        deadline: Instant,
        on_time: bool,
    },
}

/// What came of many notices, in their order. Pointers are relative to the notice.
pub struct ReportedMany {
    pub notices: Vec<Result<Taken, Faults>>,
    pub standing: Standing,
}

impl Stays {
    /// Takes one notice; recorded before it is returned. A guest who does not fit marks it, and never
    /// stops it.
    pub async fn report(&self, _caller: &Caller, _command: Report) -> Result<Answer<Reported>, StaysError> {
        todo!()
    }

    /// Takes many: a transaction for some five hundred guests, with their entries.
    ///
    /// # Errors
    /// If the caller may not report at all, or the store is away; faults of notices are inside.
    pub async fn report_many(&self, _caller: &Caller, _command: ReportMany) -> Result<ReportedMany, StaysError> {
        todo!()
    }
}
