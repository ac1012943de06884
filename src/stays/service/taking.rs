//! How notices become stays: read, known again by their nature, verified, entered.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::entering::Entered;
use super::guests::{GRANT_USED, JudgedGuest, ReadGuest, Unreadable};
use super::told::Reported;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::{CitizensError, Draft, Keyed, Repeated};
use crate::kernel::{FacilityId, Faults, Instant, StayId, Text, TransactionId};
use crate::qr::faults_of;
use crate::stays::model::{Deadline, Facility, GuestReason, Notice};
use crate::stays::store::codec::Tags;
use crate::storage::StorageError;

/// Another process may take the same notice first; the second of two alike waits for the first.
const TRIES: u32 = 8;
/// Guests who wait for the database at the same time.
const AT_ONCE: usize = 16;

const NOT_OWN: Text = Text::new(
    "Cơ sở lưu trú này không thuộc đơn vị của bạn, chưa được ủy quyền hoặc đã đóng.",
    "This facility is not yours, is not delegated to you now, or is closed.",
);
const TWICE: Text = Text::new("Khách này đã có trong thông báo.", "This guest is in the notice already.");
const REPORTED: Text = Text::new(
    "Khách này đã được thông báo; hãy bổ sung khách khác vào lần lưu trú đó.",
    "This guest was reported already; add the others to that stay.",
);

/// What is common to notices that are taken together.
pub(super) struct Batch {
    /// Of the admitted question.
    pub draft: Draft,
    /// When the notices came in: what decides whether they are on time.
    pub received_at: Instant,
    /// Of a notice that comes alone.
    pub keyed: Option<Keyed>,
    /// See [`Report::known_by_night`](super::Report::known_by_night).
    pub known_by_night: bool,
    pub dry_run: bool,
}

pub(super) enum Outcome {
    Taken {
        told: Box<Reported>,
        audit: Receipt,
    },
    /// The first answer to the same key.
    Again(Value, Receipt),
    Faulty(Faults),
    Trial {
        repeated: bool,
        deadline: Instant,
        on_time: bool,
    },
}

/// A notice whose guests could be read.
pub(super) struct Ready {
    pub notice: Notice,
    pub facility: Facility,
    pub guests: Vec<ReadGuest>,
    /// Of each guest, under each version of the index key, newest first.
    pub tags: Vec<Vec<Tags>>,
}

/// A notice whose guests were verified.
pub(super) struct Judged<'a> {
    pub ready: &'a Ready,
    pub guests: Vec<JudgedGuest>,
    pub draft: Draft,
}

/// What is known of a notice by its nature.
enum Nature {
    New,
    Repeated(StayId),
    /// Some guests were reported, others not.
    Partly(Vec<usize>),
}

impl Stays {
    /// Takes notices in one transaction, in order; what of them cannot be taken is said.
    pub(super) async fn take(
        &self,
        caller: &Caller,
        notices: Vec<Notice>,
        batch: &Batch,
    ) -> Result<Vec<Outcome>, StaysError> {
        let count = notices.len();
        let mut outcomes: Vec<Option<Outcome>> = (0..count).map(|_| None).collect();
        let mut ready: Vec<(usize, Ready)> = Vec::with_capacity(count);
        for (index, read) in self.read_all(caller, notices, batch.draft.at()).await?.into_iter().enumerate() {
            match read {
                Ok(notice) => ready.push((index, notice)),
                Err(faults) => outcomes[index] = Some(Outcome::Faulty(faults)),
            }
        }
        let mut tries = 0;
        while tries < TRIES {
            let open: Vec<(usize, &Ready)> =
                ready.iter().filter(|(index, _)| outcomes[*index].is_none()).map(|(i, of)| (*i, of)).collect();
            if open.is_empty() {
                break;
            }
            match self.attempt(caller, &open, batch).await {
                Ok(settled) => settled.into_iter().for_each(|(index, outcome)| outcomes[index] = Some(outcome)),
                // The same notice, the same key or the same credential was faster elsewhere.
                Err(StaysError::Citizens(CitizensError::Storage(StorageError::Conflict(_)))) => {
                    tries += 1;
                    if let Some(keyed) = &batch.keyed
                        && let Repeated::Again(body, receipt) =
                            self.0.citizens.repeat(keyed, batch.draft.clone()).await?
                    {
                        return Ok(vec![Outcome::Again(body, receipt)]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let all: Option<Vec<Outcome>> = outcomes.into_iter().collect();
        Ok(all.ok_or_else(|| StorageError::unavailable("notices were in each other's way"))?)
    }

    /// Reads every notice and its guests; all faults of one are told at once.
    async fn read_all(
        &self,
        caller: &Caller,
        notices: Vec<Notice>,
        now: Instant,
    ) -> Result<Vec<Result<Ready, Faults>>, StaysError> {
        let mut ids: Vec<FacilityId> = notices.iter().map(|notice| notice.facility_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let facilities = self.facilities_of(ids).await?;
        let reading = notices.into_iter().map(|notice| {
            let facility = facilities.get(&notice.facility_id).cloned();
            self.read(caller, notice, facility, now)
        });
        let read: Vec<_> = stream::iter(reading).buffered(AT_ONCE).collect().await;
        read.into_iter().collect()
    }

    async fn read(
        &self,
        caller: &Caller,
        notice: Notice,
        facility: Option<Facility>,
        now: Instant,
    ) -> Result<Result<Ready, Faults>, StaysError> {
        let mut faults = Faults::default();
        let facility = facility.filter(|facility| facility.reports_for(&caller.client.id, now));
        if facility.is_none() {
            faults.push("/facility_id", "facility_not_own", NOT_OWN);
        }
        notice.check(now, &mut faults);
        let mut guests = Vec::with_capacity(notice.guests.len());
        for (index, given) in notice.guests.iter().enumerate() {
            match self.read_guest(caller, given, notice.arrival).await? {
                Ok(guest) => guests.push(guest),
                Err(unreadable) => faults.extend(unreadable.faults(&format!("/guests/{index}"))),
            }
        }
        if guests.len() == notice.guests.len() {
            note_twice(&guests, &mut faults);
        }
        let (Some(facility), true) = (facility, faults.is_empty()) else { return Ok(Err(faults)) };
        let tags = guests.iter().map(|guest| self.tags_of(&notice, guest)).collect::<Result<_, _>>()?;
        Ok(Ok(Ready { notice, facility, guests, tags }))
    }

    fn tags_of(&self, notice: &Notice, guest: &ReadGuest) -> Result<Vec<Tags>, StorageError> {
        let codec = &self.0.codec;
        let versions = codec.index_versions().into_iter();
        let of = |version| codec.tags(version, notice.facility_id, notice.arrival, &guest.details);
        versions.map(of).collect()
    }

    /// Settles as many notices as one transaction can; the rest is for the next.
    async fn attempt(
        &self,
        caller: &Caller,
        open: &[(usize, &Ready)],
        batch: &Batch,
    ) -> Result<Vec<(usize, Outcome)>, StaysError> {
        let (mut natures, used) = self.known(open).await?;
        if batch.known_by_night {
            self.know_by_night(open, &mut natures).await?;
        }
        let mut settled = Vec::with_capacity(open.len());
        let (mut repeated, mut fresh) = (Vec::new(), Vec::new());
        let (mut seen, mut grants) = (HashSet::new(), HashSet::new());
        for (index, ready) in open.iter().copied() {
            match nature_of(ready, &natures) {
                Nature::Repeated(stay) => repeated.push((index, ready, stay)),
                Nature::Partly(guests) => {
                    settled.push((index, Outcome::Faulty(each(&guests, "", "guest_reported", REPORTED))))
                }
                Nature::New => {
                    let spent: Vec<usize> = spent_grants(ready, &used);
                    if !spent.is_empty() {
                        let faults = each(&spent, "/eid", "approval_used", GRANT_USED);
                        settled.push((index, Outcome::Faulty(faults)));
                        continue;
                    }
                    let own = ready.tags.iter().filter_map(|tags| tags.first()).map(|tags| tags.nature);
                    let alike = own.fold(false, |alike, nature| !seen.insert(nature) | alike);
                    let own = ready.guests.iter().filter_map(|guest| guest.grant);
                    let alike = own.fold(alike, |alike, grant| !grants.insert(grant) | alike);
                    fresh.push((index, ready, alike));
                }
            }
        }
        if batch.dry_run {
            settled.extend(repeated.iter().map(|(index, ready, _)| (*index, trial(ready, true, batch))));
            settled.extend(fresh.iter().map(|(index, ready, alike)| (*index, trial(ready, *alike, batch))));
            return Ok(settled);
        }
        settled.append(&mut self.repeat_all(&repeated, batch).await?);
        // Of two alike, the second is looked at again once the first is entered.
        let fresh: Vec<(usize, &Ready)> =
            fresh.into_iter().filter(|(_, _, alike)| !alike).map(|(index, ready, _)| (index, ready)).collect();
        settled.append(&mut self.enter_all(caller, &fresh, batch).await?);
        Ok(settled)
    }

    /// Verifies the guests of new notices and enters them, with their entries.
    async fn enter_all(
        &self,
        caller: &Caller,
        fresh: &[(usize, &Ready)],
        batch: &Batch,
    ) -> Result<Vec<(usize, Outcome)>, StaysError> {
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let judging = fresh.iter().map(|(_, ready)| self.judge_all(caller, ready, batch));
        let judged: Vec<_> = stream::iter(judging).buffered(AT_ONCE).collect().await;
        let judged: Vec<Judged<'_>> = judged.into_iter().collect::<Result<_, _>>()?;
        let indexes = fresh.iter().map(|(index, _)| *index);
        let (indexes, judged) = first_showings(indexes.zip(judged));
        let entered: Vec<Entered> = self.enter(caller, judged, batch).await?;
        Ok(indexes
            .into_iter()
            .zip(entered)
            .map(|(index, Entered { told, audit })| (index, Outcome::Taken { told, audit }))
            .collect())
    }

    async fn judge_all<'a>(&self, caller: &Caller, ready: &'a Ready, batch: &Batch) -> Result<Judged<'a>, StaysError> {
        // A notice that comes alone is the transaction that was admitted.
        let mut draft = match batch.keyed.is_some() {
            true => batch.draft.clone(),
            false => batch.draft.clone().under(TransactionId::random(&*self.0.entropy)),
        };
        let mut guests: Vec<JudgedGuest> = Vec::with_capacity(ready.guests.len());
        for guest in &ready.guests {
            let (mut judged, kept) = self.judge(caller, guest.clone(), draft).await?;
            draft = kept;
            // One number is one person's, whatever was asked about it.
            let number = |of: &JudgedGuest| of.details.document.as_ref().map(|document| document.number.clone());
            if number(&judged).is_some() && guests.iter().any(|other| number(other) == number(&judged)) {
                judged.reason = GuestReason::NumberOfAnotherGuest;
            }
            judged.show_after(&guests);
            guests.push(judged);
        }
        Ok(Judged { ready, guests, draft })
    }
}

/// Of notices that would spend the same credential, the first; the others are judged again once it is
/// spent. The first notice of all always stays, so that every round settles something.
fn first_showings<'a>(judged: impl Iterator<Item = (usize, Judged<'a>)>) -> (Vec<usize>, Vec<Judged<'a>>) {
    let mut spent: HashSet<[u8; 16]> = HashSet::new();
    let first = judged.filter(|(_, notice)| {
        let singles = || notice.guests.iter().filter_map(|guest| guest.single);
        let first = !singles().any(|single| spent.contains(&single));
        if first {
            spent.extend(singles());
        }
        first
    });
    first.unzip()
}

impl Unreadable {
    pub fn faults(self, pointer: &str) -> Faults {
        match self {
            Self::Qr(fault) => faults_of(fault).below("/qr").below(pointer),
            Self::Faulty(member, code, text) => {
                let mut faults = Faults::default();
                faults.push(format!("{pointer}/{member}"), code, text);
                faults
            }
        }
    }
}

/// Notes guests who are in the notice twice. The same number under another name is somebody else.
pub(super) fn note_twice(guests: &[ReadGuest], faults: &mut Faults) {
    let mut seen = HashSet::new();
    for (index, guest) in guests.iter().enumerate() {
        if !seen.insert(guest.details.identity()) {
            faults.push(format!("/guests/{index}"), "guest_twice", TWICE);
        }
    }
}

fn nature_of(ready: &Ready, known: &HashMap<Vec<u8>, StayId>) -> Nature {
    let stay = |tags: &Vec<Tags>| tags.iter().find_map(|tags| known.get(tags.nature.as_slice()).copied());
    let found: Vec<Option<StayId>> = ready.tags.iter().map(stay).collect();
    match found.iter().flatten().next() {
        None => Nature::New,
        Some(first) if found.iter().all(|stay| stay.as_ref() == Some(first)) => Nature::Repeated(*first),
        Some(_) => Nature::Partly((0..found.len()).filter(|index| found[*index].is_some()).collect()),
    }
}

fn spent_grants(ready: &Ready, used: &HashSet<Vec<u8>>) -> Vec<usize> {
    let spent = |guest: &ReadGuest| guest.grant.is_some_and(|grant| used.contains(grant.as_bytes().as_slice()));
    (0..ready.guests.len()).filter(|index| spent(&ready.guests[*index])).collect()
}

fn each(guests: &[usize], below: &str, code: &'static str, text: Text) -> Faults {
    let mut faults = Faults::default();
    guests.iter().for_each(|index| faults.push(format!("/guests/{index}{below}"), code, text));
    faults
}

fn trial(ready: &Ready, repeated: bool, batch: &Batch) -> Outcome {
    let deadline = Deadline::of(ready.notice.arrival);
    Outcome::Trial { repeated, deadline: deadline.instant(), on_time: deadline.is_kept_at(batch.received_at) }
}
