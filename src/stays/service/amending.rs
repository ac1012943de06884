//! Stays put right: room, times, reason, and who the guests are.

use super::changes::{Amend, AmendGuest, field, instant, line};
use super::entering::{answered, kept, spend};
use super::guests::{GRANT_USED, JudgedGuest};
use super::loading::Loaded;
use super::taking::note_twice;
use super::told::StayTold;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::{Draft, Keyed, Written};
use crate::kernel::{Faults, Instant, Text};
use crate::stays::model::{
    Deadline, Facility, GuestReason, GuestVerdict, Notice, ReceiptDocument, ReceiptPosition, Stay, StayGuest,
    StayState, check_times,
};
use crate::stays::store::codec::Tags;
use crate::stays::store::guests::{self, GuestRow};
use crate::stays::store::stays::{self, ApprovalRow, StayRow};
use crate::storage::{Reach, StorageError, Tx};

const NO_GUEST: Text = Text::new("Không có khách mang số thứ tự này.", "No guest of this stay has this number.");
const NOBODY_LEFT: Text =
    Text::new("Không thể bỏ hết khách; hãy hủy thông báo.", "Nobody would be left; cancel the stay instead.");
const NOTHING: Text = Text::new("Không có gì để sửa.", "There is nothing to be changed.");
const TWICE: Text = Text::new("Khách này đã có trong lần lưu trú.", "This guest is in the stay already.");

const REPORTED: Text = Text::new(
    "Khách này đã được thông báo ở một lần lưu trú khác cùng lúc đến.",
    "A guest was reported with this arrival in another stay.",
);

/// What is to be put right, and what there is.
#[derive(Clone, Copy)]
pub(super) struct Amendment<'a> {
    pub command: &'a Amend,
    pub facility: &'a Facility,
    pub loaded: &'a Loaded,
}

/// A stay that was put right, on its way into the store.
pub(super) struct Amended {
    stay: Stay,
    row: StayRow,
    /// New guests.
    added: Vec<GuestRow>,
    /// Guests with other hashes, or taken back.
    renewed: Vec<GuestRow>,
    approvals: Vec<ApprovalRow>,
    singles: Vec<[u8; 16]>,
    /// Of the guests who are in the stay now.
    natures: Vec<Vec<u8>>,
    draft: Draft,
    /// Somebody was looked for and does not fit.
    pub negative: bool,
}

impl Stays {
    /// Works out what an amendment makes of a stay; new guests are verified.
    pub(super) async fn amended(
        &self,
        caller: &Caller,
        amendment: Amendment<'_>,
        draft: Draft,
    ) -> Result<Result<Amended, StaysError>, StaysError> {
        let Amendment { command, facility, loaded } = amendment;
        if loaded.stay.state == StayState::Cancelled {
            return Ok(Err(StaysError::StayOver));
        }
        let mut stay = put_right(&loaded.stay, command);
        let mut faults = Faults::default();
        check(&stay, command, draft.at(), &mut faults);
        let read = self.read_amended(caller, command, &stay, &mut faults).await?;
        if !faults.is_empty() {
            return Ok(Err(StaysError::Faulty(faults)));
        }
        let (mut judged, mut draft) = (Vec::with_capacity(read.len()), draft);
        for guest in read {
            let (mut guest, kept) = self.judge(caller, guest, draft).await?;
            draft = kept;
            guest.show_after(&judged);
            judged.push(guest);
        }
        let added = exchange(&mut stay, command, &mut judged, draft.at());
        let mut change = line(caller, &draft);
        change.changes = differences(&loaded.stay, &stay);
        if change.changes.is_empty() {
            faults.push("", "nothing_changed", NOTHING);
            return Ok(Err(StaysError::Faulty(faults)));
        }
        stay.history.push(change);
        self.renew_receipt(&mut stay, &loaded.stay, facility, &draft)?;
        let negative = judged.iter().any(|guest| guest.reason.verdict() != GuestVerdict::Verified);
        let draft = answered(caller, draft, &judged, loaded.stay.citizens());
        let mut amended = Amended {
            row: self.0.codec.seal_stay(&stay, loaded.row_version + 1)?,
            approvals: Vec::new(),
            singles: judged.iter().filter_map(|guest| guest.single).collect(),
            added: Vec::new(),
            renewed: Vec::new(),
            natures: Vec::new(),
            draft,
            negative,
            stay,
        };
        amended.approvals.extend(
            judged
                .iter()
                .filter_map(|guest| guest.grant)
                .map(|grant| ApprovalRow { grant_id: grant.as_bytes().to_vec(), stay_id: amended.row.stay_id.clone() }),
        );
        self.guest_rows(&mut amended, loaded, &added)?;
        if self.is_another_stay(&amended).await? {
            faults.push(if command.arrival.is_some() { "/arrival" } else { "/guests" }, "guest_reported", REPORTED);
            return Ok(Err(StaysError::Faulty(faults)));
        }
        Ok(Ok(amended))
    }

    /// Whether a guest is, as the stay is now, in another stay by nature: one stay is not made of two.
    async fn is_another_stay(&self, amended: &Amended) -> Result<bool, StorageError> {
        let natures = amended.natures.clone();
        let known = self.0.store.read(Reach::Scan, move |db| guests::by_nature(db, &natures)).await?;
        Ok(known.iter().any(|(_, stay)| *stay != amended.row.stay_id))
    }

    /// Reads the guests that are new, each fault at its place in `guests`.
    async fn read_amended(
        &self,
        caller: &Caller,
        command: &Amend,
        stay: &Stay,
        faults: &mut Faults,
    ) -> Result<Vec<super::guests::ReadGuest>, StaysError> {
        let mut read = Vec::new();
        for (index, change) in command.guests.iter().enumerate() {
            let pointer = format!("/guests/{index}");
            if let AmendGuest::Exchange(number, _) | AmendGuest::Remove(number) = change
                && !stay.present().any(|guest| guest.number == *number)
            {
                faults.push(format!("{pointer}/number"), "no_such_guest", NO_GUEST);
            }
            let (AmendGuest::Add(given) | AmendGuest::Exchange(_, given)) = change else { continue };
            match self.read_guest(caller, given, stay.arrival).await? {
                Ok(guest) => {
                    let stays_there = |other: &StayGuest| other.details.identity() == guest.details.identity();
                    let leaves = |other: &StayGuest| {
                        command.guests.iter().any(|change| {
                            matches!(change, AmendGuest::Exchange(n, _) | AmendGuest::Remove(n) if *n == other.number)
                        })
                    };
                    if stay.present().any(|other| stays_there(other) && !leaves(other)) {
                        faults.push(&pointer, "guest_twice", TWICE);
                    }
                    if let Some(grant) = guest.grant {
                        let used = self.0.store.read(Reach::Key, move |db| {
                            stays::approvals(db, std::slice::from_ref(&grant.as_bytes().to_vec()))
                        });
                        if !used.await?.is_empty() {
                            faults.push(format!("{pointer}/eid"), "approval_used", GRANT_USED);
                        }
                    }
                    read.push(guest);
                }
                Err(unreadable) => faults.extend(unreadable.faults(&pointer)),
            }
        }
        note_twice(&read, faults);
        Ok(read)
    }

    /// A receipt of the next revision, where what the old one says is true no longer.
    fn renew_receipt(
        &self,
        stay: &mut Stay,
        before: &Stay,
        facility: &Facility,
        draft: &Draft,
    ) -> Result<(), StorageError> {
        let guests = |stay: &Stay| stay.present().map(|guest| guest.number).collect::<Vec<_>>();
        let (now, then) = (guests(stay), guests(before));
        if stay.arrival == before.arrival && now == then {
            return Ok(());
        }
        // A guest who comes to it is reported by the amendment, not by the first notice.
        let joined = now.iter().any(|number| !then.contains(number));
        let reported_at = if joined { draft.at() } else { before.received_at };
        let deadline = Deadline::of(stay.arrival);
        stay.deadline = deadline.instant();
        // What was late does not come to be on time by another arrival.
        stay.on_time = before.on_time && deadline.is_kept_at(reported_at);
        stay.revision = before.revision + 1;
        let document = ReceiptDocument {
            revision: stay.revision,
            facility_name: facility.name.clone(),
            arrival: stay.arrival,
            deadline: stay.deadline,
            amended_at: Some(draft.at()),
            on_time: stay.on_time,
            guests: u32::try_from(stay.present().count()).unwrap_or(u32::MAX),
            audit: ReceiptPosition { log: self.0.audit.own_log().to_string(), transaction_id: draft.transaction() },
            ..before.receipt.document.clone()
        };
        stay.receipt = self.sign(document, draft.at())?;
        Ok(())
    }

    fn guest_rows(&self, amended: &mut Amended, loaded: &Loaded, added: &[i16]) -> Result<(), StorageError> {
        let codec = &self.0.codec;
        let stay = &amended.stay;
        let moved = stay.arrival != loaded.stay.arrival;
        for guest in &stay.guests {
            let of = |version| codec.tags(version, stay.facility_id, stay.arrival, &guest.details);
            let tags: Vec<Tags> = codec.index_versions().into_iter().map(of).collect::<Result<_, _>>()?;
            let newest = tags.first().ok_or(StorageError::BrokenInvariant("no key hashes guests"))?;
            if guest.removed_at.is_none() {
                amended.natures.extend(tags.iter().map(|tags| tags.nature.to_vec()));
            }
            if added.contains(&guest.number) {
                amended.added.push(codec.seal_guest(stay.id, guest, newest)?);
            } else {
                let row = loaded.guests.iter().find(|row| row.number == guest.number);
                let row = row.ok_or(StorageError::inconsistent("stay_guests", "number"))?;
                let removed = guest.removed_at.map(Instant::as_micros);
                if moved || removed != row.removed_at {
                    amended.renewed.push(GuestRow {
                        nature: guest.removed_at.is_none().then(|| newest.nature.to_vec()),
                        document: newest.document.map(|tag| tag.to_vec()),
                        person: newest.person.to_vec(),
                        index_version: newest.version,
                        removed_at: removed,
                        ..row.clone()
                    });
                }
            }
        }
        Ok(())
    }

    pub(super) async fn write_amended(
        &self,
        amended: Amended,
        keyed: Option<Keyed>,
    ) -> Result<(StayTold, Receipt), StaysError> {
        let citizens = self.0.citizens.clone();
        let written = self.0.store.write(move |tx| -> Result<(Written, StayTold), StorageError> {
            write(tx, &amended)?;
            let told = StayTold::of(&amended.stay);
            if let Some(keyed) = &keyed {
                citizens.keep(keyed, &amended.draft, &told)?.write(tx)?;
            }
            Ok((citizens.write_drafts(tx, std::slice::from_ref(&amended.draft))?, told))
        });
        let (written, told) = written.await?;
        let receipt = self.0.citizens.settled(&written)?.into_iter().next();
        let receipt = receipt.ok_or(StorageError::BrokenInvariant("an amendment has no receipt"))?;
        Ok((told, receipt))
    }
}

fn write(tx: &mut Tx<'_>, amended: &Amended) -> Result<(), StorageError> {
    let db = tx.db()?;
    stays::replace(db, &amended.row)?;
    // Natures are freed before others take them.
    let freed = |row: &GuestRow| GuestRow { nature: None, ..row.clone() };
    amended.renewed.iter().try_for_each(|row| guests::renew(db, &freed(row)))?;
    guests::insert_all(db, &amended.added)?;
    let kept = amended.renewed.iter().filter(|row| row.nature.is_some());
    kept.into_iter().try_for_each(|row| guests::renew(db, row))?;
    stays::insert_approvals(db, &amended.approvals)?;
    spend(tx, &amended.singles, amended.draft.at())
}

/// The stay with its new members, but for its guests.
fn put_right(stay: &Stay, command: &Amend) -> Stay {
    let mut next = stay.clone();
    next.room = command.room.clone().or(next.room);
    next.note = command.note.clone().or(next.note);
    next.arrival = command.arrival.unwrap_or(next.arrival);
    next.planned_departure = command.planned_departure.or(next.planned_departure);
    next.reason = command.reason.unwrap_or(next.reason);
    next
}

fn check(stay: &Stay, command: &Amend, now: Instant, faults: &mut Faults) {
    let notice = Notice {
        facility_id: stay.facility_id,
        room: None,
        arrival: stay.arrival,
        planned_departure: stay.planned_departure,
        reason: stay.reason,
        note: None,
        guests: Vec::new(),
    };
    match command.arrival {
        Some(_) => notice.check(now, faults),
        None => check_times(stay.arrival, stay.planned_departure, "/planned_departure", faults),
    }
    if let Some(left) = stay.left_at {
        check_times(stay.arrival, Some(left), "/arrival", faults);
    }
    let removed = command.guests.iter().filter(|change| matches!(change, AmendGuest::Remove(_))).count();
    let added = command.guests.iter().filter(|change| matches!(change, AmendGuest::Add(_))).count();
    let left = (stay.present().count() + added).saturating_sub(removed);
    if left == 0 {
        faults.push("/guests", "nobody_left", NOBODY_LEFT);
    }
}

/// Takes guests back and puts new ones in; the numbers of those.
fn exchange(stay: &mut Stay, command: &Amend, judged: &mut [JudgedGuest], now: Instant) -> Vec<i16> {
    let mut numbers = Vec::with_capacity(judged.len());
    for change in &command.guests {
        if let AmendGuest::Exchange(number, _) | AmendGuest::Remove(number) = change
            && let Some(guest) = stay.guests.iter_mut().find(|guest| guest.number == *number)
        {
            guest.removed_at = Some(now);
        }
    }
    for guest in judged {
        let number = |details: &crate::stays::model::GuestDetails| {
            details.document.as_ref().map(|document| document.number.clone())
        };
        let same = |other: &StayGuest| number(&other.details) == number(&guest.details);
        if number(&guest.details).is_some() && stay.present().any(same) {
            guest.reason = GuestReason::NumberOfAnotherGuest;
        }
        let next = stay.guests.iter().map(|guest| guest.number).max().unwrap_or(0) + 1;
        stay.guests.push(kept(next, guest));
        numbers.push(next);
    }
    numbers
}

fn differences(before: &Stay, after: &Stay) -> Vec<crate::stays::model::FieldChange> {
    let mut changes = Vec::new();
    let mut note = |name, from: Option<String>, to: Option<String>| {
        if from != to {
            changes.push(field(name, from, to));
        }
    };
    note("room", before.room.clone(), after.room.clone());
    note("arrival", instant(Some(before.arrival)), instant(Some(after.arrival)));
    note("planned_departure", instant(before.planned_departure), instant(after.planned_departure));
    note("reason", Some(before.reason.name().to_owned()), Some(after.reason.name().to_owned()));
    note("note", before.note.clone(), after.note.clone());
    note("guests", Some(numbers(before)), Some(numbers(after)));
    changes
}

fn numbers(stay: &Stay) -> String {
    stay.present().map(|guest| guest.number.to_string()).collect::<Vec<_>>().join(" ")
}
