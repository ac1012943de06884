//! What a QR is found to be.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::card::{CardText, CardTextFault, LookAlike};
use super::credential::{
    Claim169, CredentialStatus, CwtClaims, Gender, NotACredential, ResidenceClaim, TrustedIssuer, Verdict, is_base45,
    verify,
};
use crate::citizens::Citizen;
use crate::citizens::matching::address::PlaceClaim;
use crate::citizens::matching::claims::CardClaim;
use crate::citizens::matching::{Anchor, AnchorNumber, Claim, Comparison, Reason, Verdict as MatchVerdict};
use crate::citizens::model::{CardKind, Status};
use crate::kernel::{Attribute, AttributeSet, IdNumber, Instant, PartialDate, PersonName, Sex, TransactionId};

/// Which QR it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QrKind {
    /// Printed on a chip CCCD.
    CccdCard,
    /// Printed on a Căn cước card (since 1 July 2024).
    CanCuocCard,
    /// Signed, in the form Dancu issues.
    Credential,
    /// Signed likewise: a confirmation of residence information (CT07).
    ResidenceConfirmation,
}

/// What stands behind what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nothing: anyone can print it.
    None,
    Signature,
    /// The issuer's, and over it that of the holder's key, made for this showing.
    #[serde(rename = "signature+holder")]
    SignatureAndHolder,
}

/// What a client should know beside the answer. Stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QrWarning {
    NumberCancelled,
    NumberPrefixUnknown,
    NumberSexDiffers,
    NumberBirthYearDiffers,
    /// The citizen was issued a later card.
    CardOutdated,
    /// No card of this date is recorded.
    CardNotRecorded,
    /// The residence on the card is not the registered one any more.
    ResidenceOutdated,
    HolderDeceased,
    HolderMissing,
    /// The record says otherwise than the credential by now.
    RecordChanged,
}

impl From<crate::citizens::Warning> for QrWarning {
    fn from(warning: crate::citizens::Warning) -> Self {
        use crate::citizens::Warning;
        match warning {
            Warning::NumberCancelled => Self::NumberCancelled,
            Warning::NumberPrefixUnknown => Self::NumberPrefixUnknown,
            Warning::NumberSexDiffers => Self::NumberSexDiffers,
            Warning::NumberBirthYearDiffers => Self::NumberBirthYearDiffers,
        }
    }
}

/// Of somebody who is not simply alive.
pub fn status_warning(status: Status) -> Option<QrWarning> {
    match status {
        Status::Alive => None,
        Status::Deceased => Some(QrWarning::HolderDeceased),
        Status::Missing => Some(QrWarning::HolderMissing),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Compared {
    #[schema(value_type = String, example = "equivalent")]
    pub verdict: MatchVerdict,
    /// Stable code; see docs/matching.md.
    #[schema(value_type = String, example = "tone_placement")]
    pub reason: Reason,
}

impl From<Comparison> for Compared {
    fn from(Comparison { verdict, reason }: Comparison) -> Self {
        Self { verdict, reason }
    }
}

/// Whether it is one living person's, as far as the citizen store knows.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Matched {
    pub verified: bool,
    /// By attribute; empty for agreements for yes and no only.
    pub checks: BTreeMap<&'static str, Compared>,
}

/// The answer but for its audit entry.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Told {
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
    pub kind: QrKind,
    pub proof: Proof,
    /// `null` where `proof` is `none`.
    #[schema(value_type = Option<String>, example = "valid")]
    pub status: Option<CredentialStatus>,
    #[serde(rename = "match")]
    pub matched: Matched,
    /// What the QR says, as far as the agreement lets it out.
    pub fields: BTreeMap<&'static str, Value>,
    pub warnings: Vec<QrWarning>,
    /// As the request gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The warnings, or their absence, say whether the holder is alive. For the entry alone.
    #[serde(skip)]
    pub status_told: bool,
}

/// A text, recognised.
#[derive(Debug)]
pub enum Shown {
    Card(Box<CardText>),
    Credential(Box<Verdict>),
}

/// Why a text is neither card nor credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    #[error(transparent)]
    Card(#[from] CardTextFault),
    #[error(transparent)]
    Credential(#[from] NotACredential),
}

/// Recognises what a scanner read, and verifies a signature. `reader` is the client who reads.
pub fn recognise(text: &str, issuers: &[TrustedIssuer], reader: &str, now: Instant) -> Result<Shown, NotShown> {
    let scanned = text.trim_start_matches('\u{feff}').trim_matches(['\r', '\n']);
    // A card's text has `|` and small letters, which base45 has not.
    if scanned.len() <= 32 || !is_base45(scanned) {
        return Ok(Shown::Card(Box::new(CardText::parse(text)?)));
    }
    match verify(scanned, issuers, Some(reader), now) {
        Ok(verdict) => Ok(Shown::Credential(Box::new(verdict))),
        Err(fault) => match LookAlike::recognise(scanned) {
            Some(other) => Err(CardTextFault::LookAlike(other).into()),
            None => Err(fault.into()),
        },
    }
}

impl CardText {
    pub fn qr_kind(&self) -> QrKind {
        match self.kind() {
            CardKind::Cccd => QrKind::CccdCard,
            CardKind::CanCuoc => QrKind::CanCuocCard,
        }
    }

    pub fn anchor(&self) -> Anchor {
        Anchor {
            number: AnchorNumber::Personal(self.id_number.clone()),
            full_name: self.full_name.clone(),
            date_of_birth: self.date_of_birth,
        }
    }

    /// The attributes it speaks of.
    pub fn attributes() -> AttributeSet {
        use Attribute::{Card, DateOfBirth, FullName, IdNumber, LegacyIdNumber, PermanentResidence, Sex};
        [FullName, IdNumber, LegacyIdNumber, DateOfBirth, Sex, PermanentResidence, Card].into_iter().collect()
    }

    /// What it claims of its holder.
    pub fn claims(&self) -> Vec<Claim> {
        let mut claims = vec![
            Claim::FullName(self.full_name.clone()),
            Claim::IdNumber(self.id_number.clone()),
            Claim::DateOfBirth(self.date_of_birth),
            Claim::Sex(self.sex),
            Claim::PermanentResidence(PlaceClaim { unit: None, text: Some(self.address.clone()) }),
            Claim::Card(CardClaim { kind: None, issued: Some(self.issued), expires: None }),
        ];
        claims.extend(self.legacy_id_number.clone().map(Claim::LegacyIdNumber));
        claims
    }

    /// Its fields by attribute.
    pub fn fields(&self) -> Vec<(Attribute, Value)> {
        let mut fields = vec![
            (Attribute::FullName, self.full_name.expose().into()),
            (Attribute::IdNumber, self.id_number.expose().into()),
            (Attribute::DateOfBirth, self.date_of_birth.to_string().into()),
            (Attribute::Sex, serde_json::json!(self.sex)),
            (Attribute::PermanentResidence, self.address.as_str().into()),
            (Attribute::Card, serde_json::json!({ "kind": self.kind(), "issued": self.issued })),
        ];
        fields.extend(self.legacy_id_number.as_ref().map(|n| (Attribute::LegacyIdNumber, n.expose().into())));
        fields
    }

    /// What of it the record knows to be outdated.
    pub fn outdated(&self, citizen: &Citizen) -> Vec<QrWarning> {
        let mut warnings = Vec::new();
        match citizen.card.as_ref().map(|card| card.issued) {
            Some(issued) if issued > self.issued => warnings.push(QrWarning::CardOutdated),
            Some(issued) if issued == self.issued => {}
            _ => warnings.push(QrWarning::CardNotRecorded),
        }
        warnings
    }
}

/// What a credential claims, as far as it can be compared.
pub fn claims_of(person: &Claim169) -> Vec<Claim> {
    let mut claims = Vec::new();
    claims.extend(person.full_name.as_deref().and_then(|n| PersonName::parse(n).ok()).map(Claim::FullName));
    claims.extend(person.id.as_deref().and_then(|n| IdNumber::parse(n).ok()).map(Claim::IdNumber));
    claims.extend(person.date_of_birth.as_deref().and_then(compact_date).map(Claim::DateOfBirth));
    claims.extend(person.gender.and_then(sex_of).map(Claim::Sex));
    claims.extend(person.nationality.clone().map(Claim::Nationality));
    claims.extend(person.phone.clone().map(Claim::Phone));
    claims.extend(person.email.clone().map(Claim::Email));
    claims
}

/// The fields of a credential by attribute.
pub fn fields_of(person: &Claim169) -> Vec<(Attribute, Value)> {
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    let date = person.date_of_birth.as_deref().and_then(compact_date);
    let fields = [
        (Attribute::FullName, text(&person.full_name)),
        (Attribute::IdNumber, text(&person.id)),
        (Attribute::DateOfBirth, date.map(|date| date.to_string().into())),
        (Attribute::Sex, person.gender.and_then(sex_of).map(|sex| serde_json::json!(sex))),
        (Attribute::PermanentResidence, text(&person.address)),
        (Attribute::Nationality, text(&person.nationality)),
        (Attribute::MaritalStatus, person.marital_status.map(|status| super::said::marital_name(status).into())),
        (Attribute::Phone, text(&person.phone)),
        (Attribute::Email, text(&person.email)),
        (Attribute::Photo, person.photo.as_ref().map(super::said::photo_value)),
    ];
    fields.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))).collect()
}

impl QrKind {
    /// Which kind signed claims are.
    pub fn of_claims(claims: &CwtClaims) -> Self {
        if claims.residence.is_some() { Self::ResidenceConfirmation } else { Self::Credential }
    }
}

/// Everything signed claims say, by attribute.
pub fn claimed_fields(claims: &CwtClaims) -> Vec<(Attribute, Value)> {
    let mut fields = fields_of(&claims.person);
    fields.extend(claims.residence.as_ref().map(residence_fields).unwrap_or_default());
    fields
}

/// What a confirmation says beside [`fields_of`] its person, by attribute.
fn residence_fields(claim: &ResidenceClaim) -> Vec<(Attribute, Value)> {
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    let household = claim.relation_to_head.as_ref().map(
        |relation| serde_json::json!({ "relation_to_head": relation, "head": claim.head, "members": claim.members }),
    );
    let fields = [
        (Attribute::TemporaryResidence, text(&claim.temporary_residence)),
        (Attribute::CurrentResidence, text(&claim.current_residence)),
        (Attribute::Household, household),
    ];
    fields.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))).collect()
}

/// `YYYYMMDD`.
fn compact_date(text: &str) -> Option<PartialDate> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    PartialDate::parse(&format!("{year}-{month}-{day}")).ok()
}

fn sex_of(gender: Gender) -> Option<Sex> {
    match gender {
        Gender::Male => Some(Sex::Male),
        Gender::Female => Some(Sex::Female),
        Gender::Other => None,
    }
}
