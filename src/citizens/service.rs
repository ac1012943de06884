//! The citizens as others ask about them: admitted, anchored, answered, and every answer recorded.

use std::sync::{Arc, Mutex, PoisonError};

use super::cache::{Cache, CacheConfig};
use super::decoy::Decoy;
use super::draft::{Draft, Question};
use super::events;
use super::follower::Follower;
use super::guard::meter::Standing;
use super::guard::{Blocked, Exchange, Failure, GuardConfig, GuardError, Guards};
use super::kept_answers::Keeper;
use super::metrics::{CitizensMetrics, reactor_lag};
use super::reactor::{Reactor, ReactorRun};
use super::records::Records;
use super::sealing::Sealing;
use crate::access::{Caller, Denied};
use crate::audit::{Audit, AuditError, Receipt};
use crate::clients::{Client, Operation, Refusal};
use crate::consent::Consents;
use crate::crypto::Keyring;
use crate::kernel::{AttributeSet, Clock, Entropy, Instant, TransactionId};
use crate::storage::{StorageError, Store};
use crate::telemetry::metrics::Metrics;

/// Why a question about a citizen is not answered. All but `Unavailable` have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum CitizensError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    NotAgreed(#[from] Refusal),
    #[error("the agreement does not list sensitive attributes that were claimed")]
    AttributesNotAgreed(AttributeSet),
    #[error("the citizen has not consented to attributes that were claimed")]
    AttributesNotConsented(AttributeSet),
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the agreement no longer lets out what the first answer told")]
    AgreementNarrowed,
    #[error("the quota is used up")]
    OverQuota(Standing),
    #[error("the client has as many batches running as it may")]
    TooManyBatches,
    #[error(transparent)]
    Blocked(#[from] Blocked),
    #[error("the citizen store cannot answer")]
    Storage(#[from] StorageError),
    #[error("the answer cannot be recorded")]
    Audit(#[from] AuditError),
}

/// An answer, or a refusal, with the entry that has to be durable before it leaves.
pub(super) type Drafted<T> = (Result<T, CitizensError>, Draft);

/// What the citizens' room is built from.
pub struct CitizensParts {
    pub store: Store,
    pub audit: Audit,
    pub consents: Consents,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: Metrics,
    pub cache: CacheConfig,
    pub guards: GuardConfig,
    /// How long the first answer to a request with an `Idempotency-Key` is repeated.
    pub answers_kept: std::time::Duration,
}

/// Answers questions about citizens. Cheap to clone.
#[derive(Clone)]
pub struct Citizens(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) audit: Audit,
    pub(super) consents: Consents,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) records: Records,
    pub(super) guards: Arc<Guards>,
    pub(super) keeper: Keeper,
    metrics: Metrics,
    background: Background,
}

/// Tasks that end with their owner.
#[derive(Default)]
struct Background(Mutex<Vec<tokio::task::JoinHandle<()>>>);

impl Background {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(tokio::spawn(task));
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl Citizens {
    /// Opens the room and starts what runs beside it: following the change log, the exchange of
    /// counters.
    pub async fn open(parts: CitizensParts) -> Result<Self, CitizensError> {
        let CitizensParts { store, audit, consents, keyring, clock, entropy, metrics, cache, guards, answers_kept } =
            parts;
        let cache = Arc::new(Cache::new(&cache));
        let counted = CitizensMetrics::register(&metrics, &cache);
        let sealing = Sealing::new(keyring.clone(), Arc::clone(&entropy));
        let follower = Follower::begin(store.clone(), Arc::clone(&cache), Arc::clone(&counted)).await?;
        let guards = Guards::open(guards, store.clone(), keyring.clone(), &*clock, Arc::clone(&counted)).await?;
        let guards = Arc::new(guards);
        let background = Background::default();
        background.spawn(follower.run());
        background.spawn(Exchange::new(Arc::clone(&guards), Arc::clone(&clock)).run());
        let chance = Arc::clone(&entropy);
        background.spawn(events::record_owed(store.clone(), audit.clone(), Arc::clone(&clock), chance));
        let keeper = Keeper::new(keyring, Arc::clone(&entropy), answers_kept);
        let decoy = Decoy::new(&sealing, &*entropy)?;
        let records = Records { store: store.clone(), sealing, cache, metrics: counted, decoy };
        let inner = Inner { store, audit, consents, clock, entropy, records, guards, keeper, metrics, background };
        Ok(Self(Arc::new(inner)))
    }

    /// Lets `reactor` see every change of a citizen from now on, or from where it stopped.
    pub fn register(&self, reactor: Arc<dyn Reactor>) {
        let lag = reactor_lag(&self.0.metrics, reactor.name());
        self.0.background.spawn(ReactorRun { store: self.0.store.clone(), reactor, lag }.run());
    }

    /// How old what the cache knows of the change log is: a readiness probe asks.
    pub fn change_log_age_seconds(&self) -> f64 {
        self.0.records.metrics.followed.age_seconds()
    }

    /// Whether the client may ask this question now: its token, quota, agreement, and the consent it
    /// rests on. A refusal is in the draft, and must be recorded by [`conclude`](Self::conclude).
    pub async fn admit(&self, caller: &Caller, question: Question) -> Drafted<Standing> {
        let now = self.0.clock.now();
        let (granted, standing) = self.0.guards.take(&caller.client, 1, now);
        self.admitted(caller, question, granted == 1, standing, now).await
    }

    /// Counts a call of a room above against the client's quota.
    ///
    /// # Errors
    /// `OverQuota` if it is used up.
    pub fn charge(&self, client: &Client) -> Result<Standing, CitizensError> {
        let (granted, standing) = self.0.guards.take(client, 1, self.0.clock.now());
        if granted == 1 { Ok(standing) } else { Err(CitizensError::OverQuota(standing)) }
    }

    /// Counts further people whom an admitted question names like calls of their own; the standing
    /// after that, `None` if there are none.
    ///
    /// # Errors
    /// `OverQuota` if it does not reach for all of them.
    pub fn charge_more(&self, caller: &Caller, people: usize) -> Result<Option<Standing>, CitizensError> {
        let wanted = u32::try_from(people).unwrap_or(u32::MAX);
        if wanted == 0 {
            return Ok(None);
        }
        let (granted, standing) = self.0.guards.take(&caller.client, wanted, self.0.clock.now());
        if granted == wanted { Ok(Some(standing)) } else { Err(CitizensError::OverQuota(standing)) }
    }

    /// Whether a question is admitted that was `granted` by the quota or not.
    pub(super) async fn admitted(
        &self,
        caller: &Caller,
        question: Question,
        granted: bool,
        standing: Standing,
        now: Instant,
    ) -> Drafted<Standing> {
        let mut question = question;
        if let Some(officer) = &caller.officer {
            question.purpose.officer = Some(officer.clone());
        }
        let admitted = if !granted {
            Err(CitizensError::OverQuota(standing))
        } else if let Err(denied) = caller.require(question.operation) {
            Err(denied.into())
        } else {
            match caller.client.authorise(question.operation, &question.purpose, caller.citizen.is_some(), now) {
                Ok(_) => Ok(standing),
                Err(refusal) => Err(refusal.into()),
            }
        };
        let draft = Draft::new(TransactionId::random(&*self.0.entropy), now, caller, question);
        match admitted {
            Ok(standing) if !draft.rests_on_consent() && caller.citizen.is_none() => (Ok(standing), draft),
            // On the heap: what is rare must not make every question's future large.
            Ok(standing) => Box::pin(self.consented(caller, draft, standing)).await,
            Err(error) => {
                let reason = error.reason();
                (Err(error), draft.refused(reason))
            }
        }
    }

    /// Refuses a token that does not cover `operation`, before the request is read or where it cannot
    /// be: recorded under the operation's `name`, with neither purpose nor person.
    pub async fn require(
        &self,
        caller: &Caller,
        operation: Operation,
        name: &'static str,
    ) -> Result<(), CitizensError> {
        let Err(denied) = caller.require(operation) else { return Ok(()) };
        Err(self.refuse_unread(caller, name, denied.into()).await?)
    }

    /// Records the refusal of a request that was not read; gives the refusal back.
    pub(super) async fn refuse_unread(
        &self,
        caller: &Caller,
        name: &'static str,
        refusal: CitizensError,
    ) -> Result<CitizensError, CitizensError> {
        let transaction = TransactionId::random(&*self.0.entropy);
        let draft = Draft::unread(transaction, self.0.clock.now(), caller, name);
        self.conclude(draft.refused(refusal.reason())).await?;
        Ok(refusal)
    }

    /// Makes the entry of one answer or refusal durable; the answer may leave afterwards.
    pub async fn conclude(&self, draft: Draft) -> Result<Receipt, CitizensError> {
        let Draft { entry, failure, .. } = draft;
        let Some(failure) = failure else {
            return Ok(self.0.audit.record(entry).await?);
        };
        let receipts = Box::pin(self.conclude_failures(vec![entry], vec![failure])).await?;
        receipts.into_iter().next().ok_or_else(|| lost_receipt().into())
    }

    /// The same for several, in order, in one commit.
    pub async fn conclude_all(&self, drafts: Vec<Draft>) -> Result<Vec<Receipt>, CitizensError> {
        let mut entries = Vec::with_capacity(drafts.len());
        let mut failures = Vec::new();
        for Draft { entry, failure, .. } in drafts {
            entries.push(entry);
            failures.extend(failure);
        }
        if failures.is_empty() {
            return Ok(self.0.audit.record_all(entries).await?);
        }
        self.conclude_failures(entries, failures).await
    }

    /// Failed anchors and their entries are one write: neither is ever without the other.
    async fn conclude_failures(
        &self,
        entries: Vec<crate::audit::Entry>,
        failures: Vec<Failure>,
    ) -> Result<Vec<Receipt>, CitizensError> {
        let now = self.0.clock.now();
        let failures = Arc::new(failures);
        let (audit, stored) = (self.0.audit.clone(), Arc::clone(&failures));
        let (totals, pending) = self
            .0
            .store
            .write(move |tx| -> Result<_, StorageError> {
                let totals = Guards::store_failures(tx.db()?, &stored, now)?;
                let pending: Vec<_> = entries.iter().map(|entry| audit.append(tx, entry)).collect();
                Ok((totals, pending))
            })
            .await?;
        self.0.guards.stored(&failures, &totals, now);
        Ok(pending.iter().map(crate::audit::PendingReceipt::receipt).collect::<Result<_, _>>()?)
    }
}

fn lost_receipt() -> StorageError {
    StorageError::BrokenInvariant("an entry has no receipt")
}

impl From<GuardError> for CitizensError {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Blocked(blocked) => Self::Blocked(blocked),
            GuardError::Storage(error) => Self::Storage(error),
        }
    }
}

impl CitizensError {
    /// Stable code in audit entries.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Denied(Denied::InsufficientScope(_)) => "insufficient_scope",
            Self::Denied(_) => "not_authenticated",
            Self::NotAgreed(refusal) => match refusal {
                Refusal::ClientStopped => "client_stopped",
                Refusal::ProcedureStopped => "procedure_stopped",
                Refusal::OfficerStopped => "officer_stopped",
                Refusal::NotInForce => "agreement_not_in_force",
                Refusal::Operation => "operation_not_agreed",
                Refusal::Procedure => "procedure_not_agreed",
                Refusal::LegalBasis => "legal_basis_not_agreed",
                Refusal::OfficerMissing => "officer_missing",
                Refusal::ConsentMissing => "consent_missing",
            },
            Self::AttributesNotAgreed(_) => "attribute_not_agreed",
            Self::AttributesNotConsented(_) => "attribute_not_consented",
            Self::KeyReused => "idempotency_conflict",
            Self::AgreementNarrowed => "agreement_narrowed",
            Self::OverQuota(_) => "over_quota",
            Self::TooManyBatches => "too_many_batches",
            Self::Blocked(blocked) => blocked.limit.code(),
            Self::Storage(_) | Self::Audit(_) => "unavailable",
        }
    }
}
