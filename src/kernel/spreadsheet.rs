//! Text for spreadsheet programs. Whatever Dancu writes as CSV passes [`CsvWriter`], so that no cell of any file is taken
//! for a formula (CWE-1236): the text of a cell may be a stranger's.

use std::borrow::Cow;
use std::io::{self, Write};

/// So that spreadsheet programs know the text for Unicode.
const BYTE_ORDER_MARK: &str = "\u{feff}";

const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Where a program may take a cell to end and the next to begin, whichever of them parts the cells of the
/// file: Excel splits at what the country it is set to writes between numbers, in Viet Nam a semicolon,
/// and then a quotation mark within a text keeps no line together.
const ENDS: [char; 5] = [';', ',', '\t', '\n', '\r'];
/// What may stand before a formula and hides nothing.
const PASSED_OVER: [char; 3] = ['\'', '"', ' '];

/// Whether a spreadsheet program would take a text for a formula.
pub fn looks_like_formula(text: &str) -> bool {
    text.starts_with(SIGNS) || text.starts_with(['\t', '\r'])
}

/// Whether what begins here would be a formula but for apostrophes before it.
fn hides_formula((at, rest): (usize, &str)) -> bool {
    let first = at == 0 && rest.trim_start_matches('\'').starts_with(['\t', '\r']);
    first || rest.trim_start_matches(PASSED_OVER).starts_with(SIGNS)
}

/// The places in a text at which a cell may begin, each with what follows.
fn beginnings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let after = text.match_indices(ENDS).map(|(at, end)| at + end.len());
    std::iter::once(0).chain(after).map(|at| (at, &text[at..]))
}

/// A text in which no spreadsheet program finds a formula, wherever it splits it: an apostrophe stands
/// before each that would be one.
pub fn guarded(text: &str) -> Cow<'_, str> {
    with_apostrophes(text, beginnings(text).filter(|begin| hides_formula(*begin)))
}

/// A text that is read again as it was: what looks guarded by itself gets an apostrophe more.
pub fn kept(text: &str) -> Cow<'_, str> {
    with_apostrophes(text, beginnings(text).filter(|begin| is_guarded(*begin)))
}

/// The text that [`guarded`] or [`kept`] was given.
pub fn unguarded(text: &str) -> Cow<'_, str> {
    let (mut pieces, mut from) = (String::new(), 0);
    for (at, _) in beginnings(text).filter(|begin| is_guarded(*begin)) {
        pieces.push_str(&text[from..at]);
        from = at + '\''.len_utf8();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    pieces.push_str(&text[from..]);
    Cow::Owned(pieces)
}

fn is_guarded(begin: (usize, &str)) -> bool {
    begin.1.starts_with('\'') && hides_formula(begin)
}

fn with_apostrophes<'t>(text: &'t str, places: impl Iterator<Item = (usize, &'t str)>) -> Cow<'t, str> {
    let (mut written, mut from) = (String::new(), 0);
    let mut any = false;
    for (at, _) in places {
        written.push_str(&text[from..at]);
        written.push('\'');
        (from, any) = (at, true);
    }
    if !any {
        return Cow::Borrowed(text);
    }
    written.push_str(&text[from..]);
    Cow::Owned(written)
}

/// Writes rows as CSV (RFC 4180); every cell of them is [`guarded`]. What it writes to is its caller's.
pub struct CsvWriter<W: Write>(csv::Writer<W>);

impl CsvWriter<Vec<u8>> {
    /// For a file that people open: lines end as programs of theirs expect it, and the text says that it is Unicode.
    pub fn for_people(separator: u8) -> Self {
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(separator).terminator(csv::Terminator::CRLF).flexible(true);
        Self(builder.from_writer(BYTE_ORDER_MARK.as_bytes().to_vec()))
    }

    /// What was written.
    ///
    /// # Errors
    /// None that memory gives.
    pub fn into_bytes(self) -> io::Result<Vec<u8>> {
        self.0.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

impl<W: Write> CsvWriter<W> {
    /// For a file that a program reads again.
    pub fn for_programs(writer: W) -> Self {
        Self(csv::Writer::from_writer(writer))
    }

    /// # Errors
    /// Those of the writer, and of a row for programs that has other cells than the first.
    pub fn write_row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(guarded(cell.as_ref()).as_bytes())?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    /// # Errors
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_a_file_is_guarded() {
        let rows = [["-3-C9", "=1+1", "An"], ["'=1", "a;+84", "b\"c"]];
        let mut people = CsvWriter::for_people(b';');
        rows.iter().try_for_each(|row| people.write_row(row)).unwrap();
        let text = String::from_utf8(people.into_bytes().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}'-3-C9;'=1+1;An\r\n''=1;\"a;'+84\";\"b\"\"c\"\r\n");
        let mut bytes = Vec::new();
        let mut programs = CsvWriter::for_programs(&mut bytes);
        rows.iter().try_for_each(|row| programs.write_row(row)).unwrap();
        programs.flush().unwrap();
        drop(programs);
        assert_eq!(String::from_utf8(bytes).unwrap(), "'-3-C9,'=1+1,An\n''=1,a;'+84,\"b\"\"c\"\n");
    }
}
