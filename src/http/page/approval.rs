//! The screen on which an approval by e-ID begins: who asks, for what and why; the QR and the digits;
//! what becomes of it. Knows nothing of the slices that show it.

use std::time::Duration;

use askama::Template;

use super::{Asset, Link, Page};

/// Looks whether the state has changed, and counts the time down.
pub(super) static SCRIPT: Asset = Asset::script("approval.js", include_bytes!("approval.js"));

/// Without scripts the page comes again by itself so often.
const RELOAD_SECONDS: u32 = 4;

/// Where the request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    Pending,
    Approved,
    Rejected,
    Expired,
    Mismatch,
}

impl ApprovalState {
    /// As the polled endpoint says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Mismatch => "mismatch",
        }
    }
}

/// The body of the polled endpoint: `{"state": "pending"}`.
#[derive(Debug, serde::Serialize)]
pub struct PolledState {
    pub state: &'static str,
}

/// What the citizen decides on.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The name of who asks.
    pub asker: String,
    /// Labels of what they would learn.
    pub attributes: Vec<String>,
    /// The procedure and the legal basis in words.
    pub reasons: Vec<String>,
    /// The words of who asks.
    pub message: Option<String>,
    /// Until when the consent given with the approval holds, in words.
    pub consent: Option<String>,
}

/// A request that has begun, and how this screen goes on.
#[derive(Debug)]
pub struct Begun {
    /// An SVG drawing made by this service.
    pub qr: String,
    /// What the QR says, for those who cannot scan.
    pub scan: String,
    pub digits: String,
    pub left: Duration,
    /// The path of this screen.
    pub here: String,
    /// `GET` says [`PolledState`]; may wait some seconds.
    pub poll: String,
    /// `POST` with `id_number` sends the request to the app of that number, if there is one.
    pub address: String,
    /// `POST` ends the request.
    pub cancel: String,
    /// Whether a number was entered already.
    pub addressed: bool,
    /// What was wrong with the number.
    pub fault: Option<String>,
}

impl Begun {
    /// The time left as `4:05`.
    fn clock(&self) -> String {
        let seconds = self.left.as_secs();
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }
}

/// The whole screen.
#[derive(Debug, Template)]
#[template(path = "http/page/approval.html")]
pub struct ApprovalScreen {
    pub page: Page,
    pub asked: Asked,
    pub state: ApprovalState,
    /// Of a pending request.
    pub begun: Option<Begun>,
    /// Where an ended request goes on.
    pub next: Option<Link>,
}

impl ApprovalScreen {
    /// The same, coming again by itself where no script runs.
    pub fn refreshing(mut self) -> Self {
        if let Some(begun) = &self.begun {
            // A half-typed number must not be lost to a reload.
            let seconds = if begun.addressed { RELOAD_SECONDS } else { 10 * RELOAD_SECONDS };
            self.page = self.page.refreshing(seconds, begun.here.clone());
        }
        self
    }

    fn script(&self) -> &'static Asset {
        &SCRIPT
    }
}
