use dancu::citizens::seed::Seeded;
use diesel::RunQueryDsl;

use super::{contents, count_changes, count_identifiers, count_members, register, sown};
use crate::support::{Backend, for_each_backend};

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_is_stored_whole_and_sown_again_changes_nothing() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let seeded = register.seeder().seed(1, 2_000, |_| ()).await.unwrap();
        assert_eq!(seeded, Seeded { created: 2_000, ..Seeded::default() });
        let mut db = backend.connect();
        let mut expected = sown(1, 2_000);
        expected.sort_by(|a, b| a.id_number.cmp(&b.id_number));
        let stored = contents(&register, &mut db);
        assert!(stored.iter().all(|(_, version)| *version == 1));
        assert!(stored.into_iter().map(|(citizen, _)| citizen).eq(expected.iter().cloned()), "each as it was sown");
        let numbers: usize = expected.iter().map(|citizen| 1 + citizen.cancelled_id_numbers.len()).sum();
        assert_eq!(count_identifiers(&mut db, 1), numbers as i64);
        assert_eq!(count_identifiers(&mut db, 3), 2_000);
        assert_eq!(
            count_members(&mut db),
            expected.iter().filter(|citizen| citizen.household.is_some()).count() as i64
        );
        assert_eq!(count_changes(&mut db), 2_000);
        let again = register.seeder().seed(1, 2_000, |_| ()).await.unwrap();
        assert_eq!(again, Seeded { unchanged: 2_000, ..Seeded::default() });
        assert_eq!(count_changes(&mut db), 2_000);
    })
    .await;
}

/// Statements planned while the tables were empty would go on reading them from end to end.
#[tokio::test(flavor = "multi_thread")]
async fn the_planner_of_postgresql_is_told_of_a_population() {
    let Some(backend) = Backend::postgres() else { return };
    register(&backend).seeder().seed(1, 2_000, |_| ()).await.unwrap();
    let tables = "FROM pg_stats WHERE schemaname = current_schema() AND tablename IN ('citizens', 'identifiers')";
    let told = format!("SELECT count(DISTINCT tablename) {tables}");
    let told = diesel::dsl::sql::<diesel::sql_types::BigInt>(&told);
    assert_eq!(told.get_result::<i64>(&mut backend.connect()).unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_seed_is_sown_on() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        register.seeder().seed(1, 300, |_| ()).await.unwrap();
        let seeded = register.seeder().seed(1, 1_000, |_| ()).await.unwrap();
        assert_eq!(seeded.people(), 1_000);
        // The shorter population ended with one household of its own.
        assert!(seeded.created <= 710 && seeded.unchanged >= 290, "{seeded:?}");
    })
    .await;
}
