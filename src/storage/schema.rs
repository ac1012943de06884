//! The tables, a block per slice.

// storage
diesel::table! {
    store_info (singleton) {
        singleton -> SmallInt,
        id -> Binary,
        created_at -> BigInt,
    }
}

// clients
diesel::table! {
    clients (client_id) {
        client_id -> Text,
        name -> Text,
        profile -> SmallInt,
        state_body -> Bool,
        enabled -> Bool,
        agreement -> Text,
        created_at -> BigInt,
    }
}
diesel::table! {
    client_keys (client_id, key_id) {
        client_id -> Text,
        key_id -> Text,
        algorithm -> SmallInt,
        public_key -> Binary,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
    }
}
diesel::table! {
    client_officers (client_id, officer_id, unit) {
        client_id -> Text,
        officer_id -> Text,
        unit -> Text,
        added_at -> BigInt,
    }
}
diesel::table! {
    client_registry (id) {
        id -> SmallInt,
        version -> BigInt,
    }
}
diesel::table! {
    client_changes (version) {
        version -> BigInt,
        at -> BigInt,
        client_id -> Text,
        action -> SmallInt,
        detail -> Text,
    }
}

// access
diesel::table! {
    spent_tokens (digest) {
        digest -> Binary,
        expires_at -> BigInt,
    }
}
