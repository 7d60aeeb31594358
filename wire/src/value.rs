//! The values of parameters: durations and sizes, in the words of people. It never knows what they are for.
//!
//! The page carries this parser into every browser, so it is a few lines of integers; the general crates for it
//! bring a floating-point parser along, which alone would be a tenth of the page.

use std::{fmt, time::Duration};

/// The units of durations, largest first, in milliseconds; those that are printed.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads whole numbers with their units, added up: `200ms`, `1m30s`, `1s 500ms`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut ms: u64 = 0;
    let mut rest = text.trim();
    loop {
        let (number, after) = number(rest)?;
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let (_, unit_ms) = UNITS.into_iter().find(|&(name, _)| name == unit)?;
        ms = ms.checked_add(number.checked_mul(unit_ms)?)?;
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(Duration::from_millis(ms));
        }
    }
}

/// A duration as [`duration`] reads it, without blanks and to the millisecond: `1m30s`.
pub(crate) struct Compact(pub(crate) Duration);

impl fmt::Display for Compact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ms = self.0.as_secs().saturating_mul(1000).saturating_add(self.0.subsec_millis().into());
        if ms == 0 {
            return f.write_str("0s");
        }
        for (name, unit_ms) in UNITS {
            if ms >= unit_ms {
                write!(f, "{}{name}", ms / unit_ms)?;
            }
            ms %= unit_ms;
        }
        Ok(())
    }
}

/// Reads a number of bytes, with or without a unit: `1024`, `16KiB`, `1 MB`.
pub(crate) fn size(text: &str) -> Option<usize> {
    let (number, unit) = number(text.trim())?;
    let bytes: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    usize::try_from(number.checked_mul(bytes)?).ok()
}

/// The number that a text begins with, and what comes after it.
fn number(text: &str) -> Option<(u64, &str)> {
    let (digits, after) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    Some((digits.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_units() {
        for (text, ms) in [("200ms", 200), ("1s 500ms", 1500), ("1m30s", 90_000), (" 2h ", 7_200_000), ("0s", 0)] {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "ms", "1.5s", "-1s", "1 s", "1d", "99999999999999999h"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_may_have_a_unit() {
        for (text, bytes) in [("1024", 1024), ("16KiB", 16 << 10), ("1 MB", 1_000_000), ("2gib", 2 << 30), ("7b", 7)] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "KiB", "-1", "1.5KiB", "1x", "99999999999GiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_is_read_back_the_same(ms in 0u64..100_000_000) {
            let duration_printed = Compact(Duration::from_millis(ms)).to_string();
            prop_assert_eq!(duration(&duration_printed), Some(Duration::from_millis(ms)));
        }
    }
}
