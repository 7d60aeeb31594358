//! The selected message in rows, as the compute worker lays it out: JSON, and text that is too long to be given to the
//! browser as it is. One request is under way at a time; [`Page::read_document`] decides on the next one before each
//! render, so that a person who goes through the log by an arrow key has no queue of messages laid out behind them.

use std::ops::Range;

use compute::decode::Format;
use compute::document::{Layout, Row};
use compute::protocol::{NotShown, Request, Response};
use js_sys::Uint8Array;
use model::{ConnectionId, Kind, Viewport};

use super::{ContentFormat, Page};
use crate::browser::task::Task;
use crate::compute_handle::{Answer, ComputeError};

/// Bytes. Browsers lay out a longer text so slowly that a person notices.
const LONG_TEXT: usize = 32 << 10;
/// In CSS pixels.
pub(crate) const ROW_HEIGHT: u32 = 19;
/// A screen of more rows is filled by two requests.
const MAX_ROWS: u32 = 500;

/// Which message, and how it is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Key {
    connection: ConnectionId,
    seq: u64,
    layout: Layout,
}

/// What the view shows of the document.
#[derive(Debug)]
pub(crate) struct DocumentView {
    key: Option<Key>,
    pub(crate) viewport: Viewport,
    /// That a row has room for; 0 until it is measured.
    columns: u32,
    /// Of the whole document; 0 until it is laid out.
    rows: u32,
    /// The number of the first row of `window`.
    first: u32,
    /// Those on the screen and around it.
    window: Vec<Row>,
    /// Whether the window is of the document as it is now.
    is_current: bool,
    /// Lines to fold or unfold.
    toggles: Vec<u32>,
    /// What the message was decoded as.
    decoded_as: Option<Format>,
    /// Why it is not shown as asked.
    problem: String,
    has_failed: bool,
    /// Changes with the window.
    revision: u32,
}

impl Default for DocumentView {
    fn default() -> Self {
        Self {
            key: None,
            viewport: Viewport { row: ROW_HEIGHT, ..Viewport::default() },
            columns: 0,
            rows: 0,
            first: 0,
            window: Vec::new(),
            is_current: false,
            toggles: Vec::new(),
            decoded_as: None,
            problem: String::new(),
            has_failed: false,
            revision: 0,
        }
    }
}

/// What the compute worker has.
#[derive(Default)]
pub(crate) struct DocumentReader {
    opened: Option<(Key, u32)>,
    /// Waits for the answer to the only request.
    asking: Option<Task>,
}

impl DocumentView {
    pub(crate) fn rows(&self) -> usize {
        self.rows as usize
    }

    pub(crate) fn window(&self) -> (usize, &[Row]) {
        (self.first as usize, &self.window)
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub(crate) fn decoded_as(&self) -> Option<Format> {
        self.decoded_as
    }

    /// Whether it is seen otherwise than it was received: as JSON, or decoded.
    pub(crate) fn is_laid_out(&self) -> bool {
        let is_shown = |layout| match layout {
            Layout::Text => false,
            Layout::Json => self.problem.is_empty(),
            Layout::Decoded(_) => true,
        };
        self.rows > 0 && self.key.is_some_and(|key| is_shown(key.layout))
    }

    pub(crate) fn toggle_fold(&mut self, line: u32) {
        self.toggles.push(line);
    }

    /// Has the document laid out again after it failed.
    pub(crate) fn retry(&mut self) {
        self.has_failed = false;
        self.problem.clear();
    }

    /// Takes over the size of the view, in CSS pixels, and that of a column.
    pub(crate) fn resized(&mut self, height: f64, width: f64, column: f64) {
        self.viewport.height = height;
        self.columns = (width / column.max(1.0)) as u32;
    }

    /// The rows to ask for, if some on the screen are missing.
    fn missing(&self) -> Option<Range<u32>> {
        let visible = self.viewport.rows(self.rows as usize);
        let visible = visible.start as u32..visible.end as u32;
        let has_them = self.first <= visible.start && visible.end <= self.first + self.window.len() as u32;
        if self.is_current && has_them {
            return None;
        }
        let screen = visible.end - visible.start;
        let start = visible.start.saturating_sub(screen);
        Some(start..(visible.end + screen).min(start + MAX_ROWS))
    }
}

impl Page {
    /// How the content of an entry of that kind is shown: as the person chose, or decoded where the subprotocol says as what.
    pub(crate) fn content_format(&self, kind: Kind) -> ContentFormat {
        let formats = ContentFormat::of(kind);
        let announced = || self.announced().map(|_| ContentFormat::Decoded);
        let wanted = self.pane.detail.preferred.or_else(announced);
        wanted.filter(|wanted| formats.contains(wanted)).unwrap_or(formats[0])
    }

    /// What messages of the connection are written in, by its address and the subprotocol that was agreed; while it is not
    /// open, by the only one that is offered.
    fn announced(&self) -> Option<Format> {
        let connection = self.shown();
        let agreed = connection.state().opened().map(|opened| opened.protocol.as_str());
        Format::announced(&connection.setup().address, agreed.unwrap_or(connection.setup().subprotocols.trim()))
    }

    /// How the compute worker lays out the selected message; `None` where the page shows it without.
    pub(crate) fn layout(&self) -> Option<Layout> {
        let entry = self.selected()?;
        match self.content_format(entry.label.kind) {
            ContentFormat::Json => Some(Layout::Json),
            ContentFormat::Decoded => Some(Layout::Decoded(self.pane.detail.decoder.or_else(|| self.announced()))),
            ContentFormat::Text if entry.content.size() > LONG_TEXT => Some(Layout::Text),
            ContentFormat::Text | ContentFormat::Hex => None,
        }
    }

    /// Requests what the view lacks, unless an answer is pending.
    pub(super) fn read_document(&mut self) {
        let Some(layout) = self.layout() else { return };
        let key = self.pane.detail.seq.map(|seq| Key { connection: self.pane.id, seq, layout });
        let view = &mut self.pane.detail.document;
        if view.key != key {
            let (viewport, columns) = (view.viewport, view.columns);
            let viewport = Viewport { top: 0.0, ..viewport };
            *view = DocumentView { key, viewport, columns, revision: view.revision + 1, ..DocumentView::default() };
        }
        let (Some(key), None, false) = (key, &self.documents.asking, view.has_failed) else { return };
        if view.columns == 0 {
            return;
        }
        let columns = view.columns;
        let task = match self.documents.opened {
            Some((opened, _)) if opened != key => self.ask_to_open(key, columns),
            None => self.ask_to_open(key, columns),
            Some((_, wide)) if wide != columns => self.ask_document(&Request::SetColumns(columns), key, columns),
            Some(_) => {
                let view = &mut self.pane.detail.document;
                if let Some(line) = view.toggles.pop() {
                    self.ask_document(&Request::ToggleFold(line), key, columns)
                } else if let Some(rows) = view.missing() {
                    let request = Request::Rows { first: rows.start, count: rows.end - rows.start };
                    self.ask(&request, None, move |page, answer| page.rows_read(key, rows.start, &answer))
                } else {
                    return;
                }
            }
        };
        self.documents.asking = Some(task);
    }

    fn ask_to_open(&self, key: Key, columns: u32) -> Task {
        let message = self.selected().map_or(&[][..], |entry| entry.content.bytes());
        let request = Request::Open { layout: key.layout, columns };
        let attached = Uint8Array::from(message).buffer();
        self.ask(&request, Some(&attached), move |page, answer| page.document_read(key, columns, &answer))
    }

    fn ask_document(&self, request: &Request<'_>, key: Key, columns: u32) -> Task {
        self.ask(request, None, move |page, answer| page.document_read(key, columns, &answer))
    }

    fn document_read(&mut self, key: Key, columns: u32, answer: &Result<Answer, ComputeError>) {
        self.documents.asking = None;
        self.documents.opened = Some((key, columns));
        let response = match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
            Ok(Response::Document { rows, format, problem }) => Ok((rows, format, problem)),
            Ok(_) => Err(ComputeError::Failed),
            Err(error) => Err(error),
        };
        let view = &mut self.pane.detail.document;
        match response {
            Ok((rows, format, problem)) if view.key == Some(key) => {
                view.rows = rows;
                view.decoded_as = format;
                view.is_current = false;
                match problem {
                    Some(NotShown::Syntax(why)) => view.problem = ["Not valid JSON: ", why].concat(),
                    Some(NotShown::TooDeep(why)) => view.problem = ["Shown as text: ", why].concat(),
                    Some(NotShown::Broken(why)) => view.problem = ["Decoded up to ", why].concat(),
                    Some(NotShown::Unrecognised) => {
                        view.problem = "Nothing shows what this message is written in: choose a format.".to_owned();
                    }
                    None => {}
                }
            }
            Ok(_) => {}
            Err(error) => self.document_failed(key, error),
        }
    }

    fn rows_read(&mut self, key: Key, first: u32, answer: &Result<Answer, ComputeError>) {
        self.documents.asking = None;
        let rows = match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
            Ok(Response::Rows(rows)) => rows,
            Ok(_) => return self.document_failed(key, ComputeError::Failed),
            Err(error) => return self.document_failed(key, error),
        };
        let view = &mut self.pane.detail.document;
        if view.key == Some(key) {
            view.first = first;
            view.window = rows;
            view.is_current = true;
            view.revision += 1;
        }
    }

    fn document_failed(&mut self, key: Key, error: ComputeError) {
        self.documents.opened = None;
        let view = &mut self.pane.detail.document;
        if view.key == Some(key) {
            view.problem = error.to_string();
            view.has_failed = true;
        }
    }

    /// Copies the selected message as it is seen: laid out, and unfolded.
    pub(crate) fn copy_document(&mut self) {
        self.pane.detail.copying = Some(self.ask(&Request::Copy, None, |page, answer| {
            match answer.as_ref().map_err(|&error| error).and_then(Answer::response) {
                Ok(Response::Text(text)) => page.copy(text),
                _ => page.pane.detail.copied = Some(false),
            }
        }));
    }

    /// Copies a text of the selected entry.
    pub(crate) fn copy(&mut self, text: &str) {
        let handle = self.handle.clone();
        // Selecting another entry drops it.
        self.pane.detail.copying = Some(crate::browser::clipboard::copy(text, move |done| {
            handle.update(move |page| page.pane.detail.copied = Some(done));
        }));
    }
}
