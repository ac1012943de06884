//! The keyring against real folders: damage, other users' eyes, rotation, concurrent reloading.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::crypto::SystemEntropy;
use crate::kernel::{Clock, ManualClock};

fn clock() -> ManualClock {
    ManualClock::at(Instant::from_seconds(1_790_000_000))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    Keyring::init(folder.path(), &SystemEntropy::default(), &clock()).unwrap();
    folder
}

fn faults(folder: &Path) -> Vec<(String, KeyFaultReason)> {
    match Keyring::load(folder) {
        Err(KeyringError::Faulty { faults, .. }) => faults.into_iter().map(|f| (f.file, f.reason)).collect(),
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_folder_is_private_and_complete() {
    let folder = folder();
    assert_eq!(mode(folder.path()), 0o700);
    for key_use in KeyUse::ALL {
        assert_eq!(mode(&folder.path().join(format!("{key_use}-1.json"))), 0o600);
    }
    let keyring = Keyring::load(folder.path()).unwrap();
    assert!(!keyring.is_demo());
    assert_eq!(keyring.list().len(), KeyUse::ALL.len());
    assert!(keyring.list().iter().all(|key| key.state == KeyState::Active && key.created == clock().now()));
    let again = Keyring::init(folder.path(), &SystemEntropy::default(), &clock());
    assert!(matches!(again, Err(KeyringError::NotEmpty(_))));
}

#[test]
fn keys_are_the_same_after_a_restart_and_differ_by_label_and_use() {
    let folder = folder();
    let (one, two) = (Keyring::load(folder.path()).unwrap(), Keyring::load(folder.path()).unwrap());
    let (version, key) = one.active_sealing_key("citizens");
    let sealed = key.seal(&SystemEntropy::default(), b"row", b"An");
    assert_eq!(two.sealing_key("citizens", version).unwrap().open(b"row", &sealed).unwrap(), b"An");
    assert!(two.sealing_key("stays", version).unwrap().open(b"row", &sealed).is_err());
    let tag = |keyring: &Keyring, label| keyring.active_index_key(label).1.tag(&[b"1"]);
    assert_eq!(tag(&one, "id_number"), tag(&two, "id_number"));
    assert_ne!(tag(&one, "id_number"), tag(&one, "legacy_id_number"));
    let (kid, signing) = one.signing_key(KeyUse::Token);
    let (known, verifying) = two.verifying_keys(KeyUse::Token).remove(0);
    assert_eq!(kid, known);
    assert_eq!(verifying.verify(b"m", &signing.sign(b"m")), Ok(()));
    one.active_sealing_key("stays").1.seal(&SystemEntropy::default(), b"row", b"An");
    assert_eq!((one.seal_counts(), two.seal_counts()), (vec![(1, 2)], vec![(1, 0)]));
}

#[test]
fn every_fault_is_told_at_once_and_no_material_with_it() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let text = fs::read_to_string(path("seal-1.json")).unwrap();
    let material = text.split('"').rev().nth(5).unwrap().to_owned();
    fs::write(path("seal-1.json"), text.replace("\"version\": 1", &format!("\"version\": \"{material}\""))).unwrap();
    fs::write(path("index-1.json"), &fs::read(path("index-1.json")).unwrap()[..60]).unwrap();
    fs::rename(path("token-1.json"), path("token-7.json")).unwrap();
    chmod(&path("audit-1.json"), 0o640);
    chmod(folder.path(), 0o755);
    fs::create_dir(path("odd.json")).unwrap();
    let found = faults(folder.path());
    let reason = |name: &str| found.iter().find(|(file, _)| file == name).map(|(_, reason)| reason.clone()).unwrap();
    assert_eq!(found.len(), 6);
    assert_eq!(reason("."), KeyFaultReason::Exposed { mode: 0o755, wanted: 0o700 });
    assert_eq!(reason("audit-1.json"), KeyFaultReason::Exposed { mode: 0o640, wanted: 0o600 });
    assert_eq!(reason("index-1.json"), KeyFaultReason::Truncated);
    assert!(matches!(reason("seal-1.json"), KeyFaultReason::Member { .. }));
    assert_eq!(reason("token-7.json"), KeyFaultReason::Misnamed("token-1.json".into()));
    assert_eq!(reason("odd.json"), KeyFaultReason::NotAFile);
    let error = Keyring::load(folder.path()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&material));
}

#[test]
fn a_use_without_an_active_key_is_missed() {
    let folder = folder();
    fs::remove_file(folder.path().join("audit-1.json")).unwrap();
    assert_eq!(faults(folder.path()), [("audit-*.json".to_owned(), KeyFaultReason::NoActive)]);
    let made = Keyring::init_missing(folder.path(), &SystemEntropy::default(), &clock()).unwrap();
    assert_eq!(made, [KeyUse::Audit]);
    Keyring::load(folder.path()).unwrap();
}

#[test]
fn demonstration_keys_are_marked_and_not_mixed() {
    let demo = tempfile::tempdir().unwrap();
    let entropy = SystemEntropy::default();
    assert_eq!(Keyring::init_demo(demo.path(), &entropy, &clock()).unwrap(), KeyUse::ALL);
    assert_eq!(Keyring::init_demo(demo.path(), &entropy, &clock()).unwrap(), []);
    let keyring = Keyring::load(demo.path()).unwrap();
    assert!(keyring.is_demo());
    keyring.rotate(KeyUse::Seal, &entropy, &clock()).unwrap();
    assert!(keyring.list().iter().all(|key| key.demo));
    let refused = Keyring::init_demo(folder().path(), &entropy, &clock());
    assert!(matches!(refused, Err(KeyringError::NotDemo(_))));
}

#[test]
fn rotation_hands_out_first_and_retires_only_what_nothing_needs() {
    let folder = folder();
    let (entropy, clock) = (SystemEntropy::default(), clock());
    let keyring = Keyring::load(folder.path()).unwrap();
    let minute = Duration::from_secs(60);
    assert!(matches!(keyring.activate(KeyUse::Token, &clock, minute), Err(KeyringError::NoStandby(KeyUse::Token))));
    assert_eq!(keyring.rotate(KeyUse::Token, &entropy, &clock).unwrap(), 2);
    assert_eq!((keyring.active(KeyUse::Token), keyring.versions(KeyUse::Token)), (1, vec![2, 1]));
    assert_eq!(keyring.verifying_keys(KeyUse::Token).len(), 2);
    let twice = keyring.rotate(KeyUse::Token, &entropy, &clock);
    assert!(matches!(twice, Err(KeyringError::StandbyExists { version: 2, .. })));
    clock.advance(Duration::from_secs(59));
    let early = keyring.activate(KeyUse::Token, &clock, minute);
    assert!(matches!(early, Err(KeyringError::TooFresh { version: 2, .. })));
    clock.advance(Duration::from_secs(1));
    let (old_kid, _) = keyring.signing_key(KeyUse::Token);
    assert_eq!(keyring.activate(KeyUse::Token, &clock, minute).unwrap(), 2);
    assert_ne!(keyring.signing_key(KeyUse::Token).0, old_kid);
    let active = keyring.retire(KeyUse::Token, 2, 0, &clock);
    assert!(matches!(active, Err(KeyringError::StillNeeded { state: KeyState::Active, .. })));
    assert!(matches!(keyring.retire(KeyUse::Token, 1, 3, &clock), Err(KeyringError::RowsRemain { rows: 3, .. })));
    assert!(matches!(keyring.retire(KeyUse::Token, 9, 0, &clock), Err(KeyringError::NoSuchVersion { .. })));
    let early = keyring.retire(KeyUse::Token, 1, 0, &clock);
    assert!(matches!(early, Err(KeyringError::StillVerifying { version: 1, .. })));
    clock.advance(Duration::from_secs(24 * 3600));
    keyring.retire(KeyUse::Token, 1, 0, &clock).unwrap();
    assert_eq!(keyring.versions(KeyUse::Token), [2]);
    assert_eq!(Keyring::load(folder.path()).unwrap().list(), keyring.list());
    keyring.rotate(KeyUse::Audit, &entropy, &clock).unwrap();
    keyring.activate(KeyUse::Audit, &clock, Duration::ZERO).unwrap();
    let kept = keyring.retire(KeyUse::Audit, 1, 0, &clock);
    assert!(matches!(kept, Err(KeyringError::KeptForGood(KeyUse::Audit))));
}

#[test]
fn an_interrupted_activation_counts_as_done() {
    let folder = folder();
    let keyring = Keyring::load(folder.path()).unwrap();
    keyring.rotate(KeyUse::Seal, &SystemEntropy::default(), &clock()).unwrap();
    let path = folder.path().join("seal-2.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("standby", "active")).unwrap();
    fs::write(folder.path().join(".seal-1.json.new"), "{").unwrap();
    let reopened = Keyring::load(folder.path()).unwrap();
    assert_eq!((reopened.active(KeyUse::Seal), reopened.versions(KeyUse::Seal)), (2, vec![2, 1]));
    assert_eq!(reopened.rotate(KeyUse::Seal, &SystemEntropy::default(), &clock()).unwrap(), 3);
}

#[test]
fn an_unknown_version_reads_the_folder_again_once_a_second() {
    let folder = folder();
    let (serving, operator) = (Keyring::load(folder.path()).unwrap(), Keyring::load(folder.path()).unwrap());
    let clone = serving.clone();
    operator.rotate(KeyUse::Seal, &SystemEntropy::default(), &clock()).unwrap();
    assert_eq!(serving.versions(KeyUse::Seal), [1]);
    assert!(serving.sealing_key("citizens", 2).is_some());
    assert_eq!(clone.versions(KeyUse::Seal), [2, 1]);
    operator.rotate(KeyUse::Index, &SystemEntropy::default(), &clock()).unwrap();
    assert!(serving.index_key("id_number", 2).is_none(), "within the pause");
    assert_eq!(serving.unknown_versions(), [(KeyUse::Index, 2)]);
    std::thread::sleep(RELOAD_PAUSE);
    assert!(serving.index_key("id_number", 2).is_some());
    assert_eq!(serving.unknown_versions(), []);
    assert!(!serving.reload().unwrap());
}

#[test]
fn a_reload_never_loses_or_swaps_a_key_in_use() {
    let (ours, other) = (folder(), folder());
    let keyring = Keyring::load(ours.path()).unwrap();
    let (version, key) = keyring.active_sealing_key("citizens");
    fs::copy(other.path().join("seal-1.json"), ours.path().join("seal-1.json")).unwrap();
    fs::rename(ours.path().join("index-1.json"), ours.path().join("index-1.json.old")).unwrap();
    let error = keyring.reload().unwrap_err().to_string();
    assert!(error.contains("index-*.json is missing"), "{error}");
    fs::rename(ours.path().join("index-1.json.old"), ours.path().join("index-1.json")).unwrap();
    let error = keyring.reload().unwrap_err().to_string();
    assert!(error.contains("seal-1.json has other material"), "{error}");
    assert!(Arc::ptr_eq(&key, &keyring.sealing_key("citizens", version).unwrap()));
}

#[test]
fn readers_see_whole_keyrings_while_an_operator_rotates() {
    let folder = folder();
    let serving = Keyring::load(folder.path()).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    serving.reload().unwrap();
                    let (version, key) = serving.active_sealing_key("citizens");
                    let sealed = key.seal(&SystemEntropy::default(), b"", b"x");
                    assert!(serving.sealing_key("citizens", version).unwrap().open(b"", &sealed).is_ok());
                }
            });
        }
        let operator = Keyring::load(folder.path()).unwrap();
        let rounds: Result<Vec<u32>, KeyringError> = (2..12)
            .map(|_| {
                operator.rotate(KeyUse::Seal, &SystemEntropy::default(), &clock())?;
                operator.activate(KeyUse::Seal, &clock(), Duration::ZERO)
            })
            .collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(rounds.unwrap(), (2..12).collect::<Vec<_>>());
    });
    serving.reload().unwrap();
    assert_eq!(serving.list().len(), KeyUse::ALL.len() + 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Damage to any byte is refused, or leaves the key what it was (a digit of `created`, say).
    #[test]
    fn damage_is_noticed(place in any::<prop::sample::Index>(), cut in any::<bool>(), bit in 0u8..8) {
        let folder = folder();
        let path = folder.path().join("seal-1.json");
        let mut text = fs::read(&path).unwrap();
        let place = place.index(text.len() - 1);
        let (_, key) = Keyring::load(folder.path()).unwrap().active_sealing_key("citizens");
        let sealed = key.seal(&SystemEntropy::default(), b"", b"x");
        if cut { text.truncate(place) } else { text[place] ^= 1 << bit }
        fs::write(&path, &text).unwrap();
        match Keyring::load(folder.path()) {
            Err(KeyringError::Faulty { faults, .. }) => prop_assert!(faults[0].file.starts_with("seal-")),
            Err(other) => prop_assert!(false, "{other}"),
            Ok(same) => prop_assert!(same.active_sealing_key("citizens").1.open(b"", &sealed).is_ok()),
        }
    }
}
