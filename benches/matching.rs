//! What a comparison costs: `cargo bench --bench matching`.

use dancu::citizens::Citizen;
use dancu::citizens::matching::claims::Record;
use dancu::citizens::matching::{Anchor, AnchorNumber, Claims, PreparedName, compare_names, index_form};
use dancu::kernel::{Faults, IdNumber, PartialDate, PersonName, Units};
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const RECORD: &str = "Nguyễn Thị Thuý Quỳnh";

/// One input for each way a comparison can go.
const GIVEN: [(&str, &str); 7] = [
    ("as recorded", "Nguyễn Thị Thuý Quỳnh"),
    ("upper case", "NGUYỄN THỊ THUÝ QUỲNH"),
    ("tone placement", "Nguyễn Thị Thúy Quỳnh"),
    ("no diacritics", "NGUYEN THI THUY QUYNH"),
    ("no spaces", "NGUYENTHITHUYQUYNH"),
    ("one letter", "Nguyễn Thị Thuý Quỳn"),
    ("a stranger", "Trần Văn Bình"),
];

fn main() {
    Units::warm_up();
    divan::main();
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

#[divan::bench(args = GIVEN.map(|(case, _)| case))]
fn compare(bencher: Bencher, case: &str) {
    let given = GIVEN.iter().find(|(name, _)| *name == case).map(|(_, text)| name(text)).unwrap();
    let record = PreparedName::new(&name(RECORD));
    bencher.bench_local(|| compare_names(black_box(&given), black_box(&record)));
}

#[divan::bench]
fn prepare(bencher: Bencher) {
    let record = name(RECORD);
    bencher.bench_local(|| PreparedName::new(black_box(&record)));
}

#[divan::bench]
fn index(bencher: Bencher) {
    let record = name(RECORD);
    bencher.bench_local(|| index_form(black_box(&record)));
}

fn citizen() -> Citizen {
    serde_json::from_value(serde_json::json!({
        "citizen_id": "a".repeat(32),
        "id_number": "097099000001",
        "full_name": RECORD,
        "date_of_birth": "1999-03-15",
        "sex": "female",
        "permanent_residence": {"unit": "00097", "detail": "Số 12, phố Hoà Bình"},
        "provenance": {"source": "population", "as_of": "2026-01-01"},
    }))
    .unwrap()
}

#[divan::bench]
fn anchor(bencher: Bencher) {
    let citizen = citizen();
    let full_name = PreparedName::new(&citizen.full_name);
    let anchor = Anchor {
        number: AnchorNumber::Personal(IdNumber::parse("097099000001").unwrap()),
        full_name: name("NGUYỄN THỊ THUÝ QUỲNH"),
        date_of_birth: PartialDate::parse("1999-03-15").unwrap(),
    };
    bencher.bench_local(|| anchor.holds(black_box(Record { citizen: &citizen, full_name: &full_name })));
}

fn four_claims() -> serde_json::Value {
    serde_json::json!({
        "full_name": "NGUYỄN THỊ THUÝ QUỲNH", "date_of_birth": "1999-03-15", "sex": "female",
        "permanent_residence": {"unit": "00097"},
    })
}

#[divan::bench]
fn parse_four_claims(bencher: Bencher) {
    let value = four_claims();
    bencher.bench_local(|| Claims::parse(black_box(&value), "/claims", &mut Faults::default()));
}

#[divan::bench]
fn compare_four_claims(bencher: Bencher) {
    let citizen = citizen();
    let full_name = PreparedName::new(&citizen.full_name);
    let claims = Claims::parse(&four_claims(), "/claims", &mut Faults::default()).unwrap();
    bencher.bench_local(|| claims.compare(black_box(Record { citizen: &citizen, full_name: &full_name })));
}

#[divan::bench]
fn locate_an_address(bencher: Bencher) {
    bencher.bench_local(|| Units::shared().locate(black_box("12 Trần Phú, Phường Phúc Xá, Quận Ba Đình, Hà Nội")));
}
