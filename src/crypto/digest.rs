//! SHA-256 (FIPS 180-4).

use ring::digest::{Context, SHA256};

/// The SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_standard_vector_in_parts() {
        let digest = super::sha256(&[b"a", b"", b"bc"]);
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
