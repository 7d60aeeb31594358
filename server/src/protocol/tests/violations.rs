//! Each fault, at the first byte that shows it; and what is no fault.

use super::*;

/// What is said to a client's last frame; the messages before it must have been passed on.
fn verdict(new: fn() -> Protocol, before: &[u8], last: &[u8]) -> Option<ProtocolViolation> {
    let (output, violation) = pass_on(&mut new(), [before, last]);
    if violation.is_some() {
        assert!(pass_on(&mut new(), [before]) == (output, None), "not all before it was passed on");
    }
    violation
}

fn plain(before: &[u8], last: &[u8]) -> Option<ProtocolViolation> {
    verdict(plain_protocol, before, last)
}

/// A header alone, that announces `length` bytes.
fn head(first: u8, length: u64) -> Vec<u8> {
    let length = match length {
        ..126 => vec![0x80 | length as u8],
        126..=0xffff => [&[0x80 | 126], &(length as u16).to_be_bytes()[..]].concat(),
        _ => [&[0x80 | 127], &length.to_be_bytes()[..]].concat(),
    };
    [&[first], &length[..], &[0; 4]].concat()
}

#[test]
fn good_messages_and_pings_are_passed_on() {
    let frames = [
        frame(0x81, b"text"),
        frame(0x82, &[0xff; 70_000]),
        frame(0x01, b"a"),
        frame(0x89, b"ping"),
        frame(0x00, "🦜".as_bytes()),
        frame(0x8a, b""),
        frame(0x80, b""),
        frame(0x88, b"\x03\xe8bye"),
    ];
    let passed_on = [
        unmasked(0x81, b"text"),
        unmasked(0x82, &[0xff; 70_000]),
        unmasked(0x89, b"ping"),
        unmasked(0x81, "a🦜".as_bytes()),
    ];
    assert!(pass_on(&mut plain_protocol(), [&frames.concat()[..]]) == (passed_on.concat(), None));
}

#[test]
fn a_reserved_bit_is_rejected_with_its_header() {
    for first in [0xc1, 0xa2, 0x91, 0xf1, 0xc9, 0xc8] {
        assert_eq!(
            plain(&frame(0x82, b"before"), &head(first, 5)),
            Some(ProtocolViolation::ReservedBits),
            "{first:#x}"
        );
    }
    assert_eq!(plain(&frame(0x01, b"a"), &head(0xc0, 1)), Some(ProtocolViolation::ReservedBits));
}

#[test]
fn rsv1_is_rejected_where_deflate_gives_it_no_meaning() {
    for (before, first) in [(&b""[..], 0xc9), (b"", 0xc8), (&frame(0x02, b"a"), 0xc0), (b"", 0xe1), (b"", 0x91)] {
        assert_eq!(
            verdict(deflate_protocol, before, &head(first, 1)),
            Some(ProtocolViolation::ReservedBits),
            "{first:#x}"
        );
    }
}

#[test]
fn a_reserved_opcode_is_rejected_with_its_header() {
    for opcode in [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        assert_eq!(plain(b"", &head(0x80 | opcode, 1)), Some(ProtocolViolation::ReservedOpcode(opcode)));
    }
}

#[test]
fn a_frame_without_a_mask_is_rejected() {
    assert_eq!(plain(b"", b"\x81\x05Hello"), Some(ProtocolViolation::Unmasked));
    assert_eq!(plain(b"", b"\x89\x00"), Some(ProtocolViolation::Unmasked));
}

#[test]
fn a_frame_that_breaks_the_protocol_is_told_so_before_its_size() {
    let before = frame(0x01, &[b'x'; 1 << 20]);
    assert_eq!(plain(&before, b"\x00\x01x"), Some(ProtocolViolation::Unmasked));
    assert_eq!(plain(&before, &head(0x81, 1 << 21)), Some(ProtocolViolation::UnexpectedMessage));
    assert_eq!(plain(&before, &head(0xc0, 1 << 21)), Some(ProtocolViolation::ReservedBits));
}

#[test]
fn a_control_frame_that_is_fragmented_or_long_is_rejected_with_its_header() {
    for opcode in [8, 9, 10] {
        assert_eq!(plain(b"", &head(opcode, 1)), Some(ProtocolViolation::FragmentedControl));
        assert_eq!(plain(b"", &head(0x80 | opcode, 126)), Some(ProtocolViolation::LongControl(126)));
        let longest = u64::MAX >> 1;
        assert_eq!(plain(b"", &head(0x80 | opcode, longest)), Some(ProtocolViolation::LongControl(longest)));
    }
}

#[test]
fn a_length_that_is_not_in_its_shortest_form_is_rejected_with_its_header() {
    let padded = |first, length: &[u8]| [&[first], length, &[1, 2, 3, 4]].concat();
    for first in [0x81, 0x82, 0x01, 0x88, 0x89, 0x8a] {
        for (length, value) in [
            (&[0xfe, 0, 0][..], 0),
            (&[0xfe, 0, 125], 125),
            (&[0xff, 0, 0, 0, 0, 0, 0, 0, 5], 5),
            (&[0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 0xffff),
        ] {
            let violation = Some(ProtocolViolation::PaddedLength(value));
            assert_eq!(plain(&frame(0x82, b"before"), &padded(first, length)), violation, "{first:#x} {length:?}");
            assert_eq!(verdict(deflate_protocol, b"", &padded(first, length)), violation);
        }
    }
    assert_eq!(verdict(deflate_protocol, b"", &padded(0xc1, &[0xfe, 0, 1])), Some(ProtocolViolation::PaddedLength(1)));
    assert_eq!(plain(&frame(0x01, b"a"), &padded(0x80, &[0xfe, 0, 1])), Some(ProtocolViolation::PaddedLength(1)));
}

#[test]
fn a_length_with_its_top_bit_set_is_rejected_with_its_header() {
    for first in [0x81, 0x82, 0x01, 0x88, 0x89, 0x8a] {
        for length in [1 << 63, u64::MAX] {
            assert_eq!(plain(b"", &head(first, length)), Some(ProtocolViolation::LengthTopBit), "{first:#x}");
        }
    }
    assert_eq!(plain(&frame(0x02, b"a"), &head(0x80, 1 << 63)), Some(ProtocolViolation::LengthTopBit));
}

#[test]
fn a_continuation_of_nothing_is_rejected() {
    assert_eq!(plain(b"", &head(0x80, 1)), Some(ProtocolViolation::UnexpectedContinuation));
    assert_eq!(plain(&frame(0x81, b"whole"), &head(0x00, 0)), Some(ProtocolViolation::UnexpectedContinuation));
}

#[test]
fn a_message_within_a_message_is_rejected() {
    let before = [frame(0x01, b"a"), frame(0x89, b"ping")].concat();
    assert_eq!(plain(&before, &head(0x81, 1)), Some(ProtocolViolation::UnexpectedMessage));
    assert_eq!(plain(&before, &head(0x02, 0)), Some(ProtocolViolation::UnexpectedMessage));
}

#[test]
fn a_message_over_the_limit_is_rejected_with_the_header_that_says_so() {
    assert_eq!(plain(b"", &head(0x82, (1 << 20) + 1)), Some(ProtocolViolation::BigMessage(1 << 20)));
    assert_eq!(plain(b"", &head(0x82, u64::MAX >> 1)), Some(ProtocolViolation::BigMessage(1 << 20)));
    assert_eq!(plain(b"", &frame(0x82, &[0; 1 << 20])), None);
    let before = frame(0x02, &[0; 1 << 20]);
    assert_eq!(plain(&before, &head(0x80, 1)), Some(ProtocolViolation::BigMessage(1 << 20)));
    assert_eq!(plain(&before, &head(0x80, u64::MAX >> 1)), Some(ProtocolViolation::BigMessage(1 << 20)));
}

#[test]
fn a_message_in_too_many_fragments_is_rejected() {
    let before = [frame(0x01, b""), frame(0x00, b"").repeat(4095)].concat();
    assert_eq!(plain(&before, &head(0x80, 0)), Some(ProtocolViolation::ManyFragments(4096)));
    assert_eq!(plain(&before[..before.len() - frame(0x00, b"").len()], &frame(0x80, b"")), None);
}

#[test]
fn bad_utf8_is_rejected_with_the_byte_that_shows_it() {
    let text = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited";
    let whole = frame(0x81, text);
    let header = whole.len() - text.len();
    let mut protocol = plain_protocol();
    let singles = whole.chunks(1).take(header + 12);
    assert_eq!(pass_on(&mut protocol, singles), (vec![], None));
    assert_eq!(pass_on(&mut protocol, [&whole[header + 12..][..1]]), (vec![], Some(ProtocolViolation::InvalidUtf8)));
}

#[test]
fn bad_utf8_is_rejected_across_fragments_and_control_frames() {
    let before = [frame(0x01, b"\xf4"), frame(0x89, b"\xff\xff")].concat();
    assert_eq!(plain(&before, &frame(0x00, b"\x90")[..6]), None);
    let (_, violation) = pass_on(&mut plain_protocol(), [&before[..], &frame(0x00, b"\x90")]);
    assert_eq!(violation, Some(ProtocolViolation::InvalidUtf8));
}

#[test]
fn a_close_frame_is_judged_as_a_whole() {
    let cases = [
        (&b"\x03"[..], ProtocolViolation::HalfCloseCode),
        (b"\x03\xe8\xff", ProtocolViolation::InvalidUtf8),
        (b"\x03\xedwhy", ProtocolViolation::CloseCode(1005)),
        (b"\x03\xf7", ProtocolViolation::CloseCode(1015)),
        (b"\x13\x88", ProtocolViolation::CloseCode(5000)),
    ];
    for (payload, violation) in cases {
        let close = frame(0x88, payload);
        assert_eq!(plain(&frame(0x82, b"before"), &close), Some(violation));
        assert_eq!(pass_on(&mut plain_protocol(), close.chunks(1)), (vec![], Some(violation)));
    }
}

#[test]
fn bytes_after_a_close_frame_do_not_count() {
    let close = frame(0x88, b"\x03\xe8");
    let mut protocol = plain_protocol();
    assert_eq!(pass_on(&mut protocol, [&close[..], b"\xff\xff garbage", b"more"]), (vec![], None));
    assert_eq!(protocol.received().frames, 1);
}

#[test]
fn a_reject_is_for_ever() {
    let mut protocol = plain_protocol();
    for _ in 0..3 {
        assert_eq!(pass_on(&mut protocol, [&b"\x81\x00"[..]]).1, Some(ProtocolViolation::Unmasked));
    }
}

#[test]
fn what_came_is_counted() {
    let frames =
        [frame(0x01, b"a"), frame(0x89, b""), frame(0x80, b"b"), frame(0xc1, b"\0"), frame(0x82, b"c")].concat();
    let mut protocol = deflate_protocol();
    pass_on(&mut protocol, frames.chunks(3));
    let received = protocol.received();
    assert_eq!((received.bytes, received.frames, received.messages(), received.compressed), (34, 5, 3, 1));
}

#[test]
fn only_a_frame_or_a_message_that_is_not_whole_is_within_a_message() {
    let mut protocol = deflate_protocol();
    assert!(protocol.is_between_messages());
    for (bytes, between) in [
        (frame(0x81, b"whole"), true),
        (frame(0x89, b""), true),
        (frame(0x01, b"part"), false),
        (frame(0x89, b"ping"), false),
        (frame(0x80, b""), true),
        (frame(0x42, b""), false),
        (frame(0x80, b"\0"), true),
        (frame(0x82, b"cut")[..7].to_vec(), false),
    ] {
        assert_eq!(pass_on(&mut protocol, [&bytes[..]]).1, None);
        assert_eq!(protocol.is_between_messages(), between, "after {}", bytes.escape_ascii());
    }
}
