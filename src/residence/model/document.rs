//! A confirmation of residence information (form CT07): what is signed.

use serde::{Deserialize, Serialize};

use super::statement::{Hidden, Statement};
use crate::citizens::model::RelationToHead;
use crate::kernel::{
    CivilDate, IdNumber, Instant, LegalBasis, PartialDate, PersonName, ProcedureCode, Sex, TransactionId,
};

/// Who the confirmation is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedPerson {
    pub full_name: PersonName,
    pub id_number: IdNumber,
    pub date_of_birth: PartialDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
}

/// A registered residence.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedPlace {
    /// Five-digit commune code of Decision 19/2025.
    pub unit: String,
    /// In words: house and street, commune, province.
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<CivilDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<CivilDate>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedHousehold {
    pub relation_to_head: RelationToHead,
    /// The head's name; absent where members are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<PersonName>,
    /// The other members; absent where they are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<ConfirmedMember>>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedMember {
    pub full_name: PersonName,
    pub relation_to_head: RelationToHead,
}

/// Where the audit entry of the issuing stands: what is signed is sealed into the same transaction as
/// its entry, before that has its index, so the entry is named by its transaction, by which
/// `POST /v1/audit/proof` proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Position {
    pub log: String,
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
}

/// The place in a status list (draft-ietf-oauth-status-list) that says whether it is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusAt {
    pub uri: String,
    pub idx: u64,
}

/// The whole confirmation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `CT07`.
    pub form: String,
    pub confirmation_id: TransactionId,
    pub issuer: String,
    /// The organisation that asked for it.
    pub issued_by: String,
    pub issued_at: Instant,
    pub valid_until: Instant,
    pub recipient: String,
    pub procedure: ProcedureCode,
    pub legal_basis: LegalBasis,
    #[serde(flatten)]
    pub statement: Statement,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_content: Option<String>,
    /// What is recorded and not stated, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Hidden>,
    pub audit: Position,
    pub status_list: StatusAt,
}

impl Document {
    pub const FORM: &str = "CT07";
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("confirmation_id", &self.confirmation_id).finish_non_exhaustive()
    }
}
