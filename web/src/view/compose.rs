//! The message box. It never loses what is typed: the model keeps it until it is sent.

mod repeat;

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::tachys::view::any_view::AnyView;
use model::{Connection, ConnectionMsg, Format, Offline, Payload, Problem, Size, State, Templates};

use super::controls::{button, button_unless, file_button, group, problem, toggle};
use super::dialog::Dialog;
use super::tab::Tab;
use crate::clock;
use crate::dynamic::{effect, flag, input, key, part, text};
use crate::files::{self, ReadFile};

pub(super) fn compose(tab: Tab) -> AnyView {
    let draft = tab.text(|connection| connection.draft().text.clone());
    let cannot_send = tab.flag(|connection| {
        connection.setup().offline == Offline::Refuse && !matches!(connection.state(), State::Open(_))
    });
    let message_box = NodeRef::<Textarea>::new();
    let open = tab.fact(|connection| matches!(connection.state(), State::Open(_)));
    // Whoever has just connected wants to type.
    effect(move || {
        if let Some(message_box) = message_box.get().filter(|_| open.get()) {
            // It fails only for an element that cannot have the focus.
            let _ = message_box.focus();
        }
    });
    let substituted = tab.flag(|connection| connection.draft().templates == Templates::Substituted);
    let repeats = RwSignal::new(tab.read(|connection| connection.repetition().is_some()));
    let file = tab.file;
    let wrong = text(move || wrong(tab));
    view! {
        <section
            class="compose"
            aria-label="Message"
        >
            <div class="bar">
                {formats(tab)}
                {file_button("File…", "Send a file", move |field| files::read_picked(&field, move |read| file.set(Some(read))))}
                <div class="spacer"></div>
                {toggle("Templates", substituted, move || {
                    let templates = match tab.read(|connection| connection.draft().templates) {
                        Templates::Substituted => Templates::Literal,
                        Templates::Literal => Templates::Substituted,
                    };
                    tab.tell(ConnectionMsg::TemplatesChosen(templates));
                })}
                {toggle("Repeat", flag(move || repeats.get()), move || repeats.update(|shown| *shown = !*shown))}
                {toggle("Sequence", flag(move || tab.sequence.get()), move || tab.sequence.update(|shown| *shown = !*shown))}
                {button("ghost", "Save…", move || tab.dialog.set(Some(Dialog::Save(tab.id))))}
            </div>
            {part(move || repeats.get().then(|| repeat::panel(tab)))}
            {part(move || file.get().map(|read| chosen_file(tab, read, file)))}
            <textarea
                node_ref=message_box
                aria-label="Message"
                aria-describedby="compose-hint compose-problem"
                placeholder="Enter message (or 'quit' to exit)"
                rows="2"
                autocomplete="off"
                spellcheck="false"
                prop:value=draft
                on:input=input(move |field| tab.tell(ConnectionMsg::DraftTyped(field.value())))
                on:keydown=key(move |event| press(tab, &event))
            ></textarea>
            {button_unless("primary", "Send", cannot_send, move || tab.tell(ConnectionMsg::Send))}
            <p id="compose-hint" class="hint">{hint(tab)}</p>
            {problem("compose-problem", wrong)}
        </section>
    }
    .into_any()
}

fn formats(tab: Tab) -> AnyView {
    let format = |label: &'static str, format: Format| {
        let chosen = tab.flag(move |connection| connection.draft().format == format);
        toggle(label, chosen, move || tab.tell(ConnectionMsg::FormatChosen(format)))
    };
    group(
        "Send as",
        vec![
            format("Text", Format::Text),
            format("JSON", Format::Json),
            format("Hex", Format::Hex),
            format("Base64", Format::Base64),
        ],
    )
}

/// Enter sends; the arrows go through what was sent, where there is nothing that they could do in the text.
fn press(tab: Tab, event: &KeyboardEvent) {
    if event.is_composing() {
        return;
    }
    let msg = match event.key().as_str() {
        "Enter" if !event.shift_key() => ConnectionMsg::Send,
        "ArrowUp" if tab.read(Connection::recalls) => ConnectionMsg::Older,
        "ArrowDown" if tab.read(Connection::recalls) => ConnectionMsg::Newer,
        _ => return,
    };
    event.prevent_default();
    tab.tell(msg);
}

/// Why the message cannot be sent as it is written.
fn wrong(tab: Tab) -> String {
    let refused = tab.follow(|connection| match connection.problem() {
        Some(Problem::Draft(words)) => Some(words.clone()),
        _ => None,
    });
    refused.or_else(|| preview(tab)?.err()).unwrap_or_default()
}

/// What the message would be if it went now, where anything is written.
fn preview(tab: Tab) -> Option<Result<Payload, String>> {
    tab.store.with(|workbench| {
        let connection = workbench.connection(tab.id)?;
        (!connection.draft().text.is_empty()).then(|| workbench.preview(tab.id, clock::now()))
    })
}

/// What Enter does.
fn hint(tab: Tab) -> Signal<String> {
    text(move || {
        let (open, waits, draft) = tab.follow(|connection| {
            let open = matches!(connection.state(), State::Open(_));
            (open, connection.setup().offline == Offline::Wait, connection.draft().text.clone())
        });
        if !open {
            let words = if waits {
                "what you send waits until it is open"
            } else {
                "what you type stays here, connect to send it"
            };
            return ["Not connected: ", words].concat();
        }
        match preview(tab) {
            Some(Ok(Payload::Text(text))) if text == draft => format!("Sends {}", Size(text.len() as u64)),
            Some(Ok(payload)) => format!("Sends {}: {}", Size(payload.size() as u64), payload.content().preview()),
            Some(Err(_)) | None => "Enter sends, Shift+Enter makes a line, ↑ recalls what was sent".to_owned(),
        }
    })
}

/// A file that was picked or dropped, to be sent as it is.
fn chosen_file(tab: Tab, read: Result<ReadFile, String>, file: RwSignal<Option<Result<ReadFile, String>>>) -> AnyView {
    let file_info = match read {
        Ok(read) => read,
        Err(why) => return problem("file-problem", why.into()),
    };
    let ReadFile { name, bytes } = file_info;
    let label = format!("{name}, {}", Size(bytes.len() as u64));
    let is_text = std::str::from_utf8(&bytes).is_ok();
    let bytes = StoredValue::new(bytes);
    let send = move |payload: fn(Vec<u8>) -> Payload| {
        tab.tell(ConnectionMsg::SendPayload(payload(bytes.get_value())));
        file.set(None);
    };
    view! {
        <div class="bar">
            <span class="name">{label}</span>
            {button("ghost", "Send as binary", move || send(Payload::Binary))}
            {is_text.then(|| button("ghost", "Send as text", move || {
                send(|bytes| Payload::Text(String::from_utf8(bytes).unwrap_or_default()));
            }))}
            {button("ghost", "Cancel", move || file.set(None))}
        </div>
    }
    .into_any()
}
