//! Failed anchors of somebody whom no client asks for: an activation names number, name and birth date,
//! as a look-up does, and anybody may begin one.

use super::{AnchorOutcome, Failure, GuardError, Guards, Named};
use crate::kernel::Instant;

impl Guards {
    /// Decides, after the comparison, whether its result may have an effect. What is limited are the
    /// failures from one network address (`from`: its keyed hash) with one number, and with one name and
    /// birth date, so that nobody elsewhere is kept from naming themselves; the number's failures over
    /// everybody, clients included, raise the alarm.
    ///
    /// # Errors
    /// `Blocked` if there were too many failures from there, whatever came of this one.
    pub async fn settle_anonymous(
        &self,
        from: &[u8],
        named: Named<'_>,
        outcome: AnchorOutcome,
        now: Instant,
    ) -> Result<Option<Failure>, GuardError> {
        let keys = self.keys([b"number from address", b"person from address"], from, named)?;
        let read = self.read_unknown(&keys, now).await?;
        let holds = outcome == AnchorOutcome::Holds;
        self.decide(&keys, &read, holds, now)?;
        if holds {
            return Ok(None);
        }
        self.metrics.failed_anchors.inc();
        let mut failed: Vec<_> = keys.iter().map(|(kind, key)| (kind, *key)).collect();
        failed.push(self.anywhere(named.number)?);
        Ok(Some(Failure::of(failed, now)))
    }
}
