//! Strict reading of CBOR (RFC 8949): what a signature covers must have one meaning only.

use minicbor::Decoder;
use minicbor::data::Type;

use super::CoseFault;

/// Nesting beyond this is refused; a credential needs four levels.
const MAX_DEPTH: u8 = 8;

/// A map label: credentials use integers, some foreign ones text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label<'b> {
    Int(i64),
    Text(&'b str),
}

/// The number of items of a definite-length array.
pub fn array(decoder: &mut Decoder<'_>) -> Result<u64, CoseFault> {
    decoder.array()?.ok_or(CoseFault::Malformed)
}

/// Reads a definite-length map, handing every entry to `entry`, which reads exactly the value.
/// A label met twice is refused; so are more than 64 entries.
pub fn map<'b>(
    decoder: &mut Decoder<'b>,
    mut entry: impl FnMut(&Label<'b>, &mut Decoder<'b>) -> Result<(), CoseFault>,
) -> Result<(), CoseFault> {
    let length = decoder.map()?.ok_or(CoseFault::Malformed)?;
    if length > 64 {
        return Err(CoseFault::Malformed);
    }
    let mut seen: Vec<Label<'b>> = Vec::with_capacity(length as usize);
    for _ in 0..length {
        let label = label(decoder)?;
        if seen.contains(&label) {
            return Err(CoseFault::DuplicateLabel);
        }
        entry(&label, decoder)?;
        seen.push(label);
    }
    Ok(())
}

fn label<'b>(decoder: &mut Decoder<'b>) -> Result<Label<'b>, CoseFault> {
    match decoder.datatype()? {
        Type::String => Ok(Label::Text(decoder.str()?)),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
            Ok(Label::Int(decoder.i64()?))
        }
        _ => Err(CoseFault::Malformed),
    }
}

/// Skips one value, with the same strictness inside it.
pub fn skip(decoder: &mut Decoder<'_>) -> Result<(), CoseFault> {
    skip_at(decoder, MAX_DEPTH)
}

fn skip_at(decoder: &mut Decoder<'_>, depth: u8) -> Result<(), CoseFault> {
    let depth = depth.checked_sub(1).ok_or(CoseFault::Malformed)?;
    match decoder.datatype()? {
        Type::Array => (0..array(decoder)?).try_for_each(|_| skip_at(decoder, depth)),
        Type::Map => map(decoder, |_, value| skip_at(value, depth)),
        Type::Tag => {
            decoder.tag()?;
            skip_at(decoder, depth)
        }
        Type::ArrayIndef | Type::MapIndef | Type::BytesIndef | Type::StringIndef | Type::Break => {
            Err(CoseFault::Malformed)
        }
        _ => Ok(decoder.skip()?),
    }
}

/// Refuses bytes after the one value.
pub fn at_end(decoder: &Decoder<'_>) -> Result<(), CoseFault> {
    if decoder.position() == decoder.input().len() { Ok(()) } else { Err(CoseFault::Malformed) }
}
