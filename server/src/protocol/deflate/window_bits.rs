//! The size of a compressor's window, and how it is written. Never a compressor.

use std::{fmt, num::ParseIntError, str::FromStr};

/// Size of an LZ77 window as its base-2 logarithm, 9 to 15.
///
/// The RFC allows 8 as well; zlib's compressor has never kept that promise, so the server does not make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowBits(u8);

impl WindowBits {
    /// The smallest window, 512 bytes.
    pub const MIN: Self = Self(9);
    /// The largest window, 32 KiB; what holds where nothing was agreed.
    pub const MAX: Self = Self(15);
    /// What the server's compressor uses unless a flag says otherwise: 4 KiB.
    pub(super) const DEFAULT: Self = Self(12);
}

/// A window size out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowBitsError {
    /// Not within 9 to 15.
    #[error("{0} window bits are not within 9 to 15")]
    Range(u8),
    /// Not a number at all.
    #[error(transparent)]
    Number(#[from] ParseIntError),
}

impl TryFrom<u8> for WindowBits {
    type Error = WindowBitsError;

    fn try_from(bits: u8) -> Result<Self, WindowBitsError> {
        let range = Self::MIN.0..=Self::MAX.0;
        if range.contains(&bits) { Ok(Self(bits)) } else { Err(WindowBitsError::Range(bits)) }
    }
}

impl FromStr for WindowBits {
    type Err = WindowBitsError;

    fn from_str(text: &str) -> Result<Self, WindowBitsError> {
        text.parse::<u8>()?.try_into()
    }
}

impl From<WindowBits> for u8 {
    fn from(bits: WindowBits) -> u8 {
        bits.0
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_bits_are_read_from_text() {
        assert_eq!("9".parse(), Ok(WindowBits::MIN));
        assert_eq!("15".parse(), Ok(WindowBits::MAX));
        assert_eq!("8".parse::<WindowBits>().unwrap_err().to_string(), "8 window bits are not within 9 to 15");
        assert!("x".parse::<WindowBits>().is_err());
    }
}
