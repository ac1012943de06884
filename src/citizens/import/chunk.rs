//! Cuts a file into chunks of whole rows, and keeps the digest of what was cut.

use std::io::{self, Read};

use crate::crypto::digest::RunningDigest;

use super::Format;

/// Rows that belong together on their way through the import.
#[derive(Debug)]
pub struct Chunk {
    pub bytes: Vec<u8>,
    /// Line of the first row, from 1.
    pub first_line: u64,
    pub rows: u64,
    /// Bytes of the file up to the end of this chunk.
    pub end: u64,
    /// Digest of all bytes up to there.
    pub digest: [u8; 32],
    /// One row that does not end: only its first line is here.
    pub endless: bool,
}

/// The longest row that is read; a photo of 300 kB fits.
const LONGEST_ROW: usize = 1 << 20;
/// Rows that fill so much make a chunk, however few they are.
const LARGEST: usize = 1 << 21;
const READ_AT_ONCE: usize = 1 << 16;

/// Where in a CSV record the next byte stands (RFC 4180, as the `csv` crate reads it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: its end, or the first half of a doubled one.
    QuoteSeen,
}

/// A reader that knows where rows end.
pub struct Chunker<R> {
    reader: R,
    format: Format,
    /// Bytes that were read; those before `start` are cut already.
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    digest: RunningDigest,
    offset: u64,
    line: u64,
}

impl<R: Read> Chunker<R> {
    pub fn new(reader: R, format: Format) -> Self {
        Self {
            reader,
            format,
            buffer: Vec::new(),
            start: 0,
            ended: false,
            digest: RunningDigest::default(),
            offset: 0,
            line: 1,
        }
    }

    /// The file's first bytes, up to `length`; they are still read as rows afterwards.
    pub fn head(&mut self, length: usize) -> io::Result<&[u8]> {
        while self.waiting().len() < length && self.fill()? {}
        let waiting = self.waiting();
        Ok(&waiting[..waiting.len().min(length)])
    }

    fn waiting(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// The next `rows` rows, or fewer if they are long, at the file's end, or at byte `limit`, which must be the end
    /// of a row. `None` when there is nothing left.
    pub fn next(&mut self, rows: usize, limit: u64) -> io::Result<Option<Chunk>> {
        let (mut place, mut found, mut at, mut complete) = (Place::CellStart, 0, 0, 0);
        let most = usize::try_from(limit.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        while found < rows && at < most && complete < LARGEST {
            if at == self.waiting().len() && !self.fill()? {
                // The last line may lack its end.
                (found, complete) = (found + usize::from(at > complete), at);
                break;
            }
            let byte = self.buffer[self.start + at];
            at += 1;
            if self.ends_row(&mut place, byte) {
                (found, complete) = (found + 1, at);
            } else if at - complete > LONGEST_ROW {
                return Ok(Some(if complete > 0 { self.cut(complete, found, false) } else { self.cut_line() }));
            }
        }
        Ok((complete > 0).then(|| self.cut(complete, found, false)))
    }

    fn ends_row(&self, place: &mut Place, byte: u8) -> bool {
        if self.format == Format::Ndjson {
            return byte == b'\n';
        }
        *place = match (*place, byte) {
            (Place::Quoted, b'"') => Place::QuoteSeen,
            (Place::Quoted, _) | (Place::QuoteSeen, b'"') | (Place::CellStart, b'"') => Place::Quoted,
            (_, b'\n') => {
                *place = Place::CellStart;
                return true;
            }
            (_, b',') => Place::CellStart,
            _ => Place::Plain,
        };
        false
    }

    /// Gives up on a row that does not end and takes its first line alone, so that one stray
    /// quote does not swallow the file.
    fn cut_line(&mut self) -> Chunk {
        let waiting = self.waiting();
        let line = waiting.iter().position(|byte| *byte == b'\n').map_or(waiting.len(), |end| end + 1);
        self.cut(line, 1, true)
    }

    fn cut(&mut self, length: usize, rows: usize, endless: bool) -> Chunk {
        let bytes = self.waiting()[..length].to_vec();
        self.start += length;
        self.digest.update(&bytes);
        self.offset += length as u64;
        let first_line = self.line;
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        Chunk { first_line, rows: rows as u64, end: self.offset, digest: self.digest.so_far(), endless, bytes }
    }

    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..std::mem::take(&mut self.start));
        let length = self.buffer.len();
        self.buffer.resize(length + READ_AT_ONCE, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(!self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str, format: Format, rows: usize) -> Vec<(String, u64, u64)> {
        let mut chunker = Chunker::new(text.as_bytes(), format);
        let mut chunks = Vec::new();
        while let Some(chunk) = chunker.next(rows, u64::MAX).unwrap() {
            chunks.push((String::from_utf8(chunk.bytes).unwrap(), chunk.first_line, chunk.rows));
        }
        chunks
    }

    #[test]
    fn a_quoted_line_end_is_part_of_its_row() {
        let text = "a,\"b\nc\"\"\n\"\nd,e\"f\ng";
        let expected = [("a,\"b\nc\"\"\n\"\n".to_owned(), 1, 1), ("d,e\"f\n".to_owned(), 4, 1), ("g".to_owned(), 5, 1)];
        assert_eq!(chunks(text, Format::Csv, 1), expected);
        assert_eq!(chunks(text, Format::Csv, 2).len(), 2);
        assert_eq!(chunks("{}\n{}", Format::Ndjson, 5), [("{}\n{}".to_owned(), 1, 2)]);
        assert_eq!(chunks("", Format::Csv, 5), []);
    }

    #[test]
    fn a_row_without_end_costs_one_line() {
        let text = format!("\"a\n{}\n", "b,c\n".repeat(400_000));
        let first = &chunks(&text, Format::Csv, 3)[0];
        assert_eq!((first.0.as_str(), first.2), ("\"a\n", 1));
    }

    #[test]
    fn a_limit_at_a_rows_end_is_kept() {
        let mut chunker = Chunker::new("{}\n{}\n{}\n".as_bytes(), Format::Ndjson);
        assert_eq!(chunker.head(4).unwrap(), b"{}\n{");
        assert_eq!(chunker.next(10, 6).unwrap().unwrap().rows, 2);
        assert!(chunker.next(10, 6).unwrap().is_none());
        assert_eq!(chunker.next(10, u64::MAX).unwrap().unwrap().end, 9);
    }
}
