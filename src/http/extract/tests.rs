use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::http::problem::{Problem, ProblemKind};
use crate::kernel::{AttributeSet, Faults, IdNumber, Language, PartialDate, PersonName, Purpose};

#[derive(Debug, Deserialize)]
struct Sample {
    id_number: Input<IdNumber>,
    full_name: Input<PersonName>,
    date_of_birth: Input<PartialDate>,
    purpose: Input<Purpose>,
    attributes: Input<AttributeSet>,
    limit: Input<Whole<1, 100>>,
    note: Input<BoundedText<10>>,
    fresh: Input<bool>,
}

#[derive(Debug)]
struct Command {
    number: IdNumber,
    name: PersonName,
    attributes: Option<AttributeSet>,
    limit: i64,
}

fn command(sample: Sample, faults: &mut Faults) -> Option<Command> {
    let number = sample.id_number.required("/id_number", faults);
    let name = sample.full_name.required("/full_name", faults);
    let date = sample.date_of_birth.required("/date_of_birth", faults);
    let purpose = sample.purpose.required("/purpose", faults);
    let attributes = sample.attributes.optional("/attributes", faults);
    let limit = sample.limit.required("/limit", faults);
    let note = sample.note.required("/note", faults);
    let fresh = sample.fresh.required("/fresh", faults);
    let _ = (date?, purpose?, note?, fresh?);
    Some(Command { number: number?, name: name?, attributes: attributes?, limit: limit?.get() })
}

fn read(body: &[u8]) -> Result<Command, Problem> {
    Json::<Sample>::parse(body)?.read(command)
}

fn valid() -> Value {
    json!({
        "id_number": "098300000002",
        "full_name": "Nguyễn Thị Mẫu",
        "date_of_birth": "2000-02",
        "purpose": {
            "procedure": "1.004222", "legal_basis": "STATE_DUTY", "officer": {"id": "cb-17", "unit": "p1"}
        },
        "attributes": ["full_name", "sex"],
        "limit": 5,
        "note": "ghi chú",
        "fresh": true,
    })
}

fn pointers(problem: &Problem) -> BTreeSet<(String, &'static str)> {
    problem.faults().iter().map(|f| (f.pointer.clone(), f.code)).collect()
}

#[test]
fn a_valid_body_is_a_command() {
    let command = read(valid().to_string().as_bytes()).unwrap();
    assert_eq!(command.number.expose(), "098300000002");
    assert_eq!(command.name.expose(), "Nguyễn Thị Mẫu");
    assert_eq!((command.attributes.unwrap().len(), command.limit), (2, 5));
    let mut body = valid();
    body["attributes"] = Value::Null;
    assert!(read(body.to_string().as_bytes()).unwrap().attributes.is_none());
}

#[test]
fn broken_documents_are_one_problem() {
    let kind = |body: &[u8]| read(body).unwrap_err().kind();
    assert_eq!(kind(b""), ProblemKind::InvalidJson);
    assert_eq!(kind(b"{\"a\":"), ProblemKind::InvalidJson);
    assert_eq!(kind(b"{} {}"), ProblemKind::InvalidJson);
    assert_eq!(kind(b"{\"note\": \"\xff\"}"), ProblemKind::NotUtf8);
    assert_eq!(kind("[".repeat(100_000).as_bytes()), ProblemKind::InvalidFields);
    let deep = format!("{{\"note\": {}", "[".repeat(100_000));
    assert_eq!(kind(deep.as_bytes()), ProblemKind::InvalidJson);
    for body in ["[]", "3", "null", "\"x\""] {
        let problem = read(body.as_bytes()).unwrap_err();
        assert_eq!(pointers(&problem), BTreeSet::from([(String::new(), "not_object")]), "{body}");
    }
}

#[test]
fn names_that_could_be_personal_are_not_repeated() {
    let body = r#"{"purpose": {"Nguyễn Văn Bí Mật": 1, "097099000001": {"x": 1}}}"#;
    let problem = read(body.as_bytes()).unwrap_err();
    let unknown: Vec<_> = problem.faults().iter().filter(|f| f.code == "unknown").map(|f| &f.pointer).collect();
    assert_eq!(unknown, ["/purpose", "/purpose"]);
}

#[test]
fn many_members_are_read_in_time() {
    let members: Vec<String> = (0..20_000).map(|i| format!("\"m{i}\":0")).collect();
    let body = format!("{{{},{}}}", members.join(","), members.join(","));
    let problem = read(body.as_bytes()).unwrap_err();
    let count = |code| problem.faults().iter().filter(|f| f.code == code).count();
    assert_eq!((count("unknown"), count("repeated"), count("missing")), (20_000, 20_000, 7));
}

const CANARY: &str = "Kẻ Mạo Danh 097099123456";

/// A fault put into the valid body: what is done, where, and what must be said of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Injected {
    member: &'static str,
    value: Option<JsonText>,
    pointer: &'static str,
    code: &'static str,
}

/// `serde_json::Value` has no order; its text does.
type JsonText = String;

fn injections() -> Vec<Injected> {
    let mut all = Vec::new();
    let mut put = |member, value: Option<Value>, pointer, code| {
        all.push(Injected { member, value: value.map(|v| v.to_string()), pointer, code });
    };
    for member in ["/id_number", "/full_name", "/date_of_birth", "/purpose", "/limit", "/note", "/fresh"] {
        put(member, None, member, "missing");
    }
    for member in ["/purpose/procedure", "/purpose/legal_basis", "/purpose/officer/id", "/purpose/officer/unit"] {
        put(member, None, member, "missing");
        put(member, Some(json!([CANARY, {"a": CANARY}])), member, "not_text");
        put(member, Some(json!(3)), member, "not_text");
    }
    put("/id_number", Some(json!(CANARY)), "/id_number", "id_number_format");
    put("/id_number", Some(json!(97_099_123_456_u64)), "/id_number", "not_text");
    put("/full_name", Some(json!(CANARY)), "/full_name", "name_character");
    put("/full_name", Some(json!({"first": CANARY})), "/full_name", "not_text");
    put("/date_of_birth", Some(json!("2000-02-31")), "/date_of_birth", "date_impossible");
    put("/date_of_birth", Some(json!(CANARY)), "/date_of_birth", "date_format");
    put("/purpose", Some(json!(CANARY)), "/purpose", "not_object");
    put("/purpose/procedure", Some(json!(CANARY)), "/purpose/procedure", "procedure_format");
    put("/purpose/legal_basis", Some(json!(CANARY)), "/purpose/legal_basis", "legal_basis_format");
    put("/purpose/officer/id", Some(json!(CANARY)), "/purpose/officer/id", "officer_format");
    put("/purpose/officer/rank", Some(json!({"x": CANARY})), "/purpose/officer/rank", "unknown");
    put("/attributes", Some(json!({"a": [CANARY]})), "/attributes", "not_list");
    put("/attributes/1", Some(json!(CANARY)), "/attributes/1", "attribute_unknown");
    put("/attributes/0", Some(json!(false)), "/attributes/0", "not_text");
    put("/limit", Some(json!(101)), "/limit", "out_of_range");
    put("/limit", Some(json!(1.5)), "/limit", "not_integer");
    put("/note", Some(json!(CANARY)), "/note", "text_too_long");
    put("/fresh", Some(json!(CANARY)), "/fresh", "not_boolean");
    put("/surname", Some(json!(CANARY)), "/surname", "unknown");
    all
}

fn inject(body: &mut Value, injected: &Injected) {
    let (parent, name) = injected.member.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match (&injected.value, parent) {
        (Some(value), Value::Array(list)) => {
            list[name.parse::<usize>().unwrap()] = serde_json::from_str(value).unwrap()
        }
        (Some(value), parent) => parent[name] = serde_json::from_str(value).unwrap(),
        (None, parent) => drop(parent.as_object_mut().unwrap().remove(name)),
    }
}

/// Injections of which none stands at, above or below another.
fn compatible(chosen: Vec<Injected>) -> Vec<Injected> {
    let mut kept: Vec<Injected> = Vec::new();
    for one in chosen {
        let clash = |other: &Injected| {
            let (a, b) = (format!("{}/", one.member), format!("{}/", other.member));
            a.starts_with(&b) || b.starts_with(&a)
        };
        if !kept.iter().any(clash) {
            kept.push(one);
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_fault_is_told_at_its_pointer_and_no_input_is_repeated(
        chosen in prop::sample::subsequence(injections(), 1..8).prop_shuffle()
    ) {
        let chosen = compatible(chosen);
        let mut body = valid();
        chosen.iter().for_each(|injected| inject(&mut body, injected));
        let problem = read(body.to_string().as_bytes()).unwrap_err();
        let expected: BTreeSet<_> = chosen.iter().map(|i| (i.pointer.to_owned(), i.code)).collect();
        prop_assert_eq!(pointers(&problem), expected);
        for language in [Language::Vi, Language::En] {
            let shown = actix_web::body::MessageBody::try_into_bytes(problem.render(language, None, None).into_body());
            let shown = String::from_utf8(shown.unwrap().to_vec()).unwrap();
            for part in CANARY.split(' ').chain(["97099123456", "2000-02-31"]) {
                prop_assert!(!shown.contains(part), "{} holds {}", shown, part);
            }
        }
    }

    #[test]
    fn a_repeated_member_is_refused_wherever_it_stands(member in prop::sample::select(vec![
        "id_number", "full_name", "purpose", "attributes", "limit", "fresh",
    ])) {
        let text = valid().to_string();
        let body = format!("{},\"{member}\":{}}}", &text[..text.len() - 1], valid()[member]);
        let problem = read(body.as_bytes()).unwrap_err();
        prop_assert_eq!(pointers(&problem), BTreeSet::from([(format!("/{member}"), "repeated")]));
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in ".{0,200}") {
        let _ = read(body.as_bytes());
        let _ = read(format!("{{\"purpose\": {body}}}").as_bytes());
    }
}
