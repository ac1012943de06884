//! A citizen with the e-ID app in a browser.

use std::time::Duration;

use dancu::citizens::Citizen;
use dancu::citizens::model::Status;
use dancu::citizens::seed::showcase;

use crate::support::{Backend, Browser, Installation, Screen, Tab};

pub const PASSCODE: &str = "735914";

pub struct Holder {
    pub citizen: Citizen,
    pub app: Tab,
}

/// A living adult of the showcase whom a code can reach.
pub fn reachable() -> Citizen {
    let mut people = showcase(1).into_iter().flat_map(|shown| shown.citizens);
    let found = people.find(|citizen| {
        let known = citizen.date_of_birth.day().is_some() && (1940..2000).contains(&citizen.date_of_birth.year());
        known && citizen.status == Status::Alive && (citizen.phone.is_some() || citizen.email.is_some())
    });
    found.expect("somebody with a contact")
}

/// From the screen of a sign-in to what comes after it.
pub async fn sign_in(screen: &Tab, holder: &Holder) {
    screen.click("details:has(#id_number) summary").await;
    screen.fill("#id_number", holder.citizen.id_number.expose()).await;
    screen.click("form:has(#id_number) button").await;
    screen.shows(".pulse").await;
    holder.open_request().await;
    let digits = screen.text_of(".match b").await;
    holder.approve(&digits).await;
    holder.app.shows("[data-view=outcome-approved] h1").await;
}

/// The code that was sent last.
pub async fn code_of(backend: &Backend) -> String {
    let path = backend.dir().join("codes.ndjson");
    for _ in 0..400 {
        let sent = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(line) = sent.lines().last().filter(|_| sent.ends_with('\n')) {
            let message: serde_json::Value = serde_json::from_str(line).expect("a message");
            return message["code"].as_str().expect("a code").to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no code was sent");
}

impl Holder {
    /// Opens the app on a phone and activates an account with it.
    pub async fn enrol(browser: &Browser, site: &Installation, backend: &Backend, language: &str) -> Self {
        Self::enrol_as(reachable(), browser, (site, backend), language).await
    }

    /// The same for somebody in particular.
    pub async fn enrol_as(
        citizen: Citizen,
        browser: &Browser,
        (site, backend): (&Installation, &Backend),
        language: &str,
    ) -> Self {
        let app = browser.open(Screen::Phone, language).await;
        app.go(&format!("{}/wallet", site.url)).await;
        app.click("[data-open=enrol]").await;
        app.fill("#id_number", citizen.id_number.expose()).await;
        app.fill("#full_name", citizen.full_name.expose()).await;
        let born = citizen.date_of_birth;
        app.fill("#date_of_birth-day", &born.day().expect("a day").to_string()).await;
        app.fill("#date_of_birth-month", &born.month().expect("a month").to_string()).await;
        app.fill("#date_of_birth-year", &born.year().to_string()).await;
        app.click("form[data-form=enrol] button:not([type])").await;
        app.shows("[data-view=activate] h1").await;
        app.fill("#code", &code_of(backend).await).await;
        app.fill("#new-passcode", PASSCODE).await;
        app.fill("#again", PASSCODE).await;
        app.fill("#device_name", "Điện thoại của tôi").await;
        app.click("form[data-form=activate] button:not([type])").await;
        app.shows("[data-view=requests] h1").await;
        Self { citizen, app }
    }

    /// Opens the one waiting request.
    pub async fn open_request(&self) {
        self.app.click("[data-requests] button").await;
        self.app.shows("[data-view=request] h1").await;
    }

    pub async fn approve(&self, digits: &str) {
        self.app.fill("#digits", digits).await;
        self.app.fill("#passcode", PASSCODE).await;
        self.app.click("[data-approve]").await;
    }
}
