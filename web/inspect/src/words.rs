//! What a row says, in words.

use std::borrow::Cow;

use wire::event::{Direction, Frame, Happened};

use crate::flow::RSV1;
use crate::trace::Row;

/// The kind of a row, in a word.
pub fn kind(row: &Row) -> &'static str {
    match &row.event.happened {
        Happened::Request(_) => "request",
        Happened::Response(_) => "response",
        Happened::Frame(frame) => opcode_name(frame.opcode),
        Happened::Violation { .. } => "violation",
        Happened::Missed { .. } => "missed",
        Happened::End => "end",
    }
}

/// The name of an opcode (RFC 6455, 5.2).
pub fn opcode_name(opcode: u8) -> &'static str {
    match opcode {
        0 => "continuation",
        1 => "text",
        2 => "binary",
        8 => "close",
        9 => "ping",
        10 => "pong",
        _ => "reserved",
    }
}

/// Which way a row went, as the client sees it.
pub fn sign(row: &Row) -> &'static str {
    match direction(row) {
        Some(Direction::In) => "↑",
        Some(Direction::Out) => "↓",
        None => "•",
    }
}

/// The direction of what crossed the wire.
pub fn direction(row: &Row) -> Option<Direction> {
    match &row.event.happened {
        Happened::Request(_) => Some(Direction::In),
        Happened::Response(_) => Some(Direction::Out),
        Happened::Frame(frame) => Some(frame.direction),
        Happened::Violation { .. } | Happened::Missed { .. } | Happened::End => None,
    }
}

/// The bits of a frame that are set, and its place in its message.
pub fn flags(row: &Row) -> String {
    let Happened::Frame(frame) = &row.event.happened else { return String::new() };
    let mut flags = Vec::new();
    if frame.fin {
        flags.push("FIN");
    }
    flags.extend(
        [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")]
            .into_iter()
            .filter(|(bit, _)| frame.rsv & bit != 0)
            .map(|(_, name)| name),
    );
    if frame.mask.is_some() {
        flags.push("mask");
    }
    flags.join(" ")
}

/// What a row has, in a line.
pub fn content(row: &Row) -> String {
    let content = match &row.event.happened {
        Happened::Request(request) => format!("{} {} {}", request.method, request.target, request.version),
        Happened::Response(response) => {
            let line = response.line.clone().or(response.status.map(|status| status.to_string())).unwrap_or_default();
            [&line, " ", response.body.as_deref().unwrap_or_default()].concat()
        }
        Happened::Frame(frame) => payload(frame),
        Happened::Violation { code, reason, section } => format!("{reason} ({section}): closed with {code}"),
        Happened::Missed { count: 1 } => "1 event is missing: it came faster than it could be read".into(),
        Happened::Missed { count } => format!("{count} events are missing: they came faster than they could be read"),
        Happened::End => "the server is done with the connection".into(),
    };
    match row.violations.first() {
        Some(broken) if !matches!(row.event.happened, Happened::Violation { .. }) => {
            format!("✗ {} ({})  {content}", broken.what, broken.section)
        }
        _ => content,
    }
}

/// The beginning of a payload, without compression where that is known: as text where it is one, otherwise in hexadecimal
/// digits.
pub fn payload(frame: &Frame) -> String {
    let (bytes, length, is_compressed) = match frame.plain {
        Some(plain) => (&frame.plain_first, plain, false),
        None => (&frame.first, frame.length, frame.rsv & RSV1 != 0),
    };
    let more = if length > bytes.len() as u64 { "…" } else { "" };
    let is_text = matches!(frame.opcode, 0 | 1 | 9 | 10) && !is_compressed;
    match &bytes[..] {
        [high, low, reason @ ..] if frame.opcode == 8 => {
            let code = u16::from_be_bytes([*high, *low]);
            format!("{code} {}{more}", shown(&String::from_utf8_lossy(reason)))
        }
        first if is_text => match text(first) {
            Some(text) => [&*shown(text), more].concat(),
            None => [&hex(first), more].concat(),
        },
        first => [&hex(first), more].concat(),
    }
}

/// The text that these bytes begin with; the last character may be cut.
fn text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// On one line, with control characters and marks that reverse text as signs.
fn shown(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let sign = |letter: char| match letter {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + letter as u32).unwrap_or('\u{fffd}'),
        _ if is_odd(letter) => '\u{fffd}',
        _ => letter,
    };
    if text.contains(is_odd) { text.chars().map(sign).collect::<String>().into() } else { text.into() }
}

/// Bytes in hexadecimal digits, with a space between two bytes.
pub fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// The beginning of a frame as it crossed the wire, in hexadecimal digits: its header, and the payload with its mask.
pub fn wire_hex(frame: &Frame) -> String {
    let key = frame.mask.unwrap_or_default();
    let masked = frame.first.iter().enumerate().map(|(place, byte)| byte ^ key[place % 4]);
    hex(&frame.header.iter().copied().chain(masked).collect::<Vec<_>>())
}

/// Bytes that crossed the wire.
pub fn size(row: &Row) -> String {
    match &row.event.happened {
        Happened::Frame(frame) => bytes(frame.wire),
        Happened::Request(request) => request.head_bytes.map_or_else(String::new, bytes),
        _ => String::new(),
    }
}

/// A number of bytes.
pub fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} KB", count / 1000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// A time span of so many microseconds.
pub fn span(micros: u64) -> String {
    match micros {
        0..1000 => format!("{micros} µs"),
        1000..1_000_000 => decimal(micros, 1000, "ms"),
        _ => decimal(micros, 1_000_000, "s"),
    }
}

/// With three digits behind the point.
fn decimal(micros: u64, unit: u64, name: &str) -> String {
    let thousandths = micros % unit * 1000 / unit;
    format!("{}.{thousandths:03} {name}", micros / unit)
}

/// How much compression saved, where it was used: bytes on the wire against those of the message.
pub fn compression(wire: u64, plain: u64) -> String {
    let percent = wire.saturating_mul(100) / plain.max(1);
    format!("{} on the wire for {}: {percent} %", bytes(wire), bytes(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::{frame, text};
    use crate::trace::tests::trace;

    fn content_of(frame: Frame) -> String {
        content(trace([(1, 0, Happened::Frame(frame.into()))]).row(0).unwrap())
    }

    #[test]
    fn a_payload_is_shown_as_what_it_is() {
        let long = Frame { length: 100, ..text(Direction::In, "the beginning of something longr") };
        for (frame, expected) in [
            (text(Direction::In, "Hello"), "Hello"),
            (text(Direction::Out, "a\nb\u{202e}c"), "a␊b\u{fffd}c"),
            (long, "the beginning of something longr…"),
            (Frame { opcode: 2, ..text(Direction::In, "ab") }, "61 62"),
            (Frame { rsv: 4, ..text(Direction::In, "ab") }, "61 62"),
            (Frame { rsv: 4, plain: Some(9), plain_first: b"plain".to_vec(), ..text(Direction::In, "ab") }, "plain…"),
            (Frame { length: 7, first: b"\x03\xe8goon".to_vec(), ..frame(Direction::Out, 8) }, "1000 goon…"),
        ] {
            assert_eq!(content_of(frame), expected);
        }
    }

    #[test]
    fn a_broken_rule_comes_first() {
        let content = content_of(Frame { mask: None, ..text(Direction::In, "Hello") });
        assert_eq!(content, "✗ a frame of a client is not masked (RFC 6455, 5.1)  Hello");
    }

    #[test]
    fn a_frame_is_copied_as_it_crossed_the_wire() {
        // The example of RFC 6455, 5.7.
        let header = b"\x81\x85\x37\xfa\x21\x3d".to_vec();
        let frame = Frame { mask: Some([0x37, 0xfa, 0x21, 0x3d]), header, ..text(Direction::In, "Hello") };
        assert_eq!(wire_hex(&frame), "81 85 37 fa 21 3d 7f 9f 4d 51 58");
    }

    #[test]
    fn figures_have_units() {
        for (micros, expected) in [(0, "0 µs"), (999, "999 µs"), (1050, "1.050 ms"), (61_000_007, "61.000 s")] {
            assert_eq!(span(micros), expected);
        }
        for (count, expected) in [(9999, "9999 B"), (10_000, "10 KB"), (25_000_000, "25 MB")] {
            assert_eq!(bytes(count), expected);
        }
        assert_eq!(compression(120, 1000), "120 B on the wire for 1000 B: 12 %");
    }
}
