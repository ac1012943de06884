//! What a residence confirmation says beside claim 169: a private claim of Dancu.
//!
//! A map with integer labels: 1 form, 2 recipient, 3 temporary residence, 4 current residence,
//! 5 relation to the head, 6 the head's name, 7 names of the other members, 8 other content,
//! 9 number of members left out of the symbol for want of room.

use minicbor::{Decoder, Encoder};

use crate::crypto::cose::CoseFault;
use crate::crypto::cose::strict::{self, Label};

/// Beside what claim 169 says of the person and the permanent residence. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ResidenceClaim {
    /// `CT07`.
    pub form: String,
    pub recipient: String,
    pub temporary_residence: Option<String>,
    pub current_residence: Option<String>,
    pub relation_to_head: Option<String>,
    pub head: Option<String>,
    pub members: Vec<String>,
    pub other_content: Option<String>,
    pub members_left_out: u64,
}

impl std::fmt::Debug for ResidenceClaim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ResidenceClaim(redacted)")
    }
}

impl ResidenceClaim {
    fn texts(&self) -> [(u8, Option<&str>); 7] {
        [
            (1, Some(&self.form)),
            (2, Some(&self.recipient)),
            (3, self.temporary_residence.as_deref()),
            (4, self.current_residence.as_deref()),
            (5, self.relation_to_head.as_deref()),
            (6, self.head.as_deref()),
            (8, self.other_content.as_deref()),
        ]
    }

    /// Writes the map, labels ascending.
    pub(super) fn write(
        &self,
        e: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        let texts = self.texts();
        let count = texts.iter().filter(|(_, text)| text.is_some()).count()
            + usize::from(!self.members.is_empty())
            + usize::from(self.members_left_out > 0);
        e.map(count as u64)?;
        for (label, text) in texts {
            if label == 8 && !self.members.is_empty() {
                e.u8(7)?.array(self.members.len() as u64)?;
                for member in &self.members {
                    e.str(member)?;
                }
            }
            if let Some(text) = text {
                e.u8(label)?.str(text)?;
            }
        }
        if self.members_left_out > 0 {
            e.u8(9)?.u64(self.members_left_out)?;
        }
        Ok(())
    }

    pub(super) fn read(value: &mut Decoder<'_>) -> Result<Self, CoseFault> {
        let mut claim = Self::default();
        strict::map(value, |label, value| {
            let text =
                |value: &mut Decoder<'_>| -> Result<Option<String>, CoseFault> { Ok(Some(value.str()?.to_owned())) };
            match label {
                Label::Int(1) => claim.form = value.str()?.to_owned(),
                Label::Int(2) => claim.recipient = value.str()?.to_owned(),
                Label::Int(3) => claim.temporary_residence = text(value)?,
                Label::Int(4) => claim.current_residence = text(value)?,
                Label::Int(5) => claim.relation_to_head = text(value)?,
                Label::Int(6) => claim.head = text(value)?,
                Label::Int(7) => {
                    let length = strict::array(value)?;
                    for _ in 0..length {
                        claim.members.push(value.str()?.to_owned());
                    }
                }
                Label::Int(8) => claim.other_content = text(value)?,
                Label::Int(9) => claim.members_left_out = value.u64()?,
                _ => strict::skip(value)?,
            }
            Ok(())
        })?;
        Ok(claim)
    }
}
