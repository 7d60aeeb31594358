//! Counts, sizes and spans of time for display. Integers only: formatting floating-point numbers would add some 15 KB
//! of WebAssembly.

use std::fmt;
use std::time::Duration;

/// A narrow no-break space, so that a number is never broken across lines.
const GROUP_SEPARATOR: char = '\u{202f}';

/// `1 204 000`
#[derive(Debug, Clone, Copy)]
pub struct Count(pub u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.char_indices() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                write!(f, "{GROUP_SEPARATOR}")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

/// A count with its noun, given in the singular: `1 message`, `3 queued messages`.
#[derive(Debug, Clone, Copy)]
pub struct Counted(pub u64, pub &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, noun) = *self;
        write!(f, "{} {noun}{}", Count(count), if count == 1 { "" } else { "s" })
    }
}

/// Bytes: `58 B`, `4.0 KiB`.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut tenths = self.0.saturating_mul(10);
        let mut units = ["KiB", "MiB", "GiB"].into_iter().peekable();
        while let Some(unit) = units.next() {
            let rounded = tenths.saturating_add(512) / 1024;
            if rounded < 10_240 || units.peek().is_none() {
                return write!(f, "{}.{} {unit}", rounded / 10, rounded % 10);
            }
            tenths /= 1024;
        }
        Ok(())
    }
}

/// Two or three significant digits: `0.42 ms`, `3.1 ms`, `1.24 s`.
#[derive(Debug, Clone, Copy)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_secs().saturating_mul(1_000_000).saturating_add(self.0.subsec_micros().into());
        let (per_unit, digits, unit) = match micros {
            ..995 => (10, 2, "ms"),
            995..99_950 => (100, 1, "ms"),
            99_950..999_500 => (1000, 0, "ms"),
            _ => (10_000, 2, "s"),
        };
        let rounded = micros.saturating_add(per_unit / 2) / per_unit;
        let scale = 10_u64.pow(digits);
        write!(f, "{}", rounded / scale)?;
        match digits {
            0 => {}
            _ => write!(f, ".{:0width$}", rounded % scale, width = digits as usize)?,
        }
        write!(f, " {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        for (count, shown) in [(0, "0"), (999, "999"), (1204, "1\u{202f}204"), (12_000_000, "12\u{202f}000\u{202f}000")]
        {
            assert_eq!(Count(count).to_string(), shown);
        }
    }

    #[test]
    fn a_noun_is_in_the_singular_only_for_one() {
        assert_eq!([0, 1, 2].map(|count| Counted(count, "byte").to_string()), ["0 bytes", "1 byte", "2 bytes"]);
        assert_eq!(Counted(1000, "queued message").to_string(), "1\u{202f}000 queued messages");
    }

    #[test]
    fn sizes_change_their_unit_at_1024() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (1536 * 1024, "1.5 MiB"),
            (5 << 30, "5.0 GiB"),
            (5 << 40, "5120.0 GiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), shown);
        }
    }

    #[test]
    fn spans_keep_the_digits_that_count() {
        for (micros, shown) in
            [(420, "0.42 ms"), (3_100, "3.1 ms"), (99_960, "100 ms"), (312_400, "312 ms"), (1_240_000, "1.24 s")]
        {
            assert_eq!(Span(Duration::from_micros(micros)).to_string(), shown);
        }
    }
}
