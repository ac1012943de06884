//! The printed card: never proof, always matched.

use super::{Admitted, Qr, QrError};
use crate::access::Caller;
use crate::citizens::matching::{Claim, Verdict};
use crate::citizens::model::Status;
use crate::citizens::{Allowance, AnchoredCitizen, Anchoring, Answer, Body, warnings_of};
use crate::clients::Detail;
use crate::kernel::{Attribute, AttributeSet, TransactionId, Units};
use crate::qr::card::CardText;
use crate::qr::model::{Compared, Matched, Proof, QrWarning, Told, status_warning};

impl Qr {
    pub(super) async fn verify_card(
        &self,
        caller: &Caller,
        card: &CardText,
        Admitted { draft, standing, nonce, .. }: Admitted,
    ) -> Result<Answer<Told>, QrError> {
        let citizens = &self.0.citizens;
        let draft = draft.asking(CardText::attributes());
        let (anchoring, draft) = citizens.seek_anchored(caller, &card.anchor(), standing, draft).await?;
        let person = match anchoring {
            Ok(Anchoring { person, .. }) => person,
            Err(blocked) => return self.refuse(draft, blocked).await,
        };
        let (told, draft) = match &person {
            Some(person) => {
                let allowance = draft.allowance(&caller.client.agreement, person.record.citizen.citizen_id);
                let told = told(draft.transaction(), card, person, allowance);
                let disclosed = told.fields.keys().filter_map(|name| name.parse::<Attribute>().ok());
                let mut disclosed: AttributeSet = disclosed.collect();
                if told.status_told {
                    disclosed.insert(Attribute::Status);
                }
                (told, draft.answered(vec![person.record.citizen.citizen_id], disclosed))
            }
            None => (nobody(draft.transaction(), card), draft),
        };
        let negative = !told.matched.verified;
        let receipt = citizens.conclude(draft).await?;
        Ok(Answer { body: Body::First(Told { nonce, ..told }), receipt, standing, negative })
    }
}

/// A card that is nobody's; every cause looks the same.
fn nobody(transaction_id: TransactionId, card: &CardText) -> Told {
    Told {
        transaction_id,
        kind: card.qr_kind(),
        proof: Proof::None,
        status: None,
        matched: Matched { verified: false, checks: Default::default() },
        fields: Default::default(),
        warnings: Vec::new(),
        nonce: None,
        status_told: false,
    }
}

pub(super) fn told(
    transaction: TransactionId,
    card: &CardText,
    person: &AnchoredCitizen,
    allowance: Allowance<'_>,
) -> Told {
    let citizen = &person.record.citizen;
    let mut told = nobody(transaction, card);
    let mut residence_differs = false;
    let mut verified = true;
    for claim in card.claims() {
        let compared = claim.compare(person.record.view());
        let verdict = compared.comparison.verdict;
        match claim {
            // Old cards say the old address and date: that is told, and no reason to doubt the holder.
            Claim::PermanentResidence(_) => {
                // An address that names no unit Dancu knows shows nothing.
                let known = || !Units::shared().locate(&card.address).is_empty();
                residence_differs = verdict == Verdict::Mismatch && known();
            }
            Claim::Card(_) => {}
            _ => verified &= verdict.verifies() || verdict == Verdict::NotRecorded,
        }
        if allowance.withholds(compared.attribute).is_none() {
            told.matched.checks.insert(compared.attribute.name(), Compared::from(compared.comparison));
        }
    }
    // Nobody shows the card of somebody who has died.
    told.matched.verified = verified && citizen.status != Status::Deceased;
    if allowance.detail() == Detail::Full {
        let may_read = |attribute| allowance.may_read(attribute);
        let fields = card.fields().into_iter().filter(|(attribute, _)| may_read(*attribute));
        told.fields = fields.map(|(attribute, value)| (attribute.name(), value)).collect();
        let of_number = warnings_of(citizen, person.anchored.number, allowance);
        told.warnings.extend(of_number.into_iter().map(QrWarning::from));
        if may_read(Attribute::Card) {
            told.warnings.extend(card.outdated(citizen));
        }
        if residence_differs && may_read(Attribute::PermanentResidence) {
            told.warnings.push(QrWarning::ResidenceOutdated);
        }
    }
    if allowance.tells_status() {
        told.status_told = true;
        told.warnings.extend(status_warning(citizen.status));
    }
    told
}
