//! The selected entry, whole: as text, as JSON, as a hex dump. It never guesses: binary is no text, and numbers stay
//! as they came.

mod content;

use model::{ConnectionMsg, Content, Count, Entry, Kind, Size, Times};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use self::content::{Form, LINE, content};
use super::controls::{button, focus, group, sign_button, toggle};
use super::log::{LIST, time};
use super::{View, html};
use crate::browser::{clipboard, files};
use crate::page::Page;

/// Bytes beyond which a content is shown only when that is asked for.
const LARGE: usize = 1 << 20;

/// Which entry is told in detail, and how.
pub(crate) struct Detail {
    /// The number of the entry.
    pub(crate) seq: Option<u64>,
    /// The form that is preferred, where the entry has it.
    form: Form,
    /// Whether it is shown however large it is.
    whole: bool,
    /// Whether the browser let it be copied, once it was asked to.
    copied: Option<bool>,
    /// What is seen of a dump.
    dump: model::Viewport,
}

impl Default for Detail {
    fn default() -> Self {
        let dump = model::Viewport { row: LINE, ..model::Viewport::default() };
        Self { seq: None, form: Form::Text, whole: false, copied: None, dump }
    }
}

impl Detail {
    /// Tells of another entry, or of none.
    pub(super) fn select(&mut self, seq: Option<u64>) {
        if seq != self.seq {
            *self = Self { seq, form: self.form, ..Self::default() };
        }
    }
}

/// Moves the keyboard to the selected entry's content.
pub(super) fn enter() {
    focus(".detail pre");
}

/// Selects no entry, and goes on in the log.
fn close(page: &mut Page) {
    page.pane.detail.select(None);
    focus(LIST);
}

/// Pins an entry, or lets it go.
pub(super) fn pin(page: &mut Page, seq: u64) {
    let pinned = page.shown().log().is_pinned(seq);
    page.tell(if pinned { ConnectionMsg::Unpin(seq) } else { ConnectionMsg::Pin(seq) });
}

/// The entry that is told of, unless the log had to let it go.
pub(super) fn entry(page: &Page) -> Option<Entry<'_>> {
    page.shown().log().entry(page.pane.detail.seq?)
}

/// The form in which the entry is shown.
fn form(page: &Page) -> Form {
    let forms = entry(page).map_or(&[Form::Text][..], |entry| Form::of(entry.label.kind));
    if forms.contains(&page.pane.detail.form) { page.pane.detail.form } else { forms[0] }
}

pub(super) fn detail(page: &Page) -> View {
    let view = html(
        "<aside class=detail aria-label='Selected entry'>\
           <header><h2></h2></header><dl></dl><div class=actions></div><slot></slot>\
         </aside>",
    );
    let Some(entry) = entry(page) else { return view };
    let (kind, seq) = (entry.label.kind, entry.seq);
    let forms = Form::of(kind).iter().map(|&shown| {
        toggle(shown.name(), move |page| form(page) == shown, move |page, _| page.pane.detail.form = shown)
    });
    let view = view
        .at("h2")
        .text(&title(entry))
        .at("header")
        .child(group("Show as", forms))
        .child(sign_button("×", "Close the detail", |page, _| close(page)))
        .at("dl")
        .children(facts(page, entry))
        .at(".actions");
    let view = match kind {
        Kind::Text | Kind::Binary => view.child(copy_button()).child(button("ghost", "Download", download)),
        Kind::Open | Kind::Close | Kind::Error | Kind::Note => view,
    };
    let size = entry.content.size();
    view.child(toggle("Pin", move |page| page.shown().log().is_pinned(seq), move |page, _| pin(page, seq)))
        .top()
        .on("keydown", |page, event| {
            if event.unchecked_ref::<KeyboardEvent>().key() == "Escape" {
                close(page);
            }
        })
        .at("slot")
        .part(
            move |page| Some(if is_shown(page, size) { form(page).name() } else { "" }.to_owned()),
            move |page| if is_shown(page, size) { content(page, form(page)) } else { show_all(size) },
        )
}

fn is_shown(page: &Page, size: usize) -> bool {
    page.pane.detail.whole || size <= LARGE
}

fn show_all(size: usize) -> View {
    let label = format!("Show all {}", Size(size as u64));
    html("<div class=large></div>").child(button("ghost", &label, |page, _| {
        page.pane.detail.whole = true;
        focus(LIST);
    }))
}

fn title(entry: Entry<'_>) -> String {
    let label = entry.label;
    format!("#{} {}", entry.seq, label.direction.map_or(label.kind.name(), |direction| direction.name()))
}

fn facts(page: &Page, entry: Entry<'_>) -> Vec<View> {
    let log = page.shown().log();
    let mut facts = Vec::new();
    let mut fact = |term: &str, text: &str| {
        facts.push(html("<dt></dt>").text(term));
        facts.push(html("<dd></dd>").text(text));
    };
    fact("Time", &time(log, entry, Times::Clock));
    fact("Since the one before", &time(log, entry, Times::SincePrevious));
    if entry.label.direction.is_some() {
        let kind = match entry.content {
            Content::Text(_) => "text",
            Content::Binary(_) => "binary",
        };
        fact("Message", &format!("{kind}, {} bytes", Count(entry.content.size() as u64)));
    }
    facts
}

fn copy_button() -> View {
    button("ghost", "", |page, _| {
        let text = match entry(page).map(|entry| entry.content) {
            Some(Content::Text(text)) => text.to_owned(),
            Some(Content::Binary(bytes)) => model::hex(bytes),
            None => return,
        };
        let (handle, seq) = (page.handle.clone(), page.pane.detail.seq);
        clipboard::copy(&text, move |done| {
            handle.act(move |page| {
                if page.pane.detail.seq == seq {
                    page.pane.detail.copied = Some(done);
                }
            });
        });
    })
    .text_of(|page| {
        match page.pane.detail.copied {
            None => "Copy",
            Some(true) => "Copied",
            Some(false) => "Not copied",
        }
        .into()
    })
}

fn download(page: &mut Page, _: &Event) {
    let Some(entry) = entry(page) else { return };
    let name = format!("message-{}", entry.seq);
    match entry.content {
        Content::Text(text) => files::download(&(name + ".txt"), "text/plain", text.as_bytes()),
        Content::Binary(bytes) => files::download(&(name + ".bin"), "application/octet-stream", bytes),
    }
}
