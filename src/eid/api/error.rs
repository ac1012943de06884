//! From refusals to problems.

use crate::eid::model::PasscodeFault;
use crate::eid::service::EidError;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{Faults, Text};

impl From<EidError> for Problem {
    fn from(error: EidError) -> Self {
        match error {
            EidError::DeviceSignature => ProblemKind::DeviceSignatureInvalid.into(),
            EidError::ActivationRefused => ProblemKind::ActivationRefused.into(),
            EidError::Passcode(fault) => weak("/passcode", fault),
            EidError::PasscodeMissing => one(
                ProblemKind::InvalidFields,
                "/passcode",
                "missing",
                Text::new("Mức này cần mật mã.", "This level needs the passcode."),
            ),
            EidError::PasscodeRefused { wait } => {
                let problem = Self::new(ProblemKind::PasscodeRefused);
                match wait {
                    Some(wait) => problem.retry_after(wait),
                    None => problem,
                }
            }
            EidError::PasscodeUnproven => ProblemKind::PasscodeRefused.into(),
            EidError::PasscodeLocked => ProblemKind::PasscodeLocked.into(),
            EidError::TransactionOver => ProblemKind::TransactionOver.into(),
            EidError::ClientStopped => ProblemKind::ClientStopped.into(),
            EidError::ProcedureStopped => ProblemKind::ProcedureStopped.into(),
            EidError::ApprovalDiffers => ProblemKind::DeviceSignatureInvalid.into(),
            EidError::TooManyDevices => one(
                ProblemKind::Conflict,
                "",
                "too_many_devices",
                Text::new("Tài khoản đã có đủ số thiết bị.", "The account has as many devices as it may have."),
            ),
            EidError::NotFound => ProblemKind::NotFound.into(),
            EidError::NoAudience => one(
                ProblemKind::InvalidFields,
                "/audience",
                "reader_unknown",
                Text::new("Không có nơi nào mang mã này.", "Nobody who reads codes has this name."),
            ),
            EidError::Qr(error) => error.into(),
            EidError::Busy => ProblemKind::Overloaded.into(),
            EidError::Citizens(error) => error.into(),
        }
    }
}

/// A new passcode that is not taken, at the member it came in.
pub fn weak(pointer: &str, fault: PasscodeFault) -> Problem {
    let (code, text) = fault.into();
    one(ProblemKind::InvalidFields, pointer, code, text)
}

fn one(kind: ProblemKind, pointer: &str, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    faults.push(pointer, code, text);
    Problem::new(kind).with_faults(faults)
}
