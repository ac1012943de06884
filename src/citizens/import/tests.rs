//! What a row may say, field by field.

use serde_json::{Value, json};

use crate::citizens::Citizen;
use crate::citizens::seed::Population;
use crate::kernel::{CitizenId, CivilDate};

use super::raw::RawCitizen;
use super::validate::validate;

const TODAY: CivilDate = CivilDate::constant(2026, 11, 21);

fn read(row: &Value) -> Result<Citizen, Vec<String>> {
    let json = row.to_string();
    let raw: RawCitizen<'_> = serde_json::from_str(&json).unwrap();
    validate(&raw, CitizenId([1; 16]), TODAY)
        .map_err(|faults| faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect())
}

fn row() -> Value {
    json!({
        "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15", "sex": "male",
        "provenance": {"source": "population", "as_of": "2026-11-01"}
    })
}

fn with(change: Value) -> Value {
    let mut row = row();
    row.as_object_mut().unwrap().append(&mut change.as_object().unwrap().clone());
    row
}

#[test]
fn every_seeded_citizen_is_a_valid_row() {
    for citizen in Population::new(5, 2_000).flatten() {
        let mut row = serde_json::to_value(&citizen).unwrap();
        row.as_object_mut().unwrap().remove("citizen_id");
        let read = read(&row).unwrap();
        assert_eq!(Citizen { citizen_id: citizen.citizen_id, ..read }, citizen);
    }
}

#[test]
fn the_least_row_and_the_words_of_the_card_are_enough() {
    assert!(read(&row()).is_ok());
    assert_eq!(read(&with(json!({"sex": "Nam"}))), read(&row()));
    assert_eq!(read(&with(json!({"phone": "", "spouse": null, "parents": []}))), read(&row()));
}

#[test]
fn each_fault_has_its_pointer_and_code() {
    let residence = |changes: Value| {
        let mut residence = json!({"unit": "00004"});
        residence.as_object_mut().unwrap().append(&mut changes.as_object().unwrap().clone());
        residence
    };
    let cases = [
        (json!({"permanent_residence": {"detail": "Thôn 1"}}), "/permanent_residence/unit missing"),
        (json!({"permanent_residence": residence(json!({"unit": "99999"}))}), "/permanent_residence/unit unit_unknown"),
        (
            json!({"current_residence": residence(json!({"since": "2026-02-01", "until": "2026-01-01"}))}),
            "/current_residence/until date_order",
        ),
        (json!({"place_of_birth": {"text": "x".repeat(301)}}), "/place_of_birth/text text_length"),
        (
            json!({"household": {"household_id": "1", "relation_to_head": "head"}}),
            "/household/household_id household_id_format",
        ),
        (json!({"household": {"household_id": "a".repeat(32)}}), "/household/relation_to_head missing"),
        (json!({"parents": "An"}), "/parents not_list"),
        (json!({"parents": [{"full_name": "An"}, {"id_number": "097099000009"}]}), "/parents/1/full_name missing"),
        (json!({"children": [{}]}), "/children/0 missing"),
        (
            json!({"children": [{"full_name": "An", "id_number": "097099000001"}]}),
            "/children/0/id_number relative_is_self",
        ),
        (json!({"cancelled_id_numbers": ["1"]}), "/cancelled_id_numbers/0 id_number_format"),
        (json!({"cancelled_id_numbers": ["097099000001"]}), "/cancelled_id_numbers id_number_cancelled"),
        (json!({"legacy_id_number": 123456789}), "/legacy_id_number not_text"),
        (json!({"card": {"kind": "cmnd", "issued": "2024-08-01"}}), "/card/kind code_unknown"),
        (json!({"card": {"kind": "cccd", "issued": "1998-01-01"}}), "/card/issued date_order"),
        (json!({"card": {"kind": "can_cuoc", "issued": "2027-01-01"}}), "/card/issued date_in_future"),
        (json!({"photo": {"media_type": "image/png", "data": "AAAA"}}), "/photo/media_type photo_format"),
        (json!({"photo": {"media_type": "image/jpeg", "data": "*"}}), "/photo/data photo_format"),
        (json!({"phone": "call me"}), "/phone phone_format"),
        (json!({"email": "an@"}), "/email email_format"),
        (json!({"nationality": "vnm"}), "/nationality code_unknown"),
        (json!({"status_date": "2026"}), "/status_date status_date_without_status"),
        (json!({"status": "deceased", "status_date": "1990"}), "/status_date date_order"),
        (json!({"date_of_birth": "2026-12-01"}), "/date_of_birth date_in_future"),
        (json!({"provenance": {"source": "Bộ", "as_of": "2026-11-01"}}), "/provenance/source code_unknown"),
        (json!({"provenance": {"source": "population", "as_of": "2026-11-22"}}), "/provenance/as_of date_in_future"),
        (
            json!({"provenance_of": {"hair": {"source": "a", "as_of": "2026-01-01"}}}),
            "/provenance_of/hair unknown_field",
        ),
        (json!({"citizen_id": "a"}), "/citizen_id unknown_field"),
    ];
    for (change, fault) in cases {
        assert_eq!(read(&with(change)), Err(vec![fault.to_owned()]));
    }
}
