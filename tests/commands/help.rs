//! What `--help` tells.

use clap::{Command, Subcommand};

/// Every command and argument without a word about it.
fn wordless(command: &Command, path: &str, found: &mut Vec<String>) {
    let names = command.get_arguments().filter(|argument| argument.get_help().is_none());
    found.extend(names.map(|argument| format!("{path} {}", argument.get_id())));
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name());
        if sub.get_about().is_none() {
            found.push(path.clone());
        }
        wordless(sub, &path, found);
    }
}

#[test]
fn every_command_and_argument_says_what_it_is() {
    let command = dancu::cli::Command::augment_subcommands(Command::new("dancu"));
    let mut found = Vec::new();
    wordless(&command, "dancu", &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
