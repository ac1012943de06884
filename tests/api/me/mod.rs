//! What citizens see of Dancu, with their own sessions, on both backends.

mod consents;
mod history;

use dancu::kernel::AttributeSet;
use serde_json::{Value, json};

use crate::api::citizens::desk::Desk;

pub const HISTORY: &str = "/v1/me/access-history";

impl Desk {
    /// The history as the citizen's page asks for it.
    pub async fn history(&self, citizen: dancu::kernel::CitizenId, ask: Value) -> Value {
        let cookie = self.session(citizen, AttributeSet::EMPTY, None).await;
        let answer = self.page_post(&cookie, HISTORY, &ask).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// What was done, newest first, without the citizen's own readings.
    pub async fn looks(&self, citizen: dancu::kernel::CitizenId) -> Vec<Value> {
        let page = self.history(citizen, json!({})).await;
        let looks = page["looks"].as_array().unwrap().iter();
        looks.filter(|look| look["operation"] != "me.access_history").cloned().collect()
    }
}
