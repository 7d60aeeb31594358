//! Reading a log from a file: JSON Lines as exported here, and HAR from here, from browsers and from other programs.
//! What cannot be read in a file is skipped and counted.

use std::borrow::Cow;

use model::json::{self, Value};
use model::{
    Beginning, Direction, Entry, Kind, Label, Payload, Quoted, Source, Time, Tone, decode_base64, micros_of_iso_8601,
    micros_of_number,
};
use thiserror::Error;

use crate::text_file::{self, TextFileError};

/// What could be read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// One for each connection in the file that has entries; at least one.
    pub logs: Vec<ImportedLog>,
    /// Entries that could not be read.
    pub skipped: usize,
    /// Why the first of those could not.
    pub first_skipped: Option<EntryError>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedLog {
    /// Empty where the file does not say it.
    pub url: String,
    /// In the order of the file.
    pub entries: Vec<ImportedEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedEntry {
    /// Microseconds since 1970.
    pub micros: u64,
    pub kind: Kind,
    /// `None` for a note.
    pub direction: Option<Direction>,
    pub source: Source,
    pub tone: Tone,
    /// The message, or the words of a note.
    pub payload: Payload,
    /// Bytes of the message that the file has not; `payload` is its beginning.
    pub cut: u64,
}

impl ImportedEntry {
    /// `time_origin` is the moment zero of [`Time`], in milliseconds since 1970. The number is 0: the log gives it one.
    pub(crate) fn entry(&self, time_origin: f64) -> Entry<'_> {
        let Self { micros, kind, direction, source, tone, ref payload, cut } = *self;
        let at = Time(micros as f64 / 1000.0 - time_origin);
        Entry { seq: 0, at, label: Label { kind, direction, source, tone }, content: payload.content(), cut }
    }
}

/// An entry of a file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryError {
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        why: String,
    },
    #[error("message {number} of the HAR file: {why}")]
    Message {
        /// Counted from 1 through the whole file.
        number: usize,
        why: String,
    },
}

/// Why nothing can be read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] TextFileError),
    #[error("the HAR file has no WebSocket messages (_webSocketMessages)")]
    NoMessages,
    #[error("the file is empty: it must be JSON Lines as exported here, or HAR")]
    Empty,
    #[error("the file is CSV, which cannot be imported: export JSON Lines or HAR instead")]
    Csv,
    #[error("this is a file of saved {0}: import it next to their list")]
    Saved(&'static str),
    #[error("the file is neither HAR ({har}) nor JSON Lines ({lines})")]
    Unknown { har: String, lines: EntryError },
    /// Every entry is wrong; this is the first.
    #[error(transparent)]
    Entry(EntryError),
}

/// Reads the logs of a file: one of JSON Lines, and one for each WebSocket of HAR.
pub fn import(bytes: &[u8]) -> Result<Imported, ImportError> {
    let text = text_file::decode(bytes)?;
    if text.trim_start_matches('"').starts_with("seq,") {
        return Err(ImportError::Csv);
    }
    let mut skipped = Vec::new();
    let document = json::parse(&text);
    let mut logs = match &document {
        Ok(document) if document.member("log").is_some() => read_har(document, &mut skipped),
        Ok(document) if document.member("messages").is_some() => return Err(ImportError::Saved("messages")),
        Ok(document) if document.member("sequences").is_some() => return Err(ImportError::Saved("sequences")),
        _ => vec![read_lines(&text, &mut skipped)],
    };
    logs.retain(|log| !log.entries.is_empty());
    let (count, first) = (skipped.len(), skipped.into_iter().next());
    match (first, document) {
        (first_skipped, _) if !logs.is_empty() => Ok(Imported { logs, skipped: count, first_skipped }),
        (Some(lines @ EntryError::Line { .. }), Err(error)) if text.trim_start().starts_with('{') => {
            Err(ImportError::Unknown { har: error.to_string(), lines })
        }
        (Some(first), _) => Err(ImportError::Entry(first)),
        (None, Ok(_)) => Err(ImportError::NoMessages),
        (None, Err(_)) => Err(ImportError::Empty),
    }
}

fn read_lines(text: &str, skipped: &mut Vec<EntryError>) -> ImportedLog {
    let mut log = ImportedLog::default();
    for (text, line) in text.lines().zip(1..).filter(|(text, _)| !text.trim().is_empty()) {
        let value = json::parse(text).map_err(|error| format!("column {}: {}", error.column, error.reason));
        match value.and_then(|value| read_line(&value)) {
            Ok(entry) => log.entries.push(entry),
            Err(why) => skipped.push(EntryError::Line { line, why }),
        }
    }
    log
}

fn read_line(value: &Value<'_>) -> Result<ImportedEntry, String> {
    let text = |name| value.member(name).and_then(Value::text);
    let micros = read_time(value.member("time").ok_or("\"time\" is missing")?)?;
    let kind = text("kind").ok_or("\"kind\" is missing")?;
    let kind = Kind::ALL
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| format!("{} is not a kind", Quoted(&kind)))?;
    let direction = match text("direction").as_deref() {
        Some("sent") => Some(Direction::Sent),
        Some("received") => Some(Direction::Received),
        Some(other) => return Err(format!("{} is not a direction", Quoted(other))),
        None => None,
    };
    if matches!(kind, Kind::Text | Kind::Binary) != direction.is_some() {
        return Err(format!("kind {} does not match its direction", Quoted(kind.name())));
    }
    let payload = match kind {
        Kind::Binary => read_base64(&text("base64").ok_or("\"base64\" is missing")?)?,
        _ => Payload::Text(text("text").ok_or("\"text\" is missing")?.into_owned()),
    };
    let source = match text("source").as_deref() {
        Some("automatic") => Source::Automatic,
        _ => Source::Person,
    };
    let tone = text("tone").and_then(|name| Tone::ALL.into_iter().find(|tone| tone.name() == name));
    let (tone, cut) = (tone.unwrap_or(kind.usual_tone()), read_cut(value, "size", &payload));
    Ok(ImportedEntry { micros, kind, direction, source, tone, payload, cut })
}

fn read_har(document: &Value<'_>, skipped: &mut Vec<EntryError>) -> Vec<ImportedLog> {
    let requests =
        document.member("log").and_then(|log| log.member("entries")).map(Value::elements).unwrap_or_default();
    let mut logs = Vec::new();
    let mut number = 0;
    for request in requests {
        let url = request.member("request").and_then(|request| request.member("url")).and_then(Value::text);
        let mut log = ImportedLog { url: url.unwrap_or_default().into_owned(), entries: Vec::new() };
        // A message without a time happened no earlier than the one before it, or than the handshake.
        let mut latest = request.member("startedDateTime").and_then(|time| read_time(time).ok()).unwrap_or_default();
        for message in request.member("_webSocketMessages").map(Value::elements).unwrap_or_default() {
            number += 1;
            match read_message(message, latest) {
                Ok(entry) => {
                    latest = entry.micros;
                    log.entries.push(entry);
                }
                Err(why) => skipped.push(EntryError::Message { number, why }),
            }
        }
        logs.push(log);
    }
    logs
}

/// Browsers write `"type":"error"` with opcode -1 for what failed. Other programs record control frames, too; those
/// become notes.
fn read_message(value: &Value<'_>, latest: u64) -> Result<ImportedEntry, String> {
    let text = |name| value.member(name).and_then(Value::text);
    let micros = match value.member("time") {
        None | Some(Value::Null) => latest,
        Some(time) => read_time(time)?,
    };
    let data = text("data").unwrap_or_default();
    let note = |kind: Kind, words: String| {
        let tone = kind.usual_tone();
        Ok(ImportedEntry {
            micros,
            kind,
            direction: None,
            source: Source::Person,
            tone,
            payload: Payload::Text(words),
            cut: 0,
        })
    };
    let direction = match text("type").as_deref() {
        Some("send") => Direction::Sent,
        Some("receive") => Direction::Received,
        Some("error") => {
            return note(Kind::Error, if data.is_empty() { "error".to_owned() } else { data.into_owned() });
        }
        Some(other) => return Err(format!("type {} is neither \"send\" nor \"receive\" nor \"error\"", Quoted(other))),
        None => return Err("\"type\" is missing".to_owned()),
    };
    let control = |name: &str| {
        let colon = if data.is_empty() { "" } else { ": " };
        [name, " ", direction.name(), colon, &data].concat()
    };
    let (kind, payload) = match value.member("opcode").map(Value::to_string).as_deref() {
        Some("1") | None => (Kind::Text, Payload::Text(data.into_owned())),
        Some("2") => (Kind::Binary, read_base64(&data)?),
        Some("8") => return note(Kind::Close, control("Close frame")),
        Some("9") => return note(Kind::Note, control("Ping")),
        Some("10") => return note(Kind::Note, control("Pong")),
        Some(other) => return Err(format!("opcode {} is not an opcode of a message", Beginning(other))),
    };
    let direction = Some(direction);
    let source = match text("_source").as_deref() {
        Some("automatic") => Source::Automatic,
        _ => Source::Person,
    };
    let cut = read_cut(value, "_size", &payload);
    Ok(ImportedEntry { micros, kind, direction, source, tone: Tone::Neutral, payload, cut })
}

/// Microseconds since 1970 of a time such as `"2026-11-22T17:24:19Z"`, or a number, see [`micros_of_number`].
fn read_time(time: &Value<'_>) -> Result<u64, String> {
    let text = match time {
        Value::Number(digits) => Cow::Borrowed(*digits),
        time => time.text().unwrap_or_default(),
    };
    micros_of_iso_8601(&text)
        .or_else(|| micros_of_number(&text))
        .ok_or_else(|| format!("{} is not a time", Beginning(&time.to_string())))
}

/// The member says the size of the whole message, in bytes.
fn read_cut(value: &Value<'_>, name: &str, payload: &Payload) -> u64 {
    let whole = value.member(name).and_then(Value::integer);
    whole.map_or(0, |whole| whole.saturating_sub(payload.content().size() as u64))
}

fn read_base64(text: &str) -> Result<Payload, String> {
    decode_base64(text).map(Payload::Binary).map_err(|error| error.to_string())
}
