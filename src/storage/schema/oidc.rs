//! The OpenID Provider's tables.

diesel::table! {
    oidc_requests (digest) {
        digest -> Binary,
        client_id -> Text,
        key_version -> Integer,
        sealed -> Binary,
        browsers -> SmallInt,
        completed_at -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    oidc_interactions (digest) {
        digest -> Binary,
        request -> Binary,
        transaction_id -> Binary,
        digits -> SmallInt,
        scan -> Text,
        named -> Bool,
        expires_at -> BigInt,
    }
}

diesel::table! {
    oidc_codes (digest) {
        digest -> Binary,
        client_id -> Text,
        grant_id -> Binary,
        key_version -> Integer,
        sealed -> Binary,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
        kept_until -> BigInt,
    }
}

diesel::table! {
    oidc_refresh_tokens (digest) {
        digest -> Binary,
        client_id -> Text,
        grant_id -> Binary,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    oidc_backchannel (digest) {
        digest -> Binary,
        client_id -> Text,
        transaction_id -> Binary,
        scope -> Text,
        details -> Text,
        wait_s -> SmallInt,
        polled_at -> BigInt,
        expires_at -> BigInt,
    }
}
