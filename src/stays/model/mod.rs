//! Stays as they are reported, kept and proven. Pure.

mod deadline;
mod facility;
mod guest;
mod mrz;
mod notice;
mod receipt;
mod stay;

pub use deadline::{Deadline, minutes_left};
pub use facility::{Delegation, Facility, FacilityKind};
pub use guest::{Document, DocumentKind, GuestDetails, GuestGiven, GuestReason, GuestSource, GuestVerdict, TypedGuest};
pub use mrz::{Mrz, MrzFault};
pub use notice::{Notice, Reason, check_times};
pub use receipt::{Delivery, ReceiptDocument, ReceiptPosition, SignedReceipt};
pub use stay::{ChangeKind, FieldChange, Stay, StayChange, StayGuest, StayPeriod, StayState};
