//! The QR parsers and the readers of files under mutated seeds (`fuzz/corpus`), on stable Rust: a bounded run in the suite,
//! `DANCU_FUZZ_SECONDS` for longer ones. Mutations are not guided by coverage: libFuzzer's are, see
//! `scripts/fuzz`.

mod targets;

use std::path::Path;
use std::time::{Duration, Instant};

/// An input may take this long at most, on a busy machine without optimisation.
const LONGEST: Duration = Duration::from_secs(60);
/// Inputs do not grow beyond this.
const LARGEST: usize = 64 * 1024;

struct Mutator(u64);

impl Mutator {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(16)).min(length)
    }

    fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let (length, range) = (bytes.len(), self.range(bytes.len()));
            match self.below(8) {
                0 if length > 0 => {
                    let place = self.below(length);
                    bytes[place] ^= 1 << self.below(8);
                }
                1 if length > 0 => {
                    let place = self.below(length);
                    bytes[place] = [0, 1, 0x1b, 0x5f, 0x7f, 0x80, 0x9f, 0xbf, 0xff, b'|', b'0'][self.below(11)];
                }
                2 => drop(bytes.drain(range)),
                3 => {
                    let copy = bytes[range.clone()].to_vec();
                    bytes.splice(range.start..range.start, copy);
                }
                4 => {
                    let more: Vec<u8> = (0..self.below(9)).map(|_| self.below(256) as u8).collect();
                    bytes.splice(range, more);
                }
                5 => bytes.truncate(self.below(length + 1)),
                6 => {
                    let other = &seeds[self.below(seeds.len())];
                    let tail = self.below(other.len() + 1);
                    bytes.truncate(self.below(length + 1));
                    bytes.extend_from_slice(&other[tail..]);
                }
                _ if length >= 4 => {
                    let place = self.below(length - 3);
                    bytes[place..place + 4]
                        .copy_from_slice(&[0xff_ff_ff_ff_u32, 0x7fff_ffff, 0x1_0000][self.below(3)].to_be_bytes());
                }
                _ => {}
            }
        }
        bytes.truncate(LARGEST);
        bytes
    }
}

#[allow(clippy::disallowed_methods, reason = "a long run is told by the environment")]
fn fuzz(name: &str, executions: u64, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the corpus").map(|file| file.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    seeds.iter().for_each(|seed| target(seed));
    let seconds = std::env::var("DANCU_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let (begun, mut mutator) = (Instant::now(), Mutator(0x2545_f491_4f6c_dd1d));
    if seconds.is_some() {
        mutator.0 ^= u64::from(std::process::id()) << 32;
    }
    let (mut done, mut slowest) = (0, Duration::ZERO);
    while seconds.map_or(done < executions, |seconds| begun.elapsed() < Duration::from_secs(seconds)) {
        let input = mutator.mutant(&seeds);
        let since = Instant::now();
        let ended = std::panic::catch_unwind(|| target(&input));
        let took = since.elapsed();
        assert!(ended.is_ok() && took < LONGEST, "{name}: {took:?} for {input:02x?}");
        slowest = slowest.max(took);
        done += 1;
    }
    eprintln!("{name}: {done} executions in {:?}, the slowest {slowest:?}, {}", begun.elapsed(), peak_memory());
}

/// The most memory this process has had, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: not told");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn card_texts() {
    fuzz("card_text", 50_000, targets::card_text);
}

#[test]
fn credentials() {
    fuzz("credential", 10_000, targets::credential);
}

#[test]
fn pictures() {
    fuzz("picture", 30, targets::picture);
}

#[test]
fn files_of_guests() {
    fuzz("stays_file", 2_000, targets::stays_file);
}
