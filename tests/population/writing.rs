use dancu::citizens::change::ChangeKinds;
use dancu::citizens::{Citizen, Refusal, Upserted, WriteError, upsert};
use dancu::kernel::{Clock, HouseholdId, IdNumber, LegacyIdNumber, PersonName};
use dancu::storage::schema::{citizen_changes, household_members, households, identifiers};
use diesel::prelude::*;

use super::{Register, contents, count_changes, count_identifiers, register, sown};
use crate::support::for_each_backend;

async fn put(register: &Register, citizen: &Citizen, expected: Option<i64>) -> Result<Upserted, WriteError> {
    let (sealing, citizen, at) = (register.sealing.clone(), citizen.clone(), register.clock.now());
    register.store.write(move |tx| upsert(tx, &sealing, &citizen, expected, at)).await
}

fn somebody() -> Citizen {
    sown(1, 1).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_count_changes_and_only_changes() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let mut citizen = somebody();
        assert_eq!(put(&register, &citizen, None).await.unwrap(), Upserted::Created);
        assert_eq!(put(&register, &citizen, Some(1)).await.unwrap(), Upserted::Unchanged { row_version: 1 });
        citizen.phone = Some("+84000000001".to_owned());
        let upserted = put(&register, &citizen, Some(1)).await.unwrap();
        assert_eq!(upserted, Upserted::Updated { row_version: 2, kinds: ChangeKinds::OTHER });
        assert!(matches!(put(&register, &citizen, Some(1)).await, Err(WriteError::Stale)));
        assert!(matches!(put(&register, &citizen, Some(0)).await, Err(WriteError::Stale)));
        let mut db = backend.connect();
        assert_eq!(contents(&register, &mut db), [(citizen, 2)]);
        let changes: Vec<(i64, i16)> = citizen_changes::table
            .order(citizen_changes::seq)
            .select((citizen_changes::row_version, citizen_changes::kinds))
            .load(&mut db)
            .unwrap();
        assert_eq!(changes, [(1, ChangeKinds::CREATED.bits()), (2, ChangeKinds::OTHER.bits())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_number_stays_with_its_citizen_for_ever() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let mut citizen = somebody();
        let old = citizen.id_number.clone();
        put(&register, &citizen, None).await.unwrap();
        citizen.id_number = IdNumber::parse("097099777777").unwrap();
        put(&register, &citizen, None).await.unwrap();
        // Forgotten by whoever writes, kept by the store.
        citizen.cancelled_id_numbers.clear();
        citizen.email = Some("an@example.vn".to_owned());
        put(&register, &citizen, None).await.unwrap();
        let mut db = backend.connect();
        let (stored, version) = contents(&register, &mut db).remove(0);
        assert_eq!((stored.cancelled_id_numbers.as_slice(), version), ([old.clone()].as_slice(), 3));
        let mut active: Vec<bool> =
            identifiers::table.filter(identifiers::kind.eq(1_i16)).select(identifiers::active).load(&mut db).unwrap();
        active.sort();
        assert_eq!(active, [false, true]);

        let mut another = sown(2, 30).pop().unwrap();
        let refusal = |result| match result {
            Err(WriteError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        another.id_number = old.clone();
        assert_eq!(refusal(put(&register, &another, None).await), Refusal::NumberCancelled);
        another.id_number = citizen.id_number.clone();
        assert_eq!(refusal(put(&register, &another, None).await), Refusal::NumberHeldByAnother);
        citizen.id_number = old;
        assert_eq!(refusal(put(&register, &citizen, None).await), Refusal::NumberCancelled);
        assert_eq!(count_changes(&mut db), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_and_households_follow_the_record() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let mut people = sown(1, 16);
        for citizen in &people {
            put(&register, citizen, None).await.unwrap();
        }
        let mut db = backend.connect();
        let names = count_identifiers(&mut db, 3);
        let child = people.iter_mut().rev().find(|citizen| citizen.household.is_some()).unwrap();
        let left = child.household.as_ref().unwrap().household_id;
        let joined = HouseholdId([7; 16]);
        child.household.as_mut().unwrap().household_id = joined;
        child.full_name = PersonName::parse("Bùi Gia Khánh").unwrap();
        child.legacy_id_number = Some(LegacyIdNumber::parse("970000009").unwrap());
        let Upserted::Updated { kinds, .. } = put(&register, child, None).await.unwrap() else { panic!() };
        assert_eq!(kinds, ChangeKinds::IDENTITY | ChangeKinds::NUMBER | ChangeKinds::HOUSEHOLD);
        assert_eq!(count_identifiers(&mut db, 3), names, "the old name is forgotten");
        let members = |id: HouseholdId, db: &mut _| -> Vec<Vec<u8>> {
            let of = household_members::table.filter(household_members::household_id.eq(id.0.to_vec()));
            of.select(household_members::citizen_id).load(db).unwrap()
        };
        assert_eq!(members(joined, &mut db), [child.citizen_id.0.to_vec()]);
        assert!(!members(left, &mut db).contains(&child.citizen_id.0.to_vec()));
        let version: i64 =
            households::table.find(left.0.to_vec()).select(households::version).get_result(&mut db).unwrap();
        assert!(version > 1, "a household counts its changes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_put_elsewhere_or_put_back_does_not_open() {
    for_each_backend(async |backend| {
        let register = register(&backend);
        let citizen = somebody();
        let mut row = register.sealing.seal(&citizen, 3).unwrap();
        assert_eq!(register.sealing.open(&row).unwrap(), citizen);
        assert_eq!(row.sealed.len() % 64, 28, "padded to 64, a nonce and a tag around");
        row.row_version = 4;
        assert!(register.sealing.open(&row).is_err());
        row.row_version = 3;
        row.citizen_id[3] ^= 1;
        assert!(register.sealing.open(&row).is_err());
    })
    .await;
}
