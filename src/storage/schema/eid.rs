//! The tables of the e-ID.

diesel::table! {
    eid_accounts (citizen_id) {
        citizen_id -> Binary,
        level -> SmallInt,
        scanned_only -> Bool,
        page_rejections -> SmallInt,
        page_quiet_until -> BigInt,
        counter_rejections -> SmallInt,
        counter_quiet_until -> BigInt,
        activated_at -> BigInt,
        confirmed_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    eid_devices (device_id) {
        device_id -> Binary,
        citizen_id -> Binary,
        algorithm -> SmallInt,
        public_key -> Binary,
        key_version -> Integer,
        sealed -> Binary,
        row_version -> BigInt,
        tries -> SmallInt,
        try_after -> BigInt,
        locked_at -> Nullable<BigInt>,
        added_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    eid_activations (activation_id) {
        activation_id -> Binary,
        citizen_id -> Nullable<Binary>,
        origin -> SmallInt,
        code_key -> Integer,
        code -> Binary,
        algorithm -> Nullable<SmallInt>,
        public_key -> Nullable<Binary>,
        tries -> SmallInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        spent_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    eid_outbox (activation_id) {
        activation_id -> Binary,
        key_version -> Integer,
        sealed -> Binary,
        attempts -> SmallInt,
        due_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    eid_counters (kind, key, window_start) {
        kind -> SmallInt,
        key -> Binary,
        window_start -> BigInt,
        used -> Integer,
    }
}

diesel::table! {
    eid_transactions (transaction_id) {
        transaction_id -> Binary,
        client_id -> Text,
        citizen_id -> Nullable<Binary>,
        state -> SmallInt,
        channel -> SmallInt,
        level -> SmallInt,
        digits -> SmallInt,
        scan -> Binary,
        bound -> Bool,
        shown -> Bool,
        names_tried -> SmallInt,
        key_version -> Integer,
        sealed -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        decided_at -> Nullable<BigInt>,
        device_id -> Nullable<Binary>,
        proof -> Nullable<Binary>,
        taken_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(eid_accounts, eid_devices);
