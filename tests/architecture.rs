//! The rules of direction of the design, read from the source itself.

use std::fs;
use std::path::{Path, PathBuf};

/// Top floor first; a room uses only rooms below it.
const ROOMS: &[&str] = &[
    "cli",
    "server",
    "console",
    "app",
    "forms",
    "stays",
    "residence",
    "oidc",
    "eid",
    "qr",
    "transparency",
    "citizens",
    "consent",
    "access",
    "clients",
    "audit",
    "sealing",
    "http",
    "storage",
    "telemetry",
    "config",
    "crypto",
    "kernel",
];
const LONGEST_FILE: usize = 500;

/// A source file without comments and tests.
struct Source {
    /// Below `src/`, e.g. `citizens/store/read.rs`.
    path: String,
    lines: Vec<String>,
    /// Lines of the file as it is, without tests.
    length: usize,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        let mut kept: Vec<&str> = text.lines().collect();
        let tests = kept.windows(2).position(|pair| {
            pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ") && pair[1].ends_with('{')
        });
        kept.truncate(tests.unwrap_or(kept.len()));
        let without_comment = |line: &&str| match line.find("//") {
            Some(at) if line[..at].trim().is_empty() || line[..at].ends_with("  ") || line[..at].ends_with("; ") => {
                line[..at].to_owned()
            }
            _ => (*line).to_owned(),
        };
        Self { path: path.to_owned(), length: kept.len(), lines: kept.iter().map(without_comment).collect() }
    }

    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// Whether a folder or file of its path begins with `word`: `store` is `store.rs`, `store/…`,
    /// `store_write.rs`.
    fn has_part(&self, word: &str) -> bool {
        self.path.split('/').any(|part| part.strip_suffix(".rs").unwrap_or(part).starts_with(word))
    }

    /// Whether a folder or file of its path is called `word`.
    fn is_part_of(&self, word: &str) -> bool {
        self.path.split('/').any(|part| part.strip_suffix(".rs").unwrap_or(part) == word)
    }

    fn lines_with<'a>(&'a self, bad: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
        self.lines.iter().filter(move |line| bad(line)).map(|line| format!("{}: {}", self.path, line.trim()))
    }
}

/// Whether the line names the crate: `ring::…` or `use ring`, but not `rustls::crypto::ring::…`.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts_a_path = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '"' | '-'));
        starts_a_path && (after.starts_with("::") || (line.trim_start().starts_with("use ") && after.starts_with(';')))
    })
}

/// The rooms a line refers to.
fn rooms_named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).flat_map(|rest| {
        let group = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        group.unwrap_or(rest).split(',').take(if group.is_some() { usize::MAX } else { 1 }).map(|path| {
            let path = path.trim();
            &path[..path.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(path.len())]
        })
    })
}

fn floor(room: &str) -> Option<usize> {
    ROOMS.iter().position(|r| *r == room)
}

fn imports_upward(source: &Source) -> Vec<String> {
    let Some(own) = floor(source.room()) else { return Vec::new() };
    source.lines_with(|line| rooms_named(line).any(|room| floor(room).is_some_and(|f| f < own))).collect()
}

fn foreign_crates(source: &Source) -> Vec<String> {
    let diesel = source.room() == "storage" || source.has_part("store");
    let actix = matches!(source.room(), "http" | "console" | "server")
        || source.path.starts_with("access/extractor")
        || source.path.starts_with("oidc/endpoints")
        || source.has_part("api")
        || source.has_part("pages");
    let mut found = Vec::new();
    if !diesel {
        found.extend(source.lines_with(|l| names_crate(l, "diesel") || names_crate(l, "diesel_migrations")));
    }
    if !actix {
        found.extend(source.lines_with(|l| ["actix_web", "actix_http", "actix_rt"].iter().any(|c| names_crate(l, c))));
    }
    if source.room() != "crypto" {
        found.extend(source.lines_with(|l| names_crate(l, "ring") || names_crate(l, "curve25519_dalek")));
    }
    if source.room() != "config" {
        found.extend(source.lines_with(|l| l.contains("std::env") || l.contains("env::var")));
    }
    found
}

fn impurities(source: &Source) -> Vec<String> {
    if !["model", "matching", "tree", "protocol"].iter().any(|part| source.is_part_of(part)) {
        return Vec::new();
    }
    const IMPURE: &[&str] = &[
        "std::fs",
        "std::net",
        "std::io",
        "std::process",
        "std::thread",
        "tokio::",
        "reqwest",
        "SystemTime",
        "Instant::now",
        "Clock",
        "Entropy",
        "async fn",
        "crate::storage",
        "crate::http",
        "crate::telemetry",
        "tracing::",
    ];
    source.lines_with(|line| IMPURE.iter().any(|word| line.contains(word))).collect()
}

/// Commands get a store that may change something from an operator, who records it; the rest read.
fn stores_of_commands(source: &Source) -> Vec<String> {
    if source.room() != "cli" {
        return Vec::new();
    }
    let opens = |line: &str| line.contains("Store::open(");
    let changes = |line: &str| {
        line.contains("open_for_changes") && !matches!(source.path.as_str(), "cli/place.rs" | "cli/operate.rs")
    };
    source.lines_with(move |line| opens(line) || changes(line)).collect()
}

/// Whoever is let do something must be known to be at work: a registry that is behind the database says so only
/// where it is asked by `find_current`.
fn clients_of_a_registry_that_may_be_behind(source: &Source) -> Vec<String> {
    // Commands have just read the registry, and the others ask for a name alone. A request to a citizen that
    // begins with it is held against `find_current` wherever it is shown, approved and taken.
    const FOR_NAMES: [&str; 3] = ["eid/service/asking.rs", "eid/service/mod.rs", "transparency/me/service.rs"];
    if matches!(source.room(), "cli" | "clients") || FOR_NAMES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    source.lines_with(|line| ["clients.find(", "clients.list("].iter().any(|ask| line.contains(ask))).collect()
}

fn open_inner_rooms(source: &Source) -> Vec<String> {
    // These two are no slices: a store is what the one offers.
    if matches!(source.room(), "http" | "storage") {
        return Vec::new();
    }
    source
        .lines_with(|line| {
            let line = line.trim();
            ["store", "api", "pages"].iter().any(|inner| {
                line.starts_with("pub")
                    && (line.ends_with(&format!(" mod {inner};")) || line.ends_with(&format!(" mod {inner} {{")))
            })
        })
        .collect()
}

fn panics_on_a_requests_path(source: &Source) -> Vec<String> {
    if !source.has_part("api") && !source.has_part("service") && !source.has_part("pages") {
        return Vec::new();
    }
    source
        .lines_with(|l| [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!("].iter().any(|p| l.contains(p)))
        .collect()
}

/// Cells that spreadsheet programs take for formulas are guarded in one place.
fn other_writers_of_tables(source: &Source) -> Vec<String> {
    let writer =
        |line: &str| ["csv::Writer", "csv::WriterBuilder", "csv_core::Writer"].iter().any(|name| line.contains(name));
    let imports = |line: &str| {
        ["use csv::", "use csv_core::"].iter().any(|crate_of| line.trim_start().starts_with(crate_of))
            && line.contains("Writer")
    };
    let own = source.path == "kernel/spreadsheet.rs";
    let mut found: Vec<String> = source.lines_with(|line| !own && (writer(line) || imports(line))).collect();
    // The type of a file that is handed out; in the descriptions of the API it has no character set.
    let passes = source.lines.iter().any(|line| line.contains("CsvWriter")) || source.path == "stays/formats/mod.rs";
    found.extend(source.lines_with(|line| !passes && line.contains("text/csv; charset")));
    if !source.path.starts_with("stays/formats/") {
        found.extend(source.lines_with(|line| names_crate(line, "rust_xlsxwriter")));
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    let files = found.into_iter().filter(|path| !is_test(path.strip_prefix(&root).unwrap()));
    files
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            Source::of(&name, &fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[track_caller]
fn none(rule: &str, check: fn(&Source) -> Vec<String>) {
    let found: Vec<_> = sources().iter().flat_map(check).collect();
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn every_room_has_its_floor_and_the_map_shows_them_in_order() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms: Vec<_> = map.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let floors: Vec<_> =
        rooms.iter().map(|room| floor(room).unwrap_or_else(|| panic!("{room} has no floor"))).collect();
    assert!(floors.is_sorted(), "src/lib.rs names the rooms top floor first: {rooms:?}");
    for source in sources() {
        let known = matches!(source.room(), "main" | "lib") || floor(source.room()).is_some();
        assert!(known, "{} is in no room", source.path);
    }
}

#[test]
fn imports_go_down() {
    none("a room may only use rooms below it", imports_upward);
}

#[test]
fn each_library_has_its_rooms() {
    none("these rooms may not name these crates", foreign_crates);
}

#[test]
fn models_are_pure() {
    none("models do no input or output and read no clock", impurities);
}

#[test]
fn stores_apis_and_pages_are_private() {
    none("a slice keeps its store, api and pages to itself", open_inner_rooms);
}

#[test]
fn commands_change_nothing_unrecorded() {
    none("commands change things as operators", stores_of_commands);
}

#[test]
fn nobody_is_trusted_who_may_be_stopped() {
    none("clients are asked for by find_current", clients_of_a_registry_that_may_be_behind);
}

#[test]
fn no_panic_on_a_requests_path() {
    none("handlers and services answer with errors", panics_on_a_requests_path);
}

#[test]
fn tables_are_written_in_one_place() {
    none("CSV is written by kernel::spreadsheet::CsvWriter, workbooks by stays::formats", other_writers_of_tables);
}

#[test]
fn files_are_short() {
    let long: Vec<_> = sources().into_iter().filter(|s| s.length > LONGEST_FILE).collect();
    let shown: Vec<_> = long.iter().map(|s| format!("{}: {} lines", s.path, s.length)).collect();
    assert!(long.is_empty(), "files of more than {LONGEST_FILE} lines:\n{}", shown.join("\n"));
}

/// Each rule catches what it is there for, and lets pass what it must.
#[test]
fn the_rules_bite() {
    let source = |path: &str, line: &str| Source::of(path, line);
    let caught = |check: fn(&Source) -> Vec<String>, path: &str, line: &str| !check(&source(path, line)).is_empty();
    assert!(caught(imports_upward, "http/mod.rs", "use crate::access::Caller;"));
    assert!(caught(imports_upward, "audit/mod.rs", "    let x = crate::app::App::new();"));
    assert!(caught(imports_upward, "storage/mod.rs", "use crate::{kernel::Instant, http::Problem};"));
    assert!(!caught(imports_upward, "citizens/api.rs", "use crate::access::Caller;"));
    assert!(!caught(imports_upward, "http/mod.rs", "// crate::access is above"));
    assert!(!caught(imports_upward, "http/mod.rs", "#[cfg(test)]\nmod tests {\n use crate::access::X;\n}"));
    assert!(caught(foreign_crates, "citizens/service.rs", "use diesel::prelude::*;"));
    assert!(!caught(foreign_crates, "citizens/store/read.rs", "use diesel::prelude::*;"));
    assert!(caught(foreign_crates, "citizens/service.rs", "fn f() -> actix_web::HttpResponse {"));
    assert!(!caught(foreign_crates, "citizens/api_batch.rs", "use actix_web::web;"));
    assert!(caught(foreign_crates, "audit/tree.rs", "use ring::digest;"));
    assert!(!caught(foreign_crates, "server/tls.rs", "rustls::crypto::ring::default_provider()"));
    assert!(caught(foreign_crates, "app.rs", "std::env::args()"));
    assert!(caught(impurities, "citizens/model.rs", "use crate::kernel::Clock;"));
    assert!(caught(impurities, "citizens/matching/name.rs", "let x = std::fs::read(p);"));
    assert!(!caught(impurities, "citizens/service.rs", "use crate::kernel::Clock;"));
    assert!(caught(other_writers_of_tables, "citizens/x.rs", "let w = csv::Writer::from_writer(file);"));
    assert!(caught(other_writers_of_tables, "citizens/x.rs", "use csv::{ReaderBuilder, WriterBuilder};"));
    assert!(caught(other_writers_of_tables, "oidc/endpoints/x.rs", "(CONTENT_TYPE, \"text/csv; charset=utf-8\")"));
    assert!(caught(other_writers_of_tables, "citizens/x.rs", "use rust_xlsxwriter::Workbook;"));
    assert!(!caught(other_writers_of_tables, "citizens/x.rs", "use csv::{ByteRecord, ReaderBuilder};"));
    assert!(caught(open_inner_rooms, "citizens/mod.rs", "pub mod store;"));
    assert!(caught(open_inner_rooms, "citizens/mod.rs", "pub(crate) mod api;"));
    assert!(!caught(open_inner_rooms, "citizens/mod.rs", "mod store;"));
    assert!(caught(stores_of_commands, "cli/seed.rs", "let store = Store::open(&config)?;"));
    assert!(caught(stores_of_commands, "cli/seed.rs", "place.open_for_changes()"));
    assert!(!caught(stores_of_commands, "cli/audit.rs", "Store::open_reading(&config)"));
    let may_be_behind = clients_of_a_registry_that_may_be_behind;
    assert!(caught(may_be_behind, "oidc/service/ends.rs", "self.0.clients.find(&id)"));
    assert!(!caught(may_be_behind, "oidc/service/ends.rs", "self.0.clients.find_current(&id)"));
    assert!(caught(panics_on_a_requests_path, "citizens/service.rs", "x.unwrap();"));
    assert!(!caught(panics_on_a_requests_path, "citizens/service.rs", "x.unwrap_or_default();"));
}
