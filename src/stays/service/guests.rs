//! Guests read and verified, as far as the agreement lets that be asked. Who belongs to which number
//! is for the citizens' room to say, and what a QR is worth for the QR room.

use std::time::Duration;

use super::Stays;
use crate::access::{Caller, Grant};
use crate::citizens::matching::Anchor;
use crate::citizens::model::CardKind;
use crate::citizens::model::Status;
use crate::citizens::{Another, CitizensError, Draft};
use crate::clients::Operation;
use crate::kernel::{
    AnchorNumber, Attribute, AttributeSet, CitizenId, IdNumber, Instant, NumberLabel, PartialDate, PersonName, Sex,
    Text, TransactionId,
};
use crate::qr::QrError;
use crate::qr::card::CardText;
use crate::qr::credential::{CredentialStatus, Verdict};
use crate::qr::model::{NotShown, Shown};
use crate::stays::model::{
    Document, DocumentKind, GuestDetails, GuestGiven, GuestReason, GuestSource, Mrz, TypedGuest,
};

/// Why a guest cannot be read at all: nobody would know whom the notice is about.
pub enum Unreadable {
    Qr(NotShown),
    /// Its member, a stable code, and a sentence.
    Faulty(&'static str, &'static str, Text),
}

const FORGED: Text = Text::new(
    "Mã QR không có chữ ký hợp lệ; hãy nhập tay thông tin của khách.",
    "The QR has no good signature; type the guest's data instead.",
);
const NO_GRANT: Text = Text::new(
    "Xác nhận điện tử không có, đã hết hạn hoặc của đơn vị khác.",
    "There is no such approval, it is over, or it is another client's.",
);
const NOT_ASKED: Text = Text::new(
    "Xác nhận này không được hỏi tại quầy (khách cho phép khi đăng nhập, hoặc trước khi hệ thống nâng cấp); hãy hỏi khách qua /oauth2/bc-authorize.",
    "This approval was not asked for at a desk (it is of a sign-in, or from before an upgrade); ask the guest by /oauth2/bc-authorize.",
);
const TOO_OLD: Text = Text::new(
    "Khách đã xác nhận từ hơn 24 giờ trước; hãy hỏi lại khách.",
    "The guest approved more than 24 hours ago; ask them again.",
);
/// How long an approval says that the guest is there. A notice may be made a day ahead of the arrival,
/// and a token can be refreshed for longer.
const APPROVAL_SERVES: Duration = Duration::from_secs(24 * 3600);
pub const GRANT_USED: Text =
    Text::new("Xác nhận điện tử này đã dùng cho một lần lưu trú khác.", "This approval was used for another stay.");

/// What a guest can be verified by.
#[derive(Clone)]
enum Means {
    Card(Box<CardText>),
    Credential(Box<Verdict>),
    Number(Anchor),
    Eid(CitizenId),
    /// Nothing; why.
    Nothing(GuestReason),
}

/// A guest who could be read, and has not been looked up.
#[derive(Clone)]
pub struct ReadGuest {
    pub details: GuestDetails,
    /// The approval that is used up by the stay.
    pub grant: Option<TransactionId>,
    means: Means,
}

/// A guest who was verified, or could not be.
pub struct JudgedGuest {
    pub details: GuestDetails,
    pub reason: GuestReason,
    pub citizen: Option<CitizenId>,
    pub grant: Option<TransactionId>,
    /// A credential that is to be spent with the stay.
    pub single: Option<[u8; 16]>,
    /// Whether anybody was looked for.
    pub looked: bool,
}

impl JudgedGuest {
    /// A credential for one showing is the first guest's who shows it among those of one notice.
    pub(super) fn show_after(&mut self, earlier: &[JudgedGuest]) {
        if self.single.is_some() && earlier.iter().any(|guest| guest.single == self.single) {
            self.single = None;
            self.reason = GuestReason::CredentialReplayed;
        }
    }
}

/// ISO 3166-1 alpha-3.
const VIET_NAM: &str = "VNM";

/// The attributes a guest is verified by.
pub fn verified_by() -> AttributeSet {
    [Attribute::FullName, Attribute::IdNumber, Attribute::DateOfBirth].into_iter().collect()
}

impl Stays {
    /// Reads what is given of a guest. Population data are looked at only for a guest who approved it.
    pub(super) async fn read_guest(
        &self,
        caller: &Caller,
        given: &GuestGiven,
        arrival: Instant,
    ) -> Result<Result<ReadGuest, Unreadable>, CitizensError> {
        Ok(match given {
            GuestGiven::Qr(text) => match self.0.qr.recognise(caller, text) {
                Ok(shown) => read_qr(shown),
                Err(fault) => Err(Unreadable::Qr(fault)),
            },
            GuestGiven::Anchor { id_number, full_name, date_of_birth } => {
                Ok(read_anchor(id_number, full_name, *date_of_birth))
            }
            GuestGiven::Eid(token) => return self.read_approval(caller, token).await,
            GuestGiven::Typed(typed) => Ok(read_typed(typed, arrival)),
        })
    }

    /// The guest who approved at the backchannel, as the population data know them.
    async fn read_approval(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Result<ReadGuest, Unreadable>, CitizensError> {
        let refused = || Ok(Err(Unreadable::Faulty("eid", "approval_unknown", NO_GRANT)));
        let grant: Option<Grant> = self.0.access.inspect(token).await?.and_then(|(_, grant)| grant);
        let Some(grant) = grant.filter(|grant| grant.client == caller.client.id) else { return refused() };
        if let Some((code, text)) = unfit(&grant, self.0.clock.now()) {
            return Ok(Err(Unreadable::Faulty("eid", code, text)));
        }
        let record = self.0.citizens.holder(grant.citizen_id).await?;
        // Whether the guest is alive is told to no lodging: a grant of somebody who is not is over.
        let Some(record) = record.filter(|record| record.citizen.status == Status::Alive) else { return refused() };
        let shared = self.0.citizens.approved_attributes(&grant.to_citizen()).await?;
        let shared = shared.intersection(caller.client.agreement.attributes);
        let citizen = &record.citizen;
        let details = GuestDetails {
            source: GuestSource::Eid,
            full_name: Some(citizen.full_name.clone()),
            date_of_birth: Some(citizen.date_of_birth),
            sex: Some(citizen.sex),
            nationality: citizen.nationality.clone(),
            document: Some(personal(DocumentKind::CanCuoc, &citizen.id_number)),
            address: None,
            phone: None,
            known_to_facility: verified_by().is_subset(shared),
        };
        let means = Means::Eid(grant.citizen_id);
        Ok(Ok(ReadGuest { details, grant: Some(grant.id), means }))
    }

    /// Verifies a guest as a further person of the draft's question. The guard may refuse to look; the
    /// notice goes on.
    pub(super) async fn judge(
        &self,
        caller: &Caller,
        guest: ReadGuest,
        draft: Draft,
    ) -> Result<(JudgedGuest, Draft), QrError> {
        let ReadGuest { details, grant, means } = guest;
        let allowed = |operation| caller.client.allows(operation, draft.at()).is_ok();
        let judged = |reason, citizen, looked| JudgedGuest { details, reason, citizen, grant, single: None, looked };
        Ok(match means {
            Means::Nothing(reason) => (judged(reason, None, false), draft),
            Means::Eid(citizen) => (judged(GuestReason::Eid, Some(citizen), true), draft),
            Means::Card(_) | Means::Credential(_) if !allowed(Operation::QrVerify) => {
                (judged(GuestReason::NotAgreed, None, false), draft)
            }
            Means::Number(_) if !allowed(Operation::CitizensVerify) => {
                (judged(GuestReason::NotAgreed, None, false), draft)
            }
            Means::Card(card) => {
                let before = draft.clone();
                match self.0.qr.present_card(caller, &card, draft).await? {
                    (Ok(presented), draft) => (judged(matched(presented.verified), presented.citizen, true), draft),
                    (Err(CitizensError::Blocked(_)), _) => {
                        (judged(GuestReason::TooManyFailedAnchors, None, false), before)
                    }
                    (Err(error), _) => return Err(error.into()),
                }
            }
            Means::Number(anchor) => {
                let before = draft.clone();
                match self.0.citizens.seek_another(caller, &anchor, draft).await? {
                    (Ok(found), draft) => {
                        let (fits, citizen) = found_by(found, &draft);
                        (judged(matched(fits), citizen, true), draft)
                    }
                    (Err(CitizensError::Blocked(_)), _) => {
                        (judged(GuestReason::TooManyFailedAnchors, None, false), before)
                    }
                    (Err(error), _) => return Err(error.into()),
                }
            }
            Means::Credential(verdict) => {
                let presented = self.0.qr.present_credential(caller, *verdict, &draft).await?;
                let reason = match presented.status {
                    Some(CredentialStatus::Valid) if presented.verified => GuestReason::Credential,
                    Some(status) => of_status(status),
                    None => GuestReason::NoMatch,
                };
                let single = presented.single;
                (JudgedGuest { single, ..judged(reason, presented.citizen, true) }, draft)
            }
        })
    }
}

/// Why an approval does not say that the guest is before this client now.
fn unfit(grant: &Grant, now: Instant) -> Option<(&'static str, Text)> {
    if !grant.backchannel {
        return Some(("approval_not_asked", NOT_ASKED));
    }
    (grant.approved_at.plus(APPROVAL_SERVES) <= now).then_some(("approval_old", TOO_OLD))
}

fn found_by(found: Another, draft: &Draft) -> (bool, Option<CitizenId>) {
    match found {
        Another::Found(person) => {
            let citizen = &person.record.citizen;
            // A verdict tells no status, so that nobody who is not alive fits, whatever the agreement lists.
            let fits = citizen.status == Status::Alive && draft.concerns(citizen.citizen_id);
            (fits, Some(citizen.citizen_id))
        }
        Another::Unknown(about) => (false, about),
    }
}

const fn matched(fits: bool) -> GuestReason {
    if fits { GuestReason::Matched } else { GuestReason::NoMatch }
}

const fn of_status(status: CredentialStatus) -> GuestReason {
    match status {
        CredentialStatus::Expired | CredentialStatus::NotYetValid => GuestReason::CredentialExpired,
        CredentialStatus::Revoked => GuestReason::CredentialRevoked,
        CredentialStatus::Replayed => GuestReason::CredentialReplayed,
        CredentialStatus::WrongAudience => GuestReason::CredentialAudience,
        CredentialStatus::HolderProofMissing | CredentialStatus::HolderProofInvalid => GuestReason::CredentialHolder,
        CredentialStatus::Valid | CredentialStatus::UnknownIssuer | CredentialStatus::BadSignature => {
            GuestReason::NoMatch
        }
    }
}

fn read_qr(shown: Shown) -> Result<ReadGuest, Unreadable> {
    match shown {
        Shown::Card(card) => {
            let kind = match card.kind() {
                CardKind::Cccd => DocumentKind::Cccd,
                CardKind::CanCuoc => DocumentKind::CanCuoc,
            };
            let details = GuestDetails {
                sex: Some(card.sex),
                address: Some(card.address.clone()),
                ..known(GuestSource::Qr, &card.full_name, card.date_of_birth, personal(kind, &card.id_number))
            };
            Ok(ReadGuest { details, grant: None, means: Means::Card(card) })
        }
        Shown::Credential(verdict) => {
            let forged = || Unreadable::Faulty("qr", "credential_forged", FORGED);
            let person = &verdict.claims.as_ref().ok_or_else(forged)?.person;
            let full_name = person.full_name.as_deref().and_then(|name| PersonName::parse(name).ok());
            let number = person.id.as_deref().and_then(|number| IdNumber::parse(number).ok());
            let details = GuestDetails {
                source: GuestSource::Qr,
                full_name,
                date_of_birth: person.date_of_birth.as_deref().and_then(compact_date),
                sex: None,
                nationality: person.nationality.clone(),
                document: number.map(|number| personal(DocumentKind::CanCuoc, &number)),
                address: person.address.clone(),
                phone: person.phone.clone(),
                known_to_facility: true,
            };
            if details.full_name.is_none() {
                return Err(forged());
            }
            Ok(ReadGuest { details, grant: None, means: Means::Credential(verdict) })
        }
    }
}

fn read_anchor(number: &IdNumber, full_name: &PersonName, date_of_birth: PartialDate) -> ReadGuest {
    let document = personal(DocumentKind::CanCuoc, number);
    let anchor = Anchor { number: AnchorNumber::Personal(number.clone()), full_name: full_name.clone(), date_of_birth };
    ReadGuest {
        details: known(GuestSource::Anchor, full_name, date_of_birth, document),
        grant: None,
        means: Means::Number(anchor),
    }
}

fn read_typed(typed: &TypedGuest, arrival: Instant) -> ReadGuest {
    let details = GuestDetails {
        source: GuestSource::Typed,
        full_name: Some(typed.full_name.clone()),
        date_of_birth: Some(typed.date_of_birth),
        sex: typed.sex,
        nationality: Some(typed.nationality.clone()),
        document: typed.document.clone(),
        address: typed.address.clone(),
        phone: typed.phone.clone(),
        known_to_facility: true,
    };
    ReadGuest { details, grant: None, means: means_of(typed, arrival) }
}

fn means_of(typed: &TypedGuest, arrival: Instant) -> Means {
    if let Some(reason) = typed.mrz.as_ref().and_then(|zone| zone_fault(zone, typed, arrival)) {
        return Means::Nothing(reason);
    }
    let anchor = |number| Anchor { number, full_name: typed.full_name.clone(), date_of_birth: typed.date_of_birth };
    let number = typed.document.as_ref().and_then(|document| number_of(document, Some(&typed.nationality)));
    match number {
        Some(number) => Means::Number(anchor(number)),
        None if typed.nationality == VIET_NAM => Means::Nothing(GuestReason::NoNumber),
        None => Means::Nothing(GuestReason::ForeignDocument),
    }
}

/// The number a document says somebody is known by here, if it is one of a citizen's.
pub(super) fn number_of(document: &Document, nationality: Option<&str>) -> Option<AnchorNumber> {
    let label = match document.kind {
        DocumentKind::Cccd | DocumentKind::CanCuoc => NumberLabel::Personal,
        DocumentKind::Cmnd => NumberLabel::Legacy,
        DocumentKind::BirthCertificate
        | DocumentKind::DrivingLicence
        | DocumentKind::Passport
        | DocumentKind::Other => NumberLabel::Other,
    };
    AnchorNumber::recognise(&document.number, label, nationality == Some(VIET_NAM))
}

fn zone_fault(zone: &Mrz, typed: &TypedGuest, arrival: Instant) -> Option<GuestReason> {
    if !zone.is_sound() {
        return Some(GuestReason::MrzCheckDigit);
    }
    if !zone.agrees_with(typed) {
        return Some(GuestReason::MrzDiffers);
    }
    zone.had_expired_on(arrival.date_in_viet_nam()).then_some(GuestReason::DocumentExpired)
}

fn known(source: GuestSource, full_name: &PersonName, date_of_birth: PartialDate, document: Document) -> GuestDetails {
    GuestDetails {
        source,
        full_name: Some(full_name.clone()),
        date_of_birth: Some(date_of_birth),
        sex: None::<Sex>,
        nationality: Some(VIET_NAM.to_owned()),
        document: Some(document),
        address: None,
        phone: None,
        known_to_facility: true,
    }
}

fn personal(kind: DocumentKind, number: &IdNumber) -> Document {
    Document { kind, number: number.expose().to_owned() }
}

/// `YYYYMMDD`.
fn compact_date(text: &str) -> Option<PartialDate> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    PartialDate::parse(&format!("{year}-{month}-{day}")).ok()
}
