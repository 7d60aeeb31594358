//! The parameters that say how an answer is sent. Never which answer: that is the behaviour's.

use std::{fmt, num::NonZeroUsize, ops::RangeInclusive, time::Duration};

use crate::behaviour::Error;
use crate::form;
use crate::value;

/// The longest delay, jitter or ping interval that can be asked for.
const LONGEST: Duration = Duration::from_secs(3600);
/// The shortest ping interval that can be asked for: faster would be a flood, not a heartbeat.
const SHORTEST_PING: Duration = Duration::from_millis(100);

/// How the server sends its answers: the query of `/` and `/echo`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// `delay=200ms`: wait that long before each answer; zero to 1 h.
    pub delay: Duration,
    /// `jitter=50ms`: wait up to that much longer, evenly distributed; zero to 1 h.
    pub jitter: Duration,
    /// `fragment=1024`: answer in frames of at most that many bytes of payload
    /// ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)).
    pub fragment: Option<NonZeroUsize>,
    /// `ping=1s`: send a ping that often; 100 ms to 1 h.
    pub ping: Option<Duration>,
}

/// The name of one parameter of [`Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// `delay`
    Delay,
    /// `jitter`
    Jitter,
    /// `fragment`
    Fragment,
    /// `ping`
    Ping,
}

impl Parameter {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Parameter; 4] = [Self::Delay, Self::Jitter, Self::Fragment, Self::Ping];

    /// Its name in a query.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Jitter => "jitter",
            Self::Fragment => "fragment",
            Self::Ping => "ping",
        }
    }

    /// What it asks for, for a person who fills in a form.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Delay => "wait before each answer",
            Self::Jitter => "and up to that much longer, at random",
            Self::Fragment => "answer in frames of at most so many bytes",
            Self::Ping => "send a ping that often",
        }
    }

    /// A value that it takes.
    pub fn example(self) -> &'static str {
        match self {
            Self::Delay => "200ms",
            Self::Jitter => "50ms",
            Self::Fragment => "1024",
            Self::Ping => "1s",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Answer {
    /// At once, in one frame, without pings.
    pub const PLAIN: Answer = Answer { delay: Duration::ZERO, jitter: Duration::ZERO, fragment: None, ping: None };

    /// Reads a query such as `delay=200ms&fragment=1KiB`; `path` is only for the error's text.
    pub(crate) fn parse(path: &'static str, query: &str) -> Result<Self, Error> {
        let mut answer = Self::PLAIN;
        let mut seen = Vec::new();
        for (name, value) in form::pairs(query) {
            let Some(parameter) = Parameter::ALL.into_iter().find(|parameter| parameter.name() == name) else {
                return Err(Error::UnknownParameter { path, name });
            };
            if seen.contains(&parameter) {
                return Err(Error::Repeated(parameter));
            }
            seen.push(parameter);
            answer.set(parameter, &value)?;
        }
        Ok(answer)
    }

    /// Asks for a parameter's value.
    pub(crate) fn set(&mut self, parameter: Parameter, value: &str) -> Result<(), Error> {
        self.read(parameter, value).map_err(|expected| Error::Value { parameter, value: value.to_owned(), expected })
    }

    fn read(&mut self, parameter: Parameter, value: &str) -> Result<(), String> {
        match parameter {
            Parameter::Delay => self.delay = duration(value, Duration::ZERO..=LONGEST)?,
            Parameter::Jitter => self.jitter = duration(value, Duration::ZERO..=LONGEST)?,
            Parameter::Fragment => self.fragment = Some(size(value)?),
            Parameter::Ping => self.ping = Some(duration(value, SHORTEST_PING..=LONGEST)?),
        }
        Ok(())
    }

    /// Asks for nothing special again.
    pub(crate) fn clear(&mut self, parameter: Parameter) {
        match parameter {
            Parameter::Delay => self.delay = Self::PLAIN.delay,
            Parameter::Jitter => self.jitter = Self::PLAIN.jitter,
            Parameter::Fragment => self.fragment = Self::PLAIN.fragment,
            Parameter::Ping => self.ping = Self::PLAIN.ping,
        }
    }

    /// What is asked for, as it stands in a query; `None` for what is plain.
    pub(crate) fn value(&self, parameter: Parameter) -> Option<String> {
        let waits = |duration: Duration| (!duration.is_zero()).then(|| compact(duration));
        match parameter {
            Parameter::Delay => waits(self.delay),
            Parameter::Jitter => waits(self.jitter),
            Parameter::Fragment => self.fragment.map(|bytes| bytes.to_string()),
            Parameter::Ping => self.ping.map(compact),
        }
    }
}

/// The query with its question mark; nothing where the answer is plain.
impl fmt::Display for Answer {
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

fn compact(duration: Duration) -> String {
    value::Compact(duration).to_string()
}

fn duration(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, String> {
    match value::duration(text) {
        Some(duration) if range.contains(&duration) => Ok(duration),
        Some(_) => Err(format!("it must be from {} to {}", compact(*range.start()), compact(*range.end()))),
        None => Err("it must be a duration such as 200ms, 1s or 2m".to_owned()),
    }
}

fn size(text: &str) -> Result<NonZeroUsize, String> {
    value::size(text)
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| "it must be a size of at least one byte, such as 1024 or 16KiB".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Behaviour;

    fn answer(query: &str) -> Result<Answer, String> {
        Answer::parse("/echo", query).map_err(|error| error.to_string())
    }

    #[test]
    fn all_four_parameters_are_read() {
        let expected = Answer {
            delay: Duration::from_millis(200),
            jitter: Duration::from_millis(50),
            fragment: NonZeroUsize::new(1024),
            ping: Some(Duration::from_secs(1)),
        };
        assert_eq!(answer("delay=200ms&jitter=50ms&fragment=1024&ping=1s"), Ok(expected));
    }

    #[test]
    fn sizes_take_a_unit_and_escapes_are_decoded() {
        assert_eq!(answer("fragment=16KiB").unwrap().fragment, NonZeroUsize::new(16 * 1024));
        assert_eq!(answer("delay=1s+500ms").unwrap().delay, Duration::from_millis(1500));
        assert_eq!(answer("delay=1s%20500ms").unwrap().delay, Duration::from_millis(1500));
    }

    #[test]
    fn wrong_values_are_named_with_what_would_be_right() {
        for (query, text) in [
            ("delay=soon", r#"parameter delay="soon" is wrong: it must be a duration such as 200ms, 1s or 2m"#),
            ("delay=-1s", r#"parameter delay="-1s" is wrong: it must be a duration such as 200ms, 1s or 2m"#),
            ("jitter=2h", r#"parameter jitter="2h" is wrong: it must be from 0s to 1h"#),
            ("ping=1ms", r#"parameter ping="1ms" is wrong: it must be from 100ms to 1h"#),
            (
                "fragment=0",
                r#"parameter fragment="0" is wrong: it must be a size of at least one byte, such as 1024 or 16KiB"#,
            ),
            (
                "fragment=",
                r#"parameter fragment="" is wrong: it must be a size of at least one byte, such as 1024 or 16KiB"#,
            ),
        ] {
            assert_eq!(answer(query), Err(text.to_owned()));
        }
    }

    fn any_answer() -> impl Strategy<Value = Answer> {
        let wait = (0u64..3_600_000).prop_map(Duration::from_millis);
        let ping = (100u64..3_600_000).prop_map(Duration::from_millis);
        (wait.clone(), wait, proptest::option::of(1usize..), proptest::option::of(ping)).prop_map(
            |(delay, jitter, fragment, ping)| Answer {
                delay,
                jitter,
                fragment: fragment.and_then(NonZeroUsize::new),
                ping,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back_the_same(answer in any_answer(), tutorial: bool) {
            let behaviour = if tutorial { Behaviour::Tutorial(answer) } else { Behaviour::Echo(answer) };
            prop_assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
        }

        #[test]
        fn no_text_makes_the_parser_panic(path in "/?(echo)?", query in ".{0,60}") {
            let _ = format!("{path}?{query}").parse::<Behaviour>();
        }
    }
}
