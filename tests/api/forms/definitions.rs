use std::time::Duration;

use clap::Parser;
use dancu::cli::forms::{FormsArgs, run};
use dancu::forms::{Form, Origin};
use serde_json::{Value, json};

use super::about;
use crate::api::citizens::desk::{Desk, people};
use crate::support::house::within;
use crate::support::{Backend, for_each_backend};

const CT01: &str = include_str!("../../../src/forms/definitions/ct01.json");

/// The form that docs/forms.md lets an operator write.
fn of_the_docs() -> Value {
    let docs = include_str!("../../../docs/forms.md");
    let begin = docs.find("```json\n{\n  \"code\"").expect("the docs hold a whole definition") + "```json\n".len();
    let end = begin + docs[begin..].find("```").expect("its end");
    serde_json::from_str(&docs[begin..end]).expect("the docs' definition is JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_forms_are_listed_and_shown_with_labels_and_sources() {
    let desk = Desk::open(&Backend::sqlite()).await;
    let (headers, status, body) = desk.get("/v1/forms", "*/*").await;
    assert_eq!((status, &headers["cache-control"]), (200, &"public, max-age=60".parse().unwrap()));
    let listed: Value = serde_json::from_slice(&body).unwrap();
    let codes: Vec<_> = listed["forms"].as_array().unwrap().iter().map(|form| form["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["birth-registration", "ct01", "ct07-request", "passport-tk01"]);
    for code in codes {
        let (_, status, body) = desk.get(&format!("/v1/forms/{code}"), "*/*").await;
        let form: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &form["origin"]), (200, &json!("shipped")));
        assert_eq!(form["schema"]["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for field in form["fields"].as_array().unwrap() {
            assert!(field["label"]["vi"].is_string() && field["label"]["en"].is_string(), "{field}");
        }
    }
    assert_eq!(desk.get("/v1/forms/ct99", "*/*").await.1, 404);
    assert_eq!(desk.get("/v1/forms/CT01", "*/*").await.1, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_form_written_from_the_docs_comes_changes_and_goes_without_a_restart() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let file = backend.dir().join("forms").join("library-card.json");
        let path = "/v1/forms/library-card";
        let status = async || desk.get(path, "*/*").await.1;
        assert_eq!(status().await, 404);
        std::fs::write(&file, of_the_docs().to_string()).unwrap();
        let took = within(Duration::from_secs(10), async || status().await == 200).await;
        eprintln!("{}: a form is there {} ms after its file", backend.name(), took.as_millis());
        let body = desk.post("portal", &format!("{path}/prefill"), &about(&people()[0])).await.json();
        assert_eq!(body["values"]["reader"]["full_name"], "Nguyễn Văn An", "{body}");
        assert!(body["prefilled"]["ratio"].as_f64().unwrap() > 0.5);
        let mut faulty = of_the_docs();
        faulty["fields"][0]["from"] = json!({ "attribute": "surname" });
        std::fs::write(&file, faulty.to_string()).unwrap();
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(status().await, 200, "a faulty file changes nothing");
        std::fs::remove_file(&file).unwrap();
        within(Duration::from_secs(10), async || status().await == 404).await;
        // The same code as a shipped one: the operator's holds.
        let mut own: Value = serde_json::from_str(CT01).unwrap();
        own["title"]["en"] = json!("CT01 of our province");
        std::fs::write(&file, own.to_string()).unwrap();
        within(Duration::from_secs(10), async || {
            let shown: Value = serde_json::from_slice(&desk.get("/v1/forms/ct01", "*/*").await.2).unwrap();
            shown["title"]["en"] == "CT01 of our province" && shown["origin"] == "operator"
        })
        .await;
    })
    .await;
}

/// `value` with what stands at a pointer changed.
fn with(mut value: Value, at: &str, change: Value) -> Value {
    *value.pointer_mut(at).unwrap_or_else(|| panic!("nothing at {at}")) = change;
    value
}

#[test]
fn a_wrong_definition_names_file_place_and_reason() {
    let good: Value = serde_json::from_str(CT01).unwrap();
    let members = good["fields"].as_array().unwrap().iter().position(|field| field["at"] == "/members").unwrap();
    let columns = format!("/fields/{members}/columns");
    for (form, pointer, reason) in [
        (with(good.clone(), "/code", json!("CT 01")), "/code", "beginning with a letter"),
        (with(good.clone(), "/title", json!("CT01")), "/title", "neither empty"),
        (with(good.clone(), "/procedures", json!(["a b"])), "/procedures/0", "no procedure code"),
        (with(good.clone(), "/schema/$schema", json!("http://json-schema.org/draft-07/schema#")), "/schema/$schema", "2020-12"),
        (with(good.clone(), "/schema/properties/sex", json!({ "type": "text" })), "/schema/properties/sex/type", "text"),
        (with(good.clone(), "/schema/properties/sex", json!({ "$ref": "https://example.vn/s" })), "/schema", "example.vn"),
        (with(good.clone(), "/schema/properties/sex", json!({ "$ref": "#/$defs/nothing" })), "/schema", "nothing"),
        (with(good.clone(), "/fields/1/at", json!("/fullname")), "/fields/1/at", "no field at `/fullname`"),
        (with(good.clone(), "/fields/1/at", json!("/sex")), "/fields/3/at", "two fields"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "surname" })), "/fields/1/from/attribute", "no attribute"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "card" })), "/fields/1/from/attribute", "no plain value"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "photo" })), "/fields/1/from/attribute", "photo"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "card", "path": "/kind/x" })), "/fields/1/from/path", "no text at"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "sex", "derive": "address" })), "/fields/1/from/derive", "cannot be made of"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "sex", "derive": "upper" })), "/fields/1/from/derive", "no derivation"),
        (with(good.clone(), "/fields/1/from", json!({ "attribute": "sex", "as": "x" })), "/fields/1/from/as", "not a member"),
        (with(good.clone(), "/fields/1/from", json!("guess")), "/fields/1/from", "\"ask\""),
        (with(good.clone(), "/fields/1/from", json!("household_members")), "/fields/1/from", "columns"),
        (with(good.clone(), "/schema/$defs/name", json!({ "type": "integer" })), "/fields/1/from", "wants another type"),
        (with(good.clone(), &format!("{columns}/sex"), json!(1)), &format!("{columns}/sex"), "must be an object"),
        (
            with(good.clone(), &format!("{columns}/sex/from"), json!({ "attribute": "phone" })),
            &format!("{columns}/sex/from"),
            "not told of other members",
        ),
    ] {
        let faults = Form::read("own.json", &form.to_string(), Origin::Operator).expect_err(reason);
        assert_eq!(faults.file, "own.json");
        let found = faults.faults.iter().any(|fault| fault.pointer == pointer && fault.reason.contains(reason));
        assert!(found, "{pointer}: {reason}, but:\n{faults}");
    }
    // Every fault at once, and a leaf without a mapping.
    let mut many = with(good.clone(), "/code", json!(7));
    many["fields"].as_array_mut().unwrap().truncate(3);
    many["more"] = json!(true);
    let faults = Form::read("own.json", &many.to_string(), Origin::Operator).unwrap_err().to_string();
    for part in ["own.json: /code: must be a string", "/more: is not a member", "nothing fills `/head/relation`"] {
        assert!(faults.contains(part), "{part} in:\n{faults}");
    }
    let broken = Form::read("own.json", "{", Origin::Operator).unwrap_err().to_string();
    assert!(broken.starts_with("own.json: (file): is not JSON"), "{broken}");
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: FormsArgs,
}

#[test]
fn the_command_checks_files() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let check = |files: &[&str]| {
        let line = Line::try_parse_from(["forms", "check"].iter().chain(files)).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        let code = run(&line.args, &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    };
    let good = file("good.json", &of_the_docs().to_string());
    let (code, text) = check(&[&good]);
    assert!(code == 0 && text.contains("library-card is a form of"), "{text}");
    let bad = file("bad.json", &with(of_the_docs(), "/fields/0/at", json!("/nowhere")).to_string());
    let (code, text) = check(&[&good, &bad, "/nowhere.json"]);
    assert!(code == 1 && text.contains(&format!("{bad}: /fields/0/at: the schema has no field")), "{text}");
    assert!(text.contains("/nowhere.json: (file): cannot be read"), "{text}");
}
