//! HKDF-SHA-256 (RFC 5869): one key per purpose from one root secret.

use ring::hkdf;

struct Length32;

impl hkdf::KeyType for Length32 {
    fn len(&self) -> usize {
        32
    }
}

/// The key for `label` under `root`. Labels name the purpose and are never user input.
pub fn derive(root: &[u8; 32], label: &str) -> [u8; 32] {
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"dancu/v1");
    let pseudo_random = salt.extract(root);
    let info = [label.as_bytes()];
    let mut key = [0; 32];
    pseudo_random
        .expand(&info, Length32)
        .and_then(|output| output.fill(&mut key))
        .expect("32 bytes are far below HKDF's limit of 255 hashes");
    key
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_and_roots_part_the_keys() {
        let root = [7; 32];
        assert_eq!(super::derive(&root, "a"), super::derive(&root, "a"));
        assert_ne!(super::derive(&root, "a"), super::derive(&root, "b"));
        assert_ne!(super::derive(&root, "a"), super::derive(&[8; 32], "a"));
    }
}
