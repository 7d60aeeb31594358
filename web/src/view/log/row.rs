//! One line of the log. It never changes, except for being selected.

use leptos::prelude::*;
use model::{Body, Entry, Size};

use crate::clock;
use crate::store::Store;
use crate::view::tone_class;

/// The name of a row in the document.
pub(super) fn id(seq: u64) -> String {
    format!("entry-{seq}")
}

#[component]
pub(super) fn Row(store: Store, selected: RwSignal<Option<u64>>, seq: u64) -> impl IntoView {
    let is_selected = move || selected.get() == Some(seq);
    store.with_untracked(|model| model.log().entry(seq).map(describe)).map(|line| {
        view! {
            <div
                class=format!("row {}", line.class)
                id=id(seq)
                role="option"
                aria-selected=move || is_selected().to_string()
                on:click=move |_| selected.update(|selected| *selected = (*selected != Some(seq)).then_some(seq))
            >
                <span class="seq">{seq}</span>
                <span class="sign" aria-hidden="true">{line.sign}</span>
                <span class="visually-hidden">{line.kind}</span>
                <span class="time">{line.time}</span>
                <span class="text">{line.text}</span>
                <span class="size">{line.size}</span>
            </div>
        }
    })
}

struct Line {
    class: &'static str,
    sign: &'static str,
    /// What the sign and its colour say, in a word.
    kind: &'static str,
    time: String,
    text: String,
    size: String,
}

fn describe(entry: &Entry) -> Line {
    let (class, sign, kind) = match &entry.body {
        Body::Sent(_) => ("sent", "↑", "sent"),
        Body::Received(_) => ("received", "↓", "received"),
        Body::Note(note) => (tone_class(note.tone()), "•", "note"),
    };
    let (text, size) = match &entry.body {
        Body::Sent(payload) | Body::Received(payload) => (payload.preview(), Size(payload.size() as u64).to_string()),
        Body::Note(note) => (note.to_string(), String::new()),
    };
    Line { class, sign, kind, time: clock::time_of_day(entry.at), text, size }
}
