//! MessagePack: each value with the size that it was written in, maps in their order with repeated keys.

use model::json::quoted;
use rmp::Marker;

use super::Broken;
use super::outline::{Name, Outline};
use super::reader::Reader;
use crate::class::Class;

/// The extension that is a time
/// ([specification](https://github.com/msgpack/msgpack/blob/master/spec.md#timestamp-extension-type)).
const TIMESTAMP: i8 = -1;

/// Reads one value that takes the whole message.
pub(super) fn read(message: &[u8], outline: &mut Outline) -> Result<(), Broken> {
    let mut reader = Reader::new(message);
    value(&mut reader, outline, &Name::None)?;
    reader.end()
}

fn value(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name) -> Result<(), Broken> {
    let at = reader.at();
    let marker = Marker::from_u8(reader.byte("a value")?);
    let sized = |reader: &mut Reader<'_>, size| reader.length(size, "a length");
    match marker {
        Marker::FixArray(count) => array(reader, outline, name, at, count.into()),
        Marker::Array16 => sized(reader, 2).and_then(|count| array(reader, outline, name, at, count)),
        Marker::Array32 => sized(reader, 4).and_then(|count| array(reader, outline, name, at, count)),
        Marker::FixMap(count) => map(reader, outline, name, at, count.into()),
        Marker::Map16 => sized(reader, 2).and_then(|count| map(reader, outline, name, at, count)),
        Marker::Map32 => sized(reader, 4).and_then(|count| map(reader, outline, name, at, count)),
        Marker::FixStr(length) => string(reader, outline, name, at, length.into()),
        Marker::Str8 => sized(reader, 1).and_then(|length| string(reader, outline, name, at, length)),
        Marker::Str16 => sized(reader, 2).and_then(|length| string(reader, outline, name, at, length)),
        Marker::Str32 => sized(reader, 4).and_then(|length| string(reader, outline, name, at, length)),
        Marker::Bin8 => sized(reader, 1).and_then(|length| binary(reader, outline, name, at, length)),
        Marker::Bin16 => sized(reader, 2).and_then(|length| binary(reader, outline, name, at, length)),
        Marker::Bin32 => sized(reader, 4).and_then(|length| binary(reader, outline, name, at, length)),
        Marker::FixExt1 => extension(reader, outline, name, at, 1),
        Marker::FixExt2 => extension(reader, outline, name, at, 2),
        Marker::FixExt4 => extension(reader, outline, name, at, 4),
        Marker::FixExt8 => extension(reader, outline, name, at, 8),
        Marker::FixExt16 => extension(reader, outline, name, at, 16),
        Marker::Ext8 => sized(reader, 1).and_then(|length| extension(reader, outline, name, at, length)),
        Marker::Ext16 => sized(reader, 2).and_then(|length| extension(reader, outline, name, at, length)),
        Marker::Ext32 => sized(reader, 4).and_then(|length| extension(reader, outline, name, at, length)),
        scalar => {
            let (class, text, note) = self::scalar(reader, scalar, at)?;
            outline.value(at, name, class, &text, note)
        }
    }
}

/// What takes a fixed number of bytes, as text and with the type it was written in.
fn scalar(reader: &mut Reader<'_>, marker: Marker, at: usize) -> Result<(Class, String, &'static str), Broken> {
    let mut number = |size| reader.number(size, "a number");
    let (text, note) = match marker {
        Marker::Null => return Ok((Class::Word, "null".into(), "")),
        Marker::True => return Ok((Class::Word, "true".into(), "")),
        Marker::False => return Ok((Class::Word, "false".into(), "")),
        Marker::FixPos(value) => (value.to_string(), ""),
        Marker::FixNeg(value) => (value.to_string(), ""),
        Marker::U8 => (number(1)?.to_string(), "uint8"),
        Marker::U16 => (number(2)?.to_string(), "uint16"),
        Marker::U32 => (number(4)?.to_string(), "uint32"),
        Marker::U64 => (number(8)?.to_string(), "uint64"),
        Marker::I8 => ((number(1)? as i8).to_string(), "int8"),
        Marker::I16 => ((number(2)? as i16).to_string(), "int16"),
        Marker::I32 => ((number(4)? as i32).to_string(), "int32"),
        Marker::I64 => ((number(8)? as i64).to_string(), "int64"),
        Marker::F32 => (format!("{:?}", f32::from_bits(number(4)? as u32)), "float32"),
        Marker::F64 => (format!("{:?}", f64::from_bits(number(8)?)), "float64"),
        _ => return Err(Broken { at, why: "0xc1 begins no value of MessagePack".into() }),
    };
    Ok((Class::Number, text, note))
}

fn array(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name, at: usize, count: usize) -> Result<(), Broken> {
    if count == 0 {
        return outline.value(at, name, Class::Plain, "[]", "");
    }
    outline.open(at, name, &format!("array of {count}"))?;
    for index in 0..count {
        value(reader, outline, &Name::Index(index))?;
    }
    outline.close();
    Ok(())
}

fn map(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name, at: usize, count: usize) -> Result<(), Broken> {
    if count == 0 {
        return outline.value(at, name, Class::Plain, "{}", "");
    }
    outline.open(at, name, &format!("map of {count}"))?;
    for _ in 0..count {
        let key = key(reader, outline)?;
        value(reader, outline, &key)?;
    }
    outline.close();
    Ok(())
}

/// A key on the line of its value; one that is no string or number stands on lines of its own.
fn key(reader: &mut Reader<'_>, outline: &mut Outline) -> Result<Name, Broken> {
    let mut ahead = reader.clone();
    let at = ahead.at();
    let marker = Marker::from_u8(ahead.byte("a key")?);
    let length = match marker {
        Marker::FixStr(length) => Some(length.into()),
        Marker::Str8 => Some(ahead.length(1, "a length")?),
        Marker::Str16 => Some(ahead.length(2, "a length")?),
        _ => None,
    };
    let name = match length {
        Some(length) => str::from_utf8(ahead.take(length, "a key")?).ok().map(|key| {
            outline.seems(key);
            Name::Is(Class::Name, quoted(key))
        }),
        None => scalar(&mut ahead, marker, at).ok().map(|(class, text, _)| Name::Is(class, text)),
    };
    if let Some(name) = name {
        *reader = ahead;
        return Ok(name);
    }
    value(reader, outline, &Name::of("key"))?;
    Ok(Name::of("its value"))
}

fn string(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name, at: usize, len: usize) -> Result<(), Broken> {
    let bytes = reader.take(len, "a string")?;
    match str::from_utf8(bytes) {
        Ok(text) => outline.string(at, name, text, ""),
        Err(_) => {
            outline.doubt();
            outline.binary(at, name, bytes, &format!("string of {len} bytes that are not UTF-8"))
        }
    }
}

fn binary(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name, at: usize, len: usize) -> Result<(), Broken> {
    let bytes = reader.take(len, "a binary value")?;
    outline.binary(at, name, bytes, &format!("binary of {len} bytes"))
}

fn extension(reader: &mut Reader<'_>, outline: &mut Outline, name: &Name, at: usize, len: usize) -> Result<(), Broken> {
    let kind = reader.byte("an extension's type")? as i8;
    let bytes = reader.take(len, "an extension")?;
    match (kind, timestamp(bytes)) {
        (TIMESTAMP, Some(seconds)) => {
            outline.value(at, name, Class::Number, &seconds, "timestamp, in seconds since 1970")
        }
        _ => outline.binary(at, name, bytes, &format!("extension {kind} of {len} bytes")),
    }
}

/// Seconds since 1970, with nine places where they are not whole.
fn timestamp(bytes: &[u8]) -> Option<String> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let (seconds, nanoseconds) = match bytes.len() {
        4 => (number(bytes).cast_signed(), 0),
        8 => ((number(bytes) & ((1 << 34) - 1)).cast_signed(), number(bytes) >> 34),
        12 => (number(&bytes[4..]).cast_signed(), number(&bytes[..4])),
        _ => return None,
    };
    match nanoseconds {
        0 => Some(seconds.to_string()),
        // Nanoseconds count forward from the second, before 1970 too: the two are not one decimal number there.
        _ if seconds < 0 => Some(format!("{seconds} + {nanoseconds} ns")),
        _ => Some(format!("{seconds}.{nanoseconds:09}")),
    }
}
