//! CBOR ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)): maps in their order with repeated keys, tags, and what was
//! written in pieces of unknown length.

use minicbor::Decoder;
use minicbor::data::{Token, Type};
use model::json::quoted;

use super::Broken;
use super::outline::{Name, Outline};
use crate::class::Class;

/// Reads one value that takes the whole message.
pub(super) fn read(message: &[u8], outline: &mut Outline) -> Result<(), Broken> {
    let mut decoder = Decoder::new(message);
    value(&mut decoder, outline, &Name::None)?;
    match message.len() - decoder.position() {
        0 => Ok(()),
        left => {
            Err(Broken { at: decoder.position(), why: format!("{left} bytes are left after the end of the value") })
        }
    }
}

fn value(decoder: &mut Decoder<'_>, outline: &mut Outline, name: &Name) -> Result<(), Broken> {
    let at = decoder.position();
    match decoder.datatype().map_err(|_| broken(decoder, at))? {
        Type::Array | Type::ArrayIndef => {
            let count = decoder.array().map_err(|_| broken(decoder, at))?;
            items(decoder, outline, name, Items { at, count, kind: "array" })
        }
        Type::Map | Type::MapIndef => {
            let count = decoder.map().map_err(|_| broken(decoder, at))?;
            items(decoder, outline, name, Items { at, count, kind: "map" })
        }
        Type::StringIndef | Type::BytesIndef => {
            decoder.set_position(at + 1);
            items(decoder, outline, name, Items { at, count: None, kind: "pieces" })
        }
        Type::Tag => {
            let tag = decoder.tag().map_err(|_| broken(decoder, at))?.as_u64();
            outline.open(at, name, &format!("tag {tag}"))?;
            value(decoder, outline, &Name::None)?;
            outline.close();
            Ok(())
        }
        _ => match token(decoder, at)? {
            Token::String(text) => outline.string(at, name, text, ""),
            Token::Bytes(bytes) => outline.binary(at, name, bytes, &format!("binary of {} bytes", bytes.len())),
            token => {
                let (class, text, note) = scalar(&token).ok_or_else(|| broken(decoder, at))?;
                outline.value(at, name, class, &text, note)
            }
        },
    }
}

struct Items {
    at: usize,
    /// `None` where a mark ends them.
    count: Option<u64>,
    /// An array, a map, or the pieces of a string.
    kind: &'static str,
}

fn items(decoder: &mut Decoder<'_>, outline: &mut Outline, name: &Name, items: Items) -> Result<(), Broken> {
    let is_map = items.kind == "map";
    if items.count == Some(0) {
        return outline.value(items.at, name, Class::Plain, if is_map { "{}" } else { "[]" }, "");
    }
    let note = match items.count {
        Some(count) => format!("{} of {count}", items.kind),
        None => format!("{} of unknown length", items.kind),
    };
    outline.open(items.at, name, &note)?;
    let mut index = 0;
    loop {
        if items.count.is_some_and(|count| index as u64 == count) {
            break;
        }
        if items.count.is_none() && decoder.datatype().is_ok_and(|kind| kind == Type::Break) {
            decoder.set_position(decoder.position() + 1);
            break;
        }
        let name = if is_map { key(decoder, outline)? } else { Name::Index(index) };
        value(decoder, outline, &name)?;
        index += 1;
    }
    outline.close();
    Ok(())
}

/// A key on the line of its value; one that is no string or number stands on lines of its own.
fn key(decoder: &mut Decoder<'_>, outline: &mut Outline) -> Result<Name, Broken> {
    let at = decoder.position();
    let kind = decoder.datatype().map_err(|_| broken(decoder, at))?;
    if !matches!(kind, Type::Array | Type::ArrayIndef | Type::Map | Type::MapIndef | Type::Tag | Type::StringIndef) {
        let token = token(decoder, at)?;
        if let Token::String(text) = token {
            outline.seems(text);
            return Ok(Name::Is(Class::Name, quoted(text)));
        }
        if let Some((class, text, _)) = scalar(&token) {
            return Ok(Name::Is(class, text));
        }
        decoder.set_position(at);
    }
    value(decoder, outline, &Name::of("key"))?;
    Ok(Name::of("its value"))
}

fn token<'b>(decoder: &mut Decoder<'b>, at: usize) -> Result<Token<'b>, Broken> {
    decoder.tokens().next().and_then(Result::ok).ok_or_else(|| broken(decoder, at))
}

fn scalar(token: &Token<'_>) -> Option<(Class, String, &'static str)> {
    let (text, note) = match token {
        Token::Bool(value) => return Some((Class::Word, value.to_string(), "")),
        Token::Null => return Some((Class::Word, "null".into(), "")),
        Token::Undefined => return Some((Class::Word, "undefined".into(), "")),
        Token::Simple(value) => return Some((Class::Word, format!("simple({value})"), "")),
        Token::U8(value) => (value.to_string(), ""),
        Token::U16(value) => (value.to_string(), ""),
        Token::U32(value) => (value.to_string(), ""),
        Token::U64(value) => (value.to_string(), ""),
        Token::I8(value) => (value.to_string(), ""),
        Token::I16(value) => (value.to_string(), ""),
        Token::I32(value) => (value.to_string(), ""),
        Token::I64(value) => (value.to_string(), ""),
        Token::Int(value) => (value.to_string(), ""),
        Token::F16(value) => (format!("{value:?}"), "float16"),
        Token::F32(value) => (format!("{value:?}"), "float32"),
        Token::F64(value) => (format!("{value:?}"), "float64"),
        _ => return None,
    };
    Some((Class::Number, text, note))
}

/// The value that begins at `at` is not whole, or nothing that CBOR has.
fn broken(decoder: &Decoder<'_>, at: usize) -> Broken {
    let why = match decoder.input().get(at) {
        None => "the message ends where a value should begin".to_owned(),
        Some(first) => format!("0x{first:02x} begins no value, or one that is longer than what is left"),
    };
    Broken { at: at.min(decoder.input().len()), why }
}
