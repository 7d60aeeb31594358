//! Answers the page's requests.

use model::json::JsonErrorKind;

use crate::archive::{self, Exporter, Imported, ImportedLog};
use crate::decode::{self, Format};
use crate::document::{Document, Layout};
use crate::protocol::{BATCH, NotShown, Request, Response, Span, encode};
use crate::text_file;

/// The browser's `RegExp`: an expression with these flags.
#[derive(Clone, Copy)]
pub struct RegExps {
    /// Which of the texts match.
    pub matches: fn(expression: &str, flags: &str, texts: &[&str]) -> Vec<bool>,
    /// The matches in each text.
    pub find: fn(expression: &str, flags: &str, texts: &[&str]) -> Vec<Vec<Span>>,
}

pub struct Service {
    reg_exps: RegExps,
    imported: Cursor,
    exporter: Option<Exporter>,
    document: Document,
    /// What is written of the exported file and not taken yet.
    written: String,
}

/// Goes through the imported logs.
#[derive(Default)]
struct Cursor {
    logs: Vec<ImportedLog>,
    time_origin: f64,
    /// The indices of the next entry and of its log.
    log: usize,
    entry: usize,
}

impl Service {
    pub fn new(reg_exps: RegExps) -> Self {
        Self {
            reg_exps,
            imported: Cursor::default(),
            exporter: None,
            document: Document::default(),
            written: String::new(),
        }
    }

    /// The encoded [`Response`]. `file` is what came with the request; empty for none.
    pub fn answer(&mut self, request: &Request<'_>, file: &[u8]) -> Vec<u8> {
        match request {
            Request::Decode => match text_file::decode(file) {
                Ok(text) => encode(&Response::Text(&text)),
                Err(error) => problem(&error),
            },
            Request::Import { time_origin } => match archive::import(file) {
                Ok(imported) => self.begin_import(imported, *time_origin),
                Err(error) => problem(&error),
            },
            Request::NextEntries => self.imported.next(),
            Request::BeginExport { format, url, time_origin } => {
                self.written.clear();
                self.exporter = Some(Exporter::new(*format, url, *time_origin));
                encode(&Response::Done)
            }
            Request::Export(entries) => {
                if let Some(exporter) = &mut self.exporter {
                    entries.iter().for_each(|entry| exporter.push(*entry, &mut self.written));
                }
                encode(&Response::Done)
            }
            Request::EndExport => {
                if let Some(exporter) = self.exporter.take() {
                    exporter.end(&mut self.written);
                }
                encode(&Response::Done)
            }
            Request::Match { expression, flags, texts } => {
                encode(&Response::Matched((self.reg_exps.matches)(expression, flags, texts)))
            }
            Request::Find { expression, flags, texts } => {
                encode(&Response::Found((self.reg_exps.find)(expression, flags, texts)))
            }
            Request::Open { layout, columns } => self.open(file, *layout, *columns as usize),
            Request::SetColumns(columns) => {
                self.document.set_columns(*columns as usize);
                self.opened(None)
            }
            Request::ToggleFold(line) => {
                self.document.toggle(*line);
                self.opened(None)
            }
            Request::Rows { first, count } => encode(&Response::Rows(self.document.rows(*first, *count))),
            Request::Copy => encode(&Response::Text(&self.document.to_text())),
        }
    }

    /// What is no JSON is laid out as text.
    fn open(&mut self, message: &[u8], layout: Layout, columns: usize) -> Vec<u8> {
        self.document = Document::default();
        let text = || String::from_utf8_lossy(message).into_owned();
        match layout {
            Layout::Text => self.document = Document::text(text(), columns),
            Layout::Json => match Document::json(text(), columns) {
                Ok(document) => self.document = document,
                Err(error) => {
                    self.document = Document::text(text(), columns);
                    let why = error.to_string();
                    return self.opened(Some(match error.kind {
                        JsonErrorKind::Syntax => NotShown::Syntax(&why),
                        JsonErrorKind::TooDeep => NotShown::TooDeep(&why),
                    }));
                }
            },
            Layout::Decoded(chosen) => return self.open_decoded(message, chosen, columns),
        }
        self.opened(None)
    }

    fn open_decoded(&mut self, message: &[u8], chosen: Option<Format>, columns: usize) -> Vec<u8> {
        let Some(format) = chosen.or_else(|| decode::recognised(message)) else {
            return self.opened(Some(NotShown::Unrecognised));
        };
        let (outline, broken) = decode::decode(message, format);
        self.document = Document::decoded(outline, columns);
        let why = broken.map(|broken| broken.to_string());
        let problem = why.as_deref().map(NotShown::Broken);
        encode(&Response::Document { rows: self.document.len(), format: Some(format), problem })
    }

    fn opened(&self, problem: Option<NotShown<'_>>) -> Vec<u8> {
        encode(&Response::Document { rows: self.document.len(), format: None, problem })
    }

    /// What was written of the exported file since the last call.
    pub fn take_written(&mut self) -> String {
        std::mem::take(&mut self.written)
    }

    fn begin_import(&mut self, imported: Imported, time_origin: f64) -> Vec<u8> {
        let Imported { logs, skipped, first_skipped } = imported;
        let first_skipped = first_skipped.map(|error| error.to_string());
        let response = encode(&Response::Logs {
            urls: logs.iter().map(|log| log.url.as_str()).collect(),
            skipped: skipped as u64,
            first_skipped: first_skipped.as_deref(),
        });
        self.imported = Cursor { logs, time_origin, log: 0, entry: 0 };
        response
    }
}

impl Cursor {
    fn next(&mut self) -> Vec<u8> {
        while let Some(log) = self.logs.get_mut(self.log) {
            let mut bytes = 0;
            let rest = &log.entries[self.entry..];
            let fits = rest.iter().take_while(|entry| {
                let fits = bytes < BATCH;
                bytes += 32 + entry.payload.size();
                fits
            });
            let entries: Vec<_> = fits.map(|entry| entry.entry(self.time_origin)).collect();
            if !entries.is_empty() {
                self.entry += entries.len();
                return encode(&Response::Entries { log: self.log as u32, entries });
            }
            log.entries = Vec::new();
            (self.log, self.entry) = (self.log + 1, 0);
        }
        *self = Self::default();
        encode(&Response::Entries { log: 0, entries: Vec::new() })
    }
}

fn problem(error: &dyn std::error::Error) -> Vec<u8> {
    encode(&Response::Problem(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use model::{Content, Direction, Entry, Log, Source, Time};

    use super::*;
    use crate::archive::ArchiveFormat;
    use crate::document::Row;
    use crate::protocol::decode;

    const ORIGIN: f64 = 1_795_368_000_000.0;

    fn service() -> Service {
        Service::new(RegExps { matches: |_, _, _| panic!("there is no browser"), find: |_, _, _| Vec::new() })
    }

    /// The answer, for as long as the test runs.
    fn ask(service: &mut Service, request: &Request<'_>, file: &[u8]) -> Response<'static> {
        // As the worker gets it.
        let request = encode(request);
        let answer = service.answer(&decode(&request).unwrap(), file);
        decode(answer.leak()).unwrap()
    }

    fn exported(service: &mut Service, log: &Log) -> String {
        let begin = Request::BeginExport { format: ArchiveFormat::JsonLines, url: "ws://a/", time_origin: ORIGIN };
        assert_eq!(ask(service, &begin, b""), Response::Done);
        let entries: Vec<Entry<'_>> = log.iter_from(0).collect();
        let mut file = String::new();
        for entries in entries.chunks(7) {
            assert_eq!(ask(service, &Request::Export(entries.to_vec()), b""), Response::Done);
            file += &service.take_written();
        }
        assert_eq!(ask(service, &Request::EndExport, b""), Response::Done);
        file + &service.take_written()
    }

    #[test]
    fn what_was_exported_in_pieces_is_imported_in_pieces_that_are_bounded() {
        let mut log = Log::default();
        for number in 0..100 {
            let text = number.to_string().repeat(10_000);
            log.push_message(Time(number.into()), Direction::Received, Source::Person, Content::Text(&text));
        }
        let mut service = service();
        let file = exported(&mut service, &log);
        let Response::Logs { urls, skipped, first_skipped } =
            ask(&mut service, &Request::Import { time_origin: ORIGIN }, file.as_bytes())
        else {
            panic!("the file can be read")
        };
        assert_eq!((urls, skipped, first_skipped), (vec![""], 0, None));
        let mut read = Log::default();
        let mut batches = 0;
        loop {
            let Response::Entries { log: 0, entries } = ask(&mut service, &Request::NextEntries, b"") else {
                panic!("there is one log")
            };
            if entries.is_empty() {
                break;
            }
            let bytes: usize = entries.iter().map(|entry| entry.content.size()).sum();
            assert!(bytes <= BATCH + 20_000, "{bytes}");
            batches += 1;
            entries.iter().for_each(|&entry| read.push_entry(entry));
        }
        assert!(batches >= 7, "{batches}");
        assert_eq!(log.iter_from(0).collect::<Vec<_>>(), read.iter_from(0).collect::<Vec<_>>());
    }

    #[test]
    fn each_log_of_a_file_comes_with_its_index() {
        let socket = |url: &str| {
            format!(
                r#"{{"request":{{"url":"{url}"}},"_webSocketMessages":[{{"type":"send","time":1,"opcode":1,"data":"{url}"}}]}}"#
            )
        };
        let har = format!(r#"{{"log":{{"entries":[{},{}]}}}}"#, socket("ws://a/"), socket("ws://b/"));
        let mut service = service();
        let logs = ask(&mut service, &Request::Import { time_origin: 0.0 }, har.as_bytes());
        assert!(matches!(logs, Response::Logs { urls, .. } if urls == ["ws://a/", "ws://b/"]));
        for (index, url) in [(0, "ws://a/"), (1, "ws://b/")] {
            let Response::Entries { log, entries } = ask(&mut service, &Request::NextEntries, b"") else { panic!() };
            assert_eq!((log, entries.len(), entries[0].content), (index, 1, Content::Text(url)));
        }
        let end = ask(&mut service, &Request::NextEntries, b"");
        assert!(matches!(end, Response::Entries { entries, .. } if entries.is_empty()));
    }

    #[test]
    fn a_document_is_read_in_rows_and_what_is_no_json_as_text() {
        let mut service = service();
        let json = Request::Open { layout: Layout::Json, columns: 80 };
        assert_eq!(
            ask(&mut service, &json, br#"{"a":[1]}"#),
            Response::Document { rows: 5, format: None, problem: None }
        );
        let Response::Rows(rows) = ask(&mut service, &Request::Rows { first: 3, count: 9 }, b"") else { panic!() };
        let text = |row: &Row| row.spans.iter().map(|(_, text)| text.as_str()).collect::<String>();
        assert_eq!(rows.iter().map(text).collect::<Vec<_>>(), ["  ]", "}"]);
        assert_eq!(
            ask(&mut service, &Request::ToggleFold(1), b""),
            Response::Document { rows: 3, format: None, problem: None }
        );
        let copied = ask(&mut service, &Request::Copy, b"");
        assert_eq!(copied, Response::Text("{\n  \"a\": [\n    1\n  ]\n}"));
        let wrong = Some(NotShown::Syntax("line 1, column 1: \"no\" is not a value; a string needs quotes"));
        assert_eq!(ask(&mut service, &json, b"no\njson"), Response::Document { rows: 2, format: None, problem: wrong });
        let deep = [b'['; 300];
        let Response::Document { rows: 4, problem: Some(NotShown::TooDeep(_)), .. } = ask(&mut service, &json, &deep)
        else {
            panic!("300 brackets in rows of 80")
        };
    }

    #[test]
    fn files_of_a_windows_editor_are_text_and_others_are_a_problem() {
        let mut service = service();
        let marked = b"\xef\xbb\xbf{\"messages\":[]}\r\n";
        assert_eq!(ask(&mut service, &Request::Decode, marked), Response::Text("{\"messages\":[]}\r\n"));
        let utf_16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(ask(&mut service, &Request::Decode, &utf_16), Response::Text("{}"));
        let zip = Response::Problem("the file is compressed: unpack it first");
        assert_eq!(ask(&mut service, &Request::Decode, b"PK\x03\x04"), zip);
        assert_eq!(ask(&mut service, &Request::Import { time_origin: 0.0 }, b"PK\x03\x04"), zip);
    }
}
