//! Which rules of [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455) and [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692) a
//! frame breaks, as far as its bits and the first bytes of its payload show. The server's own judgement, which sees all bytes, is
//! an event of its own.

use wire::event::{Direction, Frame, LengthBits};

use crate::flow::{Current, Flow, RSV1};

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub what: String,
    /// Where the rule stands, such as `RFC 6455, 5.2`.
    pub section: String,
}

impl Violation {
    pub(crate) fn new(what: impl Into<String>, section: &str) -> Self {
        Self { what: what.into(), section: section.into() }
    }
}

/// Most bytes of a control frame's payload (5.5).
const MAX_CONTROL: u64 = 125;

/// What is wrong with a frame, the next of the flow.
pub fn violations(frame: &Frame, flow: &Flow) -> Vec<Violation> {
    let rules = [closed, reserved_bits, opcode, masking, length, control, close_code, fragmentation, utf8];
    rules.iter().filter_map(|rule| rule(frame, flow)).collect()
}

fn rule(what: impl Into<String>, section: &str) -> Option<Violation> {
    Some(Violation::new(what, &["RFC 6455, ", section].concat()))
}

fn closed(frame: &Frame, flow: &Flow) -> Option<Violation> {
    if flow.side(frame.direction).is_closed { rule("a frame follows the close frame", "5.5.1") } else { None }
}

fn reserved_bits(frame: &Frame, flow: &Flow) -> Option<Violation> {
    if frame.rsv & !RSV1 != 0 {
        return rule("RSV2 or RSV3 is set, and no extension gives it a meaning", "5.2");
    }
    if frame.rsv & RSV1 == 0 {
        return None;
    }
    if !matches!(frame.opcode, 1 | 2) {
        let what = "RSV1 is set on a frame that begins no message";
        return Some(Violation::new(what, "RFC 7692, 6"));
    }
    match flow.is_deflate_agreed {
        Some(false) => rule("RSV1 is set, and compression was not agreed", "5.2"),
        _ => None,
    }
}

fn opcode(frame: &Frame, _: &Flow) -> Option<Violation> {
    match frame.opcode {
        3..8 | 11.. => rule(format!("opcode {} is reserved", frame.opcode), "5.2"),
        _ => None,
    }
}

fn masking(frame: &Frame, _: &Flow) -> Option<Violation> {
    match (frame.direction, frame.mask) {
        (Direction::In, None) => rule("a frame of a client is not masked", "5.1"),
        (Direction::Out, Some(_)) => rule("a frame of a server is masked", "5.1"),
        _ => None,
    }
}

fn length(frame: &Frame, _: &Flow) -> Option<Violation> {
    let fits_less = match frame.length_bits {
        LengthBits::Seven => false,
        LengthBits::Sixteen => frame.length < 126,
        LengthBits::SixtyFour => frame.length <= u64::from(u16::MAX),
    };
    if frame.length > i64::MAX as u64 {
        return rule("the first bit of a length of 64 bits is set", "5.2");
    }
    if fits_less { rule(format!("the length {} is not in its shortest form", frame.length), "5.2") } else { None }
}

fn control(frame: &Frame, _: &Flow) -> Option<Violation> {
    match frame.opcode {
        ..8 => None,
        _ if !frame.fin => rule("a control frame is fragmented", "5.5"),
        _ if frame.length > MAX_CONTROL => {
            rule(format!("a control frame has {} bytes, 125 are the most", frame.length), "5.5")
        }
        _ => None,
    }
}

fn close_code(frame: &Frame, _: &Flow) -> Option<Violation> {
    if frame.opcode != 8 || frame.length == 0 {
        return None;
    }
    let [high, low, reason @ ..] = &frame.first[..] else {
        return if frame.length == 1 { rule("a close frame has half a code", "5.5.1") } else { None };
    };
    let code = u16::from_be_bytes([*high, *low]);
    match code {
        1000..=1003 | 1007..=1014 | 3000..=4999 => {}
        _ => return rule(format!("the close code {code} must not be sent"), "7.4"),
    }
    if is_utf8(reason, frame.length - 2) { None } else { rule("the reason of a close is not UTF-8", "5.5.1") }
}

fn fragmentation(frame: &Frame, flow: &Flow) -> Option<Violation> {
    match (frame.opcode, flow.side(frame.direction).current) {
        (0, Current::None) => rule("a continuation without a message to continue", "5.4"),
        (1..8, Current::Message(_)) => rule("a new message begins within a fragmented one", "5.4"),
        _ => None,
    }
}

/// A fragment may end within a character, so only the first of a text is judged.
fn utf8(frame: &Frame, _: &Flow) -> Option<Violation> {
    if frame.opcode != 1 || frame.rsv & RSV1 != 0 {
        return None;
    }
    let length = if frame.fin { frame.length } else { u64::MAX };
    if is_utf8(&frame.first, length) { None } else { rule("a text is not UTF-8", "8.1") }
}

/// Whether the beginning of a payload can be the beginning of a text of that length.
fn is_utf8(first: &[u8], length: u64) -> bool {
    match std::str::from_utf8(first) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && (first.len() as u64) < length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::{frame, text};

    fn sections(frame: &Frame, flow: &Flow) -> Vec<String> {
        violations(frame, flow).into_iter().map(|violation| violation.section).collect()
    }

    fn agreed(is_deflate_agreed: Option<bool>) -> Flow {
        let mut flow = Flow::from_the_start();
        flow.is_deflate_agreed = is_deflate_agreed;
        flow
    }

    fn close(payload: &[u8]) -> Frame {
        Frame { length: payload.len() as u64, first: payload.to_vec(), ..frame(Direction::Out, 8) }
    }

    #[test]
    fn what_is_right_breaks_no_rule() {
        let cut = Frame { length: 40, first: "é".repeat(16).into_bytes(), ..text(Direction::Out, "") };
        let odd =
            Frame { length: 40, first: ["a", &"é".repeat(16)].concat().into_bytes()[..32].to_vec(), ..cut.clone() };
        for frame in [
            text(Direction::In, "Hello"),
            text(Direction::Out, "é"),
            cut,
            odd,
            Frame { fin: false, first: vec![0xc3], length: 1, ..text(Direction::In, "") },
            Frame { length: 126, length_bits: LengthBits::Sixteen, ..frame(Direction::In, 2) },
            Frame { length: 65_536, length_bits: LengthBits::SixtyFour, ..frame(Direction::In, 2) },
            Frame { length: 125, ..frame(Direction::In, 9) },
            Frame { rsv: RSV1, first: vec![0xff], length: 1, ..frame(Direction::In, 1) },
            close(b""),
            close(b"\x03\xe8bye"),
            close(b"\x0f\xa0"),
        ] {
            assert_eq!(violations(&frame, &agreed(Some(true))), [], "{frame:?}");
        }
    }

    #[test]
    fn each_broken_rule_is_named_with_its_section() {
        let no = agreed(Some(false));
        let from_server = |frame: Frame| Frame { direction: Direction::Out, mask: None, ..frame };
        for (frame, expected) in [
            (Frame { rsv: 2, ..text(Direction::In, "a") }, "RFC 6455, 5.2"),
            (Frame { rsv: RSV1, ..text(Direction::In, "a") }, "RFC 6455, 5.2"),
            (Frame { rsv: RSV1, ..frame(Direction::In, 9) }, "RFC 7692, 6"),
            (frame(Direction::In, 3), "RFC 6455, 5.2"),
            (frame(Direction::In, 11), "RFC 6455, 5.2"),
            (Frame { mask: None, ..text(Direction::In, "a") }, "RFC 6455, 5.1"),
            (Frame { mask: Some([1; 4]), ..text(Direction::Out, "a") }, "RFC 6455, 5.1"),
            (Frame { length: 5, length_bits: LengthBits::Sixteen, ..frame(Direction::In, 2) }, "RFC 6455, 5.2"),
            (Frame { length: 65_535, length_bits: LengthBits::SixtyFour, ..frame(Direction::In, 2) }, "RFC 6455, 5.2"),
            (Frame { length: 1 << 63, length_bits: LengthBits::SixtyFour, ..frame(Direction::In, 2) }, "RFC 6455, 5.2"),
            (Frame { fin: false, ..frame(Direction::In, 9) }, "RFC 6455, 5.5"),
            (Frame { length: 126, length_bits: LengthBits::Sixteen, ..frame(Direction::In, 10) }, "RFC 6455, 5.5"),
            (close(b"\x03"), "RFC 6455, 5.5.1"),
            (close(b"\x03\xed"), "RFC 6455, 7.4"),
            (close(b"\x03\xe8\xff"), "RFC 6455, 5.5.1"),
            (frame(Direction::In, 0), "RFC 6455, 5.4"),
            (Frame { first: vec![0xff], length: 1, ..from_server(frame(Direction::In, 1)) }, "RFC 6455, 8.1"),
            (Frame { first: vec![0xc3], length: 1, ..frame(Direction::In, 1) }, "RFC 6455, 8.1"),
        ] {
            assert_eq!(sections(&frame, &no), [expected], "{frame:?}");
        }
    }

    #[test]
    fn rules_about_the_order_of_frames_hold_for_each_direction() {
        let mut flow = agreed(None);
        flow.add(&Frame { fin: false, ..text(Direction::In, "a") }, 0, 0);
        assert_eq!(sections(&text(Direction::In, "b"), &flow), ["RFC 6455, 5.4"]);
        assert_eq!(sections(&text(Direction::Out, "b"), &flow), [""; 0]);
        flow.add(&frame(Direction::Out, 8), 0, 0);
        assert_eq!(sections(&text(Direction::Out, "b"), &flow), ["RFC 6455, 5.5.1"]);
    }

    #[test]
    fn what_was_not_seen_is_not_judged() {
        let flow = Flow::default();
        assert_eq!(sections(&frame(Direction::In, 0), &flow), [""; 0]);
        assert_eq!(sections(&Frame { rsv: RSV1, ..text(Direction::In, "a") }, &flow), [""; 0]);
    }
}
