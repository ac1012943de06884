//! The file of refused rows, one JSON object a line: `line`, `faults`, and the `row` as it was.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;

use crate::kernel::Faults;

/// A row that was not taken.
#[derive(Debug)]
pub struct Refused {
    pub line: u64,
    pub row: Vec<u8>,
    pub faults: Faults,
}

#[derive(Serialize)]
struct Line<'a> {
    line: u64,
    faults: Vec<FaultLine<'a>>,
    row: &'a str,
}

#[derive(Serialize)]
struct FaultLine<'a> {
    pointer: &'a str,
    code: &'a str,
    vi: &'a str,
    en: &'a str,
}

/// Readable by its owner only: it holds people's data.
pub struct Rejects {
    file: File,
    length: u64,
}

impl Rejects {
    /// Opens the file and cuts it to `length`: what came after was written by a run that was
    /// stopped before its rows were done, and comes again.
    pub fn open(path: &Path, length: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let length = length.min(file.metadata()?.len());
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok(Self { file, length })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Puts the end back where it was: the same rows are decided again.
    pub fn cut_to(&mut self, length: u64) -> io::Result<()> {
        if length != self.length {
            self.file.set_len(length)?;
            self.length = self.file.seek(SeekFrom::Start(length))?;
        }
        Ok(())
    }

    /// Adds rows and syncs them, before the database is told that they are done.
    pub fn append<'a>(&mut self, refused: impl Iterator<Item = &'a Refused>) -> io::Result<()> {
        let mut writer = BufWriter::new(&self.file);
        let mut any = false;
        for refused in refused {
            any = true;
            let faults = refused.faults.iter().map(|fault| FaultLine {
                pointer: &fault.pointer,
                code: fault.code,
                vi: fault.text.vi,
                en: fault.text.en,
            });
            let row = String::from_utf8_lossy(&refused.row);
            let line = Line { line: refused.line, faults: faults.collect(), row: row.trim_end_matches(['\r', '\n']) };
            serde_json::to_writer(&mut writer, &line)?;
            writer.write_all(b"\n")?;
        }
        if any {
            writer.flush()?;
            drop(writer);
            self.file.sync_data()?;
            self.length = self.file.stream_position()?;
        }
        Ok(())
    }
}
