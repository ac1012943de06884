//! Verifying many at once: each line is a question of its own, all lines of a piece are recorded in
//! one commit.

use futures_util::{StreamExt, stream};

use super::draft::Draft;
use super::guard::meter::Standing;
use super::service::{Citizens, CitizensError};
use super::verify::{Verify, VerifyAnswer, question};
use crate::access::{Caller, FairPermit};
use crate::clients::Operation;
use crate::kernel::Purpose;

/// The operation's name in audit entries.
const VERIFY_BATCH: &str = "citizens.verify.batch";
/// Lines that wait for the database at the same time.
const AT_ONCE: usize = 16;

impl Citizens {
    /// Lets the caller begin a batch: within the token's scope, and not too many at once. A refusal is
    /// recorded, with neither purpose nor person.
    ///
    /// # Errors
    /// `Denied` outside the scope, `TooManyBatches`.
    pub async fn begin_batch(&self, caller: &Caller) -> Result<FairPermit, CitizensError> {
        self.require(caller, Operation::CitizensVerify, VERIFY_BATCH).await?;
        match self.0.guards.batches().take(&caller.client.id).await {
            Ok(permit) => Ok(permit),
            Err(_) => Err(self.refuse_unread(caller, VERIFY_BATCH, CitizensError::TooManyBatches).await?),
        }
    }

    /// Answers the lines of one piece of a batch, in order, each within the client's quota. A batch may last
    /// long: `caller` is to be renewed for each piece.
    ///
    /// # Errors
    /// If the store or the audit log cannot be reached: then no line was answered.
    pub async fn verify_all(
        &self,
        caller: &Caller,
        asks: Vec<(Verify, Purpose)>,
    ) -> Result<Vec<Result<VerifyAnswer, CitizensError>>, CitizensError> {
        let now = self.0.clock.now();
        let (granted, standing) = self.0.guards.take(&caller.client, asks.len() as u32, now);
        let answering = asks.into_iter().enumerate().map(|(index, (ask, purpose))| async move {
            let granted = index < granted as usize;
            let (admitted, draft) =
                self.admitted(caller, question(&ask, purpose, VERIFY_BATCH), granted, standing, now).await;
            match admitted {
                Ok(standing) => self.compare(caller, &ask, standing, draft).await,
                Err(refusal) => Ok((Err(refusal), draft)),
            }
        });
        let drafted: Vec<_> = stream::iter(answering).buffered(AT_ONCE).collect().await;
        let mut verdicts = Vec::with_capacity(drafted.len());
        let mut drafts: Vec<Draft> = Vec::with_capacity(drafted.len());
        for line in drafted {
            let (answer, draft) = line?;
            verdicts.push((answer, draft.transaction()));
            drafts.push(draft);
        }
        let receipts = self.conclude_all(drafts).await?;
        let recorded = verdicts.into_iter().zip(receipts);
        Ok(recorded
            .map(|((answer, transaction), receipt)| {
                let verdicts = answer?;
                Ok(VerifyAnswer { transaction, verdicts, receipt, standing })
            })
            .collect())
    }

    /// What is left of the caller's quotas.
    pub fn standing(&self, caller: &Caller) -> Standing {
        self.0.guards.take(&caller.client, 0, self.0.clock.now()).1
    }
}
