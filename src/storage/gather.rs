//! Who rides on one commit.
//!
//! A sync costs as much as dozens of entries, and its price is the same for one as for all. Under
//! load those who come during a sync make the next group, but as soon as the syncs keep up with the
//! load each entry has one of its own. So a group waits a little for company where the last ones had
//! some; one that comes alone after a pause, and one whose like came alone lately, goes at once.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant as Moment};

use super::group::Jobs;
use super::job::Job;
use super::writer::Message;

/// Jobs that ride on one commit, at most.
const GROUP: usize = 256;
/// Records among which a sync is cheap: a group that has them waits no longer.
const ENOUGH: usize = 64;
/// How long a group waits for company, at most: a commit costs nearly the same whatever rides on it.
const PATIENCE: Duration = Duration::from_millis(2);
/// How often it looks whether company has come. Asleep, because a thread that listens would have to
/// be woken by each who comes.
const NAP: Duration = Duration::from_micros(250);
/// After a pause as long as this the last groups say nothing about the next.
const PAUSE: Duration = Duration::from_millis(5);

/// What the last groups tell of the next.
#[derive(Default)]
pub(super) struct Gathering {
    /// How many records the next group will have if it is like the last ones: their largest number,
    /// which fades.
    expected: usize,
    ended: Option<Moment>,
}

impl Gathering {
    /// The group that `first` begins, and the message of another kind that ended it, if one did.
    pub(super) fn gather(&mut self, first: Box<dyn Job>, queue: &Receiver<Message>) -> (Jobs, Option<Message>) {
        if self.ended.is_none_or(|ended| ended.elapsed() > PAUSE) {
            self.expected = 0;
        }
        let mut weight = first.weight();
        let mut jobs = vec![first];
        let due = Moment::now() + PATIENCE;
        let other = loop {
            let before = jobs.len();
            let other = loop {
                if jobs.len() == GROUP {
                    break None;
                }
                match queue.try_recv() {
                    Ok(Message::Job(job)) => {
                        weight += job.weight();
                        jobs.push(job);
                    }
                    Ok(other) => break Some(other),
                    Err(_) => break None,
                }
            };
            let left = due.saturating_duration_since(Moment::now());
            let still_coming = jobs.len() > before || weight < self.expected;
            if other.is_some() || weight >= ENOUGH || jobs.len() == GROUP || left.is_zero() || !still_coming {
                break other;
            }
            std::thread::sleep(left.min(NAP));
        };
        self.expected = weight.max(self.expected - self.expected.div_ceil(4));
        (jobs, other)
    }

    /// The group has been settled.
    pub(super) fn ended(&mut self) {
        self.ended = Some(Moment::now());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::job::Append;
    use super::*;
    use crate::storage::{Record, Slot};

    fn append(records: usize) -> Box<dyn Job> {
        let record = || Record { body: Vec::new(), subjects: Vec::new(), slot: Slot::default() };
        Box::new(Append::new((0..records).map(|_| record()).collect()).0)
    }

    #[test]
    fn a_group_takes_what_is_there_in_order_up_to_another_kind_of_message() {
        let (sender, queue) = channel();
        for records in [2, 3] {
            sender.send(Message::Job(append(records))).unwrap();
        }
        sender.send(Message::Stop).unwrap();
        sender.send(Message::Job(append(9))).unwrap();
        let (jobs, other) = Gathering::default().gather(append(1), &queue);
        assert_eq!(jobs.iter().map(|job| job.weight()).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(matches!(other, Some(Message::Stop)));
    }

    #[test]
    fn no_group_is_larger_than_a_commit_carries() {
        let (sender, queue) = channel();
        (0..GROUP + 10).for_each(|_| sender.send(Message::Job(append(1))).unwrap());
        let mut gathering = Gathering::default();
        assert_eq!(gathering.gather(append(1), &queue).0.len(), GROUP);
        assert_eq!(queue.try_iter().count(), 11);
    }

    #[test]
    fn who_comes_alone_goes_at_once_and_company_is_soon_no_longer_expected() {
        let (_sender, queue) = channel();
        let mut gathering = Gathering { expected: 8, ended: Some(Moment::now()) };
        for _ in 0..8 {
            gathering.ended();
            assert_eq!(gathering.gather(append(1), &queue).0.len(), 1);
        }
        assert_eq!(gathering.expected, 1);
    }

    #[test]
    fn company_is_waited_for_where_the_last_group_had_some() {
        let (sender, queue) = channel();
        let mut gathering = Gathering { expected: 3, ended: Some(Moment::now()) };
        sender.send(Message::Job(append(1))).unwrap();
        let late = std::thread::spawn(move || {
            std::thread::sleep(NAP / 2);
            sender.send(Message::Job(append(1))).unwrap();
            sender
        });
        let gathered = gathering.gather(append(1), &queue).0.len();
        late.join().unwrap();
        assert!((2..=3).contains(&gathered), "{gathered}");
    }
}
