//! The bytes of a workbook as its reader fetches them, with the parts counted that it begins: however parts
//! are named, linked and named again, what is read of them all is bounded.

use std::cell::{Cell, RefCell};
use std::io::{Cursor, Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::rc::Rc;

use super::fault::FileFault;

/// A part of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where its packed bytes begin; parts do not overlap.
    pub start: u64,
    /// Its true length.
    pub unpacked: u64,
}

/// What has been read. Shared with the reader.
#[derive(Clone)]
pub struct Meter(Rc<Counts>);

struct Counts {
    parts: Vec<Part>,
    /// How often each part was begun.
    begun: RefCell<Vec<u32>>,
    /// Unpacked bytes that may still be read.
    left: Cell<u64>,
    is_exhausted: Cell<bool>,
}

impl Meter {
    /// `most`: unpacked bytes that may be read in all, each reading of a part counted whole.
    pub fn new(mut parts: Vec<Part>, most: u64) -> Self {
        parts.sort_unstable_by_key(|part| part.start);
        let begun = RefCell::new(vec![0; parts.len()]);
        Self(Rc::new(Counts { parts, begun, left: Cell::new(most), is_exhausted: Cell::new(false) }))
    }

    /// The bytes, for a reader of workbooks.
    pub fn of<'b>(&self, bytes: &'b [u8]) -> Metered<'b> {
        Metered { bytes: Cursor::new(bytes), meter: self.clone() }
    }

    /// Whether a part was begun more than once since [`Self::forget_begun`].
    pub fn is_one_begun_twice(&self) -> bool {
        self.0.begun.borrow().iter().any(|times| *times > 1)
    }

    pub fn forget_begun(&self) {
        self.0.begun.borrow_mut().fill(0);
    }

    /// The fault, where reading was cut short; else `otherwise`.
    pub fn or(&self, otherwise: FileFault) -> FileFault {
        if self.0.is_exhausted.get() { FileFault::TooLarge } else { otherwise }
    }

    /// Unpacked bytes that may still be read.
    #[cfg(test)]
    pub fn left(&self) -> u64 {
        self.0.left.get()
    }

    fn note(&self, position: u64) -> Result<()> {
        let Ok(index) = self.0.parts.binary_search_by_key(&position, |part| part.start) else { return Ok(()) };
        self.0.begun.borrow_mut()[index] += 1;
        match self.0.left.get().checked_sub(self.0.parts[index].unpacked) {
            Some(left) => self.0.left.set(left),
            None => {
                self.0.is_exhausted.set(true);
                return Err(Error::from(ErrorKind::QuotaExceeded));
            }
        }
        Ok(())
    }
}

/// The bytes of a workbook.
pub struct Metered<'b> {
    bytes: Cursor<&'b [u8]>,
    meter: Meter,
}

impl Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        if !into.is_empty() {
            self.meter.note(self.bytes.position())?;
        }
        self.bytes.read(into)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.bytes.seek(to)
    }
}
