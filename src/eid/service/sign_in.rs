//! Sign-in to this service's own pages: an approval of the citizen opens a session of their browser.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{BeginError, Eid, EidError, entry};
use crate::access::{Access, CitizenGrant, SessionCookie, SessionGrant};
use crate::audit::{Entry, Outcome};
use crate::clients::OperationSet;
use crate::eid::model::{Approval, ApprovalRequest, Begun, Channel, LONGEST_LIFETIME};
use crate::eid::request::base64url;
use crate::kernel::{AttributeSet, ClientId, Clock, Instant, LegalBasis, Level, ProcedureCode, TransactionId};
use crate::storage::{StorageError, Store};

/// A page that citizens sign in to.
#[derive(Debug, Clone)]
pub struct SignInTarget {
    /// Its path, which `?to=` names.
    pub path: &'static str,
    /// The page's own client: who asks, and whose agreement bounds the session.
    pub client: ClientId,
    pub scopes: OperationSet,
    /// What the page learns of the citizen.
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    pub level: Level,
    /// How long the session lasts.
    pub lifetime: Duration,
}

/// The pages of this service that citizens sign in to.
#[derive(Clone)]
pub struct SignIn {
    pub eid: Eid,
    pub access: Arc<Access>,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub targets: Arc<[SignInTarget]>,
}

impl SignIn {
    /// The target of this path. Nothing but a target is ever gone on to.
    pub fn target(&self, path: &str) -> Option<&SignInTarget> {
        self.targets.iter().find(|target| target.path == path)
    }

    /// Whether operators have stopped neither the page's client nor its procedure: nobody is asked to approve what
    /// cannot come about.
    ///
    /// # Errors
    /// `ClientStopped`, `ProcedureStopped`, and if nobody can tell.
    pub fn check_may_ask(&self, target: &SignInTarget) -> Result<(), EidError> {
        self.eid.check_may_ask(&target.client, target.procedure.as_ref())
    }

    /// Asks whoever scans, or names themselves. `from`: the browser's network address, where it is known.
    /// `None`: too many pages are begun, there or in all.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub async fn begin(&self, target: &SignInTarget, from: Option<IpAddr>) -> Result<Option<Begun>, BeginError> {
        let request = ApprovalRequest {
            client: target.client.clone(),
            citizen: None,
            unknown: false,
            level: target.level,
            attributes: target.attributes,
            procedure: target.procedure.clone(),
            legal_basis: target.legal_basis.clone(),
            consent_for: None,
            message: None,
            place: None,
            channel: Channel::Page,
            lifetime: LONGEST_LIFETIME,
        };
        let eid = self.eid.clone();
        // A page that is not admitted counts all the same.
        let begun = self.store.write(move |tx| -> Result<_, BeginError> {
            if eid.admit_page(tx, from)? { eid.begin(tx, &request).map(Some) } else { Ok(None) }
        });
        begun.await
    }

    /// Ends a request that its browser does not go on with.
    pub async fn cancel(&self, transaction: TransactionId) -> Result<(), StorageError> {
        let eid = self.eid.clone();
        self.store.write(move |tx| eid.withdraw(tx, transaction)).await
    }

    /// A text for one browser to keep, with a code that nobody else can make: whoever shows it has it
    /// from us.
    pub fn entrust(&self, text: &str) -> String {
        format!("{text}.{}", base64url(&self.eid.0.codec.browser_tag(text)))
    }

    /// A text that [`entrust`](Self::entrust) gave away; `None` if it is anything else.
    pub fn entrusted<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (text, tag) = text.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.eid.0.codec.browser_matches(text, &tag).then_some(text)
    }

    /// Opens the session of an approved request, once, with its entry, in the place of the browser's
    /// session `replaced`. `None`: it is not approved, was taken, is over, or is not what the target asks.
    pub async fn finish(
        &self,
        transaction: TransactionId,
        target: &SignInTarget,
        replaced: Option<String>,
    ) -> Result<Option<SessionCookie>, StorageError> {
        let (eid, access, target) = (self.eid.clone(), self.access.clone(), target.clone());
        let clock = self.clock.clone();
        self.store
            .write(move |tx| {
                let approval = eid.take(tx, transaction)?;
                let fits = |approval: &Approval| approval.client == target.client && approval.level >= target.level;
                let Some(approval) = approval.filter(fits) else { return Ok(None) };
                eid.0.audit.append(tx, &signed_in(&approval, clock.now()));
                let grant = SessionGrant {
                    client: approval.client,
                    scopes: target.scopes,
                    citizen: Some(CitizenGrant {
                        citizen_id: approval.citizen_id,
                        level: approval.level,
                        attributes: approval.attributes,
                        consent: approval.consent,
                        grant_id: approval.transaction,
                    }),
                    device: Some(approval.device),
                    officer: None,
                    lifetime: target.lifetime,
                };
                access.open_session(tx, &grant, replaced.as_deref()).map(Some)
            })
            .await
    }
}

/// The entry of a session that a citizen's approval opens.
fn signed_in(approval: &Approval, at: Instant) -> Entry {
    Entry {
        client: Some(approval.client.clone()),
        attributes: approval.attributes,
        procedure: approval.procedure.clone(),
        legal_basis: approval.legal_basis.clone(),
        consent: approval.consent.map(|consent| consent.0),
        ..entry(approval.transaction, "eid.sign_in", at, Some(approval.citizen_id), Outcome::Answered)
    }
}
