//! A tree grown again from its leaves, stopping at the sizes whose roots were told; pure.

use super::report::{Fault, LogReport};
use crate::audit::checkpoint::Checkpoint;
use crate::audit::tail::{FullTile, Tail};
use crate::audit::tree::Hash;

/// Why a root matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// The published checkpoint says so.
    Published,
    /// A checkpoint seen before said so.
    Seen,
}

pub(super) struct Rebuild {
    tail: Tail,
    claims: Vec<(Claim, u64, Hash)>,
}

impl Rebuild {
    pub(super) fn new() -> Self {
        Self { tail: Tail::default(), claims: Vec::new() }
    }

    /// Expects the root that the checkpoint tells, once the tree has its size.
    pub(super) fn expect(&mut self, claim: Claim, checkpoint: &Checkpoint, report: &mut LogReport) {
        self.claims.push((claim, checkpoint.size, checkpoint.root));
        self.settle(report);
    }

    /// Adds leaves; complete tiles go to `full`.
    pub(super) fn grow(&mut self, commitments: &[Hash], full: &mut Vec<FullTile>, report: &mut LogReport) {
        for commitment in commitments {
            self.tail.push(*commitment, full);
            self.settle(report);
        }
        report.size = self.tail.size();
    }

    fn settle(&mut self, report: &mut LogReport) {
        let size = self.tail.size();
        if self.claims.iter().all(|(_, claimed, _)| *claimed != size) {
            return;
        }
        let root = self.tail.tree().root();
        self.claims.retain(|(claim, claimed, expected)| {
            if *claimed != size {
                return true;
            }
            match claim {
                Claim::Published if *expected != root => report.fault(Fault::RootDiffers { size }),
                Claim::Seen if *expected != root => report.fault(Fault::Forked { seen: size }),
                Claim::Published => {}
                Claim::Seen => report.consistent_with = Some(size),
            }
            false
        });
    }

    /// Claims about sizes that the tree never reached.
    pub(super) fn finish(self, report: &mut LogReport) {
        let now = self.tail.size();
        for (claim, size, _) in self.claims {
            report.fault(match claim {
                Claim::Published => Fault::EntriesLost { signed: size, stored: now },
                Claim::Seen => Fault::Shrunk { seen: size, now },
            });
        }
    }
}
