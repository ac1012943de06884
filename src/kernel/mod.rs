//! The ground floor: the vocabulary every other room uses. Nothing here opens a file or a connection.

pub mod assurance;
pub mod attribute;
mod causes;
pub mod clock;
pub mod date;
pub mod entropy;
pub mod fault;
pub mod id;
pub mod id_number;
pub mod instant;
pub mod language;
pub mod network;
pub mod orthography;
pub mod person_name;
pub mod purpose;
pub mod sex;
pub mod spreadsheet;
pub mod units;

pub use assurance::Level;
pub use attribute::{Attribute, AttributeSet, Classification};
pub use causes::Causes;
pub use clock::{Clock, ManualClock};
pub use date::{CivilDate, PartialDate, Precision};
pub use entropy::Entropy;
pub use fault::{Fault, Faults};
pub use id::{CitizenId, ClientId, ConsentId, DeviceId, FacilityId, HouseholdId, StayId, TransactionId};
pub use id_number::{AnchorNumber, IdNumber, LegacyIdNumber, NumberLabel};
pub use instant::Instant;
pub use language::{Language, Text};
pub use network::{AddressGroup, Network};
pub use person_name::PersonName;
pub use purpose::{LegalBasis, Officer, ProcedureCode, Purpose};
pub use sex::Sex;
pub use units::{CommuneCode, ProvinceCode, UnitCode, Units};
