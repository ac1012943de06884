//! From an operator's configuration to what the slices are told.

use super::AppConfig;
use crate::access::AccessConfig;
use crate::audit::AuditConfig;
use crate::citizens::{CacheConfig, GuardConfig};
use crate::clients::Contact;
use crate::config::Config;
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
            },
            confirmation_validity: config.residence.confirmation_validity(),
            contact: Contact {
                office: contact.office.clone(),
                name: contact.name.clone(),
                position: contact.position.clone(),
                phone: contact.phone.clone(),
                email: contact.email.clone()?,
            },
        })
    }
}
