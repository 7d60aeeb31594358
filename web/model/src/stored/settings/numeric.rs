//! The numbers among the settings, with their names and ranges. A number out of range is refused, not clamped.

use std::ops::RangeInclusive;

use super::Settings;
use crate::data::format::Count;

const MIB: u64 = 1 << 20;
const KIB: u64 = 1 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericSetting {
    MaxEntries,
    /// Mebibytes.
    MaxSize,
    /// Milliseconds.
    InitialDelay,
    /// Milliseconds.
    MaxDelay,
    MaxAttempts,
    /// Milliseconds.
    CloseTimeout,
    /// Kibibytes.
    HighWatermark,
    /// Kibibytes.
    LowWatermark,
}

impl NumericSetting {
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxEntries => "Messages",
            Self::MaxSize => "Size (MiB)",
            Self::InitialDelay => "Initial delay (ms)",
            Self::MaxDelay => "Maximum delay (ms)",
            Self::MaxAttempts => "Attempts",
            Self::CloseTimeout => "Close timeout (ms)",
            Self::HighWatermark => "Pause above (KiB)",
            Self::LowWatermark => "Resume below (KiB)",
        }
    }

    pub fn value(self, settings: &Settings) -> u64 {
        let Settings { limits, retry, close_timeout_ms, watermarks, .. } = settings;
        match self {
            Self::MaxEntries => limits.entries as u64,
            Self::MaxSize => limits.bytes as u64 / MIB,
            Self::InitialDelay => retry.initial_delay_ms.into(),
            Self::MaxDelay => retry.max_delay_ms.into(),
            Self::MaxAttempts => retry.max_attempts.into(),
            Self::CloseTimeout => (*close_timeout_ms).into(),
            Self::HighWatermark => watermarks.high / KIB,
            Self::LowWatermark => watermarks.low / KIB,
        }
    }

    /// The lower number of a pair is never above the upper one.
    fn range(self, settings: &Settings) -> RangeInclusive<u64> {
        match self {
            Self::MaxEntries => *Settings::ENTRIES.start() as u64..=*Settings::ENTRIES.end() as u64,
            Self::MaxSize => *Settings::BYTES.start() as u64 / MIB..=*Settings::BYTES.end() as u64 / MIB,
            Self::InitialDelay => *Settings::DELAY_MS.start()..=Self::MaxDelay.value(settings),
            Self::MaxDelay => Self::InitialDelay.value(settings)..=*Settings::DELAY_MS.end(),
            Self::MaxAttempts => Settings::ATTEMPTS,
            Self::CloseTimeout => Settings::CLOSE_TIMEOUT_MS,
            Self::HighWatermark => Self::LowWatermark.value(settings).max(1)..=Settings::MAX_WATERMARK / KIB,
            Self::LowWatermark => 0..=Self::HighWatermark.value(settings),
        }
    }
}

impl Settings {
    /// These settings with a number as typed; white space between its digits is ignored.
    ///
    /// # Errors
    /// What was typed, and the range.
    pub fn with(mut self, setting: NumericSetting, typed: &str) -> Result<Self, String> {
        let digits: String = typed.chars().filter(|character| !character.is_whitespace()).collect();
        let range = setting.range(&self);
        let Some(number) = digits.parse().ok().filter(|number| range.contains(number)) else {
            let (least, most) = (Count(*range.start()), Count(*range.end()));
            return Err(format!("{}: \"{typed}\" is not a whole number from {least} to {most}", setting.name()));
        };
        let Self { limits, retry, close_timeout_ms, watermarks, .. } = &mut self;
        match setting {
            NumericSetting::MaxEntries => limits.entries = number as usize,
            NumericSetting::MaxSize => limits.bytes = (number * MIB) as usize,
            NumericSetting::InitialDelay => retry.initial_delay_ms = number as u32,
            NumericSetting::MaxDelay => retry.max_delay_ms = number as u32,
            NumericSetting::MaxAttempts => retry.max_attempts = number as u32,
            NumericSetting::CloseTimeout => *close_timeout_ms = number as u32,
            NumericSetting::HighWatermark => watermarks.high = number * KIB,
            NumericSetting::LowWatermark => watermarks.low = number * KIB,
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [NumericSetting; 8] = [
        NumericSetting::MaxEntries,
        NumericSetting::MaxSize,
        NumericSetting::InitialDelay,
        NumericSetting::MaxDelay,
        NumericSetting::MaxAttempts,
        NumericSetting::CloseTimeout,
        NumericSetting::HighWatermark,
        NumericSetting::LowWatermark,
    ];

    #[test]
    fn a_figure_that_is_typed_is_chosen_and_nothing_else_changes() {
        for setting in ALL {
            let plain = Settings::default();
            let range = setting.range(&plain);
            let chosen = plain.with(setting, &range.end().to_string()).unwrap();
            assert_eq!(setting.value(&chosen), *range.end(), "{setting:?}");
            assert_eq!(chosen.with(setting, &setting.value(&plain).to_string()), Ok(plain));
            assert_eq!(Settings::from_json(&chosen.to_json()), Ok(chosen), "{setting:?} is kept");
        }
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_what_was_typed_and_the_range() {
        for typed in ["", "2", "1000001", "99999999999999999999", "-1", "1e3", "many"] {
            assert_eq!(
                Settings::default().with(NumericSetting::MaxEntries, typed),
                Err(format!("Messages: \"{typed}\" is not a whole number from 100 to 1\u{202f}000\u{202f}000"))
            );
        }
    }

    #[test]
    fn a_figure_may_be_typed_as_the_page_writes_it() {
        let settings = Settings::default().with(NumericSetting::MaxEntries, " 200\u{202f}000").unwrap();
        assert_eq!(settings.limits.entries, 200_000);
    }

    #[test]
    fn sending_goes_on_below_where_it_stops_and_the_first_wait_is_not_the_longest() {
        let plain = Settings::default();
        assert!(plain.with(NumericSetting::LowWatermark, "4097").unwrap_err().ends_with("from 0 to 4\u{202f}096"));
        assert!(plain.with(NumericSetting::HighWatermark, "1023").unwrap_err().contains("from 1\u{202f}024 to "));
        assert!(plain.with(NumericSetting::InitialDelay, "30001").unwrap_err().ends_with("from 10 to 30\u{202f}000"));
        assert!(plain.with(NumericSetting::MaxDelay, "499").unwrap_err().contains("from 500 to "));
    }
}
