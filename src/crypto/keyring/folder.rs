//! The folder of key files: private to its owner, read as a whole, written file by file.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::fault::{KeyFault, KeyFaultReason, KeyringError};
use super::file::Key;

/// A key file has some 300 bytes.
const FILE_LIMIT: u64 = 16 * 1024;
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A held lock on the folder: one process changes it at a time. Readers need none.
pub(super) struct Lock(#[expect(dead_code, reason = "closing the handle releases the lock")] File);

pub(super) fn lock(folder: &Path) -> Result<Lock, KeyringError> {
    let handle = File::open(folder).map_err(|error| faulty(folder, KeyFaultReason::Unreadable(error.kind())))?;
    for _ in 0..LOCK_TRIES {
        match handle.try_lock() {
            Ok(()) => return Ok(Lock(handle)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(source)) => return Err(KeyringError::Write { file: folder.into(), source }),
        }
    }
    Err(KeyringError::Busy(folder.into()))
}

/// Makes the folder if need be, and private.
pub(super) fn make(folder: &Path) -> Result<(), KeyringError> {
    let write = |source| KeyringError::Write { file: folder.into(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(write)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(write)
}

/// Every key of the folder, or everything that is wrong with it.
pub(super) fn read(folder: &Path) -> Result<Vec<Key>, KeyringError> {
    let mut faults = Vec::new();
    let mut keys = Vec::new();
    match fs::metadata(folder) {
        Err(error) => return Err(faulty(folder, KeyFaultReason::Unreadable(error.kind()))),
        Ok(about) if !about.is_dir() => return Err(faulty(folder, KeyFaultReason::NotAFolder)),
        Ok(about) => {
            let reason = exposure(&about, 0o700);
            faults.extend(reason.map(|reason| KeyFault { file: ".".into(), reason }));
        }
    }
    let names = key_files(folder).map_err(|error| faulty(folder, KeyFaultReason::Unreadable(error.kind())))?;
    for name in names {
        match read_file(&folder.join(&name)).and_then(|text| Key::parse(&name, &text)) {
            Ok(key) => keys.push(key),
            Err(reason) => faults.push(KeyFault { file: name, reason }),
        }
    }
    if faults.is_empty() { Ok(keys) } else { Err(KeyringError::Faulty { folder: folder.into(), faults }) }
}

/// The names of the key files, in order. Notes, `.gitignore` and left-over temporary files are none.
pub(super) fn key_files(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && name.ends_with(".json") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFaultReason> {
    let unreadable = |error: io::Error| KeyFaultReason::Unreadable(error.kind());
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(KeyFaultReason::NotAFile);
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if let Some(reason) = exposure(&about, 0o600) {
        return Err(reason);
    }
    if about.len() > FILE_LIMIT {
        return Err(KeyFaultReason::TooLarge);
    }
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_LIMIT as usize));
    Read::take(&mut file, FILE_LIMIT).read_to_end(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn exposure(about: &fs::Metadata, wanted: u32) -> Option<KeyFaultReason> {
    let mode = about.mode() & 0o7777;
    let owner = about.uid();
    if mode & 0o077 != 0 {
        return Some(KeyFaultReason::Exposed { mode, wanted });
    }
    (owner != 0 && owner != rustix::process::geteuid().as_raw()).then_some(KeyFaultReason::Foreign(owner))
}

/// Writes a key so that after a crash either the old file or the whole new one is there.
pub(super) fn write(folder: &Path, key: &Key) -> Result<(), KeyringError> {
    let target = folder.join(key.file_name());
    let temporary = folder.join(format!(".{}.new", key.file_name()));
    write_synced(&temporary, &key.to_json())
        .and_then(|()| fs::rename(&temporary, &target))
        .and_then(|()| sync_folder(folder))
        .map_err(|source| KeyringError::Write { file: target, source })
}

fn write_synced(path: &PathBuf, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

pub(super) fn remove(folder: &Path, key: &Key) -> Result<(), KeyringError> {
    let file = folder.join(key.file_name());
    fs::remove_file(&file).and_then(|()| sync_folder(folder)).map_err(|source| KeyringError::Write { file, source })
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn faulty(folder: &Path, reason: KeyFaultReason) -> KeyringError {
    KeyringError::Faulty { folder: folder.into(), faults: vec![KeyFault { file: ".".into(), reason }] }
}
