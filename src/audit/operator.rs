//! What operators change, by the command line or as a demo makes itself. Every such change passes
//! here: nothing is changed that is not recorded with who did it, to what, and why.

use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Audit;
use super::entry::VERSION;
use crate::crypto::digest::sha256;
use crate::kernel::{Causes, ClientId, Clock, Entropy, Instant, TransactionId, id::has_digit_run};
use crate::storage::{Record, Slot, StorageError, Store, Tx};

/// Who gave a command, as the operating system has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorAccount {
    /// The process's user.
    pub uid: u32,
    /// The name that `/etc/passwd` has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whom `sudo` names as its caller; asserted, not proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sudo_user: Option<String>,
}

/// Why something is changed: 3 to 300 printable characters, without nine digits in a row, which could
/// be somebody's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why(Arc<str>);

/// A reason that cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason is 3 to 300 printable characters, without nine digits in a row")]
pub struct WhyFault;

impl FromStr for Why {
    type Err = WhyFault;

    fn from_str(text: &str) -> Result<Self, WhyFault> {
        let text = text.trim();
        let fits =
            (3..=300).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !has_digit_run(text, 9);
        if fits { Ok(Self(text.into())) } else { Err(WhyFault) }
    }
}

/// One change: what was done, to what, and whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAct {
    /// Stable name, e.g. `clients.amend`.
    pub operation: &'static str,
    /// What was changed: an id or a version, never personal data; empty if the operation says all.
    pub target: String,
    /// The organisations that are told of it.
    pub concerned: Vec<ClientId>,
}

/// An act as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedAct {
    pub operator: OperatorAccount,
    pub target: String,
    pub why: String,
}

/// What an operator works with.
pub struct OperatorParts {
    /// The store whose records `audit` writes.
    pub store: Store,
    pub audit: Audit,
    pub account: OperatorAccount,
    pub why: Why,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Somebody who changes things, and the only way to the store for who does. Cheap to clone.
#[derive(Clone)]
pub struct Operator(Arc<OperatorParts>);

impl Operator {
    pub fn new(parts: OperatorParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Makes a change. It and its entries are one transaction: both are durable or neither.
    ///
    /// # Errors
    /// Those of `work`, and those of the store; nothing is changed then.
    pub async fn change<T, E>(
        &self,
        act: OperatorAct,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let operator = self.clone();
        let transaction = TransactionId::random(&*self.0.entropy);
        let change = move |tx: &mut Tx<'_>| -> Result<T, E> {
            let done = work(tx)?;
            operator.append(tx, transaction, &act);
            Ok(done)
        };
        let done = self.0.store.write(change).await?;
        // What is durable stays so; an unsigned head is signed by the next command.
        if let Err(error) = self.0.audit.sign_now().await {
            tracing::warn!(error = %Causes(&error), "the head of the audit log was not signed");
        }
        Ok(done)
    }

    /// Records what cannot be one transaction (an import, a change of key files), before it is begun.
    /// Like any entry it then says that the change was prepared. The store is the one to make it with.
    ///
    /// # Errors
    /// If it cannot be recorded; then it must not be done.
    pub async fn record(&self, act: OperatorAct) -> Result<Store, StorageError> {
        self.change(act, |_| Ok::<_, StorageError>(())).await?;
        Ok(self.0.store.clone())
    }

    /// Lets the store finish; for an orderly end of a command.
    pub async fn close(&self) {
        self.0.store.close().await;
    }

    fn append(&self, tx: &mut Tx<'_>, transaction: TransactionId, act: &OperatorAct) {
        let concerned: Vec<Option<&ClientId>> = match act.concerned.as_slice() {
            [] => vec![None],
            clients => clients.iter().map(Some).collect(),
        };
        for client in concerned {
            let entry = ActEntry {
                transaction,
                at: self.0.clock.now(),
                client,
                operation: act.operation,
                target: &act.target,
                operator: &self.0.account,
                why: &self.0.why.0,
            };
            self.0.audit.append_act(tx, &entry);
        }
    }
}

const ORGANISATION_LABEL: &[u8] = b"dancu/audit/organisation/1\n";

/// Under what the entries that concern an organisation are found.
pub(super) fn organisation_key(client: &ClientId) -> [u8; 16] {
    let hash = sha256(&[ORGANISATION_LABEL, client.as_str().as_bytes()]);
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

/// The entry of an act, for one organisation that it concerns.
pub(super) struct ActEntry<'a> {
    transaction: TransactionId,
    at: Instant,
    client: Option<&'a ClientId>,
    operation: &'static str,
    target: &'a str,
    operator: &'a OperatorAccount,
    why: &'a str,
}

/// The body, members in this order: those of every entry, then what only an act has.
#[derive(Serialize)]
struct ActBody<'a> {
    v: u8,
    transaction: TransactionId,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a ClientId>,
    operation: &'static str,
    outcome: &'static str,
    act: ActMembers<'a>,
}

#[derive(Serialize)]
struct ActMembers<'a> {
    operator: &'a OperatorAccount,
    target: &'a str,
    why: &'a str,
}

impl ActEntry<'_> {
    pub(super) fn to_record(&self) -> Record {
        let body = ActBody {
            v: VERSION,
            transaction: self.transaction,
            at: self.at,
            client: self.client,
            operation: self.operation,
            outcome: "answered",
            act: ActMembers { operator: self.operator, target: self.target, why: self.why },
        };
        let mut keys = vec![self.transaction.0];
        keys.extend(self.client.map(organisation_key));
        // Writing a plain struct to memory has no way to fail.
        Record { body: serde_json::to_vec(&body).unwrap_or_default(), subjects: keys, slot: Slot::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::{RecordedEntry, canonical};
    use super::*;

    fn act<'a>(client: &'a ClientId, operator: &'a OperatorAccount, why: &'a str) -> ActEntry<'a> {
        ActEntry {
            transaction: TransactionId([1; 16]),
            at: Instant::from_seconds(1_795_000_000),
            client: Some(client),
            operation: "clients.amend",
            target: "portal",
            operator,
            why,
        }
    }

    #[test]
    fn an_act_reads_back_whatever_its_reason_holds() {
        let client: ClientId = "portal".parse().unwrap();
        let account = OperatorAccount { uid: 998, name: Some("dancu".to_owned()), sudo_user: Some("linh".to_owned()) };
        // A reason that looks like an officer does not make the canonical form another one.
        let why = r#"theo công văn 12 "officer":{"id":"x"}"#;
        let record = act(&client, &account, why).to_record();
        let read = RecordedEntry::read(&record.body).expect("an entry");
        let recorded = read.act.expect("an act");
        assert_eq!((recorded.why.as_str(), recorded.target.as_str()), (why, "portal"));
        assert_eq!((recorded.operator, read.client), (account, Some(client.clone())));
        assert_eq!(canonical(&[9; 16], &record.body), record.body);
        assert_eq!(record.subjects, [[1; 16], organisation_key(&client)]);
    }

    #[test]
    fn a_reason_is_words_and_no_number() {
        assert!("theo công văn 12/BCA".parse::<Why>().is_ok());
        for bad in ["", "  x ", "of 001099000001", "two\nlines", &"a".repeat(301)] {
            assert_eq!(bad.parse::<Why>(), Err(WhyFault), "{bad:?}");
        }
    }
}
