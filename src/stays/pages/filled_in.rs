//! What a guest's form at the desk says, as people fill it in.

use super::By;
use super::asked::Sent;
use crate::kernel::{CivilDate, Faults, IdNumber, Instant, PartialDate, PersonName, Sex, Text};
use crate::stays::model::{Document, DocumentKind, GuestGiven, Mrz, Reason, TypedGuest};

/// A day of departure counts to its end.
const LAST_MINUTE: &str = "23:59";

const MISSING: Text = Text::new("Hãy điền mục này.", "Please fill this in.");
const DATE: Text = Text::new(
    "Hãy gõ ngày/tháng/năm, ví dụ 15/3/1999; nếu giấy tờ chỉ ghi năm, gõ năm.",
    "Type day/month/year, such as 15/3/1999; the year alone if the paper says no more.",
);
const WHEN: Text = Text::new("Ngày giờ này chưa đúng.", "This is no date and time.");
const LONG: Text = Text::new("Nội dung này quá dài.", "This is too long.");
const DOCUMENT: Text = Text::new(
    "Số giấy tờ gồm 1–20 chữ cái không dấu, chữ số hoặc gạch nối.",
    "A document’s number is 1 to 20 letters, digits or hyphens.",
);
const COUNTRY: Text = Text::new(
    "Quốc tịch là mã ba chữ cái, như VNM, KOR, FRA.",
    "A nationality is a code of three letters, such as VNM, KOR, FRA.",
);

/// What a form says, as far as it can be read.
pub(super) struct FilledIn {
    pub room: Option<String>,
    /// If it is said; else the guest has just come.
    pub arrival: Option<Instant>,
    pub departure: Option<Instant>,
    pub reason: Reason,
    pub guest: GuestGiven,
}

/// Reads the form; every fault is told at its field.
pub(super) fn read(sent: &Sent, by: By, now: Instant, faults: &mut Faults) -> Option<FilledIn> {
    let arrival = match sent.get("arrival").map(local) {
        Some(None) => fault(faults, "arrival", WHEN),
        said => Some(said.flatten()),
    };
    let room = match sent.get("room") {
        Some(room) if room.chars().count() > 20 => fault(faults, "room", LONG),
        room => Some(room.map(str::to_owned)),
    };
    let departure = read_departure(sent, faults);
    let reason = sent.get("reason").and_then(Reason::parse).unwrap_or(Reason::Tourism);
    let guest = read_guest(sent, by, now, faults);
    Some(FilledIn { room: room?, arrival: arrival?, departure: departure?, reason, guest: guest? })
}

pub(super) fn read_departure(sent: &Sent, faults: &mut Faults) -> Option<Option<Instant>> {
    let Some(text) = sent.get("departure") else { return Some(None) };
    let Ok(day) = CivilDate::parse(text) else { return fault(faults, "departure", WHEN) };
    Some(local(&format!("{day}T{LAST_MINUTE}")))
}

fn read_guest(sent: &Sent, by: By, now: Instant, faults: &mut Faults) -> Option<GuestGiven> {
    match by {
        By::Scan | By::File => needed(sent, "scan", faults).map(|text| GuestGiven::Qr(text.to_owned())),
        By::Number => {
            let number = needed(sent, "number", faults).and_then(|text| {
                let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '.').collect();
                faults.take("number", IdNumber::parse(&digits))
            });
            let (full_name, date_of_birth) = (read_name(sent, None, faults), read_birth(sent, None, faults));
            Some(GuestGiven::Anchor { id_number: number?, full_name: full_name?, date_of_birth: date_of_birth? })
        }
        By::Paper => {
            let kind = sent.get("kind").and_then(DocumentKind::parse).unwrap_or(DocumentKind::Other);
            read_typed(sent, kind, (None, now), faults)
        }
        By::Passport => {
            let mrz = match sent.get("mrz").map(Mrz::parse) {
                Some(zone) => Some(faults.take("mrz", zone)?),
                None => None,
            };
            // The lines on the back of a Vietnamese card.
            let card = mrz.as_ref().and_then(Mrz::personal_number).is_some();
            let kind = if card { DocumentKind::CanCuoc } else { DocumentKind::Passport };
            read_typed(sent, kind, (mrz, now), faults)
        }
    }
}

/// What the machine-readable zone says need not be typed.
fn read_typed(
    sent: &Sent,
    kind: DocumentKind,
    (mrz, now): (Option<Mrz>, Instant),
    faults: &mut Faults,
) -> Option<GuestGiven> {
    let passport = kind == DocumentKind::Passport;
    let full_name = read_name(sent, mrz.as_ref().and_then(Mrz::full_name), faults);
    let born = mrz.as_ref().and_then(|zone| zone.date_of_birth(now.date_in_viet_nam()));
    let date_of_birth = read_birth(sent, born, faults);
    let number = sent.get("number").map(str::to_owned).or_else(|| mrz.as_ref().map(number_in));
    let document = match number {
        Some(number) => read_document(kind, &number, faults).map(Some),
        None if passport => fault(faults, "number", MISSING),
        None => Some(None),
    };
    let nationality = sent.get("nationality").map(str::to_owned).or_else(|| mrz.as_ref().map(Mrz::nationality));
    let nationality = match nationality {
        Some(code) => read_nationality(&code, faults),
        None if passport => fault(faults, "nationality", MISSING),
        None => Some("VNM".to_owned()),
    };
    let sex = match sent.get("sex") {
        Some("M") => Some(Sex::Male),
        Some("F") => Some(Sex::Female),
        _ => mrz.as_ref().and_then(Mrz::sex),
    };
    Some(GuestGiven::Typed(Box::new(TypedGuest {
        full_name: full_name?,
        date_of_birth: date_of_birth?,
        sex,
        nationality: nationality?,
        document: document?,
        mrz,
        address: sent.get("address").map(str::to_owned),
        phone: None,
    })))
}

fn read_document(kind: DocumentKind, text: &str, faults: &mut Faults) -> Option<Document> {
    let number: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let good = (1..=20).contains(&number.len())
        && number.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-');
    if good { Some(Document { kind, number }) } else { fault(faults, "number", DOCUMENT) }
}

fn read_nationality(text: &str, faults: &mut Faults) -> Option<String> {
    let code = text.to_ascii_uppercase();
    let good = code.len() == 3 && code.bytes().all(|c| c.is_ascii_uppercase());
    if good { Some(code) } else { fault(faults, "nationality", COUNTRY) }
}

fn number_in(zone: &Mrz) -> String {
    zone.personal_number().map_or_else(|| zone.document_number(), |number| number.expose().to_owned())
}

/// `read`: what stands for a name that was not typed.
fn read_name(sent: &Sent, read: Option<PersonName>, faults: &mut Faults) -> Option<PersonName> {
    if let (None, Some(read)) = (sent.get("full_name"), read) {
        return Some(read);
    }
    let name = needed(sent, "full_name", faults)?;
    faults.take("full_name", PersonName::parse(name))
}

/// The same of a birth date.
fn read_birth(sent: &Sent, read: Option<PartialDate>, faults: &mut Faults) -> Option<PartialDate> {
    if let (None, Some(read)) = (sent.get("birth"), read) {
        return Some(read);
    }
    let text = needed(sent, "birth", faults)?;
    birth(text).or_else(|| fault(faults, "birth", DATE))
}

/// Day, month and year as people write them here: `15/3/1999`, `15031999`, `3/1999`, `1999`.
fn birth(text: &str) -> Option<PartialDate> {
    let parts: Vec<&str> = text.split(['/', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    let written = match parts.as_slice() {
        [digits] if digits.len() == 8 && digits.is_ascii() => {
            format!("{}-{}-{}", &digits[4..], &digits[2..4], &digits[..2])
        }
        [year] => (*year).to_owned(),
        [month, year] => format!("{year}-{month:0>2}"),
        // As the card's own text and this service's interface have it.
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [day, month, year] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => return None,
    };
    PartialDate::parse(&written).ok()
}

/// Date and minute in Viet Nam, as browsers write them.
fn local(text: &str) -> Option<Instant> {
    let text = text.get(..16)?;
    Instant::parse_rfc3339(&format!("{text}:00+07:00"))
}

fn needed<'a>(sent: &'a Sent, name: &'static str, faults: &mut Faults) -> Option<&'a str> {
    sent.get(name).or_else(|| fault(faults, name, MISSING))
}

fn fault<T>(faults: &mut Faults, name: &'static str, text: Text) -> Option<T> {
    faults.push(name, "faulty", text);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_dates_as_they_are_typed() {
        for (typed, meant) in [
            ("15/3/1999", "1999-03-15"),
            ("15031999", "1999-03-15"),
            ("15.03.1999", "1999-03-15"),
            ("1999-03-15", "1999-03-15"),
            ("3/1999", "1999-03"),
            ("1999", "1999"),
        ] {
            assert_eq!(birth(typed).map(|date| date.to_string()).as_deref(), Some(meant), "{typed}");
        }
        for typed in ["31/2/1999", "1/2/3/4", "x", "150399", "đđđđ"] {
            assert!(birth(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn what_the_lines_say_need_not_be_typed() {
        let now = Instant::parse_rfc3339("2026-11-21T10:00:00+07:00").unwrap();
        let guest = |fields: &[(&str, &str)]| {
            let sent = Sent(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
            let mut faults = Faults::default();
            let read = read_guest(&sent, By::Passport, now, &mut faults);
            faults.or_value(read).map_err(Faults::into_vec)
        };
        let passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let card = "IDVNM0990000017097099000001<<1\n9903159M3903157VNM<<<<<<<<<<<6\nNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<";
        for (lines, name, born, kind, number) in [
            (passport, "ERIKSSON ANNA MARIA", "1974-08-12", DocumentKind::Passport, "L898902C3"),
            (card, "NGUYEN VAN AN", "1999-03-15", DocumentKind::CanCuoc, "097099000001"),
        ] {
            let Ok(GuestGiven::Typed(guest)) = guest(&[("mrz", lines)]) else { panic!("{lines}") };
            assert_eq!((guest.full_name.expose(), guest.date_of_birth.to_string().as_str()), (name, born));
            let document = guest.document.as_ref().unwrap();
            assert_eq!((document.kind, document.number.as_str()), (kind, number));
            assert!(guest.mrz.as_ref().unwrap().agrees_with(&guest));
        }
        // What is typed goes before.
        let Ok(GuestGiven::Typed(typed)) = guest(&[("mrz", passport), ("full_name", "Anna")]) else { panic!() };
        assert_eq!(typed.full_name.expose(), "Anna");
        let Err(faults) = guest(&[]) else { panic!() };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(fields, ["full_name", "birth", "number", "nationality"]);
    }

    #[test]
    fn a_day_of_departure_counts_to_its_end() {
        let departure = |day: &str| {
            let sent = Sent(vec![("departure".to_owned(), day.to_owned())]);
            read_departure(&sent, &mut Faults::default()).flatten()
        };
        assert_eq!(departure("2026-11-27"), local("2026-11-27T23:59"));
        assert_eq!(departure("tomorrow"), None);
    }
}
