//! Officers who sign in by their own e-ID.

diesel::table! {
    desk_officers (citizen_id) {
        citizen_id -> Binary,
        client_id -> Text,
        officer_id -> Text,
        unit -> Text,
        bound_at -> BigInt,
    }
}
