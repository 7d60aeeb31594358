//! The message box. It never loses what is typed: the model keeps it until it is sent.

mod file;
mod repeat;

use std::borrow::Cow;

use gloo_utils::document;
use model::{ConnectionMsg, Format, Offline, Payload, Problem, Size, State, Templates};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

pub(crate) use self::file::PickedFile;
pub(super) use self::file::take_in;
pub(crate) use self::repeat::Wish;

use super::controls::{button, file_button, focus, group, problem, toggle, value_of};
use super::dialog::Dialog;
use super::sequence::Editor;
use super::{View, html};
use crate::browser::clock;
use crate::page::Page;

const FORMATS: [(&str, Format); 4] =
    [("Text", Format::Text), ("JSON", Format::Json), ("Hex", Format::Hex), ("Base64", Format::Base64)];

/// Finds the message box.
pub(super) const MESSAGE_BOX: &str = ".compose textarea";

pub(super) fn compose() -> View {
    html("<section class=compose aria-label=Message></section>")
        .child(bar())
        .child(html("<slot></slot>").part(|page| page.pane.repeats.then(String::new), |_| repeat::panel()))
        .child(html("<slot></slot>").part(|page| Some(page.pane.file.as_ref()?.key()), file::view))
        .child(message_box())
        .child(
            button("primary", "Send", |page, _| page.tell(ConnectionMsg::Send))
                .attr_if("disabled", |page| page.shown().setup().offline == Offline::Refuse && !is_open(page)),
        )
        .child(html("<p id=compose-hint class=hint></p>").text_of(hint))
        .child(problem("compose-problem", wrong))
}

fn bar() -> View {
    html("<div class=bar></div>")
        .child(formats())
        .child(file_button("File…", "Send a file", PickedFile::take_in))
        .child(html("<div class=spacer></div>"))
        .child(toggle(
            "Templates",
            |page| page.shown().draft().templates == Templates::Substituted,
            |page, _| {
                let templates = match page.shown().draft().templates {
                    Templates::Substituted => Templates::Literal,
                    Templates::Literal => Templates::Substituted,
                };
                page.tell(ConnectionMsg::TemplatesChosen(templates));
            },
        ))
        .child(toggle("Repeat", |page| page.pane.repeats, |page, _| page.pane.repeats = !page.pane.repeats))
        .child(toggle(
            "Sequence",
            |page| page.pane.editor.is_some(),
            |page, _| {
                let open = page.pane.editor.take();
                page.pane.editor = if open.is_some() { None } else { Some(Editor::new(page.shown())) };
            },
        ))
        .child(button("ghost", "Save…", |page, _| page.open(Dialog::Save)))
}

fn formats() -> View {
    let format = |(label, format): (&str, Format)| {
        toggle(
            label,
            move |page| page.shown().draft().format == format,
            move |page, _| page.tell(ConnectionMsg::FormatChosen(format)),
        )
    };
    group("Send as", FORMATS.map(format))
}

fn message_box() -> View {
    html(
        "<textarea aria-label=Message aria-describedby='compose-hint compose-problem' \
           placeholder=\"Enter message (or 'quit' to exit)\" autocomplete=off spellcheck=false></textarea>",
    )
    .value_of(|page| page.shown().draft().text.as_str().into())
    .on("input", |page, event| page.tell(ConnectionMsg::DraftTyped(value_of(event))))
    .on("keydown", press)
    .when(is_open, |_, open| {
        if open {
            focus_unless_elsewhere();
        }
    })
}

/// Whoever has just connected wants to type; whoever is somewhere else while it connects again stays there.
fn focus_unless_elsewhere() {
    let elsewhere = document().query_selector(":focus:not(.connect *, .item)").ok().flatten();
    if elsewhere.is_none() {
        focus(MESSAGE_BOX);
    }
}

fn is_open(page: &Page) -> bool {
    matches!(page.shown().state(), State::Open(_))
}

/// Enter sends; the arrows go through what was sent, where there is nothing that they could do in the text.
fn press(page: &mut Page, event: &Event) {
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.is_composing() {
        return;
    }
    let msg = match key.key().as_str() {
        "Enter" if !key.shift_key() => ConnectionMsg::Send,
        "ArrowUp" if page.shown().recalls() => ConnectionMsg::RecallOlder,
        "ArrowDown" if page.shown().recalls() => ConnectionMsg::RecallNewer,
        _ => return,
    };
    event.prevent_default();
    page.tell(msg);
}

/// Why the message cannot be sent as it is written.
fn wrong(page: &Page) -> Cow<'_, str> {
    match (page.shown().problem(), preview(page)) {
        (Some(Problem::Draft(words)), _) => words.as_str().into(),
        (_, Some(Err(words))) => words.into(),
        _ => "".into(),
    }
}

/// What the message would be if it went now, where anything is written.
fn preview(page: &Page) -> Option<Result<Payload, String>> {
    let is_empty = page.shown().draft().text.is_empty();
    (!is_empty).then(|| page.store.workbench().preview(page.shown().id(), clock::now()))
}

/// What Enter does.
fn hint(page: &Page) -> Cow<'_, str> {
    if !is_open(page) {
        return match page.shown().setup().offline {
            Offline::Wait => "Not connected: what you send waits until it is open",
            Offline::Refuse => "Not connected: what you type stays here, connect to send it",
        }
        .into();
    }
    match preview(page) {
        Some(Ok(Payload::Text(text))) if text == page.shown().draft().text => {
            format!("Sends {}", Size(text.len() as u64)).into()
        }
        Some(Ok(payload)) => format!("Sends {}: {}", Size(payload.size() as u64), payload.content().preview()).into(),
        Some(Err(_)) | None => "Enter sends, Shift+Enter makes a line, ↑ recalls what was sent".into(),
    }
}
