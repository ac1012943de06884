//! Whom the load asks about, and in whose name.

use dancu::citizens::seed::Population;
use dancu::cli::token::{self, TokenArgs};
use dancu::crypto::SystemEntropy;
use dancu::kernel::clock::SystemClock;

use crate::Error;
use crate::arguments::Arguments;
use crate::demo;

/// What identifies a person in a request.
pub struct Anchor {
    pub id_number: String,
    pub full_name: String,
    pub date_of_birth: String,
}

/// The first `limit` people of the demo's population, made again from its seed.
pub fn anchors(population: demo::Population, limit: usize) -> Result<Vec<Anchor>, Error> {
    let anchors: Vec<Anchor> = Population::new(population.seed, population.citizens)
        .flatten()
        .take(limit)
        .map(|citizen| Anchor {
            id_number: citizen.id_number.expose().to_owned(),
            full_name: citizen.full_name.expose().to_owned(),
            date_of_birth: citizen.date_of_birth.to_string(),
        })
        .collect();
    if anchors.is_empty() { Err(Error::new("the population is empty")) } else { Ok(anchors) }
}

/// The `Authorization` of a sample client's requests.
pub async fn authorization(arguments: &Arguments, client: &str) -> Result<String, Error> {
    let client = client.parse().map_err(|error| Error::new(format!("{client}: {error}")))?;
    let args = TokenArgs::new(arguments.demo.clone(), client);
    let asked = tokio::task::spawn_blocking(move || token::run(&args, &SystemClock, &SystemEntropy::default()));
    Ok(format!("Bearer {}", asked.await??))
}
