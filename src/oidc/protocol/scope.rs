//! Scopes of citizens' tokens: `openid`, one per attribute, the standard bundles, and operations that
//! stand in for an officer.

use super::AuthorizationError;
use crate::clients::{Agreement, Operation, OperationSet};
use crate::kernel::{Attribute, AttributeSet};

/// What a citizen's own token may do besides telling who they are.
const CITIZEN_OPERATIONS: [Operation; 4] =
    [Operation::QrIssue, Operation::ResidenceCheck, Operation::ResidenceConfirm, Operation::FormsPrefill];

const PREFIX: &str = "citizen:";
/// The bundles of OpenID Connect Core section 5.4; of each, what the agreement lists.
const BUNDLES: [(&str, &[Attribute]); 4] = [
    ("profile", &[Attribute::FullName, Attribute::DateOfBirth, Attribute::Sex]),
    ("email", &[Attribute::Email]),
    ("phone", &[Attribute::Phone]),
    ("address", &[Attribute::PermanentResidence]),
];
/// Refresh tokens come with every sign-in; who asks for them is understood.
const OFFLINE: &str = "offline_access";

/// A scope that the agreement covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    pub attributes: AttributeSet,
    pub operations: OperationSet,
    /// As it was asked for, and will be told.
    pub text: String,
}

impl Scope {
    /// Reads a scope that must name `openid`.
    ///
    /// # Errors
    /// `invalid_scope`, for the whole of it.
    pub fn parse(text: Option<&str>, agreement: &Agreement) -> Result<Self, AuthorizationError> {
        let text = text.ok_or(AuthorizationError::SCOPE)?;
        let (mut attributes, mut operations, mut openid) = (AttributeSet::EMPTY, Vec::new(), false);
        for name in text.split(' ') {
            if name == "openid" {
                openid = true;
            } else if let Some((_, bundle)) = BUNDLES.iter().find(|(known, _)| *known == name) {
                let bundle: AttributeSet = bundle.iter().copied().collect();
                attributes = attributes.union(bundle.intersection(agreement.attributes));
            } else if let Some(attribute) = name.strip_prefix(PREFIX) {
                let attribute = attribute.parse::<Attribute>().map_err(|_| AuthorizationError::SCOPE)?;
                if !agreement.attributes.contains(attribute) {
                    return Err(AuthorizationError::SCOPE);
                }
                attributes.insert(attribute);
            } else if name != OFFLINE {
                let operation = name.parse::<Operation>().map_err(|_| AuthorizationError::SCOPE)?;
                if !CITIZEN_OPERATIONS.contains(&operation) || !agreement.operations.contains(operation) {
                    return Err(AuthorizationError::SCOPE);
                }
                operations.push(operation);
            }
        }
        if !openid {
            return Err(AuthorizationError::SCOPE);
        }
        Ok(Self { attributes, operations: operations.into_iter().collect(), text: text.to_owned() })
    }

    /// Every scope there is, for the metadata.
    pub fn all() -> Vec<String> {
        let plain = ["openid", OFFLINE].into_iter().chain(BUNDLES.iter().map(|(name, _)| *name)).map(str::to_owned);
        let attributes = Attribute::ALL.iter().map(|attribute| format!("{PREFIX}{attribute}"));
        let operations = Operation::ALL.iter().map(|operation| operation.name().to_owned());
        plain.chain(attributes).chain(operations).collect()
    }
}
