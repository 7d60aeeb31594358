//! Durations and sizes as people write them, in URLs and for the server's settings alike.
//!
//! | | grammar | units |
//! |---|---|---|
//! | [`TimeSpan`] | whole numbers with a unit each, added up: `200ms`, `1m30s`, `1h 30m` | `ms`, `s`, `m`, `h`, `d` |
//! | [`ByteSize`] | a whole number, with a unit or in bytes: `1024`, `16KiB`, `1 MB` | `B`; `KiB`, `MiB`, `GiB` are powers of 1024; `KB`, `MB`, `GB` powers of 1000 |
//!
//! The units of durations are in lower case, those of sizes in any case; `K`, `M` and `G` alone are `KB`, `MB` and `GB`.
//!
//! The page carries this parser into every browser, so it does with integers: the general crates for it bring a
//! floating-point parser along, which alone would be a tenth of the page.

use std::{
    fmt,
    ops::{Deref, RangeInclusive},
    str::FromStr,
    time::Duration,
};

use crate::grammar::Charset;
use crate::inspect_id::InspectIdError;

/// A duration in whole milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Duration);

/// A number of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Why a text is not a duration or size. Its text completes a sentence whose subject is the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The text is not a duration.
    #[error("must be a duration such as 500ms, 10s, 1h30m or 7d")]
    NotATimeSpan,
    /// The text is not a size.
    #[error("must be a size such as 1024, 64KiB, 1MiB or 1MB")]
    NotAByteSize,
    /// The text is no whole number.
    #[error("must be a whole number")]
    NotACount,
    /// The text is none of the names.
    #[error("must be one of {}", .0.join(", "))]
    NotAChoice(&'static [&'static str]),
    /// The text is empty, too long, or has other characters.
    #[error("must be 1 to {most} bytes {}", charset.name())]
    NotAText {
        /// The characters that it may have.
        charset: Charset,
        /// The most bytes that it may have.
        most: usize,
    },
    /// The text is no id for watching a connection.
    #[error("{0}")]
    NotAnInspectId(#[from] InspectIdError),
    /// The value is out of its range.
    #[error("must be from {least} to {most}")]
    OutOfRange {
        /// The smallest value that is allowed, as it is written.
        least: String,
        /// The largest.
        most: String,
    },
}

/// The units of durations, largest first, in milliseconds.
const TIME_UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
/// The units of sizes that are printed, largest first, in bytes.
const BINARY_UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl TimeSpan {
    /// No time.
    pub const ZERO: Self = Self(Duration::ZERO);
    /// The longest that the grammar can name.
    pub const MAX: Self = Self::ms(u64::MAX);

    /// In milliseconds.
    pub const fn ms(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }

    /// In seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// In days.
    pub const fn days(days: u64) -> Self {
        Self::seconds(days * 24 * 3600)
    }

    /// Reads a duration that must lie within a range.
    ///
    /// # Errors
    /// The text is no duration, or out of the range.
    pub fn within(text: &str, range: RangeInclusive<Self>) -> Result<Self, ValueError> {
        let span = total_ms(text).ok_or(ValueError::NotATimeSpan)?.map(Self::ms);
        span.filter(|span| range.contains(span)).ok_or_else(|| out_of(&range))
    }
}

/// A duration's milliseconds: `None` where the text is none, `Some(None)` where they are more than 64 bits hold.
fn total_ms(text: &str) -> Option<Option<u64>> {
    let mut total = Some(0_u64);
    let mut rest = text.trim();
    loop {
        let (number, after) = number(rest)?;
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let (_, unit_ms) = TIME_UNITS.into_iter().find(|&(name, _)| name == unit)?;
        total = total.zip(number).and_then(|(total, number)| total.checked_add(number.checked_mul(unit_ms)?));
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(total);
        }
    }
}

impl ByteSize {
    /// The largest that the grammar can name.
    pub const MAX: Self = Self(u64::MAX);

    /// In bytes.
    pub const fn b(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In KiB of 1024 bytes.
    pub const fn kib(kib: u64) -> Self {
        Self(kib << 10)
    }

    /// In MiB of 1024 KiB.
    pub const fn mib(mib: u64) -> Self {
        Self(mib << 20)
    }

    /// In GiB of 1024 MiB.
    pub const fn gib(gib: u64) -> Self {
        Self(gib << 30)
    }

    /// The bytes.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Reads a size that must lie within a range.
    ///
    /// # Errors
    /// The text is no size, or out of the range.
    pub fn within(text: &str, range: RangeInclusive<Self>) -> Result<Self, ValueError> {
        let (number, unit) = number(text.trim()).ok_or(ValueError::NotAByteSize)?;
        let unit: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(ValueError::NotAByteSize),
        };
        let size = number.and_then(|number| number.checked_mul(unit)).map(Self);
        size.filter(|size| range.contains(size)).ok_or_else(|| out_of(&range))
    }
}

/// The number that a text begins with, and what comes after it; there is no number in `Some((None, …))` where it is more
/// than 64 bits hold.
fn number(text: &str) -> Option<(Option<u64>, &str)> {
    let (digits, after) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    (!digits.is_empty()).then(|| (digits.parse().ok(), after))
}

fn out_of(range: &RangeInclusive<impl fmt::Display>) -> ValueError {
    ValueError::OutOfRange { least: range.start().to_string(), most: range.end().to_string() }
}

impl FromStr for TimeSpan {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::within(text, Self::ZERO..=Self::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::within(text, Self(0)..=Self::MAX)
    }
}

/// As it is read, without blanks: `1m30s`.
impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ms = self.0.as_secs().saturating_mul(1000).saturating_add(self.0.subsec_millis().into());
        if ms == 0 {
            return f.write_str("0s");
        }
        for (name, unit_ms) in TIME_UNITS {
            if ms >= unit_ms {
                write!(f, "{}{name}", ms / unit_ms)?;
            }
            ms %= unit_ms;
        }
        Ok(())
    }
}

/// In the largest unit of which it is a whole number: `64KiB`, `1000B`.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |&(_, unit): &(&str, u64)| self.0 >= unit && self.0.is_multiple_of(unit);
        let (name, unit) = BINARY_UNITS.into_iter().find(whole).unwrap_or(("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

/// Fractions of a millisecond are cut off, so that the printed span is exact.
impl From<Duration> for TimeSpan {
    fn from(duration: Duration) -> Self {
        Self::ms(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Deref for TimeSpan {
    type Target = Duration;

    fn deref(&self) -> &Duration {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_units() {
        for (text, ms) in [
            ("200ms", 200),
            ("1s 500ms", 1500),
            ("1m30s", 90_000),
            (" 2h ", 7_200_000),
            ("1d", 86_400_000),
            ("0s", 0),
            ("0d", 0),
        ] {
            assert_eq!(text.parse(), Ok(TimeSpan::ms(ms)), "{text}");
        }
        for text in ["", "5", "ms", "1.5s", "-1s", "1 s", "1y", "1ns", "1MS", "1s,1ms"] {
            assert_eq!(text.parse::<TimeSpan>(), Err(ValueError::NotATimeSpan), "{text}");
        }
    }

    #[test]
    fn sizes_may_have_a_unit() {
        for (text, bytes) in [
            ("1024", 1024),
            ("16KiB", 16 << 10),
            ("16KB", 16_000),
            ("16k", 16_000),
            ("1 MB", 1_000_000),
            ("2gib", 2 << 30),
            ("3GB", 3_000_000_000),
            ("7b", 7),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize::b(bytes)), "{text}");
        }
        for text in ["", "KiB", "-1", "1.5KiB", "1x", "1TiB", "1KiB1B"] {
            assert_eq!(text.parse::<ByteSize>(), Err(ValueError::NotAByteSize), "{text}");
        }
    }

    #[test]
    fn a_value_too_large_to_count_is_out_of_range_and_never_another_value() {
        let error = |least: &str, most: &str| ValueError::OutOfRange { least: least.into(), most: most.into() };
        for text in ["99999999999999999h", "18446744073709551616ms", "1d 18446744073709551615ms", "500000000000d"] {
            let range = TimeSpan::seconds(1)..=TimeSpan::days(2);
            assert_eq!(TimeSpan::within(text, range), Err(error("1s", "2d")), "{text}");
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
        for text in ["99999999999GiB", "18446744073709551616"] {
            assert_eq!(ByteSize::within(text, ByteSize::b(1)..=ByteSize::mib(3)), Err(error("1B", "3MiB")), "{text}");
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_ends_of_a_range_belong_to_it() {
        let range = || ByteSize::kib(8)..=ByteSize::mib(1);
        for (text, is_within) in [("8191", false), ("8KiB", true), ("1MiB", true), ("1048577B", false)] {
            assert_eq!(ByteSize::within(text, range()).is_ok(), is_within, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_is_read_back_the_same(ms: u64) {
            prop_assert_eq!(TimeSpan::ms(ms).to_string().parse(), Ok(TimeSpan::ms(ms)));
        }

        #[test]
        fn a_size_is_read_back_the_same(number in 0u64..1 << 34, shift in 0u32..30) {
            let size = ByteSize::b(number << shift);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn a_sum_of_units_is_the_sum_of_their_values(parts in proptest::collection::vec((0u64..1000, 0usize..5), 1..5)) {
            let text: String = parts.iter().map(|&(number, unit)| format!("{number}{} ", TIME_UNITS[unit].0)).collect();
            let ms = parts.iter().map(|&(number, unit)| number * TIME_UNITS[unit].1).sum();
            prop_assert_eq!(text.parse(), Ok(TimeSpan::ms(ms)));
        }

        #[test]
        fn a_size_with_a_unit_is_a_number_of_it(number in 0u64..1 << 20, blank: bool, unit in 0usize..4, case in 0..3) {
            let (name, bytes) = BINARY_UNITS[unit];
            let name = match case {
                0 => name.to_owned(),
                1 => name.to_ascii_lowercase(),
                _ => name.to_ascii_uppercase(),
            };
            let text = format!("{number}{}{name}", if blank { " " } else { "" });
            prop_assert_eq!(text.parse(), Ok(ByteSize::b(number * bytes)));
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "[0-9a-zA-Z .+-]{0,40}|.{0,20}") {
            let _ = (text.parse::<TimeSpan>(), text.parse::<ByteSize>());
        }
    }
}
