//! An error with its causes, for logs and terminals.

use std::error::Error;
use std::fmt;

/// Shows an error and each of its causes, outermost first, once each: `the answer cannot be recorded: the database is
/// unavailable: the connection was lost`.
pub struct Causes<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        let mut next = self.0.source();
        while let Some(error) = next {
            let text = error.to_string();
            // A transparent variant has the text of what it holds; some quote their cause.
            if !told.contains(&text) {
                told.push_str(": ");
                told.push_str(&text);
            }
            next = error.source();
        }
        f.write_str(&told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Fault {
        #[error("the disk is full")]
        Disk,
        #[error("nothing can be written")]
        Writing(#[source] Box<Fault>),
        #[error(transparent)]
        Same(#[from] Box<Fault>),
    }

    #[test]
    fn each_cause_is_told_once() {
        let fault = Fault::Same(Box::new(Fault::Writing(Box::new(Fault::Disk))));
        assert_eq!(Causes(&fault).to_string(), "nothing can be written: the disk is full");
    }
}
