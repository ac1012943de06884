//! Where rows come from, and where a stopped import goes on.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::citizens::sealing::Sealing;
use crate::citizens::store::import_runs::ImportRun;
use crate::crypto::digest::sha256;

use super::Format;
use super::chunk::Chunker;
use super::columns::{Header, HeaderFault};
use super::importer::ImportError;
use super::input::Input;
use super::parse::{Layout, note_numbers};
use super::seen::Seen;

/// What is imported.
#[derive(Debug, Clone)]
pub enum Source {
    File(PathBuf),
    /// Cannot be read twice, so a restart begins at the beginning; nothing is stored twice.
    Stdin,
}

/// So much of a file's beginning makes its key.
const HEAD: usize = 1 << 16;
const ROWS_TO_SKIP: usize = 4096;

pub type Reader = Chunker<Input>;

/// An open file, its header read.
pub struct Origin {
    pub chunker: Reader,
    pub layout: Layout,
    /// Keyed digest of the file's beginning; `None` if it cannot be read again.
    pub file_key: Option<Vec<u8>>,
    /// Length in bytes, where known.
    pub length: Option<u64>,
}

impl Origin {
    /// Opens it, to be read until `end`.
    pub fn open(source: &Source, format: Format, sealing: &Sealing, end: Arc<AtomicBool>) -> Result<Self, ImportError> {
        let (input, length) = match source {
            Source::Stdin => (Input::stdin(end).map_err(ImportError::Read)?, None),
            Source::File(path) => {
                let input = Input::open(path, end).map_err(ImportError::Read)?;
                let length = input.length().map_err(ImportError::Read)?;
                (input, length)
            }
        };
        let mut chunker = Chunker::new(input, format);
        let file_key = match length {
            Some(_) => {
                let head = sha256(&[chunker.head(HEAD).map_err(ImportError::Read)?]);
                Some(sealing.file_digest(&head)?.to_vec())
            }
            None => None,
        };
        let layout = match format {
            Format::Ndjson => Layout::Ndjson,
            Format::Csv => Layout::Csv(header(&mut chunker)?),
        };
        Ok(Self { chunker, layout, file_key, length })
    }

    /// Reads past what `run` has done, noting its numbers. `false` if those bytes are not what they
    /// were: then the file must be opened again and read from its beginning.
    pub fn skip(&mut self, run: &ImportRun, sealing: &Sealing, seen: &Arc<Seen>) -> Result<bool, ImportError> {
        let limit = u64::try_from(run.bytes_done).unwrap_or(0);
        let mut digest = None;
        while let Some(chunk) = self.chunker.next(ROWS_TO_SKIP, limit).map_err(ImportError::Read)? {
            note_numbers(&chunk, &self.layout, seen);
            digest = (chunk.end == limit).then_some(chunk.digest);
        }
        match digest {
            Some(digest) => Ok(sealing.file_digest(&digest)?.as_slice() == run.digest_done),
            None => Ok(false),
        }
    }
}

fn header(chunker: &mut Reader) -> Result<Header, ImportError> {
    let unreadable = || ImportError::Header(HeaderFault::Unreadable);
    let line = chunker.next(1, u64::MAX).map_err(ImportError::Read)?.ok_or_else(unreadable)?;
    let text = line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line.bytes);
    let mut record = csv::StringRecord::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    match reader.read_record(&mut record) {
        Ok(true) => Ok(Header::of(record.iter())?),
        _ => Err(unreadable()),
    }
}
