//! The `claims` parameter (OpenID Connect Core section 5.5), and what claims are called.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::AuthorizationError;
use crate::kernel::{Attribute, AttributeSet};

/// Longer parameters ask for nothing we know.
const LONGEST: usize = 4 * 1024;

/// What tells of other persons is not told in userinfo.
const OF_OTHERS: [Attribute; 5] =
    [Attribute::Household, Attribute::Parents, Attribute::Spouse, Attribute::Children, Attribute::Representative];

/// The attributes that userinfo may tell.
pub fn told_of_oneself() -> AttributeSet {
    AttributeSet::all().difference(OF_OTHERS.into_iter().collect())
}

/// The name of an attribute in userinfo: that of OpenID Connect Core section 5.1 where there is one.
pub const fn userinfo_name(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::FullName => "name",
        Attribute::DateOfBirth => "birthdate",
        Attribute::Sex => "gender",
        Attribute::PermanentResidence => "address",
        Attribute::Phone => "phone_number",
        other => other.name(),
    }
}

/// What the parameter asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimsAsked {
    /// Of userinfo; names that are not known are passed over.
    pub attributes: AttributeSet,
    /// Values of `acr`, the best liked first.
    pub acr: Vec<String>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(default)]
    userinfo: Option<Map<String, Value>>,
    #[serde(default)]
    id_token: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Wanted {
    value: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

impl ClaimsAsked {
    pub fn parse(text: Option<&str>) -> Result<Self, AuthorizationError> {
        const MALFORMED: AuthorizationError = AuthorizationError::invalid_request("claims is not the JSON it must be");
        let Some(text) = text else { return Ok(Self::default()) };
        if text.len() > LONGEST {
            return Err(MALFORMED);
        }
        // By way of a map: a struct would be read from an array, too.
        let parameter: Map<String, Value> = serde_json::from_str(text).map_err(|_| MALFORMED)?;
        let parameter: Parameter = serde_json::from_value(parameter.into()).map_err(|_| MALFORMED)?;
        let named = parameter.userinfo.unwrap_or_default();
        let attributes =
            Attribute::ALL.iter().copied().filter(|attribute| named.contains_key(userinfo_name(*attribute))).collect();
        let acr = match parameter.id_token.unwrap_or_default().remove("acr") {
            None | Some(Value::Null) => Vec::new(),
            Some(wanted) => {
                let wanted: Wanted = serde_json::from_value(wanted).map_err(|_| MALFORMED)?;
                wanted.value.into_iter().chain(wanted.values).collect()
            }
        };
        Ok(Self { attributes, acr })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_and_acr_are_understood_and_the_rest_is_passed_over() {
        let text = r#"{"userinfo":{"name":null,"birthdate":{"essential":true},"shoe_size":null},
            "id_token":{"acr":{"essential":true,"values":["urn:dancu:acr:l2"]},"auth_time":null}}"#;
        let asked = ClaimsAsked::parse(Some(text)).unwrap();
        assert_eq!(asked.attributes, [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect());
        assert_eq!(asked.acr, ["urn:dancu:acr:l2"]);
        assert_eq!(ClaimsAsked::parse(None), Ok(ClaimsAsked::default()));
        assert_eq!(ClaimsAsked::parse(Some("{}")), Ok(ClaimsAsked::default()));
        for bad in ["", "[]", "{", r#"{"userinfo":3}"#, r#"{"id_token":{"acr":{"values":"l2"}}}"#] {
            assert!(ClaimsAsked::parse(Some(bad)).is_err(), "{bad}");
        }
    }
}
