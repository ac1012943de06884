//! Receptionists who sign in by their own e-ID. An officer's first session comes of a link; in it
//! they bind the e-ID that signs them in from then on.

use std::sync::Arc;

use super::{Inner, Stays};
use crate::access::{CitizenGrant, SessionCookie, SessionGrant};
use crate::audit::{Entry, OfficerStanding, Outcome};
use crate::clients::{Client, Operation, OperationSet};
use crate::kernel::purpose::OfficerCode;
use crate::kernel::{AttributeSet, CitizenId, ClientId, Officer, TransactionId};
use crate::stays::store::officers::{self, OfficerRow};
use crate::storage::{StorageError, Tx};

/// The operations' names in audit entries.
const BIND: &str = "desk.bind";
const SIGN_IN: &str = "desk.sign_in";
const OPEN_LINK: &str = "desk.open_link";
const SHIFT: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

/// What a session at the desk stands for: the officer of a client, allowed what the desk does and no
/// more, for a shift.
pub fn desk_session(client: ClientId, officer: Officer) -> SessionGrant {
    let scopes: OperationSet =
        [Operation::StaysReport, Operation::StaysRead, Operation::QrVerify].into_iter().collect();
    SessionGrant { client, scopes, citizen: None, device: None, officer: Some(officer), lifetime: SHIFT }
}

impl Stays {
    /// Opens the desk to who signed in by e-ID: as the officer whose link `code` is, whom the e-ID
    /// signs in from now on; without one, as the officer it was bound to. The browser's session
    /// `replaced` ends. `None`: it is nobody's, or of an officer whom the client lists no longer.
    ///
    /// # Errors
    /// If the store is away. Nothing is opened that is not recorded.
    pub async fn open_desk(
        &self,
        citizen: &CitizenGrant,
        code: Option<String>,
        replaced: Option<String>,
    ) -> Result<Option<SessionCookie>, StorageError> {
        let (stays, citizen) = (self.clone(), citizen.citizen_id);
        self.0
            .store
            .write(move |tx| {
                let inner = &stays.0;
                let now = inner.clock.now();
                let linked = match &code {
                    Some(code) => inner.access.take_page_link(tx, code)?,
                    None => None,
                };
                let linked = linked.and_then(|grant| Some((grant.client, grant.officer?)));
                let (client, officer, operation) = match linked {
                    Some((client, officer)) => {
                        let row = OfficerRow {
                            citizen_id: citizen.as_bytes().to_vec(),
                            client_id: client.to_string(),
                            officer_id: officer.id.to_string(),
                            unit: officer.unit.to_string(),
                            bound_at: now.as_micros(),
                        };
                        officers::bind(tx.db()?, &row)?;
                        (client, officer, BIND)
                    }
                    None => {
                        let Some(row) = officers::find(tx.db()?, citizen.as_bytes())? else { return Ok(None) };
                        let (client, officer) = read(&row)?;
                        if !inner.access.lists_officer(&client, &officer) {
                            return Ok(None);
                        }
                        (client, officer, SIGN_IN)
                    }
                };
                let entry = inner.desk_entry(operation, &client, &officer, vec![citizen]);
                inner.audit.append(tx, &entry);
                inner.access.open_session(tx, &desk_session(client, officer), replaced.as_deref()).map(Some)
            })
            .await
    }

    /// Who signs in where by a link, which stays good; `None` if it opens nothing.
    ///
    /// # Errors
    /// If the store is away.
    pub async fn who_opens_desk(&self, code: &str) -> Result<Option<(Arc<Client>, Officer)>, StorageError> {
        let found = self.0.access.find_page_link(code).await?;
        let named = found.and_then(|grant| Some((grant.client, grant.officer?)));
        let listed = |(client, officer)| Some((self.0.access.client_of_officer(&client, &officer)?, officer));
        Ok(named.and_then(listed))
    }

    /// Opens the desk by a link, once, with its entry; the browser's session `replaced` ends. `None`: the
    /// code is unknown, over or was used, or its officer is listed no longer.
    ///
    /// # Errors
    /// If the store is away. Nothing is opened that is not recorded.
    pub async fn open_desk_by_link(
        &self,
        code: &str,
        replaced: Option<String>,
    ) -> Result<Option<SessionCookie>, StorageError> {
        let (stays, code) = (self.clone(), code.to_owned());
        let open = move |tx: &mut Tx<'_>| {
            let inner = &stays.0;
            let Some(grant) = inner.access.take_page_link(tx, &code)? else { return Ok(None) };
            let Some(officer) = &grant.officer else { return Ok(None) };
            let entry = inner.desk_entry(OPEN_LINK, &grant.client, officer, Vec::new());
            inner.audit.append(tx, &entry);
            inner.access.open_session(tx, &grant, replaced.as_deref()).map(Some)
        };
        self.0.store.write(open).await
    }
}

impl Inner {
    /// The entry of a desk that opens to an officer.
    fn desk_entry(
        &self,
        operation: &'static str,
        client: &ClientId,
        officer: &Officer,
        subjects: Vec<CitizenId>,
    ) -> Entry {
        Entry {
            transaction: TransactionId::random(&*self.entropy),
            at: self.clock.now(),
            client: Some(client.clone()),
            officer: Some((officer.clone(), OfficerStanding::Registered)),
            subjects,
            operation,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome: Outcome::Answered,
            reason: "",
        }
    }
}

fn read(row: &OfficerRow) -> Result<(ClientId, Officer), StorageError> {
    let impossible = |column: &'static str| StorageError::inconsistent("desk_officers", column);
    let client = row.client_id.parse().map_err(|_| impossible("client_id"))?;
    let code = |text: &str, column| OfficerCode::parse(text).map_err(|_| impossible(column));
    Ok((client, Officer { id: code(&row.officer_id, "officer_id")?, unit: code(&row.unit, "unit")? }))
}
