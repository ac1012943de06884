//! `demo.json`: what a newcomer needs to try the demo. Mode 0600, since it holds private keys.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::wallets::DemoWallet;
use crate::citizens::Citizen;
use crate::citizens::model::{RelationToHead, Residence, Status};
use crate::citizens::seed::showcase;
use crate::clients::DemoClient;
use crate::kernel::{ClientId, HouseholdId, IdNumber, LegacyIdNumber, Officer, PartialDate, PersonName, Sex};

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The same two numbers make the same population again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SeededFrom {
    pub citizens: u64,
    pub seed: u64,
    pub complete: bool,
}

impl SeededFrom {
    pub fn new(citizens: u64, seed: u64) -> Self {
        Self { citizens, seed, complete: false }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct DemoFile {
    pub base_url: String,
    /// Where metrics (`/metrics`) and the details of health (`/health`) are.
    pub private_url: String,
    pub issuer: String,
    pub population: SeededFrom,
    pub clients: Vec<DemoClient>,
    /// Wallets of some of the citizens, each with its passcode.
    #[serde(default)]
    pub wallets: Vec<DemoWallet>,
    /// Links that each open a page once, signed in as an officer; new ones at every start.
    #[serde(skip_deserializing)]
    pub pages: Vec<DemoPage>,
    #[serde(skip_deserializing)]
    citizens: Vec<DemoCitizen>,
}

/// A page for an officer, and the link that opens it once.
#[derive(Debug, Serialize)]
pub struct DemoPage {
    pub page: &'static str,
    pub client_id: ClientId,
    pub officer: Officer,
    pub url: String,
}

/// An invented person, plain.
#[derive(Debug, Serialize)]
struct DemoCitizen {
    /// What this person is good for trying.
    case: &'static str,
    id_number: IdNumber,
    cancelled_id_numbers: Vec<IdNumber>,
    legacy_id_number: Option<LegacyIdNumber>,
    full_name: PersonName,
    date_of_birth: PartialDate,
    sex: Sex,
    status: Status,
    permanent_residence: Option<Residence>,
    household: Option<DemoHousehold>,
}

#[derive(Debug, Serialize)]
struct DemoHousehold {
    household_id: HouseholdId,
    relation_to_head: RelationToHead,
    members: Vec<DemoMember>,
}

#[derive(Debug, Clone, Serialize)]
struct DemoMember {
    id_number: IdNumber,
    full_name: PersonName,
    date_of_birth: PartialDate,
    relation_to_head: RelationToHead,
}

impl DemoFile {
    /// Of a demo at these addresses, the public one first.
    pub fn new((base_url, private_url): (&str, &str), clients: Vec<DemoClient>, population: SeededFrom) -> Self {
        let shown = showcase(population.seed);
        let citizens = shown
            .iter()
            .flat_map(|shown| shown.citizens.iter().map(|citizen| plain(shown.case, citizen, &shown.citizens)))
            .collect();
        Self {
            base_url: base_url.to_owned(),
            private_url: private_url.to_owned(),
            issuer: base_url.to_owned(),
            population,
            clients,
            wallets: Vec::new(),
            pages: Vec::new(),
            citizens,
        }
    }

    /// `None` if there is no such file yet.
    pub fn read(path: &Path) -> Result<Option<Self>, FileError> {
        match std::fs::read(path) {
            Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the file as a whole: a reader sees the old one or the new one.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let partial = path.with_extension("json.partial");
        let mut file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        Ok(())
    }
}

fn plain(case: &'static str, citizen: &Citizen, together: &[Citizen]) -> DemoCitizen {
    let household = citizen.household.as_ref().map(|membership| DemoHousehold {
        household_id: membership.household_id,
        relation_to_head: membership.relation_to_head,
        members: together.iter().filter_map(|other| member(other, membership.household_id)).collect(),
    });
    DemoCitizen {
        case,
        id_number: citizen.id_number.clone(),
        cancelled_id_numbers: citizen.cancelled_id_numbers.clone(),
        legacy_id_number: citizen.legacy_id_number.clone(),
        full_name: citizen.full_name.clone(),
        date_of_birth: citizen.date_of_birth,
        sex: citizen.sex,
        status: citizen.status,
        permanent_residence: citizen.permanent_residence.clone(),
        household,
    }
}

fn member(citizen: &Citizen, of: HouseholdId) -> Option<DemoMember> {
    let membership = citizen.household.as_ref().filter(|membership| membership.household_id == of)?;
    Some(DemoMember {
        id_number: citizen.id_number.clone(),
        full_name: citizen.full_name.clone(),
        date_of_birth: citizen.date_of_birth,
        relation_to_head: membership.relation_to_head,
    })
}
