//! A death closes the account, at once and for good.

use std::sync::Arc;

use crate::audit::{Audit, Entry, Outcome};
use crate::citizens::change::ChangeKinds;
use crate::citizens::model::Status;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Change, Reactor, current};
use crate::eid::service::revoke_everything;
use crate::eid::store::accounts;
use crate::kernel::{AttributeSet, Clock, Entropy, TransactionId};
use crate::storage::{StorageError, Tx};

/// Sees every change of who is alive.
pub struct Closer {
    pub audit: Audit,
    pub sealing: Sealing,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Reactor for Closer {
    fn name(&self) -> &'static str {
        "eid.accounts"
    }

    fn wants(&self) -> ChangeKinds {
        ChangeKinds::STATUS
    }

    fn react(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError> {
        let citizen = change.citizen_id;
        let dead = current(tx, &self.sealing, citizen)?.is_some_and(|now| now.status == Status::Deceased);
        if !dead || accounts::hold(tx.db()?, citizen)?.is_none() {
            return Ok(());
        }
        let now = self.clock.now();
        revoke_everything(tx, citizen, now)?;
        if accounts::close(tx.db()?, citizen, now)? {
            let entry = Entry {
                transaction: TransactionId::random(&*self.entropy),
                at: now,
                client: None,
                officer: None,
                subjects: vec![citizen],
                operation: "eid.account.close",
                attributes: AttributeSet::EMPTY,
                procedure: None,
                legal_basis: None,
                consent: None,
                outcome: Outcome::Answered,
                reason: "deceased",
            };
            self.audit.append(tx, &entry);
        }
        Ok(())
    }
}
