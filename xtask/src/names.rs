//! The names under which the page's WebAssembly calls its glue. In each of them is a hash, which does not compress:
//! together they would be a twentieth of all that arrives. Never touches any other name.

use crate::Result;

/// The id of the section of imports, see the
/// [specification](https://webassembly.github.io/spec/core/binary/modules.html#sections).
const IMPORTS: u8 = 2;
/// What kind of import a function is.
const FUNCTION: u8 = 0;
/// The magic number and the version that a module begins with.
const HEAD: usize = 8;

/// The same module and glue, with short names between them.
pub(crate) fn shortened(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let (head, mut rest) = wasm.split_at_checked(HEAD).ok_or(BROKEN)?;
    let (mut module, mut glue) = (head.to_vec(), glue.to_owned());
    while let [id, ..] = *rest {
        rest = &rest[1..];
        let section = bytes(&mut rest)?;
        module.push(id);
        if id == IMPORTS {
            let imports = short_imports(section, &mut glue)?;
            put_bytes(&mut module, &imports);
        } else {
            put_bytes(&mut module, section);
        }
    }
    Ok((module, glue))
}

const BROKEN: &str = "the page's WebAssembly does not look as it should";

fn short_imports(mut section: &[u8], glue: &mut String) -> Result<Vec<u8>> {
    let count = number(&mut section)?;
    let mut imports = Vec::new();
    put_number(&mut imports, count);
    for index in 0..count {
        put_bytes(&mut imports, bytes(&mut section)?);
        let name = std::str::from_utf8(bytes(&mut section)?).map_err(|_| BROKEN)?;
        let short = format!("_{index}");
        put_bytes(&mut imports, short.as_bytes());
        let (key, short_key) = (format!(" {name}: "), format!(" {short}: "));
        if glue.matches(&key).count() != 1 {
            return Err(format!("the page's glue does not have one '{name}'"));
        }
        *glue = glue.replacen(&key, &short_key, 1);
        let (&FUNCTION, rest) = section.split_first().ok_or(BROKEN)? else {
            return Err(format!("'{name}' is no function"));
        };
        section = rest;
        imports.push(FUNCTION);
        put_number(&mut imports, number(&mut section)?);
    }
    Ok(imports)
}

/// A number as [LEB128](https://en.wikipedia.org/wiki/LEB128).
fn number(rest: &mut &[u8]) -> Result<u32> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (&byte, after) = rest.split_first().ok_or(BROKEN)?;
        *rest = after;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(BROKEN.to_owned())
}

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Bytes with their number before them.
fn bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = number(rest)?;
    let (bytes, after) = rest.split_at_checked(length as usize).ok_or(BROKEN)?;
    *rest = after;
    Ok(bytes)
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u32);
    out.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    /// Two functions of types 3 and 200, and an empty section after them.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0\x02\x12\x02\x01m\x03one\0\x03\x01m\x03two\0\xc8\x01\x0a\x01\0";

    #[test]
    fn module_and_glue_call_a_function_by_the_same_short_name() {
        let (module, glue) = shortened(MODULE, "{ one: 1, two: 2 }").unwrap();
        assert_eq!(module, b"\0asm\x01\0\0\0\x02\x10\x02\x01m\x02_0\0\x03\x01m\x02_1\0\xc8\x01\x0a\x01\0");
        assert_eq!(glue, "{ _0: 1, _1: 2 }");
    }

    #[test]
    fn a_module_without_imports_stays_as_it_is() {
        assert_eq!(shortened(HEADER, "glue"), Ok((HEADER.to_vec(), "glue".to_owned())));
    }

    #[test]
    fn a_name_that_the_glue_does_not_have_is_told() {
        assert_eq!(shortened(MODULE, "{ one: 1 }").unwrap_err(), "the page's glue does not have one 'two'");
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert_eq!(shortened(b"<html>", ""), Err(BROKEN.to_owned()));
        assert_eq!(shortened(&MODULE[..20], ""), Err(BROKEN.to_owned()));
    }
}
