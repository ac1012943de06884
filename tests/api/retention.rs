//! What has ended is erased, and nothing that names a person or leads to them stays behind.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use dancu::access::SessionGrant;
use dancu::app::{RetentionPeriods, retention_rules};
use dancu::audit::AuditConfig;
use dancu::clients::OperationSet;
use dancu::crypto::SystemEntropy;
use dancu::kernel::{CommuneCode, Officer, purpose::OfficerCode};
use dancu::stays::NewFacility;
use dancu::stays::model::FacilityKind;
use dancu::storage::RetentionTerm;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use serde_json::json;

use super::oidc::rig::{Rig, asking, form, read};
use crate::support::house::{id, within};
use crate::support::operator;
use crate::support::{Backend, for_each_backend};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

fn values(backend: &Backend, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut backend.connect()).unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.into_iter().map(|row| row.value).collect()
}

fn tables(backend: &Backend) -> BTreeSet<String> {
    let sql = match backend.is_postgres() {
        true => "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = current_schema()",
        false => "SELECT name AS value FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    values(backend, sql).into_iter().filter(|table| table != "__diesel_schema_migrations").collect()
}

/// The columns of a table that hold bytes, and the others.
fn columns(backend: &Backend, table: &str) -> (Vec<String>, Vec<String>) {
    let sql = match backend.is_postgres() {
        true => format!(
            "SELECT column_name || ' ' || data_type AS value FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = '{table}'"
        ),
        false => format!("SELECT name || ' ' || type AS value FROM pragma_table_info('{table}')"),
    };
    let (bytes, others): (Vec<_>, Vec<_>) =
        values(backend, &sql).into_iter().partition(|column| column.ends_with(" BLOB") || column.ends_with(" bytea"));
    let name = |column: String| column.split(' ').next().unwrap().to_owned();
    (bytes.into_iter().map(name).collect(), others.into_iter().map(name).collect())
}

fn bytes_of(backend: &Backend, table: &str, column: &str) -> Vec<String> {
    let hex = if backend.is_postgres() { "upper(encode({}, 'hex'))" } else { "hex({})" }.replace("{}", column);
    values(backend, &format!("SELECT {hex} AS value FROM {table} WHERE {column} IS NOT NULL"))
}

/// Every value of every table.
fn dump(backend: &Backend) -> String {
    let mut all = String::new();
    for table in tables(backend) {
        let (bytes, others) = columns(backend, &table);
        for column in bytes {
            all += &bytes_of(backend, &table, &column).join("\n");
            all.push('\n');
        }
        for column in others {
            let sql = format!("SELECT CAST({column} AS text) AS value FROM {table} WHERE {column} IS NOT NULL");
            all += &values(backend, &sql).join("\n").to_uppercase();
            all.push('\n');
        }
    }
    all
}

fn count(backend: &Backend, table: &str) -> usize {
    values(backend, &format!("SELECT CAST(count(*) AS text) AS value FROM {table}"))[0].parse().unwrap()
}

#[test]
fn every_table_has_one_period_or_a_reason() {
    for backend in std::iter::once(Backend::sqlite()).chain(Backend::postgres()) {
        let rules = retention_rules(&RetentionPeriods::with_stays(30), AuditConfig::years(5));
        let ruled: Vec<String> = rules.iter().flat_map(|rule| rule.tables).map(|table| (*table).to_owned()).collect();
        let once: BTreeSet<String> = ruled.iter().cloned().collect();
        assert_eq!(ruled.len(), once.len(), "a table stands in two rules of src/app/retention.rs");
        assert_eq!(tables(&backend), once, "a table without a period or a reason: see src/app/retention.rs");
        for rule in &rules {
            let RetentionTerm::Ends { erase, .. } = &rule.term else { continue };
            assert!(!erase.is_empty(), "{}", rule.name);
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Bytes as the database writes them.
fn bytes(backend: &Backend, text: &str) -> String {
    let hex: String = text.bytes().cycle().take(32).map(|byte| format!("{byte:02x}")).collect();
    if backend.is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") }
}

/// A sign-in, requests that wait, sessions, a stay and what else ends: by the doors that make them, and
/// what no door makes quickly by hand.
async fn fill(rig: &Rig, backend: &Backend) {
    rig.signed_in().await;
    let waiting = rig.pushed("rp-baseline", &asking()).await;
    assert_eq!(rig.open_page(&waiting).await.0.status, 200);
    let ciba = form(&[("scope", "openid citizen:full_name"), ("login_hint", "097099000001"), ("acr_values", "LoA1")]);
    let asked = read(rig.post("/oauth2/bc-authorize", &rig.authenticated("portal", &ciba))).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    let officer = |text| OfficerCode::parse(text).unwrap();
    let session = SessionGrant {
        client: id("portal"),
        scopes: OperationSet::all(),
        citizen: None,
        device: None,
        officer: Some(Officer { id: officer("canbo-01"), unit: officer("mot-cua") }),
        lifetime: Duration::from_secs(600),
    };
    let access = rig.app.access.clone();
    let (opener, opened) = (access.clone(), session.clone());
    rig.app.store.write(move |tx| opener.open_session(tx, &opened, None).map(drop)).await.unwrap();
    access.page_link(session, DAY).await.unwrap();
    stay(rig, backend).await;
    by_hand(rig, backend);
}

async fn stay(rig: &Rig, backend: &Backend) {
    let hotel = NewFacility {
        client: id("hotel"),
        name: "Khách sạn".to_owned(),
        kind: FacilityKind::Hotel,
        commune: CommuneCode::parse("00070").unwrap(),
        address: "Số 1".to_owned(),
    };
    let facility =
        rig.app.stays.register().add(hotel, &operator(&rig.app), rig.now(), &SystemEntropy::default()).await.unwrap();
    let asked = form(&[("grant_type", "client_credentials"), ("scope", "stays:report")]);
    let token = rig.token_by_key("hotel", &asked).await.text_of("access_token");
    let notice = json!({
        "facility_id": facility, "room": "204", "arrival": "2026-11-21T09:30:00+07:00", "planned_departure": "2026-11-23",
        "reason": "tourism",
        "guests": [{ "id_number": "097099000001", "full_name": "Nguyễn Văn An", "date_of_birth": "1999-03-15" }],
        "purpose": {
            "procedure": "2.001159", "legal_basis": "RESIDENCE_LAW_ART30",
            "officer": { "id": "le-tan-01", "unit": "quay-le-tan" },
        },
    });
    let request =
        reqwest::Client::new().post(rig.url("/v1/stays")).bearer_auth(token).header("idempotency-key", "the-first");
    let reported = read(request.json(&notice)).await;
    assert_eq!(reported.status, 200, "{reported:?}");
    let stay = bytes_of(backend, "stays", "stay_id").remove(0);
    let literal = if backend.is_postgres() { format!("'\\x{stay}'::bytea") } else { format!("X'{stay}'") };
    backend.execute(&format!(
        "INSERT INTO stay_approvals (grant_id, stay_id) VALUES ({}, {literal})",
        bytes(backend, "rest")
    ));
}

fn by_hand(rig: &Rig, backend: &Backend) {
    let b = |text: &str| bytes(backend, text);
    let (now, early) = (rig.now().as_micros(), rig.now().minus(DAY).as_micros());
    let rows = [
        format!("eid_outbox VALUES ({}, 1, {}, 0, {now}, {now})", b("outbox"), b("a sealed code")),
        format!("eid_counters VALUES (1, {}, {now}, 3)", b("counted")),
        format!("guard_counters VALUES (1, {}, {early}, 1, {now})", b("guarded")),
        format!("eid_accounts VALUES ({}, 1, FALSE, 0, 0, 0, 0, {early}, NULL, {now})", b("closed")),
        format!(
            "eid_devices VALUES ({}, {}, 1, {}, 1, {}, 1, 0, 0, NULL, {early}, {now})",
            b("device"),
            b("closed"),
            b("public"),
            b("a name")
        ),
        format!("revoked_tokens VALUES ({}, {now})", b("revoked")),
        format!("spent_tokens VALUES ({}, {now})", b("spent")),
        format!(
            "consents VALUES ({}, {}, 'portal', NULL, '', {early}, {now}, NULL, 1, {})",
            b("consent"),
            b("whose"),
            b("signed")
        ),
        format!(
            "eid_activations VALUES ({}, {}, 1, 1, {}, NULL, NULL, 0, {early}, {now}, NULL)",
            b("activated"),
            b("whose"),
            b("a code")
        ),
        format!(
            "residence_confirmations VALUES ({}, {}, 'portal', '', FALSE, {}, 1, {}, {early}, {now}, 0, 0)",
            b("confirmed"),
            b("whose"),
            b("stated"),
            b("telephone")
        ),
        format!("residence_subjects VALUES ({}, {})", b("whose"), b("confirmed")),
        format!(
            "qr_credentials VALUES ({}, {}, 'portal', TRUE, NULL, NULL, '', {}, 1, {early}, {now}, NULL, NULL, 1)",
            b("credential"),
            b("whose"),
            b("what it says")
        ),
        format!("oidc_refresh_tokens VALUES ({}, 'portal', {}, {now}, NULL)", b("refresh"), b("granted")),
    ];
    for row in rows {
        backend.execute(&format!("INSERT INTO {row}"));
    }
}

/// Tables of which a rest stays by design.
const REST: [&str; 3] = ["citizen_changes", "facilities", "facility_delegations"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_what_has_ended_is_left_in_a_dump() {
    for_each_backend(async |backend| {
        let rig = Rig::new(&backend).await;
        fill(&rig, &backend).await;
        // The guards store what they counted of the story a little later; after that it would count from then on.
        let stored = async || count(&backend, "guard_counters") > 2;
        within(Duration::from_secs(30), stored).await;
        let rules = retention_rules(&RetentionPeriods::with_stays(30), AuditConfig::years(5));
        let ending = || {
            let ends = rules.iter().filter(|rule| matches!(rule.term, RetentionTerm::Ends { .. }));
            ends.flat_map(|rule| rule.tables).copied().filter(|table| !REST.contains(table))
        };
        let mut traces = HashSet::new();
        for table in ending() {
            assert!(count(&backend, table) > 0, "the story does not fill {table}");
            // The rig approves with the citizen's own key in the place of a device's.
            let own = ["citizen_id", "device_id", "facility_id"];
            for column in columns(&backend, table).0.iter().filter(|column| !own.contains(&column.as_str())) {
                traces.extend(bytes_of(&backend, table, column).into_iter().filter(|value| value.len() >= 24));
            }
        }
        assert!(traces.len() > 20, "{}", traces.len());
        let before = dump(&backend);
        assert!(traces.iter().all(|trace| before.contains(trace)));

        // Nothing goes before its time: of the stay, thirty days after its departure.
        rig.clock.advance(DAY * 31);
        rig.app.sweeper.sweep().await.unwrap();
        assert_eq!((count(&backend, "stays"), count(&backend, "stay_guests")), (1, 1));
        assert_eq!(
            (count(&backend, "sessions"), count(&backend, "kept_answers"), count(&backend, "eid_transactions")),
            (0, 0, 0)
        );
        rig.clock.advance(DAY * 2);
        rig.app.sweeper.sweep().await.unwrap();
        assert_eq!((count(&backend, "stays"), count(&backend, "stay_guests")), (0, 0));
        assert_eq!((count(&backend, "consents"), count(&backend, "eid_accounts")), (1, 1));

        rig.clock.advance(DAY * 1_900);
        rig.app.sweeper.sweep().await.unwrap();
        rig.app.audit.tidy_now().await.unwrap();
        for table in ending() {
            assert_eq!(count(&backend, table), 0, "{table}");
        }
        let after = dump(&backend);
        let left: Vec<&String> = traces.iter().filter(|trace| after.contains(trace.as_str())).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(rig.app.sweeper.sweep().await.unwrap(), 0, "there is nothing left to erase");
        if !backend.is_postgres() {
            rig.app.store.close().await;
            let found = in_files(&backend, &traces);
            assert!(found.is_empty(), "{} of {} in free pages or the log: {found:?}", found.len(), traces.len());
        }
    })
    .await;
}

/// Which of the traces the database's files hold, free pages and log included.
fn in_files(backend: &Backend, traces: &HashSet<String>) -> BTreeSet<String> {
    let bytes = |hex: &String| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let heads: HashSet<[u8; 12]> = traces.iter().map(|trace| bytes(trace)[..12].try_into().unwrap()).collect();
    let mut found = BTreeSet::new();
    for file in ["dancu.db", "dancu.db-wal"] {
        let content = std::fs::read(backend.dir().join(file)).unwrap_or_default();
        found.extend(
            content.windows(12).filter(|window| heads.contains(*window)).map(|window| format!("{file}: {window:02x?}")),
        );
    }
    found
}
