//! A consent, and whether it covers a question.

use std::time::Duration;

use crate::kernel::{AttributeSet, CitizenId, ClientId, ConsentId, Instant, ProcedureCode};

/// What a citizen agrees to in an e-ID approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConsent {
    pub citizen: CitizenId,
    pub client: ClientId,
    /// `None`: every procedure of the client's agreement.
    pub procedure: Option<ProcedureCode>,
    pub attributes: AttributeSet,
    pub given_at: Instant,
    /// The first instant at which it no longer holds.
    pub until: Instant,
    /// The signed transaction in which it was given; kept sealed.
    pub proof: Vec<u8>,
}

/// A consent on record. Holds no personal data beside the citizen's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    pub citizen: CitizenId,
    pub client: ClientId,
    pub procedure: Option<ProcedureCode>,
    pub attributes: AttributeSet,
    pub given_at: Instant,
    pub until: Instant,
    pub withdrawn_at: Option<Instant>,
}

/// Why a consent does not cover a question. Clients are told one thing for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    #[error("the consent was given to another client")]
    Client,
    #[error("the consent is for another procedure")]
    Procedure,
    #[error("the consent is over or was withdrawn")]
    Over,
}

impl Consent {
    /// How long a consent holds unless said otherwise.
    pub const LASTS: Duration = Duration::from_secs(90 * 24 * 3600);

    pub fn in_force(&self, now: Instant) -> bool {
        self.given_at <= now && now < self.until && self.withdrawn_at.is_none()
    }

    /// Whether `client` may rely on it for `procedure` at `now`. Whose it is, and which attributes it
    /// names, is for the question to compare.
    pub fn covers(&self, client: &ClientId, procedure: &ProcedureCode, now: Instant) -> Result<(), Uncovered> {
        if self.client != *client {
            return Err(Uncovered::Client);
        }
        if self.procedure.as_ref().is_some_and(|of| of != procedure) {
            return Err(Uncovered::Procedure);
        }
        if self.in_force(now) { Ok(()) } else { Err(Uncovered::Over) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Attribute;

    fn consent() -> Consent {
        let given_at = Instant::from_seconds(1_795_000_000);
        Consent {
            id: ConsentId([1; 16]),
            citizen: CitizenId([2; 16]),
            client: "shop".parse().unwrap(),
            procedure: Some(ProcedureCode::parse("SHOP").unwrap()),
            attributes: [Attribute::FullName].into_iter().collect(),
            given_at,
            until: given_at.plus(Consent::LASTS),
            withdrawn_at: None,
        }
    }

    #[test]
    fn covers_its_client_its_procedure_and_its_time() {
        let (shop, bank) = ("shop".parse().unwrap(), "bank".parse().unwrap());
        let (own, other) = (ProcedureCode::parse("SHOP").unwrap(), ProcedureCode::parse("KYC").unwrap());
        let consent = consent();
        let (begin, end) = (consent.given_at, consent.until);
        assert_eq!(consent.covers(&shop, &own, begin), Ok(()));
        assert_eq!(consent.covers(&bank, &own, begin), Err(Uncovered::Client));
        assert_eq!(consent.covers(&shop, &other, begin), Err(Uncovered::Procedure));
        assert_eq!(consent.covers(&shop, &own, end), Err(Uncovered::Over));
        assert_eq!(consent.covers(&shop, &own, begin.minus(Duration::from_secs(1))), Err(Uncovered::Over));
        let withdrawn = Consent { withdrawn_at: Some(begin), ..consent.clone() };
        assert_eq!(withdrawn.covers(&shop, &own, begin), Err(Uncovered::Over));
        let general = Consent { procedure: None, ..consent };
        assert_eq!(general.covers(&shop, &other, begin), Ok(()));
    }
}
