//! Why something is not done.

use std::time::Duration;

use crate::audit::AuditError;
use crate::citizens::CitizensError;
use crate::eid::model::PasscodeFault;
use crate::kernel::Level;
use crate::qr::QrError;
use crate::storage::StorageError;

/// Why a request does not begin.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BeginError {
    /// No factor of this version reaches the level; a lower one is never given in its place.
    #[error("no device can reach {0}")]
    LevelUnreachable(Level),
    #[error("a request lives for five minutes at most")]
    LifetimeTooLong,
    #[error("there is no such client")]
    UnknownClient,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// One variant per decision a caller can take.
#[derive(Debug, thiserror::Error)]
pub enum EidError {
    /// Nothing more is said to whoever has not proven which device this is.
    #[error("the request is not signed by a device in use")]
    DeviceSignature,
    /// Whether the code was wrong, over, another's or never given is not told.
    #[error("the activation is refused")]
    ActivationRefused,
    #[error(transparent)]
    Passcode(#[from] PasscodeFault),
    #[error("the level asked for needs the passcode")]
    PasscodeMissing,
    #[error("the passcode is wrong, or may not be tried yet")]
    PasscodeRefused { wait: Option<Duration> },
    /// Neither the old passcode nor a desk's code came with a new one.
    #[error("nothing proves that the passcode may be changed")]
    PasscodeUnproven,
    #[error("the device is locked until a desk opens it")]
    PasscodeLocked,
    #[error("the request is over, or is not this citizen's")]
    TransactionOver,
    #[error("operators have stopped the client that asks")]
    ClientStopped,
    #[error("operators have stopped the procedure that is asked for")]
    ProcedureStopped,
    #[error("the device signed something else than this request")]
    ApprovalDiffers,
    #[error("the account has as many devices as it may have")]
    TooManyDevices,
    #[error("the account has no such device")]
    NotFound,
    #[error("there is no such reader")]
    NoAudience,
    #[error(transparent)]
    Qr(#[from] QrError),
    #[error("too many passcodes are being looked at")]
    Busy,
    #[error(transparent)]
    Citizens(#[from] CitizensError),
}

impl EidError {
    /// Why, in the entry of a refusal; `None` where there is nothing about a person to record, or where
    /// the transaction that refused has recorded it.
    pub(super) const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::ActivationRefused => Some("activation_refused"),
            Self::Passcode(_) => Some("passcode_weak"),
            Self::PasscodeUnproven => Some("passcode_unproven"),
            Self::TransactionOver => Some("transaction_over"),
            Self::ClientStopped => Some("client_stopped"),
            Self::ProcedureStopped => Some("procedure_stopped"),
            Self::ApprovalDiffers => Some("approval_differs"),
            Self::TooManyDevices => Some("too_many_devices"),
            Self::NotFound => Some("no_such_device"),
            Self::NoAudience => Some("no_such_reader"),
            Self::Qr(QrError::NothingToSay) => Some("nothing_to_say"),
            Self::Qr(QrError::DoesNotFit) => Some("too_much"),
            Self::DeviceSignature
            | Self::PasscodeMissing
            | Self::PasscodeRefused { .. }
            | Self::PasscodeLocked
            | Self::Busy
            | Self::Qr(_)
            | Self::Citizens(_) => None,
        }
    }
}

impl From<StorageError> for EidError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

impl From<AuditError> for EidError {
    fn from(error: AuditError) -> Self {
        Self::Citizens(error.into())
    }
}
