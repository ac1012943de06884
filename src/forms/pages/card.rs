//! What a card's text fills, and what is wrong with a text that is none.

use serde_json::{Map, Value};

use crate::kernel::{PartialDate, Sex, Text};
use crate::qr::card::{CardText, CardTextFault};

/// The form's values that the card says. Its text is unsigned: it speeds typing and proves nothing.
pub fn values(card: &CardText) -> Value {
    let mut values = Map::new();
    let mut put = |name: &str, value: &str| values.insert(name.to_owned(), Value::from(value));
    put("full_name", card.full_name.expose());
    put("id_number", card.id_number.expose());
    if let PartialDate::Day(date) = card.date_of_birth {
        put("date_of_birth", &date.to_string());
    }
    match card.sex {
        Sex::Male => drop(put("sex", "Nam")),
        Sex::Female => drop(put("sex", "Nữ")),
        Sex::Unknown => {}
    }
    Value::Object(values)
}

pub const fn fault_in_words(fault: &CardTextFault) -> Text {
    match fault {
        CardTextFault::WrongEncoding => Text::new(
            "Máy quét đang gửi sai bảng mã. Hãy đặt máy quét về UTF-8.",
            "The scanner sends another encoding. Set it to UTF-8.",
        ),
        CardTextFault::LookAlike(_) => Text::new(
            "Đây là một mã QR khác, không phải mã trên thẻ căn cước.",
            "This is another QR code, not that of an identity card.",
        ),
        CardTextFault::TooFewFields(_) | CardTextFault::TooLong => Text::new(
            "Nội dung không phải của mã QR trên thẻ căn cước, hoặc chưa đủ.",
            "This is not the text of an identity card’s QR code, or not all of it.",
        ),
        CardTextFault::Fields(_) => Text::new(
            "Một số mục trong mã không đọc được. Hãy quét lại.",
            "Some parts of the code cannot be read. Scan again.",
        ),
    }
}
