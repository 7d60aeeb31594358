//! Protocols whose messages are JSON: JSON-RPC, graphql-ws, Socket.IO. A line says what the message is, the lines below it
//! what it holds, as it was written.

use model::json::{self, Value};

use super::Broken;
use super::outline::{Name, Outline};
use crate::class::Class;

/// A message of [JSON-RPC 2.0](https://www.jsonrpc.org/specification), or a batch of them.
pub(super) fn json_rpc(message: &[u8], outline: &mut Outline) -> Result<(), Broken> {
    let value = parsed(message, 0)?;
    let Value::Array(batch) = &value else { return json_rpc_message(outline, &Name::None, &value) };
    outline.open(0, &Name::None, &format!("batch of {}", batch.len()))?;
    for (index, value) in batch.iter().enumerate() {
        json_rpc_message(outline, &Name::Index(index), value)?;
    }
    outline.close();
    Ok(())
}

fn json_rpc_message(outline: &mut Outline, name: &Name, value: &Value<'_>) -> Result<(), Broken> {
    let id = value.member("id").map(Value::to_string);
    let method = value.member("method").and_then(Value::text);
    let what = match (method, id) {
        (Some(method), Some(_)) => format!("request {method}"),
        (Some(method), None) => format!("notification {method}"),
        (None, Some(id)) if value.member("error").is_some() => format!("error of {id}"),
        (None, Some(id)) if value.member("result").is_some() => format!("result of {id}"),
        _ => return Err(Broken { at: 0, why: "JSON without a method, a result or an error".into() }),
    };
    message_of(outline, name, &what, value)
}

/// Whether this is JSON-RPC beyond doubt: its version is named.
pub(super) fn is_json_rpc(message: &[u8]) -> bool {
    let named = |value: &Value<'_>| value.member("jsonrpc").and_then(Value::text).is_some_and(|text| text == "2.0");
    let Ok(value) = parsed(message, 0) else { return false };
    let known = named(&value) || !value.elements().is_empty() && value.elements().iter().all(named);
    known && json_rpc(message, &mut Outline::default()).is_ok()
}

/// A message of the subprotocols `graphql-transport-ws`
/// ([its protocol](https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md)) and `graphql-ws`, the older one.
pub(super) fn graphql(message: &[u8], outline: &mut Outline) -> Result<(), Broken> {
    const TYPES: [&str; 17] = [
        "connection_init",
        "connection_ack",
        "ping",
        "pong",
        "subscribe",
        "next",
        "error",
        "complete",
        "start",
        "stop",
        "data",
        "ka",
        "connection_error",
        "connection_terminate",
        "connection_keep_alive",
        "start_ack",
        "stop_ack",
    ];
    let value = parsed(message, 0)?;
    let Some(kind) = value.member("type").and_then(Value::text) else {
        return Err(Broken { at: 0, why: "JSON without a type".into() });
    };
    if !TYPES.contains(&&*kind) {
        return Err(Broken { at: 0, why: format!("{} is no type of graphql-ws", model::Quoted(&kind)) });
    }
    let id = value.member("id").map(|id| id.text().map_or_else(|| id.to_string(), Into::into));
    let what = id.map_or_else(|| kind.to_string(), |id| format!("{kind} {id}"));
    message_of(outline, &Name::None, &what, &value)?;
    if let Some(query) = value.member("payload").and_then(|payload| payload.member("query")).and_then(Value::text) {
        outline.open(0, &Name::Is(Class::Note, "query in lines".into()), "")?;
        query.lines().try_for_each(|line| outline.value(0, &Name::None, Class::Plain, line, ""))?;
        outline.close();
    }
    Ok(())
}

/// Whether this is graphql-ws beyond doubt: it has a query where the protocol has it.
pub(super) fn is_graphql(message: &[u8]) -> bool {
    let Ok(value) = parsed(message, 0) else { return false };
    let begins = matches!(value.member("type").and_then(Value::text).as_deref(), Some("subscribe" | "start"));
    let query = value.member("payload").and_then(|payload| payload.member("query")).and_then(Value::text);
    begins && value.member("id").is_some() && query.is_some()
}

/// A packet of Engine.IO 4 ([its protocol](https://socket.io/docs/v4/engine-io-protocol/)), and the packet of Socket.IO in it.
pub(super) fn socket_io(message: &[u8], outline: &mut Outline) -> Result<(), Broken> {
    let text = utf8(message)?;
    let (what, data) = match text.as_bytes().first() {
        Some(b'0') => ("Engine.IO open", &text[1..]),
        Some(b'1') => ("Engine.IO close", &text[1..]),
        Some(b'2') => ("Engine.IO ping", &text[1..]),
        Some(b'3') => ("Engine.IO pong", &text[1..]),
        Some(b'4') => return socket_io_packet(text, outline),
        Some(b'5') => ("Engine.IO upgrade", &text[1..]),
        Some(b'6') => ("Engine.IO noop", &text[1..]),
        _ => return Err(Broken { at: 0, why: "the type of an Engine.IO packet is a digit from 0 to 6".into() }),
    };
    outline.value(0, &Name::None, Class::Word, what, "")?;
    match data {
        "" => Ok(()),
        probe @ "probe" => outline.value(1, &Name::None, Class::Plain, probe, ""),
        data => tree(outline, &Name::of("data"), &parsed(data.as_bytes(), 1)?, 1),
    }
}

/// `4`, a type, the number of attachments and `-`, a namespace and `,`, a number for the acknowledgement, and JSON
/// ([its protocol](https://socket.io/docs/v4/socket-io-protocol/)).
fn socket_io_packet(text: &str, outline: &mut Outline) -> Result<(), Broken> {
    let kind = text.as_bytes().get(1).copied();
    let mut rest = text.get(2..).unwrap_or_default();
    let mut attachments = "";
    if matches!(kind, Some(b'5' | b'6')) {
        let Some((count, after)) = rest.split_once('-').filter(|(count, _)| is_digits(count)) else {
            return Err(Broken { at: 2, why: "the number of attachments and a hyphen should stand here".into() });
        };
        (attachments, rest) = (count, after);
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (id, data) = rest.split_at(digits);
    let at = text.len() - data.len();
    let value = if data.is_empty() { None } else { Some(parsed(data.as_bytes(), at)?) };
    let event = value.as_ref().and_then(|value| value.element(0)).and_then(Value::text);
    let event = event.or_else(|| value.as_ref()?.element(0).map(|name| name.to_string().into())).unwrap_or_default();
    let what = match kind {
        Some(b'0') => "connect".to_owned(),
        Some(b'1') => "disconnect".to_owned(),
        Some(b'2' | b'5') => format!("event {event}"),
        Some(b'3' | b'6') => format!("acknowledgement of {id}"),
        Some(b'4') => "connection refused".to_owned(),
        _ => return Err(Broken { at: 1, why: "the type of a Socket.IO packet is a digit from 0 to 6".into() }),
    };
    outline.value(0, &Name::None, Class::Word, &what, "Socket.IO")?;
    if namespace != "/" {
        outline.value(2, &Name::of("namespace"), Class::Plain, namespace, "")?;
    }
    if !id.is_empty() && matches!(kind, Some(b'2' | b'5')) {
        outline.value(2, &Name::of("acknowledgement"), Class::Number, id, "")?;
    }
    if !attachments.is_empty() {
        outline.value(2, &Name::of("attachments"), Class::Number, attachments, "binary messages that follow")?;
    }
    match &value {
        Some(value) => tree(outline, &Name::of("data"), value, at),
        None => Ok(()),
    }
}

/// Whether this is Socket.IO beyond doubt: an event with its name, or the opening with its intervals.
pub(super) fn is_socket_io(message: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(message) else { return false };
    let is_whole = |text: &str| socket_io(text.as_bytes(), &mut Outline::default()).is_ok();
    match text.get(..2) {
        Some("42") => text.contains("[\"") && is_whole(text),
        Some("0{") => text.contains("\"pingInterval\"") && is_whole(text),
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a message is, and what it holds.
fn message_of(outline: &mut Outline, name: &Name, what: &str, value: &Value<'_>) -> Result<(), Broken> {
    outline.open_as(0, name, Class::Word, what, "")?;
    members(outline, value, 0)?;
    outline.close();
    Ok(())
}

pub(super) fn tree(outline: &mut Outline, name: &Name, value: &Value<'_>, at: usize) -> Result<(), Broken> {
    match value {
        Value::Null => outline.value(at, name, Class::Word, "null", ""),
        Value::Bool(value) => outline.value(at, name, Class::Word, if *value { "true" } else { "false" }, ""),
        Value::Number(digits) => outline.value(at, name, Class::Number, digits, ""),
        Value::String(text) => outline.value(at, name, Class::String, &format!("\"{}\"", text.as_written()), ""),
        Value::Array(items) if items.is_empty() => outline.value(at, name, Class::Plain, "[]", ""),
        Value::Object(items) if items.is_empty() => outline.value(at, name, Class::Plain, "{}", ""),
        Value::Array(items) => {
            outline.open(at, name, &format!("array of {}", items.len()))?;
            members(outline, value, at)?;
            outline.close();
            Ok(())
        }
        Value::Object(items) => {
            outline.open(at, name, &format!("object of {}", items.len()))?;
            members(outline, value, at)?;
            outline.close();
            Ok(())
        }
    }
}

fn members(outline: &mut Outline, value: &Value<'_>, at: usize) -> Result<(), Broken> {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                tree(outline, &Name::Index(index), item, at)?;
            }
        }
        Value::Object(items) => {
            for (name, item) in items {
                tree(outline, &Name::Is(Class::Name, format!("\"{}\"", name.as_written())), item, at)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn utf8(message: &[u8]) -> Result<&str, Broken> {
    str::from_utf8(message).map_err(|error| Broken { at: error.valid_up_to(), why: "no UTF-8".into() })
}

/// JSON that begins at a byte of the message.
fn parsed(message: &[u8], at: usize) -> Result<Value<'_>, Broken> {
    json::parse(utf8(message)?).map_err(|error| Broken { at, why: format!("JSON begins here, {error}") })
}
