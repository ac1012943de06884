//! Verifies logs as they are served: everything a stranger can check without any secret.

use super::known::{Known, KnownError, KnownLog, is_log_name};
use super::rebuild::{Claim, Rebuild};
use super::report::{Fault, LogReport, Report};
use crate::audit::checkpoint::{Checkpoint, read_verifier_key};
use crate::audit::tile::{TILE_WIDTH, Tile, TileKind, hash_tile, leaf_hashes, read_entry_bundle};
use crate::audit::tree::Hash;

/// A log that the service says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedLog {
    pub name: String,
    pub verifier_keys: Vec<String>,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    #[error("{path}: {reason}")]
    Failed { path: String, reason: String },
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// Fetches what is served at a path.
pub type Fetch<'a> = dyn FnMut(&str) -> Result<Option<Vec<u8>>, FetchError> + 'a;

/// Re-computes every log from its tiles. `fetch` takes a path below the logs' prefix
/// (`{log}/checkpoint`, `{log}/tile/…`) and answers `None` where there is nothing.
///
/// The keys of a log that was never seen are taken from the service; from then on they are those
/// in `known`.
pub fn verify_served(logs: &[ServedLog], known: &mut Known, fetch: &mut Fetch<'_>) -> Result<Report, FetchError> {
    let mut report = Report::default();
    for log in logs.iter().filter(|log| is_log_name(&log.name)) {
        let seen = known.logs.get(&log.name).cloned();
        let mut check = Served { name: &log.name, report: LogReport::new(&log.name), fetch };
        let now = check.run(log, seen.as_ref())?;
        let log_report = check.report;
        if let Some(now) = now.filter(|_| log_report.faults_in_all == 0) {
            known.remember(&log.name, now)?;
        }
        report.logs.push(log_report);
    }
    for name in known.logs.keys().filter(|name| logs.iter().all(|log| log.name != **name)) {
        let mut missing = LogReport::new(name);
        missing.fault(Fault::LogMissing);
        report.logs.push(missing);
    }
    Ok(report)
}

struct Served<'a, 'f> {
    name: &'a str,
    report: LogReport,
    fetch: &'a mut Fetch<'f>,
}

impl Served<'_, '_> {
    /// What to remember of the log, if its checkpoint could be read.
    fn run(&mut self, log: &ServedLog, seen: Option<&KnownLog>) -> Result<Option<KnownLog>, FetchError> {
        let Some(note) = (self.fetch)(&format!("{}/checkpoint", self.name))? else {
            self.report.fault(Fault::NoCheckpoint);
            return Ok(None);
        };
        let note = String::from_utf8_lossy(&note).into_owned();
        let served = KnownLog { note, verifier_keys: log.verifier_keys.clone() };
        let keys = seen.map_or_else(|| served.keys(), KnownLog::keys);
        let checkpoint = match Checkpoint::open(&served.note, &keys) {
            Ok(checkpoint) => checkpoint,
            Err(_) if seen.is_some() && Checkpoint::open(&served.note, &served.keys()).is_ok() => {
                self.report.fault(Fault::KeysChanged);
                return Ok(None);
            }
            Err(fault) => {
                self.report.fault(Fault::BadCheckpoint(fault));
                return Ok(None);
            }
        };
        let names_log = |key: &String| read_verifier_key(key).is_some_and(|(name, _)| name == checkpoint.origin);
        if !checkpoint.origin.ends_with(&format!("/{}", self.name)) || !log.verifier_keys.iter().all(names_log) {
            self.report.fault(Fault::WrongOrigin);
        }
        self.report.signed = checkpoint.size;
        self.rebuild(&checkpoint, seen.and_then(KnownLog::checkpoint).as_ref())?;
        // A key that takes over while the old one still signs becomes known with it.
        Ok(Some(served))
    }

    fn rebuild(&mut self, checkpoint: &Checkpoint, seen: Option<&Checkpoint>) -> Result<(), FetchError> {
        let mut rebuild = Rebuild::new();
        rebuild.expect(Claim::Published, checkpoint, &mut self.report);
        if let Some(seen) = seen {
            rebuild.expect(Claim::Seen, seen, &mut self.report);
        }
        let size = checkpoint.size;
        let mut open_roots: Vec<Vec<Hash>> = Vec::new();
        for index in 0..size.div_ceil(TILE_WIDTH) {
            let tile = Tile { kind: TileKind::Entries, index, width: Tile::width_in(TileKind::Entries, index, size) };
            let bundle = self.tile(tile)?.and_then(|bytes| read_entry_bundle(&bytes));
            let Some(commitments) = bundle.filter(|bundle| bundle.len() == usize::from(tile.width)) else {
                // The tree ends here; the roots that it does not reach are faults as well.
                self.report.fault(Fault::TileMissing { level: 0, index });
                break;
            };
            self.compare(Tile { kind: TileKind::Hashes(0), ..tile }, &leaf_hashes(&commitments))?;
            let mut full = Vec::new();
            rebuild.grow(&commitments, &mut full, &mut self.report);
            for tile in full {
                let level = usize::from(tile.level);
                open_roots.resize_with(open_roots.len().max(level + 1), Vec::new);
                open_roots[level].push(tile.root);
                if tile.level > 0 {
                    let kind = TileKind::Hashes(tile.level);
                    self.compare(Tile { kind, index: tile.index, width: TILE_WIDTH as u16 }, &tile.hashes)?;
                }
            }
        }
        for (level, roots) in (1..).zip(&open_roots) {
            let (index, width) = (roots.len() as u64 / TILE_WIDTH, roots.len() % TILE_WIDTH as usize);
            if width > 0 {
                let tile = Tile { kind: TileKind::Hashes(level), index, width: width as u16 };
                self.compare(tile, &roots[roots.len() - width..])?;
            }
        }
        rebuild.finish(&mut self.report);
        Ok(())
    }

    fn tile(&mut self, tile: Tile) -> Result<Option<Vec<u8>>, FetchError> {
        (self.fetch)(&format!("{}/tile/{tile}", self.name))
    }

    fn compare(&mut self, tile: Tile, hashes: &[Hash]) -> Result<(), FetchError> {
        let TileKind::Hashes(level) = tile.kind else { return Ok(()) };
        match self.tile(tile)? {
            None => self.report.fault(Fault::TileMissing { level, index: tile.index }),
            Some(bytes) if bytes != hash_tile(hashes) => {
                self.report.fault(Fault::TileChanged { level, index: tile.index });
            }
            Some(_) => {}
        }
        Ok(())
    }
}
