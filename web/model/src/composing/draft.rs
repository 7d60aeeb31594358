//! What is being written, and the message that it would become. It never changes what was typed.

use std::borrow::Cow;

use crate::composing::template::{Sources, Strings, substitute};
use crate::data::codec;
use crate::data::json::{self, Object, Value};
use crate::data::payload::Payload;
use crate::data::visible::Quoted;

/// How the typed text becomes a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// As it is.
    #[default]
    Text,
    /// As it is, if it is JSON.
    Json,
    /// As bytes in hex.
    Hex,
    /// As bytes in base64.
    Base64,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Hex, Self::Base64];

    /// One word for it, in documents and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }
}

/// What `{{…}}` in a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Templates {
    /// A template, see [`substitute`].
    #[default]
    Substituted,
    /// Itself.
    Literal,
}

/// What is in the message box, or was, or is kept for another time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// How the text is meant.
    pub format: Format,
    /// Whether it may have templates.
    pub templates: Templates,
    /// What is typed.
    pub text: String,
}

impl Draft {
    /// The message that it is.
    ///
    /// # Errors
    /// What is wrong with the text, with place and value: show it and let the person correct it.
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

    /// Whether it asks to leave, as the tutorial's client does.
    pub(crate) fn is_quit(&self) -> bool {
        self.format == Format::Text && self.text.trim().eq_ignore_ascii_case("quit")
    }

    /// Writes its members into an object: `format` and `text`, and `templates` where they are off.
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("format", self.format.name());
        if self.templates == Templates::Literal {
            object.text("templates", "literal");
        }
        object.text("text", &self.text);
    }

    /// Reads what [`Draft::write`] has written; what is missing is what a fresh draft has, but for the text.
    pub(crate) fn read(value: &Value<'_>) -> Result<Self, String> {
        let format = match value.member("format").and_then(Value::text) {
            Some(name) => Format::ALL
                .into_iter()
                .find(|format| format.name() == name)
                .ok_or_else(|| format!("{} is no format; text, json, hex and base64 are", Quoted(&name)))?,
            None => Format::default(),
        };
        let templates = match value.member("templates").and_then(Value::text).as_deref() {
            Some("literal") => Templates::Literal,
            _ => Templates::Substituted,
        };
        let text = value.member("text").and_then(Value::text).ok_or("it has no \"text\"")?.into_owned();
        Ok(Self { format, templates, text })
    }
}
