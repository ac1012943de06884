//! Stays found: by the authority in its own units, and by a facility for its own list of the day.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::facilities::FacilityTold;
use super::guests::{number_of, verified_by};
use super::loading::open_all;
use super::overlap::guests_elsewhere;
use super::report::question;
use super::told::StayTold;
use super::{Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing;
use crate::citizens::{Draft, Question};
use crate::clients::Operation;
use crate::kernel::{
    AnchorNumber, CitizenId, CivilDate, FacilityId, Instant, NumberLabel, PartialDate, PersonName, Purpose, StayId,
    TransactionId, UnitCode, Units,
};
use crate::stays::model::{Document, Facility, GuestDetails, Stay};
use crate::stays::store::searching::{self, Counts, Sought};
use crate::storage::{Db, Reach, StorageError};

/// The operations' names in audit entries.
pub const SEARCH: &str = "stays.search";
pub const TODAY: &str = "stays.today";
/// Stays on a list of the day.
const LONGEST_DAY: i64 = 2_000;
const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// Whom a search is for.
#[derive(Clone)]
pub enum GuestSought {
    /// The number of a card, passport or other document.
    Number(String),
    NameAndBirth(PersonName, PartialDate),
}

/// Where a page begins: after this stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub arrival: Instant,
    pub stay_id: StayId,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.arrival.as_micros(), self.stay_id)
    }
}

impl Cursor {
    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (arrival, stay) = text.rsplit_once('-')?;
        Some(Self { arrival: Instant::from_micros(arrival.parse().ok()?), stay_id: stay.parse().ok()? })
    }
}

/// What the authority looks for.
#[derive(Clone)]
pub struct Search {
    /// Within the agreement's units; all of them if it is empty.
    pub units: Vec<UnitCode>,
    pub facility: Option<FacilityId>,
    /// Stays that had not ended by then.
    pub from: Option<Instant>,
    /// Stays that began before.
    pub until: Option<Instant>,
    pub guest: Option<GuestSought>,
    /// 1 to 500.
    pub limit: usize,
    /// Whose counts are told; today in Viet Nam, if it is not said.
    pub day: Option<CivilDate>,
    pub cursor: Option<Cursor>,
    pub purpose: Purpose,
}

/// A stay with its facility, for the authority.
#[derive(Clone)]
pub struct FoundStay {
    pub stay: Stay,
    pub facility: Facility,
    /// The numbers of the guests who are reported at another facility for the same time.
    pub elsewhere: BTreeSet<i16>,
}

/// Figures of one day in Viet Nam, over all that was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DayCounts {
    #[schema(value_type = String)]
    pub day: CivilDate,
    /// Stays that began.
    pub stays: u64,
    /// Guests of these.
    pub guests: u64,
    /// Stays that began, reported after the deadline.
    pub late: u64,
    /// Stays that began, with a guest who does not fit.
    pub marked: u64,
    /// Stays that are not over.
    pub open: u64,
}

impl DayCounts {
    fn of(day: CivilDate, counts: Counts) -> Self {
        let Counts { stays, guests, late, marked, open } = counts;
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Self {
            day,
            stays: number(stays),
            guests: number(guests),
            late: number(late),
            marked: number(marked),
            open: number(open),
        }
    }
}

/// What one reading of the store found; `elsewhere` as of [`FoundStay`], for each stay.
struct Searched {
    stays: Vec<Stay>,
    elsewhere: Vec<BTreeSet<i16>>,
    counts: DayCounts,
}

/// A page of what was found, newest arrival first.
pub struct Found {
    pub transaction: TransactionId,
    pub stays: Vec<FoundStay>,
    pub next: Option<Cursor>,
    pub counts: DayCounts,
    pub audit: Receipt,
    pub standing: Standing,
}

/// A facility's list of the day: who arrived today, and whose stay is not over.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Today {
    pub facility: FacilityTold,
    /// Newest arrival first.
    pub stays: Vec<StayTold>,
    pub counts: DayCounts,
    #[schema(value_type = String)]
    pub now: Instant,
}

impl Stays {
    /// Finds stays in the caller's own units. Every guest who is told of stands in the entry, verified or
    /// not, as far as a number says who that is, and so does somebody who was sought by number.
    pub async fn search(&self, caller: &Caller, command: Search) -> Result<Found, StaysError> {
        let question = Question {
            operation: Operation::StaysRead,
            name: SEARCH,
            purpose: command.purpose.clone(),
            attributes: verified_by(),
        };
        let (admitted, draft) = self.0.citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        let Some(communes) = communes(caller, &command.units) else {
            let refusal = StaysError::UnitNotAgreed;
            return self.refuse(draft.refused(refusal.reason()), refusal).await;
        };
        let transaction = draft.transaction();
        let sought = self.sought(&command, communes)?;
        let day = command.day.unwrap_or_else(|| draft.at().date_in_viet_nam());
        let Searched { stays: rows, elsewhere, counts } = self.read_search(sought, day).await?;
        let next = rows.get(command.limit).and(command.limit.checked_sub(1)).and_then(|last| rows.get(last));
        let next = next.map(|stay| Cursor { arrival: stay.arrival, stay_id: stay.id });
        let stays: Vec<Stay> = rows.into_iter().take(command.limit).collect();
        let mut subjects = self.meant(command.guest.as_ref(), &stays).await?;
        note(&mut subjects, &stays);
        self.note_unverified(&mut subjects, &stays).await?;
        let found = self.with_facilities(stays, elsewhere).await?;
        let audit = self.0.citizens.conclude(draft.answered(subjects, verified_by())).await?;
        Ok(Found { transaction, stays: found, next, counts, audit, standing })
    }

    /// The list of the day of a facility the caller reports for, recorded as any look is.
    pub async fn todays(&self, caller: &Caller, facility: FacilityId, purpose: Purpose) -> Result<Today, StaysError> {
        let (admitted, draft) = self.0.citizens.admit(caller, question(TODAY, purpose)).await;
        if let Err(refusal) = admitted {
            return self.refuse(draft, refusal).await;
        }
        let now = draft.at();
        let own = self.facility(facility).await?.filter(|facility| facility.reports_for(&caller.client.id, now));
        let Some(facility) = own else {
            let refusal = StaysError::NoSuchFacility;
            return self.refuse(draft.refused(refusal.reason()), refusal).await;
        };
        let (day, id, codec) = (now.date_in_viet_nam(), facility.id, self.0.codec.clone());
        let commune = crate::stays::store::codec::commune_column(facility.commune);
        let read = move |db: &mut Db| -> Result<(Vec<Stay>, Counts), StorageError> {
            let span = span_of(day);
            let rows = searching::of_facility(db, id.as_bytes(), span, LONGEST_DAY)?;
            let stays = open_all(db, &codec, &rows)?.into_iter().map(|loaded| loaded.stay).collect();
            Ok((stays, searching::count(db, &[commune], Some(id.as_bytes()), span)?))
        };
        let (stays, counts) = self.0.store.read(Reach::Scan, read).await?;
        self.conclude_today(draft, &stays).await?;
        Ok(Today {
            facility: FacilityTold::of(&facility, &caller.client.id, now),
            stays: stays.iter().map(StayTold::of).collect(),
            counts: DayCounts::of(day, counts),
            now,
        })
    }

    async fn conclude_today(&self, draft: Draft, stays: &[Stay]) -> Result<(), StaysError> {
        let mut subjects = Vec::new();
        note(&mut subjects, stays);
        let name = [crate::kernel::Attribute::FullName].into_iter().collect();
        self.0.citizens.conclude(draft.answered(subjects, name)).await?;
        Ok(())
    }

    fn sought(&self, command: &Search, communes: Vec<i32>) -> Result<Sought, StorageError> {
        let codec = &self.0.codec;
        let versions = codec.index_versions().into_iter();
        let (mut documents, mut persons) = (None, None);
        match &command.guest {
            Some(GuestSought::Number(number)) => {
                let tags = versions.map(|version| Ok(codec.document(version, number)?.to_vec()));
                documents = Some(tags.collect::<Result<_, StorageError>>()?);
            }
            Some(GuestSought::NameAndBirth(name, birth)) => {
                let tags = versions.map(|version| Ok(codec.person(version, Some((name, Some(*birth))))?.to_vec()));
                persons = Some(tags.collect::<Result<_, StorageError>>()?);
            }
            None => {}
        }
        Ok(Sought {
            communes,
            facility: command.facility.map(|facility| facility.as_bytes().to_vec()),
            from: command.from.map(Instant::as_micros),
            until: command.until.map(Instant::as_micros),
            documents,
            persons,
            after: command.cursor.map(|cursor| (cursor.arrival.as_micros(), cursor.stay_id.as_bytes().to_vec())),
            limit: i64::try_from(command.limit).unwrap_or(i64::MAX).saturating_add(1),
        })
    }

    /// The citizen whose number a search names, whether or not a stay of theirs is found. A search does not say of
    /// which paper the number is; where guests with it are found, their papers say whose it is.
    async fn meant(&self, guest: Option<&GuestSought>, stays: &[Stay]) -> Result<Vec<CitizenId>, StorageError> {
        let Some(GuestSought::Number(sought)) = guest else { return Ok(Vec::new()) };
        let bears = |document: &Document| document.number == *sought;
        let found =
            stays.iter().flat_map(Stay::present).any(|guest| guest.details.document.as_ref().is_some_and(bears));
        let recognise = |label| AnchorNumber::recognise(sought, label, false);
        let number = match found {
            true => recognise(NumberLabel::Other),
            false => recognise(NumberLabel::Personal).or_else(|| recognise(NumberLabel::Legacy)),
        };
        match number {
            Some(number) => self.0.citizens.meant_by(&number).await,
            None => Ok(Vec::new()),
        }
    }

    /// Adds whoever has the number of a guest of whom no citizen is kept: they are told of by it.
    async fn note_unverified(&self, subjects: &mut Vec<CitizenId>, stays: &[Stay]) -> Result<(), StorageError> {
        let unverified = stays.iter().flat_map(Stay::present).filter(|guest| guest.citizen.is_none());
        let number = |details: &GuestDetails| number_of(details.document.as_ref()?, details.nationality.as_deref());
        for number in unverified.filter_map(|guest| number(&guest.details)) {
            for citizen in self.0.citizens.meant_by(&number).await? {
                if !subjects.contains(&citizen) {
                    subjects.push(citizen);
                }
            }
        }
        Ok(())
    }

    async fn read_search(&self, sought: Sought, day: CivilDate) -> Result<Searched, StorageError> {
        let codec = self.0.codec.clone();
        let read = move |db: &mut Db| -> Result<_, StorageError> {
            let rows = searching::search(db, &sought)?;
            let stays: Vec<Stay> = open_all(db, &codec, &rows)?.into_iter().map(|loaded| loaded.stay).collect();
            let counts = searching::count(db, &sought.communes, sought.facility.as_deref(), span_of(day))?;
            Ok(Searched { elsewhere: guests_elsewhere(db, &stays)?, stays, counts: DayCounts::of(day, counts) })
        };
        self.0.store.read(Reach::Scan, read).await
    }

    async fn with_facilities(
        &self,
        stays: Vec<Stay>,
        elsewhere: Vec<BTreeSet<i16>>,
    ) -> Result<Vec<FoundStay>, StorageError> {
        let mut ids: Vec<FacilityId> = stays.iter().map(|stay| stay.facility_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let facilities = self.facilities_of(ids).await?;
        let with = |(stay, elsewhere): (Stay, BTreeSet<i16>)| {
            let facility = facilities.get(&stay.facility_id).cloned();
            let facility = facility.ok_or(StorageError::inconsistent("stays", "facility_id"))?;
            Ok(FoundStay { stay, facility, elsewhere })
        };
        stays.into_iter().zip(elsewhere).map(with).collect()
    }
}

/// The communes that may be searched: those of the units asked for, all within the agreement's; `None`
/// if they are not, or the agreement lists none.
fn communes(caller: &Caller, asked: &[UnitCode]) -> Option<Vec<i32>> {
    let agreed = &caller.client.agreement.units;
    let within = |unit: &UnitCode| {
        agreed.contains(unit)
            || match unit {
                UnitCode::Province(_) => false,
                UnitCode::Commune(code) => Units::shared()
                    .province_of(*code)
                    .is_some_and(|province| agreed.contains(&UnitCode::Province(province.code))),
            }
    };
    if agreed.is_empty() || !asked.iter().all(within) {
        return None;
    }
    let units: Vec<UnitCode> = if asked.is_empty() { agreed.iter().copied().collect() } else { asked.to_vec() };
    let communes = units.into_iter().flat_map(|unit| match unit {
        UnitCode::Commune(code) => vec![code],
        UnitCode::Province(code) => Units::shared().communes_of(code).map(|commune| commune.code).collect(),
    });
    Some(communes.map(crate::stays::store::codec::commune_column).collect())
}

/// The instants of a day in Viet Nam, in microseconds.
fn span_of(day: CivilDate) -> (i64, i64) {
    const OFFSET: Duration = Duration::from_secs(7 * 3600);
    let midnight = Instant::from_seconds(i64::from(day.epoch_days()) * 24 * 3600).minus(OFFSET);
    (midnight.as_micros(), midnight.plus(A_DAY).as_micros())
}

fn note(subjects: &mut Vec<CitizenId>, stays: &[Stay]) {
    for citizen in stays.iter().flat_map(Stay::citizens) {
        if !subjects.contains(&citizen) {
            subjects.push(citizen);
        }
    }
}
