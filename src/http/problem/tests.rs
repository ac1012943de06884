use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::http::header;

use super::{Problem, ProblemKind};
use crate::http::Contact;
use crate::http::context::RequestId;
use crate::kernel::{Faults, Language, Text};

fn shown(problem: &Problem, language: Language) -> String {
    let response = problem.render(language, RequestId::parse("request-of-the-snapshot"), Some(&contact()));
    let mut text = format!("{}\n", response.status());
    for name in [header::CONTENT_TYPE, header::CONTENT_LANGUAGE, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = response.headers().get(&name) {
            text += &format!("{name}: {}\n", value.to_str().unwrap());
        }
    }
    let body = response.into_body().try_into_bytes().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    text + &serde_json::to_string_pretty(&body).unwrap()
}

fn contact() -> Contact {
    let text = |text: &str| text.to_owned();
    Contact {
        office: text("Cục mẫu"),
        name: text("Trần Văn Trực"),
        position: text("Trực ban"),
        phone: text("+84 24 0000 0000"),
        email: text("truc@example.vn"),
    }
}

fn sample(kind: ProblemKind) -> Problem {
    let problem = Problem::new(kind);
    match kind {
        ProblemKind::InvalidFields => {
            let mut faults = Faults::default();
            faults.push("/full_name", "missing", Text::new("Trường này là bắt buộc.", "This member is required."));
            faults.take("/id_number", crate::kernel::IdNumber::parse("12"));
            problem.with_faults(faults)
        }
        ProblemKind::OverQuota => problem.retry_after(Duration::from_millis(1500)),
        _ => problem,
    }
}

#[test]
fn every_type_in_both_languages() {
    let mut text = String::new();
    for kind in ProblemKind::ALL {
        for language in [Language::Vi, Language::En] {
            text += &format!("--- {}\n{}\n\n", kind.slug(), shown(&sample(*kind), language));
        }
    }
    insta::assert_snapshot!("problems", text);
}

#[test]
fn slugs_and_titles_are_distinct() {
    let kinds = ProblemKind::ALL;
    assert_eq!(kinds.iter().map(|k| k.slug()).collect::<BTreeSet<_>>().len(), kinds.len());
    assert_eq!(kinds.iter().map(|k| k.title().vi).collect::<BTreeSet<_>>().len(), kinds.len());
    assert_eq!(kinds.iter().map(|k| k.title().en).collect::<BTreeSet<_>>().len(), kinds.len());
}

#[test]
fn a_server_fault_tells_no_more_than_the_request_id() {
    let mut faults = Faults::default();
    faults.push("/x", "missing", Text::new("a", "b"));
    let cause = std::io::Error::other("the disk is full");
    let problem = Problem::internal(&cause).with_faults(faults);
    assert_eq!(problem.cause(), Some("the disk is full"));
    let shown = shown(&problem, Language::En);
    assert!(!shown.contains("disk") && !shown.contains("errors"), "{shown}");
}

/// `docs/api.md` lists the catalogue as it is.
#[test]
fn the_documentation_lists_every_type() {
    let rows: String = ProblemKind::ALL
        .iter()
        .map(|k| format!("| `{}` | {} | {} |\n", k.slug(), k.status().as_u16(), k.meaning()))
        .collect();
    let table = format!("| type | status | answered when |\n| --- | --- | --- |\n{rows}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md");
    let documentation = std::fs::read_to_string(path).unwrap();
    assert!(documentation.contains(&table), "docs/api.md should hold this table:\n{table}");
}
