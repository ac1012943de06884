use dancu::audit::Outcome;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::shown::{AN_CARD, VERIFY, about, verdict};
use crate::api::citizens::desk::{Desk, but, people};
use crate::support::for_each_backend;

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_never_proof_and_always_matched() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let answer = desk.post("portal", VERIFY, &but(about(AN_CARD), json!({ "nonce": "n-1" }))).await;
        let body = answer.json();
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(
            (&body["kind"], &body["proof"], &body["status"]),
            (&json!("can_cuoc_card"), &json!("none"), &Value::Null)
        );
        assert_eq!((&body["match"]["verified"], &body["nonce"]), (&json!(true), &json!("n-1")), "{body}");
        assert_eq!(body["match"]["checks"]["legacy_id_number"]["verdict"], "exact");
        assert_eq!(body["fields"]["date_of_birth"], "1999-03-15");
        assert_eq!(body["warnings"], json!(["number_prefix_unknown"]));
        let entry = desk.entry_of(&body).await;
        assert_eq!((entry.entry.outcome, entry.entry.operation.as_str()), (Outcome::Answered, "qr.verify"));
        assert_eq!(entry.subjects, [people()[0].citizen_id]);
        // Every tolerated form is the same card.
        for form in [
            AN_CARD.nfd().collect::<String>(),
            format!("\u{feff}{AN_CARD}\r\n"),
            AN_CARD.replace("Nguyễn Văn An", "NGUYỄN VĂN AN"),
            AN_CARD.replace("Nam", "NAM"),
            AN_CARD.replace("970000001", ""),
            AN_CARD.trim_end_matches('|').to_owned(),
            format!("{AN_CARD}|"),
        ] {
            assert_eq!(verdict(&desk.show(&form).await), ("null".to_owned(), true), "{form}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_knows_to_be_outdated_is_said() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let warned = async |card: &str| {
            let body = desk.show(card).await.json();
            assert_eq!(body["match"]["verified"], true, "{body}");
            body["warnings"].clone()
        };
        let older = AN_CARD
            .replace("01082024", "20052021")
            .replace("Phường Ba Đình, Hà Nội", "Phường Hoàn Kiếm, Thành phố Hà Nội");
        let prefix = "number_prefix_unknown";
        assert_eq!(warned(&older).await, json!([prefix, "card_outdated", "residence_outdated"]));
        assert_eq!(warned(&AN_CARD.replace("01082024", "01082025")).await, json!([prefix, "card_not_recorded"]));
        let binh = "097188000002||Trần Thị Bình|02071989|Nữ|Số 1, đường Bà Triệu, Phường Ba Đình, Hà Nội|01082024";
        assert_eq!(warned(binh).await, json!(["number_cancelled"]));
        let chien = "097048000003||Lê Văn Chiến|20111948|Nam|Số 1, Hà Nội|01082024";
        let dead = desk.show(chien).await.json();
        assert!(dead["warnings"].as_array().unwrap().contains(&json!("holder_deceased")));
        assert_eq!(dead["match"]["verified"], false, "nobody shows the card of somebody who has died");
        let year_only = "098145000005||Vũ Thị Đào|00001945|Nữ|Số 1, đường Bà Triệu, Phường Ba Đình, Hà Nội|01082024";
        assert!(warned(year_only).await.is_array());
        // Another sex than recorded is no match of the card, though number, name and date are.
        let body = desk.show(&AN_CARD.replace("Nam", "Nữ")).await.json();
        assert_eq!(
            (&body["match"]["verified"], &body["match"]["checks"]["sex"]["verdict"]),
            (&json!(false), &json!("mismatch"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_nobodys_is_a_failed_anchor() {
    for_each_backend(async |backend| {
        let guards = dancu::citizens::GuardConfig { per_number: 2, ..Default::default() };
        let desk = Desk::open_with(&backend, guards).await;
        let wrong = AN_CARD.replace("Nguyễn Văn An", "Lê Thị Cúc");
        let unknown = wrong.replace("097099000001", "097099777777");
        let [one, other] = [desk.show(&wrong).await.json(), desk.show(&unknown).await.json()];
        for body in [&one, &other] {
            assert_eq!(body["match"], json!({ "verified": false, "checks": {} }));
            assert_eq!((&body["fields"], &body["warnings"]), (&json!({}), &json!([])));
            assert_eq!(desk.entry_of(body).await.entry.outcome, Outcome::NoMatch);
        }
        desk.show(&wrong).await;
        let blocked = desk.show(&wrong).await;
        assert_eq!(blocked.problem(), (429, "too-many-failed-anchors".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_for_yes_and_no_are_told_no_more() {
    for_each_backend(async |backend| {
        let desk = Desk::open(&backend).await;
        let body = desk.show_at_bank(AN_CARD).await.json();
        assert_eq!(body["match"], json!({ "verified": true, "checks": {} }), "{body}");
        assert_eq!((&body["fields"], &body["warnings"]), (&json!({}), &json!([])));
        let body = desk.show_at_bank(&AN_CARD.replace("Nam", "Nữ")).await.json();
        assert_eq!(body["match"], json!({ "verified": false, "checks": {} }));
        let refused = desk.post("portal", VERIFY, &json!({ "payload": AN_CARD })).await;
        assert_eq!(refused.faults(), [("/purpose".to_owned(), "missing".to_owned())]);
    })
    .await;
}

/// Each line of the corpus: code of the fault, then the text.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_card_is_named() {
    let backend = crate::support::Backend::sqlite();
    let desk = Desk::open(&backend).await;
    let corpus: Vec<[String; 3]> = serde_json::from_str(include_str!("../../vectors/qr/refused.json")).unwrap();
    for [slug, code, text] in corpus {
        let answer = desk.show(&text).await;
        assert_eq!(answer.problem(), (422, slug.clone()), "{text}");
        assert!(answer.faults().iter().any(|(_, found)| *found == code), "{text}: {:?}", answer.faults());
        assert!(!answer.text.contains("Nguyễn"), "{}", answer.text);
    }
}
