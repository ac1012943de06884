//! Which scopes a token gets (RFC 6749 section 3.3).

use crate::clients::OperationSet;

use super::GrantError;

/// The scopes asked for, or all of `agreed` if none are named.
///
/// # Errors
/// A scope that is unknown or beyond the agreement refuses the whole request: a client is never
/// left to find out later what it did not get.
pub fn granted(asked: Option<&str>, agreed: OperationSet) -> Result<OperationSet, GrantError> {
    let Some(asked) = asked else { return Ok(agreed) };
    let asked: OperationSet =
        asked.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| GrantError::Scope)?;
    if asked.is_subset(agreed) { Ok(asked) } else { Err(GrantError::Scope) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Operation;

    #[test]
    fn scopes_are_agreed_or_refused_whole() {
        let agreed: OperationSet = [Operation::CitizensLookup, Operation::CitizensVerify].into_iter().collect();
        assert_eq!(granted(None, agreed).ok(), Some(agreed));
        let one = granted(Some("citizens:verify"), agreed).unwrap();
        assert_eq!(one.to_string(), "citizens:verify");
        for refused in ["audit:read", "citizens:verify audit:read", "citizens:verify  citizens:lookup", " ", "nonsense"]
        {
            assert!(granted(Some(refused), agreed).is_err(), "{refused:?}");
        }
    }
}
