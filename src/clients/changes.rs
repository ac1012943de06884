//! Changes of the registry, as operators make them.

use std::time::Duration;

use super::service::Registry;
use super::store::{self, Action};
use super::{
    Agreement, AgreementFault, AgreementFaults, Client, ClientKey, ClientProfile, ClientsError, Registration,
    SecretTag, Stoppable, Stops,
};
use crate::audit::{Operator, OperatorAct};
use crate::crypto::VerifyingKey;
use crate::kernel::{ClientId, LegalBasis, Officer, ProcedureCode};
use crate::storage::Tx;

/// A client to be added.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub id: ClientId,
    pub name: String,
    pub profile: ClientProfile,
    pub state_body: bool,
    /// What it signs its assertions with; a client of profile `baseline` may have a secret instead.
    pub key: Option<PublicKey>,
    pub officers: Vec<Officer>,
    pub agreement: Agreement,
    pub registration: Registration,
    pub secret: Option<SecretTag>,
}

/// A public key and the id its owner names it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub id: String,
    pub key: VerifyingKey,
}

/// What a client's history says of a change.
struct Note {
    action: Action,
    /// JSON: what came in by the change.
    detail: String,
    /// The key or officer that was changed, where it was not all of the client.
    part: Option<String>,
}

/// Where nothing came in that a history could show.
const EMPTY: &str = "{}";

/// Changes of the registry, each recorded with who made it and why.
#[must_use]
pub struct ClientChanges<'a> {
    pub(super) registry: &'a Registry,
    pub(super) operator: &'a Operator,
}

impl ClientChanges<'_> {
    pub async fn add(&self, new: NewClient) -> Result<(), ClientsError> {
        check_name(&new.name)?;
        check_fit(&new.agreement, new.profile, new.state_body)?;
        new.registration.check()?;
        if new.secret.is_some() && new.profile != ClientProfile::Baseline || new.secret.is_none() && new.key.is_none() {
            return Err(ClientsError::Credentials);
        }
        let now = self.registry.clock.now();
        let key = |key: PublicKey| ClientKey { id: key.id, key: key.key, valid_from: now, valid_until: None };
        let client = Client {
            keys: new.key.into_iter().map(key).collect(),
            id: new.id,
            name: new.name,
            profile: new.profile,
            state_body: new.state_body,
            stops: Stops::default(),
            officers: new.officers.into_iter().collect(),
            agreement: new.agreement,
            registration: new.registration,
            secret: new.secret,
        };
        let detail = store::agreement_text(&client.agreement)?;
        let act = act(Action::Added, &client.id, None);
        self.change(act, move |tx| {
            let db = tx.db()?;
            store::note(db, &client.id, Action::Added, &detail, now)?;
            if store::exists(db, &client.id)? {
                return Err(ClientsError::Exists);
            }
            Ok(store::insert(db, &client, now)?)
        })
        .await
    }

    /// Brings in a new key. The keys in use stay good for `overlap`.
    pub async fn rotate_key(&self, id: &ClientId, key: PublicKey, overlap: Duration) -> Result<(), ClientsError> {
        let now = self.registry.clock.now();
        let new = ClientKey { id: key.id, key: key.key, valid_from: now, valid_until: None };
        let detail = serde_json::json!({ "key_id": new.id, "overlap_s": overlap.as_secs() }).to_string();
        let key_id = Some(new.id.clone());
        self.change_one(id, Note { action: Action::KeyRotated, detail, part: key_id }, move |tx, id| {
            let held = store::keys(tx.db()?, id)?;
            if held.iter().any(|old| old.id == new.id || old.key == new.key) {
                return Err(ClientsError::KeyKnown);
            }
            Ok(store::replace_keys(tx.db()?, id, &ClientKey::rotate(&held, new.clone(), overlap))?)
        })
        .await
    }

    /// Stops a client, or a procedure or officer of it: within a second no process answers questions of
    /// what is stopped. Stopping what is stopped is recorded, and changes nothing.
    pub async fn stop(&self, id: &ClientId, what: Stoppable) -> Result<(), ClientsError> {
        let client = self.registry.find(id).ok_or(ClientsError::Unknown)?;
        if let Stoppable::Procedure(code) = &what
            && !client.agreement.procedures.contains(code)
        {
            return Err(ClientsError::ProcedureUnknown);
        }
        let now = self.registry.clock.now();
        self.change_one(id, stop_note(Action::Stopped, &what), move |tx, id| Ok(store::stop(tx.db()?, id, &what, now)?))
            .await
    }

    /// Lets go on what was stopped.
    pub async fn start(&self, id: &ClientId, what: Stoppable) -> Result<(), ClientsError> {
        self.change_one(id, stop_note(Action::Started, &what), move |tx, id| {
            if store::start(tx.db()?, id, &what)? { Ok(()) } else { Err(ClientsError::NotStopped) }
        })
        .await
    }

    /// Stops a procedure of every client whose agreement lists it: of which ones. Whoever gets it later is at
    /// work.
    pub async fn stop_everywhere(&self, procedure: &ProcedureCode) -> Result<Vec<ClientId>, ClientsError> {
        let now = self.registry.clock.now();
        let lists = |client: &Client| client.agreement.procedures.contains(procedure);
        let stopped = self.change_each(Action::Stopped, procedure, lists, move |tx, id, what| {
            Ok(store::stop(tx.db()?, id, what, now)?)
        });
        stopped.await?.ok_or(ClientsError::ProcedureOfNobody)
    }

    /// Lets a procedure go on of every client of which it was stopped, by whatever command.
    pub async fn start_everywhere(&self, procedure: &ProcedureCode) -> Result<Vec<ClientId>, ClientsError> {
        let is_stopped = |client: &Client| client.stops.is_procedure_stopped(procedure);
        let started = self.change_each(Action::Started, procedure, is_stopped, |tx, id, what| {
            if store::start(tx.db()?, id, what)? { Ok(()) } else { Err(ClientsError::NotStopped) }
        });
        started.await?.ok_or(ClientsError::NotStopped)
    }

    pub async fn add_officer(&self, id: &ClientId, officer: Officer) -> Result<(), ClientsError> {
        let now = self.registry.clock.now();
        let detail = serde_json::json!(officer).to_string();
        self.change_one(
            id,
            Note { action: Action::OfficerAdded, detail, part: Some(named(&officer)) },
            move |tx, id| {
                if store::insert_officer(tx.db()?, id, &officer, now)? {
                    Ok(())
                } else {
                    Err(ClientsError::OfficerKnown)
                }
            },
        )
        .await
    }

    /// Strikes an officer off, whose sessions are good no longer.
    pub async fn remove_officer(&self, id: &ClientId, officer: Officer) -> Result<(), ClientsError> {
        let detail = serde_json::json!(officer).to_string();
        self.change_one(
            id,
            Note { action: Action::OfficerRemoved, detail, part: Some(named(&officer)) },
            move |tx, id| {
                if store::delete_officer(tx.db()?, id, &officer)? { Ok(()) } else { Err(ClientsError::OfficerUnknown) }
            },
        )
        .await
    }

    /// Puts a new agreement in the place of the old one.
    pub async fn amend(&self, id: &ClientId, agreement: Agreement) -> Result<(), ClientsError> {
        let client = self.registry.find(id).ok_or(ClientsError::Unknown)?;
        check_fit(&agreement, client.profile, client.state_body)?;
        let detail = store::agreement_text(&agreement)?;
        self.change_one(id, Note { action: Action::Amended, detail, part: None }, move |tx, id| {
            Ok(store::set_agreement(tx.db()?, id, &agreement)?)
        })
        .await
    }

    /// Puts other redirect addresses in the place of the old ones.
    pub async fn set_registration(&self, id: &ClientId, registration: Registration) -> Result<(), ClientsError> {
        registration.check()?;
        let detail = store::registration_text(&registration)?;
        self.change_one(id, Note { action: Action::RedirectsSet, detail, part: None }, move |tx, id| {
            Ok(store::set_registration(tx.db()?, id, &registration)?)
        })
        .await
    }

    /// Puts a secret in the place of the old one, which is good no longer.
    pub async fn set_secret(&self, id: &ClientId, secret: SecretTag) -> Result<(), ClientsError> {
        let client = self.registry.find(id).ok_or(ClientsError::Unknown)?;
        if client.profile != ClientProfile::Baseline {
            return Err(ClientsError::Credentials);
        }
        self.change_one(id, Note { action: Action::SecretSet, detail: EMPTY.to_owned(), part: None }, move |tx, id| {
            Ok(store::set_secret(tx.db()?, id, &secret)?)
        })
        .await
    }

    /// A change to a client there is, with its row of history.
    async fn change_one(
        &self,
        id: &ClientId,
        note: Note,
        work: impl Fn(&mut Tx<'_>, &ClientId) -> Result<(), ClientsError> + Send + 'static,
    ) -> Result<(), ClientsError> {
        let Note { action, detail, part } = note;
        let act = act(action, id, part);
        let (id, now) = (id.clone(), self.registry.clock.now());
        self.change(act, move |tx| {
            store::note(tx.db()?, &id, action, &detail, now)?;
            if !store::exists(tx.db()?, &id)? {
                return Err(ClientsError::Unknown);
            }
            work(tx, &id)
        })
        .await
    }

    /// Stops or starts a procedure of all clients that `concerns` picks, each with its row of history, in one
    /// transaction: of which ones, `None` if there are none.
    async fn change_each(
        &self,
        action: Action,
        procedure: &ProcedureCode,
        concerns: impl Fn(&Client) -> bool,
        work: impl Fn(&mut Tx<'_>, &ClientId, &Stoppable) -> Result<(), ClientsError> + Send + 'static,
    ) -> Result<Option<Vec<ClientId>>, ClientsError> {
        self.registry.refresh().await?;
        let concerned = self.registry.list().into_iter().filter(|client| concerns(client));
        let concerned: Vec<ClientId> = concerned.map(|client| client.id.clone()).collect();
        if concerned.is_empty() {
            return Ok(None);
        }
        let (what, now) = (Stoppable::Procedure(procedure.clone()), self.registry.clock.now());
        let Note { detail, .. } = stop_note(action, &what);
        let (operation, target) = (action.operation(), what.to_string());
        let (act, ids) = (OperatorAct { operation, target, concerned: concerned.clone() }, concerned.clone());
        let changed = self.change(act, move |tx| {
            ids.iter().try_for_each(|id| {
                store::note(tx.db()?, id, action, &detail, now)?;
                work(tx, id, &what)
            })
        });
        changed.await?;
        Ok(Some(concerned))
    }

    async fn change(
        &self,
        act: OperatorAct,
        work: impl Fn(&mut Tx<'_>) -> Result<(), ClientsError> + Send + 'static,
    ) -> Result<(), ClientsError> {
        self.operator.change(act, work).await?;
        Ok(self.registry.refresh().await?)
    }
}

fn stop_note(action: Action, what: &Stoppable) -> Note {
    let detail = serde_json::json!({ "what": what.to_string() }).to_string();
    let part = (*what != Stoppable::Client).then(|| what.to_string());
    Note { action, detail, part }
}

/// What the operator did, as the audit has it.
fn act(action: Action, client: &ClientId, part: Option<String>) -> OperatorAct {
    let target = part.map_or_else(|| client.to_string(), |part| format!("{client} {part}"));
    OperatorAct { operation: action.operation(), target, concerned: vec![client.clone()] }
}

/// An officer within their client.
fn named(officer: &Officer) -> String {
    format!("{}/{}", officer.unit, officer.id)
}

fn check_name(name: &str) -> Result<(), ClientsError> {
    let fits = (1..=200).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && !crate::kernel::id::has_digit_run(name, 9);
    if fits { Ok(()) } else { Err(ClientsError::Name) }
}

/// Whether an agreement may be made with such a client.
fn check_fit(agreement: &Agreement, profile: ClientProfile, state_body: bool) -> Result<(), AgreementFaults> {
    let mut faults = Vec::new();
    let mut note = |key: &str, message: &str| {
        faults.push(AgreementFault { key: key.to_owned(), message: message.to_owned() });
    };
    if agreement.bearer && profile != ClientProfile::Service {
        note("bearer", "only clients of profile service may use plain bearer tokens");
    }
    let asks = agreement.eid.sign_in || agreement.eid.ciba;
    if asks && agreement.eid.levels.is_empty() {
        note("eid.levels", "must list at least one level where sign_in or ciba is true");
    }
    if !state_body && agreement.legal_bases.iter().any(|basis| basis.as_str() == LegalBasis::STATE_DUTY) {
        note("legal_bases", "STATE_DUTY is for state bodies: others need consent or a basis of their own");
    }
    if faults.is_empty() { Ok(()) } else { Err(AgreementFaults(faults)) }
}
