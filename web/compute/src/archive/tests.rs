use model::{Content, Direction, Kind, Log, Payload, Source, Time, Tone, json};
use proptest::prelude::*;

use super::*;

/// The moment zero of the logs here: 2026-11-22T17:20:00Z.
const ORIGIN: f64 = 1_795_368_000_000.0;

fn log() -> Log {
    let mut log = Log::default();
    log.push_note(Time(0.5), Kind::Error, Tone::Warning, "Not sent: the connection had already closed");
    log.push_message(Time(1000.25), Direction::Sent, Source::Automatic, Content::Text("a,\"b\"\n"));
    log.push_message(Time(1250.0), Direction::Received, Source::Person, Content::Binary(&[0xfb, 0xff]));
    log
}

fn exported(format: ArchiveFormat, log: &Log) -> String {
    let mut file = String::new();
    let mut exporter = Exporter::new(format, "ws://a/", ORIGIN);
    log.iter_from(0).for_each(|entry| exporter.push(entry, &mut file));
    exporter.end(&mut file);
    file
}

#[test]
fn json_lines_have_a_line_for_each_entry() {
    let lines = [
        r#"{"seq":1,"time":"2026-11-22T17:20:00.000500Z","kind":"error","tone":"warning","size":43,"text":"Not sent: the connection had already closed"}"#,
        r#"{"seq":2,"time":"2026-11-22T17:20:01.000250Z","kind":"text","direction":"sent","source":"automatic","size":6,"text":"a,\"b\"\n"}"#,
        r#"{"seq":3,"time":"2026-11-22T17:20:01.250000Z","kind":"binary","direction":"received","size":2,"base64":"+/8="}"#,
        "",
    ];
    assert_eq!(exported(ArchiveFormat::JsonLines, &log()), lines.join("\n"));
}

#[test]
fn the_size_of_a_cut_message_is_that_of_the_whole() {
    let mut log = Log::default();
    log.push_cut_message(Time(0.0), Direction::Received, Source::Person, Content::Text("begin"), 1000);
    assert!(exported(ArchiveFormat::JsonLines, &log).contains(r#""size":1005,"text":"begin""#));
    assert!(exported(ArchiveFormat::Csv, &log).contains(",received,,1005,,\"begin\""));
    assert!(exported(ArchiveFormat::Har, &log).contains(r#""_size":1005,"opcode":1,"data":"begin""#));
}

#[test]
fn csv_quotes_what_it_must() {
    let rows = [
        "\u{feff}seq,time,kind,direction,source,size,encoding,content",
        "1,2026-11-22T17:20:00.000500Z,error,,,43,,\"Not sent: the connection had already closed\"",
        "2,2026-11-22T17:20:01.000250Z,text,sent,automatic,6,,\"a,\"\"b\"\"\n\"",
        "3,2026-11-22T17:20:01.250000Z,binary,received,,2,base64,\"'+/8=\"",
        "",
    ];
    assert_eq!(exported(ArchiveFormat::Csv, &log()), rows.join("\r\n"));
}

#[test]
fn csv_keeps_a_spreadsheet_from_running_what_a_peer_has_sent() {
    let cell = |text: &str| {
        let mut log = Log::default();
        log.push_message(Time(0.0), Direction::Received, Source::Person, Content::Text(text));
        let file = exported(ArchiveFormat::Csv, &log);
        let (_, row) = file.split_once("\r\n").unwrap();
        row.splitn(8, ',').last().unwrap().trim_end_matches("\r\n").to_owned()
    };
    for sign in ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "\u{2212}"] {
        for before in ["", " ", "\t", "\r\n", "\u{a0}", "\u{3000}", "\u{200b}", "\u{feff}", "\0", " \n\u{2003}"] {
            let text = format!("{before}{sign}cmd|' /C calc'!A0");
            assert_eq!(cell(&text), format!("\"'{text}\""), "{text:?}");
        }
    }
    for text in ["\tx", "\rx", "\nx"] {
        assert_eq!(cell(text), format!("\"'{text}\""));
    }
    for text in ["", " x", "a=b", "'", "1+1", "grüße ❤\u{fe0f}"] {
        assert_eq!(cell(text), format!("\"{text}\""));
    }
}

#[test]
fn har_has_the_messages_as_chrome_writes_them() {
    let file = exported(ArchiveFormat::Har, &log());
    let har = json::parse(&file).unwrap();
    let request = har.member("log").and_then(|log| log.member("entries")).and_then(|entries| entries.element(0));
    let request = request.unwrap();
    assert_eq!(request.member("_resourceType").unwrap().to_string(), r#""websocket""#);
    assert_eq!(request.member("startedDateTime").unwrap().to_string(), r#""2026-11-22T17:20:00.000500Z""#);
    assert_eq!(
        request.member("_webSocketMessages").unwrap().to_string(),
        concat!(
            r#"[{"type":"send","time":1795368001.000250,"_source":"automatic","opcode":1,"data":"a,\"b\"\n"},"#,
            r#"{"type":"receive","time":1795368001.250000,"opcode":2,"data":"+/8="}]"#
        )
    );
}

#[test]
fn a_har_file_of_chrome_is_read() {
    let har = r#"{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[],"entries":[
        {"_resourceType":"document","request":{"url":"http://a/"}},
        {"_resourceType":"websocket","request":{"url":"wss://a/chat"},"_webSocketMessages":[
            {"type":"send","time":1795368001.0412345,"opcode":2,"data":"+/8="},
            {"type":"receive","time":1795368001.5,"opcode":1,"data":"later"},
            {"type":"error","time":1795368002,"opcode":-1,"data":"Invalid frame header"},
            {"type":"receive","opcode":9,"data":""},
            {"type":"send","time":null,"opcode":8}
        ]},
        {"_resourceType":"websocket","request":{"url":"ws://b/"},"_webSocketMessages":[
            {"type":"send","time":1795368001,"opcode":1,"data":"of another connection"}
        ]}
    ]}}"#;
    let Imported { logs, skipped, .. } = import(har.as_bytes()).unwrap();
    assert_eq!(skipped, 0);
    let urls: Vec<_> = logs.iter().map(|connection| connection.url.as_str()).collect();
    assert_eq!(urls, ["wss://a/chat", "ws://b/"]);
    let entry = |micros, kind, direction, payload| ImportedEntry {
        micros,
        kind,
        direction: Some(direction),
        source: Source::Person,
        tone: Tone::Neutral,
        payload,
        cut: 0,
    };
    let note = |kind: Kind, words: &str| ImportedEntry {
        micros: 1_795_368_002_000_000,
        kind,
        direction: None,
        source: Source::Person,
        tone: kind.usual_tone(),
        payload: Payload::Text(words.to_owned()),
        cut: 0,
    };
    assert_eq!(
        logs[0].entries,
        [
            entry(1_795_368_001_041_234, Kind::Binary, Direction::Sent, Payload::Binary(vec![0xfb, 0xff])),
            entry(1_795_368_001_500_000, Kind::Text, Direction::Received, Payload::Text("later".to_owned())),
            note(Kind::Error, "Invalid frame header"),
            note(Kind::Note, "Ping received"),
            note(Kind::Close, "Close frame sent"),
        ]
    );
}

/// HAR of one WebSocket with these messages.
fn har(messages: &str) -> String {
    format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2026-11-22T18:20:00.5+01:00","_webSocketMessages":[{messages}]}}]}}}}"#
    )
}

fn micros(file: &str) -> Vec<u64> {
    import(file.as_bytes()).unwrap().logs[0].entries.iter().map(|entry| entry.micros).collect()
}

#[test]
fn the_times_of_har_are_numbers_in_any_unit_or_texts_or_missing() {
    let message = |time: &str| format!(r#"{{"type":"send","opcode":1,"data":""{time}}}"#);
    let times = ["", r#","time":1795368001.5"#, r#","time":1795368001500.25"#, "", r#","time":1.795368002E9"#];
    let file = har(&times.map(message).join(","));
    assert_eq!(
        micros(&file),
        [
            1_795_368_000_500_000,
            1_795_368_001_500_000,
            1_795_368_001_500_250,
            1_795_368_001_500_250,
            1_795_368_002_000_000
        ]
    );
    assert_eq!(micros(&har(&message(r#","time":"2026-11-22T17:20:03Z""#))), [1_795_368_003_000_000]);
}

#[test]
fn entries_that_are_not_understood_are_skipped_and_counted() {
    let file = har(r#"{"type":"send","time":1,"opcode":1,"data":"a"},
           {"type":"sent","time":1,"opcode":1,"data":"b"},
           {"type":"send","time":"today","opcode":1,"data":"c"},
           {"type":"send","time":1,"opcode":2,"data":"é"},
           {"type":"send","time":1,"opcode":7,"data":"e"},
           7,
           {"type":"receive","time":1,"data":"g"}"#);
    let Imported { logs, skipped, first_skipped } = import(file.as_bytes()).unwrap();
    let texts: Vec<_> = logs[0].entries.iter().map(|entry| entry.payload.content()).collect();
    assert_eq!(texts, [Content::Text("a"), Content::Text("g")]);
    assert_eq!(skipped, 5);
    assert_eq!(
        first_skipped.unwrap().to_string(),
        r#"message 2 of the HAR file: type "sent" is neither "send" nor "receive" nor "error""#
    );
}

#[test]
fn files_of_editors_and_shells_are_read() {
    let line = r#"{"time":"2026-11-22T17:20:00Z","kind":"text","direction":"sent","text":"grüße"}"#;
    let lines = format!("{line}\r\n\r\n  \r\n{line}\r\n\r\n");
    let utf_16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let har = har(r#"{"type":"send","time":1,"opcode":1,"data":"grüße"}"#).replace(',', ",\r\n");
    for (file, count) in [
        (lines.clone().into_bytes(), 2),
        (marked(b"\xef\xbb\xbf", lines.as_bytes()), 2),
        (marked(b"\xff\xfe", &utf_16), 2),
        (utf_16, 2),
        (marked(b"\xef\xbb\xbf", har.as_bytes()), 1),
    ] {
        let imported = import(&file).unwrap();
        assert_eq!((imported.skipped, imported.logs[0].entries.len()), (0, count));
        assert_eq!(imported.logs[0].entries[0].payload, Payload::Text("grüße".to_owned()));
    }
}

#[test]
fn a_wrong_file_is_called_what_it_seems_to_be() {
    let error = |text: &str| import(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error(" \n"), "the file is empty: it must be JSON Lines as exported here, or HAR");
    assert_eq!(error(&har("")), "the HAR file has no WebSocket messages (_webSocketMessages)");
    assert_eq!(
        error(&exported(ArchiveFormat::Csv, &log())),
        "the file is CSV, which cannot be imported: export JSON Lines or HAR instead"
    );
    assert_eq!(error(r#"{"messages":[]}"#), "this is a file of saved messages: import it next to their list");
    assert_eq!(error(r#"{"sequences":[]}"#), "this is a file of saved sequences: import it next to their list");
    assert_eq!(
        error("{\n \"log\": {"),
        "the file is neither HAR (line 2, column 10: expected a name in quotes, found the end) \
         nor JSON Lines (line 1: column 2: expected a name in quotes, found the end)"
    );
    assert_eq!(import(b"PK\x03\x04").unwrap_err().to_string(), "the file is compressed: unpack it first");
    assert_eq!(import(b"\x89PNG").unwrap_err().to_string(), "the file is not text: byte 1 is not UTF-8");
}

#[test]
fn a_wrong_line_is_named_with_its_place() {
    let error = |text: &str| import(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("\nhello"), "line 2: column 1: \"hello\" is not a value; a string needs quotes");
    assert_eq!(error(r#"{"time":"today"}"#), "line 1: \"today\" is not a time");
    let long = "t".repeat(3 << 20);
    assert!(error(&format!(r#"{{"time":"{long}"}}"#)).len() < 300, "only the beginning is named");
    let line = |rest: &str| format!(r#"{{"time":"2026-11-22T17:20:00Z",{rest}}}"#);
    assert_eq!(error(&line(r#""kind":"ping""#)), "line 1: \"ping\" is not a kind");
    assert_eq!(error(&line(r#""kind":"text","text":"a""#)), "line 1: kind \"text\" does not match its direction");
    assert_eq!(
        error(&line(r#""kind":"binary","direction":"sent","base64":"a!""#)),
        "line 1: '!' at character 2 is not a base64 digit"
    );
}

/// A log of this page, or one that was imported.
fn any_log() -> impl Strategy<Value = Log> {
    let content = prop_oneof![
        any::<String>().prop_map(Payload::Text),
        any::<Vec<u8>>().prop_map(Payload::Binary),
        "[=+@\\-\u{feff}\"'\r\n]{1,4}".prop_map(Payload::Text),
    ];
    let cut = prop_oneof![3 => Just(0), 1 => any::<u64>().prop_map(|cut| cut >> 1)];
    let message =
        (content, any::<bool>(), any::<bool>(), cut).prop_map(|(payload, is_sent, is_automatic, cut)| ImportedEntry {
            micros: 0,
            kind: if matches!(payload, Payload::Text(_)) { Kind::Text } else { Kind::Binary },
            direction: Some(if is_sent { Direction::Sent } else { Direction::Received }),
            source: if is_automatic { Source::Automatic } else { Source::Person },
            tone: Tone::Neutral,
            payload,
            cut,
        });
    let note =
        (2..Kind::ALL.len(), 0..Tone::ALL.len(), any::<String>()).prop_map(|(kind, tone, words)| ImportedEntry {
            micros: 0,
            kind: Kind::ALL[kind],
            direction: None,
            source: Source::Person,
            tone: Tone::ALL[tone],
            payload: Payload::Text(words),
            cut: 0,
        });
    // Until 2039, when milliseconds since 1970 in an `f64` begin to lose microseconds.
    let entry = (prop_oneof![message, note], 0..2_190_000_000_000_000_u64);
    proptest::collection::vec(entry, 1..10).prop_map(|entries| {
        let mut log = Log::default();
        for (entry, micros) in entries {
            log.push_entry(ImportedEntry { micros, ..entry }.entry(ORIGIN));
        }
        log
    })
}

proptest! {
    #[test]
    fn a_log_is_the_same_after_export_and_import(log in any_log()) {
        let entries = |log: &Log| -> Vec<_> {
            log.iter_from(0).map(|entry| (entry.at, entry.label, entry.content.to_payload(), entry.cut)).collect()
        };
        let mut messages = entries(&log);
        messages.retain(|(_, label, ..)| label.direction.is_some());
        for (format, expected) in [(ArchiveFormat::JsonLines, entries(&log)), (ArchiveFormat::Har, messages)] {
            let file = exported(format, &log);
            if expected.is_empty() {
                prop_assert_eq!(import(file.as_bytes()), Err(ImportError::NoMessages));
                continue;
            }
            let Imported { mut logs, skipped, .. } = import(file.as_bytes()).unwrap();
            prop_assert_eq!((logs.len(), skipped), (1, 0));
            let mut read = Log::default();
            for entry in logs.remove(0).entries {
                read.push_entry(entry.entry(ORIGIN));
            }
            prop_assert_eq!(entries(&read), expected);
        }
    }

    #[test]
    fn no_bytes_make_the_import_panic(
        text in r#"[\[\]{}:",a-z0-9\n]{0,60}"#,
        time in "[0-9.eE+:TZ-]{0,24}",
        bytes: Vec<u8>,
    ) {
        let _ = import(text.as_bytes());
        let _ = import(har(&format!(r#"{{"type":"send","time":{time},"data":"{text}"}}"#)).as_bytes());
        let _ = import(har(&format!(r#"{{"type":"send","time":"{time}","data":""}}"#)).as_bytes());
        let _ = import(&bytes);
    }
}
