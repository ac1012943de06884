//! Confirmations of residence information, and life events.

diesel::table! {
    residence_confirmations (confirmation_id) {
        confirmation_id -> Binary,
        citizen_id -> Binary,
        client_id -> Text,
        attributes -> Text,
        members -> Bool,
        said -> Binary,
        said_key -> Integer,
        code -> Binary,
        issued_at -> BigInt,
        expires_at -> BigInt,
        wrong_codes -> Integer,
        wrong_since -> BigInt,
    }
}

diesel::table! {
    residence_subjects (subject, confirmation_id) {
        subject -> Binary,
        confirmation_id -> Binary,
    }
}

diesel::table! {
    life_events (event_id) {
        event_id -> Text,
        effective -> Integer,
        rank -> SmallInt,
        state -> SmallInt,
        reason -> Text,
        key_version -> Integer,
        sealed -> Binary,
        received_at -> BigInt,
        recorded -> Bool,
    }
}

diesel::table! {
    life_event_subjects (subject, event_id) {
        subject -> Binary,
        event_id -> Text,
        effective -> Integer,
        rank -> SmallInt,
        key_version -> Integer,
        sealed -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(life_events, life_event_subjects);
