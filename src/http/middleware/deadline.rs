//! Ends work that takes too long, without a timer for each piece of it.
//!
//! A timer of its own is set and taken back for nearly every request, and none of them ever fires.
//! Here who is still at work has a place in a list, and the worker looks through the list from time
//! to time, as long as there is anybody in it: an end comes up to an eighth of the limit late.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How often the list is looked through at least, and at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOOK_AT_MOST: Duration = Duration::from_millis(1);

/// One worker's list of who is at work.
#[derive(Clone)]
pub(super) struct Deadline {
    limit: Duration,
    list: Rc<RefCell<List>>,
}

#[derive(Default)]
struct List {
    places: Vec<Place>,
    free: Vec<usize>,
    watched: bool,
}

#[derive(Default)]
struct Place {
    /// `None`: nobody has the place.
    due: Option<Instant>,
    waker: Option<Waker>,
    over: bool,
}

impl Deadline {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, list: Rc::default() }
    }

    /// `work` until it ends, or `None` once the limit has passed since `began`. Polled again after
    /// that it goes on without a limit.
    pub(super) fn keep<F: Future + Unpin>(&self, began: Instant, work: F) -> Kept<F> {
        Kept { work, due: began + self.limit, place: None, over: false, deadline: self.clone() }
    }

    /// A place in the list, which is looked through from now on.
    fn enter(&self, due: Instant) -> usize {
        let mut list = self.list.borrow_mut();
        let free = list.free.pop();
        let place = free.unwrap_or_else(|| {
            list.places.push(Place::default());
            list.places.len() - 1
        });
        list.places[place] = Place { due: Some(due), waker: None, over: false };
        if !std::mem::replace(&mut list.watched, true) {
            let every = (self.limit / 8).clamp(LOOK_AT_MOST, LOOK_EVERY);
            actix_web::rt::spawn(watch(Rc::clone(&self.list), every));
        }
        place
    }
}

/// Looks through the list until nobody is in it.
async fn watch(list: Rc<RefCell<List>>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let now = Instant::now();
        let mut list = list.borrow_mut();
        if list.free.len() == list.places.len() {
            // What a burst has taken is given back.
            *list = List::default();
            return;
        }
        for place in list.places.iter_mut().filter(|place| place.due.is_some_and(|due| due <= now)) {
            place.over = true;
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Work with a deadline.
pub(super) struct Kept<F> {
    work: F,
    due: Instant,
    place: Option<usize>,
    /// The end was told.
    over: bool,
    deadline: Deadline,
}

impl<F> Kept<F> {
    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            let mut list = self.deadline.list.borrow_mut();
            list.places[place] = Place::default();
            list.free.push(place);
        }
    }
}

impl<F: Future + Unpin> Future for Kept<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if let Poll::Ready(output) = Pin::new(&mut self.work).poll(cx) {
            self.leave();
            return Poll::Ready(Some(output));
        }
        if self.over {
            return Poll::Pending;
        }
        let place = match self.place {
            Some(place) => place,
            None => {
                let place = self.deadline.enter(self.due);
                self.place = Some(place);
                place
            }
        };
        let over = {
            let place = &mut self.deadline.list.borrow_mut().places[place];
            if !place.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                place.waker = Some(cx.waker().clone());
            }
            place.over
        };
        if !over {
            return Poll::Pending;
        }
        self.leave();
        self.over = true;
        Poll::Ready(None)
    }
}

impl<F> Drop for Kept<F> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(80);

    #[actix_web::test]
    async fn work_in_time_is_kept_and_other_work_is_ended_and_may_go_on() {
        let deadline = Deadline::new(LIMIT);
        let began = Instant::now();
        assert_eq!(deadline.keep(began, std::future::ready(3)).await, Some(3));
        assert!(deadline.list.borrow().places.is_empty(), "who does not wait takes no place");
        let slow = Box::pin(async {
            tokio::time::sleep(2 * LIMIT).await;
            7
        });
        let mut slow = deadline.keep(began, slow);
        assert_eq!((&mut slow).await, None);
        assert!((LIMIT..2 * LIMIT).contains(&began.elapsed()), "{:?}", began.elapsed());
        assert_eq!((&mut slow).await, Some(7));
    }

    #[actix_web::test]
    async fn who_leaves_makes_room_and_an_empty_list_is_left_alone() {
        let deadline = Deadline::new(LIMIT);
        for _ in 0..3 {
            let waiting: Vec<_> = (0..5).map(|_| deadline.keep(Instant::now(), Box::pin(pending::<()>()))).collect();
            let mut all = Box::pin(futures_util::future::join_all(waiting));
            assert!(futures_util::poll!(&mut all).is_pending());
            assert_eq!(deadline.list.borrow().places.len(), 5);
        }
        tokio::time::sleep(LIMIT / 2).await;
        let list = deadline.list.borrow();
        assert!(list.places.is_empty() && !list.watched);
    }
}
