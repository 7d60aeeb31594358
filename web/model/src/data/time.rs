//! Moments on the page's clock, and the formats of dates in files.

use std::iter;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since the page was opened, as in `Event.timeStamp` and `performance.now()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Time(pub f64);

impl Time {
    /// Zero where a coarse clock has `earlier` later.
    pub fn since(self, earlier: Self) -> Duration {
        // The cast saturates: a negative number becomes 0.
        Duration::from_micros(((self.0 - earlier.0) * 1000.0).round() as u64)
    }

    pub fn after(self, ms: f64) -> Self {
        Self(self.0 + ms)
    }

    /// `None` means never.
    pub(crate) fn earliest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if other < one { other } else { one }),
            (one, other) => one.or(other),
        }
    }
}

/// `2026-11-22T17:24:19.004Z`
pub(crate) fn iso_8601(epoch_ms: u64) -> String {
    format!("{}.{:03}Z", seconds(epoch_ms / 1000), epoch_ms % 1000)
}

/// `2026-11-22T17:24:19.004123Z`
pub fn iso_8601_micros(epoch_micros: u64) -> String {
    format!("{}.{:06}Z", seconds(epoch_micros / 1_000_000), epoch_micros % 1_000_000)
}

/// Reads a date with any number of decimals, in any time zone: `…Z`, `…+01:00`.
pub fn micros_of_iso_8601(text: &str) -> Option<u64> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let (text, rest) = text.split_at(19);
    let separators_match = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')]
        .into_iter()
        .all(|(place, separator)| text[place..].starts_with(separator));
    let days = days(number(&text[..4], 1970..=9999)?, number(&text[5..7], 1..=12)?, number(&text[8..10], 1..=31)?);
    let minutes = number(&text[11..13], 0..=23)? * 60 + number(&text[14..16], 0..=59)?;
    let seconds = (days * 1440 + minutes) * 60 + number(&text[17..], 0..=60)?;
    let zone = rest.find(['Z', '+', '-'])?;
    let fraction = match rest[..zone].strip_prefix('.') {
        Some(fraction) => micros_of_fraction(fraction)?,
        None if zone == 0 => 0,
        None => return None,
    };
    let seconds = seconds.checked_add_signed(-seconds_of_zone(&rest[zone..])?)?;
    separators_match.then_some(seconds * 1_000_000 + fraction)
}

/// Seconds east of UTC, of a time zone such as `Z`, `+01:00` or `-0330`.
fn seconds_of_zone(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, digits) = zone.split_at(1);
    let digits = digits.replacen(':', "", 1);
    if digits.len() != 4 {
        return None;
    }
    let minutes = number(&digits[..2], 0..=23)? * 60 + number(&digits[2..], 0..=59)?;
    Some(minutes as i64 * if sign == "-" { -60 } else { 60 })
}

/// `parse` alone would accept a sign.
fn number(digits: &str, limits: RangeInclusive<u64>) -> Option<u64> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    limits.contains(&number).then_some(number)
}

/// Reads a number of seconds since 1970 such as `1795368259.004123` or `1.79E9`, or of milli-, micro- or nanoseconds.
/// The number of digits gives the unit: today's dates have 10, 13, 16 and 19 digits. It works on decimal digits, because an `f64`
/// would lose some.
pub fn micros_of_number(text: &str) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    // How many of the digits stand before the decimal point.
    let point = whole.len() as i64 + i64::from(exponent) - (digits.len() - significant.len()) as i64;
    let micros = match point {
        ..=11 => point + 6,
        12..=14 => point + 3,
        15..=17 => point,
        18..=20 => point - 3,
        _ => return None,
    };
    let micros = significant.bytes().chain(iter::repeat(b'0')).take(usize::try_from(micros).unwrap_or(0));
    micros.map(|digit| u64::from(digit - b'0')).try_fold(0_u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit))
}

/// The decimals of a number of seconds; those after the sixth are ignored.
fn micros_of_fraction(digits: &str) -> Option<u64> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(
        digits.bytes().chain(iter::repeat(b'0')).take(6).fold(0, |micros, digit| micros * 10 + u64::from(digit - b'0')),
    )
}

fn seconds(epoch_seconds: u64) -> String {
    let (days, seconds) = (epoch_seconds / 86_400, epoch_seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Days from 1970-01-01 to a date: the inverse of [`civil`], by the same author.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day from days since 1970-01-01, by Howard Hinnant's
/// [`civil_from_days`](https://howardhinnant.github.io/date_algorithms.html#civil_from_days). Years begin in March, so
/// that the leap day is the last one.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * era + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        for (epoch_ms, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_735_689_600_000, "2025-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(epoch_ms), written);
        }
    }

    #[test]
    fn a_moment_is_read_back_and_nothing_else_is_a_moment() {
        assert_eq!(micros_of_iso_8601("2000-02-29T00:00:00.0015Z"), Some(951_782_400_001_500));
        assert_eq!(micros_of_iso_8601("1970-01-01T00:00:01Z"), Some(1_000_000));
        assert_eq!(micros_of_iso_8601("2026-11-22T18:20:00.5+01:00"), Some(1_795_368_000_500_000));
        assert_eq!(micros_of_iso_8601("2026-11-22T13:50:00-0330"), Some(1_795_368_000_000_000));
        for wrong in [
            "",
            "1970-01-01T00:00:00+01:00",
            "2000-01-01T00:00:00+1",
            "2000-01-01T00:00:005Z",
            "Z",
            "2000-02-29T00:00:00",
            "2000-13-01T00:00:00Z",
            "2000-01-01 00:00:00Z",
            "+200-01-01T00:00:00Z",
            "2000-01-01T00:00:00.-1Z",
        ] {
            assert_eq!(micros_of_iso_8601(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_is_a_time_in_the_unit_that_its_size_says() {
        for text in
            ["1795368259.004123", "1795368259004.123", "1795368259004123", "1795368259004123999", "1.795368259004123E9"]
        {
            assert_eq!(micros_of_number(text), Some(1_795_368_259_004_123), "{text}");
        }
        for (text, micros) in [
            ("1.79E9", Some(1_790_000_000_000_000)),
            ("0001.5e+0", Some(1_500_000)),
            ("179e-2", Some(1_790_000)),
            ("0", Some(0)),
            ("0.0000004", Some(0)),
            ("5E-9", Some(0)),
            ("99999999999", Some(99_999_999_999_000_000)),
            ("1e300", None),
            ("1e99999", None),
            ("-1", None),
            ("", None),
            (".", None),
            ("today", None),
        ] {
            assert_eq!(micros_of_number(text), micros, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_moment_is_read_back_the_same(epoch_micros in 0u64..253_402_300_799_999_999) {
            proptest::prop_assert_eq!(micros_of_iso_8601(&iso_8601_micros(epoch_micros)), Some(epoch_micros));
        }
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_negative_span() {
        assert_eq!(Time(3.0).since(Time(1.0)), Duration::from_millis(2));
        assert_eq!(Time(1.0).since(Time(2.0)), Duration::ZERO);
    }

    #[test]
    fn never_is_later_than_any_moment() {
        let (early, late) = (Some(Time(1.0)), Some(Time(2.0)));
        assert_eq!(Time::earliest(late, early), early);
        assert_eq!(Time::earliest(None, late), late);
        assert_eq!(Time::earliest(None, None), None);
    }
}
