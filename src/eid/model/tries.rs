//! How often a passcode may be tried on one device.

use std::time::Duration;

use crate::kernel::Instant;

/// Wrong passcodes after which the device is locked until a desk opens it.
pub const TRIES: i16 = 10;

/// Whether a passcode may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    Wait(Duration),
    Locked,
}

/// Where a device with this many wrong passcodes stands.
pub fn standing(tries: i16, try_after: Instant, locked: bool, now: Instant) -> Standing {
    if locked || tries >= TRIES {
        Standing::Locked
    } else if now < try_after {
        Standing::Wait(try_after.since(now))
    } else {
        Standing::Open
    }
}

/// How long to wait after the `tries`-th wrong passcode in a row.
const fn delay_after(tries: i16) -> Duration {
    Duration::from_secs(match tries {
        ..=3 => 0,
        4 => 30,
        5 => 60,
        6 => 300,
        7 => 900,
        8 => 3_600,
        _ => 4 * 3_600,
    })
}

/// The tries and the earliest next one after a further wrong passcode.
pub fn after_failure(tries: i16, now: Instant) -> (i16, Instant) {
    let tries = tries.saturating_add(1);
    (tries, now.plus(delay_after(tries)))
}

/// How many rejections in a row there then are, and until when only scanned requests are shown.
/// Requests that nobody wanted come again: each rejection makes the pause longer, up to an hour.
pub fn quiet_after(rejections: i16, now: Instant) -> (i16, Instant) {
    let rejections = rejections.saturating_add(1);
    let minutes = match rejections {
        ..=1 => 1,
        2 => 5,
        3 => 15,
        _ => 60,
    };
    (rejections, now.plus(Duration::from_secs(60 * minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_until_the_device_is_locked() {
        let (mut tries, mut now, mut waits) = (0, Instant::from_seconds(1_000), Vec::new());
        while standing(tries, now, false, now) == Standing::Open {
            let (next, after) = after_failure(tries, now);
            if next < TRIES && after > now {
                assert_eq!(standing(next, after, false, now), Standing::Wait(after.since(now)));
            }
            waits.push(after.since(now).as_secs());
            (tries, now) = (next, after);
        }
        assert_eq!(waits, [0, 0, 0, 30, 60, 300, 900, 3_600, 14_400, 14_400]);
        assert_eq!(standing(tries, now, false, now), Standing::Locked);
        assert_eq!(standing(0, now, true, now), Standing::Locked);
    }
}
