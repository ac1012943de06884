//! The server's own account of its processor time.

use crate::Error;
use crate::connection::Connection;

/// User and system time of the server process so far, in seconds, as its metrics tell it.
pub async fn seconds(connection: &mut Connection) -> Result<f64, Error> {
    let answer = connection.get("/metrics", &[]).await?;
    let text = String::from_utf8_lossy(&answer.body);
    text.lines()
        .find_map(|line| line.strip_prefix("process_cpu_seconds_total "))
        .and_then(|value| value.trim().parse().ok())
        .ok_or_else(|| Error::new("the server's metrics do not tell process_cpu_seconds_total"))
}
