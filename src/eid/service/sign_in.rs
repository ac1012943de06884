//! Sign-in to this service's own pages: an approval of the citizen opens a session of their browser.

use std::sync::Arc;
use std::time::Duration;

use super::{BeginError, Eid};
use crate::access::{Access, CitizenGrant, SessionCookie, SessionGrant};
use crate::clients::OperationSet;
use crate::eid::model::{ApprovalRequest, Begun, Channel, LONGEST_LIFETIME};
use crate::kernel::{AttributeSet, ClientId, Clock, LegalBasis, Level, ProcedureCode, TransactionId};
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

    /// Asks whoever scans, or names themselves.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub async fn begin(&self, target: &SignInTarget) -> Result<Begun, BeginError> {
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
        self.store.write(move |tx| eid.begin(tx, &request)).await
    }

    /// Opens the session of an approved request, once. `None`: it is not approved, was taken, or is
    /// not the target's.
    pub async fn finish(
        &self,
        transaction: TransactionId,
        target: &SignInTarget,
    ) -> Result<Option<SessionCookie>, StorageError> {
        let (eid, access, target) = (self.eid.clone(), self.access.clone(), target.clone());
        self.store
            .write(move |tx| {
                let approval = eid.take(tx, transaction)?;
                let Some(approval) = approval.filter(|approval| approval.client == target.client) else {
                    return Ok(None);
                };
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
                    officer: None,
                    lifetime: target.lifetime,
                };
                access.open_session(tx, &grant).map(Some)
            })
            .await
    }
}
