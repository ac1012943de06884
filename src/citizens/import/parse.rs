//! From the bytes of a chunk to citizens and refused rows. Pure but for new keys.

use std::ops::Range;

use crate::citizens::Citizen;
use crate::kernel::entropy::random_bytes;
use crate::kernel::spreadsheet::unguarded;
use crate::kernel::{CitizenId, CivilDate, Entropy, Faults, Text};

use super::chunk::Chunk;
use super::columns::Header;
use super::quality::Tally;
use super::raw::{Leaf, RawCitizen};
use super::rejects::Refused;
use super::seen::Seen;
use super::validate::validate;

const UNREADABLE: (&str, Text) =
    ("row_unreadable", Text::new("Không đọc được dòng này.", "The row cannot be read: no JSON object, or not UTF-8."));
const ENDLESS: (&str, Text) = (
    "row_endless",
    Text::new("Dòng không kết thúc: thừa dấu nháy kép?", "The row does not end within 1 MiB: a stray quotation mark?"),
);
const WIDTH: (&str, Text) =
    ("column_count", Text::new("Số ô khác số cột.", "The row has more or fewer cells than the header."));

/// How rows are written.
#[derive(Clone)]
pub enum Layout {
    Csv(Header),
    Ndjson,
}

/// What rows are judged by.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub layout: &'a Layout,
    pub seen: &'a Seen,
    pub entropy: &'a dyn Entropy,
    pub today: CivilDate,
    pub fresh_since: CivilDate,
}

/// What a chunk holds.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Lines and bytes of the accepted rows, in the order of their citizens.
    pub accepted: Vec<(u64, Range<usize>)>,
    pub refused: Vec<Refused>,
    pub tally: Tally,
}

/// Reads every row. Citizens get new keys that begin alike, so that their rows lie together in the
/// database's trees; the other twelve bytes are random. Who is known by number keeps the old key.
pub fn parse(chunk: &Chunk, rules: Rules<'_>) -> (Vec<Citizen>, Parsed) {
    let mut parsed = Parsed::default();
    let mut citizens = Vec::with_capacity(chunk.rows as usize);
    let prefix: [u8; 4] = random_bytes(rules.entropy);
    rows(chunk, rules.layout, |line, bytes, raw| {
        let citizen = raw.map_err(fault).and_then(|raw| {
            if let Leaf::Text(number) = &raw.id_number {
                parsed.tally.repeated += u64::from(rules.seen.again(number));
            }
            let mut key: [u8; 16] = random_bytes(rules.entropy);
            key[..4].copy_from_slice(&prefix);
            validate(&raw, CitizenId(key), rules.today)
        });
        match citizen {
            Ok(citizen) => {
                parsed.tally.accept(&citizen, rules.fresh_since);
                parsed.accepted.push((line, bytes));
                citizens.push(citizen);
            }
            Err(faults) => {
                parsed.tally.refuse(&faults);
                parsed.refused.push(Refused { line, row: chunk.bytes[bytes].to_vec(), faults });
            }
        }
    });
    (citizens, parsed)
}

/// Notes the numbers of rows that were done before a restart.
pub fn note_numbers(chunk: &Chunk, layout: &Layout, seen: &Seen) {
    rows(chunk, layout, |_, _, raw| {
        if let Ok(RawCitizen { id_number: Leaf::Text(number), .. }) = raw {
            seen.again(&number);
        }
    });
}

fn fault((code, text): (&'static str, Text)) -> Faults {
    let mut faults = Faults::default();
    faults.push("", code, text);
    faults
}

type Read<'a> = Result<RawCitizen<'a>, (&'static str, Text)>;

fn rows(chunk: &Chunk, layout: &Layout, mut each: impl FnMut(u64, Range<usize>, Read<'_>)) {
    match layout {
        _ if chunk.endless => each(chunk.first_line, 0..chunk.bytes.len(), Err(ENDLESS)),
        Layout::Csv(header) => csv_rows(chunk, header, each),
        Layout::Ndjson => {
            let mut start = 0;
            for (index, line) in chunk.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
                let bytes = start..start + line.len();
                start = bytes.end;
                let json = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
                if !json.is_empty() {
                    each(chunk.first_line + index as u64, bytes, read_json(json));
                }
            }
        }
    }
}

fn read_json(json: &[u8]) -> Read<'_> {
    let raw: RawCitizen<'_> = serde_json::from_slice(json).map_err(|_| UNREADABLE)?;
    if raw.wrong { Err(UNREADABLE) } else { Ok(raw) }
}

fn csv_rows(chunk: &Chunk, header: &Header, mut each: impl FnMut(u64, Range<usize>, Read<'_>)) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&*chunk.bytes);
    let mut record = csv::StringRecord::new();
    loop {
        let start = reader.position().clone();
        let read = reader.read_record(&mut record);
        let bytes = start.byte() as usize..reader.position().byte() as usize;
        // The reader counts lines from 1, and begins a record on the line it stands on.
        let line = chunk.first_line + start.line() - 1;
        match read {
            Ok(false) => return,
            Ok(true) if record.len() != header.width() => each(line, bytes, Err(WIDTH)),
            Ok(true) => {
                // Few rows have one: a look at the bytes spares the others a look at each cell.
                if chunk.bytes[bytes.clone()].contains(&b'\'') {
                    record = record.iter().map(unguarded).collect();
                }
                each(line, bytes, Ok(header.read(record.iter())));
            }
            Err(_) if bytes.is_empty() => return,
            Err(_) => each(line, bytes, Err(UNREADABLE)),
        }
    }
}
