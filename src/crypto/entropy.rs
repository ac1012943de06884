//! The operating system's randomness.

use std::cell::RefCell;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroize;

use crate::kernel::Entropy;

/// What is drawn at a time for who asks for little.
const BLOCK: usize = 512;
/// What is drawn ahead: identifiers. Keys, nonces and codes come straight from the system, so that two
/// copies of one virtual machine never use the same ones.
const IDENTIFIER: usize = 16;

/// Random bytes drawn ahead, each given out once: those from `next` on have not been.
struct Ahead {
    block: [u8; BLOCK],
    next: usize,
}

thread_local! {
    static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { block: [0; BLOCK], next: BLOCK }) };
}

/// Random bytes from the operating system.
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that opens the system's randomness")]
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl SystemEntropy {
    fn draw(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives random bytes");
    }
}

impl Entropy for SystemEntropy {
    /// What is as long as an identifier comes from a block that the thread has drawn ahead: every
    /// answer needs some, and a system call for each was measured at 2 % of a look-up.
    ///
    /// # Panics
    /// If the operating system gives no randomness: nothing safe can be done without it.
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() != IDENTIFIER {
            return self.draw(bytes);
        }
        AHEAD.with_borrow_mut(|ahead| {
            if ahead.next + bytes.len() > BLOCK {
                self.draw(&mut ahead.block);
                ahead.next = 0;
            }
            let given = &mut ahead.block[ahead.next..][..bytes.len()];
            bytes.copy_from_slice(given);
            given.zeroize();
            ahead.next += bytes.len();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::kernel::entropy::random_bytes;

    #[test]
    fn nothing_is_given_out_twice() {
        let entropy = SystemEntropy::default();
        let drawn = |_| [random_bytes::<16>(&entropy), random_bytes(&entropy)];
        let here: Vec<[u8; 16]> = (0..500).flat_map(drawn).collect();
        let elsewhere = std::thread::spawn(|| {
            let entropy = SystemEntropy::default();
            (0..500).map(|_| random_bytes(&entropy)).collect::<Vec<[u8; 16]>>()
        });
        let all: HashSet<_> = here.into_iter().chain(elsewhere.join().unwrap()).collect();
        assert_eq!(all.len(), 1500);
        let mut odd = [0; 13];
        for _ in 0..200 {
            let before = odd;
            entropy.fill(&mut odd);
            assert_ne!(before, odd);
        }
    }
}
