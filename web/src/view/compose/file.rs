//! A file that was picked or dropped, with buttons that send it.

use model::{ConnectionMsg, Payload, Size};
use web_sys::{File, FileList};

use crate::browser::files::{self, Read, ReadFile};
use crate::page::{Page, PickedFile};
use crate::view::compose::MESSAGE_BOX;
use crate::view::controls::{button, focus};
use crate::view::{View, html};

fn pick(page: &mut Page, read: Read) {
    page.pane.file = Some(PickedFile::new(read, page.pane.file.as_ref()));
}

/// Reads a file that was picked or dropped.
pub(super) fn read(page: &mut Page, file: File) {
    let handle = page.handle.clone();
    page.pane.reading = Some(files::read(file, move |read| handle.update(|page| pick(page, read))));
}

/// Reads the first of the files that were dropped.
pub(in crate::view) fn read_dropped(page: &mut Page, files: Option<FileList>) {
    if let Some(file) = files.and_then(|files| files.get(0)) {
        read(page, file);
    }
}

pub(super) fn view(page: &Page) -> View {
    match page.pane.file.as_ref().map(|file| &file.read) {
        Some(Ok(file)) => picked(file),
        Some(Err(why)) => html("<p id=file-problem class=problem role=alert></p>").text(why),
        None => html("<p></p>"),
    }
}

fn picked(ReadFile { name, bytes }: &ReadFile) -> View {
    let label = format!("{name}, {}", Size(bytes.len() as u64));
    let mut bar = html("<div class=bar><span class=name></span></div>").at("span").text(&label).at_root();
    bar = bar.child(button("ghost", "Send as binary", |page, _| send(page, Payload::Binary)));
    if std::str::from_utf8(bytes).is_ok() {
        bar = bar.child(button("ghost", "Send as text", |page, _| {
            send(page, |bytes| Payload::Text(String::from_utf8(bytes).unwrap_or_default()));
        }));
    }
    bar.child(button("ghost", "Cancel", |page, _| {
        page.pane.file = None;
        focus(MESSAGE_BOX);
    }))
}

fn send(page: &mut Page, payload: fn(Vec<u8>) -> Payload) {
    if let Some(PickedFile { read: Ok(file), .. }) = page.pane.file.take() {
        page.dispatch_shown(ConnectionMsg::SendPayload(payload(file.bytes)));
        focus(MESSAGE_BOX);
    }
}
