use proptest::prelude::*;

use super::*;
use crate::class::Class;
use crate::document::Document;

/// The lines without the notes about how they were written, and what was broken.
fn decoded(message: &[u8], format: Format) -> (Vec<String>, Option<String>) {
    let (outline, broken) = decode(message, format);
    let rows = Document::decoded(outline, 1000);
    let rows = rows.rows(0, rows.len()).into_iter().map(|row| {
        let spans = row.spans.iter().map(|(_, text)| text.as_str());
        spans.collect::<String>()
    });
    (rows.collect(), broken.map(|broken| broken.to_string()))
}

#[test]
fn a_messagepack_value_keeps_numbers_order_and_repeated_keys() {
    let message = b"\x84\xa1b\xcd\x03\xe8\xa1a\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1a\x92\xc0\xcb\x3f\xf8\0\0\0\0\0\0\x05\xc4\x02\xab\xcd";
    let lines = [
        "map of 4",
        "  \"b\": 1000  uint16",
        "  \"a\": 18446744073709551615  uint64",
        "  \"a\": array of 2",
        "    0: null",
        "    1: 1.5  float64",
        "  5: ab cd  binary of 2 bytes",
    ];
    assert_eq!(decoded(message, Format::MessagePack), (lines.map(str::to_owned).to_vec(), None));
}

#[test]
fn a_broken_message_is_read_up_to_where_it_breaks() {
    let (lines, broken) = decoded(b"\x82\xa1a\x01\xa1b\xa5hell", Format::MessagePack);
    assert_eq!(lines, ["map of 2", "  \"a\": 1"]);
    assert_eq!(broken.as_deref(), Some("byte 7: a string takes 5 bytes, 4 are left"));
    let (_, broken) = decoded(&[0x91; 1000], Format::MessagePack);
    assert_eq!(broken.as_deref(), Some("byte 256: nested deeper than 256 values"));
    let (lines, broken) = decoded(&[b"\xdd\xff\xff\xff\xff".to_vec(), vec![0; 200_000]].concat(), Format::MessagePack);
    assert_eq!(
        (lines.len(), broken.as_deref()),
        (100_000, Some("byte 100004: only the first 100000 values are shown"))
    );
}

/// The text of each line without its note.
fn told(message: &[u8], format: Format) -> Vec<String> {
    let (outline, broken) = decode(message, format);
    assert_eq!(broken, None, "{}", message.escape_ascii());
    let rows = Document::decoded(outline, 100_000);
    let rows = rows.rows(0, rows.len()).into_iter().map(|row| {
        let spans = row.spans.into_iter().filter(|(class, _)| *class != Class::Note).map(|(_, text)| text);
        spans.collect::<String>().trim().to_owned()
    });
    rows.collect()
}

/// What a value of JSON has to be shown as, after its name.
fn lines_of(value: &serde_json::Value, name: &str, lines: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::Array(items) if !items.is_empty() => {
            lines.push(name.trim().to_owned());
            items.iter().for_each(|item| lines_of(item, ": ", lines));
        }
        Value::Object(members) if !members.is_empty() => {
            lines.push(name.trim().to_owned());
            members.iter().for_each(|(key, value)| lines_of(value, &format!("{}: ", model::json::quoted(key)), lines));
        }
        scalar => lines.push(format!("{name}{scalar}").trim().to_owned()),
    }
}

/// A hundred messages that the library wrote which is used most; `fixtures/make.mjs` has made them.
#[test]
fn what_the_real_libraries_write_is_read() {
    for (format, fixtures) in [
        (Format::MessagePack, include_str!("fixtures/messagepack.jsonl")),
        (Format::Cbor, include_str!("fixtures/cbor.jsonl")),
        (Format::SocketIo, include_str!("fixtures/socket-io.jsonl")),
        (Format::JsonRpc, include_str!("fixtures/json-rpc.jsonl")),
        (Format::GraphQl, include_str!("fixtures/graphql-ws.jsonl")),
    ] {
        assert_eq!(fixtures.lines().count(), 100, "{format:?}");
        for line in fixtures.lines() {
            let fixture: serde_json::Value = serde_json::from_str(line).unwrap();
            let message = match fixture["text"].as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => model::decode_hex(fixture["hex"].as_str().unwrap()).unwrap(),
            };
            let told = told(&message, format);
            if let Some(value) = fixture.get("value") {
                let mut lines = Vec::new();
                lines_of(value, "", &mut lines);
                // JavaScript writes a whole number beyond 2³² as a float.
                let told: Vec<_> = told.iter().map(|line| line.trim_end_matches(".0")).collect();
                assert_eq!(told, lines, "{format:?}: {line}");
            } else {
                for wanted in fixture["lines"].as_array().unwrap() {
                    let wanted = visible_line(wanted.as_str().unwrap());
                    assert!(told.contains(&wanted), "{format:?}: {wanted} is not in {told:?}");
                }
            }
            let recognised = recognised(&message);
            assert!(recognised.is_none_or(|recognised| recognised == format), "{line} is taken for {recognised:?}");
        }
    }
}

/// As a row shows it.
fn visible_line(text: &str) -> String {
    model::visible(text).into_owned()
}

#[test]
fn only_what_is_beyond_doubt_is_recognised() {
    for (message, format) in [
        (&br#"{"jsonrpc":"2.0","method":"add","id":1}"#[..], Some(Format::JsonRpc)),
        (br#"[{"jsonrpc":"2.0","id":1,"result":2}]"#, Some(Format::JsonRpc)),
        (br#"{"method":"add","id":1}"#, None),
        (br#"42["news",{"a":1}]"#, Some(Format::SocketIo)),
        (br#"0{"sid":"a","pingInterval":25000}"#, Some(Format::SocketIo)),
        (b"42", None),
        (b"2", None),
        (br#"{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}"#, Some(Format::GraphQl)),
        (br#"{"type":"ping"}"#, None),
        (b"\x81\xaatemperature", None),
        (b"\x81\xabtemperature\x15\x00", None),
        (b"\x82\xabtemperature\x15\xa4room\xadnorthern hall", Some(Format::MessagePack)),
        (b"\xa2\x6btemperature\x15\x64room\x6dnorthern hall", Some(Format::Cbor)),
        (b"\x83\xa6sensor\xa5north\xa5value\xcd\x01\x00\xa4seen\x92\x01\xc0", Some(Format::MessagePack)),
        (b"\x83\xa6sensor\xa5nor\xffh\xa5value\xcd\x01\x00\xa4seen\x92\x01\xc0", None),
        (b"Hello, world: a text of some length", None),
        (b"", None),
    ] {
        assert_eq!(recognised(message), format, "{}", message.escape_ascii());
    }
}

#[test]
fn a_subprotocol_or_an_address_announces_a_format() {
    assert_eq!(Format::announced("wss://a/graphql", "graphql-transport-ws"), Some(Format::GraphQl));
    assert_eq!(Format::announced("wss://a/socket.io/?EIO=4&transport=websocket", ""), Some(Format::SocketIo));
    assert_eq!(Format::announced("wss://a/?EIO=40&transport=websocket#EIO=4", "chat"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn random_bytes_are_recognised_as_nothing(message in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(recognised(&message), None);
    }
}

proptest! {
    #[test]
    fn every_format_takes_every_message(message in prop::collection::vec(any::<u8>(), 0..2000)) {
        for &format in Format::ALL {
            let (outline, broken) = decode(&message, format);
            let document = Document::decoded(outline, 40);
            let rows = document.rows(0, document.len());
            prop_assert_eq!(rows.len(), document.len() as usize);
            prop_assert!(broken.is_none_or(|broken| broken.at <= message.len()));
        }
    }
}
