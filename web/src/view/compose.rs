//! The message box, and what belongs to it: format, file, templates, repeat.

mod file;
mod repeat;

use std::borrow::Cow;

use gloo_utils::document;
use model::{ConnectionMsg, ConnectionState, Format, Offline, Payload, Problem, Size, Templates, Verdict};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

pub(super) use self::file::read_dropped;

use super::controls::{button, file_button, focus, fold, group, problem, toggle, value_of};
use super::{View, deferred, html};
use crate::browser::clock;
use crate::page::{Dialog, Page};

const FORMATS: [(&str, Format); 4] =
    [("Text", Format::Text), ("JSON", Format::Json), ("Hex", Format::Hex), ("Base64", Format::Base64)];

const FOLD: &str = "compose-menu";

/// CSS selector of the message box.
pub(super) const MESSAGE_BOX: &str = ".compose textarea";

pub(super) fn compose() -> View {
    html("<section class=compose aria-label=Message></section>")
        .child(fold(FOLD, "⋯", "Format, file, repeat, sequence").child(bar()))
        .child(deferred::slot(|page| page.pane.repeat_open.then(String::new), |_| repeat::form()))
        .child(deferred::slot(|page| Some(page.pane.file.as_ref()?.number.to_string()), file::view))
        .child(message_box())
        .child(
            button("primary", "Send", |page, _| page.dispatch_shown(ConnectionMsg::Send))
                .attr_if("disabled", |page| page.shown().setup().offline == Offline::Refuse && !is_open(page)),
        )
        .child(html("<p id=compose-hint class=hint></p>").text_of(hint))
        .child(problem("compose-problem", draft_problem))
}

fn bar() -> View {
    html("<div class=bar></div>")
        .child(formats())
        .child(file_button("File…", "Send a file", file::read))
        .child(html("<div class=spacer></div>"))
        .child(toggle(
            "Templates",
            |page| page.shown().draft().templates == Templates::Substituted,
            |page, _| {
                let templates = match page.shown().draft().templates {
                    Templates::Substituted => Templates::Literal,
                    Templates::Literal => Templates::Substituted,
                };
                page.dispatch_shown(ConnectionMsg::TemplatesChosen(templates));
            },
        ))
        .child(folding(running(
            toggle("Repeat", |page| page.pane.repeat_open, |page, _| page.pane.repeat_open = !page.pane.repeat_open),
            |page| page.shown().repetition().is_some(),
        )))
        .child(folding(running(
            toggle(
                "Sequence",
                |page| page.pane.editor_open,
                |page, _| page.pane.toggle_editor(page.store.workbench().shown()),
            ),
            |page| page.shown().run().is_some_and(|run| run.verdict() == Verdict::Running),
        )))
        .child(button("ghost", "Save…", |page, _| page.open(Dialog::Save)))
}

/// A button that closes the fold, which would cover what the button opens.
fn folding(button: View) -> View {
    button.attr("popovertarget", FOLD).attr("popovertargetaction", "hide")
}

/// Shows whether what the button opens is at work, also while it is closed.
fn running(button: View, runs: fn(&Page) -> bool) -> View {
    button.child(
        html("<span class=runs><span class=visually-hidden> (running)</span></span>")
            .attr_if("hidden", move |page| !runs(page)),
    )
}

fn formats() -> View {
    let format = |(label, format): (&str, Format)| {
        toggle(
            label,
            move |page| page.shown().draft().format == format,
            move |page, _| page.dispatch_shown(ConnectionMsg::FormatChosen(format)),
        )
    };
    group("Send as", FORMATS.map(format))
}

fn message_box() -> View {
    html(
        "<textarea id=message-box aria-label=Message aria-describedby='compose-hint compose-problem' \
           placeholder=\"Enter message (or 'quit' to exit)\" autocomplete=off spellcheck=false></textarea>",
    )
    .value_of(|page| page.shown().draft().text.as_str().into())
    .on("input", |page, event| page.dispatch_shown(ConnectionMsg::DraftTyped(value_of(event))))
    .on("keydown", key_pressed)
    .on_toggle(is_open, |_, open| {
        if open {
            focus_unless_elsewhere();
        }
    })
}

/// After connecting, a person wants to type. But a reconnect must not take the focus away from what the person is doing
/// elsewhere, for example in a dialog.
fn focus_unless_elsewhere() {
    let elsewhere = document().query_selector(":focus:not(.connect *, .item)").ok().flatten();
    if elsewhere.is_none() {
        focus(MESSAGE_BOX);
    }
}

fn is_open(page: &Page) -> bool {
    matches!(page.shown().state(), ConnectionState::Open(_))
}

/// Enter sends. The arrows go through the history, unless the person is editing a text, where they move the cursor.
fn key_pressed(page: &mut Page, event: &Event) {
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
    page.dispatch_shown(msg);
}

/// Why the message cannot be sent as it is written.
fn draft_problem(page: &Page) -> Cow<'_, str> {
    match (page.shown().problem(), preview(page)) {
        (Some(Problem::Draft(text)), _) => text.as_str().into(),
        (_, Some(Err(text))) => text.into(),
        _ => "".into(),
    }
}

/// What would be sent now; `None` while the message box is empty.
fn preview(page: &Page) -> Option<Result<Payload, String>> {
    let is_empty = page.shown().draft().text.is_empty();
    (!is_empty).then(|| page.store.workbench().preview(page.shown().id(), clock::now()))
}

/// The effect of Enter. The payload is shown if it differs from the typed text.
fn hint(page: &Page) -> Cow<'_, str> {
    if !is_open(page) {
        return match page.shown().setup().offline {
            Offline::Wait => "Not connected: messages are queued until the connection opens",
            Offline::Refuse => "Not connected: your text stays here; connect to send it",
        }
        .into();
    }
    match preview(page) {
        Some(Ok(Payload::Text(text))) if text == page.shown().draft().text => {
            format!("Sends {}", Size(text.len() as u64)).into()
        }
        Some(Ok(payload)) => format!("Sends {}: {}", Size(payload.size() as u64), payload.content().preview()).into(),
        Some(Err(_)) | None => "Enter: send · Shift+Enter: new line · ↑: history".into(),
    }
}
