//! The figures among the settings: what each is called, and what it may be. It never bends one that a person has typed:
//! what cannot be is told.

use std::ops::RangeInclusive;

use super::Settings;
use crate::data::format::Count;

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;
/// Bytes of a kibibyte.
const KIB: u64 = 1 << 10;

/// A whole number that a person can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Entries that each log keeps.
    Entries,
    /// Mebibytes of contents that each log keeps.
    Size,
    /// Milliseconds before the first try to connect again.
    FirstWait,
    /// Milliseconds before any try to connect again.
    LongestWait,
    /// Tries to connect again.
    Tries,
    /// Kibibytes in the browser, from where on it gets no more.
    HighMark,
    /// Kibibytes in the browser, from where down it gets more again.
    LowMark,
}

impl Figure {
    /// What it is called on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Entries => "Messages",
            Self::Size => "MiB",
            Self::FirstWait => "ms at first",
            Self::LongestWait => "ms at most",
            Self::Tries => "Tries",
            Self::HighMark => "KiB at most",
            Self::LowMark => "KiB to go on",
        }
    }

    /// What it is.
    pub fn of(self, settings: &Settings) -> u64 {
        let Settings { limits, patience, marks, .. } = settings;
        match self {
            Self::Entries => limits.entries as u64,
            Self::Size => limits.bytes as u64 / MIB,
            Self::FirstWait => patience.first.into(),
            Self::LongestWait => patience.longest.into(),
            Self::Tries => patience.tries.into(),
            Self::HighMark => marks.high / KIB,
            Self::LowMark => marks.low / KIB,
        }
    }

    /// What it may be: of those that come in pairs, one is never beyond the other.
    fn range(self, settings: &Settings) -> RangeInclusive<u64> {
        match self {
            Self::Entries => *Settings::ENTRIES.start() as u64..=*Settings::ENTRIES.end() as u64,
            Self::Size => *Settings::BYTES.start() as u64 / MIB..=*Settings::BYTES.end() as u64 / MIB,
            Self::FirstWait => *Settings::WAIT.start()..=Self::LongestWait.of(settings),
            Self::LongestWait => Self::FirstWait.of(settings)..=*Settings::WAIT.end(),
            Self::Tries => Settings::TRIES,
            Self::HighMark => Self::LowMark.of(settings).max(1)..=Settings::HIGHEST_MARK / KIB,
            Self::LowMark => 0..=Self::HighMark.of(settings),
        }
    }
}

impl Settings {
    /// These settings with a figure as a person has typed it, blanks between its digits or not.
    ///
    /// # Errors
    /// What was typed, and what it may be: show it beside the field.
    pub fn with(mut self, figure: Figure, typed: &str) -> Result<Self, String> {
        let digits: String = typed.chars().filter(|character| !character.is_whitespace()).collect();
        let range = figure.range(&self);
        let Some(number) = digits.parse().ok().filter(|number| range.contains(number)) else {
            let (least, most) = (Count(*range.start()), Count(*range.end()));
            return Err(format!("{}: \"{typed}\" is no whole number from {least} to {most}", figure.name()));
        };
        let Self { limits, patience, marks, .. } = &mut self;
        match figure {
            Figure::Entries => limits.entries = number as usize,
            Figure::Size => limits.bytes = (number * MIB) as usize,
            Figure::FirstWait => patience.first = number as u32,
            Figure::LongestWait => patience.longest = number as u32,
            Figure::Tries => patience.tries = number as u32,
            Figure::HighMark => marks.high = number * KIB,
            Figure::LowMark => marks.low = number * KIB,
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Figure; 7] = [
        Figure::Entries,
        Figure::Size,
        Figure::FirstWait,
        Figure::LongestWait,
        Figure::Tries,
        Figure::HighMark,
        Figure::LowMark,
    ];

    #[test]
    fn a_figure_that_is_typed_is_chosen_and_nothing_else_changes() {
        for figure in ALL {
            let plain = Settings::default();
            let range = figure.range(&plain);
            let chosen = plain.with(figure, &range.end().to_string()).unwrap();
            assert_eq!(figure.of(&chosen), *range.end(), "{figure:?}");
            assert_eq!(chosen.with(figure, &figure.of(&plain).to_string()), Ok(plain));
            assert_eq!(Settings::of_json(&chosen.to_json()), chosen, "{figure:?} is kept");
        }
    }

    #[test]
    fn what_cannot_be_is_told_with_what_was_typed_and_what_may_be() {
        for typed in ["", "2", "1000001", "99999999999999999999", "-1", "1e3", "many"] {
            assert_eq!(
                Settings::default().with(Figure::Entries, typed),
                Err(format!("Messages: \"{typed}\" is no whole number from 100 to 1\u{202f}000\u{202f}000"))
            );
        }
    }

    #[test]
    fn a_figure_may_be_typed_as_the_page_writes_it() {
        let settings = Settings::default().with(Figure::Entries, " 200\u{202f}000").unwrap();
        assert_eq!(settings.limits.entries, 200_000);
    }

    #[test]
    fn sending_goes_on_below_where_it_stops_and_the_first_wait_is_not_the_longest() {
        let plain = Settings::default();
        assert!(plain.with(Figure::LowMark, "4097").unwrap_err().ends_with("from 0 to 4\u{202f}096"));
        assert!(plain.with(Figure::HighMark, "1023").unwrap_err().contains("from 1\u{202f}024 to "));
        assert!(plain.with(Figure::FirstWait, "30001").unwrap_err().ends_with("from 10 to 30\u{202f}000"));
        assert!(plain.with(Figure::LongestWait, "499").unwrap_err().contains("from 500 to "));
    }
}
