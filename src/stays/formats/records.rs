//! JSON and NDJSON: cut into notices here, each read by the same words as a single notice.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::columns::Layout;
use super::fault::{FileFault, RowFault, Unread, told_of_row};
use super::rows::{BlankRows, FileRead, FileRow, Given};
use super::{Format, LONGEST_NOTICE, MOST_GUESTS};
use crate::kernel::{Fault, Faults, Text};
use crate::stays::model::Notice;

/// The member that answers add to a refused notice, and that is passed over when it comes again.
pub const FAULTS_MEMBER: &str = "faults";

const TOO_LONG: (&str, Text) = (
    "notice_too_long",
    Text::new(
        "Thông báo dài hơn 128 KB. Hãy chia khách thành nhiều thông báo.",
        "The notice is longer than 128 KB. Split its guests over several notices.",
    ),
);
/// How much of a notice that is too long comes back, in bytes: enough to find it by.
const SHOWN_OF_TOO_LONG: usize = 200;

/// Reads one notice as a single one is read; pointers of faults are relative to it.
pub type ReadNotice = fn(&[u8]) -> Result<Notice, Faults>;

/// A JSON document of notices.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentRecord<'b> {
    #[serde(borrow, default)]
    purpose: Option<&'b RawValue>,
    #[serde(borrow)]
    stays: Members<'b>,
}

/// The members of a list, no more kept than are read.
struct Members<'b>(Vec<&'b RawValue>);

impl<'de: 'b, 'b> Deserialize<'de> for Members<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while members.len() <= MOST_GUESTS {
                    let Some(member) = list.next_element()? else { return Ok(Members(members)) };
                    members.push(member);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Members(members))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// The `purpose` of a JSON document of notices, as it stands there.
///
/// # Errors
/// If there is no such document.
pub fn purpose_of(bytes: &[u8]) -> Result<Option<&str>, FileFault> {
    Ok(document(bytes)?.purpose.map(RawValue::get))
}

fn document(bytes: &[u8]) -> Result<DocumentRecord<'_>, FileFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileFault::NotUnicode)?;
    serde_json::from_str(text).map_err(|error| if error.is_data() { FileFault::NoStays } else { FileFault::NotJson })
}

/// Reads the notices of a JSON document or of lines of JSON.
///
/// # Errors
/// If the document cannot be cut into notices, or there are none, or too many.
pub fn read_records(format: Format, bytes: &[u8], read: ReadNotice) -> Result<FileRead, Unread> {
    let mut blank = BlankRows::default();
    let records: Vec<(u32, &[u8])> = if format == Format::Json {
        (1..).zip(document(bytes)?.stays.0.into_iter().map(|member| member.get().as_bytes())).collect()
    } else {
        let lines = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let lines = lines.strip_suffix(b"\n").unwrap_or(lines).split(|byte| *byte == b'\n');
        let told = (1..).zip(lines).filter(|(line, text)| {
            let stands = !text.trim_ascii().is_empty();
            if !stands {
                blank.note(*line);
            }
            stands
        });
        told.take(MOST_GUESTS + 1).collect()
    };
    if records.is_empty() {
        return Err(FileFault::NoRows.into());
    }
    let layout = Layout::default();
    let mut guests = 0;
    let mut rows = Vec::with_capacity(records.len().min(MOST_GUESTS));
    for (row, text) in records {
        let read = read_record(&layout, row, text, read);
        guests += read.notice.as_ref().map_or(1, |notice| notice.guests.len());
        if guests > MOST_GUESTS {
            return Err(FileFault::TooManyGuests.into());
        }
        rows.push(read);
    }
    Ok(FileRead { rows, blank, layout })
}

fn read_record(layout: &Layout, row: u32, text: &[u8], read: ReadNotice) -> FileRow {
    // Every member of a notice may be a fault of its own.
    if text.len() > LONGEST_NOTICE {
        let (code, too_long) = TOO_LONG;
        let fault = RowFault::at(row, None, Fault::new("", code, too_long));
        let head = String::from_utf8_lossy(&text[..SHOWN_OF_TOO_LONG]);
        return FileRow { row, given: Given::Text(format!("{}…", head.trim())), notice: Err(vec![fault]) };
    }
    let notice = match told_before(text) {
        Some(without) => read(&without),
        None => read(text),
    };
    let notice = notice.map_err(|faults| {
        let place = |fault: Fault| RowFault::at(row, layout.column_of(&fault.pointer), fault);
        told_of_row(row, faults.into_vec().into_iter().map(place))
    });
    FileRow { row, given: Given::Text(String::from_utf8_lossy(text).trim().to_owned()), notice }
}

/// The notice without the faults that an answer wrote into it, if it did.
fn told_before(text: &[u8]) -> Option<Vec<u8>> {
    let member = format!("\"{FAULTS_MEMBER}\"");
    text.windows(member.len()).any(|window| window == member.as_bytes()).then_some(())?;
    let mut notice: Map<String, Value> = serde_json::from_slice(text).ok()?;
    notice.remove(FAULTS_MEMBER)?;
    serde_json::to_vec(&notice).ok()
}
