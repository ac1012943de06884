//! What a verification found.

use std::fmt;

use crate::audit::checkpoint::NoteFault;

/// Something that an honest log does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The entry is not what its leaf commits to.
    EntryChanged(u64),
    /// The entry is missing although it has not expired.
    EntryRemoved(u64),
    /// The commitment beside the entry and the one in the tree differ.
    LeafChanged(u64),
    /// A stored or served tile is not what its entries make it.
    TileChanged {
        level: u8,
        index: u64,
    },
    TileMissing {
        level: u8,
        index: u64,
    },
    /// A person or transaction does not lead to the entry, or leads to one that is not about them.
    TrailChanged(u64),
    /// Entries are marked as expired, but the log has no note of it.
    ExpiryWithoutNote {
        below: u64,
    },
    NoCheckpoint,
    BadCheckpoint(NoteFault),
    /// The checkpoint is of another log than the one it stands for.
    WrongOrigin,
    /// The tree is not the one that the checkpoint signs.
    RootDiffers {
        size: u64,
    },
    /// The published checkpoint covers more entries than there are.
    EntriesLost {
        signed: u64,
        stored: u64,
    },
    /// A checkpoint seen before covers more entries than the log has now: an older copy, or a cut.
    Shrunk {
        seen: u64,
        now: u64,
    },
    /// The tree does not begin with the one seen before: two histories were told.
    Forked {
        seen: u64,
    },
    /// A log seen before is not there any more.
    LogMissing,
    /// Its keys are not those seen before.
    KeysChanged,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EntryChanged(index) => write!(f, "entry {index} is not what its leaf commits to"),
            Self::EntryRemoved(index) => write!(f, "entry {index} is missing and has not expired"),
            Self::LeafChanged(index) => write!(f, "entry {index} has another commitment than its leaf"),
            Self::TileChanged { level, index } => write!(f, "tile {level}/{index} is not what its entries make it"),
            Self::TileMissing { level, index } => write!(f, "tile {level}/{index} is missing"),
            Self::TrailChanged(index) => write!(f, "entry {index} is not found by exactly its persons and transaction"),
            Self::ExpiryWithoutNote { below } => {
                write!(f, "entries below {below} are marked as expired without a note in the log")
            }
            Self::NoCheckpoint => f.write_str("there is no checkpoint"),
            Self::BadCheckpoint(fault) => write!(f, "the checkpoint is not valid: {fault}"),
            Self::WrongOrigin => f.write_str("the checkpoint is of another log"),
            Self::RootDiffers { size } => write!(f, "the tree of {size} entries is not the one that was signed"),
            Self::EntriesLost { signed, stored } => write!(f, "{signed} entries were signed, {stored} are there"),
            Self::Shrunk { seen, now } => write!(f, "{seen} entries were seen before, {now} are there now"),
            Self::Forked { seen } => write!(f, "the first {seen} entries are not those seen before"),
            Self::LogMissing => f.write_str("the log was seen before and is not there any more"),
            Self::KeysChanged => f.write_str("no key that was seen before signs the log now"),
        }
    }
}

/// More faults of one log than this are counted, not listed.
const LISTED: usize = 50;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogReport {
    pub name: String,
    /// Entries whose leaves were re-computed into the tree.
    pub size: u64,
    /// Entries that were opened and held against their commitments.
    pub opened: u64,
    pub expired: u64,
    /// Entries that the published checkpoint covers.
    pub signed: u64,
    /// Entries that a checkpoint seen before covers, with which this log is consistent.
    pub consistent_with: Option<u64>,
    pub faults: Vec<Fault>,
    pub faults_in_all: u64,
}

impl LogReport {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults_in_all += 1;
        if self.faults.len() < LISTED {
            self.faults.push(fault);
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub logs: Vec<LogReport>,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.logs.iter().all(|log| log.faults_in_all == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            let verdict = if log.faults_in_all == 0 { "ok" } else { "FAULTY" };
            write!(
                f,
                "log {}: {verdict}, {} entries, {} opened, {} expired, {} signed",
                log.name, log.size, log.opened, log.expired, log.signed
            )?;
            match log.consistent_with {
                Some(seen) => writeln!(f, ", consistent with {seen} seen before")?,
                None => writeln!(f)?,
            }
            for fault in &log.faults {
                writeln!(f, "  {fault}")?;
            }
            let unlisted = log.faults_in_all - log.faults.len() as u64;
            if unlisted > 0 {
                writeln!(f, "  and {unlisted} more")?;
            }
        }
        Ok(())
    }
}
