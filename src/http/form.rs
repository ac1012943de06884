//! Form bodies of the OAuth endpoints (RFC 6749 section 3.2 and appendix B).

/// More parameters than this are no request of ours.
const MAX_PARAMETERS: usize = 64;

/// The parameters of a request. Those without a value count as absent, unknown ones stay unread.
#[derive(Default)]
pub struct Form(Vec<(String, String)>);

/// The body cannot be read as parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormFault {
    #[error("a parameter is repeated")]
    Repeated,
    #[error("too many parameters")]
    TooMany,
    #[error("the parameters are not UTF-8")]
    NotUtf8,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// A parameter that comes more than once, even without a value, spoils the request.
    pub fn parse(body: &[u8]) -> Result<Self, FormFault> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                return Err(FormFault::NotUtf8);
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(FormFault::Repeated);
            }
            if parameters.len() == MAX_PARAMETERS {
                return Err(FormFault::TooMany);
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_absent_and_repeated_is_refused() {
        let form = Form::parse(b"scope=a+b%3Ac&x=&y=1").unwrap();
        assert_eq!((form.get("scope"), form.get("x"), form.get("y")), (Some("a b:c"), None, Some("1")));
        assert_eq!(Form::parse(b"a=1&b=2&a=1").err(), Some(FormFault::Repeated));
        assert_eq!(Form::parse(b"a=1&%61=").err(), Some(FormFault::Repeated));
        assert_eq!(Form::parse(b"a=%ff").err(), Some(FormFault::NotUtf8));
        let many: String = (0..65).map(|i| format!("p{i}=1&")).collect();
        assert_eq!(Form::parse(many.as_bytes()).err(), Some(FormFault::TooMany));
    }
}
