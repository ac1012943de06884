//! Requests, codes and backchannel requests, as rules without input or output. A state is a type; a
//! transition consumes it.

mod authorization;
mod backchannel;
mod code;
mod level;

pub use authorization::{Authorization, Hint};
pub use backchannel::{Backchannel, BackchannelRequest, Poll};
pub use code::{Bound, Code, CodeFault, FreshCode, Redemption};
pub use level::level_of;
