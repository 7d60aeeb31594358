//! What a client asks for: the path and query of a URL as one value.

use std::{fmt, str::FromStr};

use crate::error::Error;
use crate::form;
use crate::grammar::Value;
use crate::parameter::Parameter;
use crate::path::Path;

/// What a client asks for: a behaviour, how it replies, and what is special about the connection.
///
/// Its text form is a path with a query, as it stands in a WebSocket URL; parsing what was printed gives the same again.
/// [`Target::behaviour`], [`Target::reply_options`] and [`Target::connection_options`] are its three parts.
///
/// ```
/// let target: wire::Target = "/close/4000?reason=bye&open-delay=2s".parse()?;
/// assert_eq!(target.to_string(), "/close/4000?reason=bye&open-delay=2s");
/// # Ok::<(), wire::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    path: Path,
    /// What is given, in the order of [`Parameter`].
    values: Vec<(Parameter, Value)>,
}

impl Target {
    /// A behaviour without parameters, or where it needs some, with their examples.
    pub fn plain(path: Path) -> Self {
        let mut target = Self { path, values: Vec::new() };
        for parameter in path.parameters().filter(|&parameter| path.requires(parameter)) {
            // An example is a right value, as a test shows.
            let _ = target.set(parameter, parameter.example());
        }
        target
    }

    /// Reads the path and query of an HTTP request that asks for no WebSocket.
    ///
    /// # Errors
    /// As for a WebSocket.
    pub fn parse_http(target: &str) -> Result<Self, Error> {
        Self::parse(Path::HTTP, target)
    }

    /// The behaviour's path.
    pub fn path(&self) -> Path {
        self.path
    }

    /// What a parameter asks for, as it is written; `None` where it is not given.
    pub fn value(&self, parameter: Parameter) -> Option<String> {
        self.get(parameter).map(|value| parameter.grammar().print(value))
    }

    /// The same with another value of a parameter; an empty one stands for none.
    ///
    /// # Errors
    /// [`Error::Value`] where the value is wrong, [`Error::Missing`] where there must be one, and
    /// [`Error::UnknownParameter`] where the behaviour does not take the parameter.
    pub fn with(mut self, parameter: Parameter, value: &str) -> Result<Self, Error> {
        if !self.path.parameters().any(|taken| taken == parameter) {
            return Err(Error::UnknownParameter { path: self.path, name: parameter.name().to_owned() });
        }
        if !value.is_empty() {
            self.set(parameter, value)?;
        } else if self.path.requires(parameter) {
            return Err(Error::Missing { path: self.path, parameter });
        } else {
            self.values.retain(|(given, _)| *given != parameter);
        }
        Ok(self)
    }

    fn parse(known: &[Path], target: &str) -> Result<Self, Error> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, part) = Path::find(known, path).ok_or_else(|| Error::UnknownPath(path.to_owned()))?;
        let mut target = Self { path, values: Vec::new() };
        if let Some(parameter) = path.part() {
            target.set(parameter, part)?;
        }
        for (name, value) in form::pairs(query) {
            let mut taken = path.parameters().filter(|&taken| path.part() != Some(taken));
            let Some(parameter) = taken.find(|taken| taken.name() == name) else {
                return Err(Error::UnknownParameter { path, name });
            };
            if target.get(parameter).is_some() {
                return Err(Error::Repeated(parameter));
            }
            target.set(parameter, &value)?;
        }
        match path.parameters().find(|&parameter| path.requires(parameter) && target.get(parameter).is_none()) {
            Some(parameter) => Err(Error::Missing { path, parameter }),
            None => Ok(target),
        }
    }

    fn set(&mut self, parameter: Parameter, text: &str) -> Result<(), Error> {
        let wrong = |problem| Error::Value { parameter, value: text.to_owned(), problem };
        let value = parameter.grammar().read(text).map_err(wrong)?;
        match self.values.binary_search_by_key(&parameter, |(given, _)| *given) {
            Ok(place) => self.values[place].1 = value,
            Err(place) => self.values.insert(place, (parameter, value)),
        }
        Ok(())
    }

    fn get(&self, parameter: Parameter) -> Option<&Value> {
        self.values.iter().find(|(given, _)| *given == parameter).map(|(_, value)| value)
    }

    pub(crate) fn number(&self, parameter: Parameter) -> Option<u64> {
        self.get(parameter).and_then(|value| if let Value::Number(number) = value { Some(*number) } else { None })
    }

    pub(crate) fn text(&self, parameter: Parameter) -> Option<&str> {
        self.get(parameter).and_then(|value| if let Value::Text(text) = value { Some(&**text) } else { None })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path.fixed())?;
        let mut query = String::new();
        for (parameter, value) in &self.values {
            let value = parameter.grammar().print(value);
            if self.path.part() == Some(*parameter) {
                write!(f, "/{value}")?;
            } else {
                form::push_pair(&mut query, parameter.name(), &value);
            }
        }
        if query.is_empty() { Ok(()) } else { write!(f, "?{query}") }
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(target: &str) -> Result<Self, Error> {
        Self::parse(Path::ALL, target)
    }
}
