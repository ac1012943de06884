//! What citizens granted, and browser sessions.

diesel::table! {
    citizen_grants (grant_id) {
        grant_id -> Binary,
        client_id -> Text,
        citizen_id -> Binary,
        device_id -> Binary,
        subject -> Text,
        level -> SmallInt,
        amr -> Text,
        scope -> Text,
        attributes -> Text,
        consent_id -> Nullable<Binary>,
        details -> Text,
        approved_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        backchannel -> Bool,
    }
}

diesel::table! {
    pairwise_subjects (sector, citizen_id) {
        sector -> Text,
        citizen_id -> Binary,
        subject -> Text,
    }
}

diesel::table! {
    revoked_tokens (digest) {
        digest -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sessions (digest) {
        digest -> Binary,
        body -> Text,
        citizen_id -> Nullable<Binary>,
        device_id -> Nullable<Binary>,
        client_id -> Text,
        officer_id -> Nullable<Text>,
        unit -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    page_links (digest) {
        digest -> Binary,
        body -> Text,
        client_id -> Text,
        officer_id -> Nullable<Text>,
        unit -> Nullable<Text>,
        expires_at -> BigInt,
    }
}
