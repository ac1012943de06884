//! Permits for work that costs much (a file, a picture, a batch), shared fairly between clients.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::kernel::ClientId;

/// How many permits there are, and how many requests may wait for one.
#[derive(Debug, Clone, Copy)]
pub struct FairPermitLimits {
    pub permits: usize,
    /// Most permits that one client holds at a time.
    pub permits_of_client: usize,
    pub waiting: usize,
    /// Most requests of one client that wait at a time.
    pub waiting_of_client: usize,
    /// How long a request waits at most.
    pub patience: Duration,
}

impl FairPermitLimits {
    /// Each client has its own permits, and nobody waits for one.
    pub const fn unshared(permits_of_client: usize) -> Self {
        Self { permits: usize::MAX, permits_of_client, waiting: 0, waiting_of_client: 0, patience: Duration::ZERO }
    }
}

/// Why a request got no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPermit {
    /// The client's own requests hold, and wait for, as many as it may have.
    #[error("the client has as many such requests at work as it may have")]
    ShareUsedUp,
    #[error("no permit became free in time")]
    Full,
}

/// Permits that clients share: each holds only so many, and free ones go to the waiting clients in turn,
/// whichever has sent more requests. Cheap to clone.
#[derive(Clone)]
pub struct FairPermits(Arc<Shared>);

struct Shared {
    bounds: FairPermitLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: usize,
    clients: HashMap<ClientId, ClientState>,
    /// The clients of which requests wait, the next one first.
    turns: VecDeque<ClientId>,
}

#[derive(Default)]
struct ClientState {
    held: usize,
    waiting: VecDeque<oneshot::Sender<FairPermit>>,
}

/// One permit; it is free again when this is dropped. Work that cannot be stopped takes it along.
pub struct FairPermit {
    /// `None`: it was never handed out.
    held: Option<(Arc<Shared>, ClientId)>,
}

impl FairPermits {
    pub fn new(bounds: FairPermitLimits) -> Self {
        Self(Arc::new(Shared { bounds, state: Mutex::default() }))
    }

    /// A permit for a request of `client`, as soon as it is the client's turn.
    ///
    /// # Errors
    /// At once if too many wait; after the patience if no permit became free.
    pub async fn take(&self, client: &ClientId) -> Result<FairPermit, NoPermit> {
        let waiting = match self.0.begin(client)? {
            Begun::Granted(permit) => return Ok(permit),
            Begun::Waits(waiting) => waiting,
        };
        match tokio::time::timeout(self.0.bounds.patience, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(NoPermit::Full),
        }
    }
}

enum Begun {
    Granted(FairPermit),
    Waits(oneshot::Receiver<FairPermit>),
}

impl Shared {
    /// Nothing that is done under the lock can panic halfway.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(self: &Arc<Self>, client: &ClientId) -> Result<Begun, NoPermit> {
        let state = &mut *self.lock();
        state.forget_who_left();
        let bounds = self.bounds;
        let waiting: usize = state.clients.values().map(|own| own.waiting.len()).sum();
        let (is_free, own) = (state.held < bounds.permits, state.clients.entry(client.clone()).or_default());
        // Who waits although a permit is free holds its share already.
        if is_free && own.held < bounds.permits_of_client {
            own.held += 1;
            state.held += 1;
            return Ok(Begun::Granted(FairPermit { held: Some((self.clone(), client.clone())) }));
        }
        let refusal = if own.waiting.len() >= bounds.waiting_of_client {
            let used_up = own.held >= bounds.permits_of_client || !own.waiting.is_empty();
            Some(if used_up { NoPermit::ShareUsedUp } else { NoPermit::Full })
        } else {
            (waiting >= bounds.waiting).then_some(NoPermit::Full)
        };
        if let Some(refusal) = refusal {
            state.forget_idle(client);
            return Err(refusal);
        }
        let (sender, receiver) = oneshot::channel();
        own.waiting.push_back(sender);
        if own.waiting.len() == 1 {
            state.turns.push_back(client.clone());
        }
        Ok(Begun::Waits(receiver))
    }

    /// Gives back a permit of `client` and hands free ones to those whose turn it is.
    fn give_back(self: &Arc<Self>, client: &ClientId) {
        let mut state = self.lock();
        state.held -= 1;
        if let Some(own) = state.clients.get_mut(client) {
            own.held -= 1;
        }
        state.forget_idle(client);
        state.forget_who_left();
        while state.held < self.bounds.permits && self.hand_out(&mut state) {}
    }

    /// Hands out one permit; whether somebody took it.
    fn hand_out(self: &Arc<Self>, state: &mut State) -> bool {
        let share = self.bounds.permits_of_client;
        let next = state.turns.iter().position(|client| state.clients.get(client).is_some_and(|own| own.held < share));
        let Some(client) = next.and_then(|next| state.turns.remove(next)) else { return false };
        let Some(own) = state.clients.get_mut(&client) else { return true };
        let mut granted = false;
        while let Some(sender) = own.waiting.pop_front() {
            let permit = FairPermit { held: Some((self.clone(), client.clone())) };
            match sender.send(permit) {
                Ok(()) => {
                    granted = true;
                    break;
                }
                // Who asked is gone. The permit was not counted yet: it must not be given back.
                Err(mut unwanted) => unwanted.held = None,
            }
        }
        own.held += usize::from(granted);
        let waits = !own.waiting.is_empty();
        state.held += usize::from(granted);
        if waits {
            state.turns.push_back(client);
        } else {
            state.forget_idle(&client);
        }
        true
    }
}

impl State {
    /// Requests that ended while they waited do not count.
    fn forget_who_left(&mut self) {
        for client in std::mem::take(&mut self.turns) {
            let Some(own) = self.clients.get_mut(&client) else { continue };
            own.waiting.retain(|sender| !sender.is_closed());
            if own.waiting.is_empty() {
                self.forget_idle(&client);
            } else {
                self.turns.push_back(client);
            }
        }
    }

    fn forget_idle(&mut self, client: &ClientId) {
        if self.clients.get(client).is_some_and(|own| own.held == 0 && own.waiting.is_empty()) {
            self.clients.remove(client);
        }
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        if let Some((shared, client)) = self.held.take() {
            shared.give_back(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    const BOUNDS: FairPermitLimits = FairPermitLimits {
        permits: 4,
        permits_of_client: 2,
        waiting: 6,
        waiting_of_client: 3,
        patience: Duration::from_secs(30),
    };

    fn client(name: &str) -> ClientId {
        name.parse().unwrap()
    }

    /// A request that waits; it has joined the queue when this returns.
    async fn waits(permits: &FairPermits, name: &str) -> JoinHandle<Result<FairPermit, NoPermit>> {
        let (own, client) = (permits.clone(), client(name));
        let task = tokio::spawn(async move { own.take(&client).await });
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        task
    }

    #[tokio::test]
    async fn a_client_holds_its_share_and_leaves_the_rest_to_others() {
        let permits = FairPermits::new(BOUNDS);
        let a = [permits.take(&client("a")).await.unwrap(), permits.take(&client("a")).await.unwrap()];
        let third = waits(&permits, "a").await;
        let _b = [permits.take(&client("b")).await.unwrap(), permits.take(&client("b")).await.unwrap()];
        let of_c = waits(&permits, "c").await;
        // The permit that `a` gives back is its own again, and `c` waits for another.
        let [one, two] = a;
        drop(one);
        let third = third.await.unwrap().unwrap();
        assert!(!of_c.is_finished());
        drop(two);
        of_c.await.unwrap().unwrap();
        drop(third);
    }

    #[tokio::test]
    async fn free_places_go_round_among_the_clients() {
        let permits = FairPermits::new(FairPermitLimits { permits: 1, permits_of_client: 1, ..BOUNDS });
        let mut held = permits.take(&client("a")).await.unwrap();
        let mut queue = Vec::new();
        for name in ["a", "a", "a", "b", "c"] {
            queue.push((name, waits(&permits, name).await));
        }
        let mut order = Vec::new();
        while !queue.is_empty() {
            drop(held);
            tokio::task::yield_now().await;
            let next = queue.iter().position(|(_, task)| task.is_finished()).unwrap();
            let (name, task) = queue.remove(next);
            order.push(name);
            held = task.await.unwrap().unwrap();
        }
        assert_eq!(order, ["a", "b", "c", "a", "a"]);
    }

    #[tokio::test]
    async fn too_many_are_refused_at_once_and_whose_fault_it_is_is_told() {
        let permits = FairPermits::new(BOUNDS);
        let mut held = Vec::new();
        for name in ["a", "a", "b", "b"] {
            held.push(permits.take(&client(name)).await.unwrap());
        }
        let mut queue = Vec::new();
        for name in ["a", "a", "a", "b", "b", "b"] {
            queue.push(waits(&permits, name).await);
        }
        assert_eq!(permits.take(&client("a")).await.err(), Some(NoPermit::ShareUsedUp));
        assert_eq!(permits.take(&client("c")).await.err(), Some(NoPermit::Full));
        // Whoever hangs up makes room in the queue.
        queue.remove(0).abort();
        tokio::task::yield_now().await;
        waits(&permits, "c").await.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_leaves_nothing_behind() {
        let permits = FairPermits::new(FairPermitLimits { permits: 1, ..BOUNDS });
        let held = permits.take(&client("a")).await.unwrap();
        assert_eq!(permits.take(&client("b")).await.err(), Some(NoPermit::Full));
        drop(held);
        drop(permits.take(&client("c")).await.unwrap());
        let state = permits.0.lock();
        assert_eq!((state.held, state.clients.len(), state.turns.len()), (0, 0, 0));
    }
}
