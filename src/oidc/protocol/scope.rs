//! Scopes of citizens' tokens: `openid`, one per attribute, the standard bundles, and operations that
//! stand in for an officer.

use super::AuthorizationError;
use crate::clients::{Agreement, Operation, OperationSet};
use crate::kernel::{Attribute, AttributeSet};

/// What a citizen's own token may do besides telling who they are.
const CITIZEN_OPERATIONS: [Operation; 5] = [
    Operation::QrIssue,
    Operation::ResidenceCheck,
    Operation::ResidenceConfirm,
    Operation::FormsPrefill,
    Operation::AuditRead,
];

const OPENID: &str = "openid";
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
    /// As it was asked for, each name once, and will be told.
    pub text: String,
}

/// A part of what was granted, for one access token (RFC 6749 section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    pub text: String,
    /// What the names left out gave, and no other gives.
    pub dropped: AttributeSet,
}

impl Scope {
    /// Reads a scope that must name `openid`.
    ///
    /// # Errors
    /// `invalid_scope`, for the whole of it.
    pub fn parse(text: Option<&str>, agreement: &Agreement) -> Result<Self, AuthorizationError> {
        let text = text.ok_or(AuthorizationError::SCOPE)?;
        let names = names_of(text);
        let (mut attributes, mut operations) = (AttributeSet::EMPTY, Vec::new());
        for &name in names.iter().filter(|name| **name != OPENID) {
            if let Some((_, bundle)) = BUNDLES.iter().find(|(known, _)| *known == name) {
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
        if !names.contains(&OPENID) {
            return Err(AuthorizationError::SCOPE);
        }
        Ok(Self { attributes, operations: operations.into_iter().collect(), text: names.join(" ") })
    }

    /// The part `asked` of a scope that was granted; `None` if it is the whole.
    ///
    /// # Errors
    /// `invalid_scope` if it names more than was granted, or not `openid`.
    pub fn narrowed(granted: &str, asked: &str) -> Result<Option<Narrowed>, AuthorizationError> {
        let (granted, asked) = (names_of(granted), names_of(asked));
        if !asked.contains(&OPENID) || asked.iter().any(|name| !granted.contains(name)) {
            return Err(AuthorizationError::SCOPE);
        }
        if asked.len() == granted.len() {
            return Ok(None);
        }
        let dropped = attributes_of(&granted).difference(attributes_of(&asked));
        Ok(Some(Narrowed { text: asked.join(" "), dropped }))
    }

    /// Every scope a citizen can be asked for, for the metadata. What clients may do for themselves
    /// stands in the catalogue.
    pub fn all() -> Vec<String> {
        let plain = [OPENID, OFFLINE].into_iter().chain(BUNDLES.iter().map(|(name, _)| *name)).map(str::to_owned);
        let attributes = Attribute::ALL.iter().map(|attribute| format!("{PREFIX}{attribute}"));
        let operations = CITIZEN_OPERATIONS.iter().map(|operation| operation.name().to_owned());
        plain.chain(attributes).chain(operations).collect()
    }
}

/// The names of a scope, each once, in their order.
fn names_of(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in text.split(' ') {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The attributes that names stand for, whatever an agreement says.
fn attributes_of(names: &[&str]) -> AttributeSet {
    let one = |name: &&str| -> AttributeSet {
        match BUNDLES.iter().find(|(known, _)| known == name) {
            Some((_, bundle)) => bundle.iter().copied().collect(),
            None => name.strip_prefix(PREFIX).and_then(|name| name.parse::<Attribute>().ok()).into_iter().collect(),
        }
    };
    names.iter().map(one).fold(AttributeSet::EMPTY, AttributeSet::union)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_once() {
        assert_eq!(names_of("openid email openid openid email"), ["openid", "email"]);
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        let set = |attributes: &[Attribute]| attributes.iter().copied().collect::<AttributeSet>();
        let granted = "openid profile citizen:full_name email qr:issue";
        let part = |asked: &str| Scope::narrowed(granted, asked);
        assert_eq!(part("qr:issue openid email email profile citizen:full_name"), Ok(None));
        let narrowed = part("openid citizen:full_name openid").unwrap().unwrap();
        assert_eq!(narrowed.text, "openid citizen:full_name");
        assert_eq!(narrowed.dropped, set(&[Attribute::DateOfBirth, Attribute::Sex, Attribute::Email]));
        for beyond in ["openid phone", "openid citizen:sex", "openid ", "", "email", "openid forms:prefill"] {
            assert_eq!(part(beyond), Err(AuthorizationError::SCOPE), "{beyond:?}");
        }
    }
}
