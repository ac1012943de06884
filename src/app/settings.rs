//! From an operator's configuration to what the slices are told.

use std::time::Duration;

use super::{AppConfig, PagesConfig, RetentionPeriods};
use crate::access::AccessConfig;
use crate::audit::AuditConfig;
use crate::citizens::{CacheConfig, GuardConfig};
use crate::config::{CodeRoute, Config, EidConfig as Configured, OidcConfig as SignIns};
use crate::eid::{EidConfig, Sending};
use crate::forms::FormsConfig;
use crate::http::Contact;
use crate::oidc::OidcConfig;
use crate::storage::StoreConfig;

impl AppConfig {
    /// `None` where a setting without a default is missing; `Config::unsafe_settings` names them.
    pub fn of(config: &Config) -> Option<Self> {
        let issuer = config.server.issuer.as_ref()?.as_str();
        let (limits, contact) = (&config.limits, &config.contact);
        let state = config.audit.state_dir.clone()?;
        Some(Self {
            store: StoreConfig {
                url: config.database.url.as_ref()?.expose().to_owned(),
                readers: config.database.readers,
            },
            audit: AuditConfig {
                checkpoint_every: config.audit.checkpoint_every(),
                retention: AuditConfig::years(config.audit.retention_years.into()),
                ..AuditConfig::new(config.audit.origin.as_deref()?, state)
            },
            access: AccessConfig {
                token_lifetime: config.tokens.lifetime(),
                citizen_token_lifetime: config.oidc.access_token_lifetime(),
                assertion_lifetime: config.tokens.assertion_lifetime(),
                ..AccessConfig::new(issuer)
            },
            cache: CacheConfig {
                bytes: config.cache.bytes,
                absence: config.cache.absence(),
                trust: config.cache.trust(),
            },
            guards: GuardConfig {
                per_number: limits.failed_anchors_per_number,
                per_person: limits.failed_anchors_per_name,
                share_percent: limits.failed_anchors_percent,
                share_from: limits.failed_anchors_percent_from,
                alarm: limits.number_alarm,
                capacity: limits.counters,
                batches: limits.batches_per_client,
            },
            forms: FormsConfig { dir: config.forms.dir.clone() },
            eid: eid_of(&config.eid),
            codes: codes_of(&config.eid)?,
            oidc: oidc_of(&config.oidc),
            retention: RetentionPeriods::of(&config.retention)?,
            confirmation_validity: config.residence.confirmation_validity(),
            contact: Contact {
                office: contact.office.clone(),
                name: contact.name.clone(),
                position: contact.position.clone(),
                phone: contact.phone.clone(),
                email: contact.email.clone()?,
            },
            pages: PagesConfig {
                demo: false,
                landing: config.pages.landing,
                me: config.pages.me,
                desk: config.pages.desk,
                wallet: config.pages.wallet,
                portal: config.pages.portal,
                client: config.pages.client.clone(),
            },
        })
    }
}

fn eid_of(config: &Configured) -> EidConfig {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    EidConfig {
        devices: config.devices,
        open_requests: config.open_requests.into(),
        requests_per_hour: count(config.requests_per_hour),
        codes_per_number: count(config.codes_per_number),
        codes_per_minute: count(config.codes_per_minute),
        passcodes_at_once: config.passcodes_at_once,
        ..EidConfig::default()
    }
}

fn oidc_of(config: &SignIns) -> OidcConfig {
    OidcConfig {
        request_lifetime: Duration::from_secs(config.request_lifetime_s),
        code_lifetime: Duration::from_secs(config.code_lifetime_s),
        backchannel_lifetime: Duration::from_secs(config.backchannel_lifetime_s),
        poll_interval: Duration::from_secs(config.poll_interval_s),
        id_token_lifetime: Duration::from_secs(config.id_token_lifetime_s),
        grant_lifetime: Duration::from_secs(config.refresh_token_lifetime_s),
    }
}

fn codes_of(config: &Configured) -> Option<Sending> {
    Some(match config.send_codes {
        CodeRoute::None => Sending::Nowhere,
        CodeRoute::File => Sending::File(config.code_file.as_ref()?.path().to_path_buf()),
        CodeRoute::Webhook => {
            let secret = config.code_webhook_secret.as_ref().map(|secret| secret.expose().to_owned());
            Sending::Webhook { url: config.code_webhook.clone()?, secret }
        }
    })
}
