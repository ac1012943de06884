//! What operators stop in an emergency: a client, or one procedure or officer of it, until they start it
//! again.

use std::collections::BTreeSet;

use crate::kernel::purpose::OfficerCode;
use crate::kernel::{Officer, ProcedureCode, Purpose};

/// What can be stopped, and started again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stoppable {
    /// The client with all that it has: tokens, sessions of its pages, what citizens granted it.
    Client,
    /// Questions under one procedure.
    Procedure(ProcedureCode),
    /// Questions in the name of one officer, whatever the unit: a client that only asserts its officers
    /// could name another one.
    Officer(OfficerCode),
}

/// What is stopped of one client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stops(BTreeSet<Stoppable>);

impl Stops {
    /// Whether all of the client is stopped.
    pub fn is_client_stopped(&self) -> bool {
        self.0.contains(&Stoppable::Client)
    }

    pub fn is_procedure_stopped(&self, procedure: &ProcedureCode) -> bool {
        // Nearly always there is nothing to compare with.
        !self.0.is_empty() && self.0.contains(&Stoppable::Procedure(procedure.clone()))
    }

    pub fn is_officer_stopped(&self, officer: &Officer) -> bool {
        // Capitals make no other officer of anybody.
        let is_theirs = |id: &OfficerCode| id.as_str().eq_ignore_ascii_case(officer.id.as_str());
        self.0.iter().any(|stopped| matches!(stopped, Stoppable::Officer(id) if is_theirs(id)))
    }

    /// What stops a question for this purpose first.
    pub fn stopping(&self, purpose: &Purpose) -> Option<Stoppable> {
        if self.is_client_stopped() {
            return Some(Stoppable::Client);
        }
        if self.is_procedure_stopped(&purpose.procedure) {
            return Some(Stoppable::Procedure(purpose.procedure.clone()));
        }
        let officer = purpose.officer.as_ref().filter(|officer| self.is_officer_stopped(officer))?;
        Some(Stoppable::Officer(officer.id.clone()))
    }

    /// Everything that is stopped, the client itself first.
    pub fn iter(&self) -> impl Iterator<Item = &Stoppable> {
        self.0.iter()
    }

    pub(super) fn insert(&mut self, stopped: Stoppable) {
        self.0.insert(stopped);
    }
}

/// As history and audit name it: `procedure/1.004222`.
impl std::fmt::Display for Stoppable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Client => f.write_str("client"),
            Self::Procedure(code) => write!(f, "procedure/{code}"),
            Self::Officer(id) => write!(f, "officer/{id}"),
        }
    }
}
