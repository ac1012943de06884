//! Connections of clients: what each is doing and since when, how many there may be, and which of them
//! has to go. A connection that does not send or does not read must cost others nothing.

mod room;
mod state;

pub use room::{ConnectionLimits, ConnectionMetrics, Connections, Fault, MOST_LEAVING, OpenConnection};
pub use state::{Connection, End};
