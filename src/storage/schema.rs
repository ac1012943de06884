//! The tables, a block per slice.

mod access;
mod desk;
mod eid;
mod lodging;
mod oidc;
mod residence;

pub use access::*;
pub use desk::*;
pub use eid::*;
pub use lodging::*;
pub use oidc::*;
pub use residence::*;

// storage
diesel::table! {
    store_info (singleton) {
        singleton -> SmallInt,
        id -> Binary,
        created_at -> BigInt,
    }
}
diesel::table! {
    heartbeats (slot) {
        slot -> SmallInt,
        at -> BigInt,
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
        writer -> SmallInt,
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

// clients
diesel::table! {
    clients (client_id) {
        client_id -> Text,
        name -> Text,
        profile -> SmallInt,
        state_body -> Bool,
        agreement -> Text,
        created_at -> BigInt,
        registration -> Text,
        secret -> Nullable<Binary>,
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
    client_stops (client_id, kind, name) {
        client_id -> Text,
        kind -> SmallInt,
        name -> Text,
        stopped_at -> BigInt,
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
// citizens

diesel::table! {
    citizens (citizen_id) {
        citizen_id -> Binary,
        row_version -> BigInt,
        key_version -> Integer,
        sealed -> Binary,
    }
}

diesel::table! {
    identifiers (kind, key_version, hash, holder) {
        kind -> SmallInt,
        key_version -> Integer,
        hash -> Binary,
        holder -> BigInt,
        citizen_id -> Binary,
        active -> Bool,
    }
}

diesel::table! {
    households (household_id) {
        household_id -> Binary,
        version -> BigInt,
    }
}

diesel::table! {
    household_members (household_id, citizen_id) {
        household_id -> Binary,
        citizen_id -> Binary,
    }
}

diesel::table! {
    citizen_changes (seq) {
        seq -> BigInt,
        citizen_id -> Binary,
        row_version -> BigInt,
        kinds -> SmallInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    import_runs (file_key) {
        file_key -> Binary,
        bytes_done -> BigInt,
        rows_done -> BigInt,
        digest_done -> Binary,
        rejects_bytes -> BigInt,
        tally -> Text,
        started_at -> BigInt,
        updated_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    population_mark (id) {
        id -> SmallInt,
        synthetic -> Bool,
    }
}

diesel::allow_tables_to_appear_in_same_query!(citizens, identifiers, household_members);

// guards, reactors, re-sealing

diesel::table! {
    guard_counters (kind, key, window_start) {
        kind -> SmallInt,
        key -> Binary,
        window_start -> BigInt,
        used -> BigInt,
        touched_at -> BigInt,
    }
}

diesel::table! {
    reactor_cursors (name) {
        name -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    resealing_progress (singleton) {
        singleton -> SmallInt,
        seal_version -> Integer,
        index_version -> Integer,
    }
}

diesel::table! {
    sealing_key_uses (key_version) {
        key_version -> Integer,
        seals -> BigInt,
    }
}

diesel::table! {
    kept_answers (key) {
        key -> Binary,
        request -> Binary,
        index_version -> Integer,
        key_version -> Integer,
        sealed -> Binary,
        expires_at -> BigInt,
    }
}

// qr

diesel::table! {
    qr_credentials (credential_id) {
        credential_id -> Binary,
        citizen_id -> Binary,
        client_id -> Text,
        dynamic -> Bool,
        status_list -> Nullable<Integer>,
        status_index -> Nullable<Integer>,
        attributes -> Text,
        said -> Binary,
        said_key -> Integer,
        issued_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        spent_at -> Nullable<BigInt>,
        kind -> SmallInt,
    }
}

diesel::table! {
    qr_status_lists (list) {
        list -> Integer,
        taken -> Integer,
    }
}

diesel::table! {
    qr_revocations (list) {
        list -> Integer,
        revoked -> BigInt,
    }
}

// consent

diesel::table! {
    consents (consent_id) {
        consent_id -> Binary,
        citizen_id -> Binary,
        client_id -> Text,
        procedure -> Nullable<Text>,
        attributes -> Text,
        given_at -> BigInt,
        until -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
        key_version -> Integer,
        proof -> Binary,
    }
}
