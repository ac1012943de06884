//! Facilities, stays and their guests.

diesel::table! {
    facilities (facility_id) {
        facility_id -> Binary,
        client_id -> Text,
        kind -> SmallInt,
        commune -> Integer,
        created_at -> BigInt,
        closed_at -> Nullable<BigInt>,
        key_version -> Integer,
        sealed -> Binary,
    }
}

diesel::table! {
    facility_delegations (facility_id, client_id) {
        facility_id -> Binary,
        client_id -> Text,
        valid_from -> BigInt,
        valid_until -> BigInt,
    }
}

diesel::table! {
    stays (stay_id) {
        stay_id -> Binary,
        facility_id -> Binary,
        client_id -> Text,
        commune -> Integer,
        arrival -> BigInt,
        planned_departure -> Nullable<BigInt>,
        left_at -> Nullable<BigInt>,
        state -> SmallInt,
        received_at -> BigInt,
        deadline -> BigInt,
        on_time -> Bool,
        guests -> Integer,
        marked -> Bool,
        revision -> Integer,
        row_version -> BigInt,
        key_version -> Integer,
        sealed -> Binary,
    }
}

diesel::table! {
    stay_guests (stay_id, number) {
        stay_id -> Binary,
        number -> SmallInt,
        citizen_id -> Nullable<Binary>,
        nature -> Nullable<Binary>,
        document -> Nullable<Binary>,
        person -> Binary,
        index_version -> Integer,
        removed_at -> Nullable<BigInt>,
        key_version -> Integer,
        sealed -> Binary,
    }
}

diesel::table! {
    stay_approvals (grant_id) {
        grant_id -> Binary,
        stay_id -> Binary,
    }
}

diesel::joinable!(stay_guests -> stays (stay_id));
diesel::allow_tables_to_appear_in_same_query!(stays, stay_guests, facilities);
