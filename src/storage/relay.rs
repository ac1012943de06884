//! Wakes all who wait on one runtime by one signal.
//!
//! A commit settles many answers at once. To wake a task of another thread takes a system call, and
//! the woken thread takes the processor from the one that has still others to wake. So the writer
//! holds the wake-ups of a group back until every answer is there, and gives those of a runtime to
//! its *relay*: a task there that wakes the others, which from within costs next to nothing.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Handle, Id};

/// The wake-ups that wait for one runtime.
#[derive(Default)]
struct Relay(Mutex<Post>);

#[derive(Default)]
struct Post {
    sleepers: Vec<Waker>,
    task: Option<Waker>,
    /// The runtime has ended, and the task with it.
    gone: bool,
}

type Held = Vec<(Arc<Relay>, Waker)>;

thread_local! {
    /// The relays of the runtimes that this thread has waited on: one, but for tests.
    static RELAYS: RefCell<Vec<(Id, Arc<Relay>)>> = const { RefCell::new(Vec::new()) };
    /// The wake-ups that are being held back on this thread, if any are.
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

impl Relay {
    fn post(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The relay of the runtime that this is called on.
    fn here() -> Option<Arc<Self>> {
        let runtime = Handle::try_current().ok()?;
        RELAYS.with_borrow_mut(|relays| {
            relays.retain(|(_, relay)| !relay.post().gone);
            if let Some((_, relay)) = relays.iter().find(|(id, _)| *id == runtime.id()) {
                return Some(Arc::clone(relay));
            }
            let relay = Arc::new(Self::default());
            runtime.spawn(Round(Arc::clone(&relay)));
            relays.push((runtime.id(), Arc::clone(&relay)));
            Some(relay)
        })
    }

    /// Wakes these, from the relay's own runtime if it still runs.
    fn pass(&self, sleepers: impl Iterator<Item = Waker>) {
        let mut post = self.post();
        if post.gone {
            drop(post);
            return sleepers.for_each(Waker::wake);
        }
        post.sleepers.extend(sleepers);
        // Before its first turn the task has no waker, and needs none.
        let task = post.task.clone();
        drop(post);
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// The relay's task. It ends with its runtime.
struct Round(Arc<Relay>);

impl Future for Round {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let sleepers = {
            let mut post = self.0.post();
            if !post.task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
                post.task = Some(cx.waker().clone());
            }
            std::mem::take(&mut post.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        let sleepers = {
            let mut post = self.0.post();
            post.gone = true;
            std::mem::take(&mut post.sleepers)
        };
        sleepers.into_iter().for_each(Waker::wake);
    }
}

/// Runs `work`; whoever it wakes through a [`Relayed`] future is woken when it has ended, even by a
/// panic, by one signal for each runtime.
pub(super) fn together<T>(work: impl FnOnce() -> T) -> T {
    HELD.set(Some(Vec::new()));
    let _release = Release;
    work()
}

struct Release;

impl Drop for Release {
    fn drop(&mut self) {
        let mut held = HELD.with_borrow_mut(Option::take).unwrap_or_default();
        while let Some((relay, last)) = held.pop() {
            let same = held.extract_if(.., |(other, _)| Arc::ptr_eq(other, &relay)).map(|(_, waker)| waker);
            let sleepers: Vec<Waker> = same.chain([last]).collect();
            relay.pass(sleepers.into_iter());
        }
    }
}

/// Wakes a task, through its runtime's relay where wake-ups are held back.
struct Through {
    relay: Arc<Relay>,
    own: Waker,
}

impl Wake for Through {
    fn wake(self: Arc<Self>) {
        let held = HELD.with_borrow_mut(|held| match held {
            Some(held) => {
                held.push((Arc::clone(&self.relay), self.own.clone()));
                true
            }
            None => false,
        });
        if !held {
            self.own.wake_by_ref();
        }
    }
}

/// A future whose wake-ups can be held back by [`together`].
pub(super) struct Relayed<F> {
    inner: F,
    /// The task's own waker, and the one that stands in its place.
    waker: Option<(Waker, Waker)>,
}

impl<F> Relayed<F> {
    pub(super) fn new(inner: F) -> Self {
        Self { inner, waker: None }
    }
}

impl<F: Future + Unpin> Future for Relayed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { inner, waker } = &mut *self;
        if !waker.as_ref().is_some_and(|(own, _)| own.will_wake(cx.waker())) {
            let own = cx.waker().clone();
            let stand_in = match Relay::here() {
                Some(relay) => Waker::from(Arc::new(Through { relay, own: own.clone() })),
                None => own.clone(),
            };
            *waker = Some((own, stand_in));
        }
        let stand_in = waker.as_ref().map_or(cx.waker(), |(_, stand_in)| stand_in);
        Pin::new(inner).poll(&mut Context::from_waker(stand_in))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    fn waiting(count: usize) -> (Vec<oneshot::Sender<usize>>, Vec<Relayed<oneshot::Receiver<usize>>>) {
        (0..count).map(|_| oneshot::channel()).map(|(tell, told)| (tell, Relayed::new(told))).unzip()
    }

    fn tell_all(callers: Vec<oneshot::Sender<usize>>) {
        together(|| callers.into_iter().zip(0..).for_each(|(caller, number)| caller.send(number).unwrap()));
    }

    async fn all_told(answers: Vec<Relayed<oneshot::Receiver<usize>>>) -> Vec<usize> {
        let tasks: Vec<_> = answers.into_iter().map(tokio::spawn).collect();
        let mut told = Vec::new();
        for task in tasks {
            told.push(task.await.unwrap().unwrap());
        }
        told
    }

    #[test]
    fn everybody_is_woken_whatever_the_runtime() {
        let several = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let single = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for runtime in [&several, &single] {
            for _ in 0..20 {
                let (callers, answers) = waiting(50);
                let writer = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(1));
                    tell_all(callers);
                });
                assert_eq!(runtime.block_on(all_told(answers)), (0..50).collect::<Vec<_>>());
                writer.join().unwrap();
            }
        }
    }

    #[test]
    fn a_wake_up_outside_of_a_group_is_not_held_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut callers, mut answers) = waiting(1);
        let (caller, answer) = (callers.remove(0), answers.remove(0));
        let writer = std::thread::spawn(move || caller.send(7).unwrap());
        assert_eq!(runtime.block_on(answer), Ok(7));
        writer.join().unwrap();
    }

    #[test]
    fn who_waits_on_a_runtime_that_ended_is_woken_all_the_same() {
        struct Signal(mpsc::Sender<()>);
        impl Wake for Signal {
            fn wake(self: Arc<Self>) {
                self.0.send(()).unwrap();
            }
        }
        let (signal, woken) = mpsc::channel();
        let waker = Waker::from(Arc::new(Signal(signal)));
        let (callers, mut answers) = waiting(1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert!(Pin::new(&mut answers[0]).poll(&mut Context::from_waker(&waker)).is_pending());
        });
        drop(runtime);
        tell_all(callers);
        woken.recv_timeout(Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn a_panic_among_the_answers_leaves_nobody_asleep() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut callers, mut answers) = waiting(1);
        let (caller, answer) = (callers.remove(0), answers.remove(0));
        let writer = std::thread::spawn(move || {
            let work = std::panic::AssertUnwindSafe(|| {
                together(|| {
                    caller.send(3).unwrap();
                    panic!("in the middle of a group");
                })
            });
            assert!(std::panic::catch_unwind(work).is_err());
        });
        assert_eq!(runtime.block_on(answer), Ok(3));
        writer.join().unwrap();
    }
}
