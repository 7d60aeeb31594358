//! How replies are sent: the parameters of a behaviour.

use std::{fmt, num::NonZeroUsize, time::Duration};

use crate::error::Error;
use crate::form;
use crate::parameter::Parameter;
use crate::value::{ByteSize, TimeSpan, ValueError};

/// The longest delay, jitter or ping interval.
const LONGEST: TimeSpan = TimeSpan::days(1);
/// The shortest ping interval: faster would be a flood, not a heartbeat.
pub const SHORTEST_PING: TimeSpan = TimeSpan::ms(100);
/// The largest size of a fragment: 2 GiB less a byte, so that it is a `usize` on every machine.
const LARGEST_FRAGMENT: ByteSize = ByteSize::b(i32::MAX as u64);

/// How the server sends its replies: the query of `/` and `/echo`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplyOptions {
    /// `delay=200ms`: wait that long before each answer; zero to 1 day.
    pub delay: Duration,
    /// `jitter=50ms`: wait up to that much longer, evenly distributed; zero to 1 day.
    pub jitter: Duration,
    /// `fragment=1024`: the maximum payload of a reply frame, in bytes
    /// ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)).
    pub fragment: Option<NonZeroUsize>,
    /// `ping=1s`: send a ping that often; 100 ms to 1 day.
    pub ping: Option<Duration>,
}

impl ReplyOptions {
    /// At once, in one frame, without pings.
    pub const PLAIN: Self = Self { delay: Duration::ZERO, jitter: Duration::ZERO, fragment: None, ping: None };

    /// Reads a query such as `delay=200ms&fragment=1KiB`; `path` is only for the error's text.
    pub(crate) fn parse(path: &'static str, query: &str) -> Result<Self, Error> {
        let mut options = Self::PLAIN;
        let mut seen = Vec::new();
        for (name, value) in form::pairs(query) {
            let Some(parameter) = Parameter::ALL.into_iter().find(|parameter| parameter.name() == name) else {
                return Err(Error::UnknownParameter { path, name });
            };
            if seen.contains(&parameter) {
                return Err(Error::Repeated(parameter));
            }
            seen.push(parameter);
            options.set(parameter, &value)?;
        }
        Ok(options)
    }

    /// Sets a parameter.
    pub(crate) fn set(&mut self, parameter: Parameter, value: &str) -> Result<(), Error> {
        self.read(parameter, value).map_err(|problem| Error::Value { parameter, value: value.to_owned(), problem })
    }

    fn read(&mut self, parameter: Parameter, value: &str) -> Result<(), ValueError> {
        let wait = || TimeSpan::within(value, TimeSpan::ZERO..=LONGEST);
        match parameter {
            Parameter::Delay => self.delay = *wait()?,
            Parameter::Jitter => self.jitter = *wait()?,
            Parameter::Fragment => {
                let bytes = ByteSize::within(value, ByteSize::b(1)..=LARGEST_FRAGMENT)?;
                self.fragment = usize::try_from(bytes.as_u64()).ok().and_then(NonZeroUsize::new);
            }
            Parameter::Ping => self.ping = Some(*TimeSpan::within(value, SHORTEST_PING..=LONGEST)?),
        }
        Ok(())
    }

    /// Resets a parameter to its default.
    pub(crate) fn clear(&mut self, parameter: Parameter) {
        match parameter {
            Parameter::Delay => self.delay = Self::PLAIN.delay,
            Parameter::Jitter => self.jitter = Self::PLAIN.jitter,
            Parameter::Fragment => self.fragment = Self::PLAIN.fragment,
            Parameter::Ping => self.ping = Self::PLAIN.ping,
        }
    }

    /// The value of a parameter as in a query; `None` for the default.
    pub(crate) fn value(&self, parameter: Parameter) -> Option<String> {
        let written = |duration: Duration| TimeSpan::from(duration).to_string();
        let waits = |duration: Duration| (!duration.is_zero()).then(|| written(duration));
        match parameter {
            Parameter::Delay => waits(self.delay),
            Parameter::Jitter => waits(self.jitter),
            Parameter::Fragment => self.fragment.map(|bytes| bytes.to_string()),
            Parameter::Ping => self.ping.map(written),
        }
    }
}

/// The query with its question mark; nothing where the answer is plain.
impl fmt::Display for ReplyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = '?';
        for parameter in Parameter::ALL {
            if let Some(value) = self.value(parameter) {
                write!(f, "{separator}{parameter}={value}")?;
                separator = '&';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Behaviour;

    fn options(query: &str) -> Result<ReplyOptions, String> {
        ReplyOptions::parse("/echo", query).map_err(|error| error.to_string())
    }

    #[test]
    fn all_four_parameters_are_read() {
        let expected = ReplyOptions {
            delay: Duration::from_millis(200),
            jitter: Duration::from_millis(50),
            fragment: NonZeroUsize::new(1024),
            ping: Some(Duration::from_secs(1)),
        };
        assert_eq!(options("delay=200ms&jitter=50ms&fragment=1024&ping=1s"), Ok(expected));
    }

    #[test]
    fn sizes_take_a_unit_and_escapes_are_decoded() {
        assert_eq!(options("fragment=16KiB").unwrap().fragment, NonZeroUsize::new(16 * 1024));
        assert_eq!(options("delay=1s+500ms").unwrap().delay, Duration::from_millis(1500));
        assert_eq!(options("delay=1s%20500ms").unwrap().delay, Duration::from_millis(1500));
        assert_eq!(options("delay=1d").unwrap().delay, Duration::from_hours(24));
    }

    #[test]
    fn wrong_values_are_named_with_what_would_be_right() {
        const DURATION: &str = "it must be a duration such as 500ms, 10s, 1h30m or 7d";
        const SIZE: &str = "it must be a size such as 1024, 64KiB, 1MiB or 1MB";
        for (query, text) in [
            ("delay=soon", format!(r#"parameter delay="soon" is wrong: {DURATION}"#)),
            ("delay=-1s", format!(r#"parameter delay="-1s" is wrong: {DURATION}"#)),
            ("jitter=25h", r#"parameter jitter="25h" is wrong: it must be from 0s to 1d"#.into()),
            ("ping=1ms", r#"parameter ping="1ms" is wrong: it must be from 100ms to 1d"#.into()),
            ("ping=99999999999d", r#"parameter ping="99999999999d" is wrong: it must be from 100ms to 1d"#.into()),
            ("fragment=0", r#"parameter fragment="0" is wrong: it must be from 1B to 2147483647B"#.into()),
            ("fragment=4GiB", r#"parameter fragment="4GiB" is wrong: it must be from 1B to 2147483647B"#.into()),
            ("fragment=", format!(r#"parameter fragment="" is wrong: {SIZE}"#)),
        ] {
            assert_eq!(options(query), Err(text));
        }
    }

    fn any_options() -> impl Strategy<Value = ReplyOptions> {
        let wait = (0u64..86_400_000).prop_map(Duration::from_millis);
        let ping = (100u64..86_400_000).prop_map(Duration::from_millis);
        (wait.clone(), wait, proptest::option::of(1usize..i32::MAX as usize), proptest::option::of(ping)).prop_map(
            |(delay, jitter, fragment, ping)| ReplyOptions {
                delay,
                jitter,
                fragment: fragment.and_then(NonZeroUsize::new),
                ping,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back_the_same(options in any_options(), tutorial: bool) {
            let behaviour = if tutorial { Behaviour::Tutorial(options) } else { Behaviour::Echo(options) };
            prop_assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
        }

        #[test]
        fn no_text_makes_the_parser_panic(path in "/?(echo)?", query in ".{0,60}") {
            let _ = format!("{path}?{query}").parse::<Behaviour>();
        }
    }
}
