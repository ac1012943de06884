use super::*;

const GOOD: &str = r#"
operations = ["citizens:lookup", "citizens:verify"]
procedures = ["1.004222"]
legal_bases = ["STATE_DUTY"]
attributes = ["full_name", "date_of_birth"]
detail = "full"
bearer = true
[quotas]
per_minute = 6000
per_day = 1000000
[validity]
from = 2026-01-01
until = 2028-12-31
"#;

fn keys_of(text: &str) -> Vec<String> {
    let mut keys: Vec<_> = Agreement::from_toml(text).unwrap_err().0.into_iter().map(|fault| fault.key).collect();
    keys.sort();
    keys
}

#[test]
fn a_whole_file_is_read_and_its_days_are_days_in_viet_nam() {
    let agreement = Agreement::from_toml(GOOD).unwrap();
    assert_eq!(agreement.operations.to_string(), "citizens:lookup citizens:verify");
    assert_eq!(agreement.detail, Detail::Full);
    assert!(agreement.bearer);
    assert_eq!(agreement.valid_from, Instant::parse_rfc3339("2025-12-31T17:00:00Z").unwrap());
    assert_eq!(agreement.valid_until, Instant::parse_rfc3339("2028-12-31T17:00:00Z").unwrap());
    let stored: Agreement = serde_json::from_str(&serde_json::to_string(&agreement).unwrap()).unwrap();
    assert_eq!(stored, agreement);
}

#[test]
fn instants_may_be_exact_and_bearer_is_off_unless_said() {
    let text = GOOD.replace("2026-01-01", "\"2026-01-01T00:00:00Z\"").replace("bearer = true", "");
    let agreement = Agreement::from_toml(&text).unwrap();
    assert!(!agreement.bearer);
    assert_eq!(agreement.valid_from, Instant::parse_rfc3339("2026-01-01T00:00:00Z").unwrap());
}

#[test]
fn every_fault_is_told_at_once_by_its_key() {
    let text = r#"
operations = ["citizens:lookup", "citizens:guess"]
procedures = []
legal_bases = "STATE_DUTY"
attributes = ["full_name", "shoe_size", 3]
detail = "chatty"
favourite_colour = "blue"
[quotas]
per_minute = 0
per_day = -1
per_year = 5
[validity]
from = 2027-01-01
until = 2026-01-01
"#;
    assert_eq!(
        keys_of(text),
        [
            "attributes[1]",
            "attributes[2]",
            "detail",
            "favourite_colour",
            "legal_bases",
            "operations[1]",
            "procedures",
            "quotas.per_day",
            "quotas.per_minute",
            "quotas.per_year",
            "validity"
        ]
    );
}

#[test]
fn an_empty_file_misses_every_key_and_a_broken_one_says_where() {
    assert_eq!(keys_of(""), ["attributes", "detail", "legal_bases", "operations", "procedures", "quotas", "validity"]);
    let faults = Agreement::from_toml("operations = [").unwrap_err();
    assert_eq!(faults.0.len(), 1);
    assert!(faults.to_string().contains("(file)"), "{faults}");
}

#[test]
fn a_day_allows_at_least_what_a_minute_does() {
    assert_eq!(keys_of(&GOOD.replace("1000000", "10")), ["quotas"]);
    assert_eq!(keys_of(&GOOD.replace("2028-12-31", "2028-13-31")), ["(file)"]);
    assert_eq!(keys_of(&GOOD.replace("2028-12-31", "\"next year\"")), ["validity.until"]);
}

#[test]
fn units_are_those_of_todays_table() {
    assert!(Agreement::from_toml(GOOD).unwrap().units.is_empty());
    let with = |units: &str| GOOD.replace("bearer = true", &format!("bearer = true\nunits = {units}"));
    let agreement = Agreement::from_toml(&with(r#"["01", "00070"]"#)).unwrap();
    assert_eq!(agreement.units.iter().map(ToString::to_string).collect::<Vec<_>>(), ["01", "00070"]);
    assert_eq!(keys_of(&with(r#"["01", "99999", "x"]"#)), ["units[2]"]);
    assert_eq!(keys_of(&with(r#"["01", "99999"]"#)), ["units[1]"]);
}
