//! One enum over both backends.

#[derive(diesel::MultiConnection)]
pub enum Db {
    Pg(diesel::PgConnection),
    Lite(diesel::SqliteConnection),
}
