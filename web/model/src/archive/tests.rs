use proptest::prelude::*;

use super::*;
use crate::data::json;
use crate::data::payload::{Content, Payload};
use crate::data::time::Time;
use crate::log::{Direction, Kind, Log, Source, Tone};

/// The moment zero of the logs here: 2026-11-22T17:20:00Z.
const ORIGIN: f64 = 1_795_368_000_000.0;

fn log() -> Log {
    let mut log = Log::default();
    log.push_note(Time(0.5), Kind::Error, Tone::Warning, "Not sent: the connection had just gone");
    log.push_message(Time(1000.25), Direction::Sent, Source::Automatic, Content::Text("a,\"b\"\n"));
    log.push_message(Time(1250.0), Direction::Received, Source::Person, Content::Binary(&[0xfb, 0xff]));
    log
}

fn exported(format: ArchiveFormat, log: &Log) -> String {
    let mut file = String::new();
    export(format, "ws://a/", ORIGIN, &mut log.iter_from(0), &mut |piece| file += piece);
    file
}

#[test]
fn json_lines_have_a_line_for_each_entry() {
    let lines = [
        r#"{"seq":1,"time":"2026-11-22T17:20:00.000500Z","kind":"error","size":38,"text":"Not sent: the connection had just gone"}"#,
        r#"{"seq":2,"time":"2026-11-22T17:20:01.000250Z","kind":"text","direction":"sent","source":"automatic","size":6,"text":"a,\"b\"\n"}"#,
        r#"{"seq":3,"time":"2026-11-22T17:20:01.250000Z","kind":"binary","direction":"received","size":2,"base64":"+/8="}"#,
        "",
    ];
    assert_eq!(exported(ArchiveFormat::JsonLines, &log()), lines.join("\n"));
}

#[test]
fn csv_quotes_what_it_must() {
    let rows = [
        "seq,time,kind,direction,source,size,encoding,content",
        "1,2026-11-22T17:20:00.000500Z,error,,,38,,\"Not sent: the connection had just gone\"",
        "2,2026-11-22T17:20:01.000250Z,text,sent,automatic,6,,\"a,\"\"b\"\"\n\"",
        "3,2026-11-22T17:20:01.250000Z,binary,received,,2,base64,+/8=",
        "",
    ];
    assert_eq!(exported(ArchiveFormat::Csv, &log()), rows.join("\r\n"));
}

#[test]
fn csv_keeps_a_spreadsheet_from_running_what_a_peer_has_sent() {
    let mut log = Log::default();
    log.push_message(Time(0.0), Direction::Received, Source::Person, Content::Text("=cmd|' /C calc'!A0"));
    assert!(exported(ArchiveFormat::Csv, &log).ends_with(",\"'=cmd|' /C calc'!A0\"\r\n"));
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
            r#"[{"type":"send","time":1795368001.000250,"opcode":1,"data":"a,\"b\"\n"},"#,
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
            {"type":"receive","time":1795368002,"opcode":9,"data":""}
        ]},
        {"_resourceType":"websocket","request":{"url":"ws://b/"},"_webSocketMessages":[
            {"type":"send","time":1795368001,"opcode":1,"data":"of another connection"}
        ]}
    ]}}"#;
    let imported = import(har).unwrap();
    let urls: Vec<_> = imported.iter().map(|connection| connection.url.as_str()).collect();
    assert_eq!(urls, ["wss://a/chat", "ws://b/"]);
    let entry = |micros, kind, direction, payload| ImportedEntry {
        micros,
        kind,
        direction: Some(direction),
        source: Source::Person,
        payload,
    };
    assert_eq!(
        imported[0].entries,
        [
            entry(1_795_368_001_041_234, Kind::Binary, Direction::Sent, Payload::Binary(vec![0xfb, 0xff])),
            entry(1_795_368_001_500_000, Kind::Text, Direction::Received, Payload::Text("later".to_owned())),
        ]
    );
}

#[test]
fn a_wrong_file_is_told_with_the_place() {
    let error = |text: &str| import(text).unwrap_err().to_string();
    let nothing = "the file has no messages: it must be JSON Lines as exported here, or HAR with _webSocketMessages";
    assert_eq!(error(" \n"), nothing);
    assert_eq!(error(r#"{"log":{"entries":[{}]}}"#), nothing);
    assert_eq!(error("\nhello"), "line 2: column 1: \"hello\" is no value; a string needs quotes");
    assert_eq!(error(r#"{"time":"today"}"#), "line 1: \"today\" is no time in UTC");
    let line = |rest: &str| format!(r#"{{"time":"2026-11-22T17:20:00Z",{rest}}}"#);
    assert_eq!(error(&line(r#""kind":"ping""#)), "line 1: \"ping\" is no kind");
    assert_eq!(error(&line(r#""kind":"text","text":"a""#)), "line 1: kind \"text\" does not go with its direction");
    assert_eq!(
        error(&line(r#""kind":"binary","direction":"sent","base64":"a!""#)),
        "line 1: '!' at character 2 is no base64 digit"
    );
    let message = |message: &str| format!(r#"{{"log":{{"entries":[{{"_webSocketMessages":[{message}]}}]}}}}"#);
    assert_eq!(
        error(&message(r#"{"time":1e9}"#)),
        "message 1 of the HAR file: time 1e9 is no number of seconds since 1970"
    );
    assert_eq!(
        error(&message(r#"{"time":1,"type":"sent"}"#)),
        "message 1 of the HAR file: type \"sent\" is neither \"send\" nor \"receive\""
    );
}

#[test]
fn a_long_log_is_written_piece_by_piece() {
    let mut log = Log::default();
    for _ in 0..100 {
        log.push_message(Time(0.0), Direction::Sent, Source::Person, Content::Text(&"x".repeat(10_000)));
    }
    let mut pieces = 0;
    export(ArchiveFormat::JsonLines, "", ORIGIN, &mut log.iter_from(0), &mut |_| pieces += 1);
    assert_eq!(pieces, 4);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        messages in proptest::collection::vec((any::<String>(), any::<Vec<u8>>(), any::<bool>(), 0u32..1_000_000), 1..10),
    ) {
        let mut log = Log::default();
        let mut now = 0.0;
        for (text, bytes, is_sent, gap) in &messages {
            now += f64::from(*gap) / 8.0;
            let direction = if *is_sent { Direction::Sent } else { Direction::Received };
            log.push_message(Time(now), direction, Source::Person, Content::Text(text));
            log.push_message(Time(now), direction, Source::Automatic, Content::Binary(bytes));
        }
        for format in [ArchiveFormat::JsonLines, ArchiveFormat::Har] {
            let imported = import(&exported(format, &log)).unwrap();
            prop_assert_eq!(imported[0].entries.len(), log.len());
            for (read, written) in imported[0].entries.iter().zip(log.iter_from(0)) {
                prop_assert_eq!(read.payload.content(), written.content);
                prop_assert_eq!(read.direction, written.label.direction);
                prop_assert_eq!(read.kind, written.label.kind);
                prop_assert_eq!(read.micros, ((ORIGIN + written.at.0) * 1000.0) as u64);
            }
        }
    }

    #[test]
    fn no_text_makes_the_import_panic(text in r#"[\[\]{}:",a-z0-9\n]{0,60}"#) {
        let _ = import(&text);
    }
}
