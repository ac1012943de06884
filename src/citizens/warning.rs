//! What a client should know beside the answer.

use serde::Serialize;

use super::allowance::Allowance;
use super::matching::NumberStanding;
use super::model::Citizen;
use crate::kernel::id_number::NumberWarning;
use crate::kernel::{Attribute, Sex};

/// Stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::enum_variant_names, reason = "the codes are told to clients; later ones are about other things")]
pub enum Warning {
    /// The number was cancelled; the citizen has another one now.
    NumberCancelled,
    /// The number's first three digits are neither a province's nor in the range of countries.
    NumberPrefixUnknown,
    /// The number's fourth digit says another sex than the record.
    NumberSexDiffers,
    /// The number's digits say another year of birth than the record.
    NumberBirthYearDiffers,
}

impl From<NumberWarning> for Warning {
    fn from(warning: NumberWarning) -> Self {
        match warning {
            NumberWarning::NumberPrefixUnknown => Self::NumberPrefixUnknown,
            NumberWarning::NumberSexDiffers => Self::NumberSexDiffers,
            NumberWarning::NumberBirthYearDiffers => Self::NumberBirthYearDiffers,
        }
    }
}

/// Warnings about an anchored citizen and the number they were found by. The sex is compared only
/// for those who may read it, or the warning would tell it.
pub fn warnings_of(citizen: &Citizen, standing: NumberStanding, allowance: Allowance<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    match standing {
        NumberStanding::Cancelled => warnings.push(Warning::NumberCancelled),
        NumberStanding::Current => {
            let sex = if allowance.may_read(Attribute::Sex) { citizen.sex } else { Sex::Unknown };
            let form = citizen.id_number.warnings(sex, citizen.date_of_birth);
            warnings.extend(form.into_iter().map(Warning::from));
        }
        NumberStanding::Legacy => {}
    }
    warnings
}
