//! Checkpoints (c2sp.org/tlog-checkpoint) as signed notes (c2sp.org/signed-note), Ed25519 only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tree::Hash;
use crate::crypto::digest::sha256;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};

/// The signature type byte of Ed25519.
const ED25519: u8 = 1;
/// How long a note may be; ours have some 250 bytes, room is left for witnesses.
const MAX_NOTE_BYTES: usize = 64 * 1024;

/// The head of a log: whose tree, how large, with which root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a note is not taken for a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    #[error("the note is not of the form of a signed checkpoint")]
    Malformed,
    #[error("no key that we know signed the note")]
    UnknownKey,
    #[error("the note's signature does not verify")]
    BadSignature,
}

impl Checkpoint {
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The checkpoint as a note, signed in the origin's name.
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = self.text();
        let mut signature = key_id(&self.origin, key.public_key()).to_vec();
        signature.extend_from_slice(&key.sign(text.as_bytes()));
        format!("{text}\n\u{2014} {} {}\n", self.origin, STANDARD.encode(signature))
    }

    /// Reads a note and checks that one of `keys` signed it in the origin's name.
    pub fn open<'k>(note: &str, keys: impl IntoIterator<Item = &'k VerifyingKey>) -> Result<Self, NoteFault> {
        let (checkpoint, text, signatures) = parse(note).ok_or(NoteFault::Malformed)?;
        let mut found = NoteFault::UnknownKey;
        for key in keys {
            let id = key_id(&checkpoint.origin, key.as_bytes());
            for (name, signature) in &signatures {
                let Some(signature) = signature.strip_prefix(&id) else { continue };
                if *name != checkpoint.origin {
                    continue;
                }
                match key.verify(text.as_bytes(), signature) {
                    Ok(()) => return Ok(checkpoint),
                    Err(_) => found = NoteFault::BadSignature,
                }
            }
        }
        Err(found)
    }

    /// Reads a note without looking at who signed it: for one's own copies only.
    pub fn read_unverified(note: &str) -> Option<Self> {
        parse(note).map(|(checkpoint, ..)| checkpoint)
    }
}

type Signatures<'n> = Vec<(&'n str, Vec<u8>)>;

fn parse(note: &str) -> Option<(Checkpoint, &str, Signatures<'_>)> {
    if note.len() > MAX_NOTE_BYTES || note.chars().any(|c| c < ' ' && c != '\n') {
        return None;
    }
    let (text, signatures) = note.rsplit_once("\n\n")?;
    let text = &note[..text.len() + 1];
    let mut lines = text.lines();
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let plain = size == "0" || !size.starts_with('0') && size.bytes().all(|b| b.is_ascii_digit());
    if origin.is_empty() || !plain || lines.any(str::is_empty) {
        return None;
    }
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: size.parse().ok()?,
        root: STANDARD.decode(root).ok()?.try_into().ok()?,
    };
    let signatures = signatures
        .strip_suffix('\n')?
        .split('\n')
        .map(|line| {
            let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            Some((name, STANDARD.decode(signature).ok()?))
        })
        .collect::<Option<Vec<_>>>()?;
    Some((checkpoint, text, signatures))
}

fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let digest = sha256(&[name.as_bytes(), b"\n", &[ED25519], public]);
    [digest[0], digest[1], digest[2], digest[3]]
}

/// A log's verifier key in the form that tools for signed notes read: `name+id+key`.
pub fn verifier_key(origin: &str, key: &VerifyingKey) -> String {
    let id: String = key_id(origin, key.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let mut encoded = vec![ED25519];
    encoded.extend_from_slice(key.as_bytes());
    format!("{origin}+{id}+{}", STANDARD.encode(encoded))
}

/// Reads a verifier key; `None` if it is none or its id is not that of the key.
pub fn read_verifier_key(text: &str) -> Option<(String, VerifyingKey)> {
    let mut parts = text.splitn(3, '+');
    let (name, id, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let encoded = STANDARD.decode(encoded).ok()?;
    let key = VerifyingKey::new(Algorithm::Ed25519, encoded.strip_prefix(&[ED25519])?).ok()?;
    let expected: String = key_id(name, key.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    (id == expected).then(|| (name.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key pair and note of golang.org/x/mod/sumdb/note's documentation.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn reads_the_verifier_key_of_the_go_documentation() {
        let (name, key) = read_verifier_key(PETER).unwrap();
        assert_eq!(name, "PeterNeumann");
        assert_eq!(verifier_key(&name, &key), PETER);
        assert!(read_verifier_key(&PETER.replace("c74f", "c74e")).is_none());
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signature = STANDARD
            .decode("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=");
        let signature = signature.unwrap();
        assert_eq!(signature[..4], key_id(&name, key.as_bytes()));
        assert!(key.verify(text.as_bytes(), &signature[4..]).is_ok());
    }

    #[test]
    fn a_signed_checkpoint_opens_and_an_altered_one_does_not() {
        let key = |_| {
            let der = SigningKey::generate_pkcs8(Algorithm::Ed25519).unwrap();
            SigningKey::from_pkcs8(Algorithm::Ed25519, &der).unwrap()
        };
        let (ours, other) = (key(0), key(1));
        let (our_public, other_public) = (ours.verifying_key(), other.verifying_key());
        let checkpoint = Checkpoint { origin: "dancu.vn/audit/abc".into(), size: 20, root: [7; 32] };
        let note = checkpoint.sign(&ours);
        assert_eq!(Checkpoint::open(&note, [&other_public, &our_public]), Ok(checkpoint.clone()));
        assert_eq!(Checkpoint::open(&note, [&other_public]), Err(NoteFault::UnknownKey));
        assert_eq!(Checkpoint::open(&note.replace("\n20\n", "\n21\n"), [&our_public]), Err(NoteFault::BadSignature));
        let cosigned = format!("{note}\u{2014} witness.example AAAAAAAA\n");
        assert_eq!(Checkpoint::open(&cosigned, [&our_public]), Ok(checkpoint));
        for bad in ["", "\n\n", "a\n1\nb\n", &note.replace("\n20\n", "\n020\n"), &note[..note.len() - 1], &note[1..3]] {
            assert_eq!(Checkpoint::open(bad, [&our_public]), Err(NoteFault::Malformed), "{bad:?}");
        }
    }
}
