//! A citizen's own QR: what their record says, for one reader, bound to the key of the device that asks.

use super::signed::Device;
use super::{Eid, EidError, entry};
use crate::audit::{Entry, Outcome};
use crate::citizens::model::Status;
use crate::eid::model::Passcode;
use crate::kernel::{AttributeSet, ClientId};
use crate::qr::{HolderCredential, HolderQr, enter_holder};
use crate::storage::StorageError;

/// A credential for the device to sign over.
#[derive(Clone)]
pub struct OwnQr {
    pub credential: HolderCredential,
    /// Who may read it.
    pub audience: ClientId,
    pub audience_name: String,
}

impl Eid {
    /// Issues what the citizen chose to show to `audience`; it takes the passcode, and is recorded.
    ///
    /// # Errors
    /// `NoAudience`; those of the passcode; those of the QR.
    pub async fn own_qr(
        &self,
        device: &Device,
        passcode: &Passcode,
        audience: &ClientId,
        attributes: AttributeSet,
    ) -> Result<OwnQr, EidError> {
        self.prove(device, passcode).await?;
        let made = self.make_qr(device, audience, attributes).await;
        self.noted("eid.qr", device.citizen, made).await
    }

    async fn make_qr(&self, device: &Device, audience: &ClientId, attributes: AttributeSet) -> Result<OwnQr, EidError> {
        let client = self.0.clients.find_current(audience).map_err(StorageError::from)?;
        let client = client.filter(|client| !client.is_stopped()).ok_or(EidError::NoAudience)?;
        let record = self.0.citizens.holder(device.citizen).await?.ok_or(EidError::DeviceSignature)?;
        if record.citizen.status != Status::Alive {
            return Err(EidError::DeviceSignature);
        }
        let credential = self.0.qr.bind(&record, &device.row.key()?, attributes, audience)?;
        let (eid, citizen, id, made) = (self.clone(), device.citizen, device.id, credential.clone());
        let reader = audience.clone();
        let entered = self.0.store.write(move |tx| -> Result<_, EidError> {
            super::passcodes::in_use(tx, id)?;
            enter_holder(tx, &made)?;
            let issued = entry(made.id, "eid.qr", eid.0.clock.now(), Some(citizen), Outcome::Answered);
            eid.0.audit.append(tx, &Entry { client: Some(reader.clone()), attributes: made.attributes, ..issued });
            Ok(())
        });
        entered.await?;
        Ok(OwnQr { credential, audience: audience.clone(), audience_name: client.name.clone() })
    }

    /// The QR to show of a credential that the holder has signed over.
    ///
    /// # Errors
    /// Of the QR, if somebody else signed.
    pub fn shown_qr(&self, credential: &[u8], countersignature: &[u8]) -> Result<HolderQr, EidError> {
        Ok(self.0.qr.show(credential, countersignature)?)
    }
}
