//! From refusals to problems.

use crate::citizens::held_back;
use crate::http::{Arrival, Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::qr::card::CardTextFault;
use crate::qr::faults::faults_of;
use crate::qr::image::ImageFault;
use crate::qr::model::NotShown;
use crate::qr::service::QrError;

/// The problem, held back where somebody was looked for before it.
pub async fn problem(error: QrError, arrival: &Arrival) -> Problem {
    match error {
        QrError::Citizens(error) => held_back(error, arrival).await,
        error => error.into(),
    }
}

impl From<QrError> for Problem {
    fn from(error: QrError) -> Self {
        match error {
            QrError::Citizens(error) => error.into(),
            QrError::NotShown(fault) => of_text(fault),
            QrError::Image(fault) => of_picture(fault),
            QrError::Busy(refusal) => refusal.into(),
            QrError::NothingAgreed => one(
                ProblemKind::Forbidden,
                "/attributes",
                "attribute_not_agreed",
                Text::new(
                    "Thỏa thuận không cho phép cấp các mục này.",
                    "The agreement lets out none of these attributes.",
                ),
            ),
            QrError::NothingToSay => one(
                ProblemKind::InvalidFields,
                "/attributes",
                "nothing_to_say",
                Text::new("Không mục nào ghi được vào mã QR.", "None of these attributes can be said by a credential."),
            ),
            QrError::DoesNotFit => one(
                ProblemKind::InvalidFields,
                "/attributes",
                "too_much",
                Text::new("Quá nhiều thông tin cho một mã QR.", "This is more than one QR symbol holds."),
            ),
            QrError::NotOfHolder => one(
                ProblemKind::InvalidFields,
                "/countersignature",
                "not_of_holder",
                Text::new(
                    "Chữ ký không phải của người giữ mã này.",
                    "The holder of this credential has not signed it.",
                ),
            ),
            QrError::NoSuchCredential => ProblemKind::NotFound.into(),
        }
    }
}

fn one(kind: ProblemKind, pointer: &str, code: &'static str, text: Text) -> Problem {
    let mut faults = Faults::default();
    faults.push(pointer, code, text);
    Problem::new(kind).with_faults(faults)
}

fn unreadable(pointer: &str, code: &'static str, text: Text) -> Problem {
    one(ProblemKind::UnreadableQr, pointer, code, text)
}

/// Another kind of QR is told apart from one that cannot be read.
fn of_text(fault: NotShown) -> Problem {
    let kind = match &fault {
        NotShown::Card(CardTextFault::LookAlike(_)) => ProblemKind::NotAnIdentityQr,
        NotShown::Card(_) | NotShown::Credential(_) => ProblemKind::UnreadableQr,
    };
    Problem::new(kind).with_faults(faults_of(fault).below("/payload"))
}

fn of_picture(fault: ImageFault) -> Problem {
    let text = match fault {
        ImageFault::Format => Text::new("Ảnh phải là PNG, JPEG hoặc WebP.", "The picture must be PNG, JPEG or WebP."),
        ImageFault::TooManyPixels => Text::new("Ảnh lớn hơn 12 megapixel.", "The picture has more than 12 megapixels."),
        ImageFault::SideTooLong => {
            Text::new("Một cạnh của ảnh dài hơn 8192 điểm ảnh.", "A side of the picture is longer than 8192 pixels.")
        }
        ImageFault::Damaged => Text::new("Ảnh bị hỏng.", "The picture is damaged."),
        ImageFault::NoSymbol => Text::new("Không tìm thấy mã QR trong ảnh.", "No QR symbol was found in the picture."),
        ImageFault::TooManyPatterns => Text::new(
            "Ảnh có quá nhiều hình giống góc mã QR. Hãy chụp riêng một mã.",
            "The picture has too many shapes like the corners of QR symbols. Photograph one symbol alone.",
        ),
        ImageFault::TookTooLong => Text::new(
            "Ảnh quá rối, không đọc xong trong thời gian cho phép. Hãy chụp riêng mã QR, gần và rõ hơn.",
            "The picture is too crowded to be read in the time there is. Photograph the symbol alone, nearer and sharper.",
        ),
    };
    unreadable("/image", fault.code(), text)
}
