//! What anybody may read of the logs: checkpoints, tiles, proofs. Every replica serves every log.

use std::collections::BTreeMap;

use super::{Audit, Receipt};
use super::checkpoint::verifier_key;
use super::error::{AuditError, ProofError};
use super::proofs::TreeReader;
use super::store::{self, LogRow, LogState};
use super::tile::{Tile, TileKind, entry_bundle, hash_tile, leaf_hashes};
use super::tree::{Hash, consistency_path, inclusion_path};
use crate::crypto::KeyUse;
use crate::storage::{Db, Reach, StorageError};

/// One log, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogInfo {
    pub name: String,
    pub origin: String,
    /// Whether entries are still being added.
    pub open: bool,
    /// Keys whose signatures on its checkpoints count, in the form `name+id+key`.
    pub verifier_keys: Vec<String>,
}

/// That an entry stands in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    pub log: String,
    pub log_index: u64,
    pub tree_size: u64,
    pub root: Hash,
    pub commitment: Hash,
    pub path: Vec<Hash>,
    /// The published checkpoint, which covers at least `tree_size`.
    pub checkpoint: String,
}

/// That a log's earlier tree is a beginning of a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    pub log: String,
    pub from: u64,
    pub from_root: Hash,
    pub to: u64,
    pub to_root: Hash,
    pub path: Vec<Hash>,
    pub checkpoint: String,
}

fn published(db: &mut Db, name: &str) -> Result<Option<LogRow>, StorageError> {
    Ok(store::find_log(db, name)?.filter(|row| !row.checkpoint.is_empty()))
}

/// The size asked for, or the published one.
fn tree_size(row: &LogRow, wanted: Option<u64>) -> Result<u64, ProofError> {
    let size = wanted.unwrap_or(row.checkpoint_size);
    if size > row.checkpoint_size { Err(ProofError::Beyond { size: row.checkpoint_size }) } else { Ok(size) }
}

fn read_tile(db: &mut Db, row: &LogRow, tile: Tile) -> Result<Option<Vec<u8>>, StorageError> {
    if tile.width == 0 || tile.width > Tile::width_in(tile.kind, tile.index, row.checkpoint_size) {
        return Ok(None);
    }
    let level = match tile.kind {
        TileKind::Entries => 0,
        TileKind::Hashes(level) => level,
    };
    let hashes = store::tile(db, row.log, level, tile.index, tile.width)?;
    Ok(Some(match tile.kind {
        TileKind::Entries => entry_bundle(&hashes),
        TileKind::Hashes(0) => hash_tile(&leaf_hashes(&hashes)),
        TileKind::Hashes(_) => hash_tile(&hashes),
    }))
}

impl Audit {
    /// Every log of this database.
    pub async fn logs(&self) -> Result<Vec<LogInfo>, AuditError> {
        let rows = self.store().read(Reach::Scan, store::logs).await?;
        let keys = self.keyring().verifying_keys(KeyUse::Audit);
        let info = |row: LogRow| LogInfo {
            verifier_keys: keys.iter().map(|(_, key)| verifier_key(&row.origin, key)).collect(),
            open: row.state == LogState::Open,
            name: row.name,
            origin: row.origin,
        };
        Ok(rows.into_iter().map(info).collect())
    }

    /// The published checkpoint of a log, a signed note.
    pub async fn checkpoint(&self, log: &str) -> Result<Option<String>, AuditError> {
        let name = log.to_owned();
        let row = self.store().read(Reach::Key, move |db| published(db, &name)).await?;
        Ok(row.map(|row| row.checkpoint))
    }

    /// The bytes of a tile or bundle that the published checkpoint covers.
    pub async fn tile(&self, log: &str, tile: Tile) -> Result<Option<Vec<u8>>, AuditError> {
        let name = log.to_owned();
        let read = move |db: &mut Db| match published(db, &name)? {
            Some(row) => read_tile(db, &row, tile),
            None => Ok(None),
        };
        Ok(self.store().read(Reach::Scan, read).await?)
    }

    /// Proves that the entry at `index` stands in the tree of `size` (the published one if `None`).
    pub async fn prove_inclusion(
        &self,
        log: &str,
        index: u64,
        size: Option<u64>,
    ) -> Result<InclusionProof, ProofError> {
        let name = log.to_owned();
        let read = move |db: &mut Db| {
            let row = published(db, &name)?.ok_or(ProofError::UnknownLog)?;
            let tree_size = tree_size(&row, size)?;
            let ranges = inclusion_path(index, tree_size).ok_or(ProofError::Beyond { size: tree_size })?;
            let mut tree = TreeReader::new(db, row.log, tree_size);
            let commitment = tree.commitment(index)?;
            let path = tree.roots(&ranges)?;
            let root = tree.roots(std::slice::from_ref(&(0..tree_size)))?.remove(0);
            Ok(InclusionProof {
                log: row.name,
                log_index: index,
                tree_size,
                root,
                commitment,
                path,
                checkpoint: row.checkpoint,
            })
        };
        self.store().read(Reach::Scan, read).await
    }

    /// Proves that these entries stand in the published trees of their logs, in one reading; `None`
    /// where the published tree does not cover an entry (yet).
    pub async fn prove_all(&self, receipts: Vec<Receipt>) -> Result<Vec<Option<InclusionProof>>, AuditError> {
        let read = move |db: &mut Db| {
            let mut by_log: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (place, receipt) in receipts.iter().enumerate() {
                by_log.entry(receipt.log.as_str()).or_default().push(place);
            }
            let mut proofs: Vec<Option<InclusionProof>> = vec![None; receipts.len()];
            for (name, places) in by_log {
                let Some(row) = published(db, name)? else { continue };
                let size = row.checkpoint_size;
                let mut tree = TreeReader::new(db, row.log, size);
                let Some(root) = tree.roots(std::slice::from_ref(&(0..size)))?.pop() else { continue };
                for place in places {
                    let index = receipts[place].log_index;
                    let Some(ranges) = inclusion_path(index, size) else { continue };
                    proofs[place] = Some(InclusionProof {
                        log: row.name.clone(),
                        log_index: index,
                        tree_size: size,
                        root,
                        commitment: tree.commitment(index)?,
                        path: tree.roots(&ranges)?,
                        checkpoint: row.checkpoint.clone(),
                    });
                }
            }
            Ok::<_, StorageError>(proofs)
        };
        Ok(self.store().read(Reach::Scan, read).await?)
    }

    /// Proves that the tree of `from` entries is a beginning of that of `to` (the published one if
    /// `None`).
    pub async fn prove_consistency(
        &self,
        log: &str,
        from: u64,
        to: Option<u64>,
    ) -> Result<ConsistencyProof, ProofError> {
        let name = log.to_owned();
        let read = move |db: &mut Db| {
            let row = published(db, &name)?.ok_or(ProofError::UnknownLog)?;
            let to = tree_size(&row, to)?;
            let ranges = consistency_path(from, to).ok_or(ProofError::Order)?;
            let mut tree = TreeReader::new(db, row.log, to);
            let path = tree.roots(&ranges)?;
            let roots = tree.roots(&[0..from, 0..to])?;
            let [from_root, to_root] = roots[..] else { return Err(ProofError::Order) };
            Ok(ConsistencyProof { log: row.name, from, from_root, to, to_root, path, checkpoint: row.checkpoint })
        };
        self.store().read(Reach::Scan, read).await
    }
}
