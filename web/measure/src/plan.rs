//! What a run does: to which address, with which messages, how fast, how long. [`Form`] is the same as a person types it.

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::echo::{Expected, Kind};

/// The largest message, in bytes: what servers commonly accept.
pub const MAX_SIZE: u64 = 16 << 20;
/// Of all connections' messages in flight, in bytes. Browsers close a socket that buffers much more.
pub const MAX_IN_FLIGHT: u64 = 64 << 20;
const MAX_WINDOW: u64 = 10_000;
const MAX_RATE: u64 = 100_000;
const MAX_SECONDS: u64 = 600;
const MAX_CONNECTIONS: u64 = 100;
const MAX_REPLY_LIMIT: u64 = 600_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Absolute, `ws:` or `wss:`.
    pub url: String,
    pub kind: Kind,
    pub sizes: Sizes,
    pub pace: Pace,
    pub seconds: u32,
    pub connections: u32,
    /// A message without a reply after that many milliseconds is missing.
    pub reply_limit: u32,
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sizes {
    Fixed(u32),
    /// Any size from the first to the second, each equally often.
    Range(u32, u32),
    /// Twice as large step by step, from the first to the second, each step equally long.
    Doubling(u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// As fast as replies come, with that many messages in flight on each connection.
    InFlight(u32),
    /// That many on all connections together, whether replies come or not. The time of each message counts from when it was
    /// due, so that a pause of the server shows in the times of all messages that it delayed
    /// ([coordinated omission](https://github.com/giltene/wrk2#acknowledgements)).
    PerSecond(u32),
}

impl Plan {
    /// What the address calls for: at `/`, Canyon's server answers texts with a prefix.
    pub fn expected(&self) -> Expected {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        if matches!(path, "" | "/") { Expected::Prefixed } else { Expected::Same }
    }

    /// When message `number` of a connection is due, in milliseconds since the beginning; `None` where replies set the pace.
    pub fn due(&self, connection: u32, number: u64) -> Option<f64> {
        match self.pace {
            Pace::InFlight(_) => None,
            Pace::PerSecond(rate) => {
                let before = number as f64 * f64::from(self.connections) + f64::from(connection);
                Some(before * 1000.0 / f64::from(rate))
            }
        }
    }

    /// How many messages are due on one connection until then.
    pub fn due_until(&self, connection: u32, elapsed: f64) -> u64 {
        match self.pace {
            Pace::InFlight(_) => 0,
            Pace::PerSecond(rate) => {
                let all = elapsed * f64::from(rate) / 1000.0;
                ((all - f64::from(connection)) / f64::from(self.connections)).ceil().max(0.0) as u64
            }
        }
    }

    /// The size of a message, in bytes; `progress` is the share of the run's time that is over.
    pub fn size(&self, number: u64, progress: f64) -> usize {
        match self.sizes {
            Sizes::Fixed(size) => size as usize,
            Sizes::Range(from, to) => Rng::with_seed(number).u32(from..=to) as usize,
            Sizes::Doubling(from, to) => {
                let steps = (to / from.max(1)).max(1).ilog2() + 1;
                let step = (progress.clamp(0.0, 1.0) * f64::from(steps)) as u32;
                (from << step.min(steps - 1)).min(to) as usize
            }
        }
    }
}

/// A plan as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub url: String,
    pub kind: Kind,
    pub sizes: SizeRule,
    /// The size, or the smallest.
    pub size: String,
    /// The largest.
    pub largest: String,
    pub pace: PaceRule,
    pub window: String,
    pub rate: String,
    pub seconds: String,
    pub connections: String,
    pub reply_limit: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeRule {
    Fixed,
    Range,
    Doubling,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaceRule {
    /// One message at a time: the next one goes out when the reply has come.
    OneByOne,
    InFlight,
    PerSecond,
}

/// The fields that can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Url,
    Size,
    Largest,
    Window,
    Rate,
    Seconds,
    Connections,
    ReplyLimit,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error("'{0}' is not the URL of a WebSocket: it begins with ws:// or wss://")]
    Url(String),
    #[error("{name} is '{value}': a whole number from {min} to {max} is needed")]
    Number { field: Field, name: &'static str, value: String, min: u64, max: u64 },
    #[error("the largest size, {largest}, is below the smallest, {size}")]
    Largest { size: u64, largest: u64 },
    #[error(
        "{connections} connections with {window} messages of up to {size} bytes are more than 64 MiB in flight: lower one of them"
    )]
    TooMuchInFlight { connections: u64, window: u64, size: u64 },
}

impl PlanError {
    /// Where it is shown.
    pub fn field(&self) -> Field {
        match self {
            Self::Url(_) => Field::Url,
            Self::Number { field, .. } => *field,
            Self::Largest { .. } => Field::Largest,
            Self::TooMuchInFlight { .. } => Field::Window,
        }
    }
}

impl Form {
    pub fn new(url: String) -> Self {
        Self {
            url,
            kind: Kind::Text,
            sizes: SizeRule::Fixed,
            size: "64".into(),
            largest: "65536".into(),
            pace: PaceRule::OneByOne,
            window: "16".into(),
            rate: "1000".into(),
            seconds: "5".into(),
            connections: "1".into(),
            reply_limit: "5000".into(),
        }
    }

    /// # Errors
    /// The first field that is wrong.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let url = self.url.trim();
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("ws" | "wss")) {
            return Err(PlanError::Url(url.to_owned()));
        }
        let size = number(Field::Size, "the size", &self.size, 0, MAX_SIZE)?;
        let largest = match self.sizes {
            SizeRule::Fixed => size,
            SizeRule::Range | SizeRule::Doubling => {
                let largest = number(Field::Largest, "the largest size", &self.largest, 1, MAX_SIZE)?;
                if largest < size {
                    return Err(PlanError::Largest { size, largest });
                }
                largest
            }
        };
        let window = match self.pace {
            PaceRule::OneByOne | PaceRule::PerSecond => 1,
            PaceRule::InFlight => number(Field::Window, "messages in flight", &self.window, 1, MAX_WINDOW)?,
        };
        let pace = match self.pace {
            PaceRule::OneByOne | PaceRule::InFlight => Pace::InFlight(window as u32),
            PaceRule::PerSecond => {
                Pace::PerSecond(number(Field::Rate, "messages per second", &self.rate, 1, MAX_RATE)? as u32)
            }
        };
        let seconds = number(Field::Seconds, "the duration", &self.seconds, 1, MAX_SECONDS)?;
        let connections = number(Field::Connections, "connections", &self.connections, 1, MAX_CONNECTIONS)?;
        if connections * window * largest > MAX_IN_FLIGHT {
            return Err(PlanError::TooMuchInFlight { connections, window, size: largest });
        }
        let reply_limit = number(Field::ReplyLimit, "the limit for a reply", &self.reply_limit, 1, MAX_REPLY_LIMIT)?;
        let (size, largest) = (size as u32, largest as u32);
        Ok(Plan {
            url: url.to_owned(),
            kind: self.kind,
            sizes: match self.sizes {
                SizeRule::Fixed => Sizes::Fixed(size),
                SizeRule::Range => Sizes::Range(size, largest),
                SizeRule::Doubling => Sizes::Doubling(size.max(1), largest),
            },
            pace,
            seconds: seconds as u32,
            connections: connections as u32,
            reply_limit: reply_limit as u32,
        })
    }
}

fn number(field: Field, name: &'static str, typed: &str, min: u64, max: u64) -> Result<u64, PlanError> {
    let parsed = typed.trim().parse().ok().filter(|number| (min..=max).contains(number));
    parsed.ok_or_else(|| PlanError::Number { field, name, value: typed.trim().to_owned(), min, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new("ws://localhost:12345/echo".into())
    }

    fn plan() -> Plan {
        form().plan().unwrap()
    }

    fn error(form: &Form) -> (Field, String) {
        let error = form.plan().unwrap_err();
        (error.field(), error.to_string())
    }

    #[test]
    fn a_new_form_is_a_plan_of_one_message_at_a_time() {
        assert_eq!((plan().pace, plan().sizes, plan().seconds), (Pace::InFlight(1), Sizes::Fixed(64), 5));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_field() {
        let (field, text) = error(&Form { url: "http://a/".into(), ..form() });
        assert_eq!(field, Field::Url);
        assert_eq!(text, "'http://a/' is not the URL of a WebSocket: it begins with ws:// or wss://");
        let (field, text) = error(&Form { seconds: "soon".into(), ..form() });
        assert_eq!(field, Field::Seconds);
        assert_eq!(text, "the duration is 'soon': a whole number from 1 to 600 is needed");
        let range = Form { sizes: SizeRule::Range, size: "10".into(), largest: "9".into(), ..form() };
        assert_eq!(error(&range), (Field::Largest, "the largest size, 9, is below the smallest, 10".into()));
        let flood = Form { pace: PaceRule::InFlight, window: "100".into(), size: "1048576".into(), ..form() };
        assert_eq!(error(&flood).0, Field::Window);
    }

    #[test]
    fn fields_that_are_not_shown_are_not_judged() {
        assert!(Form { largest: "x".into(), window: "x".into(), rate: "x".into(), ..form() }.plan().is_ok());
    }

    #[test]
    fn only_the_root_prefixes_its_texts() {
        let expected = |url: &str| Plan { url: url.into(), ..plan() }.expected();
        for url in ["ws://a", "ws://a/", "wss://a:1/?delay=5", "ws://a?delay=5"] {
            assert_eq!(expected(url), Expected::Prefixed, "{url}");
        }
        for url in ["ws://a/echo", "ws://a/ws?x=/", "ws://a/x/"] {
            assert_eq!(expected(url), Expected::Same, "{url}");
        }
    }

    #[test]
    fn connections_take_turns_in_a_rate() {
        let plan = Plan { pace: Pace::PerSecond(1000), connections: 4, ..plan() };
        assert_eq!(
            [(0, 0), (1, 0), (3, 0), (0, 1)].map(|(of, number)| plan.due(of, number)),
            [Some(0.0), Some(1.0), Some(3.0), Some(4.0)]
        );
        assert_eq!((0..4).map(|of| plan.due_until(of, 10.0)).sum::<u64>(), 10);
        assert_eq!(Plan { pace: Pace::InFlight(3), ..plan }.due(0, 0), None);
    }

    #[test]
    fn sizes_follow_their_rule() {
        let sizes = |sizes, progress| Plan { sizes, ..plan() }.size(7, progress);
        assert_eq!(sizes(Sizes::Fixed(5), 0.5), 5);
        let doubled = [0.0, 0.3, 0.6, 0.99, 1.0].map(|progress| sizes(Sizes::Doubling(64, 512), progress));
        assert_eq!(doubled, [64, 128, 256, 512, 512]);
        let range = Plan { sizes: Sizes::Range(10, 12), ..plan() };
        let mut seen: Vec<usize> = (0..100).map(|number| range.size(number, 0.0)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [10, 11, 12]);
    }
}
