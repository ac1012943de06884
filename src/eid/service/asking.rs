//! Requests begun by clients, and addressed to citizens.

use std::net::IpAddr;

use super::config::{HOUR, MINUTE, NAMES_PER_REQUEST};
use super::{BeginError, Eid, entry};
use crate::audit::{Entry, Outcome};
use crate::citizens::current;
use crate::citizens::model::Status;
use crate::eid::model::{
    ApprovalRequest, Asker, Begun, Channel, LONGEST_LIFETIME, MatchNumber, ScanSecret, Statement, TransactionState,
};
use crate::eid::store::accounts;
use crate::eid::store::counters::{self, Kind};
use crate::eid::store::transactions::{self, TransactionRow};
use crate::kernel::entropy::random_bytes;
use crate::kernel::{CitizenId, Entropy, IdNumber, Instant, Level, TransactionId};
use crate::storage::{StorageError, Tx};

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
    /// Whether a sign-in page may be begun from a network address, which is counted: anybody may open
    /// pages, and each leaves a row. `None`: the address is not known, and only the whole is bounded.
    pub fn admit_page(&self, tx: &mut Tx<'_>, from: Option<IpAddr>) -> Result<bool, StorageError> {
        let (now, config) = (self.0.clock.now(), &self.0.config);
        if let Some(address) = from {
            let tag = self.0.codec.address_tag(address);
            if counters::add(tx.db()?, Kind::PagesFromAddress, &tag, MINUTE, now)? > config.pages_per_address {
                return Ok(false);
            }
        }
        Ok(counters::add(tx.db()?, Kind::Pages, &[], MINUTE, now)? <= config.pages_per_minute)
    }

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
        let (now, entropy) = (self.0.clock.now(), &*self.0.codec.entropy);
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
            Some(citizen) => self.may_ask(tx, (citizen, request.channel), None, now)?,
            None => false,
        };
        self.0.metrics.requests.inc();
        if citizen.is_some() && !shown {
            self.0.metrics.held_back.inc();
        }
        let bound = request.unknown || citizen.is_some();
        let row = self.row(&statement, (citizen, bound, shown), digits, &secret)?;
        transactions::insert(tx.db()?, &row)?;
        // A page that anybody may open names nobody yet: claiming it, or addressing it, is recorded.
        if bound {
            let outcome = if request.unknown { Outcome::NoMatch } else { Outcome::Answered };
            self.0.audit.append(tx, &asked(&statement, "eid.ask", citizen, outcome, now));
        }
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
        let text = serde_json::to_string(statement)
            .map_err(|_| StorageError::BrokenInvariant("a statement cannot be written"))?;
        let sealed = self.0.codec.statements.seal(&[id], &text)?;
        Ok(TransactionRow {
            transaction_id: id.to_vec(),
            client_id: statement.client.id.to_string(),
            citizen_id: citizen.map(|citizen| citizen.as_bytes().to_vec()),
            state: TransactionState::Pending.number(),
            channel: statement.channel.number(),
            level: statement.level.number(),
            digits: digits.number(),
            scan: secret.digest().to_vec(),
            bound,
            shown,
            names_tried: 0,
            key_version: sealed.key_version,
            sealed: sealed.bytes,
            created_at: statement.requested_at.as_micros(),
            expires_at: statement.expires_at.as_micros(),
            decided_at: None,
            device_id: None,
            proof: None,
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
        let holder = holder.map(|record| record.citizen.citizen_id);
        let tag = self.0.codec.number_tag(number.expose());
        let eid = self.clone();
        self.0
            .store
            .write(move |tx| {
                let now = eid.0.clock.now();
                let Some(row) = transactions::find(tx.db()?, id)? else { return Ok(Addressed::Over) };
                // Nothing is counted against a number by a request that cannot be addressed any more.
                if row.bound || row.state(now)? != TransactionState::Pending {
                    return Ok(Addressed::Over);
                }
                if row.names_tried >= NAMES_PER_REQUEST {
                    return Ok(Addressed::TooMany);
                }
                let used = counters::add(tx.db()?, Kind::AddressesOfNumber, &tag, HOUR, now)?;
                let to = holder.filter(|_| used <= eid.0.config.addresses_per_number);
                let shown = match to {
                    Some(citizen) => eid.may_ask(tx, (citizen, Channel::Page), Some(id), now)?,
                    None => false,
                };
                if !transactions::address(tx.db()?, id, (to, shown), NAMES_PER_REQUEST, now)? {
                    // Somebody else was faster; who was asked for is counted all the same.
                    return Ok(Addressed::Over);
                }
                let statement = eid.statement(&row)?.1;
                let outcome = if to.is_some() { Outcome::Answered } else { Outcome::NoMatch };
                // Whose number was typed stands in the entry, though they were not asked.
                eid.0.audit.append(tx, &asked(&statement, "eid.address", holder, outcome, now));
                Ok(Addressed::Asked)
            })
            .await
    }

    /// Whether a request that the citizen did not scan may be shown to them. Each channel has bounds of its
    /// own: whoever opens sign-in pages and types a number keeps nobody from being asked at a counter.
    fn may_ask(
        &self,
        tx: &mut Tx<'_>,
        (citizen, channel): (CitizenId, Channel),
        other_than: Option<TransactionId>,
        now: Instant,
    ) -> Result<bool, StorageError> {
        let Some(account) = accounts::hold(tx.db()?, citizen)? else { return Ok(false) };
        let (_, quiet_until) = account.quiet(channel);
        if account.closed_at.is_some() || account.scanned_only || quiet_until > now.as_micros() {
            return Ok(false);
        }
        let alive = current(tx, &self.0.sealing, citizen)?.is_some_and(|citizen| citizen.status == Status::Alive);
        if !alive
            || transactions::count_pending(tx.db()?, citizen, channel, other_than, now)? >= self.0.config.open_requests
        {
            return Ok(false);
        }
        let kind = match channel {
            Channel::Page => Kind::PagesToCitizen,
            Channel::Counter => Kind::CountersToCitizen,
        };
        Ok(counters::add(tx.db()?, kind, citizen.as_bytes(), HOUR, now)? <= self.0.config.requests_per_hour)
    }

    /// The statement of a row: its text, as signed, and what it says.
    pub(super) fn statement(&self, row: &TransactionRow) -> Result<(String, Statement), StorageError> {
        let text = self.0.codec.statements.open(&[&row.transaction_id], row.key_version, &row.sealed)?;
        let statement =
            serde_json::from_str(&text).map_err(|_| StorageError::inconsistent("eid_transactions", "sealed"))?;
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
