//! `dancu config check`: says what is wrong with a configuration before `serve` does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::place::CONFIG_HELP;
use crate::config::{self, Config};
use crate::crypto::Keyring;

#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Read the configuration as `serve` would and tell every fault and every unsafe setting.
    Check {
        #[arg(long, value_name = "FILE", help = CONFIG_HELP)]
        config: Option<PathBuf>,
    },
}

/// The exit code: 0 sound, 1 faulty or unsafe.
pub fn run(args: ConfigArgs, out: &mut dyn Write) -> io::Result<u8> {
    let ConfigCommand::Check { config } = args.command;
    check(config.as_deref(), out)
}

fn check(file: Option<&Path>, out: &mut dyn Write) -> io::Result<u8> {
    match config::from_environment(file) {
        Ok(config) => report(&config, out),
        Err(faults) => {
            writeln!(out, "{faults}")?;
            Ok(1)
        }
    }
}

fn report(config: &Config, out: &mut dyn Write) -> io::Result<u8> {
    let keyring = config.keys.dir.as_deref().map(Keyring::load);
    let reasons = config.unsafe_settings(keyring.as_ref().map(Result::as_ref));
    if reasons.is_empty() {
        writeln!(out, "the configuration is sound (cấu hình hợp lệ)")?;
        return Ok(0);
    }
    writeln!(out, "`dancu serve` refuses to start, for {} reason(s) (từ chối khởi động):", reasons.len())?;
    for reason in reasons {
        writeln!(out, "  {reason}")?;
    }
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(file: &Path) -> (u8, String) {
        let mut out = Vec::new();
        let code = check(Some(file), &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    /// Each room has defaults of its own for tests and the demo; the sample file shows ours.
    #[test]
    fn defaults_are_those_of_the_rooms() {
        let (ours, http) = (Config::default(), crate::http::Limits::default());
        let times = [ours.server.head_timeout(), ours.server.body_timeout(), ours.server.answer_timeout()];
        assert_eq!(times, [http.head_timeout, http.body_timeout, http.answer_timeout]);
        assert_eq!((ours.server.body_bytes, ours.server.header_bytes), (http.body_bytes, http.header_bytes));
        assert_eq!((ours.server.keep_alive(), ours.limits.in_flight), (http.keep_alive, http.in_flight));
        let delays = (ours.limits.negative_answer_delay(), ours.limits.queue_delay());
        assert_eq!(delays, (http.negative_delay, http.queue_delay));
        let audit = crate::audit::AuditConfig::new("o", "s");
        assert_eq!(ours.audit.checkpoint_every(), audit.checkpoint_every);
        let access = crate::access::AccessConfig::new("https://x");
        let lifetimes = (ours.tokens.lifetime(), ours.tokens.assertion_lifetime());
        assert_eq!(lifetimes, (access.token_lifetime, access.assertion_lifetime));
    }

    #[test]
    fn faults_and_unsafe_settings_end_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dancu.toml");
        std::fs::write(&file, "[server]\nport = 1\n[nowhere]\n").unwrap();
        let (code, text) = checked(&file);
        assert!(code == 1 && text.contains("2 fault(s)"), "{text}");
        std::fs::write(&file, format!("[keys]\ndir = {:?}\n", folder.path().join("keys"))).unwrap();
        let (code, text) = checked(&file);
        assert!(
            code == 1 && text.contains("server.issuer is not set") && text.contains("the folder cannot be read"),
            "{text}"
        );
    }
}
