//! Notices known again: what was reported before is answered as it stands.

use std::collections::{HashMap, HashSet};

use super::guests::ReadGuest;
use super::taking::{Batch, Outcome, Ready};
use super::told::Reported;
use super::{Stays, StaysError};
use crate::audit::Receipt;
use crate::citizens::{Draft, Keyed, Written};
use crate::kernel::StayId;
use crate::stays::model::Notice;
use crate::stays::store::codec::Tags;
use crate::stays::store::{guests, stays};
use crate::storage::{Db, Reach, StorageError};

impl Stays {
    /// The stays that guests of these notices are in by nature, and the approvals that were used.
    pub(super) async fn known(
        &self,
        open: &[(usize, &Ready)],
    ) -> Result<(HashMap<Vec<u8>, StayId>, HashSet<Vec<u8>>), StorageError> {
        let tags = open.iter().flat_map(|(_, ready)| ready.tags.iter().flatten());
        let natures: Vec<Vec<u8>> = tags.map(|tags| tags.nature.to_vec()).collect();
        let guests = open.iter().flat_map(|(_, ready)| &ready.guests);
        let grants: Vec<Vec<u8>> = guests.filter_map(|guest| Some(guest.grant?.as_bytes().to_vec())).collect();
        let read = move |db: &mut Db| Ok((guests::by_nature(db, &natures)?, stays::approvals(db, &grants)?));
        let (found, used) = self.0.store.read::<_, StorageError>(Reach::Scan, read).await?;
        let stay = |(nature, stay): (Vec<u8>, Vec<u8>)| Ok::<_, StorageError>((nature, stay_of(&stay)?));
        let natures = found.into_iter().map(stay).collect::<Result<_, _>>()?;
        Ok((natures, used.into_iter().map(|(grant, _)| grant).collect()))
    }

    /// Adds the natures of guests who are in an open stay at the same facility for the night of their
    /// notice, each with that stay.
    pub(super) async fn know_by_night(
        &self,
        open: &[(usize, &Ready)],
        natures: &mut HashMap<Vec<u8>, StayId>,
    ) -> Result<(), StorageError> {
        for (_, ready) in open {
            for (guest, tags) in ready.guests.iter().zip(&ready.tags) {
                let newest = tags.first().map(|tags| tags.nature.to_vec());
                let known = tags.iter().any(|tags| natures.contains_key(tags.nature.as_slice()));
                if let (Some(nature), false) = (newest, known)
                    && let Some(stay) = self.staying_at(&ready.notice, guest, tags).await?
                {
                    natures.insert(nature, stay);
                }
            }
        }
        Ok(())
    }

    async fn staying_at(
        &self,
        notice: &Notice,
        guest: &ReadGuest,
        tags: &[Tags],
    ) -> Result<Option<StayId>, StorageError> {
        let documents: Vec<Vec<u8>> = tags.iter().filter_map(|tags| Some(tags.document?.to_vec())).collect();
        let persons: Vec<Vec<u8>> = tags.iter().map(|tags| tags.person.to_vec()).collect();
        let (facility, arrival) = (notice.facility_id, notice.arrival);
        let (codec, identity) = (self.0.codec.clone(), guest.details.identity());
        let read = move |db: &mut Db| -> Result<Option<StayId>, StorageError> {
            for row in guests::staying_at(db, facility.as_bytes(), (&documents, &persons), arrival)? {
                if codec.open_guest(&row)?.details.identity() == identity {
                    return stay_of(&row.stay_id).map(Some);
                }
            }
            Ok(None)
        };
        self.0.store.read(Reach::Scan, read).await
    }

    /// Answers what was reported before as it stands, each with an entry of its own.
    pub(super) async fn repeat_all(
        &self,
        repeated: &[(usize, &Ready, StayId)],
        batch: &Batch,
    ) -> Result<Vec<(usize, Outcome)>, StaysError> {
        if repeated.is_empty() {
            return Ok(Vec::new());
        }
        let stays = self.load_all(repeated.iter().map(|(_, _, stay)| *stay).collect()).await?;
        let now = batch.draft.at();
        let (mut drafts, mut told) = (Vec::with_capacity(repeated.len()), Vec::with_capacity(repeated.len()));
        for (index, _, id) in repeated {
            let stay = stays.get(id).ok_or(StorageError::inconsistent("stay_guests", "stay_id"))?;
            let transaction = stay.receipt.document.audit.transaction_id;
            let attributes = super::guests::verified_by().intersection(batch.draft.entry().attributes);
            drafts.push(batch.draft.clone().repeated(transaction, stay.citizens(), attributes));
            told.push((*index, Box::new(Reported::of(stay, true, now))));
        }
        let receipts = match (&batch.keyed, told.first()) {
            (Some(keyed), Some((_, first))) => self.keep_repeated(keyed, drafts, first).await?,
            _ => self.0.citizens.conclude_all(drafts).await?,
        };
        let taken = told.into_iter().zip(receipts);
        Ok(taken.map(|((index, told), audit)| (index, Outcome::Taken { told, audit })).collect())
    }

    /// Records such an answer with its key, so that the same notice gets it again under that.
    ///
    /// # Errors
    /// `Conflict` if the key was used meanwhile.
    async fn keep_repeated(
        &self,
        keyed: &Keyed,
        drafts: Vec<Draft>,
        told: &Reported,
    ) -> Result<Vec<Receipt>, StaysError> {
        let citizens = self.0.citizens.clone();
        let kept = drafts.first().map(|done| citizens.keep(keyed, done, told)).transpose()?;
        let written = self.0.store.write(move |tx| -> Result<Written, StorageError> {
            kept.iter().try_for_each(|kept| kept.write(tx))?;
            citizens.write_drafts(tx, &drafts)
        });
        Ok(self.0.citizens.settled(&written.await?)?)
    }
}

fn stay_of(id: &[u8]) -> Result<StayId, StorageError> {
    StayId::from_slice(id).ok_or(StorageError::inconsistent("stay_guests", "stay_id"))
}
