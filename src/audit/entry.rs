//! What an audit entry says. Never personal data: a citizen stands in it by `citizen_id` only.

use serde::{Deserialize, Serialize};

use super::operator::RecordedAct;
use super::tree::Hash;
use crate::crypto::digest::sha256;
use crate::kernel::{AttributeSet, CitizenId, ClientId, Instant, LegalBasis, Officer, ProcedureCode, TransactionId};

/// Whether the client's officer is known to Dancu by name or only claimed by the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerStanding {
    Registered,
    Asserted,
}

/// What came of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered,
    /// No person matched; `subjects` is empty or names whom the failed anchor was about.
    NoMatch,
    /// Refused by agreement, quota, guard or consent.
    Refused,
    /// The same answer given again for a repeated request.
    Replayed,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub transaction: TransactionId,
    pub at: Instant,
    pub client: Option<ClientId>,
    pub officer: Option<(Officer, OfficerStanding)>,
    /// Every person disclosed, the one asked about first.
    pub subjects: Vec<CitizenId>,
    /// Stable name, e.g. `citizens.lookup`.
    pub operation: &'static str,
    /// What was disclosed, or asked for if refused.
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    pub consent: Option<[u8; 16]>,
    pub outcome: Outcome,
    /// Stable code that explains the outcome (`over_quota`, `attribute_not_agreed`…); `""` if none.
    pub reason: &'static str,
}

/// Where an entry stands; told to the client in `audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Receipt {
    pub log: String,
    pub log_index: u64,
}

/// How the canonical form begins; a later form gets another number.
pub(super) const VERSION: u8 = 1;
const SUBJECTS_LABEL: &[u8] = b"dancu/audit/subjects/1\n";
const ENTRY_LABEL: &[u8] = b"dancu/audit/entry/1\n";

/// Random bytes that hide an entry behind its commitment.
pub type Salt = [u8; 16];

impl Entry {
    /// The body: JSON, members in this order, what is absent left out. It names no citizen:
    /// `citizen_id`s stay inside the service and are committed to beside the form. What is committed to
    /// is its [`canonical`] form. Written by hand because every answer has one; none of the texts can hold
    /// a character that JSON would escape.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut form = Form::begin(&self.transaction, self.at);
        if let Some(client) = &self.client {
            form.text("client", client.as_str());
        }
        if let Some((officer, standing)) = &self.officer {
            form.name("officer");
            form.0.push('{');
            form.text("id", officer.id.as_str());
            form.text("unit", officer.unit.as_str());
            form.text("standing", standing.name());
            form.0.push('}');
        }
        form.text("operation", self.operation);
        form.name("attributes");
        form.0.push('[');
        for attribute in self.attributes.iter() {
            form.separate();
            form.quoted(attribute.name());
        }
        form.0.push(']');
        if let Some(procedure) = &self.procedure {
            form.text("procedure", procedure.as_str());
        }
        if let Some(legal_basis) = &self.legal_basis {
            form.text("legal_basis", legal_basis.as_str());
        }
        if let Some(consent) = self.consent {
            form.text("consent", &TransactionId(consent).to_string());
        }
        form.text("outcome", self.outcome.name());
        if !self.reason.is_empty() {
            form.text("reason", self.reason);
        }
        form.end()
    }
}

impl OfficerStanding {
    const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Asserted => "asserted",
        }
    }
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoMatch => "no_match",
            Self::Refused => "refused",
            Self::Replayed => "replayed",
        }
    }
}

/// A canonical form being written.
struct Form(String);

impl Form {
    fn begin(transaction: &TransactionId, at: Instant) -> Self {
        use std::fmt::Write;
        let mut form = Self(String::with_capacity(640));
        // Writing to a string cannot fail.
        let _ = write!(form.0, r#"{{"v":{VERSION},"transaction":"{transaction}","at":"{at}""#);
        form
    }

    fn end(mut self) -> Vec<u8> {
        self.0.push('}');
        self.0.into_bytes()
    }

    /// A comma, unless an object or a list has just begun.
    fn separate(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }

    fn name(&mut self, name: &str) {
        self.separate();
        self.quoted(name);
        self.0.push(':');
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    fn quoted(&mut self, text: &str) {
        debug_assert!(text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\'));
        self.0.push('"');
        self.0.push_str(text);
        self.0.push('"');
    }
}

/// What the log notes about itself: every entry of `log` below `below` has been deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryNote {
    v: u8,
    transaction: TransactionId,
    at: Instant,
    operation: String,
    pub log: String,
    pub below: u64,
}

impl ExpiryNote {
    const OPERATION: &str = "audit.expire";

    pub(super) fn new(transaction: TransactionId, at: Instant, log: &str, below: u64) -> Self {
        Self { v: VERSION, transaction, at, operation: Self::OPERATION.to_owned(), log: log.to_owned(), below }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Writing a plain struct to memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn transaction(&self) -> TransactionId {
        self.transaction
    }

    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|note: &Self| note.operation == Self::OPERATION)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOfficer {
    pub id: String,
    pub unit: String,
    pub standing: OfficerStanding,
}

/// An entry as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEntry {
    pub transaction: TransactionId,
    pub at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<RecordedOfficer>,
    pub operation: String,
    #[serde(default)]
    pub attributes: AttributeSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<ProcedureCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<LegalBasis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<TransactionId>,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What an operator did, and why; absent from entries about persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<RecordedAct>,
}

impl RecordedEntry {
    /// Reads a body; `None` if the bytes are none (or are the log's own note).
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

const OPENING_LABEL: &[u8] = b"dancu/audit/opening/1\n";
const OFFICER_SALT_LABEL: &[u8] = b"dancu/audit/officer-salt/1\n";
const OFFICER_LABEL: &[u8] = b"dancu/audit/officer/1\n";
/// How an officer begins in the body; no text within it holds a quotation mark.
const OFFICER: &[u8] = br#""officer":{"id":""#;

/// What opens an entry to whoever may see it: from the stored salt, which is told to nobody.
pub(super) fn opening_salt(stored: &Salt) -> Salt {
    derived(OPENING_LABEL, stored)
}

/// What opens the officer of an entry, told to the officer's own client alone. Without it an id that is
/// short could be guessed from its digest.
pub(super) fn officer_salt(stored: &Salt) -> Salt {
    derived(OFFICER_SALT_LABEL, stored)
}

fn derived(label: &[u8], stored: &Salt) -> Salt {
    let hash = sha256(&[label, stored]);
    let mut salt = [0; 16];
    salt.copy_from_slice(&hash[..16]);
    salt
}

/// What a canonical form says in place of an officer's id.
pub fn officer_digest(salt: &Salt, id: &str) -> Hash {
    sha256(&[OFFICER_LABEL, salt, id.as_bytes()])
}

/// The canonical form of a body: what is committed to, and shown to citizens, with the officer's id
/// behind a digest. Who the officer is, is for the client to answer.
pub(super) fn canonical(stored: &Salt, body: &[u8]) -> Vec<u8> {
    let begun = body.windows(OFFICER.len()).position(|window| window == OFFICER);
    let Some(start) = begun.map(|at| at + OFFICER.len()) else { return body.to_vec() };
    let end = body[start..].iter().position(|byte| *byte == b'"').map_or(body.len(), |length| start + length);
    let id = String::from_utf8_lossy(&body[start..end]);
    let mut form = Vec::with_capacity(body.len() + 80);
    form.extend_from_slice(&body[..start - br#""id":""#.len()]);
    form.extend_from_slice(br#""id_digest":""#);
    for byte in officer_digest(&officer_salt(stored), &id) {
        let digits = b"0123456789abcdef";
        form.extend([digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
    }
    form.extend_from_slice(&body[end..]);
    form
}

/// The leaf's data for a stored entry.
pub(super) fn committed(stored: &Salt, subjects: &[[u8; 16]], body: &[u8]) -> Hash {
    let salt = opening_salt(stored);
    commitment(&salt, &subjects_digest(&salt, subjects), &canonical(stored, body))
}

/// What the commitment holds of the persons: nothing can be learnt from it without their ids.
pub fn subjects_digest(salt: &Salt, subjects: &[[u8; 16]]) -> Hash {
    sha256(&[SUBJECTS_LABEL, salt, subjects.as_flattened()])
}

/// The leaf's data: the salted commitment to an entry and to the persons it is about.
pub fn commitment(salt: &Salt, subjects: &Hash, body: &[u8]) -> Hash {
    sha256(&[ENTRY_LABEL, salt, subjects, body])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Attribute;
    use crate::kernel::purpose::OfficerCode;

    fn entry() -> Entry {
        let code = |text| OfficerCode::parse(text).unwrap();
        Entry {
            transaction: TransactionId([1; 16]),
            at: Instant::from_seconds(1_795_000_000),
            client: Some("portal".parse().unwrap()),
            officer: Some((Officer { id: code("cb-1"), unit: code("ubnd") }, OfficerStanding::Registered)),
            subjects: vec![CitizenId([2; 16])],
            operation: "citizens.lookup",
            attributes: [Attribute::FullName, Attribute::DateOfBirth].into_iter().collect(),
            procedure: Some(ProcedureCode::parse("1.004222").unwrap()),
            legal_basis: Some(LegalBasis::parse("STATE_DUTY").unwrap()),
            consent: None,
            outcome: Outcome::Answered,
            reason: "",
        }
    }

    #[test]
    fn the_canonical_form_is_fixed_and_names_no_citizen() {
        let body = entry().encode();
        assert_eq!(
            String::from_utf8(body.clone()).unwrap(),
            concat!(
                r#"{"v":1,"transaction":"abababababababababababababababab","at":"2026-11-18T11:06:40Z","#,
                r#""client":"portal","officer":{"id":"cb-1","unit":"ubnd","standing":"registered"},"#,
                r#""operation":"citizens.lookup","attributes":["full_name","date_of_birth"],"#,
                r#""procedure":"1.004222","legal_basis":"STATE_DUTY","outcome":"answered"}"#
            )
        );
        let read = RecordedEntry::read(&body).unwrap();
        assert_eq!((read.operation.as_str(), read.reason.as_str()), ("citizens.lookup", ""));
        assert_eq!(read.attributes, entry().attributes);
        assert_eq!(ExpiryNote::read(&body), None);
    }

    #[test]
    fn the_canonical_form_has_the_unit_and_hides_the_officer() {
        let body = entry().encode();
        let shown = String::from_utf8(canonical(&[9; 16], &body)).unwrap();
        assert!(!shown.contains("cb-1") && shown.contains(r#""unit":"ubnd","standing":"registered""#), "{shown}");
        let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let digest = officer_digest(&officer_salt(&[9; 16]), "cb-1");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(value["officer"]["id_digest"], hex);
        // What opens the entry does not open its officer.
        assert_ne!(opening_salt(&[9; 16]), officer_salt(&[9; 16]));
        let bare = Entry { officer: None, ..entry() }.encode();
        assert_eq!(canonical(&[9; 16], &bare), bare);
    }

    #[test]
    fn every_member_is_read_back() {
        let full = Entry {
            consent: Some([7; 16]),
            outcome: Outcome::Refused,
            reason: "over_quota",
            attributes: AttributeSet::all(),
            ..entry()
        };
        let read = RecordedEntry::read(&full.encode()).unwrap();
        assert_eq!(read.consent, Some(TransactionId([7; 16])));
        assert_eq!((read.outcome, read.reason.as_str()), (Outcome::Refused, "over_quota"));
        assert_eq!((read.attributes, read.at), (AttributeSet::all(), full.at));
        assert_eq!((read.procedure, read.legal_basis), (full.procedure.clone(), full.legal_basis.clone()));
        let bare = Entry { client: None, officer: None, procedure: None, legal_basis: None, ..entry() };
        let bare = Entry { attributes: AttributeSet::EMPTY, ..bare };
        let body = String::from_utf8(bare.encode()).unwrap();
        assert!(body.ends_with(r#""operation":"citizens.lookup","attributes":[],"outcome":"answered"}"#), "{body}");
        for outcome in [Outcome::Answered, Outcome::NoMatch, Outcome::Refused, Outcome::Replayed] {
            assert_eq!(RecordedEntry::read(&Entry { outcome, ..entry() }.encode()).unwrap().outcome, outcome);
        }
    }

    #[test]
    fn a_commitment_changes_with_everything_it_covers() {
        let committed = |salt: u8, subjects: &[[u8; 16]], body: &[u8]| {
            commitment(&[salt; 16], &subjects_digest(&[salt; 16], subjects), body)
        };
        let base = committed(0, &[[2; 16]], b"entry");
        assert_eq!(base, committed(0, &[[2; 16]], b"entry"));
        for other in [
            committed(1, &[[2; 16]], b"entry"),
            committed(0, &[[3; 16]], b"entry"),
            committed(0, &[], b"entry"),
            committed(0, &[[2; 16]], b"entrx"),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn expiry_notes_round_trip() {
        let note = ExpiryNote::new(TransactionId([1; 16]), Instant::from_seconds(1), "abc", 7);
        assert_eq!(ExpiryNote::read(&note.encode()), Some(note.clone()));
        assert_eq!(RecordedEntry::read(&note.encode()), None);
    }
}
