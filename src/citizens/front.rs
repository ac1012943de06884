//! The records that were asked for last, found in one step.
//!
//! The cache behind it takes two look-ups a question, each over several lines of memory, and keeps
//! books about both. Here a number leads to one of many small sets, and its record is in that set or
//! is not. A seat is good only while no change has come to its group of citizens since it was taken
//! (see [`super::cache::Cache::stamp`]), so that nothing has to look for records here to drop them.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cache::OpenRecord;
use crate::kernel::{CitizenId, IdNumber};

/// Seats of one set: their tags are one line of memory.
const SEATS: usize = 8;
/// What a record weighs, about.
const RECORD_BYTES: u32 = 15 << 8;
/// What the records of one set weigh at most: heavy ones leave fewer seats.
const SET_BYTES: u32 = RECORD_BYTES * SEATS as u32;
/// Records heavier than this (with a photo) have no seat.
const MOST_BYTES: u32 = 16 << 10;
/// One in so many finds is sent the long way: the cache behind learns by it what is asked for.
const LONG_WAY: u32 = 16;

pub(super) struct Front {
    sets: Box<[Mutex<Set>]>,
    /// Random: nobody can choose numbers that meet in one set.
    secrets: [u64; 2],
}

#[derive(Default)]
struct Set {
    /// A hash of the number in each seat.
    tags: [u64; SEATS],
    stamps: [u64; SEATS],
    records: [Option<Arc<OpenRecord>>; SEATS],
    /// What the records weigh.
    bytes: u32,
    /// The seat that is given away next.
    next: usize,
    finds: u32,
}

impl Set {
    fn give_up(&mut self, place: usize) {
        if let Some(record) = self.records[place].take() {
            self.bytes -= record.weight();
        }
    }
}

impl Front {
    /// With room for records that weigh `bytes`, and no more.
    pub(super) fn new(bytes: u64) -> Self {
        let sets = bytes / u64::from(SET_BYTES);
        let secret = || RandomState::new().hash_one(sets);
        Self { sets: (0..sets).map(|_| Mutex::default()).collect(), secrets: [secret(), secret()] }
    }

    /// The record of who holds the number now. `stamp` tells the present stamp of a citizen's group.
    pub(super) fn find(&self, number: &IdNumber, stamp: impl Fn(CitizenId) -> u64) -> Option<Arc<OpenRecord>> {
        let tag = self.tag(number);
        let mut set = self.set(tag)?;
        let place = set.tags.iter().position(|of| *of == tag)?;
        let record = set.records[place].as_ref()?;
        if record.citizen.id_number != *number {
            return None;
        }
        if record.is_stale() || set.stamps[place] != stamp(record.citizen.citizen_id) {
            set.give_up(place);
            return None;
        }
        let record = Arc::clone(record);
        set.finds = set.finds.wrapping_add(1);
        (set.finds % LONG_WAY != 0).then_some(record)
    }

    /// Gives a record a seat. `stamp` was taken before the record was asked for.
    pub(super) fn seat(&self, record: &Arc<OpenRecord>, stamp: u64) {
        if record.weight() > MOST_BYTES {
            return;
        }
        let tag = self.tag(&record.citizen.id_number);
        let Some(mut set) = self.set(tag) else { return };
        let free = set.records.iter().position(Option::is_none);
        let place = set.tags.iter().position(|of| *of == tag).or(free).unwrap_or(set.next);
        set.give_up(place);
        set.tags[place] = tag;
        set.stamps[place] = stamp;
        set.records[place] = Some(Arc::clone(record));
        set.bytes += record.weight();
        // It ends: one record alone always fits.
        let mut oldest = place;
        while set.bytes > SET_BYTES {
            oldest = (oldest + 1) % SEATS;
            set.give_up(oldest);
        }
        set.next = (place + 1) % SEATS;
    }

    /// Records held, and what they weigh; most of them the cache behind holds, too.
    pub(super) fn size(&self) -> (u64, u64) {
        self.sets.iter().fold((0, 0), |(records, bytes), set| {
            let set = set.lock().unwrap_or_else(PoisonError::into_inner);
            (records + set.records.iter().flatten().count() as u64, bytes + u64::from(set.bytes))
        })
    }

    fn set(&self, tag: u64) -> Option<MutexGuard<'_, Set>> {
        // The upper half of the product is evenly spread over the sets.
        let place = (u128::from(tag) * self.sets.len() as u128) >> 64;
        // A set is never left half changed.
        Some(self.sets.get(place as usize)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The digits as a number, multiplied by a secret and folded.
    fn tag(&self, number: &IdNumber) -> u64 {
        let digits = number.expose().bytes().fold(0, |sum: u64, digit| sum * 10 + u64::from(digit & 15));
        let [first, second] = self.secrets;
        let product = u128::from(digits ^ first) * u128::from(second | 1);
        (product as u64) ^ (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::citizens::model::Citizen;

    fn record(stamp: u64) -> Arc<OpenRecord> {
        weighing(stamp, 500)
    }

    fn weighing(stamp: u64, text_bytes: usize) -> Arc<OpenRecord> {
        let citizen: Citizen = crate::citizens::seed::showcase(1).remove(0).citizens.remove(0);
        Arc::new(OpenRecord::new(citizen, 1, text_bytes, stamp))
    }

    #[test]
    fn a_record_is_found_until_its_group_changes_or_it_is_known_to_be_old() {
        let front = Front::new(1 << 20);
        let record = record(3);
        let number = &record.citizen.id_number;
        assert!(front.find(number, |_| 3).is_none());
        front.seat(&record, 3);
        assert!(front.find(number, |_| 3).is_some_and(|found| Arc::ptr_eq(&found, &record)));
        assert!(front.find(number, |_| 4).is_none());
        assert!(front.find(number, |_| 3).is_none(), "it has lost its seat");
        front.seat(&record, 4);
        record.mark_stale();
        assert!(front.find(number, |_| 4).is_none());
        assert!(front.find(&IdNumber::parse("097099000001").unwrap(), |_| 4).is_none());
    }

    #[test]
    fn some_finds_are_sent_the_long_way_and_the_seat_stays() {
        let front = Front::new(1 << 20);
        let record = record(0);
        front.seat(&record, 0);
        let found = (0..10 * LONG_WAY).filter(|_| front.find(&record.citizen.id_number, |_| 0).is_some()).count();
        assert_eq!(found as u32, 9 * LONG_WAY + LONG_WAY - 10);
    }

    #[test]
    fn all_records_weigh_no_more_than_was_given() {
        let front = Front::new(10 * u64::from(SET_BYTES));
        let heavy = weighing(0, 6 << 10);
        assert!(heavy.weight() < MOST_BYTES && heavy.weight() > 3 * RECORD_BYTES);
        for number in 0..1000 {
            let mut citizen = heavy.citizen.clone();
            citizen.id_number = IdNumber::parse(&format!("097099{number:06}")).unwrap();
            front.seat(&Arc::new(OpenRecord::new(citizen, 1, 6 << 10, 0)), 0);
        }
        let (records, bytes) = front.size();
        assert!(records >= 10 && bytes <= 10 * u64::from(SET_BYTES), "{records} records of {bytes} bytes");
        assert_eq!(bytes, records * u64::from(heavy.weight()));
        // What changed gives back what it weighs.
        for number in 0..1000 {
            front.find(&IdNumber::parse(&format!("097099{number:06}")).unwrap(), |_| 1);
        }
        assert_eq!(front.size(), (0, 0));
    }

    #[test]
    fn without_memory_there_is_no_seat() {
        let front = Front::new(0);
        let record = record(0);
        front.seat(&record, 0);
        assert!(front.find(&record.citizen.id_number, |_| 0).is_none());
    }
}
