//! `dancu migrate`: brings the database's schema up to this program's.

use clap::Args;

use super::place::{PlaceArgs, PlaceError};
use crate::storage::migrate;

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Refuses a schema newer than this program.
pub fn run(args: &MigrateArgs) -> Result<(), PlaceError> {
    let url = args.place.find()?.store.url;
    let (names, done) =
        if args.dry_run { (migrate::status(&url)?.pending, "to apply") } else { (migrate::run(&url)?, "applied") };
    names.iter().for_each(|name| println!("{done} {name}"));
    if names.is_empty() {
        println!("the schema is up to date");
    }
    Ok(())
}
