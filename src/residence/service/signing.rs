//! The two signed forms of a confirmation: JWS (RFC 7515) and the compact credential of a QR.

use serde::{Deserialize, Serialize};

use super::Residence;
use crate::crypto::KeyUse;
use crate::crypto::jose::Signer;
use crate::kernel::{Instant, PartialDate, PersonName, Sex, TransactionId};
use crate::qr::credential::{Claim169, CwtClaims, Gender, ResidenceClaim, StatusReference};
use crate::residence::model::{ConfirmedPlace, Document, StatusAt};

/// `typ` of the JWS.
pub const JWS_TYPE: &str = "dancu-confirmation+jwt";

/// The claims of the JWS: those every reader of JWTs knows, and the document.
#[derive(Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    jti: TransactionId,
    iat: i64,
    exp: i64,
    status: Status,
    pub document: Document,
}

/// The status reference (draft-ietf-oauth-status-list section 6).
#[derive(Serialize, Deserialize)]
struct Status {
    status_list: StatusAt,
}

pub fn jws_claims(document: &Document) -> Claims {
    Claims {
        iss: document.issuer.clone(),
        jti: document.confirmation_id,
        iat: document.issued_at.as_seconds(),
        exp: document.valid_until.as_seconds(),
        status: Status { status_list: document.status_list.clone() },
        document: document.clone(),
    }
}

impl Residence {
    pub(super) fn signer(&self) -> Signer {
        let (kid, key) = self.0.keyring.signing_key(KeyUse::Document);
        Signer::new(key, Some(&kid), Some(JWS_TYPE))
    }
}

/// What the QR says. It has room for less than the document: residences in words, names of members.
pub fn claims_of_symbol(document: &Document) -> CwtClaims {
    let statement = &document.statement;
    let person = &statement.person;
    let address = |place: &Option<ConfirmedPlace>| place.as_ref().map(|place| place.address.clone());
    let household = statement.household.as_ref();
    let name = |name: &PersonName| name.expose().to_owned();
    CwtClaims {
        issuer: Some(document.issuer.clone()),
        expires: Some(document.valid_until),
        not_before: Some(document.issued_at),
        issued: Some(document.issued_at),
        id: Some(document.confirmation_id.0.to_vec()),
        person: Claim169 {
            id: Some(person.id_number.expose().to_owned()),
            version: Some("1.0".to_owned()),
            language: Some("vie".to_owned()),
            full_name: Some(name(&person.full_name)),
            date_of_birth: compact(person.date_of_birth),
            gender: match person.sex {
                Some(Sex::Male) => Some(Gender::Male),
                Some(Sex::Female) => Some(Gender::Female),
                Some(Sex::Unknown) | None => None,
            },
            address: address(&statement.permanent_residence),
            ..Claim169::default()
        },
        status: Some(StatusReference { index: document.status_list.idx, uri: document.status_list.uri.clone() }),
        residence: Some(ResidenceClaim {
            form: document.form.clone(),
            recipient: document.recipient.clone(),
            temporary_residence: address(&statement.temporary_residence),
            current_residence: address(&statement.current_residence),
            relation_to_head: household
                .and_then(|household| serde_json::to_value(household.relation_to_head).ok())
                .and_then(|word| word.as_str().map(str::to_owned)),
            head: household.and_then(|household| household.head.as_ref()).map(name),
            members: household
                .and_then(|household| household.members.as_ref())
                .map(|members| members.iter().map(|member| name(&member.full_name)).collect())
                .unwrap_or_default(),
            other_content: document.other_content.clone(),
            members_left_out: 0,
        }),
        ..CwtClaims::default()
    }
}

/// `YYYYMMDD`; the map has no way to say a partial date.
fn compact(date: PartialDate) -> Option<String> {
    let PartialDate::Day(date) = date else { return None };
    Some(format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()))
}

/// The latest an instant of the claims can lie, for readers that count whole seconds.
pub fn ends(claims: &Claims) -> Instant {
    Instant::from_seconds(claims.exp)
}
