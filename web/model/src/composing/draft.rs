//! The content of the message box, and the payload made from it.

use std::borrow::Cow;

use crate::composing::template::{Sources, Strings, substitute};
use crate::data::codec;
use crate::data::json::{self, Object, Value};
use crate::data::payload::Payload;
use crate::data::visible::Quoted;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    /// A text message; refused unless it is JSON.
    Json,
    /// A binary message.
    Hex,
    /// A binary message.
    Base64,
}

impl Format {
    /// In the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::Base64];

    /// In files and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }
}

/// What `{{…}}` in a text means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Templates {
    /// See [`substitute`].
    #[default]
    Substituted,
    Literal,
}

/// The content of the message box, of a saved message or of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub format: Format,
    pub templates: Templates,
    /// As typed.
    pub text: String,
}

impl Draft {
    /// # Errors
    /// The mistake in the text, with its place.
    pub fn payload(&self, sources: &mut Sources<'_>) -> Result<Payload, String> {
        let text = match self.templates {
            Templates::Literal => Cow::Borrowed(self.text.as_str()),
            Templates::Substituted => {
                let strings = if self.format == Format::Json { Strings::Escaped } else { Strings::Plain };
                substitute(&self.text, strings, sources).map_err(|error| error.to_string())?
            }
        };
        match self.format {
            Format::Text => Ok(Payload::Text(text.into_owned())),
            Format::Json => match json::parse(&text) {
                Ok(_) => Ok(Payload::Text(text.into_owned())),
                Err(error) => Err(error.to_string()),
            },
            Format::Hex => codec::decode_hex(&text).map(Payload::Binary).map_err(|error| error.to_string()),
            Format::Base64 => codec::decode_base64(&text).map(Payload::Binary).map_err(|error| error.to_string()),
        }
    }

    /// Whether it disconnects, as in the tutorial's client.
    pub(crate) fn is_quit(&self) -> bool {
        self.format == Format::Text && self.text.eq_ignore_ascii_case("quit")
    }

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("format", self.format.name());
        if self.templates == Templates::Literal {
            object.text("templates", "literal");
        }
        object.text("text", &self.text);
    }

    /// Defaults replace what is missing, except the text.
    pub(crate) fn read(value: &Value<'_>) -> Result<Self, String> {
        let format = match value.member("format").and_then(Value::text) {
            Some(name) => Format::ALL
                .into_iter()
                .find(|format| format.name() == name)
                .ok_or_else(|| format!("{} is not a format: use text, json, hex or base64", Quoted(&name)))?,
            None => Format::default(),
        };
        let templates = match value.member("templates").and_then(Value::text).as_deref() {
            Some("literal") => Templates::Literal,
            _ => Templates::Substituted,
        };
        let text = value.member("text").and_then(Value::text).ok_or("\"text\" is missing")?.into_owned();
        Ok(Self { format, templates, text })
    }
}
