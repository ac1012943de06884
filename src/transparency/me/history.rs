//! Who looked at a citizen, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::{HistoryPage, HistoryQuery, Look, LookProof, Tree, Ward};
use super::service::{HISTORY, Me, MeError};
use super::wards::wards_of;
use crate::access::Caller;
use crate::audit::{History, InclusionProof, OpenedEntry, Receipt};
use crate::citizens::OpenRecord;
use crate::kernel::CitizenId;

impl Me {
    /// The looks at the citizen, or at one of their children, newest first: answers, refusals and
    /// attempts that found nobody else, single questions and lines of batches, and looks at somebody
    /// else in which they were told of. Each is there as soon as its answer has left; the reading
    /// itself is recorded before it is returned.
    pub async fn history(&self, caller: &Caller, query: HistoryQuery) -> Result<HistoryPage, MeError> {
        let grant = self.admit(caller, HISTORY).await?;
        let own = self.record_of(grant.citizen_id).await?;
        let today = self.0.clock.now().date_in_viet_nam();
        let wards = wards_of(&self.0.citizens, &own.citizen, today).await?;
        let whose = match query.child {
            None => grant.citizen_id,
            Some(handle) => {
                let child = |ward: &&Arc<OpenRecord>| self.handle(grant.citizen_id, ward.citizen.citizen_id) == handle;
                match wards.iter().find(child) {
                    Some(ward) => ward.citizen.citizen_id,
                    None => return self.refuse(caller, HISTORY, MeError::NoSuchThing).await,
                }
            }
        };
        let History { total, entries } = self.0.audit.access_history(whose, query.range, query.page).await?;
        let of = (whose, grant.citizen_id);
        let (looks, trees) = match query.proofs {
            true => self.proven(of, entries).await?,
            false => (entries.into_iter().map(|entry| self.look(entry, of)).collect(), BTreeMap::new()),
        };
        let mut subjects = vec![whose];
        subjects.extend((whose != grant.citizen_id).then_some(grant.citizen_id));
        let receipt = self.record(caller, HISTORY, subjects).await?;
        let wards = wards
            .iter()
            .map(|record| Ward {
                handle: self.handle(grant.citizen_id, record.citizen.citizen_id),
                full_name: record.citizen.full_name.clone(),
                date_of_birth: record.citizen.date_of_birth,
            })
            .collect();
        Ok(HistoryPage { total, looks, trees, wards, receipt })
    }

    fn look(&self, entry: OpenedEntry, of: (CitizenId, CitizenId)) -> Look {
        Look::of(entry, of, |client| self.client_name(client))
    }

    /// The looks with what proves them, and the trees that the proofs lead to.
    async fn proven(
        &self,
        of: (CitizenId, CitizenId),
        entries: Vec<OpenedEntry>,
    ) -> Result<(Vec<Look>, BTreeMap<String, Tree>), MeError> {
        let receipts: Vec<Receipt> = entries.iter().map(|entry| entry.receipt.clone()).collect();
        let proofs = self.0.audit.prove_all(receipts).await?;
        let (mut looks, mut trees) = (Vec::with_capacity(entries.len()), BTreeMap::new());
        for (entry, proof) in entries.into_iter().zip(proofs) {
            let opened = (entry.salt, entry.subjects_digest, entry.canonical.clone());
            let mut look = self.look(entry, of);
            if let Some(InclusionProof { log, tree_size, root, commitment, path, checkpoint, .. }) = proof {
                trees.entry(log).or_insert(Tree { size: tree_size, root, checkpoint });
                let (salt, subjects, canonical) = opened;
                look.proof = Some(LookProof { commitment, path, salt, subjects, canonical });
            }
            looks.push(look);
        }
        Ok((looks, trees))
    }
}
