//! Requests begun by clients, addressed to citizens, and their approvals taken.

use super::config::{HOUR, NAMES_PER_REQUEST};
use super::{BeginError, Eid, EidConfig, entry};
use crate::audit::{Entry, Outcome};
use crate::citizens::model::Status;
use crate::eid::model::{
    Approval, ApprovalRequest, Asker, Begun, LONGEST_LIFETIME, MatchNumber, ScanSecret, Statement, TransactionState,
};
use crate::eid::store::accounts;
use crate::eid::store::counters::{self, Kind};
use crate::eid::store::transactions::{self, TransactionRow};
use crate::eid::vault::Drawer;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{CitizenId, ConsentId, Entropy, IdNumber, Instant, Level, TransactionId};
use crate::storage::{Db, StorageError, Tx};

/// What came of a number typed into a sign-in page; the same whether anybody has it or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressed {
    /// Whoever has an account under the number is asked.
    Asked,
    /// Too many numbers were tried with this request: begin another.
    TooMany,
    /// The request is over, or was scanned by somebody.
    Over,
}

impl Eid {
    /// Begins a request, in the caller's transaction. Whether the citizen has an account, or is to
    /// be left alone for now, does not show: such a request lives and expires like any other.
    ///
    /// # Errors
    /// See [`BeginError`].
    pub fn begin(&self, tx: &mut Tx<'_>, request: &ApprovalRequest) -> Result<Begun, BeginError> {
        if request.level > Level::L2 {
            return Err(BeginError::LevelUnreachable(request.level));
        }
        if request.lifetime > LONGEST_LIFETIME {
            return Err(BeginError::LifetimeTooLong);
        }
        let client = self.0.clients.find(&request.client).ok_or(BeginError::UnknownClient)?;
        let (now, entropy) = (self.0.clock.now(), &*self.0.vault.entropy);
        let (digits, secret) = (new_digits(entropy), ScanSecret::new(TransactionId::random(entropy)));
        let statement = Statement {
            transaction_id: TransactionId::random(entropy),
            client: Asker { id: request.client.clone(), name: client.name.clone() },
            level: request.level,
            attributes: request.attributes,
            procedure: request.procedure.clone(),
            legal_basis: request.legal_basis.clone(),
            message: request.message.clone(),
            place: request.place.clone(),
            channel: request.channel,
            consent_seconds: request.consent_for.map(|time| time.as_secs()),
            nonce: TransactionId::random(entropy),
            requested_at: now,
            expires_at: now.plus(request.lifetime),
        };
        let citizen = request.citizen.filter(|_| !request.unknown);
        let shown = match citizen {
            Some(citizen) => may_ask(tx.db()?, &self.0.config, citizen, None, now)?,
            None => false,
        };
        self.0.metrics.requests.inc();
        if citizen.is_some() && !shown {
            self.0.metrics.held_back.inc();
        }
        let bound = request.unknown || citizen.is_some();
        let row = self.row(&statement, (citizen, bound, shown), digits, &secret)?;
        transactions::insert(tx.db()?, &row)?;
        let outcome = if request.unknown { Outcome::NoMatch } else { Outcome::Answered };
        self.0.audit.append(tx, &asked(&statement, "eid.ask", citizen, outcome, now));
        Ok(Begun { transaction: statement.transaction_id, digits, scan: secret.text(), expires: statement.expires_at })
    }

    fn row(
        &self,
        statement: &Statement,
        (citizen, bound, shown): (Option<CitizenId>, bool, bool),
        digits: MatchNumber,
        secret: &ScanSecret,
    ) -> Result<TransactionRow, StorageError> {
        let id = statement.transaction_id.as_bytes();
        let version = self.0.vault.version();
        let text = serde_json::to_string(statement)
            .map_err(|_| StorageError::Other("a statement cannot be written".to_owned()))?;
        Ok(TransactionRow {
            transaction_id: id.to_vec(),
            client_id: statement.client.id.to_string(),
            citizen_id: citizen.map(|citizen| citizen.as_bytes().to_vec()),
            state: TransactionState::Pending.number(),
            level: statement.level.number(),
            digits: digits.number(),
            scan: secret.digest().to_vec(),
            bound,
            shown,
            names_tried: 0,
            key_version: version,
            sealed: self.0.vault.seal(Drawer::Transactions, version, id, &text)?,
            created_at: statement.requested_at.as_micros(),
            expires_at: statement.expires_at.as_micros(),
            decided_at: None,
            device_id: None,
            proof: None,
            consent_id: None,
            taken_at: None,
        })
    }

    /// Asks whoever holds the number that a citizen typed into a sign-in page. The answer is the
    /// same whether anybody does; it should leave at the time of negative answers.
    ///
    /// # Errors
    /// If the store cannot answer.
    pub async fn address(&self, id: TransactionId, number: &IdNumber) -> Result<Addressed, StorageError> {
        let holder = self.0.citizens.holder_of_number(number).await?;
        let holder = holder.filter(|record| record.citizen.status == Status::Alive);
        let holder = holder.map(|record| record.citizen.citizen_id);
        let tag = self.0.vault.number_tag(number.expose());
        let eid = self.clone();
        self.0
            .store
            .write(move |tx| {
                let now = eid.0.clock.now();
                let Some(row) = transactions::find(tx.db()?, id)? else { return Ok(Addressed::Over) };
                let used = counters::add(tx.db()?, Kind::AddressesOfNumber, &tag, HOUR, now)?;
                let to = holder.filter(|_| used <= eid.0.config.addresses_per_number);
                let shown = match to {
                    Some(citizen) => may_ask(tx.db()?, &eid.0.config, citizen, Some(id), now)?,
                    None => false,
                };
                if !transactions::address(tx.db()?, id, (to, shown), NAMES_PER_REQUEST, now)? {
                    let over = row.bound || row.state(now)? != TransactionState::Pending;
                    return Ok(if over { Addressed::Over } else { Addressed::TooMany });
                }
                let statement = eid.statement(&row)?.1;
                let outcome = if to.is_some() { Outcome::Answered } else { Outcome::NoMatch };
                eid.0.audit.append(tx, &asked(&statement, "eid.address", to, outcome, now));
                Ok(Addressed::Asked)
            })
            .await
    }

    /// Takes an approval, once, in the caller's transaction. `None`: there is none, or it was taken.
    pub fn take(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<Option<Approval>, StorageError> {
        let Some(row) = transactions::take(tx.db()?, id, self.0.clock.now())? else { return Ok(None) };
        let (_, statement) = self.statement(&row)?;
        let lost = transactions::impossible;
        Ok(Some(Approval {
            transaction: id,
            client: statement.client.id,
            citizen_id: row.citizen()?.ok_or_else(|| lost("citizen_id"))?,
            level: statement.level,
            amr: Approval::methods(statement.level),
            approved_at: row.decided_at.map(Instant::from_micros).ok_or_else(|| lost("decided_at"))?,
            attributes: statement.attributes,
            procedure: statement.procedure,
            legal_basis: statement.legal_basis,
            consent: row.consent_id.as_deref().and_then(ConsentId::from_slice),
        }))
    }

    /// Ends a request before its time, in the caller's transaction: whoever began it turned back. What
    /// was approved and not taken is void with it. One that is over stays as it is.
    pub fn withdraw(&self, tx: &mut Tx<'_>, id: TransactionId) -> Result<(), StorageError> {
        let now = self.0.clock.now();
        let Some(row) = transactions::withdraw(tx.db()?, id, now)? else { return Ok(()) };
        if let Some(citizen) = row.citizen()? {
            let statement = self.statement(&row)?.1;
            self.0.audit.append(tx, &asked(&statement, "eid.withdraw", Some(citizen), Outcome::Refused, now));
        }
        Ok(())
    }

    /// The statement of a row: its text, as signed, and what it says.
    pub(super) fn statement(&self, row: &TransactionRow) -> Result<(String, Statement), StorageError> {
        let text: String =
            self.0.vault.open(Drawer::Transactions, row.key_version, &row.transaction_id, &row.sealed)?;
        let statement = serde_json::from_str(&text).map_err(|_| transactions::impossible("sealed"))?;
        Ok((text, statement))
    }
}

fn new_digits(entropy: &dyn Entropy) -> MatchNumber {
    loop {
        let [byte] = random_bytes(entropy);
        if let Some(digits) = MatchNumber::of_random(byte) {
            return digits;
        }
    }
}

/// Whether a request that the citizen did not scan may be shown to them.
fn may_ask(
    db: &mut Db,
    config: &EidConfig,
    citizen: CitizenId,
    other_than: Option<TransactionId>,
    now: Instant,
) -> Result<bool, StorageError> {
    let Some(account) = accounts::hold(db, citizen)? else { return Ok(false) };
    if account.closed_at.is_some() || account.scanned_only || account.quiet_until > now.as_micros() {
        return Ok(false);
    }
    if transactions::count_pending(db, citizen, other_than, now)? >= config.open_requests {
        return Ok(false);
    }
    let used = counters::add(db, Kind::RequestsToCitizen, citizen.as_bytes(), HOUR, now)?;
    Ok(used <= config.requests_per_hour)
}

/// The entry of what a client did to a request.
pub(super) fn asked(
    statement: &Statement,
    operation: &'static str,
    subject: Option<CitizenId>,
    outcome: Outcome,
    at: Instant,
) -> Entry {
    Entry {
        client: Some(statement.client.id.clone()),
        attributes: statement.attributes,
        procedure: statement.procedure.clone(),
        legal_basis: statement.legal_basis.clone(),
        ..entry(statement.transaction_id, operation, at, subject, outcome)
    }
}
