//! The tables, a block per slice.

// storage
diesel::table! {
    store_info (singleton) {
        singleton -> SmallInt,
        id -> Binary,
        created_at -> BigInt,
    }
}

// audit
diesel::table! {
    audit_logs (log) {
        log -> Integer,
        name -> Text,
        origin -> Text,
        holder -> Binary,
        epoch -> BigInt,
        state -> SmallInt,
        size -> BigInt,
        expired_below -> BigInt,
        sorted_below -> BigInt,
        checkpoint -> Text,
        checkpoint_size -> BigInt,
        opened_at -> BigInt,
        closed_at -> Nullable<BigInt>,
    }
}
diesel::table! {
    audit_entries (position) {
        position -> BigInt,
        written_at -> BigInt,
        data_key -> Integer,
        commitment -> Binary,
        salt -> Binary,
        body -> Binary,
    }
}
diesel::table! {
    audit_tiles (log, level, tile) {
        log -> Integer,
        level -> SmallInt,
        tile -> BigInt,
        root -> Binary,
        hashes -> Binary,
    }
}
diesel::table! {
    audit_data_keys (log, number) {
        log -> Integer,
        number -> Integer,
        first -> BigInt,
        key_version -> Integer,
        sealed -> Binary,
    }
}
diesel::table! {
    audit_lists (position) {
        position -> BigInt,
        items -> Binary,
    }
}
diesel::table! {
    audit_finder (bucket, log, segment) {
        bucket -> SmallInt,
        log -> Integer,
        segment -> Integer,
        items -> Binary,
    }
}
