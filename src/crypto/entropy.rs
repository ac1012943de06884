//! The operating system's randomness.

use ring::rand::{SecureRandom, SystemRandom};

use crate::kernel::Entropy;

/// Random bytes from the operating system.
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that opens the system's randomness")]
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    /// # Panics
    /// If the operating system gives no randomness: nothing safe can be done without it.
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives random bytes");
    }
}
