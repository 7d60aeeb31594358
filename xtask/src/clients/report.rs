//! What a driver reports of its client; tests/clients/README.md says what each field means.

use anyhow::{Context, Result};
use serde_json::Value;

/// What a driver sends, and gets back where the server echoes.
const SENT: [&str; 2] = ["hello", "again"];

/// Most characters of an error that are kept.
const MOST_OF_ERROR: usize = 90;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Report {
    pub(super) opened: bool,
    messages: Vec<Message>,
    pub(super) code: Option<u16>,
    pub(super) reason: String,
    pub(super) clean: bool,
    pub(super) error: String,
    pub(super) waited: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    kind: String,
    size: u64,
    /// 16 characters of a text, 8 bytes of binary data in hexadecimal digits.
    start: String,
}

impl Message {
    pub(super) fn text(text: &str) -> Self {
        Self { kind: "text".to_owned(), size: text.len() as u64, start: text.chars().take(16).collect() }
    }

    /// `start`: its first 8 bytes.
    pub(super) fn binary(size: u64, start: &[u8]) -> Self {
        let start = start.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { kind: "binary".to_owned(), size, start }
    }

    fn is(&self, text: &str) -> bool {
        *self == Self::text(text)
    }

    /// In few characters.
    pub(super) fn shown(&self) -> String {
        match (&self.kind[..], self.size) {
            ("text", size) if size as usize == self.start.len() => format!("{:?}", self.start),
            (kind, size) => format!("{kind} of {size} B"),
        }
    }
}

impl Report {
    /// The URL and the report in a line of JSON.
    pub(super) fn parse(line: &str) -> Result<(String, Self)> {
        Self::read(line).with_context(|| format!("'{line}' is no report"))
    }

    fn read(line: &str) -> Option<(String, Self)> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
        let messages = value["messages"].as_array()?.iter().map(|message| {
            let size = message["size"].as_u64()?;
            Some(Message { kind: text(message, "kind")?, size, start: text(message, "start")? })
        });
        let report = Self {
            opened: value["opened"].as_bool()?,
            messages: messages.collect::<Option<_>>()?,
            code: value["code"].as_u64().and_then(|code| u16::try_from(code).ok()),
            reason: text(&value, "reason")?,
            clean: value["clean"].as_bool()?,
            error: normal(&text(&value, "error")?),
            waited: value["waited"].as_bool()?,
        };
        Some((text(&value, "url")?, report))
    }

    /// What came beside the driver's own words.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(|message| !SENT.iter().any(|sent| message.is(sent)))
    }

    /// Whether the connection could be used after the first message.
    pub(super) fn went_on(&self) -> bool {
        self.messages.iter().any(|message| message.is(SENT[1]))
    }

    pub(super) fn took(&self, messages: &[Message], code: Option<u16>) -> bool {
        self.clean && self.code == code && self.messages().eq(messages)
    }

    /// What became of the connection, in a word or two.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self { opened: false, waited: true, .. } => "waits for 101",
            Self { opened: false, .. } => "not opened",
            Self { waited: true, .. } => "waits",
            _ if self.went_on() => "goes on",
            Self { clean: true, .. } => "closed",
            _ => "fails",
        }
    }
}

/// An error without what is different each time, on one line.
fn normal(error: &str) -> String {
    let words = error.split_whitespace().map(|word| if is_key(word) { "KEY" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(MOST_OF_ERROR).collect()
}

/// Whether a word begins with 20 bytes in base64, which is what an accept key is.
fn is_key(word: &str) -> bool {
    word.as_bytes().get(27) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"url": "ws://localhost:1/x", "opened": true, "messages": [{"kind": "text", "size": 5, "start": "hello"},
        {"kind": "binary", "size": 9, "start": "0001"}], "code": 1000, "reason": "r", "clean": true, "error": "a\nb", "waited": false}"#;

    #[test]
    fn a_report_is_read() {
        let (url, report) = Report::parse(LINE).unwrap();
        assert_eq!(url, "ws://localhost:1/x");
        assert_eq!(report.messages().map(Message::shown).collect::<Vec<_>>(), ["binary of 9 B"]);
        assert_eq!((report.code, &report.reason[..], &report.error[..]), (Some(1000), "r", "a b"));
        assert_eq!(report.outcome(), "closed");
        assert!(Report::parse("{}").unwrap_err().to_string().contains("'{}' is no report"));
    }

    #[test]
    fn an_error_has_no_key_in_it_and_a_bounded_length() {
        let error = "InvalidHeaderValue: invalid Sec-WebSocket-Accept header: ALO51E75PyLf15Mn4zSFMKGCG5s=é";
        assert_eq!(normal(error), "InvalidHeaderValue: invalid Sec-WebSocket-Accept header: KEY");
        assert_eq!(normal(&"x".repeat(500)).len(), MOST_OF_ERROR);
    }

    #[test]
    fn what_became_of_a_connection_is_said_in_a_word() {
        let report = Report { opened: true, ..Report::default() };
        assert_eq!(Report::default().outcome(), "not opened");
        assert_eq!(Report { waited: true, ..Report::default() }.outcome(), "waits for 101");
        assert_eq!(report.outcome(), "fails");
        assert_eq!(Report { waited: true, ..report.clone() }.outcome(), "waits");
        assert_eq!(Report { messages: vec![Message::text("again")], ..report }.outcome(), "goes on");
    }
}
