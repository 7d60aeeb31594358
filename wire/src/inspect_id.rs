//! The secret that a connection and those who watch it share.

use std::{fmt, str::FromStr};

/// The fewest characters: 16 bytes in base64url.
const SHORTEST: usize = 22;
/// The most characters.
const LONGEST: usize = 64;
/// Fewer different characters are hardly random: of 2^32 random ids of 32 hexadecimal digits one has fewer.
const DIFFERENT: u32 = 7;

/// An id under which connections can be watched. Whoever knows it sees all that they carry, so it is at least 16 random
/// bytes, in hexadecimal digits or base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InspectId(String);

/// The text is no [`InspectId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be at least 16 random bytes in hexadecimal digits or base64url: {SHORTEST} to {LONGEST} letters, digits, - and _, not \
     few of them again and again"
)]
pub struct InspectIdError;

impl FromStr for InspectId {
    type Err = InspectIdError;

    fn from_str(text: &str) -> Result<Self, InspectIdError> {
        let is_text = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let different = text.bytes().fold(0, |seen: u128, byte| seen | 1 << (byte & 0x7f)).count_ones();
        if is_text && (SHORTEST..=LONGEST).contains(&text.len()) && different >= DIFFERENT {
            return Ok(Self(text.to_owned()));
        }
        Err(InspectIdError)
    }
}

impl fmt::Display for InspectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
