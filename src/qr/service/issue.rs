//! Credentials issued.

use std::time::Duration;

use serde::Serialize;

use super::{ISSUE, Qr, QrError, said_tag};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::matching::Anchor;
use crate::citizens::model::Status;
use crate::citizens::{
    Allowance, AnchoredCitizen, Anchoring, Answer, Body, CitizensError, Draft, Keyed, Question, Repeated, is_still_at,
};
use crate::clients::Operation;
use crate::crypto::{KeyUse, cose};
use crate::kernel::entropy::random_bytes;
use crate::kernel::{AttributeSet, ClientId, Instant, Purpose, TransactionId};
use crate::qr::credential::{CwtClaims, MAX_TEXT, StatusReference, pack};
use crate::qr::image::{ImageKind, Symbol};
use crate::qr::said::{Omitted, Said, say};
use crate::qr::store::credentials::{self, CredentialRow};
use crate::storage::{Reach, StorageError};

/// Places of one status list; its token stays below the 16 KiB that readers take.
pub const LIST_PLACES: i32 = 65_536;
/// A list is left half empty, so that a place says nothing of its neighbours' time of issue.
const LIST_FULL: i32 = LIST_PLACES / 2;
/// Another process may take the same place first.
const TRIES: u32 = 8;

/// How a credential may be used, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Shown again and again; revocable.
    Static(Duration),
    /// Shown once.
    Dynamic(Duration),
}

/// What a client asks for.
#[derive(Clone)]
pub struct Issue {
    pub anchor: Anchor,
    pub purpose: Purpose,
    pub attributes: AttributeSet,
    pub lifetime: Lifetime,
    pub audience: Option<ClientId>,
    pub image: Option<ImageKind>,
    pub idempotency_key: Option<String>,
    /// Digest of the request, to know it again.
    pub request: [u8; 32],
}

/// Whether a credential was issued. Every cause of `no_match` looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Issued,
    NoMatch,
    /// The citizen is recorded as deceased or missing, and agreement and citizen let the status out.
    NotAlive,
}

/// The answer but for its audit entry.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct IssueTold {
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
    pub outcome: Outcome,
    /// The rest is `null` or empty unless `outcome` is `issued`.
    #[schema(value_type = Option<String>)]
    pub credential_id: Option<TransactionId>,
    /// The text of the QR, for alphanumeric mode.
    pub payload: Option<String>,
    /// SVG as text, PNG as a `data:` URL in Base64.
    pub image: Option<String>,
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Instant>,
    pub omitted: Vec<Omitted>,
}

/// The claims of a credential about to be signed.
pub(super) struct NewClaims {
    pub id: [u8; 16],
    pub expires: Instant,
    pub claims: CwtClaims,
}

/// A credential, signed.
pub struct Issued {
    id: [u8; 16],
    text: String,
    expires: Instant,
    place: Option<(i32, i32)>,
}

impl Qr {
    /// Issues a credential about the anchored citizen; recorded before it is returned.
    pub async fn issue(&self, caller: &Caller, ask: Issue) -> Result<Answer<IssueTold>, QrError> {
        let question = Question {
            operation: Operation::QrIssue,
            name: ISSUE,
            purpose: ask.purpose.clone(),
            attributes: ask.attributes,
        };
        let keyed = self.0.citizens.keyed(caller, ask.idempotency_key.as_deref(), &[ISSUE.as_bytes(), &ask.request]);
        let (admitted, mut draft) = self.0.citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        if let Some(keyed) = &keyed {
            draft = match self.0.citizens.repeat(keyed, draft).await? {
                Repeated::Again(body, receipt) => {
                    return Ok(Answer { body: Body::Again(body), receipt, standing, negative: false });
                }
                Repeated::No(draft) => draft,
            };
        }
        let allowance = Allowance::new(&caller.client.agreement, draft.consented());
        let agreed: AttributeSet =
            ask.attributes.iter().filter(|attribute| allowance.withholds(*attribute).is_none()).collect();
        if agreed.is_empty() {
            return self.refuse(draft.refused("attribute_not_agreed"), QrError::NothingAgreed).await;
        }
        let (anchoring, mut draft) = self.0.citizens.seek_anchored(caller, &ask.anchor, standing, draft).await?;
        let person = match anchoring {
            Ok(Anchoring { person, .. }) => person,
            Err(blocked) => return self.refuse(draft, blocked).await,
        };
        let transaction = draft.transaction();
        let Some(person) = person else {
            let receipt = self.0.citizens.conclude(draft).await?;
            let body = Body::First(nothing(transaction, Outcome::NoMatch));
            return Ok(Answer { body, receipt, standing, negative: true });
        };
        let subjects = vec![person.record.citizen.citizen_id];
        // Only whoever may know it has found them.
        if person.record.citizen.status != Status::Alive {
            let receipt = self.0.citizens.conclude(draft.answered_not_alive(subjects[0])).await?;
            let body = Body::First(nothing(transaction, Outcome::NotAlive));
            return Ok(Answer { body, receipt, standing, negative: false });
        }
        let mut said = say(&person.record.citizen, agreed);
        said.omitted.extend(withheld(ask.attributes, allowance));
        said.omitted.sort_by_key(|omitted| omitted.attribute);
        if said.attributes.is_empty() {
            return self.refuse(draft.refused("nothing_to_say").about(subjects), QrError::NothingToSay).await;
        }
        for _ in 0..TRIES {
            match self.give(caller, &ask, &person, &said, &draft, keyed.as_ref()).await {
                Ok((told, receipt)) => {
                    return Ok(Answer { body: Body::First(told), receipt, standing, negative: false });
                }
                // The place was taken, or the same request was faster elsewhere.
                Err(QrError::Citizens(CitizensError::Storage(StorageError::Conflict(_)))) => {
                    if let Some(keyed) = &keyed {
                        draft = match self.0.citizens.repeat(keyed, draft).await? {
                            Repeated::Again(body, receipt) => {
                                return Ok(Answer { body: Body::Again(body), receipt, standing, negative: false });
                            }
                            Repeated::No(draft) => draft,
                        };
                    }
                }
                // Told of a person who was found: the entry names them.
                Err(QrError::DoesNotFit) => {
                    return self.refuse(draft.refused("too_much").about(subjects), QrError::DoesNotFit).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StorageError::unavailable("no place in a status list came free").into())
    }

    /// Signs a credential and makes it known, with its entry.
    async fn give(
        &self,
        caller: &Caller,
        ask: &Issue,
        person: &AnchoredCitizen,
        said: &Said,
        draft: &Draft,
        keyed: Option<&Keyed>,
    ) -> Result<(IssueTold, Receipt), QrError> {
        let issued = self.sign(caller, ask, said).await?;
        let told = told(draft.transaction(), &issued, ask.image, said)?;
        let (citizen, version) = (person.record.citizen.citizen_id, person.record.row_version);
        let done = draft.clone().answered(vec![citizen], said.attributes);
        let now = self.0.clock.now();
        let said_key = self.0.keyring.active(KeyUse::Index);
        let lost = || StorageError::BrokenInvariant("a credential cannot be kept");
        let row = CredentialRow {
            credential_id: issued.id.to_vec(),
            citizen_id: citizen.as_bytes().to_vec(),
            client_id: caller.client.id.to_string(),
            dynamic: matches!(ask.lifetime, Lifetime::Dynamic(_)),
            status_list: issued.place.map(|(list, _)| list),
            status_index: issued.place.map(|(_, index)| index),
            attributes: serde_json::to_string(&said.attributes).map_err(|_| lost())?,
            said: said_tag(&self.0.keyring, said_key, said).ok_or_else(lost)?.to_vec(),
            said_key: said_key as i32,
            issued_at: now.as_micros(),
            expires_at: issued.expires.as_micros(),
            revoked_at: None,
            spent_at: None,
            kind: credentials::CREDENTIAL,
        };
        let kept = keyed.map(|keyed| self.0.citizens.keep(keyed, &done, &told)).transpose()?;
        let (audit, entry) = (self.0.audit.clone(), done.entry().clone());
        let pending = self.0.store.write(move |tx| {
            // A change of the record after this is seen by the reactor, which then sees this row.
            if !is_still_at(tx, citizen, version)? {
                return Err(StorageError::unavailable("the record changed while a credential was made"));
            }
            credentials::insert(tx.db()?, &row)?;
            if let Some(kept) = &kept {
                kept.write(tx)?;
            }
            Ok(audit.append(tx, &entry))
        });
        Ok((told, pending.await?.receipt()?))
    }

    async fn sign(&self, caller: &Caller, ask: &Issue, said: &Said) -> Result<Issued, QrError> {
        let (lifetime, place, audience) = match ask.lifetime {
            Lifetime::Static(lifetime) => (lifetime, Some(self.free_place().await?), ask.audience.as_ref()),
            Lifetime::Dynamic(lifetime) => (lifetime, None, Some(ask.audience.as_ref().unwrap_or(&caller.client.id))),
        };
        let status = place
            .map(|(list, index)| StatusReference { index: u64::from(index.cast_unsigned()), uri: self.list_uri(list) });
        let NewClaims { id, expires, claims } = self.claims(said, audience, lifetime);
        let claims = CwtClaims { status, ..claims };
        let (kid, key) = self.signing_key();
        let text = pack(&cose::sign(&key, kid.as_bytes(), &claims.to_payload()));
        if text.len() > MAX_TEXT {
            return Err(QrError::DoesNotFit);
        }
        Ok(Issued { id, text, expires, place })
    }

    /// What every credential of this room claims, from now on.
    pub(super) fn claims(&self, said: &Said, audience: Option<&ClientId>, lifetime: Duration) -> NewClaims {
        let id: [u8; 16] = random_bytes(&*self.0.entropy);
        let begin = Instant::from_seconds(self.0.clock.now().as_seconds());
        let expires = begin.plus(lifetime);
        let claims = CwtClaims {
            issuer: Some(self.0.issuer.clone()),
            audience: audience.map(ClientId::to_string),
            expires: Some(expires),
            not_before: Some(begin),
            issued: Some(begin),
            id: Some(id.to_vec()),
            confirmation: None,
            person: said.person.clone(),
            status: None,
            residence: None,
        };
        NewClaims { id, expires, claims }
    }

    /// A random place that nobody has.
    pub(super) async fn free_place(&self) -> Result<(i32, i32), StorageError> {
        let bytes: [u8; 32] = random_bytes(&*self.0.entropy);
        let candidates: Vec<i32> =
            bytes.chunks_exact(2).map(|pair| i32::from(u16::from_be_bytes([pair[0], pair[1]]))).collect();
        self.0
            .store
            .read(Reach::Key, move |db| {
                let list = match credentials::newest_list(db)? {
                    Some((list, taken)) if taken < LIST_FULL => list,
                    Some((full, _)) => full + 1,
                    None => 1,
                };
                let taken = credentials::taken_among(db, list, &candidates)?;
                let free = candidates.into_iter().find(|place| !taken.contains(place));
                Ok((list, free.ok_or_else(|| StorageError::conflict("sixteen places are taken"))?))
            })
            .await
    }
}

fn withheld(asked: AttributeSet, allowance: Allowance<'_>) -> impl Iterator<Item = Omitted> {
    asked
        .iter()
        .filter_map(move |attribute| Some(Omitted { attribute, reason: allowance.withholds(attribute)?.into() }))
}

fn nothing(transaction_id: TransactionId, outcome: Outcome) -> IssueTold {
    IssueTold {
        transaction_id,
        outcome,
        credential_id: None,
        payload: None,
        image: None,
        expires_at: None,
        omitted: Vec::new(),
    }
}

fn told(
    transaction: TransactionId,
    issued: &Issued,
    image: Option<ImageKind>,
    said: &Said,
) -> Result<IssueTold, QrError> {
    let image = match image {
        Some(kind) => Some(drawn(&issued.text, kind)?),
        None => None,
    };
    Ok(IssueTold {
        credential_id: Some(TransactionId(issued.id)),
        payload: Some(issued.text.clone()),
        image,
        expires_at: Some(issued.expires),
        omitted: said.omitted.clone(),
        ..nothing(transaction, Outcome::Issued)
    })
}

pub(super) fn drawn(text: &str, kind: ImageKind) -> Result<String, QrError> {
    use base64::Engine;
    let symbol = Symbol::of_text(text).map_err(|_| QrError::DoesNotFit)?;
    Ok(match kind {
        ImageKind::Svg => symbol.to_svg(),
        ImageKind::Png => {
            format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(symbol.to_png()))
        }
    })
}
