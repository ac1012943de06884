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

/// A SHA-256 over bytes that come piece by piece.
#[derive(Clone)]
pub struct RunningDigest(Context);

impl Default for RunningDigest {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl RunningDigest {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far; more may follow.
    pub fn so_far(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.0.clone().finish().as_ref());
        digest
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_running_digest_can_be_asked_on_the_way() {
        let mut running = super::RunningDigest::default();
        running.update(b"a");
        assert_eq!(running.so_far(), super::sha256(&[b"a"]));
        running.update(b"bc");
        assert_eq!(running.so_far(), super::sha256(&[b"abc"]));
    }

    #[test]
    fn the_standard_vector_in_parts() {
        let digest = super::sha256(&[b"a", b"", b"bc"]);
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
