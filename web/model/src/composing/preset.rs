//! A behaviour of Canyon's server as a form. Which behaviours and parameters there are is said by `wire`.

use wire::{Parameter, Path, Target};

use crate::connection::address::{ParseUrl, WsUrl};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    target: Target,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub parameter: Parameter,
    /// As typed; empty for the default.
    pub text: String,
    pub problem: Option<String>,
}

impl Form {
    pub fn new(target: Target) -> Self {
        let field = |parameter| Field { parameter, text: target.value(parameter).unwrap_or_default(), problem: None };
        Self { fields: target.path().parameters().map(field).collect(), target }
    }

    /// The form of a behaviour, with those of its parameters that the address has already.
    pub fn for_address(path: Path, address: &str, parse_url: ParseUrl) -> Self {
        let mut form = Self::new(Target::plain(path));
        for field in Self::from_address(address, parse_url).map(|current| current.fields).unwrap_or_default() {
            if !field.text.is_empty() {
                form.fill_in(field.parameter, field.text);
            }
        }
        form
    }

    /// `None` unless the address selects a behaviour of Canyon's server.
    pub fn from_address(address: &str, parse_url: ParseUrl) -> Option<Self> {
        let url = WsUrl::parse(address, parse_url).ok()?;
        url.target().parse().ok().map(Self::new)
    }

    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A wrong field counts with its last right value.
    pub fn target(&self) -> &Target {
        &self.target
    }

    pub fn fill_in(&mut self, parameter: Parameter, text: String) {
        let changed = self.target.clone().with(parameter, text.trim());
        let Some(field) = self.fields.iter_mut().find(|field| field.parameter == parameter) else { return };
        field.text = text;
        match changed {
            Ok(target) => {
                self.target = target;
                field.problem = None;
            }
            Err(error) => field.problem = Some(error.to_string()),
        }
    }

    pub fn is_valid(&self) -> bool {
        self.fields.iter().all(|field| field.problem.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_page::parse_url;

    #[test]
    fn a_form_has_the_parameters_of_its_behaviour_and_becomes_an_address() {
        let mut form = Form::new("/echo".parse().unwrap());
        assert_eq!(form.fields().len(), 4 + Parameter::OF_CONNECTIONS.len());
        form.fill_in(Parameter::Delay, " 200ms ".to_owned());
        assert_eq!((form.target().to_string().as_str(), form.is_valid()), ("/echo?delay=200ms", true));
        form.fill_in(Parameter::Delay, String::new());
        assert_eq!(form.target().to_string(), "/echo");
    }

    #[test]
    fn a_wrong_field_is_reported_and_keeps_its_last_right_value() {
        let mut form = Form::new("/?ping=1s".parse().unwrap());
        form.fill_in(Parameter::Ping, "1ms".to_owned());
        assert!(!form.is_valid());
        assert_eq!(form.target().to_string(), "/?ping=1s");
        assert_eq!(
            form.fields()[3].problem.as_deref(),
            Some(r#"parameter ping="1ms" is wrong: it must be from 100ms to 1d, as in ping=1s"#)
        );
        form.fill_in(Parameter::Ping, "2s".to_owned());
        assert!(form.is_valid());
    }

    #[test]
    fn parameters_are_kept_from_one_behaviour_to_another() {
        let kept = |address| Form::for_address(Path::Echo, address, parse_url).target().to_string();
        assert_eq!(kept("localhost:12345/?delay=1s&ping=2s"), "/echo?delay=1s&ping=2s");
        assert_eq!(kept("localhost:12345/chat?delay=1s"), "/echo", "it is not an address of Canyon's server");
        assert_eq!(kept(""), "/echo");
    }

    #[test]
    fn the_form_of_an_address_is_filled_in() {
        let form = Form::from_address("ws://localhost:12345/echo?fragment=16KiB", parse_url).unwrap();
        assert_eq!(form.fields()[2].text, "16KiB");
        assert_eq!(
            Form::from_address("ws://localhost", parse_url).map(|form| form.target().to_string()).as_deref(),
            Some("/")
        );
        assert_eq!(Form::from_address("ws://localhost/chat", parse_url), None);
        assert_eq!(Form::from_address("two words", parse_url), None);
    }
}
