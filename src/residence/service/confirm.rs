//! Confirmations issued: signed as JWS and as QR, entered with their audit entry in one transaction.

use serde::Serialize;

use super::signing::{Claims, claims_of_symbol, jws_claims};
use super::stating::Stated;
use super::{Residence, ResidenceError, code, said_tag};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{
    Anchoring, Answer, Body, CitizensError, Draft, Keyed, Question, Repeated, Withheld, are_its_members, is_still_at,
};
use crate::clients::{Detail, Operation};
use crate::crypto::KeyUse;
use crate::crypto::jose::jws::TOKEN_LIMIT;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{Attribute, AttributeSet, Instant, Purpose, TransactionId};
use crate::qr::image::Symbol;
use crate::qr::{NewConfirmation, QrError, StatusPlace, enter_confirmation};
use crate::residence::model::{Document, Hidden, Position, StatusAt};
use crate::residence::store::confirmations::{self, ConfirmationRow};
use crate::storage::StorageError;

/// The operation's name in audit entries.
pub const CONFIRM: &str = "residence.confirm";
/// Another process may take the same place first.
const TRIES: u32 = 8;

/// Who the person is, without which nothing is confirmed.
const IDENTITY: [Attribute; 3] = [Attribute::FullName, Attribute::IdNumber, Attribute::DateOfBirth];

/// What a client asks to have confirmed.
#[derive(Clone)]
pub struct Confirm {
    pub anchor: Anchor,
    pub purpose: Purpose,
    pub recipient: String,
    /// Of [`CONFIRMABLE`](crate::residence::model::CONFIRMABLE).
    pub attributes: AttributeSet,
    pub other_content: Option<String>,
    pub idempotency_key: Option<String>,
    /// Digest of the request, to know it again.
    pub request: [u8; 32],
}

/// Whether a confirmation was issued. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmOutcome {
    Issued,
    NoMatch,
    /// The citizen is recorded as deceased or missing, and the agreement lists `status`.
    NotAlive,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SymbolTold {
    /// The text of the QR, for alphanumeric mode.
    pub payload: String,
    pub svg: String,
}

/// The answer but for its audit entry.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ConfirmTold {
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
    pub outcome: ConfirmOutcome,
    /// The rest is `null` or empty unless `outcome` is `issued`.
    #[schema(value_type = Option<String>)]
    pub confirmation_id: Option<TransactionId>,
    /// What is read by telephone beside the id, to have the confirmation verified.
    pub code: Option<String>,
    /// What is confirmed; the same is signed in `jws`.
    #[schema(value_type = Option<serde_json::Value>)]
    pub document: Option<Document>,
    pub jws: Option<String>,
    pub qr: Option<SymbolTold>,
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
    pub status_list: Option<StatusAt>,
    #[schema(value_type = Vec<crate::citizens::Withheld>)]
    pub withheld: Vec<Withheld>,
    pub hidden: Vec<Hidden>,
}

impl Residence {
    /// Confirms what is registered of the anchored citizen; recorded before it is returned.
    pub async fn confirm(&self, caller: &Caller, ask: Confirm) -> Result<Answer<ConfirmTold>, ResidenceError> {
        let citizens = &self.0.citizens;
        let wanted: AttributeSet = ask.attributes.union(IDENTITY.into_iter().collect());
        let (operation, purpose) = (Operation::ResidenceConfirm, ask.purpose.clone());
        let question = Question { operation, name: CONFIRM, purpose, attributes: wanted };
        let keyed = citizens.keyed(caller, ask.idempotency_key.as_deref(), &[CONFIRM.as_bytes(), &ask.request]);
        let (admitted, mut draft) = citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if let Some(keyed) = &keyed {
            draft = match citizens.repeat(keyed, draft).await? {
                Repeated::Again(body, receipt) => {
                    return Ok(Answer { body: Body::Again(body), receipt, standing, negative: false });
                }
                Repeated::No(draft) => draft,
            };
        }
        let agreement = &caller.client.agreement;
        let consented = draft.consented().unwrap_or_else(AttributeSet::all);
        let told = |of: &Attribute| agreement.attributes.contains(*of) && consented.contains(*of);
        if agreement.detail != Detail::Full || !IDENTITY.iter().all(told) {
            let about = citizens.meant_by(&ask.anchor.number).await?;
            let draft = draft.refused("attribute_not_agreed").about(about);
            return self.refuse(draft, ResidenceError::NothingAgreed).await;
        }
        let (anchoring, mut draft) = citizens.seek_anchored(caller, &ask.anchor, standing, draft).await?;
        let person = match anchoring {
            Ok(Anchoring { person, .. }) => person,
            Err(blocked) => return self.refuse(draft, blocked).await,
        };
        let transaction = draft.transaction();
        let Some(person) = person else {
            let receipt = citizens.conclude(draft).await?;
            let body = Body::First(nothing(transaction, ConfirmOutcome::NoMatch));
            return Ok(Answer { body, receipt, standing, negative: true });
        };
        if person.record.citizen.status != Status::Alive {
            // Only whoever may know it has found them.
            let draft = draft.answered_not_alive(person.record.citizen.citizen_id);
            let receipt = citizens.conclude(draft).await?;
            let body = Body::First(nothing(transaction, ConfirmOutcome::NotAlive));
            return Ok(Answer { body, receipt, standing, negative: false });
        }
        let stated = self.state(agreement, ask.attributes, person.record, &draft).await?;
        for _ in 0..TRIES {
            match self.give(caller, &ask, &stated, &draft, keyed.as_ref()).await {
                Ok((told, receipt)) => {
                    return Ok(Answer { body: Body::First(told), receipt, standing, negative: false });
                }
                // The place was taken, or the same request was faster elsewhere.
                Err(ResidenceError::Citizens(CitizensError::Storage(StorageError::Conflict(_)))) => {
                    if let Some(keyed) = &keyed {
                        draft = match citizens.repeat(keyed, draft).await? {
                            Repeated::Again(body, receipt) => {
                                return Ok(Answer { body: Body::Again(body), receipt, standing, negative: false });
                            }
                            Repeated::No(draft) => draft,
                        };
                    }
                }
                Err(ResidenceError::DoesNotFit) => {
                    let draft = draft.refused("too_much").about(stated.subjects());
                    return self.refuse(draft, ResidenceError::DoesNotFit).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StorageError::unavailable("no place in a status list came free").into())
    }

    /// Signs a confirmation and makes it known, with its entry.
    async fn give(
        &self,
        caller: &Caller,
        ask: &Confirm,
        stated: &Stated,
        draft: &Draft,
        keyed: Option<&Keyed>,
    ) -> Result<(ConfirmTold, Receipt), ResidenceError> {
        let inner = &*self.0;
        let id = TransactionId(random_bytes(&*inner.entropy));
        let place = inner.qr.status_place().await?;
        let document = self.document(caller, ask, stated, (id, draft.transaction(), &place));
        let code = code::random(&*inner.entropy);
        let told = self.told(draft.transaction(), document, &code, stated)?;
        let done = draft.clone().answered(stated.subjects(), stated.statement.attributes());
        let done = done.naming_members(stated.members.is_some());
        let (row, entered) = self.rows(caller, stated, place, &told, &code)?;
        let kept = keyed.map(|keyed| inner.citizens.keep(keyed, &done, &told)).transpose()?;
        let (audit, entry, versions) = (inner.audit.clone(), done.entry().clone(), stated.versions());
        let (subjects, household) = (stated.watched(), stated.household());
        let pending = inner.store.write(move |tx| {
            // A change after this is seen by the reactor, which then sees these rows; one before it
            // may have passed the reactor already.
            let changed = || StorageError::unavailable("a record changed while it was confirmed");
            if let Some((household, members)) = &household
                && !are_its_members(tx, *household, members)?
            {
                return Err(changed());
            }
            for (citizen, version) in &versions {
                if !is_still_at(tx, *citizen, *version)? {
                    return Err(changed());
                }
            }
            enter_confirmation(tx, &entered)?;
            confirmations::insert(tx.db()?, &row, &subjects)?;
            if let Some(kept) = &kept {
                kept.write(tx)?;
            }
            Ok(audit.append(tx, &entry))
        });
        Ok((told, pending.await?.receipt()?))
    }

    fn document(
        &self,
        caller: &Caller,
        ask: &Confirm,
        stated: &Stated,
        (confirmation_id, transaction_id, place): (TransactionId, TransactionId, &StatusPlace),
    ) -> Document {
        let issued_at = Instant::from_seconds(self.0.clock.now().as_seconds());
        Document {
            form: Document::FORM.to_owned(),
            confirmation_id,
            issuer: self.0.issuer.clone(),
            issued_by: caller.client.name.clone(),
            issued_at,
            valid_until: issued_at.plus(self.0.validity),
            recipient: ask.recipient.clone(),
            procedure: ask.purpose.procedure.clone(),
            legal_basis: ask.purpose.legal_basis.clone(),
            statement: stated.statement.clone(),
            other_content: ask.other_content.clone(),
            hidden: stated.hidden.clone(),
            audit: Position { log: self.0.audit.own_log().to_string(), transaction_id },
            status_list: StatusAt { uri: place.reference.uri.clone(), idx: place.reference.index },
        }
    }

    fn told(
        &self,
        transaction: TransactionId,
        document: Document,
        code: &str,
        stated: &Stated,
    ) -> Result<ConfirmTold, ResidenceError> {
        let payload = self.symbol_text(&document)?;
        let svg = Symbol::of_text(&payload).map_err(|_| ResidenceError::DoesNotFit)?.to_svg();
        let jws = self.sign(&jws_claims(&document))?;
        // Nobody could have a longer one verified.
        if jws.len() > TOKEN_LIMIT {
            return Err(ResidenceError::DoesNotFit);
        }
        Ok(ConfirmTold {
            confirmation_id: Some(document.confirmation_id),
            code: Some(code.to_owned()),
            jws: Some(jws),
            qr: Some(SymbolTold { payload, svg }),
            valid_until: Some(document.valid_until),
            status_list: Some(document.status_list.clone()),
            document: Some(document),
            withheld: stated.withheld.clone(),
            hidden: stated.hidden.clone(),
            ..nothing(transaction, ConfirmOutcome::Issued)
        })
    }

    /// The text of the QR; names of members give way where they do not fit.
    pub(super) fn symbol_text(&self, document: &Document) -> Result<String, ResidenceError> {
        let mut claims = claims_of_symbol(document);
        loop {
            match self.0.qr.sign_confirmation(&claims) {
                Ok(text) => return Ok(text),
                Err(QrError::DoesNotFit) => {}
                Err(error) => return Err(error.into()),
            }
            let Some(residence) = claims.residence.as_mut() else { return Err(ResidenceError::DoesNotFit) };
            if residence.members.pop().is_none() {
                return Err(ResidenceError::DoesNotFit);
            }
            residence.members_left_out += 1;
        }
    }

    fn sign(&self, claims: &Claims) -> Result<String, ResidenceError> {
        let payload = serde_json::to_vec(claims)
            .map_err(|_| StorageError::BrokenInvariant("a confirmation cannot be written"))?;
        Ok(self.signer().sign(&payload))
    }

    fn rows(
        &self,
        caller: &Caller,
        stated: &Stated,
        place: StatusPlace,
        told: &ConfirmTold,
        code: &str,
    ) -> Result<(ConfirmationRow, NewConfirmation), ResidenceError> {
        let document =
            told.document.as_ref().ok_or(StorageError::BrokenInvariant("a confirmation cannot be written"))?;
        let (key, keyring) = (self.0.keyring.active(KeyUse::Index), &self.0.keyring);
        let said = said_tag(keyring, key, &stated.statement)
            .ok_or(StorageError::BrokenInvariant("a confirmation cannot be written"))?;
        let code = code::tag(document.confirmation_id, code)
            .ok_or(StorageError::BrokenInvariant("a confirmation cannot be written"))?;
        let citizen = stated.record.citizen.citizen_id;
        let attributes = serde_json::to_string(&stated.attributes)
            .map_err(|_| StorageError::BrokenInvariant("a confirmation cannot be written"))?;
        let version = i32::try_from(key).unwrap_or(i32::MAX);
        let row = ConfirmationRow {
            confirmation_id: document.confirmation_id.0.to_vec(),
            citizen_id: citizen.as_bytes().to_vec(),
            client_id: caller.client.id.to_string(),
            attributes: attributes.clone(),
            members: stated.members.is_some(),
            said: said.to_vec(),
            said_key: version,
            code: code.to_vec(),
            issued_at: document.issued_at.as_micros(),
            expires_at: document.valid_until.as_micros(),
            wrong_codes: 0,
            wrong_since: 0,
        };
        let entered = NewConfirmation {
            id: document.confirmation_id.0,
            citizen,
            client: caller.client.id.clone(),
            place,
            attributes,
            issued_at: document.issued_at,
            expires_at: document.valid_until,
        };
        Ok((row, entered))
    }
}

fn nothing(transaction_id: TransactionId, outcome: ConfirmOutcome) -> ConfirmTold {
    ConfirmTold {
        transaction_id,
        outcome,
        confirmation_id: None,
        code: None,
        document: None,
        jws: None,
        qr: None,
        valid_until: None,
        status_list: None,
        withheld: Vec::new(),
        hidden: Vec::new(),
    }
}
