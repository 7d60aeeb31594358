//! The parameters: names, descriptions and examples.

use std::fmt;

/// A parameter of `/` and `/echo`; each is a field of [`ReplyOptions`](crate::ReplyOptions).
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

    /// A noun phrase for a form.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Delay => "delay before each reply",
            Self::Jitter => "random extra delay, up to this long",
            Self::Fragment => "maximum payload of a reply frame, in bytes",
            Self::Ping => "interval between pings from the server",
        }
    }

    /// A valid value.
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
