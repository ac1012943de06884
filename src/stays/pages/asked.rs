//! The fields of the desk's forms, and what a browser sent in them.

use super::By;
use crate::http::page::Page;
use crate::kernel::{CivilDate, Fault, Instant, Text};
use crate::stays::model::{DocumentKind, Reason};

/// What a browser sent.
pub(super) struct Sent(pub Vec<(String, String)>);

impl Sent {
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// The trimmed value; `None` if it is missing or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    pub fn put(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }
}

pub(super) enum Kind {
    /// One line, with the attributes of its `input`.
    Line(&'static str),
    Area,
    /// Codes and words.
    Choice(Vec<(&'static str, &'static str)>),
}

/// One field.
pub(super) struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub hint: Option<&'static str>,
    pub value: String,
    pub required: bool,
    /// The word that follows the label of one that need not be filled in; `""` where that is plain.
    pub optional: &'static str,
    pub kind: Kind,
    pub fault: Option<&'static str>,
    /// Where the cursor is at first.
    pub first: bool,
}

impl Field {
    /// The ids of what describes it.
    pub fn described(&self) -> String {
        let hint = self.hint.map(|_| format!("{}-hint ", self.name));
        let fault = self.fault.map(|_| format!("{}-error", self.name));
        hint.into_iter().chain(fault).collect()
    }
}

/// A form for one guest.
pub(super) struct ShownForm {
    pub by: &'static str,
    pub title: &'static str,
    pub scan: bool,
    /// What makes a second sending of the same form known.
    pub key: String,
    pub guest: Vec<Field>,
    pub stay: Vec<Field>,
    pub earlier: Vec<Field>,
}

impl ShownForm {
    pub fn arrival_open(&self) -> bool {
        self.earlier.iter().any(|field| !field.value.is_empty() || field.fault.is_some())
    }

    /// The faulty fields, each with its words.
    pub fn faulty(&self) -> Vec<(&'static str, String)> {
        let fields = self.guest.iter().chain(&self.stay).chain(&self.earlier);
        fields.filter_map(|field| Some((field.name, format!("{}: {}", field.label, field.fault?)))).collect()
    }
}

const NUMBER: &str = r#"class="number" inputmode="numeric" maxlength="20""#;
const NAME: &str = r#"type="text" maxlength="200" autocapitalize="words""#;
const BIRTH: &str = r#"class="short" maxlength="10" placeholder="15/3/1999""#;
const CODE: &str = r#"class="short" maxlength="3" autocapitalize="characters""#;
const PAPER: &str = r#"class="number" maxlength="30" autocapitalize="characters""#;
const LINE: &str = r#"type="text" maxlength="200""#;
const ROOM: &str = r#"class="short" maxlength="20""#;
const DAY: &str = r#"type="date" class="short""#;
const TIME: &str = r#"type="datetime-local""#;

/// A form as it is asked on a page, with what was sent and what is wrong with it.
pub(super) struct Asked<'a> {
    pub page: &'a Page,
    pub sent: &'a Sent,
    /// By the name of a field.
    pub faults: &'a [Fault],
    pub now: Instant,
}

impl Asked<'_> {
    pub fn form(&self, by: By, key: String) -> ShownForm {
        let page = self.page;
        let (title, guest) = match by {
            By::Scan | By::File => (page.say("Quét thẻ của khách", "Scan the guest’s card"), vec![self.scan()]),
            By::Number => (page.say("Gõ số trên thẻ", "Type what the card says"), self.number()),
            By::Paper => (page.say("Khách không có thẻ", "A guest without a card"), self.paper()),
            By::Passport => (page.say("Khách có hộ chiếu", "A guest with a passport"), self.passport()),
        };
        ShownForm {
            by: by.name(),
            title,
            scan: by == By::Scan,
            key,
            guest,
            stay: vec![self.room(), self.departure(), self.reason()],
            earlier: vec![self.arrival()],
        }
    }

    fn field(&self, name: &'static str, label: (&'static str, &'static str), kind: Kind) -> Field {
        let fault = self.faults.iter().find(|fault| fault.pointer == name);
        Field {
            name,
            label: self.page.say(label.0, label.1),
            hint: None,
            value: self.sent.get(name).unwrap_or_default().to_owned(),
            required: false,
            optional: self.page.say("không bắt buộc", "optional"),
            kind,
            fault: fault.map(|fault| self.page.tell(&fault.text)),
            first: false,
        }
    }

    fn needed(&self, name: &'static str, label: (&'static str, &'static str), kind: Kind) -> Field {
        Field { required: true, optional: "", ..self.field(name, label, kind) }
    }

    fn hint(&self, vi: &'static str, en: &'static str) -> Option<&'static str> {
        Some(self.page.say(vi, en))
    }

    fn scan(&self) -> Field {
        Field {
            hint: self.hint(
                "Quét mã QR trên thẻ bằng máy quét. Tắt bộ gõ tiếng Việt.",
                "Scan the card’s QR code with a scanner. Switch Vietnamese typing off.",
            ),
            first: true,
            ..self.needed("scan", ("Mã QR trên thẻ", "The card’s QR code"), Kind::Line(""))
        }
    }

    fn full_name(&self) -> Field {
        self.needed("full_name", ("Họ, chữ đệm và tên", "Full name"), Kind::Line(NAME))
    }

    fn birth(&self) -> Field {
        Field {
            hint: self.hint("Ngày/tháng/năm; hoặc chỉ năm.", "Day/month/year; or the year alone."),
            ..self.needed("birth", ("Ngày sinh", "Birth date"), Kind::Line(BIRTH))
        }
    }

    fn number(&self) -> Vec<Field> {
        let number = Field {
            hint: self.hint("12 chữ số trên thẻ.", "The 12 digits on the card."),
            first: true,
            ..self.needed("number", ("Số định danh", "Identification number"), Kind::Line(NUMBER))
        };
        vec![number, self.full_name(), self.birth()]
    }

    fn sex(&self) -> Field {
        let page = self.page;
        let choices = vec![("", "—"), ("M", page.say("Nam", "Male")), ("F", page.say("Nữ", "Female"))];
        self.field("sex", ("Giới tính", "Sex"), Kind::Choice(choices))
    }

    /// A birth certificate first: most guests without a card are children.
    fn paper(&self) -> Vec<Field> {
        let page = self.page;
        let kinds = [
            DocumentKind::BirthCertificate,
            DocumentKind::Cccd,
            DocumentKind::CanCuoc,
            DocumentKind::Cmnd,
            DocumentKind::DrivingLicence,
            DocumentKind::Other,
        ];
        let kinds = kinds.into_iter().map(|kind| (kind.name(), page.tell(&document(kind))));
        let kind = Field {
            hint: self.hint(
                "Trẻ em: giấy khai sinh. Mất thẻ: chọn loại thẻ và gõ số, nếu khách nhớ.",
                "A child: birth certificate. A lost card: its kind and number, if the guest knows it.",
            ),
            required: true,
            optional: "",
            ..self.field("kind", ("Giấy tờ", "Paper"), Kind::Choice(kinds.collect()))
        };
        let name = Field { first: true, ..self.full_name() };
        let number = self.field("number", ("Số giấy tờ", "Its number"), Kind::Line(PAPER));
        let address = self.field("address", ("Nơi thường trú", "Permanent residence"), Kind::Line(LINE));
        vec![name, self.birth(), self.sex(), kind, number, address]
    }

    fn passport(&self) -> Vec<Field> {
        let mrz = Field {
            hint: self.hint(
                "Hai dòng dưới cùng của trang ảnh, quét hoặc gõ; khi đó các mục dưới đây để trống được.",
                "The two lines at the foot of the photo page, scanned or typed; what is below may then stay empty.",
            ),
            first: true,
            ..self.field("mrz", ("Dòng máy đọc", "Machine-readable lines"), Kind::Area)
        };
        let nationality = Field {
            hint: self.hint("Ba chữ cái, như KOR, FRA.", "Three letters, as KOR, FRA."),
            ..self.field("nationality", ("Quốc tịch", "Nationality"), Kind::Line(CODE))
        };
        let number = self.field("number", ("Số hộ chiếu", "Passport number"), Kind::Line(PAPER));
        let unless_read = |field: Field| Field {
            required: false,
            optional: self.page.say("nếu không có dòng máy đọc", "unless the lines are given"),
            ..field
        };
        let (full_name, birth) = (unless_read(self.full_name()), unless_read(self.birth()));
        vec![mrz, full_name, birth, self.sex(), unless_read(nationality), unless_read(number)]
    }

    fn room(&self) -> Field {
        Field { optional: "", ..self.field("room", ("Phòng", "Room"), Kind::Line(ROOM)) }
    }

    /// Tomorrow, unless said otherwise.
    fn departure(&self) -> Field {
        let field = self.needed("departure", ("Ở đến ngày", "Until"), Kind::Line(DAY));
        let tomorrow = self.now.date_in_viet_nam().plus_days(1).as_ref().map(CivilDate::to_string);
        let value = if field.value.is_empty() { tomorrow.unwrap_or_default() } else { field.value };
        Field { value, ..field }
    }

    fn reason(&self) -> Field {
        let choices = Reason::ALL.into_iter().map(|reason| (reason.name(), self.page.tell(&reason.label())));
        self.needed("reason", ("Lý do", "Reason"), Kind::Choice(choices.collect()))
    }

    fn arrival(&self) -> Field {
        Field {
            hint: self.hint("Để trống nếu khách vừa đến.", "Leave it empty if the guest has just come."),
            optional: "",
            ..self.field("arrival", ("Khách đến lúc", "Arrived at"), Kind::Line(TIME))
        }
    }
}

const fn document(kind: DocumentKind) -> Text {
    match kind {
        DocumentKind::Other => Text::new("Giấy tờ khác, hoặc không có", "Another paper, or none"),
        kind => kind.label(),
    }
}
