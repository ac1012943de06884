//! Signed credentials: valid by signature, time, reader, list, and shown for the first time.

use super::{Admitted, Qr, QrError, VOIDER};
use crate::access::Caller;
use crate::audit::{PendingReceipt, Receipt};
use crate::citizens::guard::meter::Standing;
use crate::citizens::model::Status;
use crate::citizens::{Allowance, Answer, Body, Draft, Keyed, OpenRecord, Repeated};
use crate::clients::Detail;
use crate::kernel::{Attribute, AttributeSet, CitizenId, TransactionId};
use crate::qr::credential::{CredentialStatus, CwtClaims, Verdict};
use crate::qr::model::{Compared, Matched, Proof, QrKind, QrWarning, Told, claimed_fields, claims_of, status_warning};
use crate::qr::store::credentials::{self, CONFIRMATION, Issued};
use crate::storage::StorageError;

impl CredentialStatus {
    const fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::Replayed => "replayed",
            Self::WrongAudience => "wrong_audience",
            Self::HolderProofMissing => "holder_proof_missing",
            Self::HolderProofInvalid => "holder_proof_invalid",
            Self::UnknownIssuer => "unknown_issuer",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl Qr {
    pub(super) async fn verify_credential(
        &self,
        caller: &Caller,
        verdict: Verdict,
        Admitted { draft, standing, nonce, keyed }: Admitted,
    ) -> Result<Answer<Told>, QrError> {
        let attributes = verdict.claims.as_ref().map_or(AttributeSet::EMPTY, spoken_of);
        let mut draft = draft.asking(attributes);
        if let Some(keyed) = &keyed {
            draft = match self.0.citizens.repeat(keyed, draft).await? {
                Repeated::Again(body, receipt) => return Ok(again(body, receipt, standing)),
                Repeated::No(draft) => draft,
            };
        }
        let verdict = verdict.expecting(nonce.as_deref());
        let issued = self.issued(verdict.claims.as_ref()).await?;
        let told = self.look(caller, &draft, verdict, issued.as_ref()).await?;
        let told = Told { nonce, ..told };
        let subjects: Vec<CitizenId> = issued.iter().map(|issued| issued.citizen).collect();
        if let Some(issued) = issued.filter(|issued| issued.dynamic && told.status == Some(CredentialStatus::Valid)) {
            let single = Single { id: issued.id, told, draft, subjects };
            return match self.spend(single, keyed.clone()).await? {
                Spent::Now(told, receipt) => {
                    Ok(Answer { body: Body::First(*told), receipt, standing, negative: false })
                }
                Spent::Before(single) => {
                    let Single { told, mut draft, subjects, .. } = *single;
                    // The same request may have been faster elsewhere.
                    if let Some(keyed) = &keyed {
                        draft = match self.0.citizens.repeat(keyed, draft).await? {
                            Repeated::Again(body, receipt) => return Ok(again(body, receipt, standing)),
                            Repeated::No(draft) => draft,
                        };
                    }
                    let told = Told { nonce: told.nonce, ..refused(told.transaction_id, CredentialStatus::Replayed) };
                    let receipt = self.0.citizens.conclude(draft.refused("replayed").about(subjects)).await?;
                    Ok(Answer { body: Body::First(told), receipt, standing, negative: false })
                }
            };
        }
        let receipt = self.0.citizens.conclude(ended(draft, &told, subjects)).await?;
        Ok(Answer { body: Body::First(told), receipt, standing, negative: false })
    }

    /// What is told if nobody has shown it before.
    pub(super) async fn look(
        &self,
        caller: &Caller,
        draft: &Draft,
        verdict: Verdict,
        issued: Option<&Issued>,
    ) -> Result<Told, StorageError> {
        let status = match (verdict.status, issued) {
            // Signed by this installation and not known to it: as good as revoked.
            (CredentialStatus::Valid, None) => CredentialStatus::Revoked,
            (CredentialStatus::Valid, Some(issued)) if issued.revoked => CredentialStatus::Revoked,
            (status, _) => status,
        };
        let kind = verdict.claims.as_ref().map_or(QrKind::Credential, QrKind::of_claims);
        let by_holder = verdict.holder.is_some();
        let told = match (status, verdict.claims, issued) {
            (CredentialStatus::Valid, Some(claims), Some(issued)) => {
                if issued.kind == CONFIRMATION && self.0.citizens.is_behind(VOIDER).await? {
                    let why = "changes of records have not been held against confirmations for a minute";
                    return Err(StorageError::unavailable(why));
                }
                let citizen = issued.citizen;
                // Of somebody else than the citizen who decided, no more than that the code is good.
                // Nor of somebody who is not alive, to whoever is not told so.
                let holder = if draft.concerns(citizen) { self.0.citizens.holder(citizen).await? } else { None };
                let agreement = &caller.client.agreement;
                let holder = holder.filter(|record| draft.may_speak_of(agreement, &record.citizen));
                let allowance = draft.allowance(&caller.client.agreement, citizen);
                let told = valid(draft.transaction(), &claims, holder.as_deref(), allowance);
                if by_holder { Told { proof: Proof::SignatureAndHolder, ..told } } else { told }
            }
            _ => refused(draft.transaction(), status),
        };
        Ok(Told { kind, ..told })
    }

    /// Spends it together with the entry and the kept answer.
    async fn spend(&self, single: Single, keyed: Option<Keyed>) -> Result<Spent, QrError> {
        let Single { id, told, draft, subjects } = single;
        let now = self.0.clock.now();
        let done = ended(draft.clone(), &told, subjects.clone());
        let kept = keyed.map(|keyed| self.0.citizens.keep(&keyed, &done, &told)).transpose()?;
        let (audit, entry) = (self.0.audit.clone(), done.entry().clone());
        let spent = self.0.store.write(move |tx| -> Result<Option<PendingReceipt>, StorageError> {
            if !credentials::spend(tx.db()?, &id, now)? {
                return Ok(None);
            }
            if let Some(kept) = &kept {
                kept.write(tx)?;
            }
            Ok(Some(audit.append(tx, &entry)))
        });
        Ok(match spent.await? {
            Some(pending) => Spent::Now(Box::new(told), pending.receipt()?),
            None => Spent::Before(Box::new(Single { id, told, draft, subjects })),
        })
    }
}

/// A showing of a dynamic credential.
struct Single {
    id: [u8; 16],
    told: Told,
    draft: Draft,
    subjects: Vec<CitizenId>,
}

enum Spent {
    Now(Box<Told>, Receipt),
    Before(Box<Single>),
}

fn again(body: serde_json::Value, receipt: Receipt, standing: Standing) -> Answer<Told> {
    Answer { body: Body::Again(body), receipt, standing, negative: false }
}

fn ended(draft: Draft, told: &Told, subjects: Vec<CitizenId>) -> Draft {
    match told.status {
        Some(CredentialStatus::Valid) => {
            let mut disclosed: AttributeSet = told.fields.keys().filter_map(|name| name.parse().ok()).collect();
            if told.status_told {
                disclosed.insert(Attribute::Status);
            }
            draft.answered(subjects, disclosed)
        }
        Some(status) => draft.refused(status.code()).about(subjects),
        None => draft.about(subjects),
    }
}

fn spoken_of(claims: &CwtClaims) -> AttributeSet {
    claimed_fields(claims).into_iter().map(|(attribute, _)| attribute).collect()
}

fn refused(transaction_id: TransactionId, status: CredentialStatus) -> Told {
    Told {
        transaction_id,
        kind: QrKind::Credential,
        proof: Proof::Signature,
        status: Some(status),
        matched: Matched { verified: false, checks: Default::default() },
        fields: Default::default(),
        warnings: Vec::new(),
        nonce: None,
        status_told: false,
    }
}

/// A good credential beside the record as it stands.
fn valid(
    transaction: TransactionId,
    claims: &CwtClaims,
    holder: Option<&OpenRecord>,
    allowance: Allowance<'_>,
) -> Told {
    let person = &claims.person;
    let mut told = refused(transaction, CredentialStatus::Valid);
    let full = allowance.detail() == Detail::Full;
    let may_read = |attribute| allowance.withholds(attribute).is_none();
    if let Some(record) = holder {
        let checks: Vec<_> = claims_of(person).iter().map(|claim| claim.compare(record.view())).collect();
        let agrees = checks.iter().all(|check| check.comparison.verdict.verifies());
        told.matched.verified = agrees && record.citizen.status != Status::Deceased;
        for check in checks.into_iter().filter(|check| may_read(check.attribute)) {
            told.matched.checks.insert(check.attribute.name(), Compared::from(check.comparison));
        }
        if allowance.tells_status() {
            told.status_told = true;
            told.warnings.extend(status_warning(record.citizen.status));
        }
        if full {
            told.warnings.extend((!agrees).then_some(QrWarning::RecordChanged));
        }
    }
    let fields = claimed_fields(claims).into_iter().filter(|(attribute, _)| may_read(*attribute));
    told.fields = fields.map(|(attribute, value)| (attribute.name(), value)).collect();
    told
}
