//! The behaviours that a URL can name; the server carries them out.

use std::{fmt, str::FromStr};

use crate::error::Error;
use crate::options::ReplyOptions;
use crate::parameter::Parameter;

/// What the server does with the messages of one connection.
///
/// Its text form is a path with a query, as it stands in a WebSocket URL; parsing what was printed gives the same
/// behaviour again.
///
/// ```
/// let behaviour: wire::Behaviour = "/echo?delay=200ms".parse()?;
/// assert_eq!(behaviour.to_string(), "/echo?delay=200ms");
/// # Ok::<(), wire::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// `/`: text `x` is answered with `Server received: x`, binary messages come back unchanged.
    Tutorial(ReplyOptions),
    /// `/echo`, or `/ws` as on other echo servers: every message comes back, same type, same bytes, same order.
    Echo(ReplyOptions),
}

impl Behaviour {
    /// Each behaviour's plain form, in the order in which a person would meet them.
    pub const ALL: [Behaviour; 2] = [Self::Tutorial(ReplyOptions::PLAIN), Self::Echo(ReplyOptions::PLAIN)];

    /// The path of the URL, without the query.
    pub fn path(&self) -> &'static str {
        match self {
            Self::Tutorial(_) => "/",
            Self::Echo(_) => "/echo",
        }
    }

    /// What the server does, as the end of "Ask the server to …".
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Tutorial(_) => "answer “Server received: …”",
            Self::Echo(_) => "echo every message",
        }
    }

    /// Its parameters, in the order in which they are printed.
    pub fn parameters(&self) -> &'static [Parameter] {
        match self {
            Self::Tutorial(_) | Self::Echo(_) => &Parameter::ALL,
        }
    }

    /// The value of a parameter as in a query; `None` for the default.
    pub fn value(&self, parameter: Parameter) -> Option<String> {
        self.options().value(parameter)
    }

    /// The same behaviour with another value of a parameter; an empty value means the default.
    ///
    /// # Errors
    /// [`Error::Value`], where the value is wrong.
    pub fn with(mut self, parameter: Parameter, value: &str) -> Result<Self, Error> {
        match &mut self {
            Self::Tutorial(options) | Self::Echo(options) if value.is_empty() => options.clear(parameter),
            Self::Tutorial(options) | Self::Echo(options) => options.set(parameter, value)?,
        }
        Ok(self)
    }

    /// How the replies are sent.
    pub fn options(&self) -> &ReplyOptions {
        match self {
            Self::Tutorial(options) | Self::Echo(options) => options,
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path(), self.options())
    }
}

impl FromStr for Behaviour {
    type Err = Error;

    fn from_str(target: &str) -> Result<Self, Error> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path {
            "/" => ReplyOptions::parse("/", query).map(Self::Tutorial),
            "/echo" | "/ws" => ReplyOptions::parse("/echo", query).map(Self::Echo),
            _ => Err(Error::UnknownPath { path: path.to_owned(), known: Self::ALL.iter().map(Self::path).collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(target: &str) -> String {
        target.parse::<Behaviour>().unwrap_err().to_string()
    }

    #[test]
    fn every_plain_behaviour_is_its_path() {
        for behaviour in Behaviour::ALL {
            assert_eq!(behaviour.to_string(), behaviour.path());
            assert_eq!(behaviour.path().parse(), Ok(behaviour));
        }
    }

    #[test]
    fn every_parameter_of_every_behaviour_is_set_printed_and_cleared() {
        for plain in Behaviour::ALL {
            for &parameter in plain.parameters() {
                let value = parameter.example();
                let behaviour = plain.with(parameter, value).unwrap();
                assert_eq!(behaviour.to_string(), format!("{}?{parameter}={value}", plain.path()));
                assert_eq!(behaviour.value(parameter).as_deref(), Some(value));
                assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
                assert_eq!(behaviour.with(parameter, ""), Ok(plain));
            }
        }
    }

    #[test]
    fn a_wrong_value_of_a_parameter_is_named() {
        let wrong = Behaviour::Echo(ReplyOptions::PLAIN).with(Parameter::Delay, "soon").unwrap_err();
        assert_eq!(
            wrong.to_string(),
            r#"parameter delay="soon" is wrong: it must be a duration such as 500ms, 10s, 1h30m or 7d"#
        );
    }

    #[test]
    fn an_empty_query_is_no_query() {
        assert_eq!("/echo?".parse(), Ok(Behaviour::Echo(ReplyOptions::PLAIN)));
    }

    #[test]
    fn ws_is_another_name_of_echo() {
        assert_eq!("/ws".parse(), Ok(Behaviour::ALL[1]));
        assert_eq!("/ws?delay=1s".parse(), "/echo?delay=1s".parse::<Behaviour>());
    }

    #[test]
    fn an_unknown_path_is_named_with_the_known_ones() {
        assert_eq!(error("/nope?x=1"), r#"unknown path "/nope"; known paths: /, /echo"#);
        assert_eq!(error("/echo/"), r#"unknown path "/echo/"; known paths: /, /echo"#);
        assert_eq!(error(""), r#"unknown path ""; known paths: /, /echo"#);
    }

    #[test]
    fn an_unknown_parameter_is_named_with_the_known_ones() {
        assert_eq!(error("/echo?dealy=1s"), r#"unknown parameter "dealy"; /echo takes delay, jitter, fragment, ping"#);
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert_eq!(error("/?delay=1s&delay=2s"), "parameter delay is given twice");
    }
}
