//! The tables, a block per slice.

// storage
diesel::table! {
    store_info (singleton) {
        singleton -> SmallInt,
        id -> Binary,
        created_at -> BigInt,
    }
}
