//! The claims set of a credential (RFC 8392 section 3) with the status reference of the Token
//! Status List (claim 65535) and a confirmation key (RFC 8747).

use minicbor::{Decoder, Encoder};

use super::{Claim169, ResidenceClaim};
use crate::crypto::cose::CoseFault;
use crate::crypto::cose::strict::{self, Label};
use crate::kernel::Instant;

const ISS: i64 = 1;
const AUD: i64 = 3;
const EXP: i64 = 4;
const NBF: i64 = 5;
const IAT: i64 = 6;
const CTI: i64 = 7;
const CNF: i64 = 8;
const CLAIM_169: i64 = 169;
const STATUS: i64 = 65_535;
/// Private use (RFC 8392 section 9.1.1: less than -65536).
const RESIDENCE: i64 = -70_001;

/// Why a payload is no claims set of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CwtFault {
    #[error(transparent)]
    Form(#[from] CoseFault),
    /// Nothing is said about a person.
    #[error("claim 169 is missing")]
    NoClaim169,
}

impl From<minicbor::decode::Error> for CwtFault {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Form(error.into())
    }
}

/// Where the credential's status stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReference {
    pub index: u64,
    pub uri: String,
}

/// The whole claims set. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CwtClaims {
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub expires: Option<Instant>,
    pub not_before: Option<Instant>,
    pub issued: Option<Instant>,
    /// The credential's id.
    pub id: Option<Vec<u8>>,
    /// The holder's COSE_Key, as it stands.
    pub confirmation: Option<Vec<u8>>,
    pub person: Claim169,
    pub status: Option<StatusReference>,
    /// Makes it a confirmation of residence information.
    pub residence: Option<ResidenceClaim>,
}

impl CwtClaims {
    /// Writes the payload that is signed.
    pub fn to_payload(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(512));
        self.write(&mut encoder).expect("writing to memory does not fail");
        encoder.into_writer()
    }

    fn write(&self, e: &mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let times = [(EXP, self.expires), (NBF, self.not_before), (IAT, self.issued)];
        let count = 1
            + usize::from(self.issuer.is_some())
            + usize::from(self.audience.is_some())
            + times.iter().filter(|(_, time)| time.is_some()).count()
            + usize::from(self.id.is_some())
            + usize::from(self.confirmation.is_some())
            + usize::from(self.status.is_some())
            + usize::from(self.residence.is_some());
        e.map(count as u64)?;
        for (label, text) in [(ISS, &self.issuer), (AUD, &self.audience)] {
            if let Some(text) = text {
                e.i64(label)?.str(text)?;
            }
        }
        for (label, time) in times {
            if let Some(time) = time {
                e.i64(label)?.i64(time.as_seconds())?;
            }
        }
        if let Some(id) = &self.id {
            e.i64(CTI)?.bytes(id)?;
        }
        if let Some(key) = &self.confirmation {
            e.i64(CNF)?.map(1)?.i64(1)?;
            e.writer_mut().extend_from_slice(key);
        }
        e.i64(CLAIM_169)?;
        self.person.write(e)?;
        if let Some(status) = &self.status {
            e.i64(STATUS)?.map(1)?.str("status_list")?;
            e.map(2)?.str("idx")?.u64(status.index)?.str("uri")?.str(&status.uri)?;
        }
        if let Some(residence) = &self.residence {
            e.i64(RESIDENCE)?;
            residence.write(e)?;
        }
        Ok(())
    }

    /// Reads a payload whose signature has been verified.
    pub fn read(payload: &[u8]) -> Result<Self, CwtFault> {
        let mut claims = Self::default();
        let mut person = None;
        let mut decoder = Decoder::new(payload);
        let mut inner_fault = None;
        strict::map(&mut decoder, |label, value| {
            match label {
                Label::Int(ISS) => claims.issuer = Some(value.str()?.to_owned()),
                Label::Int(AUD) => claims.audience = Some(value.str()?.to_owned()),
                Label::Int(EXP) => claims.expires = Some(seconds(value)?),
                Label::Int(NBF) => claims.not_before = Some(seconds(value)?),
                Label::Int(IAT) => claims.issued = Some(seconds(value)?),
                Label::Int(CTI) => claims.id = Some(value.bytes()?.to_vec()),
                Label::Int(CNF) => claims.confirmation = confirmation(value)?,
                Label::Int(STATUS) => claims.status = status(value)?,
                Label::Int(RESIDENCE) => claims.residence = Some(ResidenceClaim::read(value)?),
                Label::Int(CLAIM_169) => match Claim169::read(value) {
                    Ok(read) => person = Some(read),
                    Err(CwtFault::Form(fault)) => return Err(fault),
                    Err(fault) => inner_fault = Some(fault),
                },
                _ => strict::skip(value)?,
            }
            Ok(())
        })?;
        strict::at_end(&decoder)?;
        claims.person = person.ok_or(inner_fault.unwrap_or(CwtFault::NoClaim169))?;
        Ok(claims)
    }
}

/// NumericDate (RFC 8392 section 2): an integer here; fractions are cut off.
fn seconds(value: &mut Decoder<'_>) -> Result<Instant, CoseFault> {
    use minicbor::data::Type::{F16, F32, F64};
    match value.datatype()? {
        F16 | F32 | F64 => Ok(Instant::from_seconds(value.f64()? as i64)),
        _ => Ok(Instant::from_seconds(value.i64()?)),
    }
}

/// `cnf` with a COSE_Key (RFC 8747 section 3.2).
fn confirmation(value: &mut Decoder<'_>) -> Result<Option<Vec<u8>>, CoseFault> {
    let mut key = None;
    strict::map(value, |label, value| {
        let start = value.position();
        strict::skip(value)?;
        if *label == Label::Int(1) {
            key = Some(value.input()[start..value.position()].to_vec());
        }
        Ok(())
    })?;
    Ok(key)
}

fn status(value: &mut Decoder<'_>) -> Result<Option<StatusReference>, CoseFault> {
    let (mut index, mut uri) = (None, None);
    strict::map(value, |label, value| match label {
        Label::Text("status_list") => strict::map(value, |label, value| {
            match label {
                Label::Text("idx") => index = Some(value.u64()?),
                Label::Text("uri") => uri = Some(value.str()?.to_owned()),
                _ => strict::skip(value)?,
            }
            Ok(())
        }),
        _ => strict::skip(value),
    })?;
    Ok(index.zip(uri).map(|(index, uri)| StatusReference { index, uri }))
}
