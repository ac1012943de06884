//! New stays entered, with their receipts and entries, in one transaction.

use std::collections::HashSet;
use std::sync::Arc;

use super::drawer::Tags;
use super::guests::{JudgedGuest, verified_by};
use super::taking::{Batch, Judged};
use super::told::Reported;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::{Draft, Written};
use crate::kernel::{AttributeSet, CitizenId, FacilityId, Instant, StayId};
use crate::qr;
use crate::stays::model::{
    ChangeKind, Deadline, Delivery, DocumentKind, GuestVerdict, ReceiptDocument, ReceiptPosition, Stay, StayChange,
    StayGuest, StayState,
};
use crate::stays::store::guests::{self, Alike, GuestRow};
use crate::stays::store::stays::{self, ApprovalRow, StayRow};
use crate::storage::{Db, StorageError, Tx};

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
    present: Vec<Present>,
}

/// A guest as who may be staying elsewhere is looked for.
pub(super) struct Present {
    pub stay: StayId,
    pub facility: FacilityId,
    pub number: i16,
    pub arrival: Instant,
    pub until: Option<Instant>,
    pub alike: Alike,
}

impl Present {
    /// `tags` under each version of the index key.
    fn of(stay: &Stay, guest: &StayGuest, tags: &[Tags]) -> Self {
        let persons = tags.iter().map(|tags| tags.person.to_vec()).collect();
        let documents = tags.iter().filter_map(|tags| Some(tags.document?.to_vec())).collect();
        let alike = match guest.details.document.as_ref().map(|document| document.kind) {
            None => Alike::Person(persons),
            // Whatever stands where there is no number, many have.
            Some(DocumentKind::Other) => Alike::DocumentAndPerson(documents, persons),
            Some(_) => Alike::Document(documents),
        };
        Self {
            stay: stay.id,
            facility: stay.facility_id,
            number: guest.number,
            arrival: stay.arrival,
            until: stay.planned_departure,
            alike,
        }
    }
}

/// A guest of a stay, as its row names them.
pub(super) type GuestKey = (Vec<u8>, i16);

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
        elsewhere: false,
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
        let entered = self.0.store.write(move |tx| -> Result<(Written, HashSet<GuestKey>), StorageError> {
            let elsewhere = write(tx, &rows, now)?;
            if let (Some(keyed), Some(stay), Some(draft)) = (&keyed, told_of.first(), recorded.first()) {
                citizens.keep(keyed, draft, &told(stay, &elsewhere, now))?.write(tx)?;
            }
            Ok((citizens.write_drafts(tx, &recorded)?, elsewhere))
        });
        let (written, elsewhere) = entered.await?;
        let receipts = self.0.citizens.settled(&written)?;
        let told = kept.iter().map(|stay| Box::new(told(stay, &elsewhere, now)));
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

    /// The guests of a stay as it is now, to be looked for elsewhere; none of one that is over.
    pub(super) fn present_of(&self, stay: &Stay) -> Result<Vec<Present>, StorageError> {
        if stay.state != StayState::Open {
            return Ok(Vec::new());
        }
        let drawer = &self.0.drawer;
        let present = stay.present().map(|guest| {
            let of = |version| drawer.tags(version, stay.facility_id, stay.arrival, &guest.details);
            let tags = drawer.index_versions().into_iter().map(of).collect::<Result<Vec<_>, StorageError>>()?;
            Ok(Present::of(stay, guest, &tags))
        });
        present.collect()
    }

    fn add_rows(&self, stay: &Stay, of: &Judged<'_>, rows: &mut Rows) -> Result<(), StorageError> {
        rows.stays.push(self.0.drawer.seal_stay(stay, 1)?);
        for ((guest, tags), judged) in stay.guests.iter().zip(&of.ready.tags).zip(&of.guests) {
            let newest = tags.first().ok_or_else(|| StorageError::Other("no key hashes guests".to_owned()))?;
            rows.guests.push(self.0.drawer.seal_guest(stay.id, guest, newest)?);
            rows.approvals.extend(judged.grant.map(|grant| ApprovalRow {
                grant_id: grant.as_bytes().to_vec(),
                stay_id: stay.id.as_bytes().to_vec(),
            }));
            rows.singles.extend(judged.single);
            rows.present.push(Present::of(stay, guest, tags));
        }
        Ok(())
    }
}

fn told(stay: &Stay, elsewhere: &HashSet<GuestKey>, now: Instant) -> Reported {
    let mut told = Reported::of(stay, false, now);
    for guest in &mut told.guests {
        guest.elsewhere = elsewhere.contains(&(stay.id.as_bytes().to_vec(), guest.number));
    }
    told
}

fn write(tx: &mut Tx<'_>, rows: &Rows, now: Instant) -> Result<HashSet<GuestKey>, StorageError> {
    lock(tx.db()?, &rows.present)?;
    stays::insert_all(tx.db()?, &rows.stays)?;
    guests::insert_all(tx.db()?, &rows.guests)?;
    stays::insert_approvals(tx.db()?, &rows.approvals)?;
    spend(tx, &rows.singles, now)?;
    mark(tx.db()?, &rows.present)
}

/// # Errors
/// `Conflict` if one of them was shown elsewhere meanwhile.
pub(super) fn spend(tx: &mut Tx<'_>, singles: &[[u8; 16]], now: Instant) -> Result<(), StorageError> {
    for single in singles {
        if !qr::spend(tx, single, now)? {
            return Err(StorageError::Conflict("a credential was shown meanwhile".to_owned()));
        }
    }
    Ok(())
}

/// Before a transaction that ends in [`mark`] changes anything: nobody else enters these guests meanwhile.
pub(super) fn lock(db: &mut Db, present: &[Present]) -> Result<(), StorageError> {
    if present.is_empty() { Ok(()) } else { guests::lock(db) }
}

/// Marks guests who are reported at two places at the same time, at both; which of `present` they are.
pub(super) fn mark(db: &mut Db, present: &[Present]) -> Result<HashSet<GuestKey>, StorageError> {
    let (mut own, mut marked) = (HashSet::new(), HashSet::new());
    for guest in present {
        let facility = guest.facility.as_bytes();
        let others = guests::staying_elsewhere(db, &guest.alike, facility, guest.arrival, guest.until)?;
        if !others.is_empty() {
            own.insert((guest.stay.as_bytes().to_vec(), guest.number));
            marked.extend(others);
        }
    }
    marked.extend(own.iter().cloned());
    for (stay, number) in &marked {
        guests::mark_elsewhere(db, stay, *number)?;
    }
    Ok(own)
}
