//! What a person chooses for the whole page.

mod numeric;

use std::ops::RangeInclusive;

use crate::connection::retry::RetryPolicy;
use crate::data::json::{self, Object, Value};
use crate::log::Limits;
use crate::sending::outbox::Watermarks;
use crate::stored::layout::{Edge, Layout};

pub use self::numeric::NumericSetting;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub theme: Theme,
    pub time_format: TimeFormat,
    /// Of each log.
    pub limits: Limits,
    pub retry: RetryPolicy,
    /// How long a server may take to answer a close frame, in milliseconds.
    pub close_timeout_ms: u32,
    pub watermarks: Watermarks,
    pub layout: Layout,
    pub shortcut_keys: ShortcutKeys,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            time_format: TimeFormat::Clock,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            close_timeout_ms: 5000,
            watermarks: Watermarks::default(),
            layout: Layout::default(),
            shortcut_keys: ShortcutKeys::On,
        }
    }
}

impl Settings {
    /// The range of [`Limits::entries`].
    pub const ENTRIES: RangeInclusive<usize> = 100..=1_000_000;
    /// The range of [`Limits::bytes`].
    pub const BYTES: RangeInclusive<usize> = 1 << 20..=1 << 30;
    /// The range of the delays of [`RetryPolicy`].
    const DELAY_MS: RangeInclusive<u64> = 10..=3_600_000;
    const CLOSE_TIMEOUT_MS: RangeInclusive<u64> = 100..=60_000;
    const ATTEMPTS: RangeInclusive<u64> = 0..=1000;
    /// Bytes.
    const MAX_WATERMARK: u64 = 64 << 20;

    pub fn to_json(&self) -> String {
        let mut out = String::new();
        let mut object = Object::new(&mut out);
        object.text("theme", self.theme.name());
        object.text("times", self.time_format.name());
        object.text("shortcutKeys", self.shortcut_keys.name());
        for (name, value) in [
            ("entries", self.limits.entries as u64),
            ("bytes", self.limits.bytes as u64),
            ("firstWait", self.retry.initial_delay_ms.into()),
            ("longestWait", self.retry.max_delay_ms.into()),
            ("tries", self.retry.max_attempts.into()),
            ("closeTimeout", self.close_timeout_ms.into()),
            ("highMark", self.watermarks.high),
            ("lowMark", self.watermarks.low),
        ] {
            object.number(name, value);
        }
        for edge in Edge::ALL {
            object.number(edge.key(), self.layout.size(edge).into());
        }
        object.end();
        out
    }

    /// Defaults replace members that are missing or wrong, and numbers are clamped to their range: the document may be of
    /// an older or newer version of the page.
    ///
    /// # Errors
    /// The text is not JSON, or not an object.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let plain = Self::default();
        let document = json::parse(text).map_err(|error| error.to_string())?;
        if !matches!(document, Value::Object(_)) {
            return Err("it is not a JSON object".to_owned());
        }
        let number = |name: &str, otherwise: u64, range: RangeInclusive<u64>| {
            let number = document.member(name).and_then(Value::integer).unwrap_or(otherwise);
            number.clamp(*range.start(), *range.end())
        };
        let ms = |name, otherwise: u32| number(name, otherwise.into(), Self::DELAY_MS) as u32;
        let layout = Edge::ALL.into_iter().fold(plain.layout, |layout, edge| {
            let size = number(edge.key(), layout.size(edge).into(), 0..=u16::MAX.into());
            layout.with(edge, size as i32)
        });
        let size = |name, otherwise: usize, range: RangeInclusive<usize>| {
            number(name, otherwise as u64, *range.start() as u64..=*range.end() as u64) as usize
        };
        let word = |name| document.member(name).and_then(Value::text).unwrap_or_default();
        let high = number("highMark", plain.watermarks.high, 1..=Self::MAX_WATERMARK);
        Ok(Self {
            theme: Theme::ALL.into_iter().find(|theme| theme.name() == word("theme")).unwrap_or_default(),
            time_format: TimeFormat::ALL.into_iter().find(|format| format.name() == word("times")).unwrap_or_default(),
            limits: Limits {
                entries: size("entries", plain.limits.entries, Self::ENTRIES),
                bytes: size("bytes", plain.limits.bytes, Self::BYTES),
            },
            retry: RetryPolicy {
                initial_delay_ms: ms("firstWait", plain.retry.initial_delay_ms),
                max_delay_ms: ms("longestWait", plain.retry.max_delay_ms),
                max_attempts: number("tries", plain.retry.max_attempts.into(), Self::ATTEMPTS) as u32,
            },
            close_timeout_ms: number("closeTimeout", plain.close_timeout_ms.into(), Self::CLOSE_TIMEOUT_MS) as u32,
            watermarks: Watermarks { high, low: number("lowMark", plain.watermarks.low, 0..=high) },
            layout,
            shortcut_keys: match &*word("shortcutKeys") {
                "off" => ShortcutKeys::Off,
                _ => ShortcutKeys::On,
            },
        })
    }
}

/// Whether a single character pressed outside a field does something. Who speaks to the computer turns them off, because a
/// word that is heard may be taken for them
/// ([WCAG 2.1.4](https://www.w3.org/WAI/WCAG22/Understanding/character-key-shortcuts.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortcutKeys {
    On,
    Off,
}

impl ShortcutKeys {
    fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// In files and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeFormat {
    #[default]
    Clock,
    SincePrevious,
    SinceStart,
}

impl TimeFormat {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Clock, Self::SincePrevious, Self::SinceStart];

    /// In files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::SincePrevious => "since previous",
            Self::SinceStart => "since start",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn defaults_replace_what_is_missing_or_wrong() {
        for text in ["{}", r#"{"theme":"pink","entries":"many","tries":-1}"#] {
            assert_eq!(Settings::from_json(text), Ok(Settings::default()));
        }
        for text in ["", "[]"] {
            assert!(Settings::from_json(text).is_err(), "{text:?}");
        }
        let read = |text| Settings::from_json(text).unwrap();
        let settings = read(r#"{"theme":"dark","entries":99999999,"bytes":0,"lowMark":99999999}"#);
        assert_eq!(settings.theme, Theme::Dark);
        assert_eq!(settings.limits, Limits { entries: 1_000_000, bytes: 1 << 20 });
        assert_eq!(settings.watermarks.low, settings.watermarks.high);
        let settings = read(r#"{"sidebarWidth":0,"detailWidth":65535}"#);
        assert_eq!(settings.layout, Layout { sidebar_width: 160, detail_width: 900, ..Layout::default() });
    }

    proptest! {
        #[test]
        fn choices_are_read_back_the_same(
            (theme, time_format, entries, bytes) in (0..3usize, 0..3usize, Settings::ENTRIES, Settings::BYTES),
            (initial_delay_ms, max_delay_ms, max_attempts) in (10u32..3_600_000, 10u32..3_600_000, 0u32..1000),
            (high, low, close_timeout_ms) in (100u64..64 << 20, 0u64..100, 100u32..=60_000),
            (sidebar_width, detail_width, compose_height) in (160u16..=900, 160u16..=900, 40u16..=600),
            shortcut_keys in prop::sample::select(&[ShortcutKeys::On, ShortcutKeys::Off]),
        ) {
            let settings = Settings {
                theme: Theme::ALL[theme],
                time_format: TimeFormat::ALL[time_format],
                limits: Limits { entries, bytes },
                retry: RetryPolicy { initial_delay_ms, max_delay_ms, max_attempts },
                close_timeout_ms,
                watermarks: Watermarks { high, low },
                layout: Layout { sidebar_width, detail_width, compose_height },
                shortcut_keys,
            };
            prop_assert_eq!(Settings::from_json(&settings.to_json()), Ok(settings));
        }
    }
}
