//! The e-ID: how activation codes are sent, and how often citizens may be asked.

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;
use super::secret::{SecretFile, SecretText};

/// Where activation codes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeRoute {
    /// Nowhere: accounts are activated at a desk alone.
    #[default]
    None,
    /// Appended to `code_file` as lines of JSON.
    File,
    /// Posted to `code_webhook` as JSON.
    Webhook,
}

#[derive(Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct EidConfig {
    pub send_codes: CodeRoute,
    pub code_file: Option<SecretFile>,
    /// `https`, or on this machine.
    pub code_webhook: Option<String>,
    /// Sent with each code as `Authorization: Bearer …`.
    pub code_webhook_secret: Option<SecretText>,
    /// Devices of one account.
    #[validate(range(min = 1, max = 20))]
    pub devices: usize,
    /// Requests of sign-in pages that one citizen sees at once, and as many of counters.
    #[validate(range(min = 1, max = 20))]
    pub open_requests: u32,
    /// Requests of sign-in pages to one citizen in an hour that they did not scan, and as many of counters.
    #[validate(range(min = 1, max = 1_000_000))]
    pub requests_per_hour: u32,
    /// Codes sent in a day to one citizen.
    #[validate(range(min = 1, max = 100))]
    pub codes_per_number: u32,
    /// Codes sent in a minute in all.
    #[validate(range(min = 1, max = 1_000_000))]
    pub codes_per_minute: u32,
    /// Passcodes hashed at once; each takes 19 MiB and a processor for some 15 ms.
    #[validate(range(min = 1, max = 256))]
    pub passcodes_at_once: usize,
}

impl Default for EidConfig {
    fn default() -> Self {
        Self {
            send_codes: CodeRoute::None,
            code_file: None,
            code_webhook: None,
            code_webhook_secret: None,
            devices: 5,
            open_requests: 5,
            requests_per_hour: 60,
            codes_per_number: 5,
            codes_per_minute: 600,
            passcodes_at_once: 2,
        }
    }
}

impl std::fmt::Debug for EidConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EidConfig").field("send_codes", &self.send_codes).finish_non_exhaustive()
    }
}

impl Section for EidConfig {
    const NAME: &'static str = "eid";
}

impl EidConfig {
    /// The key that the chosen route needs and that is not set.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match self.send_codes {
            CodeRoute::File if self.code_file.is_none() => Some("eid.code_file"),
            CodeRoute::Webhook if self.code_webhook.is_none() => Some("eid.code_webhook"),
            CodeRoute::None | CodeRoute::File | CodeRoute::Webhook => None,
        }
    }

    /// Whether codes would cross a network in plain text.
    pub(super) fn is_plain_text(&self) -> bool {
        let webhook = self.code_webhook.as_deref().filter(|_| self.send_codes == CodeRoute::Webhook);
        webhook.is_some_and(|url| {
            let local = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
            let on_this_machine = local.iter().any(|prefix| {
                url.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            });
            !url.starts_with("https://") && !on_this_machine
        })
    }
}
