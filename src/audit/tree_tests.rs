use proptest::prelude::*;

use super::*;

/// MTH of RFC 6962, word for word.
fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(split(more.len() as u64) as usize);
            node_hash(&merkle_tree_hash(left), &merkle_tree_hash(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn roots_of(path: &[Range<u64>], leaves: &[Hash]) -> Vec<Hash> {
    path.iter()
        .map(|range| {
            let nodes: Vec<_> = perfect_nodes(range)
                .iter()
                .map(|n| {
                    merkle_tree_hash(&leaves[(n.index << n.height) as usize..((n.index + 1) << n.height) as usize])
                })
                .collect();
            fold(&nodes).unwrap()
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The leaves and roots that Certificate Transparency's own tests use.
#[test]
fn the_roots_of_certificate_transparency() {
    let data: [&[u8]; 8] = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Frontier::default();
    assert_eq!(hex(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (leaf, root) in data.iter().zip(roots) {
        tree.push(leaf_hash(leaf), |_, _| {});
        assert_eq!(hex(&tree.root()), root);
    }
}

#[test]
fn a_growing_tree_has_the_root_of_the_definition_and_tells_its_perfect_subtrees() {
    let leaves = leaves(600);
    let mut tree = Frontier::default();
    for size in 1..=leaves.len() {
        let mut told = Vec::new();
        tree.push(leaves[size - 1], |height, hash| told.push((height, *hash)));
        assert_eq!(told.len(), size.trailing_zeros() as usize);
        for (height, hash) in told {
            assert_eq!(hash, merkle_tree_hash(&leaves[size - (1 << height)..size]));
        }
        assert_eq!(tree.root(), merkle_tree_hash(&leaves[..size]));
        let roots = perfect_nodes(&(0..size as u64))
            .iter()
            .map(|n| merkle_tree_hash(&leaves[(n.index << n.height) as usize..((n.index + 1) << n.height) as usize]))
            .collect();
        assert_eq!(Frontier::from_roots(size as u64, roots).as_ref(), Some(&tree));
    }
    assert_eq!(Frontier::from_roots(3, vec![leaves[0]]), None);
}

#[test]
fn every_proof_of_small_trees_holds_and_only_there() {
    let leaves = leaves(40);
    let roots: Vec<_> = (0..=40).map(|n| merkle_tree_hash(&leaves[..n])).collect();
    for size in 1..=40_u64 {
        for index in 0..size {
            let proof = roots_of(&inclusion_path(index, size).unwrap(), &leaves);
            let leaf = &leaves[index as usize];
            assert!(verify_inclusion(leaf, index, size, &proof, &roots[size as usize]));
            assert!(!verify_inclusion(leaf, index + 1, size, &proof, &roots[size as usize]));
            assert!(!verify_inclusion(leaf, index, size, &proof, &roots[size as usize - 1]));
        }
        for from in 1..=size {
            let proof = roots_of(&consistency_path(from, size).unwrap(), &leaves);
            let (old, new) = (&roots[from as usize], &roots[size as usize]);
            assert!(verify_consistency(from, old, size, new, &proof), "{from} {size}");
            assert!(!verify_consistency(from, new, size, old, &proof) || from == size);
            assert!(!verify_consistency(from - 1, old, size, new, &proof));
        }
    }
    assert_eq!(inclusion_path(5, 5), None);
    assert_eq!(consistency_path(0, 5), None);
    assert_eq!(consistency_path(6, 5), None);
    assert!(verify_consistency(0, &empty_root(), 7, &roots[7], &[]));
    assert!(!verify_consistency(7, &roots[7], 5, &roots[5], &[]));
}

proptest! {
    #[test]
    fn an_altered_proof_never_holds(size in 2_u64..300, seed in any::<u64>(), bit in 0_usize..256) {
        let leaves = leaves(size);
        let root = merkle_tree_hash(&leaves);
        let index = seed % size;
        let mut proof = roots_of(&inclusion_path(index, size).unwrap(), &leaves);
        prop_assert!(verify_inclusion(&leaves[index as usize], index, size, &proof, &root));
        let which = (seed / size) as usize % proof.len();
        proof[which][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_inclusion(&leaves[index as usize], index, size, &proof, &root));
        proof[which][bit / 8] ^= 1 << (bit % 8);
        let short = &proof[..proof.len() - 1];
        prop_assert!(!verify_inclusion(&leaves[index as usize], index, size, short, &root));

        let from = 1 + seed % (size - 1);
        let old = merkle_tree_hash(&leaves[..from as usize]);
        let mut proof = roots_of(&consistency_path(from, size).unwrap(), &leaves);
        prop_assert!(verify_consistency(from, &old, size, &root, &proof));
        let which = (seed / size) as usize % proof.len();
        proof[which][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!verify_consistency(from, &old, size, &root, &proof));
    }
}
