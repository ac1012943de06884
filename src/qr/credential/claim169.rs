//! The claim 169 map: who the credential is about. Values the map cannot say are left out by the
//! issuer, never bent.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use super::cwt::CwtFault;
use crate::crypto::cose::strict::{self, Label};

/// Gender of the map: 1 male, 2 female, 3 others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    Male = 1,
    Female = 2,
    Other = 3,
}

/// Marital status of the map: 1 unmarried, 2 married, 3 divorced. "Divorced or widowed" has no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marital {
    Unmarried = 1,
    Married = 2,
    Divorced = 3,
}

/// Photo format of the map: 1 JPEG, 2 JPEG 2000, 3 AVIF, 4 WebP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortraitFormat {
    Jpeg = 1,
    Jpeg2000 = 2,
    Avif = 3,
    Webp = 4,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    pub format: PortraitFormat,
    pub data: Vec<u8>,
}

/// What is said about the person. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Claim169 {
    pub id: Option<String>,
    /// Of the map, not of the credential.
    pub version: Option<String>,
    /// ISO 639-3.
    pub language: Option<String>,
    pub full_name: Option<String>,
    /// `YYYYMMDD`.
    pub date_of_birth: Option<String>,
    pub gender: Option<Gender>,
    pub address: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-3 here; the map takes alpha-2 or alpha-3.
    pub nationality: Option<String>,
    pub marital_status: Option<Marital>,
    pub photo: Option<Portrait>,
}

impl std::fmt::Debug for Claim169 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claim169(redacted)")
    }
}

const TEXTS: usize = 9;

impl Claim169 {
    fn texts(&self) -> [(u8, Option<&str>); TEXTS] {
        [
            (1, self.id.as_deref()),
            (2, self.version.as_deref()),
            (3, self.language.as_deref()),
            (4, self.full_name.as_deref()),
            (8, self.date_of_birth.as_deref()),
            (10, self.address.as_deref()),
            (11, self.email.as_deref()),
            (12, self.phone.as_deref()),
            (13, self.nationality.as_deref()),
        ]
    }

    /// Writes the map, labels ascending (RFC 8949 section 4.2.1).
    pub(super) fn write(
        &self,
        e: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let texts = self.texts();
        let count = texts.iter().filter(|(_, text)| text.is_some()).count()
            + usize::from(self.gender.is_some())
            + usize::from(self.marital_status.is_some())
            + 2 * usize::from(self.photo.is_some());
        e.map(count as u64)?;
        for (label, text) in texts {
            if label == 10
                && let Some(gender) = self.gender
            {
                e.u8(9)?.u8(gender as u8)?;
            }
            if let Some(text) = text {
                e.u8(label)?.str(text)?;
            }
        }
        if let Some(marital) = self.marital_status {
            e.u8(14)?.u8(marital as u8)?;
        }
        if let Some(photo) = &self.photo {
            e.u8(16)?.bytes(&photo.data)?.u8(17)?.u8(photo.format as u8)?;
        }
        Ok(())
    }

    /// Reads the map, also when wrapped in a byte string or written with text labels, as some
    /// issuers do; labels it does not know are passed over.
    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, CwtFault> {
        if decoder.datatype()? == Type::Bytes {
            let mut inner = Decoder::new(decoder.bytes()?);
            let claim = Self::read_map(&mut inner)?;
            strict::at_end(&inner)?;
            return Ok(claim);
        }
        Self::read_map(decoder)
    }

    fn read_map(decoder: &mut Decoder<'_>) -> Result<Self, CwtFault> {
        let mut claim = Self::default();
        let (mut data, mut format) = (None, None);
        strict::map(decoder, |label, value| {
            let number = match label {
                Label::Int(number) => *number,
                Label::Text(text) => text.parse().unwrap_or(-1),
            };
            match number {
                9 => claim.gender = gender(value.u8()?),
                14 => claim.marital_status = marital(value.u8()?),
                16 => data = Some(value.bytes()?.to_vec()),
                17 => format = Some(value.u8()?),
                _ => match claim.text_field(number) {
                    Some(field) => *field = Some(value.str()?.to_owned()),
                    None => strict::skip(value)?,
                },
            }
            Ok(())
        })?;
        claim.photo = match (data, format.and_then(portrait_format)) {
            (Some(data), Some(format)) => Some(Portrait { format, data }),
            _ => None,
        };
        Ok(claim)
    }

    fn text_field(&mut self, label: i64) -> Option<&mut Option<String>> {
        Some(match label {
            1 => &mut self.id,
            2 => &mut self.version,
            3 => &mut self.language,
            4 => &mut self.full_name,
            8 => &mut self.date_of_birth,
            10 => &mut self.address,
            11 => &mut self.email,
            12 => &mut self.phone,
            13 => &mut self.nationality,
            _ => return None,
        })
    }
}

fn gender(code: u8) -> Option<Gender> {
    [Gender::Male, Gender::Female, Gender::Other].into_iter().find(|g| *g as u8 == code)
}

fn marital(code: u8) -> Option<Marital> {
    [Marital::Unmarried, Marital::Married, Marital::Divorced].into_iter().find(|m| *m as u8 == code)
}

fn portrait_format(code: u8) -> Option<PortraitFormat> {
    use PortraitFormat::{Avif, Jpeg, Jpeg2000, Webp};
    [Jpeg, Jpeg2000, Avif, Webp].into_iter().find(|f| *f as u8 == code)
}
