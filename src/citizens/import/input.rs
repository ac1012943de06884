//! What an import reads from.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How soon a reader that has nothing to read hears that the import has ended.
const LOOK_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// A file, a pipe or a terminal. Whoever waits for more of it hears of the import's end, and waits no longer.
pub struct Input {
    file: File,
    end: Arc<AtomicBool>,
}

/// The end of an import, however it ends: when this is dropped.
#[derive(Debug, Default)]
pub struct ImportEnd(Arc<AtomicBool>);

impl Drop for ImportEnd {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl ImportEnd {
    /// What to open inputs with.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }
}

impl Input {
    pub fn open(path: &Path, end: Arc<AtomicBool>) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, end })
    }

    /// Standard input, without what others may have read of it ahead.
    pub fn stdin(end: Arc<AtomicBool>) -> io::Result<Self> {
        Ok(Self { file: File::from(io::stdin().as_fd().try_clone_to_owned()?), end })
    }

    /// Length in bytes, of a file that has one.
    pub fn length(&self) -> io::Result<Option<u64>> {
        let metadata = self.file.metadata()?;
        Ok(metadata.is_file().then_some(metadata.len()))
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.end.load(Ordering::SeqCst) {
                return Err(io::Error::other("the import has ended"));
            }
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&LOOK_EVERY)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return self.file.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn who_waits_for_more_hears_of_the_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let end = ImportEnd::default();
        let mut input = Input { file: File::from(std::os::fd::OwnedFd::from(reader)), end: end.flag() };
        writer.write_all(b"abc").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(input.read(&mut buffer).unwrap(), 3);
        let waiting = std::thread::spawn(move || input.read(&mut [0; 8]).map_err(|error| error.to_string()));
        drop(end);
        assert_eq!(waiting.join().unwrap(), Err("the import has ended".to_owned()));
        drop(writer);
    }

    #[test]
    fn it_ends_where_the_writer_does() {
        let (reader, writer) = io::pipe().unwrap();
        let end = ImportEnd::default();
        let mut input = Input { file: File::from(std::os::fd::OwnedFd::from(reader)), end: end.flag() };
        drop(writer);
        assert_eq!(input.read(&mut [0; 8]).unwrap(), 0);
    }
}
