//! A file that was picked or dropped, to be sent as it is. It never goes without being asked for.

use model::{ConnectionMsg, Payload, Size};
use web_sys::FileList;

use crate::browser::files::{self, Read, ReadFile};
use crate::page::Page;
use crate::view::compose::MESSAGE_BOX;
use crate::view::controls::{button, focus};
use crate::view::{View, html};

/// What came of reading it.
pub(crate) struct PickedFile {
    read: Read,
    /// Another one for each file.
    number: u32,
}

impl PickedFile {
    /// What tells it from the one before.
    pub(super) fn key(&self) -> String {
        self.number.to_string()
    }

    pub(super) fn take_in(page: &mut Page, read: Read) {
        let number = page.pane.file.as_ref().map_or(0, |before| before.number + 1);
        page.pane.file = Some(Self { read, number });
    }
}

/// Takes in a file that was dropped.
pub(in crate::view) fn take_in(page: &Page, files: Option<FileList>) {
    let page = page.handle.clone();
    files::read_first(files, move |read| page.act(|page| PickedFile::take_in(page, read)));
}

pub(super) fn view(page: &Page) -> View {
    match page.pane.file.as_ref().map(|file| &file.read) {
        Some(Ok(file)) => chosen(file),
        Some(Err(why)) => html("<p id=file-problem class=problem role=alert></p>").text(why),
        None => html("<p></p>"),
    }
}

fn chosen(ReadFile { name, bytes }: &ReadFile) -> View {
    let label = format!("{name}, {}", Size(bytes.len() as u64));
    let mut bar = html("<div class=bar><span class=name></span></div>").at("span").text(&label).top();
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
        page.tell(ConnectionMsg::SendPayload(payload(file.bytes)));
        focus(MESSAGE_BOX);
    }
}
