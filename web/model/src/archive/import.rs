//! Reading a log from a file: our own JSON Lines, and HAR, ours or Chrome's. It never takes half a file.

use thiserror::Error;

use crate::data::codec::decode_base64;
use crate::data::json::{self, Value};
use crate::data::payload::Payload;
use crate::data::time::micros_of_iso_8601;
use crate::log::{Direction, Kind, Source};

/// The log of one connection in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Where the connection went, if the file says so.
    pub url: String,
    /// Its entries, in the order of the file.
    pub entries: Vec<ImportedEntry>,
}

/// One entry of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedEntry {
    /// When it happened, in microseconds since 1970.
    pub micros: u64,
    /// What it is.
    pub kind: Kind,
    /// Which way a message went; `None` for what is no message.
    pub direction: Option<Direction>,
    /// Who sent it.
    pub source: Source,
    /// The message, or a note's words.
    pub payload: Payload,
}

/// Why a file cannot be read; tell the person, who may have picked another one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// A line of JSON Lines is wrong.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A message of a HAR file is wrong.
    #[error("message {number} of the HAR file: {why}")]
    Message {
        /// Counted from 1 through the whole file.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// There is nothing in it.
    #[error("the file has no messages: it must be JSON Lines as exported here, or HAR with _webSocketMessages")]
    Nothing,
}

/// Reads the connections of a file: one of JSON Lines, each WebSocket of HAR that has messages.
///
/// # Errors
/// The first thing that is wrong with it, and where.
pub fn import(text: &str) -> Result<Vec<Imported>, ImportError> {
    let mut imported = match json::parse(text) {
        Ok(document) if document.member("log").is_some() => read_har(&document)?,
        _ => vec![read_lines(text)?],
    };
    imported.retain(|connection| !connection.entries.is_empty());
    if imported.is_empty() { Err(ImportError::Nothing) } else { Ok(imported) }
}

fn read_lines(text: &str) -> Result<Imported, ImportError> {
    let lines = text.lines().zip(1..).filter(|(text, _)| !text.trim().is_empty());
    let entries = lines.map(|(text, line)| {
        let value = json::parse(text).map_err(|error| format!("column {}: {}", error.column, error.reason));
        value.and_then(|value| read_line(&value)).map_err(|why| ImportError::Line { line, why })
    });
    Ok(Imported { url: String::new(), entries: entries.collect::<Result<_, _>>()? })
}

fn read_line(value: &Value<'_>) -> Result<ImportedEntry, String> {
    let text = |name| value.member(name).and_then(Value::text);
    let time = text("time").ok_or("it has no \"time\"")?;
    let micros = micros_of_iso_8601(&time).ok_or_else(|| format!("{time:?} is no time in UTC"))?;
    let kind = text("kind").ok_or("it has no \"kind\"")?;
    let kind =
        Kind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(|| format!("{kind:?} is no kind"))?;
    let direction = match text("direction").as_deref() {
        Some("sent") => Some(Direction::Sent),
        Some("received") => Some(Direction::Received),
        Some(other) => return Err(format!("{other:?} is no direction")),
        None => None,
    };
    if matches!(kind, Kind::Text | Kind::Binary) != direction.is_some() {
        return Err(format!("kind {:?} does not go with its direction", kind.name()));
    }
    let payload = match kind {
        Kind::Binary => read_base64(&text("base64").ok_or("it has no \"base64\"")?)?,
        _ => Payload::Text(text("text").ok_or("it has no \"text\"")?.into_owned()),
    };
    let source = match text("source").as_deref() {
        Some("automatic") => Source::Automatic,
        _ => Source::Person,
    };
    Ok(ImportedEntry { micros, kind, direction, source, payload })
}

fn read_har(document: &Value<'_>) -> Result<Vec<Imported>, ImportError> {
    let requests =
        document.member("log").and_then(|log| log.member("entries")).map(Value::elements).unwrap_or_default();
    let mut connections = Vec::new();
    let mut number = 0;
    for request in requests {
        let url = request.member("request").and_then(|request| request.member("url")).and_then(Value::text);
        let mut connection = Imported { url: url.unwrap_or_default().into_owned(), entries: Vec::new() };
        for message in request.member("_webSocketMessages").map(Value::elements).unwrap_or_default() {
            number += 1;
            let entry = read_message(message).map_err(|why| ImportError::Message { number, why })?;
            connection.entries.extend(entry);
        }
        connections.push(connection);
    }
    Ok(connections)
}

/// `None` for what is neither text nor binary, such as a ping that another program has recorded.
fn read_message(value: &Value<'_>) -> Result<Option<ImportedEntry>, String> {
    let text = |name| value.member(name).and_then(Value::text);
    let time = value.member("time").ok_or("it has no \"time\"")?;
    let micros = match time {
        Value::Number(seconds) => micros_of_seconds(seconds),
        _ => None,
    };
    let micros = micros.ok_or_else(|| format!("time {time} is no number of seconds since 1970"))?;
    let direction = match text("type").as_deref() {
        Some("send") => Direction::Sent,
        Some("receive") => Direction::Received,
        Some(other) => return Err(format!("type {other:?} is neither \"send\" nor \"receive\"")),
        None => return Err("it has no \"type\"".to_owned()),
    };
    let data = text("data").ok_or("it has no \"data\"")?;
    let (kind, payload) = match value.member("opcode").and_then(Value::integer) {
        Some(1) => (Kind::Text, Payload::Text(data.into_owned())),
        Some(2) => (Kind::Binary, read_base64(&data)?),
        _ => return Ok(None),
    };
    Ok(Some(ImportedEntry { micros, kind, direction: Some(direction), source: Source::Person, payload }))
}

fn read_base64(text: &str) -> Result<Payload, String> {
    decode_base64(text).map(Payload::Binary).map_err(|error| error.to_string())
}

/// A number of seconds such as `1795368259.004123`, without going through a floating-point number.
fn micros_of_seconds(digits: &str) -> Option<u64> {
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(crate::data::time::micros_of_fraction(fraction)?)
}
