//! Userinfo: what the citizen approved and the agreement lets out, recorded before it is sent.

use serde_json::{Map, Value, json};

use super::{Oidc, OidcError, entry};
use crate::access::{Caller, CitizenGrant};
use crate::citizens::{Citizen, is_recorded};
use crate::clients::Detail;
use crate::kernel::{Attribute, AttributeSet, CommuneCode, UnitCode, Units};
use crate::oidc::protocol::userinfo_name;

/// What tells of other persons is not told here.
const OF_OTHERS: [Attribute; 5] =
    [Attribute::Household, Attribute::Parents, Attribute::Spouse, Attribute::Children, Attribute::Representative];

impl Oidc {
    /// The claims; `None` if the approval has ended meanwhile.
    pub async fn userinfo(&self, caller: &Caller, approved: &CitizenGrant) -> Result<Option<Value>, OidcError> {
        let Some(grant) = self.0.access.find_grant(approved.grant_id).await? else { return Ok(None) };
        let Some(record) = self.0.citizens.holder(approved.citizen_id).await? else { return Ok(None) };
        let agreement = &caller.client.agreement;
        let others: AttributeSet = OF_OTHERS.into_iter().collect();
        let agreed = match agreement.detail {
            Detail::Full => approved.attributes.intersection(agreement.attributes).difference(others),
            Detail::Boolean => AttributeSet::EMPTY,
        };
        let told: AttributeSet = agreed.iter().filter(|one| is_recorded(&record.citizen, *one)).collect();
        let mut claims = claims_of(&record.citizen, told)?;
        claims.insert("sub".to_owned(), Value::String(grant.subject));
        let noted = entry("oidc.userinfo", &caller.client, approved.citizen_id, approved.grant_id, self.0.clock.now());
        let noted = crate::audit::Entry { attributes: told, consent: approved.consent.map(|id| id.0), ..noted };
        self.0.audit.record(noted).await?;
        Ok(Some(Value::Object(claims)))
    }
}

/// Each attribute under its claim's name, in its claim's form (OpenID Connect Core section 5.1).
fn claims_of(citizen: &Citizen, told: AttributeSet) -> Result<Map<String, Value>, OidcError> {
    let record =
        serde_json::to_value(citizen).map_err(|error| crate::storage::StorageError::Other(error.to_string()))?;
    let value = |attribute: Attribute| match attribute {
        Attribute::PermanentResidence => citizen.permanent_residence.as_ref().map(|residence| {
            let unit = CommuneCode::parse(&residence.unit).ok();
            let unit = unit.and_then(|code| Units::shared().title(UnitCode::Commune(code)));
            let formatted: Vec<String> = residence.detail.iter().cloned().chain(unit).collect();
            json!({ "formatted": formatted.join(", "), "country": "VN" })
        }),
        other => record.get(other.name()).cloned(),
    };
    Ok(told.iter().filter_map(|one| Some((userinfo_name(one).to_owned(), value(one)?))).collect())
}
