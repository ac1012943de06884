//! Forms shown and prefilled, every prefill recorded.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use serde::Serialize;

use super::catalogue::{self, Catalogue, Fingerprint, FormsConfig};
use super::fill::{Filled, fill};
use super::household::Housemates;
use super::model::{Form, FormCode, FormFaults};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing;
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{AnchoredCitizen, Anchoring, Citizens, CitizensError, Draft, Question};
use crate::clients::Operation;
use crate::kernel::{CitizenId, Purpose, TransactionId};
use crate::storage::StorageError;
use crate::telemetry::metrics::{Histograms, Metrics};

/// The operation's name in audit entries.
const PREFILL: &str = "forms.prefill";
/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);
const RATIOS: &[f64] = &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Why a form is not prefilled. Refusals have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum FormsError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error("there is no such form")]
    NoSuchForm,
    #[error("the form belongs to other procedures")]
    OtherProcedure,
    #[error("nobody is named")]
    NobodyNamed,
}

impl From<StorageError> for FormsError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

/// What a client asks for: about the anchored citizen, or about the one whose own token asks.
#[derive(Debug, Clone)]
pub struct Prefill {
    pub code: FormCode,
    pub anchor: Option<Anchor>,
    pub purpose: Purpose,
}

/// Whether the form was filled. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Filled,
    NoMatch,
    /// The citizen is recorded as deceased or missing, and agreement and citizen let the status out.
    NotAlive,
}

/// A form, filled and recorded.
pub struct PrefillAnswer {
    pub transaction: TransactionId,
    pub outcome: Outcome,
    pub form: Arc<Form>,
    /// Empty unless `outcome` is `filled`.
    pub filled: Filled,
    pub receipt: Receipt,
    pub standing: Standing,
}

/// What the room is built from.
pub struct FormsParts {
    pub config: FormsConfig,
    pub citizens: Citizens,
    pub metrics: Metrics,
}

/// One form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByForm {
    form: String,
}

/// Forms and their definitions. Cheap to clone.
#[derive(Clone)]
pub struct Forms(Arc<Inner>);

struct Inner {
    citizens: Citizens,
    folder: Option<PathBuf>,
    catalogue: ArcSwap<Catalogue>,
    /// Per form, how much of it was prefilled.
    ratios: Histograms<ByForm>,
}

impl Forms {
    /// Reads every definition and begins to watch the operator's folder.
    ///
    /// # Errors
    /// The faults of every faulty definition.
    pub fn open(parts: FormsParts) -> Result<Self, Vec<FormFaults>> {
        let FormsParts { config: FormsConfig { dir: folder }, citizens, metrics } = parts;
        let seen = folder.as_deref().and_then(|folder| catalogue::fingerprint(folder).ok());
        let catalogue = ArcSwap::from_pointee(catalogue::read_all(folder.as_deref())?);
        let ratios = metrics.histograms("forms_prefilled_ratio", "How much of a form was prefilled, 0 to 1", RATIOS);
        let inner = Arc::new(Inner { citizens, folder, catalogue, ratios });
        if inner.folder.is_some() {
            tokio::spawn(watch(Arc::downgrade(&inner), seen));
        }
        Ok(Self(inner))
    }

    /// Every form, by code.
    pub fn all(&self) -> Vec<Arc<Form>> {
        self.0.catalogue.load().values().cloned().collect()
    }

    pub fn find(&self, code: &FormCode) -> Option<Arc<Form>> {
        self.0.catalogue.load().get(code).cloned()
    }

    /// Refuses a token that does not cover prefilling, where the request cannot be read; recorded.
    pub async fn require(&self, caller: &Caller) -> Result<(), FormsError> {
        Ok(self.0.citizens.require(caller, Operation::FormsPrefill, PREFILL).await?)
    }

    /// Fills a form with what agreement and consent let out about one citizen; recorded before it is
    /// returned.
    pub async fn prefill(&self, caller: &Caller, ask: Prefill) -> Result<PrefillAnswer, FormsError> {
        let form = self.find(&ask.code).ok_or(FormsError::NoSuchForm)?;
        if ask.anchor.is_none() && caller.citizen.is_none() {
            self.require(caller).await?;
            return Err(FormsError::NobodyNamed);
        }
        let belongs = form.belongs_to(&ask.purpose.procedure);
        let question = Question {
            operation: Operation::FormsPrefill,
            name: PREFILL,
            purpose: ask.purpose,
            attributes: form.attributes(),
        };
        let citizens = &self.0.citizens;
        let (admitted, draft) = citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if !belongs {
            let draft = draft.refused("form_of_other_procedure");
            let draft = match &ask.anchor {
                Some(anchor) => draft.about(citizens.meant_by(&anchor.number).await?),
                None => draft,
            };
            return self.refuse(draft, FormsError::OtherProcedure).await;
        }
        let (anchoring, draft) = citizens.seek_subject(caller, ask.anchor.as_ref(), standing, draft).await?;
        let person = match anchoring {
            Ok(Anchoring { person, .. }) => person,
            Err(blocked) => return self.refuse(draft, blocked).await,
        };
        let transaction = draft.transaction();
        let (outcome, filled, draft) = match person {
            None => (Outcome::NoMatch, Filled::nothing(), draft),
            Some(person) if person.record.citizen.status != Status::Alive => {
                // Only whoever may know it has found them.
                let draft = draft.answered_not_alive(person.record.citizen.citizen_id);
                (Outcome::NotAlive, Filled::nothing(), draft)
            }
            Some(person) => {
                let (filled, draft) = self.filled(caller, &form, &person, draft).await?;
                (Outcome::Filled, filled, draft)
            }
        };
        let receipt = citizens.conclude(draft).await?;
        if outcome == Outcome::Filled {
            let label = ByForm { form: form.code.to_string() };
            self.0.ratios.get_or_create(&label).observe(filled.prefilled().ratio);
        }
        Ok(PrefillAnswer { transaction, outcome, form, filled, receipt, standing })
    }

    async fn filled(
        &self,
        caller: &Caller,
        form: &Form,
        person: &AnchoredCitizen,
        draft: Draft,
    ) -> Result<(Filled, Draft), FormsError> {
        let citizen = &person.record.citizen;
        let allowance = draft.allowance(&caller.client.agreement, citizen.citizen_id);
        let names_members = draft.names_members(&caller.client.agreement);
        let housemates = match &citizen.household {
            Some(_) if form.needs_household() && !names_members => Some(Housemates::closed(citizen)),
            Some(membership) if form.needs_household() => {
                let members = self.0.citizens.household(membership.household_id).await?;
                Some(Housemates::of(citizen, members))
            }
            _ => None,
        };
        let filled = fill(form, citizen, housemates.as_ref(), allowance);
        let subjects = self.subjects(citizen.citizen_id, &filled).await?;
        let draft = draft.answered(subjects, filled.attributes);
        Ok((filled, draft))
    }

    /// Everybody of whom something is told, the citizen first.
    async fn subjects(&self, citizen: CitizenId, filled: &Filled) -> Result<Vec<CitizenId>, StorageError> {
        let mut subjects = vec![citizen];
        subjects.extend(filled.others.iter().copied());
        for number in &filled.named {
            let relative = self.0.citizens.holder_of_number(number).await?;
            subjects.extend(relative.map(|record| record.citizen.citizen_id).filter(|id| !subjects.contains(id)));
        }
        Ok(subjects)
    }

    /// Records a refusal and hands it back.
    async fn refuse<T>(&self, draft: Draft, refusal: impl Into<FormsError>) -> Result<T, FormsError> {
        self.0.citizens.conclude(draft).await?;
        Err(refusal.into())
    }
}

/// Reads the folder again when it changed. A faulty definition changes nothing: the forms stay as
/// they were, and the log says what is wrong, once.
async fn watch(inner: Weak<Inner>, mut seen: Option<Fingerprint>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(inner) = inner.upgrade() else { return };
        let Some(folder) = inner.folder.clone() else { return };
        let before = seen.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let now = catalogue::fingerprint(&folder).ok();
            let read = (now != before).then(|| catalogue::read_all(Some(&folder)));
            (now, read)
        });
        let Ok((now, read)) = looked.await else { continue };
        seen = now;
        match read {
            None => {}
            Some(Ok(catalogue)) => {
                tracing::info!(forms = catalogue.len(), "the forms have been read again");
                inner.catalogue.store(Arc::new(catalogue));
            }
            Some(Err(faults)) => {
                faults.iter().for_each(|faults| tracing::error!(%faults, "a form cannot be read, those in use stay"))
            }
        }
    }
}
