//! What is wrong with a text that is neither card nor credential, said field by field.

use super::card::CardTextFault;
use super::credential::{EnvelopeFault, NotACredential};
use super::model::NotShown;
use crate::kernel::{Faults, Text};

/// The faults, with pointers below the member that holds the text.
pub fn faults_of(fault: NotShown) -> Faults {
    match fault {
        NotShown::Card(fault) => of_card(fault),
        NotShown::Credential(fault) => of_credential(fault),
    }
}

fn one(code: &'static str, text: Text) -> Faults {
    let mut faults = Faults::default();
    faults.push("", code, text);
    faults
}

fn of_card(fault: CardTextFault) -> Faults {
    match fault {
        CardTextFault::LookAlike(other) => one(other.code(), other.text()),
        CardTextFault::WrongEncoding => one(
            "wrong_encoding",
            Text::new(
                "Máy quét đọc sai bảng mã; hãy đặt máy quét ở UTF-8.",
                "The scanner guessed a wrong encoding; set it to UTF-8.",
            ),
        ),
        CardTextFault::TooFewFields(_) => one(
            "too_few_fields",
            Text::new(
                "Nội dung mã bị cắt, hoặc không phải của thẻ hay mã có chữ ký.",
                "The text is cut off, or is neither a card's nor a signed credential's.",
            ),
        ),
        CardTextFault::TooLong => {
            one("too_long", Text::new("Nội dung dài hơn mọi mã QR của thẻ.", "The text is longer than any card's."))
        }
        CardTextFault::Fields(found) => {
            let mut faults = Faults::default();
            for fault in found {
                let below = fault.pointer.strip_prefix("/payload").unwrap_or(&fault.pointer).to_owned();
                faults.push(below, fault.code, fault.text);
            }
            faults
        }
    }
}

fn of_credential(fault: NotACredential) -> Faults {
    match fault {
        NotACredential::Envelope(EnvelopeFault::TooLarge) => one(
            "credential_too_large",
            Text::new("Nội dung giải nén quá lớn.", "The text unpacks to more than any credential."),
        ),
        NotACredential::Envelope(_) => {
            one("credential_damaged", Text::new("Mã bị cắt hoặc hỏng.", "The text is cut off or damaged."))
        }
        NotACredential::Cose(_) | NotACredential::Claims(_) => one(
            "credential_malformed",
            Text::new("Nội dung ký không đúng quy cách.", "What is signed is not in the form of a credential."),
        ),
    }
}
