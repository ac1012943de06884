//! What anybody may read: checkpoints, tiles and proofs, checked as a stranger would.

use std::collections::HashMap;

use dancu::audit::checkpoint::{Checkpoint, read_verifier_key};
use dancu::audit::tile::{Tile, TileKind, read_entry_bundle, read_hashes};
use dancu::audit::tree::{Frontier, leaf_hash, verify_consistency, verify_inclusion};
use dancu::audit::{ProofError, commitment};

use super::rig::Rig;
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn tiles_rebuild_the_tree_that_the_checkpoint_signs() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let log = audit.own_log();
        let mut opened = HashMap::new();
        for start in (0..1100).step_by(100) {
            for receipt in audit.record_all(rig.entries(start..start + 100, 1)).await.unwrap() {
                opened.insert(receipt.log_index, receipt);
            }
        }
        audit.sign_now().await.unwrap();
        audit.record_all(rig.entries(0..500, 1)).await.unwrap();

        let info = audit.logs().await.unwrap().remove(0);
        let (_, key) = read_verifier_key(&info.verifier_keys[0]).unwrap();
        let note = audit.checkpoint(&log).await.unwrap().unwrap();
        let checkpoint = Checkpoint::open(&note, [&key]).unwrap();
        assert_eq!((checkpoint.size, checkpoint.origin), (1100, info.origin));

        let mut tree = Frontier::default();
        let mut commitments = Vec::new();
        for index in 0..=4 {
            let width = Tile::width_in(TileKind::Entries, index, 1100);
            let fetch = async |kind| audit.tile(&log, Tile { kind, index, width }).await.unwrap().unwrap();
            let bundle = read_entry_bundle(&fetch(TileKind::Entries).await).unwrap();
            let hashes = read_hashes(&fetch(TileKind::Hashes(0)).await).unwrap();
            assert_eq!(bundle.iter().map(|c| leaf_hash(c)).collect::<Vec<_>>(), hashes);
            hashes.iter().for_each(|hash| tree.push(*hash, |_, _| {}));
            commitments.extend(bundle);
        }
        assert_eq!(tree.root(), checkpoint.root);
        let upper = audit.tile(&log, Tile { kind: TileKind::Hashes(1), index: 0, width: 4 }).await.unwrap().unwrap();
        assert_eq!(upper.len(), 4 * 32);
        // Nothing beyond the checkpoint is served, although it is there.
        for (kind, index, width) in [
            (TileKind::Hashes(0), 4, 77),
            (TileKind::Entries, 4, 256),
            (TileKind::Hashes(0), 5, 1),
            (TileKind::Hashes(1), 0, 5),
            (TileKind::Hashes(2), 0, 1),
            (TileKind::Hashes(63), u64::MAX, 1),
        ] {
            assert_eq!(audit.tile(&log, Tile { kind, index, width }).await.unwrap(), None, "{kind:?} {index} {width}");
        }
        let found = audit.find(&opened[&42]).await.unwrap().unwrap();
        assert_eq!(commitment(&found.salt, &found.subjects_digest, found.canonical.as_bytes()), commitments[42]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_hold_at_every_size() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend);
        let (_store, audit) = rig.open().await;
        let log = audit.own_log();
        audit.record_all(rig.entries(0..700, 1)).await.unwrap();
        audit.sign_now().await.unwrap();
        for (index, size) in [(0, 1), (0, 700), (255, 256), (256, 257), (300, 511), (699, 700), (511, 513)] {
            let proof = audit.prove_inclusion(&log, index, Some(size)).await.unwrap();
            let leaf = leaf_hash(&proof.commitment);
            assert!(verify_inclusion(&leaf, index, size, &proof.path, &proof.root), "{index} {size}");
        }
        for (from, to) in [(1, 700), (255, 256), (256, 700), (257, 512), (700, 700), (699, 700)] {
            let proof = audit.prove_consistency(&log, from, Some(to)).await.unwrap();
            assert!(verify_consistency(from, &proof.from_root, to, &proof.to_root, &proof.path), "{from} {to}");
        }
        let beyond = audit.prove_inclusion(&log, 700, None).await;
        assert!(matches!(beyond, Err(ProofError::Beyond { size: 700 })));
        assert!(matches!(audit.prove_inclusion(&log, 5, Some(701)).await, Err(ProofError::Beyond { size: 700 })));
        assert!(matches!(audit.prove_inclusion("nolog", 5, None).await, Err(ProofError::UnknownLog)));
        assert!(matches!(audit.prove_consistency(&log, 0, None).await, Err(ProofError::Order)));
        assert!(matches!(audit.prove_consistency(&log, 9, Some(8)).await, Err(ProofError::Order)));
    })
    .await;
}
