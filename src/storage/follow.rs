//! Hears that the database changed elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant as Moment};

use diesel::connection::SimpleConnection;
use diesel::r2d2::R2D2Connection;
use tokio::sync::watch;

use super::connect::{Intent, connect};
use super::location::Location;
use super::{Db, OpenError};
use crate::kernel::Causes;

/// How long a silent link is believed in.
const BELIEVED_FOR: Duration = Duration::from_secs(3);
const POLL_EVERY: Duration = Duration::from_millis(25);
const PING_EVERY: Duration = Duration::from_secs(1);
const RECONNECT_EVERY: Duration = Duration::from_millis(250);

/// Ticks when something changed, or may have.
#[derive(Debug)]
pub(super) struct Pulse {
    ticks: watch::Sender<u64>,
    started: Moment,
    /// Milliseconds after `started` plus one; zero while the link is down.
    heard: AtomicU64,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let pulse = Self { ticks: watch::Sender::new(0), started: Moment::now(), heard: AtomicU64::new(0) };
        pulse.heard();
        pulse
    }

    pub(super) fn tick(&self) {
        self.ticks.send_modify(|count| *count += 1);
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    pub(super) fn heard(&self) {
        self.heard.store(self.now(), Ordering::Release);
    }

    fn lost(&self) {
        self.heard.store(0, Ordering::Release);
        self.tick();
    }

    pub(super) fn link_ok(&self) -> bool {
        let heard = self.heard.load(Ordering::Acquire);
        heard != 0 && self.now().saturating_sub(heard) < BELIEVED_FOR.as_millis() as u64
    }
}

pub(super) fn listen(location: &Location, channel: &str) -> Result<Db, OpenError> {
    let mut db = connect(location, Intent::Follow)?;
    db.batch_execute(&format!("LISTEN {channel}")).map_err(|e| OpenError::Unavailable(e.to_string()))?;
    Ok(db)
}

/// The follower's thread on PostgreSQL; its connection is its own.
pub(super) fn follow(location: &Location, channel: &str, link: Db, pulse: &Arc<Pulse>, store_is_open: &Receiver<()>) {
    let mut link = Some(link);
    let mut last_ping = Moment::now();
    loop {
        let pause = if link.is_some() { POLL_EVERY } else { RECONNECT_EVERY };
        if !matches!(store_is_open.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            return;
        }
        let Some(db) = link.as_mut() else {
            match listen(location, channel) {
                Ok(db) => {
                    link = Some(db);
                    last_ping = Moment::now();
                    pulse.heard();
                    pulse.tick();
                }
                Err(error) => tracing::warn!(error = %Causes(&error), "changes of other replicas cannot be followed"),
            }
            continue;
        };
        let ping_is_due = last_ping.elapsed() >= PING_EVERY;
        match poll(db, ping_is_due) {
            Ok(notified) => {
                if ping_is_due {
                    last_ping = Moment::now();
                    pulse.heard();
                }
                if notified {
                    pulse.tick();
                }
            }
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "the link that tells of other replicas' changes was lost");
                link = None;
                pulse.lost();
            }
        }
    }
}

fn poll(db: &mut Db, ping: bool) -> diesel::QueryResult<bool> {
    if ping {
        db.ping()?;
    }
    let Db::Pg(connection) = db else { return Ok(false) };
    let mut notified = false;
    for notification in connection.notifications_iter() {
        notification?;
        notified = true;
    }
    Ok(notified)
}
