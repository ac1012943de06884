//! `authorization_details` (RFC 9396) of the one type there is: `population_data`, a consent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::AuthorizationError;
use crate::clients::Client;
use crate::kernel::{AttributeSet, LegalBasis, ProcedureCode};

const LONGEST: usize = 4 * 1024;
const LONGEST_DAYS: u16 = 366;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The citizen lets the client ask for these attributes, for this procedure, for so many days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationData {
    #[serde(rename = "type")]
    kind: Kind,
    pub procedure: ProcedureCode,
    pub legal_basis: LegalBasis,
    pub attributes: AttributeSet,
    /// 1 to 366.
    pub period_days: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    PopulationData,
}

impl PopulationData {
    /// Reads the parameter: a list of one, under the agreement.
    pub fn parse(text: Option<&str>, client: &Client) -> Result<Option<Self>, AuthorizationError> {
        let Some(text) = text else { return Ok(None) };
        let list: Vec<Self> = Some(text)
            .filter(|text| text.len() <= LONGEST)
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or(AuthorizationError::DETAILS)?;
        let mut list = list.into_iter();
        let (Some(asked), None) = (list.next(), list.next()) else { return Err(AuthorizationError::DETAILS) };
        let agreement = &client.agreement;
        let agreed = agreement.procedures.contains(&asked.procedure)
            && !client.stops.is_procedure_stopped(&asked.procedure)
            && agreement.legal_bases.contains(&asked.legal_basis)
            && asked.attributes.is_subset(agreement.attributes)
            && !asked.attributes.is_empty()
            && (1..=LONGEST_DAYS).contains(&asked.period_days);
        if agreed { Ok(Some(asked)) } else { Err(AuthorizationError::DETAILS) }
    }

    /// How long the consent holds; `None` where the legal basis needs none.
    pub fn consent_for(&self) -> Option<Duration> {
        self.legal_basis.is_consent().then(|| DAY * u32::from(self.period_days))
    }
}
