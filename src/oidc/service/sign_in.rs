//! A sign-in in the browser: what its page shows, and how it ends.

use super::codec::digest_of;
use super::{Oidc, OidcError, Opened, entry};
use crate::access::NewGrant;
use crate::clients::Client;
use crate::eid::{Addressed, Approval, ApprovalRequest, Channel, MatchNumber, TransactionState};
use crate::kernel::{IdNumber, Instant, TransactionId};
use crate::oidc::model::{Authorization, Bound, Hint};
use crate::oidc::protocol::AuthorizationError;
use crate::oidc::store::codes::{self, CodeRow};
use crate::oidc::store::interactions::{self, InteractionRow};
use crate::oidc::store::requests;
use crate::storage::{Reach, StorageError, Tx};

/// Browsers that may open one request: a scanner of links may come first.
const MOST_BROWSERS: i16 = 5;
const KIND: &str = "code";

/// A request as one browser has it open.
#[derive(Debug, Clone)]
pub struct View {
    pub transaction: TransactionId,
    pub digits: MatchNumber,
    /// The text of the QR that the app scans.
    pub scan: String,
    /// Whether a number was typed in.
    pub named: bool,
    pub expires: Instant,
    digest: Vec<u8>,
}

/// What a sign-in comes to now.
#[derive(Debug)]
pub enum Step {
    /// The citizen has not decided.
    Wait(View),
    /// The client gets this code.
    Code(String),
    /// The client is told this.
    Refused(AuthorizationError),
}

impl Oidc {
    /// Opens the request in this browser, which has not [`seen`](Self::seen) it.
    pub async fn begin_view(&self, opened: &Opened, cookie: &str) -> Result<View, OidcError> {
        if opened.expires <= self.0.clock.now() {
            return Err(OidcError::Over);
        }
        let digests = self.0.codec.browser_digests(cookie, &opened.digest);
        let digest = *digests.first().ok_or(StorageError::BrokenInvariant("no key names browsers"))?;
        let request = self.approval_request(&opened.asked, opened.expires);
        let (oidc, of) = (self.clone(), opened.digest);
        let begun = self.0.store.write(move |tx| -> Result<_, OidcError> {
            let now = oidc.0.clock.now();
            if let Some(row) = interactions::find(tx.db()?, &[digest])? {
                return Ok(row);
            }
            if !requests::open_in_browser(tx.db()?, &of, MOST_BROWSERS, now)? {
                return Err(OidcError::TooManyBrowsers);
            }
            let begun = oidc.0.eid.begin(tx, &request)?;
            let row = InteractionRow {
                digest: digest.to_vec(),
                request: of.to_vec(),
                transaction_id: begun.transaction.as_bytes().to_vec(),
                digits: begun.digits.number(),
                scan: begun.scan,
                named: request.citizen.is_some() || request.unknown,
                expires_at: begun.expires.as_micros(),
            };
            interactions::insert(tx.db()?, &row)?;
            Ok(row)
        });
        Ok(view_of(begun.await?)?)
    }

    /// The request as this browser has it open, if it has.
    pub async fn seen(&self, opened: &Opened, cookie: &str) -> Result<Option<View>, StorageError> {
        let digests = self.0.codec.browser_digests(cookie, &opened.digest);
        let row = self.0.store.read(Reach::Key, move |db| interactions::find(db, &digests)).await?;
        row.map(view_of).transpose()
    }

    fn approval_request(&self, asked: &Authorization, expires: Instant) -> ApprovalRequest {
        let details = asked.details.as_ref();
        ApprovalRequest {
            client: asked.client.clone(),
            citizen: if let Hint::Citizen(citizen) = asked.hint { Some(citizen) } else { None },
            unknown: asked.hint == Hint::Nobody,
            level: asked.level,
            attributes: asked.attributes,
            procedure: details.map(|details| details.procedure.clone()),
            legal_basis: details.map(|details| details.legal_basis.clone()),
            consent_for: details.and_then(|details| details.consent_for()),
            message: None,
            place: None,
            channel: Channel::Page,
            lifetime: expires.since(self.0.clock.now()),
        }
    }

    /// What became of the request: waits, or ends with a code or a refusal. The request is spent by
    /// the approval, and by nothing before it.
    pub async fn step(&self, client: &Client, opened: &Opened, view: View) -> Result<Step, OidcError> {
        match self.0.eid.state(view.transaction).await? {
            TransactionState::Pending => Ok(Step::Wait(view)),
            TransactionState::Approved => self.complete(client, opened, &view).await,
            TransactionState::Rejected | TransactionState::Mismatch => {
                Ok(Step::Refused(AuthorizationError::ACCESS_DENIED))
            }
            TransactionState::Expired => Ok(Step::Refused(AuthorizationError::EXPIRED)),
        }
    }

    async fn complete(&self, client: &Client, opened: &Opened, view: &View) -> Result<Step, OidcError> {
        let code = self.0.codec.secret();
        let (digest, asked) = (digest_of(KIND, code.expose()), opened.asked.clone());
        let bound = Bound {
            redirect_uri: asked.redirect_uri.clone(),
            challenge: asked.challenge.clone(),
            nonce: asked.nonce.clone(),
            jkt: asked.jkt.clone(),
        };
        let sealed = self.0.codec.codes.seal(&[&digest], &bound)?;
        let (oidc, client, transaction, request) = (self.clone(), client.clone(), view.transaction, opened.digest);
        let completed = self.0.store.write(move |tx| -> Result<(), OidcError> {
            let now = oidc.0.clock.now();
            if !requests::complete(tx.db()?, &request, now)? {
                return Err(OidcError::Over);
            }
            let approval = oidc.0.eid.take(tx, transaction)?.ok_or(OidcError::Over)?;
            // Both are part of what the device signed, and were written from this request.
            if approval.client != client.id {
                return Err(StorageError::inconsistent("oidc_interactions", "transaction_id").into());
            }
            if approval.level < asked.level {
                return Err(StorageError::inconsistent("eid_transactions", "level").into());
            }
            oidc.withdraw(tx, &request)?;
            let grant = oidc.0.access.keep_grant(tx, &client, &oidc.granted(&asked, &approval)?)?;
            codes::insert(
                tx.db()?,
                &CodeRow {
                    digest: digest.to_vec(),
                    client_id: client.id.to_string(),
                    grant_id: grant.id.as_bytes().to_vec(),
                    key_version: sealed.key_version,
                    sealed: sealed.bytes.clone(),
                    expires_at: now.plus(oidc.0.config.code_lifetime).as_micros(),
                    spent_at: None,
                    kept_until: grant.expires_at.as_micros(),
                },
            )?;
            let noted = entry("oidc.sign_in", &client.id, Some(approval.citizen_id), (transaction, now));
            oidc.0.audit.append(tx, &with_approval(noted, &approval));
            Ok(())
        });
        completed.await?;
        Ok(Step::Code(code.expose().to_owned()))
    }

    /// Ends what browsers still ask their citizens for a request: nobody can approve it any more.
    fn withdraw(&self, tx: &mut Tx<'_>, request: &[u8; 32]) -> Result<(), StorageError> {
        let asked = interactions::of_request(tx.db()?, request)?;
        asked.into_iter().try_for_each(|transaction| self.0.eid.withdraw(tx, transaction))
    }

    fn granted(&self, asked: &Authorization, approval: &Approval) -> Result<NewGrant, StorageError> {
        let details = asked.details.as_ref().map(serde_json::to_string).transpose();
        Ok(NewGrant {
            citizen_id: approval.citizen_id,
            device: approval.device,
            level: approval.level,
            amr: approval.amr.clone(),
            scope: asked.scope.clone(),
            attributes: approval.attributes,
            consent: approval.consent,
            details: details
                .map_err(|_| StorageError::BrokenInvariant("authorization details cannot be written as JSON"))?
                .unwrap_or_default(),
            approved_at: approval.approved_at,
            backchannel: false,
            lifetime: self.0.config.grant_lifetime,
        })
    }

    /// Sends the request to the app of whoever holds the number; the same whether anybody does.
    pub async fn name(&self, view: &View, number: &IdNumber) -> Result<Addressed, StorageError> {
        let addressed = self.0.eid.address(view.transaction, number).await?;
        if addressed == Addressed::Asked {
            let digest = view.digest.clone();
            self.0.store.write(move |tx| interactions::set_named(tx.db()?, &digest)).await?;
        }
        Ok(addressed)
    }

    /// Ends a request without an approval: its citizen refused, or turned back. What a device was
    /// asked, or has approved meanwhile, ends with it.
    pub async fn end(&self, opened: &Opened) -> Result<(), OidcError> {
        let (oidc, digest) = (self.clone(), opened.digest);
        let ended = self.0.store.write(move |tx| -> Result<bool, StorageError> {
            if !requests::complete(tx.db()?, &digest, oidc.0.clock.now())? {
                return Ok(false);
            }
            oidc.withdraw(tx, &digest)?;
            Ok(true)
        });
        if ended.await? { Ok(()) } else { Err(OidcError::Over) }
    }
}

/// The entry with what was approved.
pub(super) fn with_approval(noted: crate::audit::Entry, approval: &Approval) -> crate::audit::Entry {
    crate::audit::Entry {
        attributes: approval.attributes,
        procedure: approval.procedure.clone(),
        legal_basis: approval.legal_basis.clone(),
        consent: approval.consent.map(|consent| consent.0),
        ..noted
    }
}

fn view_of(row: InteractionRow) -> Result<View, StorageError> {
    let wrong = |column| StorageError::inconsistent("oidc_interactions", column);
    Ok(View {
        transaction: TransactionId::from_slice(&row.transaction_id).ok_or_else(|| wrong("transaction_id"))?,
        digits: MatchNumber::of_number(row.digits).ok_or_else(|| wrong("digits"))?,
        scan: row.scan,
        named: row.named,
        expires: Instant::from_micros(row.expires_at),
        digest: row.digest,
    })
}
