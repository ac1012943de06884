//! Negative answers about people leave at a fixed time after arrival, whatever their cause, so that
//! the time they take tells nothing.

use std::time::{Duration, Instant};

use super::context::Arrival;

/// Waits until negative answers to this request leave: the configured delay after its arrival, or
/// the next whole multiple of it if the work took longer.
pub async fn negative(arrival: &Arrival) {
    negative_since(arrival, arrival.at()).await;
}

/// The same for a part of a request (lines of a batch) that came later than its beginning.
pub async fn negative_since(arrival: &Arrival, began: Instant) {
    let release = release_after(arrival.negative_delay(), began.elapsed());
    tokio::time::sleep_until((began + release).into()).await;
}

fn release_after(delay: Duration, worked: Duration) -> Duration {
    match u32::try_from(worked.as_nanos().div_ceil(delay.as_nanos().max(1))) {
        Ok(steps) => delay * steps.max(1),
        Err(_) => worked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_depends_on_work_only_in_whole_steps() {
        let ms = Duration::from_millis;
        for (worked, release) in [(0, 25), (1, 25), (24, 25), (25, 25), (26, 50), (99, 100)] {
            assert_eq!(release_after(ms(25), ms(worked)), ms(release), "{worked}");
        }
        assert!(release_after(Duration::ZERO, Duration::from_secs(9)) <= Duration::from_secs(9));
    }
}
