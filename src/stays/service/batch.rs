//! Files of notices taken: what can be taken is, and the rest comes back with what is wrong.

use std::time::Duration;

use bytes::Bytes;

use super::{ReportMany, ReportedMany, Stays, StaysError, Taken};
use crate::access::{Caller, FairPermit, FairPermitLimits, NoPermit};
use crate::citizens::guard::meter::Standing;
use crate::crypto::digest::sha256;
use crate::kernel::{FacilityId, Faults, Instant, Language, Purpose, Text};
use crate::stays::formats::{
    BlankRows, FileFault, FileRead, FileRow, Format, ReadNotice, Refused, RowFault, Unread, purpose_of, read_records,
    read_table, write_refused,
};
use crate::stays::model::Notice;

/// Files that are uploaded or worked on at the same time. Each takes its own length, what is read of it and
/// what is answered: a hundred megabytes at the most. Who waits has sent nothing yet.
pub(super) const FILES_AT_ONCE: FairPermitLimits = FairPermitLimits {
    permits: 4,
    permits_of_client: 2,
    waiting: 256,
    waiting_of_client: 64,
    patience: Duration::from_secs(20),
};

const NO_PURPOSE: Text = Text::new("Trường này là bắt buộc.", "This member is required.");

/// Room for one file, from before its first byte is read until it is answered.
pub struct FileRoom {
    permit: FairPermit,
    /// Neither the wait for a turn nor the reading makes a file late.
    received_at: Instant,
}

/// How the rows of a file are read.
#[derive(Clone)]
pub enum BatchFile {
    /// CSV or a workbook. `facility`: where the guests stay whose row does not say it.
    Table { format: Format, bytes: Bytes, facility: Option<FacilityId> },
    /// NDJSON or JSON, each notice read as a single one is.
    Records { format: Format, bytes: Bytes, read: ReadNotice },
}

impl BatchFile {
    pub const fn format(&self) -> Format {
        match self {
            Self::Table { format, .. } | Self::Records { format, .. } => *format,
        }
    }

    const fn bytes(&self) -> &Bytes {
        match self {
            Self::Table { bytes, .. } | Self::Records { bytes, .. } => bytes,
        }
    }

    fn read(&self) -> Result<FileRead, Unread> {
        match self {
            Self::Table { format, bytes, facility } => read_table(*format, bytes, *facility),
            Self::Records { format, bytes, read } => read_records(*format, bytes, *read),
        }
    }

    /// Two files with one digest and one purpose ask for the same.
    fn digest(&self, purpose: &Purpose) -> [u8; 32] {
        let purpose = serde_json::to_vec(purpose).unwrap_or_default();
        let facility = match self {
            Self::Table { facility: Some(facility), .. } => facility.as_bytes().to_vec(),
            _ => Vec::new(),
        };
        let format = self.format().extension().as_bytes();
        sha256(&[format, b"\n", &sha256(&[&facility]), &sha256(&[&purpose]), self.bytes()])
    }
}

/// Why the notices of a file are given.
#[derive(Clone)]
pub enum BatchPurpose {
    Given(Purpose),
    /// The file says it, and this reads it.
    InFile(fn(&str) -> Result<Purpose, Faults>),
}

/// A file of notices.
#[derive(Clone)]
pub struct Batch {
    pub file: BatchFile,
    pub purpose: BatchPurpose,
    pub idempotency_key: Option<String>,
    /// Takes the same path and leaves nothing behind but the entries of refusals; nobody is looked up.
    pub dry_run: bool,
    /// Of the sentences in the file of refused rows.
    pub language: Language,
}

/// Why no row of a file was looked at, or no answer can be given.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    #[error(transparent)]
    Stays(#[from] StaysError),
    #[error(transparent)]
    File(#[from] FileFault),
    #[error("the header has faults")]
    Header(Vec<RowFault>),
    #[error("the purpose has faults")]
    Purpose(Faults),
    #[error("the file of refused rows cannot be written")]
    Unwritable,
}

impl From<Unread> for BatchError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::File(fault) => Self::File(fault),
            Unread::Header(faults) => Self::Header(faults),
        }
    }
}

/// The rows that were not taken, as a file of the same format.
pub struct RefusedFile {
    pub format: Format,
    pub bytes: Vec<u8>,
}

/// What came of a file.
pub struct BatchTold {
    pub dry_run: bool,
    /// Rows that are not blank.
    pub read: usize,
    /// The rows that were taken, by their numbers.
    pub taken: Vec<(u32, Taken)>,
    /// Every fault of every row, in the order of the rows.
    pub faults: Vec<RowFault>,
    /// Rows with faults.
    pub refused: usize,
    pub blank: BlankRows,
    pub refused_file: Option<RefusedFile>,
    pub standing: Standing,
}

/// A file that was read, split into what can be taken and what cannot.
struct Sorted {
    read: FileRead,
    notices: Vec<Notice>,
    purpose: Purpose,
    digest: [u8; 32],
}

impl Stays {
    /// Room for a file of the caller's client; taken before the file is read from the socket.
    ///
    /// # Errors
    /// If too many files wait, of this client or in all, or none was done in time.
    pub async fn room_for_a_file(&self, caller: &Caller) -> Result<FileRoom, NoPermit> {
        let received_at = self.0.clock.now();
        Ok(FileRoom { permit: self.0.files.take(&caller.client.id).await?, received_at })
    }

    /// Takes the notices of a file that have no fault. The others are named row by row, every fault at
    /// once, and come back as a file of the same format.
    ///
    /// # Errors
    /// [`BatchError`]; then nothing was taken, but what a repetition would find.
    pub async fn batch(&self, caller: &Caller, batch: Batch, room: FileRoom) -> Result<BatchTold, BatchError> {
        let FileRoom { permit, received_at } = room;
        let Batch { file, purpose, idempotency_key, dry_run, language } = batch;
        let format = file.format();
        let (sorted, permit) = aside(permit, move || sort(&file, &purpose)).await.ok_or(FileFault::NoWorkbook)?;
        let Sorted { mut read, notices, purpose, digest } = sorted?;
        let many = ReportMany {
            unread: read.rows.len() - notices.len(),
            notices,
            purpose: purpose.clone(),
            idempotency_key,
            request: digest,
            dry_run,
            received_at,
        };
        let ReportedMany { notices: answers, standing } = self.report_many(caller, many).await?;
        let rows = read.rows.len();
        let (taken, faulty) = merge(&mut read, answers)?;
        let blank = std::mem::take(&mut read.blank);
        let refused = faulty.len();
        let written = move || write(format, &read, faulty, &purpose, language);
        let (written, _permit) = aside(permit, written).await.ok_or(BatchError::Unwritable)?;
        let (faults, refused_file) = written?;
        Ok(BatchTold { dry_run, read: rows, taken, faults, refused, blank, refused_file, standing })
    }
}

/// Does what takes long beside the workers. The permit goes along, since the work goes on where whoever asked
/// is gone, and comes back. `None`: it panicked.
async fn aside<T: Send + 'static>(
    permit: FairPermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<(T, FairPermit)> {
    tokio::task::spawn_blocking(move || (work(), permit)).await.ok()
}

fn sort(file: &BatchFile, purpose: &BatchPurpose) -> Result<Sorted, BatchError> {
    let purpose = match purpose {
        BatchPurpose::Given(purpose) => purpose.clone(),
        BatchPurpose::InFile(read) => match purpose_of(file.bytes())? {
            Some(text) => read(text).map_err(|faults| BatchError::Purpose(faults.below("/purpose")))?,
            None => {
                let mut faults = Faults::default();
                faults.push("/purpose", "missing", NO_PURPOSE);
                return Err(BatchError::Purpose(faults));
            }
        },
    };
    let digest = file.digest(&purpose);
    let read = file.read()?;
    let notices = read.rows.iter().filter_map(|row| row.notice.as_ref().ok().cloned()).collect();
    Ok(Sorted { read, notices, purpose, digest })
}

/// A row that was not taken, by its place among the rows, and why.
type Faulty = (usize, Vec<RowFault>);

/// Joins the answers to notices with the rows that they came from.
fn merge(
    read: &mut FileRead,
    answers: Vec<Result<Taken, Faults>>,
) -> Result<(Vec<(u32, Taken)>, Vec<Faulty>), BatchError> {
    let mut answers = answers.into_iter();
    let (mut taken, mut faulty) = (Vec::new(), Vec::new());
    for (place, row) in read.rows.iter_mut().enumerate() {
        match &mut row.notice {
            Err(faults) => faulty.push((place, std::mem::take(faults))),
            Ok(_) => match answers.next().ok_or(BatchError::Unwritable)? {
                Ok(answer) => taken.push((row.row, answer)),
                Err(faults) => {
                    let at = |fault: crate::kernel::Fault| {
                        RowFault::at(row.row, read.layout.column_of(&fault.pointer), fault)
                    };
                    faulty.push((place, faults.into_vec().into_iter().map(at).collect()));
                }
            },
        }
    }
    Ok((taken, faulty))
}

fn write(
    format: Format,
    read: &FileRead,
    faulty: Vec<Faulty>,
    purpose: &Purpose,
    language: Language,
) -> Result<(Vec<RowFault>, Option<RefusedFile>), BatchError> {
    let file = if faulty.is_empty() {
        None
    } else {
        let given = |place: usize| read.rows.get(place).map(|row: &FileRow| &row.given);
        let rows: Vec<Refused<'_>> = faulty
            .iter()
            .filter_map(|(place, faults)| Some(Refused { given: given(*place)?, faults: faults.iter().collect() }))
            .collect();
        let bytes = write_refused((format, &read.layout), &rows, purpose, language);
        Some(RefusedFile { format, bytes: bytes.map_err(|_| BatchError::Unwritable)? })
    };
    Ok((faulty.into_iter().flat_map(|(_, faults)| faults).collect(), file))
}
