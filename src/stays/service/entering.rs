//! New stays entered, with their receipts and entries, in one transaction.

use std::sync::Arc;

use super::guests::{JudgedGuest, verified_by};
use super::taking::{Batch, Judged};
use super::told::Reported;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::{Draft, Written};
use crate::kernel::{AttributeSet, CitizenId, Instant, StayId};
use crate::qr;
use crate::stays::model::{
    ChangeKind, Deadline, Delivery, GuestVerdict, ReceiptDocument, ReceiptPosition, Stay, StayChange, StayGuest,
    StayState,
};
use crate::stays::store::guests::{self, GuestRow};
use crate::stays::store::stays::{self, ApprovalRow, StayRow};
use crate::storage::{StorageError, Tx};

/// A stay that was entered.
pub(super) struct Entered {
    pub told: Box<Reported>,
    pub audit: Receipt,
}

/// What one transaction writes.
#[derive(Default)]
struct Rows {
    stays: Vec<StayRow>,
    guests: Vec<GuestRow>,
    approvals: Vec<ApprovalRow>,
    /// Credentials that may be shown once.
    singles: Vec<[u8; 16]>,
}

/// The draft of an answer about these guests: who was found, or was meant, stands in it.
pub(super) fn answered(caller: &Caller, draft: Draft, guests: &[JudgedGuest], known: Vec<CitizenId>) -> Draft {
    let mut subjects = known;
    let (verified, others): (Vec<&JudgedGuest>, Vec<_>) =
        guests.iter().partition(|guest| guest.reason.verdict() == GuestVerdict::Verified);
    for citizen in verified.iter().chain(&others).filter_map(|guest| guest.citizen) {
        if !subjects.contains(&citizen) {
            subjects.push(citizen);
        }
    }
    let looked = guests.iter().any(|guest| guest.looked);
    let told =
        if looked { verified_by().intersection(caller.client.agreement.attributes) } else { AttributeSet::EMPTY };
    draft.answered(subjects, told)
}

/// A guest as the stay keeps them. Whoever did not fit is not known to be that citizen.
pub(super) fn kept(number: i16, guest: &JudgedGuest) -> StayGuest {
    StayGuest {
        number,
        details: guest.details.clone(),
        reason: guest.reason,
        citizen: guest.citizen.filter(|_| guest.reason.verdict() == GuestVerdict::Verified),
        removed_at: None,
    }
}

impl Stays {
    /// Enters new stays. Nothing of it is there if any of it conflicts.
    ///
    /// # Errors
    /// `Conflict` if a guest was entered, or an approval or credential used, meanwhile.
    pub(super) async fn enter(
        &self,
        caller: &Caller,
        judged: Vec<Judged<'_>>,
        batch: &Batch,
    ) -> Result<Vec<Entered>, StaysError> {
        let (mut rows, mut kept, mut drafts) = (Rows::default(), Vec::new(), Vec::new());
        for of in judged {
            let draft = answered(caller, of.draft.clone(), &of.guests, Vec::new());
            let stay = self.new_stay(caller, &of, batch.received_at)?;
            self.add_rows(&stay, &of, &mut rows)?;
            kept.push(stay);
            drafts.push(draft);
        }
        let (citizens, keyed, now) = (self.0.citizens.clone(), batch.keyed.clone(), batch.draft.at());
        let (rows, kept, drafts) = (Arc::new(rows), Arc::new(kept), Arc::new(drafts));
        let (told_of, recorded) = (Arc::clone(&kept), Arc::clone(&drafts));
        let entered = self.0.store.write(move |tx| -> Result<Written, StorageError> {
            write(tx, &rows, now)?;
            if let (Some(keyed), Some(stay), Some(draft)) = (&keyed, told_of.first(), recorded.first()) {
                citizens.keep(keyed, draft, &Reported::of(stay, false, now))?.write(tx)?;
            }
            citizens.write_drafts(tx, &recorded)
        });
        let receipts = self.0.citizens.settled(&entered.await?)?;
        let told = kept.iter().map(|stay| Box::new(Reported::of(stay, false, now)));
        Ok(told.zip(receipts).map(|(told, audit)| Entered { told, audit }).collect())
    }

    fn new_stay(&self, caller: &Caller, of: &Judged<'_>, received_at: Instant) -> Result<Stay, StorageError> {
        let (notice, facility, entry) = (&of.ready.notice, &of.ready.facility, of.draft.entry());
        let deadline = Deadline::of(notice.arrival);
        let id = StayId::random(&*self.0.entropy);
        let document = ReceiptDocument {
            stay_id: id,
            revision: 1,
            facility_id: facility.id,
            facility_name: facility.name.clone(),
            arrival: notice.arrival,
            deadline: deadline.instant(),
            received_at,
            amended_at: None,
            on_time: deadline.is_kept_at(received_at),
            guests: u32::try_from(of.guests.len()).unwrap_or(u32::MAX),
            delivery: Delivery::Received,
            audit: ReceiptPosition { log: self.0.audit.own_log().to_string(), transaction_id: entry.transaction },
        };
        let reported = StayChange {
            at: received_at,
            kind: ChangeKind::Reported,
            client: caller.client.id.clone(),
            officer: entry.officer.as_ref().map(|(officer, _)| officer.clone()),
            changes: Vec::new(),
            transaction: entry.transaction,
        };
        Ok(Stay {
            id,
            facility_id: facility.id,
            client: facility.client.clone(),
            commune: facility.commune,
            room: notice.room.clone(),
            arrival: notice.arrival,
            planned_departure: notice.planned_departure,
            left_at: None,
            state: StayState::Open,
            reason: notice.reason,
            note: notice.note.clone(),
            guests: (1..).zip(&of.guests).map(|(number, guest)| self::kept(number, guest)).collect(),
            history: vec![reported],
            received_at,
            deadline: document.deadline,
            on_time: document.on_time,
            revision: document.revision,
            receipt: self.sign(document, of.draft.at())?,
        })
    }

    fn add_rows(&self, stay: &Stay, of: &Judged<'_>, rows: &mut Rows) -> Result<(), StorageError> {
        rows.stays.push(self.0.codec.seal_stay(stay, 1)?);
        for ((guest, tags), judged) in stay.guests.iter().zip(&of.ready.tags).zip(&of.guests) {
            let newest = tags.first().ok_or(StorageError::BrokenInvariant("no key hashes guests"))?;
            rows.guests.push(self.0.codec.seal_guest(stay.id, guest, newest)?);
            rows.approvals.extend(judged.grant.map(|grant| ApprovalRow {
                grant_id: grant.as_bytes().to_vec(),
                stay_id: stay.id.as_bytes().to_vec(),
            }));
            rows.singles.extend(judged.single);
        }
        Ok(())
    }
}

fn write(tx: &mut Tx<'_>, rows: &Rows, now: Instant) -> Result<(), StorageError> {
    stays::insert_all(tx.db()?, &rows.stays)?;
    guests::insert_all(tx.db()?, &rows.guests)?;
    stays::insert_approvals(tx.db()?, &rows.approvals)?;
    spend(tx, &rows.singles, now)
}

/// # Errors
/// `Conflict` if one of them was shown elsewhere meanwhile.
pub(super) fn spend(tx: &mut Tx<'_>, singles: &[[u8; 16]], now: Instant) -> Result<(), StorageError> {
    for single in singles {
        if !qr::spend(tx, single, now)? {
            return Err(StorageError::conflict("a credential was shown meanwhile"));
        }
    }
    Ok(())
}
