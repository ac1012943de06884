//! From refusals to problems.

use crate::citizens::{CitizensError, held_back};
use crate::http::{Arrival, Problem, ProblemKind};
use crate::kernel::{Faults, Text};
use crate::qr::card::CardTextFault;
use crate::qr::credential::{EnvelopeFault, NotACredential};
use crate::qr::image::ImageFault;
use crate::qr::model::NotShown;
use crate::qr::service::QrError;

/// The problem, held back where it came of somebody's data.
pub async fn problem(error: QrError, arrival: &Arrival) -> Problem {
    match error {
        QrError::Citizens(error @ CitizensError::Blocked(_)) => held_back(error, arrival).await,
        error => error.into(),
    }
}

impl From<QrError> for Problem {
    fn from(error: QrError) -> Self {
        match error {
            QrError::Citizens(error) => error.into(),
            QrError::NotShown(NotShown::Card(fault)) => of_card(fault),
            QrError::NotShown(NotShown::Credential(fault)) => of_credential(fault),
            QrError::Image(fault) => of_picture(fault),
            QrError::Busy => ProblemKind::Overloaded.into(),
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

fn of_card(fault: CardTextFault) -> Problem {
    match fault {
        CardTextFault::LookAlike(other) => one(ProblemKind::NotAnIdentityQr, "/payload", other.code(), other.text()),
        CardTextFault::WrongEncoding => unreadable(
            "/payload",
            "wrong_encoding",
            Text::new(
                "Máy quét đọc sai bảng mã; hãy đặt máy quét ở UTF-8.",
                "The scanner guessed a wrong encoding; set it to UTF-8.",
            ),
        ),
        CardTextFault::TooFewFields(_) => unreadable(
            "/payload",
            "too_few_fields",
            Text::new("Nội dung mã bị cắt hoặc không phải của thẻ.", "The text is cut off, or is not a card's."),
        ),
        CardTextFault::TooLong => unreadable(
            "/payload",
            "too_long",
            Text::new("Nội dung dài hơn mọi mã QR của thẻ.", "The text is longer than any card's."),
        ),
        CardTextFault::Fields(found) => {
            let mut faults = Faults::default();
            found.into_iter().for_each(|fault| faults.push(fault.pointer, fault.code, fault.text));
            Problem::new(ProblemKind::UnreadableQr).with_faults(faults)
        }
    }
}

fn of_credential(fault: NotACredential) -> Problem {
    let (code, text) = match fault {
        NotACredential::Envelope(EnvelopeFault::TooLarge) => (
            "credential_too_large",
            Text::new("Nội dung giải nén quá lớn.", "The text unpacks to more than any credential."),
        ),
        NotACredential::Envelope(_) => {
            ("credential_damaged", Text::new("Mã bị cắt hoặc hỏng.", "The text is cut off or damaged."))
        }
        NotACredential::Cose(_) | NotACredential::Claims(_) => (
            "credential_malformed",
            Text::new("Nội dung ký không đúng quy cách.", "What is signed is not in the form of a credential."),
        ),
    };
    unreadable("/payload", code, text)
}

fn of_picture(fault: ImageFault) -> Problem {
    let (code, text) = match fault {
        ImageFault::Format => {
            ("image_format", Text::new("Ảnh phải là PNG, JPEG hoặc WebP.", "The picture must be PNG, JPEG or WebP."))
        }
        ImageFault::TooManyPixels => {
            ("image_too_large", Text::new("Ảnh lớn hơn 12 megapixel.", "The picture has more than 12 megapixels."))
        }
        ImageFault::Damaged => ("image_damaged", Text::new("Ảnh bị hỏng.", "The picture is damaged.")),
        ImageFault::NoSymbol => {
            ("no_symbol", Text::new("Không tìm thấy mã QR trong ảnh.", "No QR symbol was found in the picture."))
        }
    };
    unreadable("/image", code, text)
}
