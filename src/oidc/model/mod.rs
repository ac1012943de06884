//! Requests, codes and backchannel requests, as rules without input or output. A state is a type; a
//! transition consumes it.

mod authorization;
mod backchannel;
mod code;
mod level;

use std::time::Duration;

pub use authorization::{Authorization, Hint};
pub use backchannel::{Backchannel, BackchannelRequest, Poll};
pub use code::{Bound, Code, CodeFault, FreshCode, Redemption};
pub use level::level_of;

use crate::eid::TAKING_TIME;

/// So long after its end a request is known: what was approved in its last second may still be fetched,
/// and who comes late is told that it is over.
pub const GRACE: Duration = TAKING_TIME;
