//! Credentials revoked by who issued them.

use serde::Serialize;

use super::{Qr, QrError, REVOKE};
use crate::access::Caller;
use crate::citizens::{Answer, Body, Question};
use crate::clients::Operation;
use crate::kernel::{AttributeSet, Instant, Purpose, TransactionId};
use crate::qr::store::credentials;
use crate::storage::{Reach, StorageError};

/// The answer but for its audit entry.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RevokeTold {
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
    #[schema(value_type = String)]
    pub credential_id: TransactionId,
    /// When it was revoked first.
    #[schema(value_type = String)]
    pub revoked_at: Instant,
}

impl Qr {
    /// Revokes one of the client's own credentials; doing it again changes nothing.
    pub async fn revoke(
        &self,
        caller: &Caller,
        id: TransactionId,
        purpose: Purpose,
    ) -> Result<Answer<RevokeTold>, QrError> {
        let question =
            Question { operation: Operation::QrIssue, name: REVOKE, purpose, attributes: AttributeSet::EMPTY };
        let (admitted, draft) = self.0.citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        let row = self.0.store.read(Reach::Key, move |db| credentials::find(db, id.as_bytes())).await?;
        let Some(row) = row.filter(|row| row.client_id == caller.client.id.as_str()) else {
            return self.refuse(draft.refused("no_such_credential"), QrError::NoSuchCredential).await;
        };
        let draft = draft.answered(vec![row.citizen()?], AttributeSet::EMPTY);
        let (audit, entry, now) = (self.0.audit.clone(), draft.entry().clone(), self.0.clock.now());
        let (revoked_at, pending) = self
            .0
            .store
            .write(move |tx| -> Result<_, StorageError> {
                let at = credentials::revoke(tx.db()?, id.as_bytes(), now)?;
                Ok((at, audit.append(tx, &entry)))
            })
            .await?;
        self.forget_lists();
        // This process need not wait to hear what it did itself; if it cannot, it relies on nothing.
        let _ = self.0.follow_revocations().await;
        let told = RevokeTold { transaction_id: draft.transaction(), credential_id: id, revoked_at };
        Ok(Answer { body: Body::First(told), receipt: pending.receipt()?, standing, negative: false })
    }
}
