//! Layers, faults and refusals; and that the sample file lists every key.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::layers::Section;
use super::*;
use crate::crypto::{KeyUse, Keyring, SystemEntropy};
use crate::kernel::ManualClock;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dancu.example.toml")
}

fn none() -> impl Iterator<Item = (String, String)> {
    std::iter::empty()
}

fn env(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>().into_iter()
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dancu.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn faults(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let (_folder, path) = file(text);
    let found = Config::load(Some(&path), env(variables)).unwrap_err();
    let short = |place: &Place| place.to_string().replace(&path.display().to_string(), "F");
    found.iter().map(|fault| format!("{}: {}", short(&fault.place), fault.text)).collect()
}

#[test]
fn without_file_and_variables_the_defaults_hold() {
    assert_eq!(Config::load(None, none()), Ok(Config::default()));
}

fn keys_of<S: Section>(every: &mut BTreeSet<String>) {
    let Ok(serde_json::Value::Object(section)) = serde_json::to_value(S::default()) else { panic!("{}", S::NAME) };
    every.extend(section.keys().map(|key| format!("{}.{key}", S::NAME)));
}

#[test]
fn the_sample_parses_and_lists_every_key() {
    let config = Config::load(Some(&sample()), none()).unwrap();
    assert_eq!(config.server.issuer.unwrap().as_str(), "https://dancu.example.vn");
    let mut every = BTreeSet::new();
    keys_of::<ServerConfig>(&mut every);
    keys_of::<DatabaseConfig>(&mut every);
    keys_of::<KeysConfig>(&mut every);
    keys_of::<CacheConfig>(&mut every);
    keys_of::<AuditConfig>(&mut every);
    keys_of::<LimitsConfig>(&mut every);
    keys_of::<EidConfig>(&mut every);
    keys_of::<OidcConfig>(&mut every);
    keys_of::<FormsConfig>(&mut every);
    keys_of::<PagesConfig>(&mut every);
    keys_of::<ResidenceConfig>(&mut every);
    keys_of::<RetentionConfig>(&mut every);
    keys_of::<ContactConfig>(&mut every);
    keys_of::<LoggingConfig>(&mut every);
    keys_of::<TokensConfig>(&mut every);
    let table: toml::Table = std::fs::read_to_string(sample()).unwrap().parse().unwrap();
    let listed =
        table.iter().flat_map(|(section, keys)| keys.as_table().unwrap().keys().map(move |k| format!("{section}.{k}")));
    assert_eq!(listed.collect::<BTreeSet<_>>(), every);
}

#[test]
fn the_sample_shows_the_defaults_where_it_says_so() {
    let config = Config::load(Some(&sample()), none()).unwrap();
    let default = Config::default();
    assert_eq!((config.limits, config.cache, config.logging), (default.limits, default.cache, default.logging));
    let server = ServerConfig {
        bind: default.server.bind.clone(),
        issuer: None,
        tls_certificate: None,
        tls_key: None,
        ..config.server
    };
    assert_eq!(server, default.server);
    assert_eq!((config.tokens, config.oidc), (default.tokens, default.oidc));
    let eid = EidConfig { code_file: None, code_webhook: None, code_webhook_secret: None, ..config.eid };
    assert_eq!(eid, default.eid);
    let retention = RetentionConfig { stays_days: None, ..config.retention };
    assert_eq!(retention, default.retention);
    let audit = AuditConfig { origin: None, state_dir: None, ..config.audit };
    assert_eq!((config.database.readers, audit), (default.database.readers, default.audit));
}

#[test]
fn every_period_of_what_is_kept_is_bounded() {
    let bounds = [
        ("stays_days", 1, 36_500),
        ("requests_hours", 2, 720),
        ("sessions_hours", 0, 720),
        ("codes_hours", 0, 720),
        ("answers_hours", 1, 720),
        ("counters_days", 3, 30),
        ("changes_days", 1, 3_650),
        ("credentials_days", 1, 3_650),
        ("confirmations_days", 1, 3_650),
        ("eid_days", 1, 36_500),
    ];
    for (key, least, most) in bounds {
        let read = |value: i64| {
            let (_folder, path) = file(&format!("[retention]\n{key} = {value}\n"));
            Config::load(Some(&path), none())
        };
        assert!(read(least).is_ok() && read(most).is_ok(), "{key}");
        assert!(read(least - 1).is_err() && read(most + 1).is_err(), "{key}");
    }
    let Ok(serde_json::Value::Object(section)) = serde_json::to_value(RetentionConfig::default()) else { panic!() };
    assert!(
        section.keys().map(String::as_str).collect::<BTreeSet<_>>().iter().eq(bounds
            .map(|b| b.0)
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter())
    );
}

#[test]
fn lifetimes_of_sign_ins_are_bounded() {
    let bounds = [
        ("request_lifetime_s", 30, 300),
        ("code_lifetime_s", 5, 60),
        ("backchannel_lifetime_s", 30, 300),
        ("poll_interval_s", 1, 60),
        ("access_token_lifetime_s", 60, 3_600),
        ("id_token_lifetime_s", 60, 3_600),
        ("refresh_token_lifetime_s", 300, 86_400),
    ];
    for (key, least, most) in bounds {
        let read = |value: u64| {
            let (_folder, path) = file(&format!("[oidc]\n{key} = {value}\n"));
            Config::load(Some(&path), none())
        };
        assert!(read(least).is_ok() && read(most).is_ok(), "{key}");
        assert!(read(least - 1).is_err() && read(most + 1).is_err(), "{key}");
    }
}

#[test]
fn variables_win_and_are_read_as_their_key_wants() {
    let (_folder, path) = file("[database]\nreaders = 2\n[server]\nworkers = 1\n");
    let config = Config::load(
        Some(&path),
        env(&[
            ("DANCU__DATABASE__READERS", "8"),
            ("DANCU__SERVER__BIND", "127.0.0.1:1, [::1]:1"),
            ("DANCU__SERVER__BEHIND_PROXY", "true"),
            ("DANCU__SERVER__TRUSTED_PROXIES", "10.0.0.1, 2001:db8::/32"),
            ("DANCU__SERVER__PRIVATE_BIND", ""),
            ("DANCU__CONTACT__PHONE", "113"),
            ("DANCU__LOGGING__LEVEL", "debug"),
            ("DANCU__KEYS__DIR", "/k"),
            ("DANCU_TEST_POSTGRES_URL", "x"),
            ("PATH", "/bin"),
        ]),
    )
    .unwrap();
    assert_eq!((config.database.readers, config.server.workers), (8, 1));
    assert_eq!(config.server.bind, ["127.0.0.1:1".parse().unwrap(), "[::1]:1".parse().unwrap()]);
    assert!(config.server.behind_proxy);
    assert_eq!(config.server.trusted_proxies, ["10.0.0.1".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
    assert!(config.server.private_bind.is_empty());
    assert_eq!(config.contact.phone, "113");
    assert_eq!(config.logging.level, LogLevel::Debug);
    assert_eq!(config.keys.dir, Some("/k".into()));
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let found = faults(
        "extra = 1\n[server]\nbind = [\"nowhere\"]\nworkers = 5000\nport = 1\ntls_key = \"k\"\n\
         [database]\nurl = \"mysql://u:hunter2@h\"\n[contact]\nemail = \"x\"\n[shapes]\na = 1\n",
        &[
            ("DANCU__CACHE__BYTES", "many"),
            ("DANCU__LIMITS__QUEUE_DELAY_MS", "0"),
            ("DANCU__NOWHERE__KEY", "1"),
            ("DANCU__KEYS", "1"),
            ("DANCU__AUDIT__ORIGIN", "https://x"),
        ],
    );
    let all = found.join("\n");
    for wanted in [
        "F: server.bind: invalid socket address",
        "F: server.workers: must be at most 1024",
        "F: server.port: unknown field `port`, expected one of",
        "server: name tls_certificate and tls_key, or neither",
        "F: database.url: must be sqlite:PATH",
        "F: contact.email: must be an e-mail address",
        "F: extra: unknown section",
        "F: shapes: unknown section",
        "DANCU__CACHE__BYTES: invalid type",
        "DANCU__LIMITS__QUEUE_DELAY_MS: must be 1 to 60000",
        "DANCU__NOWHERE__KEY: unknown section `nowhere`",
        "DANCU__KEYS: is not DANCU__SECTION__KEY",
        "DANCU__AUDIT__ORIGIN: must be HOST",
    ] {
        assert!(all.contains(wanted), "{wanted} in\n{all}");
    }
    assert_eq!(found.len(), 13, "{all}");
    assert!(!all.contains("hunter2"));
}

#[test]
fn a_file_that_is_no_toml_is_named_by_line_and_not_quoted() {
    let found = faults("[server]\nworkers = 1\n[database]\nurl = \"postgres://u:hunter2@h\n", &[]);
    assert!(found.len() == 1 && found[0].starts_with("F, line 4: ") && !found[0].contains("hunter2"), "{found:?}");
    assert_eq!(faults("server = 1", &[]), ["F: server: is a section: write [server]"]);
    let missing = Config::load(Some(Path::new("/nowhere/dancu.toml")), none()).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/dancu.toml: cannot be read"), "{missing}");
}

fn keyring() -> (tempfile::TempDir, Keyring) {
    let folder = tempfile::tempdir().unwrap();
    Keyring::init(folder.path(), &SystemEntropy::default(), &ManualClock::default()).unwrap();
    let keyring = Keyring::load(folder.path()).unwrap();
    (folder, keyring)
}

#[test]
fn bare_defaults_are_refused_for_all_that_is_missing() {
    let missing = Config::default().unsafe_settings(None);
    let names = [
        "server.issuer",
        "database.url",
        "keys.dir",
        "audit.origin",
        "audit.state_dir",
        "retention.stays_days",
        "contact.office",
        "contact.name",
        "contact.position",
        "contact.phone",
        "contact.email",
    ];
    assert_eq!(missing, names.map(UnsafeSetting::Missing));
}

#[test]
fn a_sound_configuration_is_let_through_and_each_unsafe_setting_is_not() {
    let (_keys, keyring) = keyring();
    let home = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(sample()).unwrap().replace("/var/lib/dancu", &home.path().display().to_string());
    let text = text.replace("/etc/dancu/tls", &home.path().display().to_string());
    let chmod = |path: PathBuf, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for name in ["chain.pem", "key.pem"] {
        std::fs::write(home.path().join(name), "").unwrap();
        chmod(home.path().join(name), 0o644);
    }
    chmod(home.path().into(), 0o700);
    let (_folder, path) = file(&text);
    chmod(path.clone(), 0o600);
    let check = |variables: &[(&str, &str)]| {
        Config::load(Some(&path), env(variables)).unwrap().unsafe_settings(Some(Ok(&keyring)))
    };
    assert_eq!(check(&[]), []);
    assert_eq!(check(&[("DANCU__SERVER__ISSUER", "http://dancu.vn")]), [UnsafeSetting::IssuerNotHttps]);
    assert_eq!(check(&[("DANCU__SERVER__ISSUER", "http://localhost")]), []);
    let private = ("DANCU__SERVER__PRIVATE_BIND", "127.0.0.1:1,[::1]:1,[::ffff:127.0.0.1]:1,192.0.2.1:1,[::]:1");
    let outside =
        ["192.0.2.1:1", "[::]:1"].map(|address| UnsafeSetting::PrivateBeyondLoopback(address.parse().unwrap()));
    assert_eq!(check(&[private]), outside);
    assert_eq!(check(&[private, ("DANCU__SERVER__PRIVATE_BEYOND_LOOPBACK", "true")]), []);
    assert_eq!(check(&[("DANCU__DATABASE__URL", "postgres://db/x")]), [UnsafeSetting::DatabaseUnverified]);
    let place = |path: &str| home.path().join(path).display().to_string();
    let folder = home.path().join("db");
    let in_folder = |key| UnsafeSetting::InDatabaseFolder { key, folder: folder.clone() };
    assert_eq!(check(&[("DANCU__AUDIT__STATE_DIR", &place("db/audit"))]), [in_folder("audit.state_dir")]);
    assert_eq!(check(&[("DANCU__KEYS__DIR", &place("elsewhere/../db"))]), [in_folder("keys.dir")]);
    assert_eq!(check(&[("DANCU__KEYS__DIR", &place("db/../keys"))]), []);
    std::os::unix::fs::symlink(".", home.path().join("link")).unwrap();
    assert_eq!(check(&[("DANCU__KEYS__DIR", &place("link/db/keys"))]), [in_folder("keys.dir")]);
    std::fs::remove_file(home.path().join("chain.pem")).unwrap();
    assert_eq!(check(&[]), [UnsafeSetting::TlsFileUnreadable(home.path().join("chain.pem"))]);
    chmod(home.path().into(), 0o755);
    let holds = vec!["server.tls_key".to_owned()];
    assert!(check(&[]).contains(&UnsafeSetting::Readable { file: home.path().join("key.pem"), holds, mode: 0o644 }));
}

/// What stands in a file that others can read, and in which.
fn readable(path: &Path, variables: &[(&str, &str)]) -> Vec<(PathBuf, Vec<String>)> {
    let found = Config::load(Some(path), env(variables)).unwrap().unsafe_settings(None);
    let readable = found.into_iter().filter_map(|reason| match reason {
        UnsafeSetting::Readable { file, holds, .. } => Some((file, holds)),
        _ => None,
    });
    readable.collect()
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_in_a_readable_configuration_is_refused_and_one_in_the_environment_is_not() {
    for (key, secret) in [
        ("database.url", "postgres://u:hunter2@localhost/d"),
        ("database.url", "postgres://localhost/d?user=u&password=hunter2"),
        ("eid.code_webhook_secret", "hunter2"),
        ("eid.code_webhook", "https://u:hunter2@sms.example/codes"),
        ("eid.code_webhook", "https://sms.example/codes?token=hunter2"),
    ] {
        let (section, name) = key.split_once('.').unwrap();
        let text = format!("[{section}]\n{name} = \"{secret}\"\n");
        let (folder, path) = file(&text);
        chmod(folder.path(), 0o755);
        chmod(&path, 0o644);
        let expected = [(path.clone(), vec![key.to_owned()])];
        assert_eq!(readable(&path, &[]), expected);
        let variable = format!("DANCU__{}__{}", section.to_uppercase(), name.to_uppercase());
        assert_eq!(readable(&path, &[(&variable, "sqlite:/x")]), expected, "it stands there, whatever wins");
        chmod(&path, 0o640);
        assert_eq!(readable(&path, &[]), []);
        chmod(&path, 0o644);
        chmod(folder.path(), 0o750);
        assert_eq!(readable(&path, &[]), [], "out of reach");
        chmod(folder.path(), 0o755);
        std::fs::write(&path, "").unwrap();
        assert_eq!(readable(&path, &[(&variable, secret)]), []);
    }
}

#[test]
fn files_of_secrets_are_looked_at_by_the_settings_that_name_them() {
    let home = tempfile::tempdir().unwrap();
    chmod(home.path(), 0o755);
    let place = |name: &str| home.path().join(name);
    for name in ["db.sqlite", "key.pem", "chain.pem", "codes"] {
        std::fs::write(place(name), "").unwrap();
        chmod(&place(name), 0o644);
    }
    let text = format!(
        "[database]\nurl = \"sqlite:{0}/db.sqlite\"\n[eid]\ncode_file = \"{0}/codes\"\n[server]\ntls_key = \"{0}/key.pem\"\n\
         tls_certificate = \"{0}/chain.pem\"\n",
        home.path().display()
    );
    let (_folder, path) = file(&text);
    let mut found = readable(&path, &[]);
    found.sort();
    let of = |name: &str, key: &str| (place(name), vec![key.to_owned()]);
    let expected = [of("codes", "eid.code_file"), of("db.sqlite", "database.url"), of("key.pem", "server.tls_key")];
    assert_eq!(found, expected);
    for name in ["db.sqlite", "key.pem", "codes"] {
        chmod(&place(name), 0o600);
    }
    assert_eq!(readable(&path, &[]), []);
    chmod(&place("codes"), 0o644);
    let codes = place("codes").display().to_string();
    std::fs::write(&path, "").unwrap();
    assert_eq!(readable(&path, &[("DANCU__EID__CODE_FILE", &codes)]), [of("codes", "eid.code_file")]);
}

/// The sample names every setting. One that is called a secret, and is not by its type, stands here with the reason.
#[test]
fn what_is_called_a_secret_is_one() {
    let not_secret = [
        // Words of other sections that only look alike.
        "tokens.lifetime_s",
        "tokens.assertion_lifetime_s",
        "keys.dir",
        "oidc.access_token_lifetime_s",
        "oidc.id_token_lifetime_s",
        "oidc.refresh_token_lifetime_s",
        "eid.passcodes_at_once",
        // Counts and terms of codes, how they are sent, and where: an address is looked at for credentials.
        "eid.send_codes",
        "eid.codes_per_number",
        "eid.codes_per_minute",
        "eid.code_webhook",
        "oidc.code_lifetime_s",
        "retention.codes_hours",
        "retention.credentials_days",
    ];
    let table: toml::Table = std::fs::read_to_string(sample()).unwrap().parse().unwrap();
    let every = table
        .iter()
        .flat_map(|(section, keys)| keys.as_table().unwrap().keys().map(move |key| format!("{section}.{key}")));
    let words = ["secret", "password", "passcode", "token", "key", "credential", "code"];
    let called: BTreeSet<String> = every.filter(|key| words.iter().any(|word| key.contains(word))).collect();
    let called: BTreeSet<&str> = called.iter().map(String::as_str).filter(|key| !not_secret.contains(key)).collect();
    let Secrets { in_configuration, files } = Config::load(Some(&sample()), none()).unwrap().secrets;
    let secret: BTreeSet<&str> =
        in_configuration.iter().chain(files.iter().map(|(key, _)| key)).map(String::as_str).collect();
    assert_eq!(called, secret);
    assert_eq!(secret, BTreeSet::from(["eid.code_file", "eid.code_webhook_secret", "server.tls_key"]));
}

#[test]
fn plain_text_beyond_loopback_and_unfit_keys_are_refused_together() {
    let demo = tempfile::tempdir().unwrap();
    Keyring::init_demo(demo.path(), &SystemEntropy::default(), &ManualClock::default()).unwrap();
    let config =
        Config::load(None, env(&[("DANCU__SERVER__BIND", "[::]:80,127.0.0.1:80,[::ffff:127.0.0.1]:80")])).unwrap();
    let keyring = Keyring::load(demo.path()).unwrap();
    let found = config.unsafe_settings(Some(Ok(&keyring)));
    assert!(found.contains(&UnsafeSetting::DemoKeys(demo.path().into())));
    let plain: Vec<_> = found.iter().filter(|reason| matches!(reason, UnsafeSetting::PlainText(_))).collect();
    assert_eq!(plain, [&UnsafeSetting::PlainText("[::]:80".parse().unwrap())]);
    let proxied = [("DANCU__SERVER__BIND", "[::]:80"), ("DANCU__SERVER__BEHIND_PROXY", "true")];
    let told = Config::load(None, env(&proxied)).unwrap_err().to_string();
    assert!(told.contains("behind_proxy needs trusted_proxies"), "{told}");
    let named = [&proxied[..], &[("DANCU__SERVER__TRUSTED_PROXIES", "192.0.2.7")]].concat();
    let found = Config::load(None, env(&named)).unwrap().unsafe_settings(Some(Ok(&keyring)));
    assert!(!found.iter().any(|reason| matches!(reason, UnsafeSetting::PlainText(_))), "{found:?}");
    std::fs::remove_file(demo.path().join(format!("{}-1.json", KeyUse::Seal))).unwrap();
    let error = Keyring::load(demo.path()).unwrap_err();
    let found = config.unsafe_settings(Some(Err(&error)));
    assert!(found.iter().any(|reason| reason.to_string().contains("seal-*.json is missing")), "{found:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_settings_never_panic_and_never_pass_unnoticed(key in "[a-z_]{1,12}", value in "\\PC{0,30}", text in "\\PC{0,80}") {
        let name = format!("DANCU__SERVER__{key}");
        let known = serde_json::to_value(ServerConfig::default()).unwrap().get(&key).is_some();
        let read = Config::load(None, env(&[(&name, &value)]));
        prop_assert!(known || read.is_err());
        let (_folder, path) = file(&text);
        let _ = Config::load(Some(&path), none());
    }
}
