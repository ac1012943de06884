//! Authorization codes: a minute, once (RFC 6749 section 4.1.2).

use serde::{Deserialize, Serialize};

use super::super::protocol::Challenge;
use crate::access::Binding;
use crate::crypto::mac::equal;
use crate::kernel::{ClientId, Instant};

/// What a code is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub redirect_uri: String,
    pub challenge: Challenge,
    pub nonce: Option<String>,
    pub jkt: Option<String>,
}

/// A code as it is found. What it is bound to is looked at only where it is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Fresh,
    /// Somebody has tokens for it: its grant is to end.
    Spent,
    Over,
}

#[derive(Debug)]
pub struct FreshCode {
    pub client: ClientId,
    pub bound: Bound,
}

/// A request to turn a code into tokens.
#[derive(Debug, Clone)]
pub struct Redemption {
    pub client: ClientId,
    pub redirect_uri: Option<String>,
    pub verifier: String,
    pub binding: Binding,
}

/// Why a code gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeFault {
    #[error("the code is of another client")]
    Client,
    #[error("redirect_uri is another one than the request's")]
    RedirectUri,
    #[error("code_verifier does not fit the challenge")]
    Verifier,
    #[error("the code is bound to another DPoP key")]
    Key,
}

impl Code {
    pub fn found(spent: bool, expires: Instant, now: Instant) -> Self {
        match (spent, now < expires) {
            (true, _) => Self::Spent,
            (false, true) => Self::Fresh,
            (false, false) => Self::Over,
        }
    }
}

impl FreshCode {
    /// The nonce for the ID token, if the request is the one the code was made for.
    pub fn redeem(self, asked: &Redemption) -> Result<Option<String>, CodeFault> {
        let Bound { redirect_uri, challenge, nonce, jkt } = self.bound;
        if self.client != asked.client {
            return Err(CodeFault::Client);
        }
        if asked.redirect_uri.as_deref() != Some(redirect_uri.as_str()) {
            return Err(CodeFault::RedirectUri);
        }
        if !challenge.is_of(&asked.verifier) {
            return Err(CodeFault::Verifier);
        }
        let held = asked.binding.as_ref().map(|key| key.as_str().as_bytes());
        if jkt.is_some_and(|key| !held.is_some_and(|held| equal(held, key.as_bytes()))) {
            return Err(CodeFault::Key);
        }
        Ok(nonce)
    }
}
